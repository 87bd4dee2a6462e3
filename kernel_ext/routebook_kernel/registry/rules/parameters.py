"""Mistakes in the parameters of path operations: what is read from where, what may be left out."""

import ast
import inspect
from collections.abc import Iterator, Mapping, Sequence

from routebook_kernel.registry.report import ticked
from routebook_kernel.registry.rules.base import Rule
from routebook_kernel.registry.rules.subjects import (
    Function,
    admits_none,
    annotation_of,
    is_none,
    iter_own,
    last_name,
    marker_of,
)

_BODY_METHODS = frozenset({"post", "put", "patch"})
_SCALARS = frozenset({"str", "int", "float", "bool"})
_MARKERS = ("Query", "Path", "Header", "Cookie", "Body", "Form", "File")
_INJECTED = {
    "request": "Request", "websocket": "WebSocket", "response": "Response", "background_tasks": "BackgroundTasks",
}  # fmt: skip
_MUTABLE: Mapping[type[ast.expr], str] = {
    ast.List: "list", ast.ListComp: "list", ast.Dict: "dictionary", ast.DictComp: "dictionary", ast.Set: "set",
    ast.SetComp: "set",
}  # fmt: skip
_MUTATORS = frozenset({"append", "extend", "insert", "add", "update", "setdefault", "pop", "remove", "clear"})


def _changes_its_default(function: Function) -> Iterator[str]:
    """A default is made once; the framework gives each request a copy, a call by hand gets the very object."""
    for name, default in _mutable_defaults(function):
        if not _mutates(function, name):
            continue
        told = ticked(f"{name}={ast.unparse(default)}")
        if function.is_operation:
            yield (
                f"each request gets a copy of {told} (line {default.lineno}): what is put into it is gone with the "
                "request"
            )
        else:
            yield (
                f"{told} (line {default.lineno}) is one {_kind(default)} for all calls, and this changes it: write "
                f"`{name}=None`, and make it inside"
            )


def _shares_its_default(function: Function) -> Iterator[str]:
    """Nothing changes it yet: no mistake, but the next line may be one."""
    for name, default in _mutable_defaults(function):
        if _mutates(function, name):
            continue
        told, kind = ticked(f"{name}={ast.unparse(default)}"), _kind(default)
        if function.is_operation:
            yield (
                f"{told} (line {default.lineno}) is safe as it stands, each request gets a copy; a call by hand gets "
                f"the one {kind} itself, so change a copy of it, or write `{name}=None`"
            )
        else:
            yield (
                f"{told} (line {default.lineno}) is one {kind} for all calls, so change a copy of it, or write "
                f"`{name}=None` and make it inside"
            )


def _mutable_defaults(function: Function) -> Iterator[tuple[str, ast.expr]]:
    """The parameters whose default is written as a list, a dictionary or a set, comprehensions included."""
    for parameter, default in function.parameters:
        if default is not None and type(default) in _MUTABLE:
            yield parameter.arg, default


def _kind(default: ast.expr) -> str:
    return _MUTABLE[type(default)]


def _mutates(function: Function, name: str) -> bool:
    for node in function.own(ast.Call, ast.Subscript, ast.AugAssign):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _MUTATORS:
            is_it: ast.AST = node.func.value
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            is_it = node.value
        elif isinstance(node, ast.AugAssign):
            is_it = node.target
        else:
            continue
        if isinstance(is_it, ast.Name) and is_it.id == name:
            return True
    return False


def _lacks_annotation(function: Function) -> Iterator[str]:
    if not function.is_operation:
        return
    for index, (parameter, default) in enumerate(function.parameters):
        if parameter.annotation is not None or default is not None:
            continue
        if index == 0 and parameter.arg in {"self", "cls"}:
            yield (
                f"`{parameter.arg}` becomes a required query parameter: a path operation is a plain function; register "
                f"a method of an object with `app.add_api_route(path, object.{function.name})`"
            )
        elif parameter.arg in _INJECTED:
            kind = _INJECTED[parameter.arg]
            yield f"`{parameter.arg}` becomes a required query parameter: write `{parameter.arg}: {kind}`"


def _takes_anything(function: Function) -> Iterator[str]:
    star = function.node.args.vararg or function.node.args.kwarg
    if star is not None and function.is_operation:
        yield f"`*{star.arg}` becomes a query parameter of that name: name each parameter"


