"""What a handler prints belongs to the request that caused it: a listener on the kernel's own streams.

The stream objects stay what they are (ipykernel routes them to cells); only their `write` also tells the request of
the current context. Contexts are copied into worker threads by anyio, so sync endpoints are heard too.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

MAX_CHARACTERS = 64 * 1024

_collector: ContextVar["Collected | None"] = ContextVar("routebook_output", default=None)


class Collected:
    """The text that one request printed, its first part."""

    __slots__ = ("_parts", "_room")

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._room = MAX_CHARACTERS

    def add(self, text: str) -> None:
        """Keep a piece while there is room."""
        if self._room > 0:
            self._parts.append(text[: self._room])
            self._room -= len(text)

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self._parts)


@contextmanager
def collected_output() -> Iterator[Collected]:
    """Collect what is printed in this context, threads and tasks started from it included."""
    collected = Collected()
    token = _collector.set(collected)
    try:
        yield collected
    finally:
        _collector.reset(token)


class OutputListener:
    """Listens to `sys.stdout` and `sys.stderr` between `install` and `uninstall`."""

    def __init__(self) -> None:
        self._streams: list[Any] = []

    def install(self) -> None:
        """Begin to listen; a stream that takes no attributes (a plain file) is left alone."""
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.write = _listening(stream.write)  # type: ignore[method-assign]
            except (AttributeError, TypeError):
                continue
            self._streams.append(stream)

    def uninstall(self) -> None:
        """Stop listening."""
        for stream in self._streams:
            del stream.write
        self._streams.clear()


def _listening(write: Callable[[str], int]) -> Callable[[str], int]:
    def heard(text: str) -> int:
        if (collected := _collector.get()) is not None:
            collected.add(text)
        return write(text)

    return heard
