"""The OpenAPI document of an application.

Each route's description is made once and kept with it (`operations`), each model's schema too (`_definitions`). What
is done for every document: collect them, name the definitions (`_naming`), and read what is kept as JSON text.

`get_openapi` reads all of it anew: its document shares nothing with another and may be changed. `describe_application`
is for one document after the other of an application whose routes change one at a time: what has not changed is the
same object as in the document before, and so is what somebody changed in it.

Spec: OpenAPI 3.1.0.
"""

import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Protocol

from pydantic_core import from_json
from starlette.routing import BaseRoute

from routebook._routing.context import RouteContext
from routebook.encoders import jsonable_encoder
from routebook.openapi._definitions import Definition, Definitions, JsonText, Names, iter_closure, without_none
from routebook.openapi._naming import choose_names
from routebook.openapi.constants import REF_PREFIX
from routebook.openapi.models import OpenAPI
from routebook.openapi.operations import WEBSOCKET, DescribedRoute, describe_routes, describe_sockets
from routebook.openapi.schemas import FieldSchemas
from routebook.routing import APIRouter, iter_route_contexts

__all__ = ["DescribedApplication", "describe_application", "describe_websockets", "get_openapi"]

Read = Callable[[JsonText, Names], Any]
"""Gives the value of a kept text."""


class DescribedApplication(Protocol):
    """What `describe_application` reads of an application; the meanings are those of `get_openapi`'s arguments."""

    title: str
    version: str
    openapi_version: str
    summary: str | None
    description: str
    terms_of_service: str | None
    contact: dict[str, Any] | None
    license_info: dict[str, Any] | None
    openapi_tags: list[dict[str, Any]] | None
    servers: list[dict[str, Any]]
    openapi_external_docs: dict[str, Any] | None
    separate_input_output_schemas: bool
    router: APIRouter
    webhooks: APIRouter
    described: Any  # what is kept here of the last document; None at first


def describe_application(app: DescribedApplication) -> dict[str, Any]:
    """Make the OpenAPI document of an application; what has not changed is the same as in its last one.

    Raises and warns as `get_openapi` does.
    """
    head = _Head(
        title=app.title,
        version=app.version,
        openapi_version=app.openapi_version,
        summary=app.summary,
        description=app.description,
        terms_of_service=app.terms_of_service,
        contact=app.contact,
        license_info=app.license_info,
        tags=app.openapi_tags,
        servers=app.servers,
        external_docs=app.openapi_external_docs,
    )
    document = _Document(JsonText.read_shared, separates_modes=app.separate_input_output_schemas, last=app.described)
    made = document.make(head, app.router.routes, app.webhooks.routes)
    app.described = document.kept
    return made


