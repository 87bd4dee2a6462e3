"""A stable ASGI application in front of one that cells may create again."""

from typing import Protocol

from starlette.types import ASGIApp, Receive, Scope, Send


class RequestCounter(Protocol):
    """Whoever shows an application: named, and told of each of its requests."""

    name: str

    def count_request(self) -> None:
        """Note that a request was recorded; called on the home loop."""
        ...


class AppProxy:
    """Forwards to the latest version of an application.

    `app = Routebook()` run again makes a new object. The server, the clients and the views keep this one.

    Args:
        app: The first version.
        counter: Shows the application; None for one of another framework. Held here, so that it lives for as long as
            anything sends requests through this proxy.

    Attributes:
        current: The latest version; replaced by one assignment, from any thread.
    """

    def __init__(self, app: ASGIApp, counter: RequestCounter | None = None) -> None:
        self.current = app
        self.counter = counter

    @property
    def name(self) -> str | None:
        """The application's variable."""
        return self.counter.name if self.counter is not None else None

    def count_request(self) -> None:
        """Tell whoever shows the application that a request was recorded."""
        if self.counter is not None:
            self.counter.count_request()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the latest version."""
        await self.current(scope, receive, send)
