"""Fixtures of the browser's tests: JupyterLab, a page of Chromium, and a watch over what the page does.

    def test_something(page, open_notebook, screenshot):
        notebook = open_notebook(["1 + 1"])
        notebook.run_cell(0)

The helpers are in `notebook.py`. JupyterLab and Chromium live as long as this folder's tests run, and no longer:
Playwright keeps an event loop running in its thread, which other tests could not bear.
"""

import os
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.browser.lab import Lab, running_lab
from tests.browser.notebook import Notebook
from tests.browser.notebook import open_notebook as open_in_page

REPOSITORY = Path(__file__).parents[2]
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",  # in a container as root there is no other way
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",  # no other machine can be found
]
TIMEOUT_MS = 45_000  # a guard, no measurement: a page that is right is not always quick
# What JupyterLab itself may say when a page is reloaded, or a kernel restarted, while its debugger still asks.
LAB_OWN = re.compile(r"^Could not restore the debugger state: Canceled future for debug_request message")
LOOPBACK = {"127.0.0.1", "localhost", None}  # None: data: and blob: addresses have no host


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(300))


@dataclass
class PageWatch:
    """What a page must not do. A test that expects some of it asserts and clears the list."""

    console_errors: list[str] = field(default_factory=list)
    off_machine: list[str] = field(default_factory=list)

    def attach(self, page: Page) -> None:
        """Record this page's errors and the requests that leave the machine."""
        page.on("console", lambda message: message.type == "error" and self._hear(message.text))
        page.on("pageerror", lambda error: self.console_errors.append(str(error)))
        page.on("request", lambda request: self._note(request.url))
        page.on("websocket", lambda socket: self._note(socket.url))

    def _hear(self, error: str) -> None:
        if not LAB_OWN.search(error):
            self.console_errors.append(error)

    def _note(self, url: str) -> None:
        if urlsplit(url).hostname not in LOOPBACK:
            self.off_machine.append(url)


@pytest.fixture(scope="package")
def jupyterlab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab as `make lab` starts it: at the root, no token."""
    with running_lab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture(scope="package")
def hub_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab as a hub or Binder starts it: under a base URL, with a token, jupyter-server-proxy inside."""
    with running_lab(tmp_path_factory.mktemp("hub"), base_url="/user/x/", token="token-of-the-tests") as lab:
        yield lab


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; without one the tests fail with the sentence that says how to get it."""
    found = subprocess.run([REPOSITORY / ".ci/find-chromium"], capture_output=True, text=True)
    if found.returncode:
        pytest.fail(found.stderr, pytrace=False)
    expect.set_options(timeout=TIMEOUT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found.stdout.strip(), args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page_watch() -> PageWatch:
    """Console errors and off-machine requests of this test's page; `page` asserts that there were none."""
    return PageWatch()


@pytest.fixture
def page(chromium: Browser, page_watch: PageWatch) -> Iterator[Page]:
    """A fresh page, 1280 wide. Ends with no console error and no request that left the machine."""
    context = chromium.new_context(viewport={"width": 1280, "height": 1000})
    context.set_default_timeout(TIMEOUT_MS)
    page = context.new_page()
    page_watch.attach(page)
    yield page
    context.close()
    assert page_watch.off_machine == []
    assert page_watch.console_errors == []


@pytest.fixture
def open_notebook(page: Page, jupyterlab: Lab) -> Iterator[Callable[[Path | Sequence[str]], Notebook]]:
    """Open a notebook file, or one made of these cells, in the page; its kernel ends with the test."""
    yield lambda notebook: open_in_page(page, jupyterlab, notebook)
    jupyterlab.forget()


@pytest.fixture
def open_hub_notebook(page: Page, hub_lab: Lab) -> Iterator[Callable[[Path | Sequence[str]], Notebook]]:
    """As `open_notebook`, on the JupyterLab under a base URL and with a token."""
    yield lambda notebook: open_in_page(page, hub_lab, notebook)
    hub_lab.forget()


@pytest.fixture
def screenshot() -> Callable[[Page | Locator, str], Path]:
    """Save a picture for a person to look at; its path. $ROUTEBOOK_SCREENSHOTS names the folder."""
    folder = Path(os.environ.get("ROUTEBOOK_SCREENSHOTS", "/tmp/routebook-screenshots"))

    def take(target: Page | Locator, name: str) -> Path:
        path = folder / f"{name}.png"
        target.screenshot(path=path)
        return path

    return take
