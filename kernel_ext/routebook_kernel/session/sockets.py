"""The WebSockets of one application as their console knows them: the endpoints, and the connections to them.

A connection lives with the application's view in the kernel, not with a page: a page that is reloaded finds it again.
It ends when one of its sides closes it, when the extension is unloaded, and with the kernel.
"""

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from routebook.applications import Routebook
from routebook.openapi.utils import describe_websockets
from routebook_kernel.exceptions import RequestError
from routebook_kernel.protocol import (
    ConnectArguments,
    ConnectionState,
    OperationState,
    Payload,
    SendArguments,
    SocketsDelta,
    SocketsState,
)
from routebook_kernel.recording.close_codes import find_close_error
from routebook_kernel.redaction import Secrets
from routebook_kernel.registry.operations import RouteOperation
from routebook_kernel.runtime.connection import Connection, PerformSocket, leave_all
from routebook_kernel.runtime.home import HomeLoop
from routebook_kernel.runtime.websocket import websocket_scope
from routebook_kernel.session.credentials import Credentials
from routebook_kernel.session.sending import cell_ref, form_request
from routebook_kernel.session.socket_state import (
    Asked,
    Snapshot,
    connection_state,
    difference,
    message_payload,
    told,
)
from routebook_kernel.session.state_feed import StateFeed
from routebook_kernel.session.tracker import Tracker

MAX_LIVE = 50
MAX_KEPT = 50
"""How many connections live at the same time, and how many are kept, ended ones with them."""

