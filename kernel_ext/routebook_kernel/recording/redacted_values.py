"""Redacted values in a recorded request: which ones were hidden, and how to fill them in to send it again.

The record contains no credentials, so a request that had some can't be sent as recorded: the placeholders must never
reach an application. Each redacted value has a key, such as "header authorization" or "body password".
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, quote_plus, unquote_plus

from routebook_kernel.exceptions import RequestError
from routebook_kernel.records import Exchange, RawRequest
from routebook_kernel.redaction import HIDDEN, Secrets

ValueLocation = Literal["header", "cookie", "path", "query", "body"]

_CONNECTION_HEADERS = frozenset({
    "connection", "content-length", "host", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding",
    "upgrade",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class RedactedValue:
    """A value that is missing from the record."""

    where: ValueLocation
    name: str

    @property
    def key(self) -> str:
        """Its unique key: "header authorization"."""
        return f"{self.where} {self.name}"

    def __str__(self) -> str:
        return f"{self.name} ({self.where})"


def build_request(exchange: Exchange) -> RawRequest:
    """Return the request of an exchange, without the headers of its connection.

    Raises:
        RequestError: If it can't be sent again.
    """
    if exchange.method == "WEBSOCKET":
        raise RequestError("A WebSocket connection can't be replayed. It's a conversation, not a single request.")
    body = exchange.request_body
    if body is not None and body.is_truncated:
        raise RequestError(
            f"The log has only {len(body.data):,} of the body's {body.size_bytes:,} bytes, so it can't be replayed."
        )
    length = next((value for name, value in exchange.request_headers if name.lower() == "content-length"), "0")
    if body is None and length != "0":
        raise RequestError("The application didn't read the body, so it isn't in the log and can't be replayed.")
    headers = tuple(pair for pair in exchange.request_headers if pair[0].lower() not in _CONNECTION_HEADERS)
    return RawRequest(exchange.method, exchange.url, headers, body.data if body is not None else b"")


def find_redacted_values(request: RawRequest, secrets: Secrets) -> tuple[RedactedValue, ...]:
    """Return the values of a request that were hidden, each once."""
    found: dict[str, RedactedValue] = {}

    def add(where: ValueLocation, name: str) -> None:
        hidden = RedactedValue(where, name)
        found.setdefault(hidden.key, hidden)

    for name, value in request.headers:
        if name.lower() == "cookie":
            for cookie in value.split(";"):
                if HIDDEN in cookie:
                    add("cookie", cookie.partition("=")[0].strip())
        elif HIDDEN in value:
            add("header", name.lower())
    for pair in _query(request.url).split("&"):
        if HIDDEN in pair:
            add("query", unquote_plus(pair.partition("=")[0]))
    if HIDDEN in request.url.partition("?")[0]:
        add("path", "path")
    for name in secrets.hidden_fields(request.body, request.media_type):
        add("body", name)
    return tuple(found.values())


def fill_redacted_values(request: RawRequest, values: Mapping[str, str], secrets: Secrets) -> RawRequest:
    """Return the request with its redacted values filled in.

    Args:
        request: As recorded, or as edited by the user.
        values: The values by key. Unneeded ones are ignored.
        secrets: The names that were hidden.

    Raises:
        RequestError: If a redacted value is missing.
    """
    path, mark, query = request.url.partition("?")
    filled = RawRequest(
        method=request.method,
        url=_fill_path(path, values) + mark + "&".join(_fill_pair(pair, values) for pair in query.split("&")),
        headers=tuple((name, _fill_header(name.lower(), value, values)) for name, value in request.headers),
        body=secrets.fill_fields(request.body, request.media_type, lambda name: values.get(f"body {name}")),
    )
    if missing := find_redacted_values(filled, secrets):
        names = ", ".join(map(str, missing))
        raise RequestError(f"The log keeps no credentials. To send this again, fill in: {names}.")
    return filled


def _query(url: str) -> str:
    return url.partition("?")[2]


def _fill_path(path: str, values: Mapping[str, str]) -> str:
    replacement = values.get("path path")
    return path.replace(HIDDEN, quote(replacement, safe="")) if replacement else path


def _fill_pair(pair: str, values: Mapping[str, str]) -> str:
    name, mark, value = pair.partition("=")
    replacement = values.get(f"query {unquote_plus(name)}")
    return f"{name}={quote_plus(replacement)}" if mark and HIDDEN in value and replacement else pair


def _fill_header(name: str, value: str, values: Mapping[str, str]) -> str:
    if HIDDEN not in value:
        return value
    if name == "cookie":
        return "; ".join(_fill_cookie(cookie.strip(), values) for cookie in value.split(";"))
    replacement = values.get(f"header {name}")
    if replacement and value.startswith("Basic ") and ":" in replacement:  # RFC 7617 §2: user-id and password
        replacement = b64encode(replacement.encode()).decode()
    return value.replace(HIDDEN, replacement) if replacement else value


def _fill_cookie(cookie: str, values: Mapping[str, str]) -> str:
    name = cookie.partition("=")[0]
    replacement = values.get(f"cookie {name}")
    return f"{name}={replacement}" if replacement and HIDDEN in cookie else cookie
