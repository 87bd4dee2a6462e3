"""The record of every exchange: bounded by count and by bytes, safe from any thread."""

import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterator

from routebook_kernel.records import Exchange


class ExchangeLog:
    """The last exchanges, oldest first.

    Args:
        max_count: How many are kept.
        max_bytes: How much memory they may hold together, about; the newest is always kept.
    """

    def __init__(self, *, max_count: int = 2000, max_bytes: int = 32 * 1024 * 1024) -> None:
        self.max_count = max_count
        self.max_bytes = max_bytes
        self._lock = threading.Lock()
        self._kept: deque[tuple[Exchange, int]] = deque()
        self._size_bytes = 0
        self._ids = itertools.count(1)
        self._total = 0
        self._listeners: tuple[Callable[[Exchange], None], ...] = ()

    def next_id(self) -> int:
        """The id of the next exchange; a request takes it when it begins."""
        return next(self._ids)

    def add(self, exchange: Exchange) -> None:
        """Keep an exchange, letting go of the oldest where there is no room, and tell the listeners."""
        size_bytes = exchange.size_bytes
        with self._lock:
            self._kept.append((exchange, size_bytes))
            self._total += 1
            self._size_bytes += size_bytes
            while len(self._kept) > self.max_count or (self._size_bytes > self.max_bytes and len(self._kept) > 1):
                self._size_bytes -= self._kept.popleft()[1]
            listeners = self._listeners
        for listener in listeners:
            listener(exchange)

    def subscribe(self, listener: Callable[[Exchange], None]) -> Callable[[], None]:
        """Call `listener` with each exchange, on the thread that adds it; the result ends it."""
        with self._lock:
            self._listeners = (*self._listeners, listener)

        def unsubscribe() -> None:
            with self._lock:
                self._listeners = tuple(other for other in self._listeners if other is not listener)

        return unsubscribe

    @property
    def total(self) -> int:
        """How many exchanges there ever were, kept or let go."""
        return self._total

    @property
    def size_bytes(self) -> int:
        """About how much memory the kept ones hold."""
        return self._size_bytes

    def get(self, id: int) -> Exchange | None:
        """The exchange with this id, while it is kept."""
        return next((exchange for exchange in self if exchange.id == id), None)

    def clear(self) -> None:
        """Let go of all."""
        with self._lock:
            self._kept.clear()
            self._size_bytes = 0

    def __iter__(self) -> Iterator[Exchange]:
        with self._lock:
            kept = tuple(self._kept)
        return iter([exchange for exchange, _ in kept])

    def __len__(self) -> int:
        return len(self._kept)
