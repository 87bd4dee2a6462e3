"""Tracebacks show generated text: under one file name for one text, and for as long as a function of it lives."""

import gc
import linecache
import traceback

import pytest
from starlette.testclient import TestClient

from routebook import Routebook


def make(path: str) -> Routebook:
    app = Routebook()

    @app.get(path)
    def fails(number: int = 1) -> None:
        raise LookupError("as it should")

    return app


def shown(app: Routebook, path: str) -> dict[str, list[str]]:
    """The generated files in the traceback of a request, each with the line that it shows."""
    with pytest.raises(LookupError) as raised:
        TestClient(app).get(path)
    frames = traceback.extract_tb(raised.tb)
    lines: dict[str, list[str]] = {}
    for frame in frames:
        if frame.filename.startswith("routebook "):
            lines.setdefault(frame.filename, []).append(frame.line or "")
    return lines


def test_the_same_operation_declared_again_has_the_same_file() -> None:
    """What debuggers and IPython keep by file name must not grow with every run of a cell."""
    path = "/declared/again"
    first, second = make(path), make(path)
    files = shown(first, path)

    assert shown(second, path) == files
    assert all("fails" in line for lines in files.values() for line in lines)
    assert shown(make(path + "/other"), path + "/other").keys().isdisjoint(files)


def test_a_text_is_shown_until_its_last_function_is_gone() -> None:
    """The first of two with the same text takes nothing from the second."""
    path = "/until/the/last"
    first, second = make(path), make(path)
    files = shown(first, path)
    shown(second, path)

    del first
    gc.collect()
    assert shown(second, path) == files

    del second
    gc.collect()
    assert not [name for name in linecache.cache if path in name]
