"""Each error of a 422 told for a person: where, what was sent, the rule in words, a value that passes.

The rules are a table over pydantic's error types; a type that is not in it keeps pydantic's own words.

Spec: pydantic, Validation Errors; FastAPI's 422 body `{"detail": [{"type", "loc", "msg", "input", "ctx"?}]}`;
RFC 6901 (JSON Pointer).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from routebook_kernel.protocol import ValidationIssue
from routebook_kernel.recording.words import count_text

Context = Mapping[str, Any]
Wording = str | Callable[[Context, Any], str]
Passing = str | Callable[[Context, Any], str | None] | None

_SOURCES = frozenset({"path", "query", "header", "cookie", "body", "response"})
_MAX_SENT = 200


@dataclass(frozen=True, slots=True)
class Rule:
    """How one error type is told.

    Attributes:
        words: "must be a number"; `{gt}` and the like come from the error's context.
        passes: A value that would pass, the same way; None where none can be told.
    """

    words: Wording
    passes: Passing = None


def _shift(name: str, by: int) -> Callable[[Context, Any], str | None]:
    """The limit itself, or one beside it where the limit does not pass."""

    def passing(context: Context, sent: Any) -> str | None:
        limit = context.get(name)
        return None if not isinstance(limit, int | float) else json.dumps(limit + by)

    return passing


def _multiple(context: Context, sent: Any) -> str | None:
    return json.dumps(context["multiple_of"]) if "multiple_of" in context else None


def _text_of_length(name: str) -> Callable[[Context, Any], str | None]:
    def passing(context: Context, sent: Any) -> str | None:
        length = context.get(name)
        if not isinstance(length, int) or length > 60:
            return None
        text = sent.strip() if isinstance(sent, str) else ""  # spaces at its ends may not count
        text = text or "abc"
        return json.dumps(text[:length].ljust(length, "x"), ensure_ascii=False)

    return passing


def _length(limit: str, least: str) -> Callable[[Context, Any], str]:
    def words(context: Context, sent: Any) -> str:
        actual = context.get("actual_length")
        has = f"; it has {actual}" if actual is not None else ""
        return f"must have {least} {count_text(context.get(limit), 'item')}{has}"

    return words


def _one_of(name: str) -> Wording:
    return lambda context, sent: f"must be {context.get(name, 'one of the allowed values')}"


def _first_of(name: str) -> Callable[[Context, Any], str | None]:
    def passing(context: Context, sent: Any) -> str | None:
        first = str(context.get(name, "")).replace(" or ", ", ").split(", ")[0].strip()
        return first.replace("'", '"') or None

    return passing


def _why(context: Context, sent: Any) -> str:
    reason = str(context["message"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return f"is refused: {reason}" if reason else "is refused by the application's own check"


_NUMBER, _WHOLE = Rule("must be a number", "9.99"), Rule("must be a whole number", "5")
_DATE, _TIME = Rule("must be a date, year-month-day", '"2025-01-31"'), Rule("must be a time of day", '"14:30:00"')
_MOMENT = Rule("must be a date with a time", '"2025-01-31T14:30:00Z"')
_SPAN = Rule("must be a duration", '"PT1H30M"')
_TRUTH = Rule("must be true or false", "true")
_LIST = Rule("must be a list", "[]")
_OBJECT = Rule("must be an object with named fields", "{}")
_MODEL = Rule(_OBJECT.words)  # which fields it needs, the error does not say
_UUID = Rule("must be a UUID", '"3fa85f64-5717-4562-b3fc-2c963f66afa6"')
_URL = Rule("must be a URL", '"https://example.org/"')
_BYTES = Rule("must be text or bytes", '"abc"')

RULES: Mapping[str, Rule] = {
    "missing": Rule("is required"),
    "missing_argument": Rule("is required"),
    "extra_forbidden": Rule("is not a field here: leave it out, or check its spelling"),
    "json_invalid": Rule(lambda c, _: f"is not JSON: {c.get('error', 'it cannot be read')}"),
    "json_type": Rule("must be JSON in a text", '"{}"'),
    "int_parsing": _WHOLE,
    "int_type": _WHOLE,
    "int_from_float": Rule("must be a whole number, without a fraction", lambda _, sent: _rounded(sent)),
    "int_parsing_size": Rule("must be a shorter whole number", "5"),
    "float_parsing": _NUMBER,
    "float_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "decimal_type": _NUMBER,
    "complex_type": _NUMBER,
    "complex_str_parsing": _NUMBER,
    "finite_number": Rule("must be a finite number", "9.99"),
    "decimal_max_digits": Rule(lambda c, _: f"may have at most {count_text(c.get('max_digits'), 'digit')}"),
    "decimal_max_places": Rule(lambda c, _: f"may have at most {count_text(c.get('decimal_places'), 'decimal place')}"),
    "decimal_whole_digits": Rule(
        lambda c, _: f"may have at most {count_text(c.get('whole_digits'), 'digit')} before the point"
    ),
    "greater_than": Rule("must be greater than {gt}", _shift("gt", 1)),
    "greater_than_equal": Rule("must be at least {ge}", _shift("ge", 0)),
    "less_than": Rule("must be less than {lt}", _shift("lt", -1)),
    "less_than_equal": Rule("must be at most {le}", _shift("le", 0)),
    "multiple_of": Rule("must be a multiple of {multiple_of}", _multiple),
    "bool_parsing": _TRUTH,
    "bool_type": _TRUTH,
    "string_type": Rule("must be a text", lambda _, sent: _as_text(sent)),
    "string_sub_type": Rule("must be a text", '"abc"'),
    "string_unicode": Rule("must be valid Unicode text", '"abc"'),
    "string_too_short": Rule(
        lambda c, _: f"must have at least {count_text(c.get('min_length'), 'character')}", _text_of_length("min_length")
    ),
    "string_too_long": Rule(
        lambda c, _: f"must have at most {count_text(c.get('max_length'), 'character')}", _text_of_length("max_length")
    ),
    "string_pattern_mismatch": Rule("must match the pattern {pattern}"),
    "string_not_ascii": Rule("must have ASCII characters only", '"abc"'),
    "enum": Rule(_one_of("expected"), _first_of("expected")),
    "literal_error": Rule(_one_of("expected"), _first_of("expected")),
    "none_required": Rule("must be null", "null"),
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "frozen_set_type": _LIST,
    "iterable_type": _LIST,
    "set_item_not_hashable": Rule("has an item that cannot be in a set: use texts and numbers"),
    "dict_type": _OBJECT,
    "mapping_type": _OBJECT,
    "model_type": _MODEL,
    "model_attributes_type": _MODEL,
    "dataclass_type": _MODEL,
    "dataclass_exact_type": _MODEL,
    "invalid_key": Rule("must have texts as field names"),
    "too_short": Rule(_length("min_length", "at least")),
    "too_long": Rule(_length("max_length", "at most")),
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": Rule("must be a date without a time of day", '"2025-01-31"'),
    "date_past": Rule("must be a date in the past", '"2001-01-31"'),
    "date_future": Rule("must be a date in the future", '"2999-01-31"'),
    "time_type": _TIME,
    "time_parsing": _TIME,
    "datetime_type": _MOMENT,
    "datetime_parsing": _MOMENT,
    "datetime_from_date_parsing": _MOMENT,
    "datetime_object_invalid": _MOMENT,
    "datetime_past": Rule("must be in the past", '"2001-01-31T14:30:00Z"'),
    "datetime_future": Rule("must be in the future", '"2999-01-31T14:30:00Z"'),
    "timezone_aware": Rule("must say its time zone", '"2025-01-31T14:30:00Z"'),
    "timezone_naive": Rule("must not say a time zone", '"2025-01-31T14:30:00"'),
    "timezone_offset": Rule("must be at the time offset of {tz_expected} seconds"),
    "time_delta_type": _SPAN,
    "time_delta_parsing": _SPAN,
    "uuid_type": _UUID,
    "uuid_parsing": _UUID,
    "uuid_version": Rule("must be a UUID of version {expected_version}"),
    "url_type": _URL,
    "url_parsing": _URL,
    "url_syntax_violation": _URL,
    "url_scheme": Rule("must be a URL that begins with {expected_schemes}"),
    "url_too_long": Rule(lambda c, _: f"must be a URL of at most {count_text(c.get('max_length'), 'character')}"),
    "bytes_type": _BYTES,
    "bytes_invalid_encoding": Rule("must be bytes in the encoding {encoding}"),
    "bytes_too_short": Rule(lambda c, _: f"must have at least {count_text(c.get('min_length'), 'byte')}"),
    "bytes_too_long": Rule(lambda c, _: f"must have at most {count_text(c.get('max_length'), 'byte')}"),
    "union_tag_invalid": Rule(
        lambda c, _: f"has an unknown {c.get('discriminator')}: must be {c.get('expected_tags')}",
        _first_of("expected_tags"),
    ),
    "union_tag_not_found": Rule(lambda c, _: f"must have the field {c.get('discriminator')}, which says its kind"),
    "frozen_field": Rule("cannot be changed"),
    "value_error": Rule(_why),
    "assertion_error": Rule(_why),
    "recursion_loop": Rule("contains itself"),
}


def _rounded(sent: Any) -> str | None:
    try:
        return str(round(float(sent)))
    except (TypeError, ValueError, OverflowError):
        return "5"


def _as_text(sent: Any) -> str:
    is_plain = isinstance(sent, int | float) and not isinstance(sent, bool)
    return json.dumps(str(sent)) if is_plain else '"abc"'


def tell_issues(detail: object) -> list[ValidationIssue]:
    """Tell each error of a 422's `detail`; anything else there (a text from HTTPException) tells nothing."""
    if not isinstance(detail, list):
        return []
    return [tell_issue(error) for error in detail if isinstance(error, dict) and isinstance(error.get("loc"), list)]


