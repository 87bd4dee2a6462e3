"""`%api` shows and serves an application; `%%http` sends the requests of a cell.

Every error is a `UsageError` with a sentence, so that no traceback hides it.
"""

import argparse
import inspect
import shlex
from collections.abc import Callable
from difflib import get_close_matches
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
from routebook_kernel.runtime.http_file import (
    HttpFileError,
    HttpRequest,
    NamedResponse,
    VariableResolver,
    parse_http_file,
)
from routebook_kernel.runtime.nesting import EFFECTS
from routebook_kernel.runtime.server import is_loopback
from routebook_kernel.session import Session
from routebook_kernel.summary import (
    BenchOverview,
    DependenciesOverview,
    HelpText,
    Notice,
    SavedTestsOverview,
    SocketsOverview,
    TraceOverview,
)
from routebook_kernel.summary.log import DEFAULT_LIMIT

if TYPE_CHECKING:
    from routebook_kernel.widgets import Views

_SEE_HELP = "`%api help` lists all commands and options."

_WITHOUT_ARGUMENT = frozenset({"help", "log", "status", "stop", "test"})


class _LineParser(argparse.ArgumentParser):
    """A parser that raises a `UsageError`, where argparse would end the process."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[:1].upper()}{message[1:]}. {_SEE_HELP}")


def _make_parser() -> _LineParser:
    parser = _LineParser(prog="%api", add_help=False, allow_abbrev=False, exit_on_error=True)
    parser.add_argument("command", nargs="?", default="show")
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
    """The magics `%api` and `%%http` of one session.

    Args:
        show: Displays an object under the cell.
        views: The live views, or None if widgets aren't installed.
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
            "help": self._help,
        }

    @no_var_expand
    @line_magic
    def api(self, line: str) -> None:
        """Show, serve and inspect an application.

        %api                     open the explorer
        %api serve               serve the application, and print its URL
            --port N                 on this port
            --allow-host NAME        under another host name too, for a tunnel for example
            --host ADDRESS --expose  for other machines too
        %api stop                stop the server
        %api status              show whether the server is running, and where
        %api docs                link to the documentation page
        %api log                 show every request, live
            -n 20                    show the last 20 requests as a plain table
            --keep N --bytes N       set how many requests the log keeps, and how much memory it uses
        %api trace [ID]          show the steps of a request, by default of the last one that was traced
        %api trace on | off      trace every request, or only those from the views
        %api dependencies ['GET /items']
                                 show everything that an operation calls
        %api sockets             open a console for WebSockets
        %api bench 'GET /items/5' -n 5000 -c 16
                                 measure 5000 requests, 16 at a time, while other cells can run
            --served                 over a socket, not in process
            --json '{}'              with a JSON body
            --header 'Name: value'   with a header
            --warm-up N              after N requests that don't count
            --wait                   keep the cell running until the measurement ends
        %api test                run the saved tests
        %api nest on | off       allow nested event loops, for code that calls run_until_complete()
        %api help                show this text

        If the notebook has more than one application, choose one with --app NAME.
        """
        if line.split()[:1] != ["dependencies"]:  # IPython would take /items/{item_id} for a variable
            line = self._expand(line)
        try:
            arguments = _make_parser().parse_args(shlex.split(line))
        except ValueError as error:
            raise UsageError(f"{error}. {_SEE_HELP}") from None
        command = self._commands.get(arguments.command)
        if command is None and isinstance(self._namespace.get(arguments.command), Routebook):
            arguments.app, command = arguments.command, self._explore
        if command is None:
            raise UsageError(self._describe_unknown(arguments.command))
        if arguments.name is not None and arguments.command in _WITHOUT_ARGUMENT:
            raise UsageError(
                f"`%api {arguments.command}` doesn't take an argument, got {arguments.name!r}. {_SEE_HELP}"
            )
        try:
            command(arguments)
        except KernelExtensionError as error:
            raise UsageError(str(error)) from None

    def _describe_unknown(self, command: str) -> str:
        close = get_close_matches(command, self._commands, n=1)
        guess = f" Did you mean `{close[0]}`?" if close else ""
        return f"`%api {command}` isn't a command.{guess} `%api help` lists them all."

    def _help(self, arguments: argparse.Namespace) -> None:
        self._show(HelpText(inspect.getdoc(ApiMagics.api) or ""))

    def _application(self, arguments: argparse.Namespace) -> Routebook:
        name = arguments.app or arguments.name
        if name is not None:
            app = self._namespace.get(name)
            if not isinstance(app, Routebook):
                known = ", ".join(f"`{name}`" for name in self._session.tracker.names.applications)
                choice = f"Choose one of {known}." if known else "Create one: `app = Routebook()`."
                raise UsageError(f"`{name}` isn't an application in this notebook. {choice}")
            return app
        app = self._session.default_application()
        if app is None:
            raise UsageError(
                "There's no application yet. Create one: `from routebook import Routebook; app = Routebook()`."
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
            warning = f"Anyone who can reach this machine ({host}) can now use the application without a password."
            self._show(Notice(f"{warning} Stop it with `%api stop`.", level="error"))

    def _stop(self, arguments: argparse.Namespace) -> None:
        self._show(Notice(self._session.stop()))

    def _status(self, arguments: argparse.Namespace) -> None:
        self._show(served_notice(self._session.serving.state(), self._session.serving.describe_trouble()))

    def _docs(self, arguments: argparse.Namespace) -> None:
        app, state = self._application(arguments), self._session.serving.state()
        if state["status"] != "running" or state["url"] is None:
            raise UsageError("The documentation page needs a running server. Start it with `%api serve`.")
        if app.docs_url is None:
            raise UsageError("The application has no documentation page. Create it without `docs_url=None` to get one.")
        self._show(Notice("Documentation:", state["url"].rstrip("/") + app.docs_url))

    def _log(self, arguments: argparse.Namespace) -> None:
        log = self._session.log
        if arguments.keep is not None or arguments.bytes is not None:
            self._resize_log(arguments)
        elif arguments.n is None and self._views is not None:
            self._show(self._views.log())
        else:
            self._show(Exchanges(list(log)[-max(arguments.n or DEFAULT_LIMIT, 1) :], total=log.total))

    def _resize_log(self, arguments: argparse.Namespace) -> None:
        log = self._session.log
        try:
            log.resize(max_count=arguments.keep, max_bytes=arguments.bytes)
        except ValueError as error:
            raise UsageError(str(error)) from None
        self._show(Notice(f"The log keeps the last {log.max_count:,} requests, up to {format_size(log.max_bytes)}."))

    def _test(self, arguments: argparse.Namespace) -> None:
        """Run the saved tests, then show them.

        On the home thread, which can't wait for itself, they run after the view is shown.
        """
        home, tests = self._session.home, self._session.saved_tests
        if home.is_here:
            home.submit(tests.run())
        elif tests.state()[1]["tests"]:
            home.run(tests.run())
        self._show(self._views.saved_tests() if self._views is not None else SavedTestsOverview(tests.state()[1]))

    def _trace(self, arguments: argparse.Namespace) -> None:
        if arguments.name in {"on", "off"}:
            self._session.traces.set_tracing(arguments.name == "on")
            scope = "every request" if self._session.is_tracing else "requests from the views only"
            self._show(
                Notice(f"Tracing {scope}. `%api trace` shows the last trace, `routebook_kernel.trace()` returns it.")
            )
            return
        if arguments.name is not None and not arguments.name.isdecimal():
            raise UsageError(
                f"{arguments.name!r} isn't the number of a request. Write `%api trace` for the last one, "
                "`%api trace 12` for number 12, or `%api trace on` or `%api trace off`."
            )
        id_ = int(arguments.name) if arguments.name is not None else None
        if id_ is not None:
            self._session.traces.trace(id_)  # raises if the log no longer has it
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
            self._show(Notice(f"Nested event loops are on: {EFFECTS}"))
        elif arguments.name == "off":
            nesting.off()
            self._show(Notice("Nested event loops are off."))
        else:
            state = "on" if nesting.is_on else "off"
            raise UsageError(f"Nested event loops are {state}. Write `%api nest on` or `%api nest off`.")

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
        display_with_id: Callable[..., Any] = display
        handle = display_with_id(shown, display_id=True)
        # The run's end puts its figures, as text and HTML, into the saved notebook.
        view.on_end = lambda: handle.update(shown)

    @cell_magic
    def http(self, line: str, cell: str) -> None:
        """Send the requests of this cell, written in the `.http` format of VS Code and JetBrains.

        %%http          to the notebook's application, or to the host in the URL
        %%http APP      to this application
        """
        try:
            name = line.strip().removeprefix("--app").strip()
            app = self._application(argparse.Namespace(app=name or None, name=None))
            self._send_all(cell, self._session.client(app))
        except KernelExtensionError as error:
            raise UsageError(str(error)) from None

    def _send_all(self, text: str, client: Client) -> None:
        parsed = parse_http_file(text, first_line=2)
        resolver = VariableResolver(parsed.variables, self._variable)
        for request in parsed.requests:
            response = self._send(request, resolver, client)
            for note in request.notes:
                self._show(Notice(note))
            self._show(response if isinstance(response, Response) else Notice(repr(response)))
            if request.name:
                resolver.responses[request.name] = NamedResponse(response.headers, response.text)
            if request.expect is not None and response.status_code != request.expect:
                message = f"Expected status {request.expect}, got {response.status_code} (line {request.line})."
                self._show(Notice(message, level="error"))

    def _send(self, request: HttpRequest, resolver: VariableResolver, client: Client) -> httpx2.Response:
        url = resolver.resolve(request.url, request.line)
        headers, body = resolver.headers(request), resolver.body(request)
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
            fix = " To send this request to the notebook's application, leave out the host." if is_outside else ""
            reason = str(error).rstrip(".") or type(error).__name__
            raise HttpFileError(f"No response from {url} (line {request.line}). {reason}.{fix}") from None

    def _variable(self, name: str) -> str | None:
        value = self._namespace.get(name)
        return str(value) if isinstance(value, str | int | float) else None


def bench_request(arguments: argparse.Namespace) -> BenchArguments:
    """Return the run that a `%api bench` line describes. Without a method, it's a GET, or a POST if there's a body.

    Raises:
        UsageError: If a header has no colon.
    """
    method, _, target = arguments.name.strip().rpartition(" ")
    headers = []
    for header in arguments.header:
        name, colon, value = header.partition(":")
        if not colon:
            raise UsageError(f"Invalid header {header!r}. Write `--header 'Name: value'`.")
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
    """Return a notice with the server's status and URL.

    Args:
        state: The server's status.
        trouble: Why requests get no response, or "" if they do.
    """
    message = f" ({state['message']})" if state["message"] else ""
    match state["status"]:
        case "running" if trouble:
            return Notice(f"Serving{message} at", state["url"], trouble, level="error")
        case "running":
            return Notice(
                f"Serving{message} at",
                state["url"],
                "Cells that you run take effect at once. Stop it with `%api stop`.",
            )
        case "starting":
            return Notice(f"Starting{message}, not responding yet at", state["url"], trouble)
        case "failed":
            return Notice(f"The server isn't running: {state['message']}.", level="error")
        case _:
            return Notice("No server is running. Start one with `%api serve`.", more=trouble)
