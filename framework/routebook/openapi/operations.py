"""From a route to its Operation Objects.

A route is described once: what comes of it stays with its context (`RouteContext.described`), as text in which only
the names of definitions are open. A document made later takes it from there, unless an option of the route changed.

Spec: OpenAPI 3.1.0 §4.8.10 and the objects that it holds.
"""

import copy
import http.client
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from typing import Any

from pydantic.json_schema import JsonSchemaValue
from pydantic_core import from_json, to_json
from starlette.responses import JSONResponse

from routebook._analysis.dependant import Dependant, Parameter
from routebook._analysis.fields import ModelField
from routebook._analysis.shapes import is_nullable
from routebook._routing.context import RouteContext
from routebook.encoders import jsonable_encoder
from routebook.openapi._aliases import accepted_names, header_name, parameter_name
from routebook.openapi._bodies import describe_body, example_members
from routebook.openapi._definitions import Definition, JsonText, without_none
from routebook.openapi.constants import METHODS_WITH_BODY, REF_PREFIX
from routebook.openapi.schemas import FieldSchemas
from routebook.routing import APIRoute, APIWebSocketRoute, iter_route_contexts
from routebook.sse import EventSourceResponse, ServerSentEvent
from routebook.utils import deep_dict_update, is_body_allowed_for_status_code

__all__ = ["WEBSOCKET", "DescribedRoute", "describe_routes", "describe_sockets"]

WEBSOCKET = "websocket"
"""The method, so to speak, under which a WebSocket's handshake is described."""

_RANGES = {
    "1XX": "Information",
    "2XX": "Success",
    "3XX": "Redirection",
    "4XX": "Client Error",
    "5XX": "Server Error",
    "DEFAULT": "Default Response",
}
_LOCATIONS = ("path", "query", "header", "cookie")
_OWN_OPTIONS = attrgetter(
    "operation_id",
    "name",
    "summary",
    "description",
    "response_description",
    "status_code",
    "deprecated",
    "openapi_extra",
    "include_in_schema",
)


@dataclass(frozen=True, slots=True)
class DescribedRoute:
    """What a document takes from a route.

    Attributes:
        path: Its template, without convertors.
        operations: Its Operation Objects, by method in lower case.
        definitions: All that its schemas use, also those of values that the document does not show.
        ids: Each operation's id, callbacks' too.
        owners: Words that say whose each id is.
        security_schemes: By name.
        has_validation_error: Whether an operation refers to FastAPI's error model.
    """

    path: str
    operations: Mapping[str, JsonText]
    definitions: tuple[Definition, ...]
    ids: tuple[str, ...]
    owners: tuple[str, ...]
    security_schemes: Mapping[str, Any]
    has_validation_error: bool


def describe_routes(
    contexts: Iterable[RouteContext], schemas: Callable[[], FieldSchemas], *, variant: object
) -> Iterator[DescribedRoute]:
    """Describe the path operations that documents show, or take the descriptions that their contexts keep.

    Args:
        contexts: Of routes of any kind; others than path operations are passed over.
        schemas: Gives what describes values; called only when something is to be described.
        variant: What else the descriptions depend on.

    Raises:
        ValueError: A key of `responses` is no status.
        PydanticInvalidForJsonSchema: JSON Schema has no words for a type.
    """
    for context in contexts:
        route = context.original_route
        if not isinstance(route, APIRoute):
            continue
        options = _OWN_OPTIONS(route)
        kept: tuple[object, object, DescribedRoute | None] | None = context.described
        if kept is None or kept[1] != options or kept[0] != variant:
            described = _describe(context, schemas()) if context.include_in_schema else None
            kept = context.described = variant, options, described
        if kept[2] is not None:
            yield kept[2]


def describe_sockets(contexts: Iterable[RouteContext], schemas: FieldSchemas) -> Iterator[DescribedRoute]:
    """Describe the handshakes of WebSocket endpoints, under the method `WEBSOCKET`; others are passed over.

    Raises:
        PydanticInvalidForJsonSchema: JSON Schema has no words for a type.
    """
    for context in contexts:
        if isinstance(context.original_route, APIWebSocketRoute):
            notes = _Notes()
            handshake = _HandshakeDescriber(context, schemas, notes).handshake()
            yield _described(context, schemas, notes, {WEBSOCKET: handshake})


