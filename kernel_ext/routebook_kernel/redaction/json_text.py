"""JSON, read token by token: what is not changed stays as it was written, and what is cut short or broken is read too.

Documents one after the other (NDJSON, RFC 7464) are read as they are one by one. Nothing recurses: nesting of any
depth takes time linear in the text.

Spec: RFC 8259; the error items that name a value's place beside it are pydantic's.
"""

import json
import re

from routebook_kernel.redaction.text import read_text
from routebook_kernel.redaction.visitor import Visitor

_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[{}\[\],:]|[^\s"{}\[\],:]++|\s++', re.DOTALL)
_LITERALS = frozenset({"true", "false", "null"})
_NUMBER = re.compile(r"-?\d[\d.eE+-]*")
_LABELS = frozenset({"loc", "name", "key", "field", "header", "parameter", "param", "variable", "in_field",
                     "path", "pointer", "attribute", "property", "setting"})  # fmt: skip
"""Members that name what another member of the same object holds."""
_LABELLED = frozenset({"input", "value", "content", "val", "ctx", "newvalue", "oldvalue", "new_value", "old_value",
                       "received", "given", "actual"})  # fmt: skip
_DESCRIBING = frozenset({
    "properties", "patternproperties", "definitions", "$defs", "schemas", "securityschemes", "parameters", "components",
    "paths", "flows", "headers", "dependentschemas",
})  # fmt: skip
"""Members whose own members are declarations (OpenAPI, JSON Schema): a name there describes a value."""
_OF_DECLARATIONS = frozenset({
    "type", "title", "format", "description", "$ref", "in", "name", "scheme", "bearerformat", "tokenurl", "refreshurl",
    "authorizationurl", "openidconnecturl", "scopes", "operationid", "summary", "tags", "required", "maxlength",
    "minlength", "writeonly", "readonly", "nullable", "deprecated", "additionalproperties", "uniqueitems", "style",
    "contentmediatype", "contentencoding", "pattern", "minimum", "maximum", "propertyname",
})  # fmt: skip


class _Frame:
    """A list or an object that has been opened."""

    __slots__ = (
        "expects_key", "is_declared", "is_declaring", "is_inside", "is_labelled", "is_object", "is_pair", "key", "owed",
    )  # fmt: skip

    def __init__(self, kind: str, key: str, *, is_inside: bool, is_declared: bool, is_declaring: bool):
        self.is_object = self.expects_key = kind == "{"
        self.key = key
        self.is_inside = is_inside
        self.is_declared = is_declared
        self.is_declaring = is_declaring
        self.is_labelled = False
        self.is_pair = False
        self.owed: list[int] | None = None


class _Reader:
    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.out: list[str] = []
        self.is_broken = False
        root = _Frame("[", "", is_inside=False, is_declared=False, is_declaring=False)
        self.frames = [root]

    def read(self, text: str) -> str:
        for match in _TOKEN.finditer(text):
            token = match[0]
            first = token[0]
            if first == '"':
                self._string(token)
            elif first in "{[":
                self._open(token)
                self.out.append(token)
            elif first in "}]":
                self.out.append(token)
                if len(self.frames) > 1:
                    self._close(self.frames.pop())
            elif first == ",":
                self.out.append(token)
                frame = self.frames[-1]
                frame.expects_key = frame.is_object
            elif first == ":" or first.isspace():
                self.out.append(token)
            else:
                self._bare(token)
        while self.frames:
            self._close(self.frames.pop())
        return "".join(self.out)

    def _open(self, kind: str) -> None:
        frame = self.frames[-1]
        key = frame.key
        lowered = key.lower()
        # Under `properties` stand declarations, which hold no values; so they do in a list or an object of one.
        is_declared = frame.is_declared or (frame.is_declaring and kind == "{")
        is_inside = frame.is_inside or (bool(key) and self.visitor.holds_secrets(key))
        is_declaring = frame.is_object and lowered in _DESCRIBING and kind == "{"
        made = _Frame(kind, key if kind == "[" else "", is_inside=is_inside, is_declared=is_declared,
                      is_declaring=is_declaring)  # fmt: skip
        made.is_pair = kind == "[" and not frame.is_object and len(self.frames) > 1
        self.frames.append(made)

    def _string(self, token: str) -> None:
        frame = self.frames[-1]
        value = unquoted(token)
        if frame.expects_key:
            frame.key, frame.expects_key = value, False
            # Something may be kept under a credential.
            self.out.append(self._written(token, value, self.visitor.visit("", value)) if len(value) > 7 else token)
            return
        self._label(frame, value)
        self._leaf(frame, token, value, is_number=False)
        if frame.is_pair:  # [["X-Api-Key", "…"]]: the first names the second
            frame.is_pair = False
            if self.visitor.holds_secrets(value):
                frame.key = value

    def _bare(self, token: str) -> None:
        frame = self.frames[-1]
        if token in _LITERALS or frame.expects_key:
            self.is_broken = self.is_broken or token not in _LITERALS
            self.out.append(token)
            return
        is_number = bool(_NUMBER.fullmatch(token))
        self.is_broken = self.is_broken or not is_number
        self._leaf(frame, token, token, is_number=is_number)

    def _leaf(self, frame: _Frame, token: str, value: str, *, is_number: bool) -> None:
        is_inside = frame.is_inside
        if frame.is_declared and frame.key.lower() in _OF_DECLARATIONS:
            is_inside = False
        rewritten = self.visitor.visit(frame.key, value, is_number=is_number, is_inside=is_inside)
        self._owe(frame, len(self.out))
        self.out.append(self._written(token, value, rewritten))

    def _written(self, token: str, value: str, rewritten: str) -> str:
        return (
            token
            if rewritten == value
            else json.dumps(rewritten, ensure_ascii=token.isascii() and "•" not in rewritten)
        )

    def _label(self, frame: _Frame, value: str) -> None:
        """A value that names what its neighbour holds."""
        if frame.key.lower() not in _LABELS:
            return
        owner = frame if frame.is_object else (self.frames[-2] if len(self.frames) > 1 else frame)
        if (
            owner.is_object
            and not owner.is_labelled
            and not any(map(str.isspace, value))
            and self.visitor.holds_secrets(value)
        ):
            owner.is_labelled = True

    def _owe(self, frame: _Frame, index: int) -> None:
        """Remember a value that a label may stand beside: its own object's, or that of what it stands in."""
        for owner in (frame, *self.frames[-2:-6:-1]):
            if owner.is_object and owner.key.lower() in _LABELLED:
                if owner.owed is None:
                    owner.owed = []
                owner.owed.append(index)

    def _close(self, frame: _Frame) -> None:
        if not (frame.is_labelled and frame.owed):
            return
        for index in frame.owed:
            token = self.out[index]
            value = unquoted(token) if token.startswith('"') else token
            rewritten = self.visitor.visit("input", value, is_number=not token.startswith('"'), is_inside=True)
            self.out[index] = self._written(token, value, rewritten)


def read_json(text: str, visitor: Visitor) -> str:
    """A JSON text with its values as the visitor writes them."""
    reader = _Reader(visitor)
    rewritten = reader.read(text)
    return read_text(rewritten, visitor) if reader.is_broken else rewritten


def unquoted(token: str) -> str:
    """The text of a JSON string, also of one that was cut short."""
    inner = token[1:-1] if len(token) > 1 and token.endswith('"') and not _is_escaped_end(token) else token[1:]
    if "\\" not in inner:
        return inner
    try:
        return str(json.loads(f'"{inner}"', strict=False))
    except ValueError:
        return inner


def _is_escaped_end(token: str) -> bool:
    before = token[:-1]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1
