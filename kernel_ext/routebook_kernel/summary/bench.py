"""What stands for a run of the load generator where no widget runs: its figures, its plot, and a run beside it."""

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
    """One run as plain HTML and text, beside the run before it of the same request."""

    def __init__(self, state: BenchState) -> None:
        self.state = state
        self.run = next((run for run in state["runs"] if run["id"] == state["shown"]), None)
        self.former = self.run and former_of(self.run, state["runs"])

    def __repr__(self) -> str:
        run = self.run
        if run is None:
            return f"No run yet: {_EXAMPLE}"
        lines = [_head(run)]
        if (figures := run["figures"]) is not None:
            lines += [f"  {name:>11}  {value}" for name, value in _rows(figures)]
            lines += _bars(figures)
            if self.former and self.former["figures"]:
                lines.append(f"  {comparison_words(figures, self.former['figures'])} (run {self.former['id']})")
            lines += [f"  {sentence}" for sentence in run["measured"]]
        if run["message"]:
            lines.insert(1, f"  ! {run['message']}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        run = self.run
        if run is None:
            return frame_html(f"<p>No run yet: {code(_EXAMPLE)}</p>")
        parts = [f'<div class="rb-bar"><b>{esc(_head(run))}</b></div>']
        if run["message"]:
            parts.append(f'<div class="rb-part"><p data-k="warn"><b>!</b> {esc(run["message"])}</p></div>')
        if (figures := run["figures"]) is not None:
            former = self.former["figures"] if self.former else None
            parts.append(f'<div class="rb-part">{_plot(figures, former)}{_table(figures, former)}</div>')
            if former is not None and self.former is not None:
                told = f"{comparison_words(figures, former)} (run {self.former['id']}, outlined)"
                parts.append(f'<div class="rb-part"><p>{esc(told)}</p></div>')
            parts.append(f'<div class="rb-part rb-2">{esc(" ".join(run["measured"]))}</div>')
        return frame_html(f'<div class="rb-card">{"".join(parts)}</div>')


def former_of(run: BenchRun, runs: Sequence[BenchRun]) -> BenchRun | None:
    """The last run before this one of the same request in the same way that has figures."""

    def same(other: BenchRun) -> bool:
        ways = [(one["label"], one["arguments"]["served"]) for one in (run, other)]
        return other["id"] < run["id"] and other["figures"] is not None and ways[0] == ways[1]

    return next(filter(same, reversed(runs)), None)


def comparison_words(one: BenchFigures, other: BenchFigures) -> str:
    """One run beside another, in a sentence."""
    ratio = _median(one) / _median(other)
    is_clear = one["spread_us"][1] < other["spread_us"][0] or other["spread_us"][1] < one["spread_us"][0]
    throughput = one["throughput"] / other["throughput"] if other["throughput"] else 0
    told = f"median {ratio:.2f} times that of the run before, throughput {throughput:.2f} times"
    return told if is_clear else f"{told}: no clear difference, within one run the medians vary as much"


def time_text(microseconds: float) -> str:
    """A time with three figures: `5.16 us`, `2.31 ms`, `1.20 s`."""
    value, unit = microseconds, "µs"  # noqa: RUF001  # the sign of micro, as everywhere
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
    told = f"{run['label']}, {way}, {arguments['count']:,} requests, {arguments['concurrency']} at a time"
    if run["status"] in {"warming", "running"}:
        return f"{told}: under way, {run['done']:,} done"
    figures = run["figures"]
    measured = f", {figures['count']:,} measured" if figures else ""
    return told if run["status"] == "done" else f"{told}: {run['status']}{measured}"


def _rows(figures: BenchFigures) -> Iterable[tuple[str, str]]:
    yield "throughput", f"{figures['throughput']:,.0f} requests/s"
    for percent, latency in figures["percentiles"]:
        yield f"p{percent:g}", time_text(latency)
    yield "mean", time_text(figures["mean_us"])
    yield "min, max", f"{time_text(figures['min_us'])}, {time_text(figures['max_us'])}"
    yield "answers", ", ".join(_answers(figures)) or "none"


def _answers(figures: BenchFigures) -> Iterable[str]:
    yield from (f"{status} ×{count:,}" for status, count in figures["statuses"])  # the sign of times
    yield from (f"{name} ×{count:,}" for name, count in figures["errors"])


def _bars(figures: BenchFigures) -> Iterable[str]:
    """The distribution as text, four buckets a line."""
    merged: dict[int, int] = {}
    for bucket, count in figures["buckets"]:
        merged[bucket // 4 * 4] = merged.get(bucket // 4 * 4, 0) + count
    most = max(merged.values(), default=1)
    for bucket, count in sorted(merged.items()):
        yield f"  {time_text(bucket_start(bucket)):>11}  {'█' * round(30 * count / most) or '▏'} {count:,}"


def _table(figures: BenchFigures, former: BenchFigures | None) -> str:
    other = dict(_rows(former)) if former else {}
    rows = "".join(
        f"<dt>{esc(name)}</dt><dd>{esc(value)}"
        + (f' <span class="rb-2">{esc(other[name])}</span>' if name in other else "")
        + "</dd>"
        for name, value in _rows(figures)
    )
    return f'<dl class="rb-kv">{rows}</dl>'


def _plot(figures: BenchFigures, former: BenchFigures | None) -> str:
    """The distribution as a picture; an image, so that a page that takes no SVG shows it too."""
    svg = plot_svg(figures, former)
    words = f"Distribution of latencies: median {time_text(_median(figures))}, longest {time_text(figures['max_us'])}"
    data = base64.b64encode(svg.encode()).decode("ascii")
    return (
        f'<img src="data:image/svg+xml;base64,{data}" width="{_WIDTH}" height="{_HEIGHT + _AXIS}" alt="{esc(words)}">'
    )


def plot_svg(figures: BenchFigures, former: BenchFigures | None = None) -> str:
    """The distribution as SVG, on a logarithmic axis; a former run as an outline over it."""
    both = [figures, *([former] if former else [])]
    buckets = [bucket for one in both for bucket, _ in one["buckets"]]
    low, high = min(buckets), max(buckets) + 1
    width = _WIDTH / (high - low)

    def bars(one: BenchFigures, style: str) -> str:
        most = max(count for _, count in one["buckets"])
        return "".join(
            f'<rect x="{(bucket - low) * width:.1f}" y="{_HEIGHT - _HEIGHT * count / most:.1f}" '
            f'width="{max(width - 1, 1):.1f}" height="{_HEIGHT * count / most:.1f}" {style}/>'
            for bucket, count in one["buckets"]
        )

    ticks = "".join(
        f'<text x="{x:.1f}" y="{_HEIGHT + 13}">{time_text(tick).replace(".00", "").replace(".0 ", " ")}</text>'
        for tick in _TICKS
        if 0 <= (x := (_position(tick) - low) * width) <= _WIDTH - 40
    )
    outline = bars(former, _OUTLINED) if former else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT + _AXIS}">'
        f"{bars(figures, _FILLED)}{outline}"
        f'<path d="M0 {_HEIGHT}H{_WIDTH}" stroke="#888"/><g font-family="sans-serif" font-size="11" fill="#888">{ticks}'
        "</g></svg>"
    )


def _position(microseconds: float) -> float:
    return BUCKETS_PER_DECADE * math.log10(microseconds)
