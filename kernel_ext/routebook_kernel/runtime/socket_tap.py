"""What passes over a WebSocket, heard and passed on: the handshake, the last messages both ways, the close.

Spec: ASGI, WebSocket, and its extension `websocket.http.response`; RFC 6455 §7.4.1 (1005: closed without a code, 1006:
the connection was dropped).
"""

import time
from collections import deque
from collections.abc import Callable, Iterable

from starlette.types import Message, Receive, Send

from routebook_kernel.records import Peer, SocketMessage, SocketRecord
from routebook_kernel.runtime.tap import KeptBody

MAX_MESSAGES = 500
MAX_MESSAGE_BYTES = 16 * 1024
MAX_BYTES = 256 * 1024
"""How much of one connection's messages is kept together."""

SWITCHING, FORBIDDEN = 101, 403
UNTOLD, DROPPED = 1005, 1006


class SocketTap:
    """Hears one WebSocket connection.

    Attributes:
        on_heard: Called when the connection was accepted and after each message.
        status: 101 once accepted; of a refused handshake the status that the client sees; None before either.
        headers: Of the answer to the handshake.
        response: The body of a refusal.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self.on_heard: Callable[[], None] = lambda: None
        self._messages: deque[SocketMessage] = deque()
        self._room = MAX_BYTES
        self._count, self._received, self._sent = 0, 0, 0
        self._subprotocol: str | None = None
        self._close: tuple[int, str] | None = None
        self._closed_by: Peer | None = None
        self.request, self.response = KeptBody(), KeptBody()
        self.status: int | None = None
        self.headers: Iterable[tuple[bytes, bytes]] = ()
        self.started_at = time.time()
        self._began = time.perf_counter()

    async def receive(self) -> Message:
        """Receive for the application, and hear."""
        message = await self._receive()
        if message["type"] == "websocket.receive":
            self._received += self._add("client", message)
        elif message["type"] == "websocket.disconnect":
            self._end("client", message.get("code") or UNTOLD, message.get("reason") or "")
        return message

    async def send(self, message: Message) -> None:
        """Send for the application, and hear."""
        await self._send(message)
        match message["type"]:
            case "websocket.send":
                self._sent += self._add("application", message)
            case "websocket.accept":
                self.status, self.headers = SWITCHING, message.get("headers", ())
                self._subprotocol = message.get("subprotocol")
                self.on_heard()
            case "websocket.close":
                self.status = self.status or FORBIDDEN
                self._end("application", message.get("code") or 1000, message.get("reason") or "")
            case "websocket.http.response.start":
                self.status, self.headers = message["status"], message.get("headers", ())
                self._closed_by = "application"
            case "websocket.http.response.body":
                self.response.add(message.get("body", b""))

    def end(self) -> None:
        """The application has ended; the server drops what it left open."""
        self._end("application", DROPPED, "")

    def drop(self) -> None:
        """The client has gone, and the application was not waited for."""
        self._end("client", DROPPED, "")

    @property
    def elapsed_ms(self) -> float:
        """Until now."""
        return (time.perf_counter() - self._began) * 1000

    @property
    def socket(self) -> SocketRecord:
        """What has passed until now."""
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
        told = SocketMessage(sender, text is not None, kept, len(whole), self.elapsed_ms, is_truncated)
        self._messages.append(told)
        self._count += 1
        self._room -= len(kept)
        while len(self._messages) > MAX_MESSAGES or self._room < 0:
            self._room += len(self._messages.popleft().data)
        self.on_heard()
        return len(whole)

    def _end(self, peer: Peer, code: int, reason: str) -> None:
        if self._closed_by is None:
            self._close, self._closed_by = (code, reason), peer
