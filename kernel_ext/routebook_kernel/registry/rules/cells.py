"""Mistakes in what a cell does as a whole: how it makes, calls and serves applications."""

import ast
import inspect
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

from starlette.applications import Starlette

from routebook.routing import iter_route_contexts
from routebook_kernel.registry.rules.base import DiagnosticRule
from routebook_kernel.registry.rules.running import instead_of_blocking
from routebook_kernel.registry.rules.served import tree_of
from routebook_kernel.registry.rules.subjects import Cell, called, constant, dotted, keyword
from routebook_kernel.registry.run_report import as_code

_OPERATIONS = frozenset({"get", "post", "put", "patch", "delete", "websocket", "include_router", "add_middleware"})
_WITHOUT_BODY = frozenset({"get", "delete", "head", "options"})
_BODIES = ("json", "data", "content", "files")


def _gives_an_app_to_httpx(cell: Cell) -> Iterator[str]:
    for call in cell.calls("AsyncClient", "Client"):
        library = getattr(cell.names.of(call.func), "__module__", "httpx").partition(".")[0]
        if keyword(call, "app") is not None and library in {"httpx", "httpx2"}:
            name = ast.unparse(call.func)
            yield (
                f"`{name}(app=…)` (line {call.lineno}) is refused since httpx 0.28: write "
                f"`{name}(transport=ASGITransport(app=app))`, or `routebook_kernel.client(app)`"
            )


def _keeps_the_class(cell: Cell) -> Iterator[str]:
    """`app = Routebook`: the class, where an application was meant."""
    for node in cell.top(ast.Assign):
        value = cell.names.of(node.value) if isinstance(node.value, ast.Name | ast.Attribute) else None
        name = dotted(node.targets[0])
        if isinstance(value, type) and issubclass(value, Starlette) and _is_used_as_app(cell, name):
            told = ast.unparse(node.value)
            yield f"`{name} = {told}` (line {node.lineno}) is the class itself: write `{name} = {told}()`"


def _is_used_as_app(cell: Cell, name: str) -> bool:
    used = [node for node in cell.walk(ast.Attribute) if node.attr in _OPERATIONS and dotted(node.value) == name]
    return bool(name) and bool(used)


def _walks_flat_routes(cell: Cell) -> Iterator[str]:
    """What `include_router` adds is one route that holds others."""
    for loop in cell.walk(ast.For, ast.comprehension):
        target = loop.iter
        while isinstance(target, ast.Call) and cell.names.called(target) in _WALKERS and target.args:
            target = target.args[0]
        if not isinstance(target, ast.Attribute) or target.attr != "routes":
            continue
        owner = target.value.value if _is_router(target.value) else target.value  # type: ignore[attr-defined]
        app = cell.names.of(owner)
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


def _sends_a_body_without_a_parameter(cell: Cell) -> Iterator[str]:
    """Httpx's and the test client's `get` and `delete` take no body."""
    pairs = [(call, _method(cell, call)) for call in cell.top(ast.Call)]
    pairs += [(call, each.method_of(call)) for each in cell.functions for call in each.own(ast.Call)]
    for call, method in pairs:
        if not isinstance(call.func, ast.Attribute) or call.func.attr not in _WITHOUT_BODY:
            continue
        given = next((name for name in _BODIES if keyword(call, name) is not None), None)
        if given is None or not _refuses(method, given):
            continue
        client, verb = ast.unparse(call.func.value), call.func.attr
        yield (
            f"{as_code(f'{client}.{verb}({given}=…)')} (line {call.lineno}) takes no body: write "
            f"{as_code(f'{client}.request({verb.upper()!r}, …, {given}=…)')}"
        )


def _method(cell: Cell, call: ast.Call) -> Any:
    """What a call at the top calls: of an object its class's function."""
    if not isinstance(call.func, ast.Attribute):
        return None
    owner = cell.names.of(call.func.value)
    return getattr(owner if isinstance(owner, ModuleType) else type(owner), call.func.attr, None)


def _refuses(function: object, option: str) -> bool:
    """Whether a function does not know a keyword."""
    if not inspect.isfunction(function):
        return False
    parameters = inspect.signature(function).parameters
    return option not in parameters and all(item.kind is not item.VAR_KEYWORD for item in parameters.values())


