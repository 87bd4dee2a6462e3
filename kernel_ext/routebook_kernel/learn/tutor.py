"""What `%check`, `%hint`, `%solution` and `%progress` do: run checks, record progress, and return what to show."""

import ast
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from routebook_kernel.learn.cards import HintCard, MessageCard, SolutionCard
from routebook_kernel.learn.check_report import CheckReport
from routebook_kernel.learn.check_runner import run_check
from routebook_kernel.learn.course import Course
from routebook_kernel.learn.exercise import Exercise, LessonError
from routebook_kernel.learn.library import Library
from routebook_kernel.learn.progress import ExerciseRecord, Progress
from routebook_kernel.redaction import USUAL
from routebook_kernel.session import Session


class Tutor:
    """The tutor of one learner in one kernel.

    Args:
        session: The session of the kernel.
        namespace: The notebook's variables.
        history: Returns the cells that have run, in order, as they were written.
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

    def record_run(self, source: str, error: BaseException | None) -> None:
        """Remember the exception of a cell. The check of its exercise shows it."""
        normalised = _normalise_source(source)
        self._raised.pop(normalised, None)
        if error is not None:
            self._raised[normalised] = _format_exception(error)

    def check(self, name: str) -> CheckReport:
        """Check an exercise.

        Raises:
            LessonError: If it doesn't exist.
        """
        lesson, number, exercise = self.library.exercise(name or self._last)
        name = self._last = lesson.name(number)
        result = run_check(exercise, self._session, self._namespace)
        record = self.progress.of(name)
        if not result.skipped:
            fingerprint = fingerprint_exercise(exercise, self._history())
            is_passed = result.is_passed
            record = self.progress.change(name, lambda before: _update_record(before, fingerprint, is_passed=is_passed))
        raised = self._raised.get(_normalise_source(_find_exercise_code(exercise, self._history())[0]), "")
        return CheckReport(lesson, number, result, record, self._course(name), raised)

    def hint(self, name: str) -> HintCard:
        """Return the hints of an exercise with one more; after the last one, all of them again.

        Raises:
            LessonError: If it doesn't exist.
        """
        lesson, number, exercise = self.library.exercise(name or self._last_or_fail("hint"))
        name = self._last = lesson.name(number)
        count = len(exercise.hints)
        record = self.progress.change(name, lambda before: replace(before, hints=min(before.hints + 1, count)))
        return HintCard(lesson, number, exercise.hints[: record.hints], record, self.progress.problem)

    def solution(self, name: str) -> SolutionCard | MessageCard:
        """Return the solution of an exercise, or a message if there was no honest try yet.

        Raises:
            LessonError: If it doesn't exist.
        """
        lesson, number, exercise = self.library.exercise(name or self._last_or_fail("solution"))
        name = self._last = lesson.name(number)
        record = self.progress.of(name)
        if record.is_passed or record.is_solution_open:
            return SolutionCard(lesson, number, exercise)
        return MessageCard(
            f"The solution of {name} opens after a try of your own. Change the exercise's cell, run it, then "
            f"`%check {name}`. `%hint {name}` shows a hint."
        )

    def show_progress(self) -> Course:
        """Return the whole course."""
        return self._course(self._last)

    def reset(self) -> MessageCard:
        """Delete all progress."""
        self.progress.reset()
        return MessageCard(self.progress.problem or "Your progress is deleted. Every exercise starts fresh.")

    def _course(self, now: str) -> Course:
        return Course(tuple(self.library.iter_lessons()), self.progress.all(), now, self.progress.problem)

    def _last_or_fail(self, magic: str) -> str:
        if not self._last:
            raise LessonError(f"Say which exercise, for example %{magic} 1.2")
        return self._last


def fingerprint_exercise(exercise: Exercise, history: Sequence[str]) -> str:
    """Return a fingerprint of an exercise's cell, "" if it's still the stub or nothing ran.

    It starts with "?" if the cell couldn't be identified for certain.
    """
    code, is_sure = _find_exercise_code(exercise, history)
    if not code:
        return ""
    return ("" if is_sure else "?") + hashlib.sha256(_normalise_source(code).encode()).hexdigest()[:16]


def _find_exercise_code(exercise: Exercise, history: Sequence[str]) -> tuple[str, bool]:
    """Return the exercise's cell as it last ran, and whether that's certain; "" if it's still the stub or nothing ran.

    The stub's first line identifies the cell. If no cell that ran has it, the learner wrote elsewhere. Then the last
    code that ran counts, which may be a cell of the lesson itself.
    """
    mark = exercise.stub.partition("\n")[0].strip()
    runs_of_stub = [index for index, source in enumerate(history) if mark in source]
    stub = _normalise_source(exercise.stub)
    marked = [history[index] for index in runs_of_stub if _normalise_source(history[index]) != stub]
    after_stub = history[runs_of_stub[-1] + 1 :] if runs_of_stub else history
    code = marked or [source for source in after_stub if _normalise_source(source)]
    return (code[-1] if code else "", bool(marked))


def _format_exception(error: BaseException) -> str:
    """Return an exception on one line, without backquotes."""
    if isinstance(error, SyntaxError):
        return f"SyntaxError: {error.msg}, line {error.lineno}"
    return USUAL.text(f"{type(error).__name__}: {error}".partition("\n")[0]).replace("`", "").removesuffix(": ")


def _normalise_source(source: str) -> str:
    """Return a cell without comments, blank lines and magics."""
    code = "\n".join(line for line in source.splitlines() if not line.lstrip().startswith(("%", "!", "?")))
    try:
        return ast.unparse(ast.parse(code))
    except SyntaxError:
        return "\n".join(
            line.strip() for line in code.splitlines() if line.strip() and not line.strip().startswith("#")
        )


def _update_record(before: ExerciseRecord, fingerprint: str, *, is_passed: bool) -> ExerciseRecord:
    """Return the record after a check. A failed check is an honest try if the cell had really changed."""
    is_sure = not fingerprint.startswith("?") or bool(before.fingerprint)
    is_new = bool(fingerprint) and fingerprint != before.fingerprint and is_sure
    return replace(
        before,
        tries=before.tries + (is_new or (is_passed and not before.tries)),
        is_passed=before.is_passed or is_passed,
        is_solution_open=before.is_solution_open or is_passed or is_new,
        fingerprint=fingerprint or before.fingerprint,
    )
