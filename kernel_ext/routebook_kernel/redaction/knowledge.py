"""What one exchange has been seen to carry: a credential that was found in one place is hidden in all others.

It is looked for in the forms in which it may stand there: as it is, percent-encoded, escaped as in JSON or a repr, in
base64, cut short by a shortened repr. One pattern finds all of them.
"""

import base64
import html
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

from routebook_kernel.redaction.visitor import HIDDEN

MIN_KNOWN = 4
"""What is shorter stands in too many texts by chance."""

_CERTAIN = 8  # from so many characters on, also within a word
_TELLING = 12  # so many characters tell a credential, also where a text has been cut
_MAX_KNOWN = 2000
_ORDINARY = frozenset({"true", "false", "none", "null", "string", "bearer", "basic", "password", "token", "secret"})


class Knowledge:
    """The credentials of one exchange."""

    def __init__(self) -> None:
        self._found: dict[str, None] = {}
        self._pattern: re.Pattern[str] | None = None

    def __bool__(self) -> bool:
        return bool(self._found)

    def note(self, value: str) -> None:
        """Remember a credential."""
        value = value.strip()
        if len(value) < MIN_KNOWN or HIDDEN in value or value in self._found or value.lower() in _ORDINARY:
            return
        if len(self._found) < _MAX_KNOWN:
            self._found[value] = None
            self._pattern = None

    def note_basic(self, credential: str) -> None:
        """Remember the password of HTTP Basic, and the whole (RFC 7617 §2)."""
        try:
            password = base64.b64decode(credential, validate=True).decode().partition(":")[2]
        except ValueError:
            return
        self.note(password)

    def hide(self, text: str) -> str:
        """A text without what is known."""
        if not self._found or len(text) < MIN_KNOWN:
            return text
        if self._pattern is None:
            self._pattern = self._compiled()
        return self._pattern.sub(HIDDEN, text)

    def without_beginning(self, data: bytes) -> bytes:
        """What was cut short without the beginning of a credential that stands at its end."""
        tail = data[-1000:].decode("utf-8", "replace")
        for value in self._found:
            for length in range(min(len(value), 900), MIN_KNOWN - 1, -1):
                if tail.endswith(value[:length]):
                    return data.removesuffix(value[:length].encode()) + HIDDEN.encode()
        return data

    def _compiled(self) -> re.Pattern[str]:
        forms = {form: None for value in self._found for form in _iter_forms(value)}
        return re.compile("|".join(forms[form] or _pattern(form) for form in sorted(forms, key=len, reverse=True)))


def _iter_forms(value: str) -> Iterator[str]:
    yield value
    yield quote(value, safe="")
    yield quote_plus(value)
    yield quote(value)
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield repr(value)[1:-1]
    yield html.escape(value)
    if len(value) >= _CERTAIN:
        encoded = base64.b64encode(value.encode("utf-8", "surrogatepass")).decode()
        yield encoded.rstrip("=")
        yield base64.urlsafe_b64encode(value.encode("utf-8", "surrogatepass")).decode().rstrip("=")


def _pattern(form: str) -> str:
    escaped = re.escape(form)
    if len(form) < _CERTAIN:
        return rf"(?<!\w){escaped}(?!\w)"
    if len(form) <= _TELLING:
        return escaped
    # Its first characters, and what follows in the same word: a shortened text has dots in the middle.
    beginning, end = re.escape(form[:_TELLING]), re.escape(form[-_TELLING:])
    return rf"{escaped}|{beginning}[^\s'\",)}}\]&<>•]*+" + (rf"|{end}" if len(form) >= 2 * _TELLING else "")
