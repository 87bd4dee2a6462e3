"""The interface through which the readers of documents hand over each value."""

from typing import Protocol

HIDDEN = "•••"
"""The replacement for a credential."""


class Visitor(Protocol):
    """Decides what to write for each value of a document."""

    def holds_secrets(self, name: str) -> bool:
        """Whether everything under a name is secret, such as a whole list or object."""
        ...

    def visit(self, name: str, value: str, *, is_number: bool = False, is_inside: bool = False) -> str:
        """Return the value to write: the same one, or a replacement.

        Args:
            name: The innermost name of the value; "" if it has none.
            value: The decoded value.
            is_number: Whether the value is written as a number.
            is_inside: Whether the value is part of something that is secret as a whole.
        """
        ...
