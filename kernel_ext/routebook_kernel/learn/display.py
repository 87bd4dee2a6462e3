"""What a learner sees of a check, a hint, a solution and the course: plain HTML, with the same in plain text."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from routebook_kernel.learn.exercise import Exercise, Lesson, anchor_of
from routebook_kernel.learn.judging import Verdict
from routebook_kernel.learn.outcomes import Outcome
from routebook_kernel.learn.progress import Record
from routebook_kernel.learn.style import card
from routebook_kernel.recording.style import code, esc

_CODE = re.compile(r"`([^`]*)`")
_ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_WINDOW = 5
"""How many lessons `%progress` shows before it folds the rest."""


def marked(text: str) -> str:
    """A sentence as HTML: code where backquotes say so."""
    pieces = _CODE.split(text)
    return "".join(code(piece) if index % 2 else esc(piece) for index, piece in enumerate(pieces))


def plain(text: str) -> str:
    """A sentence as text; the backquotes stay, they mark code there too."""
    return text


def tries_text(record: Record) -> str:
    """`second try, one hint`."""
    if not record.tries:
        return ""
    ordinal = _ORDINALS[record.tries] if record.tries < len(_ORDINALS) else f"{record.tries}th"
    hints = {0: "", 1: ", one hint", 2: ", two hints", 3: ", three hints"}.get(record.hints, f", {record.hints} hints")
    return f"{ordinal} try{hints}"


@dataclass(frozen=True)
class Course:
    """The lessons and what is reached of them.

    Attributes:
        now: The exercise that the learner is at; "" where that is not known.
        trouble: What went wrong with the file, a sentence.
    """

    lessons: Sequence[Lesson]
    records: Mapping[str, Record]
    now: str = ""
    trouble: str = ""

    def is_passed(self, name: str) -> bool:
        """Whether an exercise was passed, ever."""
        return self.records.get(name, Record()).is_passed

    def done(self, lesson: Lesson) -> int:
        """How many exercises of a lesson are passed."""
        return sum(self.is_passed(lesson.name(number)) for number in range(1, len(lesson.exercises) + 1))

    def is_done(self, lesson: Lesson) -> bool:
        """Whether all are."""
        return self.done(lesson) == len(lesson.exercises)

    def here(self) -> Lesson | None:
        """The lesson that the learner is at: of the last check, else the first that is not done."""
        at = [lesson for lesson in self.lessons if self.now.rpartition(".")[0] == lesson.key]
        return next(iter(at or [lesson for lesson in self.lessons if not self.is_done(lesson)]), None)

    def pips(self, lesson: Lesson) -> list[tuple[str, str, str]]:
        """Each exercise of a lesson: its name, its state, its sign."""
        names = [lesson.name(number) for number in range(1, len(lesson.exercises) + 1)]
        states = ["pass" if self.is_passed(name) else "now" if name == self.now else "wait" for name in names]
        return [(name, state, {"pass": "✓", "now": "◐", "wait": "○"}[state])
                for name, state in zip(names, states, strict=True)]  # fmt: skip

    def __repr__(self) -> str:
        exercises = sum(len(lesson.exercises) for lesson in self.lessons)
        passed = sum(map(self.done, self.lessons))
        done = sum(map(self.is_done, self.lessons))
        lines = [f"Your course: {passed} of {exercises} exercises, {done} of {len(self.lessons)} lessons"]
        here = self.here()
        for lesson in self.lessons:
            signs = " ".join(sign for _, _, sign in self.pips(lesson))
            you = "  ← you are here" if lesson is here else ""
            lines.append(f"{lesson.key:>3}  {lesson.title:38.38}  {signs}{you}")
        return "\n".join([*lines, *([self.trouble] if self.trouble else [])])

    def _repr_html_(self) -> str:
        exercises = sum(len(lesson.exercises) for lesson in self.lessons)
        passed, done = sum(map(self.done, self.lessons)), sum(map(self.is_done, self.lessons))
        count = len(self.lessons)
        head = (
            f'<header class="rb-check__head"><h3>Your course</h3><p><b>{passed} of {exercises}</b> exercises '
            f'<span class="rb-2">· {done} of {count} lessons</span></p></header>'
        )
        trouble = f'<div class="rb-check__done"><p data-all="stop"><b>{esc(self.trouble)}</b></p></div>'
        near, far = self._split()
        table = f"{_TABLE_HEAD}<tbody>{''.join(map(self._row, near))}</tbody></table>"
        rest = f"{_TABLE_HEAD}<tbody>{''.join(map(self._row, far))}</tbody></table>"
        fold = f'<details class="rb-check__done rb-small"><summary>{len(far)} more lessons</summary>{rest}</details>'
        return card(head + (trouble if self.trouble else "") + table + (fold if far else ""))

    def _split(self) -> tuple[list[Lesson], list[Lesson]]:
        """The lessons around the learner, and the others."""
        lessons, here = list(self.lessons), self.here()
        if len(lessons) <= 2 * _WINDOW:
            return lessons, []
        at = lessons.index(here) if here is not None else 0
        first = max(0, min(at - _WINDOW // 2, len(lessons) - _WINDOW))
        near = lessons[first : first + _WINDOW]
        return near, [lesson for lesson in lessons if lesson not in near]

    def _row(self, lesson: Lesson) -> str:
        is_here = lesson is self.here()
        title = esc(f"{lesson.key} {lesson.title}")
        link = f'<a href="{esc(lesson.notebook)}">{title}</a>' if lesson.notebook else title
        you = ' <span class="rb-2">you are here</span>' if is_here else ""
        signs = " ".join(sign for _, _, sign in self.pips(lesson))
        return (
            f'<tr{" class=is-now" if is_here else ""}><th scope="row">{link}{you}</th><td class="rb-tick">{signs}</td>'
            f'<td class="is-num">{self.done(lesson)} of {len(lesson.exercises)}</td></tr>'
        )

    def strip_html(self, lesson: Lesson, *, is_whole: bool) -> str:
        """The line under a check: this lesson's exercises, and the course."""
        pips = "".join(f'<span data-r="{state}">{sign} {esc(name)}</span>' for name, state, sign in self.pips(lesson))
        count, done = len(self.lessons), sum(map(self.is_done, self.lessons))
        course = (
            f'<p class="rb-course__l">Course</p><progress value="{done}" max="{count}">{done} of {count}</progress>'
            f'<p class="rb-course__n rb-2">{done} of {count} lessons</p>'
        )
        return (
            f'<div class="rb-course"><p class="rb-course__l">Lesson {esc(lesson.key)} '
            f'<span class="rb-2">{esc(lesson.title)}</span></p><p class="rb-pips">{pips}</p>'
            f'<p class="rb-course__n rb-2">{self.done(lesson)} of {len(lesson.exercises)}</p>'
            f"{course if is_whole else ''}</div>"
        )


