"""How a step of a check ended, and what a teacher's function raises to end one."""

from dataclasses import dataclass
from typing import Literal

from routebook_kernel.learn.answers import Answer

Kind = Literal["passed", "failed", "waiting"]


class Missed(Exception):
    """Raised inside a check's function: the learner's application does not do what was asked.

    Args:
        came: What it did instead.
        asked: What was asked; the step's title where it is not given.
        hint: Backquotes mark code.
    """

    def __init__(self, came: str = "", *, asked: str = "", hint: str = "") -> None:
        self.came = came
        self.asked = asked
        self.hint = hint
        super().__init__(came)


class Unavailable(Missed):
    """The check cannot begin: a variable is missing. No try is counted."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one step.

    Attributes:
        title: What was tried.
        kind: "waiting" where a step that it needs did not pass.
        asked: What was expected, in words; backquotes mark code.
        sent: The request or dialogue, one entry a line.
        came: What came instead.
        answer: The response, where one step is one request.
        hint: For the mistake that was made; "" where none is known.
        needs: The numbers of the steps that it waits for.
    """

    title: str
    kind: Kind
    asked: str = ""
    sent: tuple[str, ...] = ()
    came: str = ""
    answer: Answer | None = None
    hint: str = ""
    needs: tuple[int, ...] = ()
