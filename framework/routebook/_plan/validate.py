"""From JSON bytes to validated objects in one step of pydantic-core, where that gives the very same result.

The other way (`json.loads`, then `validate_python`) is FastAPI's, and so the one that decides. They agree unless the
schema tells the two inputs apart: strict types, functions that are told the mode, types read differently from JSON.
"""

from collections.abc import Callable, Iterable
from typing import Any

from pydantic import ValidationError
from pydantic_core import CoreSchema

from routebook._analysis.fields import ModelField
from routebook._plan.body import BodyReader, decode_json, is_json_type
from routebook.exceptions import EndpointContext

JsonReader = Callable[[bytes, Iterable[tuple[bytes, bytes]]], Any]

_SAFE_TYPES = frozenset(
    "any none bool int float str date time datetime uuid literal enum list tuple set frozenset dict nullable default "
    "model model-fields model-field typed-dict typed-dict-field dataclass dataclass-args dataclass-field "
    "definitions definition-ref function-before function-after function-wrap function-plain tagged-union".split()
)
_SAFE_IN_UNIONS = frozenset("none bool int float str nullable model definition-ref list dict".split())


def reads_json_directly(field: ModelField) -> bool:
    """Whether `validate_json` gives what `validate_python(json.loads(…))` gives, for every body that it accepts."""
    return _is_safe(field.adapter.core_schema)


def _is_safe(schema: Any) -> bool:
    if isinstance(schema, list | tuple):
        return all(map(_is_safe, schema))
    if not isinstance(schema, dict):
        return True
    kind = schema.get("type")
    if isinstance(kind, str) and "type" in schema:
        if kind == "union":
            return _is_safe_union(schema)
        if kind not in _SAFE_TYPES or schema.get("strict"):
            return False
    function = schema.get("function")
    if isinstance(function, dict) and function.get("type") != "no-info":
        return False
    if _has_mode_config(schema.get("config")):
        return False
    return all(_is_safe(value) for key, value in schema.items() if key in _NESTED)


_NESTED = frozenset(
    ("schema", "schemas", "fields", "items_schema", "keys_schema", "values_schema", "choices", "definitions")
)


def _is_safe_union(schema: CoreSchema) -> bool:
    choices = [choice[0] if isinstance(choice, tuple) else choice for choice in schema.get("choices", ())]  # type: ignore[attr-defined]
    return all(choice.get("type") in _SAFE_IN_UNIONS and _is_safe(choice) for choice in choices)


def _has_mode_config(config: Any) -> bool:
    return bool(config) and bool(config.get("strict") or config.get("val_json_bytes"))


def make_json_reader(reader: BodyReader, *, is_strict: bool, context: EndpointContext) -> JsonReader:
    """A function from a body's bytes and the request's headers to the parameter's value.

    It raises what `Reader.read` raises, and what `decode_json` raises; only bodies that pydantic-core refuses are
    read a second time, the slow way, which decides.
    """
    validate_json = reader.field.validator.validate_json

    def read_json(body: bytes, headers: Iterable[tuple[bytes, bytes]]) -> Any:
        if body and is_json_type(headers, is_strict):
            try:
                return validate_json(body)
            except ValidationError:
                pass
        value = decode_json(body, headers, is_strict, context)
        return reader.read(value)

    return read_json if reads_json_directly(reader.field) else _slow_reader(reader, is_strict, context)


def _slow_reader(reader: BodyReader, is_strict: bool, context: EndpointContext) -> JsonReader:
    def read_json(body: bytes, headers: Iterable[tuple[bytes, bytes]]) -> Any:
        return reader.read(decode_json(body, headers, is_strict, context))

    return read_json
