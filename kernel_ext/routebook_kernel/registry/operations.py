"""An application's operations as they are served: full paths, owners, and their part of the OpenAPI document."""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from routebook.applications import Routebook
from routebook.routing import APIRoute, APIWebSocketRoute, iter_route_contexts
from routebook_kernel.registry.cell_entries import CellEntry
from routebook_kernel.registry.changes import ApplicationSnapshot, OperationFacts
from routebook_kernel.registry.run_report import Diagnostic, as_code

EntryOf = Callable[[Any], CellEntry | None]
"""Returns the entry of a route; None for a route that isn't in the registry."""


@dataclass(slots=True)  # not frozen, for speed (records.py): hundreds are made after each cell
class RouteOperation:
    """One method of one route, as it's served.

    Attributes:
        id: "GET /items/{item_id}", with every prefix.
        context: The framework's view of it: path, methods, endpoint, options.
        entry: Its entry, with its owner.
    """

    id: str
    method: str
    path: str
    context: Any
    entry: CellEntry | None

    @property
    def endpoint(self) -> Callable[..., Any]:
        """The function that serves it."""
        endpoint: Callable[..., Any] = self.context.endpoint
        return endpoint

    @property
    def function(self) -> str:
        """The name of its function."""
        return str(getattr(self.endpoint, "__name__", None) or type(self.endpoint).__name__)

    @property
    def line(self) -> int | None:
        """The line of its function, in its cell or file."""
        location = getattr(self.context.original_route, "location", None)
        return location.line if location is not None else None


def iter_operations(app: Routebook, entry_of: EntryOf) -> Iterator[RouteOperation]:
    """Yield every path operation and WebSocket endpoint, in declaration order, without the framework's own pages."""
    return iter_operations_of(app.routes, entry_of)


def iter_operations_of(routes: Sequence[Any], entry_of: EntryOf) -> Iterator[RouteOperation]:
    """Yield the operations of some routes, without the prefixes of routers above them."""
    for context in iter_route_contexts(routes):
        route = context.original_route
        if not isinstance(route, APIRoute | APIWebSocketRoute):
            continue
        entry, path = entry_of(route), context.path_format or ""
        for method in sorted(context.methods or ("WEBSOCKET",)):
            yield RouteOperation(f"{method} {path}", method, path, context, entry)


def take_snapshot(operations: Iterable[RouteOperation], document: Mapping[str, Any]) -> ApplicationSnapshot:
    """Return a snapshot of the operations. If two have the same id, the first one counts, since it responds."""
    facts: dict[str, OperationFacts] = {}
    for operation in operations:
        if operation.id not in facts:
            facts[operation.id] = OperationFacts(
                id=operation.id,
                function=operation.function,
                code=getattr(operation.endpoint, "__code__", None),
                cell=operation.entry.cell if operation.entry else None,
                operation=find_operation_object(operation, document),
            )
    return ApplicationSnapshot(facts, document.get("components", {}).get("schemas", {}))


def build_document(app: Routebook) -> tuple[Mapping[str, Any], list[Diagnostic]]:
    """Return the OpenAPI document; if it can't be built, an empty one and a diagnostic."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # duplicate operation ids have a diagnostic of their own
            return app.openapi(), []
    except Exception as error:  # the user's own models and hooks run here
        reason = as_code(f"{type(error).__name__}: {error}".splitlines()[0])
        return {}, [
            Diagnostic("declaration", "warn", "no OpenAPI document", f"{reason}; operations are served without it")
        ]


def find_operation_object(operation: RouteOperation, document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the OpenAPI Operation Object, or None if the operation isn't in the document."""
    found: Mapping[str, Any] | None = document.get("paths", {}).get(operation.path, {}).get(operation.method.lower())
    return found
