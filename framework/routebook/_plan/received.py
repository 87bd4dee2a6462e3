"""What was read can be read again: the body that generated code received, for every Request made from its scope.

A body comes once over `receive`. Whoever takes it there notes it in the scope; requests that the framework makes
later, for a parameter, a custom route class or an exception handler, begin with it, as if they had read it themselves.

Spec: ASGI, HTTP connection scope, Request - receive event.
"""

import sys
import weakref
from collections.abc import Callable
from typing import Any

from starlette.requests import HTTPConnection, Request
from starlette.types import Message, Receive, Scope, Send

from routebook._analysis.callables import CallableKind, classify_callable

BODY_KEY = "routebook.body"
"""The scope's key for the whole body, once it was received."""

FORM_KEY = "routebook.form"
"""The scope's key for a form that was parsed while it came, so that there are no bytes to give."""

MAX_KEPT_BYTES = 2**20
"""How much of a body that is read as a stream is kept for a second reader."""

_REQUEST_KEY = "routebook.request"
_READING = Request.stream.__code__


def make_request(scope: Scope, receive: Receive, send: Send) -> Request:
    """Make the Request of a scope, which knows what was received by now."""
    again = _ReadAgain(receive)
    request = Request(scope, again, send)
    if BODY_KEY in scope:
        request._body = scope[BODY_KEY]
    elif FORM_KEY in scope:
        request._form = scope[FORM_KEY]
        request._stream_consumed = True
    again.made = scope[_REQUEST_KEY] = weakref.ref(request)  # weak, because the request has both
    return request


def find_request(scope: Scope, receive: Receive, send: Send) -> Request:
    """Return the Request that was made from a scope, which may have read the body, or make one."""
    made: weakref.ref[Request] | None = scope.get(_REQUEST_KEY)
    request = made() if made is not None else None
    if request is None:
        return make_request(scope, receive, send)
    if BODY_KEY in scope and not hasattr(request, "_body"):  # a Request that a route class put in its place has read it
        request._body = scope[BODY_KEY]
    return request


class _ReadAgain:
    """The `receive` of a Request, which gives every other Request made from it the body that has passed.

    Over the plain `receive`, a second reader would wait until the client goes. What waits for just that (a stream's
    listener, `is_disconnected`) is let through: only `Request.stream` reads.
    """

    __slots__ = ("_chunks", "_is_whole", "_receive", "_size", "made")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._chunks: list[bytes] = []
        self._size = 0
        self._is_whole = False
        self.made: Callable[[], Request | None] = lambda: None

    async def __call__(self) -> Message:
        if sys._getframe(1).f_code is _READING and (body := self._find_body()) is not None:
            return {"type": "http.request", "body": body, "more_body": False}
        message = await self._receive()
        if message["type"] == "http.request":
            self._note(message)
        return message

    def _find_body(self) -> bytes | None:
        """Return the body if all of it was received.

        Raises:
            RuntimeError: If it was too long to be kept.
        """
        kept: bytes | None = getattr(self.made(), "_body", None)
        if kept is None and self._is_whole:
            if self._size > MAX_KEPT_BYTES:
                raise RuntimeError(
                    "Stream consumed: the body was read as a stream, and is too long to be read again. "
                    "Read it once, by `await request.body()`."
                )
            kept = b"".join(self._chunks)
        return kept

    def _note(self, message: Message) -> None:
        body = message.get("body", b"")
        self._size += len(body)
        if self._size > MAX_KEPT_BYTES:
            self._chunks.clear()
        else:
            self._chunks.append(body)
        self._is_whole = not message.get("more_body", False)


def give_request(handler: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Make an exception handler for Starlette's middleware, whose own Request hasn't read the body, or can't."""

    def find(connection: HTTPConnection) -> HTTPConnection:
        if not isinstance(connection, Request):
            return connection
        return find_request(connection.scope, connection.receive, connection._send)

    if classify_callable(handler) is CallableKind.SYNC:
        return lambda connection, error: handler(find(connection), error)

    async def handle(connection: HTTPConnection, error: Exception) -> Any:
        return await handler(find(connection), error)

    return handle
