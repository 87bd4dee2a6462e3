"""Parameters from everywhere: models of queries, headers and cookies, lists, unions, aliases, defaults, convertors."""

import datetime as dt
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, Json

from routebook import Cookie, Depends, Header, Path, Query, Routebook


class Order(Enum):
    UP = "up"
    DOWN = "down"


class Filters(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=100)] = 10
    order: Order = Order.UP
    tags: list[Annotated[str, Field(max_length=8)]] = []
    since: dt.datetime | None = None


class Client(BaseModel):
    x_client: Annotated[str, Field(max_length=20)] = "none"
    x_version: Annotated[int, Field(ge=1)] | None = None
    x_trace: list[str] = []


class Session(BaseModel):
    session: Annotated[str, Field(pattern="^[a-f0-9]{4,8}$")]
    theme: Literal["light", "dark"] = "light"


class Paging:
    def __init__(self, skip: Annotated[int, Query(ge=0, le=2**31)] = 0, size: Annotated[int, Query(gt=0)] = 5) -> None:
        self.skip, self.size = skip, size


app = Routebook(title="Search")


@app.get("/filters")
async def by_filters(filters: Annotated[Filters, Query()]) -> Filters:
    return filters


@app.get("/client")
async def by_client(client: Annotated[Client, Header()]) -> Client:
    return client


@app.get("/session")
async def by_session(session: Annotated[Session, Cookie()]) -> Session:
    return session


@app.get("/paging")
def by_paging(paging: Annotated[Paging, Depends()]) -> dict[str, int]:
    return {"skip": paging.skip, "size": paging.size}


@app.get("/items/{item_id}/parts/{part}")
async def part(
    item_id: Annotated[int, Path(ge=1, le=1000, multiple_of=2)],
    part: Annotated[UUID | Literal["all"], Path()],
    detail: bool = False,
) -> dict[str, int | UUID | str | bool]:
    return {"item": item_id, "part": part, "detail": detail}


@app.get("/floats/{value}")
async def number(value: Annotated[float, Path(allow_inf_nan=False)], exact: Decimal | None = None) -> float:
    return value


@app.get("/files/{path:path}")
def file(path: str) -> str:
    return path


@app.get("/lists")
async def lists(
    numbers: Annotated[list[int] | None, Query(max_length=5)] = None,
    unique: Annotated[set[str] | None, Query()] = None,
    pair: Annotated[tuple[int, int] | None, Query()] = None,
    either: Annotated[int | str, Query(max_length=10)] = 0,
) -> dict[str, Any]:
    return {"numbers": numbers, "unique": unique, "pair": pair, "either": either}


@app.get("/aliased")
async def aliased(
    term: Annotated[str, Query(alias="q", min_length=1, max_length=50)],
    host: Annotated[IPv4Address | None, Query(validation_alias=AliasChoices("host", "ip"))] = None,
    choice: Annotated[Json[dict[str, int]] | None, Query()] = None,
    token: Annotated[str | None, Header(alias="X-Token")] = None,
    old: Annotated[str | None, Query(deprecated=True)] = None,
) -> dict[str, Any]:
    return {"term": term, "host": host, "choice": choice}


@app.get("/late/{day}", response_model=None)
async def late(day: dt.date, at: dt.time | None = None, lasting: dt.timedelta | None = None) -> Any:
    return {"day": day, "at": at, "lasting": lasting}
