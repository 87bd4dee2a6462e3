"""A generated function does what its plan says, and what FastAPI does for the same tree of dependencies."""

import asyncio
import json
from typing import Any

import fastapi
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from starlette.types import Message

import routebook
from routebook.introspect import find_operation
from tests.framework.plan.interpreter import Interpreter
from tests.framework.plan.trees import Tree, build, queries, trees


async def ask(app: Any, query: str = "", body: bytes | None = None) -> tuple[Any, ...]:
    """What an ASGI application answers: status and JSON, or the exception."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body or b""}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET" if body is None else "POST",
        "path": "/",
        "query_string": query.encode(),
        "headers": [] if body is None else [(b"content-type", b"application/json")],
        "path_params": {},
    }
    try:
        await app(scope, receive, send)
    except Exception as error:
        if not sent:
            return type(error).__name__, *_facts(error)
        sent.append({"error": type(error).__name__})
    start = sent[0]
    content = b"".join(message.get("body", b"") for message in sent[1:])
    headers = sorted(pair for pair in start["headers"] if pair[0] != b"content-length")
    is_json = (b"content-type", b"application/json") in headers
    return start["status"], headers, json.loads(content or b"null") if is_json else content, sent[-1].get("error")


def _facts(error: Exception) -> tuple[Any, ...]:
    if hasattr(error, "errors"):
        return (json.loads(json.dumps(error.errors(), default=str)),)
    return getattr(error, "status_code", None), getattr(error, "detail", None)


def run(app: Any, log: list[Any], **request: Any) -> tuple[Any, ...]:
    """One request: the answer, and what the callables noted."""
    log.clear()
    answer = asyncio.run(ask(app, **request))
    return answer, list(log)


@settings(max_examples=150)
@given(trees(), queries())
def test_generated_function_equals_the_interpreter(tree: Tree, query: str) -> None:
    """Calls, arguments, order, errors and answer, for every shape of a tree."""
    log: list[Any] = []
    try:
        app = build(routebook, tree, log)
    except routebook.exceptions.DependencyScopeError:  # type: ignore[attr-defined]
        return
    context = find_operation(app, "GET /").context

    generated = run(context.generated().function, log, query=query)

    assert generated == run(Interpreter(context.plan()), log, query=query)


@settings(max_examples=150)
@given(trees(), queries())
def test_tree_behaves_as_on_fastapi(tree: Tree, query: str) -> None:
    """The same source, the other framework: nobody should be able to tell."""
    log: list[Any] = []
    outcomes = []
    for web in (routebook, fastapi):
        try:
            app = build(web, tree, log)
        except web.exceptions.FastAPIError as error:  # type: ignore[attr-defined]
            outcomes.append(str(error).split(",")[0])
        else:
            outcomes.append(run(app, log, query=query))

    assert outcomes[0] == outcomes[1]


class Part(BaseModel):
    name: str
    amount: int = 1
    weight: float | None = None


json_bodies = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["a", "1", "2.5", ""]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "amount", "weight", "parts"]), inner)
    ),
    max_leaves=8,
).map(lambda value: json.dumps(value).encode())
any_bodies = json_bodies | st.binary(max_size=8) | st.sampled_from([b"", b"{", b'{"name": "a", "amount": 2}', b"[{}]"])


def make_body_app(web: Any) -> Any:
    app = web.FastAPI(openapi_url=None)

    @app.post("/", response_model_exclude_none=True)
    async def endpoint(parts: Part | list[Part], limit: int = 3) -> Part | list[Part]:
        return parts

    return app


@example(b"1e999", "")
@given(any_bodies, st.sampled_from(["", "limit=1", "limit=x"]))
def test_body_read_directly_is_body_read_step_by_step(body: bytes, query: str) -> None:
    """From bytes to objects in one step of pydantic-core, or by `json.loads`: nobody can tell, nor on FastAPI."""
    app = make_body_app(routebook)
    context = find_operation(app, "POST /").context
    request = {"query": query, "body": body}

    generated = run(context.generated().function, [], **request)

    assert generated == run(Interpreter(context.plan()), [], **request)
    ours, theirs = run(app, [], **request), run(make_body_app(fastapi), [], **request)
    if theirs[0][0] == 500:  # it cannot write a refused infinity as JSON; we can
        assert ours[0][0] == 422
    else:
        assert ours == theirs
