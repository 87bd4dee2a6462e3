"""The session as its views see it: state, deltas, sending, serving, applications that are made again."""

import asyncio
import contextlib
import functools
import gc
import json
import threading
import time
import weakref
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from pydantic import BaseModel

from routebook import Depends, File, Form, HTTPException, UploadFile, WebSocket
from routebook.applications import Routebook
from routebook.responses import JSONResponse, StreamingResponse
from routebook.security import APIKeyHeader, OAuth2PasswordBearer
from routebook_kernel.exceptions import (
    NotAnApplicationError,
    RequestError,
    ServerStartError,
    WebSocketClosedError,
    WebSocketRejectedError,
)
from routebook_kernel.protocol import AppState, DeltaMessage, RequestBody, SendArguments, Streamed
from routebook_kernel.recording.display import render_text
from routebook_kernel.session import Session, streaming
from routebook_kernel.session.state_feed import StateFeed
from tests.kernel.driver import eventually


class Item(BaseModel):
    name: str
    price: float


@pytest.fixture
def app(session: Session) -> Routebook:
    made = Routebook(title="Shop")
    session.tracker.namespace["app"] = made
    run(session, "app", lambda: None)
    return made


def run(session: Session, cell: str, declare: Any) -> None:
    session.begin_run(cell, "", 1, None, [])
    declare()
    session.finish_run("completed")


def arguments(operation: str, **options: Any) -> SendArguments:
    method, _, path = operation.partition(" ")
    given = SendArguments(
        operation=operation, method=method, path=path, path_params={}, query=[], headers=[], cookies=[],
        body=RequestBody(kind="none"),
    )  # fmt: skip
    return SendArguments(**{**given, **options})  # type: ignore[typeddict-item]


def apply(state: AppState, delta: DeltaMessage) -> AppState:
    """What a page does with a delta."""
    operations = {operation["id"]: operation for operation in state["operations"]}
    operations |= {operation["id"]: operation for operation in delta.get("set", [])}
    for gone in delta.get("removed", []):
        del operations[gone]
    order = delta.get("order", [operation["id"] for operation in state["operations"]])
    changed = {key: delta[key] for key in ("components", "server", "exchange_count", "revision") if key in delta}  # type: ignore[literal-required]
    return AppState(**{**state, **changed, **delta.get("info", {}), "operations": [operations[i] for i in order]})  # type: ignore[typeddict-item]


def test_state_and_deltas_agree(session: Session, app: Routebook) -> None:
    """A page that applies every delta has the state that it would get anew."""
    view = session.view(app)
    seq, page = view.state()
    deltas: list[DeltaMessage] = []
    leave = view.subscribe(deltas.append)

    run(session, "a", lambda: (app.post("/items")(lambda item: item), app.get("/z")(lambda: 1)))
    run(session, "b", lambda: app.get("/b", tags=["t"])(lambda q=1: q))
    run(session, "a", lambda: app.get("/z")(lambda: 1))
    session.client(app).get("/z")
    final_seq, final = view.state()

    for delta in deltas:
        seq += 1
        assert delta["seq"] == seq
        page = apply(page, delta)
    assert (seq, page) == (final_seq, final)
    assert [operation["id"] for operation in page["operations"]] == ["GET /z", "GET /b"]
    leave()


def test_a_change_is_told_under_a_lock_that_the_snapshot_needs(session: Session) -> None:
    """Who changes something holds its lock; the snapshot that is being taken waits for it, and is not waited for."""
    lock, value, is_taken = threading.Lock(), 0, threading.Event()

    def take() -> int:
        is_taken.set()
        with lock:
            return value

    feed = StateFeed(session.home, take, lambda before, after, seq: (seq, after) if before != after else None)
    told: list[tuple[int, int]] = []
    feed.subscribe(told.append)
    assert feed.state() == (0, 0)

    is_taken.clear()
    with lock:
        value = 1
        feed.touch()
        assert is_taken.wait(60)
        value = 2
        feed.touch()

    eventually(lambda: told == [(1, 2)])


