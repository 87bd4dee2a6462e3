"""The explorer as a person uses it, in a real JupyterLab: by role and label, keyboard included."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import load_axe, serious_problems
from tests.browser.notebook import Notebook, set_theme

SETUP = """\
%load_ext routebook_kernel
from routebook import Routebook
from pydantic import BaseModel, Field
app = Routebook(title="Shop")
"""
MODELS = """\
from datetime import date

class Author(BaseModel):
    name: str = Field(min_length=1, max_length=80)
    born: date | None = None

class Item(BaseModel):
    title: str
    author: Author
    price: float = Field(gt=0, le=500)
    tags: list[str] = []
"""
ITEMS = """\
@app.get("/items/{item_id}", tags=["items"])
def read_item(item_id: int) -> dict[str, int]:
    "One item. <img src=x onerror='window.pwned=1'> is **text**."
    return {"id": item_id}

@app.post("/items", tags=["items"])
def create_item(item: Item) -> Item:
    return item
"""
RENAMED = """\
@app.get("/items/{item_id}", tags=["items"])
def read_item(item_id: int) -> dict[str, int]:
    return {"id": item_id}

@app.post("/items", tags=["items"])
def add_item(item: Item, notify: bool = True) -> dict[str, bool]:
    return {"notified": notify}
"""


class ExplorerPage:
    """The explorer in a notebook, by what a person sees of it."""

    def __init__(self, notebook: Notebook, cell: int) -> None:
        self.notebook = notebook
        self.root = notebook.cell(cell).get_by_role("region", name="Routebook explorer")
        expect(self.root.get_by_role("status").first).to_have_text("live")

    def open(self, name: str) -> None:
        self.root.get_by_role("navigation", name="Operations").get_by_role("button", name=name).click()

    def field(self, name: str) -> Locator:
        return self.root.get_by_role("form", name="Request").get_by_role("textbox", name=name, exact=True)

    def send(self) -> None:
        self.root.get_by_role("button", name="Send Ctrl Enter").click()

    @property
    def response(self) -> Locator:
        return self.root.get_by_role("region", name="Response")

    @property
    def errors(self) -> Locator:
        return self.root.get_by_role("alert")


@pytest.fixture
def explorer(open_notebook) -> ExplorerPage:
    notebook = open_notebook([SETUP, MODELS, ITEMS, "app", ""])
    notebook.run_all()
    return ExplorerPage(notebook, 3)


def test_a_wrong_value_is_shown_at_its_field_and_mended(explorer: ExplorerPage) -> None:
    """The main job of the first slice, as its issue tells it."""
    explorer.open("POST /items")
    explorer.field("title").fill("Emma")
    explorer.field("name").fill("Jane Austen")
    explorer.field("price").fill("abc")
    explorer.send()

    expect(explorer.errors).to_contain_text("1 value was refused")
    expect(explorer.errors.get_by_role("button")).to_contain_text("price")
    price = explorer.field("price")
    expect(price).to_have_attribute("aria-invalid", "true")
    expect(price).to_have_accessible_description(
        'number, over 0, up to 500 Error 1 in the list must be a number sent "abc", a text passes 9.99'
    )
    expect(explorer.response).to_contain_text("422")

    price.fill("9.99")
    price.press("Control+Enter")

    expect(explorer.response).to_contain_text("200 OK")
    expect(explorer.response.get_by_role("tree")).to_contain_text("Emma")
    expect(explorer.errors).to_have_count(0)

    explorer.response.get_by_role("button", name="Save as test").click()
    expect(explorer.response).to_contain_text('Saved as "POST /items returns 200" in ')


def test_the_explorer_follows_a_cell_that_changes_the_application(explorer: ExplorerPage) -> None:
    """A later run shows without running the explorer's own cell; inputs that still fit stay."""
    explorer.open("POST /items")
    explorer.field("title").fill("Emma")
    explorer.field("name").fill("Jane Austen")
    explorer.field("price").fill("9")

    explorer.notebook.edit_cell(2, RENAMED)
    explorer.notebook.run_cell(2)

    notify = explorer.root.get_by_role("radiogroup", name="notify")
    notify.get_by_role("radio", name="false").check()
    expect(explorer.field("title")).to_have_value("Emma")
    expect(explorer.root.get_by_label("Request line")).to_have_text("POST/items?notify=false")
    explorer.root.get_by_text("What changed: query parameter notify is new").click()
    expect(explorer.root.get_by_role("group", name="Difference")).to_contain_text('+    "name": "notify"')
    explorer.send()

    expect(explorer.response.get_by_role("tree")).to_contain_text("notified false")
    operations = explorer.root.get_by_role("navigation", name="Operations").locator(".rb-op .rb-path")
    expect(operations).to_have_text(["/items/{item_id}", "/items"])


