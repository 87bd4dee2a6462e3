"""The mistakes that a function's source shows, one rule each.

A rule yields sentences: what, with its line, and the way out. It looks for a cause that is a mistake whatever the
application; what may be meant is told as a note, not as a warning.
"""

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from routebook_kernel.registry.report import Level, ticked
from routebook_kernel.registry.source_function import Function, FunctionNode, dotted, last_name

_BODY_METHODS = frozenset({"post", "put", "patch"})
_SCALARS = frozenset({"str", "int", "float", "bool"})
_INJECTED = {
    "request": "Request", "websocket": "WebSocket", "response": "Response", "background_tasks": "BackgroundTasks",
}  # fmt: skip

_HTTP_CALLS = ("get", "post", "put", "patch", "delete", "head", "options", "request", "stream")
_BLOCKING: Mapping[str, str] = {
    "time.sleep": "await asyncio.sleep(…)",
    "os.system": "await asyncio.create_subprocess_shell(…)",
    "input": "a parameter of the request",
    "urllib.request.urlopen": "an httpx2.AsyncClient",
    **{f"subprocess.{name}": "await asyncio.create_subprocess_exec(…)" for name in ("run", "call", "check_output")},
    **{
        f"{module}.{name}": "an httpx2.AsyncClient"
        for module in ("requests", "httpx", "httpx2")
        for name in _HTTP_CALLS
    },
}
_TASK_MAKERS = frozenset(
    {"create_task", "ensure_future", "gather", "wait_for", "run", "run_coroutine_threadsafe", "shield"}
)

