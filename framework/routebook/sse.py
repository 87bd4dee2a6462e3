"""Server-sent events: the event that an endpoint yields, and the response that streams them.

Spec: HTML Living Standard §9.2 (Server-sent events).
"""

from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator

from routebook._event_stream import (
    KEEPALIVE_COMMENT,
    EventSourceResponse,
    WireEvent,
    check_event,
    check_id,
    format_sse_event,
)
from routebook.encoders import json_text

__all__ = ["KEEPALIVE_COMMENT", "EventSourceResponse", "ServerSentEvent", "format_sse_event"]


class ServerSentEvent(WireEvent, BaseModel):
    """An event to yield from an endpoint whose response class is `EventSourceResponse`.

    Attributes:
        data: Anything JSON-able, sent as JSON: a string arrives in quotes.
        raw_data: Text sent as it is, line by line; excludes `data`.
        event: The event's type, for `addEventListener`; without it, "message".
        id: What the browser sends as `Last-Event-ID` when it reconnects.
        retry: Milliseconds the browser is to wait before it reconnects.
        comment: Text that the browser ignores.

    Raises:
        ValueError: Both `data` and `raw_data`; a line break in `event` or `id`; NUL in `id`; a negative `retry`.
    """

    data: Any = None
    raw_data: str | None = None
    event: Annotated[str | None, AfterValidator(check_event)] = None
    id: Annotated[str | None, AfterValidator(check_id)] = None
    retry: Annotated[int | None, Field(ge=0)] = None
    comment: str | None = None

    @model_validator(mode="after")
    def _check_one_kind_of_data(self) -> Self:
        if self.data is not None and self.raw_data is not None:
            raise ValueError(
                "Cannot set both 'data' and 'raw_data' on the same ServerSentEvent: "
                "'data' is for values to send as JSON, 'raw_data' for text to send as it is."
            )
        return self

    def to_bytes(self) -> bytes:
        """The event on the wire, from its first field to the empty line that ends it; a model writes its own JSON."""
        if isinstance(self.data, BaseModel):
            data: str | None = self.data.model_dump_json(by_alias=True)
        else:
            data = self.raw_data if self.data is None else json_text(self.data)
        return format_sse_event(data_str=data, event=self.event, id=self.id, retry=self.retry, comment=self.comment)
