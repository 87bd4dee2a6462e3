"""The list of a router's routes: an ordinary list that tells its router of every change."""

from collections.abc import Callable, Iterable
from typing import Any, SupportsIndex, overload

from starlette.routing import BaseRoute


class RouteList(list[BaseRoute]):
    """Routes in order of declaration; any change drops the routing table made from them.

    Args:
        routes: What it holds at first.
        owner: The router.
        changed: Called after each change, by the thread that made it.
    """

    def __init__(self, routes: Iterable[BaseRoute], owner: Any, changed: Callable[[], None]) -> None:
        super().__init__(routes)
        self.owner = owner
        self._changed = changed

    def append(self, route: BaseRoute) -> None:
        super().append(route)
        self._changed()

    def extend(self, routes: Iterable[BaseRoute]) -> None:
        super().extend(routes)
        self._changed()

    def insert(self, index: SupportsIndex, route: BaseRoute) -> None:
        super().insert(index, route)
        self._changed()

    def remove(self, route: BaseRoute) -> None:
        super().remove(route)
        self._changed()

    def pop(self, index: SupportsIndex = -1) -> BaseRoute:
        route = super().pop(index)
        self._changed()
        return route

    def clear(self) -> None:
        super().clear()
        self._changed()

    def reverse(self) -> None:
        super().reverse()
        self._changed()

    def sort(self, **options: Any) -> None:
        super().sort(**options)
        self._changed()

    @overload
    def __setitem__(self, index: SupportsIndex, value: BaseRoute) -> None: ...
    @overload
    def __setitem__(self, index: slice, value: Iterable[BaseRoute]) -> None: ...
    def __setitem__(self, index: Any, value: Any) -> None:
        super().__setitem__(index, value)
        self._changed()

    def __delitem__(self, index: SupportsIndex | slice) -> None:
        super().__delitem__(index)
        self._changed()

    def __iadd__(self, routes: Iterable[BaseRoute]) -> "RouteList":  # type: ignore[misc, override]
        self.extend(routes)
        return self
