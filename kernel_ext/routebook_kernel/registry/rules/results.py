"""Mistakes in what a path operation returns and raises."""

import ast
import inspect
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from routebook_kernel.registry.rules.base import DiagnosticRule
from routebook_kernel.registry.rules.operation_subjects import parse_callable
from routebook_kernel.registry.rules.source_subjects import (
    FunctionNode,
    FunctionSubject,
    called_name,
    constant_value,
    dotted_name,
    is_nullable,
    iter_own,
    last_name,
)
from routebook_kernel.registry.run_report import as_code

_HTTP_MODULES = ("requests", "httpx", "httpx2", "aiohttp", "urllib3")
_HTTP_METHODS = frozenset({"get", "post", "put", "patch", "delete", "request", "options", "head"})
_JSON_METHODS = frozenset({"model_dump_json", "to_json", "dump_json"})
HTTP_ERRORS = frozenset({"HTTPException", "StarletteHTTPException"})
CATCH_ALL = frozenset({"Exception", "BaseException"})


def iter_results(function: FunctionSubject) -> Iterator[tuple[ast.Return, ast.expr]]:
    """Yield what a function may return, with variables and both sides of an `if … else` resolved."""
    for node in function.nodes(ast.Return):
        for value in function.possible_values(node.value):
            yield node, value


def response_type_of(function: FunctionSubject) -> ast.expr | None:
    """Return the written type of the response model, if there is one."""
    return function.option("response_model") or function.node.returns


def resolve_status(function: FunctionSubject, node: ast.expr | None) -> int | None:
    """Return a status given as a number or by name, or None if it isn't one."""
    value = node.value if isinstance(node, ast.Constant) else function.resolve(node) if node is not None else None
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value) if value in set(HTTPStatus) else None
    return None


def _find_status_tuples(function: FunctionSubject) -> Iterator[str]:
    if not function.is_operation or _has_tuple_type(function):
        return
    for node, value in iter_results(function):
        if not isinstance(value, ast.Tuple) or len(value.elts) not in (2, 3):
            continue
        if isinstance(constant_value(value.elts[0]), int):
            continue  # two numbers
        status = resolve_status(function, value.elts[1])
        if status is None:
            continue
        code = ast.unparse(value.elts[1])
        what = "answers 200 with a list" if response_type_of(function) is None else "is a list, not what it promises"
        instead = f"`raise HTTPException({code}, …)`" if status >= 400 else f"`status_code={code}` in the decorator"
        yield f"`return …, {code}` (line {node.lineno}) {what}: {instead}, or `JSONResponse(…, status_code={code})`"


def _has_tuple_type(function: FunctionSubject) -> bool:
    response_type = response_type_of(function)
    return response_type is not None and last_name(getattr(response_type, "value", response_type)) in {
        "tuple",
        "Tuple",
        "list",
        "List",
    }


def _find_returned_exceptions(function: FunctionSubject) -> Iterator[str]:
    if not function.is_operation and _is_exception_factory(function):
        return
    for node, value in iter_results(function):
        made = function.resolve(value.func) if isinstance(value, ast.Call) else None
        kind = BaseException if function.is_operation else HTTPException
        if isinstance(made, type) and issubclass(made, kind):
            name = ast.unparse(value.func)  # type: ignore[attr-defined]  # a call
            what = "answers 200" if response_type_of(function) is None else "is not what it promises"
            yield f"`return {name}(…)` (line {node.lineno}) {what}: write `raise {name}(…)`"


def _is_exception_factory(function: FunctionSubject) -> bool:
    """Whether it creates exceptions for others to raise: it returns nothing else."""
    if function.names.is_a(function.node.returns, "BaseException"):
        return True
    values = [value for _, value in iter_results(function)]
    return all(isinstance(value, ast.Call) and _is_exception_call(function, value) for value in values)


def _is_exception_call(function: FunctionSubject, call: ast.Call) -> bool:
    made = function.resolve(call.func)
    return isinstance(made, type) and issubclass(made, BaseException)


