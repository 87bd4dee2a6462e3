"""What a handler prints belongs to the request that caused it: a listener on the kernel's own streams.

The stream objects stay what they are (ipykernel routes them to cells); only their `write` also tells the request of
the current context. Contexts are copied into worker threads by anyio, so sync endpoints are heard too.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar

MAX_CHARACTERS = 64 * 1024

_collector: ContextVar["Collected | None"] = ContextVar("routebook_output", default=None)


class Collected:
    """The text that one request printed, its first part.

    Args:
        is_shown: Whether it is printed too.
    """

    __slots__ = ("_parts", "_room", "is_shown")

    def __init__(self, *, is_shown: bool = True) -> None:
        self.is_shown = is_shown
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


class collected_output:  # a context manager, as a function would be, at a third of its cost
    """Collect what is printed in this context, threads and tasks started from it included.

    Args:
        is_shown: Whether it is printed too.
    """

    __slots__ = ("_collected", "_token")

    def __init__(self, *, is_shown: bool = True) -> None:
        self._collected = Collected(is_shown=is_shown)

    def __enter__(self) -> Collected:
        self._token = _collector.set(self._collected)
        return self._collected

    def __exit__(self, *exception: object) -> None:
        _collector.reset(self._token)


class _Listening:
    """A stream's `write` that also tells the request of the current context."""

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

    IPython exchanges the streams' `write` while a cell runs, and puts back what it found. What is installed inside a
    cell is therefore gone with the cell, and what is taken away comes back: both are called again after it.
    """

    def __init__(self) -> None:
        self.is_on = False

    def install(self) -> None:
        """Begin to listen; a stream that takes no attributes (a plain file) is left alone."""
        self.is_on = True
        for stream in (sys.stdout, sys.stderr):
            if not isinstance(stream.write, _Listening):
                with suppress(AttributeError, TypeError):
                    vars(stream)["write"] = _Listening(self, stream.write)

    def uninstall(self) -> None:
        """Stop listening."""
        self.is_on = False
        for stream in (sys.stdout, sys.stderr):
            if isinstance(write := stream.write, _Listening):
                vars(stream)["write"] = write.inner