def test_burst_is_sent_as_few_deltas_and_nothing_is_lost(session: Session, app: Routebook) -> None:
    """Ten thousand exchanges: at most twenty deltas a second, the count right at the end."""
    app.get("/")(lambda: 1)
    view = session.view(app)
    view.state()
    seen: list[DeltaMessage] = []
    view.subscribe(seen.append)
    scope = {
        "type": "http", "method": "GET", "path": "/", "raw_path": b"/", "query_string": b"", "headers": [],
        "http_version": "1.1", "scheme": "http", "root_path": "", "asgi": {}, "server": ("t", 80), "client": ("t", 1),
    }  # fmt: skip

    async def burst() -> float:
        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None: ...

        began = time.monotonic()
        for index in range(10_000):
            await view.perform(dict(scope), receive, send, "server")
            if index % 50 == 0:
                await asyncio.sleep(0)
        return time.monotonic() - began

    elapsed_s = session.home.run(burst())

    eventually(lambda: seen and seen[-1].get("exchange_count") == 10_000)
    assert len(seen) <= elapsed_s * 20 + 3
    assert session.log.total == 10_000


def test_views_of_one_application_are_one(session: Session, app: Routebook) -> None:
    """However often it is shown; something else is no application."""
    assert session.view(app) is session.view(app)
    with pytest.raises(NotAnApplicationError, match="isn't a Routebook application"):
        session.view("app")


def test_view_follows_an_application_that_is_made_again(session: Session, app: Routebook) -> None:
    """The same view, client and server; the new object."""
    run(session, "op", lambda: app.get("/a")(lambda: "a"))
    view, client = session.view(app), session.client(app)
    assert client.get("/a").json() == "a"

    def again() -> None:
        session.tracker.namespace["app"] = Routebook(title="Again")

    run(session, "app", again)

    assert session.view(session.tracker.namespace["app"]) is view
    assert view.state()[1]["title"] == "Again"
    assert client.get("/openapi.json").json()["info"]["title"] == "Again"
    assert client.get("/a").json() == "a"


def test_operation_names_its_cell_and_its_marks(session: Session, app: Routebook) -> None:
    """The explorer links to the defining cell and shows what is new."""

    def declare() -> None:
        @app.get("/a", tags=["shop"])
        def first() -> None: ...

    run(session, "cell-7", declare)
    [operation] = session.view(app).state()[1]["operations"]

    assert operation["cell"] is not None
    assert (operation["cell"]["cell_id"], operation["cell"]["label"]) == ("cell-7", "[1]")
    assert (operation["tags"], operation["summary"]) == (["shop"], "First")
    assert operation["marks"] == [{"kind": "new", "text": "new since the last run"}]


# Sending


def send(session: Session, app: Routebook, request: SendArguments) -> Any:
    return session.home.run(session.view(app).send(request, lambda piece: None))


def test_send_fills_encodes_and_answers(session: Session, app: Routebook) -> None:
    """Every source of a request; what is odd in a path arrives as it was."""

    @app.post("/items/{item_id}")
    def make(item_id: str, item: Item, q: list[str], seen: str = Depends(lambda: "x")) -> dict[str, Any]:
        return {"id": item_id, "name": item.name}

    state = send(
        session,
        app,
        arguments(
            "POST /items/{item_id}",
            path_params={"item_id": "ä b?#%2e.."},
            query=[("q", "1")],
            body=RequestBody(kind="json", text='{"item": {"name": "n", "price": 1}, "q": ["a"]}'),
        ),
    )

    assert (state["status"], state["source"], state["operation"]) == (200, "console", "POST /items/{item_id}")
    assert '"ä b?#%2e.."' in state["response_body"]["text"]
    assert state["elapsed_ms"] > 0


def test_a_stream_is_told_while_it_comes(session: Session, app: Routebook) -> None:
    """An endless stream would otherwise never be seen; its exchange has all of it when it ends."""
    told: list[Streamed] = []
    go_on = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        yield "é"[:1].encode()[:1]  # the character comes in two pieces
        yield "é1 ".encode()[1:]
        await go_on.wait()
        yield b"2"

    app.get("/stream")(lambda: StreamingResponse(pieces(), media_type="text/event-stream"))

    def tell(piece: Streamed) -> None:
        told.append(piece)
        go_on.set()

    state = session.home.run(session.view(app).send(arguments("GET /stream"), tell))

    assert [(piece["status"], piece["media_type"], piece["text"]) for piece in told] == [
        (200, "text/event-stream", "é1 ")
    ]
    assert state["response_body"]["text"] == "é1 2"


def test_what_is_told_of_a_stream_is_bounded(session: Session, app: Routebook, monkeypatch: pytest.MonkeyPatch) -> None:
    """A response of gigabytes must not reach the page."""
    monkeypatch.setattr(streaming, "MAX_FORWARDED", 5)
    told: list[Streamed] = []

    async def pieces() -> AsyncIterator[str]:
        yield "12345678"
        while not told:
            await asyncio.sleep(0.01)
        yield "9"

    app.get("/stream")(lambda: StreamingResponse(pieces(), media_type="text/plain"))

    session.home.run(session.view(app).send(arguments("GET /stream"), told.append))

    assert [(piece["text"], piece["is_all"]) for piece in told] == [("12345", False)]


