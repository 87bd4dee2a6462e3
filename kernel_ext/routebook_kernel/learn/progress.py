"""The learner's progress, in a small JSON file of the user's data folder: for all kernels and all notebooks.

Several kernels may write at once. Each change is read, applied and written under a lock, so none is lost, and the file
is replaced in one step. A file that can't be read is moved aside, and `problem` says where.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import platformdirs

from routebook_kernel.stored_file import locked, set_aside, write_stored

VERSION = 1


@dataclass(frozen=True, slots=True)
class ExerciseRecord:
    """The progress in one exercise.

    Attributes:
        tries: How many checks ran after the cell had changed.
        is_passed: Whether a check ever passed.
        hints: How many hints the learner has asked for.
        is_solution_open: Whether `%solution` is available, after an honest try.
        fingerprint: The fingerprint of the cell at the last try, to detect changes.
    """

    tries: int = 0
    is_passed: bool = False
    hints: int = 0
    is_solution_open: bool = False
    fingerprint: str = ""


def default_path() -> Path:
    """Return the path of the file. In the browser, only the drive of the notebooks persists, so it's next to them."""
    if folder := os.environ.get("ROUTEBOOK_DATA"):
        return Path(folder).expanduser() / "progress.json"
    if sys.platform == "emscripten":
        return Path.cwd() / ".routebook-progress.json"
    return platformdirs.user_data_path("routebook", appauthor=False) / "progress.json"


class Progress:
    """The file of progress.

    Args:
        path: Its path; by default in the user's data folder.

    Attributes:
        problem: What went wrong with the file, in a sentence; "" if nothing did.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self.problem = ""

    @property
    def path(self) -> Path:
        """The path of the file."""
        return self._path or default_path()

    def all(self) -> dict[str, ExerciseRecord]:
        """Return the record of each exercise that was tried, by its name."""
        return {name: _parse_record(stored) for name, stored in self._read().items()}

    def of(self, name: str) -> ExerciseRecord:
        """Return the record of an exercise."""
        return self.all().get(name, ExerciseRecord())

    def change(self, name: str, change: Callable[[ExerciseRecord], ExerciseRecord]) -> ExerciseRecord:
        """Change one record, whatever other kernels do at the same time. If it can't be saved, `problem` says why."""
        after = change(self.of(name))
        try:
            with locked(self.path):
                records = self._read_or_set_aside()
                before = records.get(name)
                after = change(_parse_record(before))
                self._write({**records, name: {**(before if isinstance(before, dict) else {}), **asdict(after)}})
        except OSError as error:
            self.problem = f"Your progress couldn't be saved: {error}."
        return after

    def reset(self) -> None:
        """Delete all progress."""
        try:
            with locked(self.path):
                self.path.unlink(missing_ok=True)
        except OSError as error:
            self.problem = f"The file of your progress couldn't be removed: {error}."

    def _read(self) -> dict[str, Any]:
        """Return the stored records; none if the file can't be read."""
        try:
            return _exercises(self.path)
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError):
            return self._set_aside_under_lock()

    def _set_aside_under_lock(self) -> dict[str, Any]:
        try:
            with locked(self.path):
                return self._read_or_set_aside()
        except OSError as error:
            self.problem = f"Your progress couldn't be read: {error}."
            return {}

    def _read_or_set_aside(self) -> dict[str, Any]:
        """Return the stored records; none if the file couldn't be read and was moved aside.

        Raises:
            OSError: If the file can't be read for now, or can't be moved: it must not be overwritten.
        """
        try:
            return _exercises(self.path)
        except FileNotFoundError:
            return {}
        except (IsADirectoryError, PermissionError, ValueError, RecursionError) as error:
            reason = str(error) or type(error).__name__
        aside = set_aside(self.path)
        self.problem = (
            f"The file of your progress couldn't be read ({reason}). It is now {aside}, and a new one was started. "
            f"To use the old one again, fix it and rename it to {self.path.name}."
        )
        return {}

    def _write(self, records: Mapping[str, Any]) -> None:
        text = json.dumps({"version": VERSION, "exercises": records}, indent=1, sort_keys=True)
        write_stored(self.path, f"{text}\n".encode())


def _exercises(path: Path) -> dict[str, Any]:
    """Read the records of a file.

    Raises:
        OSError: If the file can't be read.
        ValueError: If it isn't a file of progress, or is one of a newer version.
        RecursionError: If it is nested too deeply.
    """
    document = json.loads(path.read_bytes())
    exercises = document.get("exercises") if isinstance(document, dict) else None
    if not isinstance(exercises, dict):
        raise ValueError('it has no object "exercises"')
    if document.get("version", VERSION) != VERSION:
        raise ValueError(f"it is of another version of Routebook: this one reads version {VERSION}")
    return exercises


def _parse_record(stored: Any) -> ExerciseRecord:
    """Parse a record of the file. Fields that are missing or have another type get their default."""
    if not isinstance(stored, dict):
        return ExerciseRecord()
    types = {field.name: type(getattr(ExerciseRecord(), field.name)) for field in fields(ExerciseRecord)}
    return ExerciseRecord(**{name: stored[name] for name, type_ in types.items() if type(stored.get(name)) is type_})
