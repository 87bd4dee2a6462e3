"""The least that a server does: a scope, a `receive` and a `send`, with no socket and no parsing."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Scope

from .cases import HttpRequest, WebSocketExchange

_ADDRESSES = {"server": ("127.0.0.1", 8000), "client": ("127.0.0.1", 50000), "root_path": ""}


class UnfinishedResponseError(Exception):
    """An application returned without a complete answer, or in an order that ASGI forbids."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an application sent: for HTTP its status and body, for a WebSocket 101 and the texts."""

    status: int
    body: bytes
    texts: tuple[str, ...] = ()

    @property
    def value(self) -> Any:
        """The body as JSON where it is JSON, else as text; a WebSocket's texts as a list."""
        if self.texts:
            return list(self.texts)
        try:
            return json.loads(self.body)
        except ValueError:
            return self.body.decode()


def make_scope(request: HttpRequest | WebSocketExchange) -> Scope:
    """The scope that uvicorn would hand over. Applications write into theirs: give each call a copy."""
    path = request.path
    common = {"path": path, "raw_path": path.encode(), "http_version": "1.1", **_ADDRESSES}
    headers = [(b"host", b"127.0.0.1:8000"), (b"user-agent", b"bench"), (b"accept", b"*/*")]
    if isinstance(request, WebSocketExchange):
        asgi = {"version": "3.0", "spec_version": "2.4"}
        return {
            **common,
            "type": "websocket",
            "asgi": asgi,
            "scheme": "ws",
            "query_string": b"",
            "headers": headers,
            "subprotocols": [],
        }
    headers += [(name.encode(), value.encode()) for name, value in request.headers]
    if request.body:
        headers.append((b"content-length", str(len(request.body)).encode()))
    return {
        **common,
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "scheme": "http",
        "method": request.method,
        "query_string": request.query.encode(),
        "headers": headers,
    }


def _incoming(request: HttpRequest | WebSocketExchange) -> tuple[Message, ...]:
    if isinstance(request, HttpRequest):
        return ({"type": "http.request", "body": request.body, "more_body": False},)
    texts: tuple[Message, ...] = tuple({"type": "websocket.receive", "text": text} for text in request.texts)
    return ({"type": "websocket.connect"}, *texts, {"type": "websocket.disconnect", "code": 1000})


def make_caller(app: ASGIApp, request: HttpRequest | WebSocketExchange) -> Callable[[], Awaitable[None]]:
    """Prepare one request; each call of the result makes it once and returns when the application does."""
    template = make_scope(request)
    headers = template["headers"]
    messages = _incoming(request)

    async def call() -> None:
        client = Client(messages)
        await app({**template, "headers": headers.copy(), "state": {}}, client.receive, client.send)

    return call


class Client:
    """The other end of one request: hands out its messages, then stays connected until it has its answer.

    Spec: ASGI HTTP 2.3, Disconnect, "receive event": sent when the client goes, or if
    `receive` is called after the response was sent. Litestar's streams wait for it.
    """

    __slots__ = ("_gone", "_messages")

    def __init__(self, messages: tuple[Message, ...]) -> None:
        self._messages = iter(messages)
        self._gone: asyncio.Future[Message] | None = None

    async def receive(self) -> Message:
        for message in self._messages:
            return {**message}
        if self._gone is None:
            self._gone = asyncio.get_running_loop().create_future()
        return await self._gone

    async def send(self, message: Message) -> None:
        if self._gone is not None and message["type"] == "http.response.body" and not message.get("more_body"):
            self._gone.set_result({"type": "http.disconnect"})


class CollectingClient(Client):
    """A client that keeps what it was sent."""

    __slots__ = ("sent",)

    def __init__(self, messages: tuple[Message, ...]) -> None:
        super().__init__(messages)
        self.sent: list[Message] = []

    async def send(self, message: Message) -> None:
        self.sent.append(message)
        await super().send(message)


async def fetch(app: ASGIApp, request: HttpRequest | WebSocketExchange) -> Answer:
    """Make one request and collect the answer.

    Raises:
        UnfinishedResponseError: The application did not complete the response.
    """
    client = CollectingClient(_incoming(request))
    await app({**make_scope(request), "state": {}}, client.receive, client.send)
    sent = client.sent
    if isinstance(request, WebSocketExchange):
        if not sent or sent[0]["type"] != "websocket.accept":
            raise UnfinishedResponseError(f"the WebSocket was not accepted: {sent}")
        return Answer(101, b"", tuple(message["text"] for message in sent if message["type"] == "websocket.send"))
    if not sent or sent[0]["type"] != "http.response.start" or sent[-1].get("more_body", False):
        raise UnfinishedResponseError(f"no complete response: {sent}")
    return Answer(sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]))


@asynccontextmanager
async def lifespan(app: ASGIApp) -> AsyncIterator[None]:
    """Enter and leave an application's lifespan, as a server does.

    Raises:
        UnfinishedResponseError: The application did not start.
    """
    answers: asyncio.Queue[Message] = asyncio.Queue()
    requests: asyncio.Queue[Message] = asyncio.Queue()
    scope: Scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
    requests.put_nowait({"type": "lifespan.startup"})
    running = asyncio.ensure_future(app(scope, requests.get, answers.put))
    answer = await answers.get()
    if answer["type"] != "lifespan.startup.complete":
        raise UnfinishedResponseError(f"the application did not start: {answer}")
    yield
    requests.put_nowait({"type": "lifespan.shutdown"})
    await running
