"""Where the home loop is: the line that blocks it, or the line at which one of its tasks waits.

Spec: Python, `sys._current_frames`, `coroutine.cr_await`; ASGI, connection scope.
"""

import asyncio
import gc
import linecache
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, CoroutineType, FrameType
from typing import Any

from routebook_kernel.recording.failures import CellOf
from routebook_kernel.runtime.recorder import operation_of

_MAX_DEPTH = 200


@dataclass(frozen=True, slots=True)
class LoopPosition:
    """A line that is being executed or awaited, as the person who wrote it would name it.

    Attributes:
        subject: The operation, such as "GET /items", "the lifespan", or "" for other code.
        place: For example "cell [3], line 4"; "" if none of the code is the user's own.
        source: The text of that line.
    """

    subject: str
    place: str
    source: str

    def __str__(self) -> str:
        where = f" ({self.place})" if self.subject and self.place else self.place
        return f"{self.subject}{where}" or "code outside the notebook"

    def describe(self, verb: str) -> str:
        """A sentence such as "GET /slow (cell [3], line 4) blocks the event loop: `time.sleep(1000)`."."""
        text = str(self)
        source = f": `{self.source}`" if self.source else ""
        return f"{text[0].upper()}{text[1:]} {verb}{source}."


@dataclass(frozen=True, slots=True)
class PositionFinder:
    """Finds positions in the user's own code.

    Args:
        cell_of: Returns the cell of a code object, or None.
        is_users: Whether a code object is the user's own.
    """

    cell_of: CellOf
    is_user_code: Callable[[CodeType], bool]

    def of_thread(self, ident: int) -> LoopPosition:
        """The position of a thread, from any other thread."""
        frame = sys._current_frames().get(ident)
        return self._find(list(_iter_callers(frame)))

    def of_task(self, task: "asyncio.Task[Any]") -> LoopPosition:
        """The position at which a task waits."""
        return self._find(list(_iter_awaited(task))[::-1])

    def _find(self, frames: list[FrameType]) -> LoopPosition:
        """The innermost line of the user's own, and the request or lifespan that it belongs to; innermost first."""
        subject = next(filter(None, map(_subject_of, frames)), "")
        for frame in frames:
            cell = self.cell_of(frame.f_code)
            if cell is None and not self.is_user_code(frame.f_code):
                continue
            filename = frame.f_code.co_filename
            line = frame.f_lineno
            where = f"cell {cell.label}" if cell else Path(filename).name
            source = linecache.getline(filename, line, frame.f_globals).strip()
            return LoopPosition(subject, f"{where}, line {line}", source)
        return LoopPosition(subject, "", "")


def _iter_callers(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _iter_awaited(awaitable: Any) -> Iterator[FrameType]:
    """The frames of a chain of awaits, outermost first; tasks are followed into their coroutines."""
    seen: set[int] = set()
    for _ in range(_MAX_DEPTH):
        if awaitable is None or id(awaitable) in seen:
            return
        seen.add(id(awaitable))
        if isinstance(awaitable, asyncio.Task):
            awaitable = awaitable.get_coro()
            continue
        frame = _attribute(awaitable, "frame")
        if frame is not None:
            yield frame
        awaitable = _next_awaited(awaitable)


def _next_awaited(awaitable: Any) -> Any:
    if isinstance(awaitable, CoroutineType) or _attribute(awaitable, "frame") is not None:
        following = _attribute(awaitable, "await")
        return following if following is not None else getattr(awaitable, "gi_yieldfrom", None)
    # What CPython wraps around an asynchronous generator tells what it holds to the garbage collector only.
    return next((each for each in gc.get_referents(awaitable) if _attribute(each, "frame") is not None), None)


def _attribute(awaitable: Any, name: str) -> Any:
    """`cr_frame`, `ag_frame` or `gi_frame`, by type: a user's own awaitable may raise for any attribute."""
    if type(awaitable).__module__ != "builtins":
        return None
    return next(
        (found for prefix in ("cr", "ag", "gi") if (found := getattr(awaitable, f"{prefix}_{name}", None)) is not None),
        None,
    )


def _subject_of(frame: FrameType) -> str:
    """The request or lifespan that a frame serves: every ASGI application has its `scope`."""
    scope = frame.f_locals.get("scope")
    if type(scope) is not dict:
        return ""
    return _subject_of_scope(scope)


def _subject_of_scope(scope: Mapping[str, Any]) -> str:
    match scope.get("type"):
        case "lifespan":
            return "the lifespan"
        case "http" | "websocket" if isinstance(path := scope.get("path"), str):
            method = scope.get("method", "WEBSOCKET")
            return operation_of(scope) or f"{method} {path}"  # type: ignore[arg-type]
        case _:
            return ""
