"""Small applications, each written once and built on Routebook and on FastAPI."""

import enum
import importlib
from collections.abc import AsyncIterable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import ModuleType
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import (
    AliasChoices,
    AliasPath,
    BaseModel,
    ConfigDict,
    Field,
    Json,
    PlainSerializer,
    RootModel,
    WithJsonSchema,
    computed_field,
)
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from typing_extensions import TypeAliasType

T = TypeVar("T")


class Colour(enum.Enum):
    red = "red"
    blue = "blue"


class Number(enum.IntEnum):
    one = 1


class Part(BaseModel):
    """A part.

    Of something.\fNobody reads this.
    """

    sku: str
    colour: Colour = Colour.red
    second: Colour | None = None
    weight: Decimal = Field(default=Decimal("1.5"), gt=0)
    blob: bytes = b""


Amount = TypeAliasType("Amount", Annotated[int, Field(gt=1)])
Parts = TypeAliasType("Parts", list[Part])
Listed = TypeAliasType("Listed", list[T], type_params=(T,))


class Item(BaseModel):
    name: str = Field(examples=["hammer"], description="What it is called", title="The name")
    price: float = 1.0
    parts: list[Part] = []
    notes: dict[str, Part | None] = Field(default_factory=dict)

    @computed_field(description="made from the rest")
    @property
    def label(self) -> str:
        return self.name


class Node(BaseModel):
    value: int = 0
    child: "Node | None" = None


class Serialised(BaseModel):
    number: Annotated[int, PlainSerializer(str, return_type=str)] = 1


class Page(BaseModel, Generic[T]):
    items: list[T]
    following: T | None = None


class Names(RootModel[list[str]]):
    pass


class Cat(BaseModel):
    kind: Literal["cat"]
    meows: int = 1


