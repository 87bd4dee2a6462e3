"""The fixtures themselves, in a real JupyterLab."""

from playwright.sync_api import expect

from tests.browser.notebook import poll, set_theme


def test_cell_run_shows_its_result(open_notebook, screenshot):
    """Everything else in this folder stands on this: open, run, see, ask the kernel."""
    notebook = open_notebook(["x = 1 + 1\nx"])
    notebook.run_cell(0)
    expect(notebook.output(0)).to_have_text("2")
    assert notebook.kernel_eval("x") == "2"
    assert notebook.kernel_eval("y").startswith("NameError")
    assert screenshot(notebook.panel, "fixtures-notebook").stat().st_size > 1000


def test_cells_are_edited_added_and_deleted(open_notebook):
    """Tests of the live registry do to cells what a person does."""
    notebook = open_notebook(["'first'", "'second'"])
    notebook.edit_cell(0, "'edited'")
    assert notebook.add_cell("'added'") == 2
    notebook.run_all()
    expect(notebook.output(0)).to_have_text("'edited'")
    expect(notebook.output(2)).to_have_text("'added'")
    notebook.delete_cell(1)
    expect(notebook.output(1)).to_have_text("'added'")


def test_kernel_is_interrupted_and_restarted(open_notebook):
    """A test of the server's port needs both, without JupyterLab's questions."""
    notebook = open_notebook(["seen = True", "import time\ntime.sleep(60)"])
    notebook.run_cell(0)
    notebook.start_cell(1)
    notebook.page.wait_for_timeout(500)
    notebook.interrupt()
    expect(notebook.output(1)).to_contain_text("KeyboardInterrupt")
    assert notebook.kernel_eval("seen") == "True"
    notebook.restart()
    poll(lambda: notebook.kernel_eval("seen"), "NameError: name 'seen' is not defined")


def test_theme_is_dark_and_the_next_test_is_light_again(open_notebook, page):
    """Each view is looked at in both themes, and no test inherits the other's."""
    open_notebook(["1"])
    set_theme(page, "dark")
    assert page.locator("body").get_attribute("data-jp-theme-name") == "JupyterLab Dark"


def test_theme_is_light_at_first(open_notebook, page):
    """The test above has left the server as it was."""
    open_notebook(["1"])
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "true")


def test_notebook_opens_under_a_base_url_with_a_token(open_hub_notebook, hub_lab, page):
    """As on a JupyterHub or Binder: the same notebook, the base URL in front, the login by token."""
    notebook = open_hub_notebook(["1 + 1"])
    notebook.run_cell(0)
    expect(notebook.output(0)).to_have_text("2")
    assert page.url.startswith(f"{hub_lab.url}/lab/")
    assert "/user/x" in hub_lab.url


def test_watch_sees_console_errors_and_requests_that_leave_the_machine(page, page_watch):
    """A watch that sees nothing would let everything pass."""
    page.route("http://elsewhere.example/", lambda route: route.abort())
    page.goto("data:text/html,<p>empty</p>")
    page.evaluate("console.error('broken')")
    page.evaluate("fetch('http://elsewhere.example/').catch(() => null)")
    assert page_watch.off_machine == ["http://elsewhere.example/"]
    assert page_watch.console_errors[0] == "broken"
    page.wait_for_timeout(200)  # Chromium's own message about the request comes a moment later
    page_watch.off_machine.clear()
    page_watch.console_errors.clear()
