"""The WebSocket that endpoints get does what Starlette's does, message by message."""

from collections.abc import Callable
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message
from starlette.websockets import WebSocket

from routebook._plan.websocket import OpenWebSocket

CONNECT = {"type": "websocket.connect"}
MESSAGES: list[Message] = [
    {"type": "websocket.receive", "text": "a"},
    {"type": "websocket.receive", "bytes": b"a"},
    {"type": "websocket.receive", "text": None, "bytes": b"b"},
    {"type": "websocket.disconnect", "code": 1001, "reason": "gone"},
    {"type": "websocket.disconnect", "code": 1005},
    {"type": "websocket.unknown"},
]
ACTIONS: dict[str, Callable[[WebSocket], Any]] = {
    "accept": lambda socket: socket.accept(),
    "receive text": lambda socket: socket.receive_text(),
    "receive bytes": lambda socket: socket.receive_bytes(),
    "receive json": lambda socket: socket.receive_json(),
    "send text": lambda socket: socket.send_text("x"),
    "send bytes": lambda socket: socket.send_bytes(b"x"),
    "send json": lambda socket: socket.send_json({"x": 1}),
    "close": lambda socket: socket.close(1000),
}


async def converse(
    cls: type[WebSocket], messages: list[Message], actions: list[str], *, breaks_at: int | None
) -> list[Any]:
    """Everything that can be seen of a conversation: results, errors, states, what was sent."""
    incoming = iter([CONNECT, *messages])
    seen: list[Any] = []

    async def receive() -> Message:
        return next(incoming, {"type": "websocket.disconnect", "code": 1006})

    async def send(message: Message) -> None:
        seen.append(message)
        if breaks_at is not None and len(seen) > breaks_at:
            raise OSError

    socket = cls({"type": "websocket"}, receive, send)
    for action in actions:
        try:
            seen.append((action, await ACTIONS[action](socket)))
        except Exception as error:
            seen.append((action, repr(error), getattr(error, "code", None), getattr(error, "reason", None)))
        seen.append((socket.client_state, socket.application_state))
    return seen


@given(
    st.lists(st.sampled_from(MESSAGES), max_size=5),
    st.lists(st.sampled_from(sorted(ACTIONS)), max_size=8).map(lambda actions: ["accept", *actions]),
    st.none() | st.integers(2, 12),
)
def test_nobody_can_tell_it_from_starlettes(messages: list[Message], actions: list[str], breaks_at: int | None) -> None:
    """Whatever is called in whatever state: the short way is short only."""
    ours = anyio.run(lambda: converse(OpenWebSocket, messages, actions, breaks_at=breaks_at))

    assert ours == anyio.run(lambda: converse(WebSocket, messages, actions, breaks_at=breaks_at))


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_before_the_handshake_it_is_starlettes(action: str) -> None:
    """Nothing is open yet."""
    ours, theirs = (
        anyio.run(lambda cls=cls: converse(cls, MESSAGES, [action], breaks_at=None))
        for cls in (OpenWebSocket, WebSocket)
    )

    assert ours == theirs
