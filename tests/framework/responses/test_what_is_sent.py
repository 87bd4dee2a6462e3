"""From an endpoint's result to what the client gets: models, statuses, headers, bodies that may not be."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field
from starlette.background import BackgroundTask

from routebook import BackgroundTasks, Depends, Response, Routebook
from routebook._plan.respond import dump_json
from routebook.encoders import jsonable_encoder
from routebook.exceptions import DeclarationError, ResponseValidationError
from routebook.responses import HTMLResponse, JSONResponse, PlainTextResponse
from routebook.testclient import TestClient


class Base(BaseModel):
    name: str
    price: float = 1.0
    note: str | None = None


class Secret(Base):
    password: str


def answer(result: Any, **options: Any) -> Any:
    """What a route with these options answers when its endpoint returns `result`."""
    app = Routebook()
    app.get("/", **options)(lambda: result)
    return TestClient(app).get("/")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"name": "a", "price": 1.0, "note": None}),
        ({"response_model_exclude_unset": True}, {"name": "a"}),
        ({"response_model_exclude_defaults": True}, {"name": "a"}),
        ({"response_model_exclude_none": True}, {"name": "a", "price": 1.0}),
        ({"response_model_include": {"price"}}, {"price": 1.0}),
        ({"response_model_exclude": ["price", "note"]}, {"name": "a"}),
    ],
)
@pytest.mark.parametrize("response_class", [None, JSONResponse])
def test_model_says_what_is_sent(options: dict[str, Any], expected: Any, response_class: Any) -> None:
    """Whether JSON is written directly, or by a class that somebody named."""
    if response_class is not None:
        options = {**options, "response_class": response_class}

    assert answer(Base(name="a"), response_model=Base, **options).json() == expected


def test_result_is_filtered_by_the_model() -> None:
    """A subclass, an object and a dict show no more than the response model declares."""

    @dataclass
    class Row:
        name: str
        password: str

    for result in (Secret(name="a", password="x"), Row("a", "x"), {"name": "a", "password": "x"}):
        assert answer(result, response_model=Base).json() == {"name": "a", "price": 1.0, "note": None}


def test_aliases_are_the_models_unless_refused() -> None:
    """As pydantic's `by_alias`."""

    class Aliased(BaseModel):
        name: str = Field(alias="Name")

    assert answer({"Name": "a"}, response_model=Aliased).json() == {"Name": "a"}
    assert answer({"Name": "a"}, response_model=Aliased, response_model_by_alias=False).json() == {"name": "a"}


@pytest.mark.parametrize("response_class", [None, JSONResponse])
def test_result_that_does_not_fit_is_an_error_of_the_server(response_class: Any) -> None:
    """The exception carries each error, what was returned, and where the endpoint is."""
    app = Routebook()
    options = {} if response_class is None else {"response_class": response_class}

    @app.get("/rows", response_model=list[Base], **options)
    def rows() -> Any:
        return [{"name": "a"}, {"price": "b"}]

    with pytest.raises(ResponseValidationError) as caught:
        TestClient(app).get("/rows")

    assert [error["loc"] for error in caught.value.errors()] == [("response", 1, "name"), ("response", 1, "price")]
    assert caught.value.body == [{"name": "a"}, {"price": "b"}]
    assert "in rows" in str(caught.value)
    assert "GET /rows" in str(caught.value)


def make_background(log: list[str]) -> Any:
    def add(tasks: BackgroundTasks) -> None:
        tasks.add_task(log.append, "from a dependency")

    return Depends(add)


@pytest.mark.parametrize("response_class", [None, PlainTextResponse])
def test_injected_response_adds_status_headers_and_cookies(response_class: Any) -> None:
    """Set by a dependency or the endpoint; the body is still the result."""
    app = Routebook()
    options = {} if response_class is None else {"response_class": response_class}

    def set_cookie(response: Response) -> None:
        response.set_cookie("a", "1")
        response.set_cookie("b", "2")

    @app.get("/", dependencies=[Depends(set_cookie)], response_model=None, status_code=201, **options)
    def endpoint(response: Response) -> Any:
        response.headers["x-one"] = "1"
        response.status_code = 202
        return "text"

    got = TestClient(app).get("/")

    assert (got.status_code, got.headers["x-one"], dict(got.cookies)) == (202, "1", {"a": "1", "b": "2"})
    assert got.text == ('"text"' if response_class is None else "text")


