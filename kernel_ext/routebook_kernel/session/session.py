"""The session of one kernel: wires the home loop, registry, recorder, server and views, and owns their shutdown.

Implements `session_api.SessionApi`; knows nothing of IPython.
"""

import asyncio
import contextlib
import os
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

import routebook
from routebook.applications import Routebook
from routebook.introspect import load_compiler
from routebook.routing import set_registrar
from routebook_kernel.exceptions import HomeLoopError, NotAnApplicationError, RequestError
from routebook_kernel.protocol import Credential, ServerState
from routebook_kernel.recording.failures import is_users
from routebook_kernel.recording.log import ExchangeLog
from routebook_kernel.records import RunOutcome, Source
from routebook_kernel.redaction import USUAL, Secrets
from routebook_kernel.registry.names import iter_owners
from routebook_kernel.registry.operations import document_of
from routebook_kernel.runtime.admission import Admission, AllowedHosts
from routebook_kernel.runtime.client import Client, Perform
from routebook_kernel.runtime.connection import PerformSocket
from routebook_kernel.runtime.home import Renewal
from routebook_kernel.runtime.kernel_loop import make_home
from routebook_kernel.runtime.lifespan import Lifespans
from routebook_kernel.runtime.live import LiveApp
from routebook_kernel.runtime.loop_position import PositionFinder
from routebook_kernel.runtime.loop_thread import ABANDONED
from routebook_kernel.runtime.nesting import Nesting
from routebook_kernel.runtime.output import OutputListener
from routebook_kernel.runtime.peers import PeerFinder
from routebook_kernel.runtime.proxy import base_url_of_parent, here, hub_prefix_of, proxy_path
from routebook_kernel.runtime.recorder import Recorded, Recorder, Recording
from routebook_kernel.runtime.server import DEFAULT_PORT, KernelServer, ServerStatus, WithState, is_loopback
from routebook_kernel.runtime.websocket import Connect
from routebook_kernel.session.application import Application
from routebook_kernel.session.benches import Benches, BenchView
from routebook_kernel.session.dependencies import DependenciesView
from routebook_kernel.session.log_view import LogView
from routebook_kernel.session.loop_watch import LoopWatch
from routebook_kernel.session.notebook_file import file_of_tests
from routebook_kernel.session.reporting import CellError
from routebook_kernel.session.sockets import Sockets
from routebook_kernel.session.tests import Applications, NotebookTests
from routebook_kernel.session.traces import Traces, TraceView
from routebook_kernel.session.tracker import RunResult, Tracker
from routebook_kernel.session.weak_list import WeakList


