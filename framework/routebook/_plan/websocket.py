"""The WebSocket that endpoints get: Starlette's, with the messages of an open connection taken in one step."""

from typing import NoReturn

from starlette.types import Message
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

_OPEN = WebSocketState.CONNECTED


class OpenWebSocket(WebSocket):
    """A WebSocket that costs less while it is open.

    Starlette asks at each message in which state both sides are; here one question leads to the short way, and every
    other state to Starlette's. The messages, the states and the errors are the same.
    """

    async def receive_text(self) -> str:
        """The next text."""
        if self.client_state is not _OPEN or self.application_state is not _OPEN:
            return await super().receive_text()
        message = await self._receive()
        if message["type"] != "websocket.receive":
            self._leave(message)
        text: str = message["text"]
        return text

    async def receive_bytes(self) -> bytes:
        """The next bytes."""
        if self.client_state is not _OPEN or self.application_state is not _OPEN:
            return await super().receive_bytes()
        message = await self._receive()
        if message["type"] != "websocket.receive":
            self._leave(message)
        content: bytes = message["bytes"]
        return content

    async def send_text(self, data: str) -> None:
        """Send a text."""
        if self.application_state is not _OPEN:
            await super().send_text(data)
            return
        try:
            await self._send({"type": "websocket.send", "text": data})
        except OSError:
            self._lose()

    async def send_bytes(self, data: bytes) -> None:
        """Send bytes."""
        if self.application_state is not _OPEN:
            await super().send_bytes(data)
            return
        try:
            await self._send({"type": "websocket.send", "bytes": data})
        except OSError:
            self._lose()

    def _lose(self) -> NoReturn:
        self.application_state = WebSocketState.DISCONNECTED
        raise WebSocketDisconnect(code=1006)  # RFC 6455 §7.4.1: closed without a close frame

    def _leave(self, message: Message) -> NoReturn:
        """End by what is no data (ASGI, "Disconnect - receive event").

        Raises:
            WebSocketDisconnect: The client has gone.
            RuntimeError: The server sent what it may not.
        """
        if message["type"] != "websocket.disconnect":
            raise RuntimeError(
                f'Expected ASGI message "websocket.receive" or "websocket.disconnect", but got {message["type"]!r}'
            )
        self.client_state = WebSocketState.DISCONNECTED
        raise WebSocketDisconnect(message["code"], message.get("reason"))