def _is_wrapped_without_wraps(function: Function) -> Iterator[str]:
    """A decorator of the user's own hides the signature that the framework reads."""
    if not function.is_operation or len(function.node.decorator_list) < 2:
        return
    made = function.namespace.get(function.name)
    if not inspect.isfunction(made) or hasattr(made, "__wrapped__") or made.__name__ == function.name:
        return
    stars = [item.name for item in inspect.signature(made).parameters.values() if item.kind in (2, 4)]
    written = function.node.args.vararg or function.node.args.kwarg
    inner = [item for item in function.node.decorator_list if item is not function.decorator]
    if stars and written is None:
        names = " and ".join(ticked(name) for name in stars)
        yield (
            f"{ticked(f'@{ast.unparse(inner[-1])}')} hides the parameters of `{function.name}`, so that {names} become "
            f"query parameters: put `@functools.wraps(function)` above its inner `{made.__name__}`, or use `Depends`"
        )


def _is_optional_without_default(function: Function) -> Iterator[str]:
    if not function.is_operation:
        return
    path = _path(function)
    for parameter, default in function.parameters:
        marker = marker_of(parameter.annotation, default, *_MARKERS, "Depends", "Security")
        is_given = default is not None and (marker is not default or bool(marker and (marker.args or marker.keywords)))
        if is_given or f"{{{parameter.arg}" in path or last_name(getattr(marker, "func", ast.Pass())) in {"Depends"}:
            continue
        if admits_none(parameter.annotation):
            yield f"`{parameter.arg}` may be null, and is required all the same: write `= None` behind it"


def _is_none_without_admitting_it(function: Function) -> Iterator[str]:
    if not function.is_operation:
        return
    for parameter, default in function.parameters:
        inner = annotation_of(parameter.annotation)
        if is_none(default) and isinstance(inner, ast.Name) and inner.id in _SCALARS:
            kind = inner.id
            yield f"`{parameter.arg}: {kind} = None` does not admit null: write `{parameter.arg}: {kind} | None = None`"


def _reads_scalars_from_the_query(function: Function) -> Iterator[str]:
    path = _path(function)
    required, others = [], []
    for parameter, default in function.parameters:
        is_scalar = isinstance(parameter.annotation, ast.Name) and parameter.annotation.id in _SCALARS
        if not is_scalar or default is not None:
            others.append(parameter.arg)
        elif f"{{{parameter.arg}" not in path:
            required.append(parameter.arg)
    if function.method in _BODY_METHODS and required and not others:
        names = ", ".join(ticked(name) for name in required)
        plural = "are" if len(required) > 1 else "is"
        yield f"{names} {plural} read from the query, not from JSON: for JSON take one model, or `Body()` for each"


def _path(function: Function) -> str:
    return ast.unparse(function.decorator.args[0]) if function.decorator else ""


def _counts_without_global(function: Function) -> Iterator[str]:
    declared = {name for node in function.own(ast.Global, ast.Nonlocal) for name in node.names}
    local = {parameter.arg for parameter, _ in function.parameters}
    for node in iter_own(function.node.body, ast.stmt, ast.NamedExpr, ast.comprehension):
        if not isinstance(node, ast.AugAssign):
            local |= _bound(node)
    for node in function.own(ast.AugAssign):
        name = node.target.id if isinstance(node.target, ast.Name) else None
        if name in function.namespace and name not in declared | local:
            yield (
                f"{ticked(ast.unparse(node))} (line {node.lineno}) raises UnboundLocalError: write `global {name}` "
                "above it"
            )


def _bound(node: ast.AST) -> set[str]:
    """The names that a statement binds itself, not by the statements in it."""
    targets: list[ast.AST] = []
    if isinstance(node, ast.Assign):
        targets = list(node.targets)
    elif isinstance(node, ast.AnnAssign | ast.For | ast.AsyncFor | ast.NamedExpr):
        targets = [node.target]
    elif isinstance(node, ast.With | ast.AsyncWith):
        targets = [item.optional_vars for item in node.items if item.optional_vars]
    elif isinstance(node, ast.Import | ast.ImportFrom):
        return {(item.asname or item.name).partition(".")[0] for item in node.names}
    return {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}


RULES: Sequence[Rule[Function]] = (
    Rule("mutable default", "warn", _changes_its_default),
    Rule("mutable default", "note", _shares_its_default),
    Rule("query parameter", "warn", _lacks_annotation),
    Rule("query parameter", "warn", _takes_anything),
    Rule("query parameter", "warn", _is_wrapped_without_wraps),
    Rule("required", "note", _is_optional_without_default),
    Rule("null", "note", _is_none_without_admitting_it),
    Rule("from the query", "note", _reads_scalars_from_the_query),
    Rule("local", "warn", _counts_without_global),
)
