"""What one exchange has been seen to carry: a credential that was found in one place is hidden in all others.

It is looked for in the forms in which it may stand there: as it is, percent-encoded, escaped as in JSON or a repr, in
base64, cut short by a shortened repr. One pattern finds all of them.
"""

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote_from_bytes

from routebook_kernel.redaction.visitor import HIDDEN

MIN_KNOWN = 4
"""What is shorter stands in too many texts by chance."""

_CERTAIN = 8  # from so many characters on, also within a word
_TELLING = 12  # so many characters tell a credential, also where a text has been cut
_MAX_KNOWN = 2000
_MAX_LENGTH = 2000
_FEW = 60  # so many beginnings are found faster by a pattern
_REST = re.compile(r"[^\s'\",)}\]&<>•]*+")
_ORDINARY = frozenset({"true", "false", "none", "null", "string", "bearer", "basic", "password", "token", "secret"})


class Knowledge:
    """The credentials of one exchange, by their first characters: each place of a text is looked up once."""

    def __init__(self) -> None:
        self._found: dict[str, None] = {}
        self._by_start: dict[str, dict[int, set[str]]] = {}
        self._starts: re.Pattern[str] | None = None

    def __bool__(self) -> bool:
        return bool(self._found)

    def note(self, value: str) -> None:
        """Remember a credential."""
        value = value.strip()
        if len(value) < MIN_KNOWN or HIDDEN in value or value in self._found or value.lower() in _ORDINARY:
            return
        if len(self._found) >= _MAX_KNOWN:
            return
        self._found[value] = self._starts = None
        for form in _iter_forms(value):
            self._index(form)
            if len(form) > _TELLING:
                self._index(form[:_TELLING])
            if len(form) >= 2 * _TELLING:
                self._index(form[-_TELLING:])

    def _index(self, form: str) -> None:
        lengths = self._by_start.setdefault(form[:MIN_KNOWN], {})
        lengths.setdefault(min(len(form), _MAX_LENGTH), set()).add(form[:_MAX_LENGTH])

    def note_basic(self, credential: str) -> None:
        """Remember the password of HTTP Basic (RFC 7617 §2)."""
        try:
            password = base64.b64decode(credential, validate=True).decode().partition(":")[2]
        except ValueError:
            return
        self.note(password)

    def hide(self, text: str) -> str:
        """A text without what is known."""
        if not self._found or len(text) < MIN_KNOWN:
            return text
        out, done = [], 0
        for at in self._iter_places(text):
            if at >= done and (end := self._end(text, at)):
                out += [text[done:at], HIDDEN]
                done = end
        return "".join([*out, text[done:]]) if out else text

    def _iter_places(self, text: str) -> Iterable[int]:
        """Where something known may begin."""
        known = self._by_start
        if len(known) > _FEW:
            return (at for at in range(len(text) - MIN_KNOWN + 1) if text[at : at + MIN_KNOWN] in known)
        if self._starts is None:
            self._starts = re.compile(f"(?=(?:{'|'.join(map(re.escape, known))}))")
        return (match.start() for match in self._starts.finditer(text))

    def _end(self, text: str, at: int) -> int:
        """Where the known text ends that begins at a place; 0 where none does."""
        lengths = self._by_start[text[at : at + MIN_KNOWN]]
        for length in sorted(lengths, reverse=True):
            if text[at : at + length] not in lengths[length]:
                continue
            end = at + length
            if length < _CERTAIN and (_is_word(text[at - 1 : at]) or _is_word(text[end : end + 1])):
                continue
            # What follows in the same word: a shortened text has dots in the middle.
            return _REST.match(text, end).end() if length == _TELLING else end  # type: ignore[union-attr]
        return 0

    def without_beginning(self, data: bytes) -> bytes:
        """What was cut short without the beginning of a credential that stands at its end."""
        tail = data[-1000:].decode("utf-8", "replace")
        for value in self._found:
            for length in range(min(len(value), 900), MIN_KNOWN - 1, -1):
                if tail.endswith(value[:length]):
                    return data.removesuffix(value[:length].encode("utf-8", "surrogatepass")) + HIDDEN.encode()
        return data


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _iter_forms(value: str) -> Iterator[str]:
    encoded = as_bytes(value)
    yield value
    yield quote_from_bytes(encoded, safe="")
    yield quote_from_bytes(encoded, safe=" ").replace(" ", "+")
    yield quote_from_bytes(encoded)
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield repr(value)[1:-1]
    yield html.escape(value)
    if len(value) >= _CERTAIN:
        yield value.upper()
        yield value.lower()
        yield base64.b64encode(encoded).decode().rstrip("=")
        yield base64.urlsafe_b64encode(encoded).decode().rstrip("=")
        yield from _iter_base64_within(encoded)
        yield encoded.hex()
        yield repr(encoded)[2:-1]
        percent = quote_from_bytes(encoded, safe="")
        if "%" in percent:
            yield re.sub("%..", lambda match: match[0].lower(), percent)
            yield percent.replace("%", "%25")


def _iter_base64_within(encoded: bytes) -> Iterator[str]:
    """What base64 makes of bytes that stand within others: three ways, by where they begin (RFC 4648 §4)."""
    for before, begin in ((0, 0), (1, 2), (2, 3)):
        end = (before + len(encoded)) * 8 // 6
        yield base64.b64encode(bytes(before) + encoded).decode()[begin:end]


def as_bytes(value: str) -> bytes:
    """A text as bytes; of binary data, which was decoded with surrogates, the bytes that it was."""
    try:
        return value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass")
