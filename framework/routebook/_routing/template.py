"""A path template, read once: "/items/{item_id:int}" as segments, names and a pattern.

The grammar is Starlette's (`starlette.routing.compile_path`): a parameter is
`{name}` or `{name:convertor}`, anything else is literal text, and several
parameters may share one segment, as in "/files/{name}.{extension}".

Splitting at "/" is only sound for parameters that cannot contain one. From the
first segment whose convertor might (`path`, or any registered by the user, whose
pattern is unknown), the rest of the template is "open": only the whole pattern
can tell.

A template's pattern is compiled when first asked for. Most never are: the trie
answers for them, and 500 compiled patterns would cost more than 500 routes.
"""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from starlette.convertors import (
    CONVERTOR_TYPES,
    Convertor,
    FloatConvertor,
    IntegerConvertor,
    StringConvertor,
    UUIDConvertor,
)

from ..exceptions import DeclarationError

Extract = Callable[[str, list[str]], dict[str, Any] | None]
"""Reads the parameters of a path, given with its split at "/", that the trie led here; None if it does not fit."""

PARAMETER = re.compile(r"{([a-zA-Z_][a-zA-Z0-9_]*)(?::([a-zA-Z_][a-zA-Z0-9_]*))?}")

# Exact types: a subclass may widen its pattern.
_WITHIN_SEGMENT: frozenset[type[Convertor[Any]]] = frozenset(
    {StringConvertor, IntegerConvertor, FloatConvertor, UUIDConvertor}
)


class PathTemplateError(DeclarationError, ValueError):
    """A path template that cannot be read.

    Also what Starlette raises: AssertionError for an unknown convertor, ValueError
    for a name that repeats.

    Attributes:
        template: The whole text.
        position: 0-based offset of the parameter at fault.
    """

    def __init__(self, message: str, template: str, position: int) -> None:
        super().__init__(message)
        self.template = template
        self.position = position


@dataclass(frozen=True, slots=True)
class Parameter:
    """One `{name:convertor}` of a template."""

    name: str
    convertor: Convertor[Any]

    @property
    def is_text(self) -> bool:
        """Whether it takes any text of a segment, as it stands."""
        return type(self.convertor) is StringConvertor

    @property
    def is_within_segment(self) -> bool:
        """Whether its value can never contain "/"."""
        return type(self.convertor) in _WITHIN_SEGMENT


@dataclass(frozen=True, slots=True)
class Segment:
    """What stands between two slashes: literal text, a parameter, or a mixture.

    Attributes:
        literal: The text of a segment without parameters.
        parameter: The parameter that is the whole segment.
        is_open: Whether it may run past the next slash.
    """

    parts: tuple[str | Parameter, ...]
    literal: str | None = field(init=False, repr=False, compare=False)
    parameter: Parameter | None = field(init=False, repr=False, compare=False)
    is_open: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Found out once: every table that is built asks for each of them.
        only = self.parts[0] if len(self.parts) == 1 else None
        is_open = any(isinstance(part, Parameter) and not part.is_within_segment for part in self.parts)
        object.__setattr__(self, "literal", only if isinstance(only, str) else None if self.parts else "")
        object.__setattr__(self, "parameter", only if isinstance(only, Parameter) else None)
        object.__setattr__(self, "is_open", is_open)

    @property
    def pattern(self) -> str:
        """A regular expression without names, equal for segments that match the same."""
        return "".join(
            re.escape(part) if isinstance(part, str) else f"(?:{part.convertor.regex})" for part in self.parts
        )


