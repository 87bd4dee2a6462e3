"""A traced request as the rows of a waterfall: each step in its place in the tree, with its times, input and result.

The live view, HTML, text and Python all show these rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import routebook
from routebook.introspect import CallView
from routebook_kernel.protocol import Band, CellRef, TraceFact, TraceRow
from routebook_kernel.recording.display import find_issues
from routebook_kernel.recording.failures import CellOf, is_user_code
from routebook_kernel.recording.formatting import format_size
from routebook_kernel.recording.trace import place_of_code
from routebook_kernel.records import Exchange, Place, Span
from routebook_kernel.redaction import HIDDEN

KINDS = {"sync": "def", "async": "async def", "generator": "def with yield", "async generator": "async def with yield"}
_REJECTIONS = frozenset(
    {"ValidationError", "KeyError", "RequestValidationError", "HTTPException", "WebSocketException"}
)
_DESCRIPTIONS = {
    "match": "the path found in the routing table",
    "compile": "the operation made into a function, once",
    "body": "received from the client",
    "serialisation": "from the result to bytes",
    "send": "handed to the server",
    "background": "background task",
    "teardown": "what a dependency does after its yield",
}
_SERVER_ERROR = 500
_FRAMEWORK = (str(Path(routebook.__file__).parent),)


@dataclass(slots=True)
class WaterfallRow:
    """One row under construction; see `protocol.TraceRow`."""

    level: int
    label: str
    band: Band
    is_code: bool = False
    note: str = ""
    span: Span | None = None
    start_ms: float | None = None
    elapsed_ms: float | None = None
    extent: tuple[float, float] | None = None
    line: int = 0
    place: Place | None = None
    what: str = ""
    facts: list[TraceFact] = field(default_factory=list)
    is_failure: bool = False

    def add_fact(self, name: str, text: str, *, is_code: bool = False) -> None:
        """Add a fact about the step."""
        self.facts.append(TraceFact(name=name, text=text, is_code=is_code))


def build_rows(exchange: Exchange, cell_of: CellOf) -> list[TraceRow]:
    """Return the rows of an exchange's trace, in reading order."""
    return [_to_trace_row(row) for row in _Waterfall(exchange, cell_of).iter_rows()]


def end_ms(exchange: Exchange) -> float:
    """Return when the last step ended, but not before the response was sent."""
    return max([exchange.elapsed_ms, *(span.start_ms + span.elapsed_ms for span in exchange.spans)])


