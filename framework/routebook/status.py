"""Status codes of HTTP and WebSocket by name; Starlette's."""

from starlette import status as _status
from starlette.status import *  # noqa: F403  # some 80 constants; Starlette's `__all__` names them
from starlette.status import __all__ as __all__


def __getattr__(name: str) -> int:
    """Give the names that Starlette has deprecated, with its warning."""
    value: int = getattr(_status, name)
    return value
