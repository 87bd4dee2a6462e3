"""A list that keeps nothing alive: for finding again what others use."""

import weakref
from collections.abc import Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")


class WeakList(Generic[Item]):
    """Things in the order they were added, each for as long as somebody else holds it. Safe from any thread."""

    def __init__(self) -> None:
        self._references: list[weakref.ref[Item]] = []

    def append(self, item: Item) -> None:
        """Add one at the end."""
        self._references.append(weakref.ref(item, self._forget))

    def remove(self, item: Item) -> None:
        """Take one out."""
        for reference in tuple(self._references):
            if reference() is item:
                self._forget(reference)

    def __iter__(self) -> Iterator[Item]:
        """What is alive now, in order."""
        for reference in tuple(self._references):
            if (item := reference()) is not None:
                yield item

    def _forget(self, reference: "weakref.ref[Item]") -> None:
        # Not `remove`: it compares, and two dead references are equal only if they are one.
        for index, other in enumerate(self._references):
            if other is reference:
                del self._references[index]
                return
