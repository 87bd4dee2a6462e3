"""The registry's view of what cells add to: routers and applications as containers.

The framework's registrar reports routes one by one. Handlers, overrides and middleware live in plain dictionaries and
lists of the application, so what a cell changed in them is found when its run ends.
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
        """Return the routes."""
        return self.owner.routes

    def set_values(self, values: Sequence[Any]) -> None:
        """Replace all routes. The next request sees all of the new ones."""
        self.owner.routes[:] = list(values)

    def append(self, value: Any) -> None:
        """Add a route at the end."""
        self.owner.routes.append(value)

    def replace(self, index: int, value: Any) -> None:
        """Replace one route by another."""
        self.owner.routes[index] = value

    def keys_and_label(self, value: Any) -> tuple[frozenset[Hashable], Hashable | None]:
        """Return the route's operations, and the name of its function."""
        return route_keys(value), route_label(value)

    def narrow(self, value: Any, keys: frozenset[Hashable]) -> Any:
        """Return the route with only some of its methods."""
        methods = {str(key).partition(" ")[0] for key in keys}
        if isinstance(value, APIRoute):
            return value.rebuilt(methods=methods)
        route = copy(value)
        route.methods = methods
        return route

    def move(self, value: Any, previous: Container) -> Any:
        """Return the route as it would be if it had been declared on this router."""
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
    """Return a route's options, with those it took from its router replaced by another router's."""

    def exchanged(name: str, name_at_router: str) -> Any:
        """Return the new router's option, unless the route sets its own."""
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
    """Return the operations of a route: "GET /items/{id}", "WEBSOCKET /ws". Mounts and included routers have none."""
    path = getattr(route, "path", None)
    if path is None or not hasattr(route, "endpoint"):
        return frozenset()
    methods = getattr(route, "methods", None)
    return frozenset(f"{method} {path}" for method in methods or ("WEBSOCKET",))


def route_label(route: Any) -> Hashable | None:
    """Return a label that identifies a route when its path has changed."""
    if endpoint := getattr(route, "endpoint", None):
        name, module = getattr(endpoint, "__name__", None), getattr(endpoint, "__module__", None)
        is_made = module != "__main__" and "<locals>" in getattr(endpoint, "__qualname__", "")
        return None if name is None or name in _NAMELESS or is_made else ("function", module, name)
    if hasattr(route, "router"):
        return ("include", getattr(route, "prefix", ""))
    return ("mount", getattr(route, "path", ""))


@dataclass(frozen=True, slots=True, eq=False)
class Assignment:
    """One assignment to a dictionary. Each is a new object, even if key and value are the same as before."""

    key: Any
    value: Any


class RecordedDict(dict[Any, Any]):
    """A dictionary that records each assignment."""

    def __init__(self, content: dict[Any, Any]) -> None:
        super().__init__(content)
        self._assignments = {key: Assignment(key, value) for key, value in content.items()}

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        self._assignments[key] = Assignment(key, value)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Assign each item."""
        for key, value in dict(*args, **kwargs).items():
            self[key] = value

    def setdefault(self, key: Any, default: Any = None) -> Any:
        """Assign a value unless the key is already there."""
        if key not in self:
            self[key] = default
        return self[key]

    def __ior__(self, other: Any) -> "RecordedDict":  # type: ignore[misc]
        self.update(other)
        return self

    def assignments(self) -> list[Assignment]:
        """Return the last assignment of each key that is still present."""
        return [assignment for key, assignment in self._assignments.items() if key in self]

    def restore(self, assignments: Sequence[Assignment]) -> None:
        """Replace the content. It changes key by key, so that a reader in another thread never sees it empty."""
        wanted = {assignment.key: assignment for assignment in assignments}
        for key in [key for key in self if key not in wanted]:
            del self[key]
        for key, assignment in wanted.items():
            super().__setitem__(key, assignment.value)
        self._assignments = wanted


class MappingContainer:
    """A dictionary of an application: its exception handlers or dependency overrides.

    Args:
        owner: The application.
        name: The attribute that holds the dictionary.
        on_change: Called after changes that the user didn't make.
    """

    def __init__(self, owner: Any, name: str, on_change: Callable[[], None] = lambda: None) -> None:
        self.owner = owner
        self.name = name
        self._on_change = on_change

    @property
    def _mapping(self) -> RecordedDict:
        mapping = getattr(self.owner, self.name)
        if not isinstance(mapping, RecordedDict):  # the first time, or after an assignment to the attribute
            mapping = RecordedDict(mapping)
            setattr(self.owner, self.name, mapping)
        return mapping

    def values(self) -> Sequence[Assignment]:
        """Return its assignments."""
        return self._mapping.assignments()

    def set_values(self, values: Sequence[Assignment]) -> None:
        """Replace its content."""
        self._mapping.restore(values)
        self._on_change()

    def append(self, value: Assignment) -> None:
        """Add one assignment."""
        self.set_values([*self.values(), value])

    def replace(self, index: int, value: Assignment) -> None:
        """Replace one assignment by another."""
        values = list(self.values())
        values[index] = value
        self.set_values(values)

    def keys_and_label(self, value: Assignment) -> tuple[frozenset[Hashable], Hashable | None]:
        """Return the key, and the name of a function or class, which identifies it when it's redefined."""
        return frozenset({value.key}), getattr(value.key, "__qualname__", None)

    def narrow(self, value: Assignment, keys: frozenset[Hashable]) -> Assignment:
        """Return the assignment: it has a single key."""
        return value

    def move(self, value: Assignment, previous: Container) -> Assignment:
        """Return the assignment: it's the same in every application."""
        return value


class ListContainer:
    """A list of an application: its middleware or start-up handlers.

    Args:
        owner: The application or its router.
        name: The attribute that holds the list.
        on_change: Called after changes that the user didn't make.
        is_reversed: Whether later additions go to the front.
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
        """Return its items in the order in which they were added."""
        return self._list[::-1] if self._is_reversed else self._list

    def set_values(self, values: Sequence[Any]) -> None:
        """Replace its content."""
        self._list[:] = values[::-1] if self._is_reversed else values
        self._on_change()

    def append(self, value: Any) -> None:
        """Add one item."""
        self.set_values([*self.values(), value])

    def replace(self, index: int, value: Any) -> None:
        """Replace one item by another."""
        values = list(self.values())
        values[index] = value
        self.set_values(values)

    def keys_and_label(self, value: Any) -> tuple[frozenset[Hashable], Hashable | None]:
        """Return no keys, since items don't conflict, and the name of the class or function as the label."""
        return frozenset(), getattr(getattr(value, "cls", value), "__qualname__", None)

    def narrow(self, value: Any, keys: frozenset[Hashable]) -> Any:
        """Return the value. Never called: there are no keys."""
        return value

    def move(self, value: Any, previous: Container) -> Any:
        """Return the value: it's the same in every application."""
        return value


def iter_containers(owner: Routebook | APIRouter) -> Iterator[Container]:
    """Yield the parts of an application or a router that cells add to."""
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
