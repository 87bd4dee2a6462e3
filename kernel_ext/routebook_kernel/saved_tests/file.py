"""The file of saved tests: plain JSON next to the notebook, in a stable order, replaced as a whole."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from routebook_kernel.exceptions import SavedTestsError
from routebook_kernel.saved_tests.model import SavedTest, saved_test_from_json, saved_test_to_json
from routebook_kernel.stored_file import write_stored

VERSION = 1
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def read_tests(path: Path) -> list[SavedTest]:
    """Read the tests of a file, in its order. Return an empty list if there's no file.

    Raises:
        SavedTestsError: If it isn't a file of saved tests; the message says what is wrong, and where.
    """
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        return []
    except (OSError, ValueError, RecursionError) as error:
        raise SavedTestsError(f"Can't read {path.name}: {error}.") from None
    if not isinstance(document, dict) or not isinstance(document.get("tests"), list):
        raise SavedTestsError(f'Can\'t read {path.name}: it has no list "tests".')
    if document.get("routebook_tests") != VERSION:
        raise SavedTestsError(
            f"{path.name} was written by another version of Routebook. This one reads version {VERSION}."
        )
    return [saved_test_from_json(item) for item in document["tests"]]


def write_tests(path: Path, tests: Sequence[SavedTest]) -> None:
    """Write a file of saved tests, as a whole or not at all.

    Raises:
        SavedTestsError: If the folder isn't writable.
    """
    document = {"routebook_tests": VERSION, "tests": [saved_test_to_json(test) for test in tests]}
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    # UTF-8 can't encode a lone surrogate; JSON's escapes can.
    text = _LONE_SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
    try:
        write_stored(path, text.encode())
    except OSError as error:
        raise SavedTestsError(f"Can't write {path}: {error.strerror or error}.") from None
