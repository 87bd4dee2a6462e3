"""Cells and a real application, without a kernel: what is rebound after a redefinition, and what the reports show."""

from collections.abc import Iterator
from typing import Any

import pytest

from routebook.applications import Routebook
from routebook.routing import APIRouter, set_registrar
from routebook_kernel.registry.identity import ByIdentity
from routebook_kernel.registry.run_report import RunReport
from routebook_kernel.session.tracker import MAX_FILES
from routebook_kernel.summary import Summary
from tests.kernel.pages import Pages


@pytest.fixture
def pages() -> Iterator[Pages]:
    notebook = Pages()
    previous = set_registrar(notebook.tracker)
    notebook.run(
        "setup",
        """
        from typing import Annotated, Generic, TypeVar
        from enum import Enum
        from dataclasses import dataclass
        from pydantic import BaseModel
        from routebook import APIRouter, Depends, Request
        from routebook.applications import Routebook
        from routebook.responses import JSONResponse
        """,
    )
    notebook.run("app", "app = Routebook(title='Shop')")
    yield notebook
    set_registrar(previous)


ITEM = "class Item(BaseModel):\n    name: str"
NEW_ITEM = "class Item(BaseModel):\n    title: str"

FOLLOWED = {
    "body parameter": ("", "@app.post('/x')\ndef x(item: Item): return item", {"title": "t"}),
    "annotated list": (
        "",
        "@app.post('/x')\ndef x(item: Annotated[list[Item], 'n']): return item[0]",
        [{"title": "t"}],
    ),
    "optional": ("", "@app.post('/x')\ndef x(item: Item | None = None): return item", {"title": "t"}),
    "nested field": (
        "class Order(BaseModel):\n    items: list[Item]",
        "@app.post('/x')\ndef x(order: Order): return order.items[0]",
        {"items": [{"title": "t"}]},
    ),
    "twice nested": (
        "class Order(BaseModel):\n    item: Item\nclass Invoice(BaseModel):\n    order: Order | None = None",
        "@app.post('/x')\ndef x(invoice: Invoice): return invoice.order.item",
        {"order": {"item": {"title": "t"}}},
    ),
    "dataclass field": (
        "@dataclass\nclass Order:\n    item: Item",
        "@app.post('/x')\ndef x(order: Order): return order.item",
        {"item": {"title": "t"}},
    ),
    "generic model": (
        "T = TypeVar('T')\nclass Page(BaseModel, Generic[T]):\n    items: list[T]",
        "@app.post('/x')\ndef x(page: Page[Item]): return page.items[0]",
        {"items": [{"title": "t"}]},
    ),
    "alias": (
        "Items = Annotated[list[Item], 'some']",
        "@app.post('/x')\ndef x(items: Items): return items[0]",
        [{"title": "t"}],
    ),
    "text annotation": ("", "@app.post('/x')\ndef x(item: 'Item'): return item", {"title": "t"}),
    "dependency's parameter": (
        "def get_item(item: Item): return item",
        "@app.post('/x')\ndef x(item: Item = Depends(get_item)): return item",
        {"title": "t"},
    ),
    "router": (
        "router = APIRouter()",
        "@router.post('/x')\ndef x(item: Item): return item\napp.include_router(router)",
        {"title": "t"},
    ),
}


@pytest.mark.parametrize(("definitions", "operation", "body"), FOLLOWED.values(), ids=FOLLOWED.keys())
def test_redefined_model_is_followed(pages: Pages, definitions: str, operation: str, body: Any) -> None:
    """Operations and models of other cells use the redefined `Item`, however they refer to it."""
    pages.run("item", ITEM)
    pages.run("more", definitions)
    pages.run("operation", operation)

    pages.run("item", NEW_ITEM)

    response = pages.client().post("/x", json=body)
    assert (response.status_code, response.json()) == (200, {"title": "t"})


def test_redefined_response_model_filters_responses(pages: Pages) -> None:
    """As a return annotation and as an option."""
    pages.run("item", ITEM)
    pages.run("a", "@app.get('/a')\ndef a() -> Item: return {'name': 'n', 'title': 't'}")
    pages.run("b", "@app.get('/b', response_model=list[Item])\ndef b(): return [{'name': 'n', 'title': 't'}]")

    summary = pages.run("item", NEW_ITEM)

    assert pages.client().get("/a").json() == {"title": "t"}
    assert pages.client().get("/b").json() == [{"title": "t"}]
    assert "~ GET /a" in summary