def test_an_answer_is_shown_longer_than_it_is_kept(session: Session, app: Routebook) -> None:
    """A list of ten thousand is a tree in the console; the log keeps its beginning; neither shows a token."""
    app.get("/long")(lambda: {"access_token": "s3cret", "rows": ["x" * 50] * 10_000})

    state = send(session, app, arguments("GET /long"))

    shown, kept = state["response_body"], session.log.get(state["id"])
    assert not shown["is_truncated"]
    assert len(json.loads(shown["text"])["rows"]) == 10_000
    assert "s3cret" not in shown["text"]
    assert kept is not None
    assert kept.response_body is not None
    assert kept.response_body.is_truncated


def test_a_response_that_is_no_stream_is_not_told(session: Session, app: Routebook) -> None:
    """Its exchange says it all, credentials redacted."""
    told: list[Streamed] = []
    app.get("/plain")(lambda: {"access_token": "x"})

    session.home.run(session.view(app).send(arguments("GET /plain"), told.append))

    assert told == []


@pytest.mark.parametrize("value", [".", "..", "a b", "100%", "?x#y", "日本"])
def test_any_path_value_arrives(session: Session, app: Routebook, value: str) -> None:
    """A URL library would take dots for navigation."""
    app.get("/v/{value}")(lambda value: value)

    state = send(session, app, arguments("GET /v/{value}", path_params={"value": value}))

    assert (state["status"], state["response_body"]["text"]) == (200, f'"{value}"')


def test_send_tells_the_issues_of_a_422(session: Session, app: Routebook) -> None:
    """Each at its field, with a value that passes."""

    @app.post("/items")
    def make(item: Item) -> Item:
        return item

    broken = RequestBody(kind="json", text='{"price": "abc"}')
    state = send(session, app, arguments("POST /items", body=broken))
    unreadable = send(session, app, arguments("POST /items", body=RequestBody(kind="json", text='{"price": ')))

    assert state["status"] == 422
    assert [(i["pointer"], i["rule"], i["passes"], i["is_missing"]) for i in state["issues"]] == [
        ("/name", "is required", None, True),
        ("/price", "must be a number", "9.99", False),
    ]
    assert unreadable["issues"][0]["rule"].startswith("is not JSON")


def test_send_tells_a_failure_by_its_frames(session: Session, app: Routebook) -> None:
    """The user's frames with values, secrets hidden; an HTTPException is no failure."""

    @app.get("/fail")
    def fail(token: str = "t", n: int = 3) -> float:
        return n / len(token[1:])

    @app.get("/gone")
    def gone() -> None:
        raise HTTPException(410, "gone")

    failed = send(session, app, arguments("GET /fail"))
    refused = send(session, app, arguments("GET /gone"))

    assert failed["status"] == 500
    frame = failed["failure"]["frames"][-1]
    assert (frame["function"], frame["source"]) == ("fail", "return n / len(token[1:])")
    assert frame["values"] == {"n": "3", "token": "•••"}
    assert failed["failure"]["folded"] > 0
    assert (refused["status"], refused["failure"]) == (410, None)


def test_send_forms_files_cookies_and_headers(session: Session, app: Routebook) -> None:
    """Urlencoded and multipart, as a browser sends them."""

    @app.post("/form")
    def form(user: str = Form(), tags: list[str] = Form()) -> list[str]:
        return [user, *tags]

    @app.post("/file")
    async def file(data: UploadFile = File(), note: str = Form()) -> list[Any]:
        return [data.filename, (await data.read()).decode(), data.content_type, note]

    formed = send(
        session, app,
        arguments("POST /form", body=RequestBody(kind="form", fields=[("user", "ann"), ("tags", "a"), ("tags", "b")])),
    )  # fmt: skip
    parts: Any = [
        {"name": "data", "base64": "aGk=", "filename": "h.txt", "content_type": "text/plain"},
        {"name": "note", "text": "n"},
    ]
    filed = send(session, app, arguments("POST /file", body=RequestBody(kind="multipart", parts=parts)))

    assert formed["response_body"]["text"] == '["ann","a","b"]'
    assert filed["response_body"]["text"] == '["h.txt","hi","text/plain","n"]'


