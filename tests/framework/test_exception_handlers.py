"""The default handlers: called directly, beside FastAPI's."""

import asyncio
import json
from typing import Any

import fastapi.exception_handlers
import pytest
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.websockets import WebSocket

from routebook import exception_handlers
from routebook.exceptions import HTTPException, RequestValidationError, WebSocketRequestValidationError

ERRORS = [{"type": "missing", "loc": ("query", "limit"), "msg": "Field required", "input": None}]


@pytest.mark.parametrize(
    "error",
    [
        StarletteHTTPException(404, "Nothing here"),
        StarletteHTTPException(204),
        StarletteHTTPException(304, headers={"etag": "x"}),
        HTTPException(400, {"reason": ["a"]}, {"x-a": "b"}),
    ],
    ids=str,
)
def test_http_exception_is_answered_as_by_fastapi(error: Any) -> None:
    """Status, headers, JSON; and no body where HTTP has none."""
    ours = asyncio.run(exception_handlers.http_exception_handler(None, error))  # type: ignore[arg-type]
    theirs = asyncio.run(fastapi.exception_handlers.http_exception_handler(None, error))

    assert (ours.status_code, ours.body, ours.headers) == (theirs.status_code, theirs.body, theirs.headers)


def test_validation_error_is_answered_as_by_fastapi() -> None:
    """422 with the items; a tuple becomes a list."""
    error: Any = RequestValidationError(ERRORS)
    ours = asyncio.run(exception_handlers.request_validation_exception_handler(None, error))  # type: ignore[arg-type]
    theirs = asyncio.run(fastapi.exception_handlers.request_validation_exception_handler(None, error))

    assert (ours.status_code, ours.body) == (theirs.status_code, theirs.body)
    assert json.loads(ours.body)["detail"][0]["loc"] == ["query", "limit"]


def close(*, is_accepted: bool, errors: list[Any]) -> dict[str, Any]:
    """The close message that a WebSocket gets."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    async def run() -> None:
        websocket = WebSocket({"type": "websocket"}, receive, send)
        if is_accepted:
            await websocket.accept()
        await exception_handlers.websocket_request_validation_exception_handler(
            websocket, WebSocketRequestValidationError(errors)
        )

    asyncio.run(run())
    return dict(sent[-1])


def test_websocket_is_closed_with_the_errors() -> None:
    """ASGI asks for text: JSON says it all."""
    message = close(is_accepted=False, errors=ERRORS)

    assert message["type"] == "websocket.close"
    assert message["code"] == 1008
    assert json.loads(message["reason"]) == [{**ERRORS[0], "loc": ["query", "limit"]}]


def test_reason_fits_a_close_frame() -> None:
    """RFC 6455 §5.5: 125 bytes with the code; a server would fail on more, once the handshake is accepted."""
    message = close(is_accepted=True, errors=[{"msg": "é" * 200}])

    assert 100 < len(message["reason"].encode()) <= 123
