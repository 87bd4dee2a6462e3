"""Status codes of HTTP and WebSocket by name; Starlette's."""

from starlette.status import *  # noqa: F403  # some 80 constants; Starlette's `__all__` names them
from starlette.status import __all__ as __all__
