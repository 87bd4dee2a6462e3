"""What a document's reader asks about each value that it meets."""

from typing import Protocol

HIDDEN = "•••"
"""What stands in the place of a credential."""


class Visitor(Protocol):
    """Decides about the values of a document, one by one."""

    def holds_secrets(self, name: str) -> bool:
        """Whether all that stands under a name is secret: a list, an object."""
        ...

    def visit(self, name: str, value: str, *, is_number: bool = False, is_inside: bool = False) -> str:
        """A value as it is to be written: itself, or another.

        Args:
            name: What it stands under, the innermost name; "" where nothing names it.
            value: Decoded.
            is_number: Whether it is written as one.
            is_inside: Whether it stands in something that is secret as a whole.
        """
        ...
