"""Where lessons are found: `checks/` beside the notebook, and the folders of `ROUTEBOOK_CHECKS`.

A lesson is a Python file that holds a `lesson`: `checks/lesson_04.py` is lesson 4, `checks/loans.py` is lesson "loans".
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
    """The lessons within reach.

    A file that was written again is read again, so a teacher edits and checks.

    Args:
        folder: Where the notebook is.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._loaded: dict[Path, tuple[float, Lesson]] = {}

    def folders(self) -> list[Path]:
        """Where lessons are looked for, first to last."""
        here = self._folder or Path.cwd()
        own = [Path(each).expanduser() for each in os.environ.get("ROUTEBOOK_CHECKS", "").split(os.pathsep) if each]
        places = [here / "checks", *own, here.parent / "checks", here / "notebooks" / "checks"]
        return [place for place in dict.fromkeys(places) if place.is_dir()]

    def files(self) -> dict[str, Path]:
        """The file of each lesson, by its key, numbered ones first and in order."""
        found: dict[str, Path] = {}
        for folder in self.folders():
            for file in sorted(folder.glob("[!_]*.py")):
                found.setdefault(key_of(file), file)
        return dict(sorted(found.items(), key=_place))

    def lesson(self, key: str) -> Lesson:
        """A lesson by its key.

        Raises:
            LessonError: There is none, or its file is not well made.
        """
        files = self.files()
        if key in files:
            return self._load(files[key])
        if not files:
            folder = (self._folder or Path.cwd()) / "checks"
            raise LessonError(
                f"No checks are within reach: {folder} is not there. They lie in `checks/` beside the notebook, or in "
                "a folder that the environment variable ROUTEBOOK_CHECKS names."
            )
        raise LessonError(f"There is no lesson {key}. There is: {', '.join(files)}.")

    def exercise(self, name: str) -> tuple[Lesson, int, Exercise]:
        """An exercise by its name, "4.2": the lesson, the exercise's number, the exercise.

        Raises:
            LessonError: The name is none, or there is no such exercise.
        """
        key, _, number = name.rpartition(".")
        if not key or not number.isdigit():
            raise LessonError(f"{name!r} names no exercise: write lesson and number, for example %check 1.2")
        lesson = self.lesson(key.lstrip("0") or key)
        return lesson, int(number), lesson.exercise(int(number))

    def iter_lessons(self) -> Iterator[Lesson]:
        """Every lesson that is well made, in order."""
        for file in self.files().values():
            try:
                yield self._load(file)
            except LessonError:
                continue  # `%check` says what is wrong with it

    def _load(self, file: Path) -> Lesson:
        changed = file.stat().st_mtime
        known = self._loaded.get(file)
        if known is None or known[0] != changed:
            known = self._loaded[file] = (changed, _read(file))
        return known[1]


def key_of(file: Path) -> str:
    """What `%check` calls a file's lesson: `lesson_04.py` → "4"."""
    numbered = _NUMBERED.fullmatch(file.stem)
    return numbered.group(1) if numbered else file.stem


def _place(item: tuple[str, Path]) -> tuple[int, str]:
    return (int(item[0]), "") if item[0].isdigit() else (10**6, item[0])


def _read(file: Path) -> Lesson:
    spec = importlib.util.spec_from_file_location(f"routebook_checks_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise LessonError(f"{file} cannot be read as Python.")
    module = importlib.util.module_from_spec(spec)
    try:
        # Compiled here and not imported: nothing is written beside a teacher's file, and no older version is used.
        exec(compile(file.read_text("utf-8"), str(file), "exec"), module.__dict__)
    except Exception as error:
        raise LessonError(
            f"{file.name} cannot be used: {_where(error, file)}{type(error).__name__}: {error}"
        ) from error
    lesson = getattr(module, "lesson", None)
    if not isinstance(lesson, Lesson):
        raise LessonError(f"{file.name} holds no `lesson = Lesson(…)`.")
    key = lesson.key or key_of(file)
    return replace(lesson, key=key, notebook=lesson.notebook or _notebook_of(file, key))


def _where(error: Exception, file: Path) -> str:
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: "
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    return f"line {lines[-1]}: " if lines else ""


def _notebook_of(file: Path, key: str) -> str:
    """The notebook beside the folder of checks whose name begins with the lesson's number, or is its key."""
    pattern = f"{int(key):02d}_*.ipynb" if key.isdigit() else f"{key}.ipynb"
    return next((found.name for found in sorted(file.parent.parent.glob(pattern))), "")
