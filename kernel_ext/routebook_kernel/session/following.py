"""What happens when a run redefines a model or dependency: code in other cells is rebound, or becomes stale."""

from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any

from routebook.applications import Routebook
from routebook.routing import IncludedRouter
from routebook_kernel.records import CellKey
from routebook_kernel.registry.cell_entries import CellEntry
from routebook_kernel.registry.code_equality import has_same_behaviour
from routebook_kernel.registry.containers import Assignment
from routebook_kernel.registry.definitions import NotebookDefinitions
from routebook_kernel.registry.identity import ByIdentity
from routebook_kernel.registry.notebook import Container, Notebook
from routebook_kernel.registry.operations import RouteOperation
from routebook_kernel.registry.owner_names import iter_owners
from routebook_kernel.registry.rebinding import (
    REBINDING_ERRORS,
    ReferenceIndex,
    has_field_reference,
    is_route,
    iter_referenced,
    rebind_definitions,
    rebind_include,
    rebind_route,
)
from routebook_kernel.registry.signature_names import CellSources, SignatureExpression, has_same_meaning
from routebook_kernel.registry.substitution import ReferencedNames, Replacements, is_alias, substitute, substitute_all


@dataclass(frozen=True, slots=True)
class Staleness:
    """Why an operation couldn't be rebound.

    Attributes:
        name: The definition that is newer than the operation.
        cell: The cell to run again; None if no cell defines the name any more.
    """

    name: str
    cell: CellKey | None


