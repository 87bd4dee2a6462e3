"""The home loop: one daemon thread with one asyncio loop, home to the application and all that is async around it.

The application, the uvicorn server, the in-process client and every async cell run on this loop, so that a lock, a
queue or a database connection made in an async cell works inside a handler, and a blocking call in an ordinary cell
never stops the server. Nothing is patched: IPython's configurable `loop_runner` points here while the extension is
loaded.
"""

import asyncio
import contextlib
import ctypes
import math
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, wait
from contextvars import copy_context
from typing import Any, Generic, Protocol, TypeVar

from routebook_kernel.exceptions import HomeLoopError

T = TypeVar("T")

LOOK_S = 0.2
"""How often a thread that waits looks for an interrupt: not every system wakes it for one."""

GRACE_S = 1.0
"""How long blocking code may hold the loop after an interrupt before its thread is interrupted as well."""


class LoopRunning(Protocol):
    """The part of IPython's shell that says how an async cell is run."""

    loop_runner: Any


class HomeLoop:
    """One asyncio loop on a daemon thread of its own, started at the first need.

    Attributes:
        has_sockets: Whether a server can listen on this loop.
    """

    has_sockets = True

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self._interrupted_thread: int | None = None
        self._shell: LoopRunning | None = None
        self._former_runner: Any = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop, running.

        Raises:
            HomeLoopError: The home loop was closed.
        """
        with self._lock:
            if self._is_closed:
                raise HomeLoopError("The home loop is closed. Load the extension again: %load_ext routebook_kernel")
            if self._loop is None:
                self._loop = self._start()
            return self._loop

    def _start(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.new_event_loop()
        ready = threading.Event()
        loop.call_soon(ready.set)
        self._thread = threading.Thread(target=self._main, args=(loop,), name="routebook-home", daemon=True)
        self._thread.start()
        ready.wait()
        return loop

    def _main(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        while not self._is_closed:
            # An interrupt that was meant for a coroutine may land in the loop itself: it goes on.
            with contextlib.suppress(KeyboardInterrupt, SystemExit):
                loop.run_forever()
        _cancel_all(loop)
        loop.close()

    @property
    def is_here(self) -> bool:
        """Whether the caller is on the home thread."""
        return threading.current_thread() is self._thread

    @property
    def is_interrupted(self) -> bool:
        """Whether what a cell's thread asked `run` for last is being, or was, cancelled by an interrupt."""
        return self._interrupted_thread is not None

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Start a coroutine on the home loop from any thread, in the caller's context."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def call_soon(self, callback: Callable[..., object], *args: Any) -> None:
        """Call a plain function on the home loop from any thread."""
        self.loop.call_soon_threadsafe(callback, *args)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the home loop and wait for its result; an interrupt cancels it.

        The caller's context variables are copied, so what a handler prints reaches the calling cell.

        Raises:
            HomeLoopError: Called on the home thread, which would wait for itself.
            ValueError: Given something that is no coroutine, whose end would never come.
            KeyboardInterrupt: The wait was interrupted and the coroutine cancelled.
        """
        if not asyncio.iscoroutine(coroutine):
            raise ValueError(f"a coroutine was expected, got {coroutine!r}")
        if self.is_here:
            coroutine.close()
            raise HomeLoopError("This already runs on the home loop, so it cannot wait for itself: use `await`.")
        if self._interrupted_thread == threading.get_ident():
            self._interrupted_thread = None
        call = _Call(coroutine)
        self.call_soon(call.start)
        try:
            call.wait()
        except KeyboardInterrupt:
            self._interrupt(call)
            if call.is_cancelled:
                raise KeyboardInterrupt from None
        return call.result()

    def run_within(self, coroutine: Coroutine[Any, Any, T], timeout_s: float) -> T:
        """Run a coroutine as `run` does, but wait no longer than `timeout_s`; what is late is cancelled and left.

        Raises:
            HomeLoopError: Called on the home thread.
            TimeoutError: It took longer; its `args` say whether blocking code held the loop.
        """
        if self.is_here:
            coroutine.close()
            raise HomeLoopError("This already runs on the home loop, so it cannot wait for itself: use `await`.")
        future = self.submit(_limited(coroutine, timeout_s))
        try:
            if wait([future], timeout_s + GRACE_S).done:
                return future.result()
            self._interrupt_thread()
            raise TimeoutError("blocking code holds the loop")
        except KeyboardInterrupt:
            future.cancel()
            raise

    def _interrupt(self, call: "_Call[Any]") -> None:
        """Cancel, and wait for the end: IPython's own coroutine for a cell turns it into a shown error.

        Raises:
            KeyboardInterrupt: It does not end.
        """
        self._interrupted_thread = threading.get_ident()
        is_cancelled = threading.Event()

        def cancel() -> None:
            is_cancelled.set()
            call.cancel()

        self.call_soon(cancel)
        if not is_cancelled.wait(GRACE_S):
            self._interrupt_thread()
            if not call.wait(GRACE_S):
                raise KeyboardInterrupt("blocking code in an async cell or a handler still holds the home loop")
        call.wait()

    def _interrupt_thread(self) -> None:
        """Raise KeyboardInterrupt in the home thread: blocking Python code in an async cell ends."""
        if self._thread is not None and self._thread.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(self._thread.ident), ctypes.py_object(KeyboardInterrupt)
            )

    def install(self, shell: LoopRunning) -> None:
        """Make the shell run async cells here."""
        self._shell, self._former_runner = shell, shell.loop_runner
        shell.loop_runner = self.run

    def uninstall(self) -> None:
        """Give the shell back the runner it had."""
        if self._shell is not None:
            self._shell.loop_runner = self._former_runner
            self._shell = self._former_runner = None

    def run_last(self, coroutine: Coroutine[Any, Any, object], timeout_s: float) -> None:
        """Run a coroutine before closing and wait for it, at most so long; its errors are nobody's."""
        if self.is_here:
            coroutine.close()
            return
        with contextlib.suppress(Exception):
            self.submit(coroutine).result(timeout_s)

    def close(self, timeout_s: float = 2.0) -> None:
        """Cancel what runs and end the thread; nothing can be run afterwards."""
        self.uninstall()
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        loop.call_soon_threadsafe(loop.stop)
        if threading.current_thread() is not thread:
            thread.join(timeout_s)


