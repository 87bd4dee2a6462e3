"""The log as views see it: lines, details, text search, and requests that are sent again without credentials kept."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import pytest
from starlette.responses import Response, StreamingResponse

from routebook import Cookie, Depends, Form, Header, HTTPException, Request
from routebook.applications import Routebook
from routebook.security import APIKeyCookie, APIKeyHeader, APIKeyQuery, HTTPBasic, HTTPBearer
from routebook_kernel.exceptions import RequestError
from routebook_kernel.protocol import Credential, ExchangeDetail, LogDelta, LogState, RawRequestState, SendArguments
from routebook_kernel.recording.redacted_values import build_request, fill_redacted_values, find_redacted_values
from routebook_kernel.records import RawRequest
from routebook_kernel.redaction import USUAL
from routebook_kernel.session import Session
from tests.kernel.driver import eventually

received: list[tuple[Any, ...]] = []
"""What came in an operation's parameters: no view shows it."""


@pytest.fixture
def app(session: Session) -> Routebook:
    app = Routebook(title="Shop")
    session.tracker.namespace["app"] = app
    session.begin_run("c1", "", 3, None, [])

    @app.get("/items/{item_id}")
    def read_item(item_id: int) -> dict[str, int]:
        if item_id > 99:
            raise HTTPException(404, "no such item")
        return {"id": item_id}

    @app.post("/whoami")
    def whoami(
        body: dict[str, Any],
        authorization: Annotated[str, Header()],
        session: Annotated[str, Cookie()],
        token: str,
    ) -> list[Any]:
        received.append((body, authorization, session, token))
        return [body, {"a": authorization, "c": session, "q": token}]

    @app.post("/login")
    def login(username: Annotated[str, Form()], password: Annotated[str, Form()]) -> dict[str, str]:
        received.append((username, password))
        return {"shown": f"{username}:{password}"}

    @app.get("/boom")
    def boom() -> None:
        raise TypeError("broken")

    session.finish_run("completed")
    return app


def follow(state: LogState, delta: LogDelta) -> dict[int, Any]:
    """What a page does with a delta."""
    rows = {row["id"]: row for row in state["exchanges"]}
    for id_ in delta["removed"]:
        rows.pop(id_, None)
    rows |= {row["id"]: row for row in delta["set"]}
    state["exchanges"] = list(rows.values())
    return rows


def detail_of_last(session: Session) -> ExchangeDetail:
    return session.log_view.detail(session.log_view.state()[1]["exchanges"][-1]["id"])


def send(session: Session, request: RawRequestState | None, **values: str) -> ExchangeDetail:
    assert request is not None
    given = {key.replace("_", " ", 1): value for key, value in values.items()}
    return session.home.run(session.log_view.send(request, given))


def test_a_line_says_who_sent_what_and_what_was_wrong(session: Session, app: Routebook) -> None:
    """The log is read by its lines; only what is opened is told whole."""
    client = session.client(app)
    client.get("/items/5")
    client.get("/items/abc")
    client.get("/items/100")
    client.get("/boom")
    client.get("/nowhere")

    _, state = session.log_view.state()

    told = [(row["status"], row["operation"], row["note"], row["level"]) for row in state["exchanges"]]
    assert told[0] == (200, "GET /items/{item_id}", "", "quiet")
    assert told[1] == (422, "GET /items/{item_id}", "item_id must be a whole number", "warn")
    assert told[2][2].startswith("HTTPException")
    assert told[2][3] == "warn"
    assert told[3][2].startswith("TypeError")
    assert told[3][3] == "error"
    assert told[4][:2] == (404, None)
    assert {row["application"] for row in state["exchanges"]} == {"app"}


def test_deltas_carry_new_exchanges_and_those_that_went(session: Session, app: Routebook) -> None:
    """A page that follows holds exactly what the kernel does, however many came."""
    session.log.max_count = 50
    seq, state = session.log_view.state()
    deltas: list[LogDelta] = []
    session.log_view.subscribe(deltas.append)
    client = session.client(app)
    for number in range(200):
        client.get(f"/items/{number % 90}")

    eventually(lambda: bool(deltas) and deltas[-1]["total"] == 200)

    assert [delta["seq"] for delta in deltas] == list(range(seq + 1, seq + 1 + len(deltas)))
    assert len(deltas) < 100
    for delta in deltas:
        rows = follow(state, delta)
    assert list(rows) == [exchange.id for exchange in session.log]
    assert len(rows) == 50


