"""The recorder: runs a request, or a WebSocket connection, through an application and keeps what passed as an exchange.

It stands between whoever sends (server, client, console) and the application, changes nothing of what passes, takes
the credentials out of what is kept, and costs some microseconds.
"""

import asyncio
import gc
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from routebook.introspect import ERROR_OBSERVER_KEY, watch
from routebook_kernel.recording.capture import Capture
from routebook_kernel.recording.failures import CellOf, capture_failure, describe_raised
from routebook_kernel.recording.log import ExchangeLog
from routebook_kernel.recording.trace import SpanRecorder
from routebook_kernel.records import Exchange, RaisedRecord, Source, no_route
from routebook_kernel.redaction import USUAL, Secrets
from routebook_kernel.runtime.app_proxy import AppProxy
from routebook_kernel.runtime.http_capture import HttpCapture, decode_headers, make_raw_body
from routebook_kernel.runtime.output import OutputBuffer, capture_output
from routebook_kernel.runtime.socket_capture import SocketCapture

SOCKET_INTERVAL_S = 0.25
"""The shortest time between two log updates of an open WebSocket."""


def in_no_cell(code: object) -> None:
    """Return None: the `CellOf` of an environment without cells."""
    return


@dataclass(slots=True)  # not frozen: see records.py
class Recorded:
    """One request's or connection's outcome: what is kept, and the exception that left the application, if one did.

    Attributes:
        capture: What the exchange is made from.
    """

    exchange: Exchange
    error: Exception | None
    capture: Capture


class Recorder:
    """Runs requests and keeps exchanges.

    Args:
        log: Where they are kept.
        cell_of: Finds the cell of a code object, for tracebacks.
        secrets: The names of secrets, asked at each request: an application may declare API keys of its own.
        sender: The label of the cell that runs now, for requests that Python code sends.
        framework_folders: Folders whose frames are folded in tracebacks.
        before: Called before each request.
        tracing: Whether requests from a source are traced, step by step.

    Attributes:
        begun: How many requests have begun.
        under_way: How many of them have not ended; a WebSocket is not counted.
    """

    def __init__(
        self,
        log: ExchangeLog,
        *,
        cell_of: CellOf = in_no_cell,
        secrets: Callable[[], Secrets] = lambda: USUAL,
        sender: Callable[[], str | None] = lambda: None,
        framework_folders: tuple[str, ...] = (),
        before: Callable[[], None] = lambda: None,
        tracing: Callable[[Source], bool] = lambda source: False,
    ) -> None:
        self.log = log
        self.cell_of = cell_of
        self.secrets = secrets
        self.sender = sender
        self.framework_folders = framework_folders
        self.before = before
        self.tracing = tracing
        self.begun = 0
        self.under_way = 0

    async def record(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, source: Source) -> Recorded:
        """Run one HTTP request; the application's own exception is caught, recorded and returned.

        Raises:
            asyncio.CancelledError: If no one waits for the response any longer. The partial exchange is recorded.
        """
        tap = HttpCapture(receive, send)
        run = _Run(self, scope, tap, source)
        self.under_way += 1
        try:
            error = await run.through(app)
        except asyncio.CancelledError:  # who asked has gone, or was interrupted: as far as it came
            self.log.add(run.exchange(is_cancelled=True))
            raise
        finally:
            self.under_way -= 1
        if source != "server" and tap.is_rejected_unread:
            await tap.receive()  # nobody read the body that was sent: what it held tells why
        exchange = run.exchange(error)
        self.log.add(exchange)
        return Recorded(exchange, error, run.capture)

    async def record_socket(
        self,
        app: ASGIApp,
        scope: Scope,
        receive: Receive,
        send: Send,
        source: Source,
        on_added: Callable[[], None] = lambda: None,
    ) -> Recorded:
        """Run one WebSocket connection: kept when it is accepted, renewed while messages pass, and when it has ended.

        Args:
            on_added: Called when it has been added to the log.
        """
        tap = SocketCapture(receive, send)
        run = _Run(self, scope, tap, source)
        entry = SocketLogEntry(run, self.log, on_added)
        tap.on_change = entry.schedule_update
        try:
            error = await run.through(app)
        except asyncio.CancelledError:  # its client has gone, and nobody waits for it any longer
            tap.drop()
            entry.finish(None)
            raise
        tap.end()
        if isinstance(error, WebSocketDisconnect | OSError) and tap.socket.closed_by == "client":
            error = None  # the client left, and the handler had nothing more to do
        return Recorded(entry.finish(error), error, run.capture)


