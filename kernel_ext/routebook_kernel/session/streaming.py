"""Tells a page of a response that streams, while it comes: server-sent events, JSON lines, text in pieces.

Spec: WHATWG HTML §9.2 (`text/event-stream`); ASGI `http.response.body` with `more_body`.
"""

import asyncio
import codecs
import time
from collections.abc import Callable

from starlette.types import Message

from routebook_kernel.protocol import Streamed

INTERVAL_S = 0.05
"""The least time between two pieces: 20 a second."""

MAX_TOLD = 1_000_000
"""How many characters of one response are told as they come; the exchange has the rest when it has ended."""


class StreamTeller:
    """Hears the messages of one response and tells of it, when it is text that comes in pieces.

    Args:
        tell: Gets each piece, at most 20 a second, on the loop.
    """

    def __init__(self, tell: Callable[[Streamed], None]) -> None:
        self._tell = tell
        self._began = time.perf_counter()
        self._status = 0
        self._media_type: str | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pending: list[str] = []
        self._due: asyncio.TimerHandle | None = None
        self._left = MAX_TOLD

    def hear(self, message: Message) -> None:
        """One message that the application sent."""
        if message["type"] == "http.response.start":
            headers = {name.lower(): value for name, value in message.get("headers", ())}
            self._status = message["status"]
            media_type = headers.get(b"content-type", b"").decode("latin-1").split(";")[0].strip().lower()
            is_text = media_type.startswith("text/") or "json" in media_type
            self._media_type = media_type if is_text and b"content-length" not in headers else None
        elif message["type"] == "http.response.body" and self._media_type is not None:
            more = message.get("more_body", False)
            if more and self._left > 0:
                self._add(self._decoder.decode(message.get("body", b"")))
            elif not more:
                self.end()

    def end(self) -> None:
        """No more is to be told: what came is in the exchange."""
        if self._due is not None:
            self._due.cancel()
        self._media_type = None

    def _add(self, text: str) -> None:
        self._pending.append(text[: self._left])
        self._left -= len(text)
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(INTERVAL_S, self._flush)

    def _flush(self) -> None:
        self._due = None
        text, self._pending = "".join(self._pending), []
        if self._media_type is not None:
            elapsed_ms = round((time.perf_counter() - self._began) * 1000, 1)
            self._tell(
                Streamed(
                    status=self._status,
                    media_type=self._media_type,
                    text=text,
                    elapsed_ms=elapsed_ms,
                    is_all=self._left >= 0,
                )
            )
