"""The views of one session: one widget for one thing, however often it is shown, so that all places are in step."""

from collections.abc import Callable, Mapping
from typing import Any

from routebook_kernel.session_api import AppView, BenchApi, SessionApi
from routebook_kernel.widgets.bench import Bench
from routebook_kernel.widgets.dependencies import Dependencies
from routebook_kernel.widgets.explorer import Explorer
from routebook_kernel.widgets.log import Log
from routebook_kernel.widgets.saved_tests import SavedTestsView
from routebook_kernel.widgets.sockets import Sockets
from routebook_kernel.widgets.trace import Trace
from routebook_kernel.widgets.view import Overview, View


class Views:
    """Makes views, keeps them, ends them.

    Args:
        session: The kernel's session.
        overviews: By a view's bundle, what makes the text and HTML for where no widget runs.
    """

    def __init__(self, session: SessionApi, overviews: Mapping[str, Callable[[Any], Overview]]) -> None:
        self._session = session
        self._overviews = overviews
        self._kept: dict[tuple[str, Any], View] = {}

    def explorer(self, app: Any) -> View:
        """The explorer of an application.

        Raises:
            NotAnApplicationError: It is none.
        """
        view = self._session.view(app)
        beside = {"sockets": lambda: self.sockets(view), "bench": lambda: self._bench_of(view)}
        return self._view("explorer", view, lambda overview: Explorer(self._session, view, overview, beside))

    def log(self) -> View:
        """The log of the session."""
        return self._view("log", None, lambda overview: Log(self._session, overview))

    def sockets(self, app: Any) -> View:
        """The WebSockets of an application.

        Raises:
            NotAnApplicationError: It is none.
        """
        view = self._session.sockets(app)
        return self._view("sockets", view, lambda overview: Sockets(self._session, view, overview))

    def trace(self, id: int | None = None) -> View:
        """The trace of an exchange, or of the last that was traced."""
        traces = self._session.trace_view(id)
        return self._view("trace", traces, lambda overview: Trace(self._session, traces, overview))

    def dependencies(self, app: Any, operation: str | None = None) -> View:
        """The tree of what an operation calls.

        Raises:
            NotAnApplicationError: It is none.
        """
        trees = self._session.dependencies(app, operation)
        return self._view("dependencies", trees, lambda overview: Dependencies(self._session, trees, overview))

    def bench(self, view: BenchApi) -> View:
        """The load generator's runs, one of them shown."""
        return self._view("bench", view, lambda overview: Bench(self._session, view, overview))

    def _bench_of(self, view: AppView) -> View:
        """The load generator's runs, as an explorer shows them."""
        return self._view("bench", view, lambda overview: Bench(self._session, self._session.bench(view), overview))

    def saved_tests(self) -> View:
        """The saved tests of the notebook."""
        return self._view("saved_tests", None, lambda overview: SavedTestsView(self._session, overview))

    def close(self) -> None:
        """End all of them."""
        for view in self._kept.values():
            view.close()
        self._kept.clear()

    def _view(self, bundle: str, shown: Any, make: Callable[[Callable[[Any], Overview]], View]) -> View:
        if (bundle, shown) not in self._kept:
            self._kept[bundle, shown] = make(self._overviews[bundle])
        return self._kept[bundle, shown]
