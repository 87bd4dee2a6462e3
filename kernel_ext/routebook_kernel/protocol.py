"""The messages between the kernel and its views, as TypedDicts: the one contract that both sides keep.

A view talks to the kernel by *commands*; each gets exactly one *reply*, errors included. A command that takes long may
tell *events* before its reply. The kernel tells its views what changed by *state* (everything) and *delta* (what
changed since). Every state and delta carries `seq`; a view that sees a gap asks with the command `resync`. All values
are JSON; text from requests and responses travels as text.

The TypeScript twin of this file is `kernel_ext/frontend/src/protocol.ts`; `tests/widgets/test_protocol.py` compares
the two.
"""

from typing import Any, Literal, NotRequired, TypedDict

Json = Any  # any JSON value: pydantic and the user's application decide which

Pairs = list[tuple[str, str]]
"""Names and values in order, repeats kept: query, headers, cookies, form fields."""

MarkKind = Literal["new", "changed", "stale", "conflict", "shadowed"]


class CellRef(TypedDict):
    """Where in the notebook something was defined."""

    cell_id: str | None
    label: str  # "[7]", the execution count a person sees
    line: int | None  # 1-based, within the cell


class Mark(TypedDict):
    """Something to notice about an operation since the last run, in words."""

    kind: MarkKind
    text: str


class OperationState(TypedDict):
    """One operation as the explorer shows it."""

    id: str  # "GET /items/{item_id}", unique in an application
    method: str
    path: str
    tags: list[str]
    summary: str
    deprecated: bool
    operation: Json  # the OpenAPI 3.1 Operation Object; its references point into `components`
    endpoint: NotRequired[str]  # the function's name, "create_item"
    cell: CellRef | None
    marks: list[Mark]


class ServerState(TypedDict):
    """The in-kernel server."""

    status: Literal["stopped", "starting", "running", "failed"]
    url: str | None
    message: str | None


class CredentialState(TypedDict):
    """What a person gave for a security scheme, without the secret."""

    user: str  # "" where the scheme has none
    where: Literal["header", "query", "cookie"]
    name: str  # of the header, the query parameter or the cookie


class Credential(CredentialState):
    """What a person gave for a security scheme, as it is sent."""

    value: str  # "Bearer abc"


class AppState(TypedDict):
    """Everything that the explorer shows of one application."""

    name: str  # the notebook variable, "app"
    title: str
    version: str
    description: str
    operations: list[OperationState]
    sockets: list[str]  # the paths of WebSockets
    components: Json  # the OpenAPI 3.1 Components Object
    server: ServerState
    credentials: dict[str, CredentialState]  # by security scheme
    exchange_count: int
    revision: int  # how often a cell's run has touched the application: what is not in here may have changed too


class StateMessage(TypedDict):
    """Everything that a view shows, as it stands at `seq`; of the explorer an AppState."""

    type: Literal["state"]
    seq: int
    state: Json


class DeltaMessage(TypedDict):
    """What changed of an AppState since `seq - 1`; absent keys did not change."""

    type: Literal["delta"]
    seq: int
    set: NotRequired[list[OperationState]]
    removed: NotRequired[list[str]]
    order: NotRequired[list[str]]  # every operation id, in order, when order or membership changed
    components: NotRequired[Json]
    sockets: NotRequired[list[str]]
    server: NotRequired[ServerState]
    credentials: NotRequired[dict[str, CredentialState]]
    exchange_count: NotRequired[int]
    revision: NotRequired[int]
    info: NotRequired[dict[str, str]]  # title, version, description


class FilePart(TypedDict):
    """One part of a multipart form; exactly one of `text` and `base64`."""

    name: str
    text: NotRequired[str]
    base64: NotRequired[str]
    filename: NotRequired[str]
    content_type: NotRequired[str]


class RequestBody(TypedDict):
    """The body of the console's request; which keys it has, `kind` says."""

    kind: Literal["none", "json", "form", "multipart", "text"]
    text: NotRequired[str]  # json and text: sent as it stands, so that broken JSON can be tried too
    fields: NotRequired[Pairs]  # form
    parts: NotRequired[list[FilePart]]  # multipart
    content_type: NotRequired[str]  # text only


class SendArguments(TypedDict):
    """The console's request. `path` is a template; the kernel fills and percent-encodes it."""

    operation: str
    method: str
    path: str
    path_params: dict[str, str]
    query: Pairs
    headers: Pairs
    cookies: Pairs
    body: RequestBody


class ConnectArguments(TypedDict):
    """The console's handshake."""

    request: SendArguments  # its method and body do not count
    subprotocols: list[str]


