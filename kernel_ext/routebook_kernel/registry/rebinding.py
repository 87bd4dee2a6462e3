"""Rebinding: code in other cells that uses a redefined model or dependency gets the new definition, or becomes stale.

Models are changed in place (the annotations of their fields, then their schema), so that existing references stay
valid. Functions get new annotations and defaults, and their routes are analysed again. A class that inherits from a
redefined one, or whose schema can't be rebuilt, is stale: its cell has to run again.

Spec: pydantic, `BaseModel.model_rebuild`; Python data model, `__annotations__`, `__defaults__`, `__kwdefaults__`.
"""

import contextlib
import dataclasses
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pydantic import BaseModel
from pydantic.errors import PydanticUserError

from routebook.exceptions import RoutebookError
from routebook.routing import APIRoute, APIWebSocketRoute, IncludedRouter
from routebook_kernel.registry.definitions import NotebookDefinition, NotebookDefinitions
from routebook_kernel.registry.identity import ByIdentity
from routebook_kernel.registry.substitution import (
    ReferencedNames,
    Replacements,
    has_reference,
    substitute,
    substitute_all,
)


class ReferenceIndex:
    """A cache of what routes and functions refer to."""

    def __init__(self) -> None:
        # Keyed by id, with a reference so that the id isn't reused. Every route is looked up after each cell, and
        # `ByIdentity` keys would double the time of that.
        self._known: dict[int, tuple[Any, ReferencedNames]] = {}
        self._kept_count = 0

    def references_of(self, thing: Any, iter_values: Callable[[Any], Iterable[Any]]) -> ReferencedNames:
        """Return what a route or function refers to."""
        known = self._known.get(id(thing))
        if known is None:
            known = self._known[id(thing)] = thing, ReferencedNames.collect(iter_values(thing))
        return known[1]

    def forget(self, thing: Any) -> None:
        """Drop a thing from the cache, because it refers to other things now."""
        self._known.pop(id(thing), None)

    @property
    def has_grown(self) -> bool:
        """Whether anything was added since the last `keep_only`."""
        return len(self._known) > self._kept_count

    def keep_only(self, things: Iterable[Any]) -> None:
        """Drop everything except these things."""
        standing = {id(thing) for thing in things}
        self._known = {key: known for key, known in self._known.items() if key in standing}
        self._kept_count = len(self._known)


@dataclass(slots=True)
class RebindingResult:
    """The outcome of rebinding.

    Attributes:
        models: Classes whose schema was rebuilt. Routes that use one have to be analysed again.
        stale: Classes that can't be rebound, each with the name of the definition that is newer than they are.
        aliases: The new values of type aliases, by name.
    """

    models: set[ByIdentity] = field(default_factory=set)
    stale: dict[ByIdentity, str] = field(default_factory=dict)
    aliases: dict[str, Any] = field(default_factory=dict)


def rebind_definitions(
    replacements: Replacements, definitions: NotebookDefinitions, aliases: Mapping[str, Any], index: ReferenceIndex
) -> RebindingResult:
    """Rebind the notebook's type aliases, functions and models.

    Args:
        replacements: Each old definition with the new one.
        definitions: The current definitions.
        aliases: The current type aliases, by name.
        index: The known references of functions.
    """
    result = RebindingResult()
    for name, alias in aliases.items():
        with contextlib.suppress(*REBINDING_ERRORS):
            value = substitute(alias, replacements)
            if value is not alias:
                result.aliases[name] = value
    for definition in definitions.functions():
        function = definition.value
        if index.references_of(function, iter_signature).has_any(replacements):
            with contextlib.suppress(*REBINDING_ERRORS):  # routes that use it become stale
                rebind_signature(function, replacements)
            index.forget(function)
    classes = definitions.classes()
    for definition in classes:
        if outdated := _find_outdated_base(definition.value, replacements):
            result.stale[ByIdentity(definition.value)] = outdated
    _rebuild_models(
        [definition for definition in classes if ByIdentity(definition.value) not in result.stale], replacements, result
    )
    return result


def _find_outdated_base(cls: type, replacements: Replacements) -> str | None:
    return next((base.__name__ for base in cls.__mro__[1:] if ByIdentity(base) in replacements), None)


def _rebuild_models(classes: Sequence[NotebookDefinition], replacements: Replacements, result: RebindingResult) -> None:
    """Rebuild the classes that refer to an old definition, then those that refer to a rebuilt one, and so on."""
    touched: list[type] = []
    for definition in classes:
        try:
            if _rebind_fields(definition.value, replacements):
                touched.append(definition.value)
        except REBINDING_ERRORS:
            result.stale[ByIdentity(definition.value)] = ReferencedNames.collect(
                _iter_fields(definition.value)
            ).first_replaced(replacements)
    while touched:
        for cls in touched:
            result.models.add(ByIdentity(cls))
            if not _rebuild_schema(cls):
                result.stale[ByIdentity(cls)] = ", ".join(sorted(_names(replacements)))
        done = {model: model.target for model in result.models}
        touched = [
            definition.value
            for definition in classes
            if ByIdentity(definition.value) not in done and has_field_reference(definition.value, done)
        ]


