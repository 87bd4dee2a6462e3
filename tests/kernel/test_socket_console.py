"""The console's WebSockets in a session: connections that go on by themselves, their transcript, their end."""

import asyncio
import json
from typing import Annotated, Any

import pytest

from routebook import Depends, Header, HTTPException, Query, Routebook, WebSocket, WebSocketException
from routebook.exceptions import WebSocketRequestValidationError
from routebook_kernel.exceptions import RequestError
from routebook_kernel.protocol import ConnectArguments, ConnectionState, DeltaMessage, SendArguments
from routebook_kernel.runtime import connection as connection_module
from routebook_kernel.session import Session
from routebook_kernel.session.sockets import Sockets
from routebook_kernel.summary import SocketsOverview
from tests.kernel.driver import eventually


def checked(seat: Annotated[int, Query(ge=1)], x_who: Annotated[str, Header()] = "me") -> int:
    return seat


def make_app() -> Routebook:
    app = Routebook(title="Rooms")

    @app.websocket("/rooms/{room}")
    async def talk(websocket: WebSocket, room: int, seat: Annotated[int, Depends(checked)]) -> None:
        """Talk."""
        if room == 403:
            raise HTTPException(403, "members only")
        if room == 1008:
            raise WebSocketException(1008, "not you")
        if room == 500:
            raise ValueError("broken before")
        await websocket.accept(subprotocol=(websocket.scope["subprotocols"] or [None])[-1])
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                print("left with", message["code"], message.get("reason"))
                return
            match message.get("text"):
                case None:
                    await websocket.send_bytes(message["bytes"][::-1])
                case "end":
                    await websocket.close(4000, "enough")
                    return
                case "fail":
                    raise ValueError("broken")
                case "flood":
                    while True:
                        await websocket.send_text("x" * 100)
                case text:
                    await websocket.send_text(text * 2)

    @app.websocket("/deaf")
    async def deaf(websocket: WebSocket) -> None:
        await websocket.accept()
        await asyncio.sleep(3600)

    @app.websocket("/mute")
    async def mute(websocket: WebSocket) -> None:
        return

    @app.get("/rooms/{room}")
    def read(room: int) -> int:
        return room

    return app


class Console:
    """A person at the console."""

    def __init__(self, session: Session, app: Routebook) -> None:
        self.home = session.home
        self.sockets: Sockets = session.sockets(app)

    def connect(self, path: str = "/rooms/{room}", subprotocols: tuple[str, ...] = (), **sent: Any) -> int:
        request = SendArguments(
            operation=f"WEBSOCKET {path}",
            method="WEBSOCKET",
            path=path,
            path_params={"room": "1", **sent.get("path_params", {})} if "{" in path else {},
            query=sent.get("query", [("seat", "2")]),
            headers=sent.get("headers", []),
            cookies=sent.get("cookies", []),
            body={"kind": "none"},
        )
        return self.home.run(self.sockets.connect(ConnectArguments(request=request, subprotocols=list(subprotocols))))

    def send(self, id_: int, data: str | bytes) -> None:
        self.home.run(self.sockets.send(id_, data))

    def leave(self, id_: int, code: int = 1000, reason: str = "") -> None:
        self.home.run(self.sockets.leave(id_, code, reason))

    def of(self, id_: int) -> ConnectionState:
        return next(state for state in self.sockets.state()[1]["connections"] if state["id"] == id_)

    def eventually(self, id_: int, status: str) -> ConnectionState:
        """The connection when it has that status; an ended one when its handler has ended."""

        def ready() -> ConnectionState | None:
            state = self.of(id_)
            is_over = status in {"open", "connecting"} or state["exchange"] is not None or state["error"] is not None
            return state if state["status"] == status and is_over else None

        return eventually(ready)

    def answers(self, id_: int, count: int) -> list[Any]:
        """What the application has said, when it has said so much."""

        def said() -> list[Any]:
            messages = [m for m in self.of(id_)["messages"] if m["sender"] == "application"]
            return messages if len(messages) >= count else []

        return [message.get("text") or message.get("base64") for message in eventually(said)]


