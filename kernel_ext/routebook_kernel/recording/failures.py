"""Exceptions, described by the user's own frames: cell, line, local values. Frames of frameworks are only counted."""

import ast
import functools
import linecache
import reprlib
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import CodeType, FrameType, TracebackType
from typing import Any

import routebook
from routebook.exceptions import ResponseValidationError
from routebook_kernel.recording.exception_hints import explain_exception
from routebook_kernel.records import CellRecord, FailureRecord, FrameRecord, Place, RaisedRecord
from routebook_kernel.redaction import HIDDEN, USUAL, Hider, Secrets, hide_known

CellOf = Callable[[CodeType], CellRecord | None]
"""Returns the cell that contains a code object, or None."""

_LIBRARIES = tuple(str(Path(sysconfig.get_path(name)).resolve()) for name in ("stdlib", "purelib", "platlib"))
_EXTENSION = (str(Path(__file__).resolve().parents[1]),)
_FRAMEWORK = (str(Path(routebook.__file__).resolve().parent),)
_GENERATED = ("<", "routebook ")
"""How the file names of generated code begin. The framework's generated functions have the name of their operation."""
_MAX_VALUES = 8
_MAX_MESSAGE = 2000


def describe_failure(
    error: BaseException, cell_of: CellOf, *, secrets: Secrets = USUAL, framework_folders: tuple[str, ...] = ()
) -> FailureRecord:
    """Describe an exception by the user's frames, with credentials taken out.

    Args:
        error: The exception, with its traceback.
        cell_of: Returns the cell of a code object; None for code outside cells.
        secrets: The credentials to hide.
        framework_folders: Folders of frameworks that aren't installed among the libraries.
    """
    hider = secrets.hider()
    failure = capture_failure(error, cell_of, framework_folders=framework_folders)
    redact_failure(failure, hider)  # a value found in one field is hidden in all fields
    return redact_failure(failure, hider)


def capture_failure(error: BaseException, cell_of: CellOf, *, framework_folders: tuple[str, ...] = ()) -> FailureRecord:
    """Describe an exception by the user's frames, with credentials. The result may only be used in a capture.

    Args:
        error: The exception, with its traceback.
        cell_of: Returns the cell of a code object; None for code outside cells.
        framework_folders: Folders of frameworks that aren't installed among the libraries.
    """
    frames = list(_iter_frames(error.__traceback__))
    user_frames = tuple(
        _describe_frame(frame, line, cell)
        for frame, line in frames
        if (cell := cell_of(frame.f_code)) or is_user_code(frame.f_code.co_filename, framework_folders)
    )
    cause = explain_exception(error)
    return FailureRecord(
        type=type(error).__name__,
        message=_describe_message(error),
        frames=user_frames,
        folded=len(frames) - len(user_frames),
        cause=cause or None,
        response_errors=_response_errors(error),
    )


def describe_raised(
    error: BaseException, cell_of: CellOf, *, framework_folders: tuple[str, ...] = ()
) -> RaisedRecord | None:
    """Return where the user's code raised an exception, or None if only library code was involved.

    Args:
        error: The exception, with its traceback.
        cell_of: Returns the cell of a code object; None for code outside cells.
        framework_folders: Folders of frameworks that aren't installed among the libraries.
    """
    for frame, line in reversed(list(_iter_frames(error.__traceback__))):
        code = frame.f_code
        if (cell := cell_of(code)) or is_user_code(code.co_filename, framework_folders):
            place = Place(cell, None if cell else code.co_filename, line)
            return RaisedRecord(type(error).__name__, place, code.co_name)
    return None


def redact_failure(failure: FailureRecord, hider: Hider) -> FailureRecord:
    """Return a failure without its credentials."""
    return replace(
        failure,
        frames=tuple(_redact_frame(frame, hider) for frame in failure.frames),
        message=hider.text(failure.message)[:_MAX_MESSAGE],
        cause=hider.text(failure.cause) if failure.cause else None,
        response_errors=tuple(_redact_response_error(item, hider) for item in failure.response_errors),
    )


