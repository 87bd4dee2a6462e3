"""Interrupts (SIGINT) that arrive while our own code runs: held back, and delivered where they can't break anything.

Python raises KeyboardInterrupt in the main thread between any two bytecodes. In the middle of our code that loses the
interrupt (a callback or a finaliser swallows it), or leaves something half done. So our code runs with the signal held,
and the interrupt is delivered once, at the end.

Spec: Python, `signal.signal`, `sys.unraisablehook`.
"""

import signal
import sys
import threading
from types import FrameType
from typing import Any

_SWALLOWED_DELAY_S = 0.01
"""How long after a finaliser or an IPython callback the interrupt is delivered again: by then it has returned."""


class HeldInterrupts:
    """A context manager in whose body SIGINT raises nothing, but is counted.

    Only the main thread is ever interrupted. In other threads, and where SIGINT is ignored, the manager does nothing.

    Args:
        limit: How many interrupts are held. The next one is delivered at once: a body that hangs can be left.

    Attributes:
        count: Interrupts so far.
    """

    __slots__ = ("_limit", "_previous", "count")

    def __init__(self, limit: float = float("inf")) -> None:
        self._limit = limit
        self._previous: Any = None
        self.count = 0

    def __enter__(self) -> "HeldInterrupts":
        if threading.get_ident() == threading.main_thread().ident:
            previous = signal.getsignal(signal.SIGINT)
            if callable(previous):
                self._previous = previous
                signal.signal(signal.SIGINT, self._hold)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)

    def _hold(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        if self.count > self._limit:
            self._previous(number, frame)


def deliver_soon() -> None:
    """Interrupt the main thread in a moment, after the callback that runs there now has returned."""
    timer = threading.Timer(_SWALLOWED_DELAY_S, _interrupt_main)
    timer.daemon = True
    timer.start()


def _interrupt_main() -> None:
    if hasattr(signal, "pthread_kill"):  # it also ends a wait of the system's, such as a sleep
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        signal.raise_signal(signal.SIGINT)


class SwallowedInterrupts:
    """Delivers an interrupt again if it hit a finaliser or a weak reference's callback, where Python drops it."""

    def __init__(self) -> None:
        self._previous: Any = None

    def install(self) -> None:
        """Replace `sys.unraisablehook`."""
        self._previous, sys.unraisablehook = sys.unraisablehook, self._hear

    def uninstall(self) -> None:
        """Restore the previous hook, unless something else has replaced ours."""
        if sys.unraisablehook == self._hear:
            sys.unraisablehook = self._previous

    def _hear(self, unraisable: Any) -> None:
        is_main = threading.get_ident() == threading.main_thread().ident
        if is_main and issubclass(unraisable.exc_type, KeyboardInterrupt):
            deliver_soon()
        else:
            self._previous(unraisable)
