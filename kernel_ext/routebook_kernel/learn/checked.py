"""The result of a check, as a learner sees it: plain HTML, with the same in plain text."""

from collections.abc import Iterator
from dataclasses import dataclass

from routebook_kernel.learn.course import Course
from routebook_kernel.learn.exercise import Exercise, Lesson, anchor_of
from routebook_kernel.learn.judging import Verdict
from routebook_kernel.learn.outcomes import Outcome
from routebook_kernel.learn.progress import Record
from routebook_kernel.learn.style import card, marked
from routebook_kernel.recording.style import code, esc
from routebook_kernel.visible_text import VisibleText

_ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def tries_text(record: Record) -> str:
    """`second try, one hint`."""
    if not record.tries:
        return ""
    ordinal = _ORDINALS[record.tries] if record.tries < len(_ORDINALS) else f"{record.tries}th"
    hints = {0: "", 1: ", one hint", 2: ", two hints", 3: ", three hints"}.get(record.hints, f", {record.hints} hints")
    return f"{ordinal} try{hints}"


@dataclass(frozen=True)
class Checked(VisibleText):
    """The result of a check.

    Attributes:
        raised: What the exercise's cell raised when it ran last; "" where it ran to its end.
    """

    lesson: Lesson
    number: int
    verdict: Verdict
    record: Record
    course: Course
    raised: str = ""

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
            yield f"{verdict.stopped}, then %check {self.name} again. No try was counted."
            return
        tries = f" · {tries}" if (tries := tries_text(self.record)) else ""
        sign = "✓ " if verdict.is_passed else ""
        yield f"{head}: {sign}{verdict.passed} of {len(verdict.outcomes)} steps pass{tries}"
        if self.raised and not verdict.is_passed:
            yield f"    Hint: {self._raised_text()}"
        for outcome in verdict.outcomes:
            yield from _iter_step_text(outcome)
        if verdict.is_passed:
            if self.exercise.learned:
                yield self.exercise.learned
            yield self._next_text()
        else:
            yield f"%hint {self.name} the next hint · %progress the whole course"
        if self.course.trouble:
            yield self.course.trouble

    def _raised_text(self) -> str:
        return f"Your cell raised `{self.raised}` when it ran last, so not all of it counts. Mend that first."

    def _next_text(self) -> str:
        if self.number < len(self.lesson.exercises):
            following = self.lesson.exercise(self.number + 1)
            return f"Next: {self.lesson.name(self.number + 1)} {following.title}"
        return "That was the last exercise of this lesson."

    # HTML

    def _repr_html_(self) -> str:
        if self.verdict.stopped:
            return card(self._head_html() + self._stopped_html(), f"Check {self.name}")
        body = self._passed_html() if self.verdict.is_passed else self._failed_html()
        trouble = f'<p data-all="stop"><b>{esc(self.course.trouble)}</b></p>' if self.course.trouble else ""
        strip = self.course.strip_html(self.lesson, is_whole=not self.verdict.is_passed)
        return card(
            self._head_html() + body + (f'<div class="rb-check__done">{trouble}</div>' if trouble else "") + strip,
            f"Check {self.name}",
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
            f'<div class="rb-check__done">{learned}<p>{self._next_html()} <span class="rb-2">Compare with '
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
        raised = _hint_html(self._raised_text()) if self.raised else ""
        can_see = self.record.is_solution_open or self.record.is_passed
        solution = "one way to do it" if can_see else "after a try of your own"
        return (
            f'{raised}<ol class="rb-steps">{steps}</ol><footer class="rb-check__foot">'
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
            yield f"    {name:5}  {text}"
        if outcome.hint:
            yield f"    Hint: {outcome.hint}"


def _waits(outcome: Outcome) -> str:
    return f"not tried; tried once {_needed(outcome)}"


def _needed(outcome: Outcome) -> str:
    """`step 1 passes`, `steps 1, 2 and 3 pass`."""
    *first, last = map(str, outcome.needs)
    return f"steps {', '.join(first)} and {last} pass" if first else f"step {last} passes"


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
        return (
            f'<li data-r="wait"><span class="rb-g">○</span> <span class="rb-sr">not tried: </span>{title} '
            f'<span class="rb-2 rb-small">· tried once {_needed(outcome)}</span></li>'
        )
    hint = _hint_html(outcome.hint) if outcome.hint else ""
    return (
        f'<li data-r="fail"><p><span class="rb-g">✗</span> <span class="rb-sr">failed: </span><b>{title}</b></p>'
        f'<dl class="rb-asked">{_facts_html(outcome)}</dl>{hint}</li>'
    )


def _hint_html(hint: str) -> str:
    return f'<div class="rb-hint" role="note" aria-label="Hint"><p><b>Hint</b></p><p>{marked(hint)}</p></div>'


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
