"""A bench run as HTML and text: its figures, its plot, and the previous run for comparison."""

import base64
import math
from collections.abc import Iterable, Sequence

from routebook_kernel.protocol import BenchFigures, BenchRun, BenchState
from routebook_kernel.recording.latency import BUCKETS_PER_DECADE, bucket_start
from routebook_kernel.recording.style import code, esc, frame_html
from routebook_kernel.visible_text import VisibleText

_WIDTH, _HEIGHT, _AXIS = 560, 120, 18
_EXAMPLE = "%api bench 'GET /items/5' -n 5000 -c 16"
_FILLED, _OUTLINED = 'fill="#3b82c4"', 'fill="none" stroke="#c2410c"'
_TICKS = [mantissa * 10**power for power in range(-1, 9) for mantissa in (1, 3)]


class BenchOverview(VisibleText):
    """A run as HTML and text, compared with the previous run of the same request."""

    def __init__(self, state: BenchState) -> None:
        self.state = state
        self.run = next((run for run in state["runs"] if run["id"] == state["shown"]), None)
        self.previous = self.run and find_previous(self.run, state["runs"])

    def __repr__(self) -> str:
        run = self.run
        if run is None:
            return f"No runs yet. Start one: {_EXAMPLE}"
        lines = [_head(run)]
        if (figures := run["figures"]) is not None:
            lines += [f"  {name:>11}  {value}" for name, value in _rows(figures)]
            lines += _bars(figures)
            if self.previous and self.previous["figures"]:
                lines.append(f"  {describe_comparison(figures, self.previous['figures'], self.previous['id'])}")
            lines += [f"  {sentence}" for sentence in run["measured"]]
        if run["message"]:
            lines.insert(1, f"  ! {run['message']}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        run = self.run
        if run is None:
            return frame_html(f"<p>No runs yet. Start one: {code(_EXAMPLE)}</p>")
        parts = [f'<div class="rb-bar"><b>{esc(_head(run))}</b></div>']
        if run["message"]:
            parts.append(f'<div class="rb-part"><p data-k="warn"><b>!</b> {esc(run["message"])}</p></div>')
        if (figures := run["figures"]) is not None:
            previous = self.previous["figures"] if self.previous else None
            parts.append(f'<div class="rb-part">{_plot(figures, previous)}{_table(figures, previous)}</div>')
            if previous is not None and self.previous is not None:
                comparison = describe_comparison(figures, previous, self.previous["id"])
                legend = f"The plot shows run {self.previous['id']} in outline."
                parts.append(f'<div class="rb-part"><p>{esc(comparison)} {legend}</p></div>')
            parts.append(f'<div class="rb-part rb-2">{esc(" ".join(run["measured"]))}</div>')
        return frame_html(f'<div class="rb-card">{"".join(parts)}</div>')


def find_previous(run: BenchRun, runs: Sequence[BenchRun]) -> BenchRun | None:
    """Return the last earlier run with figures that sent the same request the same way, or None."""

    def is_comparable(other: BenchRun) -> bool:
        is_same_request = other["label"] == run["label"] and other["arguments"]["served"] == run["arguments"]["served"]
        return is_same_request and other["id"] < run["id"] and other["figures"] is not None

    return next(filter(is_comparable, reversed(runs)), None)


def describe_comparison(figures: BenchFigures, previous: BenchFigures, number: int) -> str:
    """Compare a run with the previous one, which has this number, in a sentence."""
    ratio = _median(figures) / _median(previous)
    spread, previous_spread = figures["spread_us"], previous["spread_us"]
    is_clear = spread[1] < previous_spread[0] or previous_spread[1] < spread[0]
    throughput = figures["throughput"] / previous["throughput"] if previous["throughput"] else 0
    ratios = f"{ratio:.2f} times the median of run {number}, and {throughput:.2f} times its throughput."
    return ratios if is_clear else f"{ratios} No clear difference: medians vary as much within one run."


def time_text(microseconds: float) -> str:
    """Format a time with three significant figures: `5.16 us`, `2.31 ms`, `1.20 s`."""
    value, unit = microseconds, "µs"  # noqa: RUF001  # the micro sign
    if microseconds >= 1e6:
        value, unit = microseconds / 1e6, "s"
    elif microseconds >= 1000:
        value, unit = microseconds / 1000, "ms"
    digits = 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:.{digits}f} {unit}"


def _median(figures: BenchFigures) -> float:
    return dict(figures["percentiles"])[50]


