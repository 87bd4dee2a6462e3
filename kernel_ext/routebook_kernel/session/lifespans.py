"""The lifespans on the home loop: entered with the first request, left when their application is replaced or gone."""

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any

from starlette.types import ASGIApp

from routebook.applications import Routebook
from routebook_kernel.runtime.app_proxy import AppProxy
from routebook_kernel.runtime.home import HomeLoop
from routebook_kernel.runtime.lifespan import Lifespans


class HomeLifespans:
    """The lifespans of the current home loop. The coroutines run on that loop; all else may be called from any thread.

    Args:
        home: The loop.
        announce: Shows a sentence: a startup or shutdown that no one waits for failed.
    """

    def __init__(self, home: HomeLoop, announce: Callable[[str], None]) -> None:
        self._home = home
        self._announce = announce
        self.current = Lifespans()

    def reset(self) -> list[ASGIApp]:
        """Start over on a new loop. Returns the applications whose lifespans were lost with the old one."""
        previous, self.current = self.current, Lifespans()
        return [app for app in previous.entered if has_lifespan(app)]

    def close(self) -> None:
        """Leave every lifespan."""
        self._home.run_last(self.current.close(), timeout_s=2)

    # Requests

    def state_of(self, proxy: AppProxy) -> dict[str, Any] | None:
        """Return the lifespan state of an application; None if its lifespan isn't entered."""
        return self.current.state_of(proxy.current)

    async def enter(self, proxy: AppProxy, holder: str) -> ASGIApp:
        """Enter the lifespan of an application, if no one has, and hold it.

        Raises:
            LifespanError: If the startup fails.
        """
        return await self.current.hold_current(lambda: proxy.current, holder)

    async def enter_for_request(self, proxy: AppProxy) -> dict[str, Any]:
        """Return a copy of an application's lifespan state for a request; its lifespan is entered if needed.

        Raises:
            LifespanError: If the startup fails.
        """
        state = self.state_of(proxy)
        if state is None:
            app = await self.enter(proxy, "notebook")
            state = self.current.state_of(app) or {}
        return state.copy()

    def held_by_server(self, proxy: AppProxy) -> AbstractAsyncContextManager[None]:
        """Hold the lifespan of an application while it is served."""
        return self.current.held(lambda: proxy.current, "server")

    # Runs of cells

    async def replace(self, previous: ASGIApp, proxy: AppProxy, *, is_served: bool) -> None:
        """Leave the lifespan of a replaced application. A served one enters its new one now."""
        try:
            await self.current.leave(previous)
            if is_served:
                await self.enter(proxy, "server")
        except Exception as error:
            self._announce(str(error))

    def leave_unused(self, proxies: Callable[[], Iterable[AppProxy]]) -> None:
        """Leave the lifespans of applications that no request can reach any longer."""
        if self._find_unused(proxies()):
            self._home.submit(self._leave_unused(proxies))

    async def _leave_unused(self, proxies: Callable[[], Iterable[AppProxy]]) -> None:
        for app in self._find_unused(proxies()):
            try:
                await self.current.leave(app)
            except Exception as error:
                self._announce(str(error))

    def _find_unused(self, proxies: Iterable[AppProxy]) -> list[ASGIApp]:
        used = [proxy.current for proxy in proxies]
        return [app for app in self.current.entered if not any(app is other for other in used)]


def has_lifespan(app: ASGIApp) -> bool:
    """Whether an application has anything to run at startup or shutdown."""
    return isinstance(app, Routebook) and app.router.has_lifespan