class ValidationIssue(TypedDict):
    """One error of a 422, told for a person."""

    loc: list[str | int]  # as the framework gave it: ["body", "item", "price"]
    source: str  # "path", "query", "header", "cookie", "body" or "response"
    pointer: str  # RFC 6901 pointer into the JSON body; "" when the source is not a body or it is the whole body
    field: str  # the name a person sees: "price", "item.price", "tags[2]"
    sent: Json  # the value that was sent, shortened when large
    is_missing: bool
    rule: str  # "must be a number"
    passes: str | None  # a value that would pass: "9.99"
    type: str  # pydantic's error type
    message: str  # pydantic's own words


AdvicePlace = Literal["path", "query", "header", "cookie", "body", "response", "failure"]


class Advice(TypedDict):
    """What to know about a request and its response, in a sentence: the cause and the way out."""

    text: str  # code stands in backquotes
    place: AdvicePlace


class Payload(TypedDict):
    """A body as the page may show it; exactly one of `text` and `base64` unless empty."""

    media_type: str
    size_bytes: int
    text: NotRequired[str]
    base64: NotRequired[str]
    is_truncated: bool


class Frame(TypedDict):
    """One frame of a traceback that is the user's own."""

    cell: CellRef | None
    file: str | None
    line: int
    function: str
    source: str  # the line's text
    values: dict[str, str]  # local names and their short reprs; secrets redacted


class Failure(TypedDict):
    """An exception that became a 500."""

    type: str
    message: str
    frames: list[Frame]  # outermost first, the framework's own folded away
    folded: int  # how many frames were folded


class Raised(TypedDict):
    """An exception of the user's code that a handler answered, such as HTTPException, and where it was raised."""

    type: str
    function: str
    cell: CellRef | None
    file: str | None
    line: int | None


class ExchangeState(TypedDict):
    """One request and its response, credentials redacted."""

    id: int
    operation: str | None
    source: Literal["console", "client", "server"]
    method: str
    url: str
    request_headers: Pairs
    request_body: Payload | None
    status: int | None  # None when no response came
    reason: str
    response_headers: Pairs
    response_body: Payload | None
    elapsed_ms: float
    issues: list[ValidationIssue]
    advice: list[Advice]
    failure: Failure | None
    raised: Raised | None


class Streamed(TypedDict):
    """A piece of a response that comes while its request runs: an event of `send`."""

    status: int
    media_type: str
    text: str
    elapsed_ms: float  # since the request began
    is_all: bool  # false where the rest is no longer told as it comes


class SocketMessageState(TypedDict):
    """One message over a WebSocket, credentials redacted; exactly one of `text` and `base64`, the beginning of it."""

    number: int  # from 1, in the order in which they passed
    sender: Literal["client", "application"]
    text: NotRequired[str]
    base64: NotRequired[str]
    size_bytes: int
    is_cut: bool
    at_ms: float  # since the connection was asked for


class SocketEnd(TypedDict):
    """How a connection ended: the code, and what it means."""

    code: int
    reason: str
    by: Literal["client", "application"]
    words: str


class ConnectionState(TypedDict):
    """One connection of the console, credentials redacted."""

    id: int
    operation: str  # "WEBSOCKET /rooms/{room}"
    url: str
    subprotocols: list[str]  # those that were offered
    subprotocol: str | None  # the one that was chosen
    status: Literal["connecting", "open", "refused", "closed"]
    started_at: float  # seconds since the epoch
    elapsed_ms: float | None  # None while it lives
    message_count: int
    first: int  # the number of the first message that is still kept
    messages: list[SocketMessageState]  # of a delta those that are new
    sent_bytes: int
    received_bytes: int
    end: SocketEnd | None
    issues: list[ValidationIssue]  # why the handshake was refused
    exchange: ExchangeState | None  # as the log keeps it, once its handler has ended
    error: str | None  # why it could not begin at all
    note: str  # that it runs code which is no longer defined; ""


class SocketsState(TypedDict):
    """Everything that the view of an application's WebSockets shows."""

    name: str
    title: str
    operations: list[OperationState]  # `operation`: tags, parameters, security, as `describe_websockets` tells them
    components: Json
    credentials: dict[str, CredentialState]  # by security scheme; the application's explorer has the same
    connections: list[ConnectionState]


class SocketsDelta(TypedDict):
    """What changed of a SocketsState since `seq - 1`; absent keys did not change."""

    type: Literal["delta"]
    seq: int
    info: NotRequired[dict[str, str]]  # name, title
    operations: NotRequired[list[OperationState]]
    components: NotRequired[Json]
    credentials: NotRequired[dict[str, CredentialState]]
    set: NotRequired[list[ConnectionState]]
    removed: NotRequired[list[int]]


