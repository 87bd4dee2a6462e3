"""The routing table: answers as a scan in order of declaration would, without scanning.

The rule is Starlette's: the first entry whose path and method fit wins; else the
first whose path fits answers 405; else 404. (OpenAPI 3.1.0, Paths Object, would have
concrete paths matched before templated ones; FastAPI and Starlette use declaration
order, and so do we.)

Three ways lead to an answer, and the tests check all of them against a scan:

1. A literal path, and one whose last segment is the only parameter, are one
   dictionary lookup. What a scan would answer was found out when the table was
   built, earlier templates that fit the same path included.
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
from .template import PathTemplate
from .trie import Group, Node

Candidate = tuple[Entry, dict[str, Any] | None]
"""An entry and its converted parameters, which are None for an entry that must be asked."""

_by_index = attrgetter("index")


@dataclass(frozen=True, slots=True)
class RouteTable:
    """Entries in order of declaration, indexed by path for HTTP and for WebSockets."""

    entries: tuple[Entry, ...]
    http: "PathIndex"
    websocket: "PathIndex"

    @classmethod
    def build(cls, entries: Iterable[Entry]) -> "RouteTable":
        """Index entries, given in order of declaration."""
        ordered = tuple(entries)
        return cls(ordered, PathIndex(_of_kind(ordered, "http")), PathIndex(_of_kind(ordered, "websocket")))


def _of_kind(entries: tuple[Entry, ...], kind: Kind) -> list[Leaf]:
    return [Leaf(index, entry) for index, entry in enumerate(entries) if entry.kind in (kind, None)]


class Decisions:
    """What a scan would answer for a text, by method; found out when the table is built."""

    __slots__ = ("by_method", "otherwise")

    def __init__(self, methods: Iterable[str]) -> None:
        self.by_method: dict[str, dict[str, Any]] = {method: {} for method in methods}
        self.otherwise: dict[str, Any] = {}

    def settle(self, text: str, claims: Iterable[tuple[Entry, Any]]) -> None:
        """Give every method to the first entry that accepts it, with the value claimed."""
        for entry, value in claims:
            for method in entry.methods or ():
                self.by_method[method].setdefault(text, value)
            if not entry.methods:
                for decided in (*self.by_method.values(), self.otherwise):
                    decided.setdefault(text, value)
                return


class PathIndex:
    """The entries of one kind, found by path."""

    __slots__ = ("_always_asked", "_first_asked", "_leaves", "_literals", "_root", "_tails")

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
        methods = {method for leaf in leaves for method in leaf.entry.methods or ()}
        self._literals = Decisions(methods)
        self._tails = Decisions(methods)
        self._decide()

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
        literals = self._literals
        target = literals.by_method.get(method, literals.otherwise).get(path)
        if target is not None:
            return target, {}
        if "\n" in path:
            return None

        head, slash, text = path.rpartition("/")
        tails = self._tails
        tail = tails.by_method.get(method, tails.otherwise).get(head)
        if tail is not None and text and slash:
            target, name = tail
            return target, {name: text}

        segments = path.split("/")
        if segments[0]:
            return None
        group, before = self._root.walk(segments[1:])
        if group is not None:
            leaf = group.by_method.get(method, group.otherwise)
            if leaf is not None and leaf.index < min(before, self._first_asked) and not leaf.is_opaque:
                params = leaf.extract(path, segments)
                if params is not None:
                    return leaf.target, params
        return self._match_widely(method, path, segments)

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

    def _match_widely(self, method: str, path: str, segments: list[str]) -> tuple[Any, dict[str, Any]] | None:
        groups = self._search(segments)
        fitting = [leaf for group in groups if (leaf := group.by_method.get(method, group.otherwise)) is not None]
        fitting.sort(key=_by_index)
        for leaf in fitting:
            if leaf.is_opaque or leaf.index > self._first_asked:
                return None
            params = leaf.extract(path, segments)
            if params is not None:
                return leaf.target, params
        return None

    def _fitting(self, segments: list[str]) -> list[Leaf]:
        leaves = [leaf for group in self._search(segments) for leaf in group.leaves]
        return sorted(leaves + self._always_asked, key=_by_index)

    def _search(self, segments: list[str]) -> list[Group]:
        groups: list[Group] = []
        self._root.search(segments, 1, groups)
        return groups

    def _decide(self) -> None:
        """Find out ahead what most requests ask for."""
        asked_literals = (leaf.index for leaf in self._leaves if leaf.is_opaque and _is_literal(leaf))
        before = min(self._first_asked, next(asked_literals, sys.maxsize))
        settled: set[str] = set()
        for leaf in self._leaves:
            template = leaf.entry.template
            if template is None or leaf.is_opaque or template.text in settled:
                continue
            settled.add(template.text)
            if template.is_literal:
                self._literals.settle(template.text, self._literal_claims(template.text))
            elif (head := template.tail) is not None:
                self._tails.settle(head, self._tail_claims(template, before))

    def _literal_claims(self, path: str) -> Iterator[tuple[Entry, Any]]:
        for entry, params in self.candidates(path):
            if params is None:
                return
            yield entry, None if params else entry.target  # None: the trie answers, with the parameters

    def _tail_claims(self, template: PathTemplate, before: int) -> Iterator[tuple[Entry, Any]]:
        """The entries that win for any text at the template's end that no literal path claims first."""
        group, passed = self._root.walk(template.text.split("/")[1:])
        for leaf in group.leaves if group is not None else ():
            if leaf.is_opaque or leaf.index > min(before, passed) or leaf.entry.template is None:
                return
            yield leaf.entry, (leaf.target, leaf.entry.template.param_names[0])


def _is_literal(leaf: Leaf) -> bool:
    return leaf.entry.template is not None and leaf.entry.template.is_literal
