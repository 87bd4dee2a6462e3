"""Generated code is closed: nothing that a user can name or write becomes code, or stands in its way."""

import ast
import builtins
import http
import keyword
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import fastapi
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic.errors import PydanticUserError
from starlette.testclient import TestClient

import routebook
from routebook._plan import source
from routebook._plan.names import HELPERS, RESERVED, VARIABLES, Names
from routebook._plan.source import literals
from routebook.introspect import explain, iter_operations
from tests.framework.beside import EMPTY, Answer, Request, ask, assert_alike, endpoint_of

ODD_NAMES = [
    *sorted(RESERVED), *sorted(dir(builtins)), "func", "self", "call", "args", "kwargs", "stack", "read_q", "serve",
    "explain_f", "refuse", "to_json", "respond", "limit_of_f", "__name__", "__builtins__", "__debug__", "__x", "_",
    "__", "_x", "match", "case", "type", "\ufb01", "fi", "ª", "\u210c", "\u017f", "цена", "名前", "é",
    "e\u0301", "x٢",
]  # fmt: skip
TEXTS = [
    '"""; raise SystemExit; """', '"', "'", "\\", "\n", "\r", "\0", "\x1b[31m", "{}", "{x", "a\u2028b", "'; raise; '",
    "# coding: latin-1", "\u202e", '"""', "\\N{DASH}", "\ud800", "%s", "' + str(1) + '",
]  # fmt: skip


def _is_parameter(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name)


names = st.one_of(
    st.sampled_from(sorted(set(filter(_is_parameter, ODD_NAMES)))),
    st.text(min_size=1, max_size=4).filter(_is_parameter),
)
texts = st.one_of(st.sampled_from(TEXTS), st.text(min_size=1, max_size=8))


class Liar(str):
    """A string that says it is code, and harmless, whatever it is asked."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return True

    def __contains__(self, other: object) -> bool:
        return False

    def __iter__(self) -> Iterator[str]:
        return iter("x")

    def isprintable(self) -> bool:
        return True

    isidentifier = isprintable

    def startswith(self, *prefixes: Any) -> bool:
        return False

    endswith = startswith

    def __repr__(self) -> str:
        return "__import__('os').abort()"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return str.__getitem__(self, slice(None))


# What reaches the text


def test_helpers_are_the_globals_that_templates_use() -> None:
    """A helper that is not among the reserved names could be shadowed by a parameter."""
    assert set(source._KNOWN) == HELPERS


@given(st.lists(st.one_of(names, texts), max_size=8))
def test_names_are_plain_unlike_each_other_and_never_reserved(wishes: list[str]) -> None:
    """Python compares identifiers by their NFKC form: two that look different may be one."""
    issued = Names()
    taken = [issued.take(wish) for wish in wishes]

    assert len({ast.parse(name, mode="eval").body.id for name in taken}) == len(wishes)  # type: ignore[attr-defined]
    assert not RESERVED & set(taken)
    assert not any(name.startswith("__") for name in taken)


@given(texts)
def test_literals_mean_what_was_written(text: str) -> None:
    """Docstrings and comments too; what a subclass says of itself isn't asked."""
    assert ast.literal_eval(literals.literal(text)) == text
    assert ast.literal_eval(literals.docstring(text)) == text
    assert ast.dump(ast.parse(literals.comment(text))) == ast.dump(ast.parse(""))
    for write in (literals.literal, literals.docstring, literals.comment, literals.filename):
        assert write(Liar(text)) == write(text)
    assert literals.keyword_arguments([(Liar(text), "value")]) == literals.keyword_arguments([(text, "value")])
    assert Names().take(Liar(text)) == Names().take(text)
    assert literals.literal(http.HTTPStatus.NOT_FOUND) == "404"


ATTRIBUTES = {
    name
    for module in Path(source.__file__).parent.glob("*.py")
    for node in ast.walk(ast.parse(module.read_text("utf-8")))
    if isinstance(node, ast.Constant) and isinstance(node.value, str)
    for name in re.findall(r"\.([a-z_]+)", node.value)
}
"""What templates write after a dot."""


