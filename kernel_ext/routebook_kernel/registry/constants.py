"""Constants that signatures name: `limit: int = LIMIT` follows a new `LIMIT`, `Query(le=LIMIT)` is stale without it.

A number or a text does not tell which name it came from; the source of the cell does.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from types import FunctionType
from typing import Any

from routebook_kernel.records import CellKey, CellRecord
from routebook_kernel.registry.rebinding import underlying

_PLAIN = (bool, int, float, complex, str, bytes, tuple, list, dict, set, frozenset, Decimal, date, time, timedelta)

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant as a signature read it.

    Attributes:
        parameter: Whose whole default it is; None where it is part of a marker or a type.
        value: As it was then.
    """

    function: FunctionType
    parameter: str | None
    name: str
    value: Any

    def is_outdated(self, namespace: Mapping[str, Any]) -> bool:
        """Whether the name stands for another value by now."""
        now = namespace.get(self.name, self.value)
        return isinstance(now, _PLAIN) and (type(now) is not type(self.value) or bool(now != self.value))

    def follow(self, value: Any) -> None:
        """Give the parameter another default.

        Spec: Python data model, `__defaults__`, `__kwdefaults__`.
        """
        function, parameter = self.function, self.parameter or ""
        if parameter in (keywords := function.__kwdefaults__ or {}):
            keywords[parameter] = value
            return
        positional = function.__code__.co_varnames[: function.__code__.co_argcount]
        defaults = list(function.__defaults__ or ())
        index = positional.index(parameter) - len(positional)
        defaults[index] = value
        function.__defaults__ = tuple(defaults)


class SignatureSources:
    """Finds the constants in the signatures of functions, by the sources of their cells.

    Args:
        cells: The notebook's cells, as they ran last.
    """

    def __init__(self, cells: Mapping[CellKey, CellRecord]) -> None:
        self._cells = cells
        self._functions: dict[CellKey, tuple[int, dict[tuple[str, int], FunctionNode]]] = {}

    def constants_of(self, route: Any, namespace: Mapping[str, Any]) -> tuple[Constant, ...]:
        """The constants that a route's function and its dependencies name."""
        found: list[Constant] = []
        for node in route.dependant.iter_tree():
            function = underlying(node.call)
            written = self._written(function) if function is not None else None
            if written is not None:
                found += _iter_constants(function, written, namespace)
        return tuple(found)

    def _written(self, function: FunctionType) -> FunctionNode | None:
        code = function.__code__
        cell = next((cell for cell in self._cells.values() if cell.filename == code.co_filename), None)
        if cell is None:
            return None
        run, functions = self._functions.get(cell.key, (-1, {}))
        if run != cell.run:
            functions = _functions_of(cell.source)
            self._functions[cell.key] = cell.run, functions
        return functions.get((function.__name__, code.co_firstlineno))


def _functions_of(source: str) -> dict[tuple[str, int], FunctionNode]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return {}
    found: dict[tuple[str, int], FunctionNode] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            found[node.name, first] = node
    return found


def _iter_constants(function: FunctionType, written: FunctionNode, namespace: Mapping[str, Any]) -> Iterator[Constant]:
    spec = written.args
    positional = [*spec.posonlyargs, *spec.args]
    padding: list[ast.expr | None] = [None] * (len(positional) - len(spec.defaults))
    pairs = [
        *zip(positional, [*padding, *spec.defaults], strict=True),
        *zip(spec.kwonlyargs, spec.kw_defaults, strict=True),
    ]
    for parameter, default in pairs:
        if isinstance(default, ast.Name) and isinstance(namespace.get(default.id), _PLAIN):
            yield Constant(function, parameter.arg, default.id, namespace[default.id])
            default = None
        for part in (parameter.annotation, default):
            for node in ast.walk(part) if part is not None else ():
                if isinstance(node, ast.Name) and isinstance(namespace.get(node.id), _PLAIN):
                    yield Constant(function, None, node.id, namespace[node.id])
