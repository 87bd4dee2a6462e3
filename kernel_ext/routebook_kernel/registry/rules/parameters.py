"""Mistakes in the parameters of an operation and its dependencies: where they're read from, which are required."""

import ast
import inspect
import re
import types
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from starlette.background import BackgroundTasks
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from routebook_kernel.registry.rules.base import DiagnosticRule, is_non_nullable
from routebook_kernel.registry.rules.operation_subjects import OperationSubject, ParameterSubject, parse_callable
from routebook_kernel.registry.run_report import as_code

_BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})
_BODIES = frozenset({"body", "form", "file"})
_INJECTED = {
    "request": "Request", "websocket": "WebSocket", "response": "Response", "background_tasks": "BackgroundTasks",
}  # fmt: skip
_INJECTED_TYPES = (Request, WebSocket, BackgroundTasks, Response)


def _find_untyped_parameters(operation: OperationSubject) -> Iterator[str]:
    """Find parameters without a type, which are strings from the query, whatever their names suggest."""
    for parameter in operation.parameters:
        if parameter.source != "query" or parameter.is_typed:
            continue
        if parameter.name in {"self", "cls"}:
            kind = "a dependency" if parameter.dependency else "a path operation"
            fix = (
                f"write `Depends(object.{parameter.dependency})`"
                if parameter.dependency
                else f"register a method of an object with `app.add_api_route(path, object.{operation.function})`"
            )
            yield f"{parameter.label} becomes a required query parameter: {kind} is a plain function; {fix}"
        elif parameter.name in _INJECTED:
            yield (
                f"{parameter.label} becomes a required query parameter: write `{parameter.name}: "
                f"{_INJECTED[parameter.name]}`"
            )
        elif (read := _find_read_attribute(parameter)) is not None:
            attribute, kind = read
            yield (
                f"{parameter.label} becomes a required query parameter, a text, and `.{attribute}` is read from it: "
                f"write `{parameter.name}: {kind}`"
            )


def _find_read_attribute(parameter: ParameterSubject) -> tuple[str, str] | None:
    """Return an attribute read from a parameter that no string has, and the framework's class that has it."""
    tree = parse_callable(parameter.call)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == parameter.name:
            kind = next((kind for kind in _INJECTED_TYPES if hasattr(kind, node.attr)), None)
            if kind is not None and not hasattr(str, node.attr):
                return node.attr, kind.__name__
    return None


def _find_variadic_parameters(operation: OperationSubject) -> Iterator[str]:
    """Find `*args` and `**kwargs` of dependencies, which become parameters of these names."""
    for parameter in operation.parameters:
        if parameter.dependency and parameter.is_variadic:
            yield f"{parameter.label} becomes a query parameter of that name: name each parameter"


def _find_bare_functions(operation: OperationSubject) -> Iterator[str]:
    """Find dependencies without their `Depends`."""
    for parameter in operation.parameters:
        declared = parameter.declaration
        if declared is None or parameter.is_marked:
            continue
        if inspect.isroutine(declared.default):
            name = declared.default.__name__
            yield f"`{parameter.name}={name}` gives the function itself: write `{parameter.name}=Depends({name})`"
        elif inspect.isroutine(declared.annotation):
            name = declared.annotation.__name__
            yield (
                f"`{parameter.name}: {name}` is a function there, not a type: write `{parameter.name}: Annotated[…, "
                f"Depends({name})]`"
            )


def _find_nullable_required_parameters(operation: OperationSubject) -> Iterator[str]:
    for parameter in operation.parameters:
        if (
            parameter.source == "path"
            or not parameter.analysed.field.is_required
            or type(None) not in get_args(parameter.type)
        ):
            continue
        if not parameter.has_ellipsis:
            yield f"{parameter.label} may be null, and is required all the same: write `= None` behind it"


def _find_disallowed_none_defaults(operation: OperationSubject) -> Iterator[str]:
    for parameter in operation.parameters:
        info = parameter.analysed.field.field_info
        if info.default is None and info.default_factory is None and is_non_nullable(parameter.type):
            kind = parameter.source_type
            yield (
                f"{as_code(f'{parameter.name}: {kind} = None')} does not admit null: write "
                f"{as_code(f'{parameter.name}: {kind} | None = None')}"
            )


def _find_unexpected_query_parameters(operation: OperationSubject) -> Iterator[str]:
    if operation.method not in _BODY_METHODS or operation.has_injected("request", "connection"):
        return
    sources = {parameter.source for parameter in operation.parameters} & _BODIES
    if "body" in sources:
        return
    names = [
        as_code(parameter.name)
        for parameter in operation.parameters
        if parameter.source == "query" and not parameter.dependency and parameter.is_typed and not parameter.is_marked
        if parameter.analysed.field.is_required
    ]
    if names:
        verb = "are" if len(names) > 1 else "is"
        if sources:
            yield f"{', '.join(names)} {verb} read from the query, not from the form: mark each with `Form()`"
            return
        yield (
            f"{', '.join(names)} {verb} read from the query, not from JSON: for JSON take one model, or `Body()` for "
            "each"
        )