def _functions(app: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The text of each operation, traced and untraced, and the globals of its function."""
    for operation in iter_operations(app):
        context = operation.context
        for is_traced in (False, True):
            generated = context._variant(context._form, None, is_traced=is_traced)
            yield generated.source, generated.function.__globals__


def _assert_closed(text: str, known: dict[str, Any]) -> None:
    """One function, whose globals are helpers or bound objects, and whose locals are no globals."""
    module = ast.parse(text)
    (function,) = module.body
    assert isinstance(function, ast.AsyncFunctionDef)
    stored = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    stored |= {argument.arg for argument in function.args.args}
    stored |= {node.name for node in ast.walk(function) if isinstance(node, ast.ExceptHandler) and node.name}
    loaded = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)} - stored
    assert loaded <= known.keys(), loaded - known.keys()
    assert not stored & HELPERS
    attributes = {node.attr for node in ast.walk(function) if isinstance(node, ast.Attribute)}
    assert attributes <= ATTRIBUTES, attributes - ATTRIBUTES
    for name in HELPERS & loaded:
        assert known[name] is source._KNOWN[name], name


@settings(max_examples=150)
@given(st.lists(st.tuples(names, texts), min_size=1, max_size=4, unique_by=lambda pair: pair[0]), texts)
def test_generated_text_holds_nothing_but_what_the_compiler_issued(pairs: list[tuple[str, str]], word: str) -> None:
    """Whatever names, aliases, paths, `__name__`s and defaults there are: one function that parses and is closed."""
    app = routebook.Routebook()
    endpoint = endpoint_of([(name, Annotated[int, routebook.Query(alias=alias)], 1) for name, alias in pairs])
    dependency = endpoint_of([(name, Annotated[str, routebook.Header(alias=alias)], word) for name, alias in pairs])
    dependency.__name__ = Liar(pairs[0][1])
    endpoint.__name__ = pairs[-1][1]
    literal_path = "/" + pairs[0][1].replace("{", "").replace("}", "")
    app.get(literal_path, dependencies=[routebook.Depends(dependency)])(endpoint)
    app.post(literal_path, status_code=http.HTTPStatus.CREATED)(
        endpoint_of([(pairs[0][0], Annotated[Any, routebook.Depends(dependency)], EMPTY)])
    )
    for text, known in _functions(app):
        _assert_closed(text, known)


# What answers, beside FastAPI


def _positions(framework: ModuleType, name: str, alias: str) -> Iterator[tuple[Callable[..., Any], str, Request]]:
    """Endpoints that take a parameter of a name from each place, their paths, and a request."""
    quoted = alias.encode("utf-8", "ignore").hex()
    value = (name, Annotated[int, framework.Query()], 3)
    yield endpoint_of([value]), "/plain", Request(query=b"x=1")
    yield (
        endpoint_of([(name, Annotated[int, framework.Query(alias=f"q{quoted}")], 3)]),
        "/query",
        Request(query=f"q{quoted}=7".encode()),
    )
    yield (
        endpoint_of([(name, Annotated[str, framework.Header(alias=f"h{quoted}")], "-")]),
        "/header",
        Request(headers=[(f"h{quoted}".encode(), b"v")]),
    )
    yield (
        endpoint_of([(name, Annotated[str, framework.Cookie(alias=f"c{quoted}")], "-")]),
        "/cookie",
        Request(headers=[(b"cookie", f"c{quoted}=v".encode())]),
    )
    yield endpoint_of([(name, Annotated[int, framework.Form(alias="f")], EMPTY)]), "/form", Request.of_form(b"f=5")
    yield endpoint_of([(name, Annotated[dict[str, int], framework.Body()], EMPTY)]), "/body", Request.of_json({"a": 1})
    yield (
        endpoint_of([(name, Annotated[int, framework.Body(embed=True, alias="b")], EMPTY)]),
        "/embed",
        (Request.of_json({"b": 4})),
    )
    yield (
        endpoint_of([(name, Annotated[int, framework.Body(embed=True)], EMPTY), value_of(framework)]),
        "/wrong",
        (Request.of_json({})),
    )
    inner = endpoint_of([value])
    inner.__name__ = name
    outer = endpoint_of([(name, Annotated[Any, framework.Depends(inner)], EMPTY)])
    outer.__name__ = name
    yield endpoint_of([(name, Annotated[Any, framework.Depends(outer)], EMPTY)]), "/depends", Request()
    yield _sync(endpoint_of([(name, Annotated[Any, framework.Depends(_sync(outer))], EMPTY)])), "/sync", Request()
    yield endpoint_of([(name, framework.Request, EMPTY), ("other", int, 1)]), "/request", Request()


def value_of(framework: ModuleType) -> tuple[str, Any, Any]:
    return "zz", Annotated[int, framework.Header()], 3


def _sync(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function with the same signature that isn't a coroutine function."""

    def plain(**values: Any) -> Any:
        return {name: str(value)[:40] for name, value in sorted(values.items())}

    plain.__signature__ = function.__signature__  # type: ignore[attr-defined]
    plain.__name__ = function.__name__
    return plain


def _declare(framework: ModuleType, position: tuple[Callable[..., Any], str, Request], name: str) -> Any:
    """An application with one endpoint; FastAPI can't declare each name in a body, which pydantic has to accept."""
    endpoint, path, request = position
    endpoint.__name__ = name
    app = framework.FastAPI()
    (app.post if request.method == "POST" else app.get)(path)(endpoint)
    return app


@settings(max_examples=120, deadline=None)
@given(names, texts)
@example("func", "a")
@example("len", "a")
@example("locals", "a")
@example("__debug__", "a")
def test_any_name_in_any_position_answers_as_fastapi_does(name: str, alias: str) -> None:
    """What FastAPI can't declare, or (a parameter `func` of a sync function) fails at, is answered all the same."""
    ours, theirs = _positions(routebook, name, alias), _positions(fastapi, name, alias)
    for ours_there, theirs_there in zip(ours, theirs, strict=True):
        path, request = ours_there[1], ours_there[2]
        request = Request(request.method, path, request.query, request.headers, request.body)
        app = _declare(routebook, ours_there, name)
        try:
            expected = None if path == "/request" else _declare(fastapi, theirs_there, name)
        except (PydanticUserError, UserWarning, NameError):
            expected = None
        if expected is None or (path == "/sync" and name == "func"):
            assert ask(app, request).status == (422 if path == "/wrong" else 200)
        else:
            assert_alike(app, expected, request)
        for text, known in _functions(app):
            _assert_closed(text, known)


@settings(max_examples=60, deadline=None)
@given(names)
def test_any_name_serves_streams_generators_and_sockets(name: str) -> None:
    """`yield` dependencies, sync and async, streaming endpoints, WebSockets, injected objects."""
    app = routebook.Routebook()

    async def opened(**values: Any) -> Any:
        yield sorted(values)

    def opened_sync(**values: Any) -> Any:
        yield sorted(values)

    for function in (opened, opened_sync):
        function.__signature__ = endpoint_of([(name, int, 1)]).__signature__  # type: ignore[attr-defined]
        function.__name__ = name

    two = endpoint_of([
        (name, Annotated[Any, routebook.Depends(opened)], EMPTY),
        (f"{name}2", Annotated[Any, routebook.Depends(opened_sync, scope="function")], EMPTY),
    ])  # fmt: skip
    app.get("/opened")(two)

    async def talk(**values: Any) -> None:
        socket = values.pop(name)
        await socket.accept()
        await socket.send_json(sorted(values))
        await socket.close()

    talk.__signature__ = endpoint_of([(name, routebook.WebSocket, EMPTY), ("n", int, 1)]).__signature__  # type: ignore[attr-defined]
    app.websocket("/talk")(talk)

    async def inject(**values: Any) -> Any:
        return values[name].__class__.__name__

    inject.__signature__ = endpoint_of([(name, routebook.BackgroundTasks, EMPTY)]).__signature__  # type: ignore[attr-defined]
    app.get("/inject")(inject)

    client = TestClient(app)
    assert client.get("/opened").status_code == 200
    assert client.get("/inject").json() == "BackgroundTasks"
    with client.websocket_connect("/talk") as socket:
        assert socket.receive_json() == ["n"]


@settings(max_examples=100, deadline=None)
@given(texts, texts)
def test_any_path_and_file_name_serve(word: str, location: str) -> None:
    """A path is text, and so is the file in which a function stands."""
    text = word.replace("{", "").replace("}", "")
    code = compile("async def endpoint(): return 'here'", location.replace("\0", "") or "f", "exec")
    namespace: dict[str, Any] = {}
    exec(code, namespace)
    app = routebook.Routebook()
    app.get(f"/{text}/x")(namespace["endpoint"])

    (generated, known), traced = _functions(app)

    _assert_closed(generated, known)
    _assert_closed(*traced)
    if "\ud800" not in text:  # no client can ask for it
        assert ask(app, Request(path=f"/{text}/x")) == Answer(200, "here")


@settings(max_examples=60, deadline=None)
@given(texts.filter(lambda text: not keyword.iskeyword(text) and not text.startswith(".")))  # inspect refuses these
@example("x=(__import__('os').abort(), 1)[1], y")
@example("x\n        raise SystemExit")
def test_strings_that_lie_are_written_as_what_they_hold(word: str) -> None:
    """The name of a parameter, an endpoint, a dependency; an alias, a scope, a path, all by a subclass of `str`."""
    liar, plain = Liar(word), word.replace("{", "").replace("}", "")

    async def tell_names(**values: Any) -> Any:
        return [ascii(str.__str__(name)) for name in values]

    def tell_names_in_thread(**values: Any) -> Any:
        return [ascii(str.__str__(name)) for name in values]

    async def open_names(**values: Any) -> Any:
        yield [ascii(str.__str__(name)) for name in values]

    for function in (tell_names, tell_names_in_thread, open_names):
        function.__signature__ = endpoint_of([  # type: ignore[attr-defined]
            (liar, Annotated[int, routebook.Query(alias=Liar("q" + word))], 3),
        ]).__signature__  # fmt: skip
        function.__name__ = liar
    app = routebook.Routebook()
    app.get("/own")(tell_names)
    app.get("/sync")(tell_names_in_thread)
    app.get(Liar(f"/lie/{plain}"))(tell_names)
    for path, dependency in (("/called", tell_names), ("/opened", open_names)):
        depends = routebook.Security(dependency, scopes=[Liar(word)])

        async def count_given(**values: Any) -> Any:
            return len(values)

        count_given.__signature__ = endpoint_of([  # type: ignore[attr-defined]
            (liar, Annotated[Any, depends], EMPTY), ("again", Annotated[Any, depends], EMPTY),
        ]).__signature__  # fmt: skip
        app.get(path)(count_given)

    for path in ("/own", "/sync"):
        assert ask(app, Request(path=path)) == Answer(200, [ascii(word)])
    for path in ("/called", "/opened"):
        assert ask(app, Request(path=path)) == Answer(200, 2)
    for text, known in _functions(app):
        _assert_closed(text, known)


@pytest.mark.parametrize("name", [None, 3, b"x", Liar("a\nb"), '"""'])
def test_a_class_is_named_as_it_is_whatever_its_metaclass_says(name: Any) -> None:
    class Meta(type):
        __name__ = property(lambda cls: name)  # type: ignore[assignment]

    class Odd(routebook.responses.JSONResponse, metaclass=Meta):
        pass

    app = routebook.Routebook()
    app.get("/", response_class=Odd)(endpoint_of([]))

    (untraced, traced) = _functions(app)

    _assert_closed(*untraced)
    _assert_closed(*traced)
    assert "'Odd'" in traced[0]
    assert ask(app, Request()) == Answer(200, {})


def test_code_in_a_path_does_not_run(capsys: pytest.CaptureFixture[str]) -> None:
    """The path that ran its code at the first request."""
    app = routebook.Routebook()
    path = '/x"""; print("ran"); """'

    @app.get(path)
    async def read() -> int:
        return 1

    assert TestClient(app).get(path).json() == 1
    assert "ran" not in capsys.readouterr().out
    assert explain(app, f"GET {path}").count("print") >= 1


def test_printed_function_reads_as_before() -> None:
    """What is plain is printed as it is."""
    app = routebook.Routebook()

    async def find_user(token: str) -> str:
        return token

    @app.get("/items/{item_id}")
    async def read_item(item_id: int, user: Annotated[str, routebook.Depends(find_user)], q: str = "all") -> Any:
        return item_id

    text = explain(app, "GET /items/{item_id}")

    assert '"""GET /items/{item_id}, File "' in text
    assert "user = await find_user(token=user_token)" in text
    assert "result = await read_item(item_id=item_id, q=q, user=user)" in text
    assert {"result", "scope"} <= VARIABLES


def test_call_whose_name_is_no_text_is_traced() -> None:
    """What a callable says its name is, is never given to another function."""

    class Nameless:
        __name__ = None

        def __call__(self, x: int = 1) -> int:
            return x

    app = routebook.Routebook()
    app.get("/x")(Nameless())

    for text, known in _functions(app):
        _assert_closed(text, known)
    assert TestClient(app).get("/x").json() == 1
