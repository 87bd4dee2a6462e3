"""Tables for a terminal (and for pasting into an issue): plain text, figures right-aligned."""

from collections.abc import Mapping, Sequence

from .apps import FRAMEWORKS
from .kernel import KernelResult
from .startup import StartupResult
from .thresholds import Verdict
from .timing import CaseResult

_TITLES = {framework.name: framework.title for framework in FRAMEWORKS}


def print_cases(results: Sequence[CaseResult], heading: str) -> None:
    """One line a case, one column a framework, then how Routebook compares."""
    names = [name for name in _TITLES if any(name in result.microseconds for result in results)]
    header = ["", *(_TITLES[name] for name in names), "FastAPI/ours", "ours/Starlette"]
    rows = [
        [
            result.case.title,
            *(_figure(result.microseconds.get(name)) for name in names),
            _ratio(result.microseconds, "fastapi", "routebook"),
            _ratio(result.microseconds, "routebook", "starlette"),
        ]
        for result in results
    ]
    _print_table(heading, header, rows)


def print_refusals(results: Sequence[CaseResult]) -> None:
    """The wrong answers, whose times were not taken."""
    for result in results:
        for refusal in result.refusals:
            print(f"! {refusal.framework}, {refusal.case}: {refusal.reason}")


def print_startup(results: Sequence[StartupResult]) -> None:
    """One line a measurement, for the two frameworks that share an API."""
    rows = [
        [
            f"{result.title}, {result.unit}",
            _figure(result.figures.get("routebook")),
            _figure(result.figures.get("fastapi")),
            _ratio(result.figures, "routebook", "fastapi"),
        ]
        for result in results
    ]
    _print_table("Before the first request", ["", "Routebook", "FastAPI", "ours/FastAPI"], rows)
    for result in results:
        for package, failure in result.failures.items():
            print(f"! {package}, {result.title}: {failure}")


def print_kernel(results: Sequence[KernelResult]) -> None:
    """One line a measurement: with the notebook, without it, and what lies between."""
    rows = [
        [f"{result.title}, {result.unit}", f"{result.with_notebook:.3f}", f"{result.without:.3f}", f"{result.over:.3f}",
         f"{result.ratio:.2f}"]
        for result in results
    ]  # fmt: skip
    _print_table("What the notebook costs", ["", "with", "without", "over", "ratio"], rows)


def print_verdicts(verdicts: Sequence[Verdict]) -> None:
    """Every threshold, the missed ones last, where they are read."""
    rows = [
        [
            verdict.title,
            f"{verdict.value:.2f}",
            f"{'>=' if verdict.is_at_least else '<='} {verdict.limit:.2f}",
            "pass" if verdict.is_met else "FAIL",
        ]
        for verdict in sorted(verdicts, key=lambda verdict: not verdict.is_met)
    ]
    _print_table("Thresholds of issues 2, 3 and 4", ["", "figure", "limit", ""], rows)


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _ratio(figures: Mapping[str, float], over: str, under: str) -> str:
    return f"{figures[over] / figures[under]:.2f}" if over in figures and under in figures else "–"


def _print_table(heading: str, header: list[str], rows: list[list[str]]) -> None:
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    print(f"\n{heading}\n")
    for row in [header, *rows]:
        first, *rest = (
            cell.ljust(width) if not at else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join([first, *rest]).rstrip())
