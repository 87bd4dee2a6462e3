"""What the traced variant of a plan reports, and to whom."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, Protocol

SpanKind = Literal[
    "match", "parameter", "dependency", "cache hit", "endpoint", "serialisation", "background", "teardown"
]

OBSERVER_KEY = "routebook.observer"
"""The ASGI scope's key for the observer; its presence selects the traced variant."""


class Observer(Protocol):
    """Receives the steps of one request. Called on the event loop of the request, in order, nested like the steps."""

    def start(self, kind: SpanKind, name: str, line: int) -> Any:
        """A step begins; `line` is its line in the generated function, 0 outside of it. The result is its token."""

    def finish(self, token: Any, error: BaseException | None) -> None:
        """The step of `token` ended, by `error` if given."""


class Tracer:
    """What generated code calls: `with trace("dependency", "get_user", 12):`."""

    __slots__ = ("_observer",)

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    @contextmanager
    def __call__(self, kind: SpanKind, name: str, line: int = 0) -> Iterator[None]:
        token = self._observer.start(kind, name, line)
        try:
            yield
        except BaseException as error:
            self._observer.finish(token, error)
            raise
        self._observer.finish(token, None)
