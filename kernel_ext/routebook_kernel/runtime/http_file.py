"""The `.http` format of VS Code's REST Client and of JetBrains' HTTP Client, read.

    @token = abc
    ### Make a book
    # @name make
    # @expect 201
    POST /books?draft=1
    Authorization: Bearer {{token}}

    {"title": "Emma"}

    ###
    GET /books/{{make.response.body.$.id}}

Spec: the documentation of both; `# @expect STATUS` and httpyac's `?? status == STATUS` say which status is right.
Scripts are not run: a request that has one is sent, and says so.
"""

import base64
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from secrets import randbelow
from typing import Any
from uuid import uuid4

from routebook_kernel.exceptions import KernelExtensionError

_SEPARATOR = re.compile(r"^###(.*)$")
_VARIABLE = re.compile(r"^@([\w.-]+)\s*=\s*(.*)$")
_TIME = re.compile(r"^(\d+(?:\.\d+)?)\s*(ms|s|m)?$")
_SECONDS: Mapping[str | None, float] = {"ms": 0.001, "s": 1, None: 1, "m": 60}
_DIRECTIVE = re.compile(r"^(?:#|//)\s*@([\w-]+)[ \t]*(.*)$")
_COMMENT = re.compile(r"^(?:#|//)")
_REQUEST = re.compile(r"^(?:([A-Za-z]+)\s+)?((?:\{\{[^{}]*\}\}|\S)+)(?:\s+HTTP/[\d.]+)?$")
_EXPECT = re.compile(r"^\?\?\s*status\s*(?:==)?\s*(\d{3})$")
_FILE = re.compile(r"^<(@\w*)?\s+(\S.*)$")
_SCRIPT = re.compile(r"^[<>]\s*\{%|^>\s+\S+\.js$")
_SAVED = re.compile(r"^>>!?\s*(\S.*)$")
_LINK = re.compile(r"^<>\s*\S")
_USE = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
_MEMBER = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")

_OTHER_PROTOCOLS: Mapping[str, str] = {
    "WEBSOCKET": "open a WebSocket with %api sockets, or client.websocket_connect(…)",
    "GRAPHQL": 'write POST, and {"query": "…"} as the body',
    "GRPC": "only HTTP requests are sent",
    "RSOCKET": "only HTTP requests are sent",
}
_OTHER_LINES: Mapping[str, str] = {
    "curl": "write the method and the URL, headers below it, an empty line, the body",
    "run": "other files are not run: copy their requests into the cell",
    "import": "other files are not read: copy their requests into the cell",
}


class HttpFileError(KernelExtensionError):
    """A request of a `.http` text cannot be read or filled; the message has its line."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request as it is written, variables not yet filled.

    Attributes:
        name: From `# @name`, or the text after `###`; "" without one.
        line: Of its request line, 1-based.
        body: Its text; None without one. A line `< path` stands for a file's content, with `<@` its variables filled.
        expect: The status that is right; None where any is.
        follows_redirects: False with `# @no-redirect`.
        timeout_s: From `# @timeout 5`: how long the answer may be silent; None where nothing is said.
        notes: What of the text has no effect here, a sentence each.
    """

    name: str
    method: str
    url: str
    line: int
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    expect: int | None = None
    follows_redirects: bool = True
    timeout_s: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class HttpFile:
    """The requests of a text in order, and its variables."""

    requests: list[HttpRequest] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)


def parse_http_file(text: str, first_line: int = 1) -> HttpFile:
    """Read a `.http` text.

    Args:
        text: One or more requests.
        first_line: The number of its first line, where it stands in a cell.

    Raises:
        HttpFileError: A request line or a header is none.
    """
    parsed, block, title, start = HttpFile(), list[str](), "", first_line
    for number, line in enumerate([*text.splitlines(), "###"], first_line):
        if separator := _SEPARATOR.match(line):
            if (request := _parse_request(block, title, start, parsed.variables)) is not None:
                parsed.requests.append(request)
            block, title, start = [], separator.group(1).strip(), number + 1
        else:
            block.append(line)
    return parsed


def _parse_request(lines: list[str], title: str, start: int, variables: dict[str, str]) -> HttpRequest | None:
    told: dict[str, str] = {"name": title}
    lines, notes = _without_scripts(lines, start)
    index = 0
    while index < len(lines) and not _begins_request(lines[index], told, variables):
        index += 1
    if index == len(lines):
        return None
    line_number = start + index
    method, url = _parse_request_line(lines[index].strip(), line_number)
    url, index = _continued(url, lines, index + 1)
    headers, index = _parse_headers(lines, index, start, told)
    body = _parse_body(lines[index:], told)
    if "no-log" in told:
        notes.append(
            f"line {line_number}: `# @no-log` has no effect here: the log keeps the request, without credentials"
        )
    return HttpRequest(
        name=told["name"],
        method=method,
        url=url,
        line=line_number,
        headers=headers,
        body=body,
        expect=int(told["expect"]) if told.get("expect", "").isdigit() else None,
        follows_redirects="no-redirect" not in told,
        timeout_s=_seconds(told["timeout"], line_number) if "timeout" in told else None,
        notes=tuple(notes),
    )


