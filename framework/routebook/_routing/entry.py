"""What a routing table holds: entries, and what is prepared of each for matching."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from .template import Parameter, PathTemplate

Kind = Literal["http", "websocket"]

Extract = Callable[[str, list[str]], dict[str, Any] | None]
"""Reads the parameters of a path (and its split at "/") that was found to fit; None if it does not after all."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a routing table.

    Attributes:
        template: What the path must match; None where only `target` can tell.
        kind: The ASGI scope type it serves; None for either.
        methods: HTTP methods; None for any. "HEAD" is not implied by "GET".
        target: What a match answers with; never None.
        must_ask: The template is only a necessary condition (a mount's prefix):
            the caller asks `target` itself. Always so without a template.
    """

    template: PathTemplate | None
    kind: Kind | None
    methods: frozenset[str] | None
    target: Any
    must_ask: bool = False

    @property
    def is_opaque(self) -> bool:
        """Whether the table alone cannot answer for it."""
        return self.must_ask or self.template is None

    def accepts(self, method: str) -> bool:
        """Whether the method is one of the entry's."""
        return not self.methods or method in self.methods


class Leaf:
    """An entry, its position in order of declaration, and how its parameters are read."""

    __slots__ = ("entry", "extract", "index", "is_opaque", "target")

    def __init__(self, index: int, entry: Entry) -> None:
        self.index = index
        self.entry = entry
        self.target = entry.target
        self.is_opaque = entry.is_opaque
        self.extract: Extract = _no_parameters if entry.template is None else _extractor(entry.template)


def _no_parameters(path: str, segments: list[str]) -> dict[str, Any]:
    return {}


def _extractor(template: PathTemplate) -> Extract:
    """Choose the cheapest way to read a template's parameters."""
    if not template.is_absolute:
        return lambda path, segments: template.match(path)
    if template.is_literal:
        return _no_parameters
    fields = [(at, segment.parameter) for at, segment in enumerate(template.segments, 1) if segment.literal is None]
    if not all(parameter is not None and parameter.is_within_segment for _, parameter in fields):
        return lambda path, segments: template.match(path)
    return _whole_segments(tuple((at, parameter) for at, parameter in fields if parameter is not None))


def _whole_segments(fields: tuple[tuple[int, Parameter], ...]) -> Extract:
    """Read parameters from the split path; an empty segment is no value, however the trie was walked."""
    if all(parameter.is_text for _, parameter in fields):
        return _texts(tuple((parameter.name, at) for at, parameter in fields))

    converts = tuple((parameter.name, at, parameter.convertor.convert) for at, parameter in fields)

    def extract(path: str, segments: list[str]) -> dict[str, Any] | None:
        try:
            return {name: convert(segments[at]) for name, at, convert in converts}
        except ValueError:
            return None

    return extract


def _texts(fields: tuple[tuple[str, int], ...]) -> Extract:
    if len(fields) == 1:
        [(only_name, only_at)] = fields
        return lambda path, segments: {only_name: text} if (text := segments[only_at]) else None

    def extract(path: str, segments: list[str]) -> dict[str, Any] | None:
        found = {name: segments[at] for name, at in fields}
        return None if "" in found.values() else found

    return extract
