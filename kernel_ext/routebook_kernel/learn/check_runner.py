"""Run the check of an exercise."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from routebook_kernel.learn.exercise import Exercise
from routebook_kernel.learn.probe import Probe
from routebook_kernel.learn.step_results import CheckSkippedError, StepResult
from routebook_kernel.redaction import Hider
from routebook_kernel.session import Session


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of a check.

    Attributes:
        steps: The result of each step; empty if the check was skipped.
        skipped: Why the check couldn't start, a sentence without its full stop; "" if it ran.
    """

    steps: tuple[StepResult, ...] = ()
    skipped: str = ""

    @property
    def passed_count(self) -> int:
        """How many steps passed."""
        return sum(step.status == "passed" for step in self.steps)

    @property
    def is_passed(self) -> bool:
        """Whether every step passed."""
        return bool(self.steps) and self.passed_count == len(self.steps)


def run_check(exercise: Exercise, session: Session, namespace: Mapping[str, Any]) -> CheckResult:
    """Run the steps of an exercise in order. A step waits if one that it needs didn't pass."""
    probe = Probe(session, namespace, exercise.app)
    try:
        if exercise.app is not None:
            probe.application(exercise.app)
        return CheckResult(tuple(_iter_results(exercise, probe)))
    except CheckSkippedError as error:
        return CheckResult(skipped=error.actual)


def _iter_results(exercise: Exercise, probe: Probe) -> Iterator[StepResult]:
    passed: set[int] = set()
    hints: set[str] = set()
    for number, step in enumerate(exercise.steps, 1):
        if missing := tuple(needed for needed in step.needs if needed not in passed):
            yield StepResult(step.title, "waiting", needs=missing)
            continue
        result = _hide_secrets(step.run(probe), probe.hider)
        if result.status == "passed":
            passed.add(number)
        # A mistake can fail several steps. Its hint is shown once.
        yield result if result.hint not in hints else replace(result, hint="")
        hints.add(result.hint)


def _hide_secrets(result: StepResult, hider: Hider) -> StepResult:
    """Hide credentials in the texts of a result: all of them may quote a response."""
    response = result.response
    if response is not None:
        response = replace(response, shown=hider.text(response.shown), trouble=hider.text(response.trouble))
    return replace(
        result,
        sent=tuple(map(hider.text, result.sent)),
        actual=hider.text(result.actual),
        hint=hider.text(result.hint),
        response=response,
    )
