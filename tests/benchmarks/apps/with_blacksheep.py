"""BlackSheep's applications, in its own idiom, with the same pydantic models.

Left out, for want of the feature: "errors" (400 with a format of its own),
"yield_dependency", "sync_endpoint" (a sync handler runs on the loop), "filtered".
"""

from collections.abc import AsyncIterator
from types import ModuleType
from typing import Any

from blacksheep import Application, FromCookie, FromForm, FromHeader, FromJSON, Response, StreamedContent, WebSocket
from blacksheep.server.routing import Router
from blacksheep.server.websocket import WebSocketDisconnectError
from starlette.types import ASGIApp

from ..models import CHUNKS, ROUTES, ROWS, Item, Login
from . import Apps


def apps(web: ModuleType) -> Apps:
    """The table of applications."""
    return {
        "literal": literal,
        "params": params,
        "json_body": json_body,
        "dependencies": dependencies,
        "thousand_out": thousand_out,
        "last_route": many_routes,
        "first_route": many_routes,
        "form": form,
        "headers_cookies": headers_cookies,
        "websocket": websocket,
        "streaming": streaming,
    }


def _app() -> Application:
    return Application(router=Router())


def literal() -> ASGIApp:
    app = _app()

    @app.router.get("/ping")
    async def ping() -> dict[str, str]:
        return {"ping": "pong"}

    return app


def params() -> ASGIApp:
    app = _app()

    @app.router.get("/items/{item_id}")
    async def read_item(item_id: int, limit: int = 100, active: bool = False) -> dict[str, Any]:
        return {"item_id": item_id, "limit": limit, "active": active}

    return app


def json_body() -> ASGIApp:
    app = _app()

    @app.router.post("/items")
    async def create_item(item: FromJSON[Item]) -> Item:
        return item.value

    return app


class First:
    def __init__(self) -> None:
        self.value = 1


class Second:
    def __init__(self, inner: First) -> None:
        self.value = inner.value + 1


class Third:
    def __init__(self, inner: Second) -> None:
        self.value = inner.value + 1


class Fourth:
    def __init__(self, inner: Third) -> None:
        self.value = inner.value + 1


class Fifth:
    def __init__(self, inner: Fourth) -> None:
        self.value = inner.value + 1


def dependencies() -> ASGIApp:
    app = _app()
    for service in (First, Second, Third, Fourth, Fifth):
        app.services.add_scoped(service)

    @app.router.get("/total")
    async def total(dependency: Fifth) -> dict[str, int]:
        return {"total": dependency.value}

    return app


def thousand_out() -> ASGIApp:
    app = _app()

    @app.router.get("/rows")
    async def list_rows() -> list[Item]:
        return ROWS

    return app


def many_routes() -> ASGIApp:
    app = _app()

    def add(resource: int) -> None:
        @app.router.get(f"/resource{resource}/{{item_id}}")
        async def read(item_id: int) -> dict[str, int]:
            return {"resource": resource, "item_id": item_id}

    for number in range(ROUTES):
        add(number)
    return app


def form() -> ASGIApp:
    app = _app()

    @app.router.post("/login")
    async def login(data: FromForm[Login]) -> dict[str, Any]:
        return {"username": data.value.username, "remember": data.value.remember}

    return app


class TokenHeader(FromHeader[str]):
    name = "X-Token"


class SessionCookie(FromCookie[str]):
    name = "session"


def headers_cookies() -> ASGIApp:
    app = _app()

    @app.router.get("/me")
    async def read_me(token: TokenHeader, session: SessionCookie) -> dict[str, str]:
        return {"token": token.value, "session": session.value}

    return app


def websocket() -> ASGIApp:
    app = _app()

    @app.router.ws("/echo")
    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        try:
            while True:
                await socket.send_text(await socket.receive_text())
        except WebSocketDisconnectError:
            return

    return app


async def _lines() -> AsyncIterator[bytes]:
    for chunk in CHUNKS:
        yield chunk


def streaming() -> ASGIApp:
    app = _app()

    @app.router.get("/stream")
    async def stream() -> Response:
        return Response(200, content=StreamedContent(b"text/plain", _lines))

    return app
