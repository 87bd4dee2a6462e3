"""`jsonable_encoder` beside FastAPI's: the same object and options, the same values."""

import collections
import dataclasses
import datetime
import decimal
import enum
import importlib
import ipaddress
import json
import math
import pathlib
import re
import types
import uuid
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import fastapi.encoders
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import (
    AnyUrl,
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    NameEmail,
    PydanticDeprecatedSince20,
    RootModel,
    SecretBytes,
    SecretStr,
    computed_field,
    field_serializer,
)
from pydantic_core import PydanticUndefined, Url

from routebook.encoders import ENCODERS_BY_TYPE, json_text, jsonable_encoder
from routebook.exceptions import PydanticV1NotSupportedError


class Colour(enum.Enum):
    red = "r"
    day = datetime.date(2020, 1, 1)


class Word(str, enum.Enum):  # what applications have
    yes = "y"


class Number(enum.IntEnum):
    one = 1


class Item(BaseModel):
    x: int = 1
    y: str | None = None
    made: datetime.datetime = datetime.datetime(2020, 1, 1)
    price: float = Field(2, alias="Price")


class Order(BaseModel):
    item: Item = Item()
    items: list[Item] = [Item()]
    counts: dict[str, int | None] = {"a": None, "b": 1}
    total: decimal.Decimal = decimal.Decimal("1.10")
    took: datetime.timedelta = datetime.timedelta(seconds=3)
    anything: Any = None


class Numbers(RootModel[list[int]]):
    pass


with warnings.catch_warnings():
    warnings.simplefilter("ignore", PydanticDeprecatedSince20)

    class Coded(BaseModel):
        model_config = ConfigDict(json_encoders={datetime.datetime: lambda value: "coded"})
        at: datetime.datetime = datetime.datetime(2020, 1, 1)


class Serialised(BaseModel):
    at: datetime.datetime = datetime.datetime(2020, 1, 1)

    @field_serializer("at")
    def write_at(self, value: datetime.datetime) -> str:
        return value.date().isoformat()

    @computed_field
    @property
    def year(self) -> int:
        return self.at.year


class OwnDump(BaseModel):
    a: int = 1

    def model_dump(self, **options: Any) -> dict[str, Any]:
        return {"own": True, **super().model_dump(**options)}


class Extra(BaseModel):
    model_config = ConfigDict(extra="allow")


@dataclasses.dataclass
class Point:
    x: int = 1
    label: str | None = None


@dataclasses.dataclass
class Line:
    start: Point = dataclasses.field(default_factory=Point)
    points: list[Point] = dataclasses.field(default_factory=lambda: [Point(2)])
    item: Item = dataclasses.field(default_factory=Item)


class Corner(Point, enum.Enum):
    origin = (0, "o")


class Plain:
    def __init__(self) -> None:
        self.a = 1
        self._sa_instance_state = "state"
        self.items = [Item()]


class Pairs:
    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return iter([("k", 1), ("item", Item())])


class Attributes:
    def __init__(self) -> None:
        self.q = 1

    def __iter__(self) -> Iterator[int]:
        return iter([1, 2])


class Slots:
    __slots__ = ()


class Broken:
    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError

    @property
    def __dict__(self) -> Any:  # type: ignore[override]
        raise NotImplementedError


class Text(str):
    __slots__ = ()


class Mapping(dict[str, Any]):
    pass


Pair = collections.namedtuple("Pair", "a b")