def test_keys_do_what_the_foot_says_and_do_not_reach_the_notebook(explorer: ExplorerPage, page: Page) -> None:
    """`dd` in a field must not delete the cell; Esc gives the notebook back."""
    explorer.open("POST /items")
    title = explorer.field("title")
    title.click()
    page.keyboard.type("dd 00 ii")
    expect(title).to_have_value("dd 00 ii")
    expect(explorer.notebook.panel.locator(".jp-Cell")).to_have_count(5)

    explorer.field("price").fill("abc")
    page.keyboard.press("Control+Enter")
    expect(explorer.errors).to_contain_text("2 values were refused")
    page.keyboard.press("F8")
    expect(explorer.field("name")).to_be_focused()
    page.keyboard.press("F8")
    expect(explorer.field("price")).to_be_focused()
    page.keyboard.press("Shift+F8")
    expect(explorer.field("name")).to_be_focused()

    page.keyboard.press("Alt+j")
    expect(explorer.root.get_by_role("textbox", name="Body as JSON")).to_have_count(0)
    page.keyboard.press("Alt+2")
    expect(explorer.root.get_by_role("tab", name="Schema")).to_have_attribute("aria-selected", "true")
    explorer.root.get_by_role("tab", name="Schema").press("/")
    search = explorer.root.get_by_role("searchbox", name="Search operations")
    expect(search).to_be_focused()
    page.keyboard.type("get")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(explorer.root.get_by_role("heading", name="GET /items/{item_id}")).to_be_visible()
    page.keyboard.press("Escape")
    expect(search).to_have_value("")
    page.keyboard.press("Escape")
    page.wait_for_function("document.activeElement.closest('.rb-view') === null")


def test_the_json_is_in_step_with_the_form(explorer: ExplorerPage) -> None:
    """What is written on one side stands on the other; broken JSON is sent as it stands."""
    explorer.open("POST /items")
    json = explorer.root.get_by_role("textbox", name="Body as JSON")
    explorer.field("price").fill("abc")
    expect(json).to_have_value('{\n  "author": {},\n  "price": "abc"\n}')

    json.fill('{"title": "Emma", "author": {"name": "Jane"}, "price": 1.50, "tags": ["a"]}')
    expect(explorer.field("price")).to_have_value("1.50")
    expect(explorer.field("tags, item 0")).to_have_value("a")
    explorer.send()
    expect(explorer.response).to_contain_text("200 OK")

    json.fill('{"title": }')
    expect(explorer.root.get_by_text("Line 1: a value is missing before }.")).to_be_visible()
    explorer.send()
    expect(explorer.errors).to_contain_text("is not JSON")


def test_text_is_shown_as_text(explorer: ExplorerPage, page: Page) -> None:
    """Descriptions, paths and answers come from code that nobody has read."""
    explorer.open("GET /items/{item_id}")
    expect(explorer.root.get_by_text("<img src=x onerror='window.pwned=1'>")).to_be_visible()
    explorer.field("item_id").fill("<b>1")
    explorer.send()

    expect(explorer.errors).to_contain_text('"<b>1"')
    assert page.evaluate("window.pwned") is None


