"""An application that may be created again: what is served stays the same object while what answers changes."""

from starlette.types import ASGIApp, Receive, Scope, Send


class LiveApp:
    """ASGI application: passes each request to the application that stands now.

    `app = Routebook()` run again makes a new object; the server, the clients and the views go on through this one.

    Attributes:
        current: The application that stands now; swapped by one assignment, from any thread.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.current = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the application that stands now."""
        await self.current(scope, receive, send)