def _redact_frame(frame: FrameRecord, hider: Hider) -> FrameRecord:
    values = tuple((name, hider.value(name, text)) for name, text in frame.values)
    return replace(frame, values=values, source=hider.known.hide(hide_known(frame.source)[0]))


def _redact_response_error(item: Mapping[str, Any], hider: Hider) -> Mapping[str, Any]:
    """Hide the value of a field whose name says that it holds a credential, and known credentials elsewhere."""
    is_secret = any(isinstance(part, str) and hider.holds_secrets(part) for part in item["loc"])
    shown = HIDDEN if is_secret and hider.value("secret", item["input"]) else hider.text(item["input"])
    context = {name: hider.text(value) if isinstance(value, str) else value for name, value in item["ctx"].items()}
    return {**item, "input": shown, "msg": hider.text(str(item["msg"])), "ctx": context}


def _response_errors(error: BaseException) -> tuple[Mapping[str, Any], ...]:
    """Return where a result didn't match its response model, with values as JSON."""
    if not isinstance(error, ResponseValidationError):
        return ()
    errors = []
    for item in error.errors():
        loc = [part if isinstance(part, int) else str(part) for part in item.get("loc", ())]
        shown = short_repr(item.get("input"))
        errors.append(
            {
                "type": item.get("type"),
                "loc": loc,
                "msg": item.get("msg"),
                "input": shown,
                "ctx": _simplify_context(item),
            }
        )
    return tuple(errors)


def _simplify_context(item: Mapping[str, Any]) -> dict[str, Any]:
    context = item.get("ctx") or {}
    return {name: value if isinstance(value, int | float | str) else str(value) for name, value in context.items()}


@functools.lru_cache(maxsize=1024)
def is_user_code(filename: str, framework_folders: tuple[str, ...] = ()) -> bool:
    """Whether a file is the user's own: not a library, not generated code, not this project."""
    if filename.startswith(_GENERATED):
        return False
    path = str(Path(filename).resolve())
    return not any(path.startswith(folder) for folder in (*_LIBRARIES, *_EXTENSION, *framework_folders))


def is_framework_code(filename: str) -> bool:
    """Whether a file belongs to the framework or the extension, or is code that they generated."""
    return filename.startswith((*_EXTENSION, *_FRAMEWORK, "routebook "))


def _iter_frames(traceback: TracebackType | None) -> Iterator[tuple[FrameType, int]]:
    while traceback is not None:
        yield traceback.tb_frame, traceback.tb_lineno
        traceback = traceback.tb_next


def _describe_frame(frame: FrameType, line: int, cell: CellRecord | None) -> FrameRecord:
    filename = frame.f_code.co_filename
    source = linecache.getline(filename, line, frame.f_globals).strip()
    return FrameRecord(
        place=Place(cell, None if cell else filename, line),
        function=frame.f_code.co_name,
        source=source,
        values=tuple(_iter_values(frame, source)),
    )


def _iter_values(frame: FrameType, source: str) -> Iterator[tuple[str, str]]:
    """Yield the local variables named on the line; if it names none, all of them."""
    local = frame.f_locals
    named = [name for name in _names_in_line(source) if name in local]
    if frame.f_code.co_name == "<module>":
        return
    for name in (named or list(local))[:_MAX_VALUES]:
        yield name, short_repr(local[name])


def _names_in_line(source: str) -> list[str]:
    """Return the names in one line, in order. A line that opens a block is completed so that it can be parsed."""
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


_repr = _ShortRepr()


def short_repr(value: object) -> str:
    """Return a shortened repr on one line. Never raises."""
    try:
        return " ".join(_repr.repr(value).split())
    except Exception as error:  # a user's own __repr__
        return f"<{type(value).__name__}, whose repr raises {type(error).__name__}>"


def _describe_message(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception as second:  # a user's own __str__
        return f"(its text cannot be made: {type(second).__name__})"
    return text[: 2 * _MAX_MESSAGE]
