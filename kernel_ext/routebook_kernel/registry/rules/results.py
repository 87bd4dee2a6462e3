"""Mistakes in what a path operation returns and raises."""

import ast
import inspect
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from routebook_kernel.registry.rules.base import DiagnosticRule
from routebook_kernel.registry.rules.served import tree_of
from routebook_kernel.registry.rules.subjects import (
    Function,
    FunctionNode,
    admits_none,
    called,
    constant,
    dotted,
    iter_own,
    last_name,
)
from routebook_kernel.registry.run_report import as_code

_HTTP_MODULES = ("requests", "httpx", "httpx2", "aiohttp", "urllib3")
_HTTP_METHODS = frozenset({"get", "post", "put", "patch", "delete", "request", "options", "head"})
_JSON_METHODS = frozenset({"model_dump_json", "to_json", "dump_json"})
HTTP_ERRORS = frozenset({"HTTPException", "StarletteHTTPException"})
ALL = frozenset({"Exception", "BaseException"})


def results_of(function: Function) -> Iterator[tuple[ast.Return, ast.expr]]:
    """What a function may return, variables and both sides of an `if … else` seen through."""
    for node in function.own(ast.Return):
        for value in function.values(node.value):
            yield node, value


def promise_of(function: Function) -> ast.expr | None:
    """The type of its response model, where one is written."""
    return function.option("response_model") or function.node.returns


def status_of(function: Function, node: ast.expr | None) -> int | None:
    """The status that is written: as a number, or by a name; None for what is none."""
    value = node.value if isinstance(node, ast.Constant) else function.resolved(node) if node is not None else None
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value) if value in set(HTTPStatus) else None
    return None


def _returns_status_in_a_tuple(function: Function) -> Iterator[str]:
    if not function.is_operation or _promises_a_tuple(function):
        return
    for node, value in results_of(function):
        if not isinstance(value, ast.Tuple) or len(value.elts) not in (2, 3):
            continue
        if isinstance(constant(value.elts[0]), int):
            continue  # two numbers
        status = status_of(function, value.elts[1])
        if status is None:
            continue
        told = ast.unparse(value.elts[1])
        what = "answers 200 with a list" if promise_of(function) is None else "is a list, not what it promises"
        instead = f"`raise HTTPException({told}, …)`" if status >= 400 else f"`status_code={told}` in the decorator"
        yield f"`return …, {told}` (line {node.lineno}) {what}: {instead}, or `JSONResponse(…, status_code={told})`"


def _promises_a_tuple(function: Function) -> bool:
    promise = promise_of(function)
    return promise is not None and last_name(getattr(promise, "value", promise)) in {"tuple", "Tuple", "list", "List"}


def _returns_an_exception(function: Function) -> Iterator[str]:
    if not function.is_operation and _is_factory(function):
        return
    for node, value in results_of(function):
        made = function.resolved(value.func) if isinstance(value, ast.Call) else None
        kind = BaseException if function.is_operation else HTTPException
        if isinstance(made, type) and issubclass(made, kind):
            name = ast.unparse(value.func)  # type: ignore[attr-defined]  # a call
            what = "answers 200" if promise_of(function) is None else "is not what it promises"
            yield f"`return {name}(…)` (line {node.lineno}) {what}: write `raise {name}(…)`"


def _is_factory(function: Function) -> bool:
    """Whether it makes exceptions for others to raise: it returns nothing else."""
    if function.names.is_a(function.node.returns, "BaseException"):
        return True
    values = [value for _, value in results_of(function)]
    return all(isinstance(value, ast.Call) and _is_error(function, value) for value in values)


def _is_error(function: Function, call: ast.Call) -> bool:
    made = function.resolved(call.func)
    return isinstance(made, type) and issubclass(made, BaseException)


