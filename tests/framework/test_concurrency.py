"""Context managers in worker threads: entered once, left once, whatever happens."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import anyio
import anyio.to_thread
import pytest

from routebook.concurrency import contextmanager_in_threadpool

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])]


class Recorder:
    """Notes what happens to its context, and in which thread."""

    def __init__(self, *, suppress: type[BaseException] | None = None) -> None:
        self.suppress = suppress
        self.threads: list[int] = []
        self.ended_with: list[type[BaseException] | None] = []

    @contextmanager
    def open(self) -> Iterator[str]:
        self.threads.append(threading.get_ident())
        error: type[BaseException] | None = None
        try:
            yield "value"
        except BaseException as raised:
            error = type(raised)
            if error is not self.suppress:
                raise
        finally:
            self.threads.append(threading.get_ident())
            self.ended_with.append(error)


async def test_enters_and_leaves_in_workers(anyio_backend: str) -> None:
    """Neither half blocks the loop."""
    recorder = Recorder()

    async with contextmanager_in_threadpool(recorder.open()) as value:
        assert value == "value"

    assert threading.get_ident() not in recorder.threads
    assert recorder.ended_with == [None]


async def test_error_reaches_the_context(anyio_backend: str) -> None:
    """As in a `with` statement: the manager sees it, and may keep it."""
    letting, keeping = Recorder(), Recorder(suppress=KeyError)

    with pytest.raises(KeyError):
        async with contextmanager_in_threadpool(letting.open()):
            raise KeyError
    async with contextmanager_in_threadpool(keeping.open()):
        raise KeyError

    assert letting.ended_with == keeping.ended_with == [KeyError]


async def test_cancelled_task_still_leaves(anyio_backend: str) -> None:
    """A connection must go back to its pool although the client went away."""
    recorder = Recorder()

    with anyio.CancelScope() as scope:
        async with contextmanager_in_threadpool(recorder.open()):
            scope.cancel()
            await anyio.sleep_forever()

    assert recorder.ended_with == [anyio.get_cancelled_exc_class()]


async def test_leaving_needs_no_shared_worker(anyio_backend: str) -> None:
    """All workers may be waiting for just this context to be left."""
    recorder = Recorder()
    limiter = anyio.to_thread.current_default_thread_limiter()

    with anyio.fail_after(60):
        async with contextmanager_in_threadpool(recorder.open()):
            tokens, limiter.total_tokens = limiter.total_tokens, 1
            await limiter.acquire()
    limiter.release()
    limiter.total_tokens = tokens

    assert recorder.ended_with == [None]