class Session:
    """Everything that one kernel holds.

    Args:
        namespace: The notebook's variables.
        announce: Called with a sentence that a person must see although no cell asked for it: the server's crash.

    Attributes:
        log_view: The record of every exchange, as views see it.
        traces: What is known of traced requests.
        tests: The kept tests of the notebook.
        is_tracing: Whether the steps of every request are recorded, not of the console's alone.
    """

    def __init__(
        self, namespace: MutableMapping[str, Any], announce: Callable[[str], None] = lambda text: None
    ) -> None:
        self.home = make_home()
        self.nesting = Nesting(self.home)
        self.log = ExchangeLog()
        self.tracker = Tracker(namespace)
        self.output = OutputListener()
        self.server = KernelServer(self.home, self._on_server)
        self.recorder = Recorder(
            self.log,
            cell_of=self.tracker.cell_of_code,
            secrets=lambda: self._secrets,
            sender=self._sender,
            ours=(str(Path(routebook.__file__).parent),),
            before=self._renew_warnings,
            # Somebody looks at what the console sends; everything else pays for tracing only when asked to.
            tracing=lambda source: self.is_tracing or source == "console",
            name_of=self._name_of,
        )
        self.tests = NotebookTests(
            lambda: file_of_tests(namespace),
            self.log,
            self.home,
            Applications(
                self._performing_named,
                self._document_of,
                lambda: self._secrets,
                self._text_variable,
                self._all_credentials_of,
            ),
        )
        self.log_view = LogView(
            self.log, self.home, self._performing_named, lambda: self._secrets, self._credentials_of
        )
        self.traces = Traces(
            self.log,
            self.tracker.cell_of_code,
            lambda: self.tracker.names.applications.values(),
            lambda: self.is_tracing,
            self.set_tracing,
            self._replay,
        )
        self._trace_views: dict[int | None, TraceView] = {}
        self._dependencies: dict[tuple[Application, str | None], DependenciesView] = {}
        self.is_tracing = False
        self._announce = announce
        self._secrets = USUAL
        self._applications = WeakList[Application]()
        self._kept: list[Application] = []
        self._lives = WeakList[LiveApp]()
        self._sockets: dict[Application, Sockets] = {}
        self._benches = Benches(self.home, self._entered_state, lambda: self._secrets)
        self._served: Application | None = None
        self._was_running = False
        self._urls: dict[int, str] = {}
        self._former_registrar: Any = None
        self._lifespans: Lifespans | None = None
        finder = PositionFinder(self.tracker.cell_of_code, lambda code: is_users(code.co_filename, self.recorder.ours))
        self._watch = LoopWatch(self.home, finder, namespace, announce)
        self.home.runs_user_code = self._watch.runs_user_code
        self.home.on_blocked = self._watch.tell_blocked
        self.home.on_freeing = self._watch.note_blocker
        self.home.on_freed = self._on_freed

    # Life

    def open(self) -> None:
        """Take the registrations of the framework and listen to the kernel's output."""
        load_compiler()  # or the first request would seem slow, and its operation busy
        self._former_registrar = set_registrar(self.tracker)
        self.output.install()

    def close(self) -> None:
        """Stop the server, leave the lifespans, give everything back; the applications stay as they are."""
        set_registrar(self._former_registrar)
        self.output.uninstall()
        if self.home.responds():  # else nothing of it could run: all ends with the process
            self.server.stop(within_s=1)
            if self._lifespans is not None:
                self.home.run_last(self._lifespans.close(), timeout_s=2)
        self.nesting.off()
        self.home.close()

    # Runs of cells

    def begin(
        self, cell_id: str | None, source: str, count: int | None, filename: str | None, deleted: list[str]
    ) -> None:
        """A cell begins to run."""
        self.tracker.begin(cell_id, source, count, filename, deleted)

    def settle(self, outcome: RunOutcome, error: CellError | None = None) -> RunResult | None:
        """The cell's run ended: new applications take the places of former ones, views follow."""
        result = self.tracker.settle(outcome, error)
        if result is None:
            return None
        for former, new in result.succeeded:
            self._succeed(former, new)
        if result.reports:
            self._secrets = Secrets.of(_iter_key_names(self.tracker.names.applications.values()))
            for application in self._applications:
                application.name = self.tracker.names.name_of(application.app) or application.name
                application.revision += 1
                application.touch()
            for sockets in self._sockets.values():
                sockets.touch()
        for trace in self._trace_views.values():
            trace.touch()
        for trees in self._dependencies.values():
            trees.touch()
        self._let_go()
        return result

    def _let_go(self) -> None:
        """Hold on to what a name stands for, or stood for last; all else lives for as long as somebody uses it."""
        latest = {application.name: application for application in self._applications}
        named = [each for each in self._applications if self.tracker.names.name_of(each.app) is not None]
        self._kept = [*latest.values(), *named]
        if self._lifespans is not None and self._unused(self._lifespans):
            self.home.submit(self._leave_unused())

    def _unused(self, lifespans: Lifespans) -> list[ASGIApp]:
        """The applications that are started, though no request can reach them any longer."""
        used = [live.current for live in self._lives]
        return [app for app in lifespans.entered if not any(app is each for each in used)]

    async def _leave_unused(self) -> None:
        lifespans = self._home_lifespans()
        for app in self._unused(lifespans):
            try:
                await lifespans.leave(app)
            except Exception as error:
                self._announce(str(error))

    @property
    def secrets(self) -> Secrets:
        """The names whose values are credentials: the usual ones, and those of the applications' API keys."""
        return self._secrets

    def _succeed(self, former: Routebook, new: Routebook) -> None:
        for application in self._applications:
            if application.app is former:
                application.succeed(new)
                is_served = application is self._served and self._was_running
                self.home.submit(self._change_lifespan(former, application.live, is_served=is_served))
        self._absorb_doubles(new)

    def _absorb_doubles(self, app: Routebook) -> None:
        """Keep one view of an application: a cell that makes it and its client made a second one before it ended."""
        views = [application for application in self._applications if application.app is app]
        used = {self._served, *self._sockets, *(application for application, _ in self._dependencies)}
        for double in views[1:]:
            if double not in used and not double.is_followed:
                views[0].absorb(double)
                self._applications.remove(double)

    async def _change_lifespan(self, former: Routebook, live: LiveApp, *, is_served: bool) -> None:
        """The former leaves its lifespan; a served one enters the new one's at once, others with the next request."""
        lifespans = self._home_lifespans()
        try:
            await lifespans.leave(former)
            if is_served:
                await lifespans.hold_current(lambda: live.current, "server")
        except Exception as error:
            self._announce(str(error))
        for application in self._applications:
            application.touch()

    # What faces ask (session_api.SessionApi)

    def view(self, app: Any) -> Application:
        """The view of an application; the same application gives the same view.

        Raises:
            NotAnApplicationError: It is none.
        """
        if isinstance(app, Application):
            return app
        for application in self._applications:
            if application.app is app or application.is_behind(app):
                return application
        if not isinstance(app, Routebook):
            raise NotAnApplicationError(f"{type(app).__name__} {app!r}"[:80])
        name = self.tracker.names.name_of(app) or "app"
        application = Application(app, name, self.tracker, self.home, self._performing, self._server_state)
        application.credentials.on_change(self.tests.touch)
        self._applications.append(application)
        self._kept.append(application)  # until the cell has ended: only then is it known what a name stands for
        self._lives.append(application.live)
        return application

    def sockets(self, app: Any) -> Sockets:
        """The WebSockets of an application; the same application gives the same.

        Raises:
            NotAnApplicationError: It is none.
        """
        application = self.view(app)
        if application not in self._sockets:
            self._sockets[application] = Sockets(
                self.home,
                lambda: (application.app, application.name),
                self.tracker,
                self._performing_socket(application.live, "console"),
                lambda: self._secrets,
                application.sign_in,
                application.credentials,
            )
        return self._sockets[application]

    def trace_view(self, id: int | None = None) -> TraceView:
        """The view of one exchange's trace, or of the last that was traced."""
        if id not in self._trace_views:
            self._trace_views[id] = TraceView(self.traces, self.home, id)
        return self._trace_views[id]

    def dependencies(self, app: Any, operation: str | None = None) -> DependenciesView:
        """The view of the trees of an application's operations.

        Raises:
            NotAnApplicationError: It is none.
        """
        application = self.view(app)
        key = (application, operation)
        if key not in self._dependencies:
            self._dependencies[key] = DependenciesView(
                self.home, lambda: application.app, self.tracker.cell_of_code, operation
            )
        return self._dependencies[key]

    def set_tracing(self, is_on: bool) -> None:
        """Have every request traced, or only the console's."""
        self.is_tracing = is_on
        for view in self._trace_views.values():
            view.touch()

    def bench(self, app: Any) -> BenchView:
        """A new view of the load generator's runs; runs that it begins are of this application.

        Raises:
            NotAnApplicationError: It is none.
        """
        live = self.view(app).live
        return self._benches.view(
            live, lambda: self.view(live).name, lambda operation: self.view(live).credentials_for(operation)
        )

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

    def serve(
        self,
        app: Any,
        *,
        port: int | None = None,
        host: str = "127.0.0.1",
        allow_hosts: Sequence[str] = (),
        **options: Any,
    ) -> ServerState:
        """Start the in-kernel server for `app` on 127.0.0.1; the state says the URL, or what failed.

        Args:
            app: An application; one of another framework is served too, without views.
            port: The next free one is taken where it is busy.
            host: The address to listen on.
            allow_hosts: Names under which it may be asked for, beside this machine's own: of a tunnel, for example.
            options: For `uvicorn.Config`.

        Raises:
            ServerStartError: The port is none, or the host is not on loopback; what was served is served still.
            NotAnApplicationError: It is none.
        """
        if not callable(app):
            raise NotAnApplicationError(f"{app!r}"[:80])
        application = self.view(app) if isinstance(app, Routebook) else None
        live = application.live if application else self._live(app)
        served: ASGIApp = Recording(live, self.recorder, lambda: self._count(live))
        stateful = WithState(
            served,
            lambda: self._home_lifespans().state_of(live.current),
            lambda: self._home_lifespans().hold_current(lambda: live.current, "server"),
        )
        peers = PeerFinder(os.environ, is_server=base_url_of_parent(os.environ) is not None)
        is_shared = bool(hub_prefix_of(os.environ)) and is_loopback(host)  # another address is meant for others
        served = Admission(
            stateful,
            AllowedHosts(allow_hosts, host),
            peers.is_proxy,
            is_own=peers.is_own if is_shared else None,
            proxy_path=self._proxy_path,
        )
        former, self._served = self._served, application
        try:
            self.server.start(
                served,
                host=host,
                port=DEFAULT_PORT if port is None else port,
                around=lambda: self._home_lifespans().held(lambda: live.current, "server"),
                **options,
            )
        except Exception:
            self._served = former  # what was served is served still
            raise
        return self.server_state()

    def stop(self) -> str:
        """Stop the server, and return a sentence that says what holds now."""
        status = self.server.status
        if status.status not in {"running", "starting"}:
            return "No server runs."
        self.server.stop()
        if self.server.is_listening:
            return "The server is stopping."
        freed = "The server has stopped; its port is free."
        if (blocker := self._watch.find_blocker()) is not None:
            return f"{freed} {blocker.describe('blocks the event loop')} %api serve ends it."
        if leaving := self._home_lifespans().leaving:
            where = self._watch.describe_tasks(leaving, "is still shutting down")
            return f"{freed} {where} It is cancelled when the application starts again."
        return freed

    def describe_trouble(self) -> str:
        """Say what keeps requests from being answered: code that blocks the loop, a lifespan that hasn't started."""
        if (blocker := self._watch.find_blocker()) is not None:
            return f"{blocker.describe('blocks the event loop')} %api serve ends it."
        return self._watch.describe_tasks(self._home_lifespans().starting, "has not started yet")

    def _on_freed(self, renewal: Renewal | None) -> None:
        """What blocked the home loop has ended, or another loop has taken its place; any thread."""
        if renewal is None:
            self._watch.tell_interrupted()
            return
        entered = self._lifespans.entered if self._lifespans is not None else ()
        self._lifespans = None
        lost = HomeLoopError(ABANDONED)
        for sockets in self._sockets.values():
            sockets.lose(lost)
        self._benches.lose(lost)
        self.tests.lose()
        is_served = self.server.resume()
        names = [self.tracker.names.name_of(app) or "app" for app in entered if _has_lifespan(app)]
        self._watch.tell_renewed(renewal, names, is_served)

    def client(self, app: Any, *, raise_server_exceptions: bool = False, **options: Any) -> Client:
        """An in-process client; `app` may be any ASGI application."""
        live = self.view(app).live if isinstance(app, Routebook) else self._live(app)
        perform, connect = self._performing(live), self._connecting(live)
        return Client(self.home, perform, connect, raise_server_exceptions=raise_server_exceptions, **options)

    def _live(self, app: ASGIApp) -> LiveApp:
        """What passes requests to an application of another framework."""
        live = LiveApp(app)
        self._lives.append(live)
        return live

    def default_application(self) -> Routebook | None:
        """The application that is meant where none is named: `app`, else the one that was made last."""
        found = {name: owner for name, owner in iter_owners(self.tracker.namespace) if isinstance(owner, Routebook)}
        return found.get("app") or next(reversed(list(found.values())), None)

    # Requests

    def _performing(self, live: LiveApp) -> Perform:
        """Runs requests through what is live, its lifespan entered, recorded."""

        async def perform(scope: Scope, receive: Receive, send: Send, source: Source) -> Recorded:
            scope["state"] = await self._entered_state(live)
            recorded = await self.recorder.record(live, scope, receive, send, source)
            self._count(live)
            return recorded

        return perform

    def _performing_socket(self, live: LiveApp, source: Source) -> PerformSocket:
        """Runs WebSocket connections through what is live, its lifespan entered, recorded."""

        async def perform(scope: Scope, receive: Receive, send: Send) -> Recorded:
            scope["state"] = await self._entered_state(live)
            return await self.recorder.record_socket(live, scope, receive, send, source, lambda: self._count(live))

        return perform

    def _connecting(self, live: LiveApp) -> Connect:
        """The same, raising what leaves the application."""
        perform = self._performing_socket(live, "client")

        async def connect(scope: Scope, receive: Receive, send: Send) -> None:
            recorded = await perform(scope, receive, send)
            if recorded.error is not None:
                raise recorded.error

        return connect

    async def _entered_state(self, live: LiveApp) -> dict[str, Any]:
        """A copy of an application's lifespan state, its lifespan entered if nobody has."""
        lifespans = self._home_lifespans()
        if (state := lifespans.state_of(live.current)) is None:
            app = await lifespans.hold_current(lambda: live.current, "notebook")
            state = lifespans.state_of(app) or {}
        return state.copy()

    async def _replay(self, id: int) -> int:
        """Send the request of an exchange again, as the console's, which are traced; the id of the new exchange."""
        detail = self.log_view.detail(id)
        if detail["request"] is None:
            raise RequestError(detail["refusal"])
        if hidden := [each for each in detail["hidden"] if not each["held"]]:
            names = ", ".join(each["name"] for each in hidden)
            raise RequestError(f"Credentials are not kept. %api log sends it again when you fill in: {names}.")
        return (await self.log_view.send(detail["request"], {}))["summary"]["id"]

    def _count(self, live: LiveApp) -> None:
        for application in self._applications:
            if application.is_behind(live):
                application.exchange_count += 1
                application.touch()

    def _name_of(self, app: ASGIApp) -> str | None:
        """The variable of an application that requests go through."""
        return next((application.name for application in self._applications if application.is_behind(app)), None)

    def _document_of(self, name: str) -> Mapping[str, Any]:
        """The OpenAPI document of the application of a name; an empty one where there is none."""
        app = self.tracker.names.applications.get(name)
        return document_of(app)[0] if app is not None else {}

    def _text_variable(self, name: str) -> str | None:
        """A variable of the notebook that holds text or a number."""
        value = self.tracker.namespace.get(name)
        return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None

    def _named(self, name: str) -> Application | None:
        """The application of a name; of several the latest."""
        if (app := self.tracker.names.applications.get(name)) is not None:
            return self.view(app)
        return next((each for each in reversed(tuple(self._applications)) if each.name == name), None)

    def _performing_named(self, name: str) -> Perform | None:
        """What runs requests through the application of a name."""
        application = self._named(name)
        return application.perform if application is not None else None

    def _credentials_of(self, name: str, operation: str) -> Mapping[str, Credential]:
        """What was given for the security schemes of an operation of the application of a name."""
        application = self._named(name)
        return application.credentials_for(operation) if application is not None else {}

    def _all_credentials_of(self, name: str) -> Mapping[str, Credential]:
        """What was given for any security scheme of the application of a name."""
        application = self._named(name)
        return application.credentials.of() if application is not None else {}

    def _home_lifespans(self) -> Lifespans:
        if self._lifespans is None:
            self._lifespans = Lifespans()
        return self._lifespans

    def _renew_warnings(self) -> None:
        """Python shows a warning once a place; IPython forgets that before each cell, we before each request."""
        self.tracker.namespace.pop("__warningregistry__", None)

    def _sender(self) -> str | None:
        cell = self.tracker.notebook.open
        return cell.label if cell else None

    # The server

    def server_state(self) -> ServerState:
        """Where the server stands, with the URL that a person can open."""
        status = self.server.status
        url = self._url_of(status.port) if status.port is not None else None
        trouble = self._trouble_of_served() if status.status == "running" else None
        return ServerState(status=status.status, url=url, message=trouble or status.message)

    def _trouble_of_served(self) -> str | None:
        """Why what is served has no lifespan, though the server runs: its start-up failed in a cell run since."""
        if self._lifespans is None or self._served is None:
            return None
        trouble = self._lifespans.trouble_of(self._served.app)
        return f"{trouble}; until it starts, requests are answered 503" if trouble else None

    def _proxy_path(self) -> str:
        """The path at which the Jupyter server's proxy serves what is served."""
        base_url = hub_prefix_of(os.environ) or base_url_of_parent(os.environ) or "/"
        port = self.server.status.port
        return proxy_path(port, base_url) if port is not None else ""

    def _url_of(self, port: int) -> str:
        if port not in self._urls:
            self._urls[port] = here(port).url
        return self._urls[port]

    def _server_state(self, application: Application) -> ServerState:
        if application is not self._served:
            return ServerState(status="stopped", url=None, message=None)
        return self.server_state()

    def _on_server(self, status: ServerStatus) -> None:
        if status.status == "failed" and self._was_running and self.home.is_here:
            self._announce(f"{status.message or 'the server has stopped'}. %api serve starts it again.")
        self._was_running = status.status == "running"
        for application in self._applications:
            application.touch()


def _has_lifespan(app: ASGIApp) -> bool:
    """Whether there is anything to run at start-up and shutdown."""
    return isinstance(app, Routebook) and app.router.has_lifespan


def _iter_key_names(applications: Any) -> list[str]:
    """The names of the API keys that applications declare.

    Spec: OpenAPI 3.1.0, Security Scheme Object, `apiKey`.
    """
    names = []
    for app in applications:
        with contextlib.suppress(Exception):  # a document that cannot be made is told elsewhere
            schemes = app.openapi().get("components", {}).get("securitySchemes", {})
            names += [scheme["name"] for scheme in schemes.values() if scheme.get("type") == "apiKey"]
    return names