def _seconds(text: str, line: int) -> float:
    match = _TIME.match(text)
    if match is None:
        raise HttpFileError(f"line {line}: the request's `@timeout {text}` is no time: write 5, 500 ms or 2 m")
    return float(match.group(1)) * _SECONDS[match.group(2)]


def _without_scripts(lines: list[str], start: int) -> tuple[list[str], list[str]]:
    """The lines without JetBrains' scripts and files of answers, which are left blank, and what is said of them."""
    kept, notes, is_script = list[str](), list[str](), False
    for number, line in enumerate(lines, start):
        text = line.strip()
        if is_script or _SCRIPT.match(text):
            if not is_script:
                notes.append(
                    f"line {number}: scripts are not run here: say which status is right with `# @expect 200`, and use "
                    "an answer as {{name.response.body.$.id}}"
                )
            is_script = "{%" in text or is_script
            is_script = is_script and not text.endswith("%}")
            kept.append("")
        elif saved := _SAVED.match(text):
            notes.append(f"line {number}: the answer is not written to {saved.group(1)}: the log has it, `%api log`")
            kept.append("")
        else:
            kept.append("" if _LINK.match(text) else line)
    return kept, notes


def _parse_request_line(line: str, number: int) -> tuple[str, str]:
    match = _REQUEST.match(line)
    if (way_out := _OTHER_LINES.get(line.split()[0])) is not None:
        raise HttpFileError(f"line {number}: {line!r} is no request: {way_out}")
    if match is None:
        raise HttpFileError(f"line {number}: {line!r} is no request: write GET /path, a space in it as %20")
    method = (match.group(1) or "GET").upper()
    if (way_out := _OTHER_PROTOCOLS.get(method)) is not None:
        raise HttpFileError(f"line {number}: {method} is no method of HTTP: {way_out}")
    return method, match.group(2)


def _begins_request(line: str, told: dict[str, str], variables: dict[str, str]) -> bool:
    """Whether a line is the request line; what stands above it is noted."""
    stripped = line.strip()
    if directive := _DIRECTIVE.match(stripped):
        told[directive.group(1)] = directive.group(2).strip()
    elif variable := _VARIABLE.match(stripped):
        variables[variable.group(1)] = variable.group(2).strip()
    elif stripped and not _COMMENT.match(stripped):
        return True
    return False


def _continued(url: str, lines: list[str], index: int) -> tuple[str, int]:
    """A URL with the query lines below it: `?a=1` and `&b=2`."""
    while index < len(lines) and lines[index].strip()[:1] in {"?", "&"} and not _EXPECT.match(lines[index].strip()):
        url += lines[index].strip()
        index += 1
    return url, index


def _parse_headers(
    lines: list[str], index: int, start: int, told: dict[str, str]
) -> tuple[tuple[tuple[str, str], ...], int]:
    headers = []
    while index < len(lines) and (line := lines[index].strip()):
        if expect := _EXPECT.match(line):
            told["expect"] = expect.group(1)
        elif not _COMMENT.match(line):
            name, colon, value = line.partition(":")
            if not colon or not re.fullmatch(r"[\w!#$%&'*+.^`|~-]+", name.strip()):
                raise HttpFileError(f"line {start + index}: {line!r} is no header: write Name: value, or an empty line")
            headers.append((name.strip(), value.strip()))
        index += 1
    return tuple(headers), index + 1


def _parse_body(lines: list[str], told: dict[str, str]) -> str | None:
    kept = []
    for line in lines:
        if expect := _EXPECT.match(line.strip()):
            told["expect"] = expect.group(1)
        else:
            kept.append(line)
    return "\n".join(kept).strip("\n") if any(line.strip() for line in kept) else None


@dataclass(slots=True)
class NamedResponse:
    """The response to a named request, for `{{name.response.body.$.id}}`."""

    headers: Mapping[str, str]
    text: str


