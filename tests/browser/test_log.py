"""The log as a person uses it, in a real JupyterLab: by role and label, keyboard included."""

import re
from itertools import product

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import load_axe, serious_problems
from tests.browser.notebook import Notebook, set_theme

SETUP = """\
%load_ext routebook_kernel
import routebook_kernel
from typing import Annotated
from pydantic import BaseModel, Field
from routebook import Routebook, HTTPException, Header, WebSocket
app = Routebook(title="Shop")

class Book(BaseModel):
    title: str
    author: str
    price: float = Field(gt=0)

@app.get("/books/{book_id}")
def read_book(book_id: int, q: str = ""):
    if book_id > 9000:
        raise HTTPException(404, "no such book")
    return {"id": book_id, "title": "Frankenstein", "q": q}

@app.post("/books", status_code=201)
def create_book(book: Book):
    print("a book came:", book.title)
    return {"id": 118, **book.model_dump()}

@app.get("/orders")
def orders():
    return None + 1

@app.get("/me")
def me(authorization: Annotated[str, Header()] = ""):
    return {"you": len(authorization)}

@app.websocket("/echo")
async def echo(socket: WebSocket):
    await socket.accept()
    await socket.send_text(await socket.receive_text())
    await socket.close()

client = routebook_kernel.client(app)
"""
SOME = """\
client.get("/books/5?q=<img src=x onerror='window.pwned=1'>")
client.post("/books", json={"title": "Emma", "author": "Jane Austen", "price": "abc"})
client.post("/books", json={"title": "Emma", "author": "Mary Shelley", "price": 9.99})
client.get("/orders")
client.get("/books/9001")
client.get("/me", headers={"authorization": "Bearer abc"})
with client.websocket_connect("/echo") as socket:
    socket.send_text("hello")
    socket.receive_text()
for number in range(12):
    client.get(f"/books/{number}")
None
"""
BURST = "for number in range(10_000):\n    client.get(f'/books/{number % 50}', params={'q': number % 3})"

WATCH = """list => {
  window.draws = [];
  new MutationObserver(() => draws.push(performance.now())).observe(list, {childList: true, subtree: true});
}"""


class LogPage:
    """The log in a notebook, by what a person sees of it."""

    def __init__(self, notebook: Notebook, cell: int) -> None:
        self.notebook = notebook
        self.root = notebook.cell(cell).get_by_role("region", name="Routebook log")
        expect(self.root.get_by_role("status").first).to_have_text("live")

    def row(self, text: str) -> Locator:
        return self.root.get_by_role("row").filter(has_text=text)

    @property
    def numbers(self) -> Locator:
        return self.root.locator("tbody tr[data-line] td:nth-child(2)")

    @property
    def panel(self) -> Locator:
        return self.root.locator(".rb-log__detail, .rb-cmp")


@pytest.fixture
def log(open_notebook) -> LogPage:
    notebook = open_notebook([SETUP, SOME, "%api log", BURST, "%api log"])
    for cell in range(3):
        notebook.run_cell(cell)
    return LogPage(notebook, 2)