def test_a_failing_endpoint_shows_cell_line_and_values(open_notebook) -> None:
    """The traceback is cut to the person's own cells."""
    notebook = open_notebook(
        [SETUP, '@app.get("/stock")\ndef stock() -> int:\n    left = None\n    return left - 1', "app"]
    )
    notebook.run_all()
    explorer = ExplorerPage(notebook, 2)
    explorer.send()

    expect(explorer.response).to_contain_text("500 Internal Server Error")
    expect(explorer.response).to_contain_text("TypeError was raised in stock, cell [2], line 4")
    expect(explorer.response).to_contain_text("return left - 1")
    expect(explorer.response.get_by_role("definition").filter(has_text="None")).to_be_visible()

    notebook.edit_cell(1, '@app.get("/stock")\ndef stock() -> int:\n    left = 3\n    return left - 1')
    notebook.run_cell(1)
    expect(explorer.response).to_contain_text("Answered before the cell ran again, now [4].")
    explorer.send()
    expect(explorer.response).to_contain_text("200 OK")
    expect(explorer.response).not_to_contain_text("Answered before")


PRICES = """\
from decimal import Decimal
from typing import Annotated
from routebook import Form, Request, UploadFile

@app.post("/covers")
def cover(cover: UploadFile, price: Annotated[Decimal, Form(gt=0)]) -> str:
    return f"{cover.filename} {price} {len(cover.file.read())}"

@app.post("/hook")
async def hook(request: Request) -> str:
    return f"{request.headers.get('content-type')}: {(await request.body()).decode()}"

@app.get("/misfit", response_model=Item)
def misfit():
    return {"title": "Emma", "author": {"name": ""}, "price": "abc"}
"""


def test_a_form_is_as_it_was_left_and_an_answer_that_does_not_fit_is_told(open_notebook) -> None:
    """Files stay, a Decimal is one number, a body can be added; what a response model refuses is told by its values."""
    notebook = open_notebook([SETUP, MODELS, PRICES, "app"])
    notebook.run_all()
    explorer = ExplorerPage(notebook, 3)
    explorer.open("POST /covers")
    file = explorer.root.get_by_label("cover", exact=True)
    file.set_input_files({"name": "emma.png", "mimeType": "image/png", "buffer": b"12345"})
    explorer.field("price").fill("9.90")

    explorer.open("GET /misfit")
    explorer.send()
    expect(explorer.response).to_contain_text("What was returned does not fit the response model")
    expect(explorer.response.get_by_role("definition")).to_have_text(
        ["must have at least 1 character; it is ''", "must be a number; it is 'abc'"]
    )
    expect(explorer.response).not_to_contain_text("'loc'")

    explorer.open("POST /covers")
    assert file.evaluate("input => input.files[0].name") == "emma.png"
    explorer.send()
    expect(explorer.response).to_contain_text('"emma.png 9.90 5"')

    explorer.open("POST /hook")
    explorer.root.get_by_role("button", name="Body", exact=True).click()
    explorer.root.get_by_role("textbox", name="Body as JSON").fill('{"event": "push"}')
    explorer.send()
    expect(explorer.response).to_contain_text("application/json: {")
    expect(explorer.response).to_contain_text("push")
    explorer.root.get_by_role("checkbox", name="Send a body").uncheck()
    explorer.send()
    expect(explorer.response).to_contain_text('"None: "')


def test_a_slow_request_is_cancelled(open_notebook, page: Page) -> None:
    """The person is not held up by an endpoint."""
    notebook = open_notebook(
        [SETUP, 'import asyncio\n@app.get("/slow")\nasync def slow():\n    await asyncio.sleep(60)', "app"]
    )
    notebook.run_all()
    explorer = ExplorerPage(notebook, 2)
    explorer.send()
    expect(explorer.response).to_contain_text("Waiting for the answer")
    page.keyboard.press("Escape")

    expect(explorer.response).to_contain_text("Cancelled.")


def test_an_application_without_operations_says_what_to_do(open_notebook) -> None:
    """The first thing that a beginner sees; the first operation takes its place at once."""
    notebook = open_notebook([SETUP, "app", '@app.get("/hello")\ndef hello():\n    return {"hello": "world"}'])
    notebook.run_cell(0)
    notebook.run_cell(1)
    view = notebook.cell(1).get_by_role("region", name="Routebook explorer")
    expect(view).to_contain_text("No operations yet.")
    notebook.run_cell(2)

    expect(view.get_by_role("heading", name="GET /hello")).to_be_visible()


