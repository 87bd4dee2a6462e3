"""The applications of Routebook and of FastAPI: one source, the framework is an argument."""

import importlib
from collections.abc import AsyncIterator
from functools import partial
from types import ModuleType
from typing import Annotated, Any

from starlette.types import ASGIApp

from ..models import CHUNKS, ROUTES, ROWS, USER, Item, Login, PublicUser, StoredUser
from . import Apps


def apps(web: ModuleType) -> Apps:
    """The table of applications, made with a framework of FastAPI's names."""
    makers = {
        "literal": literal,
        "params": params,
        "json_body": json_body,
        "dependencies": dependencies,
        "thousand_out": thousand_out,
        "last_route": many_routes,
        "first_route": many_routes,
        "form": form,
        "headers_cookies": headers_cookies,
        "filtered": filtered,
        "yield_dependency": yield_dependency,
        "sync_endpoint": sync_endpoint,
        "errors": json_body,
        "websocket": websocket,
        "streaming": streaming,
    }
    return {name: partial(make, web) for name, make in makers.items()}


def literal(web: ModuleType) -> ASGIApp:
    app = web.FastAPI()

    @app.get("/ping")
    async def ping() -> dict[str, str]:
        return {"ping": "pong"}

    return app


def params(web: ModuleType) -> ASGIApp:
    app = web.FastAPI()

    @app.get("/items/{item_id}")
    async def read_item(item_id: int, limit: int = 100, active: bool = False) -> dict[str, Any]:
        return {"item_id": item_id, "limit": limit, "active": active}

    return app


def json_body(web: ModuleType) -> ASGIApp:
    app = web.FastAPI()

    @app.post("/items")
    async def create_item(item: Item) -> Item:
        return item

    return app


def dependencies(web: ModuleType) -> ASGIApp:
    app = web.FastAPI()

    async def first() -> int:
        return 1

    async def second(value: Annotated[int, web.Depends(first)]) -> int:
        return value + 1

    async def third(value: Annotated[int, web.Depends(second)]) -> int:
        return value + 1

    async def fourth(value: Annotated[int, web.Depends(third)]) -> int:
        return value + 1

    async def fifth(value: Annotated[int, web.Depends(fourth)]) -> int:
        return value + 1

    @app.get("/total")
    async def total(value: Annotated[int, web.Depends(fifth)]) -> dict[str, int]:
        return {"total": value}

    return app


def thousand_out(web: ModuleType) -> ASGIApp:
    app = web.FastAPI()

    @app.get("/rows")
    async def list_rows() -> list[Item]:
        return ROWS

    return app


def many_routes(web: ModuleType) -> ASGIApp:
    app = web.FastAPI()

    def add(resource: int) -> None:
        @app.get(f"/resource{resource}/{{item_id}}", name=f"resource{resource}")
        async def read(item_id: int) -> dict[str, int]:
            return {"resource": resource, "item_id": item_id}

    for number in range(ROUTES):
        add(number)
    return app


def form(web: ModuleType) -> ASGIApp:
    app = web.FastAPI()

    @app.post("/login")
    async def login(data: Annotated[Login, web.Form()]) -> dict[str, Any]:
        return {"username": data.username, "remember": data.remember}

    return app


def headers_cookies(web: ModuleType) -> ASGIApp:
    app = web.FastAPI()

    @app.get("/me")
    async def read_me(x_token: Annotated[str, web.Header()], session: Annotated[str, web.Cookie()]) -> dict[str, str]:
        return {"token": x_token, "session": session}

    return app


def filtered(web: ModuleType) -> ASGIApp:
    app = web.FastAPI()

    @app.get("/user", response_model=PublicUser)
    async def read_user() -> StoredUser:
        return USER

    return app


def yield_dependency(web: ModuleType) -> ASGIApp:
    app = web.FastAPI()

    async def session() -> AsyncIterator[dict[str, bool]]:
        opened = {"open": True}
        try:
            yield opened
        finally:
            opened["open"] = False

    @app.get("/session")
    async def read_session(opened: Annotated[dict[str, bool], web.Depends(session)]) -> dict[str, bool]:
        return {"open": opened["open"]}

    return app


def sync_endpoint(web: ModuleType) -> ASGIApp:
    app = web.FastAPI()

    @app.get("/sync")
    def read_sync() -> dict[str, bool]:
        return {"sync": True}

    return app


def websocket(web: ModuleType) -> ASGIApp:
    app = web.FastAPI()

    @app.websocket("/echo")
    async def echo(socket: web.WebSocket) -> None:  # type: ignore[name-defined]
        await socket.accept()
        async for text in socket.iter_text():
            await socket.send_text(text)

    return app


def streaming(web: ModuleType) -> ASGIApp:
    app = web.FastAPI()
    responses = importlib.import_module(f"{web.__name__}.responses")

    async def lines() -> AsyncIterator[bytes]:
        for chunk in CHUNKS:
            yield chunk

    @app.get("/stream")
    async def stream() -> Any:
        return responses.StreamingResponse(lines(), media_type="text/plain")

    return app
