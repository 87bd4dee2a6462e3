"""What generated code calls around the endpoint: exit stacks, sending, and telling who failed."""

from collections.abc import Callable
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from routebook._analysis.callables import CallableKind
from routebook.concurrency import contextmanager_in_threadpool
from routebook.exceptions import RoutebookError

STARTED_KEY = "routebook.response_started"
"""Set in the scope once a response has begun, so that an error after that sends no second one."""

STACKS_KEY = "routebook.stacks"
"""Where the request handler of a custom route class finds the exit stacks (request, function) of its route."""


async def send_response(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Send a response, noting in the scope that it has begun."""

    async def noting_send(message: Message) -> None:
        if message["type"] == "http.response.start":
            scope[STARTED_KEY] = True
        await send(message)

    await response(scope, receive, noting_send)


def make_enter(call: Callable[..., Any], kind: CallableKind) -> Callable[..., Any]:
    """A coroutine function that sets a dependency with `yield` up on an exit stack and returns what it yields."""
    if kind is CallableKind.ASYNC_GENERATOR:
        open_context = asynccontextmanager(call)
    else:
        open_sync = contextmanager(call)

        def open_context(**arguments: Any) -> Any:
            return contextmanager_in_threadpool(open_sync(**arguments))

    async def enter(stack: AsyncExitStack, **arguments: Any) -> Any:
        return await stack.enter_async_context(open_context(**arguments))

    return enter


def swallowed_error(title: str) -> RoutebookError:
    """What to raise when a dependency with `yield` kept an exception for itself, so that there is no response."""
    return RoutebookError(
        f"No response was made for {title}. There's a high chance that the application code is raising an exception "
        "and a dependency with yield has a block with a bare except, or a block with except Exception, and is not "
        "raising the exception again. Raise it again at the end of that block."
    )
