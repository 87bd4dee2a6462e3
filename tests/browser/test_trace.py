"""Traces and dependencies as a person looks at them, in a real JupyterLab: by role and label, keyboard included."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import load_axe, serious_problems
from tests.browser.notebook import Notebook, set_theme

SETUP = """\
%load_ext routebook_kernel
import routebook_kernel
from typing import Annotated
from routebook import BackgroundTasks, Depends, HTTPException, Request, Routebook
from routebook.security import APIKeyHeader
app = Routebook(title="Shop")
client = routebook_kernel.client(app)

@app.middleware("http")
async def timing(request: Request, call_next):
    return await call_next(request)
"""
DEPENDENCIES = """\
def session():
    yield "session 7"

async def user(db: Annotated[str, Depends(session)], key: Annotated[str, Depends(APIKeyHeader(name="x-key"))]):
    return "mira <img src=x onerror='window.pwned=1'>"
"""
BOOKS = """\
def mail(title): ...

@app.get("/books/{title}")
def read(title: str, user: Annotated[str, Depends(user)], db: Annotated[str, Depends(session)], tasks: BackgroundTasks):
    tasks.add_task(mail, title)
    if title == "bad":
        raise KeyError("no such book")
    return {"title": title}

@app.get("/open")
def opened(q: int = 1):
    return q
"""
SENT = """\
client.get("/open")
%api trace on
for title in ("Emma", "<script>window.pwned=1</script>", "bad"):
    client.get(f"/books/{title.replace('/', '')}", headers={"x-key": "secret-key-of-mira"})
