"""An exception that ends a cell is shown by the user's own lines: our frames, and those of what we call, are left out.

A cell that is interrupted while it waits for the home loop shows KeyboardInterrupt: what runs there is cancelled, so
that everything in it cleans up as asyncio wants it, and of an async cell IPython would therefore show a CancelledError.
"""

import sys
from asyncio import CancelledError
from collections.abc import Callable
from types import CodeType, TracebackType
from typing import Any

from routebook_kernel.runtime.home import HomeLoop


class ShownErrors:
    """Shows exceptions by the lines of the user.

    Args:
        home: Knows whether there was an interrupt.
        is_users: Whether code is the user's own.
        is_ours: Whether code is the framework's or the extension's.
    """

    def __init__(
        self, home: HomeLoop, is_users: Callable[[CodeType], bool], is_ours: Callable[[CodeType], bool]
    ) -> None:
        self._home = home
        self._is_users = is_users
        self._is_ours = is_ours
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
        """The exception of a cell as a person should hear of it: an interrupt by its name."""
        if not isinstance(error, CancelledError | KeyboardInterrupt) or not self._home.is_interrupted:
            return error
        arguments = error.args if isinstance(error, KeyboardInterrupt) else ()
        return KeyboardInterrupt(*arguments).with_traceback(self._cut(error.__traceback__, is_interrupt=True))

    def _show(self, exc_tuple: Any = None, *args: Any, **options: Any) -> None:
        error = sys.exc_info()[1] if exc_tuple is None else exc_tuple[1]
        if (told := self.told(error)) is not None:
            exc_tuple = (type(told), told, self._cut(told.__traceback__))
            self._cut_causes(told)
        self._former(exc_tuple, *args, **options)

    def _cut_causes(self, error: BaseException) -> None:
        seen = {id(error)}
        cause = error.__cause__ or error.__context__
        while cause is not None and id(cause) not in seen:
            seen.add(id(cause))
            cause.__traceback__ = self._cut_cause(cause.__traceback__)
            cause = cause.__cause__ or cause.__context__

    def _cut(self, traceback: TracebackType | None, *, is_interrupt: bool = False) -> TracebackType | None:
        """The first frame, which is IPython's and which it hides, the user's, and what these called beyond ours.

        All where none is the user's; of an interrupt only where the user's code was, not what was waited for there.
        """
        frames, users, ours = self._sorted(traceback)
        if is_interrupt and not users:  # an async cell was left behind, with its frames
            return _chained(frames, {0})
        if not users or not (ours or is_interrupt):
            return traceback
        beyond = len(frames) if is_interrupt else max(users | ours) + 1
        return _chained(frames, users | {0, *range(beyond, len(frames))})

    def _cut_cause(self, traceback: TracebackType | None) -> TracebackType | None:
        """As of the exception itself, but without a first frame; none where all happened inside of ours."""
        frames, users, ours = self._sorted(traceback)
        if not ours:
            return traceback
        return _chained(frames, users | set(range(max(users | ours) + 1, len(frames)))) if users else None

    def _sorted(self, traceback: TracebackType | None) -> tuple[list[TracebackType], set[int], set[int]]:
        """The frames, and which of them are the user's and which ours."""
        frames: list[TracebackType] = []
        while traceback is not None:
            frames.append(traceback)
            traceback = traceback.tb_next
        users = {index for index, frame in enumerate(frames) if self._is_users(frame.tb_frame.f_code)}
        return frames, users, {index for index, frame in enumerate(frames) if self._is_ours(frame.tb_frame.f_code)}


def _chained(frames: list[TracebackType], kept: set[int]) -> TracebackType | None:
    """A traceback of some frames."""
    chain = None
    for index in sorted(kept, reverse=True):
        chain = TracebackType(chain, frames[index].tb_frame, frames[index].tb_lasti, frames[index].tb_lineno)
    return chain
