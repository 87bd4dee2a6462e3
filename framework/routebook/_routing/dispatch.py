"""From a router's routes to its table, and from a request to the route that serves it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, Mount, NoMatchFound, WebSocketRoute
from starlette.types import Receive, Scope, Send

from routebook._plan.observe import ERROR_OBSERVER_KEY, OBSERVER_KEY, Tracer
from routebook._routing.context import ALLOWED_KEY, RouteContext, route_path
from routebook._routing.entry import Entry
from routebook._routing.frontend import REST
from routebook._routing.include import IncludedRouter
from routebook._routing.table import PathIndex, RouteTable
from routebook._routing.template import parse_template
from routebook.exceptions import ValidationException

if TYPE_CHECKING:
    from routebook.routing import APIRouter

Layers = tuple[IncludedRouter, ...]
ContextOf = Callable[[BaseRoute, Layers], RouteContext]

inclusion: ContextVar["IncludedAt | None"] = ContextVar("routebook_inclusion", default=None)
"""The place from which a method of a router is being called."""


class Contexts:
    """The contexts of one router's routes, kept from one table to the next so that what hangs on them is kept too.

    Keys hold a route's `id`, which is nobody else's while the context keeps the route.
    """

    def __init__(self) -> None:
        self._standing: dict[tuple[int, Layers], RouteContext] = {}
        self._next: dict[tuple[int, Layers], RouteContext] = {}

    def get(self, route: BaseRoute, layers: Layers) -> RouteContext:
        key = id(route), layers
        context = self._next.get(key) or self._standing.get(key)
        if context is None:
            context = RouteContext(route, layers)
        self._next[key] = context
        return context

    def settle(self) -> None:
        """Forget what was not asked for since the last time."""
        self._standing, self._next = self._next, {}


class IncludedAt:
    """A router whose class handles requests itself, at one place: asked as a route is."""

    def __init__(self, layers: Layers, context_of: ContextOf) -> None:
        self.layers = layers
        self.router: APIRouter = layers[0].router
        self._context_of = context_of

    @property
    def contexts(self) -> Iterator[RouteContext]:
        return iter_contexts(self.router.routes, self.layers, self._context_of)

    def build_table(self) -> RouteTable:
        return build_table(self.router.routes, self.layers, self._context_of)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        token = inclusion.set(self)
        try:
            return self.router.matches(scope)
        finally:
            inclusion.reset(token)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = inclusion.set(self)
        try:
            await self.router.handle(scope, receive, send)
        finally:
            inclusion.reset(token)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        return find_url(self.contexts, name, path_params)


def iter_contexts(routes: Sequence[BaseRoute], layers: Layers, context_of: ContextOf) -> Iterator[RouteContext]:
    """Every route as it is served here, in order of declaration."""
    for route in routes:
        if isinstance(route, IncludedRouter):
            yield from iter_contexts(route.router.routes, (route, *layers), context_of)
        else:
            yield context_of(route, layers)


def build_table(routes: Sequence[BaseRoute], layers: Layers, context_of: ContextOf) -> RouteTable:
    """The table of a router's routes and of those that it includes."""
    return RouteTable.build(_iter_entries(routes, layers, context_of))


def build_last_table(routes: Iterable[tuple[BaseRoute, Layers]], context_of: ContextOf) -> RouteTable:
    """The table of front ends: each fits its own path and all below it, the longest path first."""
    contexts = [context_of(route, layers) for route, layers in routes]
    contexts.sort(key=lambda context: len(context.path or ""), reverse=True)
    entries = []
    for context in contexts:
        below = context.path or ""
        exact = below.removesuffix(REST)
        templates = [parse_template(text) for text in (exact, below) if text]
        entries += [Entry(template, "http", None, context) for template in templates]
    return RouteTable.build(entries)


def _iter_entries(routes: Sequence[BaseRoute], layers: Layers, context_of: ContextOf) -> Iterator[Entry]:
    for route in routes:
        if not isinstance(route, IncludedRouter):
            yield _make_entry(context_of(route, layers))
        elif route.router.is_transparent:
            yield from _iter_entries(route.router.routes, (route, *layers), context_of)
        else:
            yield Entry(None, None, None, IncludedAt((route, *layers), context_of))