def test_redefined_dependency_is_followed(pages: Pages) -> None:
    """In a default, in `Annotated`, in a decorator, in a router, below another dependency, in overrides."""
    pages.run("dep", "seen = []\ndef who(): return 'old'")
    pages.run("alias", "Who = Annotated[str, Depends(who)]\ndef twice(w: Who): return w * 2")
    pages.run("a", "@app.get('/a')\ndef a(w=Depends(who)): return w")
    pages.run("b", "@app.get('/b')\ndef b(w: Who): return w")
    pages.run("c", "@app.get('/c')\ndef c(w=Depends(twice)): return w")

    pages.run("dep", "seen = []\ndef who(): return 'new'")

    assert [pages.client().get(path).json() for path in ("/a", "/b", "/c")] == ["new", "new", "newnew"]


_VALIDATED = """
from pydantic import AfterValidator, Field, field_validator
class Item(BaseModel):
    name: str
    @field_validator("name")
    @classmethod
    def check(cls, value): return value{}
"""

ALTERED = {
    "validator": (_VALIDATED, "item: Item", "Item"),
    "of a nested model": (_VALIDATED + "class Order(BaseModel):\n    item: Item", "order: Order", "Order"),
    "validator of a type": (
        "from pydantic import AfterValidator\nclass Item(BaseModel):\n"
        "    name: Annotated[str, AfterValidator(lambda value: value{})]",
        "item: Item",
        "Item",
    ),
    "factory": (
        "from pydantic import Field\nclass Item(BaseModel):\n    name: str = Field(default_factory=lambda: str(){})",
        "item: Item",
        "Item",
    ),
    "settings": (
        "from pydantic import ConfigDict\nclass Item(BaseModel):\n"
        "    model_config = ConfigDict(str_strip_whitespace=bool(''{}))\n    name: str",
        "item: Item",
        "Item",
    ),
    "method": ("class Item(BaseModel):\n    name: str\n    def told(self): return self.name{}", "item: Item", "Item"),
    "dependency": ("def get_name(): return ''{}", "name=Depends(get_name)", "get_name"),
    "dependency of a dependency": (
        "def inner(): return ''{}\ndef outer(value=Depends(inner)): return value",
        "name=Depends(outer)",
        "inner",
    ),
}


@pytest.mark.parametrize("where", ["another cell", "the same cell"])
@pytest.mark.parametrize(("definition", "parameter", "name"), ALTERED.values(), ids=ALTERED)
def test_change_outside_the_document_is_reported(
    pages: Pages, definition: str, parameter: str, name: str, where: str
) -> None:
    """A model or dependency with new behaviour is a change. One that only ran again isn't."""
    operation = f"@app.post('/x')\ndef x({parameter}): return 1"

    def run(end: str) -> str:
        if where == "the same cell":
            return pages.run("both", f"{definition.format(end)}\n{operation}")
        summary = pages.run("definition", definition.format(end))
        pages.run("operation", operation)
        return summary

    run("")

    assert "the code of" not in run("")
    assert f"~ POST /x  the code of {name} is new" in run(" or 'n'")
    assert "the code of" not in run(" or 'n'")


def test_redefined_enum_and_exception_are_followed(pages: Pages) -> None:
    """A default that is a member, and a handler's key."""
    pages.run("enum", "class Color(Enum):\n    red = 'red'\nclass Gone(Exception): pass")
    pages.run("a", "@app.get('/a')\ndef a(color: Color = Color.red): return color")
    pages.run(
        "b",
        "@app.exception_handler(Gone)\ndef gone(request: Request, error): return JSONResponse('gone', 410)\n"
        "@app.get('/b')\ndef b(): raise Gone",
    )

    pages.run("enum", "class Color(Enum):\n    red = 'rouge'\n    blue = 'bleu'\nclass Gone(Exception): pass")

    assert pages.client().get("/a").json() == "rouge"
    assert pages.client().get("/a?color=bleu").json() == "bleu"
    assert pages.client().get("/b").status_code == 410


def test_subclass_of_a_redefined_model_is_stale(pages: Pages) -> None:
    """A base class can't be replaced. The summary names the cell to run, and running it fixes everything."""
    pages.run("item", ITEM)
    pages.run("book", "class Book(Item):\n    pages: int")
    pages.run("op", "@app.post('/books')\ndef add(book: Book): return book")

    summary = pages.run("item", NEW_ITEM)
    again = pages.run("other", "x = 1")
    marks = pages.tracker.marks(pages.namespace["app"])
    healed = pages.run("book", "class Book(Item):\n    pages: int")

    assert "stale: POST /books uses an older Item: run cell [4]" in summary
    assert again == ""
    assert [mark["kind"] for mark in marks["POST /books"]] == ["stale"]
    assert "stale" not in healed
    assert pages.client().post("/books", json={"title": "t", "pages": 1}).status_code == 200


