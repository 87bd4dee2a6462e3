"""A cell that is interrupted while it waits for the home loop shows KeyboardInterrupt, at its own line.

What runs there is cancelled, so that everything in it cleans up as asyncio wants it; of an async cell IPython would
therefore show a CancelledError, of every cell our own frames.
"""

import sys
from asyncio import CancelledError
from collections.abc import Callable
from types import CodeType, TracebackType
from typing import Any

from routebook_kernel.runtime.home import HomeLoop


class ShownInterrupts:
    """Shows an interrupt by the lines of the user.

    Args:
        home: Knows whether there was an interrupt.
        is_users: Whether code is the user's own; the frames of other code are left out.
    """

    def __init__(self, home: HomeLoop, is_users: Callable[[CodeType], bool]) -> None:
        self._home = home
        self._is_users = is_users
        self._shell: Any = None
        self._former: Any = None

    def install(self, shell: Any) -> None:
        """Take the place of the shell's `showtraceback`."""
        self._shell, self._former = shell, shell.showtraceback
        shell.showtraceback = self._show

    def uninstall(self) -> None:
        """Give the shell back what it had."""
        if self._shell is not None and self._shell.showtraceback == self._show:
            self._shell.showtraceback = self._former
        self._shell = self._former = None

    def told(self, error: BaseException | None) -> BaseException | None:
        """The exception of a cell as a person should hear of it."""
        if not isinstance(error, CancelledError | KeyboardInterrupt) or not self._home.is_interrupted:
            return error
        arguments = error.args if isinstance(error, KeyboardInterrupt) else ()
        return KeyboardInterrupt(*arguments).with_traceback(self._cut(error.__traceback__))

    def _show(self, exc_tuple: Any = None, *args: Any, **options: Any) -> None:
        error = sys.exc_info()[1] if exc_tuple is None else exc_tuple[1]
        if (told := self.told(error)) is not error and told is not None:
            exc_tuple = (type(told), told, told.__traceback__)
        self._former(exc_tuple, *args, **options)

    def _cut(self, traceback: TracebackType | None) -> TracebackType | None:
        """The first frame, which is IPython's and which it hides, and the user's."""
        frames: list[TracebackType] = []
        while traceback is not None:
            if not frames or self._is_users(traceback.tb_frame.f_code):
                frames.append(traceback)
            traceback = traceback.tb_next
        kept = None
        for frame in reversed(frames):
            kept = TracebackType(kept, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
        return kept