def _make_entry(context: RouteContext) -> Entry:
    route = context.original_route
    if type(route) is Mount:
        return Entry(parse_template(f"{context.path}/{{path:path}}"), None, None, context, must_ask=True)
    if context.is_asked:
        return Entry(None, None, None, context)
    if isinstance(route, WebSocketRoute):
        return Entry(context.template, "websocket", None, context)
    return Entry(context.template, "http", _shared(frozenset(context.methods or ())) or None, context)


@lru_cache(maxsize=256)
def _shared(methods: frozenset[str]) -> frozenset[str]:
    """One set for all routes of the same methods."""
    return methods


async def serve(table: RouteTable, scope: Scope, receive: Receive, send: Send) -> bool:
    """Serve a request by the route that fits; false when none does."""
    path = route_path(scope) if scope.get("root_path") else scope["path"]
    if scope["type"] == "http":
        found = table.http.match(scope["method"], path)
        index = table.http
    else:
        found = table.websocket.match("", path)
        index = table.websocket
    if found is None:
        return await _serve_asked(index, path, scope, receive, send)
    context, params = found
    outer = scope.get("path_params")
    scope["path_params"] = {**outer, **params} if outer else params
    scope["endpoint"] = context.endpoint
    scope["route"] = context.shown
    provider = context.dependency_overrides_provider
    overrides = provider.dependency_overrides if provider is not None else None
    try:
        if overrides or OBSERVER_KEY in scope:
            _trace_match(index, path, scope)
            await context.serve_variant(scope, receive, send, overrides)
        else:
            await context.asgi(scope, receive, send)
    except Exception as error:
        if isinstance(error, ValidationException):
            error.add_root_path(scope.get("root_path", ""))
        if ERROR_OBSERVER_KEY in scope:
            scope[ERROR_OBSERVER_KEY](error)
        raise
    return True


def _trace_match(index: PathIndex, path: str, scope: Scope) -> None:
    """Let an observer see the match, which is made once more: before the first, nobody asks who observes."""
    observer = scope.get(OBSERVER_KEY)
    if observer is not None:
        with Tracer(observer)("match", path):
            index.match(scope.get("method", ""), path)


async def _serve_asked(index: PathIndex, path: str, scope: Scope, receive: Receive, send: Send) -> bool:
    """Ask the candidates in order, as a scan does: the first that fits wholly, else the first of another method."""
    target, child_scope = ask(index, path, scope)
    if target is None:
        return False
    scope.update(child_scope)
    if isinstance(target, RouteContext):
        scope["route"] = target.shown
    await target.handle(scope, receive, send)
    return True


def ask(index: PathIndex, path: str, scope: Scope) -> tuple[Any, Scope]:
    """The target that a scan in order of declaration would choose, with what it adds to the scope.

    If only the method fits nowhere, it adds the methods of all that fit: the answer 405 names them (RFC 9110 §15.5.6).
    FastAPI names those of the first route.
    """
    partial: tuple[Any, Scope] = None, {}
    allowed: set[str] = set()
    for entry, params in index.candidates(path):
        if params is None:
            match, child_scope = entry.target.matches(scope)
        else:
            match = Match.FULL if scope["type"] != "http" or entry.accepts(scope["method"]) else Match.PARTIAL
            outer = scope.get("path_params") or {}
            child_scope = {"path_params": {**outer, **params}, "endpoint": entry.target.endpoint}
        if match is Match.FULL:
            return entry.target, child_scope
        if match is Match.PARTIAL:
            allowed.update(child_scope.get(ALLOWED_KEY) or getattr(entry.target, "methods", None) or ())
            if partial[0] is None:
                partial = entry.target, child_scope
    target, child_scope = partial
    return target, {**child_scope, ALLOWED_KEY: allowed} if allowed else child_scope


def find_url(contexts: Iterator[RouteContext], name: str, path_params: dict[str, Any]) -> URLPath:
    """The path of the first route with this name and these parameters.

    Raises:
        NoMatchFound: There is none.
    """
    for context in contexts:
        try:
            return context.url_path_for(name, **path_params)
        except NoMatchFound:
            continue
    raise NoMatchFound(name, path_params)
