"""Mistakes in hand-made responses, and in statuses without a body."""

import ast
import inspect
from collections.abc import Iterator, Sequence
from typing import Any

from routebook_kernel.registry.rules.base import DiagnosticRule
from routebook_kernel.registry.rules.results import iter_results, resolve_status
from routebook_kernel.registry.rules.source_subjects import (
    FunctionSubject,
    called_name,
    constant_value,
    dotted_name,
    find_keyword,
    is_none,
)
from routebook_kernel.registry.run_report import as_code

_NOT_JSON = ("datetime", "date", "time", "timedelta", "Decimal", "UUID", "ObjectId", "BaseModel", "bytes", "set")
_JSON_RESPONSES = frozenset({"JSONResponse", "ORJSONResponse", "UJSONResponse"})
_CHANGING = frozenset({"post", "put", "patch", "delete"})
_BODILESS = frozenset({204, 304})


def _find_forbidden_bodies(function: FunctionSubject) -> Iterator[str]:
    if not function.is_operation:
        return
    status = function.option("status_code") or _find_assigned_status(function)
    for node, value in iter_results(function):
        made = function.called_name(value) if isinstance(value, ast.Call) else ""
        if made.endswith("Response"):
            own, content = find_keyword(value, "status_code"), _content_argument(value)  # type: ignore[arg-type]  # a call
            has_body = content is not None and not is_none(content) and constant_value(content) != ""
        else:
            own, has_body = status, not is_none(value)
        if has_body and own is not None and resolve_status(function, own) in _BODILESS:
            yield (
                f"a {ast.unparse(own)} has no body, `return` (line {node.lineno}) gives one: return nothing, or "
                "answer with 200"
            )


def _find_assigned_status(function: FunctionSubject) -> ast.expr | None:
    """Return the status that is assigned on the injected response."""
    owners = {f"{name}.status_code" for name in function.parameters_of("Response")}
    for node in function.nodes(ast.Assign):
        if (
            any(dotted_name(target) in owners for target in node.targets)
            and resolve_status(function, node.value) in _BODILESS
        ):
            return node.value  # type: ignore[no-any-return]
    return None


def _content_argument(call: ast.Call) -> ast.expr | None:
    return find_keyword(call, "content") or (call.args[0] if call.args else None)


def _find_post_redirects(function: FunctionSubject) -> Iterator[str]:
    methods = _methods(function) & _CHANGING
    if not methods:
        return
    again = f"which sends the {max(methods).upper()} again"
    for call in function.calls("RedirectResponse"):
        if find_keyword(call, "status_code") is None and len(call.args) < 2:
            yield f"`RedirectResponse(…)` (line {call.lineno}) answers 307, {again}: add `status_code=303` for a GET"
    kind = function.option("response_class")
    if kind is not None and function.names.is_a(kind, "RedirectResponse") and function.option("status_code") is None:
        yield f"`response_class=RedirectResponse` answers 307, {again}: add `status_code=303` for a GET"


def _methods(function: FunctionSubject) -> set[str]:
    options = function.option("methods")
    named = {str(constant_value(node)).lower() for node in getattr(options, "elts", ())}
    return named or {function.method or ""}


def _find_bypassed_models(function: FunctionSubject) -> Iterator[str]:
    """Find hand-made responses, which are sent unchanged, whatever the response model says."""
    model = function.option("response_model")
    source = f"response_model={ast.unparse(model)}" if model is not None else ""
    if model is None and (returns := function.node.returns) is not None:
        model, source = returns, f"-> {ast.unparse(returns)}" if _is_data(function.names.type_of(returns)) else ""
    if not function.is_operation or model is None or is_none(model) or not source:
        return
    for node, value in iter_results(function):
        if isinstance(value, ast.Call) and function.called_name(value) in _JSON_RESPONSES:
            status = find_keyword(value, "status_code")
            if status is not None and (resolve_status(function, status) or 200) >= 300:
                continue  # errors have a format of their own
            yield (
                f"`return {ast.unparse(value.func)}(…)` (line {node.lineno}) is sent as it is, {as_code(source)} "
                "neither checks nor filters it: return the data itself, and take `response: Response` for headers"
            )


def _is_data(kind: type | None) -> bool:
    return hasattr(kind, "model_fields") or kind in (dict, list)


def _find_unserialisable_values(function: FunctionSubject) -> Iterator[str]:
    """Find values that `JSONResponse` can't serialise. It's plain `json.dumps` and doesn't convert anything."""
    for call in function.calls("JSONResponse"):
        for part in (
            part for value in function.possible_values(_content_argument(call)) for part in _iter_leaf_values(value)
        ):
            if (kind := _unserialisable_type(function, part)) is not None:
                yield (
                    f"`JSONResponse` takes plain JSON values only, and {as_code(ast.unparse(part))} (line "
                    f"{part.lineno}) is a {kind}: write `jsonable_encoder(…)` around it, or return the data itself"
                )
                return


