"""Streams whose client goes: they end, their background task runs, and an error of their own stays one."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from starlette.background import BackgroundTask
from starlette.types import Message

from routebook import Routebook
from routebook.responses import EventSourceResponse, Response, StreamingResponse

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Client:
    """Receives a response, and goes when told so."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.has_gone = asyncio.Event()
        self.receives = 0

    async def receive(self) -> Message:
        self.receives += 1
        await self.has_gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    async def ask(self, app: Routebook, spec_version: str = "2.3") -> bytes:
        """Make one request; the body that came."""
        asgi = {"version": "3.0", "spec_version": spec_version}
        scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b"", "asgi": asgi}
        await app(scope, self.receive, self.send)
        return b"".join(message.get("body", b"") for message in self.sent)


def serve(make: Callable[[], Response]) -> Routebook:
    app = Routebook()
    app.get("/", response_model=None)(make)
    return app


@pytest.mark.parametrize("response_class", [StreamingResponse, EventSourceResponse])
async def test_stream_ends_when_its_client_goes(response_class: type[StreamingResponse]) -> None:
    """It may wait for something that never comes; what it holds is released, and the background task runs."""
    client = Client()
    log: list[str] = []

    async def body() -> AsyncIterator[bytes]:
        try:
            yield b"first"
            client.has_gone.set()
            await asyncio.sleep(3600)
        finally:
            log.append("released")

    app = serve(lambda: response_class(body(), background=BackgroundTask(log.append, "background")))

    assert await client.ask(app) == b"first"
    assert log == ["released", "background"]


async def test_stream_that_never_waits_asks_nothing_of_its_client() -> None:
    """Nobody could have been heard meanwhile: this is what makes short streams cheap."""
    client = Client()

    async def body() -> AsyncIterator[str]:
        yield "é"
        yield b"!"  # type: ignore[misc]

    app = serve(lambda: StreamingResponse(body(), media_type="text/plain"))

    assert await client.ask(app) == "é!".encode()
    assert client.receives == 0
    assert [message.get("more_body") for message in client.sent] == [None, True, True, False]


@pytest.mark.parametrize("waits", [True, False])
async def test_timeout_of_the_stream_is_its_own(waits: bool) -> None:
    """Only the client's going is meant by ours."""

    async def body() -> AsyncIterator[bytes]:
        if waits:
            await asyncio.sleep(0)
        raise TimeoutError("database")
        yield b""

    app = serve(lambda: StreamingResponse(body()))

    with pytest.raises(TimeoutError, match="database"):
        await Client().ask(app)


async def test_cancellation_from_outside_is_not_taken_for_the_client() -> None:
    """A server that stops cancels the request's task; that must arrive."""
    started = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        started.set()
        await asyncio.sleep(3600)
        yield b""

    task = asyncio.ensure_future(Client().ask(serve(lambda: StreamingResponse(body()))))
    await started.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_server_that_tells_by_send_is_not_listened_to() -> None:
    """From ASGI 2.4 on, `send` raises OSError when the client has gone."""
    client = Client()

    async def body() -> AsyncIterator[bytes]:
        await asyncio.sleep(0)
        yield b"x"

    assert await client.ask(serve(lambda: StreamingResponse(body())), spec_version="2.4") == b"x"
    assert client.receives == 0


class Counting(StreamingResponse):
    """A stream of a class that sends in its own way."""

    async def stream_response(self, send: Any) -> None:
        await super().stream_response(send)
        self.background = BackgroundTask(lambda: None)


async def test_classes_that_send_in_their_own_way_are_left_to_it() -> None:
    """What a subclass overrides is called."""
    made: list[Counting] = []

    async def body() -> AsyncIterator[bytes]:
        yield b"x"

    def endpoint() -> Response:
        made.append(Counting(body()))
        return made[0]

    assert await Client().ask(serve(endpoint)) == b"x"
    assert made[0].background is not None
