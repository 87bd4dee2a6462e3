"""One application as its views, clients and the server know it; it outlives an `app = Routebook()` that runs again."""

import threading
import time
from collections.abc import Callable

from routebook.applications import Routebook
from routebook_kernel.protocol import AppState, DeltaMessage, ExchangeState, SendArguments, ServerState
from routebook_kernel.runtime.client import Perform
from routebook_kernel.runtime.home import HomeLoop
from routebook_kernel.runtime.live import LiveApp
from routebook_kernel.session.sending import exchange_state, fetch_token, send
from routebook_kernel.session.state import build_state, difference
from routebook_kernel.session.tracker import Tracker

INTERVAL_S = 0.05
"""The least time between two deltas: 20 a second."""

Listener = Callable[[DeltaMessage], None]


class Application:
    """An application and its views; implements `session_api.AppView`.

    The one place that tells views what changed: changes are gathered and sent as one delta, at most 20 a second.

    Args:
        app: As it stands now.
        name: Its variable.
        tracker: Knows who owns what.
        home: Where deltas are timed.
        perform: Runs a request through the application that stands.
        server_state: What to show of the server.
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
        self.live = LiveApp(app)
        self.app = app
        self.name = name
        self.exchange_count = 0
        self.perform = perform(self.live)
        self._tracker = tracker
        self._home = home
        self._server_state = server_state
        self._lock = threading.RLock()
        self._listeners: list[Listener] = []
        self._seq = 0
        self._state: AppState | None = None
        self._is_due = False
        self._sent_at = 0.0

    def succeed(self, app: Routebook) -> None:
        """Another object is this application now."""
        self.app = self.live.current = app
        self.touch()

    # What views ask (session_api.AppView)

    def state(self) -> tuple[int, AppState]:
        """The whole state and its sequence number."""
        with self._lock:
            self._flush()
            if self._state is None:
                self._state = self._build()
            return self._seq, self._state

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with each delta, at most 20 a second, from any thread; the result ends it."""
        with self._lock:
            self._listeners.append(listener)

        def unsubscribe() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return unsubscribe

    async def send(self, request: SendArguments) -> ExchangeState:
        """Run one request through the application, in process. Await it on the home loop only.

        Raises:
            RequestRefused: The request cannot be formed, for example a path parameter is empty.
        """
        return exchange_state(await send(self.perform, request))

    async def sign_in(self, request: SendArguments) -> str:
        """Ask the application for an OAuth2 token, which is kept nowhere. Await it on the home loop only.

        Raises:
            RequestRefused: No token came; the message says what did.
        """
        return await fetch_token(self.perform, request)

    # What changed

    def touch(self) -> None:
        """Something that views show may have changed; any thread."""
        with self._lock:
            if self._is_due or self._state is None:
                return
            self._is_due = True
            wait_s = max(0.0, self._sent_at + INTERVAL_S - time.monotonic())
        self._home.call_soon(lambda: self._home.loop.call_later(wait_s, self._flush))

    def _flush(self) -> None:
        """Send what changed since the last delta."""
        with self._lock:
            self._is_due = False
            if self._state is None:
                return
            state = self._build()
            delta = difference(self._state, state, self._seq + 1)
            if delta is None:
                return
            self._seq, self._state, self._sent_at = self._seq + 1, state, time.monotonic()
            for listener in tuple(self._listeners):
                listener(delta)

    def _build(self) -> AppState:
        return build_state(self.app, self.name, self._tracker, self._server_state(self), self.exchange_count)
