"""Without middleware a request goes to its route directly; every answer is the same as through the whole stack."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from routebook import APIRouter, BackgroundTasks, HTTPException, Request, Response, Routebook
from routebook.responses import JSONResponse, PlainTextResponse, StreamingResponse
from routebook.testclient import TestClient


class Pass:
    """A middleware that does nothing, and so forces the whole stack."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


class Teapot(Exception):
    """An error that the application has a handler for."""


def declare(app: Routebook) -> None:
    @app.exception_handler(Teapot)
    async def handle(request: Request, error: Teapot) -> Response:
        return PlainTextResponse(f"teapot: {error}", status_code=418)

    @app.exception_handler(500)
    async def handle_500(request: Request, error: Exception) -> Response:
        return JSONResponse({"failed": type(error).__name__}, status_code=500)

    @app.get("/items/{item_id}")
    async def item(item_id: int) -> int:
        return item_id

    @app.get("/teapot")
    def teapot() -> None:
        raise Teapot("short")

    @app.get("/denied")
    async def denied() -> None:
        raise HTTPException(403, {"why": "no"}, headers={"X-Why": "no"})

    @app.get("/crash")
    async def crash() -> None:
        raise ZeroDivisionError

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(iter(["a", "b"]))

    @app.get("/no-content", status_code=204)
    async def no_content() -> None: ...

    @app.get("/task")
    async def task(tasks: BackgroundTasks) -> str:
        tasks.add_task(lambda: None)
        return "done"


REQUESTS = [
    ("GET", "/items/3"),
    ("GET", "/items/three"),
    ("POST", "/items/3"),
    ("GET", "/items/3/"),
    ("GET", "/nowhere"),
    ("GET", "/teapot"),
    ("GET", "/denied"),
    ("GET", "/crash"),
    ("GET", "/stream"),
    ("GET", "/no-content"),
    ("GET", "/task"),
    ("GET", "/openapi.json"),
]


@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_direct_and_whole_stack_answer_alike(method: str, path: str) -> None:
    """The short way is an optimisation, not another behaviour."""
    answers = []
    for middleware in ([], [Middleware(Pass)]):
        app = Routebook(middleware=middleware)
        declare(app)
        response = TestClient(app, raise_server_exceptions=False).request(method, path, follow_redirects=False)
        answers.append((response.status_code, response.content, sorted(response.headers.items())))
    assert answers[0] == answers[1]


def test_server_error_is_raised_again_for_the_server_to_log() -> None:
    """The client gets its 500, and the server's log its traceback."""
    app = Routebook()
    declare(app)
    with pytest.raises(ZeroDivisionError):
        TestClient(app).get("/crash")


def test_exception_handler_added_late_is_used_at_once() -> None:
    """In a notebook a handler may come after the first request."""
    app = Routebook()

    @app.get("/")
    def root() -> None:
        raise Teapot("late")

    client = TestClient(app, raise_server_exceptions=False)
    assert client.get("/").status_code == 500

    @app.exception_handler(Teapot)
    def handle(request: Request, error: Teapot) -> Response:
        return PlainTextResponse(str(error), status_code=418)

    assert client.get("/").status_code == 418


def _raising_background(tasks: BackgroundTasks) -> str:
    def fail() -> None:
        raise HTTPException(400)

    tasks.add_task(fail)
    return "sent"


@pytest.mark.parametrize("middleware", [[], [Middleware(Pass)]])
def test_error_after_the_response_began_sends_no_second_response(middleware: list[Middleware]) -> None:
    """A handled error can no longer be answered: it is raised, with the reason."""
    app = Routebook(middleware=middleware)
    app.get("/")(_raising_background)
    with pytest.raises(RuntimeError, match="response already started"):
        TestClient(app).get("/")


def test_middleware_decorator_wraps_every_request() -> None:
    """`@app.middleware("http")` sees the request and the response."""
    app = Routebook()
    declare(app)

    @app.middleware("http")
    async def mark(request: Request, call_next: Callable[[Request], object]) -> Response:
        response: Response = await call_next(request)  # type: ignore[misc]
        response.headers["X-Mark"] = request.url.path
        return response

    assert TestClient(app).get("/items/3").headers["x-mark"] == "/items/3"


def test_root_path_of_the_server_reaches_documents_and_urls() -> None:
    """Behind a proxy that strips a prefix, the document names it and the pages use it."""
    app = Routebook()
    router = APIRouter(prefix="/api")

    @router.get("/here", name="here")
    def here(request: Request) -> str:
        return str(request.url_for("here"))

    app.include_router(router)
    client = TestClient(app, root_path="/user/x/proxy/8000")
    assert client.get("/api/here").json() == "http://testserver/user/x/proxy/8000/api/here"
    assert client.get("/openapi.json").json()["servers"] == [{"url": "/user/x/proxy/8000"}]
    assert "/user/x/proxy/8000/openapi.json" in client.get("/docs").text


def test_documents_can_be_moved_and_turned_off() -> None:
    """`openapi_url=None` leaves no page that would ask for the document."""
    assert TestClient(Routebook(openapi_url=None)).get("/docs").status_code == 404
    moved = TestClient(Routebook(openapi_url="/o.json", docs_url="/d", redoc_url=None))
    assert moved.get("/o.json").status_code == 200
    assert moved.get("/d").status_code == 200
    assert moved.get("/redoc").status_code == 404


def test_lifespan_state_reaches_requests() -> None:
    """What the lifespan yields is each request's state."""

    events: list[str] = []

    @asynccontextmanager
    async def lifespan(app: Routebook) -> AsyncIterator[dict[str, str]]:
        events.append("start")
        yield {"database": "open"}
        events.append("end")

    app = Routebook(lifespan=lifespan)

    @app.get("/")
    def root(request: Request) -> str:
        database: str = request.state.database
        return database

    with TestClient(app) as client:
        assert client.get("/").json() == "open"
        assert events == ["start"]
    assert events == ["start", "end"]
