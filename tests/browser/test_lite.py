"""The site of `make lite`, served as plain files, the network closed: the first lesson, whole, in the browser."""

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.notebook import Notebook
from tests.browser.test_main_job import choose, index_of

SITE = Path(__file__).parents[2] / "dist" / "lite"
START_TIMEOUT_MS = 120_000  # Pyodide and forty wheels, on two cores that others use too


class _Files(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass

    def handle(self) -> None:
        with suppress(ConnectionError):  # the browser went, or had enough
            super().handle()


@pytest.fixture
def site() -> Iterator[str]:
    """The address of the site, on a server that knows nothing but files."""
    if not (SITE / "index.html").exists():
        told = "there is no dist/lite: `make lite` builds it"
        pytest.fail(told) if os.environ.get("CI") else pytest.skip(told)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=str(SITE)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_first_lesson_runs_in_the_browser_alone(page: Page, site: str, screenshot) -> None:
    """Framework, extension, explorer, requests and checks: no server, no network, no thread."""
    page.goto(f"{site}/", wait_until="domcontentloaded")
    page.wait_for_url("**/lab/index.html?path=01_first_steps.ipynb")
    notebook = Notebook(page)

    notebook.run_all()

    expect(notebook.output(index_of("client")).last).to_contain_text(
        "Hello from the corner shop", timeout=START_TIMEOUT_MS
    )
    expect(notebook.cell(index_of("serve"))).to_contain_text("no sockets in the browser")
    expect(notebook.output(index_of("exercise-1-1-check")).last).to_contain_text("0 of 2 steps pass")

    explorer = notebook.output(index_of("explorer")).get_by_role("region", name="explorer", exact=False)
    explorer.scroll_into_view_if_needed()
    choose(explorer, "GET", "/items/{item_id}")
    explorer.get_by_role("textbox", name="item_id").fill("5")
    explorer.get_by_role("button", name="Send Ctrl Enter").click()
    expect(explorer.get_by_text("200", exact=False).first).to_be_visible()
    expect(explorer.get_by_role("tree")).to_contain_text("EUR")  # of the cell that defines the operation anew
    screenshot(page, "lite-explorer")

    stub = "# Exercise 1.1: GET /hours answers\n"
    notebook.edit_cell(
        index_of("exercise-1-1-cell"),
        f'{stub}@app.get("/hours")\ndef hours():\n    return {{"opens": 9, "closes": 18}}',
    )
    notebook.run_cell(index_of("exercise-1-1-cell"))
    notebook.run_cell(index_of("exercise-1-1-check"))
    expect(notebook.output(index_of("exercise-1-1-check")).last).to_contain_text("2 of 2 steps pass")
    notebook.run_cell(index_of("progress"))
    expect(notebook.output(index_of("progress")).last).to_contain_text("1 of")
    screenshot(page, "lite-check")

    # Cells have their ids here too: a cell much like another is not taken for that one, edited.
    notebook.edit_cell(index_of("serve"), '@app.get("/hours")\ndef hours():\n    return {"opens": 9, "closes": 20}')
    notebook.run_cell(index_of("serve"))
    expect(notebook.cell(index_of("serve"))).to_contain_text("conflict")
