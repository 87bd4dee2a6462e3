"""WebSocket endpoints told in OpenAPI's words, for consoles: OpenAPI itself has no place for them."""

from enum import Enum
from typing import Annotated, Any

from pydantic import BaseModel

from routebook import APIRouter, Cookie, Depends, Header, Query, Routebook, WebSocket
from routebook.openapi.utils import describe_websockets
from routebook.security import APIKeyQuery


class Kind(Enum):
    NEW = "new"
    OLD = "old"


class Paging(BaseModel):
    limit: int = 10
    kind: Kind


def session_id(sid: Annotated[str, Cookie()]) -> str:
    return sid


def make_app() -> Routebook:
    app, router = Routebook(), APIRouter(prefix="/rooms")

    @router.websocket("/{room:int}", dependencies=[Depends(session_id), Depends(APIKeyQuery(name="key"))])
    async def talk_to_all(
        websocket: WebSocket,
        room: int,
        paging: Annotated[Paging, Query()],
        x_place: Annotated[int | None, Header()] = None,
    ) -> None:
        """Talk to everybody."""

    @app.get("/rooms/{room}")
    def read(room: int) -> None: ...

    app.include_router(router, prefix="/v1", tags=["chat"])

    @app.websocket("/v1/rooms/{room}")
    async def shadowed(websocket: WebSocket) -> None: ...

    return app


def names(operation: dict[str, Any]) -> list[tuple[str, str, bool]]:
    return [(parameter["in"], parameter["name"], parameter["required"]) for parameter in operation["parameters"]]


def test_handshake_is_described_with_parameters_of_dependencies_and_security() -> None:
    """A console's form is made of this; of two for one path the first answers, and HTTP operations are not meant."""
    described = describe_websockets(make_app().routes)

    [(path, operation)] = described["operations"].items()
    assert path == "/v1/rooms/{room}"
    assert names(operation) == [
        ("path", "room", True),
        ("query", "limit", False),
        ("query", "kind", True),
        ("header", "x-place", False),
        ("cookie", "sid", True),
    ]
    assert operation["parameters"][1]["schema"] == {"type": "integer", "default": 10, "title": "Limit"}
    assert (operation["summary"], operation["description"]) == ("Talk To All", "Talk to everybody.")
    assert operation["tags"] == ["chat"]
    assert operation["security"] == [{"APIKeyQuery": []}]
    assert described["components"]["schemas"]["Kind"]["enum"] == ["new", "old"]
    assert described["components"]["securitySchemes"]["APIKeyQuery"]["name"] == "key"


def test_no_websockets_give_nothing() -> None:
    """Most applications have none."""
    assert describe_websockets(Routebook().routes) == {"operations": {}, "components": {}}