class RedefinitionTracker:
    """Rebinds code in a notebook when definitions change.

    Args:
        notebook: What the cells own.
        namespace: The notebook's variables.
    """

    def __init__(self, notebook: Notebook, namespace: MutableMapping[str, Any]) -> None:
        self._notebook = notebook
        self._namespace = namespace
        self._definitions = NotebookDefinitions()
        self._index = ReferenceIndex()
        self._stale: dict[ByIdentity, Staleness] = {}
        self._stale_routes: dict[ByIdentity, str] = {}
        self._altered: Replacements = {}
        self._altered_cells: set[CellKey] = set()  # cells whose operations may use altered definitions
        self._sources = CellSources(notebook.cells)
        self._values: dict[str, Any] = {}
        self._expressions: dict[ByIdentity, tuple[SignatureExpression, ...]] = {}
        self._fields: dict[ByIdentity, frozenset[str]] = {}

    def finish_run(self, cell: CellKey) -> bool:
        """Rebind after a run of `cell`, and return whether a definition changed that other code may use."""
        replacements = self._definitions.update(self._namespace, cell, self._sources.is_bound)
        changed = self._changed_names()
        self._follow_values(changed)
        self._altered, self._altered_cells = self._find_altered(replacements), {cell}
        if replacements:
            # Collected before anything is rebound: after that, functions no longer refer to the old definitions.
            referencing = self._referencing_entries(replacements)
            rebinding = rebind_definitions(replacements, self._definitions, self._aliases(), self._index)
            self._namespace.update(rebinding.aliases)
            self._values |= {name: value for name, value in rebinding.aliases.items() if name in self._values}
            for cls, name in rebinding.stale.items():
                self._stale[cls] = Staleness(name, self._definitions.cell_of(cls.target))
            self._find_stale_objects(replacements)
            self._find_stale_applications(replacements)
            if rebinding.models:
                referencing |= self._referencing_entries({model: model.target for model in rebinding.models})
            self._altered_cells |= {entry.cell for entry in referencing}
            self._follow(referencing, replacements)
        has_lost = self._find_abandoned()
        self._read_new()
        self._forget_gone()
        return bool(replacements or changed or has_lost)

    # By value

    def _changed_names(self) -> frozenset[str]:
        """Return the names used by signatures and class bodies whose values have changed."""
        changed = {
            name
            for name, value in self._values.items()
            if name in self._namespace and not has_same_meaning(value, self._namespace[name])
        }
        for name in changed:
            self._values[name] = self._namespace[name]
        return frozenset(changed)

    def _follow_values(self, changed: frozenset[str]) -> None:
        if not changed:
            return
        for cls, names in self._fields.items():
            for name in sorted(names & changed):
                self._stale[cls] = Staleness(name, self._definitions.cell_of(cls.target))
        for container, entry in self._routes():
            outdated = [
                expression
                for expression in self._expressions.get(ByIdentity(entry.value), ())
                if expression.names & changed
            ]
            if outdated:
                self._follow_expressions(container, entry, outdated, changed)

    def _follow_expressions(
        self, container: Container, entry: CellEntry, outdated: Iterable[SignatureExpression], changed: frozenset[str]
    ) -> None:
        for expression in outdated:
            try:
                expression.reevaluate()
            except Exception:  # the user's own expression is evaluated
                self._stale_routes[ByIdentity(entry.value)] = min(expression.names & changed)
                return
            self._index.forget(expression.function)
        try:
            self._notebook.substitute(entry, container, entry.value.rebuilt())
        except REBINDING_ERRORS:
            self._stale_routes[ByIdentity(entry.value)] = min(
                frozenset().union(*(expression.names for expression in outdated)) & changed
            )

    def _read_new(self) -> None:
        """Read which names new routes and classes use by value."""
        known, self._expressions = self._expressions, {}
        for _, entry in self._routes():
            key = ByIdentity(entry.value)
            expressions = known.get(key)
            if expressions is None:
                expressions = self._sources.list_expressions(entry.value, self._namespace)
                for expression in expressions:
                    self._remember_values(expression.names)
            self._expressions[key] = expressions
        fields, self._fields = self._fields, {}
        for definition in self._definitions.classes():
            key = ByIdentity(definition.value)
            names = fields.get(key)
            if names is None:
                names = self._sources.find_class_names(definition.value, definition.cell, self._namespace)
                self._remember_values(names)
            self._fields[key] = names

    def _remember_values(self, names: Iterable[str]) -> None:
        for name in names:
            self._values.setdefault(name, self._namespace[name])

    # By definition

    def _routes(self) -> list[tuple[Container, CellEntry]]:
        return [(container, entry) for container, entry in self._notebook.entries() if is_route(entry.value)]

    def _aliases(self) -> dict[str, Any]:
        """Return the names that hold a composed type or a partial function."""
        return {name: value for name, value in self._namespace.items() if is_alias(value) and not name.startswith("_")}

    def _find_stale_objects(self, replacements: Replacements) -> None:
        """Mark objects of a redefined class: they are stale until their cells run again."""
        if not any(isinstance(previous.target, type) for previous in replacements):
            return
        for name, value in tuple(self._namespace.items()):
            if not name.startswith("_") and ByIdentity(type(value)) in replacements:
                self._stale[ByIdentity(value)] = Staleness(type(value).__name__, self._sources.find_binding_cell(name))

    def _find_stale_applications(self, replacements: Replacements) -> None:
        """Mark applications with a redefined lifespan: they keep the one they were created with."""
        for name, owner in iter_owners(self._namespace):
            lifespan = owner.router.own_lifespan if isinstance(owner, Routebook) else None
            for function in (lifespan, getattr(lifespan, "__wrapped__", None)):
                if ByIdentity(function) in replacements:
                    self._stale[ByIdentity(owner)] = Staleness(
                        getattr(function, "__name__", "lifespan"), self._sources.find_binding_cell(name)
                    )

    def _find_abandoned(self) -> bool:
        """Mark definitions that have a name but are no longer in any cell, and return whether there are new ones."""
        found = {
            ByIdentity(value): Staleness(name, None)
            for name, value in self._definitions.find_abandoned(self._sources.is_bound)
            if ByIdentity(value) not in self._stale and self._sources.find_binding_cell(name) is None
        }
        self._stale |= found
        return bool(found)

    def _forget_gone(self) -> None:
        if self._stale:
            current = {ByIdentity(value) for value in self._namespace.values()}
            self._stale = {old: stale for old, stale in self._stale.items() if old in current}
        if self._index.has_grown:
            values = [entry.value for _, entry in self._notebook.entries()]
            self._index.keep_only([*values, *(definition.value for definition in self._definitions.functions())])
        if self._stale_routes:
            routes = {ByIdentity(entry.value) for _, entry in self._notebook.entries()}
            self._stale_routes = {route: name for route, name in self._stale_routes.items() if route in routes}

    def _find_altered(self, replacements: Replacements) -> Replacements:
        """Return the new definitions with a different behaviour, and the classes with a field of such a type."""
        altered = {ByIdentity(new): new for old, new in replacements.items() if not has_same_behaviour(old.target, new)}
        more = altered
        while more:
            outer = [
                definition.value
                for definition in self._definitions.classes()
                if ByIdentity(definition.value) not in altered
            ]
            more = {ByIdentity(cls): cls for cls in outer if has_field_reference(cls, altered)}
            altered |= more
        return altered

    def _referencing_entries(self, replacements: Replacements) -> set[CellEntry]:
        """Return the entries that refer to a definition."""
        if not replacements:
            return set()
        return {
            entry for _, entry in self._notebook.entries() if self._references_of(entry.value).has_any(replacements)
        }

    def _references_of(self, value: Any) -> ReferencedNames:
        return self._index.references_of(value, _iter_referenced)

    def _follow(self, referencing: set[CellEntry], replacements: Replacements) -> None:
        for _, owner in iter_owners(self._namespace):
            router = owner.router if isinstance(owner, Routebook) else owner
            router.dependencies[:] = substitute_all(router.dependencies, replacements)
        for container, entry in self._notebook.entries():
            if entry not in referencing:
                continue
            try:
                self._notebook.substitute(entry, container, _rebind(entry.value, replacements))
            except REBINDING_ERRORS:
                self._stale_routes[ByIdentity(entry.value)] = self._references_of(entry.value).first_replaced(
                    replacements
                )

    def find_altered(self, operations: Iterable[RouteOperation]) -> dict[str, str]:
        """Return the operations that use a definition whose behaviour the last run changed, each with its name."""
        found = {}
        for operation in operations if self._altered else ():
            route = operation.context.original_route
            if operation.entry is None or operation.entry.cell not in self._altered_cells or not is_route(route):
                continue
            if (references := self._references_of(route)).has_any(self._altered):
                found[operation.id] = references.first_replaced(self._altered)
        return found

    def find_application_staleness(self, app: Routebook) -> Staleness | None:
        """Return why an application itself couldn't be rebound, or None if it was."""
        return self._stale.get(ByIdentity(app))

    def find_staleness(self, operation: RouteOperation) -> Staleness | None:
        """Return why an operation couldn't be rebound, or None if it was."""
        route, own = operation.context.original_route, operation.entry.cell if operation.entry else None
        if (name := self._stale_routes.get(ByIdentity(route))) is not None:
            return Staleness(name, own)
        if not self._stale or not is_route(route):
            return None
        references = self._references_of(route)
        if not references.words and self._stale.keys().isdisjoint(references.objects):
            return None
        return next((stale for old, stale in self._stale.items() if references.has_any({old: old.target})), None)


def _iter_referenced(value: Any) -> Iterable[Any]:
    if is_route(value):
        return iter_referenced(value)
    if isinstance(value, IncludedRouter):
        return value.dependencies
    return (value.key, value.value) if isinstance(value, Assignment) else (value,)


def _rebind(value: Any, replacements: Replacements) -> Any:
    """Return a container's value with the new definitions."""
    if is_route(value):
        return rebind_route(value, replacements)
    if isinstance(value, IncludedRouter):
        return rebind_include(value, replacements)
    if isinstance(value, Assignment):
        return Assignment(substitute(value.key, replacements), substitute(value.value, replacements))
    return substitute(value, replacements)
