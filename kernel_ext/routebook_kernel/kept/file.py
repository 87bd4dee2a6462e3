"""The file of a notebook's tests: plain JSON beside the notebook, in a stable order, written in one step."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from routebook_kernel.exceptions import SavedTestsError
from routebook_kernel.kept.model import KeptTest, kept_from_json, kept_to_json
from routebook_kernel.stored_file import write_stored

VERSION = 1
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def read_tests(path: Path) -> list[KeptTest]:
    """The tests of a file, in its order; none where there is no file.

    Raises:
        SavedTestsError: It is not a file of tests; the message says what is wrong, and where.
    """
    try:
        told = json.loads(path.read_bytes())
    except FileNotFoundError:
        return []
    except (OSError, ValueError, RecursionError) as error:
        raise SavedTestsError(f"{path.name} cannot be read: {error}.") from None
    if not isinstance(told, dict) or not isinstance(told.get("tests"), list):
        raise SavedTestsError(f'{path.name} cannot be read: it has no list "tests".')
    if told.get("routebook_tests") != VERSION:
        raise SavedTestsError(f"{path.name} is of another version of Routebook: this one reads version {VERSION}.")
    return [kept_from_json(one) for one in told["tests"]]


def write_tests(path: Path, tests: Sequence[KeptTest]) -> None:
    """Write a file of tests: whole or not at all.

    Raises:
        SavedTestsError: The folder cannot be written to.
    """
    told = {"routebook_tests": VERSION, "tests": [kept_to_json(test) for test in tests]}
    text = json.dumps(told, indent=2, ensure_ascii=False) + "\n"
    text = _LONE_SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)  # UTF-8 has none, JSON's escapes do
    try:
        write_stored(path, text.encode())
    except OSError as error:
        raise SavedTestsError(f"{path} cannot be written: {error.strerror or error}.") from None
