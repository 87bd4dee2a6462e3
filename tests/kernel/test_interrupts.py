"""Stop always stops: interrupts at random moments, code that blocks the event loop, lifespans that hang."""

import contextlib
import os
import random
import re
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from routebook_kernel.exceptions import HomeLoopError
from routebook_kernel.runtime.loop_thread import LoopThread
from tests.kernel.driver import Kernel, eventually

INTERRUPTS = int(os.environ.get("ROUTEBOOK_INTERRUPTS", "60"))
"""How many moments each run of the random test takes; `make soak` takes 500."""

SETUP = """
import asyncio, time, httpx2
from routebook import BackgroundTasks
stopped = Routebook()
client = routebook_kernel.client(stopped)
"""

OPERATIONS = """
@stopped.get("/ok")
async def ok(): return 1
@stopped.get("/plain")
def plain(): return 1
@stopped.post("/echo")
async def echo(item: dict): return item
@stopped.get("/numbers")
async def numbers():
    for number in range(20): yield number
@stopped.websocket("/ws")
async def ws(socket: WebSocket):
    await socket.accept()
    while True: await socket.send_text(await socket.receive_text())
"""

LOOPS = {
    "sync client": "while True: client.get('/ok')",
    "sync endpoint": "while True: client.get('/plain')",
    "bodies": "while True: client.post('/echo', json={'a': list(range(50))})",
    "async client": "while True: await client.get('/ok')",
    "async sleep": "while True: await asyncio.sleep(0)",
    "stream": "while True:\n    with client.stream('GET', '/numbers') as response: list(response.iter_lines())",
    "WebSocket": (
        "with client.websocket_connect('/ws') as socket:\n"
        "    while True:\n        socket.send_text('a')\n        socket.receive_text()"
    ),
    "gather": "while True: await asyncio.gather(*[client.get('/ok') for _ in range(5)])",
    "asyncio.run": "async def main():\n    await client.get('/ok')\nwhile True: asyncio.run(main())",
    "python": "while True: pass",
    "async python": "await asyncio.sleep(0)\nwhile True: pass",
    "late handler": "while True:\n    try: client.get('/missing').raise_for_status()\n    except Exception: pass",
}


@pytest.fixture
def stopping(kernel: Kernel) -> Kernel:
    kernel.good("from routebook import WebSocket", "imports")
    kernel.good(SETUP, "setup")
    kernel.good(OPERATIONS, "operations")
    return kernel


