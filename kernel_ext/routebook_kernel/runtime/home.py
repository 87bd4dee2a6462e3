"""The home loop: one daemon thread with one asyncio loop, home to the application and everything async around it.

The application, the uvicorn server, the in-process client and every async cell run on this loop, so that a lock, a
queue or a database connection made in an async cell works inside a handler, and a blocking call in an ordinary cell
never stops the server. Nothing is patched: IPython's configurable `loop_runner` points here while the extension is
loaded.

Stop always stops. While a thread waits for the loop, interrupts are held and cancel what it waits for. Code that
blocks the loop is interrupted too. If that doesn't help (`time.sleep`, and other C code, can't be interrupted on that
thread), the loop is abandoned and another takes its place.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from routebook_kernel.exceptions import HomeLoopError
from routebook_kernel.runtime.interrupts import HeldInterrupts
from routebook_kernel.runtime.loop_thread import LoopCall, LoopThread

T = TypeVar("T")

LOOK_S = 0.05
"""How often a thread that waits looks for an interrupt: not every system wakes it for one."""

RESPONSE_S = 0.4
"""How long the loop may take to respond before what runs there counts as blocking, once somebody wants to stop it."""

INTERRUPT_S = 0.8
"""How long blocking code has to end after it was interrupted, before its loop is abandoned."""

BLOCKED_S = 1.0
"""How long the loop may be silent before a person who waits for it is told why."""


class LoopRunning(Protocol):
    """The part of IPython's shell that says how an async cell is run."""

    loop_runner: Any


@dataclass(frozen=True, slots=True)
class Renewal:
    """The replacement of a loop that didn't respond.

    Attributes:
        previous: The abandoned loop.
        current: The loop that has taken its place.
    """

    previous: LoopThread
    current: LoopThread