def _find_raised_responses(function: FunctionSubject) -> Iterator[str]:
    for node in function.nodes(ast.Raise):
        made = function.resolve(node.exc.func) if isinstance(node.exc, ast.Call) else None
        if isinstance(made, type) and issubclass(made, Response):
            name = ast.unparse(node.exc.func)
            yield f"`raise {name}(…)` (line {node.lineno}) is no exception: write `return {name}(…)`"


def _find_double_encoding(function: FunctionSubject) -> Iterator[str]:
    if not function.is_operation or not _is_json_operation(function):
        return
    for node, value in iter_results(function):
        if isinstance(value, ast.Call):
            name = dotted_name(value.func) or ast.unparse(value.func)
            is_dumps = "json.dumps" in (name, function.names.full_name(value.func))
            if is_dumps or called_name(value) in _JSON_METHODS:
                yield (
                    f"{as_code(f'return {name}(…)')} (line {node.lineno}) is encoded twice, into a JSON text: "
                    "return the object itself, or `Response(text, media_type='application/json')`"
                )


def _is_json_operation(function: FunctionSubject) -> bool:
    """Whether neither the operation nor its application or router sets another response class."""
    owner: Any = function.names.resolve(function.decorator.func.value) if function.decorator else None  # type: ignore[attr-defined]  # app.get
    default = getattr(getattr(owner, "router", owner), "default_response_class", None)
    kind = getattr(default, "value", default)
    return function.option("response_class") is None and getattr(kind, "media_type", None) in (None, "application/json")


def _find_html_as_json(function: FunctionSubject) -> Iterator[str]:
    if not function.is_operation or not _is_json_operation(function):
        return
    for node, value in iter_results(function):
        text = _string_of(function, value).strip()
        if text.startswith("<") and text.endswith(">"):
            yield (
                f"`{function.name}` returns HTML as a JSON text, in quotes (line {node.lineno}): "
                "add `response_class=HTMLResponse` to its decorator"
            )
            return


