"""The OpenAPI document of an application.

Each route's description is made once and kept with it (`operations`), each model's schema too (`_definitions`). What
is done for every document: collect them, name the definitions (`_naming`), and read all of it from JSON text, so that
a document shares nothing with the next one and may be changed by whoever asked for it.

Spec: OpenAPI 3.1.0.
"""

import warnings
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic_core import from_json
from starlette.routing import BaseRoute

from routebook._routing.context import RouteContext
from routebook.encoders import jsonable_encoder
from routebook.openapi._definitions import Definition, Definitions, JsonText, Names, iter_closure, without_none
from routebook.openapi._naming import choose_names
from routebook.openapi.constants import REF_PREFIX
from routebook.openapi.models import OpenAPI
from routebook.openapi.operations import DescribedRoute, describe_route, is_described
from routebook.openapi.schemas import FieldSchemas
from routebook.routing import iter_route_contexts

__all__ = ["get_openapi"]

Described = list[tuple[str, DescribedRoute]]


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
    documented = _Document(separates_modes=separate_input_output_schemas)
    paths = documented.describe(routes)
    hooks = documented.describe(webhooks or [])
    info = {
        "title": title,
        "version": version,
        "summary": summary,
        "description": description,
        "termsOfService": terms_of_service,
        "contact": contact,
        "license": license_info,
    }
    names = documented.choose_names()
    frame: dict[str, Any] = {
        "openapi": openapi_version,
        "info": {name: value for name, value in info.items() if value},
        "servers": servers or None,
        "webhooks": _path_items(hooks, names) or None,
        "components": {"securitySchemes": documented.security_schemes} if documented.security_schemes else None,
        "tags": tags or None,
        "externalDocs": external_docs or None,
    }
    checked = OpenAPI.model_validate(without_none(jsonable_encoder(frame)))
    document: dict[str, Any] = without_none(checked.model_dump(mode="json", by_alias=True, exclude_none=True))
    schemas = documented.schemas(names)
    if schemas:
        document["components"] = {"schemas": schemas, **document.get("components", {})}
    document["paths"] = _path_items(paths, names)
    return {member: document[member] for member in OpenAPI.model_fields if member in document} | document


class _Document:
    """What one document collects from its routes."""

    def __init__(self, *, separates_modes: bool) -> None:
        self._separates_modes = separates_modes
        self._field_schemas: FieldSchemas | None = None
        self._described: list[DescribedRoute] = []
        self._ids: set[str] = set()
        self.security_schemes: dict[str, Any] = {}

    def describe(self, routes: Sequence[BaseRoute | RouteContext]) -> Described:
        """The descriptions of the routes that are shown, with their paths."""
        described: Described = []
        for context in iter_route_contexts(routes):
            if is_described(context):
                route = describe_route(context, self._schemas, variant=self._separates_modes)
                described.append((context.path_format or "", route))
                self._collect(route)
        return described

    def _schemas(self) -> FieldSchemas:
        if self._field_schemas is None:
            self._field_schemas = FieldSchemas(Definitions(), separates_modes=self._separates_modes)
        return self._field_schemas

    def _collect(self, route: DescribedRoute) -> None:
        self._described.append(route)
        self.security_schemes.update(route.security_schemes)
        for operation_id, whose in route.ids:
            if operation_id in self._ids:
                warnings.warn(f"Duplicate Operation ID {operation_id} for function {whose}", stacklevel=4)
            self._ids.add(operation_id)

    def choose_names(self) -> Names:
        """The names of all definitions in the document."""
        return choose_names(self._iter_definitions())

    def _iter_definitions(self) -> Iterable[Definition]:
        return iter_closure(definition for route in self._described for definition in route.definitions)

    def schemas(self, names: Names) -> dict[str, Any]:
        """The components' Schema Objects, by name in alphabetical order."""
        texts = {name: definition.text.written(names) for definition, name in names.items()}
        schemas: dict[str, Any] = {name: from_json(text) for name, text in texts.items()}
        if any(route.has_validation_error for route in self._described):
            error_models: dict[str, Any] = from_json(_ERROR_MODELS)
            schemas = schemas | error_models if "ValidationError" not in schemas else error_models | schemas
        return dict(sorted(schemas.items()))


def _path_items(described: Described, names: Names) -> dict[str, Any]:
    """Path Item Objects (§4.8.9); of two operations for one path and method, the later one is shown."""
    items: dict[str, dict[str, Any]] = defaultdict(dict)
    for path, route in described:
        for method, operation in route.operations.items():
            items[path][method] = from_json(operation.written(names))
    return dict(items)


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