class VariableResolver:
    """Replaces `{{…}}` in the requests of one text.

    Args:
        variables: The variables that the text defines.
        lookup: Returns the value of any other name, such as a variable of the notebook, or None.
    """

    def __init__(self, variables: Mapping[str, str], lookup: Callable[[str], str | None]) -> None:
        self._variables = variables
        self._lookup = lookup
        self.responses: dict[str, NamedResponse] = {}

    def resolve(self, text: str, line: int) -> str:
        """Return a text with its variables replaced.

        Raises:
            HttpFileError: If a variable has no value.
        """

        def value_of(match: re.Match[str]) -> str:
            name = match.group(1)
            if name.startswith("$"):
                return _system_value(name, line)
            if (value := self._value(name)) is None:
                raise HttpFileError(
                    f"line {line}: {{{{{name}}}}} has no value: define it with @{name.split('.')[0]} = …"
                )
            return value

        return _USE.sub(value_of, text)

    def _value(self, name: str) -> str | None:
        if name in self._variables:
            return _USE.sub(lambda match: self._value(match.group(1)) or "", self._variables[name])
        request, _, rest = name.partition(".response.")
        if rest and request in self.responses:
            return _part(self.responses[request], rest)
        return self._lookup(name)

    def headers(self, request: HttpRequest) -> list[tuple[str, str]]:
        """Return a request's headers, with `Basic user password` encoded.

        Raises:
            HttpFileError: If a variable has no value.
        """
        filled = [(name, self.resolve(value, request.line)) for name, value in request.headers]
        return [(name, _basic(value) if name.lower() == "authorization" else value) for name, value in filled]

    def body(self, request: HttpRequest) -> bytes | None:
        """Return a request's body with its files included. A form's lines are joined; a multipart body gets CRLFs.

        Raises:
            HttpFileError: If a file can't be read, or a variable has no value.
        """
        if request.body is None:
            return None
        lines = [self._body_line(line, request) for line in request.body.split("\n")]
        kind = next((value for name, value in request.headers if name.lower() == "content-type"), "").lower()
        if kind.startswith("application/x-www-form-urlencoded"):
            return b"".join(line.strip() for line in lines)
        if kind.startswith("multipart/"):
            return b"\r\n".join([*lines, b""])
        return b"\n".join(lines)

    def _body_line(self, line: str, request: HttpRequest) -> bytes:
        match = _FILE.match(line)
        if match is None:
            return self.resolve(line, request.line).encode()
        path = self.resolve(match.group(2).strip(), request.line)
        try:
            content = Path(path).read_bytes()
        except OSError as error:
            raise HttpFileError(f"line {request.line}: {path} cannot be read: {error.strerror}") from error
        if not match.group(1):
            return content
        try:
            text = content.decode()
        except UnicodeDecodeError as error:
            raise HttpFileError(
                f"line {request.line}: {path} is no text in UTF-8, so it has no variables to fill: write `< {path}`"
            ) from error
        return self.resolve(text, request.line).encode()


def _basic(value: str) -> str:
    """Credentials as both clients let them be written: `Basic user password`, `Basic user:password`."""
    scheme, _, rest = value.partition(" ")
    user, separator, password = rest.strip().partition(":" if ":" in rest else " ")
    if scheme.lower() != "basic" or not separator:
        return value
    return f"Basic {base64.b64encode(f'{user}:{password.strip()}'.encode()).decode()}"


def _system_value(name: str, line: int) -> str:
    """What `{{$uuid}}` and its like stand for.

    Raises:
        HttpFileError: There is no such variable.
    """
    word, *arguments = re.findall(r"[^\s(),]+", name)
    now = datetime.now(UTC)
    try:
        match word:
            case "$guid" | "$uuid" | "$random.uuid":
                return str(uuid4())
            case "$timestamp":
                return str(int(now.timestamp()))
            case "$isoTimestamp" | "$datetime" if word == "$isoTimestamp" or arguments == ["iso8601"]:
                return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            case "$datetime" if arguments == ["rfc1123"]:
                return format_datetime(now, usegmt=True)
            case "$localDatetime" if arguments == ["iso8601"]:
                return now.astimezone().isoformat(timespec="milliseconds")
            case "$randomInt" | "$random.integer":
                low, high = map(int, arguments or ("0", "1000"))
                return str(low + randbelow(max(high - low, 1)))
            case "$processEnv":
                return os.environ[arguments[0]]
    except KeyError:
        raise HttpFileError(f"line {line}: {{{{{name}}}}} has no value: this process has no such variable") from None
    except (ValueError, IndexError):
        pass  # a word of it is missing or is no number: what can be written says it
    raise HttpFileError(
        f"line {line}: {{{{{name}}}}} is not known here: {_SYSTEM_NAMES}, or a variable of the notebook"
    )


_SYSTEM_NAMES = (
    "there is $uuid, $guid, $timestamp, $isoTimestamp, $datetime iso8601, $datetime rfc1123, $localDatetime iso8601, "
    "$randomInt 1 10, $processEnv NAME"
)


def _part(response: NamedResponse, path: str) -> str | None:
    """Return a part of a response, such as `body`, `body.$.items[0].id` or `headers.Location`; None if it's missing."""
    kind, _, rest = path.partition(".")
    if kind == "headers":
        return response.headers.get(rest)
    if kind != "body":
        return None
    if not rest or rest == "*":
        return response.text
    try:
        value: Any = json.loads(response.text)
        for name, index in _MEMBER.findall(rest.removeprefix("$").removeprefix(".")):
            value = value[int(index)] if index else value[name]
    except (ValueError, LookupError, TypeError):
        return None
    return value if isinstance(value, str) else json.dumps(value)
