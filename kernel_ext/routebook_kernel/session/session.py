"""The session of one kernel: wires the home loop, registry, recorder, server and views, and owns their shutdown.

Implements `session_api.SessionApi`; knows nothing of IPython.
"""

import asyncio
import contextlib
from collections.abc import Callable, MutableMapping, Sequence
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Any

import routebook
from routebook.applications import Routebook
from routebook.introspect import load_compiler
from routebook.routing import set_registrar
from routebook_kernel.exceptions import HomeLoopError, NotAnApplicationError
from routebook_kernel.protocol import ServerState
from routebook_kernel.recording.failures import is_user_code
from routebook_kernel.recording.log import ExchangeLog
from routebook_kernel.records import RunOutcome
from routebook_kernel.redaction import Secrets
from routebook_kernel.runtime.client import Client
from routebook_kernel.runtime.home import Renewal
from routebook_kernel.runtime.kernel_loop import make_home
from routebook_kernel.runtime.loop_position import PositionFinder
from routebook_kernel.runtime.loop_thread import ABANDONED
from routebook_kernel.runtime.nesting import Nesting
from routebook_kernel.runtime.output import OutputListener
from routebook_kernel.runtime.recorder import Recorder
from routebook_kernel.session.application import Application
from routebook_kernel.session.applications import NotebookApplications
from routebook_kernel.session.benches import Benches, BenchView
from routebook_kernel.session.dependencies import DependenciesView
from routebook_kernel.session.lifespans import HomeLifespans
from routebook_kernel.session.log_view import LogView
from routebook_kernel.session.loop_watch import LoopWatch
from routebook_kernel.session.notebook_file import find_tests_file
from routebook_kernel.session.reporting import CellError
from routebook_kernel.session.saved_tests import ApplicationAccess, SavedTests
from routebook_kernel.session.serving import Serving
from routebook_kernel.session.sockets import Sockets
from routebook_kernel.session.traces import Traces, TraceView
from routebook_kernel.session.tracker import RunResult, Tracker
from routebook_kernel.session.transport import Transport


