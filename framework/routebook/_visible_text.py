"""The gate that every text on the command line passes: characters that act or hide are shown as escapes instead.

A path, a name or an exception's message may hold escape sequences that a terminal obeys, and marks that reorder or hide
what a person reads. Newlines and tabs stay.
"""

import json
import logging
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


def visible_json(value: Any) -> str:
    """JSON that is safe to print: what `visible` escapes is escaped as JSON has it, and means the same."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return _HIDDEN.sub(lambda found: json.dumps(found[0])[1:-1], text)


class VisibleRecords(logging.Filter):
    """Lets every log record pass, with its texts made visible: a client chooses the path that a request log shows."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Make the message and its arguments visible."""
        record.msg = _visible_value(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(map(_visible_value, record.args))
        return True


def _visible_value(value: Any) -> Any:
    return visible(value) if isinstance(value, str) else value
