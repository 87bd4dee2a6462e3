"""What is hidden, and how: by what a name says, by what a value looks like, by what the exchange is known to carry."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from routebook_kernel.redaction.documents import read_body, read_header, read_url
from routebook_kernel.redaction.json_text import read_json
from routebook_kernel.redaction.knowledge import Knowledge
from routebook_kernel.redaction.names import Kind, Names
from routebook_kernel.redaction.shapes import is_drawn, is_long
from routebook_kernel.redaction.text import hide_known, read_text
from routebook_kernel.redaction.visitor import HIDDEN

Pairs = tuple[tuple[str, str], ...]

_EMPTY = frozenset({"", "true", "false", "none", "null", "yes", "no", "on", "off", "undefined", "nil", "***"})
_MAX_NESTED = 4
_SAID = frozenset({Kind.SECRET, Kind.COUNTED, Kind.SHORT})


class Hider:
    """Hides the credentials of one exchange; implements `Visitor`.

    What belongs to the exchange is read twice: first for what it carries, by `learn`; then, to be written.
    """

    def __init__(self, names: Names, known: Knowledge | None = None) -> None:
        self._names = names
        self.known = known if known is not None else Knowledge()
        self._depth = 0

    # Documents

    def url(self, url: str) -> str:
        """A URL, or a path with its query."""
        return self.known.hide(read_url(url, self))

    def header(self, name: str, value: str) -> str:
        """A header's value."""
        if self._names.kind_of(name) is Kind.KEY:  # of any length: a header is seldom there to name a column
            return self.visit(name, value, is_inside=True)
        return self.known.hide(read_header(name, value, self))

    def header_pairs(self, pairs: Iterable[tuple[str, str]]) -> Pairs:
        """Headers."""
        return tuple([(name, self.header(name, value)) for name, value in pairs])

    def body(self, data: bytes, content_type: str) -> bytes:
        """A body, whole or cut short."""
        return read_body(data, content_type, self)

    def text(self, text: str) -> str:
        """A message, a repr, a log."""
        return self._plain("", text)

    def value(self, name: str, text: str) -> str:
        """The repr of a variable."""
        if self._names.kind_of(name) in _SAID and text.strip("'\"").lower() not in _EMPTY and not _is_count(text):
            self.known.note(text.strip("'\""))
            return HIDDEN
        return self._plain(name, text)

    # Visitor

    def holds_secrets(self, name: str) -> bool:
        """Whether all that stands under a name is secret."""
        return bool(name) and self._names.kind_of(name) in _SAID

    def visit(self, name: str, value: str, *, is_number: bool = False, is_inside: bool = False) -> str:
        """A value, or what is written in its place."""
        if value == HIDDEN or value.strip().lower() in _EMPTY:
            return value
        kind = self._names.kind_of(name) if name else Kind.OTHER
        if kind is Kind.SECRET or is_inside:
            return self._hidden(name, value)
        if kind is Kind.COUNTED:
            return value if is_number else self._hidden(name, value)
        if kind is Kind.SHORT and (not is_number or len(value) > 3):
            return self._hidden(name, value)
        if is_number:
            return self.known.hide(value)
        if kind is Kind.KEY and is_long(value):
            return self._hidden(name, value)
        if kind is not Kind.RANDOM and is_drawn(value):
            return self._hidden(name, value)
        return self._plain(name, value)

    def _hidden(self, name: str, value: str) -> str:
        self.known.note(value)
        if " " in value[:40]:
            self.known.note(value.rpartition(" ")[2])
        self.known.note_basic(value.rpartition(" ")[2])
        if "%" in value or "\\" in value:
            self.known.note(value.encode("ascii", "ignore").decode())
        return HIDDEN

    def _plain(self, name: str, value: str) -> str:
        if len(value) < 4:
            return value
        start = value.lstrip()[:1]
        if (self._depth < _MAX_NESTED and start in {"{", "["} and name != "") or (
            start and start in '{["' and _is_json(value)
        ):
            self._depth += 1
            try:
                return self.known.hide(read_json(value, self)) if _is_json(value) else self._searched(value)
            finally:
                self._depth -= 1
        return self._searched(value)

    def _searched(self, value: str) -> str:
        rewritten, found = hide_known(value)
        for credential in found:
            self.known.note(credential)
        if self._depth < _MAX_NESTED and _is_url(rewritten):
            self._depth += 1
            try:
                rewritten = read_url(rewritten, self)
            finally:
                self._depth -= 1
        return self.known.hide(read_text(rewritten, self))


