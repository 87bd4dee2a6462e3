"""What passes between an application and the outside, heard and passed on: of HTTP the two bodies, status and headers.

Spec: ASGI, HTTP (`http.request`, `http.response.start`, `http.response.body`).
"""

import time
from collections.abc import Iterable

from starlette.types import Message, Receive, Send

from routebook_kernel.recording.capture import RawBody

MAX_BODY_BYTES = 256 * 1024


class KeptBody:
    """The first bytes of a body and its whole size.

    Args:
        room: How many bytes are kept.
    """

    __slots__ = ("chunks", "room", "size")

    def __init__(self, room: int = MAX_BODY_BYTES) -> None:
        self.chunks: list[bytes] = []
        self.room = room
        self.size = 0

    def add(self, chunk: bytes) -> None:
        """Keep of a piece what there is room for."""
        self.size += len(chunk)
        if self.room > 0 and chunk:
            self.chunks.append(chunk[: self.room])
            self.room -= len(chunk)


class HttpTap:
    """Hears one HTTP request and its response."""

    __slots__ = (
        "_began", "_ended", "_receive", "_send", "headers", "is_read", "request", "response", "started_at", "status",
    )  # fmt: skip

    socket = None

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self.request, self.response = KeptBody(), KeptBody()
        self.is_read = False
        self.status: int | None = None
        self.headers: Iterable[tuple[bytes, bytes]] = ()
        self.started_at = time.time()
        self._began = time.perf_counter()
        self._ended: float | None = None

    async def receive(self) -> Message:
        """Receive for the application, and hear."""
        self.is_read = True
        message = await self._receive()
        if message["type"] == "http.request":
            self.request.add(message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        """Send for the application, and hear."""
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
    def is_refused_unread(self) -> bool:
        """Whether the request was refused before anything of its body was asked for."""
        return self.status is not None and 400 <= self.status < 500 and not self.is_read

    @property
    def elapsed_ms(self) -> float:
        """Until the response was sent; background tasks run after it."""
        return ((self._ended or time.perf_counter()) - self._began) * 1000


_names: dict[bytes, str] = {}
"""The names of headers as text: nearly all are a few, and a log of thousands of exchanges keeps each once."""


def decoded(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    """Headers as text."""
    known = _names
    return [(known.get(name) or _known(name), str(value, "latin-1")) for name, value in headers]


def _known(name: bytes) -> str:
    if len(_names) > 1000:
        _names.clear()  # somebody sends names at random
    text = _names[name] = str(name, "latin-1")
    return text


def heard(kept: KeptBody) -> RawBody | None:
    """A body as it came, for a capture; None where there was none."""
    return RawBody(tuple(kept.chunks), kept.size, kept.room < 0) if kept.size else None
