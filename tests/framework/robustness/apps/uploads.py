"""Forms and files: fields, models, lists, one file and several, wanted and optional, as objects and as bytes."""

import datetime as dt
from enum import Enum
from typing import Annotated

from pydantic import BaseModel, Field

from routebook import File, Form, Routebook, UploadFile


class Level(Enum):
    LOW = "low"
    HIGH = "high"


class Profile(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=30)]
    age: Annotated[int, Field(ge=0, le=150)] | None = None
    level: Level = Level.LOW
    tags: list[str] = []
    born: dt.date | None = None


class Strict(BaseModel):
    model_config = {"extra": "forbid"}

    code: Annotated[str, Field(pattern="^[a-z]{2,4}$")]
    ratio: Annotated[float, Field(allow_inf_nan=False)] = 0.5


class Received(BaseModel):
    name: str | None
    size: int


app = Routebook(title="Uploads", responses={400: {"description": "The form cannot be read"}})


@app.post("/fields")
async def fields(
    name: Annotated[str, Form(min_length=2)],
    count: Annotated[int, Form(ge=0)] = 0,
    agreed: Annotated[bool, Form()] = False,
    levels: Annotated[list[Level] | None, Form()] = None,
) -> dict[str, int | bool]:
    return {"count": count, "agreed": agreed, "levels": len(levels or ())}


@app.post("/profile")
async def profile(profile: Annotated[Profile, Form()]) -> Profile:
    return profile


@app.post("/strict")
def strict(strict: Annotated[Strict, Form()]) -> Strict:
    return strict


@app.post("/file")
async def one(file: UploadFile) -> Received:
    return Received(name=file.filename, size=len(await file.read()))


@app.post("/files")
async def several(files: list[UploadFile], note: Annotated[str, Form()] = "") -> list[Received]:
    return [Received(name=file.filename, size=file.size or 0) for file in files]


@app.post("/bytes")
def content(data: Annotated[bytes, File(max_length=100)]) -> Received:
    return Received(name=None, size=len(data))


@app.post("/optional")
async def optional(
    file: Annotated[UploadFile | None, File()] = None,
    several: Annotated[list[bytes] | None, File()] = None,
    title: Annotated[str | None, Form(max_length=10)] = None,
) -> dict[str, bool]:
    return {"file": file is not None, "several": several is not None, "title": title is not None}
