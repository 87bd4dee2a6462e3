"""Routes change while an application lives: adding, replacing, removing, including, in any router of the tree."""

import threading
from collections.abc import Iterator

import pytest
from starlette.routing import BaseRoute, Match

from routebook import APIRouter, Depends, Routebook
from routebook.exceptions import DeclarationError, RoutebookError
from routebook.routing import APIRoute, iter_route_contexts, set_registrar
from routebook.testclient import TestClient


def paths(app: Routebook) -> list[str | None]:
    return [context.path for context in iter_route_contexts(app.routes) if isinstance(context.original_route, APIRoute)]


def make_app() -> Routebook:
    app = Routebook(openapi_url=None)

    @app.get("/a")
    def a() -> str:
        return "a"

    @app.get("/b")
    def b() -> str:
        return "b"

    return app


def test_replace_route_keeps_its_place_and_serves_the_new_function() -> None:
    """A cell that runs again must not change the order of declaration."""
    app = make_app()
    client = TestClient(app)
    assert client.get("/a").json() == "a"
    old = app.routes[0]
    assert isinstance(old, APIRoute)

    app.replace_route(old, old.rebuilt(endpoint=lambda: "new"))

    assert paths(app) == ["/a", "/b"]
    assert client.get("/a").json() == "new"


def test_remove_route_ends_it_and_leaves_the_others() -> None:
    """What a cell no longer defines is gone."""
    app = make_app()
    client = TestClient(app)
    assert client.get("/a").status_code == 200

    app.remove_route(app.routes[0])

    assert client.get("/a").status_code == 404
    assert client.get("/b").json() == "b"


def test_insert_route_before_a_wider_one_wins() -> None:
    """Order of declaration decides, so a position can be chosen."""
    app = Routebook(openapi_url=None)

    @app.get("/users/{name}")
    def user(name: str) -> str:
        return name

    client = TestClient(app)
    assert client.get("/users/me").json() == "me"

    app.insert_route(0, APIRoute("/users/me", lambda: "myself"))

    assert client.get("/users/me").json() == "myself"


@pytest.mark.parametrize("change", ["replace_route", "remove_route"])
def test_changing_a_route_that_is_not_there_is_refused(change: str) -> None:
    """A stale reference must not hit another route that is merely equal."""
    app = make_app()
    stranger = APIRoute("/a", lambda: "other")
    arguments = (stranger, stranger) if change == "replace_route" else (stranger,)
    with pytest.raises(ValueError, match="is not a route of this router"):
        getattr(app, change)(*arguments)


def test_included_router_is_live_at_every_place() -> None:
    """Routes that are added to an included router later are served wherever it is included."""
    app, outer, inner = Routebook(openapi_url=None), APIRouter(prefix="/outer"), APIRouter(prefix="/inner")
    outer.include_router(inner, prefix="/x")
    app.include_router(outer, prefix="/v1")
    app.include_router(outer, prefix="/v2")
    client = TestClient(app)
    assert client.get("/v1/outer/x/inner/later").status_code == 404

    @inner.get("/later")
    def later() -> str:
        return "later"

    assert paths(app) == ["/v1/outer/x/inner/later", "/v2/outer/x/inner/later"]
    assert client.get("/v2/outer/x/inner/later").json() == "later"


def test_one_changed_route_keeps_the_compiled_functions_of_the_others() -> None:
    """With 500 operations, one changed cell costs one compilation."""
    app = make_app()
    before = {context.path: context for context in iter_route_contexts(app.routes)}
    old = app.routes[0]
    assert isinstance(old, APIRoute)

    app.replace_route(old, old.rebuilt())

    after = {context.path: context for context in iter_route_contexts(app.routes)}
    assert after["/b"] is before["/b"]
    assert after["/a"] is not before["/a"]


def test_path_parameter_of_an_include_prefix_is_a_path_parameter() -> None:
    """What a prefix names comes from the path, though the route itself could not know."""
    app, router = Routebook(openapi_url=None), APIRouter()

    @router.get("/items")
    def items(tenant: int) -> int:
        return tenant

    app.include_router(router, prefix="/{tenant}")
    app.include_router(router)
    client = TestClient(app)
    assert client.get("/7/items").json() == 7
    assert client.get("/items?tenant=8").json() == 8


