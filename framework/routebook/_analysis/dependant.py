"""The frozen tree that everything reads: compiler, OpenAPI, views and `explain`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from routebook._analysis.callables import CallableKind
from routebook._analysis.fields import ModelField
from routebook._analysis.names import request_names
from routebook._security import SecurityBase
from routebook._types import DependencyScope, SourceLocation
from routebook.params import Depends

Source = Literal["path", "query", "header", "cookie", "body", "form", "file"]
InjectedKind = Literal["request", "websocket", "connection", "response", "background_tasks", "security_scopes"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that comes from the request."""

    source: Source
    field: ModelField

    @property
    def name(self) -> str:
        """The callable's own name for it."""
        return self.field.name

    @property
    def names(self) -> tuple[str, ...]:
        """The names under which a request may send it, the preferred one first; headers in any case."""
        return request_names(self.field.name, self.field.field_info)

    @property
    def is_body(self) -> bool:
        return self.source in ("body", "form", "file")

    @property
    def error_source(self) -> str:
        """How a validation error's `loc` names the source."""
        return "body" if self.is_body else self.source


@dataclass(frozen=True, slots=True)
class Injected:
    """An object that the framework makes: the request, a response to set headers on, background tasks and more."""

    name: str
    kind: InjectedKind


@dataclass(frozen=True, slots=True)
class Dependant:
    """An analysed callable: an endpoint or a dependency, and what it needs.

    `name` is the parameter of the parent that takes its result; None for an endpoint, and for a dependency that is
    only run (of a decorator, a router or an application).
    """

    call: Callable[..., Any]
    kind: CallableKind
    location: SourceLocation | None
    name: str | None = None
    parameters: tuple[Parameter, ...] = ()
    injected: tuple[Injected, ...] = ()
    dependencies: tuple["Dependant", ...] = ()
    declaration: Depends | None = None
    scope: DependencyScope | None = None
    oauth_scopes: tuple[str, ...] = ()  # its own after its parents', each once
    security_scheme: SecurityBase | None = None
    cache_key: Any = field(default=None, compare=False)

    @property
    def use_cache(self) -> bool:
        return self.declaration is None or self.declaration.use_cache

    def iter_tree(self) -> Iterator["Dependant"]:
        """This node and every one below it, each dependency before the next, parents first."""
        yield self
        for dependency in self.dependencies:
            yield from dependency.iter_tree()

    def iter_parameters(self, *sources: Source) -> Iterator[Parameter]:
        """The parameters of the whole tree, in the order in which the tree declares them."""
        for node in self.iter_tree():
            for parameter in node.parameters:
                if not sources or parameter.source in sources:
                    yield parameter
