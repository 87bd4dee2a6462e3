"""The recorder: runs one request through an application and keeps what passed as an exchange, credentials redacted.

It stands between whoever sends (server, client, console) and the application, changes nothing of what passes, and
costs some microseconds.

Spec: ASGI, HTTP (`http.request`, `http.response.start`, `http.response.body`).
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from routebook.introspect import OBSERVER_KEY
from routebook_kernel.recording.failures import CellOf, describe_failure
from routebook_kernel.recording.log import ExchangeLog
from routebook_kernel.recording.redact import USUAL, Secrets
from routebook_kernel.recording.trace import SpanRecorder
from routebook_kernel.records import Body, Exchange, Source
from routebook_kernel.runtime.output import Collected, collected_output

MAX_BODY_BYTES = 256 * 1024


def in_no_cell(code: object) -> None:
    """The `CellOf` of a place without cells."""
    return


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request's outcome: what is kept, and the exception that left the application, if one did."""

    exchange: Exchange
    error: Exception | None


class Recorder:
    """Runs requests and keeps exchanges.

    Args:
        log: Where they are kept.
        cell_of: Finds the cell of a code object, for tracebacks.
        secrets: The names of secrets, asked at each request: an application may declare API keys of its own.
        sender: The label of the cell that runs now, for requests that Python code sends.
        ours: Folders whose frames are folded in tracebacks.
        tracing: Whether requests from a source are traced, step by step.
    """

    def __init__(
        self,
        log: ExchangeLog,
        *,
        cell_of: CellOf = in_no_cell,
        secrets: Callable[[], Secrets] = lambda: USUAL,
        sender: Callable[[], str | None] = lambda: None,
        ours: tuple[str, ...] = (),
        tracing: Callable[[Source], bool] = lambda source: False,
    ) -> None:
        self.log = log
        self.cell_of = cell_of
        self.secrets = secrets
        self.sender = sender
        self.ours = ours
        self.tracing = tracing

    async def record(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, source: Source) -> Recorded:
        """Run one HTTP request; the application's own exception is caught, told, and returned."""
        tap = _Tap(receive, send)
        error: Exception | None = None
        number = self.log.next_id()
        trace = None
        if self.tracing(source):
            trace = scope[OBSERVER_KEY] = SpanRecorder()
        with collected_output() as output:
            try:
                await app(scope, tap.receive, tap.send)
            except Exception as raised:
                error = raised
        exchange = self._exchange(number, scope, tap, output, error, source)
        if trace is not None:
            exchange = replace(exchange, spans=trace.spans)
        self.log.add(exchange)
        return Recorded(exchange, error)

    def _exchange(
        self, number: int, scope: Scope, tap: "_Tap", output: Collected, error: Exception | None, source: Source
    ) -> Exchange:
        secrets = self.secrets()
        request_headers, response_headers = _decoded(scope["headers"]), _decoded(tap.headers)
        return Exchange(
            id=number,
            source=source,
            operation=operation_of(scope),
            method=scope["method"],
            url=secrets.url(_url(scope)),
            request_headers=secrets.header_pairs(request_headers),
            request_body=_body(tap.request, request_headers, secrets),
            status=tap.status,
            response_headers=secrets.header_pairs(response_headers),
            response_body=_body(tap.response, response_headers, secrets),
            started_at=tap.started_at,
            elapsed_ms=tap.elapsed_ms,
            failure=describe_failure(error, self.cell_of, secrets=secrets, ours=self.ours) if error else None,
            output=output.text,
            cell=self.sender() if source == "client" else None,
        )


class Recording:
    """ASGI middleware over a `Recorder`, for an application that is served over a socket."""

    def __init__(self, app: ASGIApp, recorder: Recorder, on_recorded: Callable[[], None] = lambda: None) -> None:
        self.app = app
        self.recorder = recorder
        self._on_recorded = on_recorded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Record HTTP requests and pass on everything else.

        An exception whose 500 was sent is kept with its exchange and goes no further: the server would print it
        where nobody looks. One that left the client without a response is the server's to end.
        """
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        recorded = await self.recorder.record(self.app, scope, receive, send, "server")
        self._on_recorded()
        if recorded.error is not None and recorded.exchange.status is None:
            raise recorded.error


class _Kept:
    """The first bytes of a body and its whole size."""

    __slots__ = ("chunks", "room", "size")

    def __init__(self) -> None:
        self.chunks: list[bytes] = []
        self.room = MAX_BODY_BYTES
        self.size = 0

    def add(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self.room > 0 and chunk:
            self.chunks.append(chunk[: self.room])
            self.room -= len(chunk)


class _Tap:
    """Hears what passes between the application and the outside."""

    __slots__ = ("_began", "_ended", "_receive", "_send", "headers", "request", "response", "started_at", "status")

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self.request, self.response = _Kept(), _Kept()
        self.status: int | None = None
        self.headers: Iterable[tuple[bytes, bytes]] = ()
        self.started_at = time.time()
        self._began = time.perf_counter()
        self._ended: float | None = None

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self.request.add(message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            self.status = message["status"]
            self.headers = message.get("headers", ())
        elif kind == "http.response.body":
            self.response.add(message.get("body", b""))
        await self._send(message)
        if kind == "http.response.body" and not message.get("more_body", False):
            self._ended = time.perf_counter()

    @property
    def elapsed_ms(self) -> float:
        """Until the response was sent; background tasks run after it."""
        return ((self._ended or time.perf_counter()) - self._began) * 1000


def operation_of(scope: Scope) -> str | None:
    """The operation that answered, as "GET /items/{item_id}"; None where no route did."""
    route: Any = scope.get("route")
    if route is None:
        return None
    template = getattr(route, "path_format", None)
    return f"{scope['method']} {template}" if template else None


def _url(scope: Scope) -> str:
    path = (scope.get("raw_path") or scope["path"].encode()).decode("ascii", "backslashreplace")
    query = scope.get("query_string", b"").decode("ascii", "backslashreplace")
    return f"{path}?{query}" if query else path


def _decoded(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]


def _body(kept: _Kept, headers: list[tuple[str, str]], secrets: Secrets) -> Body | None:
    if kept.size == 0:
        return None
    content_type = next((value for name, value in headers if name.lower() == "content-type"), "")
    media_type = content_type.partition(";")[0].strip().lower()
    data = secrets.body(b"".join(kept.chunks), media_type)
    return Body(data, kept.size, media_type, is_truncated=kept.room < 0)
