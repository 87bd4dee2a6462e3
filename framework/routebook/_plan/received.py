"""What was read can be read again: the body that generated code received, for every Request made from its scope.

A body comes once over `receive`. Whoever takes it there notes it in the scope; requests that the framework makes
later, for a parameter, a custom route class or an exception handler, begin with it, as if they had read it themselves.

Spec: ASGI, HTTP connection scope, Request - receive event.
"""

import weakref
from collections.abc import Callable
from math import inf
from typing import Any

from anyio import current_effective_deadline
from starlette.requests import HTTPConnection, Request
from starlette.types import Message, Receive, Scope, Send

from routebook._analysis.callables import CallableKind, classify_callable

BODY_KEY = "routebook.body"
"""The scope's key for the whole body, once it was received."""

FORM_KEY = "routebook.form"
"""The scope's key for a form that was parsed while it came, so that there are no bytes to give."""

_REQUEST_KEY = "routebook.request"


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
    """The `receive` of a Request, which gives one more reader what that Request has read.

    A user may make a Request of their own from it; over the plain `receive` it would wait until the client goes.
    """

    __slots__ = ("_is_given", "_receive", "made")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._is_given = False
        self.made: Callable[[], Request | None] = lambda: None

    async def __call__(self) -> Message:
        body = getattr(self.made(), "_body", None)
        # In a cancelled scope nobody reads: `is_disconnected` looks whether the client has gone.
        if body is None or self._is_given or current_effective_deadline() == -inf:
            return await self._receive()
        self._is_given = True
        return {"type": "http.request", "body": body, "more_body": False}


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