def _describe(context: RouteContext, schemas: FieldSchemas) -> DescribedRoute:
    notes = _Notes()
    return _described(context, schemas, notes, _Describer(context, schemas, notes).operations())


def _described(
    context: RouteContext, schemas: FieldSchemas, notes: "_Notes", operations: Mapping[str, dict[str, Any]]
) -> DescribedRoute:
    return DescribedRoute(
        path=context.path_format or "",
        operations={
            method: JsonText(_write(operation), schemas.definitions) for method, operation in operations.items()
        },
        definitions=schemas.definitions.take_referred(),
        ids=tuple(notes.ids),
        owners=tuple(notes.owners),
        security_schemes=notes.security_schemes,
        has_validation_error=notes.has_validation_error,
    )


@dataclass(slots=True)
class _Notes:
    """What comes up while a route and its callbacks are described."""

    ids: list[str] = field(default_factory=list)
    owners: list[str] = field(default_factory=list)
    security_schemes: dict[str, Any] = field(default_factory=dict)
    has_validation_error: bool = False


class _HandshakeDescriber:
    """Describes what HTTP and WebSocket routes have in common: parameters and security."""

    def __init__(self, context: RouteContext, schemas: FieldSchemas, notes: _Notes) -> None:
        self._context = context
        self._schemas = schemas
        self._notes = notes
        self._nodes = list(_iter_distinct(context.dependant, set()))
        self._parameters = [parameter for node in self._nodes for parameter in node.parameters]

    def handshake(self) -> dict[str, Any]:
        """A WebSocket's endpoint in the members of an Operation Object."""
        operation = {
            "tags": self._context.tags,
            "summary": (self._context.name or "").replace("_", " ").title(),
            "description": inspect.getdoc(self._context.endpoint) or "",
            "security": self._security(),
            "parameters": self._parameter_objects(),
        }
        return {name: value for name, value in operation.items() if value}

    def _security(self) -> list[dict[str, list[str]]]:
        """Security Requirement Objects: every scheme must be fulfilled, each with the scopes of all who need it."""
        scopes: dict[str, dict[str, None]] = {}
        for node in self._nodes:
            scheme = node.security_scheme
            if scheme is not None:
                scopes.setdefault(scheme.scheme_name, {}).update(dict.fromkeys(node.oauth_scopes))
                described = jsonable_encoder(scheme.model, by_alias=True, exclude_none=True)
                self._notes.security_schemes[scheme.scheme_name] = described
        return [{name: list(needed)} for name, needed in scopes.items()]

    # parameters -----------------------------------------------------------------------------------------------------

    def _parameter_objects(self) -> list[dict[str, Any]]:
        """Parameter Objects, one for each name and location: the last required declaration, else the last."""
        shown: dict[tuple[str, str], dict[str, Any]] = {}
        for parameter_object in self._iter_parameter_objects():
            key = parameter_object["in"], parameter_object["name"]
            if key not in shown or parameter_object["required"] or not shown[key]["required"]:
                shown[key] = parameter_object
        return list(shown.values())

    def _iter_parameter_objects(self) -> Iterator[dict[str, Any]]:
        path_names = frozenset(self._context.param_convertors)
        for location in _LOCATIONS:
            for parameter in self._parameters:
                if parameter.source != location:
                    continue
                info: Any = parameter.field.field_info
                for name, titled, value, is_required in _iter_values(parameter, path_names):
                    schema = self._schemas.describe(value, titled)
                    described = {"name": name, "in": location, "required": is_required, "schema": schema}
                    if info.include_in_schema:
                        yield described | _remarks(value) | (example_members(info) if value is parameter.field else {})


