"""The traced variant: what it reports of a request, and that nobody else pays for it."""

import ast
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from routebook import BackgroundTasks, Depends, Form, HTTPException, Request, Response, Routebook, WebSocket
from routebook.introspect import PlanView, explain, find_operation
from routebook.introspect import watch as report_to
from routebook.middleware.gzip import GZipMiddleware
from routebook.responses import PlainTextResponse, StreamingResponse
from routebook.routing import APIRoute
from routebook.testclient import TestClient


@dataclass
class Step:
    kind: str
    name: str
    line: int
    depth: int
    error: BaseException | None = None
    is_open: bool = True
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass
class Watcher:
    """An observer that keeps the steps."""

    steps: list[Step] = field(default_factory=list)
    plans: list[PlanView] = field(default_factory=list)

    def plan(self, view: PlanView) -> None:
        self.plans.append(view)

    def note(self, token: Step, fact: Any, value: Any) -> None:
        assert token.is_open
        token.facts[fact] = value

    def start(self, kind: Any, name: str, line: int) -> Step:
        step = Step(kind, name, line, depth=sum(step.is_open for step in self.steps))
        self.steps.append(step)
        return step

    def finish(self, token: Step, error: BaseException | None) -> None:
        assert token.is_open
        token.is_open, token.error = False, error

    @property
    def told(self) -> list[str]:
        """All but the compilation, which only the first request has."""
        return [f"{step.kind} {step.name}" for step in self.steps if step.kind != "compile"]

    def find(self, kind: str, name: str | None = None) -> Step:
        return next(step for step in self.steps if step.kind == kind and name in (None, step.name))


def watch(app: Routebook) -> tuple[TestClient, Watcher]:
    """A client whose requests are observed."""
    watcher = Watcher()

    async def observed(scope: Any, receive: Any, send: Any) -> None:
        report_to(app, scope, watcher)
        await app(scope, receive, send)

    return TestClient(observed), watcher


class Item(BaseModel):
    name: str


def make_shop(route_class: type[APIRoute] = APIRoute) -> Routebook:
    app = Routebook()
    app.router.route_class = route_class

    async def token(authorization: str = "x") -> str:
        return authorization

    async def session(_: Annotated[str, Depends(token)]) -> AsyncIterator[int]:
        yield 1

    def user(token: Annotated[str, Depends(token)], session: Annotated[int, Depends(session)]) -> str:
        return token

    def mail() -> None: ...

    @app.post("/items/{item_id}")
    async def create(
        item_id: int,
        item: Item,
        tasks: BackgroundTasks,
        user: Annotated[str, Depends(user)],
        session: Annotated[int, Depends(session)],
    ) -> Item:
        tasks.add_task(mail)
        return item

    return app


STEPS = [
    "match /items/7",
    "body json",
    "parameter authorization",
    "dependency token",
    "dependency session",
    "cache hit token",
    "dependency user",
    "cache hit session",
    "parameter item_id",
    "parameter item",
    "endpoint create",
    "serialisation JSON",
    "send JSON",
    "background mail",
    "teardown session",
]


def test_each_step_is_told_in_order() -> None:
    """From the match to the end of the last dependency, none inside of another here."""
    client, watcher = watch(make_shop())

    assert client.post("/items/7", json={"name": "a"}).json() == {"name": "a"}

    assert sorted(watcher.told) == sorted(STEPS)
    assert watcher.told[0] == STEPS[0]
    assert watcher.told[-5:] == STEPS[-5:]
    assert not any(step.is_open or step.depth or step.error for step in watcher.steps)


def test_steps_name_their_line_in_the_function_that_people_read() -> None:
    """`explain` shows the untraced function; the view beside it points at its lines."""
    app = make_shop()
    client, watcher = watch(app)
    client.post("/items/7", json={"name": "a"})
    shown = explain(app, "POST /items/{item_id}")
    lines = ["", *shown[shown.index("async def") :].splitlines()]

    expected = {
        "body": "read_body(receive)",
        "endpoint": "result = await create(",
        "serialisation": "to_json(result)",
        "background": "await background_tasks()",
        "teardown": "enter_session(",
    }
    for kind, text in expected.items():
        assert text in lines[watcher.find(kind).line]
    for step in watcher.steps:
        if step.kind in ("dependency", "cache hit"):
            assert step.name in lines[step.line]
    assert watcher.find("match").line == 0