OBJECTS: dict[str, Callable[[], Any]] = {
    "none": lambda: None,
    "scalars": lambda: [1, "a", 1.5, True, None],
    "infinite": lambda: {"a": math.inf},
    "subclasses": lambda: [Text("a"), Mapping(a=Mapping(b=Item())), Pair(1, Item())],
    "enums": lambda: [Colour.red, Colour.day, Word.yes, Number.one],
    "enum of dataclasses": lambda: Corner.origin,
    "times": lambda: [datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC), datetime.date(2020, 1, 1), datetime.time(1)],
    "timedelta": lambda: datetime.timedelta(days=1, microseconds=5),
    "decimals": lambda: [decimal.Decimal(text) for text in ("1", "1.0", "1e3", "1e-3", "Infinity")],
    "uuid": lambda: uuid.UUID(int=1),
    "bytes": lambda: b"abc",
    "bytes that are no text": lambda: b"\xff",
    "paths": lambda: [pathlib.Path("/a"), pathlib.PurePosixPath("/b"), pathlib.PureWindowsPath("c")],
    "addresses": lambda: [
        ipaddress.ip_address("::1"),
        ipaddress.ip_network("1.1.1.0/24"),
        ipaddress.ip_interface("::1"),
    ],
    "pattern": lambda: re.compile("a+"),
    "secrets": lambda: [SecretStr("a"), SecretBytes(b"b")],
    "name and address": lambda: NameEmail("a", "b@c.de"),
    "urls": lambda: [AnyUrl("http://a"), Url("http://b"), HttpUrl("http://c")],
    "sets": lambda: [{1}, frozenset([1])],
    "sequences": lambda: [(1, Item()), collections.deque([1, Item()]), (item for item in (1, Item()))],
    "undefined": lambda: {"a": PydanticUndefined},
    "model": Item,
    "set model": lambda: Item(x=1, y=None),
    "nested model": Order,
    "model with anything": lambda: Order(anything={"_sa_x": 1, 1: {2}, "n": None, "d": Point()}),
    "root model": lambda: Numbers([1, 2]),
    "model with encoders": lambda: [Coded(), datetime.datetime(2020, 1, 1)],
    "model with serializers": Serialised,
    "model with its own dump": lambda: [OwnDump()],
    "model with extras": lambda: Extra(a=Colour.red, b=[Item()]),
    "dataclass": Point,
    "nested dataclass": Line,
    "plain object": Plain,
    "pairs": Pairs,
    "iterable with attributes": Attributes,
    "namespace": lambda: types.SimpleNamespace(a=Item()),
    "mapping proxy": lambda: types.MappingProxyType({"a": 1}),
    "ordered": lambda: collections.OrderedDict(a=1),
    "counter": lambda: collections.Counter("aab"),
    "nones": lambda: {"a": None, "b": {"c": None}, "d": [None]},
    "sqlalchemy": lambda: {"_sa_instance_state": 1, "b": {"_sa": 2, "c": 3}},
    "keys": lambda: {1: 2, None: 3, 1.5: 4, datetime.date(2020, 1, 1): 5, Colour.red: 6, uuid.UUID(int=1): 7, b"b": 8},
    "key that is a list afterwards": lambda: {(1, 2): 3},
    "no attributes": Slots,
    "object": object,
    "complex": lambda: 1j,
    "range": lambda: range(3),
    "class": lambda: Item,
    "function": lambda: len,
    "broken": Broken,
}

OPTIONS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "exclude_none": {"exclude_none": True},
    "exclude_unset": {"exclude_unset": True},
    "exclude_defaults": {"exclude_defaults": True},
    "names": {"by_alias": False},
    "unsafe": {"sqlalchemy_safe": False},
    "include": {"include": {"x", "a", "item"}},
    "exclude": {"exclude": {"x", "a", "item"}},
    "include list": {"include": ["x", "a"]},
    "include nothing": {"include": []},
    "exclude nothing": {"exclude": []},
    "include nested": {"include": {"item": {"x"}, "items": {0: {"x"}}}},
    "exclude nested": {"exclude": {"item": {"x"}, "items": {"__all__": {"x"}}}},
    "custom exact": {"custom_encoder": {datetime.datetime: lambda value: "custom"}},
    "custom base": {"custom_encoder": {datetime.date: lambda value: "custom"}},
    "custom model": {"custom_encoder": {Item: lambda value: "item"}},
    "custom dataclass": {"custom_encoder": {Point: lambda value: "point"}},
    "custom scalars": {"custom_encoder": {str: lambda value: value + "!", int: str}},
    "custom enum": {"custom_encoder": {enum.Enum: lambda value: value.name}},
    "custom containers": {"custom_encoder": {dict: len, list: len}},
    "custom nothing": {"custom_encoder": {}},
}


def outcome(encode: Callable[..., Any], obj: Any, options: dict[str, Any]) -> Any:
    try:
        return encode(obj, **options)
    except Exception as error:
        return type(error), str(error)


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("make", OBJECTS.values(), ids=OBJECTS)
def test_result_is_fastapis(make: Callable[[], Any], options: dict[str, Any]) -> None:
    """Type by type and option by option; `repr` tells 1 from 1.0 and True, and keeps the order."""
    ours = outcome(jsonable_encoder, make(), options)
    theirs = outcome(fastapi.encoders.jsonable_encoder, make(), options)

    assert repr(ours) == repr(theirs)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
)
python_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.dates()
    | st.datetimes()
    | st.timedeltas()
    | st.uuids()
    | st.decimals(allow_nan=False)
    | st.sampled_from(list(Colour))
    | st.builds(Item, x=st.integers(), Price=st.floats(allow_nan=False)),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children) | st.tuples(children, children),
)


