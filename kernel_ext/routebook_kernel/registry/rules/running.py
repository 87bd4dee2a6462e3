"""Mistakes with `async`, threads and work outside the request."""

import ast
import inspect
import logging
from collections.abc import Iterator, Mapping, Sequence

from routebook_kernel.registry.rules.awaiting import is_awaited
from routebook_kernel.registry.rules.base import DiagnosticRule
from routebook_kernel.registry.rules.operation_subjects import parse_callable
from routebook_kernel.registry.rules.source_subjects import (
    FunctionSubject,
    NameResolver,
    called_name,
    constant_value,
    dotted_name,
    find_keyword,
    has_inner_functions,
    iter_own,
    last_name,
)
from routebook_kernel.registry.run_report import as_code

_HTTP_CALLS = ("get", "post", "put", "patch", "delete", "head", "options", "request", "stream")
_RUNNERS = ("run", "call", "check_call", "check_output", "getoutput")
_CLIENT = "an httpx2.AsyncClient"
_BLOCKING: Mapping[str, str] = {
    "time.sleep": "await asyncio.sleep(…)",
    "os.system": "await asyncio.create_subprocess_shell(…)",
    "posix.system": "await asyncio.create_subprocess_shell(…)",
    "input": "a parameter of the request",
    "urllib.request.urlopen": _CLIENT,
    "sqlite3.connect": "aiosqlite",
    "psycopg2.connect": "psycopg's AsyncConnection",
    "psycopg.connect": "psycopg.AsyncConnection.connect(…)",
    "pymysql.connect": "aiomysql",
    "redis.Redis": "redis.asyncio.Redis",
    "pymongo.MongoClient": "pymongo.AsyncMongoClient",
    **{f"subprocess.{name}": "await asyncio.create_subprocess_exec(…)" for name in _RUNNERS},
    **{f"{module}.{name}": _CLIENT for module in ("requests", "httpx", "httpx2") for name in _HTTP_CALLS},
    **{f"requests.api.{name}": _CLIENT for name in _HTTP_CALLS},
    **{f"{module}._api.{name}": _CLIENT for module in ("httpx", "httpx2") for name in _HTTP_CALLS},
}
_BLOCKING_TYPES: Mapping[str, str] = {
    "httpx.Client": _CLIENT,
    "httpx2.Client": _CLIENT,
    "requests.Session": "an httpx2.AsyncClient",
    "sqlite3.Connection": "aiosqlite",
    "sqlite3.Cursor": "aiosqlite",
    "sqlalchemy.Session": "an AsyncSession",
    "redis.Redis": "redis.asyncio.Redis",
    "pymongo.MongoClient": "pymongo.AsyncMongoClient",
}
_PUBLIC: Mapping[str, str] = {"posix.system": "os.system"}
_LOOP_RUNNERS = frozenset({"asyncio.run", "asyncio.runners.run", "anyio.run", "anyio._core._eventloop.run"})
_DETACHED = ("create_task", "ensure_future", "Thread", "submit", "run_in_executor", "start_soon")


def _find_blocking_calls(function: FunctionSubject) -> Iterator[str]:
    if not function.is_async:
        return
    for call in function.nodes(ast.Call):
        name = as_code(dotted_name(call.func) or f"….{called_name(call)}")
        if (instead := _find_alternative(function, call)) is not None:
            yield (
                f"`{function.name}` is async and calls {name} (line {call.lineno}), which stops "
                f"all other requests: use {as_code(instead)}, or write `def` without `async`"
            )
        elif inner := _find_blocking_inside(function.resolve_callable(call)):
            yield (
                f"`{function.name}` is async and calls {name} (line {call.lineno}), which calls {as_code(inner)} and "
                f"stops all other requests: `await run_in_threadpool({dotted_name(call.func)}, …)`, or write `def` "
                "without `async`"
            )


def _find_alternative(function: FunctionSubject, call: ast.Call) -> str | None:
    instead = find_async_alternative(function.names, call)
    if instead is not None or not isinstance(call.func, ast.Attribute):
        return instead
    owner = function.type_of(call.func.value) or type(function.resolve(call.func.value))
    names = [f"{base.__module__.partition('.')[0]}.{base.__name__}" for base in owner.__mro__]
    return next(
        (_BLOCKING_TYPES[name] for name in names if name in _BLOCKING_TYPES and "TestClient" not in str(owner)), None
    )


