"""The order of the cells, as in a fresh run of the notebook.

The kernel doesn't know where a cell is in the notebook. So a cell keeps the position of its first run, whatever runs
later: editing a cell doesn't move it. Only a run of the whole notebook gives the cells a new order. Such a run begins
with the cell that creates the application, and its cells follow each other as fast as the kernel takes them.
"""

import time
from collections.abc import Callable

from routebook_kernel.records import CellKey

MAX_PAUSE_S = 3.0
"""The longest pause between two cells of one run of the whole notebook."""


class RunOrder:
    """The cells in order, and the run of the whole notebook that may be in progress."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.cells: list[CellKey] = []
        self._clock = clock
        self._burst: list[CellKey] | None = None
        self._last_finish = 0.0

    def begin_run(self, cell: CellKey) -> None:
        """Begin a run of a cell."""
        if cell not in self.cells:
            self.cells.append(cell)
        if self._burst is not None and self._clock() - self._last_finish > MAX_PAUSE_S:
            self._burst = None

    def expect_full_run(self, creator: CellKey) -> None:
        """Note that the cell that creates the application ran again: a run of the whole notebook may have begun."""
        self._burst = [creator]

    def finish_run(self, cell: CellKey, owning: frozenset[CellKey], *, has_completed: bool) -> None:
        """Finish a run of a cell. Once every cell that owns something has run in one go, that becomes the order.

        Args:
            cell: The cell that ran.
            owning: The cells that own something.
            has_completed: Whether its run completed.
        """
        self._last_finish = self._clock()
        if self._burst is None:
            return
        if not has_completed:
            self._burst = None
            return
        if cell not in self._burst:
            self._burst.append(cell)
        if owning <= set(self._burst):
            places = sorted(self.cells.index(ran) for ran in self._burst)
            for place, ran in zip(places, list(self._burst), strict=True):
                self.cells[place] = ran

    def forget(self, cell: CellKey) -> None:
        """Remove a deleted cell."""
        if cell in self.cells:
            self.cells.remove(cell)
        if self._burst is not None and cell in self._burst:
            self._burst.remove(cell)

    def is_last(self, cell: CellKey, among: frozenset[CellKey]) -> bool:
        """Whether no cell of `among` comes after this one."""
        if cell not in self.cells:
            return not among - {cell}
        return not any(other in among for other in self.cells[self.cells.index(cell) + 1 :])