"""
CELLS = [
    SETUP,
    DEPENDENCIES,
    BOOKS,
    SENT,
    "%api trace",
    "%api trace 1",
    "%api dependencies '/books/{title}'",
    "app",
    "",
]


@pytest.fixture
def notebook(open_notebook) -> Notebook:
    notebook = open_notebook(CELLS)
    notebook.run_all()
    return notebook


def trace_in(notebook: Notebook, cell: int) -> Locator:
    return notebook.cell(cell).get_by_role("region", name="Routebook trace")


def step(view: Locator, name: str) -> Locator:
    return view.get_by_role("treegrid").get_by_role("row", name=re.compile(rf"^{name}\b"))


def test_a_trace_is_read_moved_through_and_compared(notebook: Notebook, page: Page) -> None:
    """The step that failed comes first; arrows move, fold and lead to the cell; another trace beside it."""
    view = trace_in(notebook, 4)
    expect(view.get_by_role("heading", name="Trace of request 4")).to_be_visible()
    failed = view.get_by_role("row", selected=True)
    expect(failed).to_contain_text("read KeyError, cell [3], line 7")
    code = view.get_by_role("group", name="Generated function for GET /books/{title}")
    expect(code.locator("[aria-current=true]")).to_contain_text("run_in_threadpool(read")
    expect(view.get_by_role("definition").filter(has_text="no such book")).to_be_visible()

    failed.focus()
    page.keyboard.press("Home")
    expect(step(view, "timing")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(step(view, "timing")).to_have_attribute("aria-expanded", "false")
    expect(step(view, "match")).to_have_count(0)
    page.keyboard.press("ArrowRight")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    expect(view.get_by_role("row", selected=True)).to_contain_text("user")
    expect(view.get_by_role("definition").filter(has_text="<img src=x onerror=")).to_be_visible()
    page.keyboard.press("Enter")
    expect(notebook.cell(1)).to_have_class(re.compile(r"\bjp-mod-active\b"))

    view.get_by_role("combobox", name=re.compile("^Compare")).select_option("2")
    expect(view.get_by_role("columnheader", name="± 2")).to_be_visible()
    expect(step(view, "serialise JSON")).to_contain_text("only in 2")
    expect(view).not_to_contain_text("secret-key-of-mira")

    view.get_by_role("combobox", name=re.compile("^Request")).select_option("3")
    expect(step(view, "mail background")).to_be_visible()
    expect(view.get_by_text("the client goes on from here")).to_be_visible()
    assert page.evaluate("window.pwned") is None


def test_a_trace_follows_what_comes_and_what_changes(notebook: Notebook, page: Page) -> None:
    """The last one by itself; stale code is said; a request that was not traced is; all of it after a reload too."""
    follows, chosen = trace_in(notebook, 4), trace_in(notebook, 5)
    expect(chosen.get_by_text("This request was not traced.")).to_be_visible()
    chosen.get_by_role("button", name="Trace it").click()
    expect(step(chosen, "opened endpoint")).to_be_visible()
    expect(follows.get_by_role("heading", name="Trace of request 5")).to_be_visible()

    notebook.edit_cell(2, BOOKS.replace("return q", "return q + 1"))
    notebook.run_cell(2)
    expect(follows.get_by_text("This ran an older opened.")).to_be_visible()
    follows.get_by_role("status").get_by_role("button", name="Replay").click()
    expect(follows.get_by_role("heading", name="Trace of request 6")).to_be_visible()
    expect(follows.get_by_text("This ran an older")).to_have_count(0)

    follows.get_by_label("trace every request").uncheck()
    expect(chosen.get_by_label("trace every request")).not_to_be_checked()
    notebook.reload()
    expect(trace_in(notebook, 4).get_by_role("treegrid")).to_be_visible()
    assert notebook.kernel_eval("routebook_kernel.session().is_tracing") == "False"


def test_dependencies_follow_the_cells(notebook: Notebook) -> None:
    """The tree as it stands: shared once, overridden, changed in another cell."""
    view = notebook.cell(6).get_by_role("region", name="Routebook dependencies")
    tree = view.get_by_role("region", name="Dependencies of GET /books/{title}")
    expect(tree.get_by_role("listitem").filter(has_text=re.compile(r"^session"))).to_have_count(2)
    expect(tree).to_contain_text("used 2 times, runs once")
    expect(tree).to_contain_text("security scheme APIKeyHeader")
    tree.get_by_role("button", name="session runs above").click()
    expect(tree.locator(":focus")).to_contain_text("ends after the response")

    notebook.edit_cell(8, "async def nobody(): return 'nobody'\napp.dependency_overrides[user] = nobody")
    notebook.run_cell(8)
    expect(tree).to_contain_text("in place of user, by an override")
    notebook.edit_cell(8, "app.dependency_overrides.clear()")
    notebook.run_cell(8)
    expect(tree).not_to_contain_text("in place of")
    notebook.edit_cell(1, DEPENDENCIES.replace("(db:", "(limit: int = 3, *, db:").replace("key:", "key:"))
    notebook.run_cell(1)
    expect(tree).to_contain_text("reads limit query")

    view.get_by_label("Operation").select_option("GET /open")
    expect(view.get_by_text("No dependencies: only the endpoint runs.")).to_be_visible()


def test_the_explorer_has_both_as_tabs(notebook: Notebook, page: Page) -> None:
    """What was sent is traced there, without a magic; the tabs by keyboard."""
    view = notebook.cell(7).get_by_role("region", name="Routebook explorer")
    view.get_by_role("button", name="GET /open").click()
    view.get_by_role("tab", name="Trace").click()
    expect(view.get_by_text("No trace yet.")).to_be_visible()
    page.keyboard.press("Alt+1")
    view.get_by_role("textbox", name="q", exact=True).fill("4")
    page.keyboard.press("Control+Enter")
    expect(view.get_by_role("region", name="Response")).to_contain_text("200 OK")
    page.keyboard.press("Alt+3")
    expect(step(view, "opened endpoint")).to_be_visible()
    page.keyboard.press("Alt+4")
    expect(view.get_by_role("region", name="Dependencies of GET /open")).to_contain_text("reads q query")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_serious_accessibility_problem(notebook: Notebook, page: Page, screenshot, theme) -> None:
    """axe-core over a comparison, an untraced request and a tree, wide and narrow; pictures are for a person to see."""
    set_theme(page, theme)
    page.evaluate("jupyterapp.shell.collapseLeft()")
    view = trace_in(notebook, 4)
    view.get_by_role("combobox", name=re.compile("^Compare")).select_option(index=1)
    expect(view.get_by_role("columnheader", name="±")).to_be_visible()
    load_axe(page)
    for width in (1280, 700):
        page.set_viewport_size({"width": width, "height": 1000})
        for cell, name in ((4, "trace"), (5, "trace-untraced"), (6, "dependencies")):
            shown = notebook.cell(cell).locator(".rb-view")
            screenshot(shown, f"{name}-{theme}-{width}")
            assert serious_problems(shown) == []
            assert shown.evaluate("element => element.scrollWidth <= element.clientWidth")