class _Describer(_HandshakeDescriber):
    """Describes one path operation's route."""

    def __init__(self, context: RouteContext, schemas: FieldSchemas, notes: _Notes) -> None:
        super().__init__(context, schemas, notes)
        self._route: APIRoute = context.original_route  # type: ignore[assignment]  # others are not described
        self._id = self._route.operation_id or context.unique_id

    def operations(self) -> dict[str, dict[str, Any]]:
        """The Operation Objects by method in lower case."""
        return {method.lower(): self._operation(method) for method in sorted(self._context.methods or ())}

    def _operation(self, method: str) -> dict[str, Any]:
        context, route = self._context, self._route
        self._notes.ids.append(self._id)
        self._notes.owners.append(_words_for(context))
        operation: dict[str, Any] = {
            "tags": context.tags,
            "summary": route.summary or route.name.replace("_", " ").title(),
            "description": route.description,
            "operationId": self._id,
            "deprecated": bool(context.deprecated),
            "security": self._security(),
            "parameters": self._parameter_objects(),
            "requestBody": self._body(method),
        }
        operation = {name: value for name, value in operation.items() if value}
        operation["responses"] = self._responses()
        if context.callbacks:
            operation["callbacks"] = self._callbacks()
        if route.openapi_extra:
            operation = copy.deepcopy(operation)  # parts of it are the user's, or constants
            deep_dict_update(operation, _encode(route.openapi_extra))
        return operation

    def _body(self, method: str) -> dict[str, Any] | None:
        parameters = [parameter for parameter in self._parameters if parameter.is_body]
        is_embedded = self._context.body.is_embedded
        body = describe_body(parameters, is_embedded=is_embedded, unique_id=self._id, schemas=self._schemas)
        return body if method in METHODS_WITH_BODY else None

    # responses ------------------------------------------------------------------------------------------------------

    def _responses(self) -> dict[str, Any]:
        status = str(self._status())
        responses: dict[str, Any] = {status: {"description": self._route.response_description}}
        content = self._content() if is_body_allowed_for_status_code(status) else None
        if content is not None:
            responses[status]["content"] = content
        for given, response in self._context.responses.items():
            self._add_response(responses, given, response)
        takes_values = bool(self._parameters)
        if takes_values and not responses.keys() & {"422", "4XX", "default"}:
            responses["422"] = _VALIDATION_ERROR
            self._notes.has_validation_error = True
        return responses

    def _status(self) -> int:
        if self._route.status_code is not None:
            return int(self._route.status_code)
        return _default_status(self._context.response_class.__init__)

    def _content(self) -> dict[str, Any] | None:
        """Media Type Objects of a successful response; None when nothing is known of it."""
        route, response_class = self._route, self._context.response_class
        is_stream, is_json = route.is_stream, issubclass(response_class, JSONResponse)
        model = route.stream_item_field if is_stream else route.response_field
        if model is not None and model.annotation is ServerSentEvent:
            model = None  # the event itself, which needs no words
        schema: JsonSchemaValue = {}
        if model is not None:
            schema = self._schemas.describe(model, f"{'StreamItem' if is_stream else 'Response'}_{self._id}")
        if is_stream and issubclass(response_class, EventSourceResponse):
            return {"text/event-stream": {"itemSchema": _event_schema(model, schema)}}
        if is_stream and is_json:
            return {"application/jsonl": {"itemSchema": schema}}
        media_type = response_class.media_type
        return {media_type: {"schema": schema if is_json else {"type": "string"}}} if media_type else None

    def _add_response(self, responses: dict[str, Any], given: int | str, response: dict[str, Any]) -> None:
        status = _status_key(given, self._context)
        standing = responses.setdefault(status, {})
        added: dict[str, Any] = jsonable_encoder({key: value for key, value in response.items() if key != "model"})
        model = self._context.response_fields.get(given)
        if model is not None:
            media_type = self._context.response_class.media_type or "application/json"
            schema = self._schemas.describe(model, f"Response_{given}_{self._id}")
            deep_dict_update(added, {"content": {media_type: {"schema": schema}}})
        description = added.get("description") or standing.get("description") or _phrase(status)
        deep_dict_update(standing, added)
        standing["description"] = description

    def _callbacks(self) -> dict[str, Any]:
        """Callback Objects: by name, then by the expression that gives the URL (OpenAPI 3.1.0 §4.8.18)."""
        callbacks: dict[str, Any] = {}
        for context in iter_route_contexts(self._context.callbacks or []):
            if isinstance(context.original_route, APIRoute):
                path_item = callbacks.setdefault(str(context.name), {}).setdefault(str(context.path), {})
                if context.include_in_schema:
                    path_item.update(_Describer(context, self._schemas, self._notes).operations())
        return callbacks