def _head(run: BenchRun) -> str:
    arguments = run["arguments"]
    way = "over a socket" if arguments["served"] else "in process"
    title = f"{run['label']}, {way}, {arguments['count']:,} requests, {arguments['concurrency']} at a time"
    if run["status"] in {"warming", "running"}:
        return f"{title}: running, {run['done']:,} done"
    figures = run["figures"]
    measured = f", {figures['count']:,} measured" if figures else ""
    return title if run["status"] == "done" else f"{title}: {run['status']}{measured}"


def _rows(figures: BenchFigures) -> Iterable[tuple[str, str]]:
    yield "throughput", f"{figures['throughput']:,.0f} requests/s"
    for percent, latency in figures["percentiles"]:
        yield f"p{percent:g}", time_text(latency)
    yield "mean", time_text(figures["mean_us"])
    yield "min, max", f"{time_text(figures['min_us'])}, {time_text(figures['max_us'])}"
    yield "responses", ", ".join(_responses(figures)) or "none"


def _responses(figures: BenchFigures) -> Iterable[str]:
    yield from (f"{status} ×{count:,}" for status, count in figures["statuses"])
    yield from (f"{name} ×{count:,}" for name, count in figures["errors"])


def _bars(figures: BenchFigures) -> Iterable[str]:
    """Yield the distribution as lines of text, four buckets per line."""
    merged: dict[int, int] = {}
    for bucket, count in figures["buckets"]:
        merged[bucket // 4 * 4] = merged.get(bucket // 4 * 4, 0) + count
    most = max(merged.values(), default=1)
    for bucket, count in sorted(merged.items()):
        yield f"  {time_text(bucket_start(bucket)):>11}  {'█' * round(30 * count / most) or '▏'} {count:,}"


def _table(figures: BenchFigures, previous: BenchFigures | None) -> str:
    previous_rows = dict(_rows(previous)) if previous else {}
    rows = "".join(
        f"<dt>{esc(name)}</dt><dd>{esc(value)}"
        + (f' <span class="rb-2">{esc(previous_rows[name])}</span>' if name in previous_rows else "")
        + "</dd>"
        for name, value in _rows(figures)
    )
    return f'<dl class="rb-kv">{rows}</dl>'


def _plot(figures: BenchFigures, previous: BenchFigures | None) -> str:
    """Return the distribution as an image, because some pages remove inline SVG."""
    svg = plot_svg(figures, previous)
    alt = f"Distribution of latencies: median {time_text(_median(figures))}, longest {time_text(figures['max_us'])}"
    data = base64.b64encode(svg.encode()).decode("ascii")
    return f'<img src="data:image/svg+xml;base64,{data}" width="{_WIDTH}" height="{_HEIGHT + _AXIS}" alt="{esc(alt)}">'


def plot_svg(figures: BenchFigures, previous: BenchFigures | None = None) -> str:
    """Return the distribution as SVG, on a logarithmic axis, with the previous run outlined on top."""
    runs = [figures, *([previous] if previous else [])]
    buckets = [bucket for run in runs for bucket, _ in run["buckets"]]
    low, high = min(buckets), max(buckets) + 1
    width = _WIDTH / (high - low)

    def bars(run: BenchFigures, style: str) -> str:
        most = max(count for _, count in run["buckets"])
        return "".join(
            f'<rect x="{(bucket - low) * width:.1f}" y="{_HEIGHT - _HEIGHT * count / most:.1f}" '
            f'width="{max(width - 1, 1):.1f}" height="{_HEIGHT * count / most:.1f}" {style}/>'
            for bucket, count in run["buckets"]
        )

    ticks = "".join(
        f'<text x="{x:.1f}" y="{_HEIGHT + 13}">{time_text(tick).replace(".00", "").replace(".0 ", " ")}</text>'
        for tick in _TICKS
        if 0 <= (x := (_position(tick) - low) * width) <= _WIDTH - 40
    )
    outline = bars(previous, _OUTLINED) if previous else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT + _AXIS}">'
        f"{bars(figures, _FILLED)}{outline}"
        f'<path d="M0 {_HEIGHT}H{_WIDTH}" stroke="#888"/><g font-family="sans-serif" font-size="11" fill="#888">{ticks}'
        "</g></svg>"
    )


def _position(microseconds: float) -> float:
    return BUCKETS_PER_DECADE * math.log10(microseconds)
