"""The raw data of one exchange, sealed: it's only read with its credentials taken out.

A recorder sees every request and has microseconds for it, but few exchanges are ever looked at. So a capture keeps the
raw data without interpreting it, and removes the credentials when its exchange is first read.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from routebook_kernel.recording.failures import redact_failure
from routebook_kernel.records import Body, FailureRecord, HeaderPairs, SocketMessage, SocketRecord, Span
from routebook_kernel.redaction import HIDDEN, Hider

MAX_RESULT = 200

_ENCODINGS = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})


@dataclass(slots=True, repr=False, eq=False)
class RawBody:
    """The first bytes of a body, as received."""

    chunks: tuple[bytes, ...]
    size_bytes: int
    is_truncated: bool


@dataclass(slots=True, repr=False, eq=False)
class Capture:
    """The raw data of one exchange; implements `records.Sealed`.

    Args:
        hider: Hides the credentials of this exchange alone.
    """

    _hider: Hider
    _url: str
    _path_params: Mapping[str, Any]
    _request_headers: HeaderPairs
    _request_body: RawBody | None
    _response_headers: HeaderPairs
    _response_body: RawBody | None
    _output: str
    _failure: FailureRecord | None
    _spans: tuple[Span, ...]
    _socket: SocketRecord | None
    _opened: dict[str, Any] | None = field(default=None, init=False)

    def __reduce__(self) -> NoReturn:
        raise TypeError("A capture contains credentials, so it can't be pickled.")

    @property
    def size_bytes(self) -> int:
        """About how much memory it takes."""
        size = len(self._url) + len(self._output) + 500 * len(self._spans)
        for body in (self._request_body, self._response_body):
            if body is not None:
                size += sum(map(len, body.chunks))
        for headers in (self._request_headers, self._response_headers):
            for name, value in headers:
                size += len(name) + len(value) + 100
        if self._socket is not None:
            size += sum(200 + len(message.data) for message in self._socket.messages)
        return size

    def open(self) -> Mapping[str, Any]:
        """Return the fields of its exchange, without credentials. The first call does the redaction."""
        opened = self._opened
        if opened is None:
            for name, value in self._path_params.items():
                self._hider.visit(str(name), str(value))
            opened = dict(self._iter_fields())
            if self._hider.known:  # a value found in one field is hidden in all fields
                opened = dict(self._iter_fields())
            self._opened = opened
        return opened

    def open_body(self, raw: RawBody | None) -> Body | None:
        """Return a response body without credentials, for a body that was recorded in full elsewhere."""
        self.open()
        return self._body(raw, self._response_headers)

    def _iter_fields(self) -> Iterator[tuple[str, Any]]:
        hider = self._hider
        yield "request_headers", hider.header_pairs(self._request_headers)
        yield "url", hider.url(self._url)
        yield "request_body", self._body(self._request_body, self._request_headers)
        yield "response_headers", hider.header_pairs(self._response_headers)
        yield "response_body", self._body(self._response_body, self._response_headers)
        yield "failure", redact_failure(self._failure, hider) if self._failure is not None else None
        yield "spans", tuple(_redact_span(span, hider) for span in self._spans)
        yield "output", hider.text(self._output)
        yield "socket", _redact_socket(self._socket, hider) if self._socket is not None else None

    def _body(self, raw: RawBody | None, headers: HeaderPairs) -> Body | None:
        if raw is None:
            return None
        content_type, encoding = _find_header(headers, "content-type"), _find_header(headers, "content-encoding")
        media_type = content_type.partition(";")[0].strip().lower()
        if encoding.strip().lower() in _ENCODINGS:
            data = self._hider.body(b"".join(raw.chunks), content_type)
        else:  # an encoding that can't be decoded here
            data = HIDDEN.encode()
        if raw.is_truncated:
            data = self._hider.known.without_beginning(data)
        return Body(data, raw.size_bytes, media_type, is_truncated=raw.is_truncated)


def _find_header(headers: Iterable[tuple[str, str]], wanted: str) -> str:
    return next((value for name, value in headers if name == wanted or name.lower() == wanted), "")


def _redact_span(span: Span, hider: Hider) -> Span:
    if span.kind == "match":  # its name is the path
        return replace(span, name=hider.url(span.name))
    if span.result is None:
        return span
    # The name of a dependency describes its result only if that's a string: decode_token returns claims.
    is_named = span.kind == "parameter" or span.result.startswith(("'", '"', "b'", 'b"'))
    return replace(span, result=hider.value(span.name if is_named else "", span.result)[:MAX_RESULT])


def _redact_socket(socket: SocketRecord, hider: Hider) -> SocketRecord:
    return replace(
        socket,
        messages=tuple(redact_message(message, hider) for message in socket.messages),
        subprotocol=hider.header("sec-websocket-protocol", socket.subprotocol) if socket.subprotocol else None,
        close_reason=hider.text(socket.close_reason),
    )


def redact_message(message: SocketMessage, hider: Hider) -> SocketMessage:
    """Return a WebSocket message without its credentials."""
    data = hider.body(message.data, "")
    if message.is_truncated:
        data = hider.known.without_beginning(data)
    return message if data == message.data else replace(message, data=data)
