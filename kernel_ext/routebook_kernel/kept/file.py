"""The file of a notebook's tests: plain JSON beside the notebook, in a stable order, written in one step."""

import json
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from routebook_kernel.exceptions import TestsRefused
from routebook_kernel.kept.model import KeptTest, kept_from_json, kept_to_json

VERSION = 1


def read_tests(path: Path) -> list[KeptTest]:
    """The tests of a file, in its order; none where there is no file.

    Raises:
        TestsRefused: It is not a file of tests; the message says what is wrong, and where.
    """
    try:
        told = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise TestsRefused(f"{path.name} cannot be read: {error}.") from None
    if not isinstance(told, dict) or not isinstance(told.get("tests"), list):
        raise TestsRefused(f'{path.name} cannot be read: it has no list "tests".')
    if told.get("routebook_tests") != VERSION:
        raise TestsRefused(f"{path.name} is of another version of Routebook: this one reads version {VERSION}.")
    return [kept_from_json(one) for one in told["tests"]]


def write_tests(path: Path, tests: Sequence[KeptTest]) -> None:
    """Write a file of tests: whole or not at all.

    Raises:
        TestsRefused: The folder cannot be written to.
    """
    told = {"routebook_tests": VERSION, "tests": [kept_to_json(test) for test in tests]}
    text = json.dumps(told, indent=2, ensure_ascii=False) + "\n"
    temporary = None
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
            temporary = file.name
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary is not None:
            with suppress(OSError):
                Path(temporary).unlink()
        raise TestsRefused(f"{path} cannot be written: {error.strerror or error}.") from None
