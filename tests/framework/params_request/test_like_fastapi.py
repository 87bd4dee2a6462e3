"""Random signatures and requests: status, values and error items are FastAPI's."""

import string
from collections import deque
from dataclasses import dataclass
from datetime import date
from enum import Enum
from types import ModuleType
from typing import Annotated, Any, Literal
from urllib.parse import quote
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AfterValidator, AliasChoices, BaseModel, ConfigDict, Field, create_model

from tests.framework.beside import EMPTY, Request, applications, assert_alike, endpoint_of


class Colour(Enum):
    RED = "red"
    ONE = "1"


NAMES = ("a", "b_c", "X-D", "e")
SCALARS: tuple[Any, ...] = (
    str,
    int,
    float,
    bool,
    date,
    UUID,
    Colour,
    Literal["a", "1"],
    int | None,
    str | None,
    int | str,
    Annotated[int, Field(gt=1)],
    Annotated[str, Field(min_length=2, pattern="^[a-z]+$")],
    Annotated[int, AfterValidator(lambda value: value + 1)],
)
SEQUENCES: tuple[Any, ...] = (
    list[str],
    list[int],
    set[int],
    frozenset[str],
    tuple[int, str],
    tuple[int, ...],
    deque[int],
    list[int] | None,
)
TEXTS = ("", "1", "2", "-1", "1.5", "true", "a", "ab", "red", "2024-02-29", "nan", "null", "é", "x" * 20)


@dataclass(frozen=True)
class Declared:
    """One parameter, before a framework's marker is put on it."""

    name: str
    source: str
    type: Any
    options: dict[str, Any]
    default: Any

    def annotation(self, web: ModuleType) -> Any:
        return Annotated[self.type, getattr(web, self.source)(**self.options)]


def types_of(source: str) -> st.SearchStrategy[Any]:
    scalars = st.sampled_from(SCALARS)
    if source == "Path":
        return scalars
    plain = scalars if source == "Cookie" else scalars | st.sampled_from(SEQUENCES)
    return plain | models(plain)


@st.composite
def models(draw: st.DrawFn, types: st.SearchStrategy[Any]) -> Any:
    """A parameter model; optional at times."""
    fields: dict[str, Any] = {}
    for name in draw(st.lists(st.sampled_from(("a", "b_c", "f", "g_h")), min_size=1, max_size=3, unique=True)):
        default = draw(st.sampled_from((..., ..., None)))
        alias = draw(st.sampled_from(({}, {}, {"alias": "b_c"}, {"validation_alias": AliasChoices("X-D", "e")})))
        fields[name] = (draw(types), Field(default, **alias))
    config = draw(
        st.sampled_from(
            (
                ConfigDict(),
                ConfigDict(extra="forbid"),
                ConfigDict(extra="allow"),
                ConfigDict(populate_by_name=True),
                ConfigDict(validate_by_alias=False, validate_by_name=True),
            )
        )
    )
    model = create_model("Model", __config__=config, **fields)
    return draw(st.sampled_from((model, model | None)))


@st.composite
def declarations(draw: st.DrawFn) -> list[Declared]:
    declared = []
    for name in draw(st.lists(st.sampled_from(string.ascii_lowercase[:6]), min_size=1, max_size=4, unique=True)):
        source = draw(st.sampled_from(("Query", "Query", "Header", "Cookie", "Path")))
        options: dict[str, Any] = {}
        kind = draw(types_of(source))
        if source == "Path":
            options["alias"] = draw(st.sampled_from(("p", "q")))
        elif not _is_model(kind):
            options |= draw(
                st.sampled_from(
                    (
                        {},
                        {},
                        {"alias": "X-D"},
                        {"alias": "b_c"},
                        {"validation_alias": "e"},
                        {"validation_alias": AliasChoices("X-D", "e")},
                    )
                )
            )
        if source == "Header":
            options["convert_underscores"] = draw(st.booleans())
        default = EMPTY if source == "Path" else draw(st.sampled_from((EMPTY, None, 7)))
        declared.append(Declared(name, source, kind, options, default))
    return declared


def _is_model(kind: Any) -> bool:
    members = getattr(kind, "__args__", (kind,))
    return any(isinstance(member, type) and issubclass(member, BaseModel) for member in members)


names = st.sampled_from((*NAMES, "f", "g_h", "g-h", "b-c", "c", "d", "host", "x-d"))
pairs = st.lists(st.tuples(names, st.sampled_from(TEXTS)), max_size=6)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    query = "&".join(f"{quote(name)}={quote(value)}" for name, value in draw(pairs))
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in draw(pairs)]
    cookie = "; ".join(f"{name}={value}" for name, value in draw(pairs) if value.isascii())
    if cookie:
        headers.append((b"cookie", cookie.encode()))
    first, second = draw(st.tuples(*[st.sampled_from([text for text in TEXTS if text])] * 2))
    return Request("GET", f"/{first}/{second}", query.encode(), headers)


@settings(max_examples=100)
@given(declarations(), st.lists(requests(), min_size=1, max_size=6))
def test_parameters_of_any_signature_are_read_as_fastapi_reads_them(
    declared: list[Declared], asked: list[Request]
) -> None:
    """Sources, types, aliases, defaults and models together decide what a parameter is; FastAPI is the measure."""

    def build(web: ModuleType) -> Any:
        app = web.FastAPI()
        parameters = [(item.name, item.annotation(web), item.default) for item in declared]
        app.get("/{p}/{q}")(endpoint_of(parameters))
        return app

    ours, theirs = applications(build)
    for request in asked:
        assert_alike(ours, theirs, request)


@pytest.mark.parametrize("source", ["Query", "Header", "Cookie"])
def test_several_models_share_a_source(source: str) -> None:
    """Each model sees all that was sent; what one takes is an extra for another."""

    class Filters(BaseModel):
        model_config = ConfigDict(extra="allow")
        a: str

    class Pages(BaseModel):
        model_config = ConfigDict(extra="forbid")
        e: int = 1

    def build(web: ModuleType) -> Any:
        marker = getattr(web, source)
        app = web.FastAPI()
        parameters = [
            ("one", Annotated[Filters, marker()], EMPTY),
            ("two", Annotated[Pages | None, marker()], None),
            ("e", Annotated[int, marker()], 3),
        ]
        app.get("/")(endpoint_of(parameters))
        return app

    ours, theirs = applications(build)
    for sent in ({}, {"a": "1"}, {"e": "2"}, {"a": "1", "e": "x"}, {"z": "1"}):
        query = "&".join(f"{name}={value}" for name, value in sent.items()) if source == "Query" else ""
        if source == "Cookie":
            headers = [(b"cookie", "; ".join(f"{name}={value}" for name, value in sent.items()).encode())]
        else:
            headers = [(name.encode(), value.encode()) for name, value in sent.items()] if source == "Header" else []
        request = Request("GET", "/", query.encode(), headers)
        assert_alike(ours, theirs, request)
