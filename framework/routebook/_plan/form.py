"""How a form's fields become values: texts, files, and models made of them.

Browsers send every field of a form: a text that was not filled in as an empty one, a file that was not chosen as an
empty file without a name. Both count as not sent, so that defaults hold; items of a list are kept.
"""

from typing import Any

from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from routebook import params
from routebook._analysis.dependant import Parameter
from routebook._analysis.shapes import is_bytes, is_bytes_sequence, is_sequence, models_of
from routebook._plan.extract import Pick, Reader, Sent, gather
from routebook._plan.models import ModelReader, UnionReader
from routebook._sentinel import UNSET


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
        value, name = self.find(sent)
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
    models = models_of(declared) if isinstance(info, params.Form) else ()
    if models:
        return (ModelReader if len(models) == 1 else UnionReader)(parameter, choose_field_pick)
    is_content = isinstance(info, params.File) and (is_bytes(declared) or is_bytes_sequence(declared))
    return (FileReader if is_content else FormReader)(parameter, choose_field_pick(declared))


async def read_form(request: Request) -> tuple[FormData, Sent]:
    """A request's form, to be closed by who asked, and its fields by name.

    Raises:
        HTTPException: 400, it cannot be read as the form that it is declared to be.
    """
    form = await request.form()
    return form, gather(form.multi_items())
