"""Mistakes in responses that are made by hand, and in statuses that have none of their own."""

import ast
import inspect
from collections.abc import Iterator, Sequence
from typing import Any

from routebook_kernel.registry.rules.base import DiagnosticRule
from routebook_kernel.registry.rules.results import results_of, status_of
from routebook_kernel.registry.rules.subjects import (
    Function,
    called,
    constant,
    dotted,
    is_none,
    keyword,
)
from routebook_kernel.registry.run_report import as_code

_NOT_JSON = ("datetime", "date", "time", "timedelta", "Decimal", "UUID", "ObjectId", "BaseModel", "bytes", "set")
_JSON_RESPONSES = frozenset({"JSONResponse", "ORJSONResponse", "UJSONResponse"})
_CHANGING = frozenset({"post", "put", "patch", "delete"})
_BODILESS = frozenset({204, 304})


def _sends_a_body_with_204(function: Function) -> Iterator[str]:
    if not function.is_operation:
        return
    status = function.option("status_code") or _status_set(function)
    for node, value in results_of(function):
        made = function.called(value) if isinstance(value, ast.Call) else ""
        if made.endswith("Response"):
            own, content = keyword(value, "status_code"), _content(value)  # type: ignore[arg-type]  # a call
            has_body = content is not None and not is_none(content) and constant(content) != ""
        else:
            own, has_body = status, not is_none(value)
        if has_body and own is not None and status_of(function, own) in _BODILESS:
            yield (
                f"a {ast.unparse(own)} has no body, `return` (line {node.lineno}) gives one: return nothing, or "
                "answer with 200"
            )


def _status_set(function: Function) -> ast.expr | None:
    """The status that is set on the injected response."""
    owners = {f"{name}.status_code" for name in function.parameters_of("Response")}
    for node in function.own(ast.Assign):
        if any(dotted(target) in owners for target in node.targets) and status_of(function, node.value) in _BODILESS:
            return node.value  # type: ignore[no-any-return]
    return None


def _content(call: ast.Call) -> ast.expr | None:
    return keyword(call, "content") or (call.args[0] if call.args else None)


def _redirects_a_post(function: Function) -> Iterator[str]:
    methods = _methods(function) & _CHANGING
    if not methods:
        return
    again = f"which sends the {max(methods).upper()} again"
    for call in function.calls("RedirectResponse"):
        if keyword(call, "status_code") is None and len(call.args) < 2:
            yield f"`RedirectResponse(…)` (line {call.lineno}) answers 307, {again}: add `status_code=303` for a GET"
    kind = function.option("response_class")
    if kind is not None and function.names.is_a(kind, "RedirectResponse") and function.option("status_code") is None:
        yield f"`response_class=RedirectResponse` answers 307, {again}: add `status_code=303` for a GET"


def _methods(function: Function) -> set[str]:
    options = function.option("methods")
    named = {str(constant(node)).lower() for node in getattr(options, "elts", ())}
    return named or {function.method or ""}


def _skips_its_model(function: Function) -> Iterator[str]:
    """A response that is made by hand is sent as it is, whatever the response model says."""
    model = function.option("response_model")
    told = f"response_model={ast.unparse(model)}" if model is not None else ""
    if model is None and (returns := function.node.returns) is not None:
        model, told = returns, f"-> {ast.unparse(returns)}" if _is_data(function.names.type_of(returns)) else ""
    if not function.is_operation or model is None or is_none(model) or not told:
        return
    for node, value in results_of(function):
        if isinstance(value, ast.Call) and function.called(value) in _JSON_RESPONSES:
            status = keyword(value, "status_code")
            if status is not None and (status_of(function, status) or 200) >= 300:
                continue  # an error has a shape of its own
            yield (
                f"`return {ast.unparse(value.func)}(…)` (line {node.lineno}) is sent as it is, {as_code(told)} "
                "neither checks nor filters it: return the data itself, and take `response: Response` for headers"
            )


def _is_data(kind: type | None) -> bool:
    return hasattr(kind, "model_fields") or kind in (dict, list)


