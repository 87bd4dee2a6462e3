"""Random models and bodies: status, values and error items are FastAPI's."""

import json
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from types import ModuleType
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AfterValidator, AliasChoices, BaseModel, ConfigDict, Field, create_model

import routebook
from tests.framework.beside import EMPTY, Request, applications, ask, assert_alike, endpoint_of


class Colour(Enum):
    RED = "red"
    ONE = 1


SCALARS: tuple[Any, ...] = (
    str,
    int,
    float,
    bool,
    date,
    datetime,
    UUID,
    Decimal,
    bytes,
    Colour,
    Literal["a", 1],
    Any,
    Annotated[int, Field(gt=1)],
    Annotated[str, Field(min_length=2)],
    Annotated[int, Field(strict=True)],
    Annotated[str, AfterValidator(str.upper)],
)

TEXTS = (
    *('""', '"1"', '"a"', '"ab"', '"red"', '"2024-02-29"', '"2024-02-29T10:00:00Z"', '"true"', '"1.5"', '"é"'),
    *("0", "1", "2", "-1", "1.0", "1.5", "1e2", "1e400", "NaN", "-Infinity", "9" * 25, "1" * 309, "0.1"),
    *("true", "false", "null", "[]", "{}", "[1]", '["a"]', '{"a":1}', '{"a":1,"a":2}', '{"f":{"f":1}}', "[[1],[2]]"),
    *('"12345678-1234-5678-1234-567812345678"', '"\\u00e9"', "01", "tru", "[1,]", '{"a"}', ""),
)


@st.composite
def models(draw: st.DrawFn, types: st.SearchStrategy[Any]) -> Any:
    fields: dict[str, Any] = {}
    for name in draw(st.lists(st.sampled_from(("a", "b_c", "f")), min_size=1, max_size=3, unique=True)):
        alias = draw(st.sampled_from(({}, {}, {"alias": "x"}, {"validation_alias": AliasChoices("y", "z")})))
        fields[name] = (draw(types), Field(draw(st.sampled_from((..., ..., None))), **alias))
    config = draw(
        st.sampled_from(
            (
                ConfigDict(),
                ConfigDict(extra="forbid"),
                ConfigDict(extra="allow", populate_by_name=True),
                ConfigDict(str_strip_whitespace=True),
                ConfigDict(strict=True),
            )
        )
    )
    return create_model("Model", __config__=config, **fields)


def _containers(types: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        models(types),
        types.map(lambda inner: list[inner]),  # type: ignore[valid-type]
        types.map(lambda inner: dict[str, inner]),  # type: ignore[valid-type]
        types.map(lambda inner: inner | None),
        st.tuples(types, types).map(lambda both: both[0] | both[1]),
        st.sampled_from((set[int], tuple[int, str], tuple[int, ...], frozenset[str])),
    )


types = st.recursive(st.sampled_from(SCALARS), _containers, max_leaves=5)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    def grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        names = st.sampled_from(("a", "b_c", "f", "x", "y", "z", "v", "w"))
        members = st.lists(st.tuples(names, inner), max_size=4)
        return st.one_of(
            st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
            members.map(lambda pairs: "{" + ",".join(f"{json.dumps(name)}: {item}" for name, item in pairs) + "}"),
        )

    return draw(st.recursive(st.sampled_from(TEXTS), grow, max_leaves=6)).encode()


def _app(web: ModuleType, parameters: list[tuple[str, Any, dict[str, Any], Any]]) -> Any:
    app = web.FastAPI()
    declared = [(name, Annotated[kind, web.Body(**options)], default) for name, kind, options, default in parameters]
    app.post("/")(endpoint_of(declared))
    return app


@settings(max_examples=100)
@given(types, st.booleans(), st.sampled_from((EMPTY, None)), st.lists(bodies(), min_size=1, max_size=8))
def test_one_body_is_read_as_fastapi_reads_it(kind: Any, embed: bool, default: Any, sent: list[bytes]) -> None:
    """The body of one parameter goes from bytes to objects directly where it can; nobody may notice."""
    ours, theirs = applications(lambda web: _app(web, [("v", kind, {"embed": embed}, default)]))
    for body in sent:
        assert_alike(ours, theirs, Request.of_json(body))