def test_exchanges_are_found_opened_sent_again_and_compared(log: LogPage, page: Page) -> None:
    """What a person does with a log, one after the other."""
    expect(log.root).to_contain_text("19 exchanges")
    expect(log.numbers).to_have_text(["8–19", "7", "6", "5", "4", "3", "2", "1"])
    expect(log.row("/orders")).to_contain_text("TypeError, cell [1]")
    expect(log.row("/books/9001")).to_contain_text("HTTPException, cell [1]")
    expect(log.row("price must be")).to_contain_text("422")
    expect(log.row("/echo")).to_contain_text("2 msg")

    log.root.get_by_role("button", name="12 exchanges alike").click()
    expect(log.numbers).to_have_count(20)

    # Filter: by a status, by a field of the box, by a text that only a body holds.
    log.root.get_by_role("radiogroup", name="Status").get_by_role("radio", name="4xx").check()
    expect(log.root.locator("tbody tr[data-line]")).to_have_count(2)
    log.root.get_by_role("radiogroup", name="Status").get_by_role("radio", name="Any").check()
    search = log.root.get_by_role("searchbox", name="Filter the log")
    search.fill("shelley")
    expect(log.root.locator("tbody tr[data-line]")).to_have_count(1)
    search.fill("path:/books status:2xx method:post")
    expect(log.root.locator("tbody tr[data-line]")).to_have_count(1)
    search.fill("status:9xx")
    expect(log.root.get_by_text("None of 19 matches")).to_be_visible()
    search.press("Escape")
    expect(search).to_have_value("")

    # Open one: what it sent, what came, what it printed.
    log.row("POST").filter(has=page.get_by_text("201", exact=True)).click()  # a time may hold these digits too
    expect(log.panel).to_contain_text("Mary Shelley")
    expect(log.panel.get_by_label("Printed")).to_have_text("a book came: Emma")
    log.row("/books/5?q=").click()
    expect(log.panel).to_contain_text("<img src=x onerror=")
    assert page.evaluate("window.pwned") is None
    log.row("/orders").click()
    expect(log.panel).to_contain_text("TypeError was raised in orders, cell [1]")

    # Send one again: the new exchange is opened, and compared with the old.
    log.row("/books/5?q=").get_by_role("button", name="Replay 1").click()
    expect(log.panel.get_by_role("heading", name="Exchange 20, a replay of 1")).to_be_visible()
    expect(log.row("view")).to_contain_text("20")
    log.panel.get_by_role("button", name="Compare with 1").click()
    expect(log.panel.get_by_role("heading", name="1 and 20 compared")).to_be_visible()
    log.panel.get_by_role("button", name="Close").click()

    # Edit one and send it.
    log.row("price must be").click()
    log.panel.get_by_role("button", name="Edit and replay").click()
    body = log.panel.get_by_role("textbox", name="body")
    expect(body).to_have_value(re.compile('\n  "price": "abc"'))
    body.fill(body.input_value().replace('"abc"', "12.5"))
    body.press("Control+Enter")
    expect(log.panel).to_contain_text("201 Created")

    # Choose two: only what differs.
    log.root.get_by_role("checkbox", name="Compare 2", exact=True).check()
    log.root.get_by_role("checkbox", name="Compare 3", exact=True).check()
    expect(log.panel.get_by_role("row", name=re.compile("^author"))).to_contain_text("Mary Shelley")
    expect(log.panel.get_by_role("row", name=re.compile("^status"))).to_contain_text("201 Created")


def test_a_hidden_credential_is_asked_for(log: LogPage, page: Page) -> None:
    """The log holds none; what stands in its place is never sent."""
    log.row("/me").get_by_role("button", name="Replay 6").click()
    expect(log.panel).to_contain_text("The log keeps no credentials.")
    log.panel.get_by_role("button", name="Send Ctrl Enter").click()
    expect(log.root.get_by_role("alert")).to_contain_text("fill in: authorization (header)")

    secret = log.panel.get_by_label("authorization")
    secret.fill("abcdef")
    secret.press("Enter")

    expect(log.panel.get_by_role("tree")).to_contain_text("you 13")
    expect(log.panel).not_to_contain_text("abcdef")


