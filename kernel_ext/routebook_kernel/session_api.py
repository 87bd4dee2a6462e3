"""What faces (widgets, magics, the summary) may ask of a session: a Protocol, so that they never see the server."""

from collections.abc import Callable
from typing import Any, Protocol

from routebook_kernel.protocol import AppState, DeltaMessage, ExchangeState, SendArguments, ServerState, Streamed

Unsubscribe = Callable[[], None]


class Feed(Protocol):
    """What a view is kept in step with. Every method may be called from any thread."""

    def state(self) -> tuple[int, Any]:
        """The whole state and its sequence number."""

    def subscribe(self, listener: Callable[[Any], None]) -> Unsubscribe:
        """Call `listener` with each delta, at most 20 a second, from any thread; the result ends it."""


class AppView(Feed, Protocol):
    """One application as its views see it."""

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
            RequestRefused: The request cannot be formed, for example a path parameter is empty.
        """

    def difference(self, operation: str | None) -> list[str]:
        """What the last run changed in the OpenAPI document, as the lines of a diff; of one operation or of all."""

    async def sign_in(self, request: SendArguments) -> str:
        """Ask the application for an OAuth2 token, which is kept nowhere. Await it on the home loop only.

        Raises:
            RequestRefused: No token came; the message says what did.
        """


class SessionApi(Protocol):
    """The session of one kernel."""

    def view(self, app: Any) -> AppView:
        """The view of an application; the same application gives the same view."""

    def submit(self, make: Callable[[], Any], done: Callable[[Any, BaseException | None], None]) -> Callable[[], None]:
        """Run the coroutine that `make` returns on the home loop; `done(result, error)` is called there.

        Returns:
            A function that cancels it; safe from any thread, and after the end.
        """

    def serve(self, app: Any, *, port: int | None = None) -> ServerState:
        """Start the in-kernel server for `app` on 127.0.0.1; the state says the URL, or what failed."""

    def stop(self) -> None:
        """Stop the server; nothing happens where none runs."""