def test_send_keeps_no_credentials(session: Session, app: Routebook) -> None:
    """The application's own API key, a bearer token, a password: they reach the handler, not the record."""
    key, bearer = APIKeyHeader(name="x-shop-key"), OAuth2PasswordBearer(tokenUrl="token")

    def declare() -> None:
        @app.get("/secret")
        def secret(k: str = Depends(key), t: str = Depends(bearer), q: str = "") -> int:
            return len(k) + len(t)

    run(session, "s", declare)
    headers = [("x-shop-key", "s3cret"), ("authorization", "Bearer s3cret")]

    state = send(
        session,
        app,
        arguments("GET /secret", headers=headers, cookies=[("sid", "s3cret")], query=[("token", "s3cret")]),
    )

    assert state["response_body"]["text"] == "12"
    assert "s3cret" not in repr(state) + repr(list(session.log))


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        (arguments("GET /v/{value}"), "value is empty"),
        (arguments("GET /", headers=[("a b", "c")]), "Invalid header 'a b'"),
        (arguments("GET /", headers=[("a", "c\r\nd: e")]), "Invalid header 'a'"),
        (arguments("GET /", headers=[("a", "日")]), "Latin letters only"),
        (arguments("G\u00c9T /"), "isn't an HTTP method"),
        (
            arguments("POST /", body={"kind": "multipart", "parts": [{"name": "f", "base64": "@"}]}),
            "is incomplete",
        ),
    ],
)
def test_send_refuses_what_cannot_be_formed(
    session: Session, app: Routebook, request_: SendArguments, says: str
) -> None:
    """A sentence instead of a broken request."""
    with pytest.raises(RequestError, match=says):
        send(session, app, request_)


def test_submitted_coroutine_is_done_once_and_can_be_cancelled(session: Session) -> None:
    """Its end is told on the home loop, a cancellation too."""
    told: list[Any] = []
    ended = threading.Event()

    def done(result: Any, error: BaseException | None) -> None:
        told.append((result, type(error).__name__, session.home.is_here))
        ended.set()

    session.submit(lambda: asyncio.sleep(0, "result"), done)
    assert ended.wait(60)
    ended.clear()
    cancel = session.submit(lambda: asyncio.sleep(60), done)
    session.home.run(asyncio.sleep(0.01))
    cancel()
    assert ended.wait(60)
    cancel()

    assert told == [("result", "NoneType", True), (None, "CancelledError", True)]


def test_steps_are_recorded_for_the_console_and_for_others_when_asked(session: Session, app: Routebook) -> None:
    """Each dependency, the endpoint, the response; nobody else pays."""

    def who() -> str:
        return "me"

    app.get("/")(lambda w=Depends(who): w)
    send(session, app, arguments("GET /"))
    client = session.client(app)
    client.get("/")
    session.is_tracing = True
    client.get("/")

    by_console, untraced, traced = session.log
    assert [(s.kind, s.depth, s.outcome) for s in by_console.spans if s.kind in {"dependency", "endpoint"}] == [
        ("dependency", 0, "ok"),
        ("endpoint", 0, "ok"),
    ]
    assert untraced.spans == ()
    assert by_console.spans[1].kind == "compile"  # of the first only
    assert [span.name for span in traced.spans] == [span.name for span in by_console.spans if span.kind != "compile"]
    assert all(span.elapsed_ms >= 0 for span in traced.spans)


def test_answered_exception_tells_where_it_was_raised(session: Session, app: Routebook) -> None:
    """`raise HTTPException` has no traceback to show, yet a person wants the line; so do exceptions with a handler."""

    class OutOfStock(Exception): ...

    def find(item_id: int) -> None:
        if item_id == 1:
            raise HTTPException(404, "no such item")
        if item_id == 2:
            raise OutOfStock

    @app.get("/items/{item_id}")
    def read(item_id: int) -> int:
        find(item_id)
        return 1 // item_id

    @app.exception_handler(OutOfStock)
    async def out_of_stock(request: Any, error: OutOfStock) -> Any:
        return JSONResponse({}, 409)

    client = session.client(app)
    answers = [client.get(f"/items/{item}") for item in (3, 1, 2, 0, "x")]

    assert [answer.status_code for answer in answers] == [200, 404, 409, 500, 422]
    good, missing, sold, broken, invalid = (answer.exchange.raised for answer in answers)
    assert (good, invalid) == (None, None)
    first = find.__code__.co_firstlineno
    told = [(raised.type, raised.function, raised.place.line) for raised in (missing, sold)]
    assert told == [("HTTPException", "find", first + 2), ("OutOfStock", "find", first + 4)]
    assert (broken.type, broken.function) == ("ZeroDivisionError", "read")
    assert [frame.function for frame in answers[3].exchange.failure.frames] == ["read"]
    assert f"raised HTTPException in {__file__}, line {first + 2}, in find" in render_text(answers[1].exchange)


