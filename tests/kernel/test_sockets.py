"""WebSockets in the record: the handshake, messages both ways, the close; from cells and over the socket."""

import json
from contextlib import suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from routebook import HTTPException, WebSocket, WebSocketDisconnect
from routebook.applications import Routebook
from routebook_kernel.exceptions import WebSocketClosedError, WebSocketRejectedError
from routebook_kernel.recording.display import render_html, render_text
from routebook_kernel.records import Exchange, SocketMessage
from routebook_kernel.runtime.socket_capture import MAX_BYTES, MAX_MESSAGE_BYTES, MAX_MESSAGES
from routebook_kernel.session import Session
from tests.kernel.driver import eventually


def make_app() -> Routebook:
    app = Routebook()

    @app.websocket("/rooms/{room}")
    async def talk(websocket: WebSocket, room: str) -> None:
        if room == "closed":
            raise HTTPException(403)
        await websocket.accept(subprotocol="chat" if websocket.scope["subprotocols"] else None)
        print("joined", room)
        while True:
            text = await websocket.receive_text()
            if text == "fail":
                raise ValueError("broken")
            if text == "end":
                await websocket.close(4000, "enough")
                return
            await websocket.send_text(text * 2)

    @app.websocket("/drop")
    async def drop(websocket: WebSocket) -> None:
        await websocket.accept()
        with suppress(WebSocketDisconnect):
            await websocket.send_bytes(await websocket.receive_bytes())

    return app


def talked(message: SocketMessage) -> tuple[str, bytes, int]:
    return message.sender, message.data, message.size_bytes


def only(session: Session) -> Exchange:
    [exchange] = session.log
    return exchange


def test_connection_of_a_cell_is_kept_whole(session: Session) -> None:
    """Handshake without secrets, messages with times and sizes, prints, close code; one exchange in the log."""
    client = session.client(make_app())
    asked = {"params": {"token": "s3cret", "n": "1"}, "headers": {"Authorization": "Bearer s3cret"}}

    with client.websocket_connect("/rooms/a", subprotocols=["chat"], **asked) as socket:
        socket.send_text("hé")
        assert socket.receive_text() == "héhé"
        socket.send_text("end")
        with pytest.raises(WebSocketClosedError):
            socket.receive_text()

    exchange = only(session)
    assert (exchange.method, exchange.operation, exchange.status) == ("WEBSOCKET", "WEBSOCKET /rooms/{room}", 101)
    assert (exchange.source, exchange.output, exchange.failure) == ("client", "joined a\n", None)
    assert "s3cret" not in repr(exchange)
    assert exchange.url.startswith("/rooms/a?token=")
    told = exchange.socket
    assert told is not None
    assert [talked(message) for message in told.messages] == [
        ("client", "hé".encode(), 3),
        ("application", "héhé".encode(), 6),
        ("client", b"end", 3),
    ]
    times = [message.at_ms for message in told.messages]
    assert times == sorted(times)
    assert exchange.elapsed_ms >= times[-1] > 0
    assert (told.subprotocol, told.message_count, told.received_bytes, told.sent_bytes) == ("chat", 3, 6, 6)
    assert (told.close_code, told.close_reason, told.closed_by) == (4000, "enough", "application")
    assert "← " in render_text(exchange)
    assert "3 messages, closed by the application with 4000: enough" in render_text(exchange)


def test_connection_over_the_socket_is_kept_and_its_failure_told(session: Session, free_port: int) -> None:
    """A handler that raises: the client is dropped as by uvicorn, the record says why, nothing is printed."""
    session.serve(make_app(), port=free_port)

    with connect(f"ws://127.0.0.1:{free_port}/rooms/b") as socket:
        socket.send("fail")
        with pytest.raises(ConnectionClosed):
            socket.recv()

    exchange = eventually(lambda: next((kept for kept in session.log if kept.failure), None))
    assert (exchange.source, exchange.failure.type, exchange.socket.close_code) == ("server", "ValueError", 1006)
    assert session.log.total == 1