def find_async_alternative(names: NameResolver, call: ast.Call) -> str | None:
    """Return what to write instead of a blocking call, or None if the call doesn't block."""
    return _BLOCKING.get(names.full_name(call.func)) or _BLOCKING.get(dotted_name(call.func))


def _find_blocking_inside(value: object, depth: int = 3) -> str | None:
    """Return the blocking call that a plain notebook function makes, itself or through what it calls."""
    if not inspect.isfunction(value) or inspect.iscoroutinefunction(value) or value.__module__ != "__main__":
        return None
    tree, names = parse_callable(value), NameResolver(value.__globals__)
    body = tree.body[0].body if tree is not None and isinstance(tree.body[0], ast.FunctionDef) else []
    for call in iter_own(body, ast.Call):
        for full in (names.full_name(call.func), dotted_name(call.func)):
            if full in _BLOCKING:
                return _PUBLIC.get(full, full)
        if depth and (inner := _find_blocking_inside(names.resolve(call.func), depth - 1)) is not None:
            return inner
    return None


def _find_nested_loops(function: FunctionSubject) -> Iterator[str]:
    if not function.is_async:
        return
    for call in function.nodes(ast.Call):
        names = {function.names.full_name(call.func), dotted_name(call.func)}
        if names & _LOOP_RUNNERS or called_name(call) == "run_until_complete":
            name = as_code(ast.unparse(call.func))
            yield f"{name} (line {call.lineno}) cannot run inside an `async def`: use `await`"


def _find_detached_uploads(function: FunctionSubject) -> Iterator[str]:
    files = _upload_names(function)
    for call in function.calls(*_DETACHED) if files else ():
        if is_awaited(function, call):
            continue
        parts = [*call.args, *(item.value for item in call.keywords)]
        for name in (node.id for part in parts for node in ast.walk(part) if isinstance(node, ast.Name)):
            if name in files:
                yield (
                    f"`{name}` is closed when the request ends, and `{called_name(call)}` (line {call.lineno}) may "
                    f"read it later: read it first, `data = await {name}.read()`, or use `BackgroundTasks`"
                )


def _upload_names(function: FunctionSubject) -> list[str]:
    """Return the parameters that are uploaded files, or lists of them."""
    found = []
    for parameter, _ in function.parameters:
        parts = ast.walk(parameter.annotation) if parameter.annotation else ()
        if any(function.names.is_a(part, "UploadFile") for part in parts):
            found.append(parameter.arg)
    return found


def _find_called_tasks(function: FunctionSubject) -> Iterator[str]:
    for call in function.calls("add_task", "BackgroundTask"):
        first = call.args[0] if call.args else find_keyword(call, "func")
        inner = first.value if isinstance(first, ast.Await) else first
        if isinstance(inner, ast.Call) and called_name(inner) not in {"partial", "wraps"}:
            name = ast.unparse(inner.func)
            value = function.resolve(inner.func)
            if not isinstance(first, ast.Await) and (value is None or isinstance(value, type)):
                continue  # a factory, or an object that can be called
            if not isinstance(first, ast.Await) and has_inner_functions(value):
                continue
            task = called_name(call)
            yield f"`{task}({name}(…))` (line {call.lineno}) runs it at once: write `{task}({name}, …)`"


