"""The console's request: from the arguments of a view to a request, and from an exchange to what a view shows.

Spec: RFC 3986 §2.1, §3.3 (percent-encoding of a path), RFC 6265 §4.2 (Cookie), RFC 7578 (multipart/form-data).
"""

import asyncio
import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote, urlencode

import httpx2
from starlette.types import Message

from routebook_kernel.exceptions import RequestError
from routebook_kernel.protocol import (
    CellRef,
    ExchangeState,
    Failure,
    FilePart,
    Frame,
    Payload,
    Raised,
    RequestBody,
    SendArguments,
    Streamed,
)
from routebook_kernel.recording.advice import advise
from routebook_kernel.recording.display import find_issues, reason_phrase
from routebook_kernel.records import Body, CellRecord, Exchange, FailureRecord, FrameRecord, RaisedRecord, RawRequest
from routebook_kernel.redaction import USUAL
from routebook_kernel.runtime.client import BASE_URL, Perform, scope_of
from routebook_kernel.runtime.http_capture import CapturedBody, make_raw_body
from routebook_kernel.runtime.recorder import Recorded
from routebook_kernel.session.streaming import StreamForwarder

MAX_SHOWN_BYTES = 1_000_000
"""How much of a body one reply carries to the page: the Jupyter server lets a megabyte a second pass."""

_PARAMETER = re.compile(r"{([^{}:]+)(?::[^{}]*)?}")
_METHOD = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_BAD_URL = re.compile(r"[\s#]")
_BAD_HEADER = re.compile(r"[\r\n\0]")


def filled_path(template: str, values: Mapping[str, str]) -> str:
    """Fill in a path template, percent-encoding the values.

    Raises:
        RequestError: If a value is missing or empty.
    """

    def value_of(match: re.Match[str]) -> str:
        name = match.group(1)
        if not (value := values.get(name, "")):
            raise RequestError(f"{name} is empty. A path parameter needs a value.")
        return quote(value, safe="")

    return _PARAMETER.sub(value_of, template)


async def send(perform: Perform, arguments: SendArguments, forward: Callable[[Streamed], None]) -> Exchange:
    """Send the console's request to the application; `forward` gets the pieces of a streaming response.

    The view shows up to a megabyte of the body, of which the log keeps the beginning.

    Raises:
        RequestError: If the request can't be built.
    """
    request, raw_path = form_request(arguments)
    forwarder, body = StreamForwarder(forward), CapturedBody(MAX_SHOWN_BYTES)

    def hear(message: Message) -> None:
        forwarder.read(message)
        if message["type"] == "http.response.body":
            body.add(message.get("body", b""))

    try:
        recorded = await _run(perform, request, raw_path, hear)
    finally:
        forwarder.end()
    exchange = recorded.exchange
    if exchange.response_body is None or not exchange.response_body.is_truncated:
        return exchange
    return replace(exchange, response_body=recorded.capture.open_body(make_raw_body(body)))


async def send_raw(
    perform: Perform, raw: RawRequest, hear: Callable[[Message], None] = lambda message: None
) -> Exchange:
    """Send a raw request to the application; `hear` gets the messages of the response.

    Raises:
        RequestError: If a value isn't valid in its place.
    """
    if not _METHOD.fullmatch(raw.method):
        raise RequestError(f"{raw.method!r} isn't an HTTP method.")
    path, _, query = raw.url.partition("?")
    if not path.startswith("/") or not raw.url.isascii() or _BAD_URL.search(raw.url):
        raise RequestError(f"{USUAL.url(raw.url)!r} isn't a valid path. Write it as /items?q=a%20b.")
    headers = [checked_header(name, value) for name, value in raw.headers]
    url = f"{BASE_URL}/?{query}" if query else f"{BASE_URL}/"
    request = httpx2.Request(raw.method, url, headers=headers, content=raw.body)
    recorded = await _run(perform, request, path, hear)
    return recorded.exchange


async def fetch_token(perform: Perform, arguments: SendArguments) -> str:
    """Return the access token from the application's response. In the recorded exchange it's redacted.

    Raises:
        RequestError: If the request can't be built, or the response has no token.

    Spec: RFC 6749 §4.3.2 (request), §5.1 (response), §5.2 (error).
    """
    content = bytearray()
    request, raw_path = form_request(arguments)
    recorded = await _run(perform, request, raw_path, lambda message: content.extend(message.get("body", b"")))
    members = _json_members(bytes(content))
    token = members.get("access_token")
    if not isinstance(token, str) or not token:
        why = members.get("error_description") or members.get("detail") or members.get("error")
        reason = f": {why}" if isinstance(why, str) else ""
        raise RequestError(f"{request.method} {raw_path} returned {recorded.exchange.status} without a token{reason}.")
    return token


