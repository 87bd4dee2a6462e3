"""The result of one cell run for one application: changes, diagnostics and the number of live operations."""

from dataclasses import dataclass
from typing import Literal

from routebook_kernel.registry.changes import OperationChange

DiagnosticLevel = Literal["note", "warn", "error"]
DiagnosticKind = Literal[
    "shadowed",
    "conflict",
    "stale",
    "duplicate",
    "stopped",
    "refused",
    "carried",
    "fresh",
    "declaration",
    "source",
    "cause",
]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """Something the user should know, and how to fix it.

    Attributes:
        word: How it begins, in bold: "shadowed".
        text: The sentence after it, with code in backquotes and cells as "cell [3]".
        operation: The operation it's about, "GET /users/me"; None if it isn't about one.
    """

    kind: DiagnosticKind
    level: DiagnosticLevel
    word: str
    text: str
    operation: str | None = None


@dataclass(frozen=True, slots=True)
class RunReport:
    """The effects of a run on one application.

    Attributes:
        name: Its variable, "app".
        live_count: The number of operations that respond now.
        links: For each cell that the diagnostics mention, its label and the front end's id.
    """

    name: str
    title: str
    changes: tuple[OperationChange, ...]
    diagnostics: tuple[Diagnostic, ...]
    live_count: int
    links: tuple[tuple[str, str], ...] = ()


def as_code(text: object) -> str:
    """Return text as code for a diagnostic. Backquotes in it become quotes, since they would end the code."""
    plain = str(text).replace("`", "'")
    return f"`{plain}`"
