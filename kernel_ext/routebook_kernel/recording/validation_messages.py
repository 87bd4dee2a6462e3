"""Messages for the errors of a 422: the location, the value sent, the violated constraint, and a valid example.

The constraints are a table by pydantic's error types. Types that aren't in the table keep pydantic's own message.

Spec: pydantic, Validation Errors; FastAPI's 422 body `{"detail": [{"type", "loc", "msg", "input", "ctx"?}]}`; RFC 6901
(JSON Pointer).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from routebook_kernel.protocol import ValidationIssue
from routebook_kernel.recording.formatting import format_count

Context = Mapping[str, Any]
Wording = str | Callable[[Context, Any], str]
ExampleSource = str | Callable[[Context, Any], str | None] | None

_SOURCES = frozenset({"path", "query", "header", "cookie", "body", "response"})
_MAX_SENT = 200


@dataclass(frozen=True, slots=True)
class Constraint:
    """The message of one error type.

    Attributes:
        wording: "must be a number"; placeholders such as `{gt}` are filled from the error's context.
        example: A valid example; None if there's no general one.
    """

    wording: Wording
    example: ExampleSource = None


def _limit_example(name: str, by: int) -> Callable[[Context, Any], str | None]:
    """Return the limit itself, or a value next to it if the limit isn't valid."""

    def build_example(context: Context, sent: Any) -> str | None:
        limit = context.get(name)
        return None if not isinstance(limit, int | float) else json.dumps(limit + by)

    return build_example


def _multiple_example(context: Context, sent: Any) -> str | None:
    return json.dumps(context["multiple_of"]) if "multiple_of" in context else None


def _length_example(name: str) -> Callable[[Context, Any], str | None]:
    def build_example(context: Context, sent: Any) -> str | None:
        length = context.get(name)
        if not isinstance(length, int) or length > 60:
            return None
        text = sent.strip() if isinstance(sent, str) else ""  # leading and trailing spaces may not count
        text = text or "abc"
        return json.dumps(text[:length].ljust(length, "x"), ensure_ascii=False)

    return build_example


def _length_wording(limit: str, least: str) -> Callable[[Context, Any], str]:
    def wording(context: Context, sent: Any) -> str:
        actual = context.get("actual_length")
        has = f"; it has {actual}" if actual is not None else ""
        return f"must have {least} {format_count(context.get(limit), 'item')}{has}"

    return wording


def _choice_wording(name: str) -> Wording:
    return lambda context, sent: f"must be {context.get(name, 'one of the allowed values')}"


def _choice_example(name: str) -> Callable[[Context, Any], str | None]:
    def build_example(context: Context, sent: Any) -> str | None:
        first = str(context.get(name, "")).replace(" or ", ", ").split(", ")[0].strip()
        return first.replace("'", '"') or None

    return build_example


