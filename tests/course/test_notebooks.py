"""The course, lesson by lesson: its notebooks run, its checks are right. Time and memory are printed (`-s`)."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from routebook_kernel.learn.progress import Progress
from tests.course.lessons import (
    KEYS,
    NOTEBOOKS,
    Place,
    filled,
    hints,
    is_passed,
    iter_checks,
    lesson,
    notebook,
    places,
)
from tests.kernel.driver import Kernel

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(300)]

# Not `ru_maxrss`: a kernel inherits the peak of the process that started it, so it said the same for all.
MEMORY = "import psutil\nprint(psutil.Process().memory_info().rss // 2**20)"


@pytest.fixture(autouse=True)
def own_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROUTEBOOK_DATA", str(tmp_path))


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    driver = Kernel({"ROUTEBOOK_DATA": str(tmp_path)})
    try:
        driver.good(f"import os; os.chdir({str(NOTEBOOKS)!r})", "chdir")
        yield driver
    finally:
        driver.close()


def run_fresh(document: nbformat.NotebookNode) -> nbformat.NotebookNode:
    NotebookClient(
        document, timeout=180, kernel_name="python3", resources={"metadata": {"path": str(NOTEBOOKS)}}
    ).execute()
    return document


@pytest.mark.parametrize("key", KEYS)
def test_lesson_is_well_made(key: str) -> None:
    """Each exercise is in its notebook as its checks describe it, in order, with links to its neighbours."""
    document, exercises = notebook(key), places(key)
    ids = [cell.id for cell in document.cells]
    sources = {cell.id: cell.source for cell in document.cells}

    assert len(exercises) >= 3
    assert len(set(ids)) == len(ids)
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in document.cells)
    assert [each for each in ids if each in exercises] == list(exercises)
    for place in exercises.values():
        assert sources[place.stub_cell] == place.exercise.stub
        assert sources[place.check_cell] == f"%check {place.name}"
        assert sources[place.stub_cell.removesuffix("-cell")].startswith(f"## Exercise {place.name}: ")
        assert place.exercise.hints, place.name
        assert place.exercise.mistakes, place.name
        assert place.exercise.solution != place.exercise.another
    assert "%load_ext routebook_kernel" in next(cell.source for cell in document.cells if cell.cell_type == "code")
    for other in (int(key) - 1, int(key) + 1):
        if str(other) in KEYS:
            assert f"]({lesson(str(other)).notebook})" in sources["title"]
            assert sources["links"]


@pytest.mark.parametrize("key", KEYS)
def test_stub_and_mistakes_fail_and_solutions_pass(key: str, kernel: Kernel, tmp_path: Path) -> None:
    """Each runs in its place in the lesson. Each mistake gets its hint, and tries count."""
    exercises = places(key)
    for cell in notebook(key).cells:
        if cell.cell_type != "code" or cell.source.startswith("%check"):
            continue
        if (place := exercises.get(cell.id)) is None:
            kernel.good(cell.source, cell.id)
            continue
        assert not is_passed(tried(kernel, place, place.exercise.stub)), f"{place.name}: the stub passes"
        for mistake in place.exercise.mistakes:
            shown = tried(kernel, place, mistake.source)
            assert not is_passed(shown), f"{place.name} passes with the mistake:\n{mistake.source}"
            assert any(mistake.hint in hint for hint in hints(shown)), (
                f"{place.name}: no hint {mistake.hint!r} for\n{mistake.source}\n{shown}"
            )
        for right in (place.exercise.another, place.exercise.solution):
            shown = tried(kernel, place, right)
            assert is_passed(shown), f"{place.name} fails with a solution:\n{right}\n{shown}"
        tries = Progress(tmp_path / "progress.json").of(place.name).tries
        assert tries > 1, f"{place.name}: only the first try was counted"


def tried(kernel: Kernel, place: Place, source: str) -> str:
    """Run the exercise's cell with this source, then its check twice: it must give the same result."""
    kernel.run(source, place.stub_cell)
    first, second = (kernel.good(f"%check {place.name}", place.check_cell).shown for _ in range(2))
    assert is_passed(first) == is_passed(second), f"{place.name}: the second check differs\n{first}\n{second}"
    return second


@pytest.mark.parametrize("key", KEYS)
def test_notebook_runs_in_a_fresh_kernel_and_its_solutions_pass(key: str) -> None:
    """Like a learner who did everything right: top to bottom, without cell ids."""
    document = filled(key)
    document.cells.append(nbformat.v4.new_code_cell(MEMORY))
    began = time.perf_counter()
    executed = run_fresh(document)
    print(f"\nlesson {key}: {time.perf_counter() - began:.1f} s, {executed.cells[-1].outputs[0].text.strip()} MB")

    checks = list(iter_checks(executed))
    assert len(checks) == len(lesson(key).exercises)
    for source, shown in checks:
        assert is_passed(shown), f"{source}\n{shown}"


@pytest.mark.parametrize("key", KEYS)
def test_notebook_with_its_stubs_runs_and_no_check_passes(key: str) -> None:
    """Like a learner who runs all cells first. Nothing raises, and nothing passes by accident."""
    for source, shown in iter_checks(run_fresh(notebook(key))):
        assert re.search(r"steps pass|not checked", shown), f"{source}\n{shown}"
        assert not is_passed(shown), f"{source}\n{shown}"


def test_whole_course_runs_in_one_kernel(kernel: Kernel) -> None:
    """One lesson must not break a later one: same kernel, same variables, new applications."""
    for key in KEYS:
        began = time.perf_counter()
        for cell in filled(key).cells:
            if cell.cell_type == "code":
                result = kernel.good(cell.source, f"{key}-{cell.id}")
                if cell.source.startswith("%check"):
                    assert is_passed(result.shown), f"{cell.source}\n{result.shown}"
        memory = kernel.good(MEMORY, "memory").text.strip()
        print(f"\nlesson {key}: {time.perf_counter() - began:.1f} s, {memory} MB so far")
