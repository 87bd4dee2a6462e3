"""`%api`: show an application, its log, its sockets, serve it; `%%http`: send requests. Errors are sentences."""

import argparse
import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import httpx2
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand
from IPython.display import display

from routebook.applications import Routebook
from routebook.introspect import UnknownOperationError, find_operation
from routebook_kernel.exceptions import KernelExtensionError
from routebook_kernel.protocol import BenchArguments, ServerState
from routebook_kernel.recording.exchanges import Exchanges
from routebook_kernel.recording.formatting import format_size
from routebook_kernel.runtime.client import Client, Response
from routebook_kernel.runtime.http_file import Answered, Filler, HttpFileError, HttpRequest, parse_http_file
from routebook_kernel.runtime.nesting import EFFECTS
from routebook_kernel.runtime.server import is_loopback
from routebook_kernel.session import Session
from routebook_kernel.summary import (
    BenchOverview,
    DependenciesOverview,
    Notice,
    SocketsOverview,
    TestsOverview,
    TraceOverview,
)
from routebook_kernel.summary.log import SHOWN

if TYPE_CHECKING:
    from routebook_kernel.widgets import Views

_USAGE = (
    "%api [show | serve | stop | status | docs | log | test | sockets | bench | trace [ID|on|off] | dependencies "
    "| nest on|off] [--app NAME] [--port N]"
)

_ALONE = frozenset({"stop", "status", "log", "test"})


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in a sentence instead of ending the process."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}. Write {_USAGE}")


def _make_parser() -> _Parser:
    parser = _Parser(prog="%api", add_help=False, allow_abbrev=False, exit_on_error=True)
    parser.add_argument("what", nargs="?", default="show")
    parser.add_argument("name", nargs="?")
    parser.add_argument("--app")
    parser.add_argument("--port", type=int)
    parser.add_argument("--host")
    parser.add_argument("--expose", action="store_true")
    parser.add_argument("--allow-host", action="append", default=[])
    parser.add_argument("-n", type=int)
    parser.add_argument("--keep", type=int)
    parser.add_argument("--bytes", type=int)
    parser.add_argument("-c", type=int, default=1)
    parser.add_argument("--served", action="store_true")
    parser.add_argument("--json")
    parser.add_argument("--header", action="append", default=[])
    parser.add_argument("--warm-up", type=int)
    parser.add_argument("--wait", action="store_true")
    return parser


