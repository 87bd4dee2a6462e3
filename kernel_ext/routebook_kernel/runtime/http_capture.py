"""ASGI callables that copy an HTTP request and its response as they pass through: both bodies, status, headers.

Spec: ASGI, HTTP (`http.request`, `http.response.start`, `http.response.body`).
"""

import time
from collections.abc import Iterable

from starlette.types import Message, Receive, Send

from routebook_kernel.recording.capture import RawBody

MAX_BODY_BYTES = 256 * 1024


class CapturedBody:
    """The first bytes of a body, and its total size.

    Args:
        room: The maximum number of bytes to keep. Negative once a body was longer.
    """

    __slots__ = ("chunks", "room", "size")

    def __init__(self, room: int = MAX_BODY_BYTES) -> None:
        self.chunks: list[bytes] = []
        self.room = room
        self.size = 0

    def add(self, chunk: bytes) -> None:
        """Count a chunk, and keep as much of it as there's room for."""
        self.size += len(chunk)
        if self.room > 0 and chunk:
            self.chunks.append(chunk[: self.room])
            self.room -= len(chunk)


class HttpCapture:
    """Captures one HTTP request and its response."""

    __slots__ = (
        "_began", "_ended", "_receive", "_send", "headers", "is_read", "request", "response", "started_at", "status",
    )  # fmt: skip

    socket = None

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self.request, self.response = CapturedBody(), CapturedBody()
        self.is_read = False
        self.status: int | None = None
        self.headers: Iterable[tuple[bytes, bytes]] = ()
        self.started_at = time.time()
        self._began = time.perf_counter()
        self._ended: float | None = None

    async def receive(self) -> Message:
        """Receive a message for the application, and capture it."""
        self.is_read = True
        message = await self._receive()
        if message["type"] == "http.request":
            self.request.add(message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        """Send a message of the application, and capture it."""
        kind = message["type"]
        if kind == "http.response.start":
            self.status = message["status"]
            self.headers = message.get("headers", ())
        elif kind == "http.response.body":
            self.response.add(message.get("body", b""))
        await self._send(message)
        if kind == "http.response.body" and not message.get("more_body", False):
            self._ended = time.perf_counter()

    @property
    def is_rejected_unread(self) -> bool:
        """Whether the request was rejected before the application received any of its body."""
        return self.status is not None and 400 <= self.status < 500 and not self.is_read

    @property
    def elapsed_ms(self) -> float:
        """The time until the response was sent, without background tasks."""
        return ((self._ended or time.perf_counter()) - self._began) * 1000


_names: dict[bytes, str] = {}
"""Decoded header names: few are in use, so a log of thousands of exchanges keeps each of them once."""


def decode_headers(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    """Decode the names and values of headers."""
    known = _names
    return [(known.get(name) or _decode_name(name), str(value, "latin-1")) for name, value in headers]


def _decode_name(name: bytes) -> str:
    if len(_names) > 1000:
        _names.clear()  # a client sends random names
    text = _names[name] = str(name, "latin-1")
    return text


def make_raw_body(body: CapturedBody) -> RawBody | None:
    """Return a captured body for a `Capture`, or None if it's empty."""
    return RawBody(tuple(body.chunks), body.size, body.room < 0) if body.size else None
