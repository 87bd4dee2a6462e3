"""Exercises and lessons, as a teacher writes them: plain data."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from textwrap import dedent

from routebook_kernel.exceptions import KernelExtensionError
from routebook_kernel.learn.steps import Step


class LessonError(KernelExtensionError):
    """A lesson cannot be found or is not well made; the sentence says which and what to do."""

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake that people make here, for the tests: its source must fail with its hint.

    Args:
        source: The cell as it is written wrongly.
        hint: What the hint must contain.
    """

    source: str
    hint: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", _cell(self.source))


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """One exercise.

    Args:
        title: What is to be reached: "Refuse a bad price".
        steps: What the check tries, in order.
        stub: What the notebook's cell holds at first; its first line, a comment, is how the cell is known again.
        solution: One right cell. It is run as it stands here.
        another: A right cell that goes another way, for the tests and for `%solution`.
        hints: Further hints, one for each `%hint`; backquotes mark code.
        mistakes: Mistakes that people make, each with a part of the hint that it must get.
        learned: What it meant, in a sentence or two, for the one who passed.
        app: The variable that holds the application; None where there is none.
    """

    title: str = field(kw_only=False)
    steps: Sequence[Step]
    stub: str
    solution: str
    another: str
    hints: Sequence[str]
    mistakes: Sequence[Mistake] = ()
    learned: str = ""
    app: str | None = "app"

    def __post_init__(self) -> None:
        for name in ("stub", "solution", "another"):
            object.__setattr__(self, name, _cell(getattr(self, name)))
        if not self.steps:
            raise LessonError(f"The exercise {self.title!r} has no steps.")
        for number, step in enumerate(self.steps, 1):
            if any(not 0 < needed < number for needed in step.needs):
                raise LessonError(f"{self.title!r}, step {number}: `needs` names steps before it, by number from 1.")


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson: its title and exercises.

    Args:
        title: As the map shows it.
        exercises: In order; the first is number 1.
        minutes: About how long it takes.
        key: What `%check` calls it, "4" or "loans"; from the file's name where it is not given.
        notebook: The notebook's file name; found by the lesson's number where it is not given.
    """

    title: str
    exercises: Sequence[Exercise]
    minutes: int = 15
    key: str = ""
    notebook: str = ""

    def exercise(self, number: int) -> Exercise:
        """An exercise by its number, from 1.

        Raises:
            LessonError: There is none.
        """
        if 0 < number <= len(self.exercises):
            return self.exercises[number - 1]
        last = self.name(len(self.exercises))
        raise LessonError(f"There is no {self.name(number)}: the exercises here are {self.name(1)} to {last}.")

    def name(self, number: int) -> str:
        """What `%check` calls an exercise: "4.2"."""
        return f"{self.key}.{number}"


def anchor_of(name: str) -> str:
    """The id of the cell that an exercise begins with: "4.2" → "exercise-4-2"."""
    return "exercise-" + re.sub(r"[^A-Za-z0-9_-]", "-", name)


def _cell(source: str) -> str:
    return dedent(source).strip("\n").rstrip()
