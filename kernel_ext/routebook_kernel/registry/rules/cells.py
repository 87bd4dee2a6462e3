"""Mistakes in a cell as a whole: how it creates, calls and serves applications."""

import ast
import inspect
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

from starlette.applications import Starlette

from routebook.routing import iter_route_contexts
from routebook_kernel.registry.rules.base import DiagnosticRule
from routebook_kernel.registry.rules.operation_subjects import parse_callable
from routebook_kernel.registry.rules.running import find_async_alternative
from routebook_kernel.registry.rules.source_subjects import (
    CellSubject,
    called_name,
    constant_value,
    dotted_name,
    find_keyword,
)
from routebook_kernel.registry.run_report import as_code

_OPERATIONS = frozenset({"get", "post", "put", "patch", "delete", "websocket", "include_router", "add_middleware"})
_WITHOUT_BODY = frozenset({"get", "delete", "head", "options"})
_BODIES = ("json", "data", "content", "files")


def _find_httpx_app_arguments(cell: CellSubject) -> Iterator[str]:
    for call in cell.calls("AsyncClient", "Client"):
        library = getattr(cell.names.resolve(call.func), "__module__", "httpx").partition(".")[0]
        if find_keyword(call, "app") is not None and library in {"httpx", "httpx2"}:
            name = ast.unparse(call.func)
            yield (
                f"`{name}(app=…)` (line {call.lineno}) is refused since httpx 0.28: write "
                f"`{name}(transport=ASGITransport(app=app))`, or `routebook_kernel.client(app)`"
            )


def _find_uncalled_classes(cell: CellSubject) -> Iterator[str]:
    """Find `app = Routebook`, which assigns the class where an application was meant."""
    for node in cell.top_nodes(ast.Assign):
        value = cell.names.resolve(node.value) if isinstance(node.value, ast.Name | ast.Attribute) else None
        name = dotted_name(node.targets[0])
        if isinstance(value, type) and issubclass(value, Starlette) and _is_used_as_app(cell, name):
            class_name = ast.unparse(node.value)
            yield f"`{name} = {class_name}` (line {node.lineno}) is the class itself: write `{name} = {class_name}()`"


def _is_used_as_app(cell: CellSubject, name: str) -> bool:
    used = [node for node in cell.walk(ast.Attribute) if node.attr in _OPERATIONS and dotted_name(node.value) == name]
    return bool(name) and bool(used)


def _find_flat_route_loops(cell: CellSubject) -> Iterator[str]:
    """Find loops over `app.routes` that miss the routes inside included routers."""
    for loop in cell.walk(ast.For, ast.comprehension):
        target = loop.iter
        while isinstance(target, ast.Call) and cell.names.called_name(target) in _WALKERS and target.args:
            target = target.args[0]
        if not isinstance(target, ast.Attribute) or target.attr != "routes":
            continue
        owner = target.value.value if _is_router(target.value) else target.value  # type: ignore[attr-defined]
        app = cell.names.resolve(owner)
        if app is None or not _has_included(app):
            continue
        line = getattr(loop, "lineno", target.lineno)
        yield (
            f"{as_code(ast.unparse(target))} (line {line}) holds an included router as one entry, without its paths: "
            f"read {as_code(ast.unparse(owner) + '.openapi()')}`['paths']`, or `iter_route_contexts(…)`"
        )


_WALKERS = frozenset({"list", "tuple", "enumerate", "sorted", "reversed", "filter"})