def test_a_reloaded_page_shows_the_state_again(explorer: ExplorerPage) -> None:
    """The page holds nothing that the kernel does not know."""
    explorer.notebook.reload()
    reloaded = ExplorerPage(explorer.notebook, 3)
    reloaded.open("GET /items/{item_id}")
    reloaded.field("item_id").fill("5")
    reloaded.send()

    expect(reloaded.response).to_contain_text("200 OK")


def test_a_second_view_is_in_step_with_the_first(explorer: ExplorerPage) -> None:
    """Showing the application again shows the same widget: what was filled in is there."""
    explorer.open("POST /items")
    explorer.field("title").fill("Emma")
    explorer.notebook.edit_cell(4, "app")
    explorer.notebook.run_cell(4)
    second = ExplorerPage(explorer.notebook, 4)

    expect(second.field("title")).to_have_value("Emma")
    second.field("title").fill("Persuasion")
    expect(explorer.field("title")).to_have_value("Persuasion")


def test_a_restarted_kernel_is_said_and_recovered(explorer: ExplorerPage) -> None:
    """A view that nobody answers any more must say so; after the cells ran again it lives."""
    explorer.notebook.restart()
    expect(explorer.root.get_by_text("Not connected to the kernel.")).to_be_visible()
    expect(explorer.root.get_by_role("button", name="Send Ctrl Enter")).to_be_disabled()
    explorer.notebook.run_all()

    again = ExplorerPage(explorer.notebook, 3)
    again.open("GET /items/{item_id}")
    expect(again.field("item_id")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 700])
def test_no_serious_accessibility_problem(explorer: ExplorerPage, page: Page, screenshot, theme, width) -> None:
    """axe-core over the fullest state, a 422; the picture is for a person to look at."""
    set_theme(page, theme)
    page.set_viewport_size({"width": width, "height": 1000})
    page.evaluate("jupyterapp.shell.collapseLeft()")
    if width == 700:
        explorer.root.get_by_role("button", name="2 operations").click()
    explorer.open("POST /items")
    explorer.field("price").fill("abc")
    explorer.send()
    expect(explorer.errors).to_be_visible()

    load_axe(page)
    screenshot(explorer.root, f"explorer-{theme}-{width}")

    assert serious_problems(page.locator(".rb-view")) == []
    fits = "document.querySelector('.rb-view').scrollWidth <= document.querySelector('.rb-view').clientWidth"
    page.wait_for_function(fits)
    if width == 700:
        page.set_viewport_size({"width": 440, "height": 1000})
        explorer.root.get_by_role("button", name="2 operations").click()
        explorer.open("GET /items/{item_id}")
        page.wait_for_function(fits)


def test_the_cell_of_an_operation_is_one_click_away(explorer: ExplorerPage) -> None:
    """From the operation to the code that serves it."""
    explorer.open("POST /items")
    explorer.root.get_by_role("button", name="cell [3]").click()

    expect(explorer.notebook.cell(2)).to_have_class(re.compile(r"\bjp-mod-active\b"))


SECURED = """\
from typing import Annotated
from routebook import Depends, HTTPException, WebSocket
from routebook.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm

@app.post("/token")
def token(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> dict[str, str]:
    if form.password != "right":
        raise HTTPException(400, "Incorrect username or password")
    return {"access_token": f"token-of-{form.username}", "token_type": "bearer"}

@app.get("/me")
def me(token: Annotated[str, Depends(OAuth2PasswordBearer(tokenUrl="token"))]) -> dict[str, str]:
    return {"who": token.removeprefix("token-of-")}

@app.websocket("/chat")
async def chat(socket: WebSocket, token: Annotated[str, Depends(OAuth2PasswordBearer(tokenUrl="token"))]):
    await socket.accept()
    await socket.send_text(f"hello {token.removeprefix('token-of-')}")
"""


