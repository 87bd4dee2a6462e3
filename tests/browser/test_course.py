"""The course as a learner walks it in a real JupyterLab: fail, read the hint, mend, pass, see the progress, go on."""

import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

from routebook_kernel.learn.exercise import Exercise, exercise_anchor
from routebook_kernel.learn.library import Library
from tests.browser.lab import Lab
from tests.browser.notebook import Notebook, open_path, set_theme

ROOT = Path(__file__).parents[2]
LIBRARY = Library(ROOT / "notebooks")
AXE = ROOT / "kernel_ext/frontend/node_modules/axe-core/axe.min.js"


class Lesson:
    """A lesson that is open in JupyterLab; a learner reads and runs it from the top."""

    def __init__(self, page: Page, lab: Lab, folder: Path, key: str) -> None:
        self.key, self.file = key, folder / LIBRARY.lesson(key).notebook
        self.ids = [cell.id for cell in nbformat.read(self.file, as_version=4).cells]
        self.notebook = open_path(page, lab, str(self.file.relative_to(lab.root)))
        self._at = 0

    def read_up_to(self, cell: str) -> None:
        """Run all cells that come before this one and were not run yet."""
        end = self.ids.index(cell)
        for index in range(self._at, end):
            self.notebook.run_cell(index)
        self._at = max(self._at, end)

    def check(self, name: str, source: str) -> Locator:
        """Write this into the exercise's cell, run it and its `%check`; what the check says."""
        anchor = exercise_anchor(name)
        self.read_up_to(f"{anchor}-cell")
        cell, check = self.ids.index(f"{anchor}-cell"), self.ids.index(f"{anchor}-check")
        self.notebook.edit_cell(cell, source)
        self.notebook.run_cell(cell)
        self.notebook.run_cell(check)
        self._at = max(self._at, check + 1)
        return self.notebook.cell(check).get_by_role("region", name=f"Check {name}", exact=True)

    def ask(self, line: str, label: str) -> Locator:
        """Run a magic in a cell at the end; the card of this name."""
        cell = self.notebook.add_cell(line)
        self.notebook.run_cell(cell)
        return self.notebook.cell(cell).get_by_role("region", name=label, exact=True)


