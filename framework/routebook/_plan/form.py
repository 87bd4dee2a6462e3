"""How a form's fields become values: texts, files, and models made of them.

Browsers send every field of a form: a text that was not filled in as an empty one, a file that was not chosen as an
empty file without a name. Both count as not sent, so that defaults hold; items of a list are kept.
"""

from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_plus

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import Request
from starlette.types import Message, Receive, Scope

from routebook import params
from routebook._analysis.dependant import Parameter
from routebook._analysis.shapes import is_bytes, is_bytes_sequence, is_sequence
from routebook._plan.extract import Pick, Reader, Sent, gather
from routebook._plan.models import ModelReader, UnionReader
from routebook._plan.received import BODY_KEY, FORM_KEY
from routebook._sentinel import UNSET
from routebook.datastructures import FormLimits
from routebook.exceptions import HTTPException

_DEFAULT_LIMITS = FormLimits()


def _limits_of(scope: Scope) -> FormLimits:
    """The application's, which need not be Routebook's."""
    limits: FormLimits = getattr(scope.get("app"), "form_limits", _DEFAULT_LIMITS)
    return limits


def is_placeholder(value: Any) -> bool:
    """Whether it is what a browser sends for a file input without a file (HTML, constructing the entry list)."""
    return isinstance(value, UploadFile) and not value.filename and not value.size


def take_field(sent: Any) -> Any:
    """The last value of a field, unless it was left empty."""
    value = sent[-1] if isinstance(sent, list) and sent else sent
    return UNSET if value == "" or is_placeholder(value) else value


def take_fields(sent: Any) -> Any:
    """All values of a field, without the files that were not chosen."""
    if isinstance(sent, list):
        items = [item for item in sent if not is_placeholder(item)]
        return items if items or not sent else UNSET
    if is_placeholder(sent):
        return UNSET
    # anything else was put there by a validator
    return [sent] if isinstance(sent, str | UploadFile) else sent


def choose_field_pick(annotation: Any) -> Pick:
    """How a value of a type is picked from what a form sends under one name."""
    return take_fields if is_sequence(annotation) else take_field


class FormReader(Reader):
    """Reads a parameter from a form's fields."""

    __slots__ = ()

    @property
    def is_plain(self) -> bool:
        return False


class FileReader(FormReader):
    """Reads a parameter that wants the content of uploaded files."""

    __slots__ = ()

    is_async = True

    async def read(self, sent: Sent) -> Any:
        value, _ = self.find(sent)
        if value is UNSET:
            return super().read(sent)
        if isinstance(value, list):
            return self.validate([await _content(item) for item in value])
        return self.validate(await _content(value))


async def _content(value: Any) -> Any:
    """What is left to read of a file, which stays where it was for who reads it next; a text as it is."""
    if not isinstance(value, UploadFile):
        return value
    position = value.file.tell()
    try:
        return await value.read()
    finally:
        await value.seek(position)


def make_form_reader(parameter: Parameter) -> Reader:
    """The reader of a parameter from a form."""
    info, declared = parameter.field.field_info, parameter.field.declared_type
    models = parameter.field.models if isinstance(info, params.Form) else ()
    if models:
        return (ModelReader if len(models) == 1 else UnionReader)(parameter, choose_field_pick)
    is_content = isinstance(info, params.File) and (is_bytes(declared) or is_bytes_sequence(declared))
    return (FileReader if is_content else FormReader)(parameter, choose_field_pick(declared))


Fields = list[tuple[str, str | UploadFile]]
Form = FormData | Fields
"""A form as it was received; the texts of an urlencoded one need no closing."""


async def read_form(request: Request) -> tuple[Form, Sent]:
    """The form of a request that others see too, to be closed by who asked, and its fields by name.

    Raises:
        HTTPException: 400, it cannot be read as the form that it is declared to be, or the client went away.
    """
    try:
        form = await request.form(**_limits_of(request.scope)._asdict())
    except StarletteHTTPException:
        raise
    except Exception as error:  # whatever a parser or a codec says about the client's bytes
        raise HTTPException(400, "There was an error parsing the body") from error
    return form, gather(form.multi_items())


async def receive_form(scope: Scope, receive: Receive) -> tuple[Form, Sent]:
    """`read_form` without a request object: an urlencoded form that came in one message is taken apart at once.

    What comes in pieces may be long; Starlette's parsers keep their limits as it comes.

    Raises:
        HTTPException: 400, it cannot be read as the form that it is declared to be.
    """
    if not _is_urlencoded(scope["headers"]):
        return await _parse_form(Request(scope, receive))
    limits = _limits_of(scope)
    message = await receive()
    body = message.get("body", b"")
    if message["type"] != "http.request" or message.get("more_body", False) or len(body) > limits.max_part_size:
        return await _parse_form(Request(scope, _replaying(message, receive)))
    scope[BODY_KEY] = body
    fields = parse_form(body, limits.max_fields)
    return fields, gather(fields)


async def _parse_form(request: Request) -> tuple[Form, Sent]:
    """`read_form` for nobody else, who may ask for the form later."""
    form, sent = await read_form(request)
    request.scope[FORM_KEY] = form
    return form, sent


async def close_form(form: Form) -> None:
    """Close the files of a form."""
    if isinstance(form, FormData):
        await form.close()


def form_data(form: Form) -> FormData:
    """A form as people know it."""
    return form if isinstance(form, FormData) else FormData(form)


def parse_form(body: bytes, max_fields: int) -> Fields:
    """The fields of an urlencoded form, as Starlette's parser reads them (WHATWG URL §5.1).

    Raises:
        HTTPException: 400, there are too many of them.
    """
    parts = [part for part in body.decode("latin-1").split("&") if part]
    if len(parts) > max_fields:
        raise HTTPException(400, f"Too many fields. Maximum number of fields is {max_fields}.")
    return [(unquote_plus(name), unquote_plus(value)) for part in parts for name, _, value in (part.partition("="),)]


def _is_urlencoded(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    for name, value in headers:
        if name == b"content-type":
            return value.partition(b";")[0].strip().lower() == b"application/x-www-form-urlencoded"
    return False


def _replaying(message: Message, receive: Receive) -> Receive:
    """A `receive` that gives a message again before all others."""
    first = [message]

    async def replay() -> Message:
        return first.pop() if first else await receive()

    return replay
