"""Diagnostics of operations that get in each other's way: conflicts between cells, shadowed paths, duplicate ids."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from routebook.applications import Routebook
from routebook_kernel.records import CellKey, CellRecord
from routebook_kernel.registry.cell_entries import Conflict
from routebook_kernel.registry.identity import ByIdentity
from routebook_kernel.registry.operations import RouteOperation
from routebook_kernel.registry.run_report import Diagnostic, as_code

CellOf = Callable[[CellKey], CellRecord | None]

# For each convertor, two values that it accepts and that no one would write as a literal segment.
_SAMPLES: Mapping[str, Sequence[Any]] = {
    "integer": (918273645, 192837465),
    "float": (9182.7364, 1928.3746),
    "uuid": ("6c84fb90-12c4-11e1-840d-7b25c5ee775a", "00000000-0000-4000-8000-00000000002a"),
}
_DEFAULT_SAMPLES = ("~rb-a~", "~rb-b~")


def describe_cell(cell: CellRecord | None, here: CellKey | None) -> str:
    """Return how a sentence refers to a cell: "here", "cell [3]"."""
    if cell is None:
        return "a module"
    return "here" if cell.key == here else f"cell {cell.label}"


def find_conflicts(conflicts: Iterable[Conflict], cell_of: CellOf, here: CellKey) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each operation that several cells define: which one responds, and which ones don't.

    Cells without an id are identified by their source alone, so a later definition counts as an edit of the earlier
    one.
    """
    for conflict in conflicts:
        winner = cell_of(conflict.winner.cell)
        losers = [cell for entry in conflict.losers if (cell := cell_of(entry.cell)) and cell.cell_id is not None]
        if winner is None or winner.cell_id is None or not losers:
            continue
        others = ", ".join(f"cell {cell.label}" for cell in losers)
        text = f"{as_code(str(conflict.key))} stands in {others} too; {_describe_winner(winner, here)}"
        yield Diagnostic("conflict", "error", "conflict", text, str(conflict.key))


def _describe_winner(winner: CellRecord, here: CellKey) -> str:
    return ("this cell" if winner.key == here else f"cell {winner.label}") + " ran last and answers"


def find_shadowed(
    app: Routebook, operations: Sequence[RouteOperation], cell_of: CellOf, here: CellKey
) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each operation that is never reached, because an earlier one takes all its paths."""
    first: dict[str, RouteOperation] = {}
    by_route = {ByIdentity(operation.context.original_route): operation for operation in operations}
    for operation in operations:
        earlier = first.setdefault(operation.id, operation)
        if earlier is operation:
            found = find_shadowing(app, operation)
            route = getattr(found, "original_route", None)
            if found is None or route is operation.context.original_route:
                continue
            earlier = by_route.get(ByIdentity(route), operation)
            if earlier is operation:
                continue
        yield _describe_shadowed(operation, earlier, cell_of, here)


def _describe_shadowed(
    operation: RouteOperation, earlier: RouteOperation, cell_of: CellOf, here: CellKey
) -> Diagnostic:
    cell = cell_of(operation.entry.cell) if operation.entry else None
    other = cell_of(earlier.entry.cell) if earlier.entry else None
    at = "" if cell is None or cell.key == here else f" (cell {cell.label})"
    by = (
        f"`{earlier.id}`"
        if other is None or other.key == _key_of(cell)
        else f"`{earlier.id}` ({describe_cell(other, here)})"
    )
    if earlier.id == operation.id:
        text = (
            f"`{operation.id}` of `{operation.function}`{at} is never reached: `{earlier.function}` has the same path"
        )
        return Diagnostic("shadowed", "warn", "shadowed", f"{text} and answers first", operation.id)
    text = f"`{operation.id}`{at} is never reached, {by} answers first: declare it before that one"
    return Diagnostic("shadowed", "warn", "shadowed", text, operation.id)


def _key_of(cell: CellRecord | None) -> CellKey | None:
    """Return the key of a cell, or None without a cell."""
    return cell.key if cell else None


def find_shadowing(app: Routebook, operation: RouteOperation) -> Any:
    """Return the route that takes every path of the operation, if it's always the same other one; else None."""
    table = app.router.table
    match, found = (table.websocket if operation.method == "WEBSOCKET" else table.http).match, None
    context = operation.context
    for path in _sample_paths(context.path_format, tuple(map(_name_and_kind, context.param_convertors.items()))):
        result = match(operation.method, path)
        if result is None or result[0] is operation.context or (found is not None and result[0] is not found):
            return None
        found = result[0]
    return found


def _name_and_kind(parameter: tuple[str, Any]) -> tuple[str, type]:
    name, convertor = parameter
    return name, type(convertor)


@lru_cache(maxsize=4096)
def _sample_paths(path: str, parameters: tuple[tuple[str, type], ...]) -> tuple[str, ...]:
    """Return paths that match a template: one if it has no parameters, else two that differ in all of them."""
    paths = []
    for index in range(2 if parameters else 1):
        filled = path
        for name, convertor in parameters:
            kind = convertor.__name__.removesuffix("Convertor").lower()
            filled = filled.replace(f"{{{name}}}", str(_SAMPLES.get(kind, _DEFAULT_SAMPLES)[index]))
        paths.append(filled)
    return tuple(paths)


def find_duplicate_ids(operations: Sequence[RouteOperation], document: Mapping[str, Any]) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each operation id that two operations share, since generated clients confuse the two."""
    seen: dict[str, RouteOperation] = {}
    for operation in operations:
        described = document.get("paths", {}).get(operation.path, {}).get(operation.method.lower(), {})
        if (operation_id := described.get("operationId")) is None:
            continue
        first = seen.setdefault(operation_id, operation)
        if first is operation or first.id == operation.id:  # the document contains only one of them
            continue
        if first.context.original_route is operation.context.original_route:
            both = f"`{first.id}` and `{operation.id}` of `{operation.function}` both have {as_code(operation_id)}"
            text = f"{both}: declare each with a decorator of its own, or name one of them with `operation_id=`"
            yield Diagnostic("duplicate", "note", "same operation id", text, operation.id)
        else:
            both = f"`{first.id}` and `{operation.id}`"
            text = f"{both} both have {as_code(operation_id)}: name one of them with `operation_id=`"
            yield Diagnostic("duplicate", "warn", "same operation id", text, operation.id)