_TABLE_HEAD = (
    '<table class="rb-map"><thead><tr><th scope="col">Lesson</th><th scope="col">Exercises</th>'
    '<th scope="col" class="is-num">Done</th></tr></thead>'
)


@dataclass(frozen=True)
class Checked:
    """The result of a check."""

    lesson: Lesson
    number: int
    verdict: Verdict
    record: Record
    course: Course

    @property
    def name(self) -> str:
        """The exercise's: "4.2"."""
        return self.lesson.name(self.number)

    @property
    def exercise(self) -> Exercise:
        """The exercise."""
        return self.lesson.exercise(self.number)

    # Text

    def __repr__(self) -> str:
        return "\n".join(self._iter_text())

    def _iter_text(self) -> Iterator[str]:
        verdict, head = self.verdict, f"{self.name} {self.exercise.title}"
        if verdict.stopped:
            yield f"{head}: not checked"
            yield f"{plain(verdict.stopped)}, then %check {self.name} again. No try was counted."
            return
        tries = f" · {tries}" if (tries := tries_text(self.record)) else ""
        sign = "✓ " if verdict.is_passed else ""
        yield f"{head}: {sign}{verdict.passed} of {len(verdict.outcomes)} steps pass{tries}"
        for outcome in verdict.outcomes:
            yield from _iter_step_text(outcome)
        if verdict.is_passed:
            if self.exercise.learned:
                yield plain(self.exercise.learned)
            yield self._next_text()
        else:
            yield f"%hint {self.name} the next hint · %progress the whole course"
        if self.course.trouble:
            yield self.course.trouble

    def _next_text(self) -> str:
        if self.number < len(self.lesson.exercises):
            following = self.lesson.exercise(self.number + 1)
            return f"Next: {self.lesson.name(self.number + 1)} {following.title}"
        return "That was the last exercise of this lesson."

    # HTML

    def _repr_html_(self) -> str:
        if self.verdict.stopped:
            return card(self._head_html() + self._stopped_html())
        body = self._passed_html() if self.verdict.is_passed else self._failed_html()
        trouble = f'<p data-all="stop"><b>{esc(self.course.trouble)}</b></p>' if self.course.trouble else ""
        strip = self.course.strip_html(self.lesson, is_whole=not self.verdict.is_passed)
        return card(
            self._head_html() + body + (f'<div class="rb-check__done">{trouble}</div>' if trouble else "") + strip
        )

    def _head_html(self) -> str:
        verdict = self.verdict
        tries = f' <span class="rb-2">· {tries}</span>' if (tries := tries_text(self.record)) else ""
        if verdict.stopped:
            count = '<p data-all="stop"><b>not checked</b></p>'
        elif verdict.is_passed:
            count = f'<p data-all="pass"><b>✓ {verdict.passed} of {verdict.passed}</b> steps pass{tries}</p>'
        else:
            count = f"<p><b>{verdict.passed} of {len(verdict.outcomes)}</b> steps pass{tries}</p>"
        return f'<header class="rb-check__head"><h3>{esc(self.name)} {esc(self.exercise.title)}</h3>{count}</header>'

    def _stopped_html(self) -> str:
        return (
            f'<div class="rb-check__done"><p><b>{marked(self.verdict.stopped)}</b>, then '
            f"{code(f'%check {self.name}')} again. No try was counted.</p></div>"
        )

    def _passed_html(self) -> str:
        learned = f"<p>{marked(self.exercise.learned)}</p>" if self.exercise.learned else ""
        steps = "".join(map(_passed_row, self.verdict.outcomes))
        return (
            f'<div class="rb-check__done">{learned}<p>{self._next_html()} <span class="rb-2">or compare with '
            f"{code(f'%solution {self.name}')}</span></p>"
            f'<details class="rb-small"><summary>the {len(self.verdict.outcomes)} steps</summary>'
            f'<ol class="rb-steps rb-steps--in">{steps}</ol></details></div>'
        )

    def _next_html(self) -> str:
        if self.number < len(self.lesson.exercises):
            name = self.lesson.name(self.number + 1)
            title = self.lesson.exercise(self.number + 1).title
            return f'Next: <a href="#cell-id={anchor_of(name)}">{esc(name)} {esc(title)}</a>'
        following = [each for each in self.course.lessons if _is_after(each, self.lesson)]
        if following and following[0].notebook:
            link = f'<a href="{esc(following[0].notebook)}">{esc(following[0].key)} {esc(following[0].title)}</a>'
            return f"That was the last exercise of this lesson. Next: {link}"
        return "That was the last exercise of this lesson."

    def _failed_html(self) -> str:
        steps = "".join(map(_step_row, self.verdict.outcomes))
        can_see = self.record.is_solution_open or self.record.is_passed
        solution = "one way to do it" if can_see else "after a try of your own"
        return (
            f'<ol class="rb-steps">{steps}</ol><footer class="rb-check__foot">'
            f"<p>{code(f'%hint {self.name}')} the next hint</p><p>{code(f'%solution {self.name}')} {solution}</p>"
            f"<p>{code('%progress')} the whole course</p></footer>"
        )


