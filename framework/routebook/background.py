"""Work done after the response is sent."""

from collections.abc import Callable
from typing import Any, ParamSpec

from starlette.background import BackgroundTasks as StarletteBackgroundTasks

__all__ = ["BackgroundTasks"]

P = ParamSpec("P")


class BackgroundTasks(StarletteBackgroundTasks):
    """The functions to call once the response is sent, in order.

    A parameter of this type gets the request's tasks; the endpoint and its dependencies share them.
    """

    def add_task(self, func: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> None:
        """Add a call.

        Args:
            func: Called after the response is sent; in a worker thread unless it is async.
            *args: Its positional arguments.
            **kwargs: Its keyword arguments.
        """
        super().add_task(func, *args, **kwargs)
