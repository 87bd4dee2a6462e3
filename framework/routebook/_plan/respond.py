"""How an endpoint's result becomes a response."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from json.encoder import c_make_encoder, encode_basestring  # type: ignore[attr-defined]  # CPython's accelerator
from typing import Any

from pydantic import ValidationError
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, Response

from routebook._analysis.fields import ModelField, located_errors
from routebook.encoders import jsonable_encoder
from routebook.exceptions import EndpointContext, ResponseValidationError
from routebook.types import IncEx

Dump = Callable[[Any], bytes]


@dataclass(frozen=True, slots=True)
class ResponseShape:
    """What a route declares of its response."""

    response_class: type[Response]
    is_default_class: bool  # nobody named a class: JSON goes from objects to bytes directly
    status_code: int | None = None
    field: ModelField | None = None
    include: IncEx | None = None
    exclude: IncEx | None = None
    by_alias: bool = True
    exclude_unset: bool = False
    exclude_defaults: bool = False
    exclude_none: bool = False

    @property
    def is_direct_json(self) -> bool:
        """Whether generated code may write the JSON and its headers itself."""
        return self.is_default_class and self.response_class is JSONResponse

    @property
    def options(self) -> dict[str, Any]:
        return {
            "include": self.include,
            "exclude": self.exclude,
            "by_alias": self.by_alias,
            "exclude_unset": self.exclude_unset,
            "exclude_defaults": self.exclude_defaults,
            "exclude_none": self.exclude_none,
        }

    @property
    def media_type(self) -> str | None:
        return self.response_class.media_type


def is_body_allowed(status_code: int | None) -> bool:
    """Whether a response of this status may have content (RFC 9110 §6.4.1, §15.3.5, §15.4.5)."""
    return status_code is None or not (status_code < 200 or status_code in (204, 205, 304))


def make_dump(shape: ResponseShape, context: EndpointContext) -> Dump:
    """A function from an endpoint's result to JSON bytes.

    Raises:
        ResponseValidationError: The result does not fit the response model; `loc` starts with "response".
    """
    if shape.field is None:
        return dump_json
    validate = shape.field.validate_value
    options = {name: value for name, value in shape.options.items() if value not in (None, False)}
    write: Callable[..., bytes] = shape.field.serializer.to_json
    to_json = partial(write, **options)

    def dump(result: Any) -> bytes:
        try:
            valid = validate(result, from_attributes=True)
        except ValidationError as error:
            raise _unfit(result, error, context) from error
        return to_json(valid)

    return dump


def make_encode(shape: ResponseShape, context: EndpointContext) -> Callable[[Any], Any]:
    """A function from an endpoint's result to what a response class takes as content.

    Raises:
        ResponseValidationError: As of `make_dump`.
    """
    if shape.field is None:
        return jsonable_encoder
    validate = shape.field.validate_value
    convert: Callable[..., Any] = shape.field.serializer.to_python
    to_python = partial(convert, mode="json", **shape.options)

    def encode(result: Any) -> Any:
        try:
            valid = validate(result, from_attributes=True)
        except ValidationError as error:
            raise _unfit(result, error, context) from error
        return to_python(valid)

    return encode


def _unfit(result: Any, error: ValidationError, context: EndpointContext) -> ResponseValidationError:
    return ResponseValidationError(located_errors(error, ("response",)), body=result, endpoint_ctx=context)


_SLOW_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=jsonable_encoder)
_write: Callable[[Any, Any], Iterable[str]] = (
    c_make_encoder(None, jsonable_encoder, encode_basestring, None, ":", ",", False, False, False)
    if c_make_encoder is not None
    else _SLOW_ENCODER.iterencode
)


def dump_json(result: Any) -> bytes:
    """JSON bytes of any object: what `JSONResponse(jsonable_encoder(result))` would send, in one pass where possible.

    Raises:
        ValueError: A float is not finite (RFC 8259 §6 has no such numbers), or the object refers to itself.
    """
    try:
        body = "".join(_write(result, 0)).encode()
    except (TypeError, RecursionError):
        return _dump_carefully(result)  # keys that JSON has not, or a cycle: the encoder says it better
    return _dump_carefully(result) if b'"_sa' in body else body  # SQLAlchemy's own attributes are left out


def _dump_carefully(result: Any) -> bytes:
    encoded = jsonable_encoder(result)
    return json.dumps(encoded, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


class RenderedJSONResponse(JSONResponse):
    """A JSON response whose content is JSON already."""

    def render(self, content: bytes) -> bytes:
        return content


Respond = Callable[[Any, Response | None, BackgroundTask | None], Response]


def make_respond(shape: ResponseShape, context: EndpointContext) -> Respond:
    """A function from an endpoint's result, the injected response and the background tasks to the final response."""
    if shape.is_direct_json:
        response_class: type[Response] = RenderedJSONResponse
        encode: Callable[[Any], Any] = make_dump(shape, context)
    else:
        response_class, encode = shape.response_class, make_encode(shape, context)

    def respond(result: Any, injected: Response | None, background: BackgroundTask | None) -> Response:
        if isinstance(result, Response):
            if result.background is None:
                result.background = background
            return result
        status = (injected.status_code if injected is not None else None) or shape.status_code
        arguments: dict[str, Any] = {} if status is None else {"status_code": status}
        response = response_class(encode(result), background=background, **arguments)
        if not is_body_allowed(response.status_code):
            response.body = b""
            del response.headers["content-length"]
        if injected is not None:
            response.headers.raw.extend(injected.headers.raw)
        return response

    return respond
