"""Sending a response so that others can tell that it has begun."""

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

STARTED_KEY = "routebook.response_started"
"""Set in the scope once a response has begun, so that an error after that sends no second one."""


async def send_response(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Send a response, noting in the scope that it has begun."""

    async def noting_send(message: Message) -> None:
        if message["type"] == "http.response.start":
            scope[STARTED_KEY] = True
        await send(message)

    await response(scope, receive, noting_send)
