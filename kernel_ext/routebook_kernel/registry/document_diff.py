"""A line diff of the OpenAPI document since the last run, for one operation or for all.

Spec: OpenAPI 3.1.0, Paths Object, Components Object.
"""

import difflib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from routebook_kernel.registry.changes import ApplicationSnapshot

CONTEXT_LINES = 3


def diff_documents(before: ApplicationSnapshot, after: ApplicationSnapshot, operation: str | None = None) -> list[str]:
    """Return the lines of a unified diff. Each begins with "+", "-" or a space, or with "@@" where lines are left out.

    Args:
        before: As the run before the last one left it.
        after: As it is now.
        operation: One operation with the schemas that it refers to; None for everything in the document.
    """
    old, new = _lines(before, operation), _lines(after, operation)
    diff = difflib.unified_diff(old, new, n=CONTEXT_LINES, lineterm="")
    return [line for line in diff if not line.startswith(("---", "+++"))]


def _lines(snapshot: ApplicationSnapshot, operation: str | None) -> list[str]:
    described = {
        id_: facts.operation
        for id_, facts in snapshot.operations.items()
        if facts.operation is not None and operation in {None, id_}
    }
    schemas = snapshot.schemas if operation is None else _find_schemas(described, snapshot.schemas)
    parts = {**described, **{f"schema {name}": schema for name, schema in schemas.items()}}
    return json.dumps(parts, indent=1, ensure_ascii=False, default=str).splitlines() if parts else []


def _find_schemas(node: Any, schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schemas that a node refers to, directly or through others, in the document's order."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        names = set(_iter_references(waiting.pop())) - found
        found |= names
        waiting += [schemas[name] for name in names if name in schemas]
    return {name: schema for name, schema in schemas.items() if name in found}


def _iter_references(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        if isinstance(reference := node.get("$ref"), str):
            yield reference.rpartition("/")[2]
        for value in node.values():
            yield from _iter_references(value)
    elif isinstance(node, list):
        for item in node:
            yield from _iter_references(item)
