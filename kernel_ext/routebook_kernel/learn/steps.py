"""What all kinds of steps share: recognising a mistake, and finding the hint for it."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from routebook_kernel.learn.probe import Probe
from routebook_kernel.learn.responses import ProbeResponse
from routebook_kernel.learn.step_results import StepResult

MistakeSign = int | str | Callable[[Any], Any]
"""How to recognise a mistake: a status, a field that a 422 reports, or a function that returns true."""

Mistakes = Mapping[MistakeSign, str]
"""The hint for each mistake. The first that matches is shown; backquotes mark code."""

Requirement = tuple[str, Callable[[Any], Any]]
"""Another condition: its description, and a function that returns whether it's true."""


class Step(Protocol):
    """One step of a check."""

    @property
    def title(self) -> str:
        """What the step tries, as a statement: "A price of 0 is rejected"."""

    @property
    def needs(self) -> tuple[int, ...]:
        """The numbers of the steps that must pass first, from 1."""

    def run(self, probe: Probe) -> StepResult:
        """Try it.

        Raises:
            CheckSkippedError: If the check can't start.
        """


def step_numbers(needs: int | tuple[int, ...]) -> tuple[int, ...]:
    """Return the numbers of steps as a tuple."""
    return (needs,) if isinstance(needs, int) else tuple(needs)


def accepts(predicate: Callable[[Any], Any], value: Any) -> bool:
    """Return whether a function of a check returns true. One that raises counts as false."""
    try:
        return bool(predicate(value))
    except Exception:
        return False  # the value doesn't have what the function reads


def find_hint(mistakes: Mistakes, actual: Any, default: str = "") -> str:
    """Return the hint for the first mistake that matches a response or value."""
    return next((hint for sign, hint in mistakes.items() if _matches(sign, actual)), default)


def _matches(sign: MistakeSign, actual: Any) -> bool:
    if callable(sign):
        return accepts(sign, actual)
    if isinstance(actual, ProbeResponse):
        return actual.status == sign if isinstance(sign, int) else actual.is_about(sign)
    return actual == sign if isinstance(sign, int) else isinstance(actual, str) and sign in actual
