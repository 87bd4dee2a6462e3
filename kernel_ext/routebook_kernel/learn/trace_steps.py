"""Steps that read the trace: what ran for a request, how often and in which order."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from routebook_kernel.learn.common_mistakes import find_common_hint
from routebook_kernel.learn.probe import Probe
from routebook_kernel.learn.responses import ProbeResponse
from routebook_kernel.learn.step_results import StepResult
from routebook_kernel.learn.steps import Mistakes, Requirement, accepts, find_hint, step_numbers


def trace(
    title: str,
    request: str,
    *,
    runs: Mapping[str, int] | None = None,
    order: tuple[str, ...] = (),
    where: Requirement | None = None,
    mistakes: Mistakes | None = None,
    needs: int | tuple[int, ...] = (),
    **options: Any,
) -> "TraceStep":
    """Return a step that sends a request and checks its spans. A span is named by its kind, its name, or both.

    Args:
        title: A statement: "The database is opened once".
        request: Method and URL.
        runs: How often spans must run: `{"dependency get_db": 1, "cache hit": 2}`.
        order: Spans that must run one after the other: `("dependency get_db", "endpoint", "teardown get_db")`.
        where: Another condition: a function of the tuple of spans (`kind`, `name`, `outcome`, `elapsed_ms`).
        mistakes: Hints by the response: a status, or a function that can read its `spans`.
        needs: The steps that must pass first.
        options: What to send, as in `request`.
    """
    return TraceStep(title, request, options, runs or {}, order, where, mistakes or {}, step_numbers(needs))


@dataclass(frozen=True, slots=True)
class TraceStep:
    """A step that checks the spans of a request; created by `trace`."""

    title: str
    request: str
    options: Mapping[str, Any]
    runs: Mapping[str, int]
    order: tuple[str, ...]
    where: Requirement | None
    mistakes: Mistakes
    needs: tuple[int, ...] = ()

    def run(self, probe: Probe) -> StepResult:
        """Send the request and check its spans."""
        response = probe.trace(self.request, **self.options)
        spans = [f"`{span.kind} {span.name}`" for span in response.spans if span.kind not in {"match", "send"}]
        is_passed = self._matches(response)
        return StepResult(
            title=self.title,
            status="passed" if is_passed else "failed",
            expected=self._describe(),
            sent=(str(response.sent), "its steps in the trace"),
            actual=response.failure_text or ", ".join(spans) or "no steps",
            hint="" if is_passed else find_hint(self.mistakes, response, find_common_hint(response)),
            needs=self.needs,
        )

    def _describe(self) -> str:
        parts = [f"`{name}` {_format_count(count)}" for name, count in self.runs.items()]
        if self.order:
            parts.append(", then ".join(f"`{name}`" for name in self.order))
        if self.where is not None:
            parts.append(self.where[0])
        return "; ".join(parts)

    def _matches(self, response: ProbeResponse) -> bool:
        spans = [(span.kind, span.name) for span in response.spans]
        if any(sum(_is_named(name, *span) for span in spans) != count for name, count in self.runs.items()):
            return False
        rest = iter(spans)
        if not all(any(_is_named(name, *span) for span in rest) for name in self.order):
            return False
        return self.where is None or accepts(self.where[1], response.spans)


def _is_named(expected: str, kind: str, name: str) -> bool:
    return expected in {kind, name, f"{kind} {name}"}


def _format_count(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")
