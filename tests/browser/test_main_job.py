"""The main job, end to end: the first lesson is opened, its API tried in the explorer, and changed while it runs."""

import json
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.notebook import Notebook, poll

LESSON = Path(__file__).parents[2] / "notebooks" / "01_first_steps.ipynb"

Open = Callable[[object], Notebook]
Screenshot = Callable[[Page | Locator, str], Path]


def index_of(cell_id: str) -> int:
    cells = json.loads(LESSON.read_text())["cells"]
    return next(index for index, cell in enumerate(cells) if cell["id"] == cell_id)


def run_lesson_up_to(notebook: Notebook, cell_id: str) -> None:
    cells = json.loads(LESSON.read_text())["cells"]
    for index, cell in enumerate(cells[: index_of(cell_id) + 1]):
        if cell["cell_type"] == "code":
            notebook.run_cell(index)


def operations(explorer: Locator) -> list[list[str]]:
    """Method and path of each, as they stand. Rows are drawn, and have text, only where they can be seen."""
    navigation = explorer.get_by_role("navigation", name="Operations")
    navigation.scroll_into_view_if_needed()
    entries = navigation.get_by_role("listitem")
    return [entry.inner_text().split()[:2] for entry in entries.all()]


def choose(explorer: Locator, method: str, path: str) -> None:
    navigation = explorer.get_by_role("navigation", name="Operations")
    navigation.get_by_role("button", name=f"{method} {path}", exact=False).first.click()


def test_first_lesson_is_tried_mended_and_changed_in_the_explorer(
    page: Page, open_notebook: Open, screenshot: Screenshot
) -> None:
    """Issue 2's scenario: a nested body with a wrong price, mended, then a cell that renames and adds a parameter."""
    notebook = open_notebook(LESSON)
    run_lesson_up_to(notebook, "explorer")
    explorer = notebook.output(index_of("explorer")).get_by_role("region", name="explorer", exact=False)
    expect(explorer).to_be_visible()
    in_order = [["GET", "/"], ["GET", "/items/{item_id}"], ["POST", "/items"]]
    poll(lambda: operations(explorer), in_order)

    choose(explorer, "POST", "/items")
    explorer.get_by_role("textbox", name="item.name", exact=False).or_(explorer.get_by_label("name").first).first.fill(
        "Lamp"
    )
    explorer.get_by_label("price").first.fill("abc")
    maker = explorer.get_by_role("group", name="maker")
    maker.get_by_label("name").first.fill("Lumo")
    explorer.get_by_role("button", name="Send Ctrl Enter").click()

    expect(explorer.get_by_text("422", exact=False).first).to_be_visible()
    error = explorer.get_by_role("alert")
    expect(error).to_contain_text("price")
    expect(error).to_contain_text("must be a number")
    expect(error).to_contain_text("abc")
    expect(explorer.get_by_label("price").first).to_have_attribute("aria-invalid", "true")
    screenshot(explorer, "main-job-422")

    explorer.get_by_label("price").first.fill("9.99")
    explorer.get_by_role("button", name="Send Ctrl Enter").click()
    expect(explorer.get_by_text("200", exact=False).first).to_be_visible()
    expect(explorer.get_by_role("tree")).to_contain_text("Lumo")
    expect(explorer.get_by_label("price").first).not_to_have_attribute("aria-invalid", "true")
    screenshot(explorer, "main-job-200")

    notebook.run_cell(index_of("change"))
    choose(explorer, "GET", "/items/{item_id}")
    expect(explorer.get_by_label("currency").first).to_be_visible()
    poll(lambda: operations(explorer), in_order)
    endpoints = "[c.endpoint.__name__ for c in app.router.contexts if hasattr(c.original_route, 'dependant')]"
    assert notebook.kernel_eval(endpoints) == "['read_root', 'show_item', 'create_item']"
