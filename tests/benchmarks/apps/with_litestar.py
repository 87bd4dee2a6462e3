"""Litestar's applications, in its own idiom, with the same pydantic models.

Left out: "errors" (it answers 400 with a format of its own).
"""

from collections.abc import AsyncIterator
from types import ModuleType
from typing import Annotated, Any

from litestar import Litestar, WebSocket, get, post
from litestar import websocket as websocket_route
from litestar.di import NamedDependency, Provide
from litestar.dto import DTOConfig
from litestar.enums import RequestEncodingType
from litestar.exceptions import WebSocketDisconnect
from litestar.params import Body, CookieParameter, FromPath, FromQuery, HeaderParameter, JSONBody
from litestar.plugins.pydantic import PydanticDTO
from litestar.response import Stream
from litestar.types import ControllerRouterHandler
from starlette.types import ASGIApp

from ..models import CHUNKS, ROUTES, ROWS, USER, Item, Login, StoredUser
from . import Apps


def apps(web: ModuleType) -> Apps:
    """The table of applications."""
    return {
        "literal": lambda: _app(ping),
        "params": lambda: _app(read_item),
        "json_body": lambda: _app(create_item),
        "dependencies": lambda: _app(total),
        "thousand_out": lambda: _app(list_rows),
        "last_route": many_routes,
        "first_route": many_routes,
        "form": lambda: _app(login),
        "headers_cookies": lambda: _app(read_me),
        "filtered": lambda: _app(read_user),
        "yield_dependency": lambda: _app(read_session),
        "sync_endpoint": lambda: _app(read_sync),
        "websocket": lambda: _app(echo),
        "streaming": lambda: _app(stream),
    }


def _app(*handlers: ControllerRouterHandler) -> ASGIApp:
    return Litestar(handlers, openapi_config=None, logging_config=None)  # type: ignore[return-value]


@get("/ping")
async def ping() -> dict[str, str]:
    return {"ping": "pong"}


@get("/items/{item_id:int}")
async def read_item(
    item_id: FromPath[int], limit: FromQuery[int] = 100, active: FromQuery[bool] = False
) -> dict[str, Any]:
    return {"item_id": item_id, "limit": limit, "active": active}


@post("/items", status_code=200)
async def create_item(data: JSONBody[Item]) -> Item:
    return data


async def first() -> int:
    return 1


async def second(v1: NamedDependency[int]) -> int:
    return v1 + 1


async def third(v2: NamedDependency[int]) -> int:
    return v2 + 1


async def fourth(v3: NamedDependency[int]) -> int:
    return v3 + 1


async def fifth(v4: NamedDependency[int]) -> int:
    return v4 + 1


@get(
    "/total",
    dependencies={
        "v1": Provide(first),
        "v2": Provide(second),
        "v3": Provide(third),
        "v4": Provide(fourth),
        "v5": Provide(fifth),
    },
)
async def total(v5: NamedDependency[int]) -> dict[str, int]:
    return {"total": v5}


@get("/rows")
async def list_rows() -> list[Item]:
    return ROWS


def many_routes() -> ASGIApp:
    def handler_of(resource: int) -> ControllerRouterHandler:
        @get(f"/resource{resource}/{{item_id:int}}")
        async def read(item_id: FromPath[int]) -> dict[str, int]:
            return {"resource": resource, "item_id": item_id}

        return read

    return _app(*(handler_of(number) for number in range(ROUTES)))


@post("/login", status_code=200)
async def login(data: Annotated[Login, Body(media_type=RequestEncodingType.URL_ENCODED)]) -> dict[str, Any]:
    return {"username": data.username, "remember": data.remember}


@get("/me")
async def read_me(
    token: Annotated[str, HeaderParameter(name="X-Token")], session: Annotated[str, CookieParameter(name="session")]
) -> dict[str, str]:
    return {"token": token, "session": session}


class PublicUserDTO(PydanticDTO[StoredUser]):
    config = DTOConfig(exclude={"password_hash", "email"})


@get("/user", return_dto=PublicUserDTO)
async def read_user() -> StoredUser:
    return USER


async def open_session() -> AsyncIterator[dict[str, bool]]:
    opened = {"open": True}
    try:
        yield opened
    finally:
        opened["open"] = False


@get("/session", dependencies={"opened": Provide(open_session)})
async def read_session(opened: NamedDependency[dict[str, bool]]) -> dict[str, bool]:
    return {"open": opened["open"]}


@get("/sync", sync_to_thread=True)
def read_sync() -> dict[str, bool]:
    return {"sync": True}


@websocket_route("/echo")
async def echo(socket: WebSocket) -> None:
    await socket.accept()
    try:
        while True:
            await socket.send_text(await socket.receive_text())
    except WebSocketDisconnect:
        return


async def _lines() -> AsyncIterator[bytes]:
    for chunk in CHUNKS:
        yield chunk


@get("/stream")
async def stream() -> Stream:
    return Stream(_lines(), media_type="text/plain")
