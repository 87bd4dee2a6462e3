"""Find lessons: in `checks/` next to the notebook, and in the folders of `ROUTEBOOK_CHECKS`.

A lesson is a Python file that defines a `lesson`: `checks/lesson_04.py` is lesson 4, `checks/loans.py` lesson "loans".
"""

import importlib.util
import os
import re
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from routebook_kernel.learn.exercise import Exercise, Lesson, LessonError

_NUMBERED = re.compile(r"lesson_0*(\d+)")


class Library:
    """The lessons that a notebook can check.

    A file that has changed is read again, so that teachers can edit and check.

    Args:
        folder: The folder of the notebook.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._loaded: dict[Path, tuple[float, Lesson]] = {}

    def folders(self) -> list[Path]:
        """Return the folders to search, in order."""
        here = self._folder or Path.cwd()
        variable = os.environ.get("ROUTEBOOK_CHECKS", "")
        listed = [Path(folder).expanduser() for folder in variable.split(os.pathsep) if folder]
        places = [here / "checks", *listed, here.parent / "checks", here / "notebooks" / "checks"]
        return [place for place in dict.fromkeys(places) if place.is_dir()]

    def files(self) -> dict[str, Path]:
        """Return the file of each lesson by its key, numbered ones first and in order."""
        found: dict[str, Path] = {}
        for folder in self.folders():
            for file in sorted(folder.glob("[!_]*.py")):
                found.setdefault(lesson_key(file), file)
        return dict(sorted(found.items(), key=_sort_key))

    def lesson(self, key: str) -> Lesson:
        """Return a lesson by its key.

        Raises:
            LessonError: If it doesn't exist, or its file is invalid.
        """
        files = self.files()
        if key in files:
            return self._load(files[key])
        if not files:
            folder = (self._folder or Path.cwd()) / "checks"
            raise LessonError(
                f"No checks found. {folder} doesn't exist. Create it, or set the environment variable ROUTEBOOK_CHECKS "
                "to the folder that has them."
            )
        raise LessonError(f"There's no lesson {key}. Available: {', '.join(files)}.")

    def exercise(self, name: str) -> tuple[Lesson, int, Exercise]:
        """Return an exercise by its name, "4.2": the lesson, the number of the exercise, the exercise.

        Raises:
            LessonError: If the name is invalid, or there's no such exercise.
        """
        key, _, number = name.rpartition(".")
        if not key or not number.isdigit():
            raise LessonError(f"{name!r} isn't an exercise. Write lesson and number, for example %check 1.2")
        lesson = self.lesson(key.lstrip("0") or key)
        return lesson, int(number), lesson.exercise(int(number))

    def iter_lessons(self) -> Iterator[Lesson]:
        """Yield every valid lesson, in order."""
        for file in self.files().values():
            try:
                yield self._load(file)
            except LessonError:
                continue  # `%check` reports what is wrong with it

    def _load(self, file: Path) -> Lesson:
        changed = file.stat().st_mtime
        loaded = self._loaded.get(file)
        if loaded is None or loaded[0] != changed:
            loaded = self._loaded[file] = (changed, _read(file))
        return loaded[1]


def lesson_key(file: Path) -> str:
    """Return the key of a file's lesson: `lesson_04.py` → "4"."""
    numbered = _NUMBERED.fullmatch(file.stem)
    return numbered.group(1) if numbered else file.stem


def _sort_key(item: tuple[str, Path]) -> tuple[int, str]:
    return (int(item[0]), "") if item[0].isdigit() else (10**6, item[0])


def _read(file: Path) -> Lesson:
    spec = importlib.util.spec_from_file_location(f"routebook_checks_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise LessonError(f"Can't read {file} as Python.")
    module = importlib.util.module_from_spec(spec)
    try:
        # Compiled and not imported: that writes no cache next to a teacher's file, and reads none.
        exec(compile(file.read_text("utf-8"), str(file), "exec"), module.__dict__)
    except Exception as error:
        raise LessonError(
            f"Can't use {file.name}: {_format_line(error, file)}{type(error).__name__}: {error}"
        ) from error
    lesson = getattr(module, "lesson", None)
    if not isinstance(lesson, Lesson):
        raise LessonError(f"{file.name} has no `lesson = Lesson(…)`.")
    key = lesson.key or lesson_key(file)
    return replace(lesson, key=key, notebook=lesson.notebook or _notebook_of(file, key))


def _format_line(error: Exception, file: Path) -> str:
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: "
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    return f"line {lines[-1]}: " if lines else ""


def _notebook_of(file: Path, key: str) -> str:
    """Return the notebook, next to the folder of checks, whose name starts with the lesson's number or is its key."""
    pattern = f"{int(key):02d}_*.ipynb" if key.isdigit() else f"{key}.ipynb"
    return next((notebook.name for notebook in sorted(file.parent.parent.glob(pattern))), "")
