"""The routing table: answers as a scan in order of declaration would, without scanning.

The rule is Starlette's: the first entry whose path and method fit wins; else the
first whose path fits answers 405; else 404. (OpenAPI 3.1.0, Paths Object, would have
concrete paths matched before templated ones; FastAPI and Starlette use declaration
order, and so do we.)

Three ways lead to an answer, each checked against the next in the tests:

1. A literal path is one dictionary lookup. What a scan would answer was found out
   when the table was built, earlier templates that fit the same path included.
2. Any other path goes through the trie, and the first of what fits wins.
3. Where the table cannot decide alone (nothing fits, the method does not, an opaque
   entry comes first), `match` gives None and the caller walks `candidates`.

A table never changes. Whoever edits routes builds the next one and swaps a single
reference: a server in another thread sees the old table or the new one.
"""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from .entry import Entry, Kind, Leaf
from .trie import Group, Node

Candidate = tuple[Entry, dict[str, Any] | None]
"""An entry and its converted parameters, which are None for an entry that must be asked."""

_by_index = attrgetter("index")


@dataclass(frozen=True, slots=True)
class RouteTable:
    """Entries in order of declaration, indexed by kind and path.

    `http` and `websocket` may be used directly, which saves a call on the hot path.
    """

    entries: tuple[Entry, ...]
    http: "PathIndex"
    websocket: "PathIndex"

    @classmethod
    def build(cls, entries: Iterable[Entry]) -> "RouteTable":
        """Index entries, given in order of declaration."""
        ordered = tuple(entries)
        return cls(ordered, PathIndex(_of_kind(ordered, "http")), PathIndex(_of_kind(ordered, "websocket")))

    def match(self, kind: Kind, method: str, path: str) -> tuple[Any, dict[str, Any]] | None:
        """Like `PathIndex.match`, for a scope of either kind."""
        return (self.http if kind == "http" else self.websocket).match(method, path)

    def candidates(self, kind: Kind, path: str) -> Iterator[Candidate]:
        """Like `PathIndex.candidates`, for a scope of either kind."""
        return (self.http if kind == "http" else self.websocket).candidates(path)


def _of_kind(entries: tuple[Entry, ...], kind: Kind) -> list[Leaf]:
    return [Leaf(index, entry) for index, entry in enumerate(entries) if entry.kind in (kind, None)]


class PathIndex:
    """The entries of one kind, found by path."""

    __slots__ = ("_always_asked", "_first_asked", "_leaves", "_literals", "_literals_of_other_methods", "_root")

    def __init__(self, leaves: list[Leaf]) -> None:
        """Index leaves.

        Args:
            leaves: In order of declaration; owned by the index from here on.
        """
        self._leaves = leaves
        self._root = Node()
        self._always_asked = [leaf for leaf in leaves if leaf.entry.template is None]
        self._first_asked = self._always_asked[0].index if self._always_asked else sys.maxsize
        for leaf in leaves:
            template = leaf.entry.template
            if template is not None and template.is_absolute:
                self._root.insert(template, leaf)
        self._literals: dict[str, dict[str, Any]] = {}
        self._literals_of_other_methods: dict[str, Any] = {}
        self._decide_literals()

    def match(self, method: str, path: str) -> tuple[Any, dict[str, Any]] | None:
        """Find the entry that a scan would choose, if the table can tell.

        Args:
            method: In upper case; any text for WebSockets.
            path: Decoded, without the root path (`starlette._utils.get_route_path`).

        Returns:
            Target and path parameters (a new dictionary). None when nothing fits,
            when only the path does, or when an opaque entry has to be asked first:
            then `candidates` tells.
        """
        target = self._literals.get(method, self._literals_of_other_methods).get(path)
        if target is not None:
            return target, {}
        segments = path.split("/")
        if segments[0] or "\n" in path:
            return None
        groups: list[Group] = []
        self._root.search(segments, 1, groups)
        fitting = [leaf for group in groups if (leaf := group.by_method.get(method, group.otherwise)) is not None]
        if len(fitting) > 1:
            fitting.sort(key=_by_index)
        for leaf in fitting:
            if leaf.is_opaque or leaf.index > self._first_asked:
                return None
            params = leaf.extract(path, segments)
            if params is not None:
                return leaf.target, params
        return None

    def candidates(self, path: str) -> Iterator[Candidate]:
        """Every entry that may serve a path, in order of declaration, lazily.

        The caller does what a scan does: it asks an entry without parameters
        itself, takes the first that accepts the method, and keeps the first that
        does not for the answer 405.
        """
        segments = path.split("/")
        # `$` lets one newline follow, and `.` stops at it: the pattern knows. No honest path comes here.
        is_odd = bool(segments[0]) or "\n" in path or len(segments) == 1
        for leaf in self._leaves if is_odd else self._fitting(segments):
            template = leaf.entry.template
            if template is None:
                yield leaf.entry, None
                continue
            params = template.match(path) if is_odd else leaf.extract(path, segments)
            if params is not None:
                yield leaf.entry, None if leaf.is_opaque else params

    def _fitting(self, segments: list[str]) -> list[Leaf]:
        groups: list[Group] = []
        self._root.search(segments, 1, groups)
        leaves = [leaf for group in groups for leaf in group.leaves]
        return sorted(leaves + self._always_asked, key=_by_index)

    def _decide_literals(self) -> None:
        """Find out for every literal path what a scan would answer, by method."""
        for leaf in self._leaves:
            for method in leaf.entry.methods or ():
                self._literals.setdefault(method, {})
        for leaf in self._leaves:
            template = leaf.entry.template
            if template is not None and template.is_literal and not leaf.is_opaque:
                self._decide_literal(template.text)

    def _decide_literal(self, path: str) -> None:
        for entry, params in self.candidates(path):
            if params is None:
                return
            # None: a template with parameters wins here, so the trie must answer.
            target = None if params else entry.target
            if not entry.methods:
                for decided in (*self._literals.values(), self._literals_of_other_methods):
                    decided.setdefault(path, target)
                return
            for method in entry.methods:
                self._literals[method].setdefault(path, target)