def _shares_memory_among_workers(cell: Cell) -> Iterator[str]:
    """Every worker is a process with variables of its own."""
    for call in cell.top(ast.Call):
        workers = constant(keyword(call, "workers"))
        if cell.names.called(call) != "run" or not isinstance(workers, int) or workers < 2:
            continue
        target = call.args[0] if call.args else keyword(call, "app")
        app = cell.names.of(target) or cell.names.namespace.get(str(constant(target)).rpartition(":")[2])
        for name, function in _iter_changed(app, cell.names.namespace):
            yield (
                f"`{name}`, which `{function}` changes, is another one in each of {workers} workers (line "
                f"{call.lineno}): "
                "keep such state in a database, or use one worker"
            )


def _iter_changed(app: object, namespace: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Variables of the notebook that path operations change, each with the function that does."""
    for context in iter_route_contexts(getattr(app, "routes", ())):
        endpoint: Any = getattr(context.original_route, "endpoint", None)
        if not inspect.isfunction(endpoint) or endpoint.__module__ != "__main__":
            continue
        tree = tree_of(endpoint)
        for node in ast.walk(tree) if tree is not None else ():
            name = _changed(node)
            if name is not None and (
                isinstance(node, ast.Global) or isinstance(namespace.get(name), dict | list | set)
            ):
                yield name, endpoint.__name__
                break


def _changed(node: ast.AST) -> str | None:
    if isinstance(node, ast.Global):
        return node.names[0]
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
        return dotted(node.value)
    if isinstance(node, ast.Call) and called(node) in {"append", "add", "update", "pop", "remove", "setdefault"}:
        return dotted(node.func.value) if isinstance(node.func, ast.Attribute) else None
    return None


def _uses_passlib(cell: Cell) -> Iterator[str]:
    for node in cell.walk(ast.ImportFrom, ast.Import):
        module = node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
        if str(module).partition(".")[0] == "passlib":
            yield (
                f"`passlib` (line {node.lineno}) is no longer maintained and fails with bcrypt 5: write "
                "`from pwdlib import PasswordHash` (`pip install 'pwdlib[argon2]'`)"
            )


def _calls_the_wrong_mount(cell: Cell) -> Iterator[str]:
    """A mount on a router is served without the router's prefix."""
    for call in cell.calls("mount"):
        owner = cell.names.of(call.func.value) if isinstance(call.func, ast.Attribute) else None
        prefix = getattr(owner, "prefix", "")
        path = constant(call.args[0] if call.args else keyword(call, "path"))
        if prefix and isinstance(path, str):
            name = ast.unparse(call.func)
            yield (
                f"`{name}({path!r}, …)` (line {call.lineno}) is served at `{path}`, without the router's prefix: write "
                f"`app.mount({prefix + path!r}, …)`"
            )


def _blocks_the_loop(cell: Cell) -> Iterator[str]:
    """A cell that awaits runs on the loop that serves, and where it blocks it cannot be interrupted."""
    if next(cell.top(ast.Await, ast.AsyncWith, ast.AsyncFor), None) is None:
        return
    for call in cell.top(ast.Call):
        instead = instead_of_blocking(cell.names, call)
        if instead is not None and instead.startswith(("await ", "an httpx2")):
            yield (
                f"{as_code(dotted(call.func))} (line {call.lineno}) holds up every request, for a cell with `await` "
                f"runs on the loop that answers them: use {as_code(instead)}, or a cell without `await`"
            )


RULES: Sequence[DiagnosticRule[Cell]] = (
    DiagnosticRule("blocks", "warn", _blocks_the_loop),
    DiagnosticRule("refused", "warn", _gives_an_app_to_httpx),
    DiagnosticRule("the class", "warn", _keeps_the_class),
    DiagnosticRule("not flat", "note", _walks_flat_routes),
    DiagnosticRule("no body", "warn", _sends_a_body_without_a_parameter),
    DiagnosticRule("not shared", "warn", _shares_memory_among_workers),
    DiagnosticRule("unmaintained", "warn", _uses_passlib),
    DiagnosticRule("without the prefix", "warn", _calls_the_wrong_mount),
)
