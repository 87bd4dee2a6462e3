"""The notebook's side of the registry: its cells in order, the run that is open, and the ledger of each container."""

import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from operator import is_
from typing import Any, Protocol

from routebook_kernel.records import CellKey, CellRecord, RunOutcome
from routebook_kernel.registry.cell_entries import ActiveEntry, CellEntries, CellEntry, Conflict
from routebook_kernel.registry.identity import ByIdentity, find_cell_key
from routebook_kernel.registry.ordering import RunOrder

OUTSIDE: CellKey = "outside"
"""The owner of what no cell defined itself: an imported module, an application's own documentation routes."""


class Container(Protocol):
    """Something that cells add to, such as one router's routes."""

    owner: Any
    """The object whose part it is: an application, a router."""

    name: str
    """Which part."""

    def values(self) -> Sequence[Any]:
        """What is in it now, in order."""

    def set_values(self, values: Sequence[Any]) -> None:
        """Make these its content, for every thread at once."""

    def append(self, value: Any) -> None:
        """Add one at the end."""

    def replace(self, index: int, value: Any) -> None:
        """Put one in the place of another."""

    def keys_and_label(self, value: Any) -> tuple[frozenset[Hashable], Hashable | None]:
        """The keys and the label of a value, as `CellEntry` has them."""

    def narrow(self, value: Any, keys: frozenset[Hashable]) -> Any:
        """The value, answering only these of its keys."""

    def move(self, value: Any, previous: "Container") -> Any:
        """The value of a former container as this one has it."""


ContainerReplacement = tuple[Container, Container]
"""A container and the one that takes its place."""


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """What the end of a run did.

    Attributes:
        cell: As it ran.
        gone: What the cell no longer defines, removed.
        kept: What a run that raised did not reach, left as it was.
        has_outside: Something that no cell owns was defined since the end of the run before: a module, reloaded.
    """

    cell: CellRecord
    outcome: RunOutcome
    removed: tuple[CellEntry, ...]
    unreached: tuple[CellEntry, ...]
    has_module_changes: bool = False


class _ContainerState:
    """A container with its ledger, and what of it is shown."""

    def __init__(self, container: Container) -> None:
        self.container = container
        self.cell_entries = CellEntries()
        self.shown: list[tuple[Any, CellEntry]] = []

    def is_unchanged(self) -> bool:
        """Whether the container holds exactly what was shown last."""
        values = self.container.values()
        return len(values) == len(self.shown) and all(map(is_, values, [value for value, _ in self.shown]))


