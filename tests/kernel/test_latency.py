"""The statistics of a run: exact percentiles, the same buckets for all runs, throughput in parts."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routebook_kernel.recording.latency import (
    PERCENTS,
    LatencySamples,
    bucket_start,
    compare,
    compute_figures,
    find_bucket,
    percentile,
)

latencies = st.lists(st.floats(0.1, 1e8), min_size=1, max_size=200)


@given(latencies, st.sampled_from(PERCENTS))
def test_percentile_is_the_lowest_sufficient_value(values: list[float], percent: float) -> None:
    """Nearest rank: it's always one of the values, so the p99 of ten values is the highest."""
    found = percentile(sorted(values), percent)

    assert sum(value <= found for value in values) * 100 >= percent * len(values)
    assert sum(value < found for value in values) * 100 < percent * len(values)


@given(latencies)
def test_buckets_count_each_latency_once(values: list[float]) -> None:
    """Two runs are overlaid bucket by bucket."""
    figures = compute_figures(LatencySamples(values, [float(index) for index in range(1, len(values) + 1)]))

    assert figures is not None
    assert sum(figures.buckets.values()) == len(values)
    for value in values:
        bucket = find_bucket(value)
        assert bucket_start(bucket) <= value * (1 + 1e-9) < bucket_start(bucket + 1) * (1 + 1e-6)


def test_throughput_is_the_mean_of_its_parts() -> None:
    """The parts have the same length, so their mean is the total."""
    ends = [1e6 * (index + 1) / 100 for index in range(400)]
    figures = compute_figures(LatencySamples([5.0] * 400, ends))

    assert figures is not None
    assert (figures.duration_s, figures.throughput) == (4.0, 100.0)
    assert len(figures.series) == 40
    assert math.fsum(figures.series) / 40 == pytest.approx(100)


def test_difference_is_clear_only_between_steady_runs() -> None:
    """If the parts of a run vary more than two runs differ, the difference proves nothing."""
    ends = [float(index) for index in range(1, 101)]
    steady = compute_figures(LatencySamples([10.0] * 100, ends))
    faster = compute_figures(LatencySamples([5.0] * 100, ends))
    varying = compute_figures(LatencySamples([float(4 + index // 10) for index in range(100)], ends))

    assert steady is not None and faster is not None and varying is not None  # noqa: PT018
    assert (compare(faster, steady).median, compare(faster, steady).is_clear) == (0.5, True)
    assert not compare(varying, steady).is_clear


def test_no_measurements_have_no_figures() -> None:
    """A run that was cancelled while it warmed up."""
    assert compute_figures(LatencySamples([], [])) is None
