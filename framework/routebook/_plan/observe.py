"""What the traced variant of a plan reports, and to whom."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Literal, Protocol

from starlette.background import BackgroundTask, BackgroundTasks
from starlette.responses import Response

SpanKind = Literal[
    "match",
    "body",
    "parameter",
    "dependency",
    "cache hit",
    "endpoint",
    "serialisation",
    "send",
    "background",
    "teardown",
]

OBSERVER_KEY = "routebook.observer"
"""The ASGI scope's key for the observer; its presence selects the traced variant."""


ERROR_OBSERVER_KEY = "routebook.error_observer"
"""The ASGI scope's key for a function that hears each exception that leaves a route, before a handler answers it."""


class Observer(Protocol):
    """Receives the steps of one request. Called on the event loop of the request, in order, nested like the steps."""

    def start(self, kind: SpanKind, name: str, line: int) -> Any:
        """A step begins. The result is its token.

        Args:
            kind: What kind of step.
            name: Of the parameter, the dependency, the endpoint, the task, the response's class.
            line: Its line in the generated function as `explain` shows it, from 1; 0 for a step outside of it.
        """

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

    def teardown(self, name: str, line: int) -> "Teardown":
        """The end of a dependency with `yield`, to be put on its exit stack around it."""
        return Teardown(self._observer, name, line)

    @contextmanager
    def send(self, response: Response, line: int) -> Iterator[None]:
        """Sending a response, up to its background task, which is a step of its own."""
        sending = _Span(self._observer, "send", type(response).__name__, line)
        background = response.background
        if background is not None:
            response.background = _AfterSending(self, sending, background, line)
        try:
            yield
        except BaseException as error:
            sending.finish(error)
            raise
        sending.finish(None)

    async def background(self, task: BackgroundTask, line: int) -> None:
        """Run a background task, each of several being a step."""
        is_several = type(task).__call__ is BackgroundTasks.__call__
        for each in task.tasks if is_several else [task]:  # type: ignore[attr-defined]
            with self("background", getattr(each.func, "__name__", type(each.func).__name__), line):
                await each()


class _Span:
    """A step that is finished once, wherever that is noticed first."""

    __slots__ = ("_is_open", "_observer", "_token")

    def __init__(self, observer: Observer, kind: SpanKind, name: str, line: int) -> None:
        self._observer = observer
        self._token = observer.start(kind, name, line)
        self._is_open = True

    def finish(self, error: BaseException | None) -> None:
        if self._is_open:
            self._is_open = False
            self._observer.finish(self._token, error)


class _AfterSending(BackgroundTask):
    """Says that the response is sent, then runs its background task."""

    def __init__(self, trace: Tracer, sending: _Span, task: BackgroundTask, line: int) -> None:
        self._trace = trace
        self._sending = sending
        self._task = task
        self._line = line

    async def __call__(self) -> None:
        self._sending.finish(None)
        await self._trace.background(self._task, self._line)


class Teardown:
    """Exit callbacks around the end of a dependency: `begin` is pushed after the dependency, so that it runs first."""

    __slots__ = ("_cause", "_line", "_name", "_observer", "_token")

    def __init__(self, observer: Observer, name: str, line: int) -> None:
        self._observer = observer
        self._name = name
        self._line = line
        self._cause: BaseException | None = None
        self._token: Any = None

    def begin(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """The dependency is about to end, because of `error` if given."""
        self._cause = error
        self._token = self._observer.start("teardown", self._name, self._line)

    def end(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """The dependency has ended, unless setting it up failed; an error that it did not cause is not its own."""
        if self._token is not None:
            self._observer.finish(self._token, None if error is self._cause else error)