def test_dependencies_of_every_level_run_from_the_outside_in() -> None:
    """Application, include, router, route: the order that FastAPI documents."""
    calls: list[str] = []

    def note(name: str) -> object:
        return Depends(lambda: calls.append(name))

    app = Routebook(openapi_url=None, dependencies=[note("app")])
    router = APIRouter(dependencies=[note("router")])

    @router.get("/", dependencies=[note("route")])
    def root() -> None:
        calls.append("endpoint")

    app.include_router(router, prefix="/p", dependencies=[note("include")])
    TestClient(app).get("/p/")
    assert calls == ["app", "include", "router", "route", "endpoint"]


def test_router_cannot_include_itself_through_others() -> None:
    """A cycle would never end; it is refused where it is made."""
    first, second = APIRouter(), APIRouter()
    first.include_router(second, prefix="/s")
    with pytest.raises(DeclarationError, match="already includes this router"):
        second.include_router(first, prefix="/f")
    with pytest.raises(DeclarationError, match="into itself"):
        first.include_router(first, prefix="/f")


@pytest.mark.parametrize(("prefix", "says"), [("items", "must start with '/'"), ("/items/", "must not end with '/'")])
def test_malformed_prefix_is_refused_with_the_right_one(prefix: str, says: str) -> None:
    """The message shows what to write."""
    with pytest.raises(DeclarationError, match=says):
        APIRouter(prefix=prefix)


def test_route_without_any_path_is_refused() -> None:
    """Prefix and path both empty would be no path at all."""
    router = APIRouter()
    router.add_api_route("", lambda: None, name="nowhere")
    with pytest.raises(RoutebookError, match=r"cannot be both empty.*nowhere"):
        Routebook().include_router(router)


def test_failed_registration_changes_nothing() -> None:
    """A bad declaration must not leave half a route behind."""
    app = make_app()
    with pytest.raises(DeclarationError):

        @app.get("/c/{item}")
        def c(item: dict[str, int]) -> None: ...

    assert paths(app) == ["/a", "/b"]


@pytest.fixture
def registrar() -> Iterator[list[BaseRoute]]:
    placed: list[BaseRoute] = []

    class Front:
        def place(self, router: APIRouter, entry: BaseRoute) -> None:
            placed.append(entry)
            router.routes.insert(0, entry)

    former = set_registrar(Front())
    yield placed
    set_registrar(former)


def test_registrar_decides_where_every_kind_of_route_goes(registrar: list[BaseRoute]) -> None:
    """A notebook puts a cell's routes where the cell's former ones stood."""
    app = Routebook(openapi_url=None)

    @app.get("/a")
    def a() -> None: ...

    @app.websocket("/w")
    async def w() -> None: ...

    app.mount("/m", Routebook(openapi_url=None))
    app.include_router(APIRouter(), prefix="/i")
    app.add_route("/r", lambda request: None)
    assert len(registrar) == 5
    assert list(app.routes) == registrar[::-1]


def test_custom_route_class_that_matches_itself_is_asked_in_order() -> None:
    """A class with its own `matches` has its say at its place in the order of declaration."""

    class ByHeader(APIRoute):
        def matches(self, scope):  # type: ignore[no-untyped-def]  # as users write it
            if (b"x-beta", b"yes") not in scope["headers"]:
                return Match.NONE, {}
            return super().matches(scope)

    app, beta = Routebook(openapi_url=None), APIRouter(route_class=ByHeader)

    @beta.get("/items/{item}")
    def new(item: int) -> str:
        return f"new {item}"

    app.include_router(beta, prefix="/api")

    @app.get("/api/items/{item}")
    def old(item: int) -> str:
        return f"old {item}"

    client = TestClient(app)
    assert client.get("/api/items/1").json() == "old 1"
    assert client.get("/api/items/1", headers={"x-beta": "yes"}).json() == "new 1"


def test_requests_during_changes_see_the_old_table_or_the_new_never_half() -> None:
    """A server thread goes on while a cell replaces, removes and adds routes."""
    app = make_app()
    client = TestClient(app)
    stop = threading.Event()
    failures: list[str] = []

    def change() -> None:
        while not stop.is_set():
            standing = app.routes[0]
            assert isinstance(standing, APIRoute)
            app.replace_route(standing, standing.rebuilt())
            extra = APIRoute("/extra", lambda: "extra")
            app.insert_route(1, extra)
            app.remove_route(extra)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(40):
            for path in ("/a", "/b"):
                response = client.get(path)
                if response.json() != path[1:]:
                    failures.append(response.text)
    finally:
        stop.set()
        thread.join()
    assert failures == []
    assert paths(app) == ["/a", "/b"]