@given(json_values)
def test_json_values_are_their_own_encoding(value: Any) -> None:
    """Except for keys that start with "_sa", which are SQLAlchemy's."""
    assert repr(jsonable_encoder(value, sqlalchemy_safe=False)) == repr(value)


@given(python_values, st.booleans(), st.booleans())
def test_any_nesting_is_encoded_as_by_fastapi(value: Any, exclude_none: bool, sqlalchemy_safe: bool) -> None:
    """The shortcuts for scalars, containers and models give what the long way gives."""
    options = {"exclude_none": exclude_none, "sqlalchemy_safe": sqlalchemy_safe}

    ours = jsonable_encoder(value, **options)

    assert repr(ours) == repr(fastapi.encoders.jsonable_encoder(value, **options))


@given(python_values)
def test_result_is_json_for_good(value: Any) -> None:
    """Encoded once, it stays as it is."""
    encoded = jsonable_encoder(value)

    json.dumps(encoded, default=datetime.date.isoformat)  # an enum's value is not encoded, as in FastAPI
    assert repr(jsonable_encoder(encoded)) == repr(jsonable_encoder(jsonable_encoder(encoded)))


def test_containers_are_new() -> None:
    """The caller may change the result without changing what it came from."""
    inner: list[Any] = []
    source = {"a": inner}

    encoded = jsonable_encoder(source)
    encoded["a"].append(1)

    assert source == {"a": []}


def test_application_adds_a_type(monkeypatch: pytest.MonkeyPatch) -> None:
    """The documented way for types like MongoDB's ObjectId."""
    monkeypatch.setitem(ENCODERS_BY_TYPE, Slots, lambda value: "slots")

    assert jsonable_encoder([Slots()]) == ["slots"]


def test_application_replaces_a_types_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looked up at each call, so that a later change holds."""
    monkeypatch.setitem(ENCODERS_BY_TYPE, datetime.date, lambda value: "day")

    assert jsonable_encoder({"a": datetime.date(2020, 1, 1)}) == {"a": "day"}


def test_nan_stays_a_float() -> None:
    """The response class decides about it."""
    assert math.isnan(jsonable_encoder(decimal.Decimal("NaN")))


def test_generator_in_a_dataclass_is_encoded() -> None:
    """FastAPI fails here: it copies dataclasses deeply."""
    assert jsonable_encoder(Point(label=(n for n in "ab"))) == {"x": 1, "label": ["a", "b"]}  # type: ignore[arg-type]


@pytest.mark.filterwarnings("ignore::pydantic.PydanticDeprecatedSince20")
@pytest.mark.parametrize("module", ["pydantic.color", "pydantic_extra_types.color"])
def test_colour_is_its_name(module: str) -> None:
    """Known by name, so that encoding imports neither module."""

    class Own(importlib.import_module(module).Color):  # type: ignore[misc]
        pass

    assert jsonable_encoder([importlib.import_module(module).Color("blue"), Own("red")]) == ["blue", "red"]


@pytest.mark.filterwarnings("ignore:Core Pydantic V1 functionality")
def test_pydantic_v1_model_is_refused() -> None:
    """It would otherwise be taken for an iterable."""
    from pydantic import v1

    class Old(v1.BaseModel):
        name: str

    with pytest.raises(PydanticV1NotSupportedError, match=r"Old is a model of pydantic\.v1"):
        jsonable_encoder({"a": Old(name="x")})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": [1, None]}, '{"a": [1, null]}'),
        (Item(), '{"x": 1, "y": null, "made": "2020-01-01T00:00:00", "Price": 2.0}'),
        ([math.nan, -math.inf, {"a": math.inf}], '[null, null, {"a": null}]'),
        ({None: 1, math.inf: 2.5}, '{"null": 1, "Infinity": 2.5}'),
        ("é", '"\\u00e9"'),
    ],
)
def test_text_of_a_streamed_item(value: Any, text: str) -> None:
    """On one line, and always JSON."""
    assert json_text(value) == text
