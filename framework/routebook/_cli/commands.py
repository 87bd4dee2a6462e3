"""The commands of `routebook`. They need the extra `standard`."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text
from uvicorn.config import LOGGING_CONFIG

from routebook import __version__
from routebook._cli.discover import DiscoveryError, Target, find_target
from routebook._visible_text import VisibleRecords, visible, visible_json, visible_line
from routebook.exceptions import RoutebookError
from routebook.introspect import UnknownOperationError, explain, iter_operations

cli = typer.Typer(
    name="routebook", help="Serve and look into Routebook applications.", no_args_is_help=True, add_completion=False
)
console = Console()

PathArgument = Annotated[
    str | None, typer.Argument(help="A file, a folder, module or module:variable. By default main.py, app.py, api.py.")
]
AppOption = Annotated[str | None, typer.Option("--app", help="The variable, where the module has several.")]
HostOption = Annotated[str, typer.Option(help="The address to bind; 0.0.0.0 serves every network interface.")]
PortOption = Annotated[int, typer.Option(min=0, max=65535, help="The port to bind.")]
RootPathOption = Annotated[str, typer.Option(help="The prefix that a proxy strips.")]
ProxyOption = Annotated[bool, typer.Option(help="Whether to believe X-Forwarded-* headers of trusted proxies.")]


@contextmanager
def _told_errors() -> Iterator[None]:
    """Tell a mistake in a sentence, without a traceback; exit code 1."""
    try:
        yield
    except (DiscoveryError, UnknownOperationError, RoutebookError, OSError) as error:
        console.print(Text(visible(str(error)), style="red"), soft_wrap=True)
        raise typer.Exit(1) from None


@cli.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False) -> None:
    if version:
        console.print(f"routebook {__version__}")
        raise typer.Exit


@cli.command()
def dev(
    path: PathArgument = None,
    *,
    app: AppOption = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    reload: Annotated[bool, typer.Option(help="Restart when a file changes.")] = True,
    root_path: RootPathOption = "",
    proxy_headers: ProxyOption = True,
) -> None:
    """Serve an application for development: it restarts when a file changes."""
    with _told_errors():
        target = find_target(path, app)
    _announce(target, host, port, root_path)
    _serve(target, host=host, port=port, reload=reload, root_path=root_path, proxy_headers=proxy_headers)


@cli.command()
def run(
    path: PathArgument = None,
    *,
    app: AppOption = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    workers: Annotated[int | None, typer.Option(help="How many processes.")] = None,
    reload: Annotated[bool, typer.Option(help="Restart when a file changes.")] = False,
    root_path: RootPathOption = "",
    proxy_headers: ProxyOption = True,
) -> None:
    """Serve an application for production."""
    with _told_errors():
        target = find_target(path, app)
    _announce(target, host, port, root_path)
    _serve(
        target,
        host=host,
        port=port,
        workers=workers,
        reload=reload,
        root_path=root_path,
        proxy_headers=proxy_headers,
    )


@cli.command()
def routes(path: PathArgument = None, *, app: AppOption = None) -> None:
    """List an application's operations."""
    with _told_errors():
        application = find_target(path, app).load()
    table = Table("method", "path", "name", "defined in", box=None, header_style="dim")
    for operation in iter_operations(application):
        location = operation.location
        where = f"{location.file}:{location.line}" if location else ""
        table.add_row(*(Text(visible_line(cell)) for cell in (operation.method, operation.path, operation.name, where)))
    console.print(table)


@cli.command()
def openapi(
    path: PathArgument = None,
    *,
    app: AppOption = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file to write to.")] = None,
) -> None:
    """Print an application's OpenAPI document as JSON."""
    with _told_errors():
        document = find_target(path, app).load().openapi()
        text = visible_json(document) + "\n"
        if output is None:
            typer.echo(text, nl=False)
        else:
            output.write_text(text, encoding="utf-8")
            console.print(Text(f"wrote {visible_line(str(output))}"))


@cli.command(name="explain")
def explain_operation(
    operation: Annotated[str, typer.Argument(help="For example 'GET /items/{item_id}'.")],
    path: PathArgument = None,
    *,
    app: AppOption = None,
) -> None:
    """Show how an operation is served: its steps, and the function generated from them."""
    with _told_errors():
        typer.echo(visible(explain(find_target(path, app).load(), operation)))


def _announce(target: Target, host: str, port: int, root_path: str) -> None:
    url = visible_line(f"http://{host}:{port}{root_path}")
    console.print(f"[bold]routebook[/] serves [bold]{escape(visible_line(target.import_string))}[/] at {escape(url)}")
    docs_url = target.load().docs_url
    if docs_url:
        console.print(Text(f"documentation: {url}{visible_line(docs_url)}"))


def _serve(target: Target, **options: Any) -> None:
    uvicorn.run(target.import_string, app_dir=str(target.root), log_config=_log_config(), **options)


def _log_config() -> dict[str, Any]:
    """Return uvicorn's logging, with what clients send made visible."""
    config = deepcopy(LOGGING_CONFIG)
    config["filters"] = {"visible": {"()": VisibleRecords}}
    for handler in config["handlers"].values():
        handler["filters"] = ["visible"]
    return config
