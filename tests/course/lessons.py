"""The course's notebooks and checks, as tests read them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat

from routebook_kernel.learn.exercise import Exercise, Lesson, exercise_anchor
from routebook_kernel.learn.library import Library

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
LIBRARY = Library(NOTEBOOKS)
KEYS = [key for key in LIBRARY.files() if key.isdigit()]

_PASSED = re.compile(r"✓ (\d+) of \1 steps pass")


@dataclass(frozen=True)
class Place:
    """An exercise where it stands in its notebook."""

    name: str
    exercise: Exercise
    stub_cell: str
    check_cell: str


def lesson(key: str) -> Lesson:
    return LIBRARY.lesson(key)


def notebook(key: str) -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOKS / lesson(key).notebook, as_version=4)


def places(key: str) -> dict[str, Place]:
    """The exercises of a lesson by the id of their stub's cell."""
    found = {}
    for number, exercise in enumerate(lesson(key).exercises, 1):
        name = lesson(key).name(number)
        anchor = exercise_anchor(name)
        found[f"{anchor}-cell"] = Place(name, exercise, f"{anchor}-cell", f"{anchor}-check")
    return found


def filled(key: str) -> nbformat.NotebookNode:
    """The notebook with its solutions in the places of the stubs."""
    filled, exercises = notebook(key), places(key)
    for cell in filled.cells:
        if cell.id in exercises:
            cell.source = exercises[cell.id].exercise.solution
    return filled


def is_passed(shown: str) -> bool:
    return _PASSED.search(shown) is not None


def hints(shown: str) -> list[str]:
    return re.findall(r"^ +Hint: (.*)$", shown, re.MULTILINE)


def iter_checks(executed: nbformat.NotebookNode) -> Iterator[tuple[str, str]]:
    """The source and the shown text of each cell with a check."""
    for cell in executed.cells:
        if cell.cell_type == "code" and cell.source.startswith("%check"):
            yield cell.source, "\n".join(str(out.get("data", {}).get("text/plain", "")) for out in cell.outputs)
