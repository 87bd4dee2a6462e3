"""Threads, where there are any; in Pyodide there are none, and what would use one runs on the event loop.

Plain `def` endpoints and dependencies, background tasks and files run by way of `anyio.to_thread.run_sync`, in
Starlette and here; the test client by way of `anyio.from_thread.start_blocking_portal`. Where no thread can start,
these two functions are exchanged, once, on import.

Spec: Pyodide, `pyodide.ffi.run_sync`.
"""

import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import copy_context
from functools import partial
from importlib import import_module
from typing import Any, TypeVar

import anyio.from_thread
import anyio.lowlevel
import anyio.to_thread

from routebook._portal import InlinePortal, RunSync, open_inline_portal

__all__ = [
    "RunSync",
    "are_available",
    "call_inline",
    "do_without",
    "find_run_sync",
    "run_sync",
    "wait_with",
    "without_threads",
]

T = TypeVar("T")

_in_a_thread = anyio.to_thread.run_sync


def are_available() -> bool:
    """Whether what blocks runs in worker threads."""
    return anyio.to_thread.run_sync is _in_a_thread


def do_without() -> None:
    """From now on run on the event loop what would run in a thread."""
    for module, name, stand_in in _EXCHANGED:
        vars(module)[name] = stand_in


@contextmanager
def without_threads() -> Iterator[None]:
    """Inside of it, run on the event loop what would run in a thread."""
    former = [(module, name, vars(module)[name]) for module, name, _ in _EXCHANGED]
    do_without()
    try:
        yield
    finally:
        for module, name, function in former:
            vars(module)[name] = function


def find_run_sync() -> RunSync | None:
    """Pyodide's `run_sync`, if the browser can suspend the caller now until a coroutine is done; else None."""
    if sys.platform != "emscripten":
        return None
    ffi = import_module("pyodide.ffi")  # part of Pyodide, and nowhere else
    return partial(wait_with, ffi.run_sync) if ffi.can_run_sync() else None


def wait_with(suspend: RunSync, coroutine: Coroutine[Any, Any, T]) -> T:
    """Suspend the caller until a coroutine is done; what it raises does not pass through JavaScript, which would tell.

    Args:
        suspend: Pyodide's `run_sync`.
    """
    raised: list[BaseException] = []

    async def kept() -> T | None:
        try:
            return await coroutine
        except BaseException as error:
            raised.append(error)
            return None

    result: T = suspend(kept())
    if raised:
        raise raised[0]
    return result


def run_sync(coroutine: Coroutine[Any, Any, T]) -> T:
    """Wait for a coroutine in an ordinary call, where the browser can.

    Raises:
        RuntimeError: It cannot, here or at this moment.
    """
    found = find_run_sync()
    if found is None:
        coroutine.close()
        raise RuntimeError(
            "There are no threads here, and an ordinary call cannot wait: use an asynchronous client and `await`."
        )
    result: T = found(coroutine)
    return result


async def _inline(function: Callable[..., T], *args: Any, **options: Any) -> T:
    """Stand in for `anyio.to_thread.run_sync`; its options say how to treat a thread."""
    await anyio.lowlevel.checkpoint()
    return copy_context().run(call_inline, function, *args)


def call_inline(function: Callable[..., T], *args: Any) -> T:
    """Call a function. Its frame on the stack tells a kernel that what is called here is no part of a coroutine."""
    return function(*args)


def _open_portal(*args: Any, **options: Any) -> AbstractContextManager[InlinePortal]:
    """Stand in for `anyio.from_thread.start_blocking_portal`; there is one loop, so its options choose nothing."""
    return open_inline_portal(run_sync)


_EXCHANGED = (
    (anyio.to_thread, "run_sync", _inline),
    (anyio.from_thread, "start_blocking_portal", _open_portal),
)

if sys.platform == "emscripten":
    do_without()
