"""Uploads as a pydantic type, and placeholders."""

import io
from typing import Any

import fastapi
import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.datastructures import UploadFile as StarletteUploadFile

from routebook import UploadFile
from routebook.datastructures import Default, DefaultPlaceholder


def test_upload_is_taken_as_it_is() -> None:
    """Starlette's form parser makes its own class; it passes, and nothing is copied."""
    adapter = TypeAdapter(UploadFile)

    for upload in (StarletteUploadFile(io.BytesIO(b"x")), UploadFile(io.BytesIO(b"x"), filename="f")):
        assert adapter.validate_python(upload) is upload


@pytest.mark.parametrize("value", ["text", b"bytes", 1, None])
def test_what_is_no_upload_is_refused_as_by_fastapi(value: Any) -> None:
    """A form field of the same name may hold text; the error is part of the 422."""
    errors = []
    for kind in (UploadFile, fastapi.UploadFile):
        with pytest.raises(ValidationError) as caught:
            TypeAdapter(kind).validate_python(value)
        errors.append(caught.value.errors(include_url=False, include_context=False))

    assert errors[0] == errors[1]


def test_schema_is_fastapis() -> None:
    """JSON Schema 2020-12: a string of binary data has a media type and no encoding."""

    class Form(BaseModel):
        file: UploadFile
        files: list[UploadFile]

    assert TypeAdapter(UploadFile).json_schema() == TypeAdapter(fastapi.UploadFile).json_schema()
    assert Form.model_json_schema()["properties"]["files"]["items"] == {
        "type": "string",
        "contentMediaType": "application/octet-stream",
    }


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_upload_reads_and_writes(anyio_backend: str) -> None:
    """Async methods on a file that isn't."""
    upload = UploadFile(io.BytesIO(b"data"), size=4, filename="f")

    await upload.seek(4)
    await upload.write(b" and more")
    await upload.seek(0)

    assert await upload.read() == b"data and more"
    assert upload.size == 13
    await upload.close()
    assert upload.file.closed


def test_placeholder_stands_for_its_value() -> None:
    """It is as true as the value, equal to its like, and tells itself apart from the value."""
    assert Default("a") == Default("a")
    assert Default("a") != Default("b")
    assert Default("a") != "a"
    assert not Default("")
    assert isinstance(Default(1), DefaultPlaceholder)
    assert repr(Default(1)) == "Default(1)"
