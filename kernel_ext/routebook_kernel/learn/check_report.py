"""The report of a check, as a learner sees it: plain HTML, with the same in plain text."""

from collections.abc import Iterator
from dataclasses import dataclass

from routebook_kernel.learn.check_runner import CheckResult
from routebook_kernel.learn.course import Course
from routebook_kernel.learn.exercise import Exercise, Lesson, exercise_anchor
from routebook_kernel.learn.progress import ExerciseRecord
from routebook_kernel.learn.step_results import StepResult
from routebook_kernel.learn.style import card, mark_code
from routebook_kernel.recording.style import code, esc
from routebook_kernel.visible_text import VisibleText

_ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_LABELS = ("Sent", "Expected", "Got")


def describe_tries(record: ExerciseRecord) -> str:
    """Describe the tries of an exercise: `second try, one hint`."""
    if not record.tries:
        return ""
    ordinal = _ORDINALS[record.tries] if record.tries < len(_ORDINALS) else f"{record.tries}th"
    hints = {0: "", 1: ", one hint", 2: ", two hints", 3: ", three hints"}.get(record.hints, f", {record.hints} hints")
    return f"{ordinal} try{hints}"


@dataclass(frozen=True)
class CheckReport(VisibleText):
    """The report of a check.

    Attributes:
        raised: The exception of the exercise's cell in its last run; "" if there was none.
    """

    lesson: Lesson
    number: int
    result: CheckResult
    record: ExerciseRecord
    course: Course
    raised: str = ""

    @property
    def name(self) -> str:
        """The name of the exercise: "4.2"."""
        return self.lesson.name(self.number)

    @property
    def exercise(self) -> Exercise:
        """The exercise."""
        return self.lesson.exercise(self.number)

    # Text

    def __repr__(self) -> str:
        return "\n".join(self._iter_text())

    def _iter_text(self) -> Iterator[str]:
        result, head = self.result, f"{self.name} {self.exercise.title}"
        if result.skipped:
            yield f"{head}: not checked"
            yield f"{result.skipped}, then %check {self.name} again. This doesn't count as a try."
            return
        tries = f" · {tries}" if (tries := describe_tries(self.record)) else ""
        sign = "✓ " if result.is_passed else ""
        yield f"{head}: {sign}{result.passed_count} of {len(result.steps)} steps pass{tries}"
        if self.raised and not result.is_passed:
            yield f"    Hint: {self._raised_text()}"
        for step in result.steps:
            yield from _iter_step_text(step)
        if result.is_passed:
            if self.exercise.learned:
                yield self.exercise.learned
            yield self._next_text()
        else:
            yield f"%hint {self.name} for the next hint · %progress for the whole course"
        if self.course.problem:
            yield self.course.problem

    def _raised_text(self) -> str:
        return f"Your cell raised `{self.raised}` the last time it ran. Fix that first."

    def _next_text(self) -> str:
        if self.number < len(self.lesson.exercises):
            following = self.lesson.exercise(self.number + 1)
            return f"Next: {self.lesson.name(self.number + 1)} {following.title}"
        return "That was the last exercise of this lesson."

    # HTML

    def _repr_html_(self) -> str:
        if self.result.skipped:
            return card(self._head_html() + self._skipped_html(), f"Check {self.name}")
        body = self._passed_html() if self.result.is_passed else self._failed_html()
        problem = f'<p data-all="stop"><b>{esc(self.course.problem)}</b></p>' if self.course.problem else ""
        strip = self.course.strip_html(self.lesson, is_whole=not self.result.is_passed)
        return card(
            self._head_html() + body + (f'<div class="rb-check__done">{problem}</div>' if problem else "") + strip,
            f"Check {self.name}",
        )

    def _head_html(self) -> str:
        result = self.result
        tries = f' <span class="rb-2">· {tries}</span>' if (tries := describe_tries(self.record)) else ""
        if result.skipped:
            count = '<p data-all="stop"><b>not checked</b></p>'
        elif result.is_passed:
            passed = result.passed_count
            count = f'<p data-all="pass"><b>✓ {passed} of {passed}</b> steps pass{tries}</p>'
        else:
            count = f"<p><b>{result.passed_count} of {len(result.steps)}</b> steps pass{tries}</p>"
        return f'<header class="rb-check__head"><h3>{esc(self.name)} {esc(self.exercise.title)}</h3>{count}</header>'

    def _skipped_html(self) -> str:
        return (
            f'<div class="rb-check__done"><p><b>{mark_code(self.result.skipped)}</b>, then '
            f"{code(f'%check {self.name}')} again. This doesn't count as a try.</p></div>"
        )

    def _passed_html(self) -> str:
        learned = f"<p>{mark_code(self.exercise.learned)}</p>" if self.exercise.learned else ""
        steps = "".join(map(_passed_row, self.result.steps))
        return (
            f'<div class="rb-check__done">{learned}<p>{self._next_html()} <span class="rb-2">Compare with '
            f"{code(f'%solution {self.name}')}</span></p>"
            f'<details class="rb-small"><summary>The {len(self.result.steps)} steps</summary>'
            f'<ol class="rb-steps rb-steps--in">{steps}</ol></details></div>'
        )

    def _next_html(self) -> str:
        if self.number < len(self.lesson.exercises):
            name = self.lesson.name(self.number + 1)
            title = self.lesson.exercise(self.number + 1).title
            return f'Next: <a href="#cell-id={exercise_anchor(name)}">{esc(name)} {esc(title)}</a>'
        following = [lesson for lesson in self.course.lessons if _is_after(lesson, self.lesson)]
        if following and following[0].notebook:
            link = f'<a href="{esc(following[0].notebook)}">{esc(following[0].key)} {esc(following[0].title)}</a>'
            return f"That was the last exercise of this lesson. Next: {link}"
        return "That was the last exercise of this lesson."

    def _failed_html(self) -> str:
        steps = "".join(map(_step_row, self.result.steps))
        raised = _hint_html(self._raised_text()) if self.raised else ""
        can_see = self.record.is_solution_open or self.record.is_passed
        solution = "one way to do it" if can_see else "after you've tried it yourself"
        return (
            f'{raised}<ol class="rb-steps">{steps}</ol><footer class="rb-check__foot">'
            f"<p>{code(f'%hint {self.name}')} the next hint</p><p>{code(f'%solution {self.name}')} {solution}</p>"
            f"<p>{code('%progress')} the whole course</p></footer>"
        )


