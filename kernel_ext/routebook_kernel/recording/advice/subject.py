"""The subject of advice: an exchange with its request, the operation's expectations, and the response."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from functools import cached_property
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel

from routebook_kernel.records import Body, Exchange

UNREAD: Any = object()
"""Stands for JSON that can't be parsed."""


class ExchangeSubject:
    """One exchange with the operation that responded.

    Args:
        exchange: As recorded.
    """

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.status = exchange.status or 0
        self.method = exchange.method
        self.route = exchange.route()
        self.headers = {name.lower(): value for name, value in exchange.request_headers}
        self.response_headers = {name.lower(): value for name, value in exchange.response_headers}

    # Request

    @cached_property
    def query(self) -> list[tuple[str, str]]:
        """The query as it was sent."""
        return parse_qsl(urlsplit(self.exchange.url).query, keep_blank_values=True)

    @property
    def media_type(self) -> str:
        """The request's Content-Type, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_form(self) -> bool:
        """Whether the body was sent as a form."""
        return self.media_type in {"application/x-www-form-urlencoded", "multipart/form-data"}

    @property
    def is_json(self) -> bool:
        """Whether the Content-Type of the body is JSON."""
        return self.media_type.endswith("json")

    @cached_property
    def text(self) -> str:
        """The request's body as text."""
        return _text(self.exchange.request_body)

    @cached_property
    def json(self) -> Any:
        """The request's body as JSON, or `UNREAD` if it isn't JSON."""
        return _json(self.text)

    @cached_property
    def members(self) -> Mapping[str, Any]:
        """The named values of the body: the members of a JSON object, or the fields of a form."""
        if self.is_form:
            return dict(self._form)
        return self.json if isinstance(self.json, dict) else {}

    @property
    def _form(self) -> Iterator[tuple[str, str]]:
        if self.media_type != "multipart/form-data":
            yield from parse_qsl(self.text, keep_blank_values=True)
            return
        for line in self.text.splitlines():
            if line.lower().startswith("content-disposition:"):
                header = Message()
                header["content-disposition"] = line.partition(":")[2]
                yield str(header.get_param("name", "", "content-disposition")), ""

    # Operation

    @cached_property
    def parameters(self) -> list[Any]:
        """The parameters of the operation and its dependencies."""
        dependant = getattr(self.route, "dependant", None)
        return list(dependant.iter_parameters()) if dependant is not None else []

    def parameters_of(self, *sources: str) -> list[Any]:
        """Return the parameters from some sources."""
        return [parameter for parameter in self.parameters if parameter.source in sources]

    @property
    def bodies(self) -> list[Any]:
        """The parameters that are read from JSON."""
        return self.parameters_of("body")

    @property
    def forms(self) -> list[Any]:
        """The parameters that are read from a form."""
        return self.parameters_of("form", "file")

    @property
    def has_declared_bodies(self) -> bool:
        """Whether only its parameters can read the body, because nothing gets the request itself."""
        dependant = getattr(self.route, "dependant", None)
        nodes = dependant.iter_tree() if dependant is not None else ()
        return dependant is not None and not any(item.kind == "request" for node in nodes for item in node.injected)

    @property
    def is_embedded(self) -> bool:
        """Whether each parameter of the JSON body is under its own name."""
        return len(self.bodies) > 1 or any(getattr(body.field.field_info, "embed", None) for body in self.bodies)

    @cached_property
    def expected(self) -> Mapping[str, "ExpectedField"]:
        """The names that the top-level members of a body may have."""
        parameters = self.bodies or self.forms
        if self.bodies and not self.is_embedded:
            return fields_of(self.bodies[0].field.field_info.annotation)
        found: dict[str, ExpectedField] = {}
        for parameter in parameters:
            info = parameter.field.field_info
            if parameter.source == "form" and model_of(info.annotation) is not None:
                found |= fields_of(info.annotation)
            else:
                found |= {name: ExpectedField(parameter.name, info.annotation) for name in parameter.names}
        return found

    def levels(self) -> Iterator["BodyLevel"]:
        """Yield the objects of the body from the top down, each with the members it may have."""
        if self.is_form or self.is_embedded:
            yield BodyLevel((), self.members, self.expected, None)
        for parameter in self.bodies if not self.is_form else ():
            annotation = parameter.field.field_info.annotation
            if not self.is_embedded:
                yield from _levels(self.json, annotation, ())
            elif (name := parameter.names[0]) in self.members:
                yield from _levels(self.members[name], annotation, (name,))

    def names_at(self, source: str) -> dict[str, bool]:
        """Return the names that are read from the query or the headers, each with whether it's optional."""
        found: dict[str, bool] = {}
        for parameter in self.parameters_of(source):
            model = model_of(parameter.field.field_info.annotation)
            if model is None:
                found |= dict.fromkeys(parameter.names, not parameter.field.is_required)
            else:
                names = fields_of(model)
                spelled = [name.replace("_", "-") for name in names] if source == "header" else names
                found |= dict.fromkeys(spelled, True)
        return found

    # Response

    @cached_property
    def errors(self) -> list[dict[str, Any]]:
        """The errors of a 422, in the framework's format."""
        detail = (
            self.response_json.get("detail") if self.status == 422 and isinstance(self.response_json, dict) else None
        )
        return [error for error in detail or () if isinstance(error, dict) and isinstance(error.get("loc"), list)]

    def errors_at(self, source: str, *types: str) -> list[dict[str, Any]]:
        """Return the errors of one source, optionally only of some of pydantic's types."""
        return [
            error for error in self.errors if error["loc"][:1] == [source] and (not types or error.get("type") in types)
        ]

    @cached_property
    def response_json(self) -> Any:
        """The response's body as JSON, or `UNREAD` if it isn't JSON."""
        body = self.exchange.response_body
        return _json(_text(body)) if body is not None and body.media_type.endswith("json") else UNREAD

    @property
    def function(self) -> str:
        """The function's name."""
        return str(getattr(getattr(self.route, "endpoint", None), "__name__", "the operation"))