class _Waterfall:
    """Arranges the spans of one exchange in a tree."""

    def __init__(self, exchange: Exchange, cell_of: CellOf) -> None:
        self._exchange = exchange
        self._cell_of = cell_of
        self._by_line = {
            (span.kind, span.line): span for span in exchange.spans if span.line and span.kind != "background"
        }
        self._results = dict(self._iter_results())
        sends = [span.start_ms + span.elapsed_ms for span in exchange.spans if span.kind == "send"]
        self._sent_ms = sends[-1] if sends else exchange.elapsed_ms
        self._issues = [issue for issue in find_issues(exchange) if issue["source"] != "response"]

    def iter_rows(self) -> Iterator[WaterfallRow]:
        """Yield the middleware from the outside in, the steps inside it, and the steps after the response."""
        spans, plan = self._exchange.spans, self._exchange.plan
        outer = [span for span in spans if span.kind == "middleware"]
        for depth, span in enumerate(outer, 1):
            yield self._build_middleware_row(depth, span)
        level = len(outer) + 1
        rest = [span for span in spans if span.kind not in {"middleware", "parameter", "dependency", "cache hit"}]
        if plan is None:
            yield from (self._build_step_row(level, span) for span in rest)
        else:
            before = [span for span in rest if span.kind in {"match", "compile", "body"}]
            after = [span for span in rest if span not in before and span.kind != "endpoint"]
            yield from (self._build_step_row(level, span) for span in before)
            yield from self._iter_dependency_rows(level, plan.endpoint)
            yield from self._iter_parameter_rows(level, plan.endpoint, is_endpoint=True)
            yield self._build_call_row(level, plan.endpoint, None)
            yield from (self._build_step_row(level, span) for span in after if not self._is_after(span))
        if not any(span.kind == "send" for span in spans):
            yield from self._iter_other_response(level)
        if plan is not None:
            yield from (
                self._build_step_row(level, span) for span in rest if span not in before and self._is_after(span)
            )

    # Rows

    def _build_middleware_row(self, level: int, span: Span) -> WaterfallRow:
        own_ms = span.elapsed_ms - sum(
            other.elapsed_ms for other in self._exchange.spans if other.parent == self._exchange.spans.index(span)
        )
        row = self._build_row(level, span.name, span, note="middleware", what="middleware", is_code=True)
        row.elapsed_ms, row.extent = max(own_ms, 0.0), (span.start_ms, span.elapsed_ms)
        row.start_ms, row.place = None, span.place
        row.add_fact(
            "ran",
            f"{format_ms(span.start_ms)} to {format_ms(span.start_ms + span.elapsed_ms)} ms, around all that is inside",
        )
        row.add_fact("itself", f"{format_ms(row.elapsed_ms)} ms, what is inside taken off")
        return row

    def _build_step_row(self, level: int, span: Span) -> WaterfallRow:
        exchange = self._exchange
        label, note = {
            "match": ("match", ""),
            "compile": ("compile", "once, at first use"),
            "body": ("read the body", format_size(exchange.request_body.size_bytes if exchange.request_body else 0)),
            "serialisation": (f"serialise {span.name}", ""),
            "send": (f"send {exchange.status or ''}".strip(), self._sent_size()),
        }.get(span.kind, (span.name, span.kind))
        row = self._build_row(
            level,
            label,
            span,
            note=note,
            what=_DESCRIPTIONS.get(span.kind, span.kind),
            is_code=span.kind in {"background", "teardown"},
        )
        row.place = span.place
        if span.kind == "teardown":
            row.place = next(
                (find_place(call, self._cell_of) for call in self._iter_calls() if call.line == span.line), None
            )
            if exchange.failure is not None or exchange.raised is not None:
                row.add_fact("saw", f"the {(exchange.failure or exchange.raised).type}")  # type: ignore[union-attr]
        return row

    def _iter_dependency_rows(self, level: int, endpoint: CallView) -> Iterator[WaterfallRow]:
        """Yield a row for all dependencies together, then their tree."""
        below = [call for call in endpoint.iter_tree() if call is not endpoint and (call.runs or call.is_reused)]
        if not below:
            return
        ran = [span for call in below if (span := self._span_of(call)) is not None]
        times = f"{sum(call.runs for call in below)}, each once" if any(c.is_reused for c in below) else str(len(below))
        group = WaterfallRow(level, "dependencies", "line", note=times, what="dependencies")
        if ran:
            first = min(span.start_ms for span in ran)
            last = max(span.start_ms + span.elapsed_ms for span in ran)
            group.extent, group.elapsed_ms = (first, last - first), last - first
            group.add_fact("ran", f"{format_ms(first)} to {format_ms(last)} ms, one after the other")
        else:
            group.band = "skip"
        yield group
        for call in endpoint.dependencies:
            yield from self._iter_tree_rows(level + 1, call, endpoint)

    def _iter_tree_rows(self, level: int, call: CallView, parent: CallView) -> Iterator[WaterfallRow]:
        if not (call.runs or call.is_reused):
            return
        row = self._build_call_row(level, call, parent)
        inside = [row for child in call.dependencies for row in self._iter_tree_rows(level + 1, child, call)]
        inside += self._iter_parameter_rows(level + 1, call, is_endpoint=False)
        if inside and row.start_ms is not None:
            began = min(
                [
                    other.extent[0] if other.extent else other.start_ms
                    for other in inside
                    if other.extent or other.start_ms is not None
                ]
                or [row.start_ms]
            )  # type: ignore[type-var]
            if began is not None and row.elapsed_ms is not None:
                row.extent = (began, row.start_ms + row.elapsed_ms - began)
        yield row
        yield from inside

    def _iter_parameter_rows(self, level: int, call: CallView, *, is_endpoint: bool) -> Iterator[WaterfallRow]:
        """Yield the parameters that a callable reads from the request; those of an endpoint in a group."""
        read = [
            (parameter, span)
            for parameter in call.parameters
            if (span := self._by_line.get(("parameter", parameter.line)))
        ]
        rows = [
            self._build_row(
                level,
                parameter.name,
                span,
                note=parameter.source,
                what=f"parameter, from the {parameter.source}",
                is_code=True,
            )
            for parameter, span in read
        ]
        if not is_endpoint or len(rows) < 2:
            yield from rows
            return
        first = min(span.start_ms for _, span in read)
        last = max(span.start_ms + span.elapsed_ms for _, span in read)
        group = WaterfallRow(level, "parameters", "line", note=str(len(call.parameters)), what="parameters")
        group.extent, group.elapsed_ms = (first, last - first), last - first
        yield group
        yield from (_indent(row) for row in rows)

    def _build_call_row(self, level: int, call: CallView, parent: CallView | None) -> WaterfallRow:
        """Build the row of a dependency, or of the endpoint."""
        what = "endpoint" if parent is None else "dependency"
        span = self._by_line.get(("endpoint", call.line)) if parent is None else self._span_of(call)
        note = what if parent is None else "set-up" if "generator" in call.kind else ""
        if span is None:
            row = WaterfallRow(
                level, call.name, "skip", True, "did not run", what=f"{what}, {KINDS[call.kind]}", line=call.line
            )
        elif call.is_reused:
            row = WaterfallRow(level, call.name, "hit", True, "cached", span, span.start_ms, what=what, line=call.line)
        else:
            row = self._build_row(level, call.name, span, note=note, what=f"{what}, {KINDS[call.kind]}", is_code=True)
        row.place = find_place(call, self._cell_of)
        if parent is not None:
            row.add_fact("asked by", parent.name, is_code=True)
        if call.is_reused:
            row.add_fact("gave", "what it gave before in this request; it did not run again")
        for name, value in self._iter_arguments(call):
            row.add_fact("given", f"{name} = {value}", is_code=True)
        self._add_result(row, span, call)
        if call.replaced:
            row.add_fact("in place of", f"{call.replaced}, by dependency_overrides")
        if call.oauth_scopes:
            row.add_fact("scopes", ", ".join(call.oauth_scopes))
        if call.scope and "generator" in call.kind:
            row.add_fact("ends", "before the response is sent" if call.scope == "function" else "after the response")
        return row

    def _iter_other_response(self, level: int) -> Iterator[WaterfallRow]:
        """Yield the response of a request that didn't finish its plan: from an exception handler, or from a mount."""
        exchange = self._exchange
        if exchange.status is None or exchange.socket is not None:
            return
        ends = [span.start_ms + span.elapsed_ms for span in exchange.spans if span.kind != "middleware"]
        start = max((end for end in ends if end <= exchange.elapsed_ms), default=0.0)
        by = "by an exception handler" if any(span.outcome != "ok" for span in exchange.spans) else ""
        by = "for the error" if exchange.failure is not None else by
        note = ", ".join(filter(None, (self._sent_size(), by)))
        row = WaterfallRow(level, f"send {exchange.status}", "ours", note=note, what="send")
        row.start_ms, row.elapsed_ms = start, max(exchange.elapsed_ms - start, 0.0)
        yield row

    def _build_row(
        self, level: int, label: str, span: Span, *, note: str, what: str, is_code: bool = False
    ) -> WaterfallRow:
        """Build the row of a step that ran."""
        row = WaterfallRow(
            level, label, self._band(span), is_code, note, span, span.start_ms, span.elapsed_ms, what=what
        )
        row.line = span.line
        if span.kind != "middleware":
            row.add_fact(
                "ran",
                f"{format_ms(span.start_ms)} to {format_ms(span.start_ms + span.elapsed_ms)} ms{self._share(span)}",
            )
        if span.thread is not None:
            waited = f", after {format_ms(span.waited_ms)} ms of waiting for it"
            row.add_fact("where", f"in thread {span.thread}{waited}; the loop stayed free")
        if span.outcome != "ok" and not self._is_passed_on(span):
            where = f", {span.raised.place}" if span.raised is not None else ""
            row.add_fact("failed", f"{span.outcome}{where}{self._error_message(span)}")
            is_rejection = span.kind == "parameter" and self._issues
            row.note = f"{note}, {len(self._issues)} refused" if is_rejection else span.outcome + where
            for issue in self._issues if is_rejection else ():
                row.add_fact("refused", f"{issue['field']} {issue['rule']}")
            row.is_failure = True
        if span.kind == "parameter" and span.result is not None:
            row.add_fact("gave", span.result, is_code=True)
        return row

    # Facts

    def _error_message(self, span: Span) -> str:
        """Return the message of an unhandled exception, if this step raised it."""
        failure = self._exchange.failure
        return (
            f": {failure.message}" if failure is not None and failure.type == span.outcome and failure.message else ""
        )

    def _is_passed_on(self, span: Span) -> bool:
        """Whether middleware only passed on an error that something inside it raised."""
        return span.kind == "middleware" and any(
            other.outcome == span.outcome and other.depth > span.depth for other in self._exchange.spans
        )

    def _band(self, span: Span) -> Band:
        if span.kind == "middleware":
            return "line"
        if span.outcome != "ok":
            status = self._exchange.status
            is_rejection = span.outcome in _REJECTIONS and status is not None and status < _SERVER_ERROR
            return "refused" if is_rejection else "bad"
        if self._is_after(span) and span.kind in {"background", "teardown"}:
            return "after"
        if span.kind in {"dependency", "endpoint", "teardown", "background"}:
            return "thread" if span.thread is not None else "yours"
        return "ours"

    def _is_after(self, span: Span) -> bool:
        """Whether a step began after the response was sent."""
        is_ending = span.kind == "teardown" and span.start_ms >= self._sent_ms
        return span.kind == "background" or is_ending

    def _share(self, span: Span) -> str:
        whole = self._exchange.elapsed_ms
        share = span.elapsed_ms / whole if whole else 0.0
        return f", {share:.0%} of the way to the response" if share >= 0.05 and not self._is_after(span) else ""

    def _sent_size(self) -> str:
        body = self._exchange.response_body
        return format_size(body.size_bytes) if body is not None else ""

    def _iter_calls(self) -> Iterator[CallView]:
        plan = self._exchange.plan
        return plan.endpoint.iter_tree() if plan is not None else iter(())

    def _span_of(self, call: CallView) -> Span | None:
        return self._by_line.get(("cache hit" if call.is_reused else "dependency", call.line))

    def _iter_results(self) -> Iterator[tuple[str, str]]:
        """Yield the values that the variables of the generated function had, by name."""
        for call in self._iter_calls():
            span = self._by_line.get(("dependency", call.line))
            if call.runs and span is not None and span.result is not None:
                yield call.variable, HIDDEN if call.scheme else span.result

    def _iter_arguments(self, call: CallView) -> Iterator[tuple[str, str]]:
        """Yield a callable's arguments, as far as they are known."""
        read = {parameter.name: self._by_line.get(("parameter", parameter.line)) for parameter in call.parameters}
        for name, variable in call.arguments:
            span = read.get(name)
            value = span.result if span is not None else self._results.get(variable)
            if value is not None:
                yield name, value

    def _add_result(self, row: WaterfallRow, span: Span | None, call: CallView) -> None:
        if span is None or span.result is None or call.is_reused:
            return
        if call.scheme:
            row.add_fact("gave", "a credential, which is not shown")
        else:
            row.add_fact("yielded" if "generator" in call.kind else "gave", span.result, is_code=True)


