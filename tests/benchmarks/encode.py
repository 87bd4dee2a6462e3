"""`python -m tests.benchmarks.encode`: `jsonable_encoder` beside FastAPI's, microseconds a call, best of seven."""

import dataclasses
import datetime
import decimal
import enum
import pathlib
import timeit
import uuid
import warnings
from collections import deque
from typing import Any

from pydantic import BaseModel

from routebook.encoders import jsonable_encoder

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import fastapi.encoders


class Item(BaseModel):
    x: int = 1
    y: str | None = "a"
    made: datetime.datetime = datetime.datetime(2020, 1, 1)


class Order(BaseModel):
    item: Item = Item()
    items: list[Item] = [Item()] * 5
    counts: dict[str, int] = {"a": 1}


@dataclasses.dataclass
class Point:
    x: int = 1
    label: str = "x"
    values: list[int] = dataclasses.field(default_factory=lambda: [1, 2])


@dataclasses.dataclass
class Line:
    start: Point = dataclasses.field(default_factory=Point)
    item: Item = dataclasses.field(default_factory=Item)


class Colour(enum.Enum):
    red = 1


class Plain:
    def __init__(self) -> None:
        self.a = 1
        self.b = "x"


MIXED = {
    "id": uuid.UUID(int=1),
    "day": datetime.date(2020, 1, 1),
    "price": decimal.Decimal("1.1"),
    "path": pathlib.PurePath("/a"),
    "colour": Colour.red,
    "bytes": b"x",
    "took": datetime.timedelta(1),
}
ERRORS = [{"type": "missing", "loc": ("body", "name"), "msg": "Field required", "input": None}] * 3

CASES: dict[str, tuple[Any, dict[str, Any]]] = {
    "int": (1, {}),
    "small dict": ({"message": "Hello World"}, {}),
    "empty dict": ({}, {}),
    "100 integers": (list(range(100)), {}),
    "50 keys": ({f"k{i}": i for i in range(50)}, {}),
    "nested": ([{"a": [{"b": i, "c": "x", "d": None}]} for i in range(20)], {}),
    "model": (Item(), {}),
    "20 models": ([Item()] * 20, {}),
    "nested model": (Order(), {}),
    "model, exclude_none": (Order(), {"exclude_none": True}),
    "dataclass": (Point(), {}),
    "5 nested dataclasses": ([Line()] * 5, {}),
    "enum": (Colour.red, {}),
    "datetime": (datetime.datetime(2020, 1, 1), {}),
    "mixed": (MIXED, {}),
    "object": (Plain(), {}),
    "set": ({1, 2, 3}, {}),
    "deque": (deque([1, 2]), {}),
    "validation errors": (ERRORS, {}),
    "exclude_none": ({"a": None, "b": [{"c": None}]}, {"exclude_none": True}),
    "include": ({"a": 1, "b": 2}, {"include": {"a"}}),
    "custom encoder": (
        {"a": datetime.datetime(2020, 1, 1), "b": [1, 2, "x"]},
        {"custom_encoder": {datetime.datetime: str}},
    ),
}


def best_us(encode: Any, value: Any, options: dict[str, Any]) -> float:
    """The fastest of seven rounds of some 10 ms each."""
    timer = timeit.Timer(lambda: encode(value, **options))
    number, taken_s = timer.autorange()
    number = max(1, int(number * 0.01 / taken_s))
    return min(timer.repeat(7, number)) / number * 1e6


def main() -> None:
    """Measure and print; the two take turns, so that a busy machine slows both."""
    print(f"{'':22}{'routebook':>10}{'fastapi':>10}{'times':>8}")
    for name, (value, options) in CASES.items():
        theirs = best_us(fastapi.encoders.jsonable_encoder, value, options)
        ours = best_us(jsonable_encoder, value, options)
        print(f"{name:22}{ours:10.2f}{theirs:10.2f}{theirs / ours:8.1f}")


if __name__ == "__main__":
    main()
