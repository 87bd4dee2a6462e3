"""One container's ledger: which cell defined which entry, in which order, and which of them stand.

A container is anything that cells add to: a router's routes, an application's exception handlers, its middleware. The
entries of a cell lie together, in the order in which the cell defined them; the cells lie in the notebook's order. What
stands is a function of these blocks alone, so any history that ends in the same cells ends in the same container:

- A cell that runs again writes its block anew. Until it ends, what it has not reached yet stays behind what it has
  defined. When it ends well, what it did not reach goes; when it raises, that stays.
- Of two cells that define the same key the later run wins, and stands in the other's place; the other's entry waits,
  and stands again when the winner is gone. Within one cell nothing is judged: there the framework's own rule holds,
  the first answers.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from routebook_kernel.records import CellKey


@dataclass(frozen=True, slots=True, eq=False)
class CellEntry:
    """One thing that a cell defined; equal only to itself.

    Attributes:
        cell: Its owner.
        run: In which run of any cell it was defined; of two that claim a key the greater wins.
        keys: What it answers, such as "GET /items"; empty when it can conflict with nothing.
        label: What it is recognised by when its keys have changed, such as its function's name; None: by nothing.
        value: The thing itself.
    """

    cell: CellKey
    run: int
    keys: frozenset[Hashable]
    label: Hashable | None
    value: Any


@dataclass(frozen=True, slots=True)
class ActiveEntry:
    """An entry that stands, and those of its keys that no later run took from it."""

    entry: CellEntry
    keys: frozenset[Hashable]

    @property
    def has_all_keys(self) -> bool:
        """Whether it stands with all its keys."""
        return self.keys == self.entry.keys


@dataclass(frozen=True, slots=True)
class Conflict:
    """A key that more than one cell defines."""

    key: Hashable
    winner: CellEntry
    losers: tuple[CellEntry, ...]


@dataclass(slots=True)
class _Block:
    """A cell's entries: what its current or last run defined, and what a run that has not ended well left alone."""

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
        """The cells that own something here."""
        return frozenset(self._blocks)

    def owned_by(self, cell: CellKey) -> tuple[CellEntry, ...]:
        """What a cell owns, in its order, standing or not."""
        return tuple(self._blocks.get(cell, ()))

    def unreached(self, cell: CellKey) -> tuple[CellEntry, ...]:
        """What the run of a cell has not defined again so far."""
        return tuple(self._blocks[cell].unreached) if cell in self._blocks else ()

    def begin_run(self, cell: CellKey) -> None:
        """A run of the cell begins: nothing of it is reached yet."""
        if cell in self._blocks:
            self._blocks[cell] = _Block(unreached=list(self._blocks[cell]))

    def add(self, entry: CellEntry) -> CellEntry | None:
        """A cell defines an entry.

        Returns:
            The cell's earlier entry that this one takes the place of.
        """
        block = self._blocks.setdefault(entry.cell, _Block())
        block.defined.append(entry)
        self._claimed |= entry.keys
        previous = _find_previous(entry, block.unreached)
        block.unreached = [other for other in block.unreached if other is not previous and not other.keys & entry.keys]
        return previous

    def finish_run(self, cell: CellKey, *, has_completed: bool) -> tuple[CellEntry, ...]:
        """A run of the cell ends.

        Args:
            cell: Whose run.
            is_complete: It ended well: what it did not reach goes. Else that stays, behind what it defined.

        Returns:
            What went.
        """
        block = self._blocks.get(cell)
        if block is None:
            return ()
        removed = tuple(block.unreached) if has_completed else ()
        remaining = block.defined if has_completed else list(block)
        self._set_block(cell, remaining)
        return removed

    def forget(self, cell: CellKey) -> tuple[CellEntry, ...]:
        """The cell was deleted: what it owned goes."""
        return tuple(self._blocks.pop(cell, ()))

    def discard(self, entry: CellEntry) -> None:
        """One entry was removed by hand."""
        if block := self._blocks.get(entry.cell):
            block.defined = [other for other in block.defined if other is not entry]
            block.unreached = [other for other in block.unreached if other is not entry]
            self._set_block(entry.cell, block.defined, block.unreached)

    def replace_value(self, old: CellEntry, value: Any, keys: frozenset[Hashable]) -> None:
        """Put another value with its keys into an entry, where it stands: it was analysed again."""
        self.replace_entry(old, replace(old, value=value, keys=keys))

    def replace_entry(self, old: CellEntry, new: CellEntry) -> None:
        """Put an entry of the same cell where another stands."""
        block = self._blocks[old.cell]
        self._claimed |= new.keys
        block.defined = [new if entry is old else entry for entry in block.defined]
        block.unreached = [new if entry is old else entry for entry in block.unreached]

    def adopt(self, previous: "CellEntries", creator: CellKey, *, has_completed: bool) -> tuple[CellEntry, ...]:
        """Take over from the ledger of a container that this one's takes the place of.

        Args:
            former: The ledger of the container before.
            creator: The cell that made both containers.
            is_complete: Its run ended well; else what it had defined in the former and did not reach comes too.

        Returns:
            What was taken over.
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
        """Whether one of the keys was ever defined here: only then can it be in conflict."""
        return not self._claimed.isdisjoint(keys)

    def list_active(self, order: Sequence[CellKey]) -> list[ActiveEntry]:
        """What stands, in order: a winner where the first entry that it wins a key from stood, as if replaced there."""
        entries = [entry for cell in order if cell in self._blocks for entry in self._blocks[cell]]
        if _has_unique_keys(entries):  # nearly always, and after each cell
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
        """The keys that more than one cell defines, with who wins."""
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
    """Whether the later one takes the earlier one's place in the same cell."""
    return bool(earlier.keys & later.keys) or (earlier.label is not None and earlier.label == later.label)


def _find_previous(entry: CellEntry, unreached: Sequence[CellEntry]) -> CellEntry | None:
    """Which entry of the cell's earlier run this one is: the same key before the same name."""
    for other in unreached:
        if other.keys & entry.keys:
            return other
    return next((other for other in unreached if other.label is not None and other.label == entry.label), None)


def _has_unique_keys(entries: Iterable[CellEntry]) -> bool:
    """Whether no key is defined twice."""
    keys = [key for entry in entries for key in entry.keys]
    return len(set(keys)) == len(keys)


def _find_winners(entries: Iterable[CellEntry]) -> dict[Hashable, CellKey]:
    latest: dict[Hashable, CellEntry] = {}
    for entry in entries:
        for key in entry.keys:
            if key not in latest or entry.run > latest[key].run:
                latest[key] = entry
    return {key: entry.cell for key, entry in latest.items()}