def _gives_json_what_it_cannot_take(function: Function) -> Iterator[str]:
    """`JSONResponse` is plain `json.dumps`: nothing is converted."""
    for call in function.calls("JSONResponse"):
        for part in (part for value in function.values(_content(call)) for part in _values_in(value)):
            if (kind := _unfit(function, part)) is not None:
                yield (
                    f"`JSONResponse` takes plain JSON values only, and {as_code(ast.unparse(part))} (line "
                    f"{part.lineno}) is a {kind}: write `jsonable_encoder(…)` around it, or return the data itself"
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
    value: Any = function.type_of(node)
    if value is None and isinstance(node, ast.Call):
        made = function.resolved(node.func)
        if inspect.ismethoddescriptor(made) or inspect.isbuiltin(made):  # datetime.now()
            owner = function.resolved(node.func.value) if isinstance(node.func, ast.Attribute) else None
            value = owner if called(node) in {"now", "utcnow", "today", "fromisoformat"} else None
    if not isinstance(value, type):
        return None
    return value.__name__ if any(base.__name__ in _NOT_JSON for base in value.__mro__) else None


def _loses_its_headers(function: Function) -> Iterator[str]:
    """Headers and cookies of the injected response are put only on responses that the framework builds."""
    for name in function.parameters_of("Response") if function.is_operation else ():
        changes = [call for call in function.calls("set_cookie", "delete_cookie") if _owner(call) == name]
        changes += [n for n in function.own(ast.Subscript) if dotted(n.value) == f"{name}.headers" and _is_store(n)]
        changes += [n for n in function.own(ast.Assign) if dotted(n.targets[0]) == f"{name}.status_code"]
        for node, value in results_of(function):
            if not isinstance(value, ast.Call) or not function.called(value).endswith("Response"):
                continue
            if changes and not _takes_headers(value, name):
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
    if "patch" not in _methods(function):
        return
    for loop in function.own(ast.For):
        if isinstance(loop.iter, ast.Name) and _has_defaults(function, loop.iter.id):
            name = loop.iter.id
            yield (
                f"`for … in {name}` (line {loop.lineno}) holds the fields that were not sent too, and overwrites what "
                f"is stored: write `{name}.model_dump(exclude_unset=True).items()`"
            )
    for call in function.calls("model_dump", "dict", "vars"):
        partial = [keyword(call, f"exclude_{what}") for what in ("unset", "defaults", "none")]
        body = call.func.value if isinstance(call.func, ast.Attribute) else next(iter(call.args), None)
        if not isinstance(body, ast.Name) or any(item is not None and constant(item) is not False for item in partial):
            continue
        if _has_defaults(function, body.id):
            yield (
                f"`{ast.unparse(call)}` (line {call.lineno}) holds the fields that were not sent too, and overwrites "
                f"what is stored: write `{body.id}.model_dump(exclude_unset=True)`"
            )


def _has_defaults(function: Function, name: str) -> bool:
    """Whether a parameter is a model with fields that may be left out."""
    annotation = next((arg.annotation for arg, _ in function.parameters if arg.arg == name), None)
    fields = getattr(function.names.type_of(annotation), "model_fields", {})
    return any(not field.is_required() for field in fields.values())


def _names_the_template_first(function: Function) -> Iterator[str]:
    for call in function.calls("TemplateResponse"):
        first = keyword(call, "name") if not call.args else call.args[0]
        if isinstance(constant(first), str) and call.args:
            told = ast.unparse(call.args[0])
            yield (
                f"`TemplateResponse({told}, …)` (line {call.lineno}): the request comes first now: write "
                f"`TemplateResponse(request, {told}, {{…}})`"
            )


RULES: Sequence[DiagnosticRule[Function]] = (
    DiagnosticRule("no body", "warn", _sends_a_body_with_204),
    DiagnosticRule("redirected", "warn", _redirects_a_post),
    DiagnosticRule("not checked", "note", _skips_its_model),
    DiagnosticRule("not JSON", "warn", _gives_json_what_it_cannot_take),
    DiagnosticRule("lost", "warn", _loses_its_headers),
    DiagnosticRule("overwritten", "warn", _dumps_a_patch_whole),
    DiagnosticRule("the request first", "warn", _names_the_template_first),
)
