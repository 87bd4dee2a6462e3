"""Bodies, URLs and headers: parse each by its own rules, visit its values, and write it again.

A body is read by its media type. If it has none, or claims to be text but is JSON, its content decides.

Spec: RFC 3986, RFC 7578 and RFC 2046 §5.1 (multipart), the URL standard's form encoding, WHATWG server-sent events.
"""

import gzip
import re
import zlib
from collections.abc import Callable
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from routebook_kernel.redaction.json_text import read_json
from routebook_kernel.redaction.knowledge import as_bytes
from routebook_kernel.redaction.markup import read_html, read_xml
from routebook_kernel.redaction.tables import read_csv, read_markdown_tables
from routebook_kernel.redaction.text import read_text
from routebook_kernel.redaction.visitor import HIDDEN, Visitor

FORM = "application/x-www-form-urlencoded"
MAX_UNPACKED = 4 * 1024 * 1024
"""How many bytes of a compressed body are unpacked."""

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_BOUNDARY = re.compile(r"boundary\s*=\s*(?:\"([^\"]{1,200})\"|([^\s;]{1,200}))", re.IGNORECASE)
_FIRST_BOUNDARY = re.compile(rb"\s{0,4}--([^\r\n]{1,200})")
_FIELD_NAME = re.compile(r"(?:^|[;\s])name(\*?)\s*=\s*(?:\"((?:[^\"\\]|\\.)*+)\"?|([^\s;]+))", re.IGNORECASE)
_PART_TYPE = re.compile(r"^content-type:[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_JSON_START = re.compile(r"\s*+[{\[\"\x1e]")
_FORM_TEXT = re.compile(r"[\w.%+\-\[\]]{1,100}=[^\s&]*+(?:&[^\s&=]{0,100}=?[^\s&]*+)*+\s*")


def read_body(data: bytes, content_type: str, visitor: Visitor, *, depth: int = 0) -> bytes:
    """Return a body with its values as the visitor writes them. Bodies that can't be read as text are unchanged.

    Args:
        data: The body, or its beginning.
        content_type: The header's value, with or without parameters.
        visitor: Decides what to write for each value.
        depth: How many bodies contain this one.
    """
    if not data or depth > 4:
        return data
    if data[:2] == b"\x1f\x8b" or data[:2] in {b"x\x9c", b"x\xda", b"x\x01"}:
        return _packed(data, content_type, visitor, depth)
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type.startswith("multipart/"):
        return _multipart(data, content_type, visitor, depth)
    if media_type.startswith(("image/", "audio/", "video/", "font/")) and media_type != "image/svg+xml":
        return data
    encoding = _encoding(data, content_type)
    text = data.decode(encoding, "surrogateescape" if encoding == "utf-8" else "replace")
    rewritten = read_any(text, media_type, visitor)
    if rewritten == text:
        return data
    return rewritten.encode(
        "utf-8" if encoding == "latin-1" else encoding, "surrogateescape" if encoding != "utf-16" else "replace"
    )


def read_any(text: str, media_type: str, visitor: Visitor) -> str:
    """Read a text by its media type, or by its content if that says too little."""
    if media_type == "text/event-stream" or (not media_type and text.startswith(("data:", "event:"))):
        return _events(text, visitor)
    if media_type == FORM:
        return read_form(text, visitor)
    if media_type.endswith("xml") or (not media_type.endswith("json") and text.lstrip()[:5] in {"<?xml", "<soap"}):
        return read_xml(text, visitor)
    if media_type.endswith(("json", "json-seq", "ndjson", "jsonl", "json-lines")):
        return read_json(text, visitor)
    if media_type in {"", "text/plain", "application/octet-stream", "text/json"}:
        if _JSON_START.match(text):
            return read_json(text, visitor)
        if _FORM_TEXT.fullmatch(text):
            return read_form(text, visitor)
        if not any(map(str.isspace, text[:600])):
            return visitor.visit("", text)
    if media_type in {"text/csv", "text/tab-separated-values", "application/csv"}:
        return read_csv(text, visitor)
    if media_type == "text/html":
        text = read_html(text, visitor)
    elif media_type in {"text/markdown", "text/x-markdown"} or "\n|" in text or text.startswith("|"):
        text = read_markdown_tables(text, visitor)
    return visitor.visit("", text)


def _encoding(data: bytes, content_type: str) -> str:
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return "utf-16"
    if len(data) > 3 and data[1] == 0 and data[0] != 0:
        return "utf-32-le" if data[2:4] == b"\0\0" else "utf-16-le"
    if len(data) > 3 and data[0] == 0 and data[1] != 0:
        return "utf-16-be"
    charset = _CHARSET.search(content_type)
    if charset is not None:
        try:
            b"a=1".decode(charset[1])
        except (LookupError, UnicodeError):
            return "utf-8"
        if charset[1].lower().replace("_", "-") in {"latin-1", "iso-8859-1", "iso8859-1", "l1", "latin1"}:
            return "latin-1"
        return charset[1].lower() if charset[1].lower() not in {"utf8", "us-ascii", "ascii"} else "utf-8"
    return "utf-8"


def _packed(data: bytes, content_type: str, visitor: Visitor, depth: int) -> bytes:
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        plain = unpacker.decompress(data, MAX_UNPACKED)
    except zlib.error:
        return data
    rewritten = read_body(plain, content_type, visitor, depth=depth + 1)
    if rewritten == plain:
        return data
    return gzip.compress(rewritten, mtime=0) if data[:2] == b"\x1f\x8b" else zlib.compress(rewritten)


# Forms and URLs


def read_form(text: str, visitor: Visitor) -> str:
    """Return `a=1&b=2` (a form, query or fragment) with the values as the visitor writes them."""
    return "&".join([_pair(pair, visitor) for pair in text.split("&")])


def _pair(pair: str, visitor: Visitor) -> str:
    name, mark, value = pair.partition("=")
    if not mark:
        rewritten = visitor.visit("", unquote_plus(name)) if len(name) > 15 else ""
        return _encoded(rewritten, quote_plus) if rewritten and rewritten != unquote_plus(name) else pair
    plain = unquote_plus(value)
    rewritten = visitor.visit(unquote_plus(name), plain, is_number=plain.isdigit())
    return pair if rewritten == plain else f"{name}={_encoded(rewritten, quote_plus)}"


def read_url(url: str, visitor: Visitor) -> str:
    """Read the user, path, query and fragment of a URL, or of a path with a query."""
    before, hash_, fragment = url.partition("#")
    path, mark, query = before.partition("?")
    path = _path(path, visitor)
    if mark:
        query = read_form(query, visitor)
    if hash_:
        fragment = read_form(fragment, visitor) if "=" in fragment else fragment
    return f"{path}{mark}{query}{hash_}{fragment}"


def _path(path: str, visitor: Visitor) -> str:
    if "://" in path:
        rewritten = read_text(path, visitor)
        head, mark, rest = rewritten.partition("://")
        host, slash, tail = rest.partition("/")
        return f"{head}{mark}{host}{slash}{_segments(tail, visitor)}" if slash else rewritten
    return _segments(path, visitor)


def _segments(path: str, visitor: Visitor) -> str:
    out, before = [], ""
    for segment in path.split("/"):
        plain = unquote(segment)
        name = before if visitor.holds_secrets(before) and _may_follow(plain) else ""
        rewritten = visitor.visit(name, plain) if plain else plain
        out.append(segment if rewritten == plain else _encoded(rewritten, quote))
        before = plain
    return "/".join(out)


def _may_follow(segment: str) -> bool:
    """Whether a path segment may be the value of the one before: `/reset-token/8f3a`, not `/token/refresh`."""
    return len(segment) >= 24 or (len(segment) >= 6 and any(c.isdigit() for c in segment))


def _encoded(text: str, encode: Callable[[bytes], str]) -> str:
    """Percent-encode a string, except for hidden credentials. Binary data keeps its original bytes."""
    return HIDDEN.join([encode(as_bytes(part)) for part in text.split(HIDDEN)])


# Multipart


def _multipart(data: bytes, content_type: str, visitor: Visitor, depth: int) -> bytes:
    match = _BOUNDARY.search(content_type)
    boundary = (match[1] or match[2]).encode("latin-1", "replace") if match else b""
    if not boundary or b"--" + boundary not in data:
        first = _FIRST_BOUNDARY.match(data)
        if first is None:
            return data if b"name=" not in data else HIDDEN.encode()
        boundary = first[1].rstrip().removesuffix(b"--") or first[1]
    parts = data.split(b"--" + boundary)
    return (b"--" + boundary).join([_part(part, visitor, depth) for part in parts])


def _part(part: bytes, visitor: Visitor, depth: int) -> bytes:
    blank = b"\r\n\r\n" if b"\r\n\r\n" in part else b"\n\n"
    head, mark, body = part.partition(blank)
    if not mark:
        return part
    end = b"\r\n" if body.endswith(b"\r\n") else (b"\n" if body.endswith(b"\n") else b"")
    value = body[: len(body) - len(end)]
    name = _field_name(head.decode("utf-8", "replace"))
    kind = _PART_TYPE.search(head.decode("utf-8", "replace").replace("\r\n", "\n"))
    if visitor.holds_secrets(name):
        rewritten = visitor.visit(name, value.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    elif kind is not None and kind[1].strip():
        rewritten = read_body(value, kind[1].strip(), visitor, depth=depth + 1)
    else:
        text = value.decode("utf-8", "surrogateescape")
        rewritten = visitor.visit(name, text, is_number=text.isdigit()).encode("utf-8", "surrogateescape")
    return head + mark + rewritten + end


def _field_name(head: str) -> str:
    match = _FIELD_NAME.search(head)
    if match is None:
        return ""
    if match[1]:  # RFC 8187: name*=UTF-8''…
        return unquote((match[2] or match[3] or "").rpartition("'")[2])
    return re.sub(r"\\(.)", r"\1", match[2]) if match[2] is not None else match[3]


# Streams


def _events(text: str, visitor: Visitor) -> str:
    out: list[str] = []
    data: list[str] = []

    def flush() -> None:
        if data:
            rewritten = visitor.visit("", "\n".join(line.removeprefix(" ") for line in data))
            out.extend(f"data:{' ' if data[0].startswith(' ') else ''}{line}" for line in rewritten.split("\n"))
            data.clear()

    for line in text.replace("\r\n", "\n").split("\n") if "data:" in text else [text]:
        if line.startswith("data:"):
            data.append(line[5:])
            continue
        flush()
        out.append(visitor.visit("", line) if line and not line.startswith(("id:", "retry:")) else line)
    flush()
    return "\n".join(out)


# Headers

_COOKIES = re.compile(r"(?i)^(?:x-)?(?:(?:forwarded|original)-)?cookie2?$")
_URLS = frozenset({"location", "content-location", "referer", "referrer", "x-original-url", "x-rewrite-url", "refresh"})
_SUBPROTOCOLS = "sec-websocket-protocol"
_CHALLENGES = frozenset({"www-authenticate", "proxy-authenticate", "access-control-allow-headers", "vary", "allow",
                         "access-control-expose-headers", "access-control-request-headers", "content-type", "host",
                         "access-control-allow-credentials", "date", "trailer"})  # fmt: skip
_WITH_SCHEME = re.compile(r"([A-Za-z][\w\-]{1,30})[ \t]+(?=\S)")


def read_header(name: str, value: str, visitor: Visitor) -> str:
    """Read a header's value. Schemes of credentials, and names and attributes of cookies, are unchanged."""
    lowered = name.lower()
    if lowered in _CHALLENGES:
        return value
    if _COOKIES.match(lowered):
        return "; ".join([_cookie(pair.strip(), visitor) for pair in value.split(";")])
    if lowered == "set-cookie":
        cookie, mark, attributes = value.partition(";")
        return _cookie(cookie, visitor) + mark + attributes
    if lowered in _URLS:
        return read_url(value, visitor)
    if lowered == _SUBPROTOCOLS:
        return _subprotocols(value, visitor)
    if lowered == "link":
        return re.sub(r"<([^<>]*+)>", lambda match: f"<{read_url(match[1], visitor)}>", value)
    scheme = _WITH_SCHEME.match(value) if visitor.holds_secrets(lowered) else None
    if scheme is not None:
        return value[: scheme.end()].rstrip() + " " + visitor.visit(lowered, value[scheme.end() :])
    return visitor.visit(lowered, value, is_number=value.isdigit())


def _cookie(pair: str, visitor: Visitor) -> str:
    name, mark, value = pair.partition("=")
    if not mark:
        return visitor.visit("cookie", name) if name else name
    return f"{name.strip()}={visitor.visit('cookie', value.strip()) if value else value}"


def _subprotocols(value: str, visitor: Visitor) -> str:
    """Read subprotocols, which may include a token, because browsers can't set headers on a WebSocket."""
    rewritten: list[str] = []
    before = ""
    for item in map(str.strip, value.split(",")):
        is_token = (before and visitor.holds_secrets(before)) or len(item) >= 40
        prefix, dot, rest = item.rpartition(".")
        if not is_token and dot and visitor.holds_secrets(prefix) and len(rest) >= 8:
            rewritten.append(f"{prefix}.{visitor.visit('token', rest)}")
        else:
            rewritten.append(visitor.visit("token" if is_token else "", item))
        before = item
    return ", ".join(rewritten)
