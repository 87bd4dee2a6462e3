"""HTML and XML, tag by tag: values by the names of elements and attributes, by their labels and their columns.

No entity is expanded and nothing is resolved: what isn't hidden stays as it was written.
"""

import html
import re

from routebook_kernel.redaction.names import DECLARED
from routebook_kernel.redaction.text import read_text
from routebook_kernel.redaction.visitor import Visitor

_TAG = re.compile(r"<!\[CDATA\[(?:[^\]]|\](?!\]>))*+(?:\]\]>)?|<!--(?:[^-]|-(?!->))*+(?:-->)?|<[^<>]*+>?|[^<]++")
_FIELD = re.compile(r"<(?:input|meta|textarea|button)\b[^<>]*+>?", re.IGNORECASE)
_LABEL = re.compile(r"\b(?:name|id|key|property|itemprop)\s*=\s*[\"']([^\"'<>]*)", re.IGNORECASE)
_LABELLED = re.compile(r"\b(value|content)(\s*=\s*)(\"[^\"]*+\"?|'[^']*+'?)", re.IGNORECASE)
_TAG_NAME = re.compile(r"</?([\w:.\-]+)")
_LABEL_TEXT = re.compile(r"[^\W\d][\w.\-]*(?: [\w.\-]+){0,2}\s*[:=]?")
_NO_LABELS = frozenset({"a", "button", "label", "legend", "li", "option", "summary", "title", "script", "style",
                        "h1", "h2", "h3", "h4", "h5", "h6"})  # fmt: skip
"""Elements whose text is a heading, or a thing to click: what follows isn't its value."""
_VALUES = frozenset({"dd", "td", "string", "data", "integer", "int", "i4", "value", "code", "pre", "samp", "kbd",
                     "output", "var", "tt", "b", "strong", "em", "i", "span", "mark"})  # fmt: skip
"""Elements whose text may be the value of a label before them."""


def read_html(text: str, visitor: Visitor) -> str:
    """Return HTML with the values of its fields, labels and tables as the visitor writes them."""
    return _read_labelled(_FIELD.sub(lambda match: _tag(match[0], visitor), text), visitor)


def _read_labelled(text: str, visitor: Visitor) -> str:
    """Visit the text after a label (`<dt>Password</dt><dd>…`), and the cells below the head of a column."""
    out: list[str] = []
    label = label_tag = tag = ""
    columns: dict[int, str] = {}
    column = 0
    for match in _TAG.finditer(text):
        token = match[0]
        out.append(token)
        if token.startswith("<"):
            found = _TAG_NAME.match(token)
            if found is None or token.startswith("</"):
                continue
            tag = found[1].lower()
            column = 0 if tag == "tr" else column + (tag in {"td", "th"})
            if tag == "table":
                columns = {}
            continue
        words = token.strip()
        if not words:
            continue
        is_value = label and tag in _VALUES and (tag != label_tag or tag in {"td", "span"})
        name = label if is_value else columns.get(column, "") if tag == "td" else ""
        label = ""
        if name and words not in DECLARED:
            plain = html.unescape(words)
            rewritten = visitor.visit(name, plain, is_number=plain.isdigit())
            out[-1] = token if rewritten == plain else token.replace(words, rewritten)
        elif _LABEL_TEXT.fullmatch(words) and tag not in _NO_LABELS and visitor.holds_secrets(words.rstrip(":= ")):
            label, label_tag = words.rstrip(":= "), "" if words.endswith((":", "=")) else tag
            if tag == "th":
                columns[column] = label
        elif tag == "th":
            columns.pop(column, None)
    return "".join(out)


def read_xml(text: str, visitor: Visitor) -> str:
    """Markup, tag by tag: what stands in an element, and in an attribute, by its name. No entity is expanded."""
    out: list[str] = []
    names: list[str] = []
    secret_at: list[int] = []
    for match in _TAG.finditer(text):
        token = match[0]
        if token.startswith("<![CDATA["):
            inner = token[9:].removesuffix("]]>")
            rewritten = visitor.visit(names[-1] if names else "", inner, is_inside=bool(secret_at))
            out.append(token if rewritten == inner else f"<![CDATA[{rewritten}]]>")
        elif token.startswith("<"):
            out.append(_tag(token, visitor))
            _step(token, names, secret_at, visitor)
        elif token.strip():
            rewritten = visitor.visit(names[-1] if names else "", token, is_inside=bool(secret_at))
            out.append(rewritten)
        else:
            out.append(token)
    return _read_labelled("".join(out), visitor)


def _tag(tag: str, visitor: Visitor) -> str:
    """A tag, whose attributes have names, and which may name its own value."""
    if any(map(visitor.holds_secrets, _LABEL.findall(tag))):

        def put(match: re.Match[str]) -> str:
            quote_ = match[3][0]
            return f"{match[1]}{match[2]}{quote_}{visitor.visit('password', match[3].strip(quote_))}{quote_}"

        tag = _LABELLED.sub(put, tag)
    return read_text(tag, visitor)


def _step(tag: str, names: list[str], secret_at: list[int], visitor: Visitor) -> None:
    found = _TAG_NAME.match(tag)
    if found is None or tag.endswith("/>"):
        return
    name = found[1].rpartition(":")[2]
    if not tag.startswith("</"):
        names.append(name)
        if visitor.holds_secrets(name) or any(map(visitor.holds_secrets, _LABEL.findall(tag))):
            secret_at.append(len(names))
    elif names:
        if secret_at and secret_at[-1] == len(names):
            secret_at.pop()
        names.pop()
