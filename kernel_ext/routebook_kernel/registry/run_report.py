"""What one run of a cell did to one application, ready to be shown: changes, findings, and how many operations live."""

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
    """Something that a person should know, and the way out.

    Attributes:
        word: How it begins, in bold: "shadowed".
        text: The sentence after it; code stands in backquotes, cells as "cell [3]".
        operation: The operation that it is about, "GET /users/me"; None when it is about none.
    """

    kind: DiagnosticKind
    level: DiagnosticLevel
    word: str
    text: str
    operation: str | None = None


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did to one application.

    Attributes:
        name: Its variable, "app".
        live_count: How many operations answer now.
        links: The front end's id of each cell that the findings name, by its label.
    """

    name: str
    title: str
    changes: tuple[OperationChange, ...]
    diagnostics: tuple[Diagnostic, ...]
    live_count: int
    links: tuple[tuple[str, str], ...] = ()


def as_code(text: object) -> str:
    """Text as code in a finding; a backquote in it would end it."""
    plain = str(text).replace("`", "'")
    return f"`{plain}`"
