"""When a run redefines a model or a dependency: what names it in other cells follows, what cannot is stale."""

from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any

from routebook.applications import Routebook
from routebook.routing import IncludedRouter
from routebook_kernel.records import CellKey
from routebook_kernel.registry.constants import Constant, SignatureSources
from routebook_kernel.registry.containers import Item
from routebook_kernel.registry.definitions import Definitions
from routebook_kernel.registry.identity import Same
from routebook_kernel.registry.ledger import Entry
from routebook_kernel.registry.names import iter_owners
from routebook_kernel.registry.notebook import Container, Notebook
from routebook_kernel.registry.operations import Operation
from routebook_kernel.registry.rebinding import (
    NamedIndex,
    RebindingError,
    is_route,
    iter_named,
    rebind_definitions,
    rebound_include,
    rebound_route,
)
from routebook_kernel.registry.substitution import Named, Replaced, substituted, substituted_all


@dataclass(frozen=True, slots=True)
class Staleness:
    """Why an operation does not follow.

    Attributes:
        name: What it is too old for.
        cell: The cell to run.
    """

    name: str
    cell: CellKey | None


class Follower:
    """Follows redefinitions through a notebook.

    Args:
        notebook: What the cells own.
        namespace: The notebook's variables.
    """

    def __init__(self, notebook: Notebook, namespace: MutableMapping[str, Any]) -> None:
        self._notebook = notebook
        self._namespace = namespace
        self._definitions = Definitions()
        self._index = NamedIndex()
        self._stale_classes: dict[Same, str] = {}
        self._stale_routes: dict[Same, str] = {}
        self._sources = SignatureSources(notebook.cells)
        self._constants: dict[Same, tuple[Constant, ...]] = {}

    def settle(self, cell: CellKey) -> bool:
        """A run of `cell` ended; whether anything was redefined that something may name."""
        redefined = self._definitions.settle(self._namespace, cell)
        if redefined:
            # Asked before anything is exchanged: afterwards a function no longer names what its route was made from.
            naming = self._naming(redefined.replaced)
            rebinding = rebind_definitions(redefined.replaced, self._definitions, self._namespace, self._index)
            self._stale_classes |= rebinding.stale
            naming |= self._naming({model: model.target for model in rebinding.models})
            self._follow(naming, redefined.replaced)
        has_changed = self._follow_constants()
        self._forget_gone()
        return bool(redefined) or has_changed

    def _follow_constants(self) -> bool:
        """Defaults that are constants of other cells follow; whether any has changed."""
        routes = [(container, entry) for container, entry in self._notebook.entries() if is_route(entry.value)]
        known, self._constants = self._constants, {}
        has_changed = False
        for container, entry in routes:
            key = Same(entry.value)
            constants = known.get(key)
            if constants is None:
                constants = self._sources.constants_of(entry.value, self._namespace)
            outdated = [each for each in constants if each.is_outdated(self._namespace)]
            self._constants[key] = constants
            if outdated:
                has_changed = True
                self._follow_outdated(container, entry, outdated)
        return has_changed

    def _follow_outdated(self, container: Container, entry: Entry, outdated: Iterable[Constant]) -> None:
        for constant in outdated:
            if constant.parameter is None:
                self._stale_routes[Same(entry.value)] = constant.name
                return
            constant.follow(self._namespace[constant.name])
        former = Same(entry.value)
        self._notebook.substitute(entry, container, entry.value.rebuilt())
        self._constants.pop(former, None)

    def _forget_gone(self) -> None:
        if self._stale_classes:
            standing = {Same(cls) for cls in self._definitions.classes()}
            self._stale_classes = {cls: name for cls, name in self._stale_classes.items() if cls in standing}
        if self._index.has_grown:
            values = [entry.value for _, entry in self._notebook.entries()]
            self._index.keep_only([*values, *self._definitions.functions()])
        if self._stale_routes:
            routes = {Same(entry.value) for _, entry in self._notebook.entries()}
            self._stale_routes = {route: name for route, name in self._stale_routes.items() if route in routes}

    def _naming(self, replaced: Replaced) -> set[Entry]:
        """The entries that name a definition."""
        if not replaced:
            return set()
        return {entry for _, entry in self._notebook.entries() if self._named(entry.value).has_any(replaced)}

    def _named(self, value: Any) -> Named:
        return self._index.of(value, lambda: _iter_named(value))

    def _follow(self, naming: set[Entry], replaced: Replaced) -> None:
        for _, owner in iter_owners(self._namespace):
            router = owner.router if isinstance(owner, Routebook) else owner
            router.dependencies[:] = substituted_all(router.dependencies, replaced)
        for container, entry in self._notebook.entries():
            if entry not in naming:
                continue
            try:
                self._notebook.substitute(entry, container, _rebound(entry.value, replaced))
            except RebindingError as error:
                self._stale_routes[Same(entry.value)] = str(error).splitlines()[0]

    def staleness(self, operation: Operation) -> Staleness | None:
        """Why an operation does not follow; None when it does."""
        route, own = operation.context.original_route, operation.entry.cell if operation.entry else None
        if (reason := self._stale_routes.get(Same(route))) is not None:
            return Staleness(reason, own)
        if not self._stale_classes or not is_route(route):
            return None
        for cls, name in self._stale_classes.items():
            if self._named(route).has_any({cls: cls.target}):
                return Staleness(name, self._definitions.cell_of(cls.target))
        return None


def _iter_named(value: Any) -> Iterable[Any]:
    if is_route(value):
        return iter_named(value)
    if isinstance(value, IncludedRouter):
        return value.dependencies
    return (value.key, value.value) if isinstance(value, Item) else (value,)


def _rebound(value: Any, replaced: Replaced) -> Any:
    """A container's value against the new definitions."""
    if is_route(value):
        return rebound_route(value, replaced)
    if isinstance(value, IncludedRouter):
        return rebound_include(value, replaced)
    if isinstance(value, Item):
        return Item(substituted(value.key, replaced), substituted(value.value, replaced))
    return substituted(value, replaced)
