"""Builds what views of the log show of a request: its row, and its details."""

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Literal

from routebook_kernel.protocol import (
    ExchangeDetail,
    ExchangeSummary,
    HiddenValue,
    RawRequestState,
    SocketLine,
    SocketTranscript,
)
from routebook_kernel.recording.display import describe_socket, find_issues, format_message
from routebook_kernel.recording.redacted_values import RedactedValue
from routebook_kernel.records import Exchange, HeaderPairs, Place, RawRequest, SocketRecord, size_of
from routebook_kernel.redaction import HIDDEN
from routebook_kernel.session.credentials import StoredCredential
from routebook_kernel.session.sending import exchange_state

Level = Literal["quiet", "warn", "error"]

_AGENTS = (("Firefox/", "Firefox"), ("Edg/", "Edge"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_PRODUCT = re.compile(r"([\w.-]{1,30})/(\d+(?:\.\d+)?)")
_MAX_NOTE = 120
_NORMAL_CLOSE = 1000


def summary_of(exchange: Exchange) -> ExchangeSummary:
    """Return an exchange as a row of the log."""
    socket = exchange.socket
    note, level = _note(exchange)
    return ExchangeSummary(
        id=exchange.id,
        application=exchange.application,
        operation=exchange.operation,
        source=exchange.source,
        sender=_agent(exchange.request_headers) if exchange.source == "server" else "",
        cell=exchange.cell,
        method=exchange.method,
        url=exchange.url,
        status=exchange.status,
        started_at=round(exchange.started_at, 3),
        elapsed_ms=round(exchange.elapsed_ms, 3),
        size_bytes=size_of(exchange.response_body) if socket is None else socket.sent_bytes + socket.received_bytes,
        messages=None if socket is None else socket.message_count,
        is_open=socket is not None and socket.is_open,
        is_cancelled=exchange.is_cancelled,
        note=note[:_MAX_NOTE],
        level=level,
    )


def _agent(headers: HeaderPairs) -> str:
    """Return the program that a User-Agent header names: "curl 8.5", "Firefox".

    Spec: RFC 9110 §10.1.5.
    """
    agent = next((value for name, value in headers if name.lower() == "user-agent"), "")
    for sign, name in _AGENTS:
        if sign in agent:
            return name
    product = _PRODUCT.match(agent)
    return f"{product.group(1)} {product.group(2)}" if product else agent[:30]


def _note(exchange: Exchange) -> tuple[str, Level]:
    """Return the most important remark on an exchange, and its level."""
    if (failure := exchange.failure) is not None:
        return f"{failure.type}{_at(failure.frames[-1].place if failure.frames else None)}", "error"
    if issues := find_issues(exchange):
        one = f"{issues[0]['field']} {issues[0]['rule']}"
        return (one if len(issues) == 1 else f"{len(issues)} values rejected"), "warn"
    if (socket := exchange.socket) is not None:
        return _socket_note(socket)
    if exchange.is_cancelled:
        return "cancelled", "warn"
    if exchange.raised is not None:
        return f"{exchange.raised.type}{_at(exchange.raised.place)}", "warn"
    body = exchange.response_body
    if body is not None and body.media_type and not body.media_type.endswith("json"):
        return body.media_type, "quiet"
    return "", "quiet"


def _socket_note(socket: SocketRecord) -> tuple[str, Level]:
    if socket.is_open:
        return "open", "quiet"
    if socket.close_code is None:
        return "", "quiet"
    return f"closed with {socket.close_code}", "quiet" if socket.close_code == _NORMAL_CLOSE else "warn"


def _at(place: Place | None) -> str:
    return f", {place}" if place is not None else ""


def detail_of(exchange: Exchange) -> ExchangeDetail:
    """Return the details of an exchange, without those for sending it again."""
    return ExchangeDetail(
        summary=summary_of(exchange),
        exchange=exchange_state(exchange),
        output=exchange.output,
        transcript=None if exchange.socket is None else _transcript(exchange.socket),
        steps=len(exchange.spans),
        request=None,
        hidden=[],
        refusal="",
    )


def _transcript(socket: SocketRecord) -> SocketTranscript:
    lines = [
        SocketLine(sender=message.sender, text=format_message(message), at_ms=round(message.at_ms, 3))
        for message in socket.messages
    ]
    return SocketTranscript(lines=lines, end=describe_socket(socket))


def raw_request_state(exchange: Exchange, request: RawRequest) -> RawRequestState:
    """Return a request as a page edits it."""
    state = RawRequestState(
        application=exchange.application,
        operation=exchange.operation,
        method=request.method,
        url=request.url,
        headers=list(request.headers),
    )
    if not request.body:
        return state
    try:
        return state | {"text": request.body.decode()}
    except UnicodeDecodeError:
        return state | {"base64": base64.b64encode(request.body).decode("ascii")}


def hidden_values(
    request: RawRequest, hidden: Iterable[RedactedValue], stored: Mapping[str, StoredCredential]
) -> list[HiddenValue]:
    """Return the hidden values of a request; `stored` are the credentials that can fill them in, by key."""
    headers = {name.lower(): value for name, value in request.headers}
    return [
        HiddenValue(
            key=value.key,
            where=value.where,
            name=value.name,
            scheme=headers[value.name].partition(HIDDEN)[0].strip() if value.where == "header" else "",
            held=stored[value.key].description if value.key in stored else "",
        )
        for value in hidden
    ]


def holds(exchange: Exchange, text: str) -> bool:
    """Whether an exchange's URL, headers, bodies, messages or prints contain a text, ignoring case."""
    wanted = text.lower()
    if wanted in exchange.url.lower() or wanted in exchange.output.lower():
        return True
    for headers in (exchange.request_headers, exchange.response_headers):
        if any(wanted in f"{name}: {value}".lower() for name, value in headers):
            return True
    data = [body.data for body in (exchange.request_body, exchange.response_body) if body is not None]
    if exchange.socket is not None:
        data += [message.data for message in exchange.socket.messages]
    return any(wanted in each.decode("utf-8", "replace").lower() for each in data)
