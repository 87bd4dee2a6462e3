"""The result of a check's step, and the exceptions with which a teacher's function ends one."""

from dataclasses import dataclass
from typing import Literal

from routebook_kernel.learn.old_names import accept_old_keywords
from routebook_kernel.learn.responses import ProbeResponse

StepStatus = Literal["passed", "failed", "waiting"]


class CheckFailedError(Exception):
    """Raised by a check's function if the learner's application doesn't do what the exercise asks for.

    Args:
        actual: What it does instead.
        expected: What the exercise asks for; the step's `expected` by default.
        hint: Backquotes mark code.
    """

    @accept_old_keywords(came="actual", asked="expected")
    def __init__(self, actual: str = "", *, expected: str = "", hint: str = "") -> None:
        self.actual = actual
        self.expected = expected
        self.hint = hint
        super().__init__(actual)

    @property
    def came(self) -> str:
        """The old name of `actual`."""
        return self.actual

    @property
    def asked(self) -> str:
        """The old name of `expected`."""
        return self.expected


class CheckSkippedError(CheckFailedError):
    """The check can't start, because a variable is missing. It doesn't count as a try."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """The result of one step.

    Attributes:
        title: What the step tries.
        status: "waiting" if a step that it needs didn't pass.
        expected: What is expected, in words; backquotes mark code.
        sent: The request or dialogue, one entry a line.
        actual: What the application does instead.
        response: The response, if the step is a single request.
        hint: For the mistake that was recognised; "" if none was.
        needs: The numbers of the steps that it waits for.
    """

    title: str
    status: StepStatus
    expected: str = ""
    sent: tuple[str, ...] = ()
    actual: str = ""
    response: ProbeResponse | None = None
    hint: str = ""
    needs: tuple[int, ...] = ()
