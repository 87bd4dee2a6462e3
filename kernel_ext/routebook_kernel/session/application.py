"""One application as its views, clients and the server know it; it outlives an `app = Routebook()` that runs again."""

from collections.abc import Callable
from weakref import WeakSet

from routebook.applications import Routebook
from routebook_kernel.protocol import (
    AppState,
    Credential,
    DeltaMessage,
    ExchangeState,
    SendArguments,
    ServerState,
    Streamed,
)
from routebook_kernel.registry.operations import document_of
from routebook_kernel.runtime.client import Perform
from routebook_kernel.runtime.home import HomeLoop
from routebook_kernel.runtime.live import LiveApp
from routebook_kernel.session.credentials import Credentials, schemes_of
from routebook_kernel.session.feed import Feed
from routebook_kernel.session.sending import exchange_state, fetch_token, send
from routebook_kernel.session.state import build_state, difference
from routebook_kernel.session.tracker import Tracker


class Application:
    """An application and its views; implements `session_api.AppView`.

    Args:
        app: As it stands now.
        name: Its variable.
        tracker: Knows who owns what.
        home: Where deltas are timed.
        perform: Runs a request through the application that stands.
        server_state: What to show of the server.

    Attributes:
        credentials: What a person gave for its security schemes.
    """

    def __init__(
        self,
        app: Routebook,
        name: str,
        tracker: Tracker,
        home: HomeLoop,
        perform: Callable[[LiveApp], Perform],
        server_state: Callable[["Application"], ServerState],
    ) -> None:
        self.live = LiveApp(app, self)
        self._absorbed: WeakSet[LiveApp] = WeakSet()
        self.app = app
        self.name = name
        self.exchange_count = 0
        self.revision = 0
        self.perform = perform(self.live)
        self.credentials = Credentials()
        self._tracker = tracker
        self._server_state = server_state
        self._feed = Feed(home, self._build, difference)
        self.credentials.on_change(self.touch)

    def succeed(self, app: Routebook) -> None:
        """Another object is this application now."""
        self.app = self.live.current = app
        for live in tuple(self._absorbed):
            live.current = app
        self.touch()

    @property
    def is_followed(self) -> bool:
        """Whether anything shows it."""
        return self._feed.is_followed

    def absorb(self, other: "Application") -> None:
        """Stand for another view of the same application too: clients that go through it stay this application's."""
        for live in (other.live, *other._absorbed):
            live.view = self
            self._absorbed.add(live)
        self.exchange_count += other.exchange_count
        self.touch()

    def is_behind(self, live: object) -> bool:
        """Whether requests to `live` reach this application."""
        return self.live is live or live in self._absorbed

    # What views ask (session_api.AppView)

    def state(self) -> tuple[int, AppState]:
        """The whole state and its sequence number."""
        return self._feed.state()

    def subscribe(self, listener: Callable[[DeltaMessage], None]) -> Callable[[], None]:
        """Call `listener` with each delta, at most 20 a second, from any thread; the result ends it."""
        return self._feed.subscribe(listener)

    async def send(self, request: SendArguments, tell: Callable[[Streamed], None]) -> ExchangeState:
        """Run one request through the application, in process. Await it on the home loop only.

        Args:
            request: As the console has it.
            tell: Gets the pieces of an answer that streams.

        Raises:
            RequestError: The request cannot be formed, for example a path parameter is empty.
        """
        return exchange_state(await send(self.perform, request, tell))

    def difference(self, operation: str | None) -> list[str]:
        """What the last run changed in the OpenAPI document, as the lines of a diff; of one operation or of all."""
        return self._tracker.difference(self.app, operation)

    async def sign_in(self, request: SendArguments) -> str:
        """Ask the application for an OAuth2 token, which no record holds. Await it on the home loop only.

        Raises:
            RequestError: No token came; the message says what did.
        """
        return await fetch_token(self.perform, request)

    def credentials_for(self, operation: str) -> dict[str, Credential]:
        """What was given for the security schemes of an operation, such as "GET /items"."""
        method, _, path = operation.partition(" ")
        told = document_of(self.app)[0].get("paths", {}).get(path, {}).get(method.lower(), {})
        return self.credentials.of(schemes_of(told))

    def touch(self) -> None:
        """Something that views show may have changed; any thread."""
        self._feed.touch()

    def _build(self) -> AppState:
        return build_state(
            self.app,
            self.name,
            self._tracker,
            self._server_state(self),
            self.credentials.state(),
            self.exchange_count,
            self.revision,
        )
