"""Old keyword names, so that lessons written with them keep working."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def accept_old_keywords(**new_names: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Return a decorator that passes keyword arguments with an old name under their new one.

    Args:
        new_names: The new name of each old one: `accept_old_keywords(gives="returns")`.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @wraps(function)
        def call(*args: P.args, **options: P.kwargs) -> T:
            renamed = {new_names.get(name, name): value for name, value in options.items()}
            return function(*args, **renamed)  # type: ignore[arg-type]

        return call

    return decorate
