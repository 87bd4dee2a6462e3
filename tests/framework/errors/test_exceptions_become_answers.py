"""Exceptions: which handler answers, what a mounted application does, and what happens once a response has begun."""

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.responses import PlainTextResponse
from starlette.types import Message

from routebook import (
    APIRouter,
    BackgroundTasks,
    Depends,
    HTTPException,
    Request,
    Response,
    Routebook,
    WebSocket,
    WebSocketDisconnect,
)
from routebook.exceptions import (
    RequestValidationError,
    ResponseValidationError,
    ValidationException,
    WebSocketException,
    WebSocketRequestValidationError,
)
from routebook.testclient import TestClient


class Trouble(Exception):
    """Has a handler."""


class BigTrouble(Trouble):
    """Is found by its base class."""


class Fatal(Exception):
    """Has none."""


def make_app(**options: Any) -> Routebook:
    app = Routebook(**options)

    @app.exception_handler(Trouble)
    def trouble(request: Request, error: Trouble) -> PlainTextResponse:
        return PlainTextResponse(f"{type(error).__name__} at {request.url.path} {request.path_params}", 410)

    @app.exception_handler(418)
    async def teapot(request: Request, error: HTTPException) -> PlainTextResponse:
        return PlainTextResponse(f"teapot: {error.detail}", 418)

    @app.get("/trouble/{name}")
    def make_trouble(name: str) -> None:
        raise BigTrouble

    @app.get("/status/{code}")
    def make_status(code: int) -> None:
        raise HTTPException(code, {"code": code}, headers={"x-why": "because"})

    @app.get("/fatal")
    def make_fatal() -> None:
        raise Fatal

    @app.get("/stream")
    async def stream() -> Any:
        yield 1
        raise Fatal

    @app.get("/after")
    def after(tasks: BackgroundTasks) -> int:
        def fail() -> None:
            raise Fatal

        tasks.add_task(fail)
        return 1

    return app


def passing_middleware(app: Any) -> Any:
    async def pass_on(scope: Any, receive: Any, send: Any) -> None:
        await app(scope, receive, send)

    return pass_on


@pytest.fixture(params=["direct", "with middleware", "mounted"])
def served(request: pytest.FixtureRequest) -> tuple[Routebook, str]:
    """The application on each way that a request may take, and its prefix."""
    app = make_app()
    if request.param == "with middleware":
        app.add_middleware(passing_middleware)
    if request.param == "mounted":
        outer = Routebook()
        outer.mount("/sub", app)
        return outer, "/sub"
    return app, ""


def test_handler_of_the_nearest_base_class_answers(served: tuple[Routebook, str]) -> None:
    """And sees the request as the endpoint did."""
    app, prefix = served
    got = TestClient(app).get(f"{prefix}/trouble/x")

    assert (got.status_code, got.text) == (410, f"BigTrouble at {prefix}/trouble/x {{'name': 'x'}}")


def test_http_exceptions_answer_with_status_detail_and_headers(served: tuple[Routebook, str]) -> None:
    """Any JSON is a detail; a handler of the status comes first; 204 has no body."""
    app, prefix = served
    client = TestClient(app)

    got = client.get(f"{prefix}/status/404")
    assert (got.status_code, got.json(), got.headers["x-why"]) == (404, {"detail": {"code": 404}}, "because")
    assert client.get(f"{prefix}/status/418").text == "teapot: {'code': 418}"
    assert client.get(f"{prefix}/status/204").content == b""
    assert client.get(f"{prefix}/nowhere").json() == {"detail": "Not Found"}
    assert client.post(f"{prefix}/fatal").status_code == 405


def test_unhandled_exception_is_answered_once_and_raised(served: tuple[Routebook, str]) -> None:
    """The client gets 500, the server's log the exception itself."""
    app, prefix = served

    got = TestClient(app, raise_server_exceptions=False).get(f"{prefix}/fatal")
    assert (got.status_code, got.text) == (500, "Internal Server Error")
    with pytest.raises(Fatal):
        TestClient(app).get(f"{prefix}/fatal")


@pytest.mark.parametrize("path", ["/stream", "/after"])
def test_exception_after_the_response_began_sends_no_second_one(served: tuple[Routebook, str], path: str) -> None:
    """ASGI allows one "http.response.start"; the exception is for the log."""
    app, prefix = served

    got = TestClient(app, raise_server_exceptions=False).get(prefix + path)
    assert (got.status_code, got.text.strip()) == (200, "1")
    with pytest.raises(Fatal):
        TestClient(app).get(prefix + path)


@pytest.mark.parametrize("key", [500, Exception])
def test_handler_of_everything_answers_and_the_exception_is_still_raised(key: Any) -> None:
    """As in Starlette: what nobody expected belongs in the log too."""

    def sorry(request: Request, error: Exception) -> PlainTextResponse:
        return PlainTextResponse("sorry", 500)

    app = make_app(exception_handlers={key: sorry})

    assert TestClient(app, raise_server_exceptions=False).get("/fatal").text == "sorry"
    with pytest.raises(Fatal):
        TestClient(app).get("/fatal")


def test_failing_handler_fails_the_request() -> None:
    """Its own exception is raised, and answered with 500."""
    app = make_app()

    @app.exception_handler(Fatal)
    def worse(request: Request, error: Fatal) -> PlainTextResponse:
        raise KeyError("handler")

    assert TestClient(app, raise_server_exceptions=False).get("/fatal").status_code == 500
    with pytest.raises(KeyError, match="handler"):
        TestClient(app).get("/fatal")


