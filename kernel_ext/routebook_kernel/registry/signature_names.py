"""Names that signatures and class bodies use by value: constants, type aliases, markers, objects of the notebook.

A number or an `Annotated[…]` doesn't reveal which name it came from, but the source of its cell does. If a name in a
signature has a new value, the expression is evaluated again. If that isn't possible, the function is stale.
"""

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from types import FunctionType
from typing import Annotated, Any, Literal, NewType, get_args, get_origin

from pydantic.fields import FieldInfo

from routebook.params import Depends
from routebook_kernel.records import CellKey, CellRecord
from routebook_kernel.registry.cell_source import (
    FunctionNode,
    bound_names,
    find_functions,
    parse_source,
    reassigned_names,
)
from routebook_kernel.registry.rebinding import underlying_function
from routebook_kernel.registry.substitution import is_alias

_BY_VALUE = (bool, int, float, complex, str, bytes, tuple, list, dict, set, frozenset, Decimal, date, time, timedelta)


ExpressionPart = Literal["annotation", "default", "decorator"]


@dataclass(frozen=True, slots=True)
class SignatureExpression:
    """An expression in a signature, and the names in it whose values may change.

    Attributes:
        function: The function with the signature.
        part: Which part it is. The arguments of a decorator are only evaluated when their cell runs.
        parameter: The name of the parameter; "return" for the annotation of the result.
    """

    function: FunctionType
    part: ExpressionPart
    parameter: str
    expression: ast.expr
    names: frozenset[str]

    def reevaluate(self) -> None:
        """Evaluate the expression again, in the function's namespace.

        Spec: Python data model, `__annotations__`, `__defaults__`, `__kwdefaults__`.

        Raises:
            TypeError: If it belongs to a decorator.
            Exception: Whatever the expression raises.
        """
        function, parameter = self.function, self.parameter
        if self.part == "decorator":
            raise TypeError("A decorator can't be evaluated again.")
        value = eval(compile(ast.Expression(self.expression), "<signature>", "eval"), function.__globals__)
        if self.part == "annotation":
            function.__annotations__[parameter] = value
        elif parameter in (keywords := function.__kwdefaults__ or {}):
            keywords[parameter] = value
        else:
            positional = function.__code__.co_varnames[: function.__code__.co_argcount]
            defaults = list(function.__defaults__ or ())
            defaults[positional.index(parameter) - len(positional)] = value
            function.__defaults__ = tuple(defaults)


class CellSources:
    """Reads signatures and class bodies in the sources of their cells.

    Loop variables have a different value in each round, so names bound by a loop are ignored.

    Args:
        cells: The notebook's cells, as they last ran.
    """

    def __init__(self, cells: Mapping[CellKey, CellRecord]) -> None:
        self._cells = cells

    def is_bound(self, cell: CellKey, name: str) -> bool:
        """Whether the current source of a cell binds a name. A source that can't be parsed counts as unchanged."""
        if cell not in self._cells:
            return False
        source = self._cells[cell].source
        return name in bound_names(source) or parse_source(source) is None

    def find_binding_cell(self, name: str) -> CellKey | None:
        """Return the cell that last bound the name."""
        binding = [cell for cell in self._cells.values() if name in bound_names(cell.source)]
        return max(binding, key=lambda cell: cell.run).key if binding else None

    def list_expressions(self, route: Any, namespace: Mapping[str, Any]) -> tuple[SignatureExpression, ...]:
        """Return the expressions in the signatures of a route's function and dependencies, and its own decorators."""
        found: list[SignatureExpression] = []
        for node in route.dependant.iter_tree():
            function = underlying_function(node.call)
            if function is None or "<locals>" in function.__qualname__:  # its names may be the outer function's
                continue
            cell = self._cell_of(function)
            function_node = (
                find_functions(cell.source).get((function.__name__, function.__code__.co_firstlineno)) if cell else None
            )
            if cell is None or function_node is None:
                continue
            expressions = [
                *(
                    (expression, _is_by_value)
                    for expression in _iter_expressions(function_node, is_endpoint=node is route.dependant)
                ),
                *(
                    (("decorator", function_node.name, decorator), _is_definition)
                    for decorator in _iter_own_decorators(function_node)
                ),
            ]
            for (part, parameter, expression), is_followed in expressions:
                if names := _names_in(expression, cell, namespace, is_followed):
                    found.append(SignatureExpression(function, part, parameter, expression, names))
        return tuple(found)

    def find_class_names(self, cls: type, cell: CellKey, namespace: Mapping[str, Any]) -> frozenset[str]:
        """Return the names used in the fields of a class."""
        record = self._cells.get(cell)
        tree = parse_source(record.source) if record else None
        if record is None or tree is None:
            return frozenset()
        bodies = [node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == cls.__name__]
        fields = [field for body in bodies for field in body if isinstance(field, ast.AnnAssign | ast.Assign)]
        return frozenset().union(*(_names_in(field, record, namespace) for field in fields))

    def _cell_of(self, function: FunctionType) -> CellRecord | None:
        filename = function.__code__.co_filename
        return next((cell for cell in self._cells.values() if cell.filename == filename), None)


