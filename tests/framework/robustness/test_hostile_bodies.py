"""JSON bodies that nobody means well with are refused with a 4xx, at once."""

import json
from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from routebook import Body, Routebook
from tests.framework.robustness.wire import JSON, Headers, ask


class Item(BaseModel):
    name: str
    price: float = 0
    count: int = 0
    weight: Decimal = Decimal(0)
    inside: "Item | None" = None


app = Routebook()


@app.post("/item")
async def item(item: Item) -> Item:
    return item


@app.post("/items")
def items(items: list[Item]) -> int:
    return len(items)


@app.post("/two")
async def two(item: Item, number: Annotated[int, Body()]) -> Item:
    return item


@app.post("/anything")
async def anything(body: Annotated[Any, Body()]) -> str:
    return type(body).__name__


TYPED = ("/item", "/items", "/two")

NO_JSON = {
    "brackets left open": b"[" * 100_000,
    "brackets": b"[" * 100_000 + b"]" * 100_000,
    "objects": b'{"name":' * 100_000 + b"1" + b"}" * 100_000,
    "an integer of a hundred thousand digits": b"9" * 100_000,
    "the same inside": b'{"name": "x", "count": ' + b"9" * 100_000 + b"}",
    "broken UTF-8": b'{"name": "\xff\xfe"}',
    "UTF-8 of a surrogate": b'{"name": "\xed\xa0\x80"}',
    "half of a surrogate pair": rb'{"name": "\ud800"}',
    "half of a surrogate pair as a key": rb'{"\udfff": 1}',
    "zero bytes": b"\0" * 4,
    "blanks": b" \n\t ",
    "more after the end": b'{"name": "x"} {}',
    "cut off": b'{"name": "' + b"x" * 100_000,
    "a byte order mark alone": b"\xff\xfe",
}

REFUSED = {
    "a model nested three hundred times": b'{"name": "x", "inside": ' * 300 + b"null" + b"}" * 300,
    "not a number": b'{"name": "x", "count": NaN}',
    "infinity": b'{"name": "x", "count": -Infinity}',
    "an infinite float for an integer": b'{"name": "x", "count": 1e999}',
    "no object": b"NaN",
    "infinity in a list": b"[Infinity]",
    "a decimal that is none": b'{"name": "x", "weight": "sNaN"}',
    "wrong types all over": json.dumps({"name": [{}] * 1000, "price": {}, "count": "x" * 1000}).encode(),
    "a hundred thousand keys": json.dumps({f"key{number}": number for number in range(100_000)}).encode(),
}

CONTENT_TYPES: dict[str, Headers] = {
    "none": [],
    "empty": [(b"content-type", b"")],
    "another": [(b"content-type", b"text/xml")],
    "a form": [(b"content-type", b"multipart/form-data")],
    "no text": [(b"content-type", b"\xff\xfe;;=,/json")],
    "two, the wrong one first": [(b"content-type", b"text/xml"), (b"content-type", b"application/json")],
    "very long": [(b"content-type", b"application/" + b"x" * 100_000)],
}


@pytest.mark.parametrize("name", NO_JSON)
def test_what_is_no_json_is_refused(name: str) -> None:
    """Depth, length and encoding are looked at before anything is made of a body."""
    for path in (*TYPED, "/anything"):
        assert ask(app, "POST", path, headers=JSON, body=NO_JSON[name]).status in (400, 422)


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused_in_words_that_json_has(name: str) -> None:
    """A 422 quotes what was sent, and NaN is no JSON: FastAPI fails with 500 there."""
    for path in TYPED:
        answer = ask(app, "POST", path, headers=JSON, body=REFUSED[name])
        assert answer.status == 422
        assert json.loads(answer.body, parse_constant=pytest.fail)["detail"]


@pytest.mark.parametrize("name", CONTENT_TYPES)
def test_wrong_content_types_are_refused(name: str) -> None:
    """Unless it is declared as JSON, a body is not read as JSON; what it is instead may be no text at all."""
    for body in (b'{"name": "x"}', b"\xff\xfe\x00"):
        for path in TYPED:
            answer = ask(app, "POST", path, headers=CONTENT_TYPES[name], body=body)
            assert answer.status == 422
            assert json.loads(answer.body)["detail"]


def test_the_last_of_duplicate_keys_counts() -> None:
    """RFC 8259 §4 leaves it open; Python's and pydantic's parsers agree."""
    answer = ask(app, "POST", "/item", headers=JSON, body=b'{"name": "x", "name": "y"}')
    assert json.loads(answer.body)["name"] == "y"


def test_numbers_that_floats_have_not_are_answered() -> None:
    """What passes validation as infinity is null in JSON, as pydantic writes it."""
    for number in (b"1e999", b"-1e999", b"NaN"):
        answer = ask(app, "POST", "/item", headers=JSON, body=b'{"name": "x", "price": ' + number + b"}")
        assert answer.status == 200
        assert json.loads(answer.body)["price"] is None


@pytest.mark.parametrize("path", [*TYPED, "/anything"])
def test_client_that_goes_away_is_no_failure(path: str) -> None:
    """A body that ends too early is nobody's mistake here: no 500, and nothing in the server's log."""
    assert ask(app, "POST", path, headers=JSON, body=b'{"name"', is_cut_off=True).status == 400


def test_body_in_many_small_pieces_is_read() -> None:
    """Slow clients send byte by byte."""
    pieces = [bytes([byte]) for byte in b'{"name": "' + b"x" * 5000 + b'"}']
    assert ask(app, "POST", "/item", headers=JSON, chunks=pieces).status == 200
