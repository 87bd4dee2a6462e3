"""`%load_ext routebook_kernel`: connects a session to IPython's shell. Unloading restores the shell."""

import asyncio
import atexit
import contextlib
from collections.abc import Callable
from importlib import import_module
from types import CodeType
from typing import Any

import IPython.display
from IPython.core.interactiveshell import InteractiveShell

from routebook.applications import Routebook
from routebook_kernel.exceptions import KernelExtensionError
from routebook_kernel.hooks import CellHooks
from routebook_kernel.lesson_magics import NAMES, LessonMagics
from routebook_kernel.magics import ApiMagics, served_notice
from routebook_kernel.recording.exchanges import Exchanges
from routebook_kernel.recording.failures import is_framework_code, is_user_code
from routebook_kernel.runtime.client import Client
from routebook_kernel.runtime.interrupts import SwallowedInterrupts
from routebook_kernel.runtime.run_shims import AnyioRunShim, AsyncioRunShim, UvicornRunShim
from routebook_kernel.runtime.shown_errors import ShownErrors
from routebook_kernel.session import Session
from routebook_kernel.summary import (
    BenchOverview,
    DependenciesOverview,
    LogOverview,
    Notice,
    Overview,
    SavedTestsOverview,
    SocketsOverview,
    Trace,
    TraceOverview,
)


class Extension:
    """The extension in one shell."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.session = Session(shell.user_ns, self._announce)
        home = self.session.home
        self._errors = ShownErrors(home, self._is_users, lambda code: is_framework_code(code.co_filename))
        self._interrupts = SwallowedInterrupts()
        self._hooks = CellHooks(shell, self.session, show, self._errors.told)
        self._run_shims = (
            UvicornRunShim(self._serve_called, shell.user_ns),
            AsyncioRunShim(home, self.session.nesting),
            AnyioRunShim(home),
        )
        self._views: Any = None

    def load(self) -> None:
        """Open the session, and install hooks, magics and formatters in the shell."""
        self.session.open()
        self._views = _make_views(self.session)
        self.session.home.install(self.shell)
        self._errors.install(self.shell)
        self._interrupts.install()
        self._hooks.register()
        for shim in self._run_shims:
            shim.install()
        self.shell.register_magics(ApiMagics(self.shell, self.session, show, self._views))
        self.lessons = LessonMagics(self.shell, self.session, show)
        self.shell.register_magics(self.lessons)
        self.shell.events.register("post_run_cell", self.lessons.record_run)
        self._formatter.for_type(Routebook, self._explorer_bundle)
        self._hooks.join()
        after_cell(self.session.output.install)
        atexit.register(self.session.close)  # the page has closed the views by then

    def unload(self) -> None:
        """Restore the shell and close the session."""
        atexit.unregister(self.session.close)
        self._hooks.unregister()
        self.shell.events.unregister("post_run_cell", self.lessons.record_run)
        self._errors.uninstall()
        self._interrupts.uninstall()
        for shim in self._run_shims:
            shim.uninstall()
        with contextlib.suppress(KeyError):
            self._formatter.pop(Routebook)
        for name in ("api", *NAMES):
            self.shell.magics_manager.magics["line"].pop(name, None)
        self.shell.magics_manager.magics["cell"].pop("http", None)
        if self._views is not None:
            self._views.close()
        self.session.home.uninstall()
        self.session.close()
        after_cell(self.session.output.uninstall)

    @property
    def _formatter(self) -> Any:
        return getattr(self.shell.display_formatter, "mimebundle_formatter")  # noqa: B009  # untyped, never None

    def _explorer_bundle(self, app: Routebook, include: Any = None, exclude: Any = None) -> Any:
        """Return the explorer's widget, or only its overview if widgets aren't installed."""
        if self._views is None:
            overview = Overview(self.session.view(app).state()[1])
            return {"text/plain": repr(overview), "text/html": overview._repr_html_()}
        return self._views.explorer(app)._repr_mimebundle_(include, exclude)

    def _serve_called(self, app: Any, port: int, options: dict[str, Any], notes: list[str]) -> None:
        show(served_notice(self.session.serve(app, port=port, **options)))
        for note in notes:
            show(Notice(note))

    def _is_users(self, code: CodeType) -> bool:
        return self.session.tracker.cell_of_code(code) is not None or is_user_code(
            code.co_filename, self.session.recorder.framework_folders
        )

    def _announce(self, text: str) -> None:
        show(Notice(text, level="error"))


def after_cell(action: Callable[[], None]) -> None:
    """Call `action` when the running cell has ended, or now if the shell runs cells without an event loop."""
    try:
        asyncio.get_running_loop().call_soon(action)
    except RuntimeError:
        action()


def show(output: object) -> None:
    """Display an object under the running cell."""
    display: Callable[[object], None] = IPython.display.display
    display(output)


_OVERVIEWS: dict[str, Callable[[Any], Any]] = {
    "bench": BenchOverview,
    "dependencies": DependenciesOverview,
    "explorer": Overview,
    "log": LogOverview,
    "sockets": SocketsOverview,
    "saved_tests": SavedTestsOverview,
    "trace": TraceOverview,
}
"""By the name of its bundle, what shows each view as HTML and text where widgets don't run."""