def test_returned_response_is_sent_as_it_is() -> None:
    """It is the endpoint's last word: an injected one is for results that are no responses."""
    app = Routebook()

    @app.get("/", status_code=201)
    def endpoint(response: Response) -> Response:
        response.headers["x-one"] = "1"
        return HTMLResponse("<p>", status_code=203)

    got = TestClient(app).get("/")

    assert (got.status_code, got.text, "x-one" in got.headers) == (203, "<p>", False)


@pytest.mark.parametrize("returns_response", [True, False])
def test_background_tasks_run_after_the_response(returns_response: bool) -> None:
    """Those of dependencies too; a returned response gets them, unless it has its own."""
    log: list[str] = []
    app = Routebook()

    @app.get("/", dependencies=[make_background(log)])
    def endpoint(tasks: BackgroundTasks) -> Any:
        tasks.add_task(log.append, "from the endpoint")
        return PlainTextResponse("x") if returns_response else "x"

    @app.get("/own", dependencies=[make_background(log)])
    def own() -> Response:
        return PlainTextResponse("x", background=BackgroundTask(log.append, "own"))

    client = TestClient(app)
    client.get("/")
    assert log == ["from a dependency", "from the endpoint"]
    client.get("/own")
    assert log[2:] == ["own"]


@pytest.mark.parametrize("status", [204, 205, 304])
@pytest.mark.parametrize("where", ["decorator", "injected", "response class"])
def test_statuses_without_content_send_none(status: int, where: str) -> None:
    """RFC 9110 §15.3.5, §15.3.6, §15.4.5: a body there would be read as the next response."""
    app = Routebook()
    options: dict[str, Any] = {"response_model": None}
    if where != "injected":
        options["status_code"] = status
    if where == "response class":
        options["response_class"] = PlainTextResponse

    @app.get("/", **options)
    def endpoint(response: Response) -> Any:
        if where == "injected":
            response.status_code = status
        return "ignored"

    got = TestClient(app).get("/")

    assert (got.status_code, got.content, got.headers.get("content-length")) == (status, b"", None)


class Colour(Enum):
    RED = "red"


class Shade(str, Enum):
    DARK = "dark"


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from([Colour.RED, Shade.DARK, UUID(int=7), Decimal("1.50"), datetime(2020, 1, 2, tzinfo=UTC), b"x"])
    | st.builds(Base, name=st.text(), price=st.floats(allow_nan=False, allow_infinity=False)),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner)
        | st.dictionaries(st.text() | st.integers() | st.sampled_from([None, Shade.DARK, UUID(int=1)]), inner)
        | st.frozensets(st.integers())
    ),
)


@given(json_values)
def test_json_in_one_pass_is_json_in_two(value: Any) -> None:
    """The short way must be seen by nobody: the same bytes as encoding first, then rendering."""
    assert dump_json(value) == JSONResponse(jsonable_encoder(value)).body


@pytest.mark.parametrize("value", [float("nan"), [float("inf")], {"a": {"b": -float("inf")}}])
def test_numbers_that_json_has_not_are_refused_without_a_model(value: Any) -> None:
    """RFC 8259 §6; with a response model, pydantic writes null."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        answer(value)


def test_number_that_json_has_not_is_null_with_a_model() -> None:
    """As FastAPI answers since pydantic writes the JSON."""
    assert answer(float("nan"), response_model=float).content == b"null"


def test_attributes_of_sqlalchemy_are_left_out() -> None:
    """`jsonable_encoder` does so, and the direct way must not show them."""
    assert answer({"_sa_instance_state": 1, "name": "a"}).json() == {"name": "a"}


def test_an_additional_response_that_is_no_dict_is_refused_at_its_declaration() -> None:
    """Otherwise it would break the document, far from the line that is wrong."""

    async def endpoint() -> None: ...

    with pytest.raises(DeclarationError, match="An additional response must be a dict: that of 404 is 'Not there'"):
        Routebook().get("/", responses={404: "Not there"})(endpoint)  # type: ignore[dict-item]
