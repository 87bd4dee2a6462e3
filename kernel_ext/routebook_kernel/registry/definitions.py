"""The notebook's own definitions by name: which cell made each, and which ones a run replaced."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from routebook_kernel.records import CellKey
from routebook_kernel.registry.identity import ByIdentity
from routebook_kernel.registry.substitution import Replacements


@dataclass(frozen=True, slots=True)
class NotebookDefinition:
    """The value of a name.

    Attributes:
        cell: The cell that last defined it.
        is_in_source: Whether the cell's source defines it, as opposed to code that the cell ran.
    """

    value: Any
    cell: CellKey
    is_in_source: bool


class NotebookDefinitions:
    """Tracks the classes, functions and callable objects that cells define."""

    def __init__(self) -> None:
        self._current: dict[str, NotebookDefinition] = {}

    def update(
        self, namespace: Mapping[str, Any], cell: CellKey, is_bound: Callable[[CellKey, str], bool]
    ) -> Replacements:
        """Record the definitions after a run of `cell`, and return each replaced one with its replacement.

        Args:
            namespace: The notebook's variables.
            cell: The cell that has run.
            is_bound: Whether a cell's current source binds a name.
        """
        replacements: dict[ByIdentity, Any] = {}
        now: dict[str, NotebookDefinition] = {}
        for name, value in _iter_definable(namespace):
            previous = self._current.get(name)
            if previous is not None and previous.value is value:
                now[name] = previous
                continue
            now[name] = NotebookDefinition(value, cell, is_bound(cell, name))
            if previous is not None and _is_same_kind(previous.value, value):
                replacements[ByIdentity(previous.value)] = value
        self._current = now
        # A definition that still has another name wasn't replaced: `Old = Item` before `class Item` runs again.
        for definition in now.values():
            replacements.pop(ByIdentity(definition.value), None)
        return replacements

    def cell_of(self, value: Any) -> CellKey | None:
        """Return the cell that defined the current value of a name."""
        return next((definition.cell for definition in self._current.values() if definition.value is value), None)

    def find_abandoned(self, is_bound: Callable[[CellKey, str], bool]) -> list[tuple[str, Any]]:
        """Return the definitions whose cells no longer contain them, because they were edited or deleted."""
        return [
            (name, definition.value)
            for name, definition in self._current.items()
            if definition.is_in_source and not is_bound(definition.cell, name)
        ]

    def classes(self) -> list[NotebookDefinition]:
        """Return the classes that currently have a name."""
        return [definition for definition in self._current.values() if isinstance(definition.value, type)]

    def functions(self) -> list[NotebookDefinition]:
        """Return the functions that currently have a name."""
        return [definition for definition in self._current.values() if inspect.isfunction(definition.value)]


def _iter_definable(namespace: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the classes and functions written in the notebook, and objects that can be called as dependencies."""
    home = namespace.get("__name__", "__main__")
    for name, value in tuple(namespace.items()):
        if name.startswith("_") or inspect.ismodule(value) or inspect.isbuiltin(value):
            continue
        if isinstance(value, type) or inspect.isfunction(value):
            if getattr(value, "__module__", None) == home:
                yield name, value
        elif callable(value) and not hasattr(value, "routes") and _is_plain_object(value):
            yield name, value


def _is_plain_object(value: Any) -> bool:
    """Whether it's an instance of a class with `__call__`, such as a security scheme. Bound methods aren't."""
    return "__call__" in dir(type(value)) and type(value).__module__ not in {"typing", "types", "builtins"}


def _is_same_kind(previous: Any, value: Any) -> bool:
    """Whether one can replace the other: a class a class, a function or callable object another one."""
    return isinstance(previous, type) is isinstance(value, type)