@pytest.fixture
def console(session: Session) -> Console:
    return Console(session, make_app())


def test_the_explorer_names_the_paths(session: Session) -> None:
    """It leads to their console; a path that comes or goes is told."""
    app = session.tracker.namespace["app"] = make_app()
    view = session.view(app)
    paths = view.state()[1]["sockets"]
    assert paths[:2] == ["/rooms/{room}", "/deaf"]
    deltas: list[DeltaMessage] = []
    end = view.subscribe(deltas.append)

    session.begin_run("c1", "", 1, None, [])
    app.websocket("/new")(lambda websocket: None)
    session.finish_run("completed")

    eventually(lambda: [delta["sockets"] for delta in deltas if "sockets" in delta] == [[*paths, "/new"]])
    end()


def test_endpoints_are_told_with_their_parameters(console: Console) -> None:
    """OpenAPI has no place for them."""
    _, state = console.sockets.state()

    assert [operation["id"] for operation in state["operations"]] == [
        "WEBSOCKET /rooms/{room}",
        "WEBSOCKET /deaf",
        "WEBSOCKET /mute",
    ]
    talk = state["operations"][0]
    assert (talk["summary"], talk["endpoint"]) == ("Talk", "talk")
    assert [(p["in"], p["name"]) for p in talk["operation"]["parameters"]] == [
        ("path", "room"),
        ("query", "seat"),
        ("header", "x-who"),
    ]


def test_conversation_is_kept_with_times_and_direction_and_its_close(session: Session, console: Console) -> None:
    """Text and bytes both ways, the subprotocol that was chosen, the close in words; and the log has it."""
    id_ = console.connect(subprotocols=("a", "b"), headers=[("Authorization", "Bearer s3cret")])
    assert console.eventually(id_, "open")["subprotocol"] == "b"

    console.send(id_, "hé")
    console.send(id_, b"\x00\xff")
    assert console.answers(id_, 2) == ["héhé", "/wA="]
    console.send(id_, "end")
    state = console.eventually(id_, "closed")

    assert [message["number"] for message in state["messages"]] == list(range(1, state["message_count"] + 1))
    times = [message["at_ms"] for message in state["messages"]]
    assert times == sorted(times)
    assert (state["sent_bytes"], state["received_bytes"]) == (3 + 2 + 3, 6 + 2)
    assert state["end"] == {
        "code": 4000,
        "reason": "enough",
        "by": "application",
        "words": "private to the application",
    }
    [exchange] = session.log
    assert (exchange.source, exchange.status, exchange.socket.close_code) == ("console", 101, 4000)
    assert "s3cret" not in repr(exchange) + repr(state)


def test_leaving_sends_code_and_reason(session: Session, console: Console) -> None:
    """The handler sees what the person chose; codes that no frame may carry are refused in a sentence."""
    id_ = console.connect()
    console.eventually(id_, "open")
    for code, reason in [(1006, ""), (999, ""), (5000, ""), (1000, "é" * 62)]:
        with pytest.raises(RequestError, match=r"cannot be sent|124 bytes"):
            console.leave(id_, code, reason)

    console.leave(id_, 4001, "bye")

    state = console.eventually(id_, "closed")
    assert (state["end"]["code"], state["end"]["reason"], state["end"]["by"]) == (4001, "bye", "client")
    assert next(iter(session.log)).output == "left with 4001 bye\n"
    with pytest.raises(RequestError, match="isn't open"):
        console.send(id_, "too late")


