"""What issues 2 and 3 ask of the figures, as a table."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from .startup import StartupResult
from .timing import CaseResult

Figures = Mapping[str, Mapping[str, float]]
"""By case's name, then by framework's."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One threshold and how it was met; `value` and `limit` are ratios unless the title names a unit."""

    title: str
    value: float
    limit: float
    is_at_least: bool

    @property
    def is_met(self) -> bool:
        """Whether the figure is on the right side of its limit."""
        return self.value >= self.limit if self.is_at_least else self.value <= self.limit


@dataclass(frozen=True, slots=True)
class Threshold:
    """A ratio of two figures of Routebook's and a rival's.

    Attributes:
        is_speedup: Rival's time over ours, at least `limit`; else ours over the
            rival's, at most `limit`.
    """

    cases: tuple[str, ...]
    rival: str
    limit: float
    is_speedup: bool


_TABLE_SMALL = ("literal", "params", "json_body", "dependencies")

CASE_THRESHOLDS: tuple[Threshold, ...] = (
    Threshold(("literal", "params", "dependencies"), "fastapi", 5.0, is_speedup=True),
    Threshold(("json_body",), "fastapi", 3.5, is_speedup=True),
    Threshold(_TABLE_SMALL, "starlette", 0.7, is_speedup=False),
)

STARTUP_THRESHOLDS: Mapping[str, float] = {"import": 0.7, "register": 0.5, "describe": 0.5, "memory": 1.0}
GEOMETRIC_MEAN_AT_LEAST = 6.0
LAST_OVER_FIRST_AT_MOST = 1.3
DESCRIBE_AGAIN_AT_MOST = 1 / 20
NEVER_SLOWER_THAN = ("fastapi", "litestar", "blacksheep")


def judge_cases(results: Sequence[CaseResult]) -> list[Verdict]:
    """Every threshold that the measured frameworks and cases allow to be judged."""
    figures = {result.case.name: result.microseconds for result in results if "routebook" in result.microseconds}
    verdicts = list(_fixed_ratios(figures))
    verdicts += _never_slower(results, figures)
    mean = geometric_mean(results, "fastapi")
    if mean is not None:
        title = "geometric mean of FastAPI / Routebook over the small cases"
        verdicts.append(Verdict(title, mean, GEOMETRIC_MEAN_AT_LEAST, is_at_least=True))
    if {"first_route", "last_route"} <= figures.keys():
        ratio = figures["last_route"]["routebook"] / figures["first_route"]["routebook"]
        verdicts.append(Verdict("last route / first route", ratio, LAST_OVER_FIRST_AT_MOST, is_at_least=False))
    return verdicts


def judge_wire(results: Sequence[CaseResult]) -> list[Verdict]:
    """Over a socket: never slower than the others; uvicorn's own part is in every figure, so no ratio is asked for."""
    figures = {result.case.name: result.microseconds for result in results if "routebook" in result.microseconds}
    return [replace(verdict, title=f"over a socket, {verdict.title}") for verdict in _never_slower(results, figures)]


def judge_startup(results: Sequence[StartupResult]) -> list[Verdict]:
    """Thresholds on what happens before the first request."""
    figures: Figures = {result.name: result.figures for result in results}
    verdicts = []
    for name, limit in STARTUP_THRESHOLDS.items():
        found = figures.get(name, {})
        if {"routebook", "fastapi"} <= found.keys():
            ratio = found["routebook"] / found["fastapi"]
            verdicts.append(Verdict(f"{name}: Routebook / FastAPI", ratio, limit, is_at_least=False))
    again, full = figures.get("describe_again", {}).get("routebook"), figures.get("describe", {}).get("routebook")
    if again is not None and full is not None:
        title = "described again after one changed / described in full"
        verdicts.append(Verdict(title, again / full, DESCRIBE_AGAIN_AT_MOST, is_at_least=False))
    return verdicts


def geometric_mean(results: Sequence[CaseResult], rival: str) -> float | None:
    """How many times faster than the rival Routebook is, over the small cases that both have."""
    logs = [
        math.log(result.microseconds[rival] / result.microseconds["routebook"])
        for result in results
        if result.case.is_small and {rival, "routebook"} <= result.microseconds.keys()
    ]
    return math.exp(sum(logs) / len(logs)) if logs else None


def _fixed_ratios(figures: Figures) -> Iterator[Verdict]:
    for threshold in CASE_THRESHOLDS:
        for name in threshold.cases:
            ours, theirs = figures.get(name, {}).get("routebook"), figures.get(name, {}).get(threshold.rival)
            if ours is None or theirs is None:
                continue
            if threshold.is_speedup:
                yield Verdict(
                    f"{name}: {threshold.rival} / routebook", theirs / ours, threshold.limit, is_at_least=True
                )
            else:
                yield Verdict(
                    f"{name}: routebook / {threshold.rival}", ours / theirs, threshold.limit, is_at_least=False
                )


def _never_slower(results: Sequence[CaseResult], figures: Figures) -> Iterator[Verdict]:
    for rival in NEVER_SLOWER_THAN:
        for result in results:
            found = figures.get(result.case.name, {})
            if rival in found:
                title = f"{result.case.name}: routebook / {rival}"
                yield Verdict(title, found["routebook"] / found[rival], 1.0, is_at_least=False)
