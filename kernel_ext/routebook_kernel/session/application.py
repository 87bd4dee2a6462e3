"""One application as its views, clients and the server see it. It outlives `app = Routebook()` running again."""

from collections.abc import Callable
from weakref import WeakSet

from routebook.applications import Routebook
from routebook_kernel.protocol import (
    AppState,
    Credential,
    DeltaMessage,
    ExchangeState,
    SendArguments,
    Streamed,
)
from routebook_kernel.redaction import Secrets
from routebook_kernel.registry.operations import build_document
from routebook_kernel.runtime.app_proxy import AppProxy
from routebook_kernel.runtime.home import HomeLoop
from routebook_kernel.session.credentials import Credentials, schemes_of
from routebook_kernel.session.dependencies import DependenciesView
from routebook_kernel.session.sending import exchange_state, fetch_token, send
from routebook_kernel.session.serving import Serving
from routebook_kernel.session.sockets import Sockets
from routebook_kernel.session.state import build_state, difference
from routebook_kernel.session.state_feed import StateFeed
from routebook_kernel.session.tracker import Tracker
from routebook_kernel.session.transport import Transport


class Application:
    """An application and its views; implements `session_api.AppView`. May be used from any thread.

    Args:
        app: Its current version.
        name: Its variable.
        tracker: Knows which cell owns what.
        home: Where deltas are timed.
        transport: Sends requests to it.
        serving: The in-kernel server.
        secrets: The names whose values are credentials.

    Attributes:
        proxy: Stands for it in clients and in the server.
        perform: Sends a request to it.
        credentials: What a person gave for its security schemes.
        request_count: How many of its requests were recorded.
    """

    def __init__(
        self,
        app: Routebook,
        name: str,
        tracker: Tracker,
        home: HomeLoop,
        transport: Transport,
        serving: Serving,
        secrets: Callable[[], Secrets],
    ) -> None:
        self.app = app
        self.name = name
        self.proxy = AppProxy(app, self)
        self.perform = transport.requests_to(self.proxy)
        self.credentials = Credentials()
        self.credentials.on_change(self.touch)
        self._absorbed: WeakSet[AppProxy] = WeakSet()
        self.request_count = 0
        self._revision = 0
        self._tracker = tracker
        self._home = home
        self._transport = transport
        self._serving = serving
        self._secrets = secrets
        self._sockets: Sockets | None = None
        self._dependencies: dict[str | None, DependenciesView] = {}
        self._feed = StateFeed(home, self._build, difference)

    @property
    def is_used(self) -> bool:
        """Whether the server or a view needs it."""
        is_viewed = self._feed.is_followed or self._sockets is not None or bool(self._dependencies)
        return is_viewed or self._serving.is_of(self.proxy)

    def stands_for(self, proxy: object) -> bool:
        """Whether requests to `proxy` reach this application."""
        return self.proxy is proxy or proxy in self._absorbed

    def replace(self, app: Routebook) -> None:
        """Make another object the current version."""
        self.app = self.proxy.current = app
        for proxy in tuple(self._absorbed):
            proxy.current = app
        self.touch()

    def absorb(self, other: "Application") -> None:
        """Take over the clients of another `Application` of the same object."""
        for proxy in (other.proxy, *other._absorbed):
            proxy.counter = self
            self._absorbed.add(proxy)
        self.request_count += other.request_count
        self.touch()

    def count_request(self) -> None:
        """Note that a request to it was recorded."""
        self.request_count += 1
        self.touch()

    def note_run(self, name: str | None) -> None:
        """Note that a cell has changed something; `name` is the variable now, None if there's none."""
        self.name = name or self.name
        self._revision += 1
        self.touch()
        if self._sockets is not None:
            self._sockets.touch()

    def touch_dependencies(self) -> None:
        """Have the dependency views look again: overrides change without a word."""
        for view in tuple(self._dependencies.values()):
            view.touch()

    def lose_sockets(self, error: Exception) -> None:
        """End the console's connections: their event loop is gone."""
        if self._sockets is not None:
            self._sockets.lose(error)

    # Views

    @property
    def sockets(self) -> Sockets:
        """Its WebSockets."""
        if self._sockets is None:
            self._sockets = Sockets(
                self._home,
                lambda: (self.app, self.name),
                self._tracker,
                self._transport.sockets_to(self.proxy, "console"),
                self._secrets,
                self.sign_in,
                self.credentials,
            )
        return self._sockets

    def dependencies(self, operation: str | None = None) -> DependenciesView:
        """The dependency tree of an operation; the same operation gives the same view."""
        if operation not in self._dependencies:
            self._dependencies[operation] = DependenciesView(
                self._home, lambda: self.app, self._tracker.cell_of_code, operation
            )
        return self._dependencies[operation]

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
        told = build_document(self.app)[0].get("paths", {}).get(path, {}).get(method.lower(), {})
        return self.credentials.of(schemes_of(told))

    def touch(self) -> None:
        """Something that views show may have changed; any thread."""
        self._feed.touch()

    def _build(self) -> AppState:
        return build_state(
            self.app,
            self.name,
            self._tracker,
            self._serving.state_of(self.proxy),
            self.credentials.state(),
            self.request_count,
            self._revision,
        )
