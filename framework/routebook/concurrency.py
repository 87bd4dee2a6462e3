"""Blocking code in worker threads; Starlette's functions, and context managers that block."""

from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, asynccontextmanager
from typing import TypeVar

import anyio
import anyio.to_thread
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool, run_until_first_complete

import routebook.threads  # noqa: F401  # where no thread can start, it has these functions run inline

__all__ = [
    "contextmanager_in_threadpool",
    "iterate_in_threadpool",
    "run_in_threadpool",
    "run_until_first_complete",
]

T = TypeVar("T")


@asynccontextmanager
async def contextmanager_in_threadpool(cm: AbstractContextManager[T]) -> AsyncGenerator[T, None]:
    """Enter and leave a context manager in a worker thread.

    What was entered is always left, also when the task is cancelled; cancellation waits for both.
    """
    value = await run_in_threadpool(cm.__enter__)
    try:
        yield value
    except BaseException as error:
        if not await _exit_in_thread(cm, error):
            raise
    else:
        await _exit_in_thread(cm, None)


async def _exit_in_thread(cm: AbstractContextManager[T], error: BaseException | None) -> bool | None:
    # A limiter of its own: were all workers of the shared one waiting for what this frees, nothing would move.
    limiter = anyio.CapacityLimiter(1)
    arguments = (None, None, None) if error is None else (type(error), error, error.__traceback__)
    suppressed: bool | None = None
    with anyio.CancelScope(shield=True):
        suppressed = await anyio.to_thread.run_sync(cm.__exit__, *arguments, limiter=limiter)
    return suppressed  # noqa: RET504  # returning inside of the scope would not satisfy mypy: a scope may swallow