class HomeLoop:
    """One asyncio loop on a daemon thread of its own, started at the first need. Any thread may call its methods.

    Attributes:
        has_sockets: Whether a server can listen on this loop.
        runs_user_code: Whether a loop's thread is in the user's own code just now. Nothing else is interrupted: what
            IPython or a library does there ends by itself, and could be left half done.
        on_blocked: Called with the loop's thread when somebody waits for a loop that doesn't respond; once a wait.
        on_freeing: Called with the loop's thread before what blocks it is interrupted.
        on_freed: Called when the loop responds again; with the two loops if another has taken its place.
    """

    has_sockets = True

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._freeing = threading.Lock()
        self._thread: LoopThread | None = None
        self._is_closed = False
        self._interrupted_thread: int | None = None
        self._timers: dict[object, Callable[[], object]] = {}
        self._shell: LoopRunning | None = None
        self._previous_runner: Any = None
        self.runs_user_code: Callable[[LoopThread], bool] = lambda thread: True
        self.on_blocked: Callable[[LoopThread], object] = lambda thread: None
        self.on_freeing: Callable[[LoopThread], object] = lambda thread: None
        self.on_freed: Callable[[Renewal | None], object] = lambda renewal: None

    @property
    def thread(self) -> LoopThread:
        """The loop's thread, running.

        Raises:
            HomeLoopError: If the home loop was closed.
        """
        with self._lock:
            if self._is_closed:
                raise HomeLoopError("The home loop is closed. Load the extension again: %load_ext routebook_kernel")
            if self._thread is None:
                self._thread = LoopThread()
            return self._thread

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop, running.

        Raises:
            HomeLoopError: If the home loop was closed.
        """
        return self.thread.loop

    @property
    def is_here(self) -> bool:
        """Whether the caller is on the home thread."""
        return self._thread is not None and self._thread.is_here

    @property
    def is_interrupted(self) -> bool:
        """Whether an interrupt has cancelled what a cell's thread last waited for."""
        return self._interrupted_thread is not None

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Start a coroutine on the home loop from any thread, in the caller's context."""
        return self.thread.submit(coroutine)

    def call_soon(self, callback: Callable[..., object], *args: Any) -> None:
        """Call a plain function on the home loop from any thread."""
        self.thread.call_soon(callback, *args)

    def call_later(self, delay_s: float, callback: Callable[[], object]) -> None:
        """Call a plain function on the home loop after a time; at once if the loop is replaced before that."""
        timer = object()
        self._timers[timer] = callback
        thread = self.thread
        thread.call_soon(lambda: thread.loop.call_later(delay_s, self._fire, timer))

    def _fire(self, timer: object) -> None:
        if (callback := self._timers.pop(timer, None)) is not None:
            callback()

    # Waiting for it

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the home loop and wait for its result.

        The caller's context variables are copied, so what a handler prints reaches the calling cell. An interrupt
        cancels the coroutine, which may clean up; a second one leaves it behind.

        Raises:
            HomeLoopError: If called on the home thread, which would wait for itself, or if the loop was abandoned.
            ValueError: If given anything but a coroutine.
            KeyboardInterrupt: If there was an interrupt, whatever the coroutine made of it.
        """
        call, interrupts = self._wait(coroutine)
        if interrupts:
            call.drop()
            raise KeyboardInterrupt
        return call.take_result()

    def run_cell(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run an async cell, for IPython: as `run`, but a cell that has ended keeps its result.

        IPython's coroutine turns the cancellation into an error that it shows; to raise would show another one.
        """
        call, interrupts = self._wait(coroutine, is_cell=True)
        if (interrupts and not call.wait(0)) or call.is_abandoned:
            call.drop()
            raise KeyboardInterrupt
        return call.take_result()

    def _wait(self, coroutine: Coroutine[Any, Any, T], *, is_cell: bool = False) -> tuple[LoopCall[T], int]:
        """Wait for a coroutine; return the call, and how many interrupts there were."""
        if not asyncio.iscoroutine(coroutine):
            raise ValueError(f"a coroutine was expected, got {coroutine!r}")
        if self.is_here:
            coroutine.close()
            raise HomeLoopError("This already runs on the home loop, so it can't wait for itself. Use `await`.")
        if self._interrupted_thread == threading.get_ident():
            self._interrupted_thread = None
        with HeldInterrupts() as held:
            thread = self.thread
            call = LoopCall(thread, coroutine)
            handled, has_said = 0, is_cell
            while not call.wait(LOOK_S):
                silence_s = thread.measure_silence_s()
                if held.count > handled:
                    handled = held.count
                    self._interrupted_thread = threading.get_ident()
                    if handled > 1:
                        break
                    call.cancel()
                if handled and silence_s > RESPONSE_S:
                    self.free(patience_s=LOOK_S)
                elif silence_s > BLOCKED_S and not has_said:
                    has_said = True
                    self.on_blocked(thread)
            if held.count:
                self._interrupted_thread = threading.get_ident()
        return call, held.count

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        """Wait for an event that something on the loop sets. Return whether it is set.

        Raises:
            KeyboardInterrupt: If there was an interrupt; nothing is cancelled by it.
        """
        thread, until, has_said = self.thread, time.monotonic() + timeout_s, False
        with HeldInterrupts() as held:
            while not (event.wait(LOOK_S) or held.count or time.monotonic() > until):
                if not has_said and thread.measure_silence_s() > BLOCKED_S:
                    has_said = True
                    self.on_blocked(thread)
        if held.count:
            raise KeyboardInterrupt
        return event.is_set()

    def run_within(self, coroutine: Coroutine[Any, Any, T], timeout_s: float) -> T:
        """Run a coroutine as `run` does, but wait no longer than `timeout_s`; if it is late, it is cancelled and left.

        Raises:
            HomeLoopError: If called on the home thread.
            TimeoutError: If it took longer; its `args` say whether blocking code held the loop.
        """
        if self.is_here:
            coroutine.close()
            raise HomeLoopError("This already runs on the home loop, so it can't wait for itself. Use `await`.")
        watch = threading.Timer(timeout_s + RESPONSE_S, self.free)
        watch.daemon = True
        watch.start()
        try:
            return self.run(_limited(coroutine, timeout_s))
        except HomeLoopError:
            raise TimeoutError("blocking code holds the loop") from None
        finally:
            watch.cancel()

    # Freeing it

    def responds(self, within_s: float = RESPONSE_S) -> bool:
        """Whether nothing blocks the loop."""
        return self._thread is None or self._thread.responds(within_s)

    def free(self, patience_s: float = RESPONSE_S) -> bool:
        """Make the loop respond: interrupt what blocks it, or replace it.

        Args:
            patience_s: How long the loop may take to respond before something counts as blocking it.

        Returns:
            Whether anything blocked it.
        """
        with self._freeing:
            thread = self._thread
            if thread is None or thread.responds(patience_s) or not self.runs_user_code(thread):
                return False
            self.on_freeing(thread)
            thread.interrupt()
            renewal = None if thread.responds(INTERRUPT_S) else self._renew(thread)
        self.on_freed(renewal)
        return True

    def _renew(self, previous: LoopThread) -> Renewal:
        with self._lock:
            current = self._thread = LoopThread()
        previous.abandon()
        for timer in tuple(self._timers):
            current.call_soon(self._fire, timer)
        return Renewal(previous, current)

    # Its place in the shell, and its end

    def install(self, shell: LoopRunning) -> None:
        """Make the shell run async cells here."""
        self._shell, self._previous_runner = shell, shell.loop_runner
        shell.loop_runner = self.run_cell

    def uninstall(self) -> None:
        """Restore the shell's own runner."""
        if self._shell is not None:
            self._shell.loop_runner = self._previous_runner
            self._shell = self._previous_runner = None

    def run_last(self, coroutine: Coroutine[Any, Any, object], timeout_s: float) -> None:
        """Run a coroutine before closing and wait for it, at most so long; errors are ignored."""
        if self.is_here or not self.responds():
            coroutine.close()
            return
        with contextlib.suppress(Exception):
            self.submit(coroutine).result(timeout_s)

    def close(self, timeout_s: float = 2.0) -> None:
        """Cancel everything and end the thread; nothing can be run afterwards. A blocked thread isn't waited for."""
        self.uninstall()
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            thread = self._thread
        if thread is not None:
            thread.stop(timeout_s if thread.responds(RESPONSE_S) else 0)


async def _limited(coroutine: Coroutine[Any, Any, T], timeout_s: float) -> T:
    """Await a coroutine for a time. If it is late, its end isn't awaited: its thread may never end."""
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
