"""What faces (widgets, magics, the summary) may ask of a session: a Protocol, so that they never see the server."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from routebook_kernel.protocol import (
    AppState,
    BenchArguments,
    BenchDelta,
    BenchState,
    ConnectArguments,
    Credential,
    DeltaMessage,
    DependenciesDelta,
    DependenciesState,
    DependencyTree,
    ExchangeDetail,
    ExchangeState,
    ExpectationResultState,
    ExpectationState,
    LogDelta,
    LogState,
    Payload,
    RawRequestState,
    SavedTestDraft,
    SavedTestResult,
    SavedTestsDelta,
    SavedTestsState,
    SendArguments,
    ServerState,
    SocketsDelta,
    SocketsState,
    Streamed,
    TracesDelta,
    TracesState,
    TraceState,
)

Unsubscribe = Callable[[], None]


class Feed(Protocol):
    """What a view is kept in step with. Every method may be called from any thread."""

    def state(self) -> tuple[int, Any]:
        """The whole state and its sequence number."""

    def subscribe(self, listener: Callable[[Any], None]) -> Unsubscribe:
        """Call `listener` with each delta, at most 20 a second, from any thread; the result ends it."""


class CredentialsApi(Protocol):
    """What a person gave for an application's security schemes. Every method may be called from any thread."""

    def of(self, schemes: Iterable[str]) -> dict[str, Credential]:
        """What was given for these schemes."""

    def keep(self, scheme: str, credential: Credential | None) -> None:
        """Take what a person gives for a scheme; None lets go of it."""


class AppView(Feed, Protocol):
    """One application as its views see it."""

    @property
    def credentials(self) -> CredentialsApi:
        """What a person gave for its security schemes."""

    def state(self) -> tuple[int, AppState]:
        """The whole state and its sequence number."""

    def subscribe(self, listener: Callable[[DeltaMessage], None]) -> Unsubscribe:
        """Call `listener` with each delta, at most 20 a second, from any thread; the result ends it."""

    async def send(self, request: SendArguments, tell: Callable[[Streamed], None]) -> ExchangeState:
        """Run one request through the application, in process. Await it on the home loop only.

        Args:
            request: As the console has it.
            tell: Gets the pieces of an answer that streams.

        Raises:
            RequestError: The request cannot be formed, for example a path parameter is empty.
        """

    def difference(self, operation: str | None) -> list[str]:
        """What the last run changed in the OpenAPI document, as the lines of a diff; of one operation or of all."""

    async def sign_in(self, request: SendArguments) -> str:
        """Ask the application for an OAuth2 token, which no record holds. Await it on the home loop only.

        Raises:
            RequestError: No token came; the message says what did.
        """


class SocketsView(Feed, Protocol):
    """The WebSockets of one application. The async methods are awaited on the home loop only."""

    @property
    def credentials(self) -> CredentialsApi:
        """What a person gave for the application's security schemes."""

    def state(self) -> tuple[int, SocketsState]:
        """The whole state and its sequence number."""

    def subscribe(self, listener: Callable[[SocketsDelta], None]) -> Unsubscribe:
        """Call `listener` with each delta, at most 20 a second, from any thread; the result ends it."""

    async def connect(self, arguments: ConnectArguments) -> int:
        """Begin a connection, which goes on by itself; its id.

        Raises:
            RequestError: The handshake cannot be formed, or too many connections are open.
        """

    async def send(self, id: int, data: str | bytes) -> None:
        """Send a message.

        Raises:
            RequestError: The connection is not open.
        """

    async def leave(self, id: int, code: int, reason: str) -> None:
        """Close a connection.

        Raises:
            RequestError: A close frame cannot carry this.
        """

    async def message(self, id: int, number: int) -> Payload:
        """A message as it is kept.

        Raises:
            RequestError: It is kept no longer.
        """

    async def forget(self, ids: Sequence[int]) -> None:
        """Let go of connections that have ended."""

    async def sign_in(self, request: SendArguments) -> str:
        """As `AppView.sign_in`."""

    def close(self) -> None:
        """Leave all connections; any thread."""


class LogApi(Feed, Protocol):
    """The log as its views see it."""

    def state(self) -> tuple[int, LogState]:
        """The whole state and its sequence number."""

    def subscribe(self, listener: Callable[[LogDelta], None]) -> Unsubscribe:
        """Call `listener` with each delta, at most 20 a second, from any thread; the result ends it."""

    def detail(self, id: int) -> ExchangeDetail:
        """Everything that is kept of an exchange.

        Raises:
            RequestError: It is kept no more.
        """

    def find(self, text: str) -> list[int]:
        """The exchanges in whose URL, headers, bodies, messages or prints a text stands, whatever its case."""

    async def send(self, request: RawRequestState, values: Mapping[str, str]) -> ExchangeDetail:
        """Send a request again, in process, as it was kept or edited. Await it on the home loop only.

        Args:
            request: What to send.
            values: What stands for its hidden values, by key; for the others stands what a view is signed in with.

        Raises:
            RequestError: A hidden value is missing, or the request cannot be formed.
        """

    def clear(self) -> None:
        """Let go of all exchanges."""


