"""Exercises and lessons, as a teacher writes them: plain data."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from textwrap import dedent

from routebook_kernel.exceptions import KernelExtensionError
from routebook_kernel.learn.steps import Step


class LessonError(KernelExtensionError):
    """A lesson doesn't exist or is invalid; the message says which, and what to do."""

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class Mistake:
    """A typical mistake. Tests check that it fails, and that its hint appears.

    Args:
        source: The cell with the mistake.
        hint: A part of the hint.
    """

    source: str
    hint: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", _cell(self.source))


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """One exercise.

    Args:
        title: The goal: "Reject a bad price".
        steps: The steps of the check, in order.
        stub: The initial content of the notebook's cell. Its first line, a comment, identifies the cell.
        solution: A correct cell, complete.
        another: A correct cell that takes another way, for the tests and for `%solution`.
        hints: The hints, one for each `%hint`; backquotes mark code.
        mistakes: Typical mistakes, each with a part of its hint.
        learned: What the learner has achieved, in a sentence or two, shown after a pass.
        app: The variable of the application; None if there is none.
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
                raise LessonError(f"{self.title!r}, step {number}: `needs` must name earlier steps, by number from 1.")


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson: its title and exercises.

    Args:
        title: As `%progress` shows it.
        exercises: In order. The first is number 1.
        minutes: About how long the lesson takes.
        key: Its name in `%check`, "4" or "loans"; by default taken from the file's name.
        notebook: The notebook's file name; by default found by the lesson's number.
    """

    title: str
    exercises: Sequence[Exercise]
    minutes: int = 15
    key: str = ""
    notebook: str = ""

    def exercise(self, number: int) -> Exercise:
        """Return an exercise by its number, from 1.

        Raises:
            LessonError: If it doesn't exist.
        """
        if 0 < number <= len(self.exercises):
            return self.exercises[number - 1]
        last = self.name(len(self.exercises))
        raise LessonError(f"There's no exercise {self.name(number)}. This lesson has {self.name(1)} to {last}.")

    def name(self, number: int) -> str:
        """Return the name of an exercise in `%check`: "4.2"."""
        return f"{self.key}.{number}"


def exercise_anchor(name: str) -> str:
    """Return the id of an exercise's first cell: "4.2" → "exercise-4-2"."""
    return "exercise-" + re.sub(r"[^A-Za-z0-9_-]", "-", name)


def _cell(source: str) -> str:
    return dedent(source).strip("\n").rstrip()
