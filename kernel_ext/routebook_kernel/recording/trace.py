"""The steps of one request, as reported by the traced variant of the framework's code."""

import time
from dataclasses import dataclass
from typing import Any

from routebook.introspect import Fact, PlanView, SpanKind
from routebook_kernel.recording.failures import CellOf, describe_raised, short_repr
from routebook_kernel.records import Place, Span

MAX_SPANS = 1000
MAX_RESULT = 1000


@dataclass(slots=True)
class _OpenStep:
    """A step in progress."""

    kind: SpanKind
    name: str
    line: int
    parent: int | None
    depth: int
    start_s: float
    thread: str | None = None
    waited_ms: float = 0.0
    result: str | None = None
    call: Any = None


class SpanRecorder:
    """Collects the spans of one request; implements the framework's `Observer`.

    Args:
        cell_of: Returns the cell of a code object.
        framework_folders: Folders of frameworks, which aren't the user's code.

    Attributes:
        plan_view: The plan of the operation that responded; None if none did.
    """

    def __init__(
        self,
        cell_of: CellOf = lambda code: None,
        framework_folders: tuple[str, ...] = (),
    ) -> None:
        self._cell_of = cell_of
        self._framework_folders = framework_folders
        self._start_s = time.perf_counter()
        self._spans: list[Span | None] = []
        self._open: dict[int, _OpenStep] = {}
        self.plan_view: PlanView | None = None

    def plan(self, view: PlanView) -> None:
        """Record the plan of an operation. If one is mounted in another, the last one responds."""
        self.plan_view = view

    def start(self, kind: SpanKind, name: str, line: int) -> int:
        """Begin a step and return its token."""
        token = len(self._spans)
        self._spans.append(None)
        parent = next(reversed(self._open), None)
        self._open[token] = _OpenStep(kind, name, line, parent, len(self._open), self._now())
        return token

    def note(self, token: int, fact: Fact, value: Any) -> None:
        """Record a fact about a step. The time it takes to record it isn't counted as the request's."""
        step = self._open[token]
        if fact == "thread":
            step.thread, step.waited_ms = str(value), (self._now() - step.start_s) * 1000
        elif fact == "call":
            step.call = value
        else:
            start_s = time.perf_counter()
            step.result = short_repr(value)[:MAX_RESULT]
            self._start_s += time.perf_counter() - start_s

    def finish(self, token: int, error: BaseException | None) -> None:
        """End a step."""
        end_s = self._now()
        step = self._open.pop(token)
        self._spans[token] = Span(
            kind=step.kind,
            name=step.name,
            line=step.line,
            depth=step.depth,
            start_ms=step.start_s * 1000,
            elapsed_ms=(end_s - step.start_s) * 1000,
            outcome=type(error).__name__ if error is not None else "ok",
            parent=step.parent,
            thread=step.thread,
            waited_ms=step.waited_ms,
            result=step.result,
            place=self._place_of(step.call),
            raised=describe_raised(error, self._cell_of, framework_folders=self._framework_folders)
            if error is not None
            else None,
        )

    @property
    def spans(self) -> tuple[Span, ...]:
        """The finished steps in the order in which they began."""
        return tuple(span for span in self._spans[:MAX_SPANS] if span is not None)

    def _now(self) -> float:
        """Return the seconds since the request began."""
        return time.perf_counter() - self._start_s

    def _place_of(self, call: Any) -> Place | None:
        code = getattr(call, "__code__", None)
        return place_of_code(code, self._cell_of) if code is not None else None


def place_of_code(code: Any, cell_of: CellOf) -> Place:
    """Return where a function is defined: its cell or file, and the line of its first decorator or `def`."""
    cell = cell_of(code)
    return Place(cell, None if cell else code.co_filename, code.co_firstlineno)
