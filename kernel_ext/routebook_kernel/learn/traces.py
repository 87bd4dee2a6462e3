"""The step that reads the trace: what ran for a request, how often and in which order."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from routebook_kernel.learn.answers import Answer
from routebook_kernel.learn.outcomes import Outcome
from routebook_kernel.learn.probe import Probe
from routebook_kernel.learn.steps import Mistakes, Where, hint_for, holds, numbers
from routebook_kernel.learn.usual import usual_hint


def trace(
    title: str,
    request: str,
    *,
    runs: Mapping[str, int] | None = None,
    order: tuple[str, ...] = (),
    where: Where | None = None,
    mistakes: Mistakes | None = None,
    needs: int | tuple[int, ...] = (),
    **options: Any,
) -> "Trace":
    """A request with its steps recorded, and what they must be. A step is named by its kind or its name or both.

    Args:
        title: A statement: "The database is opened once".
        request: Method and address.
        runs: How often steps must run: `{"dependency get_db": 1, "cache hit": 2}`.
        order: Steps that must run one after the other: `("dependency get_db", "endpoint", "teardown get_db")`.
        where: Something else: a function of the tuple of spans (`kind`, `name`, `outcome`, `elapsed_ms`).
        mistakes: Hints: functions of the answer (its `spans`) that say yes, or a status.
        needs: Which steps must pass first.
        options: What to send, as `ask` takes it.
    """
    return Trace(title, request, options, runs or {}, order, where, mistakes or {}, numbers(needs))


@dataclass(frozen=True, slots=True)
class Trace:
    """A statement on the steps of a request; made by `trace`."""

    title: str
    request: str
    options: Mapping[str, Any]
    runs: Mapping[str, int]
    order: tuple[str, ...]
    where: Where | None
    mistakes: Mistakes
    needs: tuple[int, ...] = ()

    def run(self, probe: Probe) -> Outcome:
        """Send it and read its steps."""
        answer = probe.trace(self.request, **self.options)
        steps = [f"{span.kind} {span.name}" for span in answer.spans if span.kind not in {"match", "send"}]
        is_right = self._fits(answer)
        return Outcome(
            title=self.title,
            kind="passed" if is_right else "failed",
            asked=self._told(),
            sent=(str(answer.sent), "its steps in the trace"),
            came=answer.failure_text or ", ".join(f"`{step}`" for step in steps) or "no steps",
            hint="" if is_right else hint_for(self.mistakes, answer, usual_hint(answer)),
            needs=self.needs,
        )

    def _told(self) -> str:
        parts = [f"`{name}` {_times(count)}" for name, count in self.runs.items()]
        if self.order:
            parts.append(", then ".join(f"`{name}`" for name in self.order))
        if self.where is not None:
            parts.append(self.where[0])
        return "; ".join(parts)

    def _fits(self, answer: Answer) -> bool:
        steps = [(span.kind, span.name) for span in answer.spans]
        if any(sum(_is_step(name, *step) for step in steps) != count for name, count in self.runs.items()):
            return False
        rest = iter(steps)
        if not all(any(_is_step(name, *step) for step in rest) for name in self.order):
            return False
        return self.where is None or holds(self.where[1], answer.spans)


def _is_step(asked: str, kind: str, name: str) -> bool:
    return asked in {kind, name, f"{kind} {name}"}


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")
