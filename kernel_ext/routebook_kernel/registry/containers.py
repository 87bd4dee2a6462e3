"""The parts of an application that cells add to, as the registry's containers.

Routes come one by one, through the framework's registrar. Handlers, overrides and middleware are plain dictionaries
and lists of the application: what a cell changed there is seen when its run ends.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

from routebook.applications import Routebook
from routebook.routing import APIRoute, APIRouter, APIWebSocketRoute, IncludedRouter
from routebook_kernel.registry.notebook import Container

_NAMELESS = frozenset({"_", "<lambda>"})


class RouteContainer:
    """The routes of one router, in declaration order."""

    name = "routes"

    def __init__(self, router: APIRouter) -> None:
        self.owner = router

    def values(self) -> Sequence[Any]:
        """The routes."""
        return self.owner.routes

    def set_values(self, values: Sequence[Any]) -> None:
        """Make these its routes; the next request sees all of them."""
        self.owner.routes[:] = list(values)

    def append(self, value: Any) -> None:
        """Add a route behind the others."""
        self.owner.routes.append(value)

    def replace(self, index: int, value: Any) -> None:
        """Put a route in the place of another."""
        self.owner.routes[index] = value

    def keys_and_label(self, value: Any) -> tuple[frozenset[Hashable], Hashable | None]:
        """What a route answers, and the name of its function."""
        return route_keys(value), route_label(value)

    def narrow(self, value: Any, keys: frozenset[Hashable]) -> Any:
        """The route for some of its methods."""
        methods = {str(key).partition(" ")[0] for key in keys}
        if isinstance(value, APIRoute):
            return value.rebuilt(methods=methods)
        route = copy(value)
        route.methods = methods
        return route

    def move(self, value: Any, previous: Container) -> Any:
        """The route as this router would have it, had it been declared here."""
        if isinstance(value, IncludedRouter):
            return value.rebuilt(parent=self.owner)
        if isinstance(value, APIRoute):
            return value.rebuilt(**_options_at(value, previous.owner, self.owner))
        if isinstance(value, APIWebSocketRoute):
            return value.rebuilt(
                path=_path_at(value.path, previous.owner, self.owner),
                dependencies=[*self.owner.dependencies, *value.dependencies[len(previous.owner.dependencies) :]],
                dependency_overrides_provider=self.owner.dependency_overrides_provider,
            )
        return value


def _path_at(path: str, previous: APIRouter, router: APIRouter) -> str:
    return router.prefix + path.removeprefix(previous.prefix)


def _options_at(route: APIRoute, previous: APIRouter, router: APIRouter) -> dict[str, Any]:
    """A route's options with those that its router had given it exchanged for another router's."""

    def exchanged(name: str, name_at_router: str) -> Any:
        """An option that is the router's where the route has none of its own."""
        value = getattr(route, name)
        return getattr(router, name_at_router) if value is getattr(previous, name_at_router) else value

    return {
        "path": _path_at(route.path, previous, router),
        "tags": [*router.tags, *(route.tags or ())[len(previous.tags) :]],
        "dependencies": [*router.dependencies, *(route.dependencies or ())[len(previous.dependencies) :]],
        "responses": {
            **router.responses,
            **{
                status: response
                for status, response in (route.responses or {}).items()
                if previous.responses.get(status) is not response
            },
        },
        "callbacks": [*router.callbacks, *(route.callbacks or ())[len(previous.callbacks) :]],
        "deprecated": router.deprecated if previous.deprecated else (route.deprecated or router.deprecated),
        "include_in_schema": router.include_in_schema and (route.include_in_schema or not previous.include_in_schema),
        "response_class": exchanged("response_class", "default_response_class"),
        "generate_unique_id_function": exchanged("generate_unique_id_function", "generate_unique_id_function"),
        "strict_content_type": exchanged("strict_content_type", "strict_content_type"),
        "dependency_overrides_provider": router.dependency_overrides_provider,
    }


def route_keys(route: Any) -> frozenset[Hashable]:
    """What a route answers: "GET /items/{id}", "WEBSOCKET /ws"; nothing definite for mounts and included routers."""
    path = getattr(route, "path", None)
    if path is None or not hasattr(route, "endpoint"):
        return frozenset()
    methods = getattr(route, "methods", None)
    return frozenset(f"{method} {path}" for method in methods or ("WEBSOCKET",))


def route_label(route: Any) -> Hashable | None:
    """What a route is recognised by when its path has changed."""
    if endpoint := getattr(route, "endpoint", None):
        name, module = getattr(endpoint, "__name__", None), getattr(endpoint, "__module__", None)
        is_made = module != "__main__" and "<locals>" in getattr(endpoint, "__qualname__", "")
        return None if name is None or name in _NAMELESS or is_made else ("function", module, name)
    if hasattr(route, "router"):
        return ("include", getattr(route, "prefix", ""))
    return ("mount", getattr(route, "path", ""))


@dataclass(frozen=True, slots=True, eq=False)
class Assignment:
    """One assignment to a dictionary: a new object each time, even where key and value are the same again."""

    key: Any
    value: Any