def test_refused_values_of_the_handshake_are_explained(console: Console) -> None:
    """A client on a network sees 403 and nothing else; here each value is told as for a 422."""
    state = console.eventually(console.connect(path_params={"room": "abc"}, query=[]), "refused")

    assert state["exchange"]["status"] == 403
    assert sorted((i["source"], i["field"], i["rule"], i["is_missing"]) for i in state["issues"]) == [
        ("path", "room", "must be a whole number", False),
        ("query", "seat", "is required", True),
    ]
    assert (state["end"]["code"], state["end"]["reason"]) == (1008, "")  # the issues say it better


@pytest.mark.parametrize(
    ("room", "status", "code", "reason"),
    [("403", 403, None, ""), ("1008", 403, 1008, "not you"), ("500", None, None, "")],
)
def test_refusals_say_what_a_client_sees(
    console: Console, room: str, status: int | None, code: int | None, reason: str
) -> None:
    """By an HTTPException, by a close before the handshake, by an exception that nobody answered."""
    state = console.eventually(console.connect(path_params={"room": room}), "refused")

    assert state["exchange"]["status"] == status
    assert (state["end"] and state["end"]["code"], (state["end"] or {}).get("reason", "")) == (code, reason)
    assert bool(state["exchange"]["failure"]) == (room == "500")


def test_a_handler_that_breaks_or_says_nothing_is_told(console: Console) -> None:
    """1006 is what a client on a network would report."""
    id_ = console.connect()
    console.eventually(id_, "open")
    console.send(id_, "fail")
    broken = console.eventually(id_, "closed")
    mute = console.eventually(console.connect("/mute", query=[]), "refused")

    assert (broken["end"]["code"], broken["end"]["by"]) == (1006, "application")
    assert broken["exchange"]["failure"]["message"] == "broken"
    assert (mute["end"], mute["exchange"]["status"]) == (None, None)