class PathTemplate:
    """A parsed template. Immutable; equal when the text and the convertors are.

    Attributes:
        text: As written.
        parts: Literal texts and parameters in order.
        segments: The same, split at the slashes, without what stands before the
            first: "/items/" is `items` and an empty one.
        path_format: The text with the convertors left out: "/items/{item_id}".
        param_names: In order; unique.
    """

    __slots__ = ("_extract", "_pattern", "param_names", "parts", "path_format", "segments", "text")

    text: str
    parts: tuple[str | Parameter, ...]
    segments: tuple[Segment, ...]
    path_format: str
    param_names: tuple[str, ...]
    _pattern: re.Pattern[str] | None
    _extract: Extract | None

    def __init__(self, text: str, parts: tuple[str | Parameter, ...]) -> None:
        self.text = text
        self.parts = parts
        self.segments = tuple(_split_segments(parts))[1:]
        path_format = "".join(part if isinstance(part, str) else f"{{{part.name}}}" for part in parts)
        self.path_format = text if path_format == text else path_format  # one string to keep, where it is the same
        self.param_names = tuple(part.name for part in parts if isinstance(part, Parameter))
        self._pattern = None
        self._extract = None

    @property
    def is_literal(self) -> bool:
        """Whether it has no parameters."""
        return not self.param_names

    @property
    def is_absolute(self) -> bool:
        """Whether it starts with "/": the others (such as "") match no path with one."""
        return self.text.startswith("/")

    @property
    def tail(self) -> str | None:
        """What stands before the last slash, if only text follows it: "/items" of "/items/{item_id}"."""
        match self.parts:
            case (str(head), Parameter(is_text=True)) if head.endswith("/"):
                return head[:-1]
        return None

    @property
    def convertors(self) -> Mapping[str, Convertor[Any]]:
        """Convertor by parameter name, in order."""
        return MappingProxyType({part.name: part.convertor for part in self.parts if isinstance(part, Parameter)})

    @property
    def pattern(self) -> re.Pattern[str]:
        r"""The regular expression that Starlette compiles for this text.

        It ends in `$`, not in `\Z`, as Starlette's does: "/items" also matches
        "/items\n".
        """
        if self._pattern is None:
            body = "".join(
                re.escape(part) if isinstance(part, str) else f"(?P<{part.name}>{part.convertor.regex})"
                for part in self.parts
            )
            self._pattern = re.compile(f"^{body}$")
        return self._pattern

    @property
    def extract(self) -> Extract:
        """The cheapest way to read the parameters of a path without newlines."""
        if self._extract is None:
            self._extract = _make_extract(self)
        return self._extract

    def match(self, path: str) -> dict[str, Any] | None:
        """The converted parameters of a path, or None where it does not match.

        A convertor that refuses its text with ValueError does not match either:
        `int` refuses thousands of digits, which is the client's mistake, where
        Starlette lets it become a server error.
        """
        found = self.pattern.match(path)
        if found is None:
            return None
        try:
            return {
                part.name: part.convertor.convert(found[part.name])
                for part in self.parts
                if isinstance(part, Parameter)
            }
        except ValueError:
            return None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PathTemplate) and self.text == other.text and self.parts == other.parts

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"PathTemplate({self.text!r})"


def parse_template(text: str) -> PathTemplate:
    """Parse a path template.

    Args:
        text: For example "/items/{item_id:int}". Text without a leading slash is
            taken as it is, for routers whose prefix comes later.

    Raises:
        PathTemplateError: A name repeats or a convertor is not registered;
            `.position` is the 0-based offset of the parameter.
    """
    parts: list[str | Parameter] = []
    names: set[str] = set()
    end = 0
    for found in PARAMETER.finditer(text):
        name, convertor_name = found.groups("str")
        if name in names:
            raise PathTemplateError(f"Duplicated param name {name} at path {text}", text, found.start())
        names.add(name)
        if found.start() > end:
            parts.append(text[end : found.start()])
        parts.append(Parameter(name, _find_convertor(convertor_name, text, found.start())))
        end = found.end()
    if end < len(text):
        parts.append(text[end:])
    return PathTemplate(text, tuple(parts))


def _find_convertor(name: str, text: str, position: int) -> Convertor[Any]:
    convertor = CONVERTOR_TYPES.get(name)
    if convertor is not None:
        return convertor
    near = difflib.get_close_matches(name, CONVERTOR_TYPES, n=1)
    advice = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(sorted(CONVERTOR_TYPES))}"
    raise PathTemplateError(f"Unknown path convertor '{name}' at path {text}: {advice}", text, position)


def _split_segments(parts: tuple[str | Parameter, ...]) -> Iterator[Segment]:
    current: list[str | Parameter] = []
    for part in parts:
        if isinstance(part, Parameter):
            current.append(part)
            continue
        for position, text in enumerate(part.split("/")):
            if position > 0:
                yield Segment(tuple(current))
                current = []
            if text:
                current.append(text)
    yield Segment(tuple(current))


def no_parameters(path: str, segments: list[str]) -> dict[str, Any]:
    """The `Extract` of a template without parameters."""
    return {}


def _make_extract(template: PathTemplate) -> Extract:
    if template.is_absolute:
        if template.is_literal:
            return no_parameters
        fields = [(at, segment.parameter) for at, segment in enumerate(template.segments, 1) if segment.literal is None]
        whole = tuple((parameter, at) for at, parameter in fields if parameter is not None)
        if len(whole) == len(fields) and all(parameter.is_text for parameter, _ in whole):
            return _extract_texts(tuple((parameter.name, at) for parameter, at in whole))
        if len(whole) == len(fields) and all(parameter.is_within_segment for parameter, _ in whole):
            return _extract_converted(whole)
    return lambda path, segments: template.match(path)


def _extract_texts(fields: tuple[tuple[str, int], ...]) -> Extract:
    """An empty segment is no text, however the trie was walked."""
    if len(fields) == 1:
        [(only_name, only_at)] = fields
        return lambda path, segments: {only_name: text} if (text := segments[only_at]) else None

    def extract(path: str, segments: list[str]) -> dict[str, Any] | None:
        found = {name: segments[at] for name, at in fields}
        return None if "" in found.values() else found

    return extract


def _extract_converted(fields: tuple[tuple[Parameter, int], ...]) -> Extract:
    converts = tuple((parameter.name, at, parameter.convertor.convert) for parameter, at in fields)

    def extract(path: str, segments: list[str]) -> dict[str, Any] | None:
        try:
            found = {name: convert(segments[at]) for name, at, convert in converts}
        except ValueError:
            return None
        return None if "" in found.values() else found

    return extract