class TraceApi(Feed, Protocol):
    """Traces as their views see them; the feed is of one."""

    def state(self) -> tuple[int, TracesState]:
        """The whole state and its sequence number."""

    def subscribe(self, listener: Callable[[TracesDelta], None]) -> Unsubscribe:
        """Call `listener` with each delta, at most 20 a second, from any thread; the result ends it."""

    def trace(self, id: int) -> TraceState:
        """The trace of an exchange.

        Raises:
            RequestError: It is kept no more.
        """

    async def replay(self, id: int) -> TraceState:
        """Send the request of an exchange again; its trace. Await it on the home loop only.

        Raises:
            RequestError: It cannot be sent again: its credentials are not kept, or its body not whole.
        """

    def set_tracing(self, is_on: bool) -> None:
        """Have every request traced, or only the console's."""


class DependenciesApi(Feed, Protocol):
    """The trees of one application's operations."""

    def state(self) -> tuple[int, DependenciesState]:
        """The whole state and its sequence number."""

    def subscribe(self, listener: Callable[[DependenciesDelta], None]) -> Unsubscribe:
        """Call `listener` with each delta, at most 20 a second, from any thread; the result ends it."""

    def tree(self, operation: str) -> DependencyTree:
        """What an operation calls.

        Raises:
            RequestError: There is no such operation.
        """

    def show(self, operation: str) -> None:
        """Show another operation, in all places."""


class BenchApi(Feed, Protocol):
    """The runs of the load generator, as one view sees them. The async methods are awaited on the home loop only."""

    def state(self) -> tuple[int, BenchState]:
        """The whole state and its sequence number."""

    def subscribe(self, listener: Callable[[BenchDelta], None]) -> Unsubscribe:
        """Call `listener` with each delta, at most 20 a second, from any thread; the result ends it."""

    async def start(self, arguments: BenchArguments) -> int:
        """Begin a run, which goes on by itself, and show it; its id.

        Raises:
            RequestError: The request cannot be formed, or another run is under way.
        """

    async def stop(self, id: int) -> None:
        """End a run; what it has measured stays."""


class SavedTestsApi(Feed, Protocol):
    """The saved tests of the notebook. Await the async methods on the home loop only.

    Every method raises a KernelExtensionError if it fails; its message says what to do.
    """

    def state(self) -> tuple[int, SavedTestsState]:
        """Return the whole state and its sequence number."""

    def subscribe(self, listener: Callable[[SavedTestsDelta], None]) -> Unsubscribe:
        """Call `listener` with each delta, at most 20 a second, from any thread. Call the result to unsubscribe."""

    def draft(self, id: int) -> SavedTestDraft:
        """Return the test that an exchange would be saved as."""

    def save(self, id: int, name: str, expectations: Sequence[ExpectationState]) -> None:
        """Save an exchange as a test."""

    def change(self, name: str, new_name: str, expectations: Sequence[ExpectationState]) -> None:
        """Change the name and the expectations of a test."""

    def remove(self, name: str) -> None:
        """Remove a test from the file."""

    def check(self, id: int, expectations: Sequence[ExpectationState]) -> list[ExpectationResultState]:
        """Compare the recorded response of an exchange with expectations."""

    async def run_once(
        self, id: int, expectations: Sequence[ExpectationState], values: Mapping[str, str]
    ) -> SavedTestResult:
        """Run a test that isn't saved yet."""

    async def run(self, names: Sequence[str] | None = None, values: Mapping[str, str] | None = None) -> None:
        """Run tests, one after the other, or all if `names` is None. The results are in the state."""


class SessionApi(Protocol):
    """The session of one kernel."""

    @property
    def saved_tests(self) -> SavedTestsApi:
        """The saved tests of the notebook."""

    @property
    def log_view(self) -> LogApi:
        """The record of every exchange, as views see it."""

    def dependencies(self, app: Any, operation: str | None = None) -> DependenciesApi:
        """The view of the trees of an application's operations.

        Raises:
            NotAnApplicationError: It is none.
        """

    def trace_view(self, id: int | None = None) -> TraceApi:
        """The view of one exchange's trace, or of the last that was traced."""

    def view(self, app: Any) -> AppView:
        """The view of an application; the same application gives the same view."""

    def sockets(self, app: Any) -> SocketsView:
        """The WebSockets of an application; the same application gives the same."""

    def bench(self, app: Any) -> BenchApi:
        """A new view of the runs; runs that it begins are of this application."""

    def submit(self, make: Callable[[], Any], done: Callable[[Any, BaseException | None], None]) -> Callable[[], None]:
        """Run the coroutine that `make` returns on the home loop; `done(result, error)` is called there.

        Returns:
            A function that cancels it; safe from any thread, and after the end.
        """

    def serve(self, app: Any, *, port: int | None = None) -> ServerState:
        """Start the in-kernel server for `app` on 127.0.0.1; the state says the URL, or what failed."""

    def stop(self) -> None:
        """Stop the server; nothing happens where none runs."""
