"""The log as HTML and text."""

from routebook_kernel.protocol import ExchangeSummary, LogState
from routebook_kernel.recording.exchanges import render_row
from routebook_kernel.recording.formatting import format_count
from routebook_kernel.recording.style import frame_html
from routebook_kernel.visible_text import VisibleText, visible_line

DEFAULT_LIMIT = 20
_SENDERS = {"console": "view", "client": "Python", "server": "outside"}


class LogOverview(VisibleText):
    """The last requests, oldest first, for places where widgets don't run.

    Args:
        state: The state of the log.
        limit: How many requests to show at most.
    """

    def __init__(self, state: LogState, limit: int = DEFAULT_LIMIT) -> None:
        self.exchanges = state["exchanges"][-limit:]
        self.total = state["total"]

    def __repr__(self) -> str:
        if not self.exchanges:
            return "No requests yet."
        rows = [
            visible_line(
                f"{e['id']:>4}  {e['status'] or '—'}  {e['method']:7} {e['url']}  {e['elapsed_ms']:.1f} ms  "
                f"{_sender_of(e)}  {e['note']}".rstrip()
            )
            for e in self.exchanges
        ]
        return "\n".join([*rows, f"{format_count(self.total, 'request')} so far"])

    def _repr_html_(self) -> str:
        rows = "".join(map(_row, self.exchanges)) or "<li>No requests yet.</li>"
        return frame_html(
            f'<ul class="rb-sum">{rows}</ul><p class="rb-2">{format_count(self.total, "request")} so far</p>'
        )


def _sender_of(exchange: ExchangeSummary) -> str:
    if exchange["cell"]:
        return f"cell {exchange['cell']}"
    return exchange["sender"] or _SENDERS[exchange["source"]]


def _row(exchange: ExchangeSummary) -> str:
    note = ", ".join(filter(None, (f"{exchange['elapsed_ms']:.1f} ms", _sender_of(exchange), exchange["note"])))
    return render_row(exchange["status"], exchange["method"], exchange["url"], note)