@settings(max_examples=50)
@given(
    st.lists(types, min_size=2, max_size=3),
    st.lists(st.sampled_from((EMPTY, None)), min_size=3, max_size=3),
    st.lists(bodies(), min_size=1, max_size=6),
)
def test_several_bodies_are_read_as_fastapi_reads_them(
    kinds: list[Any], defaults: list[Any], sent: list[bytes]
) -> None:
    """Several body parameters are members of one object, by name or alias."""
    options: list[dict[str, Any]] = [{}, {"alias": "x"}, {"validation_alias": AliasChoices("y", "z")}]
    parameters = list(zip(("v", "w", "f"), kinds, options, defaults, strict=False))
    ours, theirs = applications(lambda web: _app(web, parameters))
    for body in sent:
        assert_alike(ours, theirs, Request.of_json(body))


class Item(BaseModel):
    a: int


CONTENT_TYPES = (
    b"application/json",
    b"APPLICATION/JSON; charset=utf-8",
    b"application/problem+json",
    b"application/jsonp",
    b"text/json",
    b"text/plain",
    b"application/x-www-form-urlencoded",
    b"",
)


@pytest.mark.parametrize("is_strict", [True, False])
@pytest.mark.parametrize("content_type", [*CONTENT_TYPES, None])
def test_a_body_counts_as_json_when_it_is_declared_so(content_type: bytes | None, is_strict: bool) -> None:
    """A page of another site can send a body of JSON without saying so; strict, it isn't taken for JSON."""

    def build(web: ModuleType) -> Any:
        app = web.FastAPI(strict_content_type=is_strict)
        app.post("/item")(endpoint_of([("item", Item, EMPTY)]))
        app.post("/text")(endpoint_of([("text", Annotated[bytes, web.Body()], EMPTY)]))
        app.post("/both")(endpoint_of([("item", Item, EMPTY), ("n", Annotated[int, web.Body()], 1)]))
        return app

    ours, theirs = applications(build)
    headers = [] if content_type is None else [(b"content-type", content_type)]
    for path in ("/item", "/text", "/both"):
        for body in (b"", b'{"a": 1}', b'{"item": {"a": 1}}', b"null", b"abc", b'"abc"'):
            request = Request("POST", path, headers=headers, body=body)
            assert_alike(ours, theirs, request)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("{}".encode("utf-16"), id="utf-16"),
        pytest.param(b'\xef\xbb\xbf{"a": 1}', id="byte order mark"),
        pytest.param(b'{"a": \xff}', id="no utf-8"),
        pytest.param(b'{"a": 1} x', id="more after it"),
        pytest.param(b'{"a": ' * 5000, id="deep"),
        pytest.param(b"[" * 900 + b"]" * 900, id="deep and closed"),
        pytest.param(b'{"a": ' + b"1" * 5000 + b"}", id="a number of 5000 digits"),
        pytest.param(b'{"a": "' + b"1" * 5000 + b'"}', id="a text of 5000 digits"),
    ],
)
def test_unusual_json_is_answered_as_fastapi_answers_it(body: bytes) -> None:
    """What one parser refuses and the other takes is decided by `json.loads`."""

    def build(web: ModuleType) -> Any:
        app = web.FastAPI()
        app.post("/item")(endpoint_of([("item", Item, EMPTY)]))
        app.post("/any")(endpoint_of([("any", Annotated[Any, web.Body()], EMPTY)]))
        app.post("/list")(endpoint_of([("list", list[float], EMPTY)]))
        return app

    ours, theirs = applications(build)
    for path in ("/item", "/any", "/list"):
        assert_alike(ours, theirs, Request.of_json(body, path))


@pytest.mark.parametrize("body", [b'"\xed\xa0\x80"', b'"\\ud800"', b'{"a": "\\udc00"}', b'{"\\ud800": 1}'])
def test_half_of_a_surrogate_pair_is_refused(body: bytes) -> None:
    """FastAPI takes it and fails later; it is no text, and could be neither stored nor sent back."""
    app = routebook.Routebook()
    app.post("/")(endpoint_of([("any", Annotated[Any, routebook.Body()], EMPTY)]))

    assert ask(app, Request.of_json(body)).status == 400
