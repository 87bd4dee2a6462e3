"""Starlette with what a framework would do written by hand, as a careful person would.

Inputs are read and validated in the endpoint, models by pydantic from and to bytes;
mistakes are answered with 422. Nothing is left out that the others do, except the
OpenAPI document.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any

from pydantic import TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from ..models import CHUNKS, ROUTES, ROWS, USER, Item, Login, PublicUser
from . import Apps

Endpoint = Callable[[Request], Awaitable[Response] | Response]


def apps(web: ModuleType) -> Apps:
    """The table of applications."""
    return {
        "literal": lambda: _app(Route("/ping", ping)),
        "params": lambda: _app(Route("/items/{item_id:int}", read_item)),
        "json_body": lambda: _app(Route("/items", create_item, methods=["POST"])),
        "dependencies": lambda: _app(Route("/total", total)),
        "thousand_out": lambda: _app(Route("/rows", list_rows)),
        "last_route": many_routes,
        "first_route": many_routes,
        "form": lambda: _app(Route("/login", login, methods=["POST"])),
        "headers_cookies": lambda: _app(Route("/me", read_me)),
        "filtered": lambda: _app(Route("/user", read_user)),
        "yield_dependency": lambda: _app(Route("/session", read_session)),
        "sync_endpoint": lambda: _app(Route("/sync", read_sync)),
        "errors": lambda: _app(Route("/items", create_item, methods=["POST"])),
        "websocket": lambda: _app(WebSocketRoute("/echo", echo)),
        "streaming": lambda: _app(Route("/stream", stream)),
    }


def _app(*routes: BaseRoute) -> ASGIApp:
    return Starlette(routes=routes)


def _json_bytes(body: bytes) -> Response:
    return Response(body, media_type="application/json")


def _unprocessable(errors: list[dict[str, Any]]) -> Response:
    return JSONResponse({"detail": errors}, status_code=422)


def _missing(*loc: str) -> Response:
    return _unprocessable([{"type": "missing", "loc": list(loc), "msg": "Field required", "input": None}])


def _validation_errors(exc: ValidationError, source: str) -> Response:
    errors = exc.errors(include_url=False)
    return _unprocessable([{**error, "loc": (source, *error["loc"])} for error in errors])


async def ping(request: Request) -> Response:
    return JSONResponse({"ping": "pong"})


_QUERY_INT = TypeAdapter(int)
_QUERY_BOOL = TypeAdapter(bool)


async def read_item(request: Request) -> Response:
    query = request.query_params
    try:
        limit = _QUERY_INT.validate_python(query["limit"]) if "limit" in query else 100
    except ValidationError as exc:
        return _validation_errors(exc, "query")
    try:
        active = _QUERY_BOOL.validate_python(query["active"]) if "active" in query else False
    except ValidationError as exc:
        return _validation_errors(exc, "query")
    return JSONResponse({"item_id": request.path_params["item_id"], "limit": limit, "active": active})


async def create_item(request: Request) -> Response:
    try:
        item = Item.model_validate_json(await request.body())
    except ValidationError as exc:
        return _validation_errors(exc, "body")
    return _json_bytes(item.__pydantic_serializer__.to_json(item))


async def first() -> int:
    return 1


async def second() -> int:
    return await first() + 1


async def third() -> int:
    return await second() + 1


async def fourth() -> int:
    return await third() + 1


async def fifth() -> int:
    return await fourth() + 1


async def total(request: Request) -> Response:
    return JSONResponse({"total": await fifth()})


_ROWS = TypeAdapter(list[Item])


async def list_rows(request: Request) -> Response:
    return _json_bytes(_ROWS.dump_json(ROWS))


def many_routes() -> ASGIApp:
    def endpoint_of(resource: int) -> Endpoint:
        async def read(request: Request) -> Response:
            return JSONResponse({"resource": resource, "item_id": request.path_params["item_id"]})

        return read

    return _app(*(Route(f"/resource{number}/{{item_id:int}}", endpoint_of(number)) for number in range(ROUTES)))


async def login(request: Request) -> Response:
    async with request.form() as form:
        try:
            data = Login.model_validate(dict(form))
        except ValidationError as exc:
            return _validation_errors(exc, "body")
    return JSONResponse({"username": data.username, "remember": data.remember})


async def read_me(request: Request) -> Response:
    token = request.headers.get("x-token")
    if token is None:
        return _missing("header", "x-token")
    session = request.cookies.get("session")
    if session is None:
        return _missing("cookie", "session")
    return JSONResponse({"token": token, "session": session})


async def read_user(request: Request) -> Response:
    user = PublicUser(id=USER.id, name=USER.name)
    return _json_bytes(user.__pydantic_serializer__.to_json(user))


@asynccontextmanager
async def _session() -> AsyncIterator[dict[str, bool]]:
    opened = {"open": True}
    try:
        yield opened
    finally:
        opened["open"] = False


async def read_session(request: Request) -> Response:
    async with _session() as opened:
        return JSONResponse({"open": opened["open"]})


def read_sync(request: Request) -> Response:
    return JSONResponse({"sync": True})


async def echo(socket: WebSocket) -> None:
    await socket.accept()
    async for text in socket.iter_text():
        await socket.send_text(text)


async def _lines() -> AsyncIterator[bytes]:
    for chunk in CHUNKS:
        yield chunk


async def stream(request: Request) -> Response:
    return StreamingResponse(_lines(), media_type="text/plain")
