"""Run where the wheel is installed without extras: routebook imports and serves, through ASGI as it is."""

import asyncio
import importlib.util
import json
from importlib.resources import files
from typing import Any

from pydantic import BaseModel

from routebook import Routebook


class Item(BaseModel):
    name: str
    price: float


app = Routebook()


@app.post("/items/{item_id}")
def create_item(item_id: int, item: Item) -> dict[str, Any]:
    return {"item_id": item_id, "item": item}


async def request(method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
    """One request, without a server."""
    sent: list[dict[str, Any]] = []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def expect(what: str, got: object, wanted: object) -> None:
    if got != wanted:
        raise SystemExit(f"{what}: {got!r}, not {wanted!r}")
    print(f"{what}: {got!r}")


async def main() -> None:
    for extra in ("uvicorn", "IPython", "fastapi"):
        expect(f"{extra} is installed", importlib.util.find_spec(extra) is not None, False)
    status, body = await request("POST", "/items/5", b'{"name": "lamp", "price": "9.5"}')
    expect("status", status, 200)
    expect("body", json.loads(body), {"item_id": 5, "item": {"name": "lamp", "price": 9.5}})
    status, body = await request("POST", "/items/5", b'{"name": "lamp", "price": "abc"}')
    expect("status of a wrong price", status, 422)
    expect("its place", json.loads(body)["detail"][0]["loc"], ["body", "price"])
    status, body = await request("GET", "/openapi.json")
    expect("documented paths", list(json.loads(body)["paths"]), ["/items/{item_id}"])
    expect("status of /docs", (await request("GET", "/docs"))[0], 200)
    assets = files("routebook.openapi") / "static"
    for name in ("swagger-ui/swagger-ui-bundle.js", "swagger-ui/LICENSE", "redoc/redoc.standalone.js"):
        expect(f"{name} is in the wheel", (assets / name).is_file(), True)


asyncio.run(main())
