"""What was read can be read again: no reader of a body hangs, whoever read it before, and over which transport."""

import asyncio
import itertools
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from types import ModuleType
from typing import Annotated, Any

import anyio.from_thread
import fastapi
import httpx2
import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse

import routebook

TIMEOUT_S = 20
"""A guard against what hangs."""


class Model(BaseModel):
    name: str


class GoneError(Exception):
    pass


async def _body(request: Any) -> str:
    return (await request.body()).decode()


async def _json(request: Any) -> str:
    return str(await request.json())


async def _stream(request: Any) -> str:
    return b"".join([chunk async for chunk in request.stream()]).decode()


async def _form(request: Any) -> str:
    return str(sorted((await request.form()).items()))


async def _again(request: Any) -> str:
    """A Request of the reader's own, made from the one that was injected."""
    return (await type(request)(request.scope, request.receive).body()).decode()


async def _connected(request: Any) -> str:
    return f"{await request.is_disconnected()} {await request.is_disconnected()} {(await request.body()).decode()}"


JSON_READERS = {"body": _body, "json": _json, "stream": _stream, "again": _again, "connected": _connected}


def build_app(framework: ModuleType, read: Callable[[Any], Any], *, has_middleware: bool = False) -> Any:
    """An application in which `read` reads the body from every place that is given a Request."""
    app = framework.FastAPI()
    Request = framework.Request

    if has_middleware:

        async def dispatch(request: Any, call_next: Any) -> Any:
            return await call_next(request)

        app.add_middleware(BaseHTTPMiddleware, dispatch=dispatch)

    @app.exception_handler(GoneError)
    async def gone(request: Any, error: Exception) -> JSONResponse:
        return JSONResponse({"handled": await read(request)}, status_code=410)

    @app.exception_handler(418)
    def teapot(request: Any, error: Exception) -> JSONResponse:
        return JSONResponse({"handled": anyio.from_thread.run(read, request)}, status_code=418)

    @app.exception_handler(framework.exceptions.RequestValidationError)
    async def invalid(request: Any, error: Exception) -> JSONResponse:
        return JSONResponse({"invalid": await read(request)}, status_code=422)

    @app.post("/endpoint")
    async def endpoint(model: Model, request: Request) -> Any:  # type: ignore[valid-type]
        return await read(request)

    @app.post("/sync")
    def sync(model: Model, request: Request) -> Any:  # type: ignore[valid-type]
        return anyio.from_thread.run(read, request)

    @app.post("/bytes")
    async def takes_bytes(data: Annotated[bytes, framework.Body()], request: Request) -> Any:  # type: ignore[valid-type]
        return await read(request)

    @app.post("/handled")
    async def handled(model: Model) -> Any:
        raise GoneError

    @app.post("/teapot")
    async def refuses(model: Model) -> Any:
        raise framework.HTTPException(418)

    @app.post("/handled-request")
    async def handled_request(request: Request) -> Any:  # type: ignore[valid-type]
        await request.body()  # type: ignore[attr-defined]
        raise GoneError

    @app.post("/invalid")
    async def is_invalid(model: Model, number: int) -> Any:
        raise AssertionError

    async def before(request: Request) -> str:  # type: ignore[valid-type]
        return str(await read(request))

    @app.post("/dependency")
    async def depends(model: Model, seen: Annotated[str, framework.Depends(before)]) -> Any:
        return seen

    async def around(request: Request) -> AsyncIterator[str]:  # type: ignore[valid-type]
        try:
            yield "around"
        except GoneError:
            raise framework.HTTPException(409, await read(request)) from None

    @app.post("/around")
    async def is_around(model: Model, seen: Annotated[str, framework.Depends(around)]) -> Any:
        raise GoneError

    @app.post("/streamed")
    async def streamed(model: Model, request: Request) -> StreamingResponse:  # type: ignore[valid-type]
        async def pieces() -> AsyncIterator[str]:
            yield "a "
            yield str(await read(request))

        return StreamingResponse(pieces())

    done: list[str] = []

    @app.post("/background")
    async def background(model: Model, request: Request, tasks: framework.BackgroundTasks) -> Any:  # type: ignore[valid-type,name-defined]
        async def work() -> None:
            done.append(await read(request))

        tasks.add_task(work)
        return 1

    @app.get("/done")
    async def is_done() -> list[str]:
        return done

    class OwnRoute(framework.routing.APIRoute):  # type: ignore[misc,name-defined]
        def get_route_handler(self) -> Callable[[Any], Any]:
            handle = super().get_route_handler()

            async def own(request: Any) -> Any:
                await request.body()
                return await handle(request)

            return own

    router = framework.APIRouter(route_class=OwnRoute)

    @router.post("/own")
    async def own(request: Request) -> Any:  # type: ignore[valid-type]
        raise GoneError

    @router.post("/own-model")
    async def own_model(model: Model, request: Request) -> Any:  # type: ignore[valid-type]
        return await read(request)

    app.include_router(router)
    return app


