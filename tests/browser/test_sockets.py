"""The view of sockets as a person uses it, in a real JupyterLab: by role and label, keyboard included."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import load_axe, serious_problems
from tests.browser.notebook import Notebook, set_theme

SETUP = """\
%load_ext routebook_kernel
from typing import Annotated
from routebook import Query, Routebook, WebSocket
app = Routebook(title="Chat <b>")
"""
ROOMS = """\
@app.websocket("/rooms/{room}")
async def talk(websocket: WebSocket, room: int, seat: Annotated[int, Query(ge=1)], mood: str = "calm"):
    "Say something. <img src=x onerror='window.pwned=1'> is **text**."
    await websocket.accept(subprotocol=(websocket.scope["subprotocols"] or [None])[0])
    while True:
        message = await websocket.receive()
        text = message.get("text")
        if message["type"] == "websocket.disconnect":
            print("left", message["code"], message.get("reason"))
            return
        if text == "end":
            await websocket.close(4000, "enough")
            return
        if text == "flood":
            for n in range(3000):
                await websocket.send_text(f"number {n}")
        elif text == "fail":
            raise ValueError("broken")
        elif text is None:
            await websocket.send_bytes(message["bytes"][::-1])
        else:
            await websocket.send_text(text)

@app.websocket("/members")
async def members(websocket: WebSocket):
    await websocket.close(1008, "members only")
"""


class SocketsPage:
    """The view in a notebook, by what a person sees of it."""

    def __init__(self, notebook: Notebook, cell: int) -> None:
        self.notebook = notebook
        self.root = notebook.cell(cell).get_by_role("region", name="Routebook sockets")
        expect(self.root.get_by_role("status").first).to_have_text("live")
        self.nav = self.root.get_by_role("navigation", name="Endpoints and connections")
        self.alert = self.root.get_by_role("alert")
        self.messages = self.root.get_by_role("listbox", name="Messages")

    def field(self, name: str) -> Locator:
        return self.root.get_by_role("textbox", name=name, exact=True)

    def connect(self, seat: str = "2") -> None:
        self.nav.get_by_role("button", name="WS /rooms/{room}").click()
        self.field("room").fill("1")
        self.field("seat").fill(seat)
        self.field("seat").press("Control+Enter")

    def say(self, text: str) -> None:
        self.field("Text").fill(text)
        self.field("Text").press("Control+Enter")


@pytest.fixture
def sockets(open_notebook) -> SocketsPage:
    notebook = open_notebook([SETUP, ROOMS, "%api sockets", ""])
    notebook.run_all()
    return SocketsPage(notebook, 2)


def test_a_conversation_from_handshake_to_close(sockets: SocketsPage, page: Page) -> None:
    """Refused values at their fields, then text, JSON and bytes, the whole of a message, and the server's close."""
    expect(sockets.root.get_by_text("<img src=x onerror='window.pwned=1'>")).to_be_visible()
    sockets.connect(seat="0")
    expect(sockets.alert).to_contain_text("1 value was refused, so talk did not run")
    expect(sockets.field("seat")).to_have_attribute("aria-invalid", "true")
    expect(sockets.root).to_contain_text("A client on a network sees 403")
    page.keyboard.press("F8")
    expect(sockets.field("seat")).to_be_focused()

    sockets.field("subprotocols").fill("chat, other")
    sockets.connect()
    expect(sockets.root.get_by_role("heading", name="WS /rooms/1?seat=2")).to_be_visible()
    expect(sockets.root).to_contain_text("subprotocol chat")
    sockets.say("<b>hello")
    expect(sockets.messages.get_by_role("option")).to_have_count(2)
    expect(sockets.messages.get_by_role("option").nth(1)).to_contain_text("received<b>hello")
    sockets.root.get_by_role("radio", name="JSON").check()
    sockets.field("JSON").fill('{"who": "Emma"}')
    sockets.field("JSON").press("Control+Enter")
    expect(sockets.messages.get_by_role("option")).to_have_count(4)
    sockets.root.get_by_role("radio", name="Bytes").check()
    sockets.field("Bytes, as hexadecimal digits").fill("00 ff 4")
    expect(sockets.root).to_contain_text("one is missing")
    sockets.field("Bytes, as hexadecimal digits").fill("00 ff")
    page.keyboard.press("Control+Enter")
    expect(sockets.messages.get_by_role("option").last).to_contain_text("ff 00")

    sockets.messages.focus()
    page.keyboard.press("Home")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    message = sockets.root.get_by_role("region", name="Message 4")
    expect(message.get_by_role("tree")).to_contain_text('who "Emma"')
    sockets.root.get_by_role("radio", name="Text").check()
    sockets.say("end")
    expect(sockets.root.get_by_text("Closed by the application with 4000 “enough”.")).to_be_visible()
    assert page.evaluate("window.pwned") is None


