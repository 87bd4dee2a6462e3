"""Warn of deprecated options at the line of the user that gave them."""

import sys
import warnings

from routebook.exceptions import RoutebookDeprecationWarning

_PACKAGE = __name__.partition(".")[0]


def warn_deprecated(message: str) -> None:
    """Issue a `RoutebookDeprecationWarning` for the innermost caller outside of this package."""
    warnings.warn(message, RoutebookDeprecationWarning, stacklevel=user_stacklevel())


def user_stacklevel() -> int:
    """The `stacklevel` with which the calling function's warning points at the user's line.

    The distance to that line varies (a function of `param_functions`, or its class directly), so a fixed number
    would point into the package.
    """
    level = 1
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == _PACKAGE:
        frame = frame.f_back
        level += 1
    return level
