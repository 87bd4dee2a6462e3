"""The steps of one request, as the framework's traced variant reports them."""

import time

from routebook.introspect import SpanKind
from routebook_kernel.records import Span

MAX_SPANS = 1000


class SpanRecorder:
    """Gathers the spans of one request; the framework's `Observer`."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._spans: list[Span | None] = []
        self._open: dict[int, tuple[SpanKind, str, int, int, float]] = {}

    def start(self, kind: SpanKind, name: str, line: int) -> int:
        """A step begins; the result is its token."""
        token = len(self._spans)
        self._spans.append(None)
        self._open[token] = (kind, name, line, len(self._open), time.perf_counter())
        return token

    def finish(self, token: int, error: BaseException | None) -> None:
        """The step ended."""
        kind, name, line, depth, began = self._open.pop(token)
        self._spans[token] = Span(
            kind=kind,
            name=name,
            line=line,
            depth=depth,
            start_ms=(began - self._began) * 1000,
            elapsed_ms=(time.perf_counter() - began) * 1000,
            outcome=type(error).__name__ if error is not None else "ok",
        )

    @property
    def spans(self) -> tuple[Span, ...]:
        """The finished steps in the order in which they began."""
        return tuple(span for span in self._spans[:MAX_SPANS] if span is not None)