def test_refusals_and_failures_are_explained(sockets: SocketsPage) -> None:
    """What the application did, where, and what a client on a network would see of it."""
    sockets.nav.get_by_role("button", name="WS /members").click()
    sockets.root.get_by_role("button", name="Connect").click()
    expect(sockets.alert).to_contain_text("closed it with 1008")
    expect(sockets.alert).to_contain_text("saying “members only”. A client on a network sees 403")

    sockets.connect()
    sockets.say("fail")
    expect(sockets.root.get_by_text("The handler failed, and the connection broke off.")).to_be_visible()
    expect(sockets.alert).to_contain_text("ValueError was raised in talk, cell [2], line 18")


def test_several_connections_outlive_page_and_cell_and_are_left(sockets: SocketsPage) -> None:
    """A reloaded page finds them; a cell that runs again does not cut them, and says what they run."""
    sockets.connect()
    sockets.say("one")
    sockets.connect(seat="3")
    sockets.say("two")
    expect(sockets.messages.get_by_role("option").last).to_contain_text("two")
    sockets.notebook.reload()
    again = SocketsPage(sockets.notebook, 2)
    expect(again.root).to_contain_text("2 connections open")
    again.nav.get_by_role("button", name="open /rooms/1?seat=2").click()
    expect(again.messages.get_by_role("option").last).to_contain_text("one")

    again.notebook.run_cell(1)
    outdated = "The cell has run again, but this connection still runs the old code."
    expect(again.root.get_by_text(outdated)).to_be_visible()
    again.say("still")
    expect(again.messages.get_by_role("option").last).to_contain_text("still")
    again.root.get_by_role("button", name="Close…").click()
    form = again.root.get_by_role("form", name="Close the connection")
    form.get_by_label("code").fill("1006")
    expect(form.get_by_role("status")).to_contain_text("Use 1000")
    form.get_by_label("code").fill("4001")
    form.get_by_label("reason").fill("bye")
    form.get_by_label("reason").press("Enter")
    expect(again.root.get_by_text("Closed by you with 4001 “bye”.")).to_be_visible()
    printed = "[one.output for one in __import__('routebook_kernel').extension.log()]"
    assert "left 4001 bye" in again.notebook.kernel_eval(printed)

    again.nav.get_by_role("button", name="Clear ended").click()
    expect(again.nav.get_by_role("button", name="rooms/1?seat")).to_have_count(1)
    again.notebook.restart()
    expect(again.root.get_by_text("Not connected to the kernel.")).to_be_visible()


def test_a_flood_is_followed_and_only_what_is_seen_is_drawn(sockets: SocketsPage, page: Page) -> None:
    """Three thousand messages: the last thousand kept, some thirty rows in the document, the list at its end."""
    sockets.connect()
    sockets.say("flood")
    expect(sockets.messages.get_by_text("number 2999")).to_be_visible()
    expect(sockets.root).to_contain_text("The first 2001 messages are kept no longer.")
    assert sockets.messages.get_by_role("option").count() < 60

    sockets.messages.focus()
    page.keyboard.press("Home")
    expect(sockets.messages.get_by_text("number 2000")).to_be_visible()
    expect(sockets.root.get_by_role("region", name="Message 2002")).to_contain_text("number 2000")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_serious_accessibility_problem(sockets: SocketsPage, page: Page, screenshot, theme) -> None:
    """axe-core over a refused handshake and a conversation, wide and narrow; pictures are for a person to look at."""
    set_theme(page, theme)
    page.evaluate("jupyterapp.shell.collapseLeft()")
    load_axe(page)
    sockets.connect(seat="0")
    expect(sockets.alert).to_be_visible()
    check(sockets, page, screenshot, f"sockets-refused-{theme}")
    sockets.connect()
    sockets.say('{"text": "hello", "to": ["Emma", "Jane"]}')
    sockets.messages.get_by_role("option").nth(1).click()
    expect(sockets.root.get_by_role("region", name="Message 2")).to_be_visible()
    check(sockets, page, screenshot, f"sockets-open-{theme}")
    page.set_viewport_size({"width": 700, "height": 1000})
    check(sockets, page, screenshot, f"sockets-open-{theme}-700")
    sockets.say("end")
    expect(sockets.root.get_by_text("Closed by the application")).to_be_visible()
    page.set_viewport_size({"width": 460, "height": 1000})
    check(sockets, page, screenshot, f"sockets-closed-{theme}-460")


def check(sockets: SocketsPage, page: Page, screenshot, name: str) -> None:
    screenshot(sockets.root, name)
    assert serious_problems(page.locator(".rb-view")) == []
    page.wait_for_function(
        "document.querySelector('.rb-view').scrollWidth <= document.querySelector('.rb-view').clientWidth"
    )
