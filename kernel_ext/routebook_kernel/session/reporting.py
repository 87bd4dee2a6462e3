"""Reports of a run: one for each application that it affected, and the marks that views show."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from routebook.applications import Routebook
from routebook.exceptions import RoutebookError
from routebook.routing import APIRoute, APIWebSocketRoute
from routebook_kernel.protocol import Mark, MarkKind
from routebook_kernel.recording.exception_hints import explain_exception
from routebook_kernel.records import CellKey
from routebook_kernel.registry.cell_entries import CellEntry
from routebook_kernel.registry.changes import EMPTY_SNAPSHOT, ApplicationSnapshot, OperationChange, compare_snapshots
from routebook_kernel.registry.containers import RouteContainer
from routebook_kernel.registry.document_diff import diff_documents
from routebook_kernel.registry.identity import ByIdentity
from routebook_kernel.registry.notebook import FinishedRun, Notebook
from routebook_kernel.registry.operation_conflicts import (
    CellOf,
    describe_cell,
    find_conflicts,
    find_duplicate_ids,
    find_shadowed,
)
from routebook_kernel.registry.operations import (
    RouteOperation,
    build_document,
    iter_operations,
    iter_operations_of,
    take_snapshot,
)
from routebook_kernel.registry.owner_names import Rebinding
from routebook_kernel.registry.run_report import Diagnostic, RunReport, as_code
from routebook_kernel.registry.source_checks import check_application, check_operations, check_source
from routebook_kernel.session.following import RedefinitionTracker, Staleness


@dataclass(frozen=True, slots=True)
class CellError:
    """The exception that ended a run.

    Attributes:
        line: The line of the cell; None if no line of it was running.
    """

    error: BaseException
    line: int | None

    @property
    def is_declaration(self) -> bool:
        """Whether the framework rejected a declaration."""
        return isinstance(self.error, RoutebookError)


@dataclass(frozen=True, slots=True)
class CellRun:
    """Everything known about a finished run.

    Attributes:
        has_definitions: Whether it declared anything.
        rebindings: The variables with new applications and routers.
        carried: The entries that each new one took over.
        has_effect: Whether it may have changed an application.
    """

    finished_run: FinishedRun
    error: CellError | None
    has_definitions: bool
    rebindings: Sequence[Rebinding]
    carried: Mapping[ByIdentity, Sequence[CellEntry]]
    has_effect: bool

    @property
    def cell(self) -> CellKey:
        """The cell's key."""
        return self.finished_run.cell.key

    def is_owner_of(self, entry: CellEntry | None) -> bool:
        """Whether this run declared something, and its cell owns the entry."""
        return self.has_definitions and entry is not None and entry.cell == self.cell


