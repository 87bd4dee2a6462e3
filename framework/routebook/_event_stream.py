"""Server-sent events: their form on the wire, and the response that streams them; the event itself is `sse`'s.

Spec: HTML Living Standard §9.2 (Server-sent events).
"""

import re
from abc import ABC, abstractmethod

import anyio
from starlette.responses import StreamingResponse
from starlette.types import Message, Send

_END_OF_LINE = re.compile(r"\r\n|\r|\n")  # §9.2.5: these and no others, so not `str.splitlines`


def _check_single_line(field: str, value: str | None) -> str | None:
    if value is not None and ("\n" in value or "\r" in value):
        raise ValueError(f"SSE '{field}' must be a single line")
    return value


def check_event(value: str | None) -> str | None:
    return _check_single_line("event", value)


def check_id(value: str | None) -> str | None:
    if value is not None and "\0" in value:
        raise ValueError("SSE 'id' must not contain null characters")
    return _check_single_line("id", value)


class WireEvent(ABC):
    """What a stream of events sends as it is."""

    @abstractmethod
    def to_bytes(self) -> bytes:
        """The event on the wire, from its first field to the empty line that ends it."""


def format_sse_event(
    *,
    data_str: str | None = None,
    event: str | None = None,
    id: str | None = None,
    retry: int | None = None,
    comment: str | None = None,
) -> bytes:
    r"""Write one event.

    Args:
        data_str: One `data` field for each line; a line break at the end counts.
        event: The event's type.
        id: The last event ID.
        retry: The reconnection time in milliseconds.
        comment: One comment for each line.

    Raises:
        ValueError: A line break in `event` or `id`, which would begin another field; NUL in `id`.

    >>> format_sse_event(data_str="one\ntwo", event="count")
    b'event: count\ndata: one\ndata: two\n\n'
    """
    lines = [] if comment is None else [f": {line}" for line in _END_OF_LINE.split(comment)]
    if event is not None:
        lines.append(f"event: {check_event(event)}")
    if data_str is not None:
        lines.extend(f"data: {line}" for line in _END_OF_LINE.split(data_str))
    if id is not None:
        lines.append(f"id: {check_id(id)}")
    if retry is not None:
        lines.append(f"retry: {retry}")
    return "".join(f"{line}\n" for line in [*lines, ""]).encode()


KEEPALIVE_COMMENT = format_sse_event(comment="ping")
"""Sent when nothing else was for a while, so that proxies keep the connection."""


class EventSourceResponse(StreamingResponse):
    """A stream of server-sent events.

    Given as a generator endpoint's `response_class`, what the endpoint yields becomes events: a `ServerSentEvent` as
    it is, anything else as the JSON in an event's data. Created by the endpoint, it streams bytes that are events.

    Attributes:
        keepalive_s: Seconds of silence after which a comment is sent; None for never, as when created by an endpoint.
    """

    media_type = "text/event-stream"
    keepalive_s: float | None = None

    async def stream_response(self, send: Send) -> None:
        """Send the events, and a comment whenever there was none for a while."""
        if self.keepalive_s is None:
            await super().stream_response(send)
            return
        keepalive = _KeepaliveSend(send, self.keepalive_s)
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(keepalive.run)
                await super().stream_response(keepalive)
                group.cancel_scope.cancel()
        except BaseExceptionGroup as errors:
            raise _only_error(errors) from None


class _KeepaliveSend:
    """An ASGI `send` that adds comments where nothing is sent for a while, never inside of another message."""

    def __init__(self, send: Send, silence_s: float) -> None:
        self._send = send
        self._silence_s = silence_s
        self._last = anyio.current_time()
        self._is_over = False
        self._lock = anyio.Lock()

    async def __call__(self, message: Message) -> None:
        async with self._lock:
            await self._send(message)
            self._last = anyio.current_time()
            self._is_over = message["type"] == "http.response.body" and not message.get("more_body", False)

    async def run(self) -> None:
        """Send comments until the response is over."""
        while not self._is_over:
            await anyio.sleep_until(self._last + self._silence_s)
            async with self._lock:  # what was sent while waiting for it may have been the last
                if not self._is_over and anyio.current_time() >= self._last + self._silence_s:
                    await self._send({"type": "http.response.body", "body": KEEPALIVE_COMMENT, "more_body": True})
                    self._last = anyio.current_time()


def _only_error(error: BaseException) -> BaseException:
    """The error of a group that holds one: the endpoint's own, which handlers look for."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error