def test_text_is_found_in_urls_headers_and_bodies(session: Session, app: Routebook) -> None:
    """Summaries have no bodies: the kernel looks."""
    client = session.client(app)
    client.get("/items/7", headers={"x-shop": "Emma & Co"})
    client.get("/items/8")

    ids = [exchange.id for exchange in session.log]
    assert session.log_view.find("emma") == ids[:1]
    assert session.log_view.find('"ID":8') == ids[1:]
    assert session.log_view.find("items") == ids
    assert session.log_view.find("password") == []


def test_a_kept_request_is_sent_again_as_it_was(session: Session, app: Routebook) -> None:
    """Replaying is one step where nothing was hidden."""
    session.client(app).get("/items/5?q=a%20b&q=%C3%A9", headers={"x-shop": "Emma"})
    kept = detail_of_last(session)
    assert kept["hidden"] == []
    assert kept["refusal"] == ""

    again = send(session, kept["request"])

    assert again["exchange"]["url"] == "/items/5?q=a%20b&q=%C3%A9"
    assert again["exchange"]["source"] == "console"
    assert ("x-shop", "Emma") in again["exchange"]["request_headers"]
    assert again["summary"]["id"] == kept["summary"]["id"] + 1


def test_what_was_hidden_is_asked_for_and_filled_in(session: Session, app: Routebook) -> None:
    """What stands in the place of a credential never reaches the application."""
    body = {"n": 1, "password": 'p"w', "deep": [{"token": "t1"}]}
    session.client(app).post(
        "/whoami?token=q1", json=body, headers={"authorization": "Bearer abc", "cookie": "theme=dark; session=s1"}
    )
    kept = detail_of_last(session)
    assert "abc" not in json.dumps(kept["request"])
    assert {hidden["key"]: hidden["scheme"] for hidden in kept["hidden"]} == {
        "header authorization": "Bearer", "cookie theme": "", "cookie session": "", "query token": "",
        "body password": "", "body token": "",
    }  # fmt: skip
    count = len(session.log)

    with pytest.raises(RequestError, match=r"fill in: .*session \(cookie\).*password \(body\)"):
        send(session, kept["request"], header_authorization="abc", query_token="q1", cookie_theme="dark")
    assert len(session.log) == count, "nothing was sent"

    given = {
        "header_authorization": "xyz", "cookie_theme": "dark", "cookie_session": "s 2", "query_token": "q&2",
        "body_password": 'new "one" é', "body_token": "t2",
    }  # fmt: skip
    again = send(session, kept["request"], **given)

    sent = {"n": 1, "password": 'new "one" é', "deep": [{"token": "t2"}]}
    assert received[-1] == (sent, "Bearer xyz", "s 2", "q&2")
    assert "xyz" not in json.dumps(again), "what came back is hidden too"


def test_a_form_is_filled_in(session: Session, app: Routebook) -> None:
    """Signing in again: the password is asked for, the rest is as it was."""
    session.client(app).post("/login", data={"username": "mira", "password": "old"})
    kept = detail_of_last(session)
    assert [hidden["key"] for hidden in kept["hidden"]] == ["body password"]

    again = send(session, kept["request"], body_password="a&b=c")

    assert received[-1] == ("mira", "a&b=c")
    assert json.loads(again["exchange"]["response_body"]["text"]) == {"shown": "mira:•••"}  # type: ignore[index]


@dataclass(frozen=True)
class Scheme:
    """A way to sign in, as a page tells it, and the request that was sent so before."""

    name: str
    where: Literal["header", "query", "cookie"]
    parameter: str
    value: str
    sent: dict[str, Any]


