"""The command line: `routebook dev`, `run`, `routes`, `openapi`, `explain`."""

import sys
from collections.abc import Callable
from typing import Any

cli_main: Callable[..., Any] | None
try:
    from routebook._cli.commands import cli as cli_main
except ImportError as error:
    if (error.name or "").partition(".")[0] not in ("typer", "rich", "uvicorn"):
        raise
    cli_main = None

__all__ = ["command", "main"]

_NOT_INSTALLED = (
    "To use the routebook command, please install \"routebook[standard]\":\n\n\tpip install 'routebook[standard]'"
)


def command() -> None:
    """What the shell's `routebook` runs: `main`, with its error told in one sentence."""
    if cli_main is None:
        sys.exit(_NOT_INSTALLED)
    cli_main()


def main() -> None:
    """Run the command line.

    Raises:
        RuntimeError: The extra that it needs is not installed.
    """
    if cli_main is None:
        raise RuntimeError(_NOT_INSTALLED)
    cli_main()
