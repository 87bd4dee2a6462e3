"""The life of an application: one context manager around those of all its routers, and their events."""

import inspect
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass, field
from typing import Any

Lifespan = Callable[[Any], AbstractAsyncContextManager[Any]]


@dataclass(slots=True)
class Life:
    """What one router runs when the application starts and when it ends."""

    lifespan: Lifespan | None = None
    on_startup: list[Callable[[], Any]] = field(default_factory=list)
    on_shutdown: list[Callable[[], Any]] = field(default_factory=list)


def as_lifespan(function: Callable[[Any], Any] | None) -> Lifespan | None:
    """A lifespan from what users write: an async context manager, or a generator function without the decorator."""
    if inspect.isasyncgenfunction(function):
        return asynccontextmanager(function)
    if inspect.isgeneratorfunction(function):
        return _from_sync(contextmanager(function))
    return function


def _from_sync(manager: Callable[[Any], AbstractContextManager[Any]]) -> Lifespan:
    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[Any]:
        with manager(app) as state:
            yield state

    return lifespan


@asynccontextmanager
async def live(lives: Iterable[Life], app: Any) -> AsyncIterator[dict[str, Any] | None]:
    """Start each in order, end them in reverse; yields their states merged, the outer router's over the inner's."""
    async with AsyncExitStack() as stack:
        state: dict[str, Any] = {}
        for life in lives:
            if life.lifespan is not None:
                state = {**(await stack.enter_async_context(life.lifespan(app)) or {}), **state}
            await _run(life.on_startup)
            stack.push_async_callback(_run, life.on_shutdown)
        yield state or None


async def _run(functions: Sequence[Callable[[], Any]]) -> None:
    for function in functions:
        result = function()
        if inspect.isawaitable(result):
            await result