SCHEMES = [
    Scheme("Bearer", "header", "Authorization", "Bearer fresh7", {"headers": {"authorization": "Bearer old"}}),
    Scheme("HTTPBasic", "header", "Authorization", "Basic bmV3OnB3", {"headers": {"authorization": "Basic b2xkOnB3"}}),
    Scheme("InHeader", "header", "X-Shop", "fresh7", {"headers": {"x-shop": "old"}}),
    Scheme("InQuery", "query", "shop", "fresh 7", {"params": {"shop": "old"}}),
    Scheme("InCookie", "cookie", "shop_id", "fresh7", {"headers": {"cookie": "theme=dark; shop_id=old"}}),
]


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.name)
def test_a_replay_is_sent_with_what_the_views_of_the_application_are_signed_in_with(
    session: Session, app: Routebook, scheme: Scheme
) -> None:
    """Who has signed in once is not asked again; the secret is neither shown nor recorded."""
    session.begin_run("c2", "", 4, None, [])
    ways = {
        "Bearer": HTTPBearer(scheme_name="Bearer", auto_error=False),
        "HTTPBasic": HTTPBasic(auto_error=False),
        "InHeader": APIKeyHeader(name="X-Shop", scheme_name="InHeader", auto_error=False),
        "InQuery": APIKeyQuery(name="shop", scheme_name="InQuery", auto_error=False),
        "InCookie": APIKeyCookie(name="shop_id", scheme_name="InCookie", auto_error=False),
    }

    @app.get("/secured")
    def secured(request: Request, given: Annotated[Any, Depends(ways[scheme.name])]) -> list[str | None]:
        heard.append({"header": request.headers, "query": request.query_params, "cookie": request.cookies})
        return []

    heard: list[Any] = []
    session.finish_run("completed")
    session.client(app).get("/secured", **scheme.sent)
    asked = [hidden for hidden in detail_of_last(session)["hidden"] if not hidden["held"]]
    assert scheme.parameter.lower() in [hidden["name"] for hidden in asked]

    held = session.view(app).credentials
    held.keep(scheme.name, Credential(user="mira", where=scheme.where, name=scheme.parameter, value=scheme.value))
    kept = detail_of_last(session)
    others = [hidden["name"] for hidden in kept["hidden"] if not hidden["held"]]
    assert others == ["theme"] * (scheme.where == "cookie")  # no scheme says what this cookie is
    assert f"{scheme.name}, as mira" in [hidden["held"] for hidden in kept["hidden"]]
    sent = send(session, kept["request"], cookie_theme="dark")

    assert heard[-1][scheme.where][scheme.parameter] == scheme.value
    assert scheme.value.removeprefix("Bearer ").removeprefix("Basic ") not in json.dumps(
        [kept, sent, session.view(app).state()[1]]
    )
    held.keep(scheme.name, None)
    with pytest.raises(RequestError, match="keeps no credentials"):
        send(session, kept["request"])


@pytest.mark.parametrize("has_begun", [False, True])
def test_a_request_that_is_cancelled_is_kept(session: Session, app: Routebook, has_begun: bool) -> None:
    """Who gave up looks for it there: how far it came, what it printed, its steps."""
    session.begin_run("c2", "", 4, None, [])

    @app.get("/wait")
    async def wait(text: Annotated[str, Depends(lambda: "given")]) -> Response:
        async def pieces() -> AsyncIterator[str]:
            yield text
            reached.append(print("streams"))
            await asyncio.sleep(60)

        if not has_begun:
            reached.append(print("waits"))
            await asyncio.sleep(60)
        return StreamingResponse(pieces(), media_type="text/plain")

    session.finish_run("completed")
    request = SendArguments(
        operation="GET /wait", method="GET", path="/wait", path_params={}, query=[], headers=[], cookies=[],
        body={"kind": "none"},
    )  # fmt: skip
    reached: list[None] = []
    ended: list[BaseException | None] = []
    view = session.view(app)
    cancel = session.submit(lambda: view.send(request, lambda piece: None), lambda result, error: ended.append(error))
    eventually(lambda: reached)
    cancel()
    eventually(lambda: ended)

    detail = detail_of_last(session)
    line, exchange = detail["summary"], detail["exchange"]
    assert (line["note"], line["is_cancelled"], line["source"]) == ("cancelled", True, "console")
    assert (exchange["status"], detail["output"]) == ((200, "streams\n") if has_begun else (None, "waits\n"))
    trace = session.traces.trace(line["id"])
    assert "wait" in [row["label"] for row in trace["rows"]]


