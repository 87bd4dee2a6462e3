"""From declared values to JSON Schema.

Pydantic describes the type; what a declaration says beside it (title, description, default, examples, deprecation,
extra members) is laid over that here, as pydantic does for the fields of its models.
"""

import copy
from typing import Any

from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema, to_jsonable_python

from routebook._analysis.fields import Mode, ModelField
from routebook._sentinel import UNSET
from routebook.openapi._definitions import PLAIN_TYPES, Definitions

__all__ = ["FieldSchemas", "title_of"]


class FieldSchemas:
    """Describes values for one document, and collects the definitions that their schemas use.

    Args:
        definitions: Of the whole document.
        separates_modes: Whether a model that differs as input and output has two schemas.
    """

    def __init__(self, definitions: Definitions, *, separates_modes: bool) -> None:
        self.definitions = definitions
        self.separates_modes = separates_modes

    def describe(self, field: ModelField, name: str | None = None) -> JsonSchemaValue:
        """The schema of a value that stands alone: a parameter, a body, a response.

        Args:
            field: The value.
            name: What its title is made from, if the declaration has none.

        Raises:
            PydanticInvalidForJsonSchema: JSON Schema has no words for the type.
        """
        schema = self.describe_type(field, with_default=True)
        if "$ref" not in schema or field.field_info.title:
            schema["title"] = field.field_info.title or title_of(name or field.alias)
        return schema

    def describe_type(self, field: ModelField, *, with_default: bool) -> JsonSchemaValue:
        """The schema of a value with what its declaration says, but for a title made from its name."""
        schema = self.definitions.describe(field.adapter.core_schema, self._mode_of(field))
        overlay(schema, field.field_info)
        if with_default:
            self.add_default(schema, field)
        return schema

    def describe_object(self, name: str, fields: dict[str, ModelField]) -> JsonSchemaValue:
        """The schema of an object with the values as members, as of a model with these fields."""
        members = {
            alias: core_schema.model_field(_with_default(field.adapter.core_schema, field), validation_alias=alias)
            for alias, field in fields.items()
        }
        schema = self.definitions.describe_once(core_schema.model_fields_schema(members), "validation")
        for alias, field in fields.items():
            overlay(schema["properties"][alias], field.field_info)
        schema["title"] = name
        return schema

    def add_default(self, schema: JsonSchemaValue, field: ModelField) -> None:
        """Add a default that JSON can hold."""
        default = field.default
        if default is UNSET or default is None or field.field_info.default_factory is not None:
            return  # documents show no null
        if type(default) in PLAIN_TYPES:
            schema["default"] = default
        else:  # pydantic knows how to write it, and warns of one that JSON cannot hold
            described = core_schema.with_default_schema(core_schema.any_schema(), default=default)
            schema.update(self.definitions.describe_once(described, self._mode_of(field)))

    def _mode_of(self, field: ModelField) -> Mode:
        if self.separates_modes or field.mode == "validation" or _computes(field.adapter.core_schema):
            return field.mode
        return "validation"


def title_of(name: str) -> str:
    """A title made from a name.

    >>> title_of("item_id")
    'Item Id'
    """
    return name.title().replace("_", " ")


def overlay(schema: JsonSchemaValue, info: FieldInfo) -> None:
    """Lay what a declaration says over the schema of its type."""
    if info.title:
        schema["title"] = info.title
    if info.description:
        schema["description"] = info.description
    if info.deprecated:
        schema["deprecated"] = True
    if info.examples:
        schema["examples"] = to_jsonable_python(info.examples)
    if callable(info.json_schema_extra):
        own = copy.deepcopy(schema)  # it may change whatever it likes
        info.json_schema_extra(own)
        schema.clear()
        schema.update(own)
    elif info.json_schema_extra:
        schema.update(to_jsonable_python(info.json_schema_extra))


def _with_default(schema: CoreSchema, field: ModelField) -> CoreSchema:
    info = field.field_info
    if info.is_required():
        return schema
    if info.default_factory is not None:
        return core_schema.with_default_schema(schema, default_factory=info.default_factory)
    return core_schema.with_default_schema(schema, default=info.default)


def _computes(schema: Any) -> bool:
    """Whether a computed field stands anywhere in a core schema: such a field exists in output only."""
    if isinstance(schema, dict):
        return bool(schema.get("computed_fields")) or any(
            _computes(value) for key, value in schema.items() if key not in ("metadata", "default")
        )
    return isinstance(schema, list | tuple) and any(map(_computes, schema))
