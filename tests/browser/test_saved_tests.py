"""Saved tests as people use them: created in the log by clicking on a response, run in their view."""

import json
from itertools import product

from playwright.sync_api import Page, expect

from tests.browser.axe import load_axe
from tests.browser.lab import Lab
from tests.browser.notebook import set_theme
from tests.browser.test_log import SETUP, LogPage, check

SEND = """\
client.post("/books", json={"title": "Emma", "author": "Mary Shelley", "price": 9.99})
client.get("/me", headers={"authorization": "Bearer abc"})
None
"""
CHANGED = """\
@app.post("/books", status_code=201)
def create_book(book: Book):
    return {"id": 118, **book.model_dump(), "title": "Persuasion"}
"""


def test_saved_test_is_created_by_clicks_run_changed_and_removed(open_notebook, page: Page, jupyterlab: Lab) -> None:
    """The whole life of a test."""
    notebook = open_notebook([SETUP, SEND, "%api log", "%api test", CHANGED])
    for cell in range(4):
        notebook.run_cell(cell)
    log = LogPage(notebook, 2)
    tests = notebook.cell(3).get_by_role("region", name="Routebook saved tests")
    expect(tests).to_contain_text("No saved tests yet.")

    # Save one: the suggestions are met, and a click on a value of the response adds it.
    log.row("POST").get_by_role("button", name="Save 1 as test").click()
    expect(log.panel.get_by_role("checkbox", name="Expect $.title")).to_be_checked()
    expect(log.panel.get_by_role("checkbox", name="Expect $.id")).not_to_be_checked()
    expect(log.panel.get_by_text("Met", exact=True).first).to_be_visible()
    log.panel.get_by_role("treeitem").filter(has_text="id 118").last.click()
    expect(log.panel.get_by_role("checkbox", name="Expect $.id")).to_be_checked()
    log.panel.get_by_role("button", name="content-type: application/json").click()
    expect(log.panel.get_by_role("textbox", name="content-type: value")).to_have_value("application/json")
    log.panel.get_by_role("button", name="Run once").click()
    expect(log.panel).to_contain_text("met,")
    log.panel.get_by_role("textbox", name="name").fill("a good book is created")
    log.panel.get_by_role("textbox", name="name").press("Control+Enter")
    expect(log.root.get_by_role("status").filter(has_text="Saved as")).to_be_visible()

    files = list(jupyterlab.root.glob("*.tests.json"))
    document = json.loads(max(files, key=lambda file: file.stat().st_mtime).read_text())
    assert document["tests"][0]["name"] == "a good book is created"
    assert {"json": "$.id", "equals": 118} in document["tests"][0]["expect"]

    # The second one has a credential, which becomes a variable.
    log.row("/me").get_by_role("button", name="Save 2 as test").click()
    log.panel.get_by_role("textbox", name="name").fill("I am known")
    log.panel.get_by_role("button", name="Save Ctrl Enter").click()
    expect(log.root.get_by_role("status").filter(has_text='Saved as "I am known"')).to_be_visible()
    text = max(files, key=lambda file: file.stat().st_mtime).read_text()
    assert "Bearer {{authorization}}" in text
    assert "abc" not in text

    # Run all, in place.
    good = tests.get_by_role("listitem", name="a good book is created")
    known = tests.get_by_role("listitem", name="I am known")
    tests.get_by_role("button", name="Run all").click()
    expect(good).to_contain_text("Passed")
    expect(known).to_contain_text("Not run")
    expect(known).to_contain_text("It needs authorization")
    tests.get_by_label("authorization", exact=True).fill("abc")
    known.get_by_role("button", name="Run I am known").click()
    expect(known).to_contain_text("Passed")

    # The code changes: the view shows the expected and the actual value.
    notebook.run_cell(4)
    tests.get_by_role("button", name="Run all").click()
    expect(good).to_contain_text("Failed")
    expect(good).to_contain_text('$.title equals "Emma" got "Persuasion"')

    load_axe(page)
    check(page)

    good.get_by_role("button", name="Edit").click()
    good.get_by_role("textbox", name="$.title: value").fill('"Persuasion"')
    good.get_by_role("textbox", name="name").fill("a book is created")
    good.get_by_role("button", name="Save").click()
    renamed = tests.get_by_role("listitem", name="a book is created")
    renamed.get_by_role("button", name="Run a book is created").click()
    expect(renamed).to_contain_text("Passed")

    known.get_by_role("button", name="Remove").click()
    known.get_by_role("button", name="Remove from file").click()
    expect(known).to_have_count(0)

    # A restarted kernel finds the file again, and %api test runs it.
    notebook.restart()
    expect(tests.get_by_text("Not connected to the kernel.")).to_be_visible()
    for cell in (0, 4, 3):
        notebook.run_cell(cell)
    expect(tests.get_by_role("listitem", name="a book is created")).to_contain_text("Passed")


def test_no_serious_accessibility_problem(open_notebook, page: Page, screenshot) -> None:
    """axe-core over the panel that saves and over the results, in both themes. The pictures are for people."""
    save = (
        "s = routebook_kernel.extension.session().saved_tests\n"
        "for n in (1, 2):\n    s.save(n, f'test {n}', [one['expectation'] for one in s.draft(n)['suggestions']])\n"
        "None"
    )
    notebook = open_notebook(
        [SETUP, SEND, "import routebook_kernel.extension\n" + save, "%api log", CHANGED, "%api test"]
    )
    for cell in range(6):
        notebook.run_cell(cell)
    log = LogPage(notebook, 3)
    page.evaluate("jupyterapp.shell.collapseLeft()")
    load_axe(page)
    tests = notebook.cell(5).get_by_role("region", name="Routebook saved tests")
    for theme, width in product(("light", "dark"), (1280, 700, 440)):
        set_theme(page, theme)
        page.set_viewport_size({"width": width, "height": 1000})
        log.row("/me").get_by_role("button", name="Save 2 as test").click()
        expect(log.panel.get_by_text("Met", exact=True).first).to_be_visible()
        check(page)
        screenshot(log.root, f"save-{theme}-{width}")
        expect(tests).to_contain_text("Failed")
        screenshot(tests, f"tests-{theme}-{width}")
        log.panel.get_by_role("button", name="Close").click()