def _iter_expressions(
    function_node: FunctionNode, *, is_endpoint: bool
) -> Iterator[tuple[ExpressionPart, str, ast.expr]]:
    spec = function_node.args
    positional = [*spec.posonlyargs, *spec.args]
    padding: list[ast.expr | None] = [None] * (len(positional) - len(spec.defaults))
    pairs = [
        *zip(positional, [*padding, *spec.defaults], strict=True),
        *zip(spec.kwonlyargs, spec.kw_defaults, strict=True),
    ]
    for parameter, default in pairs:
        if parameter.annotation is not None:
            yield "annotation", parameter.arg, parameter.annotation
        if default is not None:
            yield "default", parameter.arg, default
    if function_node.returns is not None:
        yield "annotation", "return", function_node.returns
    for decorator in function_node.decorator_list if is_endpoint else ():
        if isinstance(decorator, ast.Call):
            for argument in (*decorator.args, *(keyword.value for keyword in decorator.keywords)):
                yield "decorator", function_node.name, argument


def _is_by_value(value: Any) -> bool:
    """Whether a value is neither a module nor a definition, since `NotebookDefinitions` tracks those."""
    if is_alias(value) or isinstance(value, NewType):
        return True
    return not callable(value) and not inspect.ismodule(value) and getattr(value, "__module__", "") != "typing"


def _is_definition(value: Any) -> bool:
    return inspect.isclass(value) or inspect.isfunction(value)


def _iter_own_decorators(function_node: FunctionNode) -> Iterator[ast.Name]:
    """Yield the decorators that are functions or classes. A router's decorators are methods."""
    for decorator in function_node.decorator_list:
        function = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(function, ast.Name):
            yield function


def _names_in(
    node: ast.AST, cell: CellRecord, namespace: Mapping[str, Any], is_followed: Callable[[Any], bool] = _is_by_value
) -> frozenset[str]:
    """Return the names in a piece of source whose values other cells may change."""
    names = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)} - reassigned_names(cell.source)
    return frozenset(name for name in names if name in namespace and is_followed(namespace[name]))


def has_same_meaning(previous: Any, value: Any) -> bool:
    """Whether two values mean the same: equal values, types with the same parts, otherwise the same object.

    Markers never compare equal, so their attributes are compared.
    """
    if previous is value:
        return True
    if type(previous) is not type(value):
        return False
    if hasattr(value, "__value__"):
        return has_same_meaning(previous.__value__, value.__value__)
    if get_origin(value) is not None:
        return get_origin(previous) is get_origin(value) and _have_same_meaning(_parts(previous), _parts(value))
    if isinstance(value, FieldInfo):
        return _have_same_meaning(_attributes(previous), _attributes(value))
    return isinstance(value, (*_BY_VALUE, Depends)) and bool(previous == value)


def _have_same_meaning(previous: Sequence[Any], values: Sequence[Any]) -> bool:
    return len(previous) == len(values) and all(map(has_same_meaning, previous, values))


def _parts(alias: Any) -> Sequence[Any]:
    return (alias.__origin__, *alias.__metadata__) if get_origin(alias) is Annotated else get_args(alias)


def _attributes(marker: FieldInfo) -> Sequence[Any]:
    slots = {slot for cls in type(marker).__mro__ for slot in getattr(cls, "__slots__", ())}
    return [getattr(marker, name, None) for name in sorted(slots | set(getattr(marker, "__dict__", ())))]
