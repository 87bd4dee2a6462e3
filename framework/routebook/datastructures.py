"""Data structures of requests, and the placeholder for options that were not given."""

from typing import Any, Generic, NamedTuple, TypeVar, cast

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema
from starlette.datastructures import URL, Address, FormData, Headers, QueryParams, State
from starlette.datastructures import UploadFile as StarletteUploadFile

__all__ = [
    "URL",
    "Address",
    "Default",
    "DefaultPlaceholder",
    "FormData",
    "FormLimits",
    "Headers",
    "QueryParams",
    "State",
    "UploadFile",
]

DefaultType = TypeVar("DefaultType")


class UploadFile(StarletteUploadFile):
    """A file sent in a form.

    Pydantic takes it as a field's type: it accepts any upload of Starlette and nothing else. In OpenAPI it is a
    binary string.

    Attributes:
        file: The standard Python file (a `SpooledTemporaryFile`), for code that is not async.
        filename: The name that the client sent.
        size: Bytes, if known.
        headers: The part's headers.
        content_type: The part's media type, as the client sent it.

    `write`, `read`, `seek` and `close` are async; files on disk are read in a worker thread.
    """

    @classmethod
    def _validate(cls, value: Any, _: Any) -> StarletteUploadFile:
        if not isinstance(value, StarletteUploadFile):
            raise ValueError(f"Expected UploadFile, received: {type(value)}")
        return value

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(cls._validate)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        # JSON Schema 2020-12, Validation §8.4: a string without contentEncoding that holds binary data.
        return {"type": "string", "contentMediaType": "application/octet-stream"}


class FormLimits(NamedTuple):
    """What an application takes as a form; the defaults are Starlette's.

    Attributes:
        max_files: Files in a multipart form.
        max_fields: Other fields.
        max_part_size: Bytes of a field that is no file.
    """

    max_files: int = 1000
    max_fields: int = 1000
    max_part_size: int = 1024 * 1024


class DefaultPlaceholder(Generic[DefaultType]):
    """An option's default that a more general level (router, application) may replace.

    Truthy as its value is; equal to another placeholder with an equal value.

    Attributes:
        value: The default itself.
    """

    __slots__ = ("value",)

    def __init__(self, value: DefaultType) -> None:
        self.value = value

    def __bool__(self) -> bool:
        return bool(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DefaultPlaceholder) and bool(self.value == other.value)

    __hash__ = None  # type: ignore[assignment]  # values may be unhashable, and equality follows them

    def __repr__(self) -> str:
        return f"Default({self.value!r})"


def Default(value: DefaultType) -> DefaultType:
    """Mark `value` as a default: typed as the value, it says that nobody gave it."""
    return cast(DefaultType, DefaultPlaceholder(value))
