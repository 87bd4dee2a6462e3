"""Mistakes with names: shared defaults, hidden signatures, unassigned local variables."""

import ast
import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from routebook_kernel.registry.rules.base import DiagnosticRule
from routebook_kernel.registry.rules.source_subjects import (
    SCOPES,
    FunctionNode,
    FunctionSubject,
    dotted_name,
    is_operation_decorator,
    iter_own,
    strip_annotated,
)
from routebook_kernel.registry.run_report import as_code

_MUTABLE: Mapping[type[ast.expr], str] = {
    ast.List: "list", ast.ListComp: "list", ast.Dict: "dictionary", ast.DictComp: "dictionary", ast.Set: "set",
    ast.SetComp: "set",
}  # fmt: skip
_MUTATORS = frozenset({"append", "extend", "insert", "add", "update", "setdefault", "pop", "remove", "clear"})


def _find_mutated_defaults(function: FunctionSubject) -> Iterator[str]:
    """Find mutable defaults that the function changes. Direct calls share them; each request gets a copy."""
    for name, default in _iter_mutable_defaults(function):
        if not _is_mutated(function, name):
            continue
        code = as_code(f"{name}={ast.unparse(default)}")
        if function.is_operation:
            yield (
                f"each request gets a copy of {code} (line {default.lineno}): what is put into it is gone with the "
                "request"
            )
        else:
            yield (
                f"{code} (line {default.lineno}) is one {_kind(default)} for all calls, and this changes it: write "
                f"`{name}=None`, and make it inside"
            )


def _find_shared_defaults(function: FunctionSubject) -> Iterator[str]:
    """Find mutable defaults that nothing changes yet. That's not a mistake, but the next line may be one."""
    for name, default in _iter_mutable_defaults(function):
        if _is_mutated(function, name) or (function.is_operation and _has_marker(function, name)):
            continue
        code, kind = as_code(f"{name}={ast.unparse(default)}"), _kind(default)
        if function.is_operation:
            yield (
                f"{code} (line {default.lineno}) is safe as it stands, each request gets a copy; a call by hand gets "
                f"the one {kind} itself, so change a copy of it, or write `{name}=None`"
            )
        else:
            yield (
                f"{code} (line {default.lineno}) is one {kind} for all calls, so change a copy of it, or write "
                f"`{name}=None` and make it inside"
            )


def _iter_mutable_defaults(function: FunctionSubject) -> Iterator[tuple[str, ast.expr]]:
    """Yield the parameters whose default is written as a list, dictionary or set, including comprehensions."""
    for parameter, default in function.parameters:
        if default is not None and type(default) in _MUTABLE:
            yield parameter.arg, default


def _has_marker(function: FunctionSubject, name: str) -> bool:
    """Whether `Annotated` says where a parameter is read from. Such functions aren't called directly."""
    annotation = next(arg.annotation for arg, _ in function.parameters if arg.arg == name)
    return annotation is not strip_annotated(annotation)


def _kind(default: ast.expr) -> str:
    return _MUTABLE[type(default)]


def _is_mutated(function: FunctionSubject, name: str) -> bool:
    for node in function.nodes(ast.Call, ast.Subscript, ast.AugAssign):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _MUTATORS:
            changed: ast.AST = node.func.value
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            changed = node.value
        elif isinstance(node, ast.AugAssign):
            changed = node.target
        else:
            continue
        if isinstance(changed, ast.Name) and changed.id == name:
            return True
    return False


def _find_variadic_operations(function: FunctionSubject) -> Iterator[str]:
    star = function.node.args.vararg or function.node.args.kwarg
    if star is not None and function.is_operation:
        stars = "*" if star is function.node.args.vararg else "**"
        yield f"`{stars}{star.arg}` becomes a query parameter of that name: name each parameter"


def _find_hiding_decorators(function: FunctionSubject) -> Iterator[str]:
    """Find decorators that hide the signature the framework reads."""
    bound: Any = function.namespace.get(function.name)
    below = _split_decorators(function.node)[1]
    if not function.is_operation or not below or hasattr(bound, "__wrapped__") or _is_undecorated(bound, function):
        return
    stars = [item.name for item in inspect.signature(bound).parameters.values() if item.kind in (2, 4)]
    if stars and not (function.node.args.vararg or function.node.args.kwarg):
        names = " and ".join(as_code(name) for name in stars)
        become = "become query parameters" if len(stars) > 1 else "becomes a query parameter"
        fix = (
            f"put `@functools.wraps(function)` above its inner `{bound.__name__}`"
            if inspect.isfunction(bound)
            else "write `functools.update_wrapper(self, function)` where it is made"
        )
        yield (
            f"{as_code(f'@{ast.unparse(below[-1])}')} hides the parameters of `{function.name}`, so that {names} "
            f"{become}: {fix}, or use `Depends`"
        )