def _iter_distinct(dependant: Dependant, seen: set[Any]) -> Iterator[Dependant]:
    """The nodes of a tree, one for each dependency that a request would share."""
    seen.add(dependant.cache_key)
    yield dependant
    for dependency in dependant.dependencies:
        if dependency.cache_key not in seen:
            yield from _iter_distinct(dependency, seen)


def _iter_values(parameter: Parameter, path_names: frozenset[str]) -> Iterator[tuple[str, str, ModelField, bool]]:
    """A parameter, or each field of a parameter model: its name, what a title is made from, value, is it required."""
    own = parameter.field
    models = () if parameter.source == "path" else own.models
    if not models:
        name = parameter_name(parameter, path_names)
        yield name, name, own, own.is_required or parameter.source == "path"
        return
    may_be_absent = not own.is_required and is_nullable(own.declared_type)  # any other is validated in any case
    for model in models:
        for field_name, info in model.model_fields.items():
            name = accepted_names(field_name, info, model.model_config)[0]
            sent_name = header_name(name, info, own.field_info, model.model_config)
            yield sent_name, name, ModelField(field_name, info), info.is_required() and not may_be_absent


def _remarks(value: ModelField) -> dict[str, Any]:
    info = value.field_info
    remarks: dict[str, Any] = {}
    if info.description:
        remarks["description"] = info.description
    if info.deprecated:
        remarks["deprecated"] = True
    return remarks


def _event_schema(model: ModelField | None, schema: JsonSchemaValue) -> JsonSchemaValue:
    """A server-sent event (HTML Living Standard §9.2.6) whose data is JSON of the schema, or any text."""
    data: JsonSchemaValue = {"type": "string"}
    if model is not None:
        data |= {"contentMediaType": "application/json", "contentSchema": schema}
    members = {
        "data": data,
        "event": {"type": "string"},
        "id": {"type": "string"},
        "retry": {"type": "integer", "minimum": 0},
    }
    return {"type": "object", "properties": members, **({"required": ["data"]} if model is not None else {})}


@lru_cache(maxsize=64)
def _default_status(initialise: Callable[..., None]) -> int:
    """The status that a response class gives itself."""
    parameter = inspect.signature(initialise).parameters.get("status_code")
    return parameter.default if parameter is not None and isinstance(parameter.default, int) else 200


def _status_key(given: int | str, context: RouteContext) -> str:
    """A key of a Responses Object (OpenAPI 3.1.0 §4.8.16.2).

    Raises:
        ValueError: It is neither a status nor a range of them.
    """
    key = str(given).upper()
    if key == "DEFAULT":
        return "default"
    if key not in _RANGES and not key.isdigit():
        raise ValueError(
            f"{given!r} in the responses of {_words_for(context)} is no status: "
            "use a number such as 404, a range such as '4XX', or 'default'."
        )
    return key


def _phrase(status: str) -> str:
    return _RANGES.get(status.upper()) or http.client.responses.get(int(status)) or "Additional Response"


def _words_for(context: RouteContext) -> str:
    location = context.original_route.location  # type: ignore[attr-defined]
    name = getattr(context.endpoint, "__name__", context.name)
    return f"{name} at {location.file}" if location is not None else str(name)


def _write(operation: dict[str, Any]) -> str:
    """JSON text without null members."""
    text = to_json(operation, fallback=_encode).decode()
    return to_json(without_none(from_json(text))).decode() if ":null" in text else text


def _encode(value: Any) -> Any:
    return jsonable_encoder(value, by_alias=True, exclude_none=True)


_VALIDATION_ERROR = {
    "description": "Validation Error",
    "content": {"application/json": {"schema": {"$ref": f"{REF_PREFIX}HTTPValidationError"}}},
}
