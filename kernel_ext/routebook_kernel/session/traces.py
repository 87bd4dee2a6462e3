"""Traces as views see them: one request's steps, the last or a chosen one, and whether its code has changed since."""

import time
from collections.abc import Awaitable, Callable, Iterable
from itertools import islice
from typing import NamedTuple

from routebook.applications import Routebook
from routebook.introspect import CallView, PlanView, UnknownOperationError, view_operation
from routebook_kernel.exceptions import RequestError
from routebook_kernel.protocol import TraceLine, TracesDelta, TracesState, TraceState
from routebook_kernel.recording.display import reason_phrase
from routebook_kernel.recording.failures import CellOf
from routebook_kernel.recording.log import ExchangeLog
from routebook_kernel.recording.waterfall import build_rows, end_ms, sum_by_band
from routebook_kernel.records import Exchange, Source
from routebook_kernel.runtime.home import HomeLoop
from routebook_kernel.session.state_feed import StateFeed

RECENT = 30
"""How many exchanges may be chosen from."""
OTHERS = 10
"""How many traces may be compared with."""


class Traces:
    """What is known of traced requests.

    Args:
        log: The record.
        cell_of: Finds the cell of a code object.
        home: Where deltas are timed.
        applications: Those of the notebook, as they stand.
        replay: Sends the request of an exchange again, traced; the id of the new exchange.

    Attributes:
        is_tracing: Whether every request is traced, not only the console's.
    """

    def __init__(
        self,
        log: ExchangeLog,
        cell_of: CellOf,
        home: HomeLoop,
        applications: Callable[[], Iterable[Routebook]],
        replay: Callable[[int], Awaitable[int]],
    ) -> None:
        self.log = log
        self.is_tracing = False
        self.replay = replay
        self._home = home
        self._cell_of = cell_of
        self._applications = applications
        self._views: dict[int | None, TraceView] = {}

    def view(self, id: int | None = None) -> "TraceView":
        """The view of one exchange's trace, or of the last that was traced; the same id gives the same view."""
        if id not in self._views:
            self._views[id] = TraceView(self, self._home, id)
        return self._views[id]

    def set_tracing(self, is_on: bool) -> None:
        """Have every request traced, or only the console's."""
        self.is_tracing = is_on
        self.touch()

    def touch(self) -> None:
        """Have the views look again: a request, or a cell, may have changed what they show."""
        for view in self._views.values():
            view.touch()

    def traces_source(self, source: Source) -> bool:
        """Whether requests from a source are traced. The console's always are: someone is looking at them."""
        return self.is_tracing or source == "console"

    def find(self, id: int | None) -> Exchange | None:
        """The exchange of an id, while it is kept; without one the last that was traced, else the last."""
        if id is not None:
            return self.log.get(id)
        kept = [exchange for exchange in self.log if exchange.socket is None]
        return next((each for each in reversed(kept) if each.spans), kept[-1] if kept else None)

    def trace(self, id: int | None) -> TraceState:
        """The trace of an exchange, or of the last.

        Raises:
            RequestError: It is kept no more, or there is none.
        """
        exchange = self.find(id)
        if exchange is None:
            raise RequestError("No request has been sent yet." if id is None else f"Request {id} isn't in the log.")
        return self.told(exchange)

    def told(self, exchange: Exchange) -> TraceState:
        """An exchange's trace as a view shows it."""
        rows = build_rows(exchange, self._cell_of) if exchange.spans else []
        sent_ms = round(exchange.elapsed_ms, 4)
        return TraceState(
            id=exchange.id,
            operation=exchange.operation,
            method=exchange.method,
            url=exchange.url,
            status=exchange.status,
            reason=reason_phrase(exchange.status),
            source=exchange.source,
            at=time.strftime("%H:%M:%S", time.localtime(exchange.started_at)),
            is_traced=bool(exchange.spans),
            sent_ms=sent_ms,
            total_ms=round(end_ms(exchange), 4),
            sums={band: round(value, 4) for band, value in sum_by_band(rows, sent_ms).items()},
            rows=rows,
            function=exchange.plan.source if exchange.plan is not None else "",
            others=[line_of(each) for each in self._others(exchange)],
            stale=self.stale(exchange),
        )

    def _others(self, exchange: Exchange) -> list[Exchange]:
        kept = reversed([*self.log])
        same = (each for each in kept if each.spans and each.operation == exchange.operation and each.id != exchange.id)
        return list(islice(same, OTHERS))

    def stale(self, exchange: Exchange) -> str:
        """What has changed since a request was served, in a sentence; "" where nothing has."""
        plan = exchange.plan
        if plan is None or exchange.operation is None:
            return ""
        now = [view for app in self._applications() if (view := _view(app, exchange.operation)) is not None]
        if not now:
            return f"{exchange.operation} no longer exists."
        changed = [_changed(plan, view) for view in now]
        if any(call is None for call in changed):
            return ""
        call = next(call for call in changed if call is not None)
        code = getattr(call.call, "__code__", None)
        cell = self._cell_of(code) if code is not None else None
        again = f" Cell {cell.label} has run again." if cell is not None else ""
        return f"This ran an older `{call.name}`.{again} Line numbers may differ."


