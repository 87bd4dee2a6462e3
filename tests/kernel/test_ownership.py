"""What a cell adds to an application belongs to that cell and follows it; definitions used elsewhere are rebound."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from routebook.routing import set_registrar
from tests.kernel.pages import Pages

IMPORTS = """
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from functools import partial, wraps
from typing import Annotated, Generic, NewType, TypeVar
from pydantic import BaseModel, Field
from routebook import APIRouter, Depends, Header, Query, Request, Security, WebSocket
from routebook.applications import Routebook
from starlette.middleware.base import BaseHTTPMiddleware
from routebook.responses import JSONResponse, PlainTextResponse
from routebook.security import APIKeyHeader, APIKeyQuery
T = TypeVar("T")
"""


@pytest.fixture
def pages() -> Iterator[Pages]:
    notebook = Pages()
    previous = set_registrar(notebook.tracker)
    notebook.run("imports", IMPORTS)
    notebook.run("app", "app = Routebook()")
    yield notebook
    set_registrar(previous)


@dataclass(frozen=True)
class OwnedThing:
    """Something that a cell adds to an application, and an expression that shows whether it's there."""

    name: str
    source: str
    shows: str  # an expression that returns 1, the value the cell sets

    def __str__(self) -> str:
        return self.name


OWNED_THINGS = [
    OwnedThing("operation", "@app.get('/x')\ndef x(): return 1", "get('/x').json()"),
    OwnedThing(
        "router",
        "r = APIRouter(prefix='/r')\n@r.get('/x')\ndef x(): return 1\napp.include_router(r)",
        "get('/r/x').json()",
    ),
    OwnedThing(
        "mount",
        "sub = Routebook()\n@sub.get('/x')\ndef x(): return 1\napp.mount('/sub', sub)",
        "get('/sub/x').json()",
    ),
    OwnedThing(
        "handler",
        "@app.exception_handler(404)\ndef lost(request: Request, error): return JSONResponse(1)",
        "get('/no').json()",
    ),
    OwnedThing(
        "middleware",
        "@app.middleware('http')\nasync def m(request, call_next):\n    answer = await call_next(request)\n"
        "    answer.headers['x'] = '1'\n    return answer",
        "int(get('/no').headers['x'])",
    ),
    OwnedThing("override", "app.dependency_overrides[len] = lambda: 1", "app.dependency_overrides[len]()"),
    OwnedThing("startup", "@app.router.on_event('startup')\ndef begin(): app.state.n = 1", "started(app).n"),
    OwnedThing("webhook", "@app.webhooks.post('hook')\ndef hook(n: int = 1): ...", "hook_default(app)"),
    OwnedThing(
        "socket",
        "@app.websocket('/ws')\nasync def ws(s: WebSocket):\n    await s.accept()\n    await s.send_text('1')\n"
        "    await s.close()",
        "int(socket('/ws'))",
    ),
]  # fmt: skip


def evaluate(pages: Pages, expression: str) -> Any:
    """Return the value of an expression, or None if it raises."""
    client = pages.client()

    def started(app: Any) -> Any:
        app.state.__dict__["_state"].clear()
        with client:
            return app.state

    def hook_default(app: Any) -> Any:
        app.openapi_schema = None
        return app.openapi()["webhooks"]["hook"]["post"]["parameters"][0]["schema"]["default"]

    def socket(path: str) -> str:
        with client.websocket_connect(path) as connection:
            return str(connection.receive_text())

    names = {"get": client.get, "started": started, "hook_default": hook_default, "socket": socket}
    try:
        return eval(expression, {**pages.namespace, **names})
    except Exception:
        return None


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("thing", OWNED_THINGS, ids=str)
def test_owned_thing_follows_its_cell(pages: Pages, thing: OwnedThing) -> None:
    """Added, added again, changed, kept by a run that raises, dropped, added, deleted."""
    two = re.sub(r"\b1\b", "2", thing.source)
    pages.run("c", thing.source)
    assert evaluate(pages, thing.shows) == 1
    pages.run("c", thing.source)
    assert evaluate(pages, thing.shows) == 1
    pages.run("c", two)
    assert evaluate(pages, thing.shows) == 2
    pages.run("c", "raise RuntimeError")
    assert evaluate(pages, thing.shows) == 2
    pages.run("c", "pass")
    assert evaluate(pages, thing.shows) not in (1, 2)
    pages.run("c", thing.source)
    assert evaluate(pages, thing.shows) == 1
    pages.run("other", "pass", deleted=("c",))
    assert evaluate(pages, thing.shows) not in (1, 2)