def test_results_and_threads_are_told() -> None:
    """What a step gave, and where it ran: plain functions run in threads, the end of a dependency too."""
    app = Routebook()

    def session() -> Iterator[int]:
        yield 1

    async def user(session: Annotated[int, Depends(session)]) -> str:
        return "mira"

    def mail() -> None: ...

    @app.get("/")
    def endpoint(user: Annotated[str, Depends(user)], tasks: BackgroundTasks, q: int = 3) -> str:
        tasks.add_task(mail)
        return user

    client, watcher = watch(app)
    client.get("/")

    steps = [watcher.find(*at) for at in (("dependency", "session"), ("dependency", "user"), ("endpoint",))]
    assert [step.facts.get("result") for step in steps] == [1, "mira", "mira"]
    assert watcher.find("parameter").facts == {"result": 3}
    threads = ["thread" in step.facts for step in (*steps, watcher.find("teardown"), watcher.find("background"))]
    assert threads == [True, False, True, True, True]
    assert watcher.find("background").facts["call"] is mail
    (plan,) = watcher.plans
    assert plan.source in explain(app, "GET /")
    assert [call.name for call in plan.endpoint.iter_tree()] == ["endpoint", "user", "session"]


def test_middleware_is_told_around_what_is_inside() -> None:
    """Each once, whatever it is made of, however often the application is watched; who does not watch hears nothing."""
    app = Routebook()
    calls = []

    @app.middleware("http")
    async def timing(request: Request, call_next: Any) -> Response:
        calls.append(request.url.path)
        response: Response = await call_next(request)
        return response

    app.add_middleware(GZipMiddleware)
    app.get("/")(lambda: 1)
    client, watcher = watch(app)
    client.get("/")
    client.get("/")
    count = len(watcher.steps)
    TestClient(app).get("/")

    assert [(step.name, step.depth) for step in watcher.steps if step.kind == "middleware"] == [
        ("GZipMiddleware", 0),
        ("timing", 1),
    ] * 2
    assert watcher.find("endpoint").depth == 2
    assert watcher.find("middleware", "timing").facts["call"].__name__ == "timing"
    assert len(watcher.steps) == count
    assert calls == ["/"] * 3


class WithoutTracing(ast.NodeTransformer):
    """Takes what only the traced variant has out of it."""

    def visit_With(self, node: ast.With) -> Any:
        self.generic_visit(node)
        body = node.body
        return body if "trace" in ast.unparse(node.items[0]) else node

    def visit_Pass(self, node: ast.Pass) -> Any:
        return None

    def visit_Assign(self, node: ast.Assign) -> Any:
        return None if ast.unparse(node.targets[0]).startswith(("trace", "teardown_of")) else node

    def visit_Expr(self, node: ast.Expr) -> Any:
        text = ast.unparse(node)
        if "teardown_of" in text or "trace.gave" in text:
            return None
        if "trace.background" in text:
            return ast.parse("await background_tasks()").body[0]
        return node


def test_both_variants_are_one_plan() -> None:
    """Who watches a request must not watch another program; and without a watcher nothing of tracing is left."""
    context = find_operation(make_shop(), "POST /items/{item_id}").context
    plain = context.generated().source
    traced = context._variant("asgi", None, is_traced=True).source

    assert "trace(" not in plain
    stripped = WithoutTracing().visit(ast.parse(traced))
    assert ast.unparse(stripped) == ast.unparse(ast.parse(plain))


def test_compiling_is_a_step_of_the_first_request() -> None:
    """Its time is nobody else's."""
    client, watcher = watch(make_shop())
    for _ in range(2):
        client.post("/items/7", json={"name": "a"})

    assert [step.kind for step in watcher.steps].index("compile") == 1
    assert [step.name for step in watcher.steps if step.kind == "compile"] == ["POST /items/{item_id}"]


def test_unobserved_requests_run_the_plain_function() -> None:
    """Also after one was observed."""
    app = make_shop()
    client, watcher = watch(app)
    client.post("/items/7", json={"name": "a"})
    count = len(watcher.steps)

    TestClient(app).post("/items/7", json={"name": "a"})

    assert len(watcher.steps) == count


