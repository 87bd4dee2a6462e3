"""The list of exchanges that users work with: filter it, display it as a table, or convert it to rows for pandas."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from difflib import get_close_matches
from http import HTTPStatus
from typing import Any, overload

from routebook_kernel.exceptions import UnknownFieldError
from routebook_kernel.recording.formatting import format_count
from routebook_kernel.recording.style import esc, frame_html
from routebook_kernel.records import Exchange, size_of
from routebook_kernel.visible_text import visible_line

_FIELDS = tuple(field.name for field in fields(Exchange))


class Exchanges(Sequence[Exchange]):
    """An immutable list of exchanges, oldest first.

        log().where(status=422)
        log().where(lambda exchange: exchange.elapsed_ms > 100)
        pandas.DataFrame(log().to_dicts())

    Args:
        total: How many exchanges there have ever been, shown below the table.
    """

    def __init__(self, exchanges: Iterable[Exchange] = (), *, total: int | None = None) -> None:
        self._exchanges = tuple(exchanges)
        self._total = total

    def where(self, keep: Callable[[Exchange], Any] | None = None, /, **equal: Any) -> "Exchanges":
        """Return the exchanges that `keep` accepts and whose fields have these values.

        Raises:
            UnknownFieldError: If exchanges have no such field.
        """
        for name in equal:
            if name not in _FIELDS:
                raise UnknownFieldError(name, _FIELDS, get_close_matches(name, _FIELDS, n=1))
        return Exchanges(
            exchange
            for exchange in self
            if (keep is None or keep(exchange)) and all(getattr(exchange, name) == equal[name] for name in equal)
        )

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a flat row for each exchange: times, sizes in bytes, bodies as text, error names."""
        return [_to_dict(exchange) for exchange in self]

    @overload
    def __getitem__(self, index: int) -> Exchange: ...

    @overload
    def __getitem__(self, index: slice) -> "Exchanges": ...

    def __getitem__(self, index: int | slice) -> "Exchange | Exchanges":
        return Exchanges(self._exchanges[index]) if isinstance(index, slice) else self._exchanges[index]

    def __iter__(self) -> Iterator[Exchange]:
        return iter(self._exchanges)

    def __len__(self) -> int:
        return len(self._exchanges)

    def __repr__(self) -> str:
        return f"<{format_count(len(self), 'request')}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": self._as_text(), "text/html": self._as_html()}

    def _as_text(self) -> str:
        rows = [
            visible_line(f"{e.id:>4}  {e.status or '—'}  {e.method:7} {e.url}  {e.elapsed_ms:.1f} ms  {e.source}")
            for e in self
        ]
        return "\n".join([*(rows or ["No requests yet."]), *self._footer()])

    def _as_html(self) -> str:
        rows = "".join(map(_render_exchange, self)) or "<li>No requests yet.</li>"
        footer = "".join(f'<p class="rb-2">{line}</p>' for line in self._footer())
        return frame_html(f'<ul class="rb-sum">{rows}</ul>{footer}')

    def _footer(self) -> list[str]:
        return [f"{format_count(self._total, 'request')} so far"] if self and self._total is not None else []


def _to_dict(exchange: Exchange) -> dict[str, Any]:
    sent, received, socket = exchange.request_body, exchange.response_body, exchange.socket
    error = exchange.failure or exchange.raised
    return {
        "id": exchange.id,
        "started_at": datetime.fromtimestamp(exchange.started_at, UTC),
        "source": exchange.source,
        "cell": exchange.cell,
        "operation": exchange.operation,
        "method": exchange.method,
        "url": exchange.url,
        "status": exchange.status,
        "elapsed_ms": exchange.elapsed_ms,
        "request_bytes": socket.received_bytes if socket else size_of(sent),
        "response_bytes": socket.sent_bytes if socket else size_of(received),
        "request_text": sent.text if sent else None,
        "response_text": received.text if received else None,
        "messages": socket.message_count if socket else None,
        "close_code": socket.close_code if socket else None,
        "error": error.type if error else None,
        "raised_at": str(exchange.raised.place) if exchange.raised else None,
        "output": exchange.output,
    }


def render_row(status: int | None, method: str, url: str, note: str) -> str:
    """Return an exchange as a row of a list. A status of None means that there was no response."""
    shown = f'<span data-s="{(status or HTTPStatus.INTERNAL_SERVER_ERROR) // 100}">{status or "—"}</span>'
    return (
        f'<li><span></span><span class="rb-sum__m">{shown} {esc(method)}</span>'
        f'<span class="rb-sum__p">{esc(url)}</span><span class="rb-sum__note">{esc(note)}</span></li>'
    )


def _render_exchange(exchange: Exchange) -> str:
    note = f"{exchange.elapsed_ms:.1f} ms, {exchange.source}"
    return render_row(exchange.status, exchange.method, exchange.url, note)
