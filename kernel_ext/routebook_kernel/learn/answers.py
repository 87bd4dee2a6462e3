"""What came back from the learner's application, as a check reads it."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from routebook_kernel.recording.display import reason_phrase
from routebook_kernel.records import FailureRecord, Span

_MAX_SHOWN = 400


@dataclass(frozen=True, slots=False)
class Sent:
    """A request as it was sent, in a line.

    Attributes:
        line: Method and address: `POST /books`.
        parts: What went with it, each with its name: a body, headers.
    """

    line: str
    parts: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return "  ".join([self.line, *(f"{name} {text}" if name else text for name, text in self.parts)])


@dataclass(frozen=True, slots=False)
class Answer:
    """One response, or that none came.

    Attributes:
        sent: The request.
        status: None when no response came.
        text: The body as text.
        headers: Names in lower case.
        cookies: What the response sets, by name.
        failure: The exception that no handler answered.
        trouble: Why no response came, in a sentence.
        spans: The steps of the request; empty where it was not traced.
        shown: The body as it may be shown, credentials taken out.
        document: The application's OpenAPI document, to compare with; empty where there is none.
    """

    sent: Sent
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
        """The body's value; None where it is no JSON."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The places that a 422 names: `body.price`, `query.limit`."""
        detail = self.json.get("detail") if self.status == 422 and isinstance(self.json, dict) else None
        entries = [entry for entry in detail if isinstance(entry, dict)] if isinstance(detail, list) else []
        return tuple(".".join(map(str, entry.get("loc", ()))) for entry in entries)

    def is_about(self, place: str) -> bool:
        """Whether a 422 names a place: `price` wherever it is, or all of it: `body.price`."""
        return any(f".{place}." in f".{name}." for name in self.names)

    @property
    def status_text(self) -> str:
        """`201 Created`, or that no answer came."""
        return f"{self.status} {reason_phrase(self.status)}".strip() if self.status else "no answer"

    @property
    def body_text(self) -> str:
        """The body in a line, cut where it is long."""
        text = " ".join(self.shown.split())
        return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]} …"

    @property
    def failure_text(self) -> str:
        """What was raised and where, in a line; "" where nothing was."""
        if self.failure is None:
            return ""
        places = [frame.place for frame in self.failure.frames if frame.place.cell is not None]
        where = f", {places[-1]}" if places else ""
        return f"{self.failure.type}: {self.failure.message}{where}"
