"""What a learner has reached, in a small JSON file of the user's data folder: for all kernels and all notebooks.

Several kernels may write at once: each change is read, made and written under a lock, so none is lost, and the file is
replaced in one step. A file that can't be read is moved aside, and `trouble` says where.
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
class Record:
    """What is kept of one exercise.

    Attributes:
        tries: How many checks failed or passed after the cell had changed.
        is_passed: Whether a check passed, ever.
        hints: How many further hints were asked for.
        is_solution_open: Whether `%solution` may be seen: there was an honest try.
        fingerprint: Of the cell at the last try, to tell whether it changed.
    """

    tries: int = 0
    is_passed: bool = False
    hints: int = 0
    is_solution_open: bool = False
    fingerprint: str = ""


def default_path() -> Path:
    """Where progress is kept; in the browser, where only the notebooks' drive lasts, beside them."""
    if folder := os.environ.get("ROUTEBOOK_DATA"):
        return Path(folder).expanduser() / "progress.json"
    if sys.platform == "emscripten":
        return Path.cwd() / ".routebook-progress.json"
    return platformdirs.user_data_path("routebook", appauthor=False) / "progress.json"


class Progress:
    """The file.

    Args:
        path: Where it is; the user's data folder where it is not given.

    Attributes:
        trouble: What went wrong with the file, in a sentence; "" where nothing did.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self.trouble = ""

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._path or default_path()

    def all(self) -> dict[str, Record]:
        """The record of each exercise that was tried, by its name."""
        return {name: _record(kept) for name, kept in self._read().items()}

    def of(self, name: str) -> Record:
        """The record of an exercise."""
        return self.all().get(name, Record())

    def change(self, name: str, change: Callable[[Record], Record]) -> Record:
        """Change one record, whatever other kernels do meanwhile. If it can't be saved, `trouble` says why."""
        after = change(self.of(name))
        try:
            with locked(self.path):
                kept = self._read_or_set_aside()
                before = kept.get(name)
                after = change(_record(before))
                self._write({**kept, name: {**(before if isinstance(before, dict) else {}), **asdict(after)}})
        except OSError as error:
            self.trouble = f"Your progress couldn't be saved: {error}."
        return after

    def reset(self) -> None:
        """Forget everything."""
        try:
            with locked(self.path):
                self.path.unlink(missing_ok=True)
        except OSError as error:
            self.trouble = f"The file of your progress couldn't be removed: {error}."

    def _read(self) -> dict[str, Any]:
        """The records as they are stored; none if the file can't be read, which a check then sets aside."""
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
            self.trouble = f"Your progress couldn't be read: {error}."
            return {}

    def _read_or_set_aside(self) -> dict[str, Any]:
        """The records as they are stored; none if the file couldn't be read and was moved aside.

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
        self.trouble = (
            f"The file of your progress couldn't be read ({reason}). It is now {aside}, and a new one was started. "
            f"To use the old one again, fix it and rename it to {self.path.name}."
        )
        return {}

    def _write(self, kept: Mapping[str, Any]) -> None:
        text = json.dumps({"version": VERSION, "exercises": kept}, indent=1, sort_keys=True)
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


def _record(kept: Any) -> Record:
    """A record from what the file holds; what is missing or of another kind is as if it had never been."""
    if not isinstance(kept, dict):
        return Record()
    known = {each.name: type(getattr(Record(), each.name)) for each in fields(Record)}
    return Record(**{name: kept[name] for name, kind in known.items() if type(kept.get(name)) is kind})