@magics_class
class ApiMagics(Magics):
    """The magics of one session.

    Args:
        show: Displays an application's explorer, or a notice.
        views: The live views; None where widgets are not installed.
    """

    def __init__(
        self, shell: InteractiveShell, session: Session, show: Callable[[Any], None], views: "Views | None" = None
    ) -> None:
        super().__init__(shell)
        self._views = views
        self._namespace = shell.user_ns
        self._expand: Callable[[str], str] = shell.var_expand
        self._session = session
        self._show = show
        self._commands: dict[str, Callable[[argparse.Namespace], None]] = {
            "show": self._explore,
            "serve": self._serve,
            "stop": self._stop,
            "status": self._status,
            "docs": self._docs,
            "log": self._log,
            "test": self._test,
            "trace": self._trace,
            "dependencies": self._dependencies,
            "nest": self._nest,
            "sockets": self._sockets,
            "bench": self._bench,
        }

    @no_var_expand
    @line_magic
    def api(self, line: str) -> None:
        """Show an application, or serve it.

        %api                        the explorer of the notebook's application
        %api serve [--port N] [--app NAME]
        %api serve --host ADDRESS --expose   also for other machines
        %api serve --allow-host NAME   also under another host name, of a tunnel for example
        %api stop | status | docs
        %api log                    every request, live; -n 20 for a plain table of the last 20
        %api log --keep N --bytes N   how many the log keeps, and how much of memory
        %api sockets [--app NAME]   a console for WebSockets
        %api trace [ID]             the steps of a request, of the last one without ID
        %api bench 'GET /items/5' -n 5000 -c 16 [--served] [--json '{}'] [--header 'Name: value'] [--warm-up N]
                                    how long requests take; it goes on while other cells run, or with --wait until done
        %api test                   run the kept tests, and show them
        %api trace on | off         record the steps of every request
        %api dependencies ['GET /items']   the tree of what an operation calls
        %api nest on | off          let event loops nest, for code that calls run_until_complete()
        """
        if line.split()[:1] != ["dependencies"]:  # /items/{item_id} is no variable of the notebook
            line = self._expand(line)
        try:
            arguments = _make_parser().parse_args(shlex.split(line))
        except ValueError as error:
            raise UsageError(f"{error}. Write {_USAGE}") from None
        command = self._commands.get(arguments.what)
        if command is None and isinstance(self._namespace.get(arguments.what), Routebook):
            arguments.app, command = arguments.what, self._explore
        if command is None:
            raise UsageError(f"%api has no {arguments.what!r}. Write {_USAGE}")
        if arguments.name is not None and arguments.what in _ALONE:
            raise UsageError(f"%api {arguments.what} takes no {arguments.name!r}. Write {_USAGE}")
        try:
            command(arguments)
        except KernelExtensionError as error:
            raise UsageError(str(error)) from None

    def _application(self, arguments: argparse.Namespace) -> Routebook:
        name = arguments.app or arguments.name
        if name is not None:
            app = self._namespace.get(name)
            if not isinstance(app, Routebook):
                known = ", ".join(self._session.tracker.names.applications) or "none yet"
                raise UsageError(f"{name} is not an application of this notebook. There is: {known}.")
            return app
        app = self._session.default_application()
        if app is None:
            raise UsageError(
                "There is no application yet. Make one: `from routebook import Routebook; app = Routebook()`"
            )
        return app

    def _explore(self, arguments: argparse.Namespace) -> None:
        self._show(self._application(arguments))

    def _serve(self, arguments: argparse.Namespace) -> None:
        app, host = self._application(arguments), arguments.host or "127.0.0.1"
        state = self._session.serve(
            app, port=arguments.port, host=host, is_exposed=arguments.expose, allow_hosts=arguments.allow_host
        )
        self._show(
            served_notice(state, self._session.serving.describe_trouble() if state["status"] == "starting" else "")
        )
        if not is_loopback(host) and state["status"] == "running":
            told = f"Everybody who can reach this machine ({host}) can use the application now, without a password"
            self._show(Notice(f"{told}. %api stop ends it.", level="error"))

    def _stop(self, arguments: argparse.Namespace) -> None:
        self._show(Notice(self._session.stop()))

    def _status(self, arguments: argparse.Namespace) -> None:
        self._show(served_notice(self._session.serving.state(), self._session.serving.describe_trouble()))

    def _docs(self, arguments: argparse.Namespace) -> None:
        app, state = self._application(arguments), self._session.serving.state()
        if state["status"] != "running" or state["url"] is None:
            raise UsageError("The documentation pages are served with the application: %api serve")
        if app.docs_url is None:
            raise UsageError("The application was made with docs_url=None: it has no documentation pages.")
        self._show(Notice("The documentation:", state["url"].rstrip("/") + app.docs_url))

    def _log(self, arguments: argparse.Namespace) -> None:
        log = self._session.log
        if arguments.keep is not None or arguments.bytes is not None:
            self._resize_log(arguments)
        elif arguments.n is None and self._views is not None:
            self._show(self._views.log())
        else:
            self._show(Exchanges(list(log)[-max(arguments.n or SHOWN, 1) :], total=log.total))

    def _resize_log(self, arguments: argparse.Namespace) -> None:
        log = self._session.log
        try:
            log.resize(max_count=arguments.keep, max_bytes=arguments.bytes)
        except ValueError as error:
            raise UsageError(str(error)) from None
        self._show(Notice(f"The log keeps the last {log.max_count:,} requests, up to {format_size(log.max_bytes)}."))

    def _test(self, arguments: argparse.Namespace) -> None:
        """Run the kept tests and show them; on the home thread, which must not wait for itself, show them first."""
        home, tests = self._session.home, self._session.tests
        if home.is_here:
            home.submit(tests.run())
        elif tests.state()[1]["tests"]:
            home.run(tests.run())
        self._show(self._views.tests() if self._views is not None else TestsOverview(tests.state()[1]))

    def _trace(self, arguments: argparse.Namespace) -> None:
        if arguments.name in {"on", "off"}:
            self._session.traces.set_tracing(arguments.name == "on")
            told = "Every request is traced" if self._session.is_tracing else "Only the console's requests are traced"
            self._show(Notice(f"{told}; %api trace shows the last, and routebook_kernel.trace() gives it to Python."))
            return
        if arguments.name is not None and not arguments.name.isdecimal():
            raise UsageError("Write %api trace for the last request, %api trace 12 for one, or %api trace on, or off")
        id_ = int(arguments.name) if arguments.name is not None else None
        if id_ is not None:
            self._session.traces.trace(id_)  # says so where it is kept no more
        if self._views is not None:
            self._show(self._views.trace(id_))
        else:
            self._show(TraceOverview(self._session.trace_view(id_).state()[1]))

    def _dependencies(self, arguments: argparse.Namespace) -> None:
        operation, arguments.name = arguments.name, None
        app = self._application(arguments)
        if operation is not None:
            try:
                operation = find_operation(app, operation).key
            except UnknownOperationError as error:
                raise UsageError(str(error)) from None
        if self._views is not None:
            self._show(self._views.dependencies(app, operation))
        else:
            self._show(DependenciesOverview(self._session.dependencies(app, operation).state()[1]))

    def _nest(self, arguments: argparse.Namespace) -> None:
        nesting = self._session.nesting
        if arguments.name == "on":
            nesting.on()
            self._show(Notice(f"Event loops nest: {EFFECTS}"))
        elif arguments.name == "off":
            nesting.off()
            self._show(Notice("Event loops do not nest: asyncio is as it was."))
        else:
            told = "nest" if nesting.is_on else "do not nest"
            raise UsageError(f"Event loops {told}. Write %api nest on, or %api nest off")

    def _sockets(self, arguments: argparse.Namespace) -> None:
        app = self._application(arguments)
        if self._views is not None:
            self._show(self._views.sockets(app))
        else:
            self._show(SocketsOverview(self._session.sockets(app).state()[1]))

    def _bench(self, arguments: argparse.Namespace) -> None:
        view = self._session.bench(self._application(argparse.Namespace(app=arguments.app, name=None)))
        widget = self._views.bench(view) if self._views is not None else None
        home, request = self._session.home, bench_request(arguments) if arguments.name else None
        if request is not None and (widget is None or arguments.wait):
            home.run(view.run(request))
        elif request is not None:
            home.run(view.start(request))
        shown = widget if widget is not None else BenchOverview(view.state()[1])
        show_again: Callable[..., Any] = display
        handle = show_again(shown, display_id=True)
        # The figures as text and HTML, for where the saved notebook is read, come with the end of the run.
        view.on_end = lambda: handle.update(shown)

    @cell_magic
    def http(self, line: str, cell: str) -> None:
        """Send the requests of a cell in the `.http` format, to an application of the notebook or to any URL.

        %%http [APP]
        """
        try:
            name = line.strip().removeprefix("--app").strip()
            app = self._application(argparse.Namespace(app=name or None, name=None))
            self._send_all(cell, self._session.client(app))
        except KernelExtensionError as error:
            raise UsageError(str(error)) from None

    def _send_all(self, text: str, client: Client) -> None:
        parsed = parse_http_file(text, first_line=2)
        filler = Filler(parsed.variables, self._variable)
        for request in parsed.requests:
            response = self._send(request, filler, client)
            for note in request.notes:
                self._show(Notice(note))
            self._show(response if isinstance(response, Response) else Notice(repr(response)))
            if request.name:
                filler.answered[request.name] = Answered(response.headers, response.text)
            if request.expect is not None and response.status_code != request.expect:
                told = f"line {request.line}: expected {request.expect}, was answered {response.status_code}"
                self._show(Notice(told, level="error"))

    def _send(self, request: HttpRequest, filler: Filler, client: Client) -> httpx2.Response:
        url, headers, body = filler.filled(request.url, request.line), filler.headers(request), filler.body(request)
        if body is not None and not any(name.lower() == "content-type" for name, _ in headers):
            headers.append(("content-type", "application/json" if body.lstrip()[:1] in {b"{", b"["} else "text/plain"))
        is_outside = url.startswith(("http://", "https://"))
        send = httpx2.request if is_outside else client.request
        options: dict[str, Any] = {"follow_redirects": request.follows_redirects}
        if request.timeout_s is not None:
            options["timeout"] = request.timeout_s
        try:
            return send(request.method, url, headers=headers, content=body, **options)
        except httpx2.HTTPError as error:
            way_out = ": without its host, a URL is asked of the notebook's application" if is_outside else ""
            raise HttpFileError(f"line {request.line}: {url} was not answered, {error}{way_out}") from None

    def _variable(self, name: str) -> str | None:
        value = self._namespace.get(name)
        return str(value) if isinstance(value, str | int | float) else None


