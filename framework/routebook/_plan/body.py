"""How a request's body becomes values: what kind of body it is, and JSON as one value or as several by name."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from routebook import params
from routebook._analysis.dependant import Dependant, Parameter
from routebook._analysis.fields import missing_error
from routebook._plan.extract import Reader, take_as_is
from routebook._plan.form import make_form_reader
from routebook._sentinel import UNSET
from routebook.exceptions import EndpointContext, HTTPException, RequestValidationError

_HUGE = 309  # digits of the least integer beyond the range of a double
_HUGE_NUMBER = re.compile(rb"[0-9]{%d}" % _HUGE)
_DIGITS = b"0123456789"

BodyKind = Literal["none", "json", "form"]


@dataclass(frozen=True, slots=True)
class BodyShape:
    """What the body of a whole tree looks like: `is_embedded` when it is an object with one member a parameter."""

    kind: BodyKind
    parameters: tuple[Parameter, ...] = ()
    is_embedded: bool = False

    @property
    def media_type(self) -> str:
        """The request's media type; files want multipart."""
        infos = [parameter.field.field_info for parameter in self.parameters]
        for info in infos:
            if isinstance(info, params.File):
                return info.media_type
        bodies = [info for info in infos if isinstance(info, params.Body)]
        return bodies[0].media_type if bodies else "application/json"


def shape_body(dependant: Dependant) -> BodyShape:
    """Tell a tree's body; parameters of one name share one member."""
    parameters = {parameter.name: parameter for parameter in dependant.iter_parameters() if parameter.is_body}
    if not parameters:
        return BodyShape("none")
    distinct = tuple(parameters.values())
    is_form = any(parameter.source in ("form", "file") for parameter in distinct)
    return BodyShape("form" if is_form else "json", distinct, _is_embedded(distinct))


def _is_embedded(parameters: tuple[Parameter, ...]) -> bool:
    first = parameters[0]
    info = first.field.field_info
    if len(parameters) > 1 or getattr(info, "embed", None):
        return True
    return isinstance(info, params.Form) and not first.field.models


class BodyReader(Reader):
    """Reads a parameter from a JSON body: the whole of it, or one member."""

    __slots__ = ("_is_embedded",)

    def __init__(self, parameter: Parameter, *, is_embedded: bool) -> None:
        super().__init__(parameter, take_as_is)
        self._is_embedded = is_embedded

    @property
    def is_plain(self) -> bool:
        return False

    def find(self, body: Any) -> tuple[Any, str]:
        if not self._is_embedded:
            return body, self.field.name
        return super().find(body) if isinstance(body, dict) else (UNSET, self.names[0])

    def read(self, body: Any) -> Any:
        if self._is_no_object(body):
            raise KeyError(self.names[0])
        return super().read(body)

    def explain(self, error: KeyError | ValidationError, body: Any) -> list[dict[str, Any]]:
        if self._is_no_object(body):
            return [missing_error(self.location(self.names[0]))]
        return super().explain(error, body)

    def location(self, name: str) -> tuple[str | int, ...]:
        return (self.source, name) if self._is_embedded else (self.source,)

    def _is_no_object(self, body: Any) -> bool:
        """JSON that is no object has no members, so no default holds either; what is no JSON counts as not sent."""
        return self._is_embedded and body is not UNSET and not isinstance(body, dict | bytes)


def make_body_reader(parameter: Parameter, shape: BodyShape) -> Reader:
    """The reader of a parameter from the body."""
    if shape.kind == "form":
        return make_form_reader(parameter)
    return BodyReader(parameter, is_embedded=shape.is_embedded)


async def read_body(receive: Receive) -> bytes:
    """The request's whole body (ASGI `http.request`).

    Raises:
        HTTPException: 400, the client went away before all of it came: nobody is left to tell, and it is no failure.
    """
    message = await receive()
    body: bytes = message.get("body", b"")
    if message["type"] == "http.request" and not message.get("more_body", False):
        return body
    chunks = [body]
    while message["type"] == "http.request" and message.get("more_body", False):
        message = await receive()
        chunks.append(message.get("body", b""))
    if message["type"] == "http.disconnect":
        raise HTTPException(status_code=400, detail="There was an error parsing the body") from ClientDisconnect()
    return b"".join(chunks)


def is_json_type(headers: Iterable[tuple[bytes, bytes]], is_strict: bool) -> bool:
    """Whether the body is declared to be JSON (RFC 8259 §11, RFC 6839 §3.1); undeclared it is only when not strict."""
    for name, value in headers:
        if name == b"content-type" and value:
            media_type = value.partition(b";")[0].strip().lower()
            return media_type == b"application/json" or (
                media_type.startswith(b"application/") and media_type.endswith(b"+json")
            )
    return not is_strict


def load_json(body: bytes) -> Any:
    """What `json.loads` gives.

    Half of a surrogate pair (RFC 8259 §8.2) is refused: it is no text, and could be neither stored nor sent back.

    Raises:
        ValueError: It is no JSON, or no text.
    """
    value = json.loads(body)
    if b"\\u" in body or b"\xed" in body:  # an escape, or the first byte of a surrogate in UTF-8
        json.dumps(value, ensure_ascii=False).encode()
    return value


def has_huge_number(body: bytes) -> bool:
    """Whether the body may hold a number too big for a float, which pydantic-core takes for infinity in JSON only.

    Such a run of digits covers every 309th byte somewhere: few bytes of a long body are looked at.
    """
    return len(body) >= _HUGE and any(
        body[position] in _DIGITS and _HUGE_NUMBER.search(body, position - _HUGE + 1, position + _HUGE)
        for position in range(_HUGE - 1, len(body), _HUGE)
    )


def decode_json(body: bytes, headers: Iterable[tuple[bytes, bytes]], is_strict: bool, context: EndpointContext) -> Any:
    """The body's JSON value; `UNSET` when there is no body, the bytes as they are when they are not declared as JSON.

    Raises:
        RequestValidationError: It is not JSON (RFC 8259); `loc` gives the position.
        HTTPException: 400, it cannot even be read as text.
    """
    if not body:
        return UNSET
    if not is_json_type(headers, is_strict):
        return body
    try:
        return load_json(body)
    except json.JSONDecodeError as error:
        raise RequestValidationError(
            [
                {
                    "type": "json_invalid",
                    "loc": ("body", error.pos),
                    "msg": "JSON decode error",
                    "input": {},
                    "ctx": {"error": error.msg},
                }
            ],
            body=error.doc,
            endpoint_ctx=context,
        ) from error
    except Exception as error:
        raise HTTPException(status_code=400, detail="There was an error parsing the body") from error