def _json_members(body: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def form_request(arguments: SendArguments) -> tuple[httpx2.Request, str]:
    """Return the request and its percent-encoded path, which a URL library would change.

    Raises:
        RequestError: If a value isn't valid in its place.
    """
    method = arguments["method"].upper()
    if not _METHOD.fullmatch(method):
        raise RequestError(f"{method!r} isn't an HTTP method.")
    raw_path = filled_path(arguments["path"], arguments["path_params"])
    headers = [checked_header(name, value) for name, value in arguments["headers"]]
    if arguments["cookies"]:
        headers.append(checked_header("cookie", "; ".join(f"{name}={value}" for name, value in arguments["cookies"])))
    body_headers, options = _body_options(arguments["body"])
    names = {name.lower() for name, _ in headers}
    headers += [(name, value) for name, value in body_headers if name.lower() not in names]
    query = urlencode(arguments["query"])
    request = httpx2.Request(method, f"{BASE_URL}/?{query}" if query else f"{BASE_URL}/", headers=headers, **options)
    return request, raw_path


def is_method(method: str) -> bool:
    """Whether a string is a valid method. Spec: RFC 9110 §5.6.2 (token), §9.1."""
    return _METHOD.fullmatch(method) is not None


def checked_header(name: str, value: str) -> tuple[str, str]:
    """Return a header, checked.

    Raises:
        RequestError: If it isn't valid.
    """
    if not _METHOD.fullmatch(name) or _BAD_HEADER.search(value):
        raise RequestError(f"Invalid header {name!r}. Names consist of letters, digits and -, values of one line.")
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        raise RequestError(f"Invalid header {name!r}. Header values can contain Latin letters only.") from None
    return name, value


def _body_options(body: RequestBody) -> tuple[list[tuple[str, str]], dict[str, Any]]:
    kind = body["kind"]
    if kind == "json":
        return [("content-type", "application/json")], {"content": body.get("text", "").encode()}
    if kind == "text":
        return [("content-type", body.get("content_type", "text/plain"))], {"content": body.get("text", "").encode()}
    if kind == "form":
        encoded = urlencode(body.get("fields", [])).encode()
        return [("content-type", "application/x-www-form-urlencoded")], {"content": encoded}
    if kind == "multipart":
        return [], {"files": [_file_part(part) for part in body.get("parts", [])]}
    return [], {}


def _file_part(part: FilePart) -> tuple[str, tuple[str | None, bytes, str | None]]:
    try:
        data = base64.b64decode(part["base64"], validate=True) if "base64" in part else part.get("text", "").encode()
    except binascii.Error:
        raise RequestError(f"The file for {part['name']!r} is incomplete. Choose it again.") from None
    return part["name"], (part.get("filename"), data, part.get("content_type"))


async def _run(perform: Perform, request: httpx2.Request, raw_path: str, hear: Callable[[Message], None]) -> Recorded:
    """Send a request; `hear` gets the messages of the response, as they were sent."""
    body = await request.aread()
    is_sent, is_over = False, asyncio.Event()

    async def receive() -> Message:
        nonlocal is_sent
        if not is_sent:
            is_sent = True
            return {"type": "http.request", "body": body, "more_body": False}
        await is_over.wait()
        return {"type": "http.disconnect"}

    async def send_message(message: Message) -> None:
        hear(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            is_over.set()

    scope = {**scope_of(request), "path": unquote(raw_path), "raw_path": raw_path.encode("ascii", "replace")}
    return await perform(scope, receive, send_message, "console")


def exchange_state(exchange: Exchange) -> ExchangeState:
    """Return an exchange as views show it."""
    return ExchangeState(
        id=exchange.id,
        operation=exchange.operation,
        source=exchange.source,
        method=exchange.method,
        url=exchange.url,
        request_headers=list(exchange.request_headers),
        request_body=_payload(exchange.request_body),
        status=exchange.status,
        reason=reason_phrase(exchange.status),
        response_headers=list(exchange.response_headers),
        response_body=_payload(exchange.response_body),
        elapsed_ms=round(exchange.elapsed_ms, 3),
        issues=find_issues(exchange),
        advice=advise(exchange),
        failure=_failure(exchange.failure),
        raised=_raised(exchange.raised),
    )


def _payload(body: Body | None) -> Payload | None:
    if body is None:
        return None
    payload = Payload(media_type=body.media_type, size_bytes=body.size_bytes, is_truncated=body.is_truncated)
    if (text := body.text) is not None:
        payload["text"] = text
    else:
        payload["base64"] = base64.b64encode(body.data).decode("ascii")
    return payload


def _raised(raised: RaisedRecord | None) -> Raised | None:
    if raised is None:
        return None
    cell, line = raised.place.cell, raised.place.line
    return Raised(
        type=raised.type,
        function=raised.function,
        cell=cell_ref(cell, line) if cell else None,
        file=raised.place.file,
        line=line,
    )


def _failure(failure: FailureRecord | None) -> Failure | None:
    if failure is None:
        return None
    return Failure(
        type=failure.type,
        message=failure.message,
        frames=[_frame(frame) for frame in failure.frames],
        folded=failure.folded,
    )


def _frame(frame: FrameRecord) -> Frame:
    place = frame.place
    return Frame(
        cell=cell_ref(place.cell, place.line) if place.cell else None,
        file=place.file,
        line=place.line or 0,
        function=frame.function,
        source=frame.source,
        values=dict(frame.values),
    )


def cell_ref(cell: CellRecord, line: int | None) -> CellRef:
    """Return a cell as views name it."""
    return CellRef(cell_id=cell.cell_id, label=cell.label, line=line)
