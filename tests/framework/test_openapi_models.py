"""The models of an OpenAPI document beside FastAPI's: the same fields, the same documents."""

import enum
from typing import Any

import fastapi.openapi.models
import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from routebook.openapi import models

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {
        "title": "Shop",
        "version": "1",
        "contact": {"name": "A", "url": "http://example.com/", "email": "a@example.com"},
        "license": {"name": "MIT", "identifier": "MIT"},
        "x-info": 1,
    },
    "servers": [{"url": "/v1", "variables": {"a": {"enum": ["b"], "default": "b"}}}],
    "paths": {
        "/items/{item_id}": {
            "get": {
                "tags": ["items"],
                "operationId": "read",
                "parameters": [
                    {
                        "name": "item_id",
                        "in": "path",
                        "required": True,
                        "schema": {"type": ["integer", "null"], "minimum": 1},
                        "examples": {"one": {"value": 1, "x-e": 2}},
                    },
                    {"$ref": "#/components/parameters/p"},
                ],
                "responses": {
                    "200": {"description": "OK", "content": {"application/json": {"schema": {"$ref": "#/x"}}}},
                    "x-responses": [1],
                },
                "callbacks": {"done": {"{$url}": {"post": {"responses": {}}}}},
                "security": [{"oauth": ["a"]}],
            },
            "x-path": {"any": "thing"},
        }
    },
    "components": {
        "schemas": {
            "Item": {
                "type": "object",
                "properties": {"a": {"anyOf": [{"type": "string"}, True]}, "b": {"const": 1, "not": {}}},
                "discriminator": {"propertyName": "kind", "mapping": {"a": "b"}},
                "if": {"required": ["a"]},
                "x-schema": None,
            }
        },
        "securitySchemes": {
            "key": {"type": "apiKey", "in": "query", "name": "key"},
            "oauth": {"type": "oauth2", "flows": {"password": {"tokenUrl": "token", "scopes": {"a": "A"}}}},
            "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            "openid": {"type": "openIdConnect", "openIdConnectUrl": "/o"},
        },
    },
    "tags": [{"name": "items", "externalDocs": {"url": "http://example.com/"}}],
}


def dump(kind: Any, value: Any) -> Any:
    return TypeAdapter(kind).validate_python(value).model_dump(mode="json", by_alias=True, exclude_none=True)


def test_document_is_read_and_written_as_by_fastapi() -> None:
    """Extensions stay, aliases are the specification's."""
    ours = dump(models.OpenAPI, DOCUMENT)

    assert ours == dump(fastapi.openapi.models.OpenAPI, DOCUMENT)
    assert ours["paths"]["/items/{item_id}"]["get"]["responses"]["x-responses"] == [1]


MODELS = [
    name
    for name, value in vars(fastapi.openapi.models).items()
    if isinstance(value, type) and value.__module__ == fastapi.openapi.models.__name__
]


@pytest.mark.parametrize("name", MODELS)
def test_model_has_the_fields_of_fastapis(name: str) -> None:
    """Documents are built from them by name, in ours and in applications."""
    ours, theirs = getattr(models, name), getattr(fastapi.openapi.models, name)

    if issubclass(theirs, enum.Enum):
        assert [member.value for member in ours] == [member.value for member in theirs]
    elif issubclass(theirs, BaseModel):
        assert {key: field.alias for key, field in ours.model_fields.items()} == {
            key: field.alias for key, field in theirs.model_fields.items()
        }
    else:
        assert set(ours.__annotations__) == set(theirs.__annotations__)


def test_schema_type_is_checked() -> None:
    """A wrong type in `openapi_extra` is found when the document is made, not by its readers."""
    assert models.Schema(type=["string", "null"]).type == ["string", "null"]
    with pytest.raises(ValidationError, match="2 validation errors for Schema"):
        models.Schema(type=True)  # type: ignore[arg-type]
