"""The gate that every text output passes: characters that act or hide are shown as escapes instead.

A path, a header or a body may hold escape sequences that a terminal obeys, and marks that reorder or hide what a
person reads. Newlines and tabs stay. Text under a cell comes from a `VisibleText`, HTML from `style.esc`; exceptions
of this package show their messages through it.
"""

import functools
import re
from typing import Any

_CONTROLS = r"\x00-\x08\x0b-\x1f\x7f-\x9f"
_FORMATS = (  # categories Cf, Zl and Zp of Unicode, and letters that are drawn as nothing
    r"\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    r"\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# Joiners belong between the letters of some scripts, and in emoji; beside ASCII they only hide.
_JOINERS = r"(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
_HIDDEN = re.compile(rf"\r\n|[{_CONTROLS}{_FORMATS}\ud800-\udfff]|{_JOINERS}")


def visible(text: str) -> str:
    """Return `text` with controls, bidirectional marks, lone surrogates and invisible characters as escapes."""
    return _HIDDEN.sub(_escape, text)


def visible_line(text: str) -> str:
    """As `visible`, for a value within a line: newlines and tabs are escaped too, so that it can't forge a line."""
    return visible(text.replace("\r", "\\r").replace("\n", "\\n").replace("\t", "\\t"))


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    return "\n" if character == "\r\n" else character.encode("unicode_escape").decode("ascii")


class VisibleText:
    """Base of what is shown as text under a cell: the `__repr__` of each subclass passes the gate."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "__repr__" in vars(cls):
            setattr(cls, "__repr__", _through_gate(cls.__repr__))  # noqa: B010  # mypy: a method is assigned


def _through_gate(build: Any) -> Any:
    @functools.wraps(build)
    def __repr__(self: Any) -> str:
        return visible(build(self))

    return __repr__