class ExchangeSummary(TypedDict):
    """One line of the log: an exchange without its headers and bodies."""

    id: int
    application: str | None  # the variable of the application that it was sent to
    operation: str | None
    source: Literal["console", "client", "server"]
    sender: str  # the program that sent it from outside: "curl 8.5"
    cell: str | None  # the label of the cell that sent it, "[7]"
    method: str
    url: str
    status: int | None
    started_at: float  # seconds since the epoch
    elapsed_ms: float
    size_bytes: int  # of the response's body; of a WebSocket of all messages
    messages: int | None  # of a WebSocket
    is_open: bool  # a WebSocket that has not ended yet
    is_cancelled: bool  # its sender gave up before the end
    note: str  # what was wrong, or notable, in a few words
    level: Literal["quiet", "warn", "error"]  # of the note


class LogState(TypedDict):
    """The log, oldest first; what was let go is only counted."""

    exchanges: list[ExchangeSummary]
    total: int
    size_bytes: int
    max_count: int
    max_bytes: int


class LogDelta(TypedDict):
    """What changed of a LogState since `seq - 1`."""

    type: Literal["delta"]
    seq: int
    set: list[ExchangeSummary]  # new ones, and WebSockets that went on
    removed: list[int]
    total: int
    size_bytes: int


class HiddenValue(TypedDict):
    """A value that the record does not hold, to be filled in before the request is sent again."""

    key: str  # "header authorization"
    where: Literal["header", "cookie", "path", "query", "body"]
    name: str
    scheme: str  # what stands before it in a header: "Bearer"; else ""
    held: str  # what a view of the application is signed in with and fits here: "OAuth2, as mira"; else ""


class RawRequestState(TypedDict):
    """A request as it goes over the wire, to be edited and sent; of the body at most one of `text` and `base64`."""

    application: str | None
    operation: NotRequired[str | None]  # whose security schemes say what fills in a hidden value
    method: str
    url: str
    headers: Pairs
    text: NotRequired[str]
    base64: NotRequired[str]


class SocketLine(TypedDict):
    """One message of a WebSocket, for reading."""

    sender: Literal["client", "application"]
    text: str
    at_ms: float


class SocketTranscript(TypedDict):
    """What passed over a WebSocket."""

    lines: list[SocketLine]
    end: str  # how it stands: "12 messages, closed by the client with 1000"


class ExchangeDetail(TypedDict):
    """Everything that is kept of an exchange."""

    summary: ExchangeSummary
    exchange: ExchangeState
    output: str  # what the handlers printed and logged
    transcript: SocketTranscript | None
    steps: int  # how many steps were recorded of it
    request: RawRequestState | None  # None where it cannot be sent again
    hidden: list[HiddenValue]
    refusal: str  # why it cannot be sent again


Band = Literal["yours", "thread", "ours", "after", "bad", "refused", "line", "hit", "skip"]
"""Whose time a step is: the user's code on the loop or in a thread, the framework's, the user's after the response;
or how it ended; or that there is no bar: what is around others, a cached result, what did not run."""


class TraceFact(TypedDict):
    """One thing that is known of a step: "where", "in thread AnyIO worker 2"."""

    name: str
    text: str
    is_code: bool


class TraceRow(TypedDict):
    """One step of a request in its waterfall; rows of a higher level stand below the one that they belong to."""

    level: int  # 1 is the outermost
    label: str
    is_code: bool  # whether the label is a name in code
    note: str  # "endpoint", "cached", "TypeError, cell [5], line 31"
    what: str  # what kind of step, in words
    band: Band
    start_ms: float | None
    elapsed_ms: float | None
    extent: tuple[float, float] | None  # from and how long, of it and of what it waits for
    is_after: bool  # whether the response had been sent
    line: int  # of the generated function; 0 outside of it
    cell: CellRef | None
    file: str | None  # "shop.py, line 3", of code that is in no cell
    facts: list[TraceFact]
    is_failure: bool


class TraceState(TypedDict):
    """One traced request; of one that was not traced `is_traced` is false, and there are no rows."""

    id: int
    operation: str | None
    method: str
    url: str
    status: int | None
    reason: str
    source: Literal["console", "client", "server"]
    at: str  # "14:02:11"
    is_traced: bool
    sent_ms: float  # until the response was sent
    total_ms: float  # until the last step ended
    sums: dict[str, float]  # where the time went, by band
    rows: list[TraceRow]
    function: str  # the generated function that served it; "" where none did
    others: list["TraceLine"]  # traced requests of the same operation, newest first, to compare with
    stale: str  # what has changed since, a sentence; "" where nothing has