_SUBPROTOCOL = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_OUTDATED = "The cell has run again, but this connection still runs the old code. Reconnect to use the new code."
_GONE = "No cell defines this WebSocket any more. The connection still runs the old code."


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The WebSocket endpoints of an application, and which route serves each."""

    operations: list[OperationState]
    components: Mapping[str, Any]
    routes: Mapping[str, object]


class Sockets:
    """Endpoints and connections of one application; implements `session_api.SocketsView`.

    Args:
        home: Where connections live.
        app: The application that stands, and its variable.
        tracker: Knows who owns what.
        perform: Runs a connection through the application that stands.
        secrets: What is taken out of what is kept.
        sign_in: Asks for an OAuth2 token.
        credentials: What a person gave for the application's security schemes.
    """

    def __init__(
        self,
        home: HomeLoop,
        app: Callable[[], tuple[Routebook, str]],
        tracker: Tracker,
        perform: PerformSocket,
        secrets: Callable[[], Secrets],
        sign_in: Callable[[SendArguments], Any],
        credentials: Credentials,
    ) -> None:
        self._home = home
        self._app = app
        self._tracker = tracker
        self._perform = perform
        self._secrets = secrets
        self._sign_in = sign_in
        self.credentials = credentials
        self._ids = itertools.count(1)
        self._connections: dict[int, Asked] = {}
        self._ended: dict[int, ConnectionState] = {}
        self._endpoints: Endpoints | None = None
        self._feed = StateFeed(home, self._take, difference, told)
        credentials.on_change(self._feed.touch)

    # What views ask (session_api.SocketsView)

    def state(self) -> tuple[int, SocketsState]:
        """The whole state and its sequence number."""
        return self._feed.state()

    def subscribe(self, listener: Callable[[SocketsDelta], None]) -> Callable[[], None]:
        """Call `listener` with each delta, at most 20 a second, from any thread; the result ends it."""
        return self._feed.subscribe(listener)

    async def connect(self, arguments: ConnectArguments) -> int:
        """Begin a connection, which goes on by itself; its id.

        Raises:
            RequestError: The handshake cannot be formed, or too many connections are open.
        """
        if sum(asked.connection.is_live for asked in self._connections.values()) >= MAX_LIVE:
            raise RequestError(f"{MAX_LIVE} connections are open. Close one first.")
        asked = self._ask(arguments)
        self._connections[asked.id] = asked
        self._let_go()
        asked.connection.start()
        self._feed.touch()
        return asked.id

    async def send(self, id: int, data: str | bytes) -> None:
        """Send a message.

        Raises:
            RequestError: The connection is not open.
        """
        asked = self._connections.get(id)
        if asked is None or asked.connection.status != "open":
            raise RequestError("The connection isn't open. Reconnect first.")
        asked.connection.send(data)

    async def leave(self, id: int, code: int, reason: str) -> None:
        """Close a connection; nothing happens where it has ended.

        Raises:
            RequestError: A close frame cannot carry this.
        """
        if refusal := find_close_error(code, reason):
            raise RequestError(refusal)
        if id in self._connections:
            await self._connections[id].connection.close(code, reason)

    async def message(self, id: int, number: int) -> Payload:
        """A message as it is kept.

        Raises:
            RequestError: It is kept no longer.
        """
        asked = self._connections.get(id)
        message = asked.connection.transcript.get(number) if asked else None
        if message is None:
            raise RequestError(f"Message {number} is no longer in the log.")
        return message_payload(message)

    async def forget(self, ids: Sequence[int]) -> None:
        """Let go of connections that have ended."""
        for id_ in ids:
            if id_ in self._connections and not self._connections[id_].connection.is_live:
                self._drop(id_)
        self._feed.touch()

    async def sign_in(self, request: SendArguments) -> str:
        """Ask the application for an OAuth2 token, which no record holds.

        Raises:
            RequestError: No token came; the message says what did.
        """
        token: str = await self._sign_in(request)
        return token

    def close(self) -> None:
        """Leave all connections; any thread."""
        live = [asked.connection for asked in self._connections.values() if asked.connection.is_live]
        if live:
            self._home.submit(leave_all(live))

    # What the session tells

    def lose(self, error: Exception) -> None:
        """The loop that the connections lived on was abandoned; any thread."""
        for asked in tuple(self._connections.values()):
            asked.connection.lose(error)

    def touch(self) -> None:
        """The application, or what owns its endpoints, may have changed; any thread."""
        self._endpoints = None
        self._feed.touch()

    def _ask(self, arguments: ConnectArguments) -> Asked:
        request, raw_path = form_request({**arguments["request"], "method": "GET", "body": {"kind": "none"}})
        offered = arguments["subprotocols"]
        if bad := [name for name in offered if not _SUBPROTOCOL.fullmatch(name)]:
            raise RequestError(f"Invalid subprotocol {bad[0]!r}. Use letters, digits, '.', '-' and '_'.")
        headers = [*request.headers.raw, *([(b"sec-websocket-protocol", ", ".join(offered).encode())] * bool(offered))]
        scope = websocket_scope(unquote(raw_path), raw_path.encode("ascii"), request.url.query, headers, offered)
        query = request.url.query.decode("ascii", "backslashreplace")
        operation = f"WEBSOCKET {arguments['request']['path']}"
        hider = self._secrets().hider()
        shown = hider.header_pairs((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
        subprotocols = next((value for name, value in shown if name == "sec-websocket-protocol"), "")
        return Asked(
            id=next(self._ids),
            operation=operation,
            url=hider.url(f"{raw_path}?{query}" if query else raw_path),
            subprotocols=tuple(subprotocols.split(", ")) if offered else (),
            route=self._known().routes.get(operation),
            connection=Connection(self._perform, scope, hider, self._feed.touch),
        )

    def _let_go(self) -> None:
        """The oldest that have ended make room."""
        ended = [id_ for id_, asked in self._connections.items() if not asked.connection.is_live]
        for id_ in ended[: max(0, len(self._connections) - MAX_KEPT)]:
            self._drop(id_)

    def _drop(self, id_: int) -> None:
        del self._connections[id_]
        self._ended.pop(id_, None)

    # What is shown

    def _take(self) -> Snapshot:
        app, name = self._app()
        endpoints = self._known()
        connections = dict(self._connections)
        return Snapshot(
            name=name,
            title=app.title,
            operations=endpoints.operations,
            components=endpoints.components,
            credentials=self.credentials.state(),
            connections={id_: self._told(asked, endpoints) for id_, asked in connections.items()},
            messages={id_: tuple(asked.connection.transcript.kept) for id_, asked in connections.items()},
        )

    def _told(self, asked: Asked, endpoints: Endpoints) -> ConnectionState:
        if asked.id in self._ended:
            return self._ended[asked.id]
        state = connection_state(asked, _note(asked, endpoints))
        if asked.connection.recorded is not None or asked.connection.error is not None:
            self._ended[asked.id] = state
        return state

    def _known(self) -> Endpoints:
        if self._endpoints is None:
            self._endpoints = _endpoints(self._app()[0], self._tracker)
        return self._endpoints


def _note(asked: Asked, endpoints: Endpoints) -> str:
    route = endpoints.routes.get(asked.operation)
    if asked.route is None or route is asked.route:
        return ""
    return _GONE if route is None else _OUTDATED


def _endpoints(app: Routebook, tracker: Tracker) -> Endpoints:
    """The endpoints in order of declaration; of two for one path the first, which answers."""
    described, components = _described(app)
    marks = tracker.marks(app)
    states: dict[str, OperationState] = {}
    routes: dict[str, object] = {}
    for operation in tracker.operations(app):
        if operation.method != "WEBSOCKET" or operation.id in states:
            continue
        states[operation.id] = _operation_state(operation, described.get(operation.path, {}), tracker)
        states[operation.id]["marks"] = list(marks.get(operation.id, ()))
        routes[operation.id] = operation.context.original_route
    return Endpoints(list(states.values()), components, routes)


def _described(app: Routebook) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    try:
        described = describe_websockets(app.routes)
    except Exception:  # the user's own models and hooks run here; connecting works without
        return {}, {}
    return described["operations"], described["components"]


def _operation_state(operation: RouteOperation, described: Mapping[str, Any], tracker: Tracker) -> OperationState:
    cell = tracker.notebook.cell(operation.entry.cell) if operation.entry else None
    return OperationState(
        id=operation.id,
        method=operation.method,
        path=operation.path,
        tags=[str(tag) for tag in described.get("tags", ())],
        summary=str(described.get("summary", "")),
        deprecated=False,
        operation=described,
        endpoint=operation.function,
        cell=cell_ref(cell, operation.line) if cell else None,
        marks=[],
    )
