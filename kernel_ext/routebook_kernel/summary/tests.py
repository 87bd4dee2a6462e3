"""What stands for the tests where no widget runs: each with its outcome, what failed with what came."""

import json
from collections.abc import Iterator

from routebook_kernel.protocol import ExpectationState, TestsState, TestState, VerdictState
from routebook_kernel.recording.formatting import format_count
from routebook_kernel.recording.style import code, esc, frame_html
from routebook_kernel.visible_text import VisibleText

_SIGNS = {"passed": "✓", "failed": "×", "not run": "!", "": "·"}
_KINDS = {"passed": "new", "failed": "error", "not run": "warn", "": ""}
_MAX_VALUE = 80


class TestsOverview(VisibleText):
    """The tests as text and plain HTML."""

    def __init__(self, state: TestsState) -> None:
        self.state = state

    def __repr__(self) -> str:
        return "\n".join([self._head(), *(line for test in self.state["tests"] for line in _lines(test))])

    def _repr_html_(self) -> str:
        rows = "".join(map(_row, self.state["tests"]))
        return frame_html(f'<p class="rb-2">{esc(self._head())}</p><ul class="rb-sum">{rows}</ul>')

    def _head(self) -> str:
        if self.state["problem"]:
            return self.state["problem"]
        tests = self.state["tests"]
        if not tests:
            return "No test is kept yet: open an exchange in %api log and keep it as a test."
        outcomes = [_outcome(test) for test in tests]
        counts = [f"{outcomes.count(one)} {one}" for one in ("passed", "failed", "not run") if one in outcomes]
        return f"{format_count(len(tests), 'test')} in {self.state['file']}" + (
            f": {', '.join(counts)}" if counts else ""
        )


def _outcome(test: TestState) -> str:
    return test["result"]["outcome"] if test["result"] is not None else ""


def _lines(test: TestState) -> Iterator[str]:
    yield f"{_SIGNS[_outcome(test)]} {test['name']}  {test['method']} {test['url']}"
    yield from (f"    {line}" for line in _problems(test))


def _problems(test: TestState) -> Iterator[str]:
    result = test["result"]
    if result is None:
        return
    if result["problem"]:
        yield result["problem"]
    for one, verdict in zip(test["expect"], result["verdicts"], strict=False):
        if not verdict["holds"]:
            yield failed_words(one, verdict)


def failed_words(one: ExpectationState, verdict: VerdictState) -> str:
    """What was expected and what came: `$.title should equal "Emma"; it is "Persuasion"`."""
    came = f"; came {verdict['came']}" if verdict["came"] else ""
    problem = f" ({verdict['problem']})" if verdict["problem"] else ""
    return f"expected {expectation_words(one)}{came}{problem}"


def expectation_words(one: ExpectationState) -> str:
    """An expectation in words: `status 201`, `$.title equals "Emma"`, `under 50 ms`."""
    value = json.dumps(one["value"], ensure_ascii=False)
    value = value if len(value) <= _MAX_VALUE else f"{value[:_MAX_VALUE]}…"
    match one["kind"]:
        case "status":
            return f"status {one['value']}"
        case "time":
            return f"under {one['value']} ms"
        case "schema":
            return "the declared schema" if one["value"] == "declared" else f"the schema {one['value']}"
        case _:
            return f"{one['at']} {one['how']} {value}"


def _row(test: TestState) -> str:
    outcome = _outcome(test)
    problems = "".join(f"<br>{esc(line)}" for line in _problems(test))
    return (
        f'<li data-k="{_KINDS[outcome]}"><span class="rb-sum__g">{_SIGNS[outcome]}</span>'
        f'<span class="rb-sum__m">{esc(test["method"])}</span><span class="rb-sum__p">{esc(test["url"])}</span>'
        f'<span class="rb-sum__note">{code(test["name"])}{problems}</span></li>'
    )