class RunReporter:
    """Compares each application with its state after the last run."""

    def __init__(self, notebook: Notebook, redefinitions: RedefinitionTracker, namespace: Mapping[str, Any]) -> None:
        self._notebook = notebook
        self._namespace = namespace
        self._redefinitions = redefinitions
        self._snapshots: dict[ByIdentity, ApplicationSnapshot] = {}
        self._previous: dict[ByIdentity, ApplicationSnapshot] = {}  # as of the run before the last one
        self._reported: dict[ByIdentity, frozenset[tuple[str, str | None]]] = {}
        self._marks: dict[ByIdentity, dict[str, list[Mark]]] = {}

    def marks(self, app: Routebook) -> Mapping[str, list[Mark]]:
        """Return what to highlight about operations since the last run, by operation."""
        return self._marks.get(ByIdentity(app), {})

    def difference(self, app: Routebook, operation: str | None) -> list[str]:
        """Return what the last run changed in the OpenAPI document, as the lines of a diff."""
        key = ByIdentity(app)
        return diff_documents(
            self._previous.get(key, EMPTY_SNAPSHOT), self._snapshots.get(key, EMPTY_SNAPSHOT), operation
        )

    def report(self, run: CellRun, applications: Mapping[str, Routebook]) -> tuple[RunReport, ...]:
        """Return a report for each application that the run affected. The first one also says how the run stopped."""
        touched = applications if run.has_effect else {}
        entries = {ByIdentity(value): entry for _, value, entry in self._notebook.active_entries()} if touched else {}
        operations = {
            name: list(iter_operations(app, lambda route: entries.get(ByIdentity(route))))
            for name, app in touched.items()
        }
        reports = [
            report for name, app in touched.items() if (report := self._report_of(run, name, app, operations[name]))
        ]
        mine = [operation for group in operations.values() for operation in group if run.is_owner_of(operation.entry)]
        in_source = self._check_source(run, mine, entries)
        alone = [*_iter_stopped(run), *_iter_hints(run), *in_source]
        current = {ByIdentity(app) for app in applications.values()}
        for by_app in (self._snapshots, self._previous, self._marks, self._reported):
            for app in by_app.keys() - current:
                del by_app[app]
        links = tuple((cell.label, cell.cell_id) for cell in self._notebook.cells.values() if cell.cell_id is not None)
        return tuple(_with_diagnostics(reports, alone, links))

    def _report_of(
        self, run: CellRun, name: str, app: Routebook, operations: Sequence[RouteOperation]
    ) -> RunReport | None:
        rebinding = next((rebinding for rebinding in run.rebindings if rebinding.new is app), None)
        previous = rebinding.previous if rebinding else None
        document, problem = build_document(app)
        before, after = (
            self._snapshots.get(ByIdentity(previous or app), EMPTY_SNAPSHOT),
            take_snapshot(operations, document),
        )
        self._previous[ByIdentity(app)], self._snapshots[ByIdentity(app)] = before, after
        changes = compare_snapshots(before, after, self._redefinitions.find_altered(operations))
        diagnostics = [
            *problem,
            *self._find(app, operations, run.cell),
            *find_duplicate_ids(operations, document),
            *check_operations(operations, run.cell),
            *check_application(app),
        ]
        self._marks[ByIdentity(app)] = make_marks(changes, diagnostics)
        mine = {operation.id for operation in operations if run.is_owner_of(operation.entry)}
        shown = [
            *_iter_recreated(name, rebinding, run.carried.get(ByIdentity(app), ())),
            *self._find_new(app, diagnostics, mine),
        ]
        if not (changes or shown or mine):
            return None
        return RunReport(name, app.title, tuple(changes), tuple(shown), len(after.operations))

    def _find(self, app: Routebook, operations: Sequence[RouteOperation], here: CellKey) -> Iterator[Diagnostic]:
        cell_of = self._notebook.cell
        yield from self._iter_stale(app, operations, cell_of, here)
        for container, conflict in self._notebook.find_conflicts():
            if isinstance(container, RouteContainer) and container.owner is app.router:
                yield from find_conflicts([conflict], cell_of, here)
        yield from find_shadowed(app, operations, cell_of, here)

    def _check_source(
        self, run: CellRun, mine: Sequence[RouteOperation], entries: Mapping[ByIdentity, CellEntry]
    ) -> list[Diagnostic]:
        """Check the cell's source, and its operations on routers that no application includes yet."""
        served = {ByIdentity(operation.context.original_route) for operation in mine}
        unserved = [key for key, entry in entries.items() if run.is_owner_of(entry) and key not in served]
        routes = [key.target for key in unserved if isinstance(key.target, APIRoute | APIWebSocketRoute)]
        by_line = {operation.line: operation.id for operation in mine}
        return [
            *check_source(run.finished_run.cell.source, self._namespace, by_line.get),
            *check_operations(iter_operations_of(routes, lambda route: entries.get(ByIdentity(route))), run.cell),
        ]

    def _iter_stale(
        self, app: Routebook, operations: Iterable[RouteOperation], cell_of: CellOf, here: CellKey
    ) -> Iterator[Diagnostic]:
        if (stale := self._redefinitions.find_application_staleness(app)) is not None:
            yield _describe_stale("the application", stale, cell_of, here, None)
        for operation in operations:
            if (stale := self._redefinitions.find_staleness(operation)) is not None:
                yield _describe_stale(f"`{operation.id}`", stale, cell_of, here, operation.id)

    def _find_new(self, app: Routebook, diagnostics: Sequence[Diagnostic], mine: set[str]) -> list[Diagnostic]:
        """Return the diagnostics that weren't reported before, and those about what this cell declares."""
        reported = self._reported.get(ByIdentity(app), frozenset())
        self._reported[ByIdentity(app)] = frozenset(map(_key, diagnostics))
        return [
            diagnostic for diagnostic in diagnostics if _key(diagnostic) not in reported or diagnostic.operation in mine
        ]


def _describe_stale(what: str, stale: Staleness, cell_of: CellOf, here: CellKey, operation: str | None) -> Diagnostic:
    cell = cell_of(stale.cell) if stale.cell else None
    if cell is None:
        text = f"{what} uses {as_code(stale.name)}, which no cell defines any more: after a restart it would fail"
    else:
        text = f"{what} uses an older {as_code(stale.name)}: run {describe_cell(cell, None)}"
    return Diagnostic("stale", "warn", "stale", text, operation)


def _key(diagnostic: Diagnostic) -> tuple[str, str | None]:
    """Return what identifies a diagnostic, whatever the current numbers of its cells."""
    return diagnostic.kind, diagnostic.operation or diagnostic.text