def bench_request(arguments: argparse.Namespace) -> BenchArguments:
    """The run that a line asks for: method and path, or the path alone for GET.

    Raises:
        UsageError: A header has no colon.
    """
    method, _, target = arguments.name.strip().rpartition(" ")
    headers = []
    for header in arguments.header:
        name, colon, value = header.partition(":")
        if not colon:
            raise UsageError(f"{header!r} is no header: write --header 'Name: value'")
        headers.append((name.strip(), value.strip()))
    return BenchArguments(
        method=method.strip() or ("GET" if arguments.json is None else "POST"),
        target=target,
        headers=headers,
        body=arguments.json,
        count=arguments.n if arguments.n is not None else 1000,
        concurrency=arguments.c,
        warm_up=arguments.warm_up,
        served=arguments.served,
    )


def served_notice(state: ServerState, trouble: str = "") -> Notice:
    """Say where the server stands, with its URL.

    Args:
        state: The server's.
        trouble: Why requests aren't answered, if they aren't.
    """
    message = f" ({state['message']})" if state["message"] else ""
    match state["status"]:
        case "running" if trouble:
            return Notice(f"Serving{message} at", state["url"], trouble, level="error")
        case "running":
            return Notice(f"Serving{message} at", state["url"], "New cells are served at once. %api stop ends it.")
        case "starting":
            return Notice(f"Starting{message}, not answering yet at", state["url"], trouble)
        case "failed":
            return Notice(f"Not serving: {state['message']}.", level="error")
        case _:
            return Notice("No server runs. %api serve starts one.", more=trouble)