def _is_after(each: Lesson, lesson: Lesson) -> bool:
    return each.key.isdigit() and lesson.key.isdigit() and int(each.key) > int(lesson.key)


def _iter_step_text(outcome: Outcome) -> Iterator[str]:
    if outcome.kind == "passed":
        yield f"✓ {outcome.title}"
    elif outcome.kind == "waiting":
        yield f"○ {outcome.title} ({_waits(outcome)})"
    else:
        yield f"✗ {outcome.title}"
        for name, text in _iter_facts(outcome):
            yield f"    {name:5}  {plain(text)}"
        if outcome.hint:
            yield f"    Hint: {plain(outcome.hint)}"


def _waits(outcome: Outcome) -> str:
    return f"not tried; tried once step {' and '.join(map(str, outcome.needs))} passes"


def _iter_facts(outcome: Outcome) -> Iterator[tuple[str, str]]:
    """What was sent, asked and came, as text."""
    yield from (("sent" if index == 0 else "", text) for index, text in enumerate(outcome.sent))
    if outcome.asked:
        yield "asked", outcome.asked
    came = [part for part in (_answer_text(outcome), outcome.came) if part]
    if came:
        yield "came", " · ".join(came)


def _answer_text(outcome: Outcome) -> str:
    answer = outcome.answer
    if answer is None:
        return ""
    if answer.trouble:
        return answer.trouble
    return " ".join(filter(None, (answer.status_text, answer.failure_text or answer.body_text)))


def _passed_row(outcome: Outcome) -> str:
    return f'<li data-r="pass"><span class="rb-g">✓</span> {marked(outcome.title)}</li>'