def _string_of(function: FunctionSubject, node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(_string_of(function, part) or "…" for part in node.values)
    text = function.resolve(node) if isinstance(node, ast.Name) else constant_value(node)
    return text if isinstance(text, str) else ""


def _find_client_responses(function: FunctionSubject) -> Iterator[str]:
    """Find returned response objects of HTTP clients, which aren't responses of an application."""
    if not function.is_operation:
        return
    for node, value in iter_results(function):
        call = value.value if isinstance(value, ast.Await) else value
        if isinstance(call, ast.Call) and _is_client_call(function, call):
            yield (
                f"`{function.name}` returns the HTTP client's response object (line {node.lineno}): return its data, "
                f"{as_code('….json()')}"
            )


def _is_client_call(function: FunctionSubject, call: ast.Call) -> bool:
    full = function.names.full_name(call.func)
    if full.partition(".")[0] in _HTTP_MODULES:
        return full.rpartition(".")[2] in _HTTP_METHODS
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in _HTTP_METHODS:
        return False
    owner = function.type_of(call.func.value) or type(function.resolve(call.func.value))
    return owner.__module__.partition(".")[0] in _HTTP_MODULES


def _find_swallowed_http_exceptions(function: FunctionSubject) -> Iterator[str]:
    for attempt in function.nodes(ast.Try):
        source = _find_http_exception_source(function, attempt.body)
        for handler in attempt.handlers if source is not None else ():
            names = caught_names(function, handler)
            if names & HTTP_ERRORS:
                break
            if names & CATCH_ALL and not _has_reraise(handler) and not _has_type_check(handler):
                name = last_name(handler.type) if handler.type is not None else "Exception"
                yield (
                    f"`except {name or 'Exception'}` (line {handler.lineno}) also takes the `HTTPException` {source}: "
                    "put `except HTTPException: raise` before it"
                )


def _find_http_exception_source(function: FunctionSubject, body: Sequence[ast.AST]) -> str | None:
    """Return where an `HTTPException` that leaves some statements is raised, or None if none does."""
    for node in body:
        if isinstance(node, ast.Raise) and is_http_raise(function, node):
            return "raised above it"
        if isinstance(node, ast.Call) and has_unguarded_raise(function, node):
            return f"that `{ast.unparse(node.func)}` raises"
        if isinstance(node, ast.Try) and any(
            caught_names(function, handler) & (HTTP_ERRORS | CATCH_ALL) for handler in node.handlers
        ):
            inner: list[ast.AST] = [*node.handlers, *node.orelse, *node.finalbody]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            continue
        else:
            inner = list(ast.iter_child_nodes(node))
        if (found := _find_http_exception_source(function, inner)) is not None:
            return found
    return None


def is_http_raise(function: FunctionSubject, node: ast.Raise) -> bool:
    """Whether a statement raises an `HTTPException`, under whatever name it was imported."""
    return isinstance(node.exc, ast.Call) and function.called_name(node.exc) in HTTP_ERRORS


def has_unguarded_raise(function: FunctionSubject, call: ast.Call) -> bool:
    """Whether a notebook function itself raises an `HTTPException` outside of any `try`."""
    value = function.resolve(call.func)
    if not inspect.isfunction(value) or value.__module__ != "__main__":
        return False
    if "HTTPException" not in value.__code__.co_names:
        return False
    tree = parse_callable(value)
    body = tree.body[0].body if tree is not None and isinstance(tree.body[0], FunctionNode) else []
    guarded = {id(n) for attempt in iter_own(body, ast.Try) for part in attempt.body for n in ast.walk(part)}
    return any(
        isinstance(node.exc, ast.Call) and called_name(node.exc) == "HTTPException" and id(node) not in guarded
        for node in iter_own(body, ast.Raise)
    )


def caught_names(function: FunctionSubject, handler: ast.ExceptHandler) -> set[str]:
    """Return the names of the exceptions that a handler catches, as their libraries spell them."""
    if handler.type is None:
        return {"Exception"}
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return {getattr(function.resolve(node), "__name__", last_name(node)) for node in types}


def _has_type_check(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(node, ast.Call) and called_name(node) == "isinstance" for node in ast.walk(handler))


def _has_reraise(handler: ast.ExceptHandler) -> bool:
    """Whether the same exception is raised again: by a bare `raise`, or by name."""
    return any(
        isinstance(node, ast.Raise) and (node.exc is None or dotted_name(node.exc) == handler.name)
        for node in ast.walk(handler)
    )


def _find_missing_returns(function: FunctionSubject) -> Iterator[str]:
    response_type = response_type_of(function)
    if (
        not function.is_operation
        or function.method == "websocket"
        or response_type is None
        or is_nullable(response_type)
    ):
        return
    if ast.unparse(response_type) in {"None", "Any", "'None'", "Response", "typing.Any", "object", "NoReturn", "Never"}:
        return
    value = function.resolve(response_type)
    if isinstance(value, type) and value.__module__.startswith(("starlette.responses", "routebook.responses")):
        return
    returns = [node for node in function.nodes(ast.Return) if node.value is not None]
    is_other = function.is_generator or isinstance(function.node.body[-1], ast.Raise)
    if not returns and not is_other and not _is_placeholder(function.node):
        code = as_code(ast.unparse(response_type))
        yield (
            f"`{function.name}` promises {code} and returns nothing: the answer will be 500; return it, or promise "
            "`None`"
        )


def _is_placeholder(node: FunctionNode) -> bool:
    """Whether the body is `...` or `pass`, with or without a docstring: not written yet."""
    return all(
        isinstance(part, ast.Pass) or (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))
        for part in node.body
    )


RULES: Sequence[DiagnosticRule[FunctionSubject]] = (
    DiagnosticRule("status", "warn", _find_status_tuples),
    DiagnosticRule("returned, not raised", "warn", _find_returned_exceptions),
    DiagnosticRule("raised, not returned", "warn", _find_raised_responses),
    DiagnosticRule("encoded twice", "warn", _find_double_encoding),
    DiagnosticRule("HTML as JSON", "warn", _find_html_as_json),
    DiagnosticRule("a client's response", "warn", _find_client_responses),
    DiagnosticRule("swallowed", "warn", _find_swallowed_http_exceptions),
    DiagnosticRule("returns nothing", "warn", _find_missing_returns),
)