@dataclass(frozen=True, slots=True)
class ExpectedField:
    """A member that a body may have.

    Attributes:
        name: The field's name in Python.
    """

    name: str
    annotation: Any


@dataclass(frozen=True, slots=True)
class BodyLevel:
    """One object of a body.

    Attributes:
        place: Its location, like an error's `loc`.
        model: The model that reads it; None if its members are parameters.
    """

    place: tuple[str | int, ...]
    members: Mapping[str, Any]
    expected: Mapping[str, ExpectedField]
    model: type[BaseModel] | None

    @property
    def label(self) -> str:
        """How a sentence refers to it; "" for the whole body."""
        return f"`{self.prefix.rstrip('.')}`" if self.place else ""

    @property
    def prefix(self) -> str:
        """The prefix of its members' names: `lines[0].`."""
        told = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.place)
        return f"{told.lstrip('.')}." if self.place else ""

    @property
    def is_open(self) -> bool:
        """Whether it keeps undeclared members."""
        return self.model is not None and self.model.model_config.get("extra") == "allow"

    @property
    def has_validators(self) -> bool:
        """Whether its own validators may convert one type to another on purpose."""
        return self.model is not None and bool(self.model.__pydantic_decorators__.field_validators)


def _levels(value: Any, annotation: Any, place: tuple[str | int, ...]) -> Iterator[BodyLevel]:
    model = model_of(annotation)
    if model is not None and isinstance(value, dict) and len(place) < 6:
        expected = fields_of(model)
        yield BodyLevel(place, value, expected, model)
        for name, field in expected.items():
            if name in value:
                yield from _levels(value[name], field.annotation, (*place, name))
    elif isinstance(value, list) and is_list(annotation) and get_args(annotation):
        inner = next(part for part in get_args(annotation) if part is not NoneType)
        inner = next(iter(get_args(inner)), None) if is_list(inner) else inner
        for index, item in enumerate(value[:3]):
            yield from _levels(item, inner, (*place, index))


def fields_of(annotation: Any) -> dict[str, ExpectedField]:
    """Return the members of a model, by the names under which they are sent."""
    model = model_of(annotation)
    found: dict[str, ExpectedField] = {}
    for name, field in model.model_fields.items() if model is not None else ():
        alias = field.validation_alias
        names = [alias] if isinstance(alias, str) else [name] if alias is None else list(_choices(alias))
        if model is not None and (
            model.model_config.get("populate_by_name") or model.model_config.get("validate_by_name")
        ):
            names.append(name)
        found |= dict.fromkeys(names, ExpectedField(name, field.annotation))
    return found


def _choices(alias: Any) -> Iterator[str]:
    for choice in getattr(alias, "choices", (alias,)):
        first = choice if isinstance(choice, str) else next(iter(getattr(choice, "path", ())), None)
        if isinstance(first, str):
            yield first


def model_of(annotation: Any) -> type[BaseModel] | None:
    """Return the model that a type is, or that it allows besides `None`."""
    if get_origin(annotation) is None:
        return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
    models = [model for part in get_args(annotation) if part is not NoneType and (model := model_of(part))]
    return models[0] if len(models) == 1 and get_origin(annotation) not in (list, dict, set, tuple) else None


def is_list(annotation: Any) -> bool:
    """Whether a type is a list, or a choice of one and `None`."""
    parts = [part for part in get_args(annotation) if part is not NoneType]
    if get_origin(annotation) in (Union, UnionType):
        return len(parts) == 1 and is_list(parts[0])
    return (get_origin(annotation) or annotation) in (list, set, frozenset, tuple)


def _text(body: Body | None) -> str:
    return body.data.decode("utf-8", "replace") if body is not None else ""


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return UNREAD
