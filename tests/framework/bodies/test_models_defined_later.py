"""A model may name a class that is defined after the route, as forward references do in modules and notebooks."""

from typing import Annotated

import pytest
from pydantic import BaseModel

from routebook import Form, Query, Routebook
from routebook.exceptions import DeclarationError
from routebook.testclient import TestClient

app = Routebook()


class Order(BaseModel):
    part: "Part"


class Filter(BaseModel):
    size: "Size" = 1
    near: "Part | None" = None


@app.post("/in")
async def take(order: Order) -> int:
    return order.part.weight


@app.post("/embedded")
async def take_two(first: Order, orders: list[Order]) -> int:
    return first.part.weight + len(orders)


@app.get("/out")
async def give() -> list[Order]:
    return [Order.model_validate({"part": {"weight": 2}})]


@app.get("/query")
async def find(wanted: Annotated[Filter, Query()]) -> int:
    return wanted.size


@app.post("/form")
async def fill(wanted: Annotated[Filter, Form()]) -> int:
    return wanted.size


class Part(BaseModel):
    weight: int


Size = int

ORDER = {"part": {"weight": 2}}


def test_a_body_of_a_model_completed_later_is_validated() -> None:
    """The route is declared where the model is not complete yet; it is when a request comes."""
    client = TestClient(app)

    assert client.post("/in", json=ORDER).json() == 2
    assert client.post("/embedded", json={"first": ORDER, "orders": [ORDER]}).json() == 3
    assert client.post("/in", json={"part": {"weight": "x"}}).json()["detail"][0]["loc"] == ["body", "part", "weight"]


def test_a_response_parameters_and_forms_too() -> None:
    """Every kind of declaration waits for its model."""
    client = TestClient(app)

    assert client.get("/out").json() == [ORDER]
    assert client.get("/query?size=3").json() == 3
    assert client.post("/form", data={"size": "4"}).json() == 4


def test_the_document_describes_what_was_defined_later() -> None:
    """Its schemas are made when it is asked for."""
    schemas = app.openapi()["components"]["schemas"]

    assert schemas["Order"]["properties"]["part"] == {"$ref": "#/components/schemas/Part"}


def test_a_model_that_stays_incomplete_is_told_at_the_request() -> None:
    """Nobody can know before that the class never comes; the message says what is missing, and where it is used."""
    incomplete = Routebook()

    class Never(BaseModel):
        part: "Nowhere"  # type: ignore[name-defined]  # noqa: F821  # that is the point

    @incomplete.post("/")
    async def use_never(body: Never) -> None: ...

    with pytest.raises(DeclarationError, match="'Nowhere', which is not defined yet") as caught:
        TestClient(incomplete).post("/", json={})
    assert caught.value.location is not None
    assert "use_never" in caught.value.location.function
