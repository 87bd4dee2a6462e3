"""The entries of one container: which cell defined each, in which order, and which of them are active.

A container is anything that cells add to: a router's routes, an application's exception handlers, its middleware. Each
cell has a block of entries, in the order in which it defined them, and the blocks are in the notebook's order. Which
entries are active depends on these blocks alone, so any history that ends with the same cells ends with the same
container:

- Rerunning a cell rebuilds its block. Until the run ends, entries it hasn't redefined yet stay in place, after the new
  ones. If the run completes, they are removed; if it raises, they stay.
- If two cells define the same key, the later run wins and takes the other's position. The other entry waits, and
  becomes active again when the winner is removed. Within one cell, the framework's own rule holds: the first entry with
  a key responds.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from routebook_kernel.records import CellKey


@dataclass(frozen=True, slots=True, eq=False)
class CellEntry:
    """One thing that a cell defined. An entry is equal only to itself.

    Attributes:
        cell: Its owner.
        run: The number of the run that defined it. If several entries claim a key, the highest wins.
        keys: What it responds to, such as "GET /items"; empty if it can't be in conflict.
        label: What identifies it when its keys have changed, such as its function's name; None if nothing does.
        value: The thing itself.
    """

    cell: CellKey
    run: int
    keys: frozenset[Hashable]
    label: Hashable | None
    value: Any


@dataclass(frozen=True, slots=True)
class ActiveEntry:
    """An entry that is in effect, with those of its keys that no later run has taken over."""

    entry: CellEntry
    keys: frozenset[Hashable]

    @property
    def has_all_keys(self) -> bool:
        """Whether it still has all its keys."""
        return self.keys == self.entry.keys


@dataclass(frozen=True, slots=True)
class Conflict:
    """A key that several cells define."""

    key: Hashable
    winner: CellEntry
    losers: tuple[CellEntry, ...]


@dataclass(slots=True)
class _Block:
    """The entries of one cell: those its latest run defined, and those that a run hasn't reached."""

    defined: list[CellEntry] = field(default_factory=list)
    unreached: list[CellEntry] = field(default_factory=list)

    def __iter__(self) -> Iterator[CellEntry]:
        yield from self.defined
        yield from self.unreached


