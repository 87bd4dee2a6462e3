"""ASGI callables that copy what passes over a WebSocket: the handshake, the last messages both ways, the close.

Spec: ASGI, WebSocket, and its extension `websocket.http.response`; RFC 6455 §7.4.1 (1005: closed without a code, 1006:
the connection was dropped).
"""

import time
from collections import deque
from collections.abc import Callable, Iterable

from starlette.types import Message, Receive, Send

from routebook_kernel.records import Peer, SocketMessage, SocketRecord
from routebook_kernel.runtime.http_capture import CapturedBody

MAX_MESSAGES = 500
MAX_MESSAGE_BYTES = 16 * 1024
MAX_BYTES = 256 * 1024
"""How much of one connection's messages is kept together."""

SWITCHING, FORBIDDEN = 101, 403
NO_CODE, DROPPED = 1005, 1006


class SocketCapture:
    """Captures one WebSocket connection.

    Attributes:
        on_change: Called when the connection is accepted, and after each message.
        status: 101 once accepted, or the status of a rejected handshake as the client sees it; None before either.
        headers: The headers of the response to the handshake.
        response: The body of a rejection.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self.on_change: Callable[[], None] = lambda: None
        self._messages: deque[SocketMessage] = deque()
        self._room = MAX_BYTES
        self._count, self._received, self._sent = 0, 0, 0
        self._subprotocol: str | None = None
        self._close: tuple[int, str] | None = None
        self._closed_by: Peer | None = None
        self.request, self.response = CapturedBody(), CapturedBody()
        self.status: int | None = None
        self.headers: Iterable[tuple[bytes, bytes]] = ()
        self.started_at = time.time()
        self._began = time.perf_counter()

    async def receive(self) -> Message:
        """Receive a message for the application, and capture it."""
        message = await self._receive()
        if message["type"] == "websocket.receive":
            self._received += self._add("client", message)
        elif message["type"] == "websocket.disconnect":
            self._end("client", message.get("code") or NO_CODE, message.get("reason") or "")
        return message

    async def send(self, message: Message) -> None:
        """Send a message of the application, and capture it."""
        await self._send(message)
        match message["type"]:
            case "websocket.send":
                self._sent += self._add("application", message)
            case "websocket.accept":
                self.status, self.headers = SWITCHING, message.get("headers", ())
                self._subprotocol = message.get("subprotocol")
                self.on_change()
            case "websocket.close":
                self.status = self.status or FORBIDDEN
                self._end("application", message.get("code") or 1000, message.get("reason") or "")
            case "websocket.http.response.start":
                self.status, self.headers = message["status"], message.get("headers", ())
                self._closed_by = "application"
            case "websocket.http.response.body":
                self.response.add(message.get("body", b""))

    def end(self) -> None:
        """Record that the application ended; a connection that it left open is dropped by the server."""
        self._end("application", DROPPED, "")

    def drop(self) -> None:
        """Record that the client disconnected while the application was still running."""
        self._end("client", DROPPED, "")

    @property
    def elapsed_ms(self) -> float:
        """The time since the connection began."""
        return (time.perf_counter() - self._began) * 1000

    @property
    def socket(self) -> SocketRecord:
        """The record of the connection so far."""
        code, reason = self._close or (None, "")
        return SocketRecord(
            messages=tuple(self._messages),
            message_count=self._count,
            received_bytes=self._received,
            sent_bytes=self._sent,
            subprotocol=self._subprotocol,
            close_code=code,
            close_reason=reason,
            closed_by=self._closed_by,
        )

    def _add(self, sender: Peer, message: Message) -> int:
        text, data = message.get("text"), message.get("bytes")
        whole = text.encode("utf-8", "surrogatepass") if text is not None else bytes(data or b"")
        kept = whole[:MAX_MESSAGE_BYTES]
        is_truncated = len(kept) < len(whole)
        self._messages.append(SocketMessage(sender, text is not None, kept, len(whole), self.elapsed_ms, is_truncated))
        self._count += 1
        self._room -= len(kept)
        while len(self._messages) > MAX_MESSAGES or self._room < 0:
            self._room += len(self._messages.popleft().data)
        self.on_change()
        return len(whole)

    def _end(self, peer: Peer, code: int, reason: str) -> None:
        if self._closed_by is None:
            self._close, self._closed_by = (code, reason), peer
