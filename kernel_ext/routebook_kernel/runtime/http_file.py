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
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from routebook_kernel.exceptions import KernelExtensionError

_SEPARATOR = re.compile(r"^###(.*)$")
_VARIABLE = re.compile(r"^@([\w.-]+)\s*=\s*(.*)$")
_DIRECTIVE = re.compile(r"^(?:#|//)\s*@(\w+)[ \t]*(.*)$")
_COMMENT = re.compile(r"^(?:#|//)")
_REQUEST = re.compile(r"^(?:([A-Z]+)\s+)?(\S+)(?:\s+HTTP/[\d.]+)?$")
_EXPECT = re.compile(r"^\?\?\s*status\s*(?:==)?\s*(\d{3})$")
_USE = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
_MEMBER = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")


class HttpFileError(KernelExtensionError):
    """A request of a `.http` text cannot be read or filled; the message has its line."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request as it is written, variables not yet filled.

    Attributes:
        name: From `# @name`, or the text after `###`; "" without one.
        line: Of its request line, 1-based.
        expect: The status that is right; None where any is.
        body: Its text; None without one.
        body_file: The file named by `< path`; None without one.
    """

    name: str
    method: str
    url: str
    line: int
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    body_file: str | None = None
    expect: int | None = None


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
    index = 0
    while index < len(lines) and not _begins_request(lines[index], told, variables):
        index += 1
    if index == len(lines):
        return None
    line_number = start + index
    match = _REQUEST.match(lines[index].strip())
    if match is None:
        raise HttpFileError(f"line {line_number}: {lines[index].strip()!r} is no request: write GET /path")
    url, index = _continued(match.group(2), lines, index + 1)
    headers, index = _parse_headers(lines, index, start, told)
    body, body_file = _parse_body(lines[index:], told)
    return HttpRequest(
        name=told["name"],
        method=match.group(1) or "GET",
        url=url,
        line=line_number,
        headers=headers,
        body=body,
        body_file=body_file,
        expect=int(told["expect"]) if told.get("expect", "").isdigit() else None,
    )


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


def _parse_body(lines: list[str], told: dict[str, str]) -> tuple[str | None, str | None]:
    kept = []
    for line in lines:
        if expect := _EXPECT.match(line.strip()):
            told["expect"] = expect.group(1)
        else:
            kept.append(line)
    text = "\n".join(kept).strip("\n")
    if not text.strip():
        return None, None
    if text.startswith("< "):
        return None, text[2:].strip()
    return text, None


@dataclass(slots=True)
class Answered:
    """What a named request was answered with, for `{{name.response.body.$.id}}`."""

    headers: Mapping[str, str]
    text: str


class Filler:
    """Fills `{{…}}` in the requests of one text.

    Args:
        variables: Of the text.
        lookup: What stands for a name that the text does not define: a variable of the notebook. None: nothing does.
    """

    def __init__(self, variables: Mapping[str, str], lookup: Callable[[str], str | None]) -> None:
        self._variables = variables
        self._lookup = lookup
        self.answered: dict[str, Answered] = {}

    def filled(self, text: str, line: int) -> str:
        """The text with its variables.

        Raises:
            HttpFileError: One has no value.
        """

        def value_of(match: re.Match[str]) -> str:
            name = match.group(1)
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
        if rest and request in self.answered:
            return _part(self.answered[request], rest)
        return self._lookup(name)

    def body(self, request: HttpRequest) -> bytes | None:
        """A request's body, from its text or its file.

        Raises:
            HttpFileError: The file cannot be read.
        """
        if request.body_file is not None:
            try:
                return Path(self.filled(request.body_file, request.line)).read_bytes()
            except OSError as error:
                raise HttpFileError(
                    f"line {request.line}: {request.body_file} cannot be read: {error.strerror}"
                ) from error
        return self.filled(request.body, request.line).encode() if request.body is not None else None


def _part(answer: Answered, path: str) -> str | None:
    """A part of an answer: `body`, `body.$.items[0].id`, `headers.Location`."""
    kind, _, rest = path.partition(".")
    if kind == "headers":
        return answer.headers.get(rest)
    if kind != "body":
        return None
    if not rest or rest == "*":
        return answer.text
    try:
        value: Any = json.loads(answer.text)
        for name, index in _MEMBER.findall(rest.removeprefix("$").removeprefix(".")):
            value = value[int(index)] if index else value[name]
    except (ValueError, LookupError, TypeError):
        return None
    return value if isinstance(value, str) else json.dumps(value)
