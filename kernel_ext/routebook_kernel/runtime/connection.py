"""A person's WebSocket to an application in this kernel: it goes on until one side ends it, and nobody waits for it.

What passes is kept, the last of it; credentials are taken out. An application that sends without end is held up as it
would be by a network, so that the loop stays free for others.

Spec: ASGI, WebSocket, and its extension `websocket.http.response`; RFC 6455 §7.4.1.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from starlette.types import Message, Receive, Scope, Send

from routebook_kernel.recording.capture import redact_message
from routebook_kernel.records import Peer, SocketMessage
from routebook_kernel.redaction import Hider
from routebook_kernel.runtime.recorder import Recorded

MAX_MESSAGES = 1000
MAX_MESSAGE_BYTES = 1_000_000
MAX_BYTES = 4_000_000
"""How much of one connection's messages is kept together."""

PACE_S = 0.05
PACE_MESSAGES, PACE_BYTES = 200, 1_000_000
"""How much an application may send in that time before it has to wait."""

GRACE_S = 2.0
"""How long an application may take to end after its client left."""

ABNORMAL = 1006

Status = Literal["connecting", "open", "refused", "closed"]

PerformSocket = Callable[[Scope, Receive, Send], Awaitable[Recorded]]
"""Runs a WebSocket connection through the application, lifespan entered, recorded."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a connection was closed."""

    code: int
    reason: str
    by: Peer


@dataclass(slots=True)
class Transcript:
    """The messages of one connection, the last ones; they are numbered from 1."""

    kept: deque[SocketMessage] = field(default_factory=deque)
    count: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0
    _size_bytes: int = 0

    def add(self, message: SocketMessage) -> None:
        """Keep a message, letting go of the oldest where there is no room."""
        self.kept.append(message)
        self.count += 1
        self._size_bytes += len(message.data)
        if message.sender == "client":
            self.sent_bytes += message.size_bytes
        else:
            self.received_bytes += message.size_bytes
        while len(self.kept) > MAX_MESSAGES or (self._size_bytes > MAX_BYTES and len(self.kept) > 1):
            self._size_bytes -= len(self.kept.popleft().data)

    @property
    def first(self) -> int:
        """The number of the first message that is kept."""
        return self.count - len(self.kept) + 1

    def get(self, number: int) -> SocketMessage | None:
        """The message of a number, while it is kept."""
        index = number - self.first
        return self.kept[index] if 0 <= index < len(self.kept) else None


class Connection:
    """One connection. Everything but reading its attributes happens on the home loop.

    Args:
        perform: Runs it through the application.
        scope: Of the handshake.
        hider: Takes the credentials out of kept messages; it knows those of the handshake.
        on_change: Called after every change.

    Attributes:
        status: "refused" where the handshake was not accepted.
        ending: How it ended; of a refused one, what the application closed it with, which no client on a network sees.
        recorded: What the log keeps of it, once its handler has ended.
        error: Why it could not begin at all: the application's lifespan failed.
    """

    def __init__(
        self, perform: PerformSocket, scope: Scope, hider: Hider, on_change: Callable[[], None] = lambda: None
    ) -> None:
        self._perform = perform
        self._scope = scope
        self._hider = hider
        self._on_change = on_change
        self._inbound: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._room = [PACE_MESSAGES, PACE_BYTES]
        self._paced_at = 0.0
        self._began = time.perf_counter()
        self.started_at = time.time()
        self.ended_ms: float | None = None
        self.status: Status = "connecting"
        self.subprotocol: str | None = None
        self.transcript = Transcript()
        self.ending: Ending | None = None
        self.recorded: Recorded | None = None
        self.error: Exception | None = None

    # What a person does

    def start(self) -> None:
        """Ask the application for the connection."""
        self._inbound.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.create_task(self._run())

    def send(self, data: str | bytes) -> None:
        """Send a message; the application receives it when it asks for one."""
        self._inbound.put_nowait({"type": "websocket.receive", "text" if isinstance(data, str) else "bytes": data})
        self._note("client", data)

    async def close(self, code: int, reason: str = "") -> None:
        """Leave. An application that goes on without its client is cancelled after a while."""
        if self.status not in {"connecting", "open"}:
            return
        self._end("closed", Ending(code, reason, "client"))
        self._inbound.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        if self._task is not None:
            await asyncio.wait([self._task], timeout=GRACE_S)
            self._task.cancel()

    def lose(self, error: Exception) -> None:
        """Its loop was abandoned."""
        if self.is_live:
            self.error = error
            self._end("closed" if self.status == "open" else "refused", Ending(ABNORMAL, "", "application"))

    @property
    def is_live(self) -> bool:
        """Whether it has not ended."""
        return self.status in {"connecting", "open"}

    @property
    def elapsed_ms(self) -> float:
        """Until it ended, or until now."""
        return self.ended_ms if self.ended_ms is not None else (time.perf_counter() - self._began) * 1000

    # What the application does

    async def _run(self) -> None:
        try:
            self.recorded = await self._perform(self._scope, self._inbound.get, self._hear)
        except Exception as error:  # the lifespan's: the application's own are in the record
            self.error = error
        finally:
            if self.status == "connecting":
                self._end("refused", None)
            elif self.status == "open":
                self._end("closed", Ending(ABNORMAL, "", "application"))
            self._on_change()

    async def _hear(self, message: Message) -> None:
        if not self.is_live:
            raise ConnectionResetError("The client has left.")  # ASGI, "Send after disconnect": a kind of OSError
        match message["type"]:
            case "websocket.accept":
                self.status, self.subprotocol = "open", message.get("subprotocol")
                self._on_change()
            case "websocket.send":
                text = message.get("text")
                self._note("application", text if text is not None else bytes(message.get("bytes") or b""))
                await self._keep_pace(self.transcript.kept[-1].size_bytes)
            case "websocket.close":
                ending = Ending(message.get("code") or 1000, message.get("reason") or "", "application")
                self._end("closed" if self.status == "open" else "refused", ending)

    def _end(self, status: Status, ending: Ending | None) -> None:
        self.ended_ms = self.elapsed_ms
        self.status, self.ending = status, ending
        self._on_change()

    def _note(self, sender: Peer, data: str | bytes) -> None:
        is_text = isinstance(data, str)
        whole = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
        kept = whole[:MAX_MESSAGE_BYTES]
        is_truncated = len(kept) < len(whole)
        message = SocketMessage(sender, is_text, kept, len(whole), self.elapsed_ms, is_truncated)
        redact_message(message, self._hider)  # what it carries, first
        self.transcript.add(redact_message(message, self._hider))
        self._on_change()

    async def _keep_pace(self, size_bytes: int) -> None:
        now = time.monotonic()
        if now - self._paced_at >= PACE_S:
            self._paced_at, self._room = now, [PACE_MESSAGES, PACE_BYTES]
        self._room = [self._room[0] - 1, self._room[1] - size_bytes]
        is_ahead = min(self._room) <= 0
        await asyncio.sleep(self._paced_at + PACE_S - now if is_ahead else 0)


async def leave_all(connections: list[Connection], code: int = 1001) -> None:
    """Leave connections that still live, because the view or the kernel ends."""
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*(connection.close(code) for connection in connections))
