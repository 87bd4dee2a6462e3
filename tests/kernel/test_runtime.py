"""Home loop, server, client, lifespans, proxy: real threads, real sockets, real applications."""

import asyncio
import contextlib
import gc
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from routebook_kernel.exceptions import (
    HomeLoopError,
    LifespanError,
    ServerStartError,
    UnsupportedCallError,
    WebSocketClosedError,
    WebSocketRejectedError,
)
from routebook_kernel.recording.log import ExchangeLog
from routebook_kernel.runtime.client import Client
from routebook_kernel.runtime.home import HomeLoop
from routebook_kernel.runtime.lifespan import Lifespans
from routebook_kernel.runtime.output import OutputListener, capture_output
from routebook_kernel.runtime.proxy import base_url_of_parent, checked_prefix, served_at
from routebook_kernel.runtime.recorder import Recorder, Recording
from routebook_kernel.runtime.run_shims import UvicornRunShim
from routebook_kernel.runtime.server import KernelServer, ServerStatus, bind, is_loopback
from routebook_kernel.runtime.single_write import MAX_MERGED_BYTES, MergingTransport
from tests.kernel.driver import eventually


@pytest.fixture
def home() -> Iterator[HomeLoop]:
    loop = HomeLoop()
    yield loop
    loop.close()


# The home loop


def test_home_runs_coroutines_of_any_thread_on_one_thread(home: HomeLoop) -> None:
    """A lock or a queue made in one cell works in another, and in a handler."""

    async def whoami() -> str:
        return threading.current_thread().name

    names = {home.run(whoami()) for _ in range(3)}

    assert names == {"routebook-home"}


def test_home_refuses_to_wait_for_itself(home: HomeLoop) -> None:
    """On its own thread the answer would never come; the message says to await."""

    async def ask() -> None:
        home.run(asyncio.sleep(0))

    with pytest.raises(HomeLoopError, match="Use `await`"):
        home.run(ask())


def test_home_passes_results_errors_and_cancellation(home: HomeLoop) -> None:
    """What the coroutine raises is raised where it was asked."""

    async def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        home.run(fail())


def test_home_is_installed_and_restored() -> None:
    """The shell gets its own runner back."""
    home, shell = HomeLoop(), SimpleNamespace(loop_runner="former")

    home.install(shell)
    assert shell.loop_runner == home.run_cell
    home.uninstall()

    assert shell.loop_runner == "former"


def test_closed_home_says_how_to_go_on(home: HomeLoop) -> None:
    """A client that outlives the extension is told what to do."""
    home.run(asyncio.sleep(0))
    home.close()

    with pytest.raises(HomeLoopError, match="%load_ext routebook_kernel"):
        home.submit(done := asyncio.sleep(0))
    done.close()


def test_home_cancels_what_runs_when_it_closes() -> None:
    """No task is left behind, each ends its own way."""
    home, ended = HomeLoop(), threading.Event()

    async def forever() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    future = home.submit(forever())
    home.run(asyncio.sleep(0))
    home.close()

    assert ended.is_set()
    assert future.cancelled()


# The server


async def hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"hello {request.url.path}")


async def fails(request: Request) -> PlainTextResponse:
    raise RuntimeError("broken")


async def moved(request: Request) -> RedirectResponse:
    return RedirectResponse(request.url_for("hello"))


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(websocket.url.path)
    await websocket.close()


def make_app(**options: Any) -> Starlette:
    routes = [
        Route("/", hello, name="root"), Route("/hello", hello, name="hello"), Route("/fails", fails),
        Route("/moved", moved),
        WebSocketRoute("/ws", echo),
    ]  # fmt: skip
    return Starlette(routes=routes, **options)


def test_server_answers_and_frees_its_port(home: HomeLoop, free_port: int) -> None:
    """Started, it answers; stopped, the port can be bound at once."""
    server = KernelServer(home)

    assert server.start(make_app(), port=free_port) == ServerStatus("running", free_port)
    assert httpx2.get(f"http://127.0.0.1:{free_port}/").text == "hello /"
    server.stop()

    assert server.status.status == "stopped"
    bind(free_port).close()