PATHS = [
    "/endpoint", "/sync", "/bytes", "/handled", "/teapot", "/handled-request", "/invalid", "/dependency", "/around",
    "/streamed", "/own", "/own-model",
]  # fmt: skip


async def _send(app: Any, path: str, pieces: list[bytes], kind: str = "application/json") -> tuple[int, str]:
    """One request in process; the client stays until it has its response."""
    waiting, gone = list(pieces), asyncio.Event()
    sent: list[Any] = []

    async def receive() -> Any:
        if waiting:
            body = waiting.pop(0)
            return {"type": "http.request", "body": body, "more_body": bool(waiting)}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "method": "POST",
        "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": [(b"content-type", kind.encode())], "client": ("c", 1), "server": ("s", 80),
    }  # fmt: skip
    async with asyncio.timeout(TIMEOUT_S):
        await app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]).decode()


BODY = b'{"name": "ada"}'


@pytest.mark.parametrize("has_middleware", [False, True], ids=["plain", "middleware"])
@pytest.mark.parametrize("reader", JSON_READERS)
@pytest.mark.parametrize("path", PATHS)
def test_body_is_read_again_wherever_a_request_is_given(path: str, reader: str, has_middleware: bool) -> None:
    """What FastAPI answers, and an answer where it waits for ever."""
    ours = build_app(routebook, JSON_READERS[reader], has_middleware=has_middleware)
    theirs = build_app(fastapi, JSON_READERS[reader], has_middleware=has_middleware)

    answer = asyncio.run(_send(ours, path, [BODY]))

    assert "ada" in answer[1]
    if reader != "again":  # there FastAPI waits
        assert answer == asyncio.run(_send(theirs, path, [BODY]))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, len(BODY)), max_size=4), st.sampled_from(PATHS), st.sampled_from(sorted(JSON_READERS)))
def test_body_in_any_pieces_is_read_again(cuts: list[int], path: str, reader: str) -> None:
    """Chunked requests come as the network likes."""
    edges = [0, *sorted(cuts), len(BODY)]
    pieces = [BODY[start:end] for start, end in itertools.pairwise(edges)]

    assert "ada" in asyncio.run(_send(build_app(routebook, JSON_READERS[reader]), path, pieces))[1]


FORMS = {
    "urlencoded": ("application/x-www-form-urlencoded", b"name=ada&other=1"),
    "multipart": (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nada\r\n--b--\r\n',
    ),
}


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("is_cut", [False, True])
@pytest.mark.parametrize("reader", [_form, _body, _stream])
@pytest.mark.parametrize("path", ["/endpoint", "/handled", "/invalid"])
def test_form_is_read_again_or_said_to_be_consumed(
    kind: str, is_cut: bool, reader: Callable[[Any], Any], path: str
) -> None:
    """A form that was parsed as it came has no bytes any longer: the reader hears that, and doesn't wait."""
    app = routebook.FastAPI()

    async def read(request: Any) -> str:
        try:
            return str(await reader(request))
        except RuntimeError as error:
            return str(error)

    @app.exception_handler(GoneError)
    async def gone(request: Any, error: Exception) -> JSONResponse:
        return JSONResponse(await read(request))

    @app.exception_handler(routebook.exceptions.RequestValidationError)
    async def invalid(request: Any, error: Exception) -> JSONResponse:
        return JSONResponse(await read(request))

    @app.post("/endpoint")
    async def endpoint(name: Annotated[str, routebook.Form()], request: routebook.Request) -> Any:
        return await read(request)

    @app.post("/handled")
    async def handled(name: Annotated[str, routebook.Form()]) -> Any:
        raise GoneError

    @app.post("/invalid")
    async def is_invalid(name: Annotated[str, routebook.Form()], missing: Annotated[str, routebook.Form()]) -> Any:
        raise AssertionError

    media_type, body = FORMS[kind]
    pieces = [body[:9], body[9:]] if is_cut else [body]
    _, answer = asyncio.run(_send(app, path, pieces, media_type))

    assert "ada" in answer or (reader is not _form and "Stream consumed" in answer), answer


