"""Follows the runs of cells: what each registers, who takes whose place, and what to report when a run ends."""

import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Any

from routebook.applications import Routebook
from routebook.exceptions import RoutebookError
from routebook.routing import APIRouter, BaseRoute, IncludedRouter
from routebook_kernel.protocol import Mark, MarkKind
from routebook_kernel.records import CellKey, CellRecord, RunOutcome
from routebook_kernel.registry.changes import EMPTY, Change, Snapshot, compare
from routebook_kernel.registry.containers import RouteContainer, iter_containers
from routebook_kernel.registry.findings import find_conflicts, find_duplicate_ids, find_shadowed
from routebook_kernel.registry.identity import Same
from routebook_kernel.registry.ledger import Entry
from routebook_kernel.registry.names import Names, Owner, Rebound
from routebook_kernel.registry.notebook import Notebook, Settled
from routebook_kernel.registry.operations import Operation, iter_operations, take_snapshot
from routebook_kernel.registry.report import Finding, RunReport, ticked


@dataclass(frozen=True, slots=True)
class CellError:
    """What ended a run.

    Attributes:
        line: In the cell; None where no line of it was running.
    """

    error: BaseException
    line: int | None


@dataclass(frozen=True, slots=True)
class RunResult:
    """The end of a run.

    Attributes:
        reports: One for each application that it touched.
        succeeded: Each application that took another's place: the former, the new.
    """

    cell: CellRecord
    reports: tuple[RunReport, ...]
    succeeded: tuple[tuple[Routebook, Routebook], ...]


