"""What keeps views in step: a state that is built when asked for, and deltas, at most 20 a second."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar

from routebook_kernel.exceptions import HomeLoopError
from routebook_kernel.runtime.home import HomeLoop

INTERVAL_S = 0.05
"""The least time between two deltas: 20 a second."""
PATIENCE_S = 0.02
"""How long a change waits for others, and for the requests that follow a cell: they share the home loop."""

Snapshot = TypeVar("Snapshot")


class Feed(Generic[Snapshot]):
    """The one sender of a view's state; implements `session_api.Feed`.

    Changes are gathered: whoever changes something calls `touch`, and what views hear is the difference between the
    snapshot they know and the one that stands when the next delta is due. Nothing is sent until somebody has asked
    for the state. Safe from any thread.

    Args:
        home: Where deltas are timed.
        take: The snapshot that stands.
        difference: The delta from one snapshot to the next with its sequence number; None when nothing changed.
        told: A snapshot as the state message has it.
    """

    def __init__(
        self,
        home: HomeLoop,
        take: Callable[[], Snapshot],
        difference: Callable[[Snapshot, Snapshot, int], Any],
        told: Callable[[Snapshot], Any] = lambda snapshot: snapshot,
    ) -> None:
        self._home = home
        self._take = take
        self._difference = difference
        self._told = told
        self._lock = threading.RLock()
        self._listeners: list[Callable[[Any], None]] = []
        self._seq = 0
        self._known: Snapshot | None = None
        self._is_asked = False
        self._is_due = False
        self._sent_at = 0.0

    @property
    def is_followed(self) -> bool:
        """Whether anybody has asked for the state, or listens."""
        return self._is_asked or bool(self._listeners)

    def state(self) -> tuple[int, Any]:
        """The whole state and its sequence number."""
        with self._lock:
            self._is_asked = True
            self._flush()
            if self._known is None:
                self._known = self._take()
            return self._seq, self._told(self._known)

    def subscribe(self, listener: Callable[[Any], None]) -> Callable[[], None]:
        """Call `listener` with each delta, at most 20 a second, from any thread; the result ends it."""
        with self._lock:
            self._listeners.append(listener)

        def unsubscribe() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return unsubscribe

    def touch(self) -> None:
        """Something that views show may have changed.

        Takes no lock: whoever calls it may hold one that `take` needs. Where a delta is due, its snapshot is yet to be
        taken, and has the change in it.
        """
        if self._is_due or not self._is_asked:
            return
        self._is_due = True
        wait_s = max(PATIENCE_S, self._sent_at + INTERVAL_S - time.monotonic())
        with suppress(HomeLoopError):  # after the end of the session nobody listens any longer
            self._home.call_later(wait_s, self._flush)

    def _flush(self) -> None:
        """Send what changed since the last delta."""
        with self._lock:
            self._is_due = False
            if self._known is None:
                return
            snapshot = self._take()
            delta = self._difference(self._known, snapshot, self._seq + 1)
            if delta is None:
                return
            self._seq, self._known, self._sent_at = self._seq + 1, snapshot, time.monotonic()
            for listener in tuple(self._listeners):
                listener(delta)
