"""Mistakes in the parameters of an operation and of its dependencies: what is read from where, what may be left out."""

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

from routebook_kernel.registry.rules.base import DiagnosticRule, refuses_none
from routebook_kernel.registry.rules.served import Served, Taken, tree_of
from routebook_kernel.registry.run_report import as_code

_BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})
_BODIES = frozenset({"body", "form", "file"})
_INJECTED = {
    "request": "Request", "websocket": "WebSocket", "response": "Response", "background_tasks": "BackgroundTasks",
}  # fmt: skip
_MADE = (Request, WebSocket, BackgroundTasks, Response)


def _lacks_a_type(served: Served) -> Iterator[str]:
    """Without a type it is a text of the query, whatever its name promises."""
    for taken in served.parameters:
        if taken.source != "query" or taken.is_typed:
            continue
        if taken.name in {"self", "cls"}:
            kind = "a dependency" if taken.dependency else "a path operation"
            way_out = (
                f"write `Depends(object.{taken.dependency})`"
                if taken.dependency
                else f"register a method of an object with `app.add_api_route(path, object.{served.function})`"
            )
            yield f"{taken.told} becomes a required query parameter: {kind} is a plain function; {way_out}"
        elif taken.name in _INJECTED:
            yield f"{taken.told} becomes a required query parameter: write `{taken.name}: {_INJECTED[taken.name]}`"
        elif (read := _read_of_it(taken)) is not None:
            attribute, kind = read
            yield (
                f"{taken.told} becomes a required query parameter, a text, and `.{attribute}` is read from it: write "
                f"`{taken.name}: {kind}`"
            )


def _read_of_it(taken: Taken) -> tuple[str, str] | None:
    """What is read from a parameter that no text has, and which of the framework's objects has it."""
    tree = tree_of(taken.call)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == taken.name:
            kind = next((kind for kind in _MADE if hasattr(kind, node.attr)), None)
            if kind is not None and not hasattr(str, node.attr):
                return node.attr, kind.__name__
    return None


def _takes_anything(served: Served) -> Iterator[str]:
    """`*args` and `**kwargs` of a dependency are parameters of these names."""
    for taken in served.parameters:
        if taken.dependency and taken.is_rest:
            yield f"{taken.told} becomes a query parameter of that name: name each parameter"


def _gives_a_function(served: Served) -> Iterator[str]:
    """A dependency without its `Depends`."""
    for taken in served.parameters:
        declared = taken.declared
        if declared is None or taken.is_marked:
            continue
        if inspect.isroutine(declared.default):
            name = declared.default.__name__
            yield f"`{taken.name}={name}` gives the function itself: write `{taken.name}=Depends({name})`"
        elif inspect.isroutine(declared.annotation):
            name = declared.annotation.__name__
            yield (
                f"`{taken.name}: {name}` is a function there, not a type: write `{taken.name}: Annotated[…, "
                f"Depends({name})]`"
            )


def _is_required_though_nullable(served: Served) -> Iterator[str]:
    for taken in served.parameters:
        if taken.source == "path" or not taken.analysed.field.is_required or type(None) not in get_args(taken.type):
            continue
        if not taken.is_required_in_words:
            yield f"{taken.told} may be null, and is required all the same: write `= None` behind it"


def _is_none_without_admitting_it(served: Served) -> Iterator[str]:
    for taken in served.parameters:
        info = taken.analysed.field.field_info
        if info.default is None and info.default_factory is None and refuses_none(taken.type):
            kind = taken.written_type
            yield (
                f"{as_code(f'{taken.name}: {kind} = None')} does not admit null: write "
                f"{as_code(f'{taken.name}: {kind} | None = None')}"
            )