def test_credentials_of_another_scheme_do_not_fill_in(session: Session, app: Routebook) -> None:
    """A token goes only to operations that ask for it, and in no other form than the one that was sent."""
    session.begin_run("c2", "", 4, None, [])

    @app.get("/secured", dependencies=[Depends(HTTPBearer(scheme_name="Bearer", auto_error=False))])
    def secured() -> None: ...

    @app.get("/open")
    def open_to_all() -> None: ...

    session.finish_run("completed")
    bearer = Credential(user="", where="header", name="Authorization", value="Bearer fresh7")
    session.view(app).credentials.keep("Bearer", bearer)
    for path, authorization in (("/open", "Bearer old"), ("/secured", "Basic b2xkOnB3")):
        session.client(app).get(path, headers={"authorization": authorization})
        assert [hidden["held"] for hidden in detail_of_last(session)["hidden"]] == [""]


def test_hidden_values_of_every_kind_of_body_are_found_and_filled() -> None:
    """A part of a multipart form and JSON in UTF-8 are filled where they stand."""
    boundary = '--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n•••\r\n--b--\r\n'.encode()
    request = RawRequest("POST", "/", (("content-type", "multipart/form-data; boundary=b"),), boundary)
    assert [hidden.key for hidden in find_redacted_values(request, USUAL)] == ["body password"]
    assert fill_redacted_values(request, {"body password": "é"}, USUAL).body == boundary.replace(
        "•••".encode(), "é".encode()
    )

    text = '{"é": "***", "password" : "•••"}'.encode()
    request = RawRequest("POST", "/", (("content-type", "application/json"),), text)
    assert json.loads(fill_redacted_values(request, {"body password": "ü"}, USUAL).body) == {
        "é": "***",
        "password": "ü",
    }


def test_name_and_password_become_basic_credentials() -> None:
    """A person knows them, not their base64."""
    request = RawRequest("GET", "/", (("authorization", "Basic •••"),), b"")
    assert fill_redacted_values(request, {"header authorization": "mira:pw"}, USUAL).headers == (
        ("authorization", "Basic bWlyYTpwdw=="),
    )


def test_what_cannot_be_sent_again_says_why(session: Session, app: Routebook) -> None:
    """A body that was not kept whole, an application of another kind."""

    async def other(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    session.client(other).get("/")
    assert "isn't in this notebook" in detail_of_last(session)["refusal"]
    session.client(app).post("/login", data={"username": "x" * 300_000})
    detail = detail_of_last(session)
    assert "300,009 bytes" in detail["refusal"]
    assert detail["request"] is None
    session.client(app).post("/nowhere", content=b"x")
    unread = replace(next(reversed(list(session.log))), request_body=None)
    with pytest.raises(RequestError, match="didn't read the body"):
        build_request(unread)
    with pytest.raises(RequestError, match="no longer in the log"):
        session.log_view.detail(10_000)


def test_an_edited_request_that_cannot_be_formed_is_refused(session: Session, app: Routebook) -> None:
    """The sentence says what to write."""
    request = RawRequestState(application="app", method="GET", url="items", headers=[])
    with pytest.raises(RequestError, match="isn't a valid path"):
        send(session, request)
    request["url"] = "/items/1"
    request["headers"] = [("x y", "1")]
    with pytest.raises(RequestError, match="header 'x y'"):
        send(session, request)


def test_a_websocket_is_told_with_its_messages(session: Session, app: Routebook) -> None:
    """Its line goes on as messages pass; opened, it has them in words."""
    from routebook.websockets import WebSocket

    @app.websocket("/echo")
    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(await socket.receive_text())
        await socket.close(4000)

    with session.client(app).websocket_connect("/echo") as socket:
        socket.send_text("hello")
        socket.receive_text()

    eventually(lambda: not session.log_view.state()[1]["exchanges"][-1]["is_open"])
    row = session.log_view.state()[1]["exchanges"][-1]
    assert (row["method"], row["status"], row["messages"], row["note"]) == ("WEBSOCKET", 101, 2, "closed with 4000")
    detail = detail_of_last(session)
    assert detail["transcript"] is not None
    assert [line["text"] for line in detail["transcript"]["lines"]] == ["hello", "hello"]
    assert "WebSocket" in detail["refusal"]


def test_clearing_empties_every_view(session: Session, app: Routebook) -> None:
    """The count goes on, so that numbers are never used twice."""
    session.client(app).get("/items/1")
    session.log_view.state()
    deltas: list[LogDelta] = []
    session.log_view.subscribe(deltas.append)

    session.log_view.clear()

    eventually(lambda: bool(deltas))
    assert deltas[0]["removed"]
    assert not deltas[0]["set"]
    assert session.log_view.state()[1]["exchanges"] == []
