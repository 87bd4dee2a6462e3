"""Endpoints that yield: what is sent, when, and what ends it."""

import time
from collections.abc import AsyncIterable, Iterable, Iterator, Sequence
from typing import Any

import anyio
import pytest
from pydantic import BaseModel

from routebook import Depends, Response, Routebook
from routebook._plan import stream
from routebook.exceptions import ResponseValidationError
from routebook.responses import EventSourceResponse, StreamingResponse
from routebook.sse import KEEPALIVE_COMMENT, ServerSentEvent
from routebook.testclient import TestClient


class Item(BaseModel):
    name: str
    note: str | None = None


def test_untyped_items_are_lines_of_json() -> None:
    """Anything JSON-able; NaN becomes null, since a reader would stumble over it."""
    app = Routebook()

    @app.get("/")
    def items() -> Any:
        yield {"a": [1]}
        yield Item(name="é")
        yield float("nan")

    answer = TestClient(app).get("/")

    assert answer.headers["content-type"] == "application/jsonl"
    assert answer.text == '{"a": [1]}\n{"name": "\\u00e9", "note": null}\nnull\n'


def test_typed_items_are_validated_and_filtered() -> None:
    """The item's type is a response model like any other."""
    app = Routebook()

    @app.get("/", response_model_exclude_none=True)
    async def items() -> AsyncIterable[Item]:
        yield {"name": "a", "secret": 1}  # type: ignore[misc]
        yield {"note": "no name"}  # type: ignore[misc]

    lines = []
    with pytest.raises(ResponseValidationError), TestClient(app).stream("GET", "/") as answer:
        lines.extend(answer.iter_lines())

    assert lines in (['{"name":"a"}'], [])


@pytest.mark.parametrize("response_model", [Item, list[Item], Sequence[Item], AsyncIterable[Item]])
def test_response_model_is_the_items_or_that_of_all(response_model: Any) -> None:
    """Who writes `list[Item]` means what the whole answer is; nothing unfiltered is sent."""
    app = Routebook()

    @app.get("/", response_model=response_model)
    async def items() -> Any:
        yield {"name": "a", "secret": 1}
        yield Item(name="b")

    assert TestClient(app).get("/").text == '{"name":"a","note":null}\n{"name":"b","note":null}\n'
    content = app.openapi()["paths"]["/"]["get"]["responses"]["200"]["content"]
    assert content == {"application/jsonl": {"itemSchema": {"$ref": "#/components/schemas/Item"}}}


@pytest.mark.parametrize("is_async", [True, False])
def test_events_stream_with_their_headers(is_async: bool) -> None:
    """Proxies must neither keep nor hold back events."""
    app = Routebook()

    async def asynchronous() -> AsyncIterable[Item]:
        yield Item(name="a")
        yield ServerSentEvent(raw_data="b", event="own")  # type: ignore[misc]

    def synchronous() -> Iterable[Item]:
        yield Item(name="a")
        yield ServerSentEvent(raw_data="b", event="own")  # type: ignore[misc]

    app.get("/", response_class=EventSourceResponse)(asynchronous if is_async else synchronous)

    answer = TestClient(app).get("/")

    assert answer.text == 'data: {"name":"a","note":null}\n\nevent: own\ndata: b\n\n'
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-accel-buffering"] == "no"


@pytest.mark.parametrize("is_async", [True, False])
def test_silence_is_filled_with_comments(monkeypatch: pytest.MonkeyPatch, is_async: bool) -> None:
    """A proxy that hears nothing closes the connection; events themselves stay whole."""
    monkeypatch.setattr(stream, "KEEPALIVE_S", 0.02)
    app = Routebook()

    async def asynchronous() -> Any:
        yield 1
        await anyio.sleep(0.2)
        yield 2

    def synchronous() -> Iterator[int]:
        yield 1
        time.sleep(0.2)
        yield 2

    app.get("/", response_class=EventSourceResponse)(asynchronous if is_async else synchronous)

    body = TestClient(app).get("/").content

    assert body.count(KEEPALIVE_COMMENT) >= 2
    assert body.replace(KEEPALIVE_COMMENT, b"") == b"data: 1\n\ndata: 2\n\n"


def test_endpoints_error_is_not_wrapped() -> None:
    """Exception handlers and logs see the error itself, not a group."""
    app = Routebook()

    @app.get("/", response_class=EventSourceResponse)
    async def events() -> Any:
        yield 1
        raise KeyError("lost")

    with pytest.raises(KeyError, match="lost"):
        TestClient(app).get("/")


@pytest.mark.parametrize("response_class", [StreamingResponse, EventSourceResponse, None])
def test_endless_generator_without_await_is_cancelled(response_class: type[Response] | None) -> None:
    """It yields to nobody by itself; the server must still be able to stop it."""
    app = Routebook()
    options = {} if response_class is None else {"response_class": response_class}

    @app.get("/", **options)  # type: ignore[arg-type]
    async def endless() -> Any:
        while True:
            yield "x"

    async def receive() -> Any:
        await anyio.sleep_forever()

    async def send(message: Any) -> None:
        pass

    async def run() -> bool:
        scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
        with anyio.move_on_after(0.1) as cancelled:
            await app(scope, receive, send)
        return cancelled.cancelled_caught

    assert anyio.run(run)


def test_injected_response_sets_status_and_headers() -> None:
    """A dependency decides before the stream begins."""
    app = Routebook()

    def accept(response: Response) -> None:
        response.status_code = 202
        response.headers["x-stream"] = "yes"

    @app.get("/", dependencies=[Depends(accept)])
    def items() -> Any:
        yield 1

    answer = TestClient(app).get("/")

    assert (answer.status_code, answer.headers["x-stream"]) == (202, "yes")
