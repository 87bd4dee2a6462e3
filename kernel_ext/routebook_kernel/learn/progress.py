"""What a learner has reached, in a small JSON file of the user's data folder: for all kernels and all notebooks.

Several kernels may write at once: each change is read, made and written under a lock, and the file is replaced in one
step, so nobody ever reads half of it. A file that cannot be read is put aside, and a sentence says so.
"""

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import platformdirs

VERSION = 1
_LOCK_WAIT_S = 2.0
_LOCK_STALE_S = 10.0


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
        """Change one record, whatever other kernels do meanwhile. Where it cannot be kept, `trouble` says so."""
        after = change(self.of(name))
        try:
            with self._locked():
                kept = self._read()
                after = change(_record(kept.get(name, {})))
                self._write({**kept, name: asdict(after)})
        except OSError as error:
            self.trouble = f"Your progress could not be kept: {error}."
        return after

    def reset(self) -> None:
        """Forget everything."""
        try:
            with self._locked():
                self.path.unlink(missing_ok=True)
        except OSError as error:
            self.trouble = f"The file could not be removed: {error}."

    def _read(self) -> dict[str, Any]:
        try:
            document = json.loads(self.path.read_text("utf-8"))
            kept = document["exercises"]
            if not isinstance(kept, dict):
                raise TypeError("exercises")
        except FileNotFoundError:
            return {}
        except OSError as error:
            self.trouble = f"Your progress could not be read: {error}."
            return {}
        except (ValueError, TypeError, KeyError):
            self._put_aside()
            return {}
        return kept

    def _put_aside(self) -> None:
        aside = self.path.with_name(f"{self.path.name}.broken")
        with contextlib.suppress(OSError):
            os.replace(self.path, aside)
        self.trouble = f"The file of your progress could not be read. It was put aside as {aside}; a new one begins."

    def _write(self, kept: Mapping[str, Any]) -> None:
        text = json.dumps({"version": VERSION, "exercises": kept}, indent=1, sort_keys=True)
        new = self.path.with_name(f"{self.path.name}.{os.getpid()}.new")
        new.write_text(text + "\n", "utf-8")
        os.replace(new, self.path)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock file. One that a kernel left behind when it died is broken after some seconds.

        Raises:
            OSError: The folder cannot be written.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = self.path.with_name(f"{self.path.name}.lock")
        deadline = time.monotonic() + _LOCK_WAIT_S
        while True:
            try:
                os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
                break
            except FileExistsError:
                if time.monotonic() > deadline or _age_s(lock) > _LOCK_STALE_S:
                    lock.unlink(missing_ok=True)
                time.sleep(0.01)
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def _age_s(file: Path) -> float:
    try:
        return time.time() - file.stat().st_mtime
    except OSError:
        return 0.0


def _record(kept: Any) -> Record:
    """A record from what the file holds; what is missing or of another kind is as if it had never been."""
    if not isinstance(kept, dict):
        return Record()
    known = {each.name: type(getattr(Record(), each.name)) for each in fields(Record)}
    return Record(**{name: kept[name] for name, kind in known.items() if type(kept.get(name)) is kind})