def _find_late_decorators(function: FunctionSubject) -> Iterator[str]:
    """Find decorators above the operation's. They only wrap the name: the application already has the function."""
    above = [item for item in _split_decorators(function.node)[0] if _is_from_notebook(function, item)]
    if function.is_operation and above and not _is_undecorated(function.namespace.get(function.name), function):
        decorator = as_code(f"@{ast.unparse(above[-1])}")
        yield f"{decorator} stands above the operation's decorator, so requests do not pass through it: put it below"


def _split_decorators(node: FunctionNode) -> tuple[list[ast.expr], list[ast.expr]]:
    """Return the decorators above the operation decorators, and those below."""
    found = node.decorator_list
    places = [index for index, item in enumerate(found) if is_operation_decorator(item)]
    return (found[: places[0]], found[places[-1] + 1 :]) if places else ([], [])


def _is_from_notebook(function: FunctionSubject, decorator: ast.expr) -> bool:
    value = function.names.resolve(decorator.func if isinstance(decorator, ast.Call) else decorator)
    return getattr(value, "__module__", None) == "__main__"


def _is_undecorated(bound: object, function: FunctionSubject) -> bool:
    """Whether a function is the one that was written, not a wrapper that a decorator returned."""
    code = getattr(bound, "__code__", None)
    return not callable(bound) or isinstance(bound, type) or (code is not None and code.co_name == function.name)


def _find_unbound_reads(function: FunctionSubject) -> Iterator[str]:
    """Find names that a function reads before it assigns them. The assignment makes them local in all of its lines."""
    known = {arg.arg for arg in ast.walk(function.node.args) if isinstance(arg, ast.arg)}
    known |= {name for node in function.nodes(ast.Global, ast.Nonlocal) for name in node.names}
    assigned = {*function.assigned_values, *(dotted_name(node.target) for node in function.nodes(ast.AugAssign))}
    for name in sorted(assigned & function.namespace.keys() - known):
        statement = _find_reader(function.node.body, name)
        if statement is None:
            continue
        is_whole = isinstance(statement, ast.AugAssign | ast.Assign)
        code = as_code(ast.unparse(statement) if is_whole else name)
        yield f"{code} (line {statement.lineno}) raises UnboundLocalError: write `global {name}` above it"


def _find_reader(body: Sequence[ast.AST], name: str) -> ast.stmt | ast.expr | None:
    """Return the node that reads a variable before anything binds it; None if a binding may come first."""
    for part in _iter_in_order(body):
        if isinstance(part, ast.AugAssign) and dotted_name(part.target) == name:
            return part
        if isinstance(part, ast.Name) and part.id == name:
            return part if isinstance(part.ctx, ast.Load) else None
        if isinstance(part, ast.Assign) and any(dotted_name(target) == name for target in part.targets):
            is_read = any(read.id == name for read in iter_own([part.value], ast.Name))
            return part if is_read else None
        if isinstance(part, ast.Import | ast.ImportFrom) and name in {item.asname or item.name for item in part.names}:
            return None
        if isinstance(part, ast.ExceptHandler) and part.name == name:
            return None
    return None


def _iter_in_order(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """Yield the nodes that certainly run, in the order in which they run. Of a loop, only assignments."""
    for node in body:
        yield node
        if isinstance(node, SCOPES):
            continue
        if isinstance(node, ast.Assign):
            yield from _iter_in_order([node.value, *node.targets])
        elif isinstance(node, ast.BoolOp):
            yield from _iter_in_order(node.values[:1])
        elif isinstance(node, ast.IfExp):
            yield from _iter_in_order([node.test])
        elif isinstance(node, ast.For | ast.AsyncFor):
            yield from _iter_in_order([node.iter, node.target])
            yield from _iter_bindings([*node.body, *node.orelse])
        elif isinstance(node, ast.While | ast.Try | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            yield from _iter_bindings(list(ast.iter_child_nodes(node)))
        elif isinstance(node, ast.AnnAssign):
            yield from _iter_in_order([part for part in (node.value, node.target) if part is not None])
        else:
            yield from _iter_in_order(list(ast.iter_child_nodes(node)))


def _iter_bindings(body: list[ast.AST]) -> Iterator[ast.AST]:
    for node in body:
        for part in ast.walk(node):
            is_bound = isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load)
            if is_bound or isinstance(part, ast.AugAssign | ast.Import | ast.ImportFrom | ast.ExceptHandler):
                yield part


RULES: Sequence[DiagnosticRule[FunctionSubject]] = (
    DiagnosticRule("mutable default", "warn", _find_mutated_defaults),
    DiagnosticRule("mutable default", "note", _find_shared_defaults),
    DiagnosticRule("query parameter", "warn", _find_variadic_operations),
    DiagnosticRule("query parameter", "warn", _find_hiding_decorators),
    DiagnosticRule("no effect", "warn", _find_late_decorators),
    DiagnosticRule("local", "warn", _find_unbound_reads),
)
