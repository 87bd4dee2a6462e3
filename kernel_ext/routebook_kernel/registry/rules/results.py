"""Mistakes in what a path operation returns and raises."""

import ast
import inspect
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException

from routebook_kernel.registry.report import ticked
from routebook_kernel.registry.rules.base import Rule
from routebook_kernel.registry.rules.subjects import (
    Function,
    FunctionNode,
    admits_none,
    annotation_of,
    called,
    constant,
    dotted,
    is_none,
    keyword,
    last_name,
)

_HTTP_MODULES = ("requests", "httpx", "httpx2", "aiohttp", "urllib3")
_HTTP_METHODS = frozenset({"get", "post", "put", "patch", "delete", "request", "options", "head"})
_JSON_METHODS = frozenset({"model_dump_json", "to_json", "dump_json"})
_NOT_JSON = ("datetime", "date", "time", "timedelta", "Decimal", "UUID", "ObjectId", "BaseModel", "bytes", "set")


def _returns_status_in_a_tuple(function: Function) -> Iterator[str]:
    if not function.is_operation:
        return
    for node in _returns(function):
        if isinstance(node.value, ast.Tuple) and len(node.value.elts) == 2 and not _promises_a_tuple(function):
            status = _status_of(node.value.elts[1])
            if status is not None:
                told = ast.unparse(node.value.elts[1])
                yield (
                    f"`return …, {told}` (line {node.lineno}) answers 200 with a list: "
                    f"`raise HTTPException({told}, …)`, or `JSONResponse(…, status_code={told})`"
                )


def _promises_a_tuple(function: Function) -> bool:
    promise = function.option("response_model") or function.node.returns
    return promise is not None and last_name(getattr(promise, "value", promise)) in {"tuple", "Tuple", "list", "List"}


def _status_of(node: ast.expr) -> int | None:
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value if node.value in set(HTTPStatus) else None
    name = last_name(node)
    return int(name.split("_")[1]) if name.startswith("HTTP_") and name.split("_")[1].isdigit() else None


def _returns_an_exception(function: Function) -> Iterator[str]:
    for node in _returns(function):
        if not isinstance(node.value, ast.Call) or function.node.returns is not None:
            continue
        value = function.resolved(node.value.func)
        if isinstance(value, type) and issubclass(value, BaseException):
            name = ast.unparse(node.value.func)
            is_raised_by_caller = not function.is_operation and not issubclass(value, HTTPException)
            if not is_raised_by_caller:
                yield f"`return {name}(…)` (line {node.lineno}) answers 200: write `raise {name}(…)`"


