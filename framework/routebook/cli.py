"""The command line: `routebook dev`, `run`, `routes`, `openapi`, `explain`."""

from collections.abc import Callable
from typing import Any

cli_main: Callable[..., Any] | None
try:
    from routebook._cli.commands import cli as cli_main
except ImportError as error:
    if (error.name or "").partition(".")[0] not in ("typer", "rich", "uvicorn"):
        raise
    cli_main = None

__all__ = ["main"]


def main() -> None:
    """Run the command line.

    Raises:
        RuntimeError: The extra that it needs is not installed.
    """
    if cli_main is None:
        raise RuntimeError(
            'To use the routebook command, please install "routebook[standard]":\n\n'
            "\tpip install 'routebook[standard]'"
        )
    cli_main()
