"""How long dependencies with `yield` live: on an exit stack, ended in reverse order by the task that began them."""

from collections.abc import Callable
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from types import TracebackType
from typing import Any

import anyio.to_thread
from anyio import CancelScope
from anyio.lowlevel import checkpoint_if_cancelled

from routebook._analysis.callables import CallableKind
from routebook.concurrency import contextmanager_in_threadpool
from routebook.exceptions import RoutebookError

STACKS_KEY = "routebook.stacks"
"""Where the request handler of a custom route class finds the exit stacks (request, function) of its route."""


class GuardedStack(AsyncExitStack):
    """An exit stack whose ends are not cut short: cancellation waits until the last of them is through.

    Args:
        guard: A cancel scope around all that is entered. It becomes the shield, because a scope opened only when
            ending begins would lie inside of those that dependencies hold open, and scopes must close in order.
    """

    def __init__(self, guard: CancelScope) -> None:
        super().__init__()
        self._guard = guard
        self._is_used = False

    async def enter_async_context(self, context: Any) -> Any:
        """Enter a context manager, which still may be cancelled, and leave it with the stack."""
        self._is_used = True
        return await super().enter_async_context(context)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        if not self._is_used:
            return await super().__aexit__(kind, error, traceback)
        self._guard.shield = True
        try:
            is_suppressed = await super().__aexit__(kind, error, traceback)
        finally:
            self._guard.shield = False
        if error is None or is_suppressed:
            await checkpoint_if_cancelled()
        return is_suppressed


def make_enter(
    call: Callable[..., Any], kind: CallableKind, wrap: Callable[[Any], Any] | None = None
) -> Callable[..., Any]:
    """A coroutine function that sets a dependency with `yield` up on an exit stack and returns what it yields.

    Args:
        call: The dependency.
        kind: One with `yield`.
        wrap: Put around the context manager of one that runs in a thread.
    """
    if kind is CallableKind.ASYNC_GENERATOR:
        open_context = asynccontextmanager(call)
    else:
        open_plain = contextmanager(call)

        def open_sync(**arguments: Any) -> Any:
            opened = open_plain(**arguments)
            return opened if wrap is None else wrap(opened)

        def open_context(**arguments: Any) -> Any:
            return contextmanager_in_threadpool(open_sync(**arguments))

    async def enter(stack: AsyncExitStack, /, **arguments: Any) -> Any:
        return await stack.enter_async_context(open_context(**arguments))

    return enter


async def run_in_threadpool(call: Callable[..., Any], /, **arguments: Any) -> Any:
    """Run a function in a worker thread. None of its parameters' names is one of ours."""
    return await anyio.to_thread.run_sync(partial(call, **arguments))


def swallowed_error(title: str) -> RoutebookError:
    """What to raise when a dependency with `yield` kept an exception for itself, so that there is no response."""
    return RoutebookError(
        f"No response was made for {title}. There's a high chance that the application code is raising an exception "
        "and a dependency with yield has a block with a bare except, or a block with except Exception, and is not "
        "raising the exception again. Raise it again at the end of that block."
    )
