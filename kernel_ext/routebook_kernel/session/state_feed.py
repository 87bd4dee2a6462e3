"""Keeps views up to date: a state that is built when a view asks for it, then deltas, at most 20 a second."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar

from routebook_kernel.exceptions import HomeLoopError
from routebook_kernel.runtime.home import HomeLoop

INTERVAL_S = 0.05
"""The shortest time between two deltas: 20 a second."""
PATIENCE_S = 0.02
"""How long a change waits for more changes, and for the requests that follow a cell: they share the home loop."""

Snapshot = TypeVar("Snapshot")


class StateFeed(Generic[Snapshot]):
    """Sends the state of one kind of view; implements `session_api.Feed`. May be used from any thread.

    Changes are collected: code that changes something calls `touch`, and views receive the difference between the
    snapshot they have and the current one when the next delta is due. Nothing is sent until a view has asked for the
    state.

    Args:
        home: Where deltas are timed.
        take: Returns the current snapshot.
        difference: Returns the delta from one snapshot to the next, with a sequence number; None if nothing changed.
        format_state: Returns a snapshot as the state message has it.
    """

    def __init__(
        self,
        home: HomeLoop,
        take: Callable[[], Snapshot],
        difference: Callable[[Snapshot, Snapshot, int], Any],
        format_state: Callable[[Snapshot], Any] = lambda snapshot: snapshot,
    ) -> None:
        self._home = home
        self._take = take
        self._difference = difference
        self._format_state = format_state
        self._lock = threading.RLock()
        self._listeners: list[Callable[[Any], None]] = []
        self._seq = 0
        self._sent: Snapshot | None = None
        self._is_needed = False
        self._is_due = False
        self._sent_at = 0.0

    @property
    def is_followed(self) -> bool:
        """Whether a view has asked for the state, or listens."""
        return self._is_needed or bool(self._listeners)

    def state(self) -> tuple[int, Any]:
        """Return the sequence number and the whole state."""
        with self._lock:
            self._is_needed = True
            self._flush()
            if self._sent is None:
                self._sent = self._take()
            return self._seq, self._format_state(self._sent)

    def subscribe(self, listener: Callable[[Any], None]) -> Callable[[], None]:
        """Call `listener` with each delta, at most 20 a second, from any thread. Returns a function that ends it."""
        with self._lock:
            self._listeners.append(listener)

        def unsubscribe() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return unsubscribe

    def touch(self) -> None:
        """Note that something may have changed that views show.

        Takes no lock: the caller may hold one that `take` needs. If a delta is due already, its snapshot is still to be
        taken, and will include the change.
        """
        if self._is_due or not self._is_needed:
            return
        self._is_due = True
        wait_s = max(PATIENCE_S, self._sent_at + INTERVAL_S - time.monotonic())
        with suppress(HomeLoopError):  # the session has ended, and no view listens
            self._home.call_later(wait_s, self._flush)

    def _flush(self) -> None:
        """Send what has changed since the last delta."""
        with self._lock:
            self._is_due = False
            if self._sent is None:
                return
            snapshot = self._take()
            delta = self._difference(self._sent, snapshot, self._seq + 1)
            if delta is None:
                return
            self._seq, self._sent, self._sent_at = self._seq + 1, snapshot, time.monotonic()
            for listener in tuple(self._listeners):
                listener(delta)