def test_client_that_leaves_is_no_failure(session: Session, free_port: int) -> None:
    """`receive_text()` raises WebSocketDisconnect: most handlers let it go, and that is how they end."""
    session.serve(make_app(), port=free_port)

    with connect(f"ws://127.0.0.1:{free_port}/rooms/c") as socket:
        socket.send("x")
        socket.recv()

    exchange = eventually(lambda: next((kept for kept in session.log if not kept.socket.is_open), None))
    assert (exchange.failure, exchange.socket.closed_by, exchange.socket.close_code) == (None, "client", 1000)


def test_refused_handshake_is_kept_with_its_status(session: Session, free_port: int) -> None:
    """From both sides: what the client got."""
    app = make_app()
    session.serve(app, port=free_port)

    with pytest.raises(WebSocketRejectedError), session.client(app).websocket_connect("/rooms/closed"):
        pass
    with pytest.raises(InvalidStatus) as refused, connect(f"ws://127.0.0.1:{free_port}/rooms/closed"):
        pass

    inside, outside = eventually(lambda: len(session.log) == 2 and list(session.log))
    assert refused.value.response.status_code == 403
    assert (inside.status, outside.status) == (403, 403)
    assert inside.socket.closed_by == outside.socket.closed_by == "application"


def test_open_connection_is_told_while_it_goes_on(session: Session) -> None:
    """A chat of an hour is in the log from its first second; it stays one exchange."""
    heard: list[Exchange] = []
    session.log.subscribe(heard.append)

    with session.client(make_app()).websocket_connect("/rooms/d") as socket:
        [accepted] = session.log
        assert accepted.socket.is_open
        for _ in range(20):
            socket.send_text("x")
            socket.receive_text()
        going_on = eventually(lambda: only(session).socket.message_count == 40 and only(session))
        assert going_on.socket.is_open
        assert "40 messages, open" in render_text(going_on)

    assert only(session).socket.closed_by == "client"
    assert {exchange.id for exchange in heard} == {accepted.id}
    assert len(heard) <= 5
    assert session.log.total == 1


def test_messages_are_bounded_and_redacted(session: Session) -> None:
    """The last ones are kept, long ones cut, all counted; secrets in JSON texts go."""
    with session.client(make_app()).websocket_connect("/rooms/e") as socket:
        socket.send_json({"password": "s3cret", "n": 1})
        assert "s3cret" in socket.receive_text()
        assert "s3cret" not in repr(list(session.log))
        for _ in range(40):
            socket.send_text("y" * (MAX_MESSAGE_BYTES + 1))
            socket.receive_text()
    long = only(session).socket
    assert long is not None
    assert long.message_count == 82
    assert sum(len(message.data) for message in long.messages) <= MAX_BYTES
    assert all(message.is_truncated for message in long.messages)
    assert only(session).size_bytes < MAX_BYTES * 1.2

    with session.client(make_app()).websocket_connect("/rooms/f") as socket:
        for index in range(MAX_MESSAGES):
            socket.send_text(json.dumps(index))
            socket.receive_text()
    *_, many = session.log
    assert many.socket is not None
    assert (len(many.socket.messages), many.socket.message_count) == (MAX_MESSAGES, 2 * MAX_MESSAGES)
    assert many.socket.messages[-1].data == b"499499"


def test_bytes_are_counted_and_markup_stays_text(session: Session) -> None:
    """Binary messages are told by their size; what was sent is never markup."""
    client = session.client(make_app())
    with client.websocket_connect("/drop") as socket:
        socket.send_bytes(b"\xff\xfe")
        assert socket.receive_bytes() == b"\xff\xfe"
    with client.websocket_connect("/rooms/g") as socket:
        socket.send_text("<img src=x>")
        socket.receive_text()

    binary, markup = session.log
    assert "(2 B of binary data)" in render_text(binary)
    assert "<img" not in render_html(markup)
    assert "&lt;img" in render_html(markup)


def test_view_counts_a_connection_once(session: Session) -> None:
    """When it is accepted, not at each message."""
    app = make_app()
    view: Any = session.view(app)

    with session.client(app).websocket_connect("/rooms/h") as socket:
        assert view.request_count == 1
        socket.send_text("x")
        socket.receive_text()

    assert view.request_count == 1