def get_openapi(
    *,
    title: str,
    version: str,
    openapi_version: str = "3.1.0",
    summary: str | None = None,
    description: str | None = None,
    routes: Sequence[BaseRoute | RouteContext],
    webhooks: Sequence[BaseRoute | RouteContext] | None = None,
    tags: list[dict[str, Any]] | None = None,
    servers: list[dict[str, str | Any]] | None = None,
    terms_of_service: str | None = None,
    contact: dict[str, str | Any] | None = None,
    license_info: dict[str, str | Any] | None = None,
    separate_input_output_schemas: bool = True,
    external_docs: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Make the OpenAPI document of some routes.

    Args:
        title: Of the API; so are `version`, `summary`, `description`, `terms_of_service`, `contact`, `license_info`.
        openapi_version: Of the specification.
        routes: Path operations; others are passed over.
        webhooks: Path operations that the application calls; their paths are the webhooks' names.
        tags: Tag Objects, in the order in which the documentation shows them.
        servers: Server Objects.
        separate_input_output_schemas: Whether a model that differs as input and output has two schemas.
        external_docs: An External Documentation Object.

    Returns:
        A new document, which may be changed.

    Raises:
        ValidationError: What was given here, or a model's schema, is not what OpenAPI allows.
        ValueError: A key of `responses` is no status.
        PydanticInvalidForJsonSchema: JSON Schema has no words for a type.

    Warns:
        UserWarning: Two operations have the same id.
    """
    head = _Head(
        title=title,
        version=version,
        openapi_version=openapi_version,
        summary=summary,
        description=description,
        terms_of_service=terms_of_service,
        contact=contact,
        license_info=license_info,
        tags=tags,
        servers=servers,
        external_docs=external_docs,
    )
    document = _Document(JsonText.read, separates_modes=separate_input_output_schemas)
    return document.make(head, routes, webhooks or [])


def describe_websockets(
    routes: Sequence[BaseRoute], *, separate_input_output_schemas: bool = True
) -> dict[str, dict[str, Any]]:
    """Describe the handshakes of WebSocket endpoints, which OpenAPI has no place for, in OpenAPI's words.

    Returns:
        `operations`: by path template the members of an Operation Object: tags, summary, description, security,
        parameters. `components`: a Components Object with what they refer to.

    Raises:
        PydanticInvalidForJsonSchema: JSON Schema has no words for a type.
    """
    return _Document(JsonText.read, separates_modes=separate_input_output_schemas).make_sockets(routes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """What a document says of the whole API."""

    title: str
    version: str
    openapi_version: str
    summary: str | None
    description: str | None
    terms_of_service: str | None
    contact: dict[str, Any] | None
    license_info: dict[str, Any] | None
    tags: list[dict[str, Any]] | None
    servers: list[dict[str, Any]] | None
    external_docs: dict[str, Any] | None

    def members(self) -> dict[str, Any]:
        """The OpenAPI Object's members; what is empty is left out later."""
        info = {
            "title": self.title,
            "version": self.version,
            "summary": self.summary,
            "description": self.description,
            "termsOfService": self.terms_of_service,
            "contact": self.contact,
            "license": self.license_info,
        }
        return {
            "openapi": self.openapi_version,
            "info": {name: value for name, value in info.items() if value},
            "servers": self.servers,
            "tags": self.tags,
            "externalDocs": self.external_docs,
        }


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a document leaves to the next one of its application.

    Attributes:
        names: What its definitions are called.
        items: By path, the routes that a Path Item Object was made of, and the object.
    """

    names: Names
    items: dict[str, tuple[list[DescribedRoute], dict[str, Any]]]


class _Document:
    """One document while it is made.

    Args:
        read: Gives the values of kept texts.
        separates_modes: Whether a model that differs as input and output has two schemas.
        last: What the last document left, if there is one: values in it are used again.

    Attributes:
        kept: What it leaves itself, once it is made.
    """

    def __init__(self, read: Read, *, separates_modes: bool, last: _Kept | None = None) -> None:
        self._read = read
        self._last = last or _Kept({}, {})
        self._separates_modes = separates_modes
        self._field_schemas: FieldSchemas | None = None
        self._described: list[DescribedRoute] = []
        self._names: Names = {}
        self.kept = self._last

    def make(
        self, head: _Head, routes: Sequence[BaseRoute | RouteContext], webhooks: Sequence[BaseRoute | RouteContext]
    ) -> dict[str, Any]:
        """The whole document."""
        described, described_hooks = self._describe(routes), self._describe(webhooks)
        self._warn_of_equal_ids()
        self._names = choose_names(self._iter_definitions())
        security_schemes = self._security_schemes()
        rest = head.members() | {
            "webhooks": self._path_items(described_hooks),
            "components": {"securitySchemes": security_schemes} if security_schemes else None,
        }
        given = without_none(jsonable_encoder({name: value for name, value in rest.items() if value}))
        checked = OpenAPI.model_validate(given).model_dump(mode="json", by_alias=True, exclude_none=True)
        document: dict[str, Any] = without_none(checked)
        document["paths"] = self._path_items_after_last(described)
        schemas = self._schemas()
        if schemas:
            document["components"] = {"schemas": schemas, **document.get("components", {})}
        return {name: document[name] for name in OpenAPI.model_fields if name in document} | document

    def make_sockets(self, routes: Sequence[BaseRoute]) -> dict[str, dict[str, Any]]:
        """The WebSocket endpoints, of two for one path the first, which answers; and what they refer to."""
        self._described = list(describe_sockets(iter_route_contexts(routes), self._get_field_schemas()))
        self._names = choose_names(self._iter_definitions())
        operations: dict[str, Any] = {}
        for route in self._described:
            operations.setdefault(route.path, self._read(route.operations[WEBSOCKET], self._names))
        components = {"schemas": self._schemas(), "securitySchemes": self._security_schemes()}
        return {"operations": operations, "components": {name: value for name, value in components.items() if value}}

    def _security_schemes(self) -> dict[str, Any]:
        return {name: scheme for route in self._described for name, scheme in route.security_schemes.items()}

    def _describe(self, routes: Sequence[BaseRoute | RouteContext]) -> list[DescribedRoute]:
        contexts = iter_route_contexts(routes)
        described = list(describe_routes(contexts, self._get_field_schemas, variant=self._separates_modes))
        self._described += described
        return described

    def _get_field_schemas(self) -> FieldSchemas:
        if self._field_schemas is None:
            self._field_schemas = FieldSchemas(Definitions(), separates_modes=self._separates_modes)
        return self._field_schemas

    def _warn_of_equal_ids(self) -> None:
        ids = list(chain.from_iterable(route.ids for route in self._described))
        if len(set(ids)) == len(ids):
            return
        seen: set[str] = set()
        for operation_id, owner in zip(
            ids, chain.from_iterable(route.owners for route in self._described), strict=True
        ):
            if operation_id in seen:
                warnings.warn(f"Duplicate Operation ID {operation_id} for function {owner}", stacklevel=4)
            seen.add(operation_id)

    def _iter_definitions(self) -> Iterable[Definition]:
        return iter_closure(definition for route in self._described for definition in route.definitions)

    def _path_items(self, described: list[DescribedRoute]) -> dict[str, Any]:
        """Path Item Objects (§4.8.9); of two operations for one path and method, the later one is shown."""
        read, names = self._read, self._names
        items: dict[str, dict[str, Any]] = defaultdict(dict)
        for route in described:
            item = items[route.path]
            for method, operation in route.operations.items():
                item[method] = read(operation, names)
        return dict(items)

    def _path_items_after_last(self, described: list[DescribedRoute]) -> dict[str, Any]:
        """The same, what was made of the same routes being taken from the last document."""
        by_path: dict[str, list[DescribedRoute]] = defaultdict(list)
        for route in described:
            by_path[route.path].append(route)
        last = self._last.items if self._names == self._last.names else {}
        items = {}
        for path, routes in by_path.items():
            made = last.get(path)
            items[path] = made if made is not None and made[0] == routes else (routes, self._path_items(routes)[path])
        self.kept = _Kept(self._names, items)
        return {path: item for path, (_, item) in items.items()}

    def _schemas(self) -> dict[str, Any]:
        """The components' Schema Objects, by name in alphabetical order."""
        texts = {name: definition.text for definition, name in self._names.items()}
        schemas: dict[str, Any] = {name: self._read(text, self._names) for name, text in texts.items()}
        if any(route.has_validation_error for route in self._described):
            error_models: dict[str, Any] = from_json(_ERROR_MODELS)
            schemas = schemas | error_models if "ValidationError" not in schemas else error_models | schemas
        return dict(sorted(schemas.items()))


_ERROR_MODELS = f"""{{
    "HTTPValidationError": {{
        "title": "HTTPValidationError",
        "type": "object",
        "properties": {{
            "detail": {{"title": "Detail", "type": "array", "items": {{"$ref": "{REF_PREFIX}ValidationError"}}}}
        }}
    }},
    "ValidationError": {{
        "title": "ValidationError",
        "type": "object",
        "required": ["loc", "msg", "type"],
        "properties": {{
            "loc": {{
                "title": "Location",
                "type": "array",
                "items": {{"anyOf": [{{"type": "string"}}, {{"type": "integer"}}]}}
            }},
            "msg": {{"title": "Message", "type": "string"}},
            "type": {{"title": "Error Type", "type": "string"}},
            "input": {{"title": "Input"}},
            "ctx": {{"type": "object", "title": "Context"}}
        }}
    }}
}}"""
"""What a 422 answer holds, under the names that FastAPI gives it."""
