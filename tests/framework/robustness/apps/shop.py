"""A shop: nested models, unions, enums, dates, generics; routers in routers; responses narrower than what is kept."""

import datetime as dt
from collections.abc import Iterator
from enum import Enum, IntEnum
from typing import Annotated, Generic, Literal, TypeVar
from uuid import UUID, uuid5

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from routebook import APIRouter, Body, Depends, HTTPException, Path, Query, Response, Routebook

T = TypeVar("T")

NAMESPACE = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")


class Colour(str, Enum):
    RED = "red"
    GREEN = "green"


class Urgency(IntEnum):
    LOW = 1
    HIGH = 2


class Money(BaseModel):
    cents: Annotated[int, Field(ge=0, le=10**8)]
    currency: Literal["EUR", "CHF"] = "EUR"


class Book(BaseModel):
    kind: Literal["book"]
    title: Annotated[str, Field(min_length=1, max_length=60)]
    pages: Annotated[int, Field(gt=0, le=5000)]


class Shirt(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["shirt"]
    colour: Colour
    size: Annotated[str, Field(pattern="^(S|M|L)$")]


Article = Annotated[Book | Shirt, Field(discriminator="kind")]


class Offer(BaseModel):
    article: Article
    price: Money
    tags: set[str] = set()
    notes: dict[str, int | None] = {}
    available_from: dt.date | None = None
    shelf: tuple[int, int] | None = None


class StoredOffer(Offer):
    id: UUID
    purchase_price: Money
    """What the shop paid: nobody's business."""


class PublicOffer(Offer):
    id: UUID


class OfferChange(BaseModel):
    price: Money | None = None
    tags: set[str] | None = None


class Line(BaseModel):
    offer_id: UUID
    count: Annotated[int, Field(ge=1, le=99)] = 1


class Order(BaseModel):
    lines: Annotated[list[Line], Field(min_length=1, max_length=5)]
    urgency: Urgency = Urgency.LOW
    deliver_at: AwareDatetime | None = None
    gift: bool | Annotated[str, Field(min_length=2)] = False
    follows: "Order | None" = None


class Page(BaseModel, Generic[T]):
    items: list[T]
    total: int


class Problem(BaseModel):
    detail: str


class Stock:
    """The offers of one shop, kept small: Schemathesis makes many."""

    def __init__(self) -> None:
        self.offers: dict[UUID, StoredOffer] = {}

    def put(self, offer: Offer) -> StoredOffer:
        identifier = uuid5(NAMESPACE, offer.model_dump_json())
        cost = Money(cents=100)
        stored = StoredOffer(**offer.model_dump(), id=identifier, purchase_price=cost)
        while len(self.offers) >= 20:
            del self.offers[next(iter(self.offers))]
        self.offers[identifier] = stored
        return stored


_stock = Stock()


def stock() -> Iterator[Stock]:
    yield _stock


CurrentStock = Annotated[Stock, Depends(stock)]


async def known_offer(offer_id: Annotated[UUID, Path()], stock: CurrentStock) -> StoredOffer:
    if offer_id not in stock.offers:
        raise HTTPException(404, f"There is no offer {offer_id}")
    return stock.offers[offer_id]


KnownOffer = Annotated[StoredOffer, Depends(known_offer)]

offers = APIRouter(prefix="/offers", tags=["offers"])
one_offer = APIRouter(prefix="/{offer_id}", responses={404: {"model": Problem}})


@offers.get("", response_model=Page[PublicOffer])
def list_offers(
    stock: CurrentStock,
    colour: Colour | None = None,
    newer_than: dt.date | None = None,
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
) -> Page[StoredOffer]:
    found = [
        offer
        for offer in stock.offers.values()
        if colour is None or (isinstance(offer.article, Shirt) and offer.article.colour is colour)
    ]
    if newer_than is not None:
        found = [offer for offer in found if offer.available_from and offer.available_from > newer_than]
    return Page(items=found[:limit], total=len(found))


@offers.post("", status_code=201, response_model=PublicOffer)
async def add_offer(offer: Offer, stock: CurrentStock, response: Response) -> StoredOffer:
    stored = stock.put(offer)
    response.headers["Location"] = f"/offers/{stored.id}"
    return stored


@one_offer.get("", response_model=PublicOffer, response_model_exclude_unset=True)
async def show_offer(offer: KnownOffer) -> StoredOffer:
    return offer


@one_offer.patch("", response_model=PublicOffer)
async def change_offer(offer: KnownOffer, change: OfferChange, stock: CurrentStock) -> StoredOffer:
    changed = offer.model_copy(update=change.model_dump(exclude_unset=True, exclude_none=True))
    stored = StoredOffer.model_validate(changed.model_dump())
    stock.offers[stored.id] = stored
    return stored


@one_offer.delete("", status_code=204)
def delete_offer(offer: KnownOffer, stock: CurrentStock) -> None:
    del stock.offers[offer.id]


@one_offer.put("/shelf/{row}")
def move(
    offer: KnownOffer,
    row: Annotated[int, Path(ge=0, le=20)],
    place: Annotated[int, Body(embed=True, ge=0, le=20)],
) -> tuple[int, int]:
    return row, place


orders = APIRouter(prefix="/orders", tags=["orders"])


@orders.post("", status_code=202)
async def order(order: Order, hint: Annotated[str | None, Body(max_length=20)] = None) -> Order:
    return order


@orders.post("/dates")
def dates(
    day: Annotated[dt.date, Body()],
    at: Annotated[dt.time, Body()],
) -> dict[str, dt.date | dt.time]:
    return {"day": day, "at": at}


offers.include_router(one_offer)
app = Routebook(title="Shop", responses={400: {"description": "The body cannot be read as text"}})
app.include_router(offers)
app.include_router(orders, prefix="/v1")
