"""`jsonable_encoder`: any object as values that `json.dumps` takes; `json_text`: as JSON.

The rules, first match wins: a custom encoder; a pydantic model; a dataclass; an enum; a path; a JSON scalar; a
mapping; a sequence; `ENCODERS_BY_TYPE`; what `dict()` or `vars()` make of the object.
"""

import dataclasses
import datetime
import json
import math
import sys
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from enum import Enum
from functools import cache
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from operator import attrgetter
from pathlib import Path, PurePath
from re import Pattern
from types import GeneratorType
from typing import Any, NamedTuple, TypeAlias, cast
from uuid import UUID

from pydantic import BaseModel
from pydantic.types import SecretBytes, SecretStr
from pydantic_core import PydanticUndefinedType, Url

from routebook._pydantic_v1 import reject_pydantic_v1_model
from routebook.types import IncEx

__all__ = [
    "ENCODERS_BY_TYPE",
    "decimal_encoder",
    "generate_encoders_by_class_tuples",
    "isoformat",
    "json_text",
    "jsonable_encoder",
]

Encoder: TypeAlias = Callable[[Any], Any]


def isoformat(value: datetime.date | datetime.time) -> str:
    """Format as ISO 8601."""
    return value.isoformat()


_MAX_DIGITS = sys.float_info.max_10_exp, sys.int_info.default_max_str_digits
"""Of floats, and of integers: longer ones take Python seconds to hours, and then it refuses to write them."""


def decimal_encoder(value: Decimal) -> int | float | str:
    """Give an integer if the number is written without a fraction, else a float; as text what fits into neither.

    >>> decimal_encoder(Decimal("1.0")), decimal_encoder(Decimal("1")), decimal_encoder(Decimal("1E+9999"))
    (1.0, 1, '1E+9999')
    """
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):  # NaN and infinities have letters for exponents
        return float(value)
    if value.adjusted() >= _MAX_DIGITS[exponent >= 0]:
        return str(value)
    return int(value) if exponent >= 0 else float(value)


ENCODERS_BY_TYPE: dict[type[Any], Encoder] = {
    bytes: bytes.decode,
    datetime.date: isoformat,
    datetime.datetime: isoformat,
    datetime.time: isoformat,
    datetime.timedelta: datetime.timedelta.total_seconds,
    Decimal: decimal_encoder,
    Enum: attrgetter("value"),
    frozenset: list,
    deque: list,
    GeneratorType: list,
    IPv4Address: str,
    IPv4Interface: str,
    IPv4Network: str,
    IPv6Address: str,
    IPv6Interface: str,
    IPv6Network: str,
    Path: str,
    Pattern: attrgetter("pattern"),
    SecretBytes: str,
    SecretStr: str,
    set: list,
    UUID: str,
    Url: str,
}
"""How a value of exactly this type is encoded; an application may add its own types."""


def generate_encoders_by_class_tuples(
    type_encoder_map: Mapping[Any, Encoder],
) -> dict[Encoder, tuple[Any, ...]]:
    """Group the types that share an encoder, for one `isinstance` each."""
    classes: dict[Encoder, tuple[Any, ...]] = defaultdict(tuple)
    for type_, encoder in type_encoder_map.items():
        classes[encoder] += (type_,)
    return classes


encoders_by_class_tuples = generate_encoders_by_class_tuples(ENCODERS_BY_TYPE)

_ENCODERS_BY_NAME: dict[tuple[str, str], Encoder] = {
    ("pydantic.color", "Color"): str,
    ("pydantic.networks", "AnyUrl"): str,
    ("pydantic.networks", "NameEmail"): str,
    ("pydantic_extra_types.color", "Color"): str,
}
"""By module and name: types of modules that need not be installed, or that only those who use them should import."""

_SCALARS: frozenset[type] = frozenset({str, int, float, bool, type(None)})
_SEQUENCES = (list, set, frozenset, GeneratorType, tuple, deque)
_ENCODED_BY_TYPE_ONLY = frozenset(ENCODERS_BY_TYPE) - {Enum, *_SEQUENCES}
"""Types for which no earlier rule holds, so that they need not be tried."""


class _Options(NamedTuple):
    """What holds for an object and all that is in it."""

    by_alias: bool
    exclude_unset: bool
    exclude_defaults: bool
    exclude_none: bool
    sqlalchemy_safe: bool
    custom_encoder: Mapping[Any, Encoder] | None
    untouched: frozenset[type]
    """Types whose values are returned as they are, without asking further."""


