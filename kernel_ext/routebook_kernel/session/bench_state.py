"""What a view shows of the load generator's runs: how far each is, its figures, and what was measured, in sentences."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from routebook_kernel.protocol import BenchArguments, BenchDelta, BenchFigures, BenchRun, BenchState
from routebook_kernel.recording.latency import LatencyFigures, LatencySamples, compute_figures
from routebook_kernel.runtime.load import Load
from routebook_kernel.runtime.output import Collected


@dataclass(slots=True)
class Run:
    """One run as it stands.

    Attributes:
        arguments: As they are sent.
        shown_arguments: Without secrets.
        overhead_us: What the generator itself takes of each latency, in process.
        told: What views show of it when it has ended.
    """

    id: int
    arguments: BenchArguments
    shown_arguments: BenchArguments
    load: Load
    started_at: float = field(default_factory=time.time)
    status: Literal["warming", "running", "done", "cancelled", "failed"] = "warming"
    message: str = ""
    overhead_us: float | None = None
    output: Collected | None = None
    task: asyncio.Task[None] | None = None
    told: BenchRun | None = None

    @property
    def is_live(self) -> bool:
        """Whether it has not ended."""
        return self.status in {"warming", "running"}


def told(run: Run) -> BenchRun:
    """A run as views show it; figures come with its end."""
    if run.told is not None:
        return run.told
    load, arguments = run.load, run.shown_arguments
    samples = load.samples
    figures = None if run.is_live else compute_figures(samples)
    state = BenchRun(
        id=run.id,
        label=f"{arguments['method']} {arguments['target']}",
        arguments=arguments,
        status=run.status,
        started_at=run.started_at,
        done=load.done,
        message=run.message or _remark(samples),
        measured=[] if figures is None else list(_iter_measured(run)),
        figures=None if figures is None else _figures(figures, samples),
    )
    if not run.is_live:
        run.told = state
    return state


def _figures(figures: LatencyFigures, samples: LatencySamples) -> BenchFigures:
    return BenchFigures(
        count=figures.count,
        duration_s=figures.duration_s,
        throughput=figures.throughput,
        min_us=figures.min_us,
        mean_us=figures.mean_us,
        max_us=figures.max_us,
        percentiles=list(figures.percentiles.items()),
        spread_us=figures.spread_us,
        buckets=list(figures.buckets.items()),
        series=list(figures.series),
        statuses=sorted(samples.statuses.items()),
        errors=sorted(samples.errors.items(), key=lambda item: -item[1]),
        size_bytes=samples.size_bytes,
    )


def _remark(samples: LatencySamples) -> str:
    """What a person should not overlook: that it was not the endpoint's work that was measured."""
    failed = sum(count for status, count in samples.statuses.items() if status >= 400) + sum(samples.errors.values())
    if not failed:
        return ""
    total = len(samples.latencies_us)
    return f"{failed:,} of {total:,} requests were refused or failed: their times are in the figures."


def _iter_measured(run: Run) -> Iterator[str]:
    arguments, load = run.arguments, run.load
    if arguments["served"]:
        yield (
            "Over a socket on this machine: a server of its own on the home loop, a client in a process of its own; a "
            "latency is the time from writing a request to the last byte of its response."
        )
    else:
        yield (
            "In process: the application was called as a server calls it, without server, socket or network; a latency "
            "is the time from the call to the last byte of the response."
        )
    yield (
        f"{arguments['concurrency']} at a time: each sender waits for its answer before it sends again. "
        f"{arguments['warm_up'] or 0:,} requests before these warmed up and are not counted. The clock is monotonic."
    )
    yield "Nothing was recorded: the log did not grow, and recording did not slow anything."
    if run.overhead_us is not None:
        yield f"Of each latency about {run.overhead_us:.1f} microseconds are the generator's own."
    if load.client_busy is not None:
        yield f"The client was busy {load.client_busy:.0%} of the time" + (
            ": it may have been the limit, not the application." if load.client_busy > 0.9 else "."
        )
    if run.output is not None and run.output.text:
        yield "What handlers printed is not shown."


def difference(before: BenchState, after: BenchState, seq: int) -> BenchDelta | None:
    """What changed between two states; None when nothing did."""
    delta = BenchDelta(type="delta", seq=seq)
    old = {run["id"]: run for run in before["runs"]}
    if changed := [run for run in after["runs"] if old.get(run["id"]) != run]:
        delta["set"] = changed
    if removed := [id_ for id_ in old if id_ not in {run["id"] for run in after["runs"]}]:
        delta["removed"] = removed
    if before["shown"] != after["shown"]:
        delta["shown"] = after["shown"]
    if before["name"] != after["name"]:
        delta["name"] = after["name"]
    return delta if len(delta) > 2 else None