class Tracker:
    """The framework's registrar while the extension is loaded, and the follower of cell runs.

    Args:
        namespace: The notebook's variables.
        notebook: Where ownership is kept.
    """

    def __init__(self, namespace: Mapping[str, Any], notebook: Notebook | None = None) -> None:
        self.namespace = namespace
        self.notebook = notebook or Notebook()
        self.names = Names()
        self._files: dict[str, CellKey] = {}
        self._snapshots: dict[Same, Snapshot] = {}
        self._marks: dict[Same, dict[str, list[Mark]]] = {}
        self._placed = False

    # Registrations

    def place(self, router: APIRouter, entry: BaseRoute) -> None:
        """Put a new route where its cell's earlier one was; the framework's `Registrar`."""
        is_owned = self._is_of_cell(entry)
        self._placed = self._placed or is_owned
        self.notebook.place(RouteContainer(router), entry, is_owned=is_owned)

    def _is_of_cell(self, entry: BaseRoute) -> bool:
        """Whether the open cell declares it: not the framework for itself, not a module that is being imported."""
        cell = self.notebook.open
        endpoint = getattr(entry, "endpoint", None)
        if cell is None or str(getattr(endpoint, "__module__", "")).startswith("routebook."):
            return False
        return cell.filename is None or _runs_in(cell.filename)

    # Runs

    def begin(
        self,
        cell_id: str | None,
        source: str,
        count: int | None,
        filename: str | None = None,
        deleted: Sequence[str] = (),
    ) -> CellRecord:
        """A cell begins to run."""
        self._placed = bool(self.notebook.forget(deleted)) if deleted else False
        cell = self.notebook.begin(cell_id, source, count, filename)
        if filename is not None:
            self._files[filename] = cell.key
        for app in self.names.applications.values():
            self._watch(app)
            # Starlette refuses middleware once the stack was built; a live application builds it again.
            app.middleware_stack = None
        return cell

    def settle(self, outcome: RunOutcome, error: CellError | None = None) -> RunResult | None:
        """The open cell's run ended; None when none was open."""
        cell = self.notebook.open
        if cell is None:
            return None
        rebound = self.names.settle(self.namespace, cell.key)
        carried = self._succeed(rebound, cell, is_complete=outcome == "completed")
        settled = self.notebook.settle(outcome)
        if settled is None:
            return None
        for owner in self.names.applications.values():
            self._watch(owner)
        is_touched = self._placed or bool(rebound or settled.gone or settled.kept) or _is_declaration(error)
        reports = tuple(self._report(settled, error, rebound, carried)) if is_touched else ()
        self._placed = False
        pairs = [(each.former, each.new) for each in rebound]
        succeeded = [(a, b) for a, b in pairs if isinstance(a, Routebook) and isinstance(b, Routebook)]
        return RunResult(settled.cell, reports, tuple(succeeded))

    def _watch(self, owner: Owner) -> None:
        for container in iter_containers(owner):
            self.notebook.watch(container)

    def _succeed(self, rebound: Sequence[Rebound], cell: CellRecord, *, is_complete: bool) -> dict[Same, list[Entry]]:
        """What a cell made again takes the place of what it had made before."""
        carried: dict[Same, list[Entry]] = {}
        for each in rebound:
            if each.former is None:
                continue
            parts = list(zip(iter_containers(each.former), iter_containers(each.new), strict=True))
            carried[Same(each.new)] = self.notebook.succeed(parts, cell.key, is_complete=is_complete)
            if isinstance(each.new, APIRouter) and isinstance(each.former, APIRouter):
                self._follow_router(each.former, each.new)
            else:
                self.notebook.created_again(cell.key)
        return carried

    def _follow_router(self, former: APIRouter, new: APIRouter) -> None:
        """Whoever included the router that was, includes the one that is."""
        for container, value, entry in list(self.notebook.standing()):
            if isinstance(value, IncludedRouter) and value.router is former:
                self.notebook.substitute(entry, container, value.rebuilt(router=new))

    # Reports

    def _report(
        self,
        settled: Settled,
        error: CellError | None,
        rebound: Sequence[Rebound],
        carried: Mapping[Same, list[Entry]],
    ) -> Iterator[RunReport]:
        entries = self.entries()
        former = {Same(each.new): each.former for each in rebound}
        fresh = {Same(each.new): each for each in rebound if each.former is None and each.replaced is not None}
        stopped = list(self._stopped(settled, error))
        reports: list[RunReport] = []
        for name, app in self.names.applications.items():
            before = self._snapshots.get(Same(former.get(Same(app)) or app), EMPTY)
            document, problem = document_of(app)
            after = take_snapshot(app, lambda route: entries.get(Same(route)), document)
            self._snapshots[Same(app)] = after
            changes = compare(before, after)
            operations = list(iter_operations(app, lambda route: entries.get(Same(route))))
            findings = [
                *problem,
                *self._conflicts(app, settled.cell.key),
                *find_shadowed(app, operations, self.notebook.cell, settled.cell.key),
                *find_duplicate_ids(operations, document),
            ]
            self._marks[Same(app)] = _marks(changes, findings)
            own = [*_remade(name, fresh.get(Same(app)), carried.get(Same(app), ())), *findings]
            if changes or own or self._is_touched(app, operations, settled):
                reports.append(RunReport(name, app.title, tuple(changes), tuple(own), len(after.operations)))
        self._forget_gone()
        yield from _with_stop(reports, stopped, self._links())

    def _is_touched(self, app: Routebook, operations: Sequence[Operation], settled: Settled) -> bool:
        """Whether the run declared something of this application, changed or not."""
        return any(operation.entry is not None and operation.entry.cell == settled.cell.key for operation in operations)

    def _stopped(self, settled: Settled, error: CellError | None) -> Iterator[Finding]:
        """What a run that did not end well has done, and what it left."""
        if settled.outcome == "completed":
            return
        kept = ", ".join(ticked(_told(entry)) for entry in settled.kept[:4] if _told(entry))
        more = f" and {len(settled.kept) - 4} more" if len(settled.kept) > 4 else ""
        stays = f"{kept}{more} {'stays' if len(settled.kept) == 1 else 'stay'} as the last good run left "
        stays = stays + ("it" if len(settled.kept) == 1 else "them") if kept else ""
        if settled.outcome == "refused":
            yield Finding(
                "refused", "error", "nothing changed", f"the cell cannot be read{_at(error)}. {_capital(stays)}".strip()
            )
        elif _is_declaration(error) and not self._placed:
            yield Finding("declaration", "error", "nothing changed", _one_line(error))
        else:
            what = _one_line(error) if _is_declaration(error) else ticked(_told_error(error))
            text = f"{what}. What stands above it is live" if self._placed else what
            yield Finding("stopped", "error", f"stopped{_at(error)}", f"{text}; {stays}" if stays else text)

    def _conflicts(self, app: Routebook, here: CellKey) -> Iterator[Finding]:
        for container, conflict in self.notebook.conflicts():
            if isinstance(container, RouteContainer) and container.owner is app.router:
                yield from find_conflicts([conflict], app.router.prefix, self.notebook.cell, here)

    def _links(self) -> tuple[tuple[str, str], ...]:
        return tuple((cell.label, cell.cell_id) for cell in self.notebook.cells.values() if cell.cell_id is not None)

    def _forget_gone(self) -> None:
        """Let go of what was kept for applications that no name holds any more."""
        standing = {Same(app) for app in self.names.applications.values()}
        for kept in (self._snapshots, self._marks):
            for gone in kept.keys() - standing:
                del kept[gone]

    # Views

    def entries(self) -> dict[Same, Entry]:
        """The entry of each route that stands."""
        return {Same(value): entry for _, value, entry in self.notebook.standing()}

    def operations(self, app: Routebook) -> list[Operation]:
        """An application's operations, in order, with their owners."""
        entries = self.entries()
        return list(iter_operations(app, lambda route: entries.get(Same(route))))

    def marks(self, app: Routebook) -> Mapping[str, list[Mark]]:
        """What to notice about operations since the last run, by operation."""
        return self._marks.get(Same(app), {})

    def cell_of_code(self, code: CodeType) -> CellRecord | None:
        """The cell of a code object, as it ran last."""
        key = self._files.get(code.co_filename)
        return self.notebook.cell(key) if key is not None else None