@dataclass(frozen=True)
class Redefinition:
    """A definition in a cell, code in another cell that uses it, and a request that shows which version is used."""

    name: str
    definition: str
    user: str
    request: str
    before: Any
    after: Any
    again: str

    def __str__(self) -> str:
        return self.name


REDEFINED = [
    Redefinition(
        "security scheme", "key = APIKeyHeader(name='one')", "@app.get('/x')\ndef x(k=Security(key)): return k",
        "get('/x', headers={'one': '1', 'two': '2'}).json()", "1", "2", "key = APIKeyHeader(name='two')",
    ),
    Redefinition(
        "enum", "class E(Enum):\n    A = 'a'", "@app.get('/x')\ndef x(e: E): return e",
        "get('/x?e=b').status_code", 422, 200, "class E(Enum):\n    A = 'b'",
    ),
    Redefinition(
        "dataclass", "@dataclass\nclass D:\n    n: int = 1", "@app.post('/x')\ndef x(d: D): return d.n",
        "post('/x', json={}).json()", 1, 2, "@dataclass\nclass D:\n    n: int = 2",
    ),
    Redefinition(
        "constant default", "LIMIT = 1", "@app.get('/x')\ndef x(n: int = LIMIT): return n",
        "get('/x').json()", 1, 2, "LIMIT = 2",
    ),
    Redefinition(
        "constant in a marker", "LIMIT = 1", "@app.get('/x')\ndef x(n: int = Query(LIMIT)): return n",
        "get('/x').json()", 1, 2, "LIMIT = 2",
    ),
    Redefinition(
        "decorator of the notebook's own",
        "def own(function):\n    @wraps(function)\n    def inner(): return 1\n    return inner",
        "@app.get('/x')\n@own\ndef x(): ...", "get('/x').json()", 1, 2,
        "def own(function):\n    @wraps(function)\n    def inner(): return 2\n    return inner",
    ),
    Redefinition(
        "generic", "class Page(BaseModel, Generic[T]):\n    items: T\n    n: int = 1",
        "@app.post('/x')\ndef x(p: Page[int]): return p.n",
        "post('/x', json={'items': 1}).json()", 1, 2,
        "class Page(BaseModel, Generic[T]):\n    items: T\n    n: int = 2",
    ),
    Redefinition(
        "nested", "class Inner(BaseModel):\n    n: int = 1",
        "class Outer(BaseModel):\n    inner: Inner\n@app.post('/x')\ndef x(o: Outer): return o.inner.n",
        "post('/x', json={'inner': {}}).json()", 1, 2, "class Inner(BaseModel):\n    n: int = 2",
    ),
    Redefinition(
        "dependency of a dependency", "def low(): return 1",
        "def mid(n=Depends(low)): return n\ndef top(n=Depends(mid)): return n\n"
        "@app.get('/x')\ndef x(n=Depends(top)): return n",
        "get('/x').json()", 1, 2, "def low(): return 2",
    ),
    Redefinition(
        "dependency that is a class", "class Dep:\n    def __init__(self): self.n = 1",
        "@app.get('/x')\ndef x(d: Annotated[Dep, Depends()]): return d.n", "get('/x').json()", 1, 2,
        "class Dep:\n    def __init__(self): self.n = 2",
    ),
    Redefinition(
        "alias of a dependency", "def one(): return 1\nNumber = Annotated[int, Depends(one)]",
        "@app.get('/x')\ndef x(n: Number): return n", "get('/x').json()", 1, 2,
        "def two(): return 2\nNumber = Annotated[int, Depends(two)]",
    ),
    Redefinition(
        "alias inside of a type", "Small = Annotated[int, Query(le=5)]",
        "@app.get('/x')\ndef x(n: Small | None = None): return n", "get('/x?n=6').status_code", 422, 200,
        "Small = Annotated[int, Query(le=10)]",
    ),
    Redefinition(
        "alias in a model", "Small = Annotated[int, Field(le=5)]",
        "class Holder(BaseModel):\n    n: Small\n@app.post('/x')\ndef x(h: Holder): return h",
        "post('/x', json={'n': 6}).status_code", 422, 200, "Small = Annotated[int, Field(le=10)]",
    ),
    Redefinition(
        "new type", "Id = NewType('Id', int)", "@app.get('/x/{id}')\ndef x(id: Id): return id",
        "get('/x/a').status_code", 422, 200, "Id = NewType('Id', str)",
    ),
    Redefinition(
        "marker", "Limit = Query(1)", "@app.get('/x')\ndef x(n: int = Limit): return n", "get('/x').json()", 1, 2,
        "Limit = Query(2)",
    ),
    Redefinition(
        "constant of a decorator", "STATUS = 201", "@app.get('/x', status_code=STATUS)\ndef x(): return 1",
        "get('/x').status_code", 201, 202, "STATUS = 202",
    ),
    Redefinition(
        "class of an object", "class Dep:\n    def __call__(self): return 1",
        "dep = Dep()\n@app.get('/x')\ndef x(n=Depends(dep)): return n", "get('/x').json()", 1, 2,
        "class Dep:\n    def __call__(self): return 2",
    ),
    Redefinition(
        "class of an object whose method is meant", "class Dep:\n    def give(self): return 1",
        "dep = Dep()\n@app.get('/x')\ndef x(n=Depends(dep.give)): return n", "get('/x').json()", 1, 2,
        "class Dep:\n    def give(self): return 2",
    ),
    Redefinition(
        "partial function", "def give(n): return n\ndep = partial(give, 1)",
        "@app.get('/x')\ndef x(n=Depends(dep)): return n", "get('/x').json()", 1, 2,
        "def give(n): return n\ndep = partial(give, 2)",
    ),
    Redefinition(
        "function of a partial one", "def give(): return 1",
        "dep = partial(give)\n@app.get('/x')\ndef x(n=Depends(dep)): return n", "get('/x').json()", 1, 2,
        "def give(): return 2",
    ),
    Redefinition(
        "class of middleware",
        "class M(BaseHTTPMiddleware):\n    async def dispatch(self, request, call_next): return PlainTextResponse('1')",
        "app.add_middleware(M)", "get('/x').json()", 1, 2,
        "class M(BaseHTTPMiddleware):\n    async def dispatch(self, request, call_next): return PlainTextResponse('2')",
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", REDEFINED, ids=str)
def test_redefinition_is_followed_or_reported(pages: Pages, case: Redefinition) -> None:
    """Endpoints in other cells use the new definition, or report that they can't and which cell to run."""
    pages.run("definition", case.definition)
    pages.run("user", case.user)
    client = pages.client()
    assert eval(case.request, {"get": client.get, "post": client.post}) == case.before
    shown = pages.run("definition", case.again)
    answer = eval(case.request, {"get": client.get, "post": client.post})
    assert answer == case.after or "stale" in shown, (answer, shown)
    pages.run("user", case.user)
    assert eval(case.request, {"get": client.get, "post": client.post}) == case.after


def test_generic_that_cannot_be_rebound_is_reported(pages: Pages) -> None:
    """A class that no longer takes type arguments mustn't stop the end of the run."""
    pages.run("definition", "class Page(BaseModel, Generic[T]):\n    n: T")
    pages.run("user", "@app.post('/x')\ndef x(p: Page[int]): return p.n")

    shown = pages.run("definition", "class Page(BaseModel):\n    n: int")

    assert "stale: POST /x uses an older Page: run cell" in shown
    assert "stale" not in pages.run("user", "@app.post('/x')\ndef x(p: Page): return p.n")


def test_lifespan_redefined_in_another_cell_is_reported(pages: Pages) -> None:
    """An application keeps the lifespan that it was created with, until its own cell runs."""
    lifespan = "@asynccontextmanager\nasync def life(app):\n    yield {'n': %d}"
    pages.run("lifespan", lifespan % 1)
    pages.run("app", "app = Routebook(lifespan=life)")
    pages.run("op", "@app.get('/x')\ndef x(request: Request): return request.state.n")

    shown = pages.run("lifespan", lifespan % 2)
    assert "stale: the application uses an older life: run cell" in shown
    assert "stale" not in pages.run("app", "app = Routebook(lifespan=life)")
    with pages.client() as client:
        assert client.get("/x").json() == 2


def test_mount_follows_a_recreated_application(pages: Pages) -> None:
    """Like an included router: the mount responds with what the cell of the mounted application shows."""
    sub = "sub = Routebook()\n@sub.get('/x')\ndef x(): return %d"
    pages.run("sub", sub % 1)
    pages.run("more", "@sub.get('/more')\ndef more(): return 1")
    pages.run("mount", "app.mount('/sub', sub, name='named')")

    pages.run("sub", sub % 2)

    client = pages.client()
    assert [client.get(path).json() for path in ("/sub/x", "/sub/more")] == [2, 1]
    pages.run("mount", "pass")
    assert client.get("/sub/x").status_code == 404


def test_broken_middleware_is_reported_where_it_is_added(pages: Pages) -> None:
    """Starlette creates it with the first request, which fails without a line of the user's."""
    pages.run("class", "class M:\n    def __init__(self, app, word='w'): self.app = app")

    assert "cannot be made: the middleware M cannot be made" in pages.run("add", "app.add_middleware(M, wrod='x')")
    assert "cannot be made" not in pages.run("add", "app.add_middleware(M, word='x')")


@pytest.mark.parametrize("way", ["renamed", "deleted"])
def test_abandoned_definition_is_reported(pages: Pages, way: str) -> None:
    """Its name still works until the kernel restarts. It's reported at once, until a cell defines it again."""
    pages.run("model", "class Item(BaseModel):\n    n: int")
    pages.run("op", "@app.post('/x')\ndef x(item: Item): return item.n")
    pages.run("model", "class Item(BaseModel")  # unparsable, so it stays as it was
    renamed = "class Thing(BaseModel):\n    n: int"

    shown = pages.run("model", renamed) if way == "renamed" else pages.run("op2", "pass", deleted=("model",))

    assert "stale: POST /x uses Item, which no cell defines any more" in shown
    assert "stale" not in pages.run("again", "class Item(BaseModel):\n    n: int")


def test_reloaded_module_leaves_no_stale_routes(pages: Pages) -> None:
    """`%autoreload` does this between cells: the module's functions are declared again, with new code and new paths."""
    module = {"__name__": "shop", "app": pages.namespace["app"]}
    exec(
        "@app.get('/a')\ndef a(): return 1\n@app.get('/twice')\ndef b(): ...\n@app.get('/twice')\ndef c(): ...", module
    )
    pages.run("own", "@app.get('/own')\ndef own(): return 1")
    assert pages.paths() == ["GET /a", "GET /twice", "GET /twice", "GET /own"]

    exec("@app.get('/a')\ndef a(): return 2", module)
    pages.run("nothing", "pass")
    assert pages.client().get("/a").json() == 2
    exec("@app.get('/moved')\ndef a(): return 3", module)

    shown = pages.run("nothing", "pass")
    assert "+ GET /moved" in shown
    assert pages.paths() == ["GET /moved", "GET /twice", "GET /twice", "GET /own"]


def test_unchanged_alias_makes_nothing_stale(pages: Pages) -> None:
    """Markers never compare equal, but their contents do."""
    alias = "Small = Annotated[int, Field(le=5)]\nSTATUS = 201"
    pages.run("alias", alias)
    user = (
        "class Holder(BaseModel):\n    n: list[Small]\n@app.post('/x', status_code=STATUS)\ndef x(h: Holder): return h"
    )
    pages.run("user", user)

    assert "stale" not in pages.run("alias", alias)


def test_loop_variable_ignores_other_cells(pages: Pages) -> None:
    """Names used by value are rebound, also in the cell that first set them. What a loop's rounds declared stays."""
    pages.run("own", "limit = 1\n@app.get('/own')\ndef own(limit: int = limit): return limit")
    pages.run("loop", "for n in (1, 2):\n    @app.get(f'/{n}')\n    def each(n: int = n): return n")

    pages.run("other", "limit = 3\nn = 3")

    client = pages.client()
    assert [client.get(path).json() for path in ("/own", "/1", "/2")] == [3, 1, 2]


def test_run_all_above_and_restart_end_in_the_same_application(pages: Pages) -> None:
    """What a person runs from the menu is what a fresh kernel builds."""
    cells = {
        "imports": IMPORTS,
        "app": "app = Routebook()",
        "a": "@app.get('/a/{x}')\ndef a(x: str): return x",
        "b": "@app.get('/a/fixed')\ndef b(): return 2",
        "c": "router = APIRouter(prefix='/r')\n@router.get('/x')\ndef x(): return 1\napp.include_router(router)",
    }
    for cell in ("c", "b", "a", "c", "b"):  # a person's order
        pages.run(cell, cells[cell])
    for cell, source in cells.items():
        pages.run(cell, source)
    fresh = Pages()
    previous = set_registrar(fresh.tracker)
    for cell, source in cells.items():
        fresh.run(cell, source)
    set_registrar(previous)
    assert pages.paths() == fresh.paths() == ["GET /a/{x}", "GET /a/fixed", "GET /r/x"]
    for cell in ("imports", "app", "a", "b"):  # run all above c
        pages.run(cell, cells[cell])
    assert pages.paths() == fresh.paths()
    assert pages.namespace["app"].openapi() == fresh.namespace["app"].openapi()


def test_several_applications_keep_their_own_operations(pages: Pages) -> None:
    """A cell may add to several applications. Each follows the cell."""
    pages.run("admin", "admin = Routebook(title='Admin')")
    pages.run("both", "@app.get('/a')\ndef a(): return 1\n@admin.get('/b')\ndef b(): return 2")
    assert (pages.paths("app"), pages.paths("admin")) == (["GET /a"], ["GET /b"])
    shown = pages.run("both", "@admin.get('/a')\ndef a(): return 1")
    assert (pages.paths("app"), pages.paths("admin")) == ([], ["GET /a"])
    assert "app:" in shown
    assert "admin:" in shown


def test_tags_of_the_document_follow_the_application(pages: Pages) -> None:
    """A recreated application has its new options."""
    pages.run("op", "@app.get('/a', tags=['t'])\ndef a(): return 1")
    pages.run("app", "app = Routebook(openapi_tags=[{'name': 't', 'description': 'new'}])")
    assert pages.namespace["app"].openapi()["tags"] == [{"name": "t", "description": "new"}]
    assert pages.paths() == ["GET /a"]
    pages.run("head", "app.title = 'Shop'\napp.openapi_tags[0]['description'] = 'newer'")
    document = pages.namespace["app"].openapi()
    assert (document["info"]["title"], document["tags"][0]["description"]) == ("Shop", "newer")


def test_name_shared_by_two_cells_is_reported(pages: Pages) -> None:
    """Each application starts from scratch, whichever ran before, without what other cells had added."""
    pages.run("second", "app = Routebook()")
    pages.run("op", "@app.get('/a')\ndef a(): return 1")

    assert "a new application: app begins anew" in pages.run("app", "app = Routebook()")
    assert pages.paths() == []
