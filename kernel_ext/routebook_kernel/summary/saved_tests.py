"""The saved tests as HTML and text: each with its result and, if it failed, what it expected and got."""

import json
from collections.abc import Iterator

from routebook_kernel.protocol import ExpectationResultState, ExpectationState, SavedTestsState, SavedTestState
from routebook_kernel.recording.formatting import format_count
from routebook_kernel.recording.style import code, esc, frame_html
from routebook_kernel.visible_text import VisibleText

_SIGNS = {"passed": "✓", "failed": "×", "not run": "!", "": "·"}
_KINDS = {"passed": "new", "failed": "error", "not run": "warn", "": ""}
_COMPARISONS = {"equals": "to equal", "contains": "to contain", "matches": "to match"}
_MAX_VALUE = 80


class SavedTestsOverview(VisibleText):
    """The saved tests, for places where widgets don't run."""

    def __init__(self, state: SavedTestsState) -> None:
        self.state = state

    def __repr__(self) -> str:
        return "\n".join([self._head(), *(line for test in self.state["tests"] for line in _iter_lines(test))])

    def _repr_html_(self) -> str:
        rows = "".join(map(_format_row, self.state["tests"]))
        return frame_html(f'<p class="rb-2">{esc(self._head())}</p><ul class="rb-sum">{rows}</ul>')

    def _head(self) -> str:
        if self.state["problem"]:
            return self.state["problem"]
        tests = self.state["tests"]
        if not tests:
            return "No saved tests yet. Open a request in %api log and save it as a test."
        outcomes = [_outcome(test) for test in tests]
        counts = [f"{outcomes.count(name)} {name}" for name in ("passed", "failed", "not run") if name in outcomes]
        return f"{format_count(len(tests), 'test')} in {self.state['file']}" + (
            f": {', '.join(counts)}" if counts else ""
        )


def _outcome(test: SavedTestState) -> str:
    return test["result"]["outcome"] if test["result"] is not None else ""


def _iter_lines(test: SavedTestState) -> Iterator[str]:
    yield f"{_SIGNS[_outcome(test)]} {test['name']}  {test['method']} {test['url']}"
    yield from (f"    {line}" for line in _iter_problems(test))


def _iter_problems(test: SavedTestState) -> Iterator[str]:
    result = test["result"]
    if result is None:
        return
    if result["problem"]:
        yield result["problem"]
    for expectation, checked in zip(test["expectations"], result["expectation_results"], strict=False):
        if not checked["is_met"]:
            yield describe_failure(expectation, checked)


def describe_failure(expectation: ExpectationState, result: ExpectationResultState) -> str:
    """Describe what was expected and what the response has: `expected status 200, got 404`."""
    actual, problem = result["actual"], result["problem"]
    expected = f"expected {describe_expectation(expectation)}"
    if not actual:
        return f"{expected}: {problem}"
    return f"{expected}, got {actual}" + (f" ({problem})" if problem else "")


def describe_expectation(expectation: ExpectationState) -> str:
    """Describe an expectation, to follow "expected": `status 201`, `$.title to equal "Emma"`, `under 50 ms`."""
    value = json.dumps(expectation["value"], ensure_ascii=False)
    value = value if len(value) <= _MAX_VALUE else f"{value[:_MAX_VALUE]}…"
    match expectation["kind"]:
        case "status":
            return f"status {expectation['value']}"
        case "time":
            return f"under {expectation['value']} ms"
        case "schema":
            name = expectation["value"]
            return "a body that matches the " + ("declared schema" if name == "declared" else f"schema {name}")
        case _:
            return f"{expectation['target']} {_COMPARISONS[expectation['operator']]} {value}"


def _format_row(test: SavedTestState) -> str:
    outcome = _outcome(test)
    problems = "".join(f"<br>{esc(line)}" for line in _iter_problems(test))
    return (
        f'<li data-k="{_KINDS[outcome]}"><span class="rb-sum__g">{_SIGNS[outcome]}</span>'
        f'<span class="rb-sum__m">{esc(test["method"])}</span><span class="rb-sum__p">{esc(test["url"])}</span>'
        f'<span class="rb-sum__note">{code(test["name"])}{problems}</span></li>'
    )
