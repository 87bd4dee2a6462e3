"""Responses of endpoints that yield: JSON Lines, server-sent events, or the chunks of a streaming response class."""

from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.background import BackgroundTask
from starlette.concurrency import iterate_in_threadpool
from starlette.responses import Response, StreamingResponse

from routebook._analysis.callables import CallableKind
from routebook._plan.respond import ResponseShape, make_dump
from routebook.exceptions import EndpointContext


def make_stream(
    shape: ResponseShape, kind: CallableKind, context: EndpointContext
) -> Callable[[Any, Response | None, BackgroundTask | None], Response]:
    """A function from an endpoint's generator to the response that sends what it yields."""
    dump = make_dump(shape, context)

    async def lines(items: AsyncIterator[Any]) -> AsyncIterator[bytes]:
        async for item in items:
            yield dump(item) + b"\n"

    def stream(result: Any, injected: Response | None, background: BackgroundTask | None) -> Response:
        items: AsyncIterator[Any] = result if kind is CallableKind.ASYNC_GENERATOR else iterate_in_threadpool(result)
        if issubclass(shape.response_class, StreamingResponse):
            response: Response = shape.response_class(items, background=background)
        else:
            response = StreamingResponse(lines(items), media_type="application/jsonl", background=background)
        if shape.status_code is not None:
            response.status_code = shape.status_code
        if injected is not None:
            response.status_code = injected.status_code or response.status_code
            response.headers.raw.extend(injected.headers.raw)
        return response

    return stream