def _returns_encoded_json(function: Function) -> Iterator[str]:
    if not function.is_operation or not _answers_json(function):
        return
    for node in _returns(function):
        value = _assigned(function, node.value)
        if isinstance(value, ast.Call):
            name = dotted(value.func) or ast.unparse(value.func)
            if (
                name == "json.dumps"
                or function.names.full(value.func) == "json.dumps"
                or called(value) in _JSON_METHODS
            ):
                yield (
                    f"{ticked(f'return {name}(…)')} (line {node.lineno}) is encoded twice, into a JSON text: "
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
    for node in _returns(function):
        text = _text_of(_assigned(function, node.value)).lstrip()
        if text.startswith("<") and text.rstrip().endswith(">"):
            yield (
                f"`{function.name}` returns HTML as a JSON text, in quotes (line {node.lineno}): "
                "add `response_class=HTMLResponse` to its decorator"
            )
            return


def _text_of(node: ast.AST | None) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(_text_of(part) or "…" for part in node.values)
    text = constant(node)
    return text if isinstance(text, str) else ""


def _returns_a_foreign_response(function: Function) -> Iterator[str]:
    """The response object of an HTTP client is no response of an application."""
    if not function.is_operation:
        return
    for node in _returns(function):
        value = _assigned(function, node.value)
        call = value.value if isinstance(value, ast.Await) else value
        if isinstance(call, ast.Call) and called(call) in _HTTP_METHODS and _is_http_client(function, call.func):
            yield (
                f"`{function.name}` returns the HTTP client's response object (line {node.lineno}): return its data, "
                f"{ticked('….json()')}"
            )


def _is_http_client(function: Function, func: ast.expr) -> bool:
    owner = func.value if isinstance(func, ast.Attribute) else func
    value = function.resolved(owner)
    if value is None:
        made = _assigned(function, owner)
        value = function.resolved(made.func) if isinstance(made, ast.Call) else None
    if value is None:
        return dotted(owner) in _HTTP_MODULES
    module = getattr(value, "__module__", None) or getattr(value, "__name__", "") or type(value).__module__
    return str(module).partition(".")[0] in _HTTP_MODULES


def _swallows_http_exceptions(function: Function) -> Iterator[str]:
    for attempt in function.own(ast.Try):
        if not any(_raises_http(node) for part in attempt.body for node in ast.walk(part)):
            continue
        for handler in attempt.handlers:
            names = _caught(handler)
            if names & {"HTTPException", "StarletteHTTPException"}:
                break
            if names & {"Exception", "BaseException"} and not _raises_again(handler) and not _tells_apart(handler):
                told = last_name(handler.type) if handler.type is not None else "Exception"
                yield (
                    f"`except {told or 'Exception'}` (line {handler.lineno}) also takes the `HTTPException` raised "
                    "above it: put `except HTTPException: raise` before it"
                )


def _raises_http(node: ast.AST) -> bool:
    return isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and called(node.exc) == "HTTPException"


def _caught(handler: ast.ExceptHandler) -> set[str]:
    if handler.type is None:
        return {"Exception"}
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return {last_name(each) for each in types}


def _tells_apart(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(node, ast.Call) and called(node) == "isinstance" for node in ast.walk(handler))


def _raises_again(handler: ast.ExceptHandler) -> bool:
    """Whether the very exception goes on: a bare `raise`, or one of its name."""
    return any(
        isinstance(node, ast.Raise) and (node.exc is None or dotted(node.exc) == handler.name)
        for node in ast.walk(handler)
    )


def _returns_nothing_it_promised(function: Function) -> Iterator[str]:
    promise = function.option("response_model") or function.node.returns
    if not function.is_operation or function.method == "websocket" or promise is None or admits_none(promise):
        return
    if ast.unparse(promise) in {"None", "Any", "'None'", "Response", "typing.Any", "object", "NoReturn", "Never"}:
        return
    value = function.resolved(promise)
    if isinstance(value, type) and value.__module__.startswith(("starlette.responses", "routebook.responses")):
        return
    returns = [node for node in _returns(function) if node.value is not None]
    is_other = function.is_generator or isinstance(function.node.body[-1], ast.Raise)
    if not returns and not is_other and not _is_placeholder(function.node):
        told = ticked(ast.unparse(promise))
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


def _sends_a_body_with_204(function: Function) -> Iterator[str]:
    status = function.option("status_code")
    if status is None or not ast.unparse(status).endswith(
        ("204", "304", "HTTP_204_NO_CONTENT", "HTTP_304_NOT_MODIFIED", "NO_CONTENT", "NOT_MODIFIED")
    ):
        return
    for node in _returns(function):
        is_response = isinstance(node.value, ast.Call) and "Response" in called(node.value)
        if node.value is not None and not is_none(node.value) and not is_response:
            yield (
                f"a {ast.unparse(status)} has no body, `return` (line {node.lineno}) gives one: return nothing, or "
                "answer with 200"
            )


def _redirects_a_post(function: Function) -> Iterator[str]:
    if function.method not in {"post", "put", "patch", "delete"}:
        return
    for call in function.calls("RedirectResponse"):
        if keyword(call, "status_code") is None and len(call.args) < 2:
            yield (
                f"`RedirectResponse(…)` (line {call.lineno}) answers 307, which sends the {function.method.upper()} "
                "again: add `status_code=303` for a GET"
            )


def _skips_its_model(function: Function) -> Iterator[str]:
    """A response that is made by hand is sent as it is, whatever the response model says."""
    model = function.option("response_model")
    if not function.is_operation or model is None or is_none(model):
        return
    for node in _returns(function):
        if isinstance(node.value, ast.Call) and called(node.value) in {
            "JSONResponse",
            "ORJSONResponse",
            "UJSONResponse",
        }:
            status = keyword(node.value, "status_code")
            if status is not None and (_status_of(status) or 200) >= 300:
                continue  # an error has a shape of its own
            name = called(node.value)
            yield (
                f"`return {name}(…)` (line {node.lineno}) is sent as it is, "
                f"{ticked(f'response_model={ast.unparse(model)}')} "
                "neither checks nor filters it: return the data itself, and take `response: Response` for headers"
            )


def _gives_json_what_it_cannot_take(function: Function) -> Iterator[str]:
    """`JSONResponse` is plain `json.dumps`: nothing is converted."""
    for call in function.calls("JSONResponse"):
        content = keyword(call, "content") or (call.args[0] if call.args else None)
        for part in _values_in(_assigned(function, content)):
            if (kind := _unfit(function, part)) is not None:
                yield (
                    f"`JSONResponse` takes plain JSON values only, and {ticked(ast.unparse(part))} (line "
                    f"{part.lineno}) is "
                    f"a {kind}: write `jsonable_encoder(…)` around it, or return the data itself"
                )
                return


def _values_in(node: ast.AST | None) -> Iterator[ast.expr]:
    if isinstance(node, ast.Dict):
        for value in node.values:
            yield from _values_in(value)
    elif isinstance(node, ast.List | ast.Tuple):
        for value in node.elts:
            yield from _values_in(value)
    elif isinstance(node, ast.expr):
        yield node


def _unfit(function: Function, node: ast.expr) -> str | None:
    """The type of a value that JSON has no word for; None where it has, or where it cannot be told."""
    value: Any = None
    if isinstance(node, ast.Name):
        annotation = next((arg.annotation for arg, _ in function.parameters if arg.arg == node.id), None)
        value = function.resolved(annotation) if annotation is not None else None
        if value is None and isinstance(made := _assigned(function, node), ast.Call):
            node = made
    if isinstance(node, ast.Call):
        value = function.resolved(node.func)
        if inspect.ismethoddescriptor(value) or inspect.isbuiltin(value):  # datetime.now()
            owner = function.resolved(node.func.value) if isinstance(node.func, ast.Attribute) else None
            value = owner if called(node) in {"now", "utcnow", "today", "fromisoformat"} else None
    if not isinstance(value, type):
        return None
    return value.__name__ if any(base.__name__ in _NOT_JSON for base in value.__mro__) else None


def _loses_its_headers(function: Function) -> Iterator[str]:
    """Headers and cookies of the injected response are put only on responses that the framework builds."""
    responses = [
        arg.arg
        for arg, _ in function.parameters
        if arg.annotation is not None and last_name(arg.annotation) == "Response"
    ]
    for name in responses if function.is_operation else ():
        changes = [call for call in function.calls("set_cookie", "delete_cookie") if _owner(call) == name]
        changes += [n for n in function.own(ast.Subscript) if dotted(n.value) == f"{name}.headers" and _is_store(n)]
        for node in _returns(function):
            if not isinstance(node.value, ast.Call) or not called(node.value).endswith("Response"):
                continue
            if changes and not _takes_headers(node.value, name):
                yield (
                    f"what is set on `{name}` (line {changes[0].lineno}) is lost, since another response is returned "
                    f"(line {node.lineno}): set it on that one, or return the data itself"
                )
                break


def _owner(call: ast.Call) -> str:
    return dotted(call.func.value) if isinstance(call.func, ast.Attribute) else ""


def _takes_headers(response: ast.Call, name: str) -> bool:
    headers = keyword(response, "headers")
    return headers is not None and name in {node.id for node in ast.walk(headers) if isinstance(node, ast.Name)}


def _is_store(node: ast.Subscript) -> bool:
    return isinstance(node.ctx, ast.Store)


def _dumps_a_patch_whole(function: Function) -> Iterator[str]:
    """Fields that a PATCH did not send are in the dump too, with their defaults."""
    if function.method != "patch":
        return
    for call in function.calls("model_dump", "dict"):
        is_partial = (
            keyword(call, "exclude_unset") or keyword(call, "exclude_defaults") or keyword(call, "exclude_none")
        )
        body = dotted(call.func.value) if isinstance(call.func, ast.Attribute) else ""
        owner = next((arg.annotation for arg, _ in function.parameters if arg.arg == body), None)
        if is_partial is None and hasattr(function.names.of(annotation_of(owner)), "model_fields"):
            name = ast.unparse(call.func)
            yield (
                f"`{name}()` (line {call.lineno}) holds the fields that were not sent too, and overwrites what is "
                f"stored: write `{body}.model_dump(exclude_unset=True)`"
            )


def _names_the_template_first(function: Function) -> Iterator[str]:
    for call in function.calls("TemplateResponse"):
        first = keyword(call, "name") if not call.args else call.args[0]
        if isinstance(constant(first), str) and call.args:
            told = ast.unparse(call.args[0])
            yield (
                f"`TemplateResponse({told}, …)` (line {call.lineno}): the request comes first now: write "
                f"`TemplateResponse(request, {told}, {{…}})`"
            )


def _raises_in_a_middleware(function: Function) -> Iterator[str]:
    """Exception handlers stand inside of the middleware."""
    if not function.is_middleware:
        return
    guarded = {
        id(n) for attempt in function.own(ast.Try) if attempt.handlers for p in attempt.body for n in ast.walk(p)
    }
    for node in function.own(ast.Raise):
        if _raises_http(node) and id(node) not in guarded:
            yield (
                f"`raise HTTPException` (line {node.lineno}) in a middleware becomes a 500: `return JSONResponse(…, "
                "status_code=…)` there, or raise it in a dependency"
            )


def _parses_every_body(function: Function) -> Iterator[str]:
    """A middleware sees every request, also those without a body."""
    if not function.is_middleware:
        return
    requests = set(function.parameters_of("Request"))
    guarded = {
        id(n)
        for part in function.own(ast.If, ast.Try, ast.IfExp)
        for inner in (part.body if isinstance(part.body, list) else [part.body])
        for n in ast.walk(inner)
    }
    for call in function.calls("json"):
        if _owner(call) in requests and id(call) not in guarded:
            yield (
                f"{ticked(ast.unparse(call))} (line {call.lineno}) in a middleware fails for requests without JSON, "
                "every GET among them: ask for the Content-Type header first"
            )


def _returns(function: Function) -> list[ast.Return]:
    return list(function.own(ast.Return))


def _assigned(function: Function, node: ast.AST | None) -> ast.AST | None:
    """What a local name was last given, where it was given once; else the node itself."""
    if not isinstance(node, ast.Name):
        return node
    values = [
        assign.value
        for assign in function.own(ast.Assign)
        if len(assign.targets) == 1 and isinstance(assign.targets[0], ast.Name) and assign.targets[0].id == node.id
    ]
    return values[0] if len(values) == 1 else node


RULES: Sequence[Rule[Function]] = (
    Rule("status", "warn", _returns_status_in_a_tuple),
    Rule("returned, not raised", "warn", _returns_an_exception),
    Rule("encoded twice", "warn", _returns_encoded_json),
    Rule("HTML as JSON", "warn", _returns_html_as_json),
    Rule("a client's response", "warn", _returns_a_foreign_response),
    Rule("swallowed", "warn", _swallows_http_exceptions),
    Rule("returns nothing", "warn", _returns_nothing_it_promised),
    Rule("no body", "warn", _sends_a_body_with_204),
    Rule("redirected", "warn", _redirects_a_post),
    Rule("not checked", "note", _skips_its_model),
    Rule("not JSON", "warn", _gives_json_what_it_cannot_take),
    Rule("lost", "warn", _loses_its_headers),
    Rule("overwritten", "warn", _dumps_a_patch_whole),
    Rule("the request first", "warn", _names_the_template_first),
    Rule("in a middleware", "warn", _raises_in_a_middleware),
    Rule("in a middleware", "warn", _parses_every_body),
)