def test_busy_port_takes_the_next_and_says_so(home: HomeLoop, free_port: int) -> None:
    """A person sees which port it is, and why not the one asked for."""
    taken = bind(free_port)
    server = KernelServer(home)
    try:
        status = server.start(make_app(), port=free_port)
        assert status.port is not None
        assert status.port > free_port
        assert status.message == f"port {free_port} is busy, so it is port {status.port}"
    finally:
        server.stop()
        taken.close()


@pytest.mark.parametrize(
    ("port", "host", "says"), [(70_000, "127.0.0.1", "is no port"), (8000, "0.0.0.0", "other mach")]
)
def test_server_refuses_what_it_should(home: HomeLoop, port: int, host: str, says: str) -> None:
    """Loopback only, and a port that is one."""
    with pytest.raises(ServerStartError, match=says):
        KernelServer(home).start(make_app(), port=port, host=host)


def test_socket_sends_small_answers_at_once() -> None:
    """With protocol 0 asyncio would leave Nagle's algorithm on: 40 ms a request."""
    with bind(0) as listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_failing_start_is_told_and_the_port_is_free(home: HomeLoop, free_port: int) -> None:
    """A lifespan that raises: a status with its reason, no hanging thread, no dead port."""

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        raise RuntimeError("no database")
        yield

    server = KernelServer(home)

    status = server.start(make_app(), port=free_port, around=lifespan)

    assert status.status == "failed"
    assert status.message == "the server did not start: RuntimeError: no database"
    bind(free_port).close()
    assert home.run(asyncio.sleep(0, "alive")) == "alive"


def test_crash_of_the_server_is_reported(home: HomeLoop, free_port: int) -> None:
    """It ends by itself: whoever listens hears of it; the loop lives."""
    heard: list[ServerStatus] = []
    server = KernelServer(home, heard.append)
    server.start(make_app(), port=free_port, limit_max_requests=1)
    httpx2.get(f"http://127.0.0.1:{free_port}/")

    deadline = time.monotonic() + 30
    while heard[-1].status != "failed" and time.monotonic() < deadline:
        time.sleep(0.02)

    assert heard[-1].message == "the server has ended by itself"
    assert home.run(asyncio.sleep(0, "alive")) == "alive"


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("example.org", False)],
)
def test_loopback_is_known(host: str, is_ours: bool) -> None:
    """Only these may be bound without a word."""
    assert is_loopback(host) is is_ours


# The proxy


@pytest.mark.parametrize(
    ("given", "prefix"),
    [
        ("/user/x/proxy/8000", "/user/x/proxy/8000"), ("/user/x/proxy/8000/", "/user/x/proxy/8000"),
        ("/user/a%40b", "/user/a%40b"), ("//evil.example/x", ""), ("/a/../b", ""), ("javascript:x", ""),
        ('/"onload="x', ""), ("/a b", ""), ("/", ""), ("", ""),
    ],
)  # fmt: skip
def test_prefix_is_trusted_only_as_a_path(given: str, prefix: str) -> None:
    """Anyone may send the header."""
    assert checked_prefix(given) == prefix


@pytest.mark.parametrize(
    ("environ", "parent", "has_proxy", "url"),
    [
        ({}, None, True, "http://127.0.0.1:8000/"),
        ({}, "/", True, "http://127.0.0.1:8000/"),
        ({}, "/user/x/", True, "/user/x/proxy/8000/"),
        ({}, "/user/x/", False, "http://127.0.0.1:8000/"),
        ({"JUPYTERHUB_SERVICE_PREFIX": "/user/y/"}, None, True, "/user/y/proxy/8000/"),
        ({"JUPYTERHUB_SERVICE_PREFIX": "/"}, "/", True, "/proxy/8000/"),
    ],
)
def test_url_is_right_for_the_place(environ: dict[str, str], parent: str | None, has_proxy: bool, url: str) -> None:
    """At home the local address; behind a Jupyter server with a base URL its proxy's."""
    assert served_at(8000, environ, parent, has_proxy=has_proxy).url == url


