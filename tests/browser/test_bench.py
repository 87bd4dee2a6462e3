"""The bench as a person uses it, in a real JupyterLab: by role and label, keyboard included."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import load_axe, serious_problems
from tests.browser.lab import Lab
from tests.browser.notebook import Notebook, poll, set_theme

SETUP = """\
%load_ext routebook_kernel
import asyncio
from routebook import Routebook
app = Routebook()

@app.get("/items/{item_id}")
async def read(item_id: int) -> dict[str, int]:
    print("not shown")
    return {"id": item_id}

@app.get("/slow")
async def slow():
    await asyncio.sleep(0.005)
"""


class BenchPage:
    """The view in a notebook, by what a person sees of it."""

    def __init__(self, notebook: Notebook, cell: int) -> None:
        self.notebook = notebook
        self.root = notebook.cell(cell).get_by_role("region", name="Routebook bench")
        expect(self.root.get_by_role("status").first).to_have_text("live")
        self.table = self.root.get_by_role("table", name="Figures of run")
        self.form = self.root.get_by_role("form", name="Next run")

    def start(self, **fields: str) -> None:
        """Fill in and run, once the run before has ended: meanwhile the button is disabled."""
        expect(self.form.get_by_role("button", name="Run")).to_have_attribute("aria-disabled", "false")
        for label, text in fields.items():
            self.form.get_by_label(label.replace("_", " ")).fill(text)
        self.notebook.page.keyboard.press("Control+Enter")


@pytest.fixture
def bench(open_notebook) -> BenchPage:
    notebook = open_notebook([SETUP, "%api bench 'GET /items/5' -n 2000 -c 16", "6 * 7"])
    notebook.run_all()
    return BenchPage(notebook, 1)


def test_a_run_its_figures_another_beside_it_and_the_saved_notebook(
    bench: BenchPage, page: Page, jupyterlab: Lab
) -> None:
    """From the magic to the comparison; nothing in the log, nothing printed, figures in the file."""
    expect(bench.notebook.output(2)).to_have_text("42")  # other cells go on
    expect(bench.table.get_by_role("row", name="p99.9")).to_be_visible()
    expect(bench.root).to_contain_text("200 × 2,000")
    expect(bench.root.get_by_role("img", name="Distribution of latencies")).to_be_visible()
    expect(bench.root).to_contain_text("Nothing was recorded")
    assert bench.notebook.kernel_eval("__import__('routebook_kernel').extension.session().log.total") == "0"
    assert "not shown\\n" not in bench.notebook.output(1).first.inner_text()

    bench.start(at_a_time="4")
    expect(bench.root.get_by_role("heading", name="GET /items/5")).to_be_visible()
    expect(bench.table.get_by_role("columnheader", name="run 1")).to_be_visible()
    expect(bench.table.get_by_role("columnheader", name="ratio")).to_be_visible()
    expect(bench.root.get_by_label("beside")).to_have_value("1")
    bench.root.get_by_label("beside").select_option("nothing")
    expect(bench.table.get_by_role("columnheader", name="ratio")).to_have_count(0)

    bench.notebook.reload()
    again = BenchPage(bench.notebook, 1)
    expect(again.table.get_by_role("columnheader", name="run 2")).to_be_visible()
    saved = max(jupyterlab.root.glob("n*.ipynb"), key=lambda path: path.stat().st_mtime)
    outputs = json.loads(saved.read_text())["cells"][1]["outputs"]
    text = "".join(outputs[0]["data"]["text/plain"])
    assert "GET /items/5, in process, 2,000 requests, 4 at a time" in text
    assert "p99" in text


def test_a_run_is_cancelled_and_what_it_measured_stays(bench: BenchPage, page: Page) -> None:
    """Over a socket too; a wrong path says what was measured instead."""
    bench.form.get_by_role("radio", name="Over a socket").check()
    bench.start(Path_and_query="/slow", requests="100000")
    expect(bench.root.get_by_text("Running")).to_be_visible()
    expect(bench.root.get_by_role("progressbar")).to_be_visible()
    page.keyboard.press("Escape")
    expect(bench.root.get_by_text("cancelled after")).to_be_visible()
    expect(bench.root).to_contain_text("The client was busy")

    bench.start(Path_and_query="/nothing", requests="100")
    expect(bench.root.get_by_text("100 of 100 requests were rejected or failed")).to_be_visible()
    expect(bench.root).to_contain_text("404 × 100")
    bench.start(Path_and_query="nothing")
    expect(bench.root.get_by_role("alert")).to_contain_text("isn't a valid path")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_serious_accessibility_problem(bench: BenchPage, page: Page, screenshot, theme) -> None:
    """axe-core over a comparison, wide and narrow; pictures are for a person to look at."""
    set_theme(page, theme)
    page.evaluate("jupyterapp.shell.collapseLeft()")
    expect(bench.table).to_be_visible()
    bench.start(at_a_time="2")
    expect(bench.table.get_by_role("columnheader", name="ratio")).to_be_visible()
    load_axe(page)
    for width in (1280, 700, 460):
        page.set_viewport_size({"width": width, "height": 1000})
        screenshot(bench.root, f"bench-{theme}-{width}")
        assert serious_problems(page.locator(".rb-view")) == []
        poll(
            lambda: page.evaluate(
                "document.querySelector('.rb-view').scrollWidth <= document.querySelector('.rb-view').clientWidth"
            ),
            True,
        )