# Serving


def test_serving_enters_the_lifespan_once_and_follows_a_new_application(session: Session, free_port: int) -> None:
    """Start-up at the start, shutdown at the stop; `app` made again leaves the one and enters the other."""
    events: list[str] = []

    def make(name: str) -> None:
        @contextlib.asynccontextmanager
        async def lifespan(app: Any) -> AsyncIterator[dict[str, str]]:
            events.append(f"{name} in")
            yield {"name": name}
            events.append(f"{name} out")

        made = session.tracker.namespace["app"] = Routebook(lifespan=lifespan)

        @made.get("/name")
        def tell(request: Any) -> str: ...

        made.router.routes.pop()

        async def asgi(scope: Any, receive: Any, send: Any) -> None:
            await httpx2_text(scope["state"]["name"], send)

        made.mount("/name", asgi)

    run(session, "app", lambda: make("first"))
    app = session.tracker.namespace["app"]
    session.client(app).get("/name")
    assert events == ["first in"]

    state = session.serve(app, port=free_port)
    assert (state["status"], state["url"]) == ("running", f"http://127.0.0.1:{free_port}/")
    assert httpx2.get(f"http://127.0.0.1:{free_port}/name/").text == "first"
    run(session, "app", lambda: make("second"))
    eventually(lambda: events == ["first in", "first out", "second in"])
    assert httpx2.get(f"http://127.0.0.1:{free_port}/name/").text == "second"
    session.stop()

    eventually(lambda: events == ["first in", "first out", "second in", "second out"])
    assert session.view(session.tracker.namespace["app"]).state()[1]["server"]["status"] == "stopped"


