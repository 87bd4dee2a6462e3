"""What anyio's blocking portal does, without its thread: an ordinary call waits on the loop that runs already.

Starlette's test client speaks to its application through a portal.

Spec: anyio, `anyio.from_thread.BlockingPortal`.
"""

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Iterable, Iterator
from concurrent.futures import ALL_COMPLETED, Future
from concurrent.futures import wait as _wait
from contextlib import contextmanager
from typing import Any

RunSync = Callable[[Coroutine[Any, Any, Any]], Any]
"""Waits for a coroutine while the running loop goes on; raises where nothing can wait."""


class InlinePortal:
    """Starts what it is given on the running loop.

    Args:
        run_sync: Waits for it.
    """

    def __init__(self, run_sync: RunSync) -> None:
        self._run_sync = run_sync

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call a function, async or not, and wait for its result."""
        return self._run_sync(_result_of(function, args, {}))

    def start_task_soon(self, function: Callable[..., Any], *args: Any, name: object = None) -> Future[Any]:
        """Start a task; its future waits on the loop."""
        return _start(self._run_sync, _result_of(function, args, {}))

    def start_task(self, function: Callable[..., Any], *args: Any, name: object = None) -> tuple[Future[Any], Any]:
        """Start a task and wait until it says that it has started."""
        status = _TaskStatus()
        future = _start(self._run_sync, _result_of(function, args, {"task_status": status}))
        return future, self._run_sync(status.value())


@contextmanager
def open_inline_portal(run_sync: RunSync) -> Iterator[InlinePortal]:
    """Stand in for `anyio.from_thread.start_blocking_portal`."""
    yield InlinePortal(run_sync)


class _WaitingFuture(Future[Any]):
    """A future that keeps the loop going while it is waited for."""

    def __init__(self, run_sync: RunSync) -> None:
        super().__init__()
        self._run_sync = run_sync

    def settle(self) -> None:
        if not self.done():
            self._run_sync(_settled(self))

    def result(self, timeout: float | None = None) -> Any:
        self.settle()
        return super().result(0)


def wait(futures: Iterable[Future[Any]], timeout: float | None = None, return_when: str = ALL_COMPLETED) -> Any:
    """Stand in for `concurrent.futures.wait`, which would hold the only thread."""
    futures = set(futures)
    for future in futures:
        if isinstance(future, _WaitingFuture):
            future.settle()
    return _wait(futures, timeout, return_when)


class _TaskStatus:
    def __init__(self) -> None:
        self._is_started = asyncio.Event()
        self._value: Any = None

    def started(self, value: Any = None) -> None:
        self._value = value
        self._is_started.set()

    async def value(self) -> Any:
        await self._is_started.wait()
        return self._value


def _start(run_sync: RunSync, coroutine: Coroutine[Any, Any, Any]) -> Future[Any]:
    future = _WaitingFuture(run_sync)
    task = asyncio.ensure_future(coroutine)

    def settle(ended: asyncio.Task[Any]) -> None:
        if ended.cancelled():
            future.cancel()
        elif (error := ended.exception()) is not None:
            future.set_exception(error)
        else:
            future.set_result(ended.result())

    task.add_done_callback(settle)
    return future


async def _settled(future: Future[Any]) -> None:
    await asyncio.wait([asyncio.wrap_future(future)])


async def _result_of(function: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    result = function(*args, **options)
    return await result if inspect.isawaitable(result) else result
