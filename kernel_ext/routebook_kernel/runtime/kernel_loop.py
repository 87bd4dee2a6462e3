"""The kernel's own loop as home, where no thread can start: in Pyodide, so in JupyterLite.

Cells, handlers and views share one loop and one thread. A handler runs while a cell waits (`await`, or an ordinary
cell that the browser can suspend), and not while a cell computes. There are no sockets: nothing is served.

Spec: Pyodide, `pyodide.ffi.run_sync` (JavaScript Promise Integration).
"""

import asyncio
import inspect
import sys
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from types import FrameType
from typing import Any, TypeVar

from routebook import threads
from routebook_kernel.exceptions import HomeLoopError
from routebook_kernel.runtime.home import HomeLoop, LoopRunning

T = TypeVar("T")

_COROUTINE = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


class KernelLoop(HomeLoop):
    """The loop that runs the cells."""

    has_sockets = False
    _loop: asyncio.AbstractEventLoop | None = None
    _last: "asyncio.Task[Any] | None" = None  # held, so that it is not collected before it ends

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The kernel's loop.

        Raises:
            HomeLoopError: If the extension was unloaded.
        """
        if self._is_closed:
            raise HomeLoopError("The home loop is closed. Load the extension again: %load_ext routebook_kernel")
        self._loop = self._loop or asyncio.get_event_loop()
        return self._loop

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Start a coroutine."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def call_soon(self, callback: Callable[..., object], *args: Any) -> None:
        """Call a plain function on the loop."""
        self.loop.call_soon_threadsafe(callback, *args)

    def call_later(self, delay_s: float, callback: Callable[[], object]) -> None:
        """Call a plain function on the loop after a time."""
        self.loop.call_later(delay_s, callback)

    @property
    def is_here(self) -> bool:
        """Whether the caller is part of a coroutine, and so is given awaitables; an ordinary cell is not.

        One thread runs all, so the calls tell: the nearest of an `async def`, a cell, and an endpoint run inline.
        """
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_flags & _COROUTINE:
                return True
            if frame.f_code is threads.call_inline.__code__ or frame.f_locals is frame.f_globals:
                return False
            frame = frame.f_back
        return False

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine and wait for its result, where the browser can suspend an ordinary cell.

        Raises:
            HomeLoopError: It cannot, or the caller is part of a coroutine.
        """
        run_sync = None if self.is_here else threads.find_run_sync()
        if run_sync is None:
            coroutine.close()
            raise HomeLoopError(
                "This kernel has one thread, so an ordinary call cannot wait for an answer here: write `await` before "
                'it, for example `await client.get("/")`.'
            )
        result: T = run_sync(coroutine)
        return result

    def run_within(self, coroutine: Coroutine[Any, Any, T], timeout_s: float) -> T:
        """Run a coroutine as `run` does, but wait no longer than `timeout_s`; what is late is cancelled.

        Raises:
            HomeLoopError: An ordinary call cannot wait here.
            TimeoutError: It took longer.
        """
        return self.run(asyncio.wait_for(coroutine, timeout_s))

    def install(self, shell: LoopRunning) -> None:
        """Nothing to do: async cells run on this loop already."""

    def run_last(self, coroutine: Coroutine[Any, Any, object], timeout_s: float) -> None:
        """Start a coroutine before closing; it ends after the call that closes, which has the only thread."""
        try:
            self._last = asyncio.get_running_loop().create_task(coroutine)
        except RuntimeError:  # no loop runs any more
            coroutine.close()

    def close(self, timeout_s: float = 2.0) -> None:
        """Run nothing more; the loop is the kernel's and goes on."""
        self._is_closed = True


def make_home() -> HomeLoop:
    """A loop on a thread of its own; the kernel's loop where no thread can start."""
    return HomeLoop() if threads.are_available() else KernelLoop()
