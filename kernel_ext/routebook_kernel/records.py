"""The facts that the extension keeps, as frozen records: cells, exchanges, spans."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from routebook.introspect import PlanView

CellKey = str
"""What tells one cell from another: the front end's id, or a fallback where it sends none."""

Source = Literal["console", "client", "server"]
"""Where a request came from: a view, Python code in the kernel, or the socket."""

RunOutcome = Literal["completed", "raised", "refused"]
"""How a run of a cell ended; "refused" never began: a syntax error."""

Peer = Literal["client", "application"]
"""One of the two sides of a WebSocket."""


def no_route() -> None:
    """The route of an exchange that none answered."""
    return


HeaderPairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CellRecord:
    """One cell as it ran last.

    Attributes:
        key: Tells it from other cells.
        cell_id: The front end's id; None where it sends none.
        count: The execution count a person sees beside the cell.
        source: Its text as it was written, magics included.
        filename: The file name of its code objects, a hash of the source.
        run: Which run of any cell this was, counted over the kernel's life.
    """

    key: CellKey
    cell_id: str | None
    count: int | None
    source: str
    filename: str | None = None
    run: int = 0

    @property
    def label(self) -> str:
        """The execution count as the notebook shows it, `[7]`."""
        return f"[{self.count if self.count is not None else ' '}]"


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a cell or of a file."""

    cell: CellRecord | None
    file: str | None
    line: int | None

    def __str__(self) -> str:
        where = f"cell {self.cell.label}" if self.cell else (self.file or "somewhere")
        return f"{where}, line {self.line}" if self.line else where


# Nothing changes a record once it is made. Those that each request makes are not frozen all the same: a frozen
# dataclass sets each field by a call, four times as slow, which was a tenth of what the recorder costs.


@dataclass(slots=True)
class Body:
    """A body as it is kept: its first bytes, redacted.

    Attributes:
        data: What is kept of it.
        size_bytes: Its whole size on the wire.
        media_type: From the Content-Type header, without parameters, lower case; "" when not given.
    """

    data: bytes
    size_bytes: int
    media_type: str
    is_truncated: bool = False

    @property
    def text(self) -> str | None:
        """What is kept of it as text; None where it is no UTF-8."""
        try:
            # A text may have been cut in the middle of a character.
            return self.data.decode("utf-8", "ignore" if self.is_truncated else "strict")
        except UnicodeDecodeError:
            return None


def size_of(body: Body | None) -> int:
    """The size of a body in bytes; 0 where there is none."""
    return body.size_bytes if body is not None else 0


@dataclass(frozen=True, slots=True)
class RawRequest:
    """A request as it goes over the wire.

    Attributes:
        url: Path and query, percent-encoded.
    """

    method: str
    url: str
    headers: HeaderPairs
    body: bytes

    @property
    def media_type(self) -> str:
        """From the Content-Type header, without parameters, lower case; "" when not given."""
        given = next((value for name, value in self.headers if name.lower() == "content-type"), "")
        return given.partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class FrameRecord:
    """One frame of a traceback that is the user's own; values are short and redacted."""

    place: Place
    function: str
    source: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class FailureRecord:
    """An exception that no handler answered.

    Attributes:
        frames: The user's frames, outermost first.
        folded: How many frames of frameworks and libraries were left out.
        cause: What it means and the way out, where its own words do not say.
        misfits: Where a result did not fit its response model: pydantic's error items, as JSON values.
    """

    type: str
    message: str
    frames: tuple[FrameRecord, ...]
    folded: int
    cause: str | None = None
    response_errors: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class RaisedRecord:
    """An exception that the user's code raised and a handler may have answered: `raise HTTPException(404)`.

    Attributes:
        place: The line of the innermost frame that is the user's own.
        function: The function of that frame.
    """

    type: str
    place: Place
    function: str


@dataclass(frozen=True, slots=True)
class Span:
    """One timed step of a request.

    Attributes:
        kind: As the framework names it: "match", "dependency", "endpoint"…
        line: Of the generated function; 0 outside of it.
        depth: 0 for the outermost.
        start_ms: Since the request began.
        outcome: "ok", or the name of the error.
        parent: The step around it, by its place among the request's spans; None for the outermost.
        thread: The worker thread in which it ran; None on the event loop.
        waited_ms: How long it waited for the thread.
        result: What it gave, shortened, credentials redacted.
        place: Where its function stands, of a step that is in no plan: middleware, background task.
        raised: Where the user's code raised the error.
    """

    kind: str
    name: str
    line: int
    depth: int
    start_ms: float
    elapsed_ms: float
    outcome: str
    parent: int | None = None
    thread: str | None = None
    waited_ms: float = 0.0
    result: str | None = None
    place: Place | None = None
    raised: RaisedRecord | None = None