def _names(replacements: Replacements) -> set[str]:
    return {getattr(old.target, "__name__", "a definition") for old in replacements}


def _rebind_fields(cls: type, replacements: Replacements) -> bool:
    """Replace old definitions in the fields of a class, and return whether there were any."""
    if not has_field_reference(cls, replacements):
        return False
    for name, annotation in inspect.get_annotations(cls).items():
        cls.__annotations__[name] = substitute(annotation, replacements)
    for info in _fields_of(cls):
        info.annotation = substitute(info.annotation, replacements)
        info.default = substitute(info.default, replacements)
    if dataclasses.is_dataclass(cls):
        for member in dataclasses.fields(cls):
            member.type = substitute(member.type, replacements)
    return True


def has_field_reference(cls: type, replacements: Replacements) -> bool:
    """Whether the fields of a class refer to an old definition."""
    return any(has_reference(value, replacements) for value in _iter_fields(cls))


def _iter_fields(cls: type) -> Iterator[Any]:
    """Yield the annotations and defaults of a class's fields."""
    yield from inspect.get_annotations(cls).values()
    for info in _fields_of(cls):
        yield from (info.annotation, info.default)


def _fields_of(cls: type) -> list[Any]:
    return list(cls.__pydantic_fields__.values()) if issubclass(cls, BaseModel) else []


def _rebuild_schema(cls: type) -> bool:
    """Rebuild the schema of a model, and return whether that worked. Plain classes have no schema."""
    if not issubclass(cls, BaseModel):
        return True
    try:
        return cls.model_rebuild(force=True) is not False
    except (PydanticUserError, NameError, TypeError):
        return False


def rebind_signature(call: Any, replacements: Replacements) -> bool:
    """Replace old definitions in a callable's annotations and defaults, and return whether there were any."""
    function = underlying_function(call)
    if function is None or not ReferencedNames.collect(iter_signature(function)).has_any(replacements):
        return False
    annotations, defaults = function.__annotations__, function.__defaults__ or ()
    keyword_defaults = function.__kwdefaults__ or {}
    for name, annotation in annotations.items():
        annotations[name] = substitute(annotation, replacements)
    if defaults:
        function.__defaults__ = tuple(substitute_all(defaults, replacements))
    for name, default in keyword_defaults.items():
        keyword_defaults[name] = substitute(default, replacements)
    return True


def iter_signature(function: Any) -> Iterator[Any]:
    """Yield the annotations and defaults of a plain function."""
    yield from function.__annotations__.values()
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()


def underlying_function(call: Any) -> Any:
    """Return the plain function behind a partial, class, object or wrapper, or None if there isn't one."""
    while isinstance(call, partial):
        call = call.func
    call = inspect.unwrap(call)
    if inspect.isclass(call):
        call = call.__init__
    elif not inspect.isfunction(call) and not inspect.ismethod(call):
        call = inspect.getattr_static(type(call), "__call__", None)
    function = getattr(call, "__func__", call)
    return function if inspect.isfunction(function) else None


def iter_referenced(route: Any) -> Iterator[Any]:
    """Yield everything a route's declaration refers to: annotations and defaults of its whole tree, and its options.

    The endpoint itself isn't included: a function of the same name in another cell is a different function.
    """
    for node in route.dependant.iter_tree():
        if node is not route.dependant:
            yield node.call
        if (function := underlying_function(node.call)) is not None:
            yield from iter_signature(function)
    yield getattr(route, "response_model", None)
    yield from route.dependencies
    for response in (getattr(route, "responses", None) or {}).values():
        yield response.get("model")


def rebind_route(route: Any, replacements: Replacements) -> Any:
    """Return the route, analysed again with the new definitions.

    Raises:
        RoutebookError: If it can no longer be declared.
    """
    for node in route.dependant.iter_tree():
        rebind_signature(node.call, replacements)
    changes: dict[str, Any] = {"dependencies": substitute_all(route.dependencies, replacements)}
    if isinstance(route, APIRoute):
        model, function = substitute(route.response_model, replacements), underlying_function(route.endpoint)
        if model is not route.response_model and (function is None or model != function.__annotations__.get("return")):
            changes["response_model"] = model  # was an option; from an annotation, it's derived again
        changes["responses"] = {
            status: {**response, "model": substitute(response["model"], replacements)}
            if "model" in response
            else response
            for status, response in (route.responses or {}).items()
        }
    return route.rebuilt(**changes)


def rebind_include(entry: IncludedRouter, replacements: Replacements) -> IncludedRouter:
    """Return the included router with its dependencies replaced."""
    new = entry.rebuilt()
    new.dependencies = substitute_all(entry.dependencies, replacements)
    return new


def is_route(value: Any) -> bool:
    """Whether a value has a declaration that can be analysed again."""
    return isinstance(value, APIRoute | APIWebSocketRoute)


REBINDING_ERRORS = (RoutebookError, PydanticUserError, NameError, TypeError, AttributeError, ValueError)
"""The exceptions that analysing an outdated declaration may raise."""