@pytest.fixture
def open_lesson(page: Page, jupyterlab: Lab, jupyter_home: Path, tmp_path: Path) -> Callable[[str], Lesson]:
    """Open a lesson of the whole course, as a learner who has passed nothing yet."""
    (jupyter_home / "routebook/progress.json").unlink(missing_ok=True)
    folder = jupyterlab.root / tmp_path.name
    shutil.copytree(ROOT / "notebooks", folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    yield lambda key: Lesson(page, jupyterlab, folder, key)
    jupyterlab.forget()


def exercise(name: str) -> Exercise:
    return LIBRARY.exercise(name)[2]


def begun(name: str, source: str) -> str:
    """As a learner writes: under the comment that the cell came with."""
    return f"{exercise(name).stub.splitlines()[0]}\n{source}"


@pytest.mark.parametrize(
    ("name", "mistake", "others"), [("1.1", 1, []), ("5.2", 0, []), ("13.2", 0, ["13.1"])], ids=["1", "5", "13"]
)
def test_exercise_is_failed_mended_and_passed(
    open_lesson: Callable[[str], Lesson], screenshot, name: str, mistake: int, others: list[str]
) -> None:
    """Fail, read the hint, ask for more, mend, pass, see the progress; hints and solution are still there."""
    lesson, task = open_lesson(name.partition(".")[0]), exercise(name)
    for other in others:
        lesson.check(other, exercise(other).solution)
    wrong = task.mistakes[mistake]

    failed = lesson.check(name, begun(name, wrong.source))
    expect(failed.get_by_role("heading", name=f"{name} {task.title}")).to_be_visible()
    expect(failed.get_by_role("note", name="Hint").filter(has_text=wrong.hint.replace("`", ""))).to_be_visible()
    step = failed.get_by_role("listitem").filter(has_text="failed:").first
    assert step.get_by_role("term").first.bounding_box()["height"] < 30  # on one line, whatever JupyterLab styles
    expect(lesson.ask(f"%hint {name}", f"Hints {name}").get_by_role("listitem")).to_have_count(1)
    expect(lesson.ask(f"%hint {name}", f"Hints {name}").get_by_role("listitem")).to_have_count(2)
    screenshot(failed, f"course-{name}-failed")

    passed = lesson.check(name, task.another)
    expect(passed).to_contain_text(f"✓ {len(task.steps)} of {len(task.steps)} steps pass")
    expect(passed).to_contain_text("second try, two hints")
    expect(passed.get_by_role("note")).to_have_count(0)
    screenshot(passed, f"course-{name}-passed")

    progress = lesson.ask("%progress", "Your course")
    here = progress.get_by_role("row").filter(has_text="you are here")
    expect(here.get_by_role("rowheader")).to_contain_text(f"{lesson.key} {LIBRARY.lesson(lesson.key).title}")
    expect(here).to_contain_text(f"{1 + len(others)} of {len(LIBRARY.lesson(lesson.key).exercises)}")
    expect(lesson.ask(f"%solution {name}", f"Solution {name}")).to_contain_text("One way")
    expect(lesson.ask(f"%hint {name}", f"Hints {name}").get_by_role("listitem").first).to_be_visible()


def test_solution_stays_closed_until_a_try(open_lesson: Callable[[str], Lesson]) -> None:
    """Running the stub is none."""
    lesson = open_lesson("1")
    lesson.check("1.1", exercise("1.1").stub)
    expect(lesson.ask("%solution 1.1", "Course")).to_contain_text("after a try of your own")


def test_whole_first_lesson_leads_to_the_second_and_the_map_shows_it(
    open_lesson: Callable[[str], Lesson], page: Page, jupyterlab: Lab, screenshot
) -> None:
    """What a card names as next opens: in the notebook, then the next notebook; the map knows what was passed."""
    lesson = open_lesson("1")
    for number, task in enumerate(LIBRARY.lesson("1").exercises, 1):
        card = lesson.check(f"1.{number}", task.solution)
        expect(card).to_contain_text("steps pass")
        if number == 1:
            card.get_by_role("link", name="1.2").click()
            expect(page.get_by_role("heading", name="Exercise 1.2")).to_be_in_viewport()
    card.get_by_role("link", name=f"2 {LIBRARY.lesson('2').title}").click()
    second = Notebook(page)
    expect(second.panel.get_by_role("heading", name="2 · Path parameters")).to_be_visible()

    second.panel.get_by_role("link", name="Map of the course").first.click()
    overview = Notebook(page)
    expect(overview.panel.get_by_role("heading", name="Routebook: a course in web APIs")).to_be_visible()
    overview.run_all()
    row = overview.panel.get_by_role("row").filter(has_text="1 First steps")
    expect(row).to_contain_text("4 of 4")
    screenshot(overview.panel, "course-map")
    overview.panel.get_by_role("link", name="5 Validation").last.click()
    expect(Notebook(page).panel.get_by_role("heading", name="5 · Validation")).to_be_visible()


def test_cards_have_no_serious_accessibility_problem(
    open_lesson: Callable[[str], Lesson], page: Page, screenshot
) -> None:
    """axe-core over a failed and a passed check, hints, solution and progress; pictures are for a person to look at."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run `npm ci` in kernel_ext/frontend")
    lesson, task = open_lesson("1"), exercise("1.1")
    cards = {
        "passed": lesson.check("1.1", task.solution),
        "failed": lesson.check("1.2", begun("1.2", exercise("1.2").mistakes[0].source)),
        "hints": lesson.ask("%hint 1.2", "Hints 1.2"),
        "solution": lesson.ask("%solution 1.2", "Solution 1.2"),
        "progress": lesson.ask("%progress", "Your course"),
    }
    page.evaluate(AXE.read_text())
    for theme in ("light", "dark"):
        set_theme(page, theme)
        for name, card in cards.items():
            found = card.evaluate("async element => (await axe.run(element)).violations")
            screenshot(card, f"course-card-{name}-{theme}")
            serious = [
                (one["id"], [node["html"][:200] for node in one["nodes"]])
                for one in found
                if one["impact"] in {"serious", "critical"}
            ]
            assert serious == [], (name, theme)