def test_client_that_goes_is_noticed_after_the_body_was_read() -> None:
    """What is replayed hides no disconnect."""
    app = routebook.FastAPI()

    @app.post("/endpoint")
    async def endpoint(model: Model, request: routebook.Request) -> Any:
        first = await request.is_disconnected()
        client.set()
        await asyncio.sleep(0)
        return [first, await request.is_disconnected()]

    client = asyncio.Event()
    messages = [{"type": "http.request", "body": BODY, "more_body": False}]
    sent: list[Any] = []

    async def receive() -> Any:
        if messages:
            return messages.pop()
        await client.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/endpoint", "headers": [], "query_string": b"", "root_path": ""}
    scope["headers"] = [(b"content-type", b"application/json")]  # type: ignore[assignment]
    asyncio.run(app(scope, receive, send))
    assert sent[1]["body"] == b"[false,true]"


async def _streamed_first(request: Any) -> str:
    await _stream(request)
    return f"{await _again(request)} {await _again(request)}"


async def _other_first(request: Any) -> str:
    return f"{await _again(request)} {await _body(request)} {await _again(request)}"


async def _by_starlette(request: Any) -> str:
    """Starlette's own Request, and what listens for the client beside it."""
    first = await Request(request.scope, request.receive).body()
    assert not await request.is_disconnected()
    return (first + await Request(request.scope, request.receive).body()).decode()


@pytest.mark.parametrize("reader", [_streamed_first, _other_first, _by_starlette])
@pytest.mark.parametrize("path", ["/endpoint", "/handled", "/handled-request", "/dependency", "/own", "/plain"])
def test_requests_of_the_users_own_read_in_any_order(path: str, reader: Callable[[Any], Any]) -> None:
    """A stream that was read to its end, a second Request that was first, a third."""
    app = build_app(routebook, reader)

    @app.post("/plain")
    async def plain(request: routebook.Request) -> str:
        return str(await reader(request))

    answer = asyncio.run(_send(app, path, [BODY[:5], BODY[5:]]))[1]

    assert answer.count("ada") >= 2


def test_long_stream_is_not_kept_and_the_second_reader_hears_so() -> None:
    """Uploads of any length are read with little memory."""
    app = routebook.FastAPI()

    @app.post("/plain")
    async def plain(request: routebook.Request) -> str:
        await _stream(request)
        try:
            return await _again(request)
        except RuntimeError as error:
            return str(error)

    assert "too long to be read again" in asyncio.run(_send(app, "/plain", [b"x" * 600_000] * 3))[1]


@pytest.fixture
def served() -> Iterator[Callable[[Any], str]]:
    """Serve an application with uvicorn on a loopback port."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def serve(app: Any) -> str:
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        running.append((server, thread))
        while not server.started:
            time.sleep(0.01)
        return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"

    yield serve
    for server, thread in running:
        server.should_exit = True
        thread.join(10)


@pytest.mark.parametrize("reader", JSON_READERS)
def test_body_is_read_again_over_a_socket(served: Callable[[Any], str], reader: str) -> None:
    """uvicorn's `receive` waits for the client to go, once the body was taken."""
    url = served(build_app(routebook, JSON_READERS[reader]))
    with httpx2.Client(base_url=url, timeout=TIMEOUT_S) as client:
        for path in PATHS:
            assert "ada" in client.post(path, content=BODY, headers={"content-type": "application/json"}).text, path
        assert client.post("/background", json={"name": "ada"}).json() == 1
        assert "ada" in client.get("/done").text
