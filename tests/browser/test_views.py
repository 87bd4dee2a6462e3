"""All views in one notebook: they do not meet in the page, and the saved file hardly grows with them."""

import json

from playwright.sync_api import Page, expect

from tests.browser.lab import Lab

SETUP = """\
%load_ext routebook_kernel
import routebook_kernel
from pydantic import BaseModel
from routebook import Routebook, WebSocket

class Book(BaseModel):
    title: str
    price: float = 1

app = Routebook(title="Bookshop")

for number in range(30):
    app.post(f"/shelves/{number}/books", name=f"add_{number}")(lambda book: book)

@app.get("/books/{book_id}")
def read_book(book_id: int) -> Book:
    return Book(title="Emma")

@app.websocket("/chat")
async def chat(socket: WebSocket): ...

client = routebook_kernel.client(app)
%api trace on
for book_id in (1, 2, "x"):
    client.get(f"/books/{book_id}")
"""
SHOWN = {
    "app": "Routebook explorer: Bookshop",
    "%api log": "Routebook log",
    "%api trace": "Routebook trace",
    "%api dependencies 'GET /books/{book_id}'": "Routebook dependencies",
    "%api sockets": "Routebook sockets: Bookshop",
    "%api test": "Routebook saved tests",
    "%api bench 'GET /books/5' -n 200 -c 4": "Routebook bench",
}


def test_all_views_stand_beside_each_other_and_leave_a_small_file(open_notebook, page: Page, jupyterlab: Lab) -> None:
    """Ids and radio groups are the page's; a file that carries bundles is slow to open and to compare."""
    notebook = open_notebook([SETUP, *SHOWN])
    notebook.run_all()
    for number, name in enumerate(SHOWN.values(), start=1):
        expect(notebook.cell(number).get_by_role("region", name=name).first).to_be_visible()

    ids = page.evaluate("[...document.querySelectorAll('.rb-view [id]')].map((element) => element.id)")
    assert len(ids) == len(set(ids)), sorted(id_ for id_ in ids if ids.count(id_) > 1)
    unchecked = page.evaluate(
        "[...document.querySelectorAll('.rb-view [role=radiogroup]')]"
        ".filter((group) => !group.querySelector(':checked')).map((group) => group.ariaLabel)"
    )
    assert unchecked == []

    notebook.cell(0).click()
    page.keyboard.press("Control+s")
    expect(page.locator(".jp-DirtyIndicator, .jp-mod-dirty")).to_have_count(0)
    saved = next(path for path in jupyterlab.root.glob("*.ipynb") if "Bookshop" in path.read_text("utf-8"))
    size = len(saved.read_bytes()) - len(json.dumps([SETUP, *SHOWN]))
    assert size < 300_000, size
