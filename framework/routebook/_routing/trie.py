"""A trie over path segments that finds every template a path may fit.

Each node stands for the segments read so far. From it lead: literal segments, by
dictionary; segments that must fit a pattern (`{n:int}`, `{name}.{extension}`); and
one edge for any text (`{name}`). More than one may fit, so the search follows all
of them: "/a/b/c" is looked for under both "/a/{x}/c" and "/a/b/{y}". Which one wins
is not the trie's business but the table's, which knows the order of declaration.

A template with an open end (`{rest:path}`) hangs at the node where the opening
begins; its leaves' `extract` has the last word.
"""

import re
from collections.abc import Callable

from .entry import Leaf
from .template import PathTemplate, Segment


class Group:
    """Leaves that fit exactly the same paths, in order of declaration."""

    __slots__ = ("by_method", "leaves", "otherwise")

    def __init__(self) -> None:
        self.leaves: list[Leaf] = []
        self.by_method: dict[str, Leaf] = {}
        self.otherwise: Leaf | None = None

    def add(self, leaf: Leaf) -> None:
        """Append a leaf; leaves come in order, so an earlier claim on a method stands."""
        self.leaves.append(leaf)
        if self.otherwise is not None:
            return
        if leaf.is_opaque or not leaf.entry.methods:
            self.otherwise = leaf
            return
        for method in leaf.entry.methods:
            self.by_method.setdefault(method, leaf)


class Node:
    """The segments read so far, and what may follow."""

    __slots__ = ("anything", "end", "literals", "opened", "patterns")

    def __init__(self) -> None:
        self.literals: dict[str, Node] = {}
        self.anything: Node | None = None
        self.patterns: dict[str, tuple[Callable[[str], object], Node]] = {}
        self.end: Group | None = None
        self.opened: dict[PathTemplate, Group] = {}

    def insert(self, template: PathTemplate, leaf: Leaf) -> None:
        """Add a leaf under its template. Call in order of declaration, on the root."""
        node = self
        for segment in template.segments:
            if segment.is_open:
                node.opened.setdefault(template, Group()).add(leaf)
                return
            node = node._follow(segment)
        if node.end is None:
            node.end = Group()
        node.end.add(leaf)

    def _follow(self, segment: Segment) -> "Node":
        if (literal := segment.literal) is not None:
            return self.literals.setdefault(literal, Node())
        if (parameter := segment.parameter) is not None and parameter.is_text:
            if self.anything is None:
                self.anything = Node()
            return self.anything
        pattern = segment.pattern
        if pattern not in self.patterns:
            self.patterns[pattern] = (re.compile(pattern).fullmatch, Node())
        return self.patterns[pattern][1]

    def search(self, segments: list[str], depth: int, groups: list[Group]) -> None:
        """Collect the groups that a path may fit.

        Args:
            segments: A path split at "/", without newlines.
            depth: Index of the first segment still to be read.
            groups: Filled by the search, in no order.
        """
        node = self
        end = len(segments)
        while depth < end:
            segment = segments[depth]
            if node.opened:
                groups.extend(node.opened.values())
            depth += 1
            if node.patterns:
                for fits, child in node.patterns.values():
                    if fits(segment):
                        child.search(segments, depth, groups)
            anything = node.anything if segment else None
            literal = node.literals.get(segment)
            if literal is None:
                if anything is None:
                    return
                node = anything
            else:
                if anything is not None:
                    anything.search(segments, depth, groups)
                node = literal
        if node.end is not None:
            groups.append(node.end)