# Everything that a cell adds to an application follows the cell


def test_handlers_overrides_and_middleware_follow_their_cells(pages: Pages) -> None:
    """Run again: replaced, not doubled. Dropped: gone. Deleted: gone."""
    pages.run("op", "def who(): return 'real'\n@app.get('/')\ndef home(w=Depends(who)): return w")
    source = """
        calls = []
        @app.middleware('http')
        async def count(request: Request, call_next):
            calls.append(1)
            return await call_next(request)
        app.dependency_overrides[who] = lambda: 'fake'
        @app.exception_handler(404)
        def lost(request: Request, error): return JSONResponse('lost', 404)
        """
    pages.run("extras", source)
    assert pages.client().get("/").json() == "fake"
    pages.run("extras", source)
    assert pages.client().get("/nowhere").json() == "lost"
    assert pages.namespace["calls"] == [1]

    pages.run("extras", "calls = []")

    assert pages.client().get("/").json() == "real"
    assert pages.client().get("/nowhere").json() == {"detail": "Not Found"}
    assert pages.namespace["calls"] == []


def test_override_of_a_later_cell_wins_until_it_is_removed(pages: Pages) -> None:
    """Overrides are a dictionary: the last assignment counts, and removing it restores the previous one."""
    pages.run("op", "def who(): return 'real'\n@app.get('/')\ndef home(w=Depends(who)): return w")
    pages.run("one", "app.dependency_overrides[who] = lambda: 'one'")
    pages.run("two", "app.dependency_overrides[who] = lambda: 'two'")
    assert pages.client().get("/").json() == "two"

    pages.run("two", "pass")

    assert pages.client().get("/").json() == "one"


def test_override_set_to_the_same_value_again_stays(pages: Pages) -> None:
    """A rerun that assigns the same object still defines it."""
    pages.run(
        "op", "def who(): return 'real'\ndef fake(): return 'fake'\n@app.get('/')\ndef home(w=Depends(who)): return w"
    )
    for _ in range(3):
        pages.run("one", "app.dependency_overrides[who] = fake")

    assert pages.client().get("/").json() == "fake"


def test_mounts_websockets_and_includes_follow_their_cells(pages: Pages) -> None:
    """Every kind of route exists once, and only while its cell defines it."""
    source = """
        from starlette.applications import Starlette
        from routebook import WebSocket
        sub = APIRouter()
        @sub.get('/a')
        def a(): return 'a'
        app.include_router(sub, prefix='/sub')
        app.mount('/static', Starlette())
        @app.websocket('/ws')
        async def ws(websocket: WebSocket): ...
        """
    for _ in range(3):
        pages.run("routes", source)

    kinds = [type(route).__name__ for route in pages.namespace["app"].routes]
    assert sorted(kinds[-3:]) == ["APIWebSocketRoute", "IncludedRouter", "Mount"]
    assert pages.client().get("/sub/a").json() == "a"

    pages.run("routes", "pass")

    assert all(type(route).__name__ == "Route" for route in pages.namespace["app"].routes)