def _raises_a_response(function: Function) -> Iterator[str]:
    for node in function.own(ast.Raise):
        made = function.resolved(node.exc.func) if isinstance(node.exc, ast.Call) else None
        if isinstance(made, type) and issubclass(made, Response):
            name = ast.unparse(node.exc.func)
            yield f"`raise {name}(…)` (line {node.lineno}) is no exception: write `return {name}(…)`"


def _returns_encoded_json(function: Function) -> Iterator[str]:
    if not function.is_operation or not _answers_json(function):
        return
    for node, value in results_of(function):
        if isinstance(value, ast.Call):
            name = dotted(value.func) or ast.unparse(value.func)
            is_dumps = "json.dumps" in (name, function.names.full(value.func))
            if is_dumps or called(value) in _JSON_METHODS:
                yield (
                    f"{as_code(f'return {name}(…)')} (line {node.lineno}) is encoded twice, into a JSON text: "
                    "return the object itself, or `Response(text, media_type='application/json')`"
                )


def _answers_json(function: Function) -> bool:
    """Whether neither the operation nor its application or router names another class of response."""
    owner: Any = function.names.of(function.decorator.func.value) if function.decorator else None  # type: ignore[attr-defined]  # app.get
    default = getattr(getattr(owner, "router", owner), "default_response_class", None)
    kind = getattr(default, "value", default)
    return function.option("response_class") is None and getattr(kind, "media_type", None) in (None, "application/json")


def _returns_html_as_json(function: Function) -> Iterator[str]:
    if not function.is_operation or not _answers_json(function):
        return
    for node, value in results_of(function):
        text = _text_of(function, value).strip()
        if text.startswith("<") and text.endswith(">"):
            yield (
                f"`{function.name}` returns HTML as a JSON text, in quotes (line {node.lineno}): "
                "add `response_class=HTMLResponse` to its decorator"
            )
            return


