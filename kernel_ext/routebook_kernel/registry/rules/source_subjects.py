"""The subjects of rules for source: a function, a class or a whole cell, with the notebook's variables."""

import ast
import builtins
import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

_METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "trace", "api_route"})
_OPERATION_DECORATORS = _METHODS | {"websocket"}
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


class NameResolver:
    """Resolves names in a cell to values.

    Args:
        namespace: The notebook's variables.
    """

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self.namespace = namespace

    def resolve(self, node: ast.AST | None) -> Any:
        """Return the value of a name or an attribute, or None if it's unknown."""
        if isinstance(node, ast.Name):
            return self.namespace.get(node.id, getattr(builtins, node.id, None))
        if isinstance(node, ast.Attribute):
            owner = self.resolve(node.value)
            if isinstance(owner, type | ModuleType):
                try:
                    return getattr(owner, node.attr, None)
                except Exception:  # a module's own `__getattr__` may raise anything
                    return None
            return inspect.getattr_static(owner, node.attr, None)  # an object's attribute may be a property
        return None

    def called_name(self, call: ast.Call) -> str:
        """Return the last name of what is called, as its library spells it: not `Error` of `import … as Error`."""
        written, value = called_name(call), self.resolve(call.func)
        own = getattr(value, "__name__", written)
        is_foreign = inspect.isroutine(value) or isinstance(value, type)
        return own if is_foreign and getattr(value, "__module__", "__main__") != "__main__" else written

    def full_name(self, node: ast.AST) -> str:
        """Return the full name of a value, with `from time import sleep` resolved; else the name as written."""
        value = self.resolve(node)
        name = getattr(value, "__qualname__", None)
        if isinstance(name, str) and callable(value):
            return f"{getattr(value, '__module__', '') or ''}.{name}".removeprefix("builtins.")
        return dotted_name(node)

    def is_a(self, node: ast.AST | None, *names: str) -> bool:
        """Whether a type is or inherits from a class with one of these names. Unknown types go by their last name."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value.rpartition(".")[2] in names
        value = self.type_of(node)
        if value is not None:
            return any(base.__name__ in names for base in value.__mro__)
        return any(last_name(part) in names for part in _iter_alternatives(node))

    def type_of(self, annotation: ast.AST | None) -> type | None:
        """Return the class that an annotation refers to, without its `Annotated` and its `None`."""
        for part in _iter_alternatives(annotation):
            value = self.resolve(part)
            value = getattr(value, "__origin__", value) if hasattr(value, "__metadata__") else value
            if isinstance(value, type):
                return value
        return None


@dataclass(frozen=True)
class FunctionSubject:
    """One function of a cell.

    Attributes:
        decorator: The path operation's decorator call; None for a helper or a dependency.
        names: Resolves its names.
    """

    node: FunctionNode
    decorator: ast.Call | None
    names: NameResolver

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
        """The decorator's name, "get", or None without a decorator."""
        return self.decorator.func.attr if self.decorator and isinstance(self.decorator.func, ast.Attribute) else None

    @property
    def is_operation(self) -> bool:
        """Whether it's declared as a path operation."""
        return self.decorator is not None

    @property
    def is_async(self) -> bool:
        """Whether it runs on the loop."""
        return isinstance(self.node, ast.AsyncFunctionDef)

    @property
    def is_generator(self) -> bool:
        """Whether it yields."""
        return any(self.nodes(ast.Yield, ast.YieldFrom))

    @property
    def is_middleware(self) -> bool:
        """Whether it's a middleware function."""
        decorators = [item.func for item in self.node.decorator_list if isinstance(item, ast.Call)]
        is_declared = any(isinstance(func, ast.Attribute) and func.attr == "middleware" for func in decorators)
        return is_declared or any(parameter.arg == "call_next" for parameter, _ in self.parameters)

    @property
    def parameters(self) -> list[tuple[ast.arg, ast.expr | None]]:
        """Its parameters with their defaults."""
        return list(iter_parameters(self.node.args))

    def parameters_of(self, *types: str) -> list[str]:
        """Return the parameters whose type is one of these classes."""
        return [arg.arg for arg, _ in self.parameters if arg.annotation and self.names.is_a(arg.annotation, *types)]

    @cached_property
    def assigned_values(self) -> Mapping[str, Sequence[ast.expr]]:
        """The values of its local names, from `=` and `with … as`. Names bound by other statements have no values."""
        found: dict[str, list[ast.expr]] = {}
        for node in self.nodes(ast.stmt, ast.NamedExpr, ast.comprehension, ast.withitem):
            for name, value in _iter_bindings(node):
                found.setdefault(name, []).extend([value] if value is not None else [])
        outer = {name for node in self.nodes(ast.Global, ast.Nonlocal) for name in node.names}
        return {name: values for name, values in found.items() if name not in outer}

    def possible_values(self, node: ast.expr | None) -> Iterator[ast.expr]:
        """Yield what an expression may be: both sides of an `if … else`, and the values of local names."""
        pending, seen = [node], set[str]()
        while pending:
            value = pending.pop(0)
            if isinstance(value, ast.IfExp):
                pending += [value.body, value.orelse]
            elif isinstance(value, ast.Name) and self.assigned_values.get(value.id) and value.id not in seen:
                seen.add(value.id)
                pending += self.assigned_values[value.id]
            elif value is not None:
                yield value

    def type_of(self, node: ast.expr) -> type | None:
        """Return the class of an object: the type of a parameter, or of the value of a local name."""
        for value in self.possible_values(node):
            if isinstance(value, ast.Call) and isinstance(made := self.resolve(value.func), type):
                return made
        if not isinstance(node, ast.Name):
            return None
        return self.names.type_of(self._annotation(node.id) or self._element_type(node.id))

    def _annotation(self, name: str) -> ast.expr | None:
        return next((arg.annotation for arg, _ in self.parameters if arg.arg == name), None)

    def _element_type(self, name: str) -> ast.expr | None:
        """Return the type of a loop variable, if the loop goes over a parameter: `X` of `list[X]`."""
        for loop in self.nodes(ast.For, ast.comprehension):
            if dotted_name(loop.target) == name and isinstance(loop.iter, ast.Name):
                whole = strip_annotated(self._annotation(loop.iter.id))
                return whole.slice if isinstance(whole, ast.Subscript) else None
        return None

    def resolve_callable(self, call: ast.Call) -> Any:
        """Return the notebook function or method being called, or None if it can't be resolved."""
        if (value := self.resolve(call.func)) is not None or not isinstance(call.func, ast.Attribute):
            return value
        owner = self.type_of(call.func.value)
        return inspect.getattr_static(owner, call.func.attr, None) if owner is not None else None

    @cached_property
    def _nodes(self) -> Sequence[ast.AST]:
        return list(iter_own(self.node.body, ast.AST))

    def nodes(self, *kinds: type[ast.AST]) -> Iterator[Any]:
        """Return the nodes of its body in order, without those of inner functions."""
        return (node for node in self._nodes if isinstance(node, kinds))

    def called_name(self, call: ast.Call) -> str:
        """Return the last name of what is called, as its library spells it."""
        return self.names.called_name(call)

    def calls(self, *last: str) -> Iterator[ast.Call]:
        """Return the calls in its body of functions or methods with these names."""
        return (call for call in self.nodes(ast.Call) if self.called_name(call) in last)

    def option(self, name: str) -> ast.expr | None:
        """Return an option of the path operation's decorator."""
        return find_keyword(self.decorator, name) if self.decorator else None

    def resolve(self, node: ast.expr) -> Any:
        """Return the value of a name or an attribute, or None if it's unknown or local."""
        root = node
        while isinstance(root, ast.Attribute):
            root = root.value
        is_own = isinstance(root, ast.Name) and (
            root.id in self.assigned_values or any(arg.arg == root.id for arg, _ in self.parameters)
        )
        return None if is_own else self.names.resolve(node)


