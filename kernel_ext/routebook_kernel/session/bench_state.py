"""Builds what views show of bench runs: progress, figures, and sentences that say what was measured."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from routebook_kernel.protocol import BenchArguments, BenchDelta, BenchFigures, BenchRun, BenchState
from routebook_kernel.recording.latency import LatencyFigures, LatencySamples, compute_figures
from routebook_kernel.runtime.load import Load
from routebook_kernel.runtime.output import OutputBuffer


@dataclass(slots=True)
class BenchRunRecord:
    """One run of the load generator.

    Attributes:
        arguments: With secrets, as they're sent.
        shown_arguments: Without secrets.
        overhead_us: How much of each latency is spent in the generator itself, in process.
        result: What views show of it, once it has ended.
    """

    id: int
    arguments: BenchArguments
    shown_arguments: BenchArguments
    load: Load
    started_at: float = field(default_factory=time.time)
    status: Literal["warming", "running", "done", "cancelled", "failed"] = "warming"
    message: str = ""
    overhead_us: float | None = None
    output: OutputBuffer | None = None
    task: asyncio.Task[None] | None = None
    result: BenchRun | None = None

    @property
    def is_live(self) -> bool:
        """Whether it's still running."""
        return self.status in {"warming", "running"}


def describe_run(run: BenchRunRecord) -> BenchRun:
    """Return a run as views show it, with its figures once it has ended."""
    if run.result is not None:
        return run.result
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
        run.result = state
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
    """Say if errors were measured instead of the endpoint's work."""
    failed = sum(count for status, count in samples.statuses.items() if status >= 400) + sum(samples.errors.values())
    if not failed:
        return ""
    total = len(samples.latencies_us)
    return f"{failed:,} of {total:,} requests were rejected or failed. The figures include them."


def _iter_measured(run: BenchRunRecord) -> Iterator[str]:
    arguments, load = run.arguments, run.load
    if arguments["served"]:
        yield (
            "Over a socket on this machine: its own server on the home loop, its own client in another process. A "
            "latency is the time from writing a request to reading the last byte of its response."
        )
    else:
        yield (
            "In process: the application was called as a server calls it, without a server, a socket or a network. A "
            "latency is the time from the call to the last byte of the response."
        )
    yield (
        f"{arguments['concurrency']} at a time: each sender waits for a response before it sends again. "
        f"{arguments['warm_up'] or 0:,} warm-up requests before these aren't counted. The clock is monotonic."
    )
    yield "Nothing was recorded, so the log didn't grow and recording didn't slow anything down."
    if run.overhead_us is not None:
        yield f"About {run.overhead_us:.1f} microseconds of each latency are spent in the load generator itself."
    if load.client_busy is not None:
        yield f"The client was busy {load.client_busy:.0%} of the time" + (
            ", so it may have been the bottleneck instead of the application." if load.client_busy > 0.9 else "."
        )
    if run.output is not None and run.output.text:
        yield "Anything the application printed isn't shown."


def difference(before: BenchState, after: BenchState, seq: int) -> BenchDelta | None:
    """Return what changed between two states, or None."""
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