class Notebook:
    """Cells, in the order of a fresh run, and what each of them owns. Safe from any thread.

    Args:
        clock: Seconds, for telling a run of all cells from single ones.
    """

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        self.lock = threading.RLock()
        self.cells: dict[CellKey, CellRecord] = {}
        self.running_cell: CellRecord | None = None
        self._order = RunOrder() if clock is None else RunOrder(clock)
        self._runs = count(1)
        self._states: dict[tuple[ByIdentity, str], _ContainerState] = {}
        self._watched: set[tuple[ByIdentity, str]] = set()  # since a cell's run began
        self._narrowed: dict[tuple[ByIdentity, frozenset[Hashable]], Any] = {}
        self._has_module_changes = False
        self._defined_outside: set[CellEntry] = set()  # what modules have defined since a cell's run began or ended

    # Runs of cells

    def begin_run(self, cell_id: str | None, source: str, count: int | None, filename: str | None = None) -> CellRecord:
        """A cell begins to run; what it defined before is not reached yet, and stays."""
        with self.lock:
            if self.running_cell is not None:
                self.finish_run("raised")  # its end was never told: an interrupt between two hooks
            self._absorb_all_changes(OUTSIDE)
            self._release_unwatched()
            self._defined_outside.clear()
            key = find_cell_key(cell_id, source, self.cells.values())
            self.running_cell = CellRecord(key, cell_id, count, source, filename, next(self._runs))
            self.cells[key] = self.running_cell
            self._order.begin_run(key)
            for state in self._states.values():
                state.cell_entries.begin_run(key)
            return self.running_cell

    def finish_run(self, outcome: RunOutcome) -> FinishedRun | None:
        """The run of the open cell ends; None when none is open."""
        with self.lock:
            cell = self.running_cell
            if cell is None:
                return None
            self._absorb_all_changes(cell.key)
            self._defined_outside.clear()
            has_completed = outcome == "completed"
            unreached: list[CellEntry] = []
            removed: list[CellEntry] = []
            for state in self._states.values():
                unreached += state.cell_entries.unreached(cell.key)
                removed += state.cell_entries.finish_run(cell.key, has_completed=has_completed)
            self.running_cell = None
            has_module_changes, self._has_module_changes = self._has_module_changes, False
            self._order.finish_run(cell.key, self._owning_cells(), has_completed=has_completed)
            self._update_all()
            return FinishedRun(
                cell, outcome, tuple(removed), () if has_completed else tuple(unreached), has_module_changes
            )

    def forget(self, cell_ids: Sequence[str]) -> list[CellEntry]:
        """Cells were deleted: what they owned goes."""
        with self.lock:
            removed: list[CellEntry] = []
            for key in cell_ids:
                self.cells.pop(key, None)
                self._order.forget(key)
                for state in self._states.values():
                    removed += state.cell_entries.forget(key)
            self._update_all()
            return removed

    def expect_full_run(self, creator: CellKey) -> None:
        """A cell made its application anew: the runs that follow at once may be those of the whole notebook."""
        with self.lock:
            self._order.expect_full_run(creator)

    # What is defined

    def define(self, container: Container, value: Any, *, is_owned: bool = True) -> CellEntry:
        """Something is defined, live at once.

        Args:
            container: Where.
            value: What.
            is_owned: By the open cell; else it is nobody's: a module's import, or no cell runs.
        """
        with self.lock:
            owner = self.running_cell if is_owned else None
            state = self._state_of(container)
            self._absorb_changes(state, owner.key if owner else OUTSIDE)
            return self._define(state, value, owner) if owner else self._define_outside(state, value)

    def _define_outside(self, state: _ContainerState, value: Any) -> CellEntry:
        """What a module defines; when it defines it again, reloaded, in the place of what it had defined."""
        keys, label = state.container.keys_and_label(value)
        entry = CellEntry(OUTSIDE, 0, keys, label, value)
        earlier = [
            other
            for other in state.cell_entries.owned_by(OUTSIDE)
            if other.label == label and other not in self._defined_outside
        ]
        previous = next((other for other in earlier if other.keys & keys), earlier[0] if earlier else None)
        if label is None or previous is None:
            entry = self._define(state, value, None)
        else:
            state.cell_entries.replace_entry(previous, entry)
            self._update(state)
        self._defined_outside.add(entry)
        self._has_module_changes = True
        return entry

    def _define(self, state: _ContainerState, value: Any, owner: CellRecord | None) -> CellEntry:
        keys, label = state.container.keys_and_label(value)
        entry = CellEntry(owner.key if owner else OUTSIDE, owner.run if owner else 0, keys, label, value)
        is_last = self._order.is_last(entry.cell, state.cell_entries.cells)
        is_new = is_last and not state.cell_entries.unreached(entry.cell) and not state.cell_entries.has_claimed(keys)
        is_next = state.cell_entries.unreached(entry.cell)[:1]
        previous = state.cell_entries.add(entry)
        if is_new:
            state.container.append(value)
            state.shown.append((value, entry))
        elif (
            previous is not None
            and is_next == (previous,)
            and previous.keys == keys
            and self._swap(state, previous, entry)
        ):
            pass
        else:
            self._update(state)
        return entry

    def _swap(self, state: _ContainerState, previous: CellEntry, entry: CellEntry) -> bool:
        """Show one entry where the former was shown, if it was, whole."""
        for index, (value, shown) in enumerate(state.shown):
            if shown is previous and value is previous.value:
                state.container.replace(index, entry.value)
                state.shown[index] = (entry.value, entry)
                return True
        return False

    def watch(self, container: Container) -> None:
        """Follow a container whose changes are seen at the end of a run; what it holds now is nobody's."""
        with self.lock:
            self._state_of(container)
            self._watched.add(_key(container))

    def substitute(self, entry: CellEntry, container: Container, value: Any) -> None:
        """Put a value that was analysed again in the place of an entry's."""
        with self.lock:
            state = self._state_of(container)
            state.cell_entries.replace_value(entry, value, container.keys_and_label(value)[0])
            self._update(state)

    def carry_over(
        self, parts: Iterable[ContainerReplacement], creator: CellKey, *, has_completed: bool
    ) -> list[CellEntry]:
        """An object took another's place: what other cells had added to the former is added to it.

        Args:
            parts: Each container of the former with the one that takes its place.
            creator: The cell that made both.
            is_complete: Its run ended well.

        Returns:
            What was carried over.
        """
        with self.lock:
            carried: list[CellEntry] = []
            for previous, container in parts:
                earlier = self._states.pop(_key(previous), None)
                if earlier is None:
                    continue
                state = self._state_of(container)
                earlier.cell_entries.forget(OUTSIDE)
                for entry in state.cell_entries.adopt(earlier.cell_entries, creator, has_completed=has_completed):
                    value = container.move(entry.value, previous)
                    state.cell_entries.replace_value(entry, value, container.keys_and_label(value)[0])
                    carried.append(entry)
                self._update(state)
            return carried

    # Views

    def active_entries(self) -> Iterator[tuple[Container, Any, CellEntry]]:
        """Every entry that stands: its container, its value as it is shown, the entry."""
        with self.lock:
            rows = [(state.container, value, entry) for state in self._states.values() for value, entry in state.shown]
        yield from rows

    def entries(self) -> Iterator[tuple[Container, CellEntry]]:
        """Every entry, standing or waiting behind a later one."""
        with self.lock:
            rows = [
                (state.container, entry)
                for state in self._states.values()
                for cell in state.cell_entries.cells
                for entry in state.cell_entries.owned_by(cell)
            ]
        yield from rows

    def find_conflicts(self) -> list[tuple[Container, Conflict]]:
        """Every key that more than one cell defines."""
        with self.lock:
            return [
                (state.container, conflict)
                for state in self._states.values()
                for conflict in state.cell_entries.find_conflicts()
            ]

    def cell(self, key: CellKey) -> CellRecord | None:
        """The cell as it ran last."""
        return self.cells.get(key)

    # Containers

    def _release_unwatched(self) -> None:
        """Hold what nobody watches only while a cell owns something of it; what is nobody's is found again in it."""
        for key, state in tuple(self._states.items()):
            if key not in self._watched and state.cell_entries.cells <= {OUTSIDE}:
                del self._states[key]
        self._watched.clear()

    def _state_of(self, container: Container) -> _ContainerState:
        key = _key(container)
        if key not in self._states:
            state = self._states[key] = _ContainerState(container)
            self._adopt_existing(state)
        return self._states[key]

    def _adopt_existing(self, state: _ContainerState) -> None:
        for value in state.container.values():
            keys, label = state.container.keys_and_label(value)
            entry = CellEntry(OUTSIDE, 0, keys, label, value)
            state.cell_entries.add(entry)
            state.shown.append((value, entry))

    def _absorb_all_changes(self, owner: CellKey) -> None:
        for state in tuple(self._states.values()):
            self._absorb_changes(state, owner)

    def _absorb_changes(self, state: _ContainerState, owner: CellKey) -> None:
        """Take in what was changed by hand: `app.routes.append(…)`, `del app.routes[0]`."""
        if state.is_unchanged():
            return
        present = {ByIdentity(value) for value in state.container.values()}
        known = {ByIdentity(value) for value, _ in state.shown}
        run = self.running_cell.run if self.running_cell and owner == self.running_cell.key else 0
        claimed: set[Hashable] = set()
        for value in state.container.values():
            if ByIdentity(value) not in known:
                keys, label = state.container.keys_and_label(value)
                state.cell_entries.add(CellEntry(owner, run, keys, label, value))
                claimed |= keys
        for value, entry in state.shown:
            # What was overwritten is in conflict with what overwrote it; only what nothing replaced was removed.
            if ByIdentity(value) not in present and not entry.keys & claimed:
                state.cell_entries.discard(entry)
        self._update(state)

    def _update_all(self) -> None:
        self._narrowed.clear()
        for key, state in tuple(self._states.items()):
            self._update(state)
            if not state.cell_entries:
                del self._states[key]

    def _update(self, state: _ContainerState) -> None:
        """Make the container what its ledger says; untouched where it is that already."""
        order = [OUTSIDE, *self._order.cells]
        state.shown = [
            (self._shown_value(state, active), active.entry) for active in state.cell_entries.list_active(order)
        ]
        if not state.is_unchanged():
            state.container.set_values([value for value, _ in state.shown])

    def _shown_value(self, state: _ContainerState, active: ActiveEntry) -> Any:
        value = active.entry.value
        if active.has_all_keys:
            return value
        key = (ByIdentity(value), active.keys)
        if key not in self._narrowed:
            self._narrowed[key] = state.container.narrow(value, active.keys)
        return self._narrowed[key]

    def _owning_cells(self) -> frozenset[CellKey]:
        return frozenset(cell for state in self._states.values() for cell in state.cell_entries.cells) - {OUTSIDE}


def _key(container: Container) -> tuple[ByIdentity, str]:
    return ByIdentity(container.owner), container.name
