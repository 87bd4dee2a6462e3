"""Read-only views of an application: what it serves, and how.

`iter_operations` lists the operations, `explain` shows the steps and the generated function of one, `view_operation`
the tree of what it calls, and `observed` has every step of every request reported while it runs.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from importlib import import_module
from typing import Any, Protocol

from starlette.middleware.errors import ServerErrorMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from routebook._analysis.callables import callable_name
from routebook._plan.observe import ERROR_OBSERVER_KEY, OBSERVER_KEY, Fact, Observer, SpanKind, Tracer
from routebook._plan.view import CallView, ParameterView, PlanView
from routebook._routing.context import RouteContext
from routebook._types import SourceLocation
from routebook.routing import APIRoute, APIWebSocketRoute, iter_route_contexts

__all__ = [
    "ERROR_OBSERVER_KEY",
    "OBSERVER_KEY",
    "CallView",
    "Fact",
    "Observer",
    "OperationView",
    "ParameterView",
    "PlanView",
    "SpanKind",
    "UnknownOperationError",
    "explain",
    "find_operation",
    "iter_operations",
    "load_compiler",
    "observed",
    "span_details",
    "view_operation",
    "watch",
]


class HasRoutes(Protocol):
    """An application or a router."""

    @property
    def routes(self) -> Sequence[BaseRoute]: ...


class UnknownOperationError(LookupError):
    """An application has no such operation.

    Attributes:
        operation: What was asked for.
        known: The operations that there are, as `OperationView.key` gives them.
    """

    def __init__(self, operation: str, known: Sequence[str]) -> None:
        super().__init__(operation, known)
        self.operation = operation
        self.known = tuple(known)

    def __str__(self) -> str:
        if not self.known:
            return f"There is no operation {self.operation!r}: the application has none at all."
        close = get_close_matches(self.operation, self.known, n=3, cutoff=0.4)
        if close:
            return f"There is no operation {self.operation!r}. Did you mean {' or '.join(map(repr, close))}?"
        return f"There is no operation {self.operation!r}. There are: {', '.join(self.known)}."


@dataclass(frozen=True, slots=True)
class OperationView:
    """One method of a path operation, or a WebSocket endpoint.

    Attributes:
        method: In upper case; "WEBSOCKET" for a WebSocket.
        path: The whole template, without convertors, for example "/items/{item_id}".
        name: For `url_path_for`.
        operation_id: In OpenAPI; None for a WebSocket.
        endpoint: The function that serves it.
        location: Where that was written.
        route: As it was declared.
        context: The route at this place, with what the routers above give it.
    """

    method: str
    path: str
    name: str
    operation_id: str | None
    tags: tuple[str, ...]
    endpoint: Callable[..., Any]
    location: SourceLocation | None
    route: APIRoute | APIWebSocketRoute
    context: RouteContext

    @property
    def key(self) -> str:
        """Method and path: "GET /items/{item_id}"."""
        return f"{self.method} {self.path}"


def iter_operations(app: HasRoutes) -> Iterator[OperationView]:
    """The operations of an application or router, in order of declaration; mounts and plain routes are passed over."""
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, APIRoute | APIWebSocketRoute):
            for method in sorted(context.methods or ("WEBSOCKET",)):
                yield _view(method, route, context)


def _view(method: str, route: APIRoute | APIWebSocketRoute, context: RouteContext) -> OperationView:
    return OperationView(
        method=method,
        path=context.path_format or "",
        name=route.name,
        operation_id=(route.operation_id or context.unique_id) if isinstance(route, APIRoute) else None,
        tags=tuple(str(tag.value if isinstance(tag, Enum) else tag) for tag in context.tags),
        endpoint=route.endpoint,
        location=route.location,
        route=route,
        context=context,
    )


def explain(app: HasRoutes, operation: str) -> str:
    """Show how an operation is served: the steps of its plan, and the function generated from them.

    Args:
        app: An application or router.
        operation: Method and path template, for example "GET /items/{item_id}"; the method may be left out where the
            path has one only.

    Raises:
        UnknownOperationError: There is none; its text suggests what may have been meant.
    """
    return find_operation(app, operation).context.explain()


def view_operation(app: HasRoutes, operation: str, overrides: Mapping[Any, Any] | None = None) -> PlanView:
    """The tree of what an operation calls, and the function generated from it.

    Args:
        app: An application or router.
        operation: As `explain` takes it.
        overrides: As an application's `dependency_overrides`.

    Raises:
        UnknownOperationError: There is none.
    """
    return find_operation(app, operation).context.view(overrides)


def find_operation(app: HasRoutes, operation: str) -> OperationView:
    """The operation of a method and path; of several, the one that is declared first, which answers.

    Raises:
        UnknownOperationError: There is none.
    """
    views = list(iter_operations(app))
    wanted = operation.strip()
    method, path = ("", wanted) if wanted.startswith("/") else wanted.partition(" ")[::2]
    path = path.strip()
    found = [view for view in views if view.path == path and method.strip().upper() in ("", view.method)]
    if not found or len({view.method for view in found}) > 1:
        raise UnknownOperationError(operation, [view.key for view in views])
    return found[0]


def load_compiler() -> None:
    """Import now what the first request would import, for a process that would rather wait at its start."""
    for name in ("compiler", "source"):
        import_module(f"routebook._plan.{name}")


def observed(app: ASGIApp, observer: Observer) -> ASGIApp:
    """An ASGI application that serves as `app` does, and reports each step of a request to `observer`.

    Only what goes through it runs the traced functions, which cost more; requests to `app` itself do not.
    """

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            scope = {**scope}
            watch(app, scope, observer)
        await app(scope, receive, send)

    return serve


def watch(app: ASGIApp, scope: Scope, observer: Observer) -> None:
    """Have the request of a scope, which is about to go to `app`, reported to `observer`.

    Middleware is reported too where it keeps the application inside of it as its attribute `app`, which Starlette's
    does: what reports it is put between two of them when an application is first watched, and stays.
    """
    scope[OBSERVER_KEY] = observer
    stack = getattr(app, "middleware_stack", None) or getattr(app, "_choose_stack", _no_stack)()
    while stack is not None:
        inner = getattr(stack, "app", None)
        if _is_users_middleware(inner) and not isinstance(stack, _Watched):
            stack.app = _Watched(inner)
        stack = inner


def _no_stack() -> None:
    """What other applications have."""


def _is_users_middleware(app: Any) -> bool:
    """Whether it is middleware that somebody added: it has an application inside, and is none of Starlette's own."""
    is_own = isinstance(app, ServerErrorMiddleware | ExceptionMiddleware | _Watched)
    return not is_own and callable(getattr(app, "app", None)) and not hasattr(app, "routes")


