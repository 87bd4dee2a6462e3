"""The course and the learner's progress, as `%progress` shows it and as a line under every check."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from routebook_kernel.learn.exercise import Lesson
from routebook_kernel.learn.progress import ExerciseRecord
from routebook_kernel.learn.style import card
from routebook_kernel.recording.style import esc
from routebook_kernel.visible_text import VisibleText

_WINDOW = 5
"""How many lessons `%progress` shows unfolded."""


@dataclass(frozen=True)
class Course(VisibleText):
    """The lessons and the learner's progress.

    Attributes:
        current: The exercise that was checked last; "" if none was.
        problem: What is wrong with the file of progress, a sentence.
    """

    lessons: Sequence[Lesson]
    records: Mapping[str, ExerciseRecord]
    current: str = ""
    problem: str = ""

    def is_passed(self, name: str) -> bool:
        """Whether an exercise was ever passed."""
        return self.records.get(name, ExerciseRecord()).is_passed

    def count_passed(self, lesson: Lesson) -> int:
        """Count the exercises of a lesson that are passed."""
        return sum(self.is_passed(lesson.name(number)) for number in range(1, len(lesson.exercises) + 1))

    def is_done(self, lesson: Lesson) -> bool:
        """Whether every exercise of a lesson is passed."""
        return self.count_passed(lesson) == len(lesson.exercises)

    def current_lesson(self) -> Lesson | None:
        """Return the lesson of the last check, or the first that isn't done."""
        at = [lesson for lesson in self.lessons if self.current.rpartition(".")[0] == lesson.key]
        return next(iter(at or [lesson for lesson in self.lessons if not self.is_done(lesson)]), None)

    def exercise_states(self, lesson: Lesson) -> list[tuple[str, str, str]]:
        """Return the name, state and sign of each exercise of a lesson."""
        names = [lesson.name(number) for number in range(1, len(lesson.exercises) + 1)]
        states = ["pass" if self.is_passed(name) else "now" if name == self.current else "wait" for name in names]
        return [(name, state, {"pass": "✓", "now": "◐", "wait": "○"}[state])
                for name, state in zip(names, states, strict=True)]  # fmt: skip

    def __repr__(self) -> str:
        exercises = sum(len(lesson.exercises) for lesson in self.lessons)
        passed = sum(map(self.count_passed, self.lessons))
        done = sum(map(self.is_done, self.lessons))
        lines = [f"Your course: {passed} of {exercises} exercises, {done} of {len(self.lessons)} lessons"]
        here = self.current_lesson()
        for lesson in self.lessons:
            signs = " ".join(sign for _, _, sign in self.exercise_states(lesson))
            you = "  ← you are here" if lesson is here else ""
            lines.append(f"{lesson.key:>3}  {lesson.title:38.38}  {signs}{you}")
        return "\n".join([*lines, *([self.problem] if self.problem else [])])

    def _repr_html_(self) -> str:
        exercises = sum(len(lesson.exercises) for lesson in self.lessons)
        passed, done = sum(map(self.count_passed, self.lessons)), sum(map(self.is_done, self.lessons))
        count = len(self.lessons)
        head = (
            f'<header class="rb-check__head"><h3>Your course</h3><p><b>{passed} of {exercises}</b> exercises '
            f'<span class="rb-2">· {done} of {count} lessons</span></p></header>'
        )
        problem = f'<div class="rb-check__done"><p data-all="stop"><b>{esc(self.problem)}</b></p></div>'
        near, far = self._split()
        table = f"{_TABLE_HEAD}<tbody>{''.join(map(self._row, near))}</tbody></table>"
        rest = f"{_TABLE_HEAD}<tbody>{''.join(map(self._row, far))}</tbody></table>"
        fold = f'<details class="rb-check__done rb-small"><summary>{len(far)} more lessons</summary>{rest}</details>'
        return card(head + (problem if self.problem else "") + table + (fold if far else ""), "Your course")

    def _split(self) -> tuple[list[Lesson], list[Lesson]]:
        """Return the lessons around the current one, and the others."""
        lessons, here = list(self.lessons), self.current_lesson()
        if len(lessons) <= 2 * _WINDOW:
            return lessons, []
        at = lessons.index(here) if here is not None else 0
        first = max(0, min(at - _WINDOW // 2, len(lessons) - _WINDOW))
        near = lessons[first : first + _WINDOW]
        return near, [lesson for lesson in lessons if lesson not in near]

    def _row(self, lesson: Lesson) -> str:
        is_here = lesson is self.current_lesson()
        title = esc(f"{lesson.key} {lesson.title}")
        link = f'<a href="{esc(lesson.notebook)}">{title}</a>' if lesson.notebook else title
        you = ' <span class="rb-2">you are here</span>' if is_here else ""
        signs = " ".join(sign for _, _, sign in self.exercise_states(lesson))
        return (
            f'<tr{" class=is-now" if is_here else ""}><th scope="row">{link}{you}</th><td class="rb-tick">{signs}</td>'
            f'<td class="is-num">{self.count_passed(lesson)} of {len(lesson.exercises)}</td></tr>'
        )

    def strip_html(self, lesson: Lesson, *, is_whole: bool) -> str:
        """Return the line under a check: the exercises of the lesson, and the course."""
        states = self.exercise_states(lesson)
        pips = "".join(f'<span data-r="{state}">{sign} {esc(name)}</span>' for name, state, sign in states)
        count, done = len(self.lessons), sum(map(self.is_done, self.lessons))
        course = (
            f'<p class="rb-course__l">Course</p><progress aria-label="Lessons done" value="{done}" max="{count}">'
            f"{done} of {count}</progress>"
            f'<p class="rb-course__n rb-2">{done} of {count} lessons</p>'
        )
        return (
            f'<div class="rb-course"><p class="rb-course__l">Lesson {esc(lesson.key)} '
            f'<span class="rb-2">{esc(lesson.title)}</span></p><p class="rb-pips">{pips}</p>'
            f'<p class="rb-course__n rb-2">{self.count_passed(lesson)} of {len(lesson.exercises)}</p>'
            f"{course if is_whole else ''}</div>"
        )


_TABLE_HEAD = (
    '<table class="rb-map"><thead><tr><th scope="col">Lesson</th><th scope="col">Exercises</th>'
    '<th scope="col" class="is-num">Done</th></tr></thead>'
)
