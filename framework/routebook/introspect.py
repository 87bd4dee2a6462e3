"""Read-only views of an application: what it serves, and how.

`iter_operations` lists the operations, `explain` shows the steps and the generated function of one, and `observed`
has every step of every request reported while it runs.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from typing import Any, Protocol

from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from routebook._plan.observe import ERROR_OBSERVER_KEY, OBSERVER_KEY, Observer, SpanKind
from routebook._routing.context import RouteContext
from routebook._types import SourceLocation
from routebook.routing import APIRoute, APIWebSocketRoute, iter_route_contexts

__all__ = [
    "ERROR_OBSERVER_KEY",
    "OBSERVER_KEY",
    "Observer",
    "OperationView",
    "SpanKind",
    "UnknownOperationError",
    "explain",
    "find_operation",
    "iter_operations",
    "observed",
    "span_details",
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


def find_operation(app: HasRoutes, operation: str) -> OperationView:
    """The operation of a method and path; of several, the one that is declared first, which answers.

    Raises:
        UnknownOperationError: There is none.
    """
    views = list(iter_operations(app))
    method, _, path = operation.strip().rpartition(" ")
    found = [view for view in views if view.path == path and method.strip().upper() in ("", view.method)]
    if not found or len({view.method for view in found}) > 1:
        raise UnknownOperationError(operation, [view.key for view in views])
    return found[0]


def observed(app: ASGIApp, observer: Observer) -> ASGIApp:
    """An ASGI application that serves as `app` does, and reports each step of a request to `observer`.

    Only what goes through it runs the traced functions, which cost more; requests to `app` itself do not.
    """

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            scope = {**scope, OBSERVER_KEY: observer}
        await app(scope, receive, send)

    return serve


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
