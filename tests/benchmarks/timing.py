"""Microseconds of CPU for one call, frameworks taking turns so that noise meets them alike.

CPU time of the whole process (its worker threads too) is taken rather than time on
the clock: other processes on the machine then count for little. The best of the
rounds is kept; what disturbs a measurement only ever adds to it.
"""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

from starlette.types import ASGIApp

from .answers import Refusal, judge
from .apps import Apps
from .cases import Case
from .driver import Answer, UnfinishedResponseError, fetch, lifespan, make_caller

Call = Callable[[], Awaitable[None]]

_SLICE_S = 0.02
"""CPU time of one framework's turn, long against the clock's resolution, short against a minute."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """Best microseconds by framework's name; a framework that cannot do the case is absent."""

    case: Case
    microseconds: Mapping[str, float]
    refusals: tuple[Refusal, ...]


def measure_cases(cases: tuple[Case, ...], tables: Mapping[str, Apps], rounds: int) -> list[CaseResult]:
    """Check, then measure every case on every framework that has it."""
    with asyncio.Runner() as runner:
        return [runner.run(_measure_case(case, tables, rounds)) for case in cases]


async def _measure_case(case: Case, tables: Mapping[str, Apps], rounds: int) -> CaseResult:
    apps = {name: table[case.name]() for name, table in tables.items() if case.name in table}
    async with AsyncExitStack() as running:
        for app in apps.values():
            await running.enter_async_context(lifespan(app))
        refusals = judge(case, {name: await _try_once(app, case) for name, app in apps.items()})
        refused = {refusal.framework for refusal in refusals}
        callers = {name: make_caller(app, case.request) for name, app in apps.items() if name not in refused}
        best = await _best_of(callers, rounds)
    return CaseResult(case, best, tuple(refusals))


async def _try_once(app: ASGIApp, case: Case) -> Answer | UnfinishedResponseError:
    try:
        return await fetch(app, case.request)
    except Exception as exc:
        return UnfinishedResponseError(f"raised {type(exc).__name__}: {exc}")


async def _best_of(callers: Mapping[str, Call], rounds: int) -> dict[str, float]:
    counts = {name: await _calibrate(call) for name, call in callers.items()}
    best = dict.fromkeys(callers, float("inf"))
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        for name, call in callers.items():
            best[name] = min(best[name], await _time_calls(call, counts[name]))
    gc.unfreeze()
    return best


async def _calibrate(call: Call) -> int:
    await _time_calls(call, 20)
    return max(5, int(_SLICE_S / (await _time_calls(call, 20) / 1e6)))


async def _time_calls(call: Call, count: int) -> float:
    start = time.process_time_ns()
    for _ in range(count):
        await call()
    return (time.process_time_ns() - start) / count / 1e3
