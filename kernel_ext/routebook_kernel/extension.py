"""`%load_ext routebook_kernel`: the only file that touches the shell. Unloading gives everything back."""

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
    SocketsOverview,
    TestsOverview,
    Trace,
    TraceOverview,
)


class Extension:
    """The extension, loaded into one shell."""

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
        """Take what the extension needs of the shell."""
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
        self.shell.events.register("post_run_cell", self.lessons.note_run)
        self._formatter.for_type(Routebook, self._explorer_bundle)
        self._hooks.join()
        after_cell(self.session.output.install)
        atexit.register(self.session.close)  # not the views: the page has let go of them before the kernel ends

    def unload(self) -> None:
        """Give everything back, and end what runs."""
        atexit.unregister(self.session.close)
        self._hooks.unregister()
        self.shell.events.unregister("post_run_cell", self.lessons.note_run)
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
        return getattr(self.shell.display_formatter, "mimebundle_formatter")  # noqa: B009  # untyped, and never None

    def _explorer_bundle(self, app: Routebook, include: Any = None, exclude: Any = None) -> Any:
        """The explorer's widget; where widgets are not installed, the overview alone."""
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
    """Do something when the cell that runs has ended; at once where no kernel's loop runs cells."""
    try:
        asyncio.get_running_loop().call_soon(action)
    except RuntimeError:
        action()


def show(shown: object) -> None:
    """Display an object under the cell that runs."""
    display: Callable[[object], None] = IPython.display.display
    display(shown)


_OVERVIEWS: dict[str, Callable[[Any], Any]] = {
    "bench": BenchOverview,
    "dependencies": DependenciesOverview,
    "explorer": Overview,
    "log": LogOverview,
    "sockets": SocketsOverview,
    "tests": TestsOverview,
    "trace": TraceOverview,
}
"""What stands for each view where no widget runs."""


def _make_views(session: Session) -> Any:
    try:
        widgets: Any = import_module("routebook_kernel.widgets")  # anywidget is an extra
    except ImportError:
        return None
    return widgets.Views(session, _OVERVIEWS)


_loaded: Extension | None = None


def load_ipython_extension(shell: InteractiveShell) -> None:
    """`%load_ext routebook_kernel`; nothing happens when it is loaded already."""
    global _loaded
    if _loaded is None:
        _loaded = Extension(shell)
        _loaded.load()


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """`%unload_ext routebook_kernel`."""
    global _loaded
    if _loaded is not None:
        _loaded.unload()
        _loaded = None


def session() -> Session:
    """The session of this kernel.

    Raises:
        KernelExtensionError: The extension is not loaded.
    """
    if _loaded is None:
        raise KernelExtensionError("The extension is not loaded: %load_ext routebook_kernel")
    return _loaded.session


def client(app: Any, *, raise_server_exceptions: bool = False, **options: Any) -> Client:
    """An in-process client: `client(app).get("/items/5")` in an ordinary cell, with `await` in an async one.

    Args:
        app: An application; any ASGI application will do.
        raise_server_exceptions: Raise what no handler answered, instead of returning its 500.
        options: For httpx2's client: `headers`, `cookies`, `auth`, `params`, `follow_redirects`, `base_url`.

    Raises:
        KernelExtensionError: The extension is not loaded.
    """
    return session().client(app, raise_server_exceptions=raise_server_exceptions, **options)


def check(name: str) -> None:
    """Check an exercise as `%check` does, and raise where it fails: for graders such as nbgrader and otter.

    Args:
        name: The exercise: "4.2".

    Raises:
        AssertionError: It fails; the message is the text of the check.
        KernelExtensionError: The extension is not loaded, or there is no such exercise.
    """
    if _loaded is None:
        raise KernelExtensionError("The extension is not loaded: %load_ext routebook_kernel")
    checked = _loaded.lessons.tutor.check(name)
    if not checked.verdict.is_passed:
        raise AssertionError(repr(checked))


def trace(id: int | None = None) -> Trace:
    """The steps of a request, to be looked at: of an exchange of the log, or of the last that was traced.

    Args:
        id: As `log()` and the log view name it.

    Raises:
        KernelExtensionError: The extension is not loaded, or there is no such request.
    """
    return Trace(session().traces.trace(id))


def log() -> Exchanges:
    """The last exchanges, oldest first: from cells, views and outside, credentials redacted.

    A list, with `where(status=422)` and `where(lambda exchange: …)` to filter it, and `to_dicts()` for pandas.
    `%api log --keep N --bytes N` says how many are kept.

    Raises:
        KernelExtensionError: The extension is not loaded.
    """
    return Exchanges(session().log)
