"""Tracks cell runs: what each registers and replaces, and what to rebuild when a definition changes."""

import sys
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Any

from routebook.applications import Routebook
from routebook.routing import APIRouter, BaseRoute, IncludedRouter, Mount
from routebook_kernel.protocol import Mark
from routebook_kernel.records import CellKey, CellRecord, RunOutcome
from routebook_kernel.registry.cell_entries import CellEntry
from routebook_kernel.registry.containers import RouteContainer, iter_containers
from routebook_kernel.registry.identity import ByIdentity
from routebook_kernel.registry.notebook import Notebook
from routebook_kernel.registry.operations import RouteOperation, iter_operations
from routebook_kernel.registry.owner_names import Owner, OwnerNames, Rebinding
from routebook_kernel.registry.run_report import RunReport
from routebook_kernel.session.following import RedefinitionTracker
from routebook_kernel.session.reporting import CellError, CellRun, RunReporter

MAX_FILES = 1000
"""About how many versions of cells are kept to find the cell of a code object."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """The result of a run.

    Attributes:
        reports: One for each application that it affected.
        replacements: Each application that was replaced, with its replacement.
    """

    cell: CellRecord
    reports: tuple[RunReport, ...]
    replacements: tuple[tuple[Routebook, Routebook], ...]


class Tracker:
    """The framework's registrar while the extension is loaded. Tracks the runs of cells.

    Args:
        namespace: The notebook's variables.
        notebook: Records which cell owns what.
    """

    def __init__(self, namespace: MutableMapping[str, Any], notebook: Notebook | None = None) -> None:
        self.namespace = namespace
        self.notebook = notebook or Notebook()
        self.names = OwnerNames()
        self._redefinitions = RedefinitionTracker(self.notebook, namespace)
        self._reporter = RunReporter(self.notebook, self._redefinitions, namespace)
        self._files: dict[str, CellKey] = {}
        self._has_definitions = False
        self._has_deleted = False

    # Registrations

    def place(self, router: APIRouter, entry: BaseRoute) -> None:
        """Place a new route where its cell's previous one was; implements the framework's `Registrar`."""
        is_owned = self._is_of_cell(entry)
        self._has_definitions = self._has_definitions or is_owned
        self.notebook.define(RouteContainer(router), entry, is_owned=is_owned)

    def _is_of_cell(self, entry: BaseRoute) -> bool:
        """Whether the running cell declares it, and not the framework itself or a module being imported."""
        cell = self.notebook.running_cell
        endpoint = getattr(entry, "endpoint", None)
        if cell is None or str(getattr(endpoint, "__module__", "")).startswith("routebook."):
            return False
        return cell.filename is None or _runs_in(cell.filename)

    # Runs

    def begin_run(
        self,
        cell_id: str | None,
        source: str,
        count: int | None,
        filename: str | None = None,
        deleted: Sequence[str] = (),
    ) -> CellRecord:
        """Begin a run of a cell."""
        self._has_definitions = False
        self._has_deleted = bool(deleted and self.notebook.forget(deleted))
        cell = self.notebook.begin_run(cell_id, source, count, filename)
        if filename is not None:
            self._remember(filename, cell.key)
        for app in self.names.applications.values():
            self._watch(app)
        return cell

    def _remember(self, filename: str, cell: CellKey) -> None:
        """Remember the file of a cell's source. Current files are kept, and the most recent of the others."""
        self._files.pop(filename, None)
        self._files[filename] = cell
        if len(self._files) > MAX_FILES:
            current = {cell.filename for cell in self.notebook.cells.values()}
            latest = list(self._files.items())[-MAX_FILES // 2 :]
            self._files = {file: key for file, key in self._files.items() if file in current} | dict(latest)

    def finish_run(self, outcome: RunOutcome, error: CellError | None = None) -> RunResult | None:
        """Finish the run in progress; None if there isn't one."""
        cell = self.notebook.running_cell
        if cell is None:
            return None
        rebindings = self.names.update(self.namespace, cell.key)
        carried = self._carry_over(rebindings, cell, has_completed=outcome == "completed")
        finished_run = self.notebook.finish_run(outcome)
        if finished_run is None:
            return None
        for app in self.names.applications.values():
            self._watch(app)
            app.refresh_middleware()  # a cell may have changed the lists and dictionaries themselves
        has_redefined = self._redefinitions.finish_run(cell.key)
        is_refused = error is not None and error.is_declaration
        has_defined = any(
            entry.cell == cell.key and entry.run == finished_run.cell.run for _, entry in self.notebook.entries()
        )
        has_effect = (
            has_defined,
            self._has_definitions,
            self._has_deleted,
            has_redefined,
            rebindings,
            finished_run.removed,
            finished_run.unreached,
            finished_run.has_module_changes,
            is_refused,
        )
        run = CellRun(finished_run, error, self._has_definitions, rebindings, carried, has_effect=any(has_effect))
        reports = self._reporter.report(run, self.names.applications)
        pairs = [(rebinding.previous, rebinding.new) for rebinding in rebindings]
        replacements = [(a, b) for a, b in pairs if isinstance(a, Routebook) and isinstance(b, Routebook)]
        return RunResult(finished_run.cell, reports, tuple(replacements))

    def _watch(self, owner: Owner) -> None:
        for container in iter_containers(owner):
            self.notebook.watch(container)

    def _carry_over(
        self, rebindings: Sequence[Rebinding], cell: CellRecord, *, has_completed: bool
    ) -> dict[ByIdentity, list[CellEntry]]:
        """Carry entries of other cells over to what a cell created again."""
        carried: dict[ByIdentity, list[CellEntry]] = {}
        for rebinding in rebindings:
            if rebinding.previous is None:
                continue
            parts = list(zip(iter_containers(rebinding.previous), iter_containers(rebinding.new), strict=True))
            carried[ByIdentity(rebinding.new)] = self.notebook.carry_over(parts, cell.key, has_completed=has_completed)
            self._follow_owner(rebinding.previous, rebinding.new)
            if isinstance(rebinding.new, Routebook):
                self.notebook.expect_full_run(cell.key)
        return carried

    def _follow_owner(self, previous: Owner, new: Owner) -> None:
        """Replace a router that was included, or an application that was mounted, by its new version."""
        for container, entry in list(self.notebook.entries()):
            value = entry.value
            if isinstance(value, IncludedRouter) and value.router is previous and isinstance(new, APIRouter):
                self.notebook.substitute(entry, container, value.rebuilt(router=new))
            elif isinstance(value, Mount) and value.app is previous:
                self.notebook.substitute(entry, container, Mount(value.path, app=new, name=value.name))

    # Views

    def operations(self, app: Routebook) -> list[RouteOperation]:
        """Return an application's operations in order, with their owners."""
        entries = {ByIdentity(value): entry for _, value, entry in self.notebook.active_entries()}
        return list(iter_operations(app, lambda route: entries.get(ByIdentity(route))))

    def marks(self, app: Routebook) -> Mapping[str, list[Mark]]:
        """Return what to highlight about operations since the last run, by operation."""
        return self._reporter.marks(app)

    def difference(self, app: Routebook, operation: str | None) -> list[str]:
        """Return what the last run changed in the OpenAPI document, as a diff, for one operation or for all."""
        return self._reporter.difference(app, operation)

    def cell_of_code(self, code: CodeType) -> CellRecord | None:
        """Return the cell of a code object, as it last ran."""
        key = self._files.get(code.co_filename)
        return self.notebook.cell(key) if key is not None else None


def _runs_in(filename: str) -> bool:
    """Whether the current registration was reached from the cell's own code, and not through an import."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == filename:
            return True
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return False
        frame = frame.f_back  # type: ignore[assignment]
    return False
