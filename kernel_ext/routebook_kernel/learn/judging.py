"""Run a check, and say how it went."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from routebook_kernel.learn.exercise import Exercise
from routebook_kernel.learn.outcomes import Outcome, Unavailable
from routebook_kernel.learn.probe import Probe
from routebook_kernel.redaction import Hider
from routebook_kernel.session import Session


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a check went.

    Attributes:
        outcomes: One for each step; empty where the check could not begin.
        stopped: Why it could not begin, a sentence without its full stop; "" where it did.
    """

    outcomes: tuple[Outcome, ...] = ()
    stopped: str = ""

    @property
    def passed(self) -> int:
        """How many steps pass."""
        return sum(outcome.kind == "passed" for outcome in self.outcomes)

    @property
    def is_passed(self) -> bool:
        """Whether all do."""
        return bool(self.outcomes) and self.passed == len(self.outcomes)


def judge(exercise: Exercise, session: Session, namespace: Mapping[str, Any]) -> Verdict:
    """Try every step of an exercise whose earlier steps, as far as it needs them, passed."""
    probe = Probe(session, namespace, exercise.app)
    try:
        if exercise.app is not None:
            probe.application(exercise.app)
        return Verdict(tuple(_iter_outcomes(exercise, probe)))
    except Unavailable as missing:
        return Verdict(stopped=missing.came)


def _iter_outcomes(exercise: Exercise, probe: Probe) -> Iterator[Outcome]:
    passed: set[int] = set()
    hints: set[str] = set()
    for number, step in enumerate(exercise.steps, 1):
        if missing := tuple(each for each in step.needs if each not in passed):
            yield Outcome(step.title, "waiting", needs=missing)
            continue
        outcome = _without_secrets(step.run(probe), probe.hider)
        if outcome.kind == "passed":
            passed.add(number)
        # One mistake may fail several steps: its hint is said once.
        yield outcome if outcome.hint not in hints else replace(outcome, hint="")
        hints.add(outcome.hint)


def _without_secrets(outcome: Outcome, hider: Hider) -> Outcome:
    """Hide credentials in what a step found and advises: both may quote a response."""
    answer = outcome.answer
    return replace(
        outcome,
        sent=tuple(map(hider.text, outcome.sent)),
        came=hider.text(outcome.came),
        hint=hider.text(outcome.hint),
        answer=replace(answer, shown=hider.text(answer.shown), trouble=hider.text(answer.trouble)) if answer else None,
    )