def test_a_handler_that_ignores_its_client_is_ended(
    session: Session, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the log says that the client has gone, instead of showing it open for ever."""
    monkeypatch.setattr(connection_module, "GRACE_S", 0.01)
    id_ = console.connect("/deaf", query=[])
    console.eventually(id_, "open")

    console.leave(id_)

    assert console.of(id_)["status"] == "closed"
    assert eventually(lambda: next(iter(session.log)).socket.closed_by) == "client"


def test_flood_leaves_the_loop_free_and_the_transcript_bounded(console: Console) -> None:
    """An application that sends without end is held up, as by a network; the last messages are kept."""
    id_ = console.connect()
    console.eventually(id_, "open")
    console.send(id_, "flood")

    state = eventually(lambda: state if (state := console.of(id_))["message_count"] > 1500 else None)
    console.leave(id_)

    assert len(state["messages"]) == connection_module.MAX_MESSAGES
    assert state["messages"][-1]["number"] == state["message_count"]
    assert state["first"] == state["messages"][0]["number"] == state["message_count"] - 999
    assert console.eventually(id_, "closed")["end"]["by"] == "client"


def test_deltas_carry_each_message_once(console: Console) -> None:
    """A long conversation costs its new messages only."""
    console.sockets.state()
    heard: list[Any] = []
    console.sockets.subscribe(heard.append)

    id_ = console.connect()
    console.eventually(id_, "open")
    for number in range(5):
        console.send(id_, str(number))
        console.answers(id_, number + 1)

    numbers = [m["number"] for delta in heard for c in delta.get("set", ()) for m in c["messages"]]
    assert numbers == list(range(1, 11))
    assert [delta["seq"] for delta in heard] == list(range(1, len(heard) + 1))


def test_large_messages_are_told_in_part_and_whole_on_request(console: Console) -> None:
    """A message of a megabyte must not travel with every state."""
    id_ = console.connect()
    console.eventually(id_, "open")
    console.send(id_, json.dumps({"password": "s3cret", "text": "y" * 300_000}))
    console.answers(id_, 1)

    message = console.of(id_)["messages"][0]
    whole = console.home.run(console.sockets.message(id_, 1))

    assert message["is_cut"]
    assert len(message["text"].encode()) == 2000
    assert len(whole["text"]) > 300_000
    assert "s3cret" not in whole["text"]
    with pytest.raises(RequestError, match="no longer in the log"):
        console.home.run(console.sockets.message(id_, 99))


def test_ended_connections_can_be_forgotten_and_live_ones_not(console: Console) -> None:
    """The list is the person's to tidy up."""
    live, ended = console.connect(), console.connect(path_params={"room": "403"})
    console.eventually(live, "open")
    console.eventually(ended, "refused")

    console.home.run(console.sockets.forget([live, ended]))

    assert [state["id"] for state in console.sockets.state()[1]["connections"]] == [live]


def test_connection_to_a_cell_that_ran_again_says_that_it_runs_former_code(session: Session) -> None:
    """It goes on, as a served one would; a new one reaches the new code."""
    app = session.tracker.namespace["app"] = Routebook()

    def run(cell: str, answer: str | None) -> None:
        session.begin_run(cell, "", None, None, [])
        if answer is not None:

            @app.websocket("/ws")
            async def ws(websocket: WebSocket) -> None:
                await websocket.accept()
                async for _ in websocket.iter_text():
                    await websocket.send_text(answer)

        session.finish_run("completed")

    run("a", "old")
    console = Console(session, app)
    old = console.connect("/ws", query=[])
    assert console.eventually(old, "open")["note"] == ""

    run("a", "new")
    new = console.connect("/ws", query=[])
    console.eventually(new, "open")
    console.send(old, "?")
    console.send(new, "?")

    assert (console.answers(old, 1), console.answers(new, 1)) == (["old"], ["new"])
    assert "has run again" in console.of(old)["note"]
    assert console.of(new)["note"] == ""
    run("a", None)
    assert "No cell defines" in console.of(new)["note"]


def test_connections_end_with_the_view_and_with_the_session() -> None:
    """Going away, as a browser says when its page is left; nothing is left running."""
    session = Session({"__name__": "__main__"})
    session.open()
    console = Console(session, make_app())
    id_ = console.connect()
    console.eventually(id_, "open")

    console.sockets.close()

    assert console.eventually(id_, "closed")["end"]["code"] == 1001
    later = console.connect()
    console.eventually(later, "open")
    session.close()
    assert console.of(later)["status"] == "closed"


def test_what_cannot_be_formed_is_refused_in_a_sentence(console: Console) -> None:
    """Before anything reaches the application."""
    with pytest.raises(RequestError, match="room is empty"):
        console.connect(path_params={"room": ""})
    with pytest.raises(RequestError, match="Invalid subprotocol"):
        console.connect(subprotocols=("a b",))


def test_own_handler_of_refused_values_still_explains_what_it_says(session: Session) -> None:
    """Its reason is its own; where it is no list of errors it is shown as it is."""
    app = make_app()

    @app.exception_handler(WebSocketRequestValidationError)
    async def refuse(websocket: WebSocket, error: WebSocketRequestValidationError) -> None:
        await websocket.close(1008, "[not json")

    console = Console(session, app)
    state = console.eventually(console.connect(query=[]), "refused")

    assert (state["issues"], state["end"]["reason"]) == ([], "[not json")


def test_overview_tells_endpoints_and_conversations_as_text(console: Console) -> None:
    """On GitHub, in nbconvert: markup in messages is text."""
    id_ = console.connect()
    console.eventually(id_, "open")
    console.send(id_, "<b>")
    console.answers(id_, 1)
    console.leave(id_)
    refused = console.connect(query=[])
    console.eventually(refused, "refused")

    overview = SocketsOverview(console.sockets.state()[1])

    assert "WS  /rooms/{room}  Talk" in repr(overview)
    assert "← " in repr(overview)
    assert "closed by the client with 1000 (normal, what the connection was for is done); 2 messages" in repr(overview)
    assert "rejected: query seat: is required" in repr(overview)
    assert "<b><b>" not in overview._repr_html_()
    assert "&lt;b&gt;" in overview._repr_html_()
