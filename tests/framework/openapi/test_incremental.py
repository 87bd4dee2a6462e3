"""A document after a change costs what changed, and is what a new one would be."""

from typing import Any

import pytest
from pydantic import BaseModel

from routebook import APIRouter, Routebook
from routebook.openapi import operations
from routebook.openapi.utils import get_openapi


class Item(BaseModel):
    name: str


@pytest.fixture
def described(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the routes that are described, as it happens."""
    paths: list[str] = []
    describe = operations._describe

    def noting(context: Any, schemas: Any) -> Any:
        paths.append(context.path)
        return describe(context, schemas)

    monkeypatch.setattr(operations, "_describe", noting)
    return paths


def _application(count: int = 5) -> Routebook:
    app = Routebook()
    for number in range(count):

        @app.post(f"/items{number}", name=f"make{number}")
        def make(item: Item, q: int = 1) -> Item:
            return item

    return app


def _route(app: Routebook, path: str) -> Any:
    return next(route for route in app.routes if getattr(route, "path", None) == path)


def _fresh(app: Routebook) -> dict[str, Any]:
    """The document as an application that was never described before has it."""
    other = Routebook()
    for route in app.routes[len(other.routes) :]:
        other.routes.append(route.rebuilt())  # type: ignore[attr-defined]
    return other.openapi()


def test_only_the_changed_route_is_described_again(described: list[str]) -> None:
    """The rest of a large application must not cost anything."""
    app = _application()
    app.openapi()
    described.clear()

    def other(item: Item, verbose: bool = False) -> list[Item]:
        return [item]

    old = _route(app, "/items3")
    app.replace_route(old, old.rebuilt(endpoint=other))
    document = app.openapi()
    assert described == ["/items3"]
    assert document == _fresh(app)


def test_removed_route_takes_its_definitions_along() -> None:
    """A model that nothing uses is not in the document."""
    app = _application(1)

    class Other(BaseModel):
        value: int

    @app.get("/other")
    def other() -> Other:
        return Other(value=1)

    assert set(app.openapi()["components"]["schemas"]) >= {"Item", "Other"}
    app.remove_route(_route(app, "/other"))
    assert "Other" not in app.openapi()["components"]["schemas"]
    assert app.openapi() == _fresh(app)


def test_redefined_model_renames_the_other_of_its_name() -> None:
    """Names belong to the document: a second `Item` changes what operations that did not change refer to."""
    app = _application(1)
    before = app.openapi()
    redefined = type("Item", (BaseModel,), {"__annotations__": {"price": float}, "__module__": __name__})

    def make(item: redefined) -> None: ...  # type: ignore[valid-type]

    app.post("/new")(make)
    schemas = app.openapi()["components"]["schemas"]
    assert "Item" not in schemas
    reference = app.openapi()["paths"]["/items0"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert schemas[reference["$ref"].rpartition("/")[2]]["properties"].keys() == {"name"}
    assert app.openapi() == _fresh(app)
    app.remove_route(_route(app, "/new"))
    assert app.openapi() == before


def test_rebuilt_model_is_described_anew() -> None:
    """`model_rebuild` changes a class that stays the same object; new routes must show what it is now."""

    class Growing(BaseModel):
        a: int

    app = Routebook()

    @app.post("/before")
    def before(value: Growing) -> None: ...

    app.openapi()
    Growing.model_fields["a"].description = "described later"
    Growing.model_rebuild(force=True)
    app.remove_route(_route(app, "/before"))

    @app.post("/after")
    def after(value: Growing) -> None: ...

    described = app.openapi()["components"]["schemas"]["Growing"]["properties"]["a"]
    assert described["description"] == "described later"


def test_changed_option_of_a_route_is_seen() -> None:
    """Setting operation ids after the fact is a documented recipe; it must work whenever it is done."""
    app = _application(1)
    app.openapi()
    _route(app, "/items0").operation_id = "own"
    document = get_openapi(title="T", version="1", routes=app.routes)
    assert document["paths"]["/items0"]["post"]["operationId"] == "own"


def test_get_openapi_gives_a_document_of_ones_own() -> None:
    """Custom `openapi()` functions change what they get; the next document must not show it."""
    app = _application(1)
    first = get_openapi(title="T", version="1", routes=app.routes)
    first["paths"]["/items0"]["post"]["summary"] = "changed"
    first["components"]["schemas"]["Item"]["title"] = "changed"
    second = get_openapi(title="T", version="1", routes=app.routes)
    assert second["paths"]["/items0"]["post"]["summary"] == "Make0"
    assert second["components"]["schemas"]["Item"]["title"] == "Item"


def test_application_shares_what_did_not_change() -> None:
    """Reading 500 operations anew would be most of the cost; a change made in the document stays, as FastAPI's does."""
    app = _application(2)
    before = app.openapi()
    before["paths"]["/items0"]["post"]["x-own"] = True
    app.remove_route(_route(app, "/items1"))
    after = app.openapi()
    assert after is not before
    assert after["paths"]["/items0"]["post"] is before["paths"]["/items0"]["post"]
    assert list(before["paths"]) == ["/items0", "/items1"]


def test_extras_of_one_operation_stay_with_it() -> None:
    """`openapi_extra` is merged into parts that operations have in common."""
    app = Routebook()
    extra = {"responses": {"422": {"description": "own"}}}

    @app.get("/own", openapi_extra=extra)
    def own(q: int) -> None: ...

    @app.get("/other")
    def other(q: int) -> None: ...

    paths = app.openapi()["paths"]
    assert paths["/own"]["get"]["responses"]["422"]["description"] == "own"
    assert paths["/other"]["get"]["responses"]["422"]["description"] == "Validation Error"
    assert extra == {"responses": {"422": {"description": "own"}}}


def test_route_added_to_an_included_router_is_described() -> None:
    """Inclusion is live, and so is the document."""
    app, router = Routebook(), APIRouter()
    app.include_router(router, prefix="/sub")
    assert app.openapi()["paths"] == {}

    @router.get("/late")
    def late() -> None: ...

    assert list(app.openapi()["paths"]) == ["/sub/late"]


def test_equal_operation_ids_are_told() -> None:
    """Generated clients would lose one of them."""
    app = Routebook()

    @app.get("/a", operation_id="same")
    def first() -> None: ...

    @app.get("/b", operation_id="same")
    def second() -> None: ...

    with pytest.warns(UserWarning, match="Duplicate Operation ID same for function second at .*test_incremental.py"):
        app.openapi()


def test_key_that_is_no_status_is_refused() -> None:
    """The document would be invalid; the message says whose `responses` it is."""
    app = Routebook()

    @app.get("/a", responses={"hello": {"description": "d"}})
    def wrong() -> None: ...

    with pytest.raises(ValueError, match=r"'hello' in the responses of wrong at .* is no status"):
        app.openapi()


def test_schema_that_openapi_does_not_allow_names_its_model() -> None:
    """Pydantic's message alone does not tell whose schema it is."""

    class Wrong(BaseModel):
        model_config = {"json_schema_extra": {"examples": "not a list"}}
        a: int

    app = Routebook()

    @app.post("/a")
    def make(value: Wrong) -> None: ...

    with pytest.raises(ValueError, match="examples") as raised:
        app.openapi()
    assert any("Wrong" in note for note in raised.value.__notes__)
