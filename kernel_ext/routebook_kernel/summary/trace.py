"""Traces as HTML and text, for terminals, GitHub and nbconvert, and for Python code."""

from collections.abc import Iterator

from routebook_kernel.protocol import TraceRow, TracesState, TraceState
from routebook_kernel.recording.style import code, esc, frame_html
from routebook_kernel.visible_text import VisibleText

NONE_YET = "No traces yet. Send a request from the explorer, or trace every request with %api trace on."
UNTRACED = "This request wasn't traced. Turn on tracing with %api trace on, then send it again."

_WIDTH = 32
_SIGNS = {"yours": "█", "thread": "▓", "ours": "░", "after": "▒", "bad": "█", "refused": "█", "line": "─", "hit": "◇"}
_WORDS = {"yours": "your code", "thread": "of that in threads", "ours": "Routebook", "after": "after the response"}
_SHEET = """<style>.rb .rb-wf{inline-size:100%;border-collapse:collapse;font-size:.923em}
.rb .rb-wf th,.rb .rb-wf td{padding:1px 6px;text-align:start;font-weight:400;border-block-end:1px solid var(--l)}
.rb .rb-wf td:last-child{text-align:end}.rb .rb-wf__b{position:relative;inline-size:45%;min-inline-size:80px}
.rb .rb-wf__b i{position:absolute;inset-block:6px;min-inline-size:2px;background:var(--i2)}
.rb .rb-wf__b i[data-b=yours],.rb .rb-wf__b i[data-b=thread]{background:var(--a)}
.rb .rb-wf__b i[data-b=after]{border:1px solid var(--a);background:none}
.rb .rb-wf__b i[data-b=bad]{background:var(--e)}.rb .rb-wf__b i[data-b=refused]{background:var(--w)}
.rb .rb-wf__b i[data-b=line]{inset-block:11px;block-size:1px}.rb .rb-wf tr[data-f] th{color:var(--e)}</style>"""


class Trace(VisibleText):
    """The steps of one request: a waterfall in a notebook, text elsewhere.

    Args:
        state: The state of the trace view.
    """

    def __init__(self, state: TraceState) -> None:
        self.state = state

    @property
    def rows(self) -> list[TraceRow]:
        """The steps in order, each with its level in the tree, its time and its details."""
        return self.state["rows"]

    @property
    def function(self) -> str:
        """The generated function that served the request."""
        return self.state["function"]

    def __repr__(self) -> str:
        return "\n".join(_iter_text(self.state))

    def _repr_html_(self) -> str:
        return frame_html(_SHEET + _html(self.state))


class TraceOverview(VisibleText):
    """The trace view, for places where widgets don't run."""

    def __init__(self, state: TracesState) -> None:
        self.state = state

    def __repr__(self) -> str:
        shown = self.state["shown"]
        return repr(Trace(shown)) if shown is not None else NONE_YET

    def _repr_html_(self) -> str:
        shown = self.state["shown"]
        return Trace(shown)._repr_html_() if shown is not None else frame_html(f"<p>{esc(NONE_YET)}</p>")


def _head(state: TraceState) -> str:
    response = f"{state['status']} {state['reason']}" if state["status"] is not None else "no response"
    return f"{state['id']} {state['method']} {state['url']}  {response}".rstrip()


def _times(state: TraceState) -> str:
    total = f", {state['total_ms']:.2f} ms in total" if state["total_ms"] > state["sent_ms"] + 0.005 else ""
    sums = [f"{word} {state['sums'][band]:.2f}" for band, word in _WORDS.items() if state["sums"].get(band)]
    return f"{state['sent_ms']:.2f} ms to the response{total}: {', '.join(sums)}"


def _iter_text(state: TraceState) -> Iterator[str]:
    yield _head(state)
    if not state["is_traced"]:
        yield UNTRACED
        return
    yield _times(state)
    if state["stale"]:
        yield state["stale"].replace("`", "")
    names = [f"{'  ' * row['level']}{row['label']}  {row['note']}".rstrip() for row in state["rows"]]
    width = min(max(map(len, names)), 60)
    for name, row in zip(names, state["rows"], strict=True):
        time = f"{row['elapsed_ms']:9.2f} ms" if row["elapsed_ms"] is not None else ""
        yield f"{name:{width}} │{_bar(row, state['total_ms'])}│{time}".rstrip()


def _bar(row: TraceRow, total_ms: float) -> str:
    extent = _extent(row)
    if extent is None or not total_ms:
        return " " * _WIDTH
    first = min(int(extent[0] / total_ms * _WIDTH), _WIDTH - 1)
    count = max(1, min(round(extent[1] / total_ms * _WIDTH), _WIDTH - first))
    return (" " * first + _SIGNS.get(row["band"], "█") * count).ljust(_WIDTH)


def _extent(row: TraceRow) -> tuple[float, float] | None:
    if row["band"] == "line" or row["start_ms"] is None:
        return row["extent"]
    return row["start_ms"], row["elapsed_ms"] or 0.0


def _html(state: TraceState) -> str:
    head = f"<p><b>{esc(_head(state))}</b></p>"
    if not state["is_traced"]:
        return f'{head}<p class="rb-2">{esc(UNTRACED)}</p>'
    stale = f'<p data-k="warn"><b>{esc(state["stale"].replace("`", ""))}</b></p>' if state["stale"] else ""
    rows = "".join(_row(row, state["total_ms"]) for row in state["rows"])
    table = f'<table class="rb-wf" aria-label="Steps of the request, in milliseconds">{rows}</table>'
    function = (
        f"<details><summary>Generated function</summary><pre>{esc(state['function'])}</pre></details>"
        if state["function"]
        else ""
    )
    return f'{head}<p class="rb-2">{esc(_times(state))}</p>{stale}{table}{function}'


def _row(row: TraceRow, total_ms: float) -> str:
    label = code(row["label"]) if row["is_code"] else esc(row["label"])
    note = f' <span class="rb-2">{esc(row["note"])}</span>' if row["note"] else ""
    extent, bar = _extent(row), ""
    if extent is not None and total_ms:
        start, width = extent[0] / total_ms * 100, extent[1] / total_ms * 100
        bar = f'<i data-b="{row["band"]}" style="inset-inline-start:{start:.1f}%;inline-size:{width:.1f}%"></i>'
    time = f"{row['elapsed_ms']:.2f}" if row["elapsed_ms"] is not None else "–"
    return (
        f'<tr{" data-f" if row["is_failure"] else ""}><th scope="row" style="padding-inline-start:'
        f'{(row["level"] - 1) * 14 + 6}px">{label}{note}</th><td class="rb-wf__b">{bar}</td><td>{time}</td></tr>'
    )
