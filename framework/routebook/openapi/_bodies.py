"""Request Body Objects, forms made of several models among them.

Spec: OpenAPI 3.1.0 §4.8.13, §4.8.14.
"""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaValue

from routebook import params
from routebook._analysis.dependant import Parameter
from routebook._analysis.shapes import is_nullable
from routebook._sentinel import UNSET
from routebook.openapi._aliases import accepted_names, member_name
from routebook.openapi.schemas import FieldSchemas, overlay, title_of

_NULL = {"type": "null"}
_MULTIPART = "multipart/form-data"
_MEDIA_TYPES: tuple[tuple[type[params.Body], str], ...] = (
    (params.File, _MULTIPART),
    (params.Form, "application/x-www-form-urlencoded"),
    (params.Body, "application/json"),
)


def describe_body(
    parameters: list[Parameter], *, is_embedded: bool, unique_id: str, schemas: FieldSchemas
) -> dict[str, Any] | None:
    """The Request Body Object of an operation; None when it takes no body.

    Args:
        parameters: Of the body, those of the endpoint before those of its dependencies.
        is_embedded: Whether the body is an object with one member for each parameter.
        unique_id: Names the definition of a body of several values.
        schemas: Describes the values.
    """
    if not parameters:
        return None
    content = _describe_content(parameters, is_embedded, f"Body_{unique_id}", schemas)
    body: dict[str, Any] = {"content": {_media_type(parameters): content}}
    if any(parameter.field.is_required for parameter in parameters):
        body["required"] = True
    return body


def example_members(info: params.Param | params.Body) -> dict[str, Any]:
    """The examples of a Parameter or Media Type Object."""
    if info.openapi_examples:
        return {"examples": info.openapi_examples}
    return {} if info.example is UNSET else {"example": info.example}


def _describe_content(
    parameters: list[Parameter], is_embedded: bool, name: str, schemas: FieldSchemas
) -> dict[str, Any]:
    first = parameters[0].field
    if any(map(_is_form_model, parameters)) and (len(parameters) > 1 or is_nullable(first.annotation)):
        schema = schemas.definitions.define(name, _compose_form(parameters, name, schemas))
        if len(parameters) > 1:
            return {"schema": schema}
        overlay(schema, first.field_info)
        schemas.add_default(schema, first)
    elif is_embedded:
        by_name = {parameter.name: parameter.field for parameter in parameters}
        members = {member_name(field): field for field in by_name.values()}
        return {"schema": schemas.definitions.define(name, schemas.describe_object(name, members))}
    else:
        schema = schemas.describe(first)
    return {"schema": schema, **example_members(first.field_info)}  # type: ignore[arg-type]  # it is a Body


def _is_form_model(parameter: Parameter) -> bool:
    return parameter.source == "form" and bool(parameter.field.models)


def _media_type(parameters: list[Parameter]) -> str:
    """What the parameters agree on, files before fields before JSON; for forms, multipart if one of them says so."""
    infos = [parameter.field.field_info for parameter in parameters]
    for cls, default in _MEDIA_TYPES:
        named = {info.media_type for info in infos if isinstance(info, cls)}
        if named:
            agreed = named.pop() if len(named) == 1 else _MULTIPART if _MULTIPART in named else default
            return _MULTIPART if cls is params.File else agreed
    return "application/json"


def _compose_form(parameters: list[Parameter], name: str, schemas: FieldSchemas) -> JsonSchemaValue:
    """A form whose fields are those of models, and single values."""
    parts: list[JsonSchemaValue] = []
    properties: dict[str, JsonSchemaValue] = {}
    required: list[str] = []
    for parameter in parameters:
        if _is_form_model(parameter):
            parts += _describe_model(parameter, schemas)
            continue
        field_name = member_name(parameter.field)
        schema = schemas.describe(parameter.field, parameter.name)
        if field_name in properties:
            parts.append({"properties": {field_name: schema}})
        else:
            properties[field_name] = schema
        if parameter.field.is_required and field_name not in required:
            required.append(field_name)
    members = {"allOf": parts, "properties": properties, "required": required}
    return {"type": "object", "title": name, **{key: value for key, value in members.items() if value}}


def _describe_model(parameter: Parameter, schemas: FieldSchemas) -> list[JsonSchemaValue]:
    """What a form fulfils for one of its models; for one that may be left out: none of its fields, or all of it."""
    field = parameter.field
    models = field.models
    schema = schemas.describe_type(field, with_default=False)
    if not is_nullable(field.annotation):
        if len(models) == 1:
            schema = _with_all_names(schema, models[0], schemas)
        elif "title" not in schema:
            schema["title"] = title_of(parameter.name)
        return [schema]
    present = {"title": title_of(parameter.name), **schema}
    present["anyOf"] = [part for part in schema["anyOf"] if part != _NULL]
    if len(models) == 1:
        present["anyOf"] = [_with_all_names(part, models[0], schemas) for part in present["anyOf"]]
    absent = _describe_absence(models)
    return [{"not": absent}, present] if field.is_required else [{"anyOf": [absent, present]}]


def _describe_absence(models: tuple[type[BaseModel], ...]) -> JsonSchemaValue:
    """A form without any of the models' fields; without any field, where a model takes unknown ones or refuses them."""
    if any(model.model_config.get("extra") in ("allow", "forbid") for model in models):
        return {"maxProperties": 0}
    names = sorted({name for model in models for names in _names_by_field(model) for name in names})
    return {"not": {"anyOf": [{"required": [name]} for name in names]}} if names else {}


def _names_by_field(model: type[BaseModel]) -> list[list[str]]:
    return [accepted_names(name, info, model.model_config) for name, info in model.model_fields.items()]


def _with_all_names(schema: JsonSchemaValue, model: type[BaseModel], schemas: FieldSchemas) -> JsonSchemaValue:
    """The schema of a model with required fields of several names, each of which will do; else as it was."""
    definition = schemas.definitions.of_reference(schema)
    if definition is None:
        return schema
    properties: dict[str, Any] = definition.schema.get("properties", {})
    required: list[str] = definition.schema.get("required", [])
    names_by_key = dict(zip(properties, _names_by_field(model), strict=False))
    several = [names for key, names in names_by_key.items() if key in required and len(names) > 1]
    if not several:
        return schema
    inlined = {**definition.schema, **schema}
    del inlined["$ref"]
    inlined["allOf"] = [{"anyOf": [{"required": [name]} for name in names]} for names in several]
    inlined["properties"] = {names_by_key.get(key, [key])[0]: member for key, member in properties.items()}
    inlined["required"] = [names_by_key[key][0] for key in required if len(names_by_key[key]) == 1]
    return inlined