@cache
def _options_without_custom_encoder(
    by_alias: bool, exclude_unset: bool, exclude_defaults: bool, exclude_none: bool, sqlalchemy_safe: bool
) -> _Options:
    return _Options(by_alias, exclude_unset, exclude_defaults, exclude_none, sqlalchemy_safe, None, _SCALARS)


def jsonable_encoder(
    obj: Any,
    include: IncEx | None = None,
    exclude: IncEx | None = None,
    by_alias: bool = True,
    exclude_unset: bool = False,
    exclude_defaults: bool = False,
    exclude_none: bool = False,
    custom_encoder: dict[Any, Encoder] | None = None,
    sqlalchemy_safe: bool = True,
) -> Any:
    """Turn an object into values that JSON has: dict, list, str, int, float, bool, None.

    Args:
        obj: Anything; models, dataclasses and containers are entered.
        include: Names to keep, of a model or a mapping; in a model, nested by mappings.
        exclude: Names to leave out, likewise.
        by_alias: Name a model's fields by their aliases.
        exclude_unset: Leave out fields of models that were not set.
        exclude_defaults: Leave out fields of models that equal their defaults.
        exclude_none: Leave out fields and keys whose value is None.
        custom_encoder: Encoders by type, tried before all others; their results are taken as they are.
        sqlalchemy_safe: Leave out keys that start with "_sa", where SQLAlchemy keeps its state.

    Raises:
        ValueError: Neither `dict()` nor `vars()` take an object of an unknown type; it holds their errors.
        PydanticV1NotSupportedError: A model of `pydantic.v1` was met.
    """
    if not custom_encoder:
        if type(obj) in _SCALARS:
            return obj
        options = _options_without_custom_encoder(
            by_alias, exclude_unset, exclude_defaults, exclude_none, sqlalchemy_safe
        )
    else:
        options = _Options(
            by_alias, exclude_unset, exclude_defaults, exclude_none, sqlalchemy_safe, custom_encoder, frozenset()
        )
    if include is not None:
        include = _as_names(include)
    if exclude is not None:
        exclude = _as_names(exclude)
    return _encode(obj, options, include, exclude)


def _as_names(names: IncEx | Iterable[Any]) -> IncEx:
    """Take any iterable of names, as well as the sets and mappings that pydantic knows."""
    return names if isinstance(names, set | dict) else cast(IncEx, set(names))


def _encode(obj: Any, options: _Options, include: IncEx | None, exclude: IncEx | None) -> Any:
    type_ = type(obj)
    if options.custom_encoder is not None:
        encoder = _find_encoder(obj, options.custom_encoder)
        if encoder is not None:
            return encoder(obj)
    if type_ in _SCALARS:
        return obj
    if type_ is dict:
        return _encode_mapping(obj, options, include, exclude)
    if type_ in _SEQUENCES:
        return _encode_sequence(obj, options, include, exclude)
    if type_ in _ENCODED_BY_TYPE_ONLY:
        return _encode_other(obj, options, include, exclude)
    if BaseModel in type_.__mro__:  # `isinstance` asks pydantic's metaclass, which takes ten times as long
        return _encode_model(obj, options, include, exclude)
    if isinstance(obj, Enum) and not _is_dataclass_enum(type_):
        return obj.value
    if hasattr(type_, "__dataclass_fields__"):
        return _encode(_dataclass_fields(obj, options), options, include, exclude)
    if isinstance(obj, PurePath):
        return str(obj)
    if isinstance(obj, (str, int, float)):
        return obj
    if isinstance(obj, PydanticUndefinedType):
        return None
    if isinstance(obj, dict):
        return _encode_mapping(obj, options, include, exclude)
    if isinstance(obj, _SEQUENCES):
        return _encode_sequence(obj, options, include, exclude)
    return _encode_other(obj, options, include, exclude)


def _is_dataclass_enum(type_: type) -> bool:
    """Whether the members are instances of a dataclass too; enums without a mixed-in type answer fast."""
    return len(type_.__mro__) > 3 and hasattr(type_, "__dataclass_fields__")


def _find_encoder(obj: Any, encoders: Mapping[Any, Encoder]) -> Encoder | None:
    """The encoder of the object's own type, else the first of a base."""
    encoder = encoders.get(type(obj))
    if encoder is not None:
        return encoder
    for type_, encoder in encoders.items():
        if isinstance(obj, type_):
            return encoder
    return None


