"""Routers: where path operations are declared, and how a request finds its own.

Life of a request: `APIRouter.app` looks the path up in the router's immutable table (`_routing.dispatch`); the table
names a `RouteContext` (`_routing.context`), whose generated function (`_plan.source`) does the rest.
"""

import os
import threading
import warnings
import weakref
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, Unpack

from starlette.datastructures import URL, URLPath
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Host, Match, Mount, Route, Router, WebSocketRoute
from starlette.routing import request_response as request_response
from starlette.routing import websocket_session as websocket_session
from starlette.types import ASGIApp, Receive, Scope, Send

from routebook._routing.api_route import APIRoute, APIWebSocketRoute, make_response_fields
from routebook._routing.context import RouteContext, route_path
from routebook._routing.dispatch import (
    Contexts,
    IncludedAt,
    Layers,
    ask,
    build_last_table,
    build_table,
    find_url,
    inclusion,
    iter_contexts,
    serve,
)
from routebook._routing.frontend import CheckDir, Fallback, make_frontend_route
from routebook._routing.include import IncludedRouter
from routebook._routing.lifespan import Life, as_lifespan, live
from routebook._routing.options import RouteOptions, first_given, is_given, listed_dependencies
from routebook._routing.route_list import RouteList
from routebook._routing.table import RouteTable
from routebook.datastructures import Default
from routebook.exceptions import DeclarationError, RoutebookError
from routebook.params import Depends
from routebook.types import DecoratedCallable
from routebook.utils import generate_unique_id

__all__ = [
    "APIRoute",
    "APIRouter",
    "APIWebSocketRoute",
    "BaseRoute",
    "Host",
    "IncludedRouter",
    "Match",
    "Mount",
    "Registrar",
    "Route",
    "RouteContext",
    "RouteList",
    "Router",
    "WebSocketRoute",
    "iter_route_contexts",
    "request_response",
    "set_registrar",
    "websocket_session",
]


class Registrar(Protocol):
    """Decides where a new route goes; a notebook's replaces the one that the cell declared before."""

    def place(self, router: "APIRouter", entry: BaseRoute) -> None:
        """Put `entry` into `router.routes`, which the default does by appending it."""


_registrar: Registrar | None = None


def set_registrar(registrar: Registrar | None) -> Registrar | None:
    """Let `registrar` place every route that is registered from now on, in this process; None for the default.

    Returns:
        The former one.
    """
    global _registrar
    former, _registrar = _registrar, registrar
    return former


def iter_route_contexts(routes: Sequence[BaseRoute | RouteContext]) -> Iterator[RouteContext]:
    """Every route with what the routers above give it, in order of declaration.

    Args:
        routes: A router's or application's `routes`, or any selection of routes and contexts.
    """
    owner = routes.owner if isinstance(routes, RouteList) else None
    if owner is not None:
        yield from owner.contexts
        return
    for route in routes:
        if isinstance(route, RouteContext):
            yield route
        else:
            yield from iter_contexts([route], (), RouteContext)