def test_signing_in_once_is_enough_for_all_views(open_notebook, page: Page) -> None:
    """The password flow, as Swagger UI's Authorize does it; then replay, saved test, bench, WebSocket and a reload."""
    notebook = open_notebook([SETUP, SECURED, "app", "%api log", "%api sockets", "%api test"])
    notebook.run_all()
    explorer = ExplorerPage(notebook, 2)
    explorer.open("GET /me")
    explorer.send()
    expect(explorer.response).to_contain_text("401 Unauthorized")
    explorer.open("POST /token")
    form = explorer.root.get_by_role("form", name="Request")
    form.get_by_role("textbox", name="username", exact=True).fill("mira")
    form.get_by_role("textbox", name="password", exact=True).fill("wrong")
    explorer.send()
    expect(explorer.response).to_contain_text("HTTPException was raised in token, cell [2], line 8")
    explorer.open("GET /me")

    explorer.root.get_by_role("button", name="Sign in…").click()
    credentials = explorer.root.get_by_role("form", name="Credentials")
    credentials.get_by_label("user").fill("mira")
    credentials.get_by_role("textbox", name="password").fill("wrong")
    credentials.get_by_role("button", name="Sign in").click()
    expect(credentials.get_by_role("alert")).to_contain_text("Incorrect username or password")
    credentials.get_by_role("textbox", name="password").fill("right")
    credentials.get_by_role("button", name="Sign in").click()
    expect(explorer.root.get_by_text("Signed in as mira")).to_be_visible()
    explorer.send()

    expect(explorer.response.get_by_role("tree")).to_contain_text('who "mira"')

    log = notebook.cell(3).get_by_role("region", name="Routebook log")
    log.get_by_role("row").filter(has_text="/me").first.get_by_role("button", name="Replay").click()
    expect(log.get_by_role("heading", name=re.compile("a replay of"))).to_be_visible()
    expect(log.get_by_role("tree")).to_contain_text('who "mira"')
    expect(log).to_contain_text("A replay is sent as you are signed in: OAuth2PasswordBearer, as mira")
    expect(log).not_to_contain_text("token-of-mira")
    log.get_by_role("row").filter(has_text="/me").first.get_by_role("button", name=re.compile("^Save")).click()
    log.get_by_role("textbox", name="name").fill("I am known")
    log.get_by_role("textbox", name="name").press("Control+Enter")
    tests = notebook.cell(5).get_by_role("region", name="Routebook saved tests")
    tests.get_by_role("button", name="Run all").click()
    expect(tests.get_by_role("listitem", name="I am known")).to_contain_text("Passed")
    tests.get_by_text("1 value to fill in").click()
    expect(tests).to_contain_text("Empty: signed in with OAuth2PasswordBearer, as mira")
    sockets = notebook.cell(4).get_by_role("region", name="Routebook sockets")
    expect(sockets.get_by_text("Signed in as mira")).to_be_visible()

    explorer.root.get_by_role("tab", name="Bench").click()
    bench = explorer.root.get_by_role("region", name="Routebook bench")
    expect(bench.get_by_label("Path and query")).to_have_value("/me")
    expect(bench).to_contain_text("Sent as you are signed in: OAuth2PasswordBearer, as mira.")
    bench.get_by_label("requests").fill("50")
    bench.get_by_label("requests").press("Control+Enter")
    expect(bench).to_contain_text("200 × 50")
    page.keyboard.press("Alt+1")
    expect(explorer.root.get_by_role("tab", name="Try")).to_have_attribute("aria-selected", "true")

    explorer.open("WS /chat")
    chat = explorer.root.get_by_role("region", name="Routebook sockets")
    chat.get_by_role("button", name="Connect").click()
    expect(chat).to_contain_text("hello mira")

    notebook.reload()
    again = ExplorerPage(notebook, 2)
    again.open("GET /me")
    again.send()
    expect(again.response.get_by_role("tree")).to_contain_text('who "mira"')
    row = log.get_by_role("row").filter(has_text="/me").first
    row.locator("td").nth(1).click()
    expect(log).to_contain_text("A replay is sent as you are signed in: OAuth2PasswordBearer, as mira")
    again.root.get_by_role("button", name="Sign out").click()
    expect(sockets.get_by_role("button", name="Sign in…")).to_be_visible()
    row.get_by_role("button", name="Replay").click()
    expect(log).to_contain_text("The log keeps no credentials.")
    expect(log.get_by_role("alert")).to_have_count(0)