def _text_of(function: Function, node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(_text_of(function, part) or "…" for part in node.values)
    text = function.resolved(node) if isinstance(node, ast.Name) else constant(node)
    return text if isinstance(text, str) else ""


def _returns_a_foreign_response(function: Function) -> Iterator[str]:
    """The response object of an HTTP client is no response of an application."""
    if not function.is_operation:
        return
    for node, value in results_of(function):
        call = value.value if isinstance(value, ast.Await) else value
        if isinstance(call, ast.Call) and _asks_another_server(function, call):
            yield (
                f"`{function.name}` returns the HTTP client's response object (line {node.lineno}): return its data, "
                f"{as_code('….json()')}"
            )


def _asks_another_server(function: Function, call: ast.Call) -> bool:
    full = function.names.full(call.func)
    if full.partition(".")[0] in _HTTP_MODULES:
        return full.rpartition(".")[2] in _HTTP_METHODS
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in _HTTP_METHODS:
        return False
    owner = function.type_of(call.func.value) or type(function.resolved(call.func.value))
    return owner.__module__.partition(".")[0] in _HTTP_MODULES


def _swallows_http_exceptions(function: Function) -> Iterator[str]:
    for attempt in function.own(ast.Try):
        source = _raises_http_in(function, attempt.body)
        for handler in attempt.handlers if source is not None else ():
            names = caught(function, handler)
            if names & HTTP_ERRORS:
                break
            if names & ALL and not _raises_again(handler) and not _tells_apart(handler):
                told = last_name(handler.type) if handler.type is not None else "Exception"
                yield (
                    f"`except {told or 'Exception'}` (line {handler.lineno}) also takes the `HTTPException` {source}: "
                    "put `except HTTPException: raise` before it"
                )


def _raises_http_in(function: Function, body: Sequence[ast.AST]) -> str | None:
    """Where an `HTTPException` comes from that leaves some statements; None where none does."""
    for node in body:
        if isinstance(node, ast.Raise) and raises_http(function, node):
            return "raised above it"
        if isinstance(node, ast.Call) and raises_inside(function, node):
            return f"that `{ast.unparse(node.func)}` raises"
        if isinstance(node, ast.Try) and any(caught(function, each) & (HTTP_ERRORS | ALL) for each in node.handlers):
            inner: list[ast.AST] = [*node.handlers, *node.orelse, *node.finalbody]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            continue
        else:
            inner = list(ast.iter_child_nodes(node))
        if (found := _raises_http_in(function, inner)) is not None:
            return found
    return None


def raises_http(function: Function, node: ast.Raise) -> bool:
    """Whether it raises an `HTTPException`, whatever it is called there."""
    return isinstance(node.exc, ast.Call) and function.called(node.exc) in HTTP_ERRORS


def raises_inside(function: Function, call: ast.Call) -> bool:
    """Whether a function of the notebook raises one itself, outside of any `try`."""
    value = function.resolved(call.func)
    if not inspect.isfunction(value) or value.__module__ != "__main__":
        return False
    if "HTTPException" not in value.__code__.co_names:
        return False
    tree = tree_of(value)
    body = tree.body[0].body if tree is not None and isinstance(tree.body[0], FunctionNode) else []
    guarded = {id(n) for attempt in iter_own(body, ast.Try) for part in attempt.body for n in ast.walk(part)}
    return any(
        isinstance(node.exc, ast.Call) and called(node.exc) == "HTTPException" and id(node) not in guarded
        for node in iter_own(body, ast.Raise)
    )


def caught(function: Function, handler: ast.ExceptHandler) -> set[str]:
    """The names of the exceptions that a handler takes, as their libraries have them."""
    if handler.type is None:
        return {"Exception"}
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return {getattr(function.resolved(each), "__name__", last_name(each)) for each in types}


def _tells_apart(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(node, ast.Call) and called(node) == "isinstance" for node in ast.walk(handler))


def _raises_again(handler: ast.ExceptHandler) -> bool:
    """Whether the very exception goes on: a bare `raise`, or one of its name."""
    return any(
        isinstance(node, ast.Raise) and (node.exc is None or dotted(node.exc) == handler.name)
        for node in ast.walk(handler)
    )


def _returns_nothing_it_promised(function: Function) -> Iterator[str]:
    promise = promise_of(function)
    if not function.is_operation or function.method == "websocket" or promise is None or admits_none(promise):
        return
    if ast.unparse(promise) in {"None", "Any", "'None'", "Response", "typing.Any", "object", "NoReturn", "Never"}:
        return
    value = function.resolved(promise)
    if isinstance(value, type) and value.__module__.startswith(("starlette.responses", "routebook.responses")):
        return
    returns = [node for node in function.own(ast.Return) if node.value is not None]
    is_other = function.is_generator or isinstance(function.node.body[-1], ast.Raise)
    if not returns and not is_other and not _is_placeholder(function.node):
        told = as_code(ast.unparse(promise))
        yield (
            f"`{function.name}` promises {told} and returns nothing: the answer will be 500; return it, or promise "
            "`None`"
        )


def _is_placeholder(node: FunctionNode) -> bool:
    """Whether the body is `...` or `pass`, with or without a docstring: not written yet."""
    return all(
        isinstance(part, ast.Pass) or (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))
        for part in node.body
    )


RULES: Sequence[DiagnosticRule[Function]] = (
    DiagnosticRule("status", "warn", _returns_status_in_a_tuple),
    DiagnosticRule("returned, not raised", "warn", _returns_an_exception),
    DiagnosticRule("raised, not returned", "warn", _raises_a_response),
    DiagnosticRule("encoded twice", "warn", _returns_encoded_json),
    DiagnosticRule("HTML as JSON", "warn", _returns_html_as_json),
    DiagnosticRule("a client's response", "warn", _returns_a_foreign_response),
    DiagnosticRule("swallowed", "warn", _swallows_http_exceptions),
    DiagnosticRule("returns nothing", "warn", _returns_nothing_it_promised),
)
