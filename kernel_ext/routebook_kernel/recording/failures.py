"""An exception told by the user's own frames: cell, line, the values there; the frameworks' frames are counted only."""

import ast
import functools
import linecache
import reprlib
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import CodeType, FrameType, TracebackType
from typing import Any

import routebook
from routebook.exceptions import ResponseValidationError
from routebook_kernel.recording.causes import tell_cause
from routebook_kernel.recording.redact import USUAL, Secrets
from routebook_kernel.records import CellRecord, FailureRecord, FrameRecord, Place, RaisedRecord

CellOf = Callable[[CodeType], CellRecord | None]
"""Which cell a code object stands in."""

_LIBRARIES = tuple(str(Path(sysconfig.get_path(name)).resolve()) for name in ("stdlib", "purelib", "platlib"))
_OURS = (str(Path(__file__).resolve().parents[1]),)
_FRAMEWORK = (str(Path(routebook.__file__).resolve().parent),)
_GENERATED = ("<", "routebook ")
"""How the file names of generated code begin; those of the framework's functions name their operation."""
_MAX_VALUES = 8


def describe_failure(
    error: BaseException, cell_of: CellOf, *, secrets: Secrets = USUAL, ours: tuple[str, ...] = ()
) -> FailureRecord:
    """Tell an exception by the user's frames.

    Args:
        error: With its traceback.
        cell_of: Finds the cell of a code object; None for code that is in no cell.
        secrets: Names whose values are not shown.
        ours: Folders of frameworks that are not installed among the libraries.
    """
    frames = list(_iter_frames(error.__traceback__))
    own = tuple(
        _describe(frame, line, cell, secrets)
        for frame, line in frames
        if (cell := cell_of(frame.f_code)) or is_users(frame.f_code.co_filename, ours)
    )
    cause = tell_cause(error)
    return FailureRecord(
        type=type(error).__name__,
        message=_message(error, secrets),
        frames=own,
        folded=len(frames) - len(own),
        cause=secrets.url(cause) if cause else None,
        misfits=_misfits(error, secrets),
    )


def describe_raised(error: BaseException, cell_of: CellOf, *, ours: tuple[str, ...] = ()) -> RaisedRecord | None:
    """Tell where the user's own code raised an exception; None where a library did without it.

    Args:
        error: With its traceback.
        cell_of: Finds the cell of a code object; None for code that is in no cell.
        ours: Folders of frameworks that are not installed among the libraries.
    """
    for frame, line in reversed(list(_iter_frames(error.__traceback__))):
        code = frame.f_code
        if (cell := cell_of(code)) or is_users(code.co_filename, ours):
            place = Place(cell, None if cell else code.co_filename, line)
            return RaisedRecord(type(error).__name__, place, code.co_name)
    return None


def _misfits(error: BaseException, secrets: Secrets) -> tuple[Mapping[str, Any], ...]:
    """Where a result did not fit its response model; values as JSON, secrets redacted."""
    if not isinstance(error, ResponseValidationError):
        return ()
    kept = []
    for item in error.errors():
        loc = [part if isinstance(part, int) else str(part) for part in item.get("loc", ())]
        name = next((part for part in reversed(loc) if isinstance(part, str)), "")
        told = secrets.value(name, short_repr(item.get("input")))
        kept.append({"type": item.get("type"), "loc": loc, "msg": item.get("msg"), "input": told, "ctx": _plain(item)})
    return tuple(kept)


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    context = item.get("ctx") or {}
    return {name: value if isinstance(value, int | float | str) else str(value) for name, value in context.items()}


@functools.lru_cache(maxsize=1024)
def is_users(filename: str, ours: tuple[str, ...] = ()) -> bool:
    """Whether a file is the user's own: no library, no generated code, not this project."""
    if filename.startswith(_GENERATED):
        return False
    path = str(Path(filename).resolve())
    return not any(path.startswith(folder) for folder in (*_LIBRARIES, *_OURS, *ours))


def is_ours(filename: str) -> bool:
    """Whether a file is the framework's or the extension's, or code that they have generated."""
    return filename.startswith((*_OURS, *_FRAMEWORK, "routebook "))


def _iter_frames(traceback: TracebackType | None) -> Iterator[tuple[FrameType, int]]:
    while traceback is not None:
        yield traceback.tb_frame, traceback.tb_lineno
        traceback = traceback.tb_next


def _describe(frame: FrameType, line: int, cell: CellRecord | None, secrets: Secrets) -> FrameRecord:
    filename = frame.f_code.co_filename
    source = linecache.getline(filename, line, frame.f_globals).strip()
    return FrameRecord(
        place=Place(cell, None if cell else filename, line),
        function=frame.f_code.co_name,
        source=source,
        values=tuple(_iter_values(frame, source, secrets)),
    )


def _iter_values(frame: FrameType, source: str, secrets: Secrets) -> Iterator[tuple[str, str]]:
    """The local variables that the line names; where it names none, all of them."""
    local = frame.f_locals
    named = [name for name in _names(source) if name in local]
    if frame.f_code.co_name == "<module>":
        return
    for name in (named or list(local))[:_MAX_VALUES]:
        yield name, secrets.value(name, short_repr(local[name]))


def _names(source: str) -> list[str]:
    """The names in one line, in order; a line that opens a block is completed to be parsed."""
    for text in (source, f"{source}\n    pass", source.rstrip(":,(")):
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError):
            continue
        names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
        return list(dict.fromkeys(node.id for node in sorted(names, key=lambda node: node.col_offset)))
    return []


class _ShortRepr(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = 80


_short = _ShortRepr()


def short_repr(value: object) -> str:
    """A value's repr, shortened, on one line; never raises."""
    try:
        return " ".join(_short.repr(value).split())
    except Exception as error:  # a user's own __repr__
        return f"<{type(value).__name__}, whose repr raises {type(error).__name__}>"


def _message(error: BaseException, secrets: Secrets) -> str:
    try:
        text = str(error)
    except Exception as second:  # a user's own __str__
        return f"(its text cannot be made: {type(second).__name__})"
    return secrets.url(text)[:2000]