def test_debug_shows_the_traceback() -> None:
    """To the client, as text: only who develops wants that."""
    got = TestClient(make_app(debug=True), raise_server_exceptions=False).get("/fatal")

    assert got.status_code == 500
    assert "make_fatal" in got.text


def test_starlettes_own_exception_is_answered_alike() -> None:
    """Code that knows only Starlette raises it."""
    app = Routebook()

    @app.get("/")
    def endpoint() -> None:
        raise StarletteHTTPException(403)

    assert TestClient(app).get("/").json() == {"detail": "Forbidden"}


def test_exception_of_a_dependencys_end_of_request_scope_comes_after_the_response() -> None:
    """The client has its answer by then."""
    app = Routebook()

    def fails_late() -> Iterator[None]:
        yield
        raise Fatal

    @app.get("/", dependencies=[Depends(fails_late)])
    def endpoint() -> int:
        return 1

    @app.get("/function", dependencies=[Depends(fails_late, scope="function")])
    def function() -> int:
        return 1

    client = TestClient(app, raise_server_exceptions=False)
    assert (client.get("/").status_code, client.get("/function").status_code) == (200, 500)


@pytest.mark.parametrize("prefix", ["", "/shop/7"])
def test_validation_errors_tell_the_endpoint_and_its_whole_path(prefix: str) -> None:
    """Where the application is mounted is known only when a request comes; the file and line always."""
    caught: list[ValidationException] = []
    inner = Routebook()

    def keep(connection: Any, error: ValidationException) -> PlainTextResponse:
        caught.append(error)
        return PlainTextResponse("kept")

    async def refuse(websocket: WebSocket, error: WebSocketRequestValidationError) -> None:
        caught.append(error)
        await websocket.close()

    inner.add_exception_handler(RequestValidationError, keep)
    inner.add_exception_handler(ResponseValidationError, keep)
    inner.add_exception_handler(WebSocketRequestValidationError, refuse)  # type: ignore[arg-type]

    @inner.get("/items/{item_id}", response_model=int)
    def read_item(item_id: int) -> Any:
        return "no number"

    @inner.websocket("/ws")
    async def talk(websocket: WebSocket, number: int) -> None: ...

    app = inner
    if prefix:
        app = Routebook()
        app.mount("/shop/{shop_id}", inner)
    client = TestClient(app)
    client.get(f"{prefix}/items/x")
    client.get(f"{prefix}/items/1")
    with pytest.raises(WebSocketDisconnect), client.websocket_connect(f"{prefix}/ws"):
        pass

    items = f"GET {prefix}/items/{{item_id}}"
    assert [error.endpoint_path for error in caught] == [items, items, f"WS {prefix}/ws"]
    assert [error.endpoint_function for error in caught] == ["read_item", "read_item", "talk"]
    assert all(f"{error.endpoint_path}" in str(error) and __file__ in str(error) for error in caught)


@pytest.mark.parametrize("is_accepted", [True, False])
def test_websocket_exceptions_close_with_their_code(is_accepted: bool) -> None:
    """Before the handshake is accepted it is refused; after it the connection closes."""
    app = Routebook()

    @app.websocket("/")
    async def endpoint(websocket: WebSocket) -> None:
        if is_accepted:
            await websocket.accept()
        raise WebSocketException(4001, "go away")

    with pytest.raises(WebSocketDisconnect) as caught, TestClient(app).websocket_connect("/") as socket:
        socket.receive_text()

    assert (caught.value.code, caught.value.reason) == (4001, "go away")


def test_refused_websocket_parameters_close_with_1008() -> None:
    """RFC 6455 §7.4.1: a message that violates the policy; dependencies are asked too."""
    app = Routebook()

    async def number(n: int) -> int:
        return n

    @app.websocket("/")
    async def endpoint(websocket: WebSocket, n: Annotated[int, Depends(number)]) -> None: ...

    with pytest.raises(WebSocketDisconnect) as caught, TestClient(app).websocket_connect("/?n=x"):
        pass

    assert caught.value.code == 1008
    assert "int_parsing" in caught.value.reason


@pytest.mark.anyio
async def test_error_of_a_mounted_plain_application_sends_no_second_response() -> None:
    """It may have answered before it failed: only its messages tell."""
    sent: list[Message] = []
    app = Routebook()

    async def plain(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x"})
        raise Fatal

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    app.mount("/plain", plain)
    with pytest.raises(Fatal):
        await app(
            {"type": "http", "method": "GET", "path": "/plain/", "headers": [], "query_string": b""}, receive, send
        )

    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def test_handler_may_raise_what_another_handler_answers() -> None:
    """As in FastAPI, whose handlers stand in two layers: a handler translates, the next one answers."""
    app = make_app()

    @app.exception_handler(Fatal)
    def translate(request: Request, error: Fatal) -> PlainTextResponse:
        raise HTTPException(409, "translated") from error

    got = TestClient(app).get("/fatal")

    assert (got.status_code, got.json()) == (409, {"detail": "translated"})


def test_405_names_the_methods_of_all_routes_of_the_path() -> None:
    """RFC 9110 §15.5.6: Allow lists what the resource takes, in whichever router it was declared."""
    app, router = Routebook(), APIRouter()
    app.get("/items/{item_id}")(lambda item_id: 1)
    router.put("/{item_id}")(lambda item_id: 2)
    app.include_router(router, prefix="/items")
    app.add_route("/items/7", lambda request: Response(), methods=["DELETE"])
    client = TestClient(app)

    refused = client.post("/items/7")
    assert (refused.status_code, refused.headers["allow"]) == (405, "DELETE, GET, PUT")
    assert client.post("/items/8").headers["allow"] == "GET, PUT"
