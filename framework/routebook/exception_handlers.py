"""The default answers to exceptions."""

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.status import HTTP_422_UNPROCESSABLE_CONTENT, WS_1008_POLICY_VIOLATION
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketState

from routebook._analysis.callables import CallableKind, classify_callable
from routebook._plan.asgi import send_response
from routebook._plan.received import find_request
from routebook._plan.respond import RenderedJSONResponse, dump_json
from routebook.encoders import json_text
from routebook.exceptions import RequestValidationError, WebSocketRequestValidationError
from routebook.utils import is_body_allowed_for_status_code

__all__ = [
    "http_exception_handler",
    "request_validation_exception_handler",
    "websocket_request_validation_exception_handler",
]

_MAX_REASON_BYTES = 123

SERVER_ERRORS = (500, Exception)
"""Keys of the handler of what nobody expected: it answers, and the exception is raised all the same."""

Handler = Callable[[Any, Any], Any]


def find_handler(handlers: Mapping[Any, Handler], error: Exception) -> Handler | None:
    """The handler of an exception, as Starlette finds it: by an HTTP exception's status, else by the nearest class."""
    if isinstance(error, HTTPException) and error.status_code != 500:
        handler = handlers.get(error.status_code)
        if handler is not None:
            return handler
    return next((handlers[cls] for cls in type(error).__mro__ if cls is not Exception and cls in handlers), None)


async def answer_by_handler(handler: Handler, error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
    """Call an exception's handler, in a thread unless it is async, and send the response that it may give."""
    is_http = scope["type"] == "http"
    connection = find_request(scope, receive, send) if is_http else WebSocket(scope, receive, send)
    if classify_callable(handler) is CallableKind.SYNC:
        response = await run_in_threadpool(handler, connection, error)
    else:
        response = await handler(connection, error)
    if response is not None:
        await send_response(response, scope, receive, send)
    error.__traceback__ = None  # an instance that is raised again and again would gather tracebacks


async def http_exception_handler(request: Request, exc: HTTPException) -> Response:
    """Answer with the exception's status and headers, and its detail as JSON where a body may be."""
    if not is_body_allowed_for_status_code(exc.status_code):
        return Response(status_code=exc.status_code, headers=exc.headers)
    return JSONResponse({"detail": exc.detail}, status_code=exc.status_code, headers=exc.headers)


async def request_validation_exception_handler(request: Request, exc: RequestValidationError) -> JSONResponse:
    """Answer 422 with the errors, whatever was sent."""
    errors = exc.errors()
    try:
        body = dump_json({"detail": errors})
    except ValueError:
        body = dump_json({"detail": _in_words_of_json(errors)})
    return RenderedJSONResponse(body, status_code=HTTP_422_UNPROCESSABLE_CONTENT)


def _in_words_of_json(value: Any) -> Any:
    """A value with text for what JSON has not: NaN, infinities, half of a surrogate pair, bytes that are no text."""
    if isinstance(value, Mapping):
        return {_in_words_of_json(key): _in_words_of_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_in_words_of_json(item) for item in value]
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    return str(value) if isinstance(value, float) and not isfinite(value) else value


async def websocket_request_validation_exception_handler(
    websocket: WebSocket, exc: WebSocketRequestValidationError
) -> None:
    """Close the connection with 1008, the errors as JSON in the reason.

    Before the handshake is accepted, the client sees 403 and no reason. After it (a dependency accepted), the reason
    is cut to what a close frame holds.

    Spec: RFC 6455 §7.4.1 (1008), §5.5 (125 bytes, two of them the code); ASGI, "Close - send event".
    """
    reason = json_text(exc.errors())
    if websocket.application_state is WebSocketState.CONNECTED:
        reason = reason.encode()[:_MAX_REASON_BYTES].decode(errors="ignore")
    await websocket.close(code=WS_1008_POLICY_VIOLATION, reason=reason)
