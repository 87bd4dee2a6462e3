"""Where no thread can start (Pyodide), what would run in one runs on the event loop, with the same results."""

import asyncio
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from functools import partial
from typing import Annotated, Any

import httpx2
import pytest

from routebook import BackgroundTasks, Depends, Routebook, UploadFile, WebSocket, threads
from routebook._portal import wait
from routebook.responses import StreamingResponse
from routebook.testclient import TestClient
from tests.suspended import run_sync, suspendable

seen: list[tuple[str, bool]] = []
asked: ContextVar[str] = ContextVar("asked", default="nobody")


def note(what: str) -> None:
    seen.append((what, threading.current_thread() is threading.main_thread()))


def opened() -> Iterator[int]:
    note("open")
    yield 5
    note("close")


app = Routebook()


@app.get("/plain")
def plain(number: Annotated[int, Depends(opened)], tasks: BackgroundTasks) -> dict[str, Any]:
    note("endpoint")
    tasks.add_task(note, "background")
    return {"number": number, "asked": asked.get()}


@app.post("/file")
def keep(file: UploadFile) -> int:
    return len(file.file.read())


@app.get("/lines")
def lines() -> StreamingResponse:
    return StreamingResponse(iter(["a", "b"]))


@app.get("/stop")
def stop() -> None:
    raise LookupError("plain")


@app.exception_handler(LookupError)
def answer(request: Any, error: LookupError) -> StreamingResponse:
    return StreamingResponse(iter(["handled"]), status_code=418)


@app.websocket("/echo")
async def echo(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_json(await socket.receive_json())


@pytest.fixture(autouse=True)
def no_threads() -> Iterator[None]:
    seen.clear()
    with threads.without_threads():
        assert not threads.are_available()
        yield
    assert threads.are_available()


def client() -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://test")


def test_plain_functions_run_on_the_loop() -> None:
    """Endpoints, dependencies with `yield` and background tasks; context variables are theirs as in a worker."""

    async def ask() -> Any:
        asked.set("Ada")
        return (await client().get("/plain")).json()

    assert asyncio.run(ask()) == {"number": 5, "asked": "Ada"}
    assert sorted(seen) == [("background", True), ("close", True), ("endpoint", True), ("open", True)]


def test_files_streams_and_handlers_run_on_the_loop() -> None:
    """A file that would be written to disk in a worker, an iterator, an exception's handler."""

    async def ask() -> list[str]:
        async with client() as http:
            sent = await http.post("/file", files={"file": ("a", b"x" * 2_000_000)})
            return [sent.text, (await http.get("/lines")).text, (await http.get("/stop")).text]

    assert asyncio.run(ask()) == ["2000000", "ab", "handled"]


def test_test_client_waits_where_calls_can_be_suspended(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lesson about testing runs in the browser, lifespan and WebSockets included."""
    monkeypatch.setattr(threads, "find_run_sync", lambda: partial(threads.wait_with, run_sync))
    monkeypatch.setattr("starlette.testclient.wait_futures", wait)  # as `routebook.testclient` does there

    def ask() -> Any:
        with TestClient(app) as http, http.websocket_connect("/echo") as socket:
            socket.send_json([1])
            return http.get("/plain").json()["number"], socket.receive_json(), http.get("/stop").status_code

    assert asyncio.run(suspendable(ask)) == (5, [1], 418)


def test_test_client_says_what_to_write_where_nothing_can_wait() -> None:
    """Better than "can't start new thread"."""
    with pytest.raises(RuntimeError, match="use an asynchronous client and `await`"):
        TestClient(app).get("/plain")


def test_exception_does_not_pass_through_what_suspends() -> None:
    """JavaScript, where it would be told as one that nobody handled; and the caller gets it all the same."""
    passed: list[str] = []

    async def fail() -> None:
        raise LookupError("mine")

    def suspend(coroutine: Any) -> Any:
        try:
            return run_sync(coroutine)
        except BaseException as error:
            passed.append(str(error))
            raise

    with pytest.raises(LookupError, match="mine"):
        asyncio.run(suspendable(lambda: threads.wait_with(suspend, fail())))
    assert passed == []