async def httpx2_text(text: str, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": text.encode()})


def test_failing_lifespan_fails_the_serve_with_its_reason(session: Session, free_port: int) -> None:
    """Said where the person looks; the next serve works."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        raise RuntimeError("no database")
        yield

    state = session.serve(Routebook(lifespan=lifespan), port=free_port)

    assert state["status"] == "failed"
    assert "RuntimeError: no database" in str(state["message"])
    assert session.serve(Routebook(), port=free_port)["status"] == "running"


def test_lifespan_that_fails_while_served_is_told_to_who_asks(session: Session, free_port: int) -> None:
    """A cell made the application again with one that cannot start: no request passes without it, until one can."""
    error: Exception | None = None

    def make() -> None:
        @contextlib.asynccontextmanager
        async def lifespan(app: Any) -> AsyncIterator[None]:
            if error is not None:
                raise error
            yield

        made = session.tracker.namespace["app"] = Routebook(lifespan=lifespan)
        made.get("/")(lambda: "here")

    run(session, "app", make)
    session.serve(session.tracker.namespace["app"], port=free_port)
    url = f"http://127.0.0.1:{free_port}/"
    assert httpx2.get(url).json() == "here"

    error = RuntimeError("no database")
    run(session, "app", make)
    refused = httpx2.get(url)
    told = (503, "The application's lifespan failed at start-up. Its notebook says why.")
    assert (refused.status_code, refused.text) == told
    state = session.serving.state()
    assert state["status"] == "running"
    assert "RuntimeError: no database; until it starts" in str(state["message"])

    error = None
    run(session, "app", make)
    assert httpx2.get(url).json() == "here"
    assert session.serving.state()["message"] is None


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"port": 70_000}, "is no port"),
        ({"host": "0.0.0.0"}, "other machines"),
        ({"host": "192.0.2.1", "is_exposed": True}, "Nothing can listen on"),
        ({"host": "no.such.host.invalid", "is_exposed": True}, "Nothing can listen on"),
    ],
)
def test_refused_serve_ends_nothing(session: Session, free_port: int, options: dict[str, Any], says: str) -> None:
    """A mistyped port or host: what was served answers as before, and views say so."""
    app = Routebook()
    app.add_api_route("/one", lambda: 1)
    session.serve(app, port=free_port)

    with pytest.raises(ServerStartError, match=says):
        session.serve(Routebook(), **options)

    assert httpx2.get(f"http://127.0.0.1:{free_port}/one").json() == 1
    assert session.view(app).state()[1]["server"]["status"] == "running"


def test_websocket_handlers_exception_is_raised_where_it_is_wanted(session: Session) -> None:
    """As of HTTP: in the place of the refusal, of the close, or at the end of the `with`; else it is a close."""
    app = Routebook()

    @app.websocket("/{at}")
    async def fail(socket: WebSocket, at: str) -> None:
        if at != "refused":
            await socket.accept()
        if at == "last":
            await socket.receive_text()
        raise ZeroDivisionError(at)

    def talk(client: Any, at: str) -> None:
        with client.websocket_connect(f"/{at}") as socket:
            if at == "last":
                socket.send_text("go")
            else:
                socket.receive_text()

    raising, closing = session.client(app, raise_server_exceptions=True), session.client(app)
    for at in ("refused", "received", "last"):
        with pytest.raises(ZeroDivisionError, match=at):
            talk(raising, at)
    with pytest.raises(WebSocketRejectedError):
        talk(closing, "refused")
    with pytest.raises(WebSocketClosedError, match="1011"):
        talk(closing, "received")
    talk(closing, "last")


def test_other_frameworks_applications_are_served_and_called(session: Session, free_port: int) -> None:
    """Any ASGI application: without views, recorded all the same."""

    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise NotImplementedError
        await httpx2_text("plain", send)

    assert session.client(asgi).get("/").text == "plain"
    session.serve(asgi, port=free_port)
    assert httpx2.get(f"http://127.0.0.1:{free_port}/").text == "plain"

    eventually(lambda: [exchange.source for exchange in session.log] == ["client", "server"])


def test_a_cell_that_makes_an_application_and_its_client_leaves_one_view_however_often_it_runs(
    session: Session,
) -> None:
    """Each of its runs views the new application before it has taken the former one's place."""
    clients, views = [], []

    def declare(number: int) -> None:
        made = session.tracker.namespace["app"] = Routebook()
        made.get("/number")(lambda: number)
        clients.append(session.client(made))
        views.append(weakref.ref(session.view(made)))

    for number in range(20):
        run(session, "app", functools.partial(declare, number))
    gc.collect()

    assert [view() for view in views if view() is not None] == [session.view(session.tracker.namespace["app"])]
    assert [client.get("/number").json() for client in clients] == [19] * 20
    assert {exchange.application for exchange in session.log} == {"app"}
    assert session.view(session.tracker.namespace["app"]).state()[1]["exchange_count"] == 20


def test_an_application_that_no_name_holds_ends_with_its_last_client(session: Session) -> None:
    """A function that makes one for each call, as tests do: its lifespan is left, and nothing of it stays."""
    ended, made = [], []

    @contextlib.asynccontextmanager
    async def lifespan(app: Routebook) -> AsyncIterator[None]:
        yield
        ended.append(id(app))

    def make() -> Any:
        local = Routebook(lifespan=lifespan)
        local.get("/")(lambda: 1)
        made.append(weakref.ref(local))
        return session.client(local)

    clients = []

    def ask() -> None:
        clients[:] = [make() for _ in range(10)][:1]
        assert [client.get("/").json() for client in clients] == [1]
        assert make().get("/").json() == 1

    def alive() -> list[Routebook]:
        gc.collect()
        run(session, "other", lambda: None)
        return [app for each in made if (app := each()) is not None]

    for _ in range(3):
        run(session, "asks", ask)
        session.log.clear()
    run(session, "asks", lambda: None)

    assert eventually(lambda: len(alive()) <= 2)
    assert eventually(lambda: alive() and len(ended) == 4)
    assert clients[0].get("/").status_code == 404, "its cell declares nothing any longer"


def test_the_lifespan_of_another_frameworks_application_lasts_as_long_as_its_client(session: Session) -> None:
    """No view knows such an application, and its requests need what the start-up made all the same."""
    told: list[str] = []

    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await httpx2_text("plain", send)
            return
        for event in ("startup", "shutdown"):
            await receive()
            told.append(event)
            await send({"type": f"lifespan.{event}.complete"})

    client = session.client(asgi)
    assert client.get("/").text == "plain"
    run(session, "one", lambda: None)
    assert client.get("/").text == "plain"
    assert told == ["startup"]

    del client

    def ended() -> bool:
        gc.collect()
        run(session, "one", lambda: None)
        return told == ["startup", "shutdown"]

    assert eventually(ended)