STREAMS = """\
import asyncio
from collections.abc import AsyncIterator
from routebook.sse import EventSourceResponse, ServerSentEvent

@app.get("/ticks", response_class=EventSourceResponse)
async def ticks() -> AsyncIterator[ServerSentEvent]:
    count = 0
    while True:
        yield ServerSentEvent(event="tick", data={"count": count})
        count += 1
        await asyncio.sleep(0.1)
"""


def test_a_stream_is_seen_as_it_comes_and_stopped(open_notebook) -> None:
    """An endless stream of events is what Swagger UI waits for in vain."""
    notebook = open_notebook([SETUP, STREAMS, "app"])
    notebook.run_all()
    explorer = ExplorerPage(notebook, 2)
    explorer.open("GET /ticks")
    explorer.send()

    items = explorer.response.get_by_role("list", name="What the response sent").get_by_role("listitem")
    expect(items.nth(2)).to_contain_text('tick{"count": 2}')
    expect(explorer.response).to_contain_text("200, streaming")
    explorer.response.get_by_role("button", name="Stop").click()

    expect(explorer.response).to_contain_text("Cancelled.")
    expect(items.nth(2)).to_contain_text("tick")


OFFER = """\
class Offer(Item):
    percent: int

@app.post("/offers")
def make_offer(offer: Offer) -> Offer:
    return offer
"""


def test_a_stale_operation_is_made_new_by_its_button(open_notebook) -> None:
    """What inherits from a redefined model cannot follow by itself: its cell is one click away."""
    notebook = open_notebook([SETUP, MODELS, OFFER, "app"])
    notebook.run_all()
    explorer = ExplorerPage(notebook, 3)
    explorer.open("POST /offers")
    notebook.edit_cell(1, MODELS.replace("title: str", "title: str\n    pages: int"))
    notebook.run_cell(1)
    expect(explorer.root).to_contain_text("Stale.")

    explorer.root.get_by_role("button", name="Run cell").click()

    expect(explorer.root.get_by_text("Stale.")).to_have_count(0)
    expect(explorer.field("pages")).to_be_visible()


HOSTILE = """\
from routebook import Response

@app.get("/long")
def long() -> list[dict[str, str]]:
    return [{"name": f"<b onclick=alert(1)>{number}</b>"} for number in range(10_000)]

@app.get("/huge")
def huge() -> str:
    return "x" * 5_000_000

@app.get("/deep")
def deep() -> Response:
    return Response("[" * 5000 + "]" * 5000, media_type="application/json")

@app.get("/bytes")
def binary() -> Response:
    return Response(bytes(range(256)) * 1000, media_type="application/octet-stream")

@app.get("/reordered")
def reordered() -> str:
    return "user \\u202e evil \\u2066 <script>window.pwned = 1</script>"
"""


def test_hostile_answers_are_shown_as_text_and_freeze_nothing(open_notebook, page: Page) -> None:
    """Long lists, large texts, depth, bytes, and characters that reorder what stands beside them."""
    notebook = open_notebook([SETUP, HOSTILE, "app"])
    notebook.run_all()
    explorer = ExplorerPage(notebook, 2)
    shown = {
        "/long": "[10000]",
        "/huge": "the view got the beginning of it",
        "/deep": "[" * 5000,
        "/bytes": "256.0 kB of application/octet-stream, no text.",
        "/reordered": r'"user \u202e evil \u2066 <script>window.pwned = 1</script>"',
    }
    for path, text in shown.items():
        explorer.open(f"GET {path}")
        explorer.send()
        expect(explorer.response).to_contain_text("200 OK")
        expect(explorer.response).to_contain_text(text)
    assert page.evaluate("window.pwned") is None