def _make_views(session: Session) -> Any:
    try:
        widgets: Any = import_module("routebook_kernel.widgets")  # anywidget is an extra
    except ImportError:
        return None
    return widgets.Views(session, _OVERVIEWS)


_loaded: Extension | None = None


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Load the extension, for `%load_ext routebook_kernel`. Does nothing if it's already loaded."""
    global _loaded
    if _loaded is None:
        _loaded = Extension(shell)
        _loaded.load()


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Unload the extension, for `%unload_ext routebook_kernel`."""
    global _loaded
    if _loaded is not None:
        _loaded.unload()
        _loaded = None


def _loaded_extension() -> Extension:
    if _loaded is None:
        raise KernelExtensionError("The extension isn't loaded. Run `%load_ext routebook_kernel`.")
    return _loaded


def session() -> Session:
    """Return the session of this kernel.

    Raises:
        KernelExtensionError: If the extension isn't loaded.
    """
    return _loaded_extension().session


def client(app: Any, *, raise_server_exceptions: bool = False, **options: Any) -> Client:
    """Return a client that calls an application in process.

    In an ordinary cell, `client(app).get("/items/5")` returns the response. In a cell that uses `await`, write
    `await client(app).get("/items/5")`.

    Args:
        app: Any ASGI application.
        raise_server_exceptions: Raise exceptions that no handler caught, instead of returning their 500.
        options: For httpx2's client: `headers`, `cookies`, `auth`, `params`, `follow_redirects`, `base_url`.

    Raises:
        KernelExtensionError: If the extension isn't loaded.
    """
    return session().client(app, raise_server_exceptions=raise_server_exceptions, **options)


def check(name: str) -> None:
    """Check an exercise as `%check` does, and raise if it fails. For graders such as nbgrader and otter.

    Args:
        name: The exercise, for example "4.2".

    Raises:
        AssertionError: If the exercise fails. The message is what `%check` shows.
        KernelExtensionError: If the extension isn't loaded, or the exercise doesn't exist.
    """
    report = _loaded_extension().lessons.tutor.check(name)
    if not report.result.is_passed:
        raise AssertionError(repr(report))


def trace(id: int | None = None) -> Trace:
    """Return the steps of a request. Without an id, of the last one that was traced.

    Args:
        id: The request's number, as in `log()` and in the log view.

    Raises:
        KernelExtensionError: If the extension isn't loaded, or the log doesn't have the request.
    """
    return Trace(session().traces.trace(id))


def log() -> Exchanges:
    """Return the last requests from cells, views and outside, oldest first, with credentials redacted.

    Filter them with `where(status=422)` or `where(lambda exchange: …)`, and pass `to_dicts()` to pandas.
    `%api log --keep N --bytes N` sets how many the log keeps.

    Raises:
        KernelExtensionError: If the extension isn't loaded.
    """
    return Exchanges(session().log)