class Session:
    """Everything that one kernel holds. Cells run on the kernel's thread; views and the server call from any thread.

    Args:
        namespace: The notebook's variables.
        announce: Shows a sentence that no cell asked for, for example that the server stopped by itself.

    Attributes:
        home: The event loop that applications run on.
        log: Every recorded request.
        applications: The applications of the notebook.
        serving: The in-kernel server.
        saved_tests: The saved tests of the notebook.
        traces: What is known of traced requests.
        log_view: The log as views see it.
    """

    def __init__(
        self, namespace: MutableMapping[str, Any], announce: Callable[[str], None] = lambda text: None
    ) -> None:
        self.home = make_home()
        self.nesting = Nesting(self.home)
        self.output = OutputListener()
        self.log = ExchangeLog()
        self.tracker = Tracker(namespace)
        ours = (str(Path(routebook.__file__).parent),)
        self.recorder = Recorder(
            self.log,
            cell_of=self.tracker.cell_of_code,
            secrets=lambda: self.secrets,
            sender=self._label_of_sender,
            framework_folders=ours,
            before=self._renew_warnings,
            tracing=lambda source: self.traces.traces_source(source),
        )
        finder = PositionFinder(self.tracker.cell_of_code, lambda code: is_user_code(code.co_filename, ours))
        self._watch = LoopWatch(self.home, finder, namespace, announce)
        self._lifespans = HomeLifespans(self.home, announce)
        transport = self._transport = Transport(self.recorder, self._lifespans)
        self.serving = Serving(self.home, self._lifespans, transport, self._watch, announce)
        apps = NotebookApplications(self.tracker, self.home, self._lifespans, transport, self.serving)
        self.applications = apps
        self.log_view = LogView(self.log, self.home, apps.requests_to, apps.get_secrets, apps.credentials_for)
        self.traces = Traces(
            self.log, self.tracker.cell_of_code, self.home, apps.list_current, self.log_view.send_again
        )
        self.saved_tests = SavedTests(
            lambda: find_tests_file(namespace),
            self.log,
            self.home,
            ApplicationAccess(
                apps.requests_to, apps.document_of, apps.get_secrets, apps.text_variable, apps.credentials_of
            ),
        )
        apps.on_credentials(self.saved_tests.touch)
        self._benches = Benches(self.home, self._lifespans, apps.get_secrets)
        self._previous_registrar: Any = None
        self._watch_home()

    def _watch_home(self) -> None:
        self.home.runs_user_code = self._watch.runs_user_code
        self.home.on_blocked = self._watch.tell_blocked
        self.home.on_freeing = self._watch.note_blocker
        self.home.on_freed = self._on_freed

    # Life

    def open(self) -> None:
        """Follow the framework's registrations and the kernel's output."""
        load_compiler()  # or the first request would seem slow, and its operation busy
        self._previous_registrar = set_registrar(self.tracker)
        self.output.install()

    def close(self) -> None:
        """Stop the server, leave the lifespans and put everything back. The applications stay as they are."""
        set_registrar(self._previous_registrar)
        self.output.uninstall()
        if self.home.responds():  # else nothing of it could run: everything ends with the process
            self.serving.server.stop(within_s=1)
            self._lifespans.close()
        self.nesting.off()
        self.home.close()

    def _on_freed(self, renewal: Renewal | None) -> None:
        """What blocked the home loop has ended, or another loop has replaced it. Called from any thread."""
        if renewal is None:
            self._watch.tell_interrupted()
            return
        lost = HomeLoopError(ABANDONED)
        apps = self._lifespans.reset()
        self.applications.lose_sockets(lost)
        self._benches.lose(lost)
        self.saved_tests.lose()
        is_served = self.serving.server.resume()
        self._watch.tell_renewed(renewal, self.applications.names_of(apps), is_served)

    # Runs of cells

    def begin_run(
        self, cell_id: str | None, source: str, count: int | None, filename: str | None, deleted: list[str]
    ) -> None:
        """Note that a cell begins to run."""
        self.tracker.begin_run(cell_id, source, count, filename, deleted)

    def finish_run(self, outcome: RunOutcome, error: CellError | None = None) -> RunResult | None:
        """Note that a cell's run has ended: new applications replace previous ones, and views follow."""
        result = self.tracker.finish_run(outcome, error)
        if result is not None:
            self.applications.finish_run(result.replacements, is_changed=bool(result.reports))
            self.traces.touch()
        return result

    def _label_of_sender(self) -> str | None:
        cell = self.tracker.notebook.running_cell
        return cell.label if cell else None

    def _renew_warnings(self) -> None:
        """Have warnings shown again: Python shows each place's once. IPython does this for cells, we for requests."""
        self.tracker.namespace.pop("__warningregistry__", None)

    # What magics and views ask (session_api.SessionApi)

    @property
    def secrets(self) -> Secrets:
        """The names whose values are credentials: the usual ones, and those of the applications' API keys."""
        return self.applications.get_secrets()

    @property
    def is_tracing(self) -> bool:
        """Whether every request is traced, not only the console's."""
        return self.traces.is_tracing

    @is_tracing.setter
    def is_tracing(self, is_on: bool) -> None:
        self.traces.set_tracing(is_on)

    def view(self, app: Any) -> Application:
        """Return the application as its views see it; the same application gives the same object.

        Raises:
            NotAnApplicationError: If it isn't a Routebook application.
        """
        return self.applications.find(app)

    def sockets(self, app: Any) -> Sockets:
        """Return the WebSockets of an application.

        Raises:
            NotAnApplicationError: If it isn't a Routebook application.
        """
        return self.view(app).sockets

    def dependencies(self, app: Any, operation: str | None = None) -> DependenciesView:
        """Return the dependency trees of an application, one operation shown.

        Raises:
            NotAnApplicationError: If it isn't a Routebook application.
        """
        return self.view(app).dependencies(operation)

    def trace_view(self, id: int | None = None) -> TraceView:
        """Return the view of one request's trace, or of the last that was traced."""
        return self.traces.view(id)

    def bench(self, app: Any) -> BenchView:
        """Return a new view of the bench, whose runs are of this application.

        Raises:
            NotAnApplicationError: If it isn't a Routebook application.
        """
        proxy = self.view(app).proxy
        return self._benches.view(
            proxy, lambda: self.view(proxy).name, lambda operation: self.view(proxy).credentials_for(operation)
        )

    def client(self, app: Any, *, raise_server_exceptions: bool = False, **options: Any) -> Client:
        """Return an in-process client for any ASGI application."""
        proxy = self.applications.proxy_of(app)
        perform, connect = self._transport.requests_to(proxy), self._transport.client_sockets_to(proxy)
        return Client(self.home, perform, connect, raise_server_exceptions=raise_server_exceptions, **options)

    def serve(
        self,
        app: Any,
        *,
        port: int | None = None,
        host: str = "127.0.0.1",
        allow_hosts: Sequence[str] = (),
        **options: Any,
    ) -> ServerState:
        """Serve an ASGI application from this kernel; see `Serving.start`. One of another framework has no views.

        Raises:
            ServerStartError: If the port isn't valid or the host isn't a loopback address.
            NotAnApplicationError: If it can't be called.
        """
        if not callable(app):
            raise NotAnApplicationError(f"{app!r}"[:80])
        proxy = self.applications.proxy_of(app)
        return self.serving.start(proxy, port=port, host=host, allow_hosts=allow_hosts, **options)

    def stop(self) -> str:
        """Stop the server. Returns a sentence that says what is true now."""
        return self.serving.stop()

    def default_application(self) -> Routebook | None:
        """Return the application that is meant if none is named: `app`, or the last one in the notebook."""
        return self.applications.find_default()

    def submit(self, make: Callable[[], Any], done: Callable[[Any, BaseException | None], None]) -> Callable[[], None]:
        """Run the coroutine that `make` returns on the home loop; `done(result, error)` is called there.

        Returns:
            A function that cancels it; safe from any thread, and after the end.
        """

        async def run() -> None:
            try:
                result = await make()
            except BaseException as error:
                done(None, error)
                if not isinstance(error, Exception | asyncio.CancelledError):
                    raise
            else:
                done(result, None)

        future: Future[None] = self.home.submit(run())

        def end(future: Future[None]) -> None:
            if not future.cancelled() and isinstance(error := future.exception(), HomeLoopError):
                done(None, error)  # the loop was abandoned, and `run` with it

        future.add_done_callback(end)

        def cancel() -> None:
            with contextlib.suppress(CancelledError):
                future.cancel()

        return cancel
