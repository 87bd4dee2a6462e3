"""The check before the clock: a framework's time counts only for the right answer."""

from dataclasses import dataclass
from typing import Any

from .cases import Case
from .driver import Answer, UnfinishedResponseError


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a framework's time for a case is not taken."""

    case: str
    framework: str
    reason: str


def judge(case: Case, answers: dict[str, Answer | UnfinishedResponseError]) -> list[Refusal]:
    """Compare each framework's answer with the case's expectation, or else with FastAPI's answer."""
    expected = case.expected
    reference = answers.get("fastapi")
    if expected is None and isinstance(reference, Answer):
        expected = reference.value
    reasons = {name: _complaint(case.status, expected, answer) for name, answer in answers.items()}
    return [Refusal(case.name, name, reason) for name, reason in reasons.items() if reason]


def _complaint(status: int, expected: Any, answer: Answer | UnfinishedResponseError) -> str:
    if isinstance(answer, UnfinishedResponseError):
        return str(answer)
    if answer.status != status:
        return f"status {answer.status} instead of {status}: {str(answer.value)[:200]}"
    if answer.value != expected:
        return f"answered {str(answer.value)[:200]} instead of {str(expected)[:200]}"
    return ""
