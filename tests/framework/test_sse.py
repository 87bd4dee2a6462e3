"""Server-sent events, as the HTML Living Standard (§9.2) has them; a small parser of that section is the judge."""

import json
from typing import Any

import fastapi.sse
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from routebook.sse import KEEPALIVE_COMMENT, EventSourceResponse, ServerSentEvent, format_sse_event

EVENTS: list[dict[str, Any]] = [
    {},
    {"data_str": "one"},
    {"data_str": ""},
    {"data_str": "one\ntwo\r\nthree\rfour\n"},
    {"data_str": "no\u2028line\u2029ends\x0bin\x0cJavaScript\x85nor\x1chere"},
    {"data_str": "a", "event": "e", "id": "1", "retry": 3, "comment": "c"},
    {"comment": ""},
    {"comment": "one\r\ntwo"},
    {"event": ""},
    {"id": ""},
    {"retry": 0},
    {"event": "é"},
]


@pytest.mark.parametrize("fields", EVENTS, ids=repr)
def test_bytes_are_fastapis(fields: dict[str, Any]) -> None:
    """The order of fields and the line ends are part of what clients were tested with."""
    assert format_sse_event(**fields) == fastapi.sse.format_sse_event(**fields)


def parse(stream: bytes) -> list[dict[str, str]]:
    """§9.2.6, reduced: the events that a browser would dispatch, and the fields of each."""
    text = stream.decode().replace("\r\n", "\n").replace("\r", "\n")
    events: list[dict[str, str]] = []
    fields: dict[str, str] = {}
    for line in text.split("\n"):
        if not line:
            if "data" in fields:
                events.append({**fields, "data": fields["data"].removesuffix("\n")})
            fields = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            fields[name] = fields.get("data", "") + value + "\n" if name == "data" else value
    return events


line_text = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]))


@given(st.text(st.characters(exclude_categories=["Cs"])), line_text, line_text)
def test_a_browser_reads_what_was_written(data: str, event: str, id: str) -> None:
    """Whatever the text, it arrives as one event with those fields and no others."""
    stream = format_sse_event(data_str=data, event=event, id=id, comment=data)

    lines = data.replace("\r\n", "\n").replace("\r", "\n")
    assert parse(stream) == [{"data": lines, "event": event, "id": id}]


@pytest.mark.parametrize("make", [format_sse_event, ServerSentEvent], ids=["function", "model"])
@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"event": "a\nb"}, "SSE 'event' must be a single line"),
        ({"event": "a\rb"}, "SSE 'event' must be a single line"),
        ({"id": "1\ndata: forged"}, "SSE 'id' must be a single line"),
        ({"id": "1\0"}, "SSE 'id' must not contain null characters"),
    ],
)
def test_value_that_would_forge_a_field_is_refused(make: Any, fields: dict[str, str], message: str) -> None:
    """A line break in a field's value begins another field."""
    with pytest.raises(ValueError, match=message):
        make(**fields)


def test_data_and_raw_data_exclude_each_other() -> None:
    """One event has one data."""
    with pytest.raises(ValidationError, match="Cannot set both 'data' and 'raw_data'"):
        ServerSentEvent(data=1, raw_data="1")


@pytest.mark.parametrize("retry", [-1, 1.5])
def test_retry_is_a_count_of_milliseconds(retry: Any) -> None:
    """Browsers ignore anything but digits (§9.2.6)."""
    with pytest.raises(ValidationError):
        ServerSentEvent(retry=retry)


class Item(BaseModel):
    price: float


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("text", '"text"'),
        ({"key": [1, None]}, '{"key": [1, null]}'),
        (Item(price=1), '{"price":1.0}'),
        ([Item(price=1)], '[{"price": 1.0}]'),
        (float("nan"), "null"),
        ({"a": [float("inf")]}, '{"a": [null]}'),
        (Item(price=float("nan")), '{"price":null}'),
    ],
)
def test_data_is_sent_as_json(data: Any, expected: str) -> None:
    """A string arrives in quotes, a model as it writes itself; JSON has no NaN."""
    (event,) = parse(ServerSentEvent(data=data, id="7").to_bytes())

    assert event == {"data": expected, "id": "7"}
    json.loads(event["data"], parse_constant=pytest.fail)


def test_raw_data_is_sent_as_it_is() -> None:
    """For what isn't JSON; None means no data at all."""
    assert ServerSentEvent(raw_data="[DONE]\nx").to_bytes() == b"data: [DONE]\ndata: x\n\n"
    assert ServerSentEvent(event="ping").to_bytes() == b"event: ping\n\n"


def test_keepalive_is_no_event() -> None:
    """It keeps proxies from closing; the page sees nothing."""
    assert parse(KEEPALIVE_COMMENT) == []
    assert KEEPALIVE_COMMENT == fastapi.sse.KEEPALIVE_COMMENT


def test_response_is_an_event_stream() -> None:
    """Browsers refuse another media type (§9.2.3)."""
    assert EventSourceResponse(iter([b""])).headers["content-type"] == "text/event-stream; charset=utf-8"