def document_of(app: Routebook) -> tuple[Mapping[str, Any], list[Finding]]:
    """The OpenAPI document; where it cannot be made, an empty one and the reason."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the same operation id twice is told as a finding
            return app.openapi(), []
    except Exception as error:  # the user's own models and hooks run here
        text = f"{ticked(f'{type(error).__name__}: {error}'.splitlines()[0])}; the operations are served without it"
        return {}, [Finding("declaration", "warn", "no OpenAPI document", text)]


def _runs_in(filename: str) -> bool:
    """Whether the registration under way was reached from the cell's own code, and through no import."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == filename:
            return True
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return False
        frame = frame.f_back  # type: ignore[assignment]
    return False


def _is_declaration(error: CellError | None) -> bool:
    return error is not None and isinstance(error.error, RoutebookError)


def _told(entry: Entry) -> str:
    return " and ".join(sorted(str(key) for key in entry.keys if isinstance(key, str)))


def _told_error(error: CellError | None) -> str:
    if error is None:
        return "interrupted"
    text = str(error.error).splitlines()
    return f"{type(error.error).__name__}: {text[0]}" if text else type(error.error).__name__


def _one_line(error: CellError | None) -> str:
    """A declaration's message without the file name, which a cell's code has instead of a place."""
    lines = [line for line in str(error.error).splitlines() if not line.lstrip().startswith('File "')] if error else []
    return " ".join(line.strip() for line in lines).rstrip(".")


def _at(error: CellError | None) -> str:
    return f" at line {error.line}" if error is not None and error.line is not None else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _remade(name: str, fresh: Rebound | None, carried: Sequence[Entry]) -> Iterator[Finding]:
    """An application that was made again says what became of the operations of other cells."""
    told = [entry for entry in carried if _told(entry)]
    if told:
        count = f"{len(told)} {'operation' if len(told) == 1 else 'operations'}"
        yield Finding("carried", "note", "made again", f"`{name}` is new and keeps {count} of other cells")
    if fresh is not None and isinstance(fresh.new, Routebook):
        text = f"`{name}` begins anew in this cell; what other cells had added stays with the earlier one"
        yield Finding("fresh", "note", "a new application", text)


def _with_stop(
    reports: list[RunReport], stopped: Sequence[Finding], links: tuple[tuple[str, str], ...]
) -> Iterator[RunReport]:
    """The reports, the first with how the run ended; where it touched no application, a report of that alone."""
    if stopped and not reports:
        reports = [RunReport("app", "the notebook", (), (), 0)]
    for index, report in enumerate(reports):
        findings = (*report.findings, *stopped) if index == 0 else report.findings
        yield RunReport(report.name, report.title, report.changes, findings, report.live_count, links)


_MARKED: Mapping[str, MarkKind] = {"shadowed": "shadowed", "conflict": "conflict", "stale": "stale"}


def _marks(changes: Sequence[Change], findings: Sequence[Finding]) -> dict[str, list[Mark]]:
    marks: dict[str, list[Mark]] = {}
    for change in changes:
        if change.kind == "new":
            marks.setdefault(change.id, []).append(Mark(kind="new", text="new since the last run"))
        elif change.kind == "changed":
            marks.setdefault(change.id, []).append(Mark(kind="changed", text=change.note.replace("`", "")))
    for finding in findings:
        if finding.operation is not None and (kind := _MARKED.get(finding.kind)):
            marks.setdefault(finding.operation, []).append(Mark(kind=kind, text=finding.text.replace("`", "")))
    return marks
