"""Mistakes with `async`, threads and what runs beside a request."""

import ast
import inspect
import logging
import textwrap
from collections.abc import Iterator, Mapping, Sequence

from routebook_kernel.registry.report import ticked
from routebook_kernel.registry.rules.base import Rule
from routebook_kernel.registry.rules.subjects import Function, Names, called, constant, dotted, last_name

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
_TASK_MAKERS = frozenset(
    {"create_task", "ensure_future", "gather", "wait_for", "run", "run_coroutine_threadsafe", "shield", "as_completed"}
)
_LOOP_RUNNERS = frozenset({"asyncio.run", "asyncio.runners.run", "anyio.run", "anyio._core._eventloop.run"})
_DETACHED = ("create_task", "ensure_future", "Thread", "submit", "run_in_executor", "start_soon")


def _blocks_the_loop(function: Function) -> Iterator[str]:
    if not function.is_async:
        return
    for call in function.own(ast.Call):
        if (instead := _blocking(function, call)) is not None:
            yield (
                f"`{function.name}` is async and calls {ticked(dotted(call.func))} (line {call.lineno}), which stops "
                f"all other requests: use {ticked(instead)}, or write `def` without `async`"
            )
        elif inner := _blocking_inside(function, call):
            name = ticked(dotted(call.func))
            yield (
                f"`{function.name}` is async and calls {name} (line {call.lineno}), which calls {ticked(inner)} and "
                f"stops all other requests: `await run_in_threadpool({dotted(call.func)}, …)`, or write `def` without "
                "`async`"
            )


def _blocking(function: Function, call: ast.Call) -> str | None:
    return instead_of_blocking(function.names, call)


def instead_of_blocking(names: Names, call: ast.Call) -> str | None:
    """What to write where a call would block; None where it does not."""
    return _BLOCKING.get(names.full(call.func)) or _BLOCKING.get(dotted(call.func))


def _blocking_inside(function: Function, call: ast.Call) -> str | None:
    """What a plain function of the notebook calls that blocks."""
    value = function.resolved(call.func)
    if not inspect.isfunction(value) or inspect.iscoroutinefunction(value) or value.__module__ != "__main__":
        return None
    reached = set(value.__code__.co_names)
    for full in _BLOCKING:
        module, _, name = full.rpartition(".")
        if module and name in reached and (module in reached or _is_same(value.__globals__.get(name), full)):
            return full
    return None


def _is_same(value: object, full: str) -> bool:
    return f"{getattr(value, '__module__', '')}.{getattr(value, '__name__', '')}" == full


def _runs_a_loop_in_a_loop(function: Function) -> Iterator[str]:
    if not function.is_async:
        return
    for call in function.own(ast.Call):
        names = {function.names.full(call.func), dotted(call.func)}
        if names & _LOOP_RUNNERS or called(call) == "run_until_complete":
            yield f"{ticked(ast.unparse(call.func))} (line {call.lineno}) cannot run inside an `async def`: use `await`"


def _is_not_awaited(function: Function) -> Iterator[str]:
    awaited = {id(node.value) for node in function.own(ast.Await)}
    handed = {
        id(argument)
        for call in function.own(ast.Call)
        if called(call) in _TASK_MAKERS
        for argument in [*call.args, *(item.value for item in call.keywords)]
    }
    returned = set() if function.is_async else {id(n.value) for n in function.own(ast.Return)}
    for call in function.own(ast.Call):
        if id(call) in awaited | handed | returned | _kept(function) or not _gives_coroutine(function, call):
            continue
        name = ast.unparse(call.func)
        way_out = f"write {ticked(f'await {name}(…)')}" if function.is_async else "make it an `async def`"
        yield (
            f"{ticked(f'{name}(…)')} (line {call.lineno}) is not awaited: it gives a coroutine, not the result; "
            f"{way_out}"
        )


def _kept(function: Function) -> set[int]:
    """Calls whose coroutine goes into a variable that is awaited or handed on later, or into a list for `gather`."""
    used = {name.id for node in function.own(ast.Await) for name in ast.walk(node) if isinstance(name, ast.Name)}
    for call in function.own(ast.Call):
        if called(call) in _TASK_MAKERS:
            parts = [*call.args, *(item.value for item in call.keywords)]
            used |= {name.id for part in parts for name in ast.walk(part) if isinstance(name, ast.Name)}
    kept = {
        id(part)
        for node in function.own(ast.Assign)
        if any(isinstance(target, ast.Name) and target.id in used for target in node.targets)
        for part in ast.walk(node.value)
    }
    return kept | {
        id(part)
        for call in function.own(ast.Call)
        if called(call) in {"append", *_TASK_MAKERS}
        for argument in call.args
        for part in ast.walk(argument)
    }


def _gives_coroutine(function: Function, call: ast.Call) -> bool:
    if inspect.iscoroutinefunction(function.resolved(call.func)):
        return True
    if not isinstance(call.func, ast.Attribute) or not isinstance(call.func.value, ast.Name):
        return False
    name, method = call.func.value.id, call.func.attr
    return (
        (name in function.parameters_of("Request") and method in {"json", "body", "form"})
        or (name in function.parameters_of("UploadFile") and method in {"read", "seek", "close", "write"})
        or (
            name in function.parameters_of("WebSocket")
            and (method in {"accept", "close"} or method.startswith(("send", "receive")))
        )
    )


def _awaits_what_is_no_coroutine(function: Function) -> Iterator[str]:
    for node in function.own(ast.Await):
        if not isinstance(node.value, ast.Call):
            continue
        value = function.resolved(node.value.func)
        if inspect.isfunction(value) and value.__module__ == "__main__" and _gives_plain_value(value):
            name = ast.unparse(node.value.func)
            yield (
                f"`await {name}(…)` (line {node.lineno}) awaits the result of a plain `def`: drop `await`, or make "
                f"`{name}` an `async def`"
            )