@dataclass(frozen=True, slots=True)
class ModelSubject:
    """One class of a cell that is a pydantic model.

    Attributes:
        cls: The class, once the cell has created it; None if that failed.
    """

    node: ast.ClassDef
    names: NameResolver
    cls: Any

    @property
    def fields(self) -> Iterator[tuple[str, ast.AnnAssign]]:
        """Its annotated fields."""
        for part in self.node.body:
            if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
                yield part.target.id, part


@dataclass(frozen=True)
class CellSubject:
    """A cell's whole source."""

    tree: ast.Module
    names: NameResolver

    @cached_property
    def _nodes(self) -> Sequence[ast.AST]:
        return list(ast.walk(self.tree))

    @cached_property
    def functions(self) -> Sequence[FunctionSubject]:
        """Its functions, including methods and inner functions."""
        found = self.walk(ast.FunctionDef, ast.AsyncFunctionDef)
        return [FunctionSubject(node, operation_decorator(node), self.names) for node in found]

    def walk(self, *kinds: type[ast.AST]) -> Iterator[Any]:
        """Return every node of these kinds, including those in functions."""
        return (node for node in self._nodes if isinstance(node, kinds))

    def calls(self, *last: str) -> Iterator[ast.Call]:
        """Return all calls of functions or methods with these names."""
        return (call for call in self.walk(ast.Call) if self.names.called_name(call) in last)

    def top_nodes(self, *kinds: type[ast.AST]) -> Iterator[Any]:
        """Return the nodes that run with the cell, without those in functions."""
        return iter_own(self.tree.body, *kinds)


def iter_models(cell: CellSubject) -> Iterator[ModelSubject]:
    """Yield the pydantic models of a cell."""
    for node in cell.walk(ast.ClassDef):
        if any(cell.names.is_a(base, "BaseModel") for base in node.bases):
            cls = cell.names.namespace.get(node.name)
            yield ModelSubject(node, cell.names, cls if isinstance(cls, type) else None)