@dataclass(frozen=True, slots=True)
class SocketMessage:
    """One message over a WebSocket, credentials redacted.

    Attributes:
        data: Its first bytes; of a text its UTF-8.
        size_bytes: Its whole size on the wire.
        at_ms: Since the connection was asked for.
    """

    sender: Peer
    is_text: bool
    data: bytes
    size_bytes: int
    at_ms: float
    is_truncated: bool = False


@dataclass(frozen=True, slots=True)
class SocketRecord:
    """What passed over one WebSocket after its handshake.

    Attributes:
        messages: The last ones, in the order in which they passed.
        message_count: How many passed, kept or let go.
        received_bytes: What the client sent, all messages together.
        sent_bytes: What the application sent.
        subprotocol: The one that the application chose.
        close_code: None while it is open, and of a handshake that was answered with a response. Of a refused
            handshake what the application closed it with; 1006 where it ended without a word.
        closed_by: Who ended it; None while it is open.

    Spec: RFC 6455 §7.4 (close codes).
    """

    messages: tuple[SocketMessage, ...] = ()
    message_count: int = 0
    received_bytes: int = 0
    sent_bytes: int = 0
    subprotocol: str | None = None
    close_code: int | None = None
    close_reason: str = ""
    closed_by: Peer | None = None

    @property
    def is_open(self) -> bool:
        """Whether it has not ended yet."""
        return self.closed_by is None


class Sealed(Protocol):
    """What was heard of an exchange, which only its redaction reads."""

    @property
    def size_bytes(self) -> int:
        """About how much memory it holds."""
        ...

    def open(self) -> Mapping[str, Any]:
        """The fields `_SEALED` of an exchange, credentials taken out."""
        ...


_SEALED = frozenset({
    "url", "request_headers", "request_body", "response_headers", "response_body", "failure", "output", "spans",
    "socket",
})  # fmt: skip


@dataclass(slots=True)
class Exchange:
    """One request and its response, or one WebSocket connection; credentials redacted.

    Attributes:
        id: Counts from 1 over the kernel's life.
        operation: Which operation answered, such as "GET /items/{item_id}"; None when none did.
        method: Of a WebSocket connection "WEBSOCKET".
        started_at: Seconds since the epoch.
        status: None when no response came; 101 when a WebSocket was accepted.
        elapsed_ms: Until the response was sent; of a WebSocket until it was closed, or until now.
        output: What the handlers printed and logged.
        cell: The cell that sent it, where one did.
        spans: The steps, of a request that was traced.
        plan: How the operation was served, of a request that was traced.
        application: The variable of the application that it was sent to; None where that is no Routebook application.
        raised: The exception behind an error response, and where the user's code raised it; None where it did not.
        socket: What passed over a WebSocket; None for HTTP.
        route: Gives the route that answered, while it stands; what was sent is compared with what it expects.
        cpu_ms: How long this process computed meanwhile, all threads together; 0 where another request or a cell
            was under way, or all garbage was collected, which may have computed instead.
        is_cancelled: Whether its sender gave up before the end: by Cancel in a view, by an interrupt, by leaving.
        sealed: What the fields that are not set yet are made from; None once they are.
    """

    id: int
    source: Source
    operation: str | None
    method: str
    url: str
    request_headers: HeaderPairs
    request_body: Body | None
    status: int | None
    response_headers: HeaderPairs
    response_body: Body | None
    started_at: float
    elapsed_ms: float
    failure: FailureRecord | None = None
    output: str = ""
    cell: str | None = None
    application: str | None = None
    spans: tuple[Span, ...] = field(default=())
    plan: PlanView | None = None
    raised: RaisedRecord | None = None
    socket: SocketRecord | None = None
    route: Callable[[], Any] = field(default=no_route, compare=False, repr=False)
    cpu_ms: float = 0.0
    is_cancelled: bool = False
    sealed: Sealed | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, sealed: Sealed, **known: Any) -> "Exchange":
        """An exchange whose other fields are opened when one of them is first read."""
        exchange = cls.__new__(cls)
        for name, value in known.items():
            setattr(exchange, name, value)
        exchange.sealed = sealed
        return exchange

    if not TYPE_CHECKING:  # a checker would take any name for a field

        def __getattr__(self, name: str) -> Any:
            """Called for a field that is not set yet."""
            sealed = object.__getattribute__(self, "sealed") if name in _SEALED else None
            if sealed is not None:
                for each, value in sealed.open().items():
                    setattr(self, each, value)
                self.sealed = None
            return object.__getattribute__(self, name)

    @property
    def size_bytes(self) -> int:
        """About how much memory the record holds."""
        sealed = self.sealed
        if sealed is not None:
            return 1000 + sealed.size_bytes
        size = 1000 + len(self.url) + len(self.output) + 500 * len(self.spans)
        for body in (self.request_body, self.response_body):
            if body is not None:
                size += len(body.data)
        for headers in (self.request_headers, self.response_headers):
            for name, value in headers:
                size += len(name) + len(value) + 100
        if self.socket is not None:
            size += sum(200 + len(message.data) for message in self.socket.messages)
        return size
