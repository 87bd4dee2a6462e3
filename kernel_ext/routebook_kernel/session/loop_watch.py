"""Says what blocks the home loop, and what was lost when it had to be replaced."""

import asyncio
import contextlib
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from routebook_kernel.runtime.home import HomeLoop, Renewal
from routebook_kernel.runtime.loop_position import LoopPosition, PositionFinder
from routebook_kernel.runtime.loop_thread import LoopThread

_BOUND_TYPES = (asyncio.Future, asyncio.Lock, asyncio.Event, asyncio.Condition, asyncio.Semaphore, asyncio.Queue)
_MAX_NAMED = 6


class LoopWatch:
    """Listens to the home loop and announces what a person has to know of it. Called from any thread.

    Args:
        home: The loop.
        finder: Finds the lines of the user's own code.
        namespace: The notebook's variables, some of which may belong to a loop.
        announce: Shows a sentence.
    """

    def __init__(
        self,
        home: HomeLoop,
        finder: PositionFinder,
        namespace: Mapping[str, Any],
        announce: Callable[[str], None],
    ) -> None:
        self._home = home
        self._finder = finder
        self._namespace = namespace
        self._announce = announce
        self._blocker = LoopPosition("", "", "")

    def find_blocker(self) -> LoopPosition | None:
        """Return the line that blocks the loop; None if it responds, or if the caller runs on it."""
        thread = self._home.thread
        return None if thread.responds(0.3) else self._finder.of_thread(thread.ident)

    def describe_tasks(self, tasks: Iterable["asyncio.Task[Any]"], verb: str) -> str:
        """Say where tasks wait: "The lifespan (cell [3], line 4) has not started: `await …`."."""
        return " ".join(self._finder.of_task(task).describe(verb) for task in tasks)

    # What the home loop asks and says

    def runs_user_code(self, thread: LoopThread) -> bool:
        """Whether a loop's thread is in the user's own code just now."""
        return bool(self._finder.of_thread(thread.ident).place)

    def tell_blocked(self, thread: LoopThread) -> None:
        """Somebody waits for the loop, which doesn't respond."""
        blocker = self._finder.of_thread(thread.ident)
        self._announce(
            f"{blocker.describe('blocks the event loop')} No request gets a response until it ends. "
            "To end it, stop this cell."
        )

    def note_blocker(self, thread: LoopThread) -> None:
        """What blocks the loop is about to be interrupted."""
        self._blocker = self._finder.of_thread(thread.ident)

    def tell_interrupted(self) -> None:
        """What blocked the loop has ended."""
        self._announce(self._blocker.describe("blocked the event loop and was interrupted"))

    def tell_renewed(self, renewal: Renewal, lifespans: Iterable[str], is_served: bool) -> None:
        """Another loop has taken the place of the blocked one.

        Args:
            renewal: The two loops.
            lifespans: The names of the applications that had started.
            is_served: Whether the server goes on.
        """
        sentences = [
            self._blocker.describe("blocks the event loop and can't be interrupted"),
            "A new event loop has taken its place" + (", and the server has moved to it." if is_served else "."),
        ]
        if lost := list(self._iter_lost(renewal.previous, lifespans)):
            sentences.append(f"Lost with the old one: {'; '.join(lost)}.")
        self._announce(" ".join(sentences))

    def _iter_lost(self, previous: LoopThread, lifespans: Iterable[str]) -> Iterator[str]:
        if names := [f"`{name}`" for name in lifespans]:
            yield f"the lifespan of {_join(names)}, whose shutdown hasn't run"
        positions = [self._finder.of_task(task) for task in _tasks_of(previous.loop)]
        unfinished = {str(each): None for each in positions if each.place and each.subject != "the lifespan"}
        if unfinished:
            yield f"unfinished: {_join(list(unfinished))}"
        if names := [f"`{name}`" for name in self._iter_bound(previous.loop)]:
            yield f"{_join(names)}, made on the old loop (run the cells that make them)"

    def _iter_bound(self, loop: asyncio.AbstractEventLoop) -> Iterator[str]:
        """The notebook's variables that belong to a loop."""
        for name, value in tuple(self._namespace.items()):
            if not name.startswith("_") and isinstance(value, _BOUND_TYPES) and _loop_of(value) is loop:
                yield name


def _loop_of(value: Any) -> Any:
    """The loop of asyncio's own objects; those that nothing has waited for yet belong to none."""
    if isinstance(value, asyncio.Future):
        return value.get_loop()
    with contextlib.suppress(AttributeError):
        return inspect.getattr_static(value, "_loop")
    return None


def _tasks_of(loop: asyncio.AbstractEventLoop) -> list["asyncio.Task[Any]"]:
    try:
        return list(asyncio.all_tasks(loop))
    except RuntimeError:  # the thread went on, and changes them
        return []


def _join(parts: list[str]) -> str:
    more = len(parts) - _MAX_NAMED
    shown = parts[:_MAX_NAMED] + ([f"{more} more"] if more > 0 else [])
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
