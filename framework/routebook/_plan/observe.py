"""What the traced variant of a plan reports, and to whom."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from starlette.background import BackgroundTask, BackgroundTasks
from starlette.responses import Response

from routebook._analysis.callables import callable_name

if TYPE_CHECKING:
    from routebook._plan.view import PlanView

SpanKind = Literal[
    "middleware",
    "match",
    "compile",
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

Fact = Literal["thread", "result", "call"]
"""What may be told of a step: the name of the worker thread in which it runs, from there, as it begins to; what it
gave; the callable that runs, of a step that is in no plan."""

OBSERVER_KEY = "routebook.observer"
"""The ASGI scope's key for the observer; its presence selects the traced variant."""

ERROR_OBSERVER_KEY = "routebook.error_observer"
"""The ASGI scope's key for a function that hears each exception that leaves a route, before a handler answers it."""

T = TypeVar("T")


class Observer(Protocol):
    """Receives the steps of one request: on the event loop of the request, in order, nested like the steps."""

    def plan(self, view: "PlanView") -> None:
        """An operation has been found; this is what will run."""

    def start(self, kind: SpanKind, name: str, line: int) -> Any:
        """A step begins. The result is its token.

        Args:
            kind: What kind of step.
            name: Of the parameter, the dependency, the endpoint, the task, the response's class.
            line: Its line in the generated function as `explain` shows it, from 1; 0 for a step outside of it.
        """

    def note(self, token: Any, fact: Fact, value: Any) -> None:
        """Something is known of the step of `token`, which is under way; a thread is told by the thread itself."""

    def finish(self, token: Any, error: BaseException | None) -> None:
        """The step of `token` ended, by `error` if given."""


class Tracer:
    """What generated code calls: `with trace("dependency", "get_user", 12):`."""

    __slots__ = ("_observer",)

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    @contextmanager
    def __call__(self, kind: SpanKind, name: str, line: int = 0, call: Any = None) -> Iterator[None]:
        step = _Step(self._observer, kind, name, line)
        if call is not None:
            step.note("call", call)
        before = _under_way.get()
        _under_way.set(step)
        try:
            yield
        except BaseException as error:
            step.finish(error)
            raise
        finally:
            _under_way.set(before)
        step.finish(None)

    def gave(self, result: Any) -> None:
        """Tell the result of the step that is under way."""
        if (step := _under_way.get()) is not None:
            step.note("result", result)

    def teardown(self, name: str, line: int) -> "Teardown":
        """The end of a dependency with `yield`, to be put on its exit stack around it."""
        return Teardown(self._observer, name, line)

    @contextmanager
    def send(self, response: Response, line: int) -> Iterator[None]:
        """Sending a response, up to its background task, which is a step of its own."""
        sending = _Step(self._observer, "send", callable_name(type(response)), line)
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
            function = each.func
            if not each.is_async:
                each.func = in_thread(function)
            with self("background", callable_name(function), line, function):
                await each()


class _Step:
    """A step that is finished once, wherever that is noticed first."""

    __slots__ = ("_is_open", "_observer", "_thread", "_token")

    def __init__(self, observer: Observer, kind: SpanKind, name: str, line: int) -> None:
        self._observer = observer
        self._thread = threading.get_ident()
        self._token = observer.start(kind, name, line)
        self._is_open = True

    def note(self, fact: Fact, value: Any) -> None:
        self._observer.note(self._token, fact, value)

    def note_thread(self) -> None:
        """Tell where it runs, unless that is where it began."""
        if threading.get_ident() != self._thread:
            self.note("thread", threading.current_thread().name)

    def finish(self, error: BaseException | None) -> None:
        if self._is_open:
            self._is_open = False
            self._observer.finish(self._token, error)


_under_way: ContextVar[_Step | None] = ContextVar("routebook_step", default=None)
"""The step of this context; worker threads run in a copy of it."""


def _note_thread() -> None:
    if (step := _under_way.get()) is not None:
        step.note_thread()


def in_thread(call: Callable[..., T]) -> Callable[..., T]:
    """A function that tells the step under way in which thread it runs, then does what `call` does."""

    def noting(*args: Any, **kwargs: Any) -> T:
        _note_thread()
        return call(*args, **kwargs)

    return noting


class EnteredInThread(AbstractContextManager[T]):
    """A context manager that tells the step under way in which thread it is entered and left."""

    def __init__(self, inner: AbstractContextManager[T]) -> None:
        self._inner = inner

    def __enter__(self) -> T:
        _note_thread()
        return self._inner.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        _note_thread()
        return self._inner.__exit__(kind, error, traceback)


class _AfterSending(BackgroundTask):
    """Says that the response is sent, then runs its background task."""

    def __init__(self, trace: Tracer, sending: _Step, task: BackgroundTask, line: int) -> None:
        self._trace = trace
        self._sending = sending
        self._task = task
        self._line = line

    async def __call__(self) -> None:
        self._sending.finish(None)
        await self._trace.background(self._task, self._line)


class Teardown:
    """Exit callbacks around the end of a dependency: `begin` is pushed after the dependency, so that it runs first."""

    __slots__ = ("_before", "_cause", "_line", "_name", "_observer", "_step")

    def __init__(self, observer: Observer, name: str, line: int) -> None:
        self._observer = observer
        self._name = name
        self._line = line
        self._cause: BaseException | None = None
        self._step: _Step | None = None
        self._before: _Step | None = None

    def begin(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """The dependency is about to end, because of `error` if given."""
        self._cause = error
        self._before = _under_way.get()
        self._step = _Step(self._observer, "teardown", self._name, self._line)
        _under_way.set(self._step)

    def end(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """The dependency has ended, unless setting it up failed; an error that it did not cause is not its own."""
        if self._step is not None:
            _under_way.set(self._before)
            self._step.finish(None if error is self._cause else error)