def line_of(exchange: Exchange) -> TraceLine:
    """An exchange in one line, to be chosen."""
    return TraceLine(
        id=exchange.id,
        method=exchange.method,
        url=exchange.url[:200],
        status=exchange.status,
        elapsed_ms=round(exchange.elapsed_ms, 3),
        is_traced=bool(exchange.spans),
    )


def _view(app: Routebook, operation: str) -> PlanView | None:
    try:
        return view_operation(app, operation, app.dependency_overrides)
    except UnknownOperationError:
        return None


def _changed(then: PlanView, now: PlanView) -> CallView | None:
    """The first callable of a plan that is another now; None where all are the same."""
    before, after = list(then.endpoint.iter_tree()), list(now.endpoint.iter_tree())
    for old, new in zip(before, after, strict=False):
        if (old.name, _code(old)) != (new.name, _code(new)):
            return old
    return then.endpoint if len(before) != len(after) else None


def _code(call: CallView) -> object:
    """What a callable does; equal code that was written twice is the same."""
    function = call.call if hasattr(call.call, "__code__") else type(call.call).__call__
    return getattr(function, "__code__", call.call)


class _Snapshot(NamedTuple):
    shown: Exchange | None
    stale: str
    recent: tuple[Exchange, ...]
    is_tracing: bool

    def is_same_as(self, other: "_Snapshot") -> bool:
        """Whether views would show the same: exchanges are compared by identity, which is quick."""
        ours, theirs = ((*map(id, each.recent), id(each.shown)) for each in (self, other))
        return (ours, self.stale, self.is_tracing) == (theirs, other.stale, other.is_tracing)


class TraceView:
    """One trace and its views; implements `session_api.TraceApi`.

    Args:
        traces: What is known of traced requests.
        home: Where deltas are timed.
        id: Which exchange is shown; None for the last one that was traced.
    """

    def __init__(self, traces: Traces, home: HomeLoop, id: int | None) -> None:
        self._traces = traces
        self._id = id
        self._feed = StateFeed[_Snapshot](home, self._take, self._difference, self._told)
        traces.log.subscribe(lambda exchange: self._feed.touch())

    def state(self) -> tuple[int, TracesState]:
        """The whole state and its sequence number."""
        return self._feed.state()

    def subscribe(self, listener: Callable[[TracesDelta], None]) -> Callable[[], None]:
        """Call `listener` with each delta, at most 20 a second, from any thread; the result ends it."""
        return self._feed.subscribe(listener)

    def touch(self) -> None:
        """Something that is shown may have changed; any thread."""
        self._feed.touch()

    def trace(self, id: int) -> TraceState:
        """The trace of an exchange.

        Raises:
            RequestError: It is kept no more.
        """
        return self._traces.trace(id)

    async def replay(self, id: int) -> TraceState:
        """Send the request of an exchange again; its trace. Await it on the home loop only.

        Raises:
            RequestError: It cannot be sent again: its credentials are not kept, or its body not whole.
        """
        return self._traces.trace(await self._traces.replay(id))

    def set_tracing(self, is_on: bool) -> None:
        """Have every request traced, or only the console's."""
        self._traces.set_tracing(is_on)

    def _take(self) -> _Snapshot:
        shown = self._traces.find(self._id)
        recent = [exchange for exchange in self._traces.log if exchange.socket is None][: -RECENT - 1 : -1]
        stale = self._traces.stale(shown) if shown is not None else ""
        return _Snapshot(shown, stale, tuple(recent), self._traces.is_tracing)

    def _difference(self, before: _Snapshot, after: _Snapshot, seq: int) -> TracesDelta | None:
        if before.is_same_as(after):
            return None
        return TracesDelta(type="delta", seq=seq, state=self._told(after))

    def _told(self, snapshot: _Snapshot) -> TracesState:
        return TracesState(
            shown=self._traces.told(snapshot.shown) if snapshot.shown is not None else None,
            is_last=self._id is None,
            recent=[line_of(exchange) for exchange in snapshot.recent],
            is_tracing=snapshot.is_tracing,
        )
