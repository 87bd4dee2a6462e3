"""What `%check`, `%hint`, `%solution` and `%progress` do: judge, remember, and give back what to show."""

import ast
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from routebook_kernel.learn.checked import Checked
from routebook_kernel.learn.course import Course
from routebook_kernel.learn.display import HintShown, Said, SolutionShown
from routebook_kernel.learn.exercise import Exercise, LessonError
from routebook_kernel.learn.judging import judge
from routebook_kernel.learn.library import Library
from routebook_kernel.learn.progress import Progress, Record
from routebook_kernel.redaction import USUAL
from routebook_kernel.session import Session


class Tutor:
    """One learner's teacher in one kernel.

    Args:
        session: The kernel's.
        namespace: The notebook's variables.
        history: The cells that were run, in order, as they were written.
    """

    def __init__(
        self,
        session: Session,
        namespace: Mapping[str, Any],
        history: Callable[[], Sequence[str]],
        library: Library | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._session = session
        self._namespace = namespace
        self._history = history
        self.library = library or Library()
        self.progress = progress or Progress()
        self._last = ""
        self._raised: dict[str, str] = {}

    def ran(self, source: str, error: BaseException | None) -> None:
        """A cell has run; what it raised is told when the exercise it belongs to is checked."""
        meaning = _meaning(source)
        self._raised.pop(meaning, None)
        if error is not None:
            self._raised[meaning] = _told(error)

    def check(self, name: str) -> Checked:
        """Judge an exercise.

        Raises:
            LessonError: There is no such exercise.
        """
        lesson, number, exercise = self.library.exercise(name or self._last)
        name = self._last = lesson.name(number)
        verdict = judge(exercise, self._session, self._namespace)
        record = self.progress.of(name)
        if not verdict.stopped:
            fingerprint = fingerprint_of(exercise, self._history())
            is_passed = verdict.is_passed
            record = self.progress.change(name, lambda before: _after(before, fingerprint, is_passed=is_passed))
        raised = self._raised.get(_meaning(_code_of(exercise, self._history())[0]), "")
        return Checked(lesson, number, verdict, record, self._course(name), raised)

    def hint(self, name: str) -> HintShown:
        """The next further hint of an exercise; after the last one, all of them once more.

        Raises:
            LessonError: There is no such exercise.
        """
        lesson, number, exercise = self.library.exercise(name or self._last_or_fail("hint"))
        name = self._last = lesson.name(number)
        count = len(exercise.hints)
        record = self.progress.change(name, lambda before: replace(before, hints=min(before.hints + 1, count)))
        return HintShown(lesson, number, exercise.hints[: record.hints], record, self.progress.trouble)

    def solution(self, name: str) -> SolutionShown | Said:
        """One right way, after an honest try.

        Raises:
            LessonError: There is no such exercise.
        """
        lesson, number, exercise = self.library.exercise(name or self._last_or_fail("solution"))
        name = self._last = lesson.name(number)
        record = self.progress.of(name)
        if record.is_passed or record.is_solution_open:
            return SolutionShown(lesson, number, exercise)
        return Said(
            f"The solution of {name} opens after a try of your own: change the exercise's cell, run it, and "
            f"`%check {name}`. `%hint {name}` helps on the way."
        )

    def show_progress(self) -> Course:
        """The whole course."""
        return self._course(self._last)

    def reset(self) -> Said:
        """Forget all progress."""
        self.progress.reset()
        return Said(self.progress.trouble or "Your progress is forgotten; every exercise is new again.")

    def _course(self, now: str) -> Course:
        return Course(tuple(self.library.iter_lessons()), self.progress.all(), now, self.progress.trouble)

    def _last_or_fail(self, magic: str) -> str:
        if not self._last:
            raise LessonError(f"Say which exercise, for example %{magic} 1.2")
        return self._last


def fingerprint_of(exercise: Exercise, history: Sequence[str]) -> str:
    """What tells whether an exercise's cell changed: "" while it is the stub, or nothing ran.

    Where the cell is not known for sure, the fingerprint is marked with "?".
    """
    code, is_sure = _code_of(exercise, history)
    if not code:
        return ""
    return ("" if is_sure else "?") + hashlib.sha256(_meaning(code).encode()).hexdigest()[:16]


def _code_of(exercise: Exercise, history: Sequence[str]) -> tuple[str, bool]:
    """The exercise's cell as it ran last, and whether it is sure to be it; "" while it is the stub, or nothing ran.

    The cell is known by the stub's first line. Where no cell that ran has it, the learner wrote elsewhere: then the
    last code that ran counts, which may be a cell of the lesson's own.
    """
    mark = exercise.stub.partition("\n")[0].strip()
    runs_of_stub = [index for index, source in enumerate(history) if mark in source]
    marked = [history[index] for index in runs_of_stub if _meaning(history[index]) != _meaning(exercise.stub)]
    after_stub = history[runs_of_stub[-1] + 1 :] if runs_of_stub else history
    code = marked or [source for source in after_stub if _meaning(source)]
    return (code[-1] if code else "", bool(marked))


def _told(error: BaseException) -> str:
    """An exception in a line, without backquotes."""
    if isinstance(error, SyntaxError):
        return f"SyntaxError: {error.msg}, line {error.lineno}"
    return USUAL.text(f"{type(error).__name__}: {error}".partition("\n")[0]).replace("`", "").removesuffix(": ")


def _meaning(source: str) -> str:
    """A cell without what means nothing: comments, blank lines, magics."""
    code = "\n".join(line for line in source.splitlines() if not line.lstrip().startswith(("%", "!", "?")))
    try:
        return ast.unparse(ast.parse(code))
    except SyntaxError:
        return "\n".join(
            line.strip() for line in code.splitlines() if line.strip() and not line.strip().startswith("#")
        )


def _after(before: Record, fingerprint: str, *, is_passed: bool) -> Record:
    """The record after a check. One that failed is an honest try when the cell had really changed."""
    is_sure = not fingerprint.startswith("?") or bool(before.fingerprint)
    is_new = bool(fingerprint) and fingerprint != before.fingerprint and is_sure
    return replace(
        before,
        tries=before.tries + (is_new or (is_passed and not before.tries)),
        is_passed=before.is_passed or is_passed,
        is_solution_open=before.is_solution_open or is_passed or is_new,
        fingerprint=fingerprint or before.fingerprint,
    )
