"""What stands for the log where no widget runs."""

from collections.abc import Sequence

from routebook_kernel.recording.style import esc, framed
from routebook_kernel.records import Exchange
from routebook_kernel.summary.words import count_text


class LogTable:
    """The last exchanges as a table.

    Args:
        exchanges: Oldest first.
        total: How many there ever were.
    """

    def __init__(self, exchanges: Sequence[Exchange], total: int) -> None:
        self.exchanges = exchanges
        self.total = total

    def __repr__(self) -> str:
        if not self.exchanges:
            return "No requests yet."
        rows = [
            f"{e.id:>4}  {e.status or '—'}  {e.method:7} {e.url}  {e.elapsed_ms:.1f} ms  {e.source}"
            for e in self.exchanges
        ]
        return "\n".join([*rows, f"{count_text(self.total, 'request')} so far"])

    def _repr_html_(self) -> str:
        rows = "".join(map(_log_row, self.exchanges)) or "<li>No requests yet.</li>"
        return framed(f'<ul class="rb-sum">{rows}</ul><p class="rb-2">{count_text(self.total, "request")} so far</p>')


def _log_row(exchange: Exchange) -> str:
    status = f'<span data-s="{(exchange.status or 500) // 100}">{exchange.status or "—"}</span>'
    return (
        f'<li><span></span><span class="rb-sum__m">{status} {esc(exchange.method)}</span>'
        f'<span class="rb-sum__p">{esc(exchange.url)}</span>'
        f'<span class="rb-sum__note">{exchange.elapsed_ms:.1f} ms, {esc(exchange.source)}</span></li>'
    )