def _find_unused_background_tasks(function: FunctionSubject) -> Iterator[str]:
    """Find hand-made background tasks that aren't passed to anything, so that they never run."""
    for parameter, default in function.parameters:
        if isinstance(default, ast.Call) and function.called_name(default) == "BackgroundTasks":
            name = parameter.arg
            code = as_code(f"{name}={ast.unparse(default)}")
            yield f"{code} is given to nobody, so its tasks never run: write `{name}: BackgroundTasks`"
    for call in function.calls("add_task"):
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        if isinstance(owner, ast.Call) and function.called_name(owner) == "BackgroundTasks":
            yield (
                f"`{ast.unparse(owner)}` (line {call.lineno}) is given to nobody, so its tasks never run: take it as a "
                "parameter, `tasks: BackgroundTasks`"
            )
    for node in function.nodes(ast.Assign):
        target, value = node.targets[0], node.value
        if not (isinstance(value, ast.Call) and function.called_name(value) == "BackgroundTasks"):
            continue
        if not isinstance(target, ast.Name):
            continue
        name = target.id
        passed = {
            part.id
            for other in function.nodes(ast.Call, ast.Return, ast.Assign)
            for part in _passed_values(other)
            if isinstance(part, ast.Name)
        }
        if name not in passed:
            yield (
                f"`{name} = BackgroundTasks()` (line {node.lineno}) is given to nobody, so its tasks never run: take "
                f"it as a parameter, `{name}: BackgroundTasks`, or return a response with `background={name}`"
            )


def _passed_values(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, ast.Call):
        return [*node.args, *(item.value for item in node.keywords)]
    if isinstance(node, ast.Return) and node.value is not None:
        return [node.value, *(getattr(node.value, "elts", ()))]
    return [node.value] if isinstance(node, ast.Assign) else []


def _find_hidden_log_calls(function: FunctionSubject) -> Iterator[str]:
    for call in function.calls("info", "debug"):
        logger = _resolve_logger(function, call.func.value) if isinstance(call.func, ast.Attribute) else None
        level = {"info": 20, "debug": 10}[called_name(call)]
        if isinstance(logger, logging.Logger) and logger.getEffectiveLevel() > level:
            yield (
                f"{as_code(ast.unparse(call.func))} (line {call.lineno}) is below the logger's level and is not shown: "
                f"`logging.basicConfig(level=logging.{called_name(call).upper()})` once, in the first cell"
            )
            return


def _resolve_logger(function: FunctionSubject, node: ast.expr) -> object:
    """Return the logger that an expression refers to. The module `logging` stands for the root logger."""
    if isinstance(node, ast.Call) and function.names.full_name(node.func) == "logging.getLogger":
        name = constant_value(node.args[0]) if node.args else None
        return logging.getLogger(name) if isinstance(name, str) else None
    value = function.resolve(node)
    return logging.getLogger() if value is logging else value


def _find_numeric_subjects(function: FunctionSubject) -> Iterator[str]:
    for call in function.nodes(ast.Call):
        if dotted_name(call.func) != "jwt.encode" or not call.args:
            continue
        payload: ast.AST | None = call.args[0]
        if isinstance(payload, ast.Name):
            payload = next(
                (n.value for n in function.nodes(ast.Assign) if dotted_name(n.targets[0]) == payload.id), None
            )
        if not isinstance(payload, ast.Dict):
            continue
        for key, value in zip(payload.keys, payload.values, strict=True):
            if constant_value(key) == "sub" and _is_number(function, value):
                code = ast.unparse(value)
                yield f"`sub` of a token must be a text (line {value.lineno}): write {as_code(f'str({code})')}"


def _is_number(function: FunctionSubject, value: ast.expr) -> bool:
    if isinstance(value, ast.Constant):
        return isinstance(value.value, int)
    if isinstance(value, ast.Name):
        return value.id in function.parameters_of("int")
    if isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name):
        owner = next((arg.annotation for arg, _ in function.parameters if arg.arg == value.value.id), None)
        fields = getattr(function.names.resolve(owner), "model_fields", {})
        return value.attr in fields and fields[value.attr].annotation is int
    return isinstance(value, ast.Call) and last_name(value.func) == "int"


RULES: Sequence[DiagnosticRule[FunctionSubject]] = (
    DiagnosticRule("blocks", "warn", _find_blocking_calls),
    DiagnosticRule("a loop in a loop", "warn", _find_nested_loops),
    DiagnosticRule("closed file", "warn", _find_detached_uploads),
    DiagnosticRule("called, not passed", "warn", _find_called_tasks),
    DiagnosticRule("never runs", "warn", _find_unused_background_tasks),
    DiagnosticRule("not shown", "note", _find_hidden_log_calls),
    DiagnosticRule("not a text", "warn", _find_numeric_subjects),
)