def _indent(row: WaterfallRow) -> WaterfallRow:
    return replace(row, level=row.level + 1)


def find_place(call: CallView, cell_of: CellOf) -> Place | None:
    """Return where a callable is defined; None in a library."""
    code = getattr(call.call, "__code__", None)
    if code is not None and cell_of(code) is not None:
        return place_of_code(code, cell_of)
    if call.location is None or not is_user_code(call.location.file, _FRAMEWORK):
        return None
    return Place(None, call.location.file, call.location.line)


def _to_trace_row(row: WaterfallRow) -> TraceRow:
    cell = row.place.cell if row.place is not None else None
    return TraceRow(
        level=row.level,
        label=row.label,
        is_code=row.is_code,
        note=row.note,
        what=row.what,
        band=row.band,
        start_ms=_round(row.start_ms),
        elapsed_ms=_round(row.elapsed_ms),
        extent=None if row.extent is None else (round(row.extent[0], 4), round(row.extent[1], 4)),
        is_after=row.band == "after",
        line=row.line,
        cell=CellRef(cell_id=cell.cell_id, label=cell.label, line=row.place.line) if cell and row.place else None,
        file=str(row.place) if row.place is not None and cell is None and row.place.file else None,
        facts=row.facts,
        is_failure=row.is_failure,
    )


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def format_ms(value: float) -> str:
    """Format milliseconds for reading: two decimals while they matter."""
    if value < 0.005:
        return "0"
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"


def sum_by_band(rows: Sequence[TraceRow], sent_ms: float) -> dict[Band, float]:
    """Return where the time went: the user's code, threads among it, the framework, after the response."""
    own = [row for row in rows if row["elapsed_ms"] is not None and row["band"] not in {"line", "after", "ours"}]
    yours = sum(row["elapsed_ms"] or 0.0 for row in own if not row["what"].startswith("parameter"))
    threads = sum(row["elapsed_ms"] or 0.0 for row in own if row["band"] == "thread")
    around = sum(row["elapsed_ms"] or 0.0 for row in rows if row["what"] == "middleware")
    after = sum(row["elapsed_ms"] or 0.0 for row in rows if row["is_after"])
    return {
        "yours": yours + around,
        "thread": threads,
        "ours": max(sent_ms - yours - around, 0.0),
        "after": after,
    }
