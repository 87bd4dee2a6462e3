"""Sending a response: others can tell that it has begun, and a stream ends when its client goes."""

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any

from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

_BINARY = (bytes, memoryview)

STARTED_KEY = "routebook.response_started"
"""Set in the scope once a response has begun, so that an error after that sends no second one."""


async def send_response(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Send a response, noting in the scope that it has begun."""
    if isinstance(response, StreamingResponse) and _can_stream(response, scope):
        await _stream(response, scope, receive, send)
    else:
        await response(scope, receive, note_start(scope, send))


def note_start(scope: Scope, send: Send) -> Send:
    """A `send` that notes in the scope when a response begins."""

    async def noting_send(message: Message) -> None:
        if message["type"] == "http.response.start":
            scope[STARTED_KEY] = True
        await send(message)

    return noting_send


def _can_stream(response: StreamingResponse, scope: Scope) -> bool:
    """Whether `_stream` does what the response itself would do: its class, the server and the loop permitting."""
    cls = type(response)
    is_usual = cls is StreamingResponse or (
        cls.__call__ is StreamingResponse.__call__
        and cls.listen_for_disconnect is StreamingResponse.listen_for_disconnect
    )
    if not is_usual or asyncio._get_running_loop() is None:
        return False
    asgi = scope.get("asgi")  # from ASGI 2.4 on, `send` tells that the client has gone, and nobody has to listen
    return asgi is None or asgi.get("spec_version", "2.0") < "2.4"


async def _stream(response: StreamingResponse, scope: Scope, receive: Receive, send: Send) -> None:
    """Send a stream until it or its client ends, then run the background task.

    Starlette listens for the client in a task beside the stream. Here that task begins when the stream first waits
    for something: until then nothing could have been heard, and most streams are over by then.
    """
    if type(response).stream_response is StreamingResponse.stream_response:
        stream = _Begun(_send_chunks(response, scope, send))
    else:
        stream = _Begun(response.stream_response(note_start(scope, send)))
    if stream.is_waiting:
        await _stream_on(stream, receive)
    if response.background is not None:
        await response.background()


async def _stream_on(stream: "_Begun", receive: Receive) -> None:
    """Go on with a stream until it ends, or its client."""
    guard = asyncio.timeout(None)

    async def listen() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        guard.reschedule(0)

    try:
        async with guard:
            listening = asyncio.ensure_future(listen())
            try:
                await stream
            finally:
                listening.cancel()
    except TimeoutError:
        if not guard.expired():  # the stream's own
            raise


class _Begun:
    """A coroutine that has run up to where it first waits; awaiting this runs the rest.

    Attributes:
        is_waiting: Whether there is a rest.
    """

    __slots__ = ("_coroutine", "_waits_for", "is_waiting")

    def __init__(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self._coroutine = coroutine
        try:
            self._waits_for = coroutine.send(None)
        except StopIteration:
            self.is_waiting = False
        else:
            self.is_waiting = True

    def __await__(self) -> Generator[Any, Any, None]:
        waits_for, coroutine = self._waits_for, self._coroutine
        try:
            while True:
                try:
                    sent = yield waits_for
                except BaseException as error:
                    waits_for = coroutine.throw(error)
                else:
                    waits_for = coroutine.send(sent)
        except StopIteration:
            return


async def _send_chunks(response: StreamingResponse, scope: Scope, send: Send) -> None:
    """What Starlette's `stream_response` does (ASGI, "Response Start" and "Response Body" events)."""
    scope[STARTED_KEY] = True
    await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
    charset = response.charset
    async for chunk in response.body_iterator:
        if not isinstance(chunk, _BINARY):
            chunk = chunk.encode(charset)
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
