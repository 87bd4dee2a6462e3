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
class Entry:
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
class Standing:
    """An entry that stands, and those of its keys that no later run took from it."""

    entry: Entry
    keys: frozenset[Hashable]

    @property
    def is_whole(self) -> bool:
        """Whether it stands with all its keys."""
        return self.keys == self.entry.keys


@dataclass(frozen=True, slots=True)
class Conflict:
    """A key that more than one cell defines."""

    key: Hashable
    winner: Entry
    losers: tuple[Entry, ...]


@dataclass(slots=True)
class _Block:
    """A cell's entries: what its current or last run defined, and what a run that has not ended well left alone."""

    defined: list[Entry] = field(default_factory=list)
    kept: list[Entry] = field(default_factory=list)

    def __iter__(self) -> Iterator[Entry]:
        yield from self.defined
        yield from self.kept


class Ledger:
    """The entries of one container, by cell."""

    def __init__(self) -> None:
        self._blocks: dict[CellKey, _Block] = {}
        self._claimed: set[Hashable] = set()

    @property
    def cells(self) -> frozenset[CellKey]:
        """The cells that own something here."""
        return frozenset(self._blocks)

    def entries(self, cell: CellKey) -> tuple[Entry, ...]:
        """What a cell owns, in its order, standing or not."""
        return tuple(self._blocks.get(cell, ()))

    def unreached(self, cell: CellKey) -> tuple[Entry, ...]:
        """What the run of a cell has not defined again so far."""
        return tuple(self._blocks[cell].kept) if cell in self._blocks else ()

    def begin(self, cell: CellKey) -> None:
        """A run of the cell begins: nothing of it is reached yet."""
        if cell in self._blocks:
            self._blocks[cell] = _Block(kept=list(self._blocks[cell]))

    def place(self, entry: Entry) -> Entry | None:
        """A cell defines an entry.

        Returns:
            The cell's earlier entry that this one takes the place of.
        """
        block = self._blocks.setdefault(entry.cell, _Block())
        block.defined.append(entry)
        self._claimed |= entry.keys
        former = _former(entry, block.kept)
        block.kept = [kept for kept in block.kept if kept is not former and not kept.keys & entry.keys]
        return former

    def settle(self, cell: CellKey, *, is_complete: bool) -> tuple[Entry, ...]:
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
        gone = tuple(block.kept) if is_complete else ()
        stays = block.defined if is_complete else list(block)
        self._put(cell, stays)
        return gone

    def forget(self, cell: CellKey) -> tuple[Entry, ...]:
        """The cell was deleted: what it owned goes."""
        return tuple(self._blocks.pop(cell, ()))

    def discard(self, entry: Entry) -> None:
        """One entry was removed by hand."""
        if block := self._blocks.get(entry.cell):
            block.defined = [own for own in block.defined if own is not entry]
            block.kept = [own for own in block.kept if own is not entry]
            self._put(entry.cell, block.defined, block.kept)

    def substitute(self, old: Entry, value: Any, keys: frozenset[Hashable]) -> None:
        """Put another value with its keys into an entry, where it stands: it was analysed again."""
        self.exchange(old, replace(old, value=value, keys=keys))

    def exchange(self, old: Entry, new: Entry) -> None:
        """Put an entry of the same cell where another stands."""
        block = self._blocks[old.cell]
        self._claimed |= new.keys
        block.defined = [new if own is old else own for own in block.defined]
        block.kept = [new if own is old else own for own in block.kept]

    def adopt(self, former: "Ledger", creator: CellKey, *, is_complete: bool) -> tuple[Entry, ...]:
        """Take over from the ledger of a container that this one's takes the place of.

        Args:
            former: The ledger of the container before.
            creator: The cell that made both containers.
            is_complete: Its run ended well; else what it had defined in the former and did not reach comes too.

        Returns:
            What was taken over.
        """
        own = self.entries(creator)
        unreached = [entry for entry in former.entries(creator) if not any(_is_same(entry, new) for new in own)]
        taken = {cell: list(former.entries(cell)) for cell in former.cells - self.cells - {creator}}
        if not is_complete and unreached:
            self._put(creator, [*own, *unreached])
            taken[creator] = unreached
        self._claimed |= former._claimed
        for cell, entries in taken.items():
            if cell != creator:
                self._put(cell, entries)
        return tuple(entry for entries in taken.values() for entry in entries)

    def has_claimed(self, keys: frozenset[Hashable]) -> bool:
        """Whether one of the keys was ever defined here: only then can it be in conflict."""
        return not self._claimed.isdisjoint(keys)

    def standing(self, order: Sequence[CellKey]) -> list[Standing]:
        """What stands, in order: a winner where the first entry that it wins a key from stood, as if replaced there."""
        entries = [entry for cell in order if cell in self._blocks for entry in self._blocks[cell]]
        if _is_undisputed(entries):  # nearly always, and after each cell
            return [Standing(entry, entry.keys) for entry in entries]
        winners = _winners(entries)
        won = {entry: frozenset(key for key in entry.keys if winners[key] == entry.cell) for entry in entries}
        holders: dict[Hashable, list[int]] = {}
        for index, entry in enumerate(entries):
            for key in won[entry]:
                holders.setdefault(key, []).append(index)
        places: dict[int, None] = {}
        for index, entry in enumerate(entries):
            heirs = {heir for key in entry.keys for heir in holders[key]} if entry.keys else {index}
            places.update(dict.fromkeys(sorted(heirs)))
        return [Standing(entries[index], won[entries[index]]) for index in places]

    def conflicts(self) -> list[Conflict]:
        """The keys that more than one cell defines, with who wins."""
        all_entries = [entry for block in self._blocks.values() for entry in block]
        if _is_undisputed(all_entries):
            return []
        claims: dict[Hashable, list[Entry]] = {}
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

    def _put(self, cell: CellKey, defined: list[Entry], kept: Iterable[Entry] = ()) -> None:
        block = _Block(defined, list(kept))
        if any(True for _ in block):
            self._blocks[cell] = block
        else:
            self._blocks.pop(cell, None)


def _is_same(earlier: Entry, later: Entry) -> bool:
    """Whether the later one takes the earlier one's place in the same cell."""
    return bool(earlier.keys & later.keys) or (earlier.label is not None and earlier.label == later.label)


def _former(entry: Entry, kept: Sequence[Entry]) -> Entry | None:
    """Which entry of the cell's earlier run this one is: the same key before the same name."""
    for own in kept:
        if own.keys & entry.keys:
            return own
    return next((own for own in kept if own.label is not None and own.label == entry.label), None)


def _is_undisputed(entries: Iterable[Entry]) -> bool:
    """Whether no key is defined twice."""
    keys = [key for entry in entries for key in entry.keys]
    return len(set(keys)) == len(keys)


def _winners(entries: Iterable[Entry]) -> dict[Hashable, CellKey]:
    latest: dict[Hashable, Entry] = {}
    for entry in entries:
        for key in entry.keys:
            if key not in latest or entry.run > latest[key].run:
                latest[key] = entry
    return {key: entry.cell for key, entry in latest.items()}
