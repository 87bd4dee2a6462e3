"""What a check expects of a value: plain values, types, `...`, patterns of text, predicates, nested as they come.

`{"id": int, "title": "Emma", "tags": [...]}` reads as it looks. A type stands for any value of it, `...` for any value
at all, a compiled regular expression for a text that contains it, a function for what it says yes to.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_TYPES: Mapping[Any, str] = {
    int: "a whole number",
    float: "a number",
    str: "a text",
    bool: "true or false",
    list: "a list",
    dict: "an object",
    type(None): "null",
}
_MAX_SHOWN = 300


def differs(expected: Any, value: Any, *, exactly: bool) -> str | None:
    """Where a value is not what was expected: "" for the whole, else a place such as `tags[0]`; None where it fits.

    Args:
        expected: A pattern.
        value: What came.
        exactly: Whether an object may hold nothing but what the pattern names.
    """
    return next(_iter_places(expected, value, "", exactly), None)


def _iter_places(expected: Any, value: Any, place: str, exactly: bool) -> Iterator[str]:
    if isinstance(expected, Mapping):
        yield from _iter_object_places(expected, value, place, exactly)
    elif isinstance(expected, list | tuple):
        if not isinstance(value, list) or len(value) != len(expected):
            yield place
            return
        for index, (each, came) in enumerate(zip(expected, value, strict=True)):
            yield from _iter_places(each, came, f"{place}[{index}]", exactly)
    elif not _fits(expected, value):
        yield place


def _iter_object_places(expected: Mapping[Any, Any], value: Any, place: str, exactly: bool) -> Iterator[str]:
    if not isinstance(value, dict):
        yield place
        return
    inner = f"{place}." if place else ""
    for name, each in expected.items():
        if name not in value:
            yield f"{inner}{name}"
        else:
            yield from _iter_places(each, value[name], f"{inner}{name}", exactly)
    if exactly:
        yield from (f"{inner}{name}" for name in value if name not in expected)


def _fits(expected: Any, value: Any) -> bool:
    if expected is ...:
        return True
    if isinstance(expected, type):
        return _is_a(expected, value)
    if isinstance(expected, re.Pattern):
        return isinstance(value, str) and expected.search(value) is not None
    if callable(expected):
        return _says_yes(expected, value)
    is_other_kind = isinstance(expected, bool) is not isinstance(value, bool)  # 1 is not true
    return not is_other_kind and bool(expected == value)


def _is_a(expected: type, value: Any) -> bool:
    if isinstance(value, bool):
        return expected is bool
    return isinstance(value, int | float if expected is float else expected)


def _says_yes(predicate: Callable[[Any], Any], value: Any) -> bool:
    try:
        return bool(predicate(value))
    except Exception:
        return False  # it looked for something that the value has not


def told(expected: Any) -> str:
    """A pattern in a person's words, JSON where it is plain: `{"id": a whole number, "title": "Emma"}`."""
    if expected is ...:
        return "…"
    if isinstance(expected, type):
        return _TYPES.get(expected, expected.__name__)
    if isinstance(expected, re.Pattern):
        return f"a text with /{expected.pattern}/"
    if isinstance(expected, Mapping):
        return "{" + ", ".join(f'"{name}": {told(each)}' for name, each in expected.items()) + "}"
    if isinstance(expected, list | tuple):
        return "[" + ", ".join(map(told, expected)) + "]"
    if callable(expected):
        return (getattr(expected, "__doc__", None) or "what is asked").strip().splitlines()[0].rstrip(".")
    return shown(expected)


def shown(value: Any) -> str:
    """A value as JSON on one line, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]} …"