class RecordedDict(dict[Any, Any]):
    """A dictionary that remembers each assignment as an `Assignment`."""

    def __init__(self, content: dict[Any, Any]) -> None:
        super().__init__(content)
        self._assignments = {key: Assignment(key, value) for key, value in content.items()}

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        self._assignments[key] = Assignment(key, value)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Assign each."""
        for key, value in dict(*args, **kwargs).items():
            self[key] = value

    def setdefault(self, key: Any, default: Any = None) -> Any:
        """Assign where nothing is."""
        if key not in self:
            self[key] = default
        return self[key]

    def __ior__(self, other: Any) -> "RecordedDict":  # type: ignore[misc]
        self.update(other)
        return self

    def assignments(self) -> list[Assignment]:
        """The last assignment of each key that is still there."""
        return [assignment for key, assignment in self._assignments.items() if key in self]

    def restore(self, assignments: Sequence[Assignment]) -> None:
        """Make these its content, key by key, so that a reader in another thread never sees it empty."""
        wanted = {assignment.key: assignment for assignment in assignments}
        for key in [key for key in self if key not in wanted]:
            del self[key]
        for key, assignment in wanted.items():
            super().__setitem__(key, assignment.value)
        self._assignments = wanted


class MappingContainer:
    """A dictionary of an application: exception handlers, dependency overrides.

    Args:
        owner: The application.
        name: The attribute that holds the dictionary.
        on_change: Called after a change that is not the user's own.
    """

    def __init__(self, owner: Any, name: str, on_change: Callable[[], None] = lambda: None) -> None:
        self.owner = owner
        self.name = name
        self._on_change = on_change

    @property
    def _mapping(self) -> RecordedDict:
        mapping = getattr(self.owner, self.name)
        if not isinstance(mapping, RecordedDict):  # the first time, or the attribute was assigned anew
            mapping = RecordedDict(mapping)
            setattr(self.owner, self.name, mapping)
        return mapping

    def values(self) -> Sequence[Assignment]:
        """Its assignments."""
        return self._mapping.assignments()

    def set_values(self, values: Sequence[Assignment]) -> None:
        """Make these its content."""
        self._mapping.restore(values)
        self._on_change()

    def append(self, value: Assignment) -> None:
        """Add one."""
        self.set_values([*self.values(), value])

    def replace(self, index: int, value: Assignment) -> None:
        """Put one in the place of another."""
        values = list(self.values())
        values[index] = value
        self.set_values(values)

    def keys_and_label(self, value: Assignment) -> tuple[frozenset[Hashable], Hashable | None]:
        """The key, and for a function or class that may be defined anew its name."""
        return frozenset({value.key}), getattr(value.key, "__qualname__", None)

    def narrow(self, value: Assignment, keys: frozenset[Hashable]) -> Assignment:
        """An assignment has one key only."""
        return value

    def move(self, value: Assignment, previous: Container) -> Assignment:
        """The same in every application."""
        return value


class ListContainer:
    """A list of an application: middleware, start-up handlers.

    Args:
        owner: The application or its router.
        name: The attribute that holds the list.
        on_change: Called after a change that is not the user's own.
        is_reversed: Whether what is added later stands before.
    """

    def __init__(
        self, owner: Any, name: str, on_change: Callable[[], None] = lambda: None, *, is_reversed: bool = False
    ) -> None:
        self.owner = owner
        self.name = name
        self._on_change = on_change
        self._is_reversed = is_reversed

    @property
    def _list(self) -> list[Any]:
        return getattr(self.owner, self.name)  # type: ignore[no-any-return]

    def values(self) -> Sequence[Any]:
        """What it holds, in the order in which it was added."""
        return self._list[::-1] if self._is_reversed else self._list

    def set_values(self, values: Sequence[Any]) -> None:
        """Make these its content."""
        self._list[:] = values[::-1] if self._is_reversed else values
        self._on_change()

    def append(self, value: Any) -> None:
        """Add one."""
        self.set_values([*self.values(), value])

    def replace(self, index: int, value: Any) -> None:
        """Put one in the place of another."""
        values = list(self.values())
        values[index] = value
        self.set_values(values)

    def keys_and_label(self, value: Any) -> tuple[frozenset[Hashable], Hashable | None]:
        """Nothing conflicts here; recognised by the name of its class or function."""
        return frozenset(), getattr(getattr(value, "cls", value), "__qualname__", None)

    def narrow(self, value: Any, keys: frozenset[Hashable]) -> Any:
        """Never asked: there are no keys."""
        return value

    def move(self, value: Any, previous: Container) -> Any:
        """The same in every application."""
        return value


def iter_containers(owner: Routebook | APIRouter) -> Iterator[Container]:
    """The parts of an application or a router that cells add to."""
    router = owner.router if isinstance(owner, Routebook) else owner
    yield RouteContainer(router)
    for name in ("on_startup", "on_shutdown"):
        if isinstance(getattr(router, name, None), list):
            yield ListContainer(router, name)
    if isinstance(owner, Routebook):
        yield RouteContainer(owner.webhooks)
        yield MappingContainer(owner, "exception_handlers", owner.refresh_middleware)
        yield MappingContainer(owner, "dependency_overrides")
        yield ListContainer(owner, "user_middleware", owner.refresh_middleware, is_reversed=True)
