"""Identity of objects and cells: objects are compared by identity, cells by the front end's id or by their source."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from hashlib import blake2s
from typing import Any

from routebook_kernel.records import CellKey, CellRecord
from routebook_kernel.registry.cell_source import parse_source

_MIN_SIMILARITY = 0.75


@dataclass(frozen=True, slots=True, eq=False)
class ByIdentity:
    """A dictionary key that compares objects by identity. Holds a reference, so that the id can't be reused."""

    target: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ByIdentity) and self.target is other.target

    def __hash__(self) -> int:
        return id(self.target)


def find_cell_key(cell_id: str | None, source: str, cells: Iterable[CellRecord]) -> CellKey:
    """Return the key of the cell that is about to run.

    The front end's id decides. If there's none (nbclient, a console), a cell with the same source is the same cell. So
    is one with similar source that shares a definition: that cell, edited.

    Args:
        cell_id: The front end's id.
        source: The text that is about to run.
        cells: All cells that ran before.
    """
    if cell_id is not None:
        return cell_id
    nameless = [cell for cell in cells if cell.cell_id is None]
    for cell in nameless:
        if cell.source == source:
            return cell.key
    alike = [(compute_similarity(cell.source, source), cell.key) for cell in nameless]
    best = max(alike, default=(0.0, ""))
    return best[1] if best[0] >= _MIN_SIMILARITY else f"source:{blake2s(source.encode(), digest_size=8).hexdigest()}"


def compute_similarity(earlier: str, later: str) -> float:
    """Return how likely two sources are the same cell, edited: 0 to 1. It's 0 if they share no definition."""
    if not defined_names(earlier) & defined_names(later):
        return 0.0
    return SequenceMatcher(None, earlier, later, autojunk=False).ratio()


def defined_names(source: str) -> frozenset[str]:
    """Return the functions, classes and decorators of a source; nothing if it can't be parsed."""
    tree = parse_source(source)
    body = tree.body if tree else []
    definitions = [node for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
    decorators = {f"@{ast.unparse(decorator)}" for node in definitions for decorator in node.decorator_list}
    return frozenset({node.name for node in definitions} | decorators)
