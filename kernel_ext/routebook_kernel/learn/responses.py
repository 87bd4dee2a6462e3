"""Responses of the learner's application, with what a check needs to compare and show them."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from routebook_kernel.recording.display import reason_phrase
from routebook_kernel.records import FailureRecord, Span

_MAX_SHOWN = 400


@dataclass(frozen=True)
class SentRequest:
    """A request that was sent, for showing.

    Attributes:
        line: Method and URL: `POST /books`.
        parts: The name and text of each other part: the body, headers.
    """

    line: str
    parts: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return "  ".join([self.line, *(f"{name} {text}" if name else text for name, text in self.parts)])


@dataclass(frozen=True)
class ProbeResponse:
    """The response to a request of a check, or the reason why there is none.

    Attributes:
        sent: The request.
        status: None if there was no response.
        text: The body as a string.
        headers: Names in lower case.
        cookies: The cookies that the response sets, by name.
        failure: The exception that no handler caught.
        trouble: Why there was no response, in a sentence.
        spans: The steps of the request; empty unless it was traced.
        shown: The body with credentials removed.
        document: The application's OpenAPI document; empty if it has none.
        sent_json: The JSON body of the request.
    """

    sent: SentRequest
    status: int | None
    text: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    failure: FailureRecord | None = None
    trouble: str = ""
    spans: tuple[Span, ...] = ()
    shown: str = ""
    elapsed_ms: float = 0.0
    document: dict[str, Any] = field(default_factory=dict)
    sent_json: Any = None

    @cached_property
    def json(self) -> Any:
        """The value of a JSON body; None if the body isn't JSON."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The fields that a 422 reports: `body.price`, `query.limit`."""
        detail = self.json.get("detail") if self.status == 422 and isinstance(self.json, dict) else None
        entries = [entry for entry in detail if isinstance(entry, dict)] if isinstance(detail, list) else []
        return tuple(".".join(map(str, entry.get("loc", ()))) for entry in entries)

    def is_about(self, field: str) -> bool:
        """Whether a 422 reports a field: `price` anywhere, or exactly `body.price`."""
        return any(f".{field}." in f".{name}." for name in self.names)

    @property
    def status_text(self) -> str:
        """`201 Created`, or `no response`."""
        return f"{self.status} {reason_phrase(self.status)}".strip() if self.status else "no response"

    @property
    def body_text(self) -> str:
        """The body on one line, cut off if it's long."""
        text = " ".join(self.shown.split())
        return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]} …"

    @property
    def failure_text(self) -> str:
        """The exception and its location, on one line; "" if there was none."""
        if self.failure is None:
            return ""
        places = [frame.place for frame in self.failure.frames if frame.place.cell is not None]
        where = f", {places[-1]}" if places else ""
        return f"{self.failure.type}: {self.failure.message}{where}"
