"""The sockets: a console for the WebSockets of one application."""

import base64
import binascii
from collections.abc import Callable
from typing import Any

from routebook_kernel.exceptions import RequestError
from routebook_kernel.protocol import ConnectArguments, Json
from routebook_kernel.session_api import SessionApi, SocketsView
from routebook_kernel.widgets.commands import Ask, Emit
from routebook_kernel.widgets.credentials import credentials_asks
from routebook_kernel.widgets.requests import read_request
from routebook_kernel.widgets.view import Overview, View


class Sockets(View):
    """The WebSockets of one application. Its connections end with it.

    Args:
        session: Runs what the page asks for.
        view: The WebSockets.
        overview: Makes the text and HTML for where no widget runs.
    """

    bundle = "sockets"

    def __init__(self, session: SessionApi, view: SocketsView, overview: Callable[[Any], Overview]) -> None:
        super().__init__(session, view, overview, socket_asks(view))
        self._sockets = view

    def close(self) -> None:
        """End the view, its connections with it."""
        if hasattr(self, "_sockets"):  # `close` is also called for a widget whose construction failed
            self._sockets.close()
        super().close()


def socket_asks(view: SocketsView) -> dict[str, Ask]:
    """What a console asks of its WebSockets."""

    async def connect(args: Json, emit: Emit) -> Json:
        subprotocols = [str(name) for name in _member(args, "subprotocols")]
        return await view.connect(
            ConnectArguments(request=read_request(_member(args, "request")), subprotocols=subprotocols)
        )

    async def send(args: Json, emit: Emit) -> Json:
        await view.send(int(_member(args, "id")), _data(args))

    async def close(args: Json, emit: Emit) -> Json:
        await view.leave(int(_member(args, "id")), int(_member(args, "code")), str(args.get("reason", "")))

    async def message(args: Json, emit: Emit) -> Json:
        return await view.message(int(_member(args, "id")), int(_member(args, "number")))

    async def forget(args: Json, emit: Emit) -> Json:
        await view.forget([int(id_) for id_ in _member(args, "ids")])

    async def sign_in(args: Json, emit: Emit) -> Json:
        return await view.sign_in(read_request(args))

    return {
        "connect": connect,
        "send": send,
        "close": close,
        "message": message,
        "forget": forget,
        "sign_in": sign_in,
        **credentials_asks(view.credentials),
    }


def _member(args: Json, name: str) -> Any:
    if not isinstance(args, dict) or name not in args:
        raise RequestError(f"The command has no {name!r}.")
    return args[name]


def _data(args: Json) -> str | bytes:
    if "text" in args:
        return str(args["text"])
    try:
        return base64.b64decode(_member(args, "base64"), validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise RequestError("The bytes did not arrive whole: send them again.") from None