def _reason_wording(context: Context, sent: Any) -> str:
    reason = str(context["message"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return f"is refused: {reason}" if reason else "is refused by the application's own check"


_NUMBER, _WHOLE = Constraint("must be a number", "9.99"), Constraint("must be a whole number", "5")
_DATE, _TIME = (
    Constraint("must be a date, year-month-day", '"2025-01-31"'),
    Constraint("must be a time of day", '"14:30:00"'),
)
_DATETIME = Constraint("must be a date with a time", '"2025-01-31T14:30:00Z"')
_DURATION = Constraint("must be a duration", '"PT1H30M"')
_BOOLEAN = Constraint("must be true or false", "true")
_LIST = Constraint("must be a list", "[]")
_OBJECT = Constraint("must be an object with named fields", "{}")
_MODEL = Constraint(_OBJECT.wording)  # the error doesn't contain the required fields
_UUID = Constraint("must be a UUID", '"3fa85f64-5717-4562-b3fc-2c963f66afa6"')
_URL = Constraint("must be a URL", '"https://example.org/"')
_BYTES = Constraint("must be text or bytes", '"abc"')

CONSTRAINTS: Mapping[str, Constraint] = {
    "missing": Constraint("is required"),
    "missing_argument": Constraint("is required"),
    "extra_forbidden": Constraint("is not a field here: leave it out, or check its spelling"),
    "json_invalid": Constraint(lambda c, _: f"is not JSON: {c.get('error', 'it cannot be read')}"),
    "json_type": Constraint("must be JSON in a text", '"{}"'),
    "int_parsing": _WHOLE,
    "int_type": _WHOLE,
    "int_from_float": Constraint("must be a whole number, without a fraction", lambda _, sent: _round(sent)),
    "int_parsing_size": Constraint("must be a shorter whole number", "5"),
    "float_parsing": _NUMBER,
    "float_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "decimal_type": _NUMBER,
    "complex_type": _NUMBER,
    "complex_str_parsing": _NUMBER,
    "finite_number": Constraint("must be a finite number", "9.99"),
    "decimal_max_digits": Constraint(lambda c, _: f"may have at most {format_count(c.get('max_digits'), 'digit')}"),
    "decimal_max_places": Constraint(
        lambda c, _: f"may have at most {format_count(c.get('decimal_places'), 'decimal place')}"
    ),
    "decimal_whole_digits": Constraint(
        lambda c, _: f"may have at most {format_count(c.get('whole_digits'), 'digit')} before the point"
    ),
    "greater_than": Constraint("must be greater than {gt}", _limit_example("gt", 1)),
    "greater_than_equal": Constraint("must be at least {ge}", _limit_example("ge", 0)),
    "less_than": Constraint("must be less than {lt}", _limit_example("lt", -1)),
    "less_than_equal": Constraint("must be at most {le}", _limit_example("le", 0)),
    "multiple_of": Constraint("must be a multiple of {multiple_of}", _multiple_example),
    "bool_parsing": _BOOLEAN,
    "bool_type": _BOOLEAN,
    "string_type": Constraint("must be a text", lambda _, sent: _quote(sent)),
    "string_sub_type": Constraint("must be a text", '"abc"'),
    "string_unicode": Constraint("must be valid Unicode text", '"abc"'),
    "string_too_short": Constraint(
        lambda c, _: f"must have at least {format_count(c.get('min_length'), 'character')}",
        _length_example("min_length"),
    ),
    "string_too_long": Constraint(
        lambda c, _: f"must have at most {format_count(c.get('max_length'), 'character')}",
        _length_example("max_length"),
    ),
    "string_pattern_mismatch": Constraint("must match the pattern {pattern}"),
    "string_not_ascii": Constraint("must have ASCII characters only", '"abc"'),
    "enum": Constraint(_choice_wording("expected"), _choice_example("expected")),
    "literal_error": Constraint(_choice_wording("expected"), _choice_example("expected")),
    "none_required": Constraint("must be null", "null"),
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "frozen_set_type": _LIST,
    "iterable_type": _LIST,
    "set_item_not_hashable": Constraint("has an item that cannot be in a set: use texts and numbers"),
    "dict_type": _OBJECT,
    "mapping_type": _OBJECT,
    "model_type": _MODEL,
    "model_attributes_type": _MODEL,
    "dataclass_type": _MODEL,
    "dataclass_exact_type": _MODEL,
    "invalid_key": Constraint("must have texts as field names"),
    "too_short": Constraint(_length_wording("min_length", "at least")),
    "too_long": Constraint(_length_wording("max_length", "at most")),
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": Constraint("must be a date without a time of day", '"2025-01-31"'),
    "date_past": Constraint("must be a date in the past", '"2001-01-31"'),
    "date_future": Constraint("must be a date in the future", '"2999-01-31"'),
    "time_type": _TIME,
    "time_parsing": _TIME,
    "datetime_type": _DATETIME,
    "datetime_parsing": _DATETIME,
    "datetime_from_date_parsing": _DATETIME,
    "datetime_object_invalid": _DATETIME,
    "datetime_past": Constraint("must be in the past", '"2001-01-31T14:30:00Z"'),
    "datetime_future": Constraint("must be in the future", '"2999-01-31T14:30:00Z"'),
    "timezone_aware": Constraint("must say its time zone", '"2025-01-31T14:30:00Z"'),
    "timezone_naive": Constraint("must not say a time zone", '"2025-01-31T14:30:00"'),
    "timezone_offset": Constraint("must be at the time offset of {tz_expected} seconds"),
    "time_delta_type": _DURATION,
    "time_delta_parsing": _DURATION,
    "uuid_type": _UUID,
    "uuid_parsing": _UUID,
    "uuid_version": Constraint("must be a UUID of version {expected_version}"),
    "url_type": _URL,
    "url_parsing": _URL,
    "url_syntax_violation": _URL,
    "url_scheme": Constraint("must be a URL that begins with {expected_schemes}"),
    "url_too_long": Constraint(
        lambda c, _: f"must be a URL of at most {format_count(c.get('max_length'), 'character')}"
    ),
    "bytes_type": _BYTES,
    "bytes_invalid_encoding": Constraint("must be bytes in the encoding {encoding}"),
    "bytes_too_short": Constraint(lambda c, _: f"must have at least {format_count(c.get('min_length'), 'byte')}"),
    "bytes_too_long": Constraint(lambda c, _: f"must have at most {format_count(c.get('max_length'), 'byte')}"),
    "union_tag_invalid": Constraint(
        lambda c, _: f"has an unknown {c.get('discriminator')}: must be {c.get('expected_tags')}",
        _choice_example("expected_tags"),
    ),
    "union_tag_not_found": Constraint(
        lambda c, _: f"must have the field {c.get('discriminator')}, which says its kind"
    ),
    "frozen_field": Constraint("cannot be changed"),
    "value_error": Constraint(_reason_wording),
    "assertion_error": Constraint(_reason_wording),
    "recursion_loop": Constraint("contains itself"),
}


def _round(sent: Any) -> str | None:
    try:
        return str(round(float(sent)))
    except (TypeError, ValueError, OverflowError):
        return "5"


def _quote(sent: Any) -> str:
    is_plain = isinstance(sent, int | float) and not isinstance(sent, bool)
    return json.dumps(str(sent)) if is_plain else '"abc"'


def describe_issues(detail: object) -> list[ValidationIssue]:
    """Describe each error in the `detail` of a 422. Anything else there, such as a string, has no issues."""
    if not isinstance(detail, list):
        return []
    return [describe_issue(error) for error in detail if isinstance(error, dict) and isinstance(error.get("loc"), list)]


def describe_issue(error: Mapping[str, Any]) -> ValidationIssue:
    """Describe one error."""
    type_, sent, message = str(error.get("type", "")), error.get("input"), str(error.get("msg", ""))
    context = {**(error.get("ctx") or {}), "message": message}
    loc: list[str | int] = [part if isinstance(part, int) else str(part) for part in error["loc"]]
    source = str(loc[0]) if loc and loc[0] in _SOURCES else "body"
    inner = loc[1:] if loc and loc[0] in _SOURCES else loc
    if type_ == "json_invalid":
        inner = []  # the location is a character offset, not a field
    constraint = CONSTRAINTS.get(type_)
    return ValidationIssue(
        loc=loc,
        source=source,
        pointer="".join(f"/{_escape(part)}" for part in inner) if source in {"body", "response"} else "",
        field=format_field(inner) or ("the whole body" if source == "body" else "the whole response"),
        sent=shorten(sent),
        is_missing=type_.startswith("missing"),
        rule=_build_wording(constraint, context, sent) if constraint else _lower_start(message),
        passes=_build_example(constraint, context, sent) if constraint else None,
        type=type_,
        message=message,
    )


def format_field(parts: Sequence[str | int]) -> str:
    """Format the location of a field: `item.price`, `tags[2]`."""
    name = ""
    for part in parts:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else part
    return name


def shorten(value: Any) -> Any:
    """Return the value if it's small, else the beginning of its JSON."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return value if len(text) <= _MAX_SENT else f"{text[:_MAX_SENT]}…"


def _escape(part: str | int) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


def _build_wording(constraint: Constraint, context: Context, sent: Any) -> str:
    if callable(constraint.wording):
        return constraint.wording(context, sent)
    try:
        return constraint.wording.format_map(context)
    except (KeyError, IndexError, ValueError):
        return constraint.wording.split(" {", maxsplit=1)[0]


def _build_example(constraint: Constraint, context: Context, sent: Any) -> str | None:
    return constraint.example(context, sent) if callable(constraint.example) else constraint.example


def _lower_start(message: str) -> str:
    text = message.removeprefix("Input ").removeprefix("Value error, ")
    return text[:1].lower() + text[1:]