def test_parent_server_is_known_by_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file that a Jupyter server keeps in its runtime folder; a broken one is as none."""
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "jpserver-7.json").write_text('{"base_url": "/user/x/", "pid": 7}')
    (tmp_path / "jpserver-8.json").write_text("{")

    assert [base_url_of_parent({"JPY_PARENT_PID": pid}) for pid in ("7", "8", "9", "../7")] == [
        "/user/x/",
        None,
        None,
        None,
    ]


# Lifespans


def test_lifespan_is_entered_once_and_left_with_the_last_holder(home: HomeLoop) -> None:
    """Server and client share it."""
    events: list[str] = []

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, int]]:
        events.append("in")
        yield {"n": 1}
        events.append("out")

    app = make_app(lifespan=lifespan)

    async def scenario() -> None:
        lifespans = Lifespans()
        await lifespans.hold(app, "client")
        await lifespans.hold(app, "server")
        assert lifespans.state_of(app) == {"n": 1}
        await lifespans.release("server")
        assert events == ["in"]
        await lifespans.release("client")

    home.run(scenario())

    assert events == ["in", "out"]


def test_failing_lifespan_names_its_error(home: HomeLoop) -> None:
    """The application's own exception is the cause; nobody holds it, so that the next try may succeed."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        raise RuntimeError("no database")
        yield

    lifespans = Lifespans()

    with pytest.raises(LifespanError, match="RuntimeError: no database"):
        home.run(lifespans.hold(make_app(lifespan=lifespan), "client"))
    assert lifespans.entered == ()


