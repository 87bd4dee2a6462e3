"""The direct way from bytes to objects gives what `json.loads` and `validate_python` give, or is not taken."""

import dataclasses
import json
import random
from collections import deque
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    create_model,
    model_validator,
)
from pydantic_core import from_json

import routebook
from routebook._analysis.fields import ModelField
from routebook._plan.body import has_huge_number, load_json
from routebook._plan.validate import reads_json_directly
from routebook.params import Body
from tests.framework.beside import EMPTY, Request, ask, endpoint_of, tell


class Colour(Enum):
    RED = "red"
    ONE = 1


class Level(IntEnum):
    LOW = 1
    HIGH = 2


SCALARS: tuple[Any, ...] = (
    *(int, float, bool, str, None, date, time, datetime, UUID, Colour, Level, Literal["a", "1"], Literal[1, 2], Any),
    Annotated[int, Field(gt=3)],
    Annotated[str, Field(min_length=2, pattern="^a")],
    Annotated[float, Field(allow_inf_nan=False)],
)

TEXTS = (
    *("0", "1", "2", "4", "-1", "1.0", "1.5", "-0", "-0.0", "1e2", "1E400", "NaN", "Infinity", "true", "false", "null"),
    *(
        '"1"',
        '"a"',
        '"ab"',
        '""',
        '" A "',
        '"true"',
        '"1.5"',
        '"nan"',
        '"red"',
        '"2024-01-01"',
        '"2024-01-01T00:00:00Z"',
    ),
    *(
        '"10:00"',
        '"12345678-1234-5678-1234-567812345678"',
        "1577836800",
        "1577836800.5",
        "9" * 22,
        "1" * 308,
        "1" * 309,
    ),
    *("123456789.123456789123456789", "1e-400", "4.9e-324", '"\\ud83d\\ude00"', '"\\u0000"', '"é"', "01", ".5", '"on"'),
    *("9223372036854775808", "1.7976931348623157e308", "2.2250738585072011e-308", '"1_0"', "1e22", '"inf"', "[]", "{}"),
)

Chance = random.Random


