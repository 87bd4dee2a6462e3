"""An application that may be created again: what is served stays the same object while what answers changes."""

from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send


class LiveApp:
    """ASGI application: passes each request to the application that stands now.

    `app = Routebook()` run again makes a new object; the server, the clients and the views go on through this one.

    Args:
        app: The application that stands at first.
        view: What knows it.

    Attributes:
        view: What knows it: held, so that it lives for as long as anything sends requests through this.
        current: The application that stands now; swapped by one assignment, from any thread.
    """

    def __init__(self, app: ASGIApp, view: Any = None) -> None:
        self.current = app
        self.view = view

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the application that stands now."""
        await self.current(scope, receive, send)
