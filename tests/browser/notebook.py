"""A notebook that is open in a page of JupyterLab, used as a person would, without the waiting."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, TypeVar

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Locator, Page

from tests.browser.lab import Lab

Answer = TypeVar("Answer")

READY_TIMEOUT_S = 150  # a kernel in the browser alone was idle after 13 s, and after 60 on a very busy machine
KERNELSPEC = {"name": "python3", "display_name": "Python 3"}  # without one JupyterLab asks which kernel to take

# The panel's own state says "idle" before a kernel is attached, and a key pressed then is lost: ask the kernel.
READY = """async timeout_ms => {
  const fail = reject => reject(new Error('the notebook has no idle kernel'));
  const late = new Promise((_, reject) => setTimeout(fail, timeout_ms, reject));
  const soon = () => new Promise(resolve => setTimeout(resolve, 50));
  while (!(await Promise.race([isReady().catch(() => false), late]))) await soon();
  async function isReady() {
    if (!window.jupyterapp) return false;
    await jupyterapp.restored;
    const panel = jupyterapp.shell.currentWidget;
    if (!panel?.sessionContext) return false;
    await panel.context.ready;
    await panel.sessionContext.ready;
    await panel.revealed;
    const kernel = panel.sessionContext.session?.kernel;
    if (!kernel) return false;
    await kernel.info;
    return kernel.connectionStatus === 'connected' && kernel.status === 'idle';
  }
}"""

SELECT = """index => {
  const notebook = jupyterapp.shell.currentWidget.content;
  notebook.activeCellIndex = index;
  notebook.deselectAll();
  notebook.mode = 'command';
}"""

# A kernel drops what comes shortly after an interrupt ("aborted"): ask again.
KERNEL_EVAL = """async expression => {
  const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const request = {code: '', silent: true, store_history: false, user_expressions: {it: expression}};
  let reply;
  do reply = (await kernel.requestExecute(request).done).content; while (reply.status === 'aborted');
  const answer = reply.user_expressions.it;
  return answer.status === 'ok' ? answer.data['text/plain'] : `${answer.ename}: ${answer.evalue}`;
}"""


class Notebook:
    """An open notebook whose kernel is idle. Cells count from 0."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
        self.wait_until_idle()

    def cell(self, index: int) -> Locator:
        """The cell: its input and its outputs."""
        return self.panel.locator(f'.jp-Cell[data-windowed-list-index="{index}"]')

    def output(self, index: int) -> Locator:
        """The outputs of a cell."""
        return self.cell(index).locator(".jp-OutputArea-output")

    def run_cell(self, index: int) -> None:
        """Run a cell and wait until its reply and its outputs are in."""
        self._select(index)
        self._command("notebook:run-cell")

    def start_cell(self, index: int) -> None:
        """Run a cell and wait for nothing."""
        self._select(index)
        self.page.evaluate("() => { jupyterapp.commands.execute('notebook:run-cell'); }")

    def run_all(self) -> None:
        """Run every cell, top to bottom."""
        self._command("notebook:run-all-cells")

    def edit_cell(self, index: int, source: str) -> None:
        """Replace what a cell says."""
        self.page.evaluate(
            "([index, source]) => jupyterapp.shell.currentWidget.content.widgets[index].model.sharedModel"
            ".setSource(source)",
            [index, source],
        )

    def add_cell(self, source: str) -> int:
        """Add a code cell at the end; its index."""
        last = int(self.page.evaluate("() => jupyterapp.shell.currentWidget.content.widgets.length")) - 1
        self._select(last)
        self._command("notebook:insert-cell-below")
        self.edit_cell(last + 1, source)
        return last + 1

    def delete_cell(self, index: int) -> None:
        """Delete a cell, as a person does: the kernel hears of it with the next run."""
        self._select(index)
        self._command("notebook:delete-cell")

    def kernel_eval(self, expression: str) -> str:
        """The repr of an expression in the notebook's kernel, or "NameError: …"; no cell is touched."""
        return str(self.page.evaluate(KERNEL_EVAL, expression))

    def interrupt(self) -> None:
        """Interrupt the kernel."""
        self._command("notebook:interrupt-kernel")

    def restart(self) -> None:
        """Restart the kernel, without the question, and wait until it is idle."""
        self.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
        self.wait_until_idle()

    def reload(self) -> None:
        """Save, load the page again, and wait for the kernel."""
        self._command("docmanager:save")
        self.page.reload(wait_until="domcontentloaded")
        self.wait_until_idle()

    def wait_until_idle(self) -> None:
        """Wait until the notebook is drawn and its kernel has nothing to do."""
        self.page.evaluate(READY, READY_TIMEOUT_S * 1000)

    def _select(self, index: int) -> None:
        self.page.evaluate(SELECT, index)

    def _command(self, name: str) -> None:
        self.page.evaluate("name => jupyterapp.commands.execute(name)", name)


def open_notebook(page: Page, lab: Lab, notebook: Path | Sequence[str]) -> Notebook:
    """Copy a notebook to the server, or make one from the sources of its cells, and open it."""
    name = f"n{time.monotonic_ns()}.ipynb"
    if isinstance(notebook, Path):
        (lab.root / name).write_bytes(notebook.read_bytes())
    else:
        cells = [new_code_cell(source) for source in notebook]
        nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": KERNELSPEC}), lab.root / name)
    return open_path(page, lab, name)


def open_path(page: Page, lab: Lab, path: str) -> Notebook:
    """Open a notebook that lies on the server, in a workspace of its own."""
    workspace = path.removesuffix(".ipynb").replace("/", "-")
    page.goto(lab.page_url(f"/lab/workspaces/{workspace}/tree/{path}"), wait_until="domcontentloaded")
    return Notebook(page)


def set_theme(page: Page, theme: Literal["light", "dark"]) -> None:
    """Switch JupyterLab to one of its two themes and wait until the page shows it."""
    page.evaluate(
        "theme => jupyterapp.commands.execute('apputils:change-theme', {theme})", f"JupyterLab {theme.capitalize()}"
    )
    page.locator(f'body[data-jp-theme-light="{str(theme == "light").lower()}"]').wait_for(state="attached")


def poll(read: Callable[[], Answer], want: Answer, *, timeout_s: float = 45) -> None:
    """Read until the answer is the one that is wanted; fail with the last one.

    `read` asks the page or the kernel: Playwright delivers no events while nobody asks it.
    """
    end = time.monotonic() + timeout_s
    while (answer := read()) != want:
        if time.monotonic() > end:
            raise AssertionError(f"after {timeout_s} s it is {answer!r}, not {want!r}")
        time.sleep(0.05)
