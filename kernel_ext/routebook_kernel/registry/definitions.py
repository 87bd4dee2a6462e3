"""The notebook's own definitions by name: which cell made definition, and what a run put in whose place."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from routebook_kernel.records import CellKey
from routebook_kernel.registry.identity import ByIdentity
from routebook_kernel.registry.substitution import Replacements


@dataclass(frozen=True, slots=True)
class NotebookDefinition:
    """What a name stands for.

    Attributes:
        cell: The cell that last defined it.
        is_written: Whether its source did, and not something that it ran.
    """

    value: Any
    cell: CellKey
    is_in_source: bool


class NotebookDefinitions:
    """Follows classes, functions and callable objects that cells define."""

    def __init__(self) -> None:
        self._current: dict[str, NotebookDefinition] = {}

    def update(
        self, namespace: Mapping[str, Any], cell: CellKey, is_bound: Callable[[CellKey, str], bool]
    ) -> Replacements:
        """A run of `cell` ended: definition former definition with the one that it put in its place.

        Args:
            binds: Whether a cell, as it stands, defines a name.
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
        # A definition that another name still holds was not replaced: `Old = Item` before `class Item` again.
        for definition in now.values():
            replacements.pop(ByIdentity(definition.value), None)
        return replacements

    def cell_of(self, value: Any) -> CellKey | None:
        """The cell that defined what a name holds now."""
        return next((definition.cell for definition in self._current.values() if definition.value is value), None)

    def find_abandoned(self, is_bound: Callable[[CellKey, str], bool]) -> list[tuple[str, Any]]:
        """What cells had written and, edited or deleted, write no more."""
        return [
            (name, definition.value)
            for name, definition in self._current.items()
            if definition.is_in_source and not is_bound(definition.cell, name)
        ]

    def classes(self) -> list[NotebookDefinition]:
        """The classes that a name holds now."""
        return [definition for definition in self._current.values() if isinstance(definition.value, type)]

    def functions(self) -> list[NotebookDefinition]:
        """The functions that a name holds now."""
        return [definition for definition in self._current.values() if inspect.isfunction(definition.value)]


def _iter_definable(namespace: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Classes and functions written in the notebook, and objects that can be called as dependencies are."""
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
    """An instance of a class with `__call__`, such as a security scheme; no type alias, no bound method."""
    return "__call__" in dir(type(value)) and type(value).__module__ not in {"typing", "types", "builtins"}


def _is_same_kind(previous: Any, value: Any) -> bool:
    """Whether one may stand where the other stood: class for class, function or callable object for another."""
    return isinstance(previous, type) is isinstance(value, type)