class Dog(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["dog"]
    barks: bool


@dataclass
class Point:
    x: int
    y: int = field(default=2)


class Encoded(BaseModel):
    model_config = ConfigDict(val_json_bytes="base64", ser_json_bytes="base64")
    data: bytes


class Filters(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    limit: int = Field(10, ge=1, le=100, description="How many")
    order_by: Literal["name", "price"] = "name"
    tags: list[str] = []
    since: datetime | None = None
    colour: Colour | None = None
    page: int = Field(1, alias="page-number", deprecated=True)
    ident: int = Field(0, validation_alias=AliasChoices("id", "ident"))


class NoAliases(BaseModel):
    model_config = ConfigDict(validate_by_alias=False, validate_by_name=True)
    x_name: str = Field(alias="other")


class Profile(BaseModel):
    name: str
    age: int = 3


class Aliased(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    name: str = Field(alias="display-name")
    nick: str = Field("", alias="nick-name")


def parameters(web: ModuleType) -> Any:
    app = web.FastAPI()

    @app.get("/all/{number}/{path:path}")
    def every_kind(
        number: Annotated[int, web.Path(ge=1, title="N")],
        path: str,
        colour: Colour,
        preferred: Colour = Colour.blue,
        optional: Colour | None = None,
        several: list[Colour] = web.Query([Colour.red]),
        integer: Number = Number.one,
        amount: Decimal = Decimal("1.5"),
        when: datetime = datetime(2020, 1, 1, tzinfo=UTC),
        ident: UUID = UUID(int=1),
        wait: timedelta = timedelta(seconds=3),
        numbers: set[int] = web.Query({3, 1}),
        pair: tuple[int, str] = web.Query((1, "a")),
        raw: bytes = b"ab",
        choice: Literal["a", 1] = "a",
        constant: Literal["x"] = "x",
        made: int = web.Query(default_factory=lambda: 3),
        snake_case_name: int = 1,
        aliased: int = web.Query(1, alias="al-ias_x"),
        renamed: int = web.Query(1, validation_alias="other_name"),
        chosen: int = web.Query(1, validation_alias=AliasChoices("first", "second")),
        inner: int = web.Query(1, validation_alias=AliasPath("outer", 0)),
        written: Annotated[str, WithJsonSchema({"type": "string", "title": "W!"})] = "3",
        old: int = web.Query(1, deprecated=True),
        shown: int = web.Query(1, examples=[1, 2], description="shown", title="Shown"),
        extra: int = web.Query(1, json_schema_extra={"x-extra": {"a": None, "b": 1}}),
        called: int = web.Query(1, json_schema_extra=lambda schema: schema.update(b=2)),
        named: int = web.Query(1, openapi_examples={"k": {"summary": "s", "value": 1}}),
        hidden: int = web.Query(1, include_in_schema=False),
        anything: Any = None,
        untyped=None,
        limited: str = web.Query("x", pattern="^x$", max_length=3, min_length=1),
        stepped: int = web.Query(2, multiple_of=2, gt=0, lt=10),
        header_name: str = web.Header(),
        literal_name: str | None = web.Header(None, convert_underscores=False),
        header_alias: str = web.Header("a", alias="X-Al_b"),
        cookie: str = web.Cookie("v"),
    ) -> None: ...

    @app.get("/json")
    def as_json(value: Annotated[Json[list[int]], web.Query()], other: Json = web.Query("1")) -> None: ...

    return app


def parameter_models(web: ModuleType) -> Any:
    app = web.FastAPI()

    @app.get("/models")
    def models(
        query: Annotated[Filters, web.Query(description="not shown")],
        header: Annotated[Filters, web.Header()],
        cookie: Annotated[Profile | None, web.Cookie()] = None,
        limit: Annotated[int, web.Query(description="the endpoint's own")] = 5,
    ) -> None: ...

    @app.get("/never-absent")
    def never_absent(query: Annotated[Profile, web.Query()] = None) -> None: ...  # type: ignore[assignment]

    @app.get("/no-aliases")
    def no_aliases(query: Annotated[NoAliases, web.Query()], header: Annotated[NoAliases, web.Header()]) -> None: ...

    def dependency(item_id: str, q: str = "a", limit: int = web.Query(5, ge=1)) -> None: ...

    @app.get("/shared/{item_id}", dependencies=[web.Depends(dependency)])
    def shared(item_id: int, q: str = web.Query(description="own"), limit: int | None = None) -> None: ...

    return app


def bodies(web: ModuleType) -> Any:
    app = web.FastAPI()
    body = web.Body

    @app.post("/one")
    def one(item: Item) -> Item: ...

    @app.post("/optional")
    def optional(item: Item | None = None) -> None: ...

    @app.post("/default")
    def default(item: Annotated[Part, body(title="T", examples=[{"sku": "x"}])] = Part(sku="d")) -> None: ...

    @app.post("/embedded")
    def embedded(item: Annotated[Part, body(embed=True, description="d")]) -> None: ...

    @app.post("/several")
    def several(
        item: Item,
        node: Node | None = None,
        colour: Colour = body(Colour.red),
        other: Colour | None = body(None),
        number: int = body(1, alias="I_i", ge=1),
        parts: list[Part] = [],  # noqa: B006  # as people write it; each request gets a copy
    ) -> None: ...

    @app.post("/union")
    def union(pet: Annotated[Cat | Dog, body(discriminator="kind")]) -> Cat | Dog: ...

    @app.post("/scalar")
    def scalar(value: int = body(openapi_examples={"one": {"value": 1}})) -> None: ...

    @app.post("/names")
    def names(value: Names, pages: Page[Item] | None = None) -> Page[Item]: ...

    @app.post("/point")
    def point(value: Point) -> Point: ...

    @app.post("/recursive")
    def recursive(value: Node) -> Node: ...

    @app.post("/serialised")
    def serialised(value: Serialised, data: Encoded) -> dict[str, Serialised]: ...

    @app.put("/media", openapi_extra={"requestBody": {"description": "bytes"}, "x-null": None})
    def media(value: Annotated[dict[str, Any], body(media_type="application/vnd.api+json")]) -> None: ...

    @app.trace("/trace")
    def trace(value: Item) -> None: ...

    return app


def forms(web: ModuleType) -> Any:
    app = web.FastAPI()
    form, file = web.Form, web.File

    @app.post("/fields")
    def fields(name: Annotated[str, form()], age: Annotated[int, form(alias="Age")] = 3) -> None: ...

    @app.post("/files")
    def files(
        one: Annotated[bytes, file()],
        upload: web.UploadFile | None = None,
        many: list[web.UploadFile] = file(None),
    ) -> None: ...

    @app.post("/model")
    def model(profile: Annotated[Profile, form(description="d")]) -> None: ...

    @app.post("/models")
    def models(
        profile: Annotated[Profile, form()],
        other: Annotated[Aliased, form()],
        token: Annotated[str, form(alias="T_t")],
        count: Annotated[int, form()] = 1,
    ) -> None: ...

    @app.post("/optional")
    def optional(profile: Annotated[Profile | None, form()] = None) -> None: ...

    @app.post("/needed")
    def needed(profile: Annotated[Aliased | None, form()], token: Annotated[str, form()] = "x") -> None: ...

    @app.post("/union")
    def union(pet: Annotated[Cat | Dog | None, form(discriminator="kind")] = None) -> None: ...

    @app.post("/mixed")
    def mixed(profile: Annotated[Profile, form()], upload: web.UploadFile, token: Annotated[str, form()]) -> None: ...

    return app


def responses(web: ModuleType) -> Any:
    app = web.FastAPI(responses={418: {"model": Part}})

    @app.get(
        "/additional",
        status_code=202,
        response_description="Accepted",
        responses={
            404: {"model": Item, "description": "Nothing there"},
            "4XX": {"description": "x", "content": {"text/plain": {}}},
            "5XX": {"model": list[Node]},
            "default": {"model": str | None},
            204: {"description": "none"},
            202: {"content": {"application/json": {"example": {"sku": None, "blob": "b"}}}},
        },
    )
    def additional(q: int = 1) -> Part | None: ...

    @app.get("/scalar")
    def scalar() -> Annotated[int, Field(title="TT", ge=3)]: ...

    @app.get("/empty", status_code=204)
    def empty() -> None: ...

    @app.get("/html", response_class=HTMLResponse)
    def html() -> Item: ...

    @app.get("/text", response_class=PlainTextResponse)
    def text() -> str: ...

    @app.get("/redirect", response_class=RedirectResponse)
    def redirect(): ...

    @app.get("/direct")
    def direct() -> JSONResponse: ...

    class Other(JSONResponse):
        media_type = "application/vnd.other+json"

    @app.get("/other", response_class=Other, responses={404: {"model": Item}})
    def other() -> Item: ...

    class NoMedia(Response):
        def __init__(self, content: Any = None, status_code: int = 299) -> None:
            super().__init__(content, status_code)

    @app.get("/no-media", response_class=NoMedia)
    def no_media() -> Item: ...

    return app


def streams(web: ModuleType) -> Any:
    app = web.FastAPI()
    sse = importlib.import_module(f"{web.__name__}.sse")

    @app.get("/lines")
    def lines() -> Iterable[Item]:
        yield Item(name="x")

    @app.get("/events", response_class=sse.EventSourceResponse)
    async def events() -> AsyncIterable[Item]:
        yield Item(name="x")

    @app.get("/raw-events", response_class=sse.EventSourceResponse)
    async def raw_events() -> AsyncIterable[sse.ServerSentEvent]:
        yield sse.ServerSentEvent()

    return app


def aliases(web: ModuleType) -> Any:
    app = web.FastAPI()

    @app.get("/annotated")
    def annotated() -> Amount: ...

    @app.get("/several", responses={404: {"model": Parts}})
    def several() -> Annotated[Parts, "told to nobody"]: ...

    @app.post("/taken")
    def taken(
        plain: Amount,
        marked: Annotated[Amount, web.Query(description="how much")],
        body: Annotated[Parts | None, web.Body()] = None,
        more: Annotated[Listed[Part], web.Body(embed=True)] = (),  # type: ignore[assignment]
    ) -> None: ...

    @app.get("/given", response_model=Listed[Part])
    def given() -> None: ...

    return app


def security(web: ModuleType) -> Any:
    app = web.FastAPI()
    schemes = importlib.import_module(f"{web.__name__}.security")
    oauth = schemes.OAuth2PasswordBearer(tokenUrl="token", scopes={"a": "A"}, description="D")
    key = schemes.APIKeyHeader(name="x-key")
    second = schemes.OAuth2AuthorizationCodeBearer(authorizationUrl="a", tokenUrl="b", scheme_name="Second")

    def inner(token: str = web.Security(oauth, scopes=["z"])) -> None: ...

    def outer(_: Any = web.Security(inner, scopes=["b"]), __: Any = web.Depends(key)) -> None: ...

    @app.get("/scopes", dependencies=[web.Security(oauth, scopes=["q"]), web.Depends(second)])
    def scopes(_: Any = web.Security(outer, scopes=["a", "b"]), __: Any = web.Depends(oauth)) -> None: ...

    @app.get("/schemes")
    def all_schemes(
        basic: Any = web.Depends(schemes.HTTPBasic(realm="r")),
        bearer: Any = web.Depends(schemes.HTTPBearer(bearerFormat="JWT", description="b")),
        digest: Any = web.Depends(schemes.HTTPDigest()),
        connect: Any = web.Depends(schemes.OpenIdConnect(openIdConnectUrl="http://example.com")),
        query: Any = web.Depends(schemes.APIKeyQuery(name="q")),
        cookie: Any = web.Depends(schemes.APIKeyCookie(name="c")),
    ) -> None: ...

    @app.post("/token")
    def token(form: Annotated[schemes.OAuth2PasswordRequestForm, web.Depends()]) -> None: ...

    return app


def metadata(web: ModuleType) -> Any:
    app = web.FastAPI(
        title="Shop",
        summary="S",
        description="D",
        version="2",
        terms_of_service="http://example.com/terms",
        contact={"name": "N", "url": "http://example.com", "email": "a@example.com"},
        license_info={"name": "MIT", "url": "http://example.com/mit", "x-none": None},
        openapi_tags=[{"name": "t", "externalDocs": {"url": "http://example.com", "description": None}}],
        servers=[{"url": "/a", "description": None}, {"url": "http://example.com"}],
        openapi_external_docs={"url": "http://example.com"},
        deprecated=True,
    )

    @app.get("/described", tags=["t", Colour.red], summary="S", operation_id="own-id")
    def described() -> None:
        """First line.

          Indented.
        \f
        Not for readers.
        """

    callbacks = web.APIRouter()

    @callbacks.post("{$request.query.url}/paid/{$request.body.id}")
    def paid(item: Item) -> Node: ...

    @app.post("/callbacks", callbacks=callbacks.routes)
    def with_callbacks(url: str) -> None: ...

    @app.webhooks.post("new-item")
    def new_item(item: Item, q: int = 1) -> None:
        """Somebody made an item."""

    router = web.APIRouter(prefix="/sub", tags=["outer"], responses={404: {"description": "gone"}})

    @router.get("/{item_id}", tags=["inner"])
    def read(version: str, item_id: int) -> None: ...

    app.include_router(router, prefix="/api/{version}", tags=["most outer"])
    app.include_router(router, prefix="/hidden/{version}", include_in_schema=False)
    return app


def same_names(web: ModuleType) -> Any:
    """Models of equal names: equal ones share a definition, others are told apart."""
    app = web.FastAPI()

    def make(kind: type) -> Any:
        class Thing(BaseModel):
            value: kind  # type: ignore[valid-type]

        class Same(BaseModel):
            text: str

        class Holder(BaseModel):
            thing: Thing

        return Thing, Same, Holder

    (thing, same, holder), (other_thing, other_same, other_holder) = make(int), make(str)

    @app.post("/first")
    def first(value: holder, same: same) -> thing: ...  # type: ignore[valid-type]

    @app.post("/second")
    def second(value: other_holder, same: other_same) -> other_thing: ...  # type: ignore[valid-type]

    return app


def unseparated(web: ModuleType) -> Any:
    app = web.FastAPI(separate_input_output_schemas=False)

    @app.post("/computed")
    def computed(value: Item) -> Item: ...

    @app.post("/plain")
    def plain(value: Serialised, node: Node) -> Page[Serialised]: ...

    return app


APPLICATIONS: list[Callable[[ModuleType], Any]] = [
    parameters,
    parameter_models,
    bodies,
    forms,
    responses,
    streams,
    aliases,
    security,
    metadata,
    same_names,
    unseparated,
]
