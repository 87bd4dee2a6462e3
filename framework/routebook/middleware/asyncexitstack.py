"""An exit stack in the scope, closed when the inner application has answered."""

from contextlib import AsyncExitStack

from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["AsyncExitStackMiddleware"]


class AsyncExitStackMiddleware:
    """Keeps an `AsyncExitStack` in the scope while the inner application runs.

    Args:
        app: The inner application.
        context_name: The scope's key for the stack.
    """

    def __init__(self, app: ASGIApp, context_name: str = "routebook_middleware_astack") -> None:
        self.app = app
        self.context_name = context_name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the inner application with the stack, then close the stack."""
        async with AsyncExitStack() as stack:
            scope[self.context_name] = stack
            await self.app(scope, receive, send)
