"""Patterns of values: plain values, types, `...`, regular expressions and functions, nested in any way.

`{"id": int, "title": "Emma", "tags": [...]}` reads as it looks. A type matches any value of it, `...` any value at all,
a compiled regular expression any string that contains a match, a function any value for which it returns true.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_TYPES: Mapping[Any, str] = {
    int: "a whole number",
    float: "a number",
    str: "a string",
    bool: "true or false",
    list: "a list",
    dict: "an object",
    type(None): "null",
}
_MAX_SHOWN = 300


def find_difference(expected: Any, value: Any, *, exactly: bool) -> str | None:
    """Return where a value differs from a pattern: "" for the whole value, or a path, `tags[0]`. None if it matches.

    Args:
        expected: A pattern.
        value: The value.
        exactly: Whether an object must not have members that the pattern doesn't name.
    """
    return next(_iter_differences(expected, value, "", exactly), None)


def _iter_differences(expected: Any, value: Any, path: str, exactly: bool) -> Iterator[str]:
    if isinstance(expected, Mapping):
        yield from _iter_member_differences(expected, value, path, exactly)
    elif isinstance(expected, list | tuple):
        if not isinstance(value, list) or len(value) != len(expected):
            yield path
            return
        for index, (pattern, item) in enumerate(zip(expected, value, strict=True)):
            yield from _iter_differences(pattern, item, f"{path}[{index}]", exactly)
    elif not _matches(expected, value):
        yield path


def _iter_member_differences(expected: Mapping[Any, Any], value: Any, path: str, exactly: bool) -> Iterator[str]:
    if not isinstance(value, dict):
        yield path
        return
    prefix = f"{path}." if path else ""
    for name, pattern in expected.items():
        if name not in value:
            yield f"{prefix}{name}"
        else:
            yield from _iter_differences(pattern, value[name], f"{prefix}{name}", exactly)
    if exactly:
        yield from (f"{prefix}{name}" for name in value if name not in expected)


def _matches(expected: Any, value: Any) -> bool:
    if expected is ...:
        return True
    if isinstance(expected, type):
        return _has_type(expected, value)
    if isinstance(expected, re.Pattern):
        return isinstance(value, str) and expected.search(value) is not None
    if callable(expected):
        return _accepts(expected, value)
    is_other_kind = isinstance(expected, bool) is not isinstance(value, bool)  # 1 is not true
    return not is_other_kind and bool(expected == value)


def _has_type(expected: type, value: Any) -> bool:
    if isinstance(value, bool):
        return expected is bool
    return isinstance(value, int | float if expected is float else expected)


def _accepts(predicate: Callable[[Any], Any], value: Any) -> bool:
    try:
        return bool(predicate(value))
    except Exception:
        return False  # the value doesn't have what the function reads


def describe_pattern(expected: Any) -> str:
    """Describe a pattern: `{"id": a whole number, "title": "Emma"}`."""
    if expected is ...:
        return "…"
    if isinstance(expected, type):
        return _TYPES.get(expected, expected.__name__)
    if isinstance(expected, re.Pattern):
        return f"a string that matches /{expected.pattern}/"
    if isinstance(expected, Mapping):
        return "{" + ", ".join(f'"{name}": {describe_pattern(value)}' for name, value in expected.items()) + "}"
    if isinstance(expected, list | tuple):
        return "[" + ", ".join(map(describe_pattern, expected)) + "]"
    if callable(expected):
        return (getattr(expected, "__doc__", None) or "the expected value").strip().splitlines()[0].rstrip(".")
    return format_json(expected)


def format_json(value: Any) -> str:
    """Return a value as JSON on one line, cut off if it's long."""
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]} …"
