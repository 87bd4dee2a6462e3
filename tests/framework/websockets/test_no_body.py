"""A handshake has no body: what endpoints share with path operations must not wait for one."""

from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from routebook import Body, Depends, Form, Routebook, UploadFile, WebSocket, WebSocketDisconnect
from routebook.testclient import TestClient


class Item(BaseModel):
    a: int = 1


def from_json(item: Item | None = None, note: Annotated[str, Body()] = "none") -> Any:
    return [item, note]


def from_form(note: Annotated[str, Form()] = "none", file: UploadFile | None = None) -> Any:
    return [file, note]


@pytest.mark.parametrize("dependency", [from_json, from_form])
def test_a_body_that_may_be_missing_is_missing(dependency: Any) -> None:
    """Reading it would take the message that opens the connection."""
    app = Routebook()

    @app.websocket("/")
    async def socket(websocket: WebSocket, values: Annotated[Any, Depends(dependency)]) -> None:
        await websocket.accept()
        await websocket.send_json(values)
        await websocket.close()

    with TestClient(app).websocket_connect("/") as connection:
        assert connection.receive_json() == [None, "none"]


@pytest.mark.parametrize(("annotation", "loc"), [(Item, ["body"]), (Annotated[str, Form()], ["body", "value"])])
def test_a_body_that_must_be_there_refuses_the_handshake(annotation: Any, loc: list[str]) -> None:
    """It can never be there; the reason says what is asked for."""
    app = Routebook()

    async def socket(websocket: WebSocket, value: Any) -> None: ...

    socket.__annotations__["value"] = annotation
    app.websocket("/")(socket)

    with pytest.raises(WebSocketDisconnect) as caught, TestClient(app).websocket_connect("/"):
        pass
    assert caught.value.code == 1008
    assert f'"loc": {str(loc).replace(chr(39), chr(34))}' in caught.value.reason
