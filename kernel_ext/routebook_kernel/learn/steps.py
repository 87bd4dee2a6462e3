"""What every kind of step shares: how a mistake is known by what came, and which hint answers it."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from routebook_kernel.learn.answers import Answer
from routebook_kernel.learn.outcomes import Outcome
from routebook_kernel.learn.probe import Probe

When = int | str | Callable[[Any], Any]
"""What came, as a mistake is known by it: a status, a place that a 422 names, or a function that says yes."""

Mistakes = Mapping[When, str]
"""The hint for each, the first that fits; backquotes mark code."""

Where = tuple[str, Callable[[Any], Any]]
"""Something else that must hold, in words and as a function."""


class Step(Protocol):
    """One thing that a check tries."""

    @property
    def title(self) -> str:
        """What is tried, as a statement: "A price of 0 is refused"."""

    @property
    def needs(self) -> tuple[int, ...]:
        """The numbers of the steps that must pass first, from 1."""

    def run(self, probe: Probe) -> Outcome:
        """Try it.

        Raises:
            Unavailable: The check cannot begin.
        """


def numbers(needs: int | tuple[int, ...]) -> tuple[int, ...]:
    """The numbers of steps, one or several."""
    return (needs,) if isinstance(needs, int) else tuple(needs)


def holds(predicate: Callable[[Any], Any], value: Any) -> bool:
    """Whether a check's function says yes; one that stumbles over what came says no."""
    try:
        return bool(predicate(value))
    except Exception:
        return False  # it looked for something that is not there


def hint_for(mistakes: Mistakes, came: Any, otherwise: str = "") -> str:
    """The hint of the first mistake that what came shows."""
    return next((hint for when, hint in mistakes.items() if _shows(when, came)), otherwise)


def _shows(when: When, came: Any) -> bool:
    if callable(when):
        return holds(when, came)
    if isinstance(came, Answer):
        return came.status == when if isinstance(when, int) else came.is_about(when)
    return came == when if isinstance(when, int) else isinstance(came, str) and when in came
