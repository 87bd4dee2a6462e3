"""Forwards a streaming response to a page while it is sent: server-sent events, JSON lines, text in pieces.

Spec: WHATWG HTML §9.2 (`text/event-stream`); ASGI `http.response.body` with `more_body`.
"""

import asyncio
import codecs
import time
from collections.abc import Callable

from starlette.types import Message

from routebook_kernel.protocol import Streamed

INTERVAL_S = 0.05
"""The shortest time between two pieces: 20 a second."""

MAX_FORWARDED = 1_000_000
"""How many characters of one response are forwarded. The recorded exchange has the rest once the response has ended."""


class StreamForwarder:
    """Reads the ASGI messages of one response, and forwards its text if it is sent in pieces.

    Args:
        forward: Gets each piece, at most 20 a second, on the loop.
    """

    def __init__(self, forward: Callable[[Streamed], None]) -> None:
        self._forward = forward
        self._started = time.perf_counter()
        self._status = 0
        self._media_type: str | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pending: list[str] = []
        self._timer: asyncio.TimerHandle | None = None
        self._remaining = MAX_FORWARDED

    def read(self, message: Message) -> None:
        """Take one message that the application sent."""
        if message["type"] == "http.response.start":
            headers = {name.lower(): value for name, value in message.get("headers", ())}
            self._status = message["status"]
            media_type = headers.get(b"content-type", b"").decode("latin-1").split(";")[0].strip().lower()
            is_text = media_type.startswith("text/") or "json" in media_type
            self._media_type = media_type if is_text and b"content-length" not in headers else None
        elif message["type"] == "http.response.body" and self._media_type is not None:
            has_more = message.get("more_body", False)
            if has_more and self._remaining > 0:
                self._add(self._decoder.decode(message.get("body", b"")))
            elif not has_more:
                self.end()

    def end(self) -> None:
        """Forward nothing more: the exchange has the whole response."""
        if self._timer is not None:
            self._timer.cancel()
        self._media_type = None

    def _add(self, text: str) -> None:
        self._pending.append(text[: self._remaining])
        self._remaining -= len(text)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(INTERVAL_S, self._flush)

    def _flush(self) -> None:
        self._timer = None
        text, self._pending = "".join(self._pending), []
        if self._media_type is not None:
            elapsed_ms = round((time.perf_counter() - self._started) * 1000, 1)
            self._forward(
                Streamed(
                    status=self._status,
                    media_type=self._media_type,
                    text=text,
                    elapsed_ms=elapsed_ms,
                    is_all=self._remaining >= 0,
                )
            )
