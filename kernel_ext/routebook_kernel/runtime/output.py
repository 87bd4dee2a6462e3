"""Captures what handlers print, for the request that they handle.

ipykernel's streams, which route output to cells, stay in place. Only their `write` is wrapped, to copy the text to the
request of the current context. anyio copies contexts into worker threads, so this works for sync endpoints too.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar

MAX_CHARACTERS = 64 * 1024

_collector: ContextVar["OutputBuffer | None"] = ContextVar("routebook_output", default=None)


class OutputBuffer:
    """The first part of the text that one request printed.

    Args:
        is_shown: Whether the text is printed too.
    """

    __slots__ = ("_parts", "_room", "is_shown")

    def __init__(self, *, is_shown: bool = True) -> None:
        self.is_shown = is_shown
        self._parts: list[str] = []
        self._room = MAX_CHARACTERS

    def add(self, text: str) -> None:
        """Append text while there's room."""
        if self._room > 0:
            self._parts.append(text[: self._room])
            self._room -= len(text)

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(self._parts)


class capture_output:  # a context manager, as a function would be, at a third of its cost
    """Capture what is printed in this context, including in threads and tasks started from it.

    Args:
        is_shown: Whether the text is printed too.
    """

    __slots__ = ("_collected", "_token")

    def __init__(self, *, is_shown: bool = True) -> None:
        self._collected = OutputBuffer(is_shown=is_shown)

    def __enter__(self) -> OutputBuffer:
        self._token = _collector.set(self._collected)
        return self._collected

    def __exit__(self, *exception: object) -> None:
        _collector.reset(self._token)


class _ObservedWrite:
    """A stream's `write` that also copies the text to the request of the current context."""

    def __init__(self, listener: "OutputListener", write: Callable[[str], int]) -> None:
        self.inner = write
        self._listener = listener

    def __call__(self, text: str) -> int:
        if self._listener.is_on and (collected := _collector.get()) is not None:
            collected.add(text)
            if not collected.is_shown:
                return len(text)
        return self.inner(text)


class OutputListener:
    """Listens to `sys.stdout` and `sys.stderr` between `install` and `uninstall`.

    IPython replaces the streams' `write` while a cell runs and restores it afterwards, which undoes an `install` or
    `uninstall` inside the cell. So both are called again after the cell.
    """

    def __init__(self) -> None:
        self.is_on = False

    def install(self) -> None:
        """Start listening. Streams whose attributes can't be set, such as plain files, are skipped."""
        self.is_on = True
        for stream in (sys.stdout, sys.stderr):
            if not isinstance(stream.write, _ObservedWrite):
                with suppress(AttributeError, TypeError):
                    vars(stream)["write"] = _ObservedWrite(self, stream.write)

    def uninstall(self) -> None:
        """Stop listening."""
        self.is_on = False
        for stream in (sys.stdout, sys.stderr):
            if isinstance(write := stream.write, _ObservedWrite):
                vars(stream)["write"] = write.inner
