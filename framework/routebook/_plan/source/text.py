"""The text of one function in the making: its lines, their indentation, and the objects that they name."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from routebook._plan.names import Names


class FunctionText:
    """Lines of Python, and the globals that they need.

    Args:
        known: Objects that every line may name; all of `names.HELPERS`, and no others.
        taken: Variables that the plan has given out.
    """

    def __init__(self, known: Mapping[str, Any], taken: frozenset[str]) -> None:
        self.namespace: dict[str, Any] = dict(known)
        self._names = Names(taken)
        self._lines: list[str] = []
        self._tracing_lines = 0
        self._depth = 0

    def __str__(self) -> str:
        return "\n".join(self._lines) + "\n"

    @property
    def next_line(self) -> int:
        """The number, from 1, of the next line in the function as it is without tracing."""
        return len(self._lines) - self._tracing_lines + 1

    def line(self, text: str) -> None:
        """Write a line."""
        self._lines.append("    " * self._depth + text)

    def tracing_line(self, text: str) -> None:
        """Write a line that only the traced variant has."""
        self._tracing_lines += 1
        self.line(text)

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        """Write a line that ends with a colon; what is written inside is indented."""
        self.line(header)
        self.indent()
        yield
        self.dedent()

    @contextmanager
    def tracing_block(self, header: str) -> Iterator[None]:
        """Write a block around lines that both variants have."""
        self.tracing_line(header)
        self.indent()
        yield
        self.dedent()

    def indent(self) -> None:
        """Open a block that another writer will close."""
        self._depth += 1

    def dedent(self) -> None:
        """Close a block."""
        self._depth -= 1

    def name(self, wish: str) -> str:
        """A name that nothing else has, close to the wish."""
        return self._names.take(wish)

    def bind(self, wish: str, value: object) -> str:
        """Let lines name an object: the name, close to the wish."""
        name = self.name(wish)
        self.namespace[name] = value
        return name