def test_application_without_lifespan_runs_without(home: HomeLoop) -> None:
    """ASGI: an application that raises at the first event has none."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"

    lifespans = Lifespans()
    home.run(lifespans.hold(app, "client"))

    assert lifespans.state_of(app) == {}
    home.run(lifespans.close())


# Recorder and client


def make_client(home: HomeLoop, app: Any, log: ExchangeLog, **options: Any) -> Client:
    recorder = Recorder(log)

    async def perform(scope: Any, receive: Any, send: Any, source: Any) -> Any:
        return await recorder.record(app, scope, receive, send, source)

    return Client(home, perform, app, **options)


def test_client_waits_in_threads_and_is_awaited_at_home(home: HomeLoop) -> None:
    """The same call, both ways; both are recorded."""
    log = ExchangeLog()
    client = make_client(home, make_app(), log)

    async def at_home() -> str:
        return str((await client.get("/hello")).text)

    assert client.get("/").text == "hello /"
    assert home.run(at_home()) == "hello /hello"
    assert [exchange.url for exchange in log] == ["/", "/hello"]


def test_client_returns_the_500_or_raises_when_asked(home: HomeLoop) -> None:
    """In a notebook the response with its failure is the more useful; a test wants the exception."""
    log = ExchangeLog()

    response = make_client(home, make_app(), log).get("/fails")

    assert response.status_code == 500
    assert response.exchange.failure.message == "broken"
    with pytest.raises(RuntimeError, match="broken"):
        make_client(home, make_app(), log, raise_server_exceptions=True).get("/fails")


@pytest.mark.parametrize("options", [{}, {"raise_server_exceptions": True}], ids=["plain", "raising"])
def test_client_waits_no_longer_than_its_timeout(home: HomeLoop, options: dict[str, Any]) -> None:
    """As with a socket: silence before the response, or within it; what is sent in time is read, late work awaited."""
    go_on = threading.Event()

    def in_a_thread(request: Request) -> PlainTextResponse:
        go_on.wait(60)
        return PlainTextResponse("late")

    async def silent(request: Request) -> None:
        await asyncio.Event().wait()

    async def stuck(request: Request) -> StreamingResponse:
        async def body() -> AsyncIterator[str]:
            yield "begun"
            await asyncio.Event().wait()

        return StreamingResponse(body())

    async def with_work(request: Request) -> PlainTextResponse:
        return PlainTextResponse("answered", background=BackgroundTask(asyncio.sleep, 0.4))

    app = Starlette(routes=[Route(f"/{end.__name__}", end) for end in (in_a_thread, silent, stuck, with_work)])
    log = ExchangeLog()
    client = make_client(home, app, log, **options)

    for path in ("/in_a_thread", "/silent", "/stuck"):
        with pytest.raises(httpx2.ReadTimeout, match=r"silent for 0\.1 s"):
            client.get(path, timeout=0.1)
    go_on.set()

    assert client.get("/with_work", timeout=30).text == "answered"
    given_up = {"/in_a_thread", "/silent", "/stuck"}  # the first of them when its thread has ended
    eventually(lambda: {exchange.url for exchange in log if exchange.is_cancelled} == given_up)
    if not options:
        assert client.get("/with_work", timeout=0.1).text == "answered"


def test_computing_is_laid_to_a_request_that_was_alone(home: HomeLoop) -> None:
    """The process's CPU time is no request's own: one that only waited beside another, or beside a cell, has none."""
    log = ExchangeLog()
    computed = asyncio.Event()

    def compute(request: Request) -> PlainTextResponse:
        until = time.process_time() + 0.15
        while time.process_time() < until:
            pass
        home.loop.call_soon_threadsafe(computed.set)
        return PlainTextResponse("computed")

    async def wait(request: Request) -> PlainTextResponse:
        await computed.wait()
        return PlainTextResponse("waited")

    app = Starlette(routes=[Route("/compute", compute), Route("/wait", wait)])
    client = make_client(home, app, log)

    async def both() -> None:
        computed.clear()
        await asyncio.gather(client.get("/wait"), client.get("/compute"))

    async def from_outside(recorder: Recorder) -> None:
        scope = {"type": "http", "method": "GET", "path": "/compute", "headers": []}
        await recorder.record(app, scope, receive_nothing, send_nowhere, "server")

    client.get("/compute")
    home.run(both())
    home.run(from_outside(Recorder(log)))
    home.run(from_outside(Recorder(log, sender=lambda: "1")))

    alone, first, second, outside, beside_a_cell = (exchange.cpu_ms for exchange in log)
    assert min(alone, outside) >= 150
    assert first == second == beside_a_cell == 0


def test_computing_of_the_garbage_collector_is_laid_to_no_request(home: HomeLoop) -> None:
    """It runs whenever it is due, for a quarter of a second where a notebook holds much."""
    log = ExchangeLog()

    def collect(request: Request) -> PlainTextResponse:
        until = time.process_time() + 0.15
        while time.process_time() < until:
            gc.collect()
        return PlainTextResponse("collected")

    gc.collect(1)  # so that the next whole collection can be told
    make_client(home, Starlette(routes=[Route("/", collect)]), log).get("/")

    assert [exchange.cpu_ms for exchange in log] == [0]


async def receive_nothing() -> Any:
    return {"type": "http.request", "body": b"", "more_body": False}


async def send_nowhere(message: Any) -> None: ...


def test_client_follows_redirects_keeps_cookies_and_sends_files(home: HomeLoop) -> None:
    """It is httpx2, whole."""

    async def upload(request: Request) -> JSONResponse:
        async with request.form() as form:
            response = JSONResponse({"names": sorted(form), "cookie": request.cookies.get("seen")})
        response.set_cookie("seen", "yes")
        return response

    app = make_app()
    app.router.routes.append(Route("/upload", upload, methods=["POST"]))
    client = make_client(home, app, ExchangeLog(), follow_redirects=True)

    assert client.get("/moved").text == "hello /hello"
    first = client.post("/upload", files={"f": ("a.txt", b"x")}, data={"d": "1"}).json()
    second = client.post("/upload", data={}).json()

    assert first == {"names": ["d", "f"], "cookie": None}
    assert second["cookie"] == "yes"


def test_recorder_passes_streams_on_as_they_come(home: HomeLoop) -> None:
    """A slow stream reaches its reader piece by piece; what is kept of it is bounded."""

    async def slow(request: Request) -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(3):
                yield b"x" * 200_000

        return StreamingResponse(pieces())

    log = ExchangeLog()
    client = make_client(home, Starlette(routes=[Route("/", slow)]), log)

    assert len(client.get("/").content) == 600_000
    [exchange] = log
    assert exchange.response_body is not None
    assert (exchange.response_body.size_bytes, exchange.response_body.is_truncated) == (600_000, True)
    assert len(exchange.response_body.data) <= 256 * 1024


def test_request_that_is_cancelled_is_in_the_record(home: HomeLoop) -> None:
    """An interrupted cell, a stream that is left: kept as far as it came, with what it printed."""

    async def waits(request: Request) -> PlainTextResponse:
        print("waits", flush=True)
        began.set()
        await asyncio.sleep(60)
        return PlainTextResponse("late")

    async def streams(request: Request) -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"first"
            await asyncio.sleep(60)

        return StreamingResponse(pieces())

    async def leave() -> None:
        task = asyncio.ensure_future(client.get("/waits"))
        await began.wait()
        task.cancel()
        async with client.stream("GET", "/streams") as streamed:
            assert await anext(streamed.aiter_bytes()) == b"first"

    began = asyncio.Event()
    log = ExchangeLog()
    client = make_client(home, Starlette(routes=[Route("/waits", waits), Route("/streams", streams)]), log)

    home.run(leave())

    first, second = log
    assert (first.url, first.status) == ("/waits", None)
    assert (second.status, second.response_body and second.response_body.data) == (200, b"first")


def test_stream_is_read_as_it_comes_in_both_kinds_of_cells(home: HomeLoop) -> None:
    """Server-sent events without an end: the first are there before the last, leaving ends the handler."""
    left = threading.Event()

    async def events(request: Request) -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            try:
                for number in range(10_000):
                    yield f"data: {number}\n".encode()
                    await asyncio.sleep(0.001)
            finally:
                left.set()

        return StreamingResponse(pieces())

    client = make_client(home, Starlette(routes=[Route("/", events)]), ExchangeLog())

    with client.stream("GET", "/") as response:
        lines = response.iter_lines()
        assert (response.status_code, next(lines), next(lines)) == (200, "data: 0", "data: 1")
    assert left.wait(60)

    async def at_home() -> str:
        async with client.stream("GET", "/") as streamed:
            return str(await anext(streamed.aiter_lines()))

    assert home.run(at_home()) == "data: 0"


def test_websocket_talks_in_both_kinds_of_cells(home: HomeLoop) -> None:
    """Text, JSON, bytes, subprotocol, the application's close, and a refusal."""

    async def talk(websocket: WebSocket) -> None:
        if websocket.query_params.get("refuse"):
            await websocket.close(4401, "who are you")
            return
        await websocket.accept(subprotocol="b")
        await websocket.send_json({"got": await websocket.receive_text()})
        await websocket.send_bytes(await websocket.receive_bytes())
        await websocket.close(4000, "enough")

    client = make_client(home, Starlette(routes=[WebSocketRoute("/", talk)]), ExchangeLog())

    with client.websocket_connect("/", subprotocols=["a", "b"]) as socket:
        socket.send_text("hi")
        assert (socket.subprotocol, socket.receive_json()) == ("b", {"got": "hi"})
        socket.send_bytes(b"x")
        assert socket.receive_bytes() == b"x"
        with pytest.raises(WebSocketClosedError, match="4000: enough"):
            socket.receive_text()
    with pytest.raises(WebSocketRejectedError, match="4401: who are you"), client.websocket_connect("/?refuse=1"):
        pass

    async def at_home() -> Any:
        async with client.websocket_connect("/") as connection:
            await connection.send_json({"n": 1})
            return await connection.receive_json()

    assert home.run(at_home()) == {"got": '{"n":1}'}