class _Run:
    """One request or connection on its way through an application.

    Attributes:
        capture: The capture from which the latest exchange was made.
    """

    __slots__ = (
        "_application", "_began_alone", "_begun", "_cell", "_cpu_began", "_number", "_output", "_raised", "_recorder",
        "_scope", "_since_collected", "_source", "_tap", "_trace", "capture",
    )  # fmt: skip

    def __init__(self, recorder: Recorder, scope: Scope, tap: HttpCapture | SocketCapture, source: Source) -> None:
        self._recorder = recorder
        self._scope = scope
        self._tap = tap
        self._source = source
        self._number = recorder.log.next_id()
        cell = recorder.sender()
        self._cell = cell if source == "client" else None
        self._began_alone = recorder.under_way == 0 and (cell is None or source == "client")
        recorder.begun = self._begun = recorder.begun + 1
        self._output: OutputBuffer | None = None
        self._application: str | None = None
        self._cpu_began = time.process_time()
        self._since_collected = gc.get_count()[2]
        self._trace: SpanRecorder | None = None
        self._raised: RaisedRecord | None = None

    async def through(self, app: ASGIApp) -> Exception | None:
        """Run it; the result is the exception that left the application."""
        self._recorder.before()
        self._application = app.name if isinstance(app, AppProxy) else None
        self._scope[ERROR_OBSERVER_KEY] = self._hear
        if self._recorder.tracing(self._source):
            recorder = self._recorder
            self._trace = SpanRecorder(recorder.cell_of, recorder.framework_folders)
            watch(app.current if isinstance(app, AppProxy) else app, self._scope, self._trace)
        with capture_output() as self._output:
            try:
                await app(self._scope, self._tap.receive, self._tap.send)
            except Exception as error:
                return error
        return None

    def _hear(self, error: Exception) -> None:
        """An exception leaves a route; of several the first: the others are its echo in the applications around it."""
        if self._raised is None:
            self._raised = describe_raised(
                error, self._recorder.cell_of, framework_folders=self._recorder.framework_folders
            )

    def exchange(self, error: Exception | None = None, *, is_cancelled: bool = False) -> Exchange:
        """As it stands now."""
        recorder, tap, scope = self._recorder, self._tap, self._scope
        failure = None
        if error is not None:
            failure = capture_failure(error, recorder.cell_of, framework_folders=recorder.framework_folders)
        self.capture = Capture(
            recorder.secrets().hider(),
            _url(scope),
            scope.get("path_params", {}),
            tuple(decode_headers(scope["headers"])),
            make_raw_body(tap.request),
            tuple(decode_headers(tap.headers)),
            make_raw_body(tap.response),
            self._output.text if self._output is not None else "",
            failure,
            self._trace.spans if self._trace is not None else (),
            tap.socket,
        )
        return Exchange.of(
            self.capture,
            id=self._number,
            source=self._source,
            operation=operation_of(scope),
            method=method_of(scope),
            status=tap.status,
            started_at=tap.started_at,
            elapsed_ms=tap.elapsed_ms,
            cell=self._cell,
            application=self._application,
            plan=self._trace.plan_view if self._trace is not None else None,
            raised=self._raised,
            route=_route_of(scope),
            cpu_ms=self._cpu_ms(),
            is_cancelled=is_cancelled,
        )

    def _cpu_ms(self) -> float:
        """What the process computed, where no other request, nor a cell that did not send it, may have made it so."""
        recorder = self._recorder
        is_alone = self._began_alone and recorder.begun == self._begun
        is_alone = is_alone and (self._source == "client" or recorder.sender() is None)
        has_collected = gc.get_count()[2] < self._since_collected  # all of a notebook's: it takes a quarter of a second
        return (time.process_time() - self._cpu_began) * 1000 if is_alone and not has_collected else 0.0


class SocketLogEntry:
    """A WebSocket's entry in the log: updated at intervals while the connection is open, and once when it ends."""

    def __init__(self, run: _Run, log: ExchangeLog, on_added: Callable[[], None]) -> None:
        self._run = run
        self._log = log
        self._on_added = on_added
        self._is_added = False
        self._due: asyncio.TimerHandle | None = None

    def schedule_update(self) -> None:
        """Add the entry at once; schedule later updates, so that one covers many messages."""
        if not self._is_added:
            self._write(self._run.exchange())
        elif self._due is None:
            self._due = asyncio.get_running_loop().call_later(SOCKET_INTERVAL_S, self._update)

    def finish(self, error: Exception | None) -> Exchange:
        """Write the final exchange to the log and return it."""
        if self._due is not None:
            self._due.cancel()
        exchange = self._run.exchange(error)
        self._write(exchange)
        return exchange

    def _update(self) -> None:
        self._due = None
        self._write(self._run.exchange())

    def _write(self, exchange: Exchange) -> None:
        if self._is_added:
            self._log.update(exchange)
            return
        self._is_added = True
        self._log.add(exchange)
        self._on_added()


class Recording:
    """ASGI middleware over a `Recorder`, for an application that is served over a socket."""

    def __init__(self, app: ASGIApp, recorder: Recorder, on_recorded: Callable[[], None] = lambda: None) -> None:
        self.app = app
        self.recorder = recorder
        self._on_recorded = on_recorded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Record requests and WebSocket connections and pass on everything else.

        An exception whose 500 was sent is kept with its exchange and goes no further: the server would print it
        where nobody looks. One that left the client without a response is the server's to end.
        """
        if scope["type"] == "websocket":
            recorded = await self.recorder.record_socket(self.app, scope, receive, send, "server", self._on_recorded)
        elif scope["type"] == "http":
            recorded = await self.recorder.record(self.app, scope, receive, send, "server")
            self._on_recorded()
        else:
            await self.app(scope, receive, send)
            return
        if recorded.error is not None and recorded.exchange.status is None:
            raise recorded.error


def operation_of(scope: Scope) -> str | None:
    """The operation that answered, as "GET /items/{item_id}" or "WEBSOCKET /chat"; None where no route did."""
    route: Any = scope.get("route")
    if route is None:
        return None
    template = getattr(route, "path_format", None)
    return f"{method_of(scope)} {template}" if template else None


def method_of(scope: Scope) -> str:
    """The method; of a WebSocket, which has none, "WEBSOCKET"."""
    method: str = scope.get("method", "WEBSOCKET")
    return method


def _route_of(scope: Scope) -> Callable[[], Any]:
    """Gives the route while it stands: a record that is kept does not keep an application that is gone."""
    route: Any = scope.get("route")
    original = getattr(route, "original_route", route)
    return no_route if original is None else weakref.ref(original)


def _url(scope: Scope) -> str:
    path = (scope.get("raw_path") or scope["path"].encode()).decode("ascii", "backslashreplace")
    query = scope.get("query_string", b"").decode("ascii", "backslashreplace")
    return f"{path}?{query}" if query else path
