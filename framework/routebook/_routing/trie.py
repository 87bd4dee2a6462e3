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
import sys
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
    """The segments read so far, and what may follow.

    Attributes:
        literals: Next segments that are exactly a text.
        anything: The next node for any text that is not empty.
        patterns: Next segments that must fit, with the test, by pattern. Most nodes have none.
        opened: Templates that are open from here on.
        end: What ends here.
        beside_literal: Index of the first entry that may fit too when the search
            follows a literal.
        beside_anything: The same when it follows `anything`.
    """

    __slots__ = ("anything", "beside_anything", "beside_literal", "end", "literals", "opened", "patterns")

    def __init__(self) -> None:
        self.literals: dict[str, Node] = {}
        self.anything: Node | None = None
        self.patterns: dict[str, tuple[Callable[[str], object], Node]] | None = None
        self.opened: dict[PathTemplate, Group] | None = None
        self.end: Group | None = None
        self.beside_literal = sys.maxsize
        self.beside_anything = sys.maxsize

    def insert(self, template: PathTemplate, leaf: Leaf) -> None:
        """Add a leaf under its template. Call in order of declaration, on the root."""
        node = self
        for segment in template.segments:
            if segment.is_open:
                node._note_beside(leaf.index)
                if node.opened is None:
                    node.opened = {}
                node.opened.setdefault(template, Group()).add(leaf)
                return
            node = node._follow(segment, leaf.index)
        if node.end is None:
            node.end = Group()
        node.end.add(leaf)

    def _follow(self, segment: Segment, index: int) -> "Node":
        if (literal := segment.literal) is not None:
            child = self.literals.get(literal)
            if child is None:
                child = self.literals[literal] = Node()
            return child
        if (parameter := segment.parameter) is not None and parameter.is_text:
            self.beside_literal = min(self.beside_literal, index)
            if self.anything is None:
                self.anything = Node()
            return self.anything
        self._note_beside(index)
        pattern = segment.pattern
        if self.patterns is None:
            self.patterns = {}
        if pattern not in self.patterns:
            self.patterns[pattern] = (re.compile(pattern).fullmatch, Node())
        return self.patterns[pattern][1]

    def _note_beside(self, index: int) -> None:
        self.beside_literal = min(self.beside_literal, index)
        self.beside_anything = min(self.beside_anything, index)

    def walk(self, segments: list[str]) -> tuple["Group | None", int]:
        """Go straight down, literals first: the shortest way to what most often wins.

        Args:
            segments: A path split at "/", from the first segment to be read.

        Returns:
            The group found, if any, and the index of the first entry that was passed
            on the way: a leaf of the group before it comes first of all that fit. An
            empty segment is taken for text; the leaf's `extract` refuses it.
        """
        node = self
        before = sys.maxsize
        for segment in segments:
            child = node.literals.get(segment)
            if child is not None:
                if node.beside_literal < before:
                    before = node.beside_literal
            else:
                child = node.anything
                if child is None:
                    return None, before
                if node.beside_anything < before:
                    before = node.beside_anything
            node = child
        return node.end, before

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
            if node.opened is not None:
                groups.extend(node.opened.values())
            depth += 1
            if node.patterns is not None:
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