class APIRouter(Router):
    """A group of path operations with a common prefix, tags and dependencies.

    Args:
        prefix: Begins with "/" and does not end with it.
        tags: Of every operation, before its own.
        dependencies: Run before each operation's own.
        default_response_class: Of operations that name none.
        responses: Additional responses of every operation.
        callbacks: OpenAPI callbacks of every operation.
        routes: Deprecated: declare routes with the decorators.
        redirect_slashes: Whether "/items" answers for a missing "/items/", and the reverse, with a redirect.
        default: What answers when nothing fits.
        dependency_overrides_provider: Has `dependency_overrides`: the application.
        route_class: Of the routes it makes.
        on_startup: Functions to run when the application starts.
        on_shutdown: Functions to run when it ends.
        lifespan: An async context manager around the application's life.
        deprecated: Marks every operation as deprecated.
        include_in_schema: Whether OpenAPI shows them.
        generate_unique_id_function: Makes operation ids.
        strict_content_type: Whether a JSON body must be declared as JSON.

    Raises:
        DeclarationError: The prefix is malformed.
    """

    def __init__(
        self,
        *,
        prefix: str = "",
        tags: Sequence[Any] | None = None,
        dependencies: Sequence[Depends] | None = None,
        default_response_class: type[Response] = Default(JSONResponse),
        responses: dict[int | str, dict[str, Any]] | None = None,
        callbacks: list[BaseRoute] | None = None,
        routes: Sequence[BaseRoute] | None = None,
        redirect_slashes: bool = True,
        default: ASGIApp | None = None,
        dependency_overrides_provider: Any | None = None,
        route_class: type[APIRoute] = APIRoute,
        on_startup: Sequence[Callable[[], Any]] | None = None,
        on_shutdown: Sequence[Callable[[], Any]] | None = None,
        lifespan: Callable[[Any], AbstractAsyncContextManager[Any]] | None = None,
        deprecated: bool | None = None,
        include_in_schema: bool = True,
        generate_unique_id_function: Callable[[Any], str] = Default(generate_unique_id),
        strict_content_type: bool = Default(True),
    ) -> None:
        _check_prefix(prefix)
        self._changed_lock = threading.Lock()
        self._version = 0
        self._table: RouteTable | None = None
        self._listed: tuple[int, list[RouteContext]] | None = None
        self._contexts = Contexts()
        self._frontends: list[APIRoute] = []
        self._last_table: tuple[int, RouteTable] | None = None
        self._including: weakref.WeakSet[APIRouter] = weakref.WeakSet()
        super().__init__(routes=routes, redirect_slashes=redirect_slashes, default=default, lifespan=self._live)
        self._life = Life(as_lifespan(lifespan), list(on_startup or ()), list(on_shutdown or ()))
        self.prefix = prefix
        self.tags = list(tags or ())
        self.dependencies = listed_dependencies(dependencies)
        self.default_response_class = default_response_class
        self.responses = responses or {}
        self.response_fields = make_response_fields(self.responses)
        self.callbacks = list(callbacks or ())
        self.dependency_overrides_provider = dependency_overrides_provider
        self.route_class = route_class
        self.deprecated = deprecated
        self.include_in_schema = include_in_schema
        self.generate_unique_id_function = generate_unique_id_function
        self.strict_content_type = strict_content_type

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    # routes ---------------------------------------------------------------------------------------------------------

    @property
    def routes(self) -> RouteList:
        """The routes in order of declaration; a change is served from the next request on."""
        return self._routes

    @routes.setter
    def routes(self, routes: Sequence[BaseRoute]) -> None:
        self._routes = RouteList(routes, self, self._change)
        self._change()

    def _change(self) -> None:
        """Drop the tables that were made from the routes: this router's, and those of all that include it."""
        with self._changed_lock:
            self._version += 1
            self._table = None
        for router in list(self._including):
            router._change()

    @property
    def version(self) -> int:
        """Grows with every change to the routes, those of included routers too."""
        return self._version

    @property
    def table(self) -> RouteTable:
        """The routing table; immutable, built anew after a change."""
        table = self._table
        while table is None:
            with self._changed_lock:
                version = self._version
                built = build_table(self.routes, (), self._contexts.get)
                self._contexts.settle()
            if version == self._version:
                self._table = table = built
        return table

    @property
    def last_table(self) -> RouteTable:
        """The routing table of what is served where nothing else fits."""
        table = self._last_table
        if table is None or table[0] != self._version:
            table = self._last_table = self._version, build_last_table(self._iter_frontends(()), RouteContext)
        return table[1]

    def _iter_frontends(self, layers: Layers) -> Iterator[tuple[BaseRoute, Layers]]:
        yield from ((route, layers) for route in self._frontends)
        for route in self.routes:
            if isinstance(route, IncludedRouter):
                yield from route.router._iter_frontends((route, *layers))

    @property
    def contexts(self) -> list[RouteContext]:
        """Every route with what the routers above give it."""
        listed = self._listed
        if listed is None or listed[0] != self._version:
            with self._changed_lock:
                contexts = list(iter_contexts(self.routes, (), self._contexts.get))
                self._contexts.settle()
                listed = self._listed = self._version, contexts
        return listed[1]

    @property
    def is_transparent(self) -> bool:
        """Whether an including router may look into this one, its class having no say in requests."""
        cls = type(self)
        return cls.matches is APIRouter.matches and cls.handle is APIRouter.handle and cls.app is APIRouter.app

    def insert_route(self, index: int, route: BaseRoute) -> None:
        """Add a route at a position; a running server serves it from the next request on."""
        self.routes.insert(index, route)

    def replace_route(self, old: BaseRoute, new: BaseRoute) -> None:
        """Put a route in the place of another.

        Raises:
            ValueError: `old` is not one of the routes.
        """
        self.routes[self._index_of(old)] = new

    def remove_route(self, route: BaseRoute) -> None:
        """Take a route out.

        Raises:
            ValueError: It is not one of the routes.
        """
        del self.routes[self._index_of(route)]

    def _index_of(self, route: BaseRoute) -> int:
        for index, standing in enumerate(self.routes):
            if standing is route:
                return index
        raise ValueError(f"{route!r} is not a route of this router")

    def _place(self, entry: BaseRoute) -> None:
        if _registrar is None:
            self.routes.append(entry)
        else:
            _registrar.place(self, entry)

    # declaring ------------------------------------------------------------------------------------------------------

    def add_api_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        methods: set[str] | list[str] | None = None,
        route_class_override: type[APIRoute] | None = None,
        strict_content_type: bool = Default(True),
        **options: Unpack[RouteOptions],
    ) -> None:
        """Add a path operation. See `RouteOptions`; raises what `APIRoute` does."""
        merged = self._merged(options)
        merged["response_class"] = first_given(
            options.get("response_class", Default(JSONResponse)), self.default_response_class
        )
        route = (route_class_override or self.route_class)(
            self.prefix + path,
            endpoint,
            methods=methods,
            dependency_overrides_provider=self.dependency_overrides_provider,
            strict_content_type=first_given(strict_content_type, self.strict_content_type),
            **merged,
        )
        self._place(route)

    def _merged(self, options: RouteOptions) -> RouteOptions:
        """A route's options laid over the router's own."""
        merged: RouteOptions = {**options}
        if self.tags:
            merged["tags"] = [*self.tags, *(options.get("tags") or ())]
        if self.dependencies:
            merged["dependencies"] = [*self.dependencies, *(options.get("dependencies") or ())]
        if self.responses:
            merged["responses"] = {**self.responses, **(options.get("responses") or {})}
        if self.callbacks:
            merged["callbacks"] = [*self.callbacks, *(options.get("callbacks") or ())]
        if self.deprecated:
            merged["deprecated"] = options.get("deprecated") or self.deprecated
        if not self.include_in_schema:
            merged["include_in_schema"] = False
        if is_given(self.generate_unique_id_function):
            merged.setdefault("generate_unique_id_function", self.generate_unique_id_function)
        return merged

    def api_route(
        self, path: str, *, methods: list[str] | None = None, **options: Unpack[RouteOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare the decorated function as a path operation of any methods."""

        def decorate(function: DecoratedCallable) -> DecoratedCallable:
            self.add_api_route(path, function, methods=methods, **options)
            return function

        return decorate

    def get(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a GET operation (RFC 9110 §9.3.1)."""
        return self.api_route(path, methods=["GET"], **options)

    def put(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a PUT operation (RFC 9110 §9.3.4)."""
        return self.api_route(path, methods=["PUT"], **options)

    def post(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a POST operation (RFC 9110 §9.3.3)."""
        return self.api_route(path, methods=["POST"], **options)

    def delete(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a DELETE operation (RFC 9110 §9.3.5)."""
        return self.api_route(path, methods=["DELETE"], **options)

    def options(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare an OPTIONS operation (RFC 9110 §9.3.7)."""
        return self.api_route(path, methods=["OPTIONS"], **options)

    def head(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a HEAD operation (RFC 9110 §9.3.2)."""
        return self.api_route(path, methods=["HEAD"], **options)

    def patch(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a PATCH operation (RFC 5789)."""
        return self.api_route(path, methods=["PATCH"], **options)

    def trace(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a TRACE operation (RFC 9110 §9.3.8)."""
        return self.api_route(path, methods=["TRACE"], **options)

    def add_api_websocket_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        name: str | None = None,
        *,
        dependencies: Sequence[Depends] | None = None,
    ) -> None:
        """Add a WebSocket endpoint with parameters and dependencies."""
        route = APIWebSocketRoute(
            self.prefix + path,
            endpoint,
            name=name,
            dependencies=[*self.dependencies, *(dependencies or ())],
            dependency_overrides_provider=self.dependency_overrides_provider,
        )
        self._place(route)

    def websocket(
        self, path: str, name: str | None = None, *, dependencies: Sequence[Depends] | None = None
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare the decorated function as a WebSocket endpoint."""

        def decorate(function: DecoratedCallable) -> DecoratedCallable:
            self.add_api_websocket_route(path, function, name, dependencies=dependencies)
            return function

        return decorate

    def websocket_route(self, path: str, name: str | None = None) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a function of one WebSocket, as Starlette has it: nothing is analysed."""

        def decorate(function: DecoratedCallable) -> DecoratedCallable:
            self.add_websocket_route(path, function, name)
            return function

        return decorate

    def route(
        self,
        path: str,
        methods: Collection[str] | None = None,
        name: str | None = None,
        include_in_schema: bool = True,
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a function from Request to Response, as Starlette has it: nothing is analysed."""

        def decorate(function: DecoratedCallable) -> DecoratedCallable:
            self.add_route(path, function, methods=methods, name=name, include_in_schema=include_in_schema)
            return function

        return decorate

    def add_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        methods: Collection[str] | None = None,
        name: str | None = None,
        include_in_schema: bool = True,
    ) -> None:
        """Add a function from Request to Response, or an ASGI class, as Starlette has it."""
        self._place(Route(path, endpoint, methods=methods, name=name, include_in_schema=include_in_schema))

    def add_websocket_route(self, path: str, endpoint: Callable[..., Any], name: str | None = None) -> None:
        """Add a function of one WebSocket, as Starlette has it."""
        self._place(WebSocketRoute(path, endpoint, name=name))

    def mount(self, path: str, app: ASGIApp, name: str | None = None) -> None:
        """Serve an ASGI application below a path."""
        self._place(Mount(path, app=app, name=name))

    def host(self, host: str, app: ASGIApp, name: str | None = None) -> None:
        """Serve an ASGI application for a host."""
        self._place(Host(host, app=app, name=name))

    def include_router(
        self,
        router: "APIRouter",
        *,
        prefix: str = "",
        tags: Sequence[Any] | None = None,
        dependencies: Sequence[Depends] | None = None,
        default_response_class: type[Response] = Default(JSONResponse),
        responses: dict[int | str, dict[str, Any]] | None = None,
        callbacks: list[BaseRoute] | None = None,
        deprecated: bool | None = None,
        include_in_schema: bool = True,
        generate_unique_id_function: Callable[[Any], str] = Default(generate_unique_id),
    ) -> None:
        """Serve another router's routes here too, now and whatever is added to it later.

        Raises:
            DeclarationError: The router would include itself, or the prefix is malformed.
            RoutebookError: A route would have no path at all.
        """
        if router is self:
            raise DeclarationError(
                "Cannot include the same APIRouter instance into itself. Did you mean to include a different router?"
            )
        if router.includes(self):
            raise DeclarationError(
                "Cannot include a router that already includes this router, directly or through others: "
                "requests would be looked up for ever. Did you mean to include a different router?"
            )
        _check_prefix(prefix)
        if not prefix and not self.prefix:
            _check_paths(router)
        additional = responses or {}
        entry = IncludedRouter(
            router,
            self,
            prefix=prefix,
            tags=tags or (),
            dependencies=listed_dependencies(dependencies),
            responses=additional,
            response_fields=make_response_fields(additional),
            callbacks=callbacks or (),
            deprecated=deprecated,
            include_in_schema=include_in_schema,
            default_response_class=default_response_class,
            generate_unique_id_function=generate_unique_id_function,
        )
        router.is_included_in(self)
        self._place(entry)

    def is_included_in(self, parent: "APIRouter") -> None:
        """Tell `parent` of every change from now on; `include_router` says so by itself."""
        self._including.add(parent)

    def frontend(
        self,
        path: str,
        *,
        directory: str | os.PathLike[str],
        fallback: Fallback | None = "auto",
        check_dir: CheckDir = "auto",
    ) -> None:
        """Serve a built front end below `path`, where nothing else fits.

        Args:
            path: Begins with "/". Of several front ends the longest path that fits wins.
            directory: The build's files; a directory's `index.html` answers for it.
            fallback: What answers for a file that does not exist: "404.html"; "index.html" for a browser's
                navigation, for applications with routes of their own; "auto" the first of the two that exists.
            check_dir: Whether the directory must exist now; "auto" warns only, in development
                (`ROUTEBOOK_ENV=development`).

        Raises:
            DeclarationError: The path or the fallback is none.
            RuntimeError: The directory, or the fallback named, does not exist.
        """
        route = make_frontend_route(
            self.prefix + path,
            directory,
            fallback=fallback,
            check_dir=check_dir,
            dependencies=self.dependencies,
            dependency_overrides_provider=self.dependency_overrides_provider,
        )
        self._frontends.append(route)
        self._change()

    def includes(self, router: "APIRouter") -> bool:
        """Whether `router` is included here, directly or through others."""
        included = [route.router for route in self.routes if isinstance(route, IncludedRouter)]
        return any(item is router or item.includes(router) for item in included)

    # events ---------------------------------------------------------------------------------------------------------

    def add_event_handler(self, event_type: str, func: Callable[[], Any]) -> None:
        """Run a function at "startup" or "shutdown".

        Raises:
            DeclarationError: There is no such event.
        """
        handlers = {"startup": self.on_startup, "shutdown": self.on_shutdown}.get(event_type)
        if handlers is None:
            raise DeclarationError(f"There is no event {event_type!r}: use 'startup' or 'shutdown'.")
        handlers.append(func)

    def on_event(self, event_type: str) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Deprecated: `lifespan`. Run the decorated function at "startup" or "shutdown"."""
        _warn_of_events()

        def decorate(function: DecoratedCallable) -> DecoratedCallable:
            self.add_event_handler(event_type, function)
            return function

        return decorate

    @property
    def on_startup(self) -> list[Callable[[], Any]]:
        """Functions run when the application starts."""
        return self._life.on_startup

    @property
    def on_shutdown(self) -> list[Callable[[], Any]]:
        """Functions run when the application ends."""
        return self._life.on_shutdown

    @property
    def own_lifespan(self) -> Callable[[Any], AbstractAsyncContextManager[Any]] | None:
        """The lifespan that it was given, without those of included routers."""
        return self._life.lifespan

    @property
    def has_lifespan(self) -> bool:
        """Whether anything runs when the application starts or ends, of an included router too."""
        return any(life.lifespan or life.on_startup or life.on_shutdown for life in self._iter_lives())

    def _live(self, app: Any) -> AbstractAsyncContextManager[Any]:
        return live(list(self._iter_lives()), app)

    def _iter_lives(self) -> Iterator[Life]:
        yield self._life
        for route in self.routes:
            if isinstance(route, IncludedRouter):
                yield from route.router._iter_lives()

    # serving --------------------------------------------------------------------------------------------------------

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find the route of a request and serve it: the router as an ASGI application."""
        if "router" not in scope:
            scope["router"] = self
        if scope["type"] == "lifespan":
            await self.lifespan(scope, receive, send)
        elif not await serve(self._table or self.table, scope, receive, send):
            await self._serve_unmatched(scope, receive, send)

    async def _serve_unmatched(self, scope: Scope, receive: Receive, send: Send) -> None:
        redirect = self._slash_redirect(scope) if scope["type"] == "http" and self.redirect_slashes else None
        if redirect is not None:
            await redirect(scope, receive, send)
        elif not await serve(self.last_table, scope, receive, send):
            await self.default(scope, receive, send)

    def _slash_redirect(self, scope: Scope) -> Response | None:
        """A redirect to the path with, or without, a slash at its end, if that one is served."""
        path = route_path(scope)
        if path == "/":
            return None
        other = {**scope, "path": scope["path"].rstrip("/") if path.endswith("/") else scope["path"] + "/"}
        target, _ = ask(self.table.http, route_path(other), other)
        return None if target is None else RedirectResponse(url=str(URL(scope=other)))

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a route of this included router fits; override it to have a say."""
        at = inclusion.get()
        if at is None or at.router is not self:
            return Match.NONE, {}
        table = at.build_table()
        index = table.http if scope["type"] == "http" else table.websocket
        target, child_scope = ask(index, route_path(scope), scope)
        if target is None:
            return Match.NONE, {}
        methods = getattr(target, "methods", None)
        is_partial = scope["type"] == "http" and methods and scope["method"] not in methods
        return (Match.PARTIAL if is_partial else Match.FULL), child_scope

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request of this included router; override it to act around all of them."""
        at = inclusion.get()
        if at is None or at.router is not self:
            await self.app(scope, receive, send)
        elif not await serve(at.build_table(), scope, receive, send):
            await self.default(scope, receive, send)

    def included_at(self, layers: Layers) -> IncludedAt:
        """This router where `layers` include it."""
        return IncludedAt(layers, RouteContext)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """The path of a route by its name.

        Raises:
            NoMatchFound: No route has this name and these parameters.
        """
        return find_url(iter(self.contexts), name, path_params)


def _check_prefix(prefix: str) -> None:
    if prefix and not prefix.startswith("/"):
        raise DeclarationError(f"A path prefix must start with '/': write '/{prefix}'.")
    if prefix.endswith("/"):
        raise DeclarationError(
            f"A path prefix must not end with '/', as the routes will start with one: write {prefix.rstrip('/')!r}."
        )


def _check_paths(router: APIRouter) -> None:
    for context in router.contexts:
        if context.path == "":
            raise RoutebookError(
                f"Prefix and path cannot be both empty (path operation: {context.name}). "
                "Give the router a prefix, or the operation a path such as '/'."
            )


def _warn_of_events() -> None:
    warnings.warn(
        "on_event is deprecated, use lifespan event handlers instead: an async context manager, given as `lifespan`.",
        DeprecationWarning,
        stacklevel=3,
    )
