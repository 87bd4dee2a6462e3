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


USED = """
import routebook_kernel
from routebook import Depends, WebSocket

def stock():
    yield {"Lamp": 3}

@app.get("/stock/{name}")
def read_stock(name: str, stock=Depends(stock)) -> int:
    return stock[name]

@app.websocket("/echo")
async def echo(socket: WebSocket):
    await socket.accept()
    async for text in socket.iter_text():
        await socket.send_text(text * 2)

%api trace on
client = routebook_kernel.client(app)
client.get("/stock/Lamp")
client.get("/stock/Chair")
"""
MAGICS = [
    "%api log",
    "%api trace",
    "%api dependencies 'GET /stock/{name}'",
    "%api sockets",
    "%api test",
    "%api bench 'GET /stock/Lamp' -n 200 -c 4",
]


def test_each_view_is_used(notebook7: Notebook) -> None:
    """The page is another, the views are the same, and so is what a person does with them."""
    notebook7.run_all()
    notebook7.run_cell(notebook7.add_cell(USED))
    for magic in MAGICS:
        notebook7.run_cell(notebook7.add_cell(magic))
    first = 4
    log, trace, dependencies, sockets, tests, bench = (
        notebook7.cell(index).get_by_role("region", name=re.compile("^Routebook ")).first
        for index in range(first, first + len(MAGICS))
    )

    log.get_by_role("row").filter(has_text="/stock/Chair").locator("td").nth(1).click()
    expect(log.get_by_role("heading", name="Exchange 2")).to_be_visible()
    expect(log).to_contain_text("KeyError was raised in read_stock, cell [4], line 9")
    log.get_by_role("row").filter(has_text="/stock/Lamp").get_by_role("button", name="Replay 1").click()
    expect(log.get_by_role("heading", name="Exchange 3, a replay of 1")).to_be_visible()

    trace.get_by_role("combobox", name=re.compile("^Request")).select_option("2")
    expect(trace.get_by_role("row", name="read_stock KeyError")).to_be_visible()  # the other's steps have gone
    trace.get_by_role("row", name="stock teardown").click()
    expect(trace.get_by_role("row", selected=True)).to_contain_text("teardown")
    expect(trace.get_by_role("group", name="Generated function").locator("[aria-current=true]")).to_contain_text(
        "stock"
    )

    expect(dependencies.get_by_role("region", name="Dependencies of GET /stock/{name}")).to_contain_text("with yield")
    dependencies.get_by_label("Operation").select_option("POST /items")
    expect(dependencies.get_by_text("No dependencies: only the endpoint runs.")).to_be_visible()

    sockets.get_by_role("button", name="Connect").click()
    sockets.get_by_role("textbox", name="Text", exact=True).fill("ab")
    sockets.get_by_role("textbox", name="Text", exact=True).press("Control+Enter")
    expect(sockets.get_by_role("option").nth(1)).to_contain_text("abab")

    expect(tests).to_contain_text("No saved tests yet.")
    log.get_by_role("row").filter(has_text="/stock/Lamp").last.get_by_role("button", name="Save 1 as test").click()
    log.get_by_role("button", name="Save Ctrl Enter").click()
    tests.get_by_role("button", name="Run all").click()
    expect(tests.get_by_role("listitem").first).to_contain_text("Passed")

    expect(bench.get_by_role("table", name="Figures of run 1")).to_contain_text("p99")
    expect(bench.get_by_role("button", name="Run Ctrl Enter")).to_have_attribute("aria-disabled", "false")
    bench.get_by_label("at a time").fill("2")
    bench.get_by_label("at a time").press("Control+Enter")
    expect(bench.get_by_role("columnheader", name="ratio")).to_be_visible()

    explorer = notebook7.cell(2).get_by_role("region", name="Routebook explorer", exact=False).first
    explorer.get_by_role("button", name="WS /echo").click()
    inside = explorer.get_by_role("region", name="Routebook sockets", exact=False)
    expect(inside.get_by_role("heading", name="WS /echo")).to_be_visible()
