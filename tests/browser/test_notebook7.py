"""Notebook 7, whose page is its own: the explorer, its console, and cells that change what both show."""

import re
import time
from collections.abc import Iterator

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Page, expect

from tests.browser.conftest import PageWatch
from tests.browser.lab import Lab
from tests.browser.notebook import KERNELSPEC, Notebook, poll
from tests.browser.test_main_job import choose, operations
from tests.browser.test_views import SHOWN

# Errors that a notebook without us has in its console too.
OWN = re.compile(r"reading 'schema'|registered\.$")

DEFINE = """
from pydantic import BaseModel
from routebook import Routebook

app = Routebook(title="In Notebook 7")

class Item(BaseModel):
    name: str
    price: float

@app.post("/items")
def create_item(item: Item) -> Item:
    return item
"""


@pytest.fixture
def notebook7(page: Page, page_watch: PageWatch, jupyterlab: Lab) -> Iterator[Notebook]:
    """A notebook in Notebook 7's page, on the server that serves JupyterLab too."""
    name = f"n{time.monotonic_ns()}.ipynb"
    cells = [new_code_cell(source) for source in ("%load_ext routebook_kernel", DEFINE, "app")]
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": KERNELSPEC}), jupyterlab.root / name)
    page.goto(jupyterlab.page_url(f"/notebooks/{name}"), wait_until="domcontentloaded")
    yield Notebook(page)
    jupyterlab.forget()
    page_watch.console_errors[:] = [text for text in page_watch.console_errors if not OWN.search(text)]


def test_explorer_and_console_follow_the_cells(notebook7: Notebook, screenshot) -> None:
    """The same widget, the same answers: an error at its field, mended; a cell run again, a cell deleted."""
    notebook7.run_all()
    explorer = notebook7.output(2).get_by_role("region", name="explorer", exact=False)
    expect(explorer).to_be_visible()
    choose(explorer, "POST", "/items")
    explorer.get_by_role("textbox", name="name").fill("Lamp")
    explorer.get_by_role("textbox", name="price").fill("abc")
    explorer.get_by_role("button", name="Send Ctrl Enter").click()
    expect(explorer.get_by_role("alert")).to_contain_text("must be a number")
    explorer.get_by_role("textbox", name="price").fill("9.99")
    explorer.get_by_role("button", name="Send Ctrl Enter").click()
    expect(explorer.get_by_role("tree")).to_contain_text("Lamp")
    screenshot(notebook7.page, "notebook7")

    added = notebook7.add_cell('@app.get("/health")\ndef health() -> str:\n    return "well"')
    notebook7.run_cell(added)
    poll(lambda: sorted(operations(explorer)), [["GET", "/health"], ["POST", "/items"]])

    notebook7.delete_cell(added)
    notebook7.run_cell(0)  # the front end reports deleted cells with the next run
    poll(lambda: operations(explorer), [["POST", "/items"]])


def test_each_view_is_shown(notebook7: Notebook) -> None:
    """The page is another, the views are the same."""
    notebook7.run_all()
    for magic in list(SHOWN)[1:]:
        notebook7.run_cell(notebook7.add_cell(magic.replace("/books/{book_id}", "/items").replace("GET /i", "POST /i")))
    names = [name.replace("Bookshop", "In Notebook 7") for name in SHOWN.values()]
    for index, name in enumerate(names, start=2):
        expect(notebook7.cell(index).get_by_role("region", name=name).first).to_be_visible()
        expect(notebook7.cell(index).get_by_text("live", exact=True).first).to_be_visible()
