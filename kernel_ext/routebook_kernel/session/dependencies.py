"""The tree of what an operation calls, as views show it: each callable at its place, what is shared, what stands in."""

from collections.abc import Callable, Iterator

from routebook.applications import Routebook
from routebook.introspect import CallView, UnknownOperationError, iter_operations, view_operation
from routebook_kernel.exceptions import RequestError
from routebook_kernel.protocol import (
    CellRef,
    DependenciesDelta,
    DependenciesState,
    DependencyNode,
    DependencyTree,
    ParameterRef,
)
from routebook_kernel.recording.failures import CellOf
from routebook_kernel.recording.waterfall import KINDS, find_place
from routebook_kernel.runtime.home import HomeLoop
from routebook_kernel.session.state_feed import StateFeed

_INJECTED = {"connection": "request"}
"""What the framework gives, in words that differ from its own."""


def tree_of(app: Routebook, operation: str, cell_of: CellOf) -> DependencyTree:
    """What an operation calls as the application stands now, overrides included.

    Raises:
        RequestError: There is no such operation.
    """
    try:
        view = view_operation(app, operation, app.dependency_overrides)
    except UnknownOperationError as error:
        raise RequestError(str(error)) from None
    nodes = list(_iter_nodes(view.endpoint, 0, cell_of))
    by_variable = {call.variable: number for number, (call, _) in enumerate(nodes) if call.runs}
    for call, node in nodes:
        if call.is_reused:
            node["shared_with"] = by_variable.get(call.variable)
    for _, node in nodes:
        if (first := node["shared_with"]) is not None:
            nodes[first][1]["uses"] += 1
    return DependencyTree(operation=operation, nodes=[node for _, node in nodes])


def _iter_nodes(call: CallView, level: int, cell_of: CellOf) -> Iterator[tuple[CallView, DependencyNode]]:
    """A callable and what is below it; below a shared one only what runs again."""
    place = find_place(call, cell_of)
    cell = place.cell if place is not None else None
    yield (
        call,
        DependencyNode(
            level=level,
            name=call.name,
            kind=KINDS[call.kind],
            in_thread=call.kind in {"sync", "generator"},
            parameter=call.parameter,
            cell=CellRef(cell_id=cell.cell_id, label=cell.label, line=place.line) if cell and place else None,
            file=str(place) if place is not None and cell is None else None,
            runs=call.runs,
            shared_with=None,
            uses=1,
            is_fresh=not call.use_cache,
            scope=call.scope if "generator" in call.kind else None,
            replaced=call.replaced,
            scheme=call.scheme,
            oauth_scopes=list(call.oauth_scopes),
            parameters=[ParameterRef(name=each.name, source=each.source) for each in call.parameters],
            injected=[_INJECTED.get(kind, kind.replace("_", " ")) for kind in call.injected],
        ),
    )
    for child in call.dependencies:
        if any(each.runs or each.is_reused for each in child.iter_tree()):
            yield from _iter_nodes(child, level + 1, cell_of)


class DependenciesView:
    """The trees of one application's operations and their views; implements `session_api.DependenciesApi`.

    Args:
        home: Where deltas are timed.
        app: The application, as it stands now.
        cell_of: Finds the cell of a code object.
        operation: The one that is shown; the first where it is None, or no longer there.
    """

    def __init__(
        self, home: HomeLoop, app: Callable[[], Routebook], cell_of: CellOf, operation: str | None = None
    ) -> None:
        self._app = app
        self._cell_of = cell_of
        self._operation = operation
        self._feed = StateFeed[DependenciesState](home, self._take, _difference)

    def state(self) -> tuple[int, DependenciesState]:
        """The whole state and its sequence number."""
        return self._feed.state()

    def subscribe(self, listener: Callable[[DependenciesDelta], None]) -> Callable[[], None]:
        """Call `listener` with each delta, at most 20 a second, from any thread; the result ends it."""
        return self._feed.subscribe(listener)

    def touch(self) -> None:
        """A cell has run; any thread."""
        self._feed.touch()

    def tree(self, operation: str) -> DependencyTree:
        """What an operation calls.

        Raises:
            RequestError: There is no such operation.
        """
        return tree_of(self._app(), operation, self._cell_of)

    def show(self, operation: str) -> None:
        """Show another operation, in all places."""
        self._operation = operation
        self._feed.touch()

    def _take(self) -> DependenciesState:
        operations = list(dict.fromkeys(view.key for view in iter_operations(self._app())))
        is_gone = self._operation is not None and self._operation not in operations
        chosen = self._operation if self._operation in operations else None
        if chosen is None and self._operation is None and operations:
            chosen = operations[0]
        return DependenciesState(
            operations=operations,
            shown=self.tree(chosen) if chosen is not None else None,
            gone=self._operation if is_gone else None,
        )


def _difference(before: DependenciesState, after: DependenciesState, seq: int) -> DependenciesDelta | None:
    return DependenciesDelta(type="delta", seq=seq, state=after) if before != after else None