def test_response_to_an_accepted_connection_is_an_error_as_on_a_server(home: HomeLoop) -> None:
    """Starlette answers an `HTTPException` so; no server can send it, and the client must not take it for a text."""

    async def talk(websocket: WebSocket) -> None:
        await websocket.accept()
        raise HTTPException(401)

    client = make_client(home, Starlette(routes=[WebSocketRoute("/", talk)]), ExchangeLog())

    with (
        client.websocket_connect("/") as socket,
        pytest.raises(WebSocketClosedError, match="1011: RuntimeError: an HTTP response"),
    ):
        socket.receive_text()


def test_served_failure_is_kept_and_goes_no_further(home: HomeLoop, free_port: int, caplog: Any) -> None:
    """Its 500 was sent; uvicorn has nothing to print where nobody looks."""
    log = ExchangeLog()
    server = KernelServer(home)
    server.start(Recording(make_app(), Recorder(log)), port=free_port)
    try:
        assert httpx2.get(f"http://127.0.0.1:{free_port}/fails").status_code == 500
    finally:
        server.stop()

    [exchange] = log
    assert exchange.failure is not None
    assert (exchange.source, exchange.failure.type) == ("server", "RuntimeError")
    assert not caplog.records


def test_output_of_a_handler_belongs_to_its_request(home: HomeLoop, capsys: Any) -> None:
    """Also from a worker thread; the stream itself still gets it."""

    async def talk(request: Request) -> PlainTextResponse:
        print("from the loop")
        await asyncio.to_thread(print, "from a thread")
        return PlainTextResponse("")

    listener, log = OutputListener(), ExchangeLog()
    listener.install()
    try:
        make_client(home, Starlette(routes=[Route("/", talk)]), log).get("/")
        with capture_output() as other:
            print("outside")
    finally:
        listener.uninstall()
    print("after")

    [exchange] = log
    assert exchange.output == "from the loop\nfrom a thread\n"
    assert other.text == "outside\n"
    assert capsys.readouterr().out == "from the loop\nfrom a thread\noutside\nafter\n"


