"""Statistics of many measured requests: percentiles, distribution, throughput. Pure.

Times are exact, in microseconds. Percentiles are computed from the samples themselves (nearest rank); only the
distribution is counted in buckets. All runs use the same buckets, so that two of them can be overlaid.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

BUCKETS_PER_DECADE = 20
"""Each bucket is 12 % wider than the previous one, to resolve short latencies and still cover long tails."""

SLOTS = 40
"""The number of equal parts of a run for which throughput is computed."""

SLICES = 10


@dataclass(frozen=True, slots=True)
class LatencySamples:
    """The measurements of each request, in the order in which the requests ended.

    Attributes:
        latencies_us: From sending the request to the last byte of the response.
        ends_us: When each request ended, from the start of the first one.
    """

    latencies_us: Sequence[float]
    ends_us: Sequence[float]
    statuses: Mapping[int, int] = field(default_factory=dict)
    errors: Mapping[str, int] = field(default_factory=dict)
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class LatencyFigures:
    """The statistics of a run.

    Attributes:
        percentiles: By percent: 50, 90, 99, 99.9.
        spread_us: The lowest and the highest median of ten parts of the run, which show how steady it was.
        buckets: The number of requests in each bucket. Bucket b begins at `bucket_start(b)`.
        series: Requests per second in equal parts of the run.
    """

    count: int
    duration_s: float
    throughput: float
    min_us: float
    mean_us: float
    max_us: float
    percentiles: Mapping[float, float]
    spread_us: tuple[float, float]
    buckets: Mapping[int, int]
    series: tuple[float, ...]


PERCENTS = (50, 90, 99, 99.9)


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Return the lowest value that is at least as high as this share of the values (nearest rank).

    Args:
        ordered: At least one value, in ascending order.
        percent: Above 0, at most 100.
    """
    rank = math.ceil(percent * len(ordered) / 100)
    return ordered[max(rank, 1) - 1]


def find_bucket(latency_us: float) -> int:
    """Return the bucket of a latency. Anything below a tenth of a microsecond counts as that."""
    return math.floor(math.log10(max(latency_us, 0.1)) * BUCKETS_PER_DECADE + 1e-9)


def bucket_start(bucket: int) -> float:
    """Return the lowest latency of a bucket."""
    return float(10 ** (bucket / BUCKETS_PER_DECADE))


def compute_figures(samples: LatencySamples) -> LatencyFigures | None:
    """Return the statistics of a run, or None without measurements."""
    if not samples.latencies_us:
        return None
    ordered = sorted(samples.latencies_us)
    duration_s = max(samples.ends_us) / 1e6
    return LatencyFigures(
        count=len(ordered),
        duration_s=duration_s,
        throughput=len(ordered) / duration_s if duration_s else 0.0,
        min_us=ordered[0],
        mean_us=math.fsum(ordered) / len(ordered),
        max_us=ordered[-1],
        percentiles={percent: percentile(ordered, percent) for percent in PERCENTS},
        spread_us=_spread(samples.latencies_us),
        buckets=dict(sorted(Counter(map(find_bucket, ordered)).items())),
        series=_series(samples.ends_us, duration_s),
    )


def _spread(latencies_us: Sequence[float]) -> tuple[float, float]:
    size = max(1, math.ceil(len(latencies_us) / SLICES))
    slices = [latencies_us[start : start + size] for start in range(0, len(latencies_us), size)]
    medians = [percentile(sorted(part), 50) for part in slices if len(part) * 2 >= size]
    return min(medians), max(medians)


def _series(ends_us: Sequence[float], duration_s: float) -> tuple[float, ...]:
    if not duration_s:
        return ()
    slots = min(SLOTS, len(ends_us))
    counts = Counter(min(int(end / 1e6 / duration_s * slots), slots - 1) for end in ends_us)
    return tuple(counts[slot] * slots / duration_s for slot in range(slots))


@dataclass(frozen=True, slots=True)
class Comparison:
    """One run compared with another.

    Attributes:
        median: One median latency divided by the other. Below 1, the first run is faster.
        is_clear: Whether the medians of the parts of the runs don't overlap. If they do, the difference may be chance.
    """

    median: float
    p99: float
    throughput: float
    is_clear: bool


def compare(one: LatencyFigures, other: LatencyFigures) -> Comparison:
    """Compare one run with another."""
    return Comparison(
        median=one.percentiles[50] / other.percentiles[50],
        p99=one.percentiles[99] / other.percentiles[99],
        throughput=one.throughput / other.throughput if other.throughput else math.inf,
        is_clear=one.spread_us[1] < other.spread_us[0] or other.spread_us[1] < one.spread_us[0],
    )