class _Call(Generic[T]):
    """A coroutine on its way through the loop, and the thread that waits for it: a future with one lock.

    `run_coroutine_threadsafe` does the same with two futures, a condition and twice the time, and gives no hold of the
    task: what is cancelled must be the task, which then cleans up, not a future, which would be done at once.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, T]) -> None:
        self._coroutine = coroutine
        self._context = copy_context()
        self._task: asyncio.Task[T] | None = None
        self._running = threading.Lock()
        self._running.acquire()

    def start(self) -> None:
        """Start it, on the loop, in the context of the thread that waits."""
        self._task = asyncio.get_running_loop().create_task(self._coroutine, context=self._context)
        self._task.add_done_callback(lambda task: self._running.release())

    def cancel(self) -> None:
        """Cancel it, on the loop."""
        if self._task is not None:
            self._task.cancel()

    def wait(self, timeout_s: float = math.inf) -> bool:
        """Wait for its end; false where the time was too short."""
        while not self._running.acquire(timeout=min(timeout_s, LOOK_S)):
            timeout_s -= LOOK_S
            if timeout_s <= 0:
                return False
        self._running.release()
        return True

    def result(self) -> T:
        """What it ended with, or what it raised."""
        if self._task is None:
            raise HomeLoopError("The home loop was closed before this could run.")
        return self._task.result()

    @property
    def is_cancelled(self) -> bool:
        """Whether it ended by being cancelled."""
        return self._task is None or self._task.cancelled()


async def _limited(coroutine: Coroutine[Any, Any, T], timeout_s: float) -> T:
    """Await a coroutine for a time; it is not waited for afterwards, for its thread may never end."""
    task = asyncio.ensure_future(coroutine)
    try:
        await asyncio.wait({task}, timeout=timeout_s)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if not task.done():
        task.cancel()
        raise TimeoutError("late")
    return task.result()


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel every task of a stopped loop and let each end, then close its generators."""
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.wait(tasks, timeout=1.0))
    loop.run_until_complete(loop.shutdown_asyncgens())