def _step_row(outcome: Outcome) -> str:
    title = marked(outcome.title)
    if outcome.kind == "passed":
        return f'<li data-r="pass">{_passed_step(outcome, title)}</li>'
    if outcome.kind == "waiting":
        needs = " and ".join(map(str, outcome.needs))
        return (
            f'<li data-r="wait"><span class="rb-g">○</span> <span class="rb-sr">not tried: </span>{title} '
            f'<span class="rb-2 rb-small">· tried once step {needs} passes</span></li>'
        )
    hint = f'<div class="rb-hint"><p><b>Hint</b></p><p>{marked(outcome.hint)}</p></div>' if outcome.hint else ""
    return (
        f'<li data-r="fail"><p><span class="rb-g">✗</span> <span class="rb-sr">failed: </span><b>{title}</b></p>'
        f'<dl class="rb-asked">{_facts_html(outcome)}</dl>{hint}</li>'
    )


def _passed_step(outcome: Outcome, title: str) -> str:
    sign = '<span class="rb-g">✓</span> <span class="rb-sr">passed: </span>'
    sent = " ".join(code(text) for text in outcome.sent)
    answer = outcome.answer
    told = f"{sent} answered {answer.status_text}." if answer is not None and answer.status else sent
    if not told:
        return sign + title
    return f'<details><summary>{sign}{title}</summary><p class="rb-2 rb-small">{told}</p></details>'


def _facts_html(outcome: Outcome) -> str:
    rows = []
    if outcome.sent:
        rows.append(f"<dt>sent</dt><dd>{'<br>'.join(code(text) for text in outcome.sent)}</dd>")
    if outcome.asked:
        rows.append(f"<dt>asked</dt><dd>{marked(outcome.asked)}</dd>")
    came = [part for part in (_answer_html(outcome), marked(outcome.came)) if part]
    if came:
        rows.append(f"<dt>came</dt><dd>{' · '.join(came)}</dd>")
    return "".join(rows)


def _answer_html(outcome: Outcome) -> str:
    answer = outcome.answer
    if answer is None:
        return ""
    if answer.trouble:
        return esc(answer.trouble)
    status = f'<span class="rb-status" data-s="{(answer.status or 500) // 100}">{esc(answer.status_text)}</span>'
    body = answer.failure_text or answer.body_text
    return f"{status} {code(body)}" if body else status


@dataclass(frozen=True)
class HintShown:
    """The further hints that were asked for so far, the newest last."""

    lesson: Lesson
    number: int
    hints: Sequence[str]
    record: Record
    trouble: str = ""

    @property
    def _count(self) -> int:
        return len(self.lesson.exercise(self.number).hints)

    @property
    def _end(self) -> str:
        name = self.lesson.name(self.number)
        is_open = self.record.is_solution_open or self.record.is_passed
        if len(self.hints) < self._count:
            return f"`%hint {name}` gives the next of {self._count}."
        return (
            f"That was the last. `%solution {name}` {'shows one way' if is_open else 'opens after a try of your own'}."
        )

    def __repr__(self) -> str:
        lines = [f"Hint {index}: {plain(hint)}" for index, hint in enumerate(self.hints, 1)]
        return "\n".join([*lines, self._end, *([self.trouble] if self.trouble else [])])

    def _repr_html_(self) -> str:
        items = "".join(f"<li><b>{index}</b>&emsp;{marked(hint)}</li>" for index, hint in enumerate(self.hints, 1))
        title = f"{self.lesson.name(self.number)} {self.lesson.exercise(self.number).title}"
        return card(
            f'<div class="rb-check__done"><p><b>Hints</b> <span class="rb-2">{esc(title)} · {len(self.hints)} of '
            f'{self._count}</span></p><ol class="rb-hint">{items}</ol><p class="rb-2 rb-small">{marked(self._end)}'
            f"{' ' + esc(self.trouble) if self.trouble else ''}</p></div>"
        )


@dataclass(frozen=True)
class SolutionShown:
    """One right way, and another."""

    lesson: Lesson
    number: int
    exercise: Exercise

    def __repr__(self) -> str:
        return f"One way:\n\n{self.exercise.solution}\n\nAnother:\n\n{self.exercise.another}"

    def _repr_html_(self) -> str:
        title = f"{self.lesson.name(self.number)} {self.exercise.title}"
        return card(
            f'<div class="rb-check__done"><p><b>One way</b> <span class="rb-2">{esc(title)}</span></p>'
            f'<pre class="rb-source" tabindex="0">{esc(self.exercise.solution)}</pre><details><summary>another way'
            f'</summary><pre class="rb-source" tabindex="0">{esc(self.exercise.another)}</pre></details></div>'
        )


@dataclass(frozen=True)
class Said:
    """A sentence; backquotes mark code."""

    text: str

    def __repr__(self) -> str:
        return plain(self.text)

    def _repr_html_(self) -> str:
        return card(f'<div class="rb-check__done"><p>{marked(self.text)}</p></div>')