# uvicorn.run


def run_uvicorn(namespace: dict[str, Any], *args: Any, **options: Any) -> list[Any]:
    served: list[Any] = []
    UvicornRunShim(lambda *values: served.extend(values), namespace).run(*args, **options)
    return served


def test_uvicorn_run_finds_the_notebooks_application() -> None:
    """ "main:app" is a name of the notebook; a module of that name is not asked for."""
    app = make_app()

    served = run_uvicorn({"app": app}, "main:app", host="0.0.0.0", port=9000, reload=True, timeout_keep_alive=3)

    assert served[:3] == [app, 9000, {"timeout_keep_alive": 3}]
    assert len(served[3]) == 2


@pytest.mark.parametrize(
    ("target", "options", "says"),
    [
        ("nowhere:thing", {}, "neither a module 'nowhere' nor a variable 'thing'"),
        ("main:app", {"uds": "/tmp/x"}, "not on a Unix socket"),
        ("main:app", {"ssl_certfile": "x.pem"}, "plain HTTP"),
    ],
)
def test_uvicorn_run_that_cannot_work_says_what_to_write(target: str, options: dict[str, Any], says: str) -> None:
    """A refusal names the reason and the code to write."""
    with pytest.raises(UnsupportedCallError, match=says) as refused:
        run_uvicorn({"app": make_app()}, target, **options)
    assert "Write this instead: uvicorn.run(app)" in str(refused.value)


# Writes that leave together


class Written:
    """A transport that notes each call."""

    def __init__(self) -> None:
        self.calls: list[bytes | str] = []

    def write(self, data: bytes) -> None:
        self.calls.append(data)

    def write_eof(self) -> None:
        self.calls.append("eof")

    def close(self) -> None:
        self.calls.append("close")


def test_writes_of_one_turn_leave_in_order_and_together(home: HomeLoop) -> None:
    """Head and body in one; a head alone with the turn's end; closing loses nothing; a large body is not copied."""
    large = b"x" * (MAX_MERGED_BYTES + 1)

    async def scenario() -> list[bytes | str]:
        written = Written()
        transport = MergingTransport(written)  # type: ignore[arg-type]
        transport.write(b"head")
        transport.writelines([b"bo", b"dy"])
        transport.write(b"alone")
        assert written.calls == [b"headbody"]
        await asyncio.sleep(0)
        transport.write(b"head")
        transport.write(large)
        transport.write(b"last")
        transport.write_eof()
        transport.write(b"more")
        transport.close()
        await asyncio.sleep(0)
        return written.calls

    assert home.run(scenario()) == [b"headbody", b"alone", b"head", large, b"last", "eof", b"more", "close"]


def test_served_bodies_of_every_size_arrive_whole(home: HomeLoop, free_port: int) -> None:
    """Empty, small, large, streamed in pieces, on one connection that is kept."""

    async def sized(request: Request) -> PlainTextResponse:
        return PlainTextResponse("x" * int(request.path_params["size"]))

    async def streamed(request: Request) -> StreamingResponse:
        return StreamingResponse(iter([b"a" * 10, b"b" * 300_000, b"c"]))

    app = Starlette(routes=[Route("/{size:int}", sized), Route("/streamed", streamed)])
    server = KernelServer(home)
    server.start(app, port=free_port)
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{free_port}") as client:
            for size in (0, 1, MAX_MERGED_BYTES, 2_000_000, 5):
                assert len(client.get(f"/{size}").content) == size
            assert client.get("/streamed").content == b"a" * 10 + b"b" * 300_000 + b"c"
    finally:
        server.stop()
