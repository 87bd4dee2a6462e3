"""The log of exchanges, limited in number and memory. Safe to use from any thread."""

import itertools
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator

from routebook_kernel.records import Exchange


class ExchangeLog:
    """The most recent exchanges, oldest first.

    Args:
        max_count: The maximum number of exchanges.
        max_bytes: About how much memory they may take in total. The newest exchange always stays.
    """

    def __init__(self, *, max_count: int = 2000, max_bytes: int = 32 * 1024 * 1024) -> None:
        self.max_count = max_count
        self.max_bytes = max_bytes
        self._lock = threading.Lock()
        self._exchanges: OrderedDict[int, Exchange] = OrderedDict()
        self._sizes: dict[int, int] = {}  # separate: pairs would be more work for the gc
        self._size_bytes = 0
        self._ids = itertools.count(1)
        self._total = 0
        self._listeners: tuple[Callable[[Exchange], None], ...] = ()

    def next_id(self) -> int:
        """Return the id of the next exchange. A request takes it when it begins."""
        return next(self._ids)

    def add(self, exchange: Exchange) -> None:
        """Add an exchange, remove the oldest ones if there's no room, and notify the listeners."""
        self._store(exchange, 1)

    def update(self, exchange: Exchange) -> None:
        """Replace the exchange with the same id and notify the listeners: an open WebSocket has new messages."""
        self._store(exchange, 0)

    def _store(self, exchange: Exchange, count: int) -> None:
        size_bytes = exchange.size_bytes
        with self._lock:
            self._size_bytes += size_bytes - self._sizes.get(exchange.id, 0)
            self._exchanges[exchange.id] = exchange
            self._sizes[exchange.id] = size_bytes
            self._total += count
            if len(self._exchanges) > self.max_count or self._size_bytes > self.max_bytes:
                self._evict()
            listeners = self._listeners
        for listener in listeners:
            listener(exchange)

    def _evict(self) -> None:
        while len(self._exchanges) > self.max_count or (self._size_bytes > self.max_bytes and len(self._exchanges) > 1):
            evicted, _ = self._exchanges.popitem(last=False)
            self._size_bytes -= self._sizes.pop(evicted)

    def resize(self, *, max_count: int | None = None, max_bytes: int | None = None) -> None:
        """Change the limits, and remove exchanges beyond them.

        Raises:
            ValueError: If a limit is below 1.
        """
        count = self.max_count if max_count is None else max_count
        size_bytes = self.max_bytes if max_bytes is None else max_bytes
        if count < 1 or size_bytes < 1:
            raise ValueError("The log needs room for at least 1 exchange and 1 byte.")
        with self._lock:
            self.max_count, self.max_bytes = count, size_bytes
            self._evict()

    def subscribe(self, listener: Callable[[Exchange], None]) -> Callable[[], None]:
        """Call `listener` with each exchange, on the thread that adds it. The result unsubscribes.

        An exchange with a known id replaces the earlier one: an open WebSocket has new messages.
        """
        with self._lock:
            self._listeners = (*self._listeners, listener)

        def unsubscribe() -> None:
            with self._lock:
                self._listeners = tuple(other for other in self._listeners if other is not listener)

        return unsubscribe

    @property
    def total(self) -> int:
        """How many exchanges there have ever been, including removed ones."""
        return self._total

    @property
    def size_bytes(self) -> int:
        """About how much memory the exchanges take."""
        return self._size_bytes

    def get(self, id: int) -> Exchange | None:
        """Return the exchange with this id, or None if it was removed."""
        with self._lock:
            return self._exchanges.get(id)

    def clear(self) -> None:
        """Remove all exchanges."""
        with self._lock:
            self._exchanges.clear()
            self._sizes.clear()
            self._size_bytes = 0

    def __iter__(self) -> Iterator[Exchange]:
        with self._lock:
            return iter(tuple(self._exchanges.values()))

    def __len__(self) -> int:
        return len(self._exchanges)