def _reads_scalars_from_the_query(served: Served) -> Iterator[str]:
    if served.method not in _BODY_METHODS or served.takes("request", "connection"):
        return
    sources = {taken.source for taken in served.parameters} & _BODIES
    if "body" in sources:
        return
    names = [
        as_code(taken.name)
        for taken in served.parameters
        if taken.source == "query" and not taken.dependency and taken.is_typed and not taken.is_marked
        if taken.analysed.field.is_required
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


def _reads_the_body_of_a_get(served: Served) -> Iterator[str]:
    """Spec: RFC 9110 §9.3.1: content in a GET has no meaning; browsers send none."""
    for taken in served.parameters:
        if taken.source != "body" or (isinstance(taken.call, type) and issubclass(taken.call, BaseModel)):
            continue
        is_meant = taken.is_marked or served.method not in {"GET", "HEAD", "DELETE"}
        if (is_meant and served.method not in {"GET", "HEAD"}) or (
            served.method == "DELETE" and not _is_list(taken.type)
        ):
            continue
        kind = taken.written_type
        fits = _is_list(taken.type) or (isinstance(taken.type, type) and issubclass(taken.type, BaseModel))
        way_out = (
            as_code(f"{taken.name}: Annotated[{kind}, Query()]") if fits else "a model with `Query()`, or single values"
        )
        if served.method == "DELETE":
            yield f"{taken.told} is read from the body: for the query write {way_out}"
        else:
            yield f"{taken.told} is read from the body, and browsers send none with a {served.method}: write {way_out}"


def _is_list(annotation: Any) -> bool:
    """Whether it is a list of single values, which a query can hold."""
    parts = [part for part in get_args(annotation) if part is not type(None)]
    if get_origin(annotation) in (Union, types.UnionType):
        return len(parts) == 1 and _is_list(parts[0])
    kind = get_origin(annotation) or annotation
    is_plain = not any(isinstance(part, type) and issubclass(part, BaseModel | dict) for part in parts)
    return isinstance(kind, type) and issubclass(kind, list | set | frozenset | tuple) and is_plain


def _misses_a_name_of_its_path(served: Served) -> Iterator[str]:
    """A parameter and its place in the path have one name."""
    names = re.findall(r"{([a-zA-Z_]\w*)(?::\w+)?}", served.path)
    read = {name for taken in served.parameters if taken.source == "path" for name in taken.analysed.names}
    for taken in served.parameters:
        if taken.source == "path" and not set(taken.analysed.names) & set(names):
            yield (
                f"{taken.told} is read from the path, and `{served.path}` has no `{{{taken.name}}}`: write it there, "
                "or leave `Path()` out"
            )
    for part in re.findall(r"{[\w -]*}", served.path):  # not the expressions of OpenAPI's callbacks, {$request.body}
        if not re.fullmatch(r"{[a-zA-Z_]\w*}", part):
            plain = as_code("{" + re.sub(r"\W+", "_", part[1:-1].strip()) + "}")
            yield f"{as_code(part)} in the path is taken as it is written: write {plain}"
    if served.takes("request", "websocket", "connection"):
        return
    if any(taken.is_rest for taken in served.parameters):
        return  # a decorator hides what it takes
    others = [taken for taken in served.parameters if taken.source == "query" and not taken.is_marked]
    for name in [name for name in names if name not in read]:
        meant = _meant(name, [taken for taken in others if taken.analysed.field.is_required])
        if meant is not None:
            yield (
                f"the path has `{{{name}}}`, and `{meant.dependency or served.function}` takes `{meant.name}`, which "
                f"becomes a query parameter: write the same name in both"
            )
        else:
            yield (
                f"nothing reads `{{{name}}}` of the path: take it as a parameter, `{name}: str`, or leave it out of "
                "the path"
            )


def _meant(name: str, others: list[Taken]) -> Taken | None:
    """The parameter that was meant by a name in the path: spelled almost so, a part of it, or the only one."""
    by_name = {taken.name: taken for taken in others}
    close = get_close_matches(name, list(by_name), n=1, cutoff=0.6)
    if close:
        return by_name[close[0]]
    parts = set(name.lower().split("_"))
    return next((taken for taken in others if parts & set(taken.name.lower().split("_"))), None)


RULES: Sequence[DiagnosticRule[Served]] = (
    DiagnosticRule("query parameter", "warn", _lacks_a_type),
    DiagnosticRule("query parameter", "warn", _takes_anything),
    DiagnosticRule("not passed on", "warn", _gives_a_function),
    DiagnosticRule("required", "note", _is_required_though_nullable),
    DiagnosticRule("null", "note", _is_none_without_admitting_it),
    DiagnosticRule("from the query", "note", _reads_scalars_from_the_query),
    DiagnosticRule("from the body", "warn", _reads_the_body_of_a_get),
    DiagnosticRule("path", "warn", _misses_a_name_of_its_path),
)
