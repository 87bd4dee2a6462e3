"""Test a lesson: `python -m routebook_kernel.learn.prove my_course/loans.ipynb`.

Runs the notebook in this process and, in place of each exercise's cell, its stub, its mistakes and both solutions. The
stub must fail, each mistake must get its hint, the solutions must pass. Each check runs twice, as learners run it.
"""

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from routebook_kernel.learn.exercise import Exercise, LessonError
from routebook_kernel.learn.library import Library

_PASSED = re.compile(r"✓ (\d+) of \1 steps pass")
_CHECK = re.compile(r"^%check\s+(\S+)\s*$", re.MULTILINE)


def iter_problems(notebook: Path) -> Iterator[str]:
    """Yield what is wrong with a lesson, one sentence each.

    Args:
        notebook: Its checks are found as `%check` finds them.

    Raises:
        LessonError: If an exercise that the notebook checks doesn't exist.
    """
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    library = Library(notebook.parent)
    exercises = {name: library.exercise(name)[2] for source in sources for name in _CHECK.findall(source)}
    pupil = _Pupil()
    for index, source in enumerate(sources):
        if _CHECK.search(source):
            continue
        stubs = [name for name, exercise in exercises.items() if exercise.stub == source.strip()]
        if stubs:
            yield from _iter_exercise_problems(pupil, f"cell-{index}", stubs[0], exercises[stubs[0]])
        elif error := pupil.run(source, f"cell-{index}"):
            yield f"A cell raises {error}:\n{source}"
    missing = [name for name, exercise in exercises.items() if exercise.stub not in map(str.strip, sources)]
    yield from (f"{name}: no cell of the notebook has its stub." for name in missing)


def _iter_exercise_problems(pupil: "_Pupil", cell: str, name: str, exercise: Exercise) -> Iterator[str]:
    if _PASSED.search(pupil.check(exercise.stub, cell, name)):
        yield f"{name} passes with its stub."
    for mistake in exercise.mistakes:
        shown = pupil.check(mistake.source, cell, name)
        if _PASSED.search(shown):
            yield f"{name} passes with a mistake:\n{mistake.source}"
        elif mistake.hint not in shown:
            yield f"{name}: no hint {mistake.hint!r}. The check shows:\n{shown}\nfor\n{mistake.source}"
    for solution in (exercise.another, exercise.solution):
        if not _PASSED.search(shown := pupil.check(solution, cell, name)):
            yield f"{name} fails with a solution:\n{solution}\nThe check shows:\n{shown}"


class _Pupil:
    """Runs cells like a notebook, and reads their output."""

    def __init__(self) -> None:
        self._shell: Any = InteractiveShell.instance()
        self._shell.run_line_magic("load_ext", "routebook_kernel")

    def run(self, source: str, cell: str) -> str:
        """Run a cell. Return the error that it raises, or ""."""
        with capture_output():
            result = self._shell.run_cell(source, store_history=True, cell_id=cell)
        error = result.error_in_exec or result.error_before_exec
        return f"{type(error).__name__}: {error}" if error else ""

    def check(self, source: str, cell: str, name: str) -> str:
        """Run an exercise's cell and check it twice. Return the text of the second check."""
        self.run(source, cell)
        for _ in range(2):
            with capture_output() as captured:
                self._shell.run_cell(f"%check {name}", store_history=True, cell_id=f"{cell}-check")
        return "\n".join(str(output.data.get("text/plain", "")) for output in captured.outputs) + str(captured.stdout)


def main() -> int:
    """Test the notebooks of the command line. Return 1 if something is wrong."""
    if len(sys.argv) < 2:
        sys.stderr.write("Usage: python -m routebook_kernel.learn.prove NOTEBOOK.ipynb …\n")
        return 2
    problem_count = 0
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ROUTEBOOK_DATA"] = folder  # leaves the teacher's own progress alone
        for notebook in [Path(argument).resolve() for argument in sys.argv[1:]]:
            os.chdir(notebook.parent)
            try:
                problems = list(iter_problems(notebook))
            except (LessonError, OSError, ValueError) as error:
                problems = [str(error)]
            problem_count += len(problems)
            report = "".join(f"✗ {notebook.name}: {problem}\n\n" for problem in problems)
            sys.stdout.write(report or f"✓ {notebook.name} passes\n")
    return 1 if problem_count else 0


if __name__ == "__main__":
    sys.exit(main())