def _is_router(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "router"


def _has_included(app: Any) -> bool:
    return any(type(route).__name__ == "IncludedRouter" for route in getattr(app, "routes", ()))


def _find_unsupported_bodies(cell: CellSubject) -> Iterator[str]:
    """Find bodies in `get` and `delete` calls of httpx and the test client, which don't take one."""
    pairs = [(call, _resolve_method(cell, call)) for call in cell.top_nodes(ast.Call)]
    pairs += [
        (call, function.resolve_callable(call)) for function in cell.functions for call in function.nodes(ast.Call)
    ]
    for call, method in pairs:
        if not isinstance(call.func, ast.Attribute) or call.func.attr not in _WITHOUT_BODY:
            continue
        argument = next((name for name in _BODIES if find_keyword(call, name) is not None), None)
        if argument is None or not _is_unknown_keyword(method, argument):
            continue
        client, verb = ast.unparse(call.func.value), call.func.attr
        yield (
            f"{as_code(f'{client}.{verb}({argument}=…)')} (line {call.lineno}) takes no body: write "
            f"{as_code(f'{client}.request({verb.upper()!r}, …, {argument}=…)')}"
        )


def _resolve_method(cell: CellSubject, call: ast.Call) -> Any:
    """Return what a call outside functions calls; for an object, the function of its class."""
    if not isinstance(call.func, ast.Attribute):
        return None
    owner = cell.names.resolve(call.func.value)
    return getattr(owner if isinstance(owner, ModuleType) else type(owner), call.func.attr, None)


def _is_unknown_keyword(function: object, option: str) -> bool:
    """Whether a function doesn't accept a keyword."""
    if not inspect.isfunction(function):
        return False
    parameters = inspect.signature(function).parameters
    return option not in parameters and all(item.kind is not item.VAR_KEYWORD for item in parameters.values())


def _find_shared_state(cell: CellSubject) -> Iterator[str]:
    """Find state that several workers would share. Each worker is a process with its own variables."""
    for call in cell.top_nodes(ast.Call):
        workers = constant_value(find_keyword(call, "workers"))
        if cell.names.called_name(call) != "run" or not isinstance(workers, int) or workers < 2:
            continue
        target = call.args[0] if call.args else find_keyword(call, "app")
        app = cell.names.resolve(target) or cell.names.namespace.get(str(constant_value(target)).rpartition(":")[2])
        for name, function in _iter_changed_variables(app, cell.names.namespace):
            yield (
                f"`{name}`, which `{function}` changes, is another one in each of {workers} workers (line "
                f"{call.lineno}): "
                "keep such state in a database, or use one worker"
            )


def _iter_changed_variables(app: object, namespace: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the notebook variables that path operations change, each with the function that does."""
    for context in iter_route_contexts(getattr(app, "routes", ())):
        endpoint: Any = getattr(context.original_route, "endpoint", None)
        if not inspect.isfunction(endpoint) or endpoint.__module__ != "__main__":
            continue
        tree = parse_callable(endpoint)
        for node in ast.walk(tree) if tree is not None else ():
            name = _changed_name(node)
            if name is not None and (
                isinstance(node, ast.Global) or isinstance(namespace.get(name), dict | list | set)
            ):
                yield name, endpoint.__name__
                break


def _changed_name(node: ast.AST) -> str | None:
    if isinstance(node, ast.Global):
        return node.names[0]
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
        return dotted_name(node.value)
    if isinstance(node, ast.Call) and called_name(node) in {"append", "add", "update", "pop", "remove", "setdefault"}:
        return dotted_name(node.func.value) if isinstance(node.func, ast.Attribute) else None
    return None


def _find_passlib_imports(cell: CellSubject) -> Iterator[str]:
    for node in cell.walk(ast.ImportFrom, ast.Import):
        module = node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
        if str(module).partition(".")[0] == "passlib":
            yield (
                f"`passlib` (line {node.lineno}) is no longer maintained and fails with bcrypt 5: write "
                "`from pwdlib import PasswordHash` (`pip install 'pwdlib[argon2]'`)"
            )


def _find_router_mounts(cell: CellSubject) -> Iterator[str]:
    """Find mounts on a router, which are served without the router's prefix."""
    for call in cell.calls("mount"):
        owner = cell.names.resolve(call.func.value) if isinstance(call.func, ast.Attribute) else None
        prefix = getattr(owner, "prefix", "")
        path = constant_value(call.args[0] if call.args else find_keyword(call, "path"))
        if prefix and isinstance(path, str):
            name = ast.unparse(call.func)
            yield (
                f"`{name}({path!r}, …)` (line {call.lineno}) is served at `{path}`, without the router's prefix: write "
                f"`app.mount({prefix + path!r}, …)`"
            )


def _find_blocking_calls(cell: CellSubject) -> Iterator[str]:
    """Find blocking calls in a cell that awaits: it runs on the loop that serves, and can't be interrupted there."""
    if next(cell.top_nodes(ast.Await, ast.AsyncWith, ast.AsyncFor), None) is None:
        return
    for call in cell.top_nodes(ast.Call):
        instead = find_async_alternative(cell.names, call)
        if instead is not None and instead.startswith(("await ", "an httpx2")):
            yield (
                f"{as_code(dotted_name(call.func))} (line {call.lineno}) holds up every request, for a cell with "
                f"`await` runs on the loop that answers them: use {as_code(instead)}, or a cell without `await`"
            )


RULES: Sequence[DiagnosticRule[CellSubject]] = (
    DiagnosticRule("blocks", "warn", _find_blocking_calls),
    DiagnosticRule("refused", "warn", _find_httpx_app_arguments),
    DiagnosticRule("the class", "warn", _find_uncalled_classes),
    DiagnosticRule("not flat", "note", _find_flat_route_loops),
    DiagnosticRule("no body", "warn", _find_unsupported_bodies),
    DiagnosticRule("not shared", "warn", _find_shared_state),
    DiagnosticRule("unmaintained", "warn", _find_passlib_imports),
    DiagnosticRule("without the prefix", "warn", _find_router_mounts),
)