def tell_issue(error: Mapping[str, Any]) -> ValidationIssue:
    """Tell one error."""
    type_, sent, message = str(error.get("type", "")), error.get("input"), str(error.get("msg", ""))
    context = {**(error.get("ctx") or {}), "message": message}
    loc: list[str | int] = [part if isinstance(part, int) else str(part) for part in error["loc"]]
    source = str(loc[0]) if loc and loc[0] in _SOURCES else "body"
    inner = loc[1:] if loc and loc[0] in _SOURCES else loc
    if type_ == "json_invalid":
        inner = []  # its place is a character, not a field
    rule = RULES.get(type_)
    return ValidationIssue(
        loc=loc,
        source=source,
        pointer="".join(f"/{_escaped(part)}" for part in inner) if source in {"body", "response"} else "",
        field=field_name(inner) or ("the whole body" if source == "body" else "the whole response"),
        sent=shortened(sent),
        is_missing=type_.startswith("missing"),
        rule=_words(rule, context, sent) if rule else _lowered(message),
        passes=_passes(rule, context, sent) if rule else None,
        type=type_,
        message=message,
    )


def field_name(parts: Sequence[str | int]) -> str:
    """How a person names the place: `item.price`, `tags[2]`."""
    name = ""
    for part in parts:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else part
    return name


def shortened(value: Any) -> Any:
    """The value where it is small, else the beginning of its JSON."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return value if len(text) <= _MAX_SENT else f"{text[:_MAX_SENT]}…"


def _escaped(part: str | int) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


def _words(rule: Rule, context: Context, sent: Any) -> str:
    if callable(rule.words):
        return rule.words(context, sent)
    try:
        return rule.words.format_map(context)
    except (KeyError, IndexError, ValueError):
        return rule.words.split(" {", maxsplit=1)[0]


def _passes(rule: Rule, context: Context, sent: Any) -> str | None:
    return rule.passes(context, sent) if callable(rule.passes) else rule.passes


def _lowered(message: str) -> str:
    text = message.removeprefix("Input ").removeprefix("Value error, ")
    return text[:1].lower() + text[1:]