class TraceLine(TypedDict):
    """One exchange, to choose it."""

    id: int
    method: str
    url: str
    status: int | None
    elapsed_ms: float
    is_traced: bool


class TracesState(TypedDict):
    """What the trace view shows: one trace, and what else there is."""

    shown: TraceState | None
    is_last: bool  # whether it is the last that was traced, and not one that was asked for
    recent: list[TraceLine]  # newest first
    is_tracing: bool  # whether every request is traced, not the console's alone


class TracesDelta(TypedDict):
    """What a TracesState has become."""

    type: Literal["delta"]
    seq: int
    state: TracesState


class ParameterRef(TypedDict):
    """A parameter that a callable reads of the request."""

    name: str
    source: str  # "path", "query", "header", "cookie", "body", "form", "file"


class DependencyNode(TypedDict):
    """One callable at one place of an operation's tree, parents first."""

    level: int  # 0 is the endpoint
    name: str
    kind: str  # "async def with yield"
    in_thread: bool
    parameter: str | None  # of the callable above it, which takes its result
    cell: CellRef | None
    file: str | None
    runs: bool
    shared_with: int | None  # the node, by its number, that has run before and whose result is given here too
    uses: int  # how often its result is used in the tree
    is_fresh: bool  # use_cache=False: it runs anew at each use
    scope: Literal["function", "request"] | None  # with yield, whether it ends before the response or after it
    replaced: str | None  # what dependency_overrides put it in the place of
    scheme: str | None  # of a security scheme its name
    oauth_scopes: list[str]
    parameters: list[ParameterRef]
    injected: list[str]


class DependencyTree(TypedDict):
    """What an operation calls; the first node is its endpoint."""

    operation: str
    nodes: list[DependencyNode]


class DependenciesState(TypedDict):
    """What the view of dependencies shows."""

    operations: list[str]
    shown: DependencyTree | None
    gone: str | None  # the operation that was asked for, where it is no longer there


class DependenciesDelta(TypedDict):
    """What a DependenciesState has become."""

    type: Literal["delta"]
    seq: int
    state: DependenciesState


class BenchArguments(TypedDict):
    """A run to begin."""

    method: str
    target: str  # path and query
    headers: Pairs
    body: str | None
    count: int
    concurrency: int
    warm_up: int | None  # None: some, depending on the others
    served: bool  # over a socket, else in process
    operation: NotRequired[str | None]  # whose credentials are sent too, where a view is signed in
    like: NotRequired[int | None]  # a run whose secrets stand where this has the words that hide them


class BenchFigures(TypedDict):
    """What a run measured; times in microseconds."""

    count: int
    duration_s: float
    throughput: float  # requests a second
    min_us: float
    mean_us: float
    max_us: float
    percentiles: list[tuple[float, float]]  # percent and latency: 50, 90, 99, 99.9
    spread_us: tuple[float, float]  # least and greatest median of ten parts of the run
    buckets: list[tuple[int, int]]  # bucket and count; bucket b begins at 10 ** (b / 20)
    series: list[float]  # requests a second in equal parts of the run
    statuses: list[tuple[int, int]]
    errors: list[tuple[str, int]]
    size_bytes: int


class BenchRun(TypedDict):
    """One run."""

    id: int
    label: str  # "GET /items/5", without secrets
    arguments: BenchArguments  # without secrets
    status: Literal["warming", "running", "done", "cancelled", "failed"]
    started_at: float  # seconds since the epoch
    done: int
    message: str  # why it failed, what is to be noticed; ""
    measured: list[str]  # what was measured and how, in sentences
    figures: BenchFigures | None  # of one that was cancelled what it had measured


class BenchState(TypedDict):
    """Everything that a view of runs shows."""

    name: str  # the application's variable
    runs: list[BenchRun]
    shown: int | None  # the run of this view


class BenchDelta(TypedDict):
    """What changed of a BenchState since `seq - 1`."""

    type: Literal["delta"]
    seq: int
    set: NotRequired[list[BenchRun]]
    removed: NotRequired[list[int]]
    shown: NotRequired[int | None]
    name: NotRequired[str]


class ExpectationState(TypedDict):
    """One expectation of a saved test."""

    kind: Literal["status", "header", "json", "time", "schema"]
    target: str  # the name of a header, a JSON path; "" for the other kinds
    operator: Literal["equals", "contains", "matches", "under"]
    value: Json