def _encode_mapping(
    obj: Mapping[Any, Any], options: _Options, include: IncEx | None, exclude: IncEx | None
) -> dict[Any, Any]:
    items: Iterable[tuple[Any, Any]] = obj.items()
    if include is not None or exclude is not None:
        items = _select(items, include, exclude)
    untouched = options.untouched
    exclude_none = options.exclude_none
    sqlalchemy_safe = options.sqlalchemy_safe
    encoded = {}
    for key, value in items:
        if exclude_none and value is None:
            continue
        if sqlalchemy_safe and isinstance(key, str) and key.startswith("_sa"):
            continue
        if type(key) not in untouched:
            key = _encode(key, options, None, None)
        encoded[key] = value if type(value) in untouched else _encode(value, options, None, None)
    return encoded


def _select(
    items: Iterable[tuple[Any, Any]], include: IncEx | None, exclude: IncEx | None
) -> Iterator[tuple[Any, Any]]:
    included = None if include is None else set(include)
    excluded = set(exclude or ())
    for key, value in items:
        if (included is None or key in included) and key not in excluded:
            yield key, value


def _encode_sequence(obj: Iterable[Any], options: _Options, include: IncEx | None, exclude: IncEx | None) -> list[Any]:
    untouched = options.untouched
    return [item if type(item) in untouched else _encode(item, options, include, exclude) for item in obj]


def _encode_model(obj: BaseModel, options: _Options, include: IncEx | None, exclude: IncEx | None) -> Any:
    dumped = obj.model_dump(  # which the model may have overridden
        mode="json",
        include=include,
        exclude=exclude,
        by_alias=options.by_alias,
        exclude_unset=options.exclude_unset,
        exclude_defaults=options.exclude_defaults,
        exclude_none=options.exclude_none,
    )
    if _holds_unwanted(dumped, options.exclude_none, options.sqlalchemy_safe):
        # Custom encoders are for what pydantic didn't encode.
        plain = options._replace(custom_encoder=None, untouched=_SCALARS)
        return _encode(dumped, plain, None, None)
    return dumped


def _holds_unwanted(value: Any, exclude_none: bool, sqlalchemy_safe: bool) -> bool:
    """Whether dicts in JSON values have keys to leave out: pydantic leaves out only those that are fields."""
    if type(value) is dict:
        if sqlalchemy_safe and any(key.startswith("_sa") for key in value):
            return True
        if exclude_none and None in value.values():
            return True
        children: Iterable[Any] = value.values()
    elif type(value) is list:
        children = value
    else:
        return False
    return any(
        _holds_unwanted(child, exclude_none, sqlalchemy_safe) for child in children if type(child) in (dict, list)
    )


def _dataclass_fields(obj: Any, options: _Options) -> dict[str, Any]:
    if options.custom_encoder is not None:
        # As in FastAPI: a custom encoder does not see the dataclasses inside of another.
        return dataclasses.asdict(obj)
    return {field.name: getattr(obj, field.name) for field in dataclasses.fields(obj)}


def _encode_other(obj: Any, options: _Options, include: IncEx | None, exclude: IncEx | None) -> Any:
    encoder = ENCODERS_BY_TYPE.get(type(obj))
    if encoder is not None:
        return encoder(obj)
    for encoder, classes in encoders_by_class_tuples.items():
        if isinstance(obj, classes):
            return encoder(obj)
    for base in type(obj).__mro__:
        encoder = _ENCODERS_BY_NAME.get((base.__module__, base.__name__))
        if encoder is not None:
            return encoder(obj)
    reject_pydantic_v1_model(type(obj))
    return _encode(_as_dict(obj), options, include, exclude)


def _as_dict(obj: Any) -> dict[Any, Any]:
    try:
        return dict(obj)
    except Exception as not_iterable:
        try:
            attributes: dict[str, Any] = vars(obj)
        except Exception as no_attributes:
            raise ValueError([not_iterable, no_attributes]) from no_attributes
        return attributes


def json_text(value: Any) -> str:
    """Write any value as JSON on one line, as items of a stream are; NaN and infinities become null.

    Raises:
        ValueError: As `jsonable_encoder`.
    """
    encoded = jsonable_encoder(value)
    try:
        return json.dumps(encoded, allow_nan=False)
    except ValueError:
        return json.dumps(_without_non_finite(encoded))


def _without_non_finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _without_non_finite(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_without_non_finite(child) for child in value]
    return value
