"""From JSON bytes to validated objects in one step of pydantic-core, where that gives the very same result.

The other way (`json.loads`, then `validate_python`) is FastAPI's, and so the one that decides. They agree unless the
schema tells the two inputs apart (strict types, types that are read differently from JSON), or counts how often it
is used: a body that is refused the first way is read again the other way, for the words of the errors are different.
So code that a person wrote (validators, default factories) is in no schema that is read directly.
"""

from collections.abc import Callable, Iterable
from typing import Any

from pydantic import ValidationError

from routebook._analysis.fields import ModelField
from routebook._plan.body import BodyReader, decode_json, has_huge_number, is_json_type
from routebook.exceptions import EndpointContext

JsonReader = Callable[[bytes, Iterable[tuple[bytes, bytes]]], Any]

_SAFE_IN_UNIONS = frozenset(
    "none bool int float str literal list dict nullable default model model-fields model-field typed-dict "
    "typed-dict-field definitions definition-ref union".split()
)
"""In a union pydantic first looks for the type that fits strictly; these are as strict about JSON as about Python."""

_SAFE = _SAFE_IN_UNIONS | frozenset(
    "any date time datetime uuid enum tuple set frozenset dataclass dataclass-args dataclass-field tagged-union".split()
)

_HARMLESS_FACTORIES = (list, dict, set, frozenset, tuple)

_NESTED = frozenset(
    "schema schemas fields items_schema keys_schema values_schema extras_schema choices definitions".split()
)
"""The keys of a schema under which schemas are found."""


def reads_json_directly(field: ModelField) -> bool:
    """Whether `validate_json` gives what `validate_python(json.loads(…))` gives, for every body that it accepts."""
    return _is_safe(field.adapter.core_schema, _SAFE)


def _is_safe(schema: Any, safe: frozenset[str]) -> bool:
    if isinstance(schema, list | tuple):
        return all(_is_safe(item, safe) for item in schema)
    if not isinstance(schema, dict):
        return True
    kind = schema.get("type")
    if not isinstance(kind, str):  # fields or choices by name
        return all(_is_safe(item, safe) for item in schema.values())
    if kind not in safe or _runs_code(schema) or _tells_modes_apart(schema):
        return False
    inside = _SAFE_IN_UNIONS if kind == "union" else safe
    return all(_is_safe(value, inside) for key, value in schema.items() if key in _NESTED)


def _runs_code(schema: dict[str, Any]) -> bool:
    """Whether something that a person wrote runs while validating."""
    factory = schema.get("default_factory")
    is_called = callable(schema.get("discriminator")) or bool(schema.get("post_init") or schema.get("custom_init"))
    return is_called or (factory is not None and factory not in _HARMLESS_FACTORIES)


def _tells_modes_apart(schema: dict[str, Any]) -> bool:
    config = schema.get("config") or {}
    return bool(schema.get("strict") or config.get("strict") or config.get("val_json_bytes"))


def make_json_reader(reader: BodyReader, *, is_strict: bool, context: EndpointContext) -> JsonReader:
    """A function from a body's bytes and the request's headers to the parameter's value.

    It raises what `Reader.read` raises, and what `decode_json` raises; only bodies that pydantic-core refuses are
    read a second time, the slow way, which decides.
    """
    validate_json = reader.field.validator.validate_json

    def read_json(body: bytes, headers: Iterable[tuple[bytes, bytes]]) -> Any:
        if body and is_json_type(headers, is_strict) and not has_huge_number(body):
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