def grown(types: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    fields = st.lists(types, min_size=1, max_size=3)
    return st.one_of(
        types.map(lambda inner: list[inner]),  # type: ignore[valid-type]
        types.map(lambda inner: inner | None if inner is not None else None),
        st.tuples(st.sampled_from((str, int, Colour, float)), types).map(lambda pair: dict[pair[0], pair[1]]),  # type: ignore[name-defined]
        st.sampled_from((set[int], frozenset[str], tuple[int, str], tuple[date, ...])),
        st.lists(types, min_size=2, max_size=3).map(lambda members: Union[tuple(members)]),  # noqa: UP007
        st.tuples(fields, st.sampled_from(("ignore", "allow", "forbid"))).map(lambda pair: model_of(*pair)),
        fields.map(
            lambda kinds: dataclasses.make_dataclass("Data", [(f"f{at}", kind) for at, kind in enumerate(kinds)])
        ),
    )


def model_of(kinds: list[Any], extra: Any) -> Any:
    fields: dict[str, Any] = {f"f{at}": (kind, Field(alias=f"f{at}")) for at, kind in enumerate(kinds)}
    return create_model("Model", __config__=ConfigDict(extra=extra), **fields)


types = st.recursive(st.sampled_from(SCALARS), grown, max_leaves=6)


def write(kind: Any, chance: Chance) -> str:
    """JSON that a type mostly takes."""
    arguments = get_args(kind)
    if chance.random() < 0.05:
        return chance.choice(TEXTS)
    match get_origin(kind):
        case origin if origin is Annotated:
            return write(arguments[0], chance)
        case origin if origin in (list, set, frozenset) or (origin is tuple and arguments[-1] is ...):
            return f"[{', '.join(write(arguments[0], chance) for _ in range(chance.randrange(4)))}]"
        case origin if origin is tuple:
            return f"[{', '.join(write(inner, chance) for inner in arguments)}]"
        case origin if origin is dict:
            names = [chance.choice(('"1"', '"red"', '"x"', '"1.5"')) for _ in range(chance.randrange(3))]
            return write_object([(name, arguments[1]) for name in names], chance)
        case origin if origin is None or origin is Literal:
            fields = getattr(kind, "__annotations__", None) if isinstance(kind, type) else None
            if not fields or issubclass(kind, Enum):
                return chance.choice(TEXTS)
            return write_object([(f'"{name}"', inner) for name, inner in fields.items()], chance)
        case _:
            return write(chance.choice(arguments), chance)


def write_object(members: list[tuple[str, Any]], chance: Chance) -> str:
    if members and chance.random() < 0.2:
        members = [*members, chance.choice(members), ('"z"', int)]
    return "{" + ",".join(f"{name} : {write(kind, chance)}" for name, kind in members if chance.random() < 0.95) + "}"


def field_of(kind: Any) -> ModelField:
    return ModelField("body", Body(annotation=kind))


@settings(max_examples=300)
@given(types, st.randoms(use_true_random=False))
def test_what_is_read_directly_equals_what_is_read_in_two_steps(kind: Any, chance: Chance) -> None:
    """The two parsers of JSON, and pydantic's two modes, must not be told apart."""
    field = field_of(kind)
    if not reads_json_directly(field):
        return
    for _ in range(20):
        body = write(kind, chance).encode()
        if has_huge_number(body):
            continue
        try:
            directly = field.validator.validate_json(body)
        except ValidationError:
            continue  # then the two steps decide
        assert tell(directly) == tell(field.validator.validate_python(json.loads(body), from_attributes=True))


@settings(max_examples=300)
@given(types, st.randoms(use_true_random=False))
def test_the_fast_parser_equals_json_loads(kind: Any, chance: Chance) -> None:
    """Values, order, and the last of equal names."""
    body = write(kind, chance).encode()
    if has_huge_number(body):
        return
    try:
        fast = from_json(body)
    except ValueError:
        return
    assert repr(fast) == repr(json.loads(body))


@pytest.mark.parametrize("position", range(305, 630, 9))
def test_a_huge_number_is_found_wherever_it_stands(position: int) -> None:
    """309 digits are the least that a double cannot hold; pydantic-core makes an infinity of them, in JSON only."""
    space = b" " * position

    assert has_huge_number(space + b"1" * 309)
    assert has_huge_number(space + b"1" * 309 + b", 2")
    assert not has_huge_number(space + b"1" * 308)
    assert load_json(space + b"1" * 309) == int("1" * 309)


class Strict(BaseModel):
    model_config = ConfigDict(strict=True)
    n: int


class Checked(BaseModel):
    n: int

    @model_validator(mode="after")
    def check(self) -> "Checked":
        return self


class Made(BaseModel):
    id: UUID = Field(default_factory=uuid4)


class Noted(BaseModel):
    n: int

    def model_post_init(self, context: Any) -> None:
        pass


@pytest.mark.parametrize(
    "kind",
    [
        Strict,
        Checked,
        Made,
        Noted,
        Decimal,
        bytes,
        timedelta,
        list[Strict],
        dict[str, Checked],
        int | date,
        Any | str,
        deque[int],
        Annotated[int, BeforeValidator(int)],
        Annotated[int, Field(strict=True)],
        Annotated[
            Annotated[Strict, Tag("a")] | Annotated[Checked, Tag("b")],
            Discriminator(lambda value: "a"),
        ],
    ],
)
def test_a_type_that_could_tell_the_difference_is_read_in_two_steps(kind: Any) -> None:
    """Strict types, types read differently from JSON, and code that would run twice."""
    assert not reads_json_directly(field_of(kind))


@pytest.mark.parametrize("kind", [int, str | None, list[date], dict[str, list[float]], int | str, Colour])
def test_a_plain_type_is_read_directly(kind: Any) -> None:
    """The rule must not be so careful that nothing profits."""
    assert reads_json_directly(field_of(kind))


def _counting(calls: list[Any]) -> Callable[[Any], Any]:
    def count(value: Any) -> Any:
        calls.append(value)
        if value == "bad":
            raise ValueError("bad")
        return value

    return count


@pytest.mark.parametrize("body", [b'{"n": "good"}', b'{"n": "bad"}'])
def test_a_validator_runs_once_for_a_request(body: bytes) -> None:
    """It may count, log or charge; a refused body must not be validated twice."""
    calls: list[Any] = []
    model = create_model("Model", n=(Annotated[str, BeforeValidator(_counting(calls))], ...))
    app = routebook.Routebook()
    app.post("/")(endpoint_of([("item", model, EMPTY)]))

    ask(app, Request.of_json(body))

    assert len(calls) == 1
