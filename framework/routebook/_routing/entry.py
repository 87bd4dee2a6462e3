"""What a routing table holds: entries, and what is prepared of each for matching."""

from dataclasses import dataclass
from typing import Any, Literal

from .template import PathTemplate, no_parameters

Kind = Literal["http", "websocket"]


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
        self.extract = no_parameters if entry.template is None else entry.template.extract