def _iter_leaf_values(node: ast.AST | None) -> Iterator[ast.expr]:
    if isinstance(node, ast.Dict):
        for value in node.values:
            yield from _iter_leaf_values(value)
    elif isinstance(node, ast.List | ast.Tuple):
        for value in node.elts:
            yield from _iter_leaf_values(value)
    elif isinstance(node, ast.expr):
        yield node


def _unserialisable_type(function: FunctionSubject, node: ast.expr) -> str | None:
    """Return the type of a value that isn't JSON-serialisable; None if it is, or if its type is unknown."""
    value: Any = function.type_of(node)
    if value is None and isinstance(node, ast.Call):
        made = function.resolve(node.func)
        if inspect.ismethoddescriptor(made) or inspect.isbuiltin(made):  # datetime.now()
            owner = function.resolve(node.func.value) if isinstance(node.func, ast.Attribute) else None
            value = owner if called_name(node) in {"now", "utcnow", "today", "fromisoformat"} else None
    if not isinstance(value, type):
        return None
    return value.__name__ if any(base.__name__ in _NOT_JSON for base in value.__mro__) else None


def _find_lost_headers(function: FunctionSubject) -> Iterator[str]:
    """Find headers and cookies set on the injected response while another response is returned."""
    for name in function.parameters_of("Response") if function.is_operation else ():
        changes = [call for call in function.calls("set_cookie", "delete_cookie") if _owner_name(call) == name]
        changes += [
            n for n in function.nodes(ast.Subscript) if dotted_name(n.value) == f"{name}.headers" and _is_store(n)
        ]
        changes += [n for n in function.nodes(ast.Assign) if dotted_name(n.targets[0]) == f"{name}.status_code"]
        for node, value in iter_results(function):
            if not isinstance(value, ast.Call) or not function.called_name(value).endswith("Response"):
                continue
            if changes and not _has_headers_of(value, name):
                yield (
                    f"what is set on `{name}` (line {changes[0].lineno}) is lost, since another response is returned "
                    f"(line {node.lineno}): set it on that one, or return the data itself"
                )
                break


def _owner_name(call: ast.Call) -> str:
    return dotted_name(call.func.value) if isinstance(call.func, ast.Attribute) else ""


def _has_headers_of(response: ast.Call, name: str) -> bool:
    headers = find_keyword(response, "headers")
    return headers is not None and name in {node.id for node in ast.walk(headers) if isinstance(node, ast.Name)}


def _is_store(node: ast.Subscript) -> bool:
    return isinstance(node.ctx, ast.Store)


def _find_whole_patch_dumps(function: FunctionSubject) -> Iterator[str]:
    """Find PATCH operations that also store the defaults of fields that weren't sent."""
    if "patch" not in _methods(function):
        return
    for loop in function.nodes(ast.For):
        if isinstance(loop.iter, ast.Name) and _has_defaults(function, loop.iter.id):
            name = loop.iter.id
            yield (
                f"`for … in {name}` (line {loop.lineno}) holds the fields that were not sent too, and overwrites what "
                f"is stored: write `{name}.model_dump(exclude_unset=True).items()`"
            )
    for call in function.calls("model_dump", "dict", "vars"):
        partial = [find_keyword(call, f"exclude_{what}") for what in ("unset", "defaults", "none")]
        body = call.func.value if isinstance(call.func, ast.Attribute) else next(iter(call.args), None)
        if not isinstance(body, ast.Name) or any(
            item is not None and constant_value(item) is not False for item in partial
        ):
            continue
        if _has_defaults(function, body.id):
            yield (
                f"`{ast.unparse(call)}` (line {call.lineno}) holds the fields that were not sent too, and overwrites "
                f"what is stored: write `{body.id}.model_dump(exclude_unset=True)`"
            )


def _has_defaults(function: FunctionSubject, name: str) -> bool:
    """Whether a parameter is a model with optional fields."""
    annotation = next((arg.annotation for arg, _ in function.parameters if arg.arg == name), None)
    fields = getattr(function.names.type_of(annotation), "model_fields", {})
    return any(not field.is_required() for field in fields.values())


def _find_old_template_calls(function: FunctionSubject) -> Iterator[str]:
    for call in function.calls("TemplateResponse"):
        first = find_keyword(call, "name") if not call.args else call.args[0]
        if isinstance(constant_value(first), str) and call.args:
            template = ast.unparse(call.args[0])
            yield (
                f"`TemplateResponse({template}, …)` (line {call.lineno}): the request comes first now: write "
                f"`TemplateResponse(request, {template}, {{…}})`"
            )


RULES: Sequence[DiagnosticRule[FunctionSubject]] = (
    DiagnosticRule("no body", "warn", _find_forbidden_bodies),
    DiagnosticRule("redirected", "warn", _find_post_redirects),
    DiagnosticRule("not checked", "note", _find_bypassed_models),
    DiagnosticRule("not JSON", "warn", _find_unserialisable_values),
    DiagnosticRule("lost", "warn", _find_lost_headers),
    DiagnosticRule("overwritten", "warn", _find_whole_patch_dumps),
    DiagnosticRule("the request first", "warn", _find_old_template_calls),
)