class ExpectationResultState(TypedDict):
    """Whether a response meets an expectation."""

    is_met: bool
    actual: str  # the value in the response, credentials hidden
    problem: str  # what is wrong if `actual` doesn't show it, or why the expectation can't be checked


class SavedTestResult(TypedDict):
    """The result of a saved test's last run."""

    outcome: Literal["passed", "failed", "not run"]
    problem: str  # why it wasn't run
    expectation_results: list[ExpectationResultState]  # one for each expectation, in their order
    status: int | None
    elapsed_ms: float
    exchange: int | None  # its number in the log
    started_at: float  # seconds since the epoch


class SavedTestState(TypedDict):
    """One saved test and its last result."""

    name: str
    application: str
    method: str
    url: str
    headers: Pairs
    body: str  # for reading, cut off if it's long
    variables: list[str]  # the names of values that are filled in when it runs
    signed_in: dict[str, str]  # of these, the sign-in that provides the value: "OAuth2, as mira"
    expectations: list[ExpectationState]
    is_running: bool
    result: SavedTestResult | None  # None if it hasn't run since it changed


class SavedTestsState(TypedDict):
    """The saved tests of a notebook, in the order of their file."""

    file: str  # its name
    folder: str
    problem: str  # why the file can't be read
    tests: list[SavedTestState]


class SavedTestsDelta(TypedDict):
    """Changes of a SavedTestsState since `seq - 1`."""

    type: Literal["delta"]
    seq: int
    set: list[SavedTestState]
    order: list[str]  # the names of all tests
    problem: str
    file: str
    folder: str


class ExpectationSuggestion(TypedDict):
    """An expectation suggested for an exchange."""

    expectation: ExpectationState
    is_chosen: bool


class SavedTestDraft(TypedDict):
    """The test that an exchange would be saved as."""

    name: str
    file: str
    test: SavedTestState
    suggestions: list[ExpectationSuggestion]


class Command(TypedDict):
    """From a view.

    Every view knows `resync`, `code` (its bundle, a Code) and `cancel`, which takes {"id": <command id>}. The explorer
    knows `send`, which takes SendArguments and tells Streamed events, `sign_in`, which takes those of a request for an
    OAuth2 token, `sign` ({"scheme", "credential"}: a Credential or None), `credentials` ({"schemes"}; replies a
    Credential by scheme), `difference`, which takes {"operation": <id or None>} and gives the lines of a diff, and
    `beside` ({"view": "bench" or "sockets"}; replies the id of that widget's model). The view of sockets knows
    `sign_in`, `sign`, `credentials` and, of a connection's `id`: `connect` (a ConnectArguments; replies the id), `send`
    ({"id", "text" | "base64"}), `close` ({"id", "code", "reason"}), `message` ({"id", "number"}; replies a Payload),
    `forget` ({"ids"}: those that have ended). The log knows `exchange` ({"id"}; replies an ExchangeDetail), `find`
    ({"texts"}; replies for each the ids of the exchanges that hold it), `send` ({"request": RawRequestState, "values":
    by key}; replies an ExchangeDetail) and `clear`. The log and the view of saved tests know `draft` ({"id"} of an
    exchange; replies a SavedTestDraft), `save` ({"id", "name", "expectations"}), `check` ({"id", "expectations"};
    replies an ExpectationResultState each), `try` ({"id", "expectations", "values"}; replies a SavedTestResult), `run`
    ({"names" or None, "values"}), `change` ({"name", "new_name", "expectations"}) and `remove` ({"name"}).
    """

    type: Literal["command"]
    id: str
    command: str
    args: NotRequired[Any]


class Code(TypedDict):
    """The bundle of a view: one script, one sheet."""

    view: str  # its name; the sheet dresses what stands in the class `rb-in-<view>`
    key: str  # what they are made of; the page keeps one of each
    js: str
    css: str


class EventMessage(TypedDict):
    """What is told of a command before its reply."""

    type: Literal["event"]
    id: str
    data: Json


class ReplyError(TypedDict):
    """Why a command was not done."""

    message: str  # a sentence for the person
    kind: Literal["refused", "cancelled", "failed"]


class Reply(TypedDict):
    """To a view; `result` of `send` is an ExchangeState, of `sign_in` the token, of the others None."""

    type: Literal["reply"]
    id: str
    ok: bool
    result: NotRequired[Any]
    error: NotRequired[ReplyError]


KernelMessage = StateMessage | DeltaMessage | EventMessage | Reply
