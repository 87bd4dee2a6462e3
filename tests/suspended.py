"""What Pyodide's `run_sync` does, on CPython: an ordinary call waits on the running loop, which goes on meanwhile."""

from collections.abc import Callable, Coroutine
from typing import Any

from greenlet import getcurrent, greenlet


async def suspendable(function: Callable[[], Any]) -> Any:
    """Call an ordinary function that may wait by `run_sync`."""
    caller = greenlet(function)
    waited_for = caller.switch()
    while not caller.dead:
        try:
            result = await waited_for
        except Exception as error:
            waited_for = caller.throw(error)
        else:
            waited_for = caller.switch(result)
    return waited_for


def run_sync(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Wait for a coroutine, inside of `suspendable`."""
    parent = getcurrent().parent
    assert parent is not None, "nothing can wait here"
    return parent.switch(coroutine)
