"""Lessons by teachers: the guide's template passes, and graders get an exception."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from routebook_kernel.learn.exercise import LessonError
from routebook_kernel.learn.library import Library
from tests.course.lessons import NOTEBOOKS

GUIDE = (NOTEBOOKS / "checks" / "README.md").read_text("utf-8")
TEMPLATE = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)[0]
CELLS = [
    "%load_ext routebook_kernel",
    "from pydantic import BaseModel, Field\nfrom routebook import Routebook\n\napp = Routebook()",
    "# Exercise loans.1: POST /loans",
    "%check loans.1",
]


def write_course(folder: Path, template: str = TEMPLATE, cells: list[str] = CELLS) -> Path:
    (folder / "checks").mkdir()
    (folder / "checks" / "loans.py").write_text(template)
    notebook = folder / "loans.ipynb"
    notebook.write_text(json.dumps({"cells": [{"cell_type": "code", "source": [cell]} for cell in cells]}))
    return notebook


def run_prove(notebook: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "routebook_kernel.learn.prove", str(notebook)]
    return subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)


def test_template_of_the_guide_passes(tmp_path: Path) -> None:
    """Teachers start from a lesson that works."""
    ran = run_prove(write_course(tmp_path))

    assert (ran.returncode, ran.stdout) == (0, "✓ loans.ipynb passes\n"), ran.stdout + ran.stderr


def test_lesson_with_old_names_passes(tmp_path: Path) -> None:
    """Teachers' files outlive a rename: functions, keywords and the exception keep their old names."""
    old = TEMPLATE.replace("openapi, request", "Missed, ask, do, openapi").replace("request(", "ask(")
    old = old.replace("includes=", "has=").replace("status=201, has", "status=201, gives")
    old = old.replace(
        "    ],\n    hints=", '        do("It fails in words", fails, asked="a loan"),\n    ],\n    hints='
    )
    failing = 'def fails(probe):\n    raise Missed("nothing", asked="a book", hint="Lend one.")\n\n\nlend = '
    notebook = write_course(tmp_path, old.replace("lend = ", failing, 1))

    ran = run_prove(notebook)

    assert "✗ It fails in words" in ran.stdout, ran.stdout + ran.stderr
    assert re.search(r"Expected +a book\n +Got +nothing\n +Hint: Lend one\.", ran.stdout)
    assert ran.stdout.count("3 of 4 steps pass") == 2, "both solutions"


def test_prove_reports_missing_hints_and_failing_solutions(tmp_path: Path) -> None:
    """Teachers see which exercise has the problem, and what the check shows."""
    broken = TEMPLATE.replace('            "100 days passed",\n', '            "31 days passed",\n').replace(
        "Annotated[int, Field(le=30)]", "int"
    )

    ran = run_prove(write_course(tmp_path, broken))

    assert ran.returncode == 1
    assert "no hint '31 days passed'" in ran.stdout
    assert "loans.1 fails with a solution" in ran.stdout


def test_lesson_is_found_next_to_the_notebook_and_in_listed_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`checks/` comes before ROUTEBOOK_CHECKS. A changed file is read again, and an error in one has its line."""
    write_course(tmp_path)
    own = tmp_path / "own"
    own.mkdir()
    (own / "lesson_07.py").write_text(TEMPLATE.replace("Lending books", "Seven"))
    monkeypatch.setenv("ROUTEBOOK_CHECKS", str(own))
    library = Library(tmp_path)

    assert [lesson.title for lesson in library.iter_lessons()] == ["Seven", "Lending books"]
    assert library.exercise("7.1")[0].key == "7"
    assert library.exercise("loans.1")[0].notebook == "loans.ipynb"
    with pytest.raises(LessonError, match=r"There's no exercise loans\.9"):
        library.exercise("loans.9")
    with pytest.raises(LessonError, match="There's no lesson 8"):
        library.exercise("8.1")
    (own / "lesson_07.py").write_text("lesson = 1 / 0\n# longer")
    os.utime(own / "lesson_07.py", (1, 1))
    with pytest.raises(LessonError, match=r"Can't use lesson_07\.py: line 1: ZeroDivisionError"):
        library.exercise("7.1")
    assert [lesson.title for lesson in library.iter_lessons()] == ["Lending books"]