def _find_get_bodies(operation: OperationSubject) -> Iterator[str]:
    """Find parameters read from the body of a GET.

    Spec: RFC 9110 §9.3.1: content in a GET has no meaning. Browsers send none.
    """
    for parameter in operation.parameters:
        if parameter.source != "body" or (isinstance(parameter.call, type) and issubclass(parameter.call, BaseModel)):
            continue
        is_meant = parameter.is_marked or operation.method not in {"GET", "HEAD", "DELETE"}
        if (is_meant and operation.method not in {"GET", "HEAD"}) or (
            operation.method == "DELETE" and not _is_list(parameter.type)
        ):
            continue
        kind = parameter.source_type
        is_queryable = _is_list(parameter.type) or (
            isinstance(parameter.type, type) and issubclass(parameter.type, BaseModel)
        )
        fix = (
            as_code(f"{parameter.name}: Annotated[{kind}, Query()]")
            if is_queryable
            else "a model with `Query()`, or single values"
        )
        if operation.method == "DELETE":
            yield f"{parameter.label} is read from the body: for the query write {fix}"
        else:
            yield (
                f"{parameter.label} is read from the body, and browsers send none with a {operation.method}: write "
                f"{fix}"
            )


def _is_list(annotation: Any) -> bool:
    """Whether it's a list of single values, which a query can hold."""
    parts = [part for part in get_args(annotation) if part is not type(None)]
    if get_origin(annotation) in (Union, types.UnionType):
        return len(parts) == 1 and _is_list(parts[0])
    kind = get_origin(annotation) or annotation
    is_plain = not any(isinstance(part, type) and issubclass(part, BaseModel | dict) for part in parts)
    return isinstance(kind, type) and issubclass(kind, list | set | frozenset | tuple) and is_plain


def _find_path_mismatches(operation: OperationSubject) -> Iterator[str]:
    """Find path parameters whose names differ in the path and in the function."""
    names = re.findall(r"{([a-zA-Z_]\w*)(?::\w+)?}", operation.path)
    read = {
        name for parameter in operation.parameters if parameter.source == "path" for name in parameter.analysed.names
    }
    for parameter in operation.parameters:
        if parameter.source == "path" and not set(parameter.analysed.names) & set(names):
            yield (
                f"{parameter.label} is read from the path, and `{operation.path}` has no `{{{parameter.name}}}`: write "
                "it there, or leave `Path()` out"
            )
    for part in re.findall(r"{[\w -]*}", operation.path):  # not OpenAPI's expressions, {$request.body}
        if not re.fullmatch(r"{[a-zA-Z_]\w*}", part):
            plain = as_code("{" + re.sub(r"\W+", "_", part[1:-1].strip()) + "}")
            yield f"{as_code(part)} in the path is taken as it is written: write {plain}"
    if operation.has_injected("request", "websocket", "connection"):
        return
    if any(parameter.is_variadic for parameter in operation.parameters):
        return  # a decorator hides the parameters
    others = [
        parameter for parameter in operation.parameters if parameter.source == "query" and not parameter.is_marked
    ]
    for name in [name for name in names if name not in read]:
        intended = _find_intended_parameter(
            name, [parameter for parameter in others if parameter.analysed.field.is_required]
        )
        if intended is not None:
            yield (
                f"the path has `{{{name}}}`, and `{intended.dependency or operation.function}` takes "
                f"`{intended.name}`, which becomes a query parameter: write the same name in both"
            )
        else:
            yield (
                f"nothing reads `{{{name}}}` of the path: take it as a parameter, `{name}: str`, or leave it out of "
                "the path"
            )


def _find_intended_parameter(name: str, others: list[ParameterSubject]) -> ParameterSubject | None:
    """Return the parameter that a name in the path was meant for: spelled almost the same, or sharing a word."""
    by_name = {parameter.name: parameter for parameter in others}
    close = get_close_matches(name, list(by_name), n=1, cutoff=0.6)
    if close:
        return by_name[close[0]]
    parts = set(name.lower().split("_"))
    return next((parameter for parameter in others if parts & set(parameter.name.lower().split("_"))), None)


RULES: Sequence[DiagnosticRule[OperationSubject]] = (
    DiagnosticRule("query parameter", "warn", _find_untyped_parameters),
    DiagnosticRule("query parameter", "warn", _find_variadic_parameters),
    DiagnosticRule("not passed on", "warn", _find_bare_functions),
    DiagnosticRule("required", "note", _find_nullable_required_parameters),
    DiagnosticRule("null", "note", _find_disallowed_none_defaults),
    DiagnosticRule("from the query", "note", _find_unexpected_query_parameters),
    DiagnosticRule("from the body", "warn", _find_get_bodies),
    DiagnosticRule("path", "warn", _find_path_mismatches),
)
