"""Cards with hints, solutions and messages: plain HTML, with the same in plain text."""

from collections.abc import Sequence
from dataclasses import dataclass

from routebook_kernel.learn.exercise import Exercise, Lesson
from routebook_kernel.learn.progress import ExerciseRecord
from routebook_kernel.learn.style import card, mark_code
from routebook_kernel.recording.style import esc
from routebook_kernel.visible_text import VisibleText


@dataclass(frozen=True)
class HintCard(VisibleText):
    """The hints that the learner has asked for, the newest last."""

    lesson: Lesson
    number: int
    hints: Sequence[str]
    record: ExerciseRecord
    problem: str = ""

    @property
    def _count(self) -> int:
        return len(self.lesson.exercise(self.number).hints)

    @property
    def _end(self) -> str:
        name = self.lesson.name(self.number)
        is_open = self.record.is_solution_open or self.record.is_passed
        if len(self.hints) < self._count:
            return f"`%hint {name}` shows the next of {self._count}."
        solution = "shows one way" if is_open else "opens after a try of your own"
        return f"That was the last hint. `%solution {name}` {solution}."

    def __repr__(self) -> str:
        lines = [f"Hint {index}: {hint}" for index, hint in enumerate(self.hints, 1)]
        return "\n".join([*lines, self._end, *([self.problem] if self.problem else [])])

    def _repr_html_(self) -> str:
        items = "".join(f"<li><b>{index}</b>&emsp;{mark_code(hint)}</li>" for index, hint in enumerate(self.hints, 1))
        title = f"{self.lesson.name(self.number)} {self.lesson.exercise(self.number).title}"
        return card(
            f'<div class="rb-check__done"><p><b>Hints</b> <span class="rb-2">{esc(title)} · {len(self.hints)} of '
            f'{self._count}</span></p><ol class="rb-hint">{items}</ol><p class="rb-2 rb-small">{mark_code(self._end)}'
            f"{' ' + esc(self.problem) if self.problem else ''}</p></div>",
            f"Hints {self.lesson.name(self.number)}",
        )


@dataclass(frozen=True)
class SolutionCard(VisibleText):
    """Two solutions of an exercise."""

    lesson: Lesson
    number: int
    exercise: Exercise

    def __repr__(self) -> str:
        return f"One way:\n\n{self.exercise.solution}\n\nAnother:\n\n{self.exercise.another}"

    def _repr_html_(self) -> str:
        title = f"{self.lesson.name(self.number)} {self.exercise.title}"
        return card(
            f'<div class="rb-check__done"><p><b>One way</b> <span class="rb-2">{esc(title)}</span></p>'
            f'<pre class="rb-source" tabindex="0">{esc(self.exercise.solution)}</pre><details><summary>Another way'
            f'</summary><pre class="rb-source" tabindex="0">{esc(self.exercise.another)}</pre></details></div>',
            f"Solution {self.lesson.name(self.number)}",
        )


@dataclass(frozen=True)
class MessageCard(VisibleText):
    """A message; backquotes mark code."""

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return card(f'<div class="rb-check__done"><p>{mark_code(self.text)}</p></div>', "Course")
