"""One asyncio loop on a daemon thread of its own: how to reach it, whether it responds, and how to give it up."""

import asyncio
import contextlib
import ctypes
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, InvalidStateError
from contextvars import copy_context
from types import TracebackType
from typing import Any, Generic, TypeVar

from routebook_kernel.exceptions import HomeLoopError

T = TypeVar("T")

_POLL_S = 0.05
_CANCEL_S = 1.0
"""How long the tasks of a loop that ends may take to clean up."""

_HANDLE_CODE = asyncio.Handle._run.__code__


class LoopThread:
    """A running loop. Any thread may call its methods.

    Attributes:
        loop: The loop.
        is_abandoned: Whether it was given up because code that can't be interrupted held it.
        calls: The calls that have not ended.
    """

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.is_abandoned = False
        self.calls: set[LoopCall[Any]] = set()
        self._futures: set[Future[Any]] = set()
        self._is_ending = False
        self._is_broken = False
        self._pings = self._pongs = 0
        self._pinged_at = 0.0
        ready = threading.Event()
        self.loop.call_soon(ready.set)
        self._thread = threading.Thread(target=self._main, name="routebook-home", daemon=True)
        self._thread.start()
        ready.wait()

    def _main(self) -> None:
        asyncio.set_event_loop(self.loop)
        while not self._is_ending:
            try:
                self.loop.run_forever()
            except (KeyboardInterrupt, SystemExit) as error:
                # Raised in a callback it ended that callback, and the loop continues. Raised in the loop's own code
                # it may have lost a callback, and what waits for that would wait for ever.
                self._is_broken = not _passed_callback(error.__traceback__)
                if self._is_broken:
                    break
        _end(self.loop)

    @property
    def ident(self) -> int:
        """The thread's identifier."""
        return self._thread.ident or 0

    @property
    def is_here(self) -> bool:
        """Whether the caller runs on this thread."""
        return threading.current_thread() is self._thread

    def call_soon(self, callback: Callable[..., object], *args: Any) -> None:
        """Call a plain function on the loop."""
        self.loop.call_soon_threadsafe(callback, *args)

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Start a coroutine in the caller's context. If the loop is abandoned, the future fails."""
        future: Future[T] = Future()
        self._futures.add(future)
        future.add_done_callback(self._futures.discard)
        inner = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        inner.add_done_callback(lambda ended: _pass_on(ended, future))
        future.add_done_callback(lambda left: inner.cancel() if left.cancelled() else None)
        return future

    # Whether it responds

    def measure_silence_s(self) -> float:
        """Ask the loop for a sign of life, and return how long the last request for one has been waiting."""
        if self._pings == self._pongs:
            self._pings += 1
            self._pinged_at = time.monotonic()
            with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile: it is silent
                self.call_soon(self._pong, self._pings)
        return time.monotonic() - self._pinged_at

    def _pong(self, number: int) -> None:
        self._pongs = number

    def responds(self, within_s: float) -> bool:
        """Whether the loop runs a callback within a time; true at once on its own thread."""
        if self.is_here:
            return True
        answered = threading.Event()
        self.call_soon(answered.set)
        until = time.monotonic() + within_s
        while not (self._is_broken or answered.wait(_POLL_S)):
            if time.monotonic() > until:
                return False
        return answered.is_set()

    # Its end

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt in the thread, at its next bytecode: code that blocks in Python ends."""
        if not self._thread.is_alive():  # its identifier may be another thread's by now
            return
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.ident), ctypes.py_object(KeyboardInterrupt))

    def abandon(self) -> None:
        """Give up a loop that doesn't respond: its calls fail, and it ends whenever its thread is free again."""
        self.is_abandoned = self._is_ending = True
        with contextlib.suppress(RuntimeError):  # it was closed meanwhile
            self.call_soon(self.loop.stop)  # where the interrupt is swallowed, it must end all the same
        self.interrupt()
        for call in tuple(self.calls):
            call.abandon()
        for future in tuple(self._futures):
            with contextlib.suppress(InvalidStateError):
                future.set_exception(HomeLoopError(ABANDONED))

    def stop(self, timeout_s: float) -> None:
        """Cancel everything and end the thread; wait for that at most so long."""
        self._is_ending = True
        self.call_soon(self.loop.stop)
        if not self.is_here:
            self._thread.join(timeout_s)


INTERRUPTED = "This blocked the event loop and was interrupted."
ABANDONED = "The event loop was blocked and has been replaced, so this can't finish. Run it again."


class LoopCall(Generic[T]):
    """A coroutine that runs on the loop, and the thread that waits for it.

    `run_coroutine_threadsafe` does the same with two futures, a condition and twice the time, and doesn't reach the
    task: an interrupt must cancel the task, which then cleans up, and not a future, which would be done at once.
    """

    def __init__(self, thread: LoopThread, coroutine: Coroutine[Any, Any, T]) -> None:
        self._thread = thread
        self._coroutine = coroutine
        self._context = copy_context()
        self._task: asyncio.Task[T] | None = None
        self._running = threading.Lock()
        self._running.acquire()
        self.is_abandoned = False
        thread.calls.add(self)
        thread.call_soon(self._start)

    def _start(self) -> None:
        if self.is_abandoned:
            return
        self._task = asyncio.get_running_loop().create_task(self._coroutine, context=self._context)
        self._task.add_done_callback(self._finish)

    def _finish(self, task: "asyncio.Task[T]") -> None:
        if not self.is_abandoned:
            self._running.release()

    def cancel(self) -> None:
        """Cancel it, from any thread."""
        self._thread.call_soon(self._cancel)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def abandon(self) -> None:
        """Stop waiting for it: its loop was abandoned."""
        if self._running.locked():
            self.is_abandoned = True
            with contextlib.suppress(RuntimeError):  # it has just ended
                self._running.release()

    def wait(self, timeout_s: float) -> bool:
        """Wait for its end; false if it takes longer."""
        if not self._running.acquire(timeout=timeout_s):
            return False
        self._running.release()
        return True

    def take_result(self) -> T:
        """Return or raise what it ended with, and drop the task.

        Raises:
            HomeLoopError: If the loop was abandoned or closed before the end.
        """
        task, self._task = self._task, None
        self._thread.calls.discard(self)
        if self.is_abandoned:
            raise HomeLoopError(ABANDONED)
        if task is None:
            raise HomeLoopError("The home loop was closed before this could run.")
        try:
            return task.result()
        except KeyboardInterrupt:
            raise HomeLoopError(INTERRUPTED) from None

    def drop(self) -> None:
        """Leave it behind, without its result."""
        self._thread.calls.discard(self)
        task, self._task = self._task, None
        if task is not None and task.done() and not task.cancelled():
            task.exception()  # or asyncio would report that nobody has asked for it


def _pass_on(ended: Future[T], future: Future[T]) -> None:
    """Give a future the end of another, unless it was cancelled or abandoned before."""
    with contextlib.suppress(InvalidStateError):
        if ended.cancelled():
            future.cancel()
        elif (error := ended.exception()) is not None:
            future.set_exception(error)
        else:
            future.set_result(ended.result())


def _passed_callback(traceback: TracebackType | None) -> bool:
    """Whether an exception was raised inside a callback, and not in the code of the loop around it."""
    while traceback is not None:
        if traceback.tb_frame.f_code is _HANDLE_CODE:
            return True
        traceback = traceback.tb_next
    return False


def _end(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel every task of a stopped loop, let each end, and close its generators and the loop."""
    with contextlib.suppress(KeyboardInterrupt, SystemExit):
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            loop.run_until_complete(asyncio.wait(tasks, timeout=_CANCEL_S))
        loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
