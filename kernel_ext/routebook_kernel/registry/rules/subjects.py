"""What the rules look at: a function, a class or a whole cell of source, beside the notebook's variables."""

import ast
import builtins
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

_METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "trace", "api_route"})
_OPERATION_DECORATORS = _METHODS | {"websocket"}
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


class Names:
    """What the names in a cell stand for.

    Args:
        namespace: The notebook's variables.
    """

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self.namespace = namespace

    def of(self, node: ast.AST | None) -> Any:
        """What a name or an attribute of one stands for; None where it cannot be told."""
        if isinstance(node, ast.Name):
            return self.namespace.get(node.id, getattr(builtins, node.id, None))
        if isinstance(node, ast.Attribute):
            owner = self.of(node.value)
            if isinstance(owner, type | ModuleType):
                try:
                    return getattr(owner, node.attr, None)
                except Exception:  # a module's own `__getattr__` may raise anything
                    return None
            return inspect.getattr_static(owner, node.attr, None)  # an object's attribute may be a property
        return None

    def full(self, node: ast.AST) -> str:
        """The full name of what a name stands for, `from time import sleep` seen through; else as it is written."""
        value = self.of(node)
        name = getattr(value, "__qualname__", None)
        if isinstance(name, str) and callable(value):
            return f"{getattr(value, '__module__', '') or ''}.{name}".removeprefix("builtins.")
        return dotted(node)

    def is_a(self, node: ast.AST | None, *names: str) -> bool:
        """Whether a type is, or descends from, a class of one of these names; else by its last name as written."""
        if isinstance(node, ast.Subscript) and last_name(node.value) == "Annotated":
            return self.is_a(annotation_of(node), *names)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value.rpartition(".")[2] in names
        value = self.of(node)
        if isinstance(value, type):
            return any(base.__name__ in names for base in value.__mro__)
        return node is not None and last_name(node) in names


@dataclass(frozen=True, slots=True)
class Function:
    """One function of a cell.

    Attributes:
        decorator: The path operation's decorator call; None for a helper or a dependency.
        names: What names stand for.
    """

    node: FunctionNode
    decorator: ast.Call | None
    names: Names

    @property
    def name(self) -> str:
        """Its name."""
        return self.node.name

    @property
    def namespace(self) -> Mapping[str, Any]:
        """The notebook's variables."""
        return self.names.namespace

    @property
    def method(self) -> str | None:
        """The decorator's name, "get"; None without one."""
        return self.decorator.func.attr if self.decorator and isinstance(self.decorator.func, ast.Attribute) else None

    @property
    def is_operation(self) -> bool:
        """Whether it is declared as a path operation."""
        return self.decorator is not None

    @property
    def is_async(self) -> bool:
        """Whether it runs on the loop."""
        return isinstance(self.node, ast.AsyncFunctionDef)

    @property
    def is_generator(self) -> bool:
        """Whether it yields."""
        return any(self.own(ast.Yield, ast.YieldFrom))

    @property
    def is_middleware(self) -> bool:
        """Whether it stands around every request."""
        return any(parameter.arg == "call_next" for parameter, _ in self.parameters)

    @property
    def parameters(self) -> list[tuple[ast.arg, ast.expr | None]]:
        """Its parameters with their defaults."""
        spec = self.node.args
        positional = [*spec.posonlyargs, *spec.args]
        padding: list[ast.expr | None] = [None] * (len(positional) - len(spec.defaults))
        return [
            *zip(positional, [*padding, *spec.defaults], strict=True),
            *zip(spec.kwonlyargs, spec.kw_defaults, strict=True),
        ]

    def parameters_of(self, *types: str) -> list[str]:
        """The parameters whose type is of one of these classes."""
        return [arg.arg for arg, _ in self.parameters if arg.annotation and self.names.is_a(arg.annotation, *types)]

    def own(self, *kinds: type[ast.AST]) -> Iterator[Any]:
        """Nodes of its body in order, not of functions inside it."""
        return iter_own(self.node.body, *kinds)

    def calls(self, *last: str) -> Iterator[ast.Call]:
        """The calls in its body of functions or methods of these names."""
        return (call for call in self.own(ast.Call) if called(call) in last)

    def option(self, name: str) -> ast.expr | None:
        """An option of the path operation's decorator."""
        return keyword(self.decorator, name) if self.decorator else None

    def resolved(self, node: ast.expr) -> Any:
        """What a name or an attribute of one stands for; None where it cannot be told."""
        return self.names.of(node)


