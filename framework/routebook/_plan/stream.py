"""Responses of endpoints that yield: JSON Lines, server-sent events, or the chunks of a streaming response class."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
from starlette.background import BackgroundTask
from starlette.concurrency import iterate_in_threadpool
from starlette.responses import Response, StreamingResponse

from routebook._analysis.callables import CallableKind
from routebook._event_stream import EventSourceResponse, WireEvent, format_sse_event
from routebook._plan.respond import ResponseShape, make_dump
from routebook.encoders import json_text
from routebook.exceptions import EndpointContext

Items = AsyncIterator[Any]
Stream = Callable[[Any, Response | None, BackgroundTask | None], Response]

KEEPALIVE_S = 15.0
"""Seconds of silence after which a stream of events sends a comment, as the HTML Living Standard (§9.2.7) advises."""


def make_stream(shape: ResponseShape, kind: CallableKind, context: EndpointContext) -> Stream:
    """A function from an endpoint's generator to the response that sends what it yields."""
    respond = _make_response(shape, context)

    def stream(result: Any, injected: Response | None, background: BackgroundTask | None) -> Response:
        items = _with_checkpoints(result) if kind is CallableKind.ASYNC_GENERATOR else iterate_in_threadpool(result)
        response = respond(items, background)
        if shape.status_code is not None:
            response.status_code = shape.status_code
        if injected is not None:
            response.status_code = injected.status_code or response.status_code
            response.headers.raw.extend(injected.headers.raw)
        return response

    return stream


async def _with_checkpoints(items: Items) -> Items:
    """Let other tasks run, and cancellation in, between items: a generator need not await anything itself."""
    async for item in items:
        yield item
        await anyio.sleep(0)


def _make_response(
    shape: ResponseShape, context: EndpointContext
) -> Callable[[Items, BackgroundTask | None], StreamingResponse]:
    if issubclass(shape.response_class, EventSourceResponse):
        return _make_event_response(shape.response_class, _make_dump_item(shape, context))
    if issubclass(shape.response_class, StreamingResponse):
        response_class = shape.response_class
        return lambda items, background: response_class(items, background=background)
    dump = _make_dump_item(shape, context)

    async def lines(items: Items) -> AsyncIterator[bytes]:
        async for item in items:
            yield dump(item) + b"\n"

    return lambda items, background: StreamingResponse(
        lines(items), media_type="application/jsonl", background=background
    )


def _make_event_response(
    response_class: type[EventSourceResponse], dump: Callable[[Any], bytes]
) -> Callable[[Items, BackgroundTask | None], EventSourceResponse]:
    async def events(items: Items) -> AsyncIterator[bytes]:
        async for item in items:
            if isinstance(item, WireEvent):
                yield item.to_bytes()
            else:
                yield format_sse_event(data_str=dump(item).decode())

    def respond(items: Items, background: BackgroundTask | None) -> EventSourceResponse:
        response = response_class(events(items), background=background)
        response.keepalive_s = KEEPALIVE_S
        response.headers["cache-control"] = "no-cache"
        response.headers["x-accel-buffering"] = "no"  # nginx passes each event on at once
        return response

    return respond


def _make_dump_item(shape: ResponseShape, context: EndpointContext) -> Callable[[Any], bytes]:
    """Items of a declared type are validated and written by pydantic, others by `json_text`."""
    return (lambda item: json_text(item).encode()) if shape.field is None else make_dump(shape, context)