def test_operations_of_an_imported_module_belong_to_no_cell(
    pages: Pages, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An imported application keeps its operations when the importing cell runs again and the import does nothing."""
    (tmp_path / "shop_module.py").write_text(
        "from routebook.applications import Routebook\napp = Routebook()\n@app.get('/m')\ndef m(): return 'm'\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    for _ in range(2):
        pages.run("import", "from shop_module import app as other\n@other.get('/n')\ndef n(): return 'n'")

    assert pages.paths("other") == ["GET /m", "GET /n"]


def test_application_of_another_cell_starts_from_scratch(pages: Pages) -> None:
    """A lesson's next section creates `app` again, without the operations of the first one."""
    pages.run("a", "@app.get('/a')\ndef a(): ...")
    summary = pages.run("second", "app = Routebook()\n@app.get('/b')\ndef b(): ...")
    assert pages.paths() == ["GET /b"]
    assert "begins anew in this cell" in summary

    pages.run("app", "app = Routebook(title='First again')")

    assert pages.paths() == ["GET /a"]


def test_recreated_application_applies_its_options_to_carried_operations(pages: Pages) -> None:
    """Carried operations are as a fresh run would declare them: with the new tags and dependencies."""
    pages.run("a", "@app.get('/a', tags=['own'])\ndef a(): ...")
    pages.run("r", "r = APIRouter(prefix='/r', tags=['r'])\n@r.get('/b')\ndef b(): ...\napp.include_router(r)")

    pages.run("app", "def check(): raise ValueError\napp = Routebook(dependencies=[Depends(check)])")

    assert pages.paths() == ["GET /a", "GET /r/b"]
    assert pages.client().get("/a").status_code == 500
    assert pages.client().get("/r/b").status_code == 500


# Diagnostics


def test_shadowed_and_duplicate_operations_are_reported_once(pages: Pages) -> None:
    """The summary of the run that causes them reports them. Later runs are quiet, and the views keep the mark."""
    pages.run("id", "@app.get('/users/{user_id}')\ndef user(user_id: str): ...")

    summary = pages.run("me", "@app.get('/users/me')\ndef me(): ...")
    later = pages.run("other", "@app.get('/other')\ndef other(): ...")

    assert "! shadowed: GET /users/me is never reached, GET /users/{user_id} (cell [3]) answers first" in summary
    assert "shadowed" not in later
    assert pages.tracker.marks(pages.namespace["app"])["GET /users/me"][0]["kind"] == "shadowed"


@pytest.mark.parametrize(
    ("first", "second", "is_shadowed"),
    [
        ("/users/{a}", "/users/{b}", True),
        ("/users/{a:int}", "/users/{b}", False),
        ("/users/{b}", "/users/{a:int}", True),
        ("/users/me", "/users/{a}", False),
        ("/{rest:path}", "/users", True),
        ("/users", "/{rest:path}", False),
    ],
)
def test_shadowing_depends_on_which_route_responds(pages: Pages, first: str, second: str, is_shadowed: bool) -> None:
    """Not on what the templates look like."""
    pages.run("1", f"@app.get('{first}')\ndef one(): ...")

    summary = pages.run("2", f"@app.get('{second}')\ndef two(): ...")

    assert ("shadowed" in summary) is is_shadowed


def test_same_path_twice_in_one_cell_is_reported(pages: Pages) -> None:
    """Within a cell, the framework's rule holds: the first route responds. The second one is reported."""
    summary = pages.run("1", "@app.get('/x')\ndef one(): ...\n@app.get('/x')\ndef two(): ...")

    assert "GET /x of two is never reached: one has the same path and answers first" in summary


def test_failed_declaration_reports_message_and_line(pages: Pages) -> None:
    """The framework's message, the line in the cell, and that nothing changed."""
    pages.run("1", "@app.get('/x')\ndef one(): return 'old'")

    summary = pages.run("1", "\n\n@app.get('/x')\ndef one(a: object()): return 'new'".replace("\n\n@", "x = 1\n@"))

    assert summary.startswith("× nothing changed: ")
    assert "(line 2)" in summary
    assert pages.client().get("/x").json() == "old"


def test_many_new_operations_are_counted_and_folded(pages: Pages) -> None:
    """Twenty lines would drown what matters."""
    summary = pages.run("1", "for n in range(12):\n    app.get(f'/many/{n}')(lambda: 1)")

    assert summary.splitlines()[0] == "+ 12 operations under /many: 12 GET"


def test_reports_link_the_cells_they_mention(pages: Pages) -> None:
    """A diagnostic refers to a cell by its label, and the summary links it by its id."""
    pages.run("id", "@app.get('/users/{user_id}')\ndef user(user_id: str): ...")
    pages.count += 1
    pages.tracker.begin_run("me", "", 9, None)
    pages.namespace["app"].get("/users/me")(lambda: 1)
    result = pages.tracker.finish_run("completed")

    assert result is not None
    [report] = result.reports
    assert isinstance(report, RunReport)
    assert '<a href="#cell-id=id">cell [3]</a>' in Summary([report])._repr_html_()


def test_containers_of_replaced_routers_are_released(pages: Pages) -> None:
    """After a hundred reruns of a cell that creates a router, one router's entries remain, not a hundred."""
    for _ in range(20):
        pages.run("r", "r = APIRouter()\n@r.get('/a')\ndef a(): ...\napp.include_router(r, prefix='/r')")

    routers = {ByIdentity(container.owner) for container, _, _ in pages.tracker.notebook.active_entries()}
    assert len([router for router in routers if isinstance(router.target, APIRouter)]) <= 2
    assert isinstance(pages.namespace["app"], Routebook)


def test_files_of_cells_are_limited_and_current_ones_stay(pages: Pages) -> None:
    """Each edit of a cell has its own file. A cell that ran once is still found after a thousand edits of another."""
    pages.run("once", "def once(): ...")
    for number in range(MAX_FILES + 10):
        pages.tracker.begin_run("edited", "1", number, f"/tmp/edited-{number}.py")

    cell = pages.tracker.cell_of_code(pages.namespace["once"].__code__)
    assert cell is not None
    assert cell.cell_id == "once"
    assert len(pages.tracker._files) <= MAX_FILES