def _gives_plain_value(function: object) -> bool:
    """Whether a function cannot return something to await: it is plain, and returns nothing that it calls."""
    if inspect.iscoroutinefunction(function) or hasattr(function, "__wrapped__"):
        return False
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))  # type: ignore[arg-type]  # a function
    except (OSError, SyntaxError, TypeError, ValueError):
        return False
    literal = (ast.Constant, ast.Dict, ast.List, ast.Tuple, ast.Set, ast.JoinedStr, ast.ListComp, ast.DictComp)
    returns = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return)]
    return all(value is None or isinstance(value, literal) for value in returns)


def _hands_a_file_to_a_detached_task(function: Function) -> Iterator[str]:
    files = function.parameters_of("UploadFile")
    for call in function.calls(*_DETACHED):
        parts = [*call.args, *(item.value for item in call.keywords)]
        for name in (node.id for part in parts for node in ast.walk(part) if isinstance(node, ast.Name)):
            if name in files:
                yield (
                    f"`{name}` is closed when the request ends, and `{called(call)}` (line {call.lineno}) may read it "
                    f"later: read it first, `data = await {name}.read()`, or use `BackgroundTasks`"
                )


def _adds_a_called_task(function: Function) -> Iterator[str]:
    for call in function.calls("add_task"):
        first = call.args[0] if call.args else None
        inner = first.value if isinstance(first, ast.Await) else first
        if isinstance(inner, ast.Call) and called(inner) not in {"partial", "wraps"}:
            name = ast.unparse(inner.func)
            value = function.resolved(inner.func)
            if not isinstance(first, ast.Await) and (value is None or isinstance(value, type)):
                continue  # a factory, or an object that can be called
            yield f"`add_task({name}(…))` (line {call.lineno}) runs it at once: write `add_task({name}, …)`"


def _keeps_its_tasks(function: Function) -> Iterator[str]:
    """Background tasks that are made by hand and given to nobody never run."""
    for node in function.own(ast.Assign):
        target, value = node.targets[0], node.value
        if not (isinstance(value, ast.Call) and last_name(value.func) == "BackgroundTasks"):
            continue
        if not isinstance(target, ast.Name):
            continue
        name = target.id
        given = {
            part.id
            for other in function.own(ast.Call, ast.Return, ast.Assign)
            for part in _handed(other)
            if isinstance(part, ast.Name)
        }
        if name not in given:
            yield (
                f"`{name} = BackgroundTasks()` (line {node.lineno}) is given to nobody, so its tasks never run: take "
                f"it as a parameter, `{name}: BackgroundTasks`, or return a response with `background={name}`"
            )


def _handed(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, ast.Call):
        return [*node.args, *(item.value for item in node.keywords)]
    if isinstance(node, ast.Return) and node.value is not None:
        return [node.value, *(getattr(node.value, "elts", ()))]
    return [node.value] if isinstance(node, ast.Assign) else []


def _logs_below_its_level(function: Function) -> Iterator[str]:
    for call in function.calls("info", "debug"):
        logger = function.resolved(call.func.value) if isinstance(call.func, ast.Attribute) else None
        wanted = {"info": 20, "debug": 10}[called(call)]
        if isinstance(logger, logging.Logger) and logger.getEffectiveLevel() > wanted:
            yield (
                f"{ticked(ast.unparse(call.func))} (line {call.lineno}) is below the logger's level and is not shown: "
                f"`logging.basicConfig(level=logging.{called(call).upper()})` once, in the first cell"
            )
            return


def _encodes_a_number_as_subject(function: Function) -> Iterator[str]:
    for call in function.own(ast.Call):
        if dotted(call.func) != "jwt.encode" or not call.args:
            continue
        payload: ast.AST | None = call.args[0]
        if isinstance(payload, ast.Name):
            payload = next((n.value for n in function.own(ast.Assign) if dotted(n.targets[0]) == payload.id), None)
        if not isinstance(payload, ast.Dict):
            continue
        for key, value in zip(payload.keys, payload.values, strict=True):
            if constant(key) == "sub" and _is_number(function, value):
                told = ast.unparse(value)
                yield f"`sub` of a token must be a text (line {value.lineno}): write {ticked(f'str({told})')}"


def _is_number(function: Function, value: ast.expr) -> bool:
    if isinstance(value, ast.Constant):
        return isinstance(value.value, int)
    if isinstance(value, ast.Name):
        return value.id in function.parameters_of("int")
    if isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name):
        owner = next((arg.annotation for arg, _ in function.parameters if arg.arg == value.value.id), None)
        fields = getattr(function.names.of(owner), "model_fields", {})
        return value.attr in fields and fields[value.attr].annotation is int
    return isinstance(value, ast.Call) and last_name(value.func) == "int"


RULES: Sequence[Rule[Function]] = (
    Rule("blocks", "warn", _blocks_the_loop),
    Rule("a loop in a loop", "warn", _runs_a_loop_in_a_loop),
    Rule("not awaited", "warn", _is_not_awaited),
    Rule("nothing to await", "warn", _awaits_what_is_no_coroutine),
    Rule("closed file", "warn", _hands_a_file_to_a_detached_task),
    Rule("called, not passed", "warn", _adds_a_called_task),
    Rule("never runs", "warn", _keeps_its_tasks),
    Rule("not shown", "note", _logs_below_its_level),
    Rule("not a text", "warn", _encodes_a_number_as_subject),
)
