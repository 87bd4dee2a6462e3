"""A class of two on a real JupyterHub, as docs/jupyterhub.md sets it up: each has a server, and sees no other's."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from playwright.sync_api import Error as PlaywrightError

from tests.browser.conftest import TIMEOUT_MS, PageWatch
from tests.browser.hub.hub import running_hub
from tests.browser.notebook import Notebook

DEFINE = """
%load_ext routebook_kernel
import asyncio
from routebook import Request, Routebook, WebSocket
from routebook.responses import RedirectResponse, StreamingResponse

app = Routebook(title="Served by {name}")

@app.get("/whose")
def whose() -> str:
    return {name!r}

@app.get("/links")
def links(request: Request) -> str:
    return str(request.url_for("whose"))

@app.get("/moved")
def moved(request: Request) -> RedirectResponse:
    return RedirectResponse(request.url_for("whose"))

@app.get("/events")
async def events() -> StreamingResponse:
    async def send():
        for number in range(3):
            yield f"data: {{number}}\\n\\n"
            await asyncio.sleep(0.05)
    return StreamingResponse(send(), media_type="text/event-stream")

@app.websocket("/echo")
async def echo(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text({name!r} + " heard " + await socket.receive_text())
"""

GET = """async path => {
  const answer = await fetch(path, {redirect: 'follow'});
  return {status: answer.status, url: answer.url, text: await answer.text()};
}"""

TALK = """url => new Promise((resolve, reject) => {
  const socket = new WebSocket(url.replace(/^http/, 'ws'));
  socket.onopen = () => socket.send('hello');
  socket.onmessage = event => { resolve(event.data); socket.close(); };
  socket.onerror = socket.onclose = () => reject(new Error('no WebSocket'));
  setTimeout(() => reject(new Error('no WebSocket: silence')), 10000);
})"""

LISTEN = """url => new Promise((resolve, reject) => {
  const seen = [], source = new EventSource(url);
  source.onmessage = event => { seen.push(event.data); if (seen.length === 3) { source.close(); resolve(seen); } };
  source.onerror = () => reject(new Error('no events, after ' + seen));
})"""


@dataclass
class Learner:
    """A user in a browser of their own, with the first lesson open and an application served."""

    name: str
    page: Page
    served: str

    def get(self, url: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.page.evaluate(GET, url)
        return answer


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_hub(tmp_path_factory.mktemp("hub")) as url:
        yield url


@pytest.fixture(scope="module")
def watch() -> PageWatch:
    return PageWatch()


@pytest.fixture(scope="module")
def learners(chromium: Browser, hub: str, watch: PageWatch) -> Iterator[tuple[Learner, Learner]]:
    contexts = [chromium.new_context(), chromium.new_context()]
    pages = [log_in(context, hub, name) for context, name in zip(contexts, ("ada@school", "bob"), strict=True)]
    for page in pages:
        watch.attach(page)
    ada, bob = (serve(page, hub, name) for page, name in zip(pages, ("ada@school", "bob"), strict=True))
    yield ada, bob
    for context in contexts:
        context.close()


def log_in(context: BrowserContext, hub: str, name: str) -> Page:
    """Log in; the hub starts the user's server and leads to it."""
    context.set_default_timeout(TIMEOUT_MS)
    page = context.new_page()
    page.goto(hub)
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill("a-password-for-the-class")
    page.get_by_role("button", name="Sign in").click()
    return page


def serve(page: Page, hub: str, name: str) -> Learner:
    page.wait_for_url(re.compile(r"/user/[^/]+/lab/tree/01_first_steps\.ipynb"), timeout=90_000)
    notebook = Notebook(page)
    notebook.run_cell(notebook.add_cell(DEFINE.format(name=name)))
    last = notebook.add_cell("%api serve")
    notebook.run_cell(last)
    link = notebook.cell(last).locator(".jp-OutputArea a").first
    expect(link).to_be_visible()
    return Learner(name, page, str(link.evaluate("link => link.href")).rstrip("/"))


def test_printed_address_is_the_users_own_and_opens(learners: tuple[Learner, Learner], hub: str) -> None:
    """What a learner clicks, copies, and sends to nobody."""
    for learner in learners:
        assert re.fullmatch(rf"{hub}/user/{re.escape(learner.name)}/proxy/\d+", learner.served)
        assert learner.get(f"{learner.served}/whose") == {
            "status": 200,
            "url": f"{learner.served}/whose",
            "text": f'"{learner.name}"',
        }
        assert learner.get(f"{learner.served}/links")["text"] == f'"{learner.served}/whose"'
        assert learner.get(f"{learner.served}/moved")["url"] == f"{learner.served}/whose"


def test_sockets_and_events_pass_the_hub(learners: tuple[Learner, Learner]) -> None:
    """Two proxies in a row, and both let them through as they come."""
    for learner in learners:
        assert learner.page.evaluate(TALK, f"{learner.served}/echo") == f"{learner.name} heard hello"
        assert learner.page.evaluate(LISTEN, f"{learner.served}/events") == ["0", "1", "2"]


def test_documentation_pages_work_behind_the_hub(learners: tuple[Learner, Learner]) -> None:
    """Elsewhere they ask for /openapi.json at the hub's root."""
    ada, _ = learners
    page = ada.page.context.new_page()
    page.goto(f"{ada.served}/docs")
    expect(page.locator(".opblock", has_text="/whose")).to_be_visible()
    expect(page.get_by_role("heading", name="Served by ada@school")).to_be_visible()
    page.close()


def test_nobody_reaches_anothers_server(learners: tuple[Learner, Learner]) -> None:
    """Neither by the other's address, nor by the own proxy to the other's port: they share 127.0.0.1 here."""
    ada, bob = learners
    assert urlsplit(ada.served).path.rpartition("/")[2] != urlsplit(bob.served).path.rpartition("/")[2]
    for learner, other in ((ada, bob), (bob, ada)):
        proxy, _, _ = learner.served.rpartition("/")
        _, _, port = other.served.rpartition("/")
        for url in (other.served, f"{proxy}/{port}", f"{proxy}/absolute/{port}", f"{proxy}/127.0.0.1:{port}"):
            answer = learner.page.context.request.get(f"{url}/whose")
            assert answer.status == 403, url
            assert f'"{other.name}"' not in answer.text()
            with pytest.raises(PlaywrightError, match="no WebSocket"):
                learner.page.evaluate(TALK, f"{url}/echo")


def test_processes_outside_of_the_own_server_are_turned_away(learners: tuple[Learner, Learner]) -> None:
    """A terminal of somebody else's, a headers' lie, another account: each finds the port, and gets nothing."""
    ada, _ = learners
    port = int(ada.served.rpartition("/")[2])
    for headers in ({}, {"X-Forwarded-Prefix": urlsplit(ada.served).path}, {"Host": "localhost"}):
        answer = httpx2.get(f"http://127.0.0.1:{port}/whose", headers=headers)
        assert answer.status_code == 403
        assert "ada" not in answer.text
    leave = "os.setuid(65534)" if os.geteuid() == 0 else "pass"
    ask = "c.sendall(b'GET /whose HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n'); print(c.recv(99).split()[1].decode())"
    code = f"import encodings.idna, os, socket; {leave}; c = socket.create_connection(('127.0.0.1', {port})); {ask}"
    stranger = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert stranger.stdout.strip() == "403", stranger.stderr


def test_own_notebook_reaches_its_server(learners: tuple[Learner, Learner]) -> None:
    """`httpx2.get` in a cell, at the port that is printed."""
    ada, _ = learners
    port = ada.served.rpartition("/")[2]
    notebook = Notebook(ada.page)
    asking = notebook.add_cell(f"import httpx2; httpx2.get('http://127.0.0.1:{port}/whose').json()")
    notebook.run_cell(asking)
    expect(notebook.cell(asking).locator(".jp-OutputArea-output").last).to_contain_text("ada@school")


def test_nothing_left_the_machine(learners: tuple[Learner, Learner], watch: PageWatch) -> None:
    """A class may sit in a room without the internet."""
    assert watch.off_machine == []