class CellEntries:
    """The entries of one container, by cell."""

    def __init__(self) -> None:
        self._blocks: dict[CellKey, _Block] = {}
        self._claimed: set[Hashable] = set()

    @property
    def cells(self) -> frozenset[CellKey]:
        """The cells that own entries."""
        return frozenset(self._blocks)

    def owned_by(self, cell: CellKey) -> tuple[CellEntry, ...]:
        """Return the entries of a cell in order, active or not."""
        return tuple(self._blocks.get(cell, ()))

    def unreached(self, cell: CellKey) -> tuple[CellEntry, ...]:
        """Return the entries that the cell's current run hasn't redefined yet."""
        return tuple(self._blocks[cell].unreached) if cell in self._blocks else ()

    def begin_run(self, cell: CellKey) -> None:
        """Begin a run of the cell: none of its entries has been reached yet."""
        if cell in self._blocks:
            self._blocks[cell] = _Block(unreached=list(self._blocks[cell]))

    def add(self, entry: CellEntry) -> CellEntry | None:
        """Add an entry to its cell.

        Returns:
            The cell's earlier entry that this one replaces.
        """
        block = self._blocks.setdefault(entry.cell, _Block())
        block.defined.append(entry)
        self._claimed |= entry.keys
        previous = _find_previous(entry, block.unreached)
        block.unreached = [other for other in block.unreached if other is not previous and not other.keys & entry.keys]
        return previous

    def finish_run(self, cell: CellKey, *, has_completed: bool) -> tuple[CellEntry, ...]:
        """Finish a run of the cell.

        Args:
            cell: The cell that ran.
            has_completed: Whether the run completed. If so, entries it didn't reach are removed; else they stay, after
                the new ones.

        Returns:
            The removed entries.
        """
        block = self._blocks.get(cell)
        if block is None:
            return ()
        removed = tuple(block.unreached) if has_completed else ()
        remaining = block.defined if has_completed else list(block)
        self._set_block(cell, remaining)
        return removed

    def forget(self, cell: CellKey) -> tuple[CellEntry, ...]:
        """Remove all entries of a deleted cell."""
        return tuple(self._blocks.pop(cell, ()))

    def discard(self, entry: CellEntry) -> None:
        """Remove one entry, which the user took out by hand."""
        if block := self._blocks.get(entry.cell):
            block.defined = [other for other in block.defined if other is not entry]
            block.unreached = [other for other in block.unreached if other is not entry]
            self._set_block(entry.cell, block.defined, block.unreached)

    def replace_value(self, old: CellEntry, value: Any, keys: frozenset[Hashable]) -> None:
        """Replace an entry's value and keys in place, after its declaration was analysed again."""
        self.replace_entry(old, replace(old, value=value, keys=keys))

    def replace_entry(self, old: CellEntry, new: CellEntry) -> None:
        """Replace an entry in place by another one of the same cell."""
        block = self._blocks[old.cell]
        self._claimed |= new.keys
        block.defined = [new if entry is old else entry for entry in block.defined]
        block.unreached = [new if entry is old else entry for entry in block.unreached]

    def adopt(self, previous: "CellEntries", creator: CellKey, *, has_completed: bool) -> tuple[CellEntry, ...]:
        """Take over the entries of a container that this one replaces.

        Args:
            previous: The entries of the replaced container.
            creator: The cell that created both containers.
            has_completed: Whether its run completed. If not, its previous entries that the run didn't reach are taken
                over too.

        Returns:
            The entries taken over.
        """
        redefined = self.owned_by(creator)
        unreached = [
            entry for entry in previous.owned_by(creator) if not any(_has_replaced(entry, new) for new in redefined)
        ]
        taken = {cell: list(previous.owned_by(cell)) for cell in previous.cells - self.cells - {creator}}
        if not has_completed and unreached:
            self._set_block(creator, [*redefined, *unreached])
            taken[creator] = unreached
        self._claimed |= previous._claimed
        for cell, entries in taken.items():
            if cell != creator:
                self._set_block(cell, entries)
        return tuple(entry for entries in taken.values() for entry in entries)

    def has_claimed(self, keys: frozenset[Hashable]) -> bool:
        """Whether one of the keys has ever been defined here. Only then can it be in conflict."""
        return not self._claimed.isdisjoint(keys)

    def list_active(self, order: Sequence[CellKey]) -> list[ActiveEntry]:
        """Return the active entries in order. A winner has the position of the first entry that it takes a key from."""
        entries = [entry for cell in order if cell in self._blocks for entry in self._blocks[cell]]
        if _has_unique_keys(entries):  # the usual case, after every cell
            return [ActiveEntry(entry, entry.keys) for entry in entries]
        winners = _find_winners(entries)
        won = {entry: frozenset(key for key in entry.keys if winners[key] == entry.cell) for entry in entries}
        holders: dict[Hashable, list[int]] = {}
        for index, entry in enumerate(entries):
            for key in won[entry]:
                holders.setdefault(key, []).append(index)
        places: dict[int, None] = {}
        for index, entry in enumerate(entries):
            heirs = {heir for key in entry.keys for heir in holders[key]} if entry.keys else {index}
            places.update(dict.fromkeys(sorted(heirs)))
        return [ActiveEntry(entries[index], won[entries[index]]) for index in places]

    def find_conflicts(self) -> list[Conflict]:
        """Return the keys that several cells define, each with its winner."""
        all_entries = [entry for block in self._blocks.values() for entry in block]
        if _has_unique_keys(all_entries):
            return []
        claims: dict[Hashable, list[CellEntry]] = {}
        for entry in all_entries:
            for key in entry.keys:
                claims.setdefault(key, []).append(entry)
        return [
            Conflict(key, winner, losers)
            for key, entries in claims.items()
            if (winner := max(entries, key=lambda entry: entry.run))
            and (losers := tuple(entry for entry in entries if entry.cell != winner.cell))
        ]

    def __bool__(self) -> bool:
        return bool(self._blocks)

    def _set_block(self, cell: CellKey, defined: list[CellEntry], unreached: Iterable[CellEntry] = ()) -> None:
        block = _Block(defined, list(unreached))
        if any(True for _ in block):
            self._blocks[cell] = block
        else:
            self._blocks.pop(cell, None)


def _has_replaced(earlier: CellEntry, later: CellEntry) -> bool:
    """Whether the later entry replaces the earlier one of the same cell."""
    return bool(earlier.keys & later.keys) or (earlier.label is not None and earlier.label == later.label)


def _find_previous(entry: CellEntry, unreached: Sequence[CellEntry]) -> CellEntry | None:
    """Return the entry of the cell's earlier run that this one redefines: by key, else by label."""
    for other in unreached:
        if other.keys & entry.keys:
            return other
    return next((other for other in unreached if other.label is not None and other.label == entry.label), None)


def _has_unique_keys(entries: Iterable[CellEntry]) -> bool:
    """Whether every key is defined only once."""
    keys = [key for entry in entries for key in entry.keys]
    return len(set(keys)) == len(keys)


def _find_winners(entries: Iterable[CellEntry]) -> dict[Hashable, CellKey]:
    latest: dict[Hashable, CellEntry] = {}
    for entry in entries:
        for key in entry.keys:
            if key not in latest or entry.run > latest[key].run:
                latest[key] = entry
    return {key: entry.cell for key, entry in latest.items()}
