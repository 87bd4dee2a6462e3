"""Records of requests: redacted, limited in size, described in words."""

import json
from dataclasses import replace
from typing import Annotated, Any

import pytest
from pydantic import StringConstraints, TypeAdapter, ValidationError

from routebook_kernel.recording.display import format_body, render_html, render_text
from routebook_kernel.recording.failures import describe_failure
from routebook_kernel.recording.log import ExchangeLog
from routebook_kernel.recording.validation_messages import CONSTRAINTS, describe_issue, describe_issues, format_field
from routebook_kernel.records import Body, Exchange

EXCHANGE = Exchange(
    id=1, source="client", operation="GET /", method="GET", url="/", request_headers=(), request_body=None, status=200,
    response_headers=(), response_body=None, started_at=0.0, elapsed_ms=1.0,
)  # fmt: skip


def make(number: int, size: int = 0) -> Exchange:
    body = Body(b"x" * size, size, "text/plain") if size else None
    return replace(EXCHANGE, id=number, response_body=body)


# The log


def test_log_is_limited_by_count_and_bytes() -> None:
    """The oldest are removed first, the newest always stays, and the total counts all."""
    log = ExchangeLog(max_count=3, max_bytes=100_000)
    for number in range(5):
        log.add(make(number))
    assert [exchange.id for exchange in log] == [2, 3, 4]

    log.add(make(5, size=99_000))

    assert [exchange.id for exchange in log][-1] == 5
    assert log.size_bytes <= 100_000 + 3000
    log.add(make(6, size=300_000))
    assert [exchange.id for exchange in log] == [6]
    assert log.total == 7


def test_log_notifies_listeners_until_they_unsubscribe() -> None:
    """A view gets each exchange once."""
    log, heard = ExchangeLog(), list[int]()
    leave = log.subscribe(lambda exchange: heard.append(exchange.id))

    log.add(make(1))
    leave()
    log.add(make(2))

    assert heard == [1]


# Issues of a 422


def error_of(annotation: Any, value: Any) -> dict[str, Any]:
    try:
        TypeAdapter(annotation).validate_python(value)
    except ValidationError as error:
        found = json.loads(error.json(include_url=False))[0]
        return {**found, "loc": ["body", "price", *found["loc"]]}
    raise AssertionError("it passed")


@pytest.mark.parametrize(
    ("annotation", "value", "rule", "passes"),
    [
        (float, "abc", "must be a number", "9.99"),
        (int, 1.5, "must be a whole number, without a fraction", "2"),
        (bool, "maybe", "must be true or false", "true"),
        (str, 5, "must be a text", '"5"'),
        (list[int], "x", "must be a list", "[]"),
        (dict[str, int], 3, "must be an object with named fields", "{}"),
        (
            Annotated[str, StringConstraints(strip_whitespace=True, min_length=2)],
            "    ",
            "must have at least 2 characters",
            '"ab"',
        ),
    ],
)
def test_issue_has_constraint_and_valid_example(annotation: Any, value: Any, rule: str, passes: str) -> None:
    """The examples are validated here: they really are valid."""
    issue = describe_issue(error_of(annotation, value))

    assert (issue["rule"], issue["passes"], issue["field"], issue["pointer"]) == (rule, passes, "price", "/price")
    TypeAdapter(annotation).validate_python(json.loads(passes))


@pytest.mark.parametrize(
    ("context", "type_", "rule", "passes"),
    [
        ({"gt": 0}, "greater_than", "must be greater than 0", "1"),
        ({"ge": 3}, "greater_than_equal", "must be at least 3", "3"),
        ({"lt": 5.5}, "less_than", "must be less than 5.5", "4.5"),
        ({"min_length": 1}, "string_too_short", "must have at least 1 character", '"a"'),
        ({"class_name": "Item"}, "model_attributes_type", "must be an object with named fields", None),
        ({"expected": "'red' or 'green'"}, "enum", "must be 'red' or 'green'", '"red"'),
        ({"error": {}}, "value_error", "is refused: Input should be nice", None),
        ({}, "a_type_nobody_knows", "should be nice", None),
    ],
)
def test_issue_wording_uses_the_context(context: dict[str, Any], type_: str, rule: str, passes: str | None) -> None:
    """Limits and choices are the field's own. An unknown type keeps pydantic's message."""
    error = {"type": type_, "loc": ["query", "n"], "msg": "Input should be nice", "input": "", "ctx": context}

    issue = describe_issue(error)

    assert (issue["rule"], issue["passes"], issue["source"], issue["pointer"]) == (rule, passes, "query", "")


def test_every_constraint_has_a_wording_without_context() -> None:
    """Any part of a context may be missing, and no constraint may raise for that."""
    for type_ in CONSTRAINTS:
        issue = describe_issue({"type": type_, "loc": ["body", "a"], "msg": "m", "input": object()})
        assert issue["rule"]


def test_broken_json_is_the_whole_body() -> None:
    """Its location is a character offset, not a field."""
    issue = describe_issue(
        {"type": "json_invalid", "loc": ["body", 7], "msg": "JSON decode error", "ctx": {"error": "Expecting value"}}
    )

    assert (issue["field"], issue["pointer"], issue["rule"]) == ("the whole body", "", "is not JSON: Expecting value")


def test_detail_that_isnt_a_list_has_no_issues() -> None:
    """`HTTPException(422, "text")` isn't a validation error."""
    assert describe_issues("no") == []
    assert describe_issues([{"a": 1}, "x"]) == []


def test_field_is_formatted_with_dots_and_brackets() -> None:
    """As a person would write it."""
    assert format_field(["item", "tags", 2, "name"]) == "item.tags[2].name"


# Failures and their display


def secretive(password: str, count: int) -> float:
    return count / 0


def test_failure_has_the_users_frames_with_short_values() -> None:
    """The line, the values it uses, with secrets hidden and libraries folded."""
    try:
        json.loads("1", object_hook=None, parse_int=lambda text: secretive("p" + "w", int(text)))
    except ZeroDivisionError as error:
        failure = describe_failure(error, lambda code: None)

    assert [frame.function for frame in failure.frames][-1] == "secretive"
    assert failure.frames[-1].source == "return count / 0"
    assert failure.frames[-1].values == (("count", "1"),)
    assert failure.folded >= 2
    assert "pw" not in repr(failure)


def test_exchange_is_shown_as_text_never_as_markup() -> None:
    """Everything sent or received is escaped in the HTML, and plain in the text."""
    evil = "<img src=x onerror=alert(1)>"
    exchange = replace(
        EXCHANGE,
        url=f"/{evil}",
        response_headers=(("x-evil", evil),),
        response_body=Body(json.dumps({"a": evil}).encode(), 50, "application/json"),
        output=evil,
    )

    assert "<img" not in render_html(exchange)
    assert "200 OK" in render_text(exchange)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (Body(b'{"b":1,"a":"\xc3\xa9"}', 14, "application/json"), '{\n  "b": 1,\n  "a": "é"\n}'),
        (Body(b"\xff\xfe", 2, "image/png"), "(2 B of image/png)"),
        (Body(b'{"broken', 8, "application/json"), '{"broken'),
        (None, ""),
    ],
)
def test_body_is_formatted_for_reading(body: Body | None, shown: str) -> None:
    """JSON is indented, binary data is counted, the rest is unchanged."""
    assert format_body(body) == shown
