"""The notebook: its cells in order, the run in progress, and the entries of each container."""

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
"""The owner of everything that no cell defined itself: imported modules, an application's own documentation routes."""


class Container(Protocol):
    """Something that cells add to, such as one router's routes."""

    owner: Any
    """The object it belongs to: an application or a router."""

    name: str
    """Which part of the owner it is."""

    def values(self) -> Sequence[Any]:
        """Return the current content, in order."""

    def set_values(self, values: Sequence[Any]) -> None:
        """Replace the content, for every thread at once."""

    def append(self, value: Any) -> None:
        """Add a value at the end."""

    def replace(self, index: int, value: Any) -> None:
        """Replace one value by another."""

    def keys_and_label(self, value: Any) -> tuple[frozenset[Hashable], Hashable | None]:
        """Return the keys and the label of a value, as in `CellEntry`."""

    def narrow(self, value: Any, keys: frozenset[Hashable]) -> Any:
        """Return the value, responding only to these of its keys."""

    def move(self, value: Any, previous: "Container") -> Any:
        """Return a value of the previous container, adapted to this one."""


ContainerReplacement = tuple[Container, Container]
"""A container and its replacement."""


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """The effects of a finished run.

    Attributes:
        cell: As it ran.
        removed: The entries that the cell no longer defines.
        unreached: The entries that a failed run didn't reach; they stay as they were.
        has_module_changes: Whether something outside of cells was defined since the previous run, such as a reloaded
            module.
    """

    cell: CellRecord
    outcome: RunOutcome
    removed: tuple[CellEntry, ...]
    unreached: tuple[CellEntry, ...]
    has_module_changes: bool = False


class _ContainerState:
    """A container with its entries, and the values it was last given."""

    def __init__(self, container: Container) -> None:
        self.container = container
        self.cell_entries = CellEntries()
        self.shown: list[tuple[Any, CellEntry]] = []

    def is_unchanged(self) -> bool:
        """Whether the container still has exactly the values it was given."""
        values = self.container.values()
        return len(values) == len(self.shown) and all(map(is_, values, [value for value, _ in self.shown]))


class Notebook:
    """The cells, in the order of a fresh run, and what each of them owns. Safe to call from any thread.

    Args:
        clock: Returns seconds, to tell a run of all cells from single runs.
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
        self._defined_outside: set[CellEntry] = set()  # by modules, since the last begin or finish

    # Runs of cells

    def begin_run(self, cell_id: str | None, source: str, count: int | None, filename: str | None = None) -> CellRecord:
        """Begin a run of a cell. Its earlier entries stay until the run redefines or removes them."""
        with self.lock:
            if self.running_cell is not None:
                self.finish_run("raised")  # an interrupt came between the two hooks
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
        """Finish the run in progress; None if there isn't one."""
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
        """Remove deleted cells and return the entries they owned."""
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
        """Note that a cell created its application again, so the following runs may be those of the whole notebook."""
        with self.lock:
            self._order.expect_full_run(creator)

    # Definitions

    def define(self, container: Container, value: Any, *, is_owned: bool = True) -> CellEntry:
        """Define a value, active at once.

        Args:
            container: The container it's added to.
            value: The value.
            is_owned: Whether the running cell owns it. If not, or if no cell runs, its owner is `OUTSIDE`.
        """
        with self.lock:
            owner = self.running_cell if is_owned else None
            state = self._state_of(container)
            self._absorb_changes(state, owner.key if owner else OUTSIDE)
            return self._define(state, value, owner) if owner else self._define_outside(state, value)

    def _define_outside(self, state: _ContainerState, value: Any) -> CellEntry:
        """Define a value for a module. If the module was reloaded, the value replaces the earlier one."""
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
        next_unreached = state.cell_entries.unreached(entry.cell)[:1]
        previous = state.cell_entries.add(entry)
        if is_new:
            state.container.append(value)
            state.shown.append((value, entry))
            return entry
        is_in_place = previous is not None and next_unreached == (previous,) and previous.keys == keys
        if previous is None or not is_in_place or not self._swap(state, previous, entry):
            self._update(state)
        return entry

    def _swap(self, state: _ContainerState, previous: CellEntry, entry: CellEntry) -> bool:
        """Replace the shown value of one entry by another's, if it was shown with all its keys."""
        for index, (value, shown) in enumerate(state.shown):
            if shown is previous and value is previous.value:
                state.container.replace(index, entry.value)
                state.shown[index] = (entry.value, entry)
                return True
        return False

    def watch(self, container: Container) -> None:
        """Check a container for changes at the end of each run. What it contains now belongs to no cell."""
        with self.lock:
            self._state_of(container)
            self._watched.add(_key(container))

    def substitute(self, entry: CellEntry, container: Container, value: Any) -> None:
        """Replace the value of an entry after its declaration was analysed again."""
        with self.lock:
            state = self._state_of(container)
            state.cell_entries.replace_value(entry, value, container.keys_and_label(value)[0])
            self._update(state)

    def carry_over(
        self, parts: Iterable[ContainerReplacement], creator: CellKey, *, has_completed: bool
    ) -> list[CellEntry]:
        """Carry what other cells had added to an object over to its replacement.

        Args:
            parts: Each container of the previous object with its replacement.
            creator: The cell that created both.
            has_completed: Whether its run completed.

        Returns:
            The entries carried over.
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
        """Yield every active entry: its container, its value in the container, and the entry."""
        with self.lock:
            rows = [(state.container, value, entry) for state in self._states.values() for value, entry in state.shown]
        yield from rows

    def entries(self) -> Iterator[tuple[Container, CellEntry]]:
        """Yield every entry with its container, whether it's active or waits for a later one to be removed."""
        with self.lock:
            rows = [
                (state.container, entry)
                for state in self._states.values()
                for cell in state.cell_entries.cells
                for entry in state.cell_entries.owned_by(cell)
            ]
        yield from rows

    def find_conflicts(self) -> list[tuple[Container, Conflict]]:
        """Return every key that several cells define."""
        with self.lock:
            return [
                (state.container, conflict)
                for state in self._states.values()
                for conflict in state.cell_entries.find_conflicts()
            ]

    def cell(self, key: CellKey) -> CellRecord | None:
        """Return the cell as it last ran."""
        return self.cells.get(key)

    # Containers

    def _release_unwatched(self) -> None:
        """Release unwatched containers in which no cell owns anything. They can be read again later."""
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
        """Record what was changed by hand: `app.routes.append(…)`, `del app.routes[0]`."""
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
            # An overwritten entry stays, in conflict with the new one. Only entries without a replacement were removed.
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
        """Give the container the values of its active entries. Leaves it alone if it already has them."""
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