class _Watched:
    """Middleware that reports what is inside of it as a step, when somebody observes."""

    def __init__(self, app: Any) -> None:
        self.app = app
        dispatch: Any = getattr(app, "dispatch_func", None)
        is_own_class = dispatch is None or getattr(dispatch, "__self__", None) is app
        self._call = type(app).__call__ if is_own_class else dispatch
        self._name = type(app).__name__ if is_own_class else callable_name(dispatch)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        observer: Observer | None = scope.get(OBSERVER_KEY)
        if observer is None:
            await self.app(scope, receive, send)
            return
        with Tracer(observer)("middleware", self._name, call=self._call):
            await self.app(scope, receive, send)


def span_details(app: HasRoutes) -> Callable[[Mapping[str, Any]], tuple[str, dict[str, str]]]:
    """Names for OpenTelemetry's spans: "GET /items/{item_id}", with `http.route`, so that ids make no new names.

    `OpenTelemetryMiddleware(app, default_span_details=span_details(app))` is all that it takes; the instrumentation
    names a span before the application has seen the request, so each request is looked up once more.

    Spec: OpenTelemetry semantic conventions for HTTP spans, Name.
    """

    def details(scope: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        method = scope.get("method", "WEBSOCKET")
        for context in iter_route_contexts(app.routes):
            if context.matches(dict(scope))[0] is Match.FULL and context.path_format is not None:
                return f"{method} {context.path_format}", {"http.route": context.path_format}
        return method, {}

    return details