def operation_decorator(node: FunctionNode) -> ast.Call | None:
    """Return the decorator that declares a path operation."""
    return next((item for item in node.decorator_list if is_operation_decorator(item)), None)  # type: ignore[return-value]  # a call


def is_operation_decorator(node: ast.expr) -> bool:
    """Whether it has the form `@app.get("/…")`, for any object."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    path = node.args[0] if node.args else find_keyword(node, "path")
    return node.func.attr in _OPERATION_DECORATORS and isinstance(
        path, ast.Constant | ast.JoinedStr | ast.BinOp | ast.Name
    )


def iter_own(body: Sequence[ast.AST], *kinds: type[ast.AST]) -> Iterator[Any]:
    """Yield nodes in order, without those inside functions and classes."""
    pending: list[ast.AST] = list(reversed(body))
    while pending:
        node = pending.pop()
        if isinstance(node, kinds):
            yield node
        if not isinstance(node, SCOPES):
            pending.extend(reversed(list(ast.iter_child_nodes(node))))


def iter_parameters(spec: ast.arguments) -> Iterator[tuple[ast.arg, ast.expr | None]]:
    """Yield the parameters of a function with their defaults."""
    positional = [*spec.posonlyargs, *spec.args]
    padding: list[ast.expr | None] = [None] * (len(positional) - len(spec.defaults))
    yield from zip(positional, [*padding, *spec.defaults], strict=True)
    yield from zip(spec.kwonlyargs, spec.kw_defaults, strict=True)


def dotted_name(node: ast.AST) -> str:
    """Return a name or an attribute as written; "" for anything else."""
    return ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""


def last_name(node: ast.AST) -> str:
    """Return the last part of a dotted name."""
    return dotted_name(node).rpartition(".")[2]


def called_name(call: ast.Call) -> str:
    """Return the last name of what is called; for a method, whatever its object is."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else last_name(call.func)


def find_keyword(call: ast.Call, name: str) -> ast.expr | None:
    """Return a keyword argument of a call."""
    return next((item.value for item in call.keywords if item.arg == name), None)


def constant_value(node: ast.AST | None) -> object:
    """Return the value of a constant; None for anything else."""
    return node.value if isinstance(node, ast.Constant) else None


def has_inner_functions(value: object) -> bool:
    """Whether a function contains functions, and so may return one."""
    return any(inspect.iscode(item) for item in getattr(getattr(value, "__code__", None), "co_consts", ()))


def is_none(node: ast.AST | None) -> bool:
    """Whether it's a literal `None`."""
    return isinstance(node, ast.Constant) and node.value is None


def strip_annotated(node: ast.expr | None) -> ast.expr | None:
    """Return a type without its `Annotated`."""
    if isinstance(node, ast.Subscript) and last_name(node.value) == "Annotated" and isinstance(node.slice, ast.Tuple):
        return node.slice.elts[0]
    return node


def is_nullable(annotation: ast.expr | None) -> bool:
    """Whether a written type includes `None`."""
    inner = strip_annotated(annotation)
    if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.BitOr):
        return any(is_none(side) or is_nullable(side) for side in (inner.left, inner.right))
    if isinstance(inner, ast.Subscript):
        if last_name(inner.value) == "Union":
            return isinstance(inner.slice, ast.Tuple) and any(is_none(part) for part in inner.slice.elts)
        return last_name(inner.value) == "Optional"
    return False


def _iter_alternatives(annotation: ast.AST | None) -> Iterator[ast.AST]:
    """Yield the types of a choice, without `None` and `Annotated`."""
    inner = strip_annotated(annotation) if isinstance(annotation, ast.expr) else annotation
    if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.BitOr):
        yield from _iter_alternatives(inner.left)
        yield from _iter_alternatives(inner.right)
    elif isinstance(inner, ast.Subscript) and last_name(inner.value) in {"Optional", "Union"}:
        for part in inner.slice.elts if isinstance(inner.slice, ast.Tuple) else [inner.slice]:
            yield from _iter_alternatives(part)
    elif inner is not None and not is_none(inner):
        yield inner


def _iter_bindings(node: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:
    """Yield the names that a node itself binds, each with its value if there is one."""
    pairs: list[tuple[ast.AST | None, ast.expr | None]] = []
    if isinstance(node, ast.Assign):
        pairs = [(target, node.value) for target in node.targets]
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
        pairs = [(node.target, node.value)]
    elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        pairs = [(node.target, None)]
    elif isinstance(node, ast.withitem):
        pairs = [(node.optional_vars, node.context_expr)]
    for target, value in pairs:
        if isinstance(target, ast.Name):
            yield target.id, value
        elif isinstance(target, ast.Tuple | ast.List | ast.Starred):
            yield from ((name.id, None) for name in ast.walk(target) if isinstance(name, ast.Name))