Check = Callable[[Function], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of mistake."""

    word: str
    level: Level
    check: Check
    only_operations: bool = False


def _blocks_the_loop(function: Function) -> Iterator[str]:
    if not function.is_async:
        return
    for call in function.own(ast.Call):
        name = dotted(call.func)
        known = _qualified(function, call.func) or name
        if (instead := _BLOCKING.get(known)) is not None:
            yield (
                f"`{function.node.name}` is async and calls {ticked(name)} (line {call.lineno}), which stops all other "
                f"requests: use {ticked(instead)}, or write `def` without `async`"
            )


def _qualified(function: Function, node: ast.expr) -> str | None:
    """The full name of what a name stands for, `from time import sleep` seen through."""
    value = function.resolved(node)
    if not callable(value) or isinstance(value, type):
        return None
    return f"{getattr(value, '__module__', '') or ''}.{getattr(value, '__name__', '')}".removeprefix("builtins.")


def _runs_a_loop_in_a_loop(function: Function) -> Iterator[str]:
    if not function.is_async:
        return
    for call in function.own(ast.Call):
        if dotted(call.func) == "asyncio.run" or last_name(call.func) == "run_until_complete":
            yield f"{ticked(dotted(call.func))} (line {call.lineno}) cannot run inside an `async def`: use `await`"


def _is_not_awaited(function: Function) -> Iterator[str]:
    awaited = {id(node.value) for node in function.own(ast.Await)}
    handed = {
        id(argument)
        for call in function.own(ast.Call)
        if last_name(call.func) in _TASK_MAKERS
        for argument in call.args
    }
    returned = set() if function.is_async else {id(node.value) for node in function.own(ast.Return)}
    for call in function.own(ast.Call):
        if id(call) in awaited | handed | returned or not _gives_coroutine(function, call):
            continue
        name = ticked(f"{ast.unparse(call.func)}(…)")
        way_out = (
            f"write {ticked(f'await {ast.unparse(call.func)}(…)')}" if function.is_async else "make it an `async def`"
        )
        yield f"{name} (line {call.lineno}) is not awaited: it gives a coroutine, not the result; {way_out}"


def _gives_coroutine(function: Function, call: ast.Call) -> bool:
    if inspect.iscoroutinefunction(function.resolved(call.func)):
        return True
    if not isinstance(call.func, ast.Attribute) or not isinstance(call.func.value, ast.Name):
        return False
    annotation = next((arg.annotation for arg, _ in function.parameters if arg.arg == call.func.value.id), None)
    kind = last_name(annotation) if annotation is not None else ""
    return (kind == "Request" and call.func.attr in {"json", "body", "form"}) or (
        kind == "UploadFile" and call.func.attr in {"read", "seek", "close", "write"}
    )


def _calls_its_dependency(function: Function) -> Iterator[str]:
    holders = [default for _, default in function.parameters] + [arg.annotation for arg, _ in function.parameters]
    for holder in filter(None, holders):
        for call in ast.walk(holder):
            if isinstance(call, ast.Call) and last_name(call.func) in {"Depends", "Security"} and call.args:
                given = call.args[0]
                if isinstance(given, ast.Call) and inspect.isfunction(function.resolved(given.func)):
                    name = ast.unparse(given.func)
                    yield f"`Depends({name}())` (line {call.lineno}) calls it now, once: write `Depends({name})`"


def _annotates_with_depends(function: Function) -> Iterator[str]:
    for parameter, _ in function.parameters:
        annotation = parameter.annotation
        if isinstance(annotation, ast.Call) and last_name(annotation.func) in {"Depends", "Security"}:
            told = ast.unparse(annotation)
            yield (
                f"`{parameter.arg}: {told}` (line {parameter.lineno}) is a type there: write "
                f"`{parameter.arg}: Annotated[…, {told}]`, or `{parameter.arg} = {told}`"
            )


def _lacks_annotation(function: Function) -> Iterator[str]:
    for index, (parameter, default) in enumerate(function.parameters):
        if parameter.annotation is not None or default is not None:
            continue
        if index == 0 and parameter.arg in {"self", "cls"}:
            yield f"`{parameter.arg}` becomes a required query parameter: a path operation is a plain function"
        elif parameter.arg in _INJECTED:
            kind = _INJECTED[parameter.arg]
            yield f"`{parameter.arg}` becomes a required query parameter: write `{parameter.arg}: {kind}`"


def _takes_anything(function: Function) -> Iterator[str]:
    star = function.node.args.vararg or function.node.args.kwarg
    if star is not None:
        yield f"`*{star.arg}` becomes a query parameter of that name: name each parameter"


def _is_optional_without_default(function: Function) -> Iterator[str]:
    for parameter, default in function.parameters:
        if default is None and parameter.annotation is not None and _admits_none(parameter.annotation):
            yield f"`{parameter.arg}` may be null, and is required all the same: write `= None` behind it"


def _admits_none(annotation: ast.expr) -> bool:
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        return any(
            isinstance(side, ast.Constant) and side.value is None for side in (annotation.left, annotation.right)
        )
    return isinstance(annotation, ast.Subscript) and last_name(annotation.value) == "Optional"


def _is_none_without_admitting_it(function: Function) -> Iterator[str]:
    for parameter, default in function.parameters:
        is_none = isinstance(default, ast.Constant) and default.value is None
        if is_none and isinstance(parameter.annotation, ast.Name) and parameter.annotation.id in _SCALARS:
            kind = parameter.annotation.id
            yield f"`{parameter.arg}: {kind} = None` does not admit null: write `{parameter.arg}: {kind} | None = None`"


def _reads_scalars_from_the_query(function: Function) -> Iterator[str]:
    path = ast.unparse(function.decorator.args[0]) if function.decorator else ""
    scalars = [
        parameter.arg
        for parameter, default in function.parameters
        if default is None
        and isinstance(parameter.annotation, ast.Name)
        and parameter.annotation.id in _SCALARS
        and f"{{{parameter.arg}" not in path
    ]
    others = [
        arg for arg, default in function.parameters if default is not None or not isinstance(arg.annotation, ast.Name)
    ]
    others += [
        arg
        for arg, _ in function.parameters
        if isinstance(arg.annotation, ast.Name) and arg.annotation.id not in _SCALARS
    ]
    if function.method in _BODY_METHODS and scalars and not others:
        names = ", ".join(ticked(name) for name in scalars)
        plural = "are" if len(scalars) > 1 else "is"
        yield f"{names} {plural} read from the query, not from JSON: for JSON take one model, or `Body()` for each"


def _returns_status_in_a_tuple(function: Function) -> Iterator[str]:
    for node in function.own(ast.Return):
        if isinstance(node.value, ast.Tuple) and len(node.value.elts) == 2:
            last = node.value.elts[1]
            if isinstance(last, ast.Constant) and isinstance(last.value, int) and 100 <= last.value <= 599:
                yield (
                    f"`return …, {last.value}` (line {node.lineno}) answers 200 with a list: "
                    f"`raise HTTPException({last.value}, …)`, or `JSONResponse(…, status_code={last.value})`"
                )


def _returns_an_exception(function: Function) -> Iterator[str]:
    for node in function.own(ast.Return):
        if isinstance(node.value, ast.Call):
            value = function.resolved(node.value.func)
            if isinstance(value, type) and issubclass(value, BaseException):
                name = ast.unparse(node.value.func)
                yield f"`return {name}(…)` (line {node.lineno}) answers 200: write `raise {name}(…)`"


def _returns_encoded_json(function: Function) -> Iterator[str]:
    for node in function.own(ast.Return):
        if isinstance(node.value, ast.Call):
            name = dotted(node.value.func) or ast.unparse(node.value.func)
            if name == "json.dumps" or name.rpartition(".")[2] in {"model_dump_json", "to_json"}:
                yield (
                    f"{ticked(f'return {name}(…)')} (line {node.lineno}) is encoded twice, into a JSON text: "
                    "return the object itself"
                )


def _swallows_http_exceptions(function: Function) -> Iterator[str]:
    for attempt in function.own(ast.Try):
        raises = [node for part in attempt.body for node in ast.walk(part) if isinstance(node, ast.Raise)]
        if not any(isinstance(node.exc, ast.Call) and last_name(node.exc.func) == "HTTPException" for node in raises):
            continue
        for handler in attempt.handlers:
            name = last_name(handler.type) if handler.type is not None else "Exception"
            if name == "HTTPException":
                break
            if name in {"Exception", "BaseException"} and not _raises_again(handler):
                yield (
                    f"`except {name}` (line {handler.lineno}) also takes the `HTTPException` raised above it: put "
                    "`except HTTPException: raise` before it"
                )


def _raises_again(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(node, ast.Raise) and node.exc is None for node in ast.walk(handler))


def _adds_a_called_task(function: Function) -> Iterator[str]:
    for call in function.own(ast.Call):
        if last_name(call.func) == "add_task" and call.args and isinstance(call.args[0], ast.Call):
            name = ast.unparse(call.args[0].func)
            yield f"`add_task({name}(…))` (line {call.lineno}) runs it at once: write `add_task({name}, …)`"


def _counts_without_global(function: Function) -> Iterator[str]:
    declared = {name for node in function.own(ast.Global, ast.Nonlocal) for name in node.names}
    assigned = {
        name.id
        for node in function.own(ast.Assign, ast.AnnAssign, ast.For)
        for name in ast.walk(node)
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
    } | {parameter.arg for parameter, _ in function.parameters}
    for node in function.own(ast.AugAssign):
        name = node.target.id if isinstance(node.target, ast.Name) else None
        if name in function.namespace and name not in declared | assigned:
            yield f"`{ast.unparse(node)}` (line {node.lineno}) raises UnboundLocalError: write `global {name}` above it"


def _returns_nothing_it_promised(function: Function) -> Iterator[str]:
    promise = function.option("response_model") or function.node.returns
    if promise is None or _admits_none(promise) or ast.unparse(promise) in {"None", "Any", "'None'", "Response"}:
        return
    value = function.resolved(promise)
    if isinstance(value, type) and value.__module__.startswith(("starlette.responses", "routebook.responses")):
        return
    returns = [node for node in function.own(ast.Return) if node.value is not None]
    is_other = any(function.own(ast.Yield, ast.YieldFrom)) or isinstance(function.node.body[-1], ast.Raise)
    if not returns and not is_other and not _is_placeholder(function.node):
        told = ticked(ast.unparse(promise))
        yield f"`{function.node.name}` promises {told} and returns nothing: the answer will be 500"


def _is_placeholder(node: FunctionNode) -> bool:
    """Whether the body is `...`, with or without a docstring: not written yet."""
    return all(isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant) for part in node.body)


def _sends_a_body_with_204(function: Function) -> Iterator[str]:
    status = function.option("status_code")
    if status is None or not ast.unparse(status).endswith(
        ("204", "304", "HTTP_204_NO_CONTENT", "HTTP_304_NOT_MODIFIED")
    ):
        return
    for node in function.own(ast.Return):
        value = node.value
        is_nothing = value is None or (isinstance(value, ast.Constant) and value.value is None)
        is_response = isinstance(value, ast.Call) and "Response" in last_name(value.func)
        if not is_nothing and not is_response:
            yield f"a {ast.unparse(status)} has no body, `return` (line {node.lineno}) gives one: return nothing"


def _never_accepts(function: Function) -> Iterator[str]:
    sockets = [
        a.arg for a, _ in function.parameters if a.annotation is not None and last_name(a.annotation) == "WebSocket"
    ]
    for name in sockets:
        calls = list(function.own(ast.Call))
        uses = [call for call in calls if isinstance(call.func, ast.Attribute) and dotted(call.func.value) == name]
        is_handed = any(dotted(argument) == name for call in calls for argument in call.args)
        if (
            function.method == "websocket"
            and uses
            and not is_handed
            and all(call.func.attr != "accept" for call in uses)
        ):
            yield f"`{name}` is never accepted: `await {name}.accept()` comes first"


RULES: Sequence[Rule] = (
    Rule("blocks", "warn", _blocks_the_loop),
    Rule("a loop in a loop", "warn", _runs_a_loop_in_a_loop),
    Rule("not awaited", "warn", _is_not_awaited),
    Rule("called, not passed", "warn", _calls_its_dependency),
    Rule("not a type", "warn", _annotates_with_depends),
    Rule("query parameter", "warn", _lacks_annotation, only_operations=True),
    Rule("query parameter", "warn", _takes_anything, only_operations=True),
    Rule("required", "note", _is_optional_without_default, only_operations=True),
    Rule("null", "note", _is_none_without_admitting_it, only_operations=True),
    Rule("from the query", "note", _reads_scalars_from_the_query, only_operations=True),
    Rule("status", "warn", _returns_status_in_a_tuple, only_operations=True),
    Rule("returned, not raised", "warn", _returns_an_exception),
    Rule("encoded twice", "warn", _returns_encoded_json, only_operations=True),
    Rule("swallowed", "warn", _swallows_http_exceptions),
    Rule("called, not passed", "warn", _adds_a_called_task),
    Rule("local", "warn", _counts_without_global),
    Rule("returns nothing", "warn", _returns_nothing_it_promised, only_operations=True),
    Rule("no body", "warn", _sends_a_body_with_204, only_operations=True),
    Rule("not accepted", "warn", _never_accepts, only_operations=True),
)
"""Every rule, in the order in which its findings are told."""