@pytest.mark.timeout(60 + INTERRUPTS * 4)
@pytest.mark.parametrize("name", LOOPS)
def test_interrupt_at_a_random_moment_ends_the_cell(stopping: Kernel, name: str) -> None:
    """Once, wherever it hits; the cell says KeyboardInterrupt, and the next cell runs."""
    times = max(INTERRUPTS // len(LOOPS), 1)
    for number in range(times):
        message = stopping.start(f"print('begun', flush=True)\n{LOOPS[name]}", "loop")
        _wait_for_output(stopping, message)
        time.sleep(random.random() * 0.03)
        began = time.monotonic()
        stopping.manager.interrupt_kernel()
        result = stopping.finish(message, timeout_s=30)
        took_s = time.monotonic() - began

        assert "KeyboardInterrupt" in str(result.error), (number, result)
        assert "CancelledError" not in str(result.error), (number, result)
        assert took_s < 10, (number, took_s)  # a guard against what hangs; `make soak` measures the second
        print(f"{name}: {took_s * 1000:.0f} ms")
        assert stopping.value("client.get('/ok').json()") == "1"


def test_interrupt_that_the_cell_catches_is_raised_once(stopping: Kernel) -> None:
    """The cell goes on as its author wrote it; no second KeyboardInterrupt comes with the next request."""
    source = (
        "caught = 0\ntry:\n    print('begun', flush=True)\n    while True: client.get('/ok')\n"
        "except KeyboardInterrupt:\n    caught += 1\n"
        "sum(client.get('/ok').status_code for _ in range(20))"
    )
    for _ in range(10):
        message = stopping.start(source, "caught")
        _wait_for_output(stopping, message)
        time.sleep(random.random() * 0.02)
        stopping.manager.interrupt_kernel()
        result = stopping.finish(message, timeout_s=30)

        assert result.error is None, result.error
        assert result.plain == "4000"
        assert stopping.value("caught") == "1"


def _wait_for_output(kernel: Kernel, message_id: str) -> None:
    while True:
        message = kernel.client.get_iopub_msg(timeout=60)
        if message["msg_type"] == "stream" and message["parent_header"].get("msg_id") == message_id:
            return


# What blocks the event loop

BLOCKERS = {"sleep": "time.sleep(1000)", "busy": "while True: pass"}


def _get(port: int, path: str, timeout_s: float = 20) -> int:
    return httpx2.get(f"http://127.0.0.1:{port}{path}", timeout=timeout_s).status_code


def _send_and_leave(port: int, path: str) -> None:
    """Send a request from outside, and don't wait for it."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    time.sleep(0.3)
    _LEFT.append(connection)


_LEFT: list[socket.socket] = []


@pytest.fixture(autouse=True)
def _close_left_connections() -> Iterator[None]:
    yield
    while _LEFT:
        _LEFT.pop().close()


@pytest.mark.parametrize("blocker", BLOCKERS)
def test_interrupted_request_that_blocks_the_loop_frees_it(stopping: Kernel, free_port: int, blocker: str) -> None:
    """The cell ends and says who blocks; the server answers at the same address, from the same operations."""
    stopping.good(f"@stopped.get('/block')\nasync def block():\n    {BLOCKERS[blocker]}", "block")
    stopping.good(f"%api serve --app stopped --port {free_port}", "serve")
    message = stopping.start("print('begun', flush=True)\nclient.get('/block')", "request")
    _wait_for_output(stopping, message)
    time.sleep(0.2)
    stopping.manager.interrupt_kernel()
    result = stopping.finish(message, timeout_s=30)

    assert "KeyboardInterrupt" in str(result.error)
    began = time.monotonic()
    assert _get(free_port, "/ok") == 200
    assert time.monotonic() - began < 10
    assert re.search(r"GET /block \(cell \[\d+\], line 3\)", result.shown), result.shown
    assert BLOCKERS[blocker].split(":")[0] in result.shown
    assert stopping.value("client.get('/ok').json()") == "1"
    assert "Serving" in stopping.good("%api status", "status").shown
    stopping.good("%api stop", "stop")


@pytest.mark.parametrize("blocker", BLOCKERS)
@pytest.mark.parametrize("command", ["stop", "serve"])
def test_command_frees_the_loop_that_an_outside_request_blocks(
    stopping: Kernel, free_port: int, blocker: str, command: str
) -> None:
    """`%api stop` says that the port is free only when it is; `%api serve` answers again."""
    stopping.good(f"@stopped.get('/block')\nasync def block():\n    {BLOCKERS[blocker]}", "block")
    stopping.good(f"%api serve --app stopped --port {free_port}", "serve")
    _send_and_leave(free_port, "/block")
    status = stopping.good("%api status", "status").shown

    assert re.search(r"GET /block \(cell \[\d+\], line 3\) blocks the event loop", status), status
    began = time.monotonic()
    result = stopping.good(
        f"%api serve --app stopped --port {free_port}" if command == "serve" else "%api stop", command
    )
    if command == "serve":
        assert _get(free_port, "/ok") == 200
        stopping.good("%api stop", "stop")
    else:
        assert "its port is free" in result.shown, result.shown
    assert time.monotonic() - began < 15
    socket.create_server(("127.0.0.1", free_port)).close()
    assert "GET /block (cell [" in result.shown, result.shown
    assert stopping.value("client.get('/ok').json()") == "1"


# Lifespans

HANGS = {
    "waits": "await asyncio.sleep(1000)",
    "blocks": "time.sleep(1000)",
    "computes": "while True: pass",
}


def _lifespan(before: str = "", after: str = "") -> str:
    return (
        "from contextlib import asynccontextmanager\n"
        "@asynccontextmanager\n"
        f"async def lifespan(app):\n    {before or 'pass'}\n    yield\n    {after or 'pass'}\n"
        "hanging = Routebook(lifespan=lifespan)\n"
        "@hanging.get('/ok')\nasync def ok(): return 1\n"
    )


@pytest.mark.parametrize("hang", HANGS)
def test_lifespan_that_never_starts_can_be_stopped_and_mended(stopping: Kernel, free_port: int, hang: str) -> None:
    """The interrupt ends `%api serve` and says where it waits; a mended cell is served at once."""
    stopping.good(_lifespan(before=HANGS[hang]), "hanging")
    message = stopping.start(f"print('begun', flush=True)\n%api serve --app hanging --port {free_port}", "serve")
    _wait_for_output(stopping, message)
    time.sleep(1.5)
    began = time.monotonic()
    stopping.manager.interrupt_kernel()
    result = stopping.finish(message, timeout_s=30)

    assert "KeyboardInterrupt" in str(result.error)
    socket.create_server(("127.0.0.1", free_port)).close()
    assert "Serving" not in stopping.good("%api status", "status").shown
    stopping.good(_lifespan(), "hanging")
    assert "Serving at" in stopping.good(f"%api serve --app hanging --port {free_port}", "serve").shown
    assert _get(free_port, "/ok") == 200
    assert time.monotonic() - began < 15
    stopping.good("%api stop", "stop")


@pytest.mark.parametrize("hang", HANGS)
def test_lifespan_that_never_ends_is_named_and_ends_nothing(stopping: Kernel, free_port: int, hang: str) -> None:
    """`%api stop` returns, says what is free and what still runs; the application can be served again."""
    stopping.good(_lifespan(after=HANGS[hang]), "hanging")
    stopping.good(f"%api serve --app hanging --port {free_port}", "serve")
    assert _get(free_port, "/ok") == 200

    began = time.monotonic()
    result = stopping.good("%api stop", "stop")

    assert time.monotonic() - began < 15
    assert "its port is free" in result.shown, result.shown
    assert re.search(r"[Tt]he lifespan \(cell \[\d+\], line 6\)", result.shown), result.shown
    socket.create_server(("127.0.0.1", free_port)).close()
    stopping.good(f"%api serve --app hanging --port {free_port}", "serve")
    assert _get(free_port, "/ok") == 200
    stopping.good("%api stop", "stop")


def test_mended_lifespan_is_used_while_the_hanging_one_still_starts(stopping: Kernel, free_port: int) -> None:
    """Nobody has to stop anything first."""
    stopping.good(_lifespan(before="await asyncio.sleep(1000)"), "hanging")
    result = stopping.good(f"%api serve --app hanging --port {free_port}", "serve")

    assert "not responding yet" in result.shown, result.shown
    assert re.search(r"The lifespan \(cell \[\d+\], line 4\) has not started yet", result.shown), result.shown
    stopping.good(_lifespan(), "hanging")
    assert eventually(lambda: _get(free_port, "/ok") == 200)
    stopping.good("%api stop", "stop")


def test_kernel_with_a_blocked_loop_ends_soon(free_port: int) -> None:
    """Its process doesn't outlive the few seconds that Jupyter gives it."""
    kernel = Kernel()
    try:
        kernel.good("%load_ext routebook_kernel\nfrom routebook import Routebook\nimport time", "load")
        kernel.good("app = Routebook()\n@app.get('/block')\nasync def block(): time.sleep(1000)", "app")
        kernel.good(f"%api serve --port {free_port}", "serve")
        _send_and_leave(free_port, "/block")
        began = time.monotonic()
        kernel.client.shutdown()
        while kernel.manager.is_alive() and time.monotonic() - began < 30:
            time.sleep(0.05)
        assert time.monotonic() - began < 15
        assert not kernel.manager.is_alive()
    finally:
        kernel.close()


def test_abandoned_call_that_ends_after_all_is_reported_once() -> None:
    """Whoever waited has heard of the loss; that its thread is free again later is told to nobody."""
    thread, blocked, free = LoopThread(), threading.Event(), threading.Event()
    reports: list[Any] = []
    thread.loop.set_exception_handler(lambda loop, context: reports.append(context))

    async def block() -> int:
        blocked.set()
        while not free.is_set():
            with contextlib.suppress(KeyboardInterrupt):
                free.wait(60)
        return 1

    call = thread.submit(block())
    assert blocked.wait(60)
    thread.abandon()
    with pytest.raises(HomeLoopError):
        call.result(5)
    free.set()
    assert eventually(thread.loop.is_closed)
    assert not reports
    with pytest.raises(HomeLoopError):
        call.result(0)
