"""A WebSocket to an application in this kernel: sync in ordinary cells, awaitable on the home loop.

    with client.websocket_connect("/ws") as socket:
        socket.send_json({"n": 1})
        socket.receive_json()

Spec: ASGI, WebSocket; RFC 6455 §7.4 (close codes).
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from routebook_kernel.exceptions import WebSocketClosedError, WebSocketRejectedError
from routebook_kernel.runtime.home import HomeLoop

Connect = Callable[[Scope, Receive, Send], Awaitable[None]]
"""Runs a WebSocket connection through the application, lifespan entered."""


class WebSocketSession:
    """One connection; enter it with `with` in an ordinary cell, with `async with` in an async one.

    Args:
        home: The home loop.
        connect: Runs the connection.
        scope: Of the handshake.
        raise_server_exceptions: Raise what the application raised, in the place of a close with 1011.

    Attributes:
        subprotocol: The one that the application chose; None when it chose none.
    """

    def __init__(
        self, home: HomeLoop, connect: Connect, scope: Scope, *, raise_server_exceptions: bool = False
    ) -> None:
        self._home = home
        self._raises = raise_server_exceptions
        self._error: Exception | None = None
        self._connect = connect
        self._scope = scope
        self._inbound: asyncio.Queue[Message] = asyncio.Queue()
        self._outbound: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._is_accepted = False
        self.subprotocol: str | None = None

    # Life

    async def __aenter__(self) -> "WebSocketSession":
        self._task = asyncio.create_task(self._run())
        await self._inbound.put({"type": "websocket.connect"})
        message = await self._outbound.get()
        if message["type"] != "websocket.accept":
            await self._task
            self._raise_server_exception()
            raise WebSocketRejectedError(
                int(message.get("code") or message.get("status") or 1006), message.get("reason") or ""
            )
        self.subprotocol = message.get("subprotocol")
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._close(1000)
        if exception[0] is None:
            self._raise_server_exception()

    def __enter__(self) -> "WebSocketSession":
        return self._home.run(self.__aenter__())

    def __exit__(self, *exception: object) -> None:
        self._home.run(self.__aexit__(*exception))

    async def _run(self) -> None:
        try:
            await self._connect(self._scope, self._inbound.get, self._take)
        except Exception as raised:
            self._error = raised
        error = self._error
        code, reason = (1011, f"{type(error).__name__}: {error}") if error is not None else (1000, "")
        await self._outbound.put({"type": "websocket.close", "code": code, "reason": reason})

    async def _take(self, message: Message) -> None:
        """One message of the application; refused where a server would refuse it.

        Spec: ASGI, WebSocket denial response: only before the connection is accepted.
        """
        if self._is_accepted and message["type"].startswith("websocket.http.response"):
            raise RuntimeError(
                "an HTTP response cannot be sent once the connection is accepted: close it with a code, or raise "
                "WebSocketException"
            )
        self._is_accepted = self._is_accepted or message["type"] == "websocket.accept"
        await self._outbound.put(message)

    def _raise_server_exception(self) -> None:
        """Raise what left the application, once, where the caller wants it."""
        error, self._error = self._error, None
        if self._raises and error is not None:
            raise error

    async def _close(self, code: int) -> None:
        await self._inbound.put({"type": "websocket.disconnect", "code": code})
        if self._task is None:
            return
        _, pending = await asyncio.wait([self._task], timeout=2)
        for task in pending:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    # Messages; each returns its result, or on the home loop an awaitable of it

    def send_text(self, text: str) -> Any:
        """Send a text message."""
        return self._finish(self._inbound.put({"type": "websocket.receive", "text": text}))

    def send_bytes(self, data: bytes) -> Any:
        """Send a binary message."""
        return self._finish(self._inbound.put({"type": "websocket.receive", "bytes": data}))

    def send_json(self, value: Any) -> Any:
        """Send a value as JSON in a text message."""
        return self.send_text(json.dumps(value, separators=(",", ":"), ensure_ascii=False))

    def receive_text(self) -> Any:
        """Wait for a message and return its text.

        Raises:
            WebSocketClosedError: The application closed the connection.
        """
        return self._finish(self._receive("text"))

    def receive_bytes(self) -> Any:
        """Wait for a message and return its bytes.

        Raises:
            WebSocketClosedError: The application closed the connection.
        """
        return self._finish(self._receive("bytes"))

    def receive_json(self) -> Any:
        """Wait for a message and return the value of its JSON.

        Raises:
            WebSocketClosedError: The application closed the connection.
        """
        return self._finish(self._receive_json())

    def close(self, code: int = 1000) -> Any:
        """Close the connection from this side."""
        return self._finish(self._close(code))

    async def _receive_json(self) -> Any:
        return json.loads(await self._receive("text"))

    async def _receive(self, kind: str) -> Any:
        message = await self._outbound.get()
        if message["type"] == "websocket.close":
            await self._outbound.put(message)  # whoever asks again hears the same
            self._raise_server_exception()
            raise WebSocketClosedError(int(message.get("code") or 1000), message.get("reason") or "")
        value = message.get(kind)
        if value is not None:
            return value
        other = message.get("bytes") if kind == "text" else message.get("text")
        return other.decode() if isinstance(other, bytes) else str(other).encode()

    def _finish(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return coroutine if self._home.is_here else self._home.run(coroutine)


def websocket_scope(
    path: str, raw_path: bytes, query: bytes, headers: Sequence[tuple[bytes, bytes]], subprotocols: Sequence[str]
) -> Scope:
    """The scope of a connection.

    Spec: ASGI, WebSocket connection scope.
    """
    return {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": path,
        "raw_path": raw_path,
        "query_string": query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in headers],
        "client": ("testclient", 50000),
        "server": ("testserver", 80),
        "subprotocols": list(subprotocols),
        "state": {},
        "extensions": {"websocket.http.response": {}},
    }