def _iter_hints(run: CellRun) -> Iterator[Diagnostic]:
    """Yield a hint for an exception that doesn't explain itself."""
    if run.error is not None and (hint := explain_exception(run.error.error)) is not None:
        yield Diagnostic("cause", "error", type(run.error.error).__name__, hint)


def _iter_stopped(run: CellRun) -> Iterator[Diagnostic]:
    """Yield what a run that didn't complete has done, and what it left as it was."""
    finished_run, error = run.finished_run, run.error
    if finished_run.outcome == "completed" or not run.has_effect:
        return
    unreached = _describe_unreached(finished_run.unreached)
    if finished_run.outcome == "refused":
        text = (
            f"the cell cannot be read{_describe_line(error)}. {unreached[:1].upper()}{unreached[1:]}"
            if unreached
            else "it cannot be read"
        )
        yield Diagnostic("refused", "error", "nothing changed", text)
    elif error is not None and error.is_declaration and not run.has_definitions:
        yield Diagnostic("declaration", "error", "nothing changed", _format_error(error))
    else:
        what = _format_error(error) if error is not None and error.is_declaration else as_code(_describe_error(error))
        text = f"{what}. What stands above it is live" if run.has_definitions else what
        yield Diagnostic(
            "stopped", "error", f"stopped{_describe_line(error)}", f"{text}; {unreached}" if unreached else text
        )


def _describe_unreached(entries: Sequence[CellEntry]) -> str:
    labels = [as_code(text) for entry in entries if (text := _label_entry(entry))]
    if not labels:
        return ""
    named = ", ".join(labels[:4]) + (f" and {len(labels) - 4} more" if len(labels) > 4 else "")
    return (
        f"{named} {'stays as the last good run left it' if len(labels) == 1 else 'stay as the last good run left them'}"
    )


def _label_entry(entry: CellEntry) -> str:
    return " and ".join(sorted(key for key in entry.keys if isinstance(key, str)))


def _describe_error(error: CellError | None) -> str:
    if error is None:
        return "interrupted"
    lines = str(error.error).splitlines()
    return f"{type(error.error).__name__}: {lines[0].removesuffix('.')}" if lines else type(error.error).__name__


def _format_error(error: CellError) -> str:
    """Format a declaration's error without its file name, since a cell has none."""
    lines = [line.strip() for line in str(error.error).splitlines() if not line.lstrip().startswith('File "')]
    return " ".join(lines).rstrip(".") + (f" (line {error.line})" if error.line is not None else "")


def _describe_line(error: CellError | None) -> str:
    return f" at line {error.line}" if error is not None and error.line is not None else ""


def _iter_recreated(name: str, rebinding: Rebinding | None, carried: Sequence[CellEntry]) -> Iterator[Diagnostic]:
    """Yield what a recreated application did with the operations of other cells."""
    if operations := [entry for entry in carried if _label_entry(entry)]:
        count = f"{len(operations)} {'operation' if len(operations) == 1 else 'operations'}"
        yield Diagnostic("carried", "note", "made again", f"`{name}` is new and keeps {count} of other cells")
    if rebinding is not None and rebinding.replaced is not None and rebinding.replaced is not rebinding.previous:
        text = f"`{name}` begins anew in this cell; what other cells had added stays with the earlier one"
        yield Diagnostic("fresh", "note", "a new application", text)


def _with_diagnostics(
    reports: list[RunReport], alone: Sequence[Diagnostic], links: tuple[tuple[str, str], ...]
) -> Iterator[RunReport]:
    """Yield the reports, the first with the diagnostics of no application. If there's no report, yield one for them."""
    if alone and not reports:
        reports = [RunReport("app", "the notebook", (), (), 0)]
    for index, report in enumerate(reports):
        diagnostics = (*report.diagnostics, *alone) if index == 0 else report.diagnostics
        yield RunReport(report.name, report.title, report.changes, diagnostics, report.live_count, links)


_MARKED: Mapping[str, MarkKind] = {"shadowed": "shadowed", "conflict": "conflict", "stale": "stale"}


def make_marks(changes: Sequence[OperationChange], diagnostics: Sequence[Diagnostic]) -> dict[str, list[Mark]]:
    """Return what views show next to each operation."""
    marks: dict[str, list[Mark]] = {}
    for change in changes:
        if change.kind == "new":
            marks.setdefault(change.id, []).append(Mark(kind="new", text="new since the last run"))
        elif change.kind == "changed":
            marks.setdefault(change.id, []).append(Mark(kind="changed", text=change.note.replace("`", "")))
    for diagnostic in diagnostics:
        if diagnostic.operation is not None and (kind := _MARKED.get(diagnostic.kind)):
            marks.setdefault(diagnostic.operation, []).append(Mark(kind=kind, text=diagnostic.text.replace("`", "")))
    return marks