def _is_after(lesson: Lesson, other: Lesson) -> bool:
    return lesson.key.isdigit() and other.key.isdigit() and int(lesson.key) > int(other.key)


def _iter_step_text(step: StepResult) -> Iterator[str]:
    if step.status == "passed":
        yield f"✓ {step.title}"
    elif step.status == "waiting":
        yield f"○ {step.title} ({describe_waiting(step)})"
    else:
        yield f"✗ {step.title}"
        for label, text in _iter_facts(step):
            yield f"    {label:8}  {text}"
        if step.hint:
            yield f"    Hint: {step.hint}"


def describe_waiting(step: StepResult) -> str:
    """Describe what a step waits for: `waiting for steps 1, 2 and 3`."""
    *first, last = map(str, step.needs)
    return f"waiting for steps {', '.join(first)} and {last}" if first else f"waiting for step {last}"


def _iter_facts(step: StepResult) -> Iterator[tuple[str, str]]:
    """Yield the labels and texts of what was sent, expected and received."""
    sent, expected, got = _LABELS
    yield from ((sent if index == 0 else "", text) for index, text in enumerate(step.sent))
    if step.expected:
        yield expected, step.expected
    actual = [part for part in (_response_text(step), step.actual) if part]
    if actual:
        yield got, " · ".join(actual)


def _response_text(step: StepResult) -> str:
    response = step.response
    if response is None:
        return ""
    if response.trouble:
        return response.trouble
    return " ".join(filter(None, (response.status_text, response.failure_text or response.body_text)))


def _passed_row(step: StepResult) -> str:
    return f'<li data-r="pass"><span class="rb-g">✓</span> {mark_code(step.title)}</li>'


def _step_row(step: StepResult) -> str:
    title = mark_code(step.title)
    if step.status == "passed":
        return f'<li data-r="pass">{_passed_step(step, title)}</li>'
    if step.status == "waiting":
        return (
            f'<li data-r="wait"><span class="rb-g">○</span> {title} '
            f'<span class="rb-2 rb-small">· {describe_waiting(step)}</span></li>'
        )
    hint = _hint_html(step.hint) if step.hint else ""
    return (
        f'<li data-r="fail"><p><span class="rb-g">✗</span> <span class="rb-sr">failed: </span><b>{title}</b></p>'
        f'<dl class="rb-check__facts">{_facts_html(step)}</dl>{hint}</li>'
    )


def _hint_html(hint: str) -> str:
    return f'<div class="rb-hint" role="note" aria-label="Hint"><p><b>Hint</b></p><p>{mark_code(hint)}</p></div>'


def _passed_step(step: StepResult, title: str) -> str:
    sign = '<span class="rb-g">✓</span> <span class="rb-sr">passed: </span>'
    sent = " ".join(code(text) for text in step.sent)
    response = step.response
    details = f"{sent} returned {response.status_text}." if response is not None and response.status else sent
    if not details:
        return sign + title
    return f'<details><summary>{sign}{title}</summary><p class="rb-2 rb-small">{details}</p></details>'


def _facts_html(step: StepResult) -> str:
    sent = "<br>".join(code(text) for text in step.sent)
    actual = " · ".join(part for part in (_response_html(step), mark_code(step.actual)) if part)
    facts = zip(_LABELS, (sent, mark_code(step.expected), actual), strict=True)
    return "".join(f"<dt>{label}</dt><dd>{html}</dd>" for label, html in facts if html)


def _response_html(step: StepResult) -> str:
    response = step.response
    if response is None:
        return ""
    if response.trouble:
        return esc(response.trouble)
    status = f'<span class="rb-status" data-s="{(response.status or 500) // 100}">{esc(response.status_text)}</span>'
    body = response.failure_text or response.body_text
    return f"{status} {code(body)}" if body else status
