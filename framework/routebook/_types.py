"""Types shared by every floor: callables, and where in the source something was declared."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

AnyCallable: TypeAlias = Callable[..., Any]
"""A function, class or callable object written by the user; what it takes is found by analysis."""

DependencyScope: TypeAlias = Literal["function", "request"]
"""When a dependency with `yield` ends: before the response is sent, or after it."""


@dataclass(frozen=True, slots=True)
class SourceLocation:
    """Where a callable was defined, as its code object says.

    Attributes:
        file: The code object's file name; in a notebook, the name IPython gave to the cell.
        line: 1-based line of the definition.
        function: The callable's qualified name.
    """

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f'File "{self.file}", line {self.line}, in {self.function}'