def _is_json(text: str) -> bool:
    inner = text.lstrip()[1:].lstrip()[:1]
    return bool(inner) and (inner in '"{[' or inner.isdigit())


def _is_url(text: str) -> bool:
    return not any(map(str.isspace, text)) and (text.startswith("/") or "://" in text[:20])


def _is_count(text: str) -> bool:
    return text.isdigit() and len(text) < 4


class _HiddenFieldVisitor:
    """Finds the hidden values of a document and fills them in. Implements `Visitor`."""

    def __init__(self, value_of: Callable[[str], str | None]) -> None:
        self._value_of = value_of
        self.names: list[str] = []

    def holds_secrets(self, name: str) -> bool:
        return False

    def visit(self, name: str, value: str, *, is_number: bool = False, is_inside: bool = False) -> str:
        if HIDDEN not in value:
            return value
        self.names.append(name)
        replacement = self._value_of(name)
        return value.replace(HIDDEN, replacement) if replacement else value


@dataclass(frozen=True, slots=True)
class Secrets:
    """What is a secret in an application: the names that are everywhere, and those of its own API keys."""

    names: Names

    @classmethod
    def of(cls, names: Iterable[str] = ()) -> "Secrets":
        """The usual names and these."""
        return cls(Names.of(names))

    def hider(self) -> Hider:
        """Hides the credentials of one exchange, of which nothing is known yet."""
        return Hider(self.names)

    def is_secret(self, name: str) -> bool:
        """Whether a name says that a credential stands under it."""
        return self.hider().holds_secrets(name)

    def header_pairs(self, pairs: Iterable[tuple[str, str]]) -> Pairs:
        """Headers without their secrets; the scheme of an Authorization and the names of cookies stay."""
        return self.hider().header_pairs(pairs)

    def url(self, url: str) -> str:
        """A URL or a query string without its secrets."""
        return self.hider().url(url)

    def body(self, data: bytes, content_type: str) -> bytes:
        """A body without its secrets, whole or cut short."""
        hider = self.hider()
        rewritten = hider.body(data, content_type)
        return hider.body(data, content_type) if hider.known else rewritten

    def text(self, text: str) -> str:
        """A message without its secrets."""
        return self.hider().text(text)

    def value(self, name: str, text: str) -> str:
        """A variable's repr, hidden when its name says that it is a secret."""
        return self.hider().value(name, text)

    def hidden_fields(self, data: bytes, content_type: str) -> tuple[str, ...]:
        """The names of the fields of a kept body whose values were taken out, in order, repeats kept."""
        visitor = _HiddenFieldVisitor(lambda name: None)
        read_body(data, content_type, visitor)
        if not visitor.names and HIDDEN.encode() in data:
            return ("body",)  # in a place that no name leads to
        return tuple(visitor.names)

    def fill_fields(self, data: bytes, content_type: str, value_of: Callable[[str], str | None]) -> bytes:
        """A kept body with values in the places of those that were taken out.

        Args:
            data: The body.
            content_type: Of the body.
            value_of: A field's value; what has none, or an empty one, stays hidden.
        """
        return read_body(data, content_type, _HiddenFieldVisitor(value_of))


USUAL = Secrets.of()
"""The names that are secret in every application."""