@dataclass(frozen=True, slots=True)
class Model:
    """One class of a cell that is a pydantic model.

    Attributes:
        cls: The class, once the cell has made it; None where it could not.
    """

    node: ast.ClassDef
    names: Names
    cls: Any

    @property
    def fields(self) -> Iterator[tuple[str, ast.AnnAssign]]:
        """Its annotated fields."""
        for part in self.node.body:
            if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
                yield part.target.id, part


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's whole source."""

    tree: ast.Module
    names: Names

    def walk(self, *kinds: type[ast.AST]) -> Iterator[Any]:
        """Every node of these kinds, functions inside included."""
        return (node for node in ast.walk(self.tree) if isinstance(node, kinds))

    def calls(self, *last: str) -> Iterator[ast.Call]:
        """The calls anywhere of functions or methods of these names."""
        return (call for call in self.walk(ast.Call) if called(call) in last)

    def top(self, *kinds: type[ast.AST]) -> Iterator[Any]:
        """Nodes that run with the cell, not in functions."""
        return iter_own(self.tree.body, *kinds)


def iter_functions(cell: Cell) -> Iterator[Function]:
    """The functions of a cell, methods and inner ones included."""
    for node in cell.walk(ast.FunctionDef, ast.AsyncFunctionDef):
        yield Function(node, operation_decorator(node), cell.names)


def iter_models(cell: Cell) -> Iterator[Model]:
    """The pydantic models of a cell."""
    for node in cell.walk(ast.ClassDef):
        if any(cell.names.is_a(base, "BaseModel") for base in node.bases):
            cls = cell.names.namespace.get(node.name)
            yield Model(node, cell.names, cls if isinstance(cls, type) else None)


def operation_decorator(node: FunctionNode) -> ast.Call | None:
    """The decorator that declares a path operation."""
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute):
            path = decorator.args[0] if decorator.args else None
            if decorator.func.attr in _OPERATION_DECORATORS and isinstance(path, ast.Constant | ast.JoinedStr):
                return decorator
    return None


def iter_own(body: list[ast.stmt], *kinds: type[ast.AST]) -> Iterator[Any]:
    """Nodes in order, without what stands in functions and classes among them."""
    pending: list[ast.AST] = list(body)
    while pending:
        node = pending.pop(0)
        if isinstance(node, kinds):
            yield node
        if not isinstance(node, _SCOPES):
            pending = [*ast.iter_child_nodes(node), *pending]


def dotted(node: ast.AST) -> str:
    """A name or an attribute of one as it is written; "" for anything else."""
    return ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""


def last_name(node: ast.AST) -> str:
    """The last part of a dotted name."""
    return dotted(node).rpartition(".")[2]


def called(call: ast.Call) -> str:
    """The last name of what is called; of a method, whatever its object is."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else last_name(call.func)


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """A keyword argument of a call."""
    return next((item.value for item in call.keywords if item.arg == name), None)


def constant(node: ast.AST | None) -> object:
    """The value of a constant; None for anything else."""
    return node.value if isinstance(node, ast.Constant) else None


def is_none(node: ast.AST | None) -> bool:
    """Whether `None` is written there."""
    return isinstance(node, ast.Constant) and node.value is None


def annotation_of(node: ast.expr | None) -> ast.expr | None:
    """A type without its `Annotated`."""
    if isinstance(node, ast.Subscript) and last_name(node.value) == "Annotated" and isinstance(node.slice, ast.Tuple):
        return node.slice.elts[0]
    return node


def admits_none(annotation: ast.expr | None) -> bool:
    """Whether a written type has `None` among its choices."""
    inner = annotation_of(annotation)
    if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.BitOr):
        return any(is_none(side) or admits_none(side) for side in (inner.left, inner.right))
    if isinstance(inner, ast.Subscript):
        if last_name(inner.value) == "Union":
            return isinstance(inner.slice, ast.Tuple) and any(is_none(part) for part in inner.slice.elts)
        return last_name(inner.value) == "Optional"
    return False


def marker_of(annotation: ast.expr | None, default: ast.expr | None, *names: str) -> ast.Call | None:
    """The marker of one of these names, `Depends(…)`, in an `Annotated` or as a default."""
    found = [default]
    if isinstance(annotation, ast.Subscript) and isinstance(annotation.slice, ast.Tuple):
        found += annotation.slice.elts[1:]
    return next((node for node in found if isinstance(node, ast.Call) and called(node) in names), None)
