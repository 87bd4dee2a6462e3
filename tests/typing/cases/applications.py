"""Applications, routers, lifespans, middleware and handlers."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import assert_type

from pydantic import BaseModel

from routebook import (
    APIRouter,
    BackgroundTasks,
    HTTPException,
    Request,
    Response,
    Routebook,
    WebSocket,
    WebSocketException,
    status,
)
from routebook.exceptions import RequestValidationError
from routebook.middleware.cors import CORSMiddleware
from routebook.responses import JSONResponse, StreamingResponse
from routebook.testclient import TestClient


class Item(BaseModel):
    name: str


@asynccontextmanager
async def lifespan(app: Routebook) -> AsyncIterator[None]:
    yield


@asynccontextmanager
async def lifespan_with_state(app: Routebook) -> AsyncIterator[dict[str, int]]:
    yield {"started": 1}


app = Routebook(title="Typed", lifespan=lifespan)
stateful = Routebook(lifespan=lifespan_with_state)
router = APIRouter(prefix="/items", tags=["items"])
app.add_middleware(CORSMiddleware, allow_origins=["*"])


@app.get("/sync/{item_id}", response_model=Item, status_code=status.HTTP_200_OK)
def sync_endpoint(item_id: int, detail: bool = False) -> Item:
    if not item_id:
        raise HTTPException(status_code=404, detail={"why": "zero"}, headers={"X-Why": "zero"})
    return Item(name=str(item_id))


@router.post("", status_code=201)
async def async_endpoint(item: Item, tasks: BackgroundTasks, response: Response) -> Item:
    tasks.add_task(print, item.name, sep="")
    response.headers["X-Name"] = item.name
    return item


@router.websocket("/talk")
async def talk(websocket: WebSocket) -> None:
    await websocket.accept()
    raise WebSocketException(code=1008, reason="enough")


@app.get("/stream")
async def stream() -> StreamingResponse:
    return StreamingResponse(iter(["a"]))


# a decorated function keeps its own type
assert_type(sync_endpoint(1, detail=True), Item)
decorated: Callable[[int, bool], Item] = sync_endpoint
decorated_async: Callable[[Item, BackgroundTasks, Response], Awaitable[Item]] = async_endpoint

app.include_router(router, prefix="/v1")


@app.middleware("http")
async def time_requests(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    return await call_next(request)


@app.exception_handler(RequestValidationError)
async def explain(request: Request, error: RequestValidationError) -> JSONResponse:
    return JSONResponse({"errors": list(error.errors())}, status_code=400)


def test_typed() -> None:
    with TestClient(app) as client:
        assert_type(client.get("/sync/1").status_code, int)