def test_refused_parameter_ends_its_step_with_the_error() -> None:
    """The endpoint is not reached; what had begun is ended, and told."""
    client, watcher = watch(make_shop())

    assert client.post("/items/7", json={}).status_code == 422

    assert type(watcher.steps[-2].error).__name__ == "ValidationError"
    assert watcher.told[-2:] == ["parameter item", "teardown session"]


@pytest.mark.parametrize(("fails_in_teardown", "kind"), [(False, "endpoint"), (True, "teardown")])
def test_error_belongs_to_the_step_that_raised_it(fails_in_teardown: bool, kind: str) -> None:
    """A teardown that only passes an exception on did not fail."""
    app = Routebook()

    def session() -> Iterator[None]:
        try:
            yield
        finally:
            if fails_in_teardown:
                raise KeyError("teardown")

    @app.get("/", dependencies=[Depends(session)])
    def endpoint() -> None:
        if not fails_in_teardown:
            raise KeyError("endpoint")

    client, watcher = watch(app)
    with pytest.raises(KeyError, match=kind):
        client.get("/")

    assert [step.kind for step in watcher.steps if step.error] == [kind]
    assert not any(step.is_open for step in watcher.steps)


def test_set_up_that_fails_has_no_teardown() -> None:
    """It never began."""
    app = Routebook()

    def session() -> Iterator[None]:
        raise HTTPException(503)
        yield

    app.get("/", dependencies=[Depends(session)])(lambda: None)
    client, watcher = watch(app)
    client.get("/")

    assert watcher.told == ["match /", "dependency session"]


@pytest.mark.parametrize("scope", ["function", "request"])
def test_sending_ends_before_the_background_begins(scope: Any) -> None:
    """The client has its answer when the background task runs; a stream's time is sending."""
    app = Routebook()

    def session() -> Iterator[None]:
        yield

    def later() -> None: ...

    @app.get("/", dependencies=[Depends(session, scope=scope)])
    def endpoint(tasks: BackgroundTasks) -> Any:
        tasks.add_task(later)
        return StreamingResponse(iter(["x"]))

    client, watcher = watch(app)
    assert client.get("/").text == "x"

    assert [step.depth for step in watcher.steps] == [0] * len(watcher.steps)
    sent = watcher.told.index("send StreamingResponse")
    assert watcher.told[sent + 1] == "background later"
    assert watcher.told.index("teardown session") == (sent - 1 if scope == "function" else sent + 2)


class OwnRoute(APIRoute):
    """A route class that handles requests itself."""

    def get_route_handler(self) -> Callable[..., Any]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            response: Response = await handler(request)
            return response

        return handle


def test_route_classes_that_handle_requests_are_traced_too() -> None:
    """Up to the response, which their caller sends."""
    client, watcher = watch(make_shop(OwnRoute))
    assert client.post("/items/7", json={"name": "a"}).json() == {"name": "a"}

    assert {"body json", "dependency user", "endpoint create", "teardown session"} < set(watcher.told)


def test_overridden_dependency_is_the_one_that_is_told() -> None:
    """Tracing shows what runs."""
    app = Routebook()

    def original() -> None: ...

    def replacement() -> None: ...

    app.get("/", dependencies=[Depends(original)])(lambda: None)
    app.dependency_overrides[original] = replacement
    client, watcher = watch(app)
    client.get("/")

    assert "dependency replacement" in watcher.told


def test_forms_and_websockets_are_traced() -> None:
    """Whatever is compiled reports."""
    app = Routebook()

    @app.post("/form")
    def form(name: Annotated[str, Form()]) -> Response:
        return PlainTextResponse(name)

    @app.websocket("/ws")
    async def talk(websocket: WebSocket, number: int) -> None:
        await websocket.accept()

    client, watcher = watch(app)
    assert client.post("/form", data={"name": "a"}).text == "a"
    with client.websocket_connect("/ws?number=1"):
        pass

    assert watcher.told == [
        "match /form",
        "body form",
        "parameter name",
        "endpoint form",
        "send PlainTextResponse",
        "match /ws",
        "parameter number",
        "endpoint talk",
    ]