def test_keys_move_open_replay_and_leave(log: LogPage, page: Page) -> None:
    """Everything without a mouse; nothing that is pressed reaches the notebook."""
    log.root.get_by_role("searchbox", name="Filter the log").press("Escape")
    log.row("/echo").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(log.row("9001")).to_be_focused()
    page.keyboard.press("Enter")
    expect(log.panel.get_by_role("heading", name="Exchange 5")).to_be_focused()
    page.keyboard.press("Escape")
    expect(log.row("9001")).to_be_focused()
    page.keyboard.press("Space")
    expect(log.root.get_by_role("checkbox", name="Compare 5", exact=True)).to_be_checked()
    page.keyboard.press("r")
    expect(log.panel.get_by_role("heading", name="Exchange 20, a replay of 5")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(log.root.get_by_role("searchbox", name="Filter the log")).to_be_focused()
    page.keyboard.press("Escape")
    page.wait_for_function("document.activeElement.closest('.rb-view') === null")
    expect(log.notebook.panel.locator(".jp-Cell")).to_have_count(5)


def test_a_burst_of_ten_thousand_leaves_page_and_list_right(log: LogPage, page: Page) -> None:
    """Drawn ten times a second at most, so that the page answers; a second view and a reloaded page show the same."""
    log.notebook.run_cell(4)
    second = LogPage(log.notebook, 4)
    log.root.locator(".rb-log__scroll").evaluate(WATCH)
    log.notebook.start_cell(3)
    expect(log.root).to_contain_text("10019 exchanges", timeout=120_000)
    draws = page.evaluate("draws")
    print(f"{len(draws)} draws in {draws[-1] - draws[0]:.0f} ms")
    assert len(draws) <= (draws[-1] - draws[0]) / 100 + 5

    kept = int(log.notebook.kernel_eval("len(routebook_kernel.log())"))
    oldest = 10_020 - kept
    for view in (log, second):
        expect(view.root.get_by_role("radio", name=f"cells {kept}")).to_have_count(1)
        expect(view.row(f"{oldest}–10019")).to_contain_text(f"{kept} ×")
    log.root.get_by_role("button", name=re.compile("exchanges alike")).click()
    log.root.locator(".rb-log__scroll").evaluate("element => element.scrollTop = element.scrollHeight")
    expect(log.row(f"{oldest}")).to_be_visible()
    assert log.root.locator("tbody tr").count() < 60

    log.notebook.reload()
    reloaded = LogPage(log.notebook, 2)
    expect(reloaded.root).to_contain_text("10019 exchanges")
    expect(reloaded.root.get_by_role("radio", name=f"cells {kept}")).to_have_count(1)

    reloaded.root.get_by_role("button", name="Clear").click()
    expect(reloaded.root).to_contain_text("The log is empty.")


def test_no_serious_accessibility_problem(log: LogPage, page: Page, screenshot) -> None:
    """axe-core over the list with each panel, in both themes; the pictures are for a person."""
    page.evaluate("jupyterapp.shell.collapseLeft()")
    log.root.get_by_role("button", name="12 exchanges alike").click()  # more lines than are drawn
    load_axe(page)
    for theme, width in product(("light", "dark"), (1280, 700, 440)):
        set_theme(page, theme)
        page.set_viewport_size({"width": width, "height": 1000})
        log.row("price must be").locator("td").nth(1).click()
        expect(log.panel).to_contain_text("Jane Austen")
        check(page)
        screenshot(log.root, f"log-detail-{theme}-{width}")
        log.panel.get_by_role("button", name="Close").click()
        log.root.get_by_role("checkbox", name="Compare 2", exact=True).check()
        log.root.get_by_role("checkbox", name="Compare 3", exact=True).check()
        expect(log.panel.get_by_role("row", name=re.compile("^author"))).to_be_visible()
        check(page)
        screenshot(log.root, f"log-compare-{theme}-{width}")
        log.panel.get_by_role("button", name="Close").click()
        log.row("/me").get_by_role("button", name="Replay 6").click()
        expect(log.panel).to_contain_text("The log keeps no credentials.")
        check(page)
        screenshot(log.root, f"log-replay-{theme}-{width}")
        log.panel.get_by_role("button", name="Close").click()


def check(page: Page) -> None:
    assert serious_problems(page.locator(".rb-view")) == []
    scrolled = "[...document.querySelectorAll('.rb-log__scroll')].every(one => one.scrollWidth <= one.clientWidth)"
    page.wait_for_function(scrolled)
    filled = """[...document.querySelectorAll('.rb-log')].every((table) => {
      const [whole, last] = [table, table.querySelector('th:last-child')].map((one) => one.getBoundingClientRect());
      return Math.abs(whole.right - last.right) < 2;
    })"""
    page.wait_for_function(filled)
    page.wait_for_function(
        "document.querySelector('.rb-view').scrollWidth <= document.querySelector('.rb-view').clientWidth"
    )
