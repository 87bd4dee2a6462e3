"""The application: a router with a name, a description, middleware and exception handlers."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from copy import copy
from threading import RLock
from typing import Any, Unpack

from starlette.applications import Starlette
from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from routebook._deprecation import warn_deprecated
from routebook._plan.asgi import STARTED_KEY
from routebook._plan.received import give_request
from routebook._routing.options import RouteOptions
from routebook.datastructures import Default, FormLimits
from routebook.exception_handlers import (
    SERVER_ERRORS,
    answer_by_handler,
    find_handler,
    http_exception_handler,
    request_validation_exception_handler,
    websocket_request_validation_exception_handler,
)
from routebook.exceptions import DeclarationError, RequestValidationError, WebSocketRequestValidationError
from routebook.openapi import docs
from routebook.params import Depends
from routebook.routing import APIRouter, RouteList
from routebook.types import DecoratedCallable
from routebook.utils import generate_unique_id

__all__ = ["FastAPI", "Routebook"]

ExceptionKey = int | type[Exception]

_MAKING_STACKS = RLock()
"""Held while an application's middleware is made or dropped, by whichever thread: rarely, so one serves them all."""


class Routebook(Starlette):
    """An application.

    Args:
        debug: Whether a server error shows its traceback to the client.
        routes: Deprecated: declare routes with the decorators.
        title: Of the API, shown in its documentation; so are `summary`, `description` (Markdown), `version`,
            `terms_of_service`, `contact`, `license_info`, `openapi_tags`, `servers`, `openapi_external_docs`.
        openapi_url: Where the OpenAPI document is served; None for nowhere, and no documentation pages either.
        dependencies: Run before every operation's own.
        default_response_class: Of operations that name none.
        redirect_slashes: Whether "/items" answers for a missing "/items/", and the reverse, with a redirect.
        docs_url: Where Swagger UI is served; None for nowhere.
        redoc_url: Where ReDoc is served; None for nowhere.
        swagger_ui_oauth2_redirect_url: Where Swagger UI receives OAuth2 tokens.
        swagger_ui_init_oauth: Swagger UI's OAuth2 configuration.
        swagger_ui_parameters: Swagger UI's configuration.
        middleware: Outermost first.
        exception_handlers: By exception class or status code.
        on_startup: Functions to run when the application starts.
        on_shutdown: Functions to run when it ends.
        lifespan: An async context manager around the application's life; what it yields is each request's state.
        root_path: Deprecated: the server's option. A prefix that a proxy strips.
        root_path_in_servers: Whether the document's servers name the root path.
        responses: Additional responses of every operation.
        callbacks: OpenAPI callbacks of every operation.
        webhooks: A router that describes the requests this application makes to others.
        deprecated: Marks every operation as deprecated.
        include_in_schema: Whether OpenAPI shows the operations.
        generate_unique_id_function: Makes operation ids.
        separate_input_output_schemas: Whether a model that differs as input and output has two schemas.
        strict_content_type: Whether a JSON body must be declared as JSON.
        max_body_size: Bytes that a request's body may have; a longer one is answered with 413. None for any.
        form_limits: How many fields and files a form may have, and how long a field may be; a form beyond them is
            answered with 400.
        telemetry: Taken for compatibility and not used: wrap the application in OpenTelemetry's own ASGI
            instrumentation.
    """

    def __init__(
        self,
        *,
        telemetry: Any | None = None,
        debug: bool = False,
        routes: list[BaseRoute] | None = None,
        title: str = "FastAPI",
        summary: str | None = None,
        description: str = "",
        version: str = "0.1.0",
        openapi_url: str | None = "/openapi.json",
        openapi_tags: list[dict[str, Any]] | None = None,
        servers: list[dict[str, Any]] | None = None,
        dependencies: Sequence[Depends] | None = None,
        default_response_class: type[Response] = Default(JSONResponse),
        redirect_slashes: bool = True,
        docs_url: str | None = "/docs",
        redoc_url: str | None = "/redoc",
        swagger_ui_oauth2_redirect_url: str | None = "/docs/oauth2-redirect",
        swagger_ui_init_oauth: dict[str, Any] | None = None,
        middleware: Sequence[Middleware] | None = None,
        exception_handlers: Mapping[ExceptionKey, Callable[[Request, Any], Any]] | None = None,
        on_startup: Sequence[Callable[[], Any]] | None = None,
        on_shutdown: Sequence[Callable[[], Any]] | None = None,
        lifespan: Callable[[Any], AbstractAsyncContextManager[Any]] | None = None,
        terms_of_service: str | None = None,
        contact: dict[str, Any] | None = None,
        license_info: dict[str, Any] | None = None,
        root_path: str = "",
        root_path_in_servers: bool = True,
        responses: dict[int | str, dict[str, Any]] | None = None,
        callbacks: list[BaseRoute] | None = None,
        webhooks: APIRouter | None = None,
        deprecated: bool | None = None,
        include_in_schema: bool = True,
        swagger_ui_parameters: dict[str, Any] | None = None,
        generate_unique_id_function: Callable[[Any], str] = Default(generate_unique_id),
        separate_input_output_schemas: bool = True,
        openapi_external_docs: dict[str, Any] | None = None,
        strict_content_type: bool = True,
        max_body_size: int | None = None,
        form_limits: FormLimits = FormLimits(),
    ) -> None:
        if openapi_url and not title:
            raise DeclarationError("A title must be provided for OpenAPI, e.g.: title='My API'")
        if openapi_url and not version:
            raise DeclarationError("A version must be provided for OpenAPI, e.g.: version='2.1.0'")
        if root_path:
            warn_deprecated(
                "FastAPI(root_path=...) is deprecated: use the `fastapi run --root-path` option, or your server's own "
                "option for a root path, which tells it to every part of the application."
            )
        self.debug = debug
        self.state: State = State()
        self.max_body_size = max_body_size
        self.form_limits = form_limits
        self.title = title
        self.summary = summary
        self.description = description
        self.version = version
        self.terms_of_service = terms_of_service
        self.contact = contact
        self.license_info = license_info
        self.openapi_version = "3.1.0"
        self.openapi_url = openapi_url
        self.openapi_tags = openapi_tags
        self.openapi_external_docs = openapi_external_docs
        self.openapi_schema: dict[str, Any] | None = None
        self.servers = servers or []
        self.separate_input_output_schemas = separate_input_output_schemas
        self.root_path = root_path.rstrip("/")
        self.root_path_in_servers = root_path_in_servers
        self.docs_url = docs_url
        self.redoc_url = redoc_url
        self.swagger_ui_oauth2_redirect_url = swagger_ui_oauth2_redirect_url
        self.swagger_ui_init_oauth = swagger_ui_init_oauth
        self.swagger_ui_parameters = swagger_ui_parameters
        self.webhooks = webhooks if webhooks is not None else APIRouter()
        self.dependency_overrides: dict[Callable[..., Any], Callable[..., Any]] = {}
        self.router: APIRouter = APIRouter(
            routes=routes,
            redirect_slashes=redirect_slashes,
            dependency_overrides_provider=self,
            on_startup=on_startup,
            on_shutdown=on_shutdown,
            lifespan=lifespan,
            default_response_class=default_response_class,
            dependencies=dependencies,
            callbacks=callbacks,
            deprecated=deprecated,
            include_in_schema=include_in_schema,
            responses=responses,
            generate_unique_id_function=generate_unique_id_function,
            strict_content_type=strict_content_type,
        )
        self.exception_handlers: dict[Any, Callable[[Any, Any], Any]] = {
            HTTPException: http_exception_handler,
            RequestValidationError: request_validation_exception_handler,
            WebSocketRequestValidationError: websocket_request_validation_exception_handler,
            **(exception_handlers or {}),
        }
        self.user_middleware = list(middleware or ())
        self.middleware_stack: ASGIApp | None = None
        self._stack_parts: tuple[object, ...] = ()  # what the stack was made of
        self._described: tuple[object, ...] | None = None
        self.described: Any = None  # what floor 6 keeps of its last document
        self.setup()

    # serving --------------------------------------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve an ASGI connection."""
        scope["app"] = self
        if self.root_path:
            scope["root_path"] = self.root_path
        await (self.middleware_stack or self._choose_stack())(scope, receive, send)

    def _choose_stack(self) -> ASGIApp:
        """The shortest way that does the same: without middleware, requests go to the router directly."""
        with _MAKING_STACKS:
            if self.middleware_stack is None:
                self._stack_parts = self._list_stack_parts()
                self.middleware_stack = self._serve_directly if self._is_plain else self.build_middleware_stack()
            return self.middleware_stack

    @property
    def _is_plain(self) -> bool:
        is_overridden = type(self).build_middleware_stack is not Routebook.build_middleware_stack
        has_own = "build_middleware_stack" in vars(self)
        return not (self.user_middleware or self.max_body_size is not None or is_overridden or has_own)

    def build_middleware_stack(self) -> ASGIApp:
        """Build Starlette's stack, whose exception handlers are given a Request that can read the body again."""
        shown = copy(self)
        shown.exception_handlers = {key: give_request(handler) for key, handler in self.exception_handlers.items()}
        return Starlette.build_middleware_stack(shown)

    def _list_stack_parts(self) -> tuple[object, ...]:
        return (list(self.user_middleware), dict(self.exception_handlers), self.max_body_size, self.debug)

    def refresh_middleware(self) -> None:
        """Let a change of `user_middleware`, `exception_handlers` or `max_body_size` take effect while serving.

        Starlette makes its stack with the first request, and then it stands. Here the next request makes it anew, with
        new middleware objects, if what it was made of has changed; requests under way keep the one they began with.
        Any thread may call it.
        """
        with _MAKING_STACKS:
            if self._stack_parts != self._list_stack_parts():
                self.middleware_stack = None

    async def _serve_directly(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.router.app(scope, receive, send)
        except Exception as error:
            if scope["type"] == "lifespan":
                raise
            await self._answer_error(error, scope, receive, send)

    async def _answer_error(self, error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer an exception by its handler; what has none, or what the handler raises, by Starlette's middleware.

        FastAPI has two such layers too, around each route and around all of them.
        """
        handler = None if STARTED_KEY in scope else find_handler(self.exception_handlers, error)
        if handler is None:
            await self._answer_as_starlette(error, scope, receive, send)
            return
        try:
            await answer_by_handler(handler, error, scope, receive, send)
        except Exception as failure:
            await self._answer_as_starlette(failure, scope, receive, send)

    async def _answer_as_starlette(self, error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
        """Let Starlette's middleware deal with an exception, as if it had been around the whole request."""
        has_started = STARTED_KEY in scope

        async def fail(scope: Scope, receive: Receive, send: Send) -> None:
            if has_started:
                await send({"type": "http.response.start", "status": 500, "headers": []})
            raise error

        async def send_unless_started(message: Message) -> None:
            if not has_started:
                scope[STARTED_KEY] = True  # for the application that this one is mounted in
                await send(message)

        wrapped = {key: give_request(handler) for key, handler in self.exception_handlers.items()}
        handlers = {key: handler for key, handler in wrapped.items() if key not in SERVER_ERRORS}
        server_error = wrapped.get(500) or wrapped.get(Exception)
        handled = ExceptionMiddleware(fail, handlers=handlers, debug=self.debug)
        answered = ServerErrorMiddleware(handled, handler=server_error, debug=self.debug)
        await answered(scope, receive, send_unless_started)

    # OpenAPI --------------------------------------------------------------------------------------------------------

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document; made anew when routes or its head have changed. Override it to change the document."""
        described = (self.router.version, self.webhooks.version, self._head_text())
        if self.openapi_schema is None or (self._described is not None and self._described != described):
            # Imported with the first document: most who import routebook ask for none at once, and it is slow.
            from routebook.openapi.utils import describe_application

            self.openapi_schema = describe_application(self)
            self._described = described
        return self.openapi_schema

    def _head_text(self) -> str:
        """What the document says of the whole application, as text: its parts may be changed in place."""
        about = (self.title, self.version, self.summary, self.description, self.terms_of_service, self.contact)
        return repr((*about, self.license_info, self.openapi_tags, self.servers, self.openapi_external_docs))

    def setup(self) -> None:
        """Add the routes of the OpenAPI document and of the pages that show it."""
        if not self.openapi_url:
            return
        self.add_route(self.openapi_url, self._serve_openapi, name="openapi", include_in_schema=False)
        if self._assets_url:
            self.add_route(f"{self._assets_url}/{{path:path}}", docs.serve_asset, include_in_schema=False)
        if self.docs_url:
            self.add_route(self.docs_url, self._serve_swagger_ui, name="swagger_ui_html", include_in_schema=False)
            if self.swagger_ui_oauth2_redirect_url:
                self.add_route(
                    self.swagger_ui_oauth2_redirect_url,
                    self._serve_oauth2_redirect,
                    name="swagger_ui_redirect",
                    include_in_schema=False,
                )
        if self.redoc_url:
            self.add_route(self.redoc_url, self._serve_redoc, name="redoc_html", include_in_schema=False)

    @property
    def _assets_url(self) -> str:
        """Where the documentation pages' own copies of Swagger UI and ReDoc are served; empty without such a page."""
        page = self.docs_url or self.redoc_url
        return f"{page.rstrip('/')}/assets" if page else ""

    async def _serve_openapi(self, request: Request) -> JSONResponse:
        schema = self.openapi()
        root_path = request.scope.get("root_path", "").rstrip("/")
        named = {server.get("url") for server in self.servers}
        if root_path and self.root_path_in_servers and root_path not in named:
            schema = {**schema, "servers": [{"url": root_path}, *schema.get("servers", [])]}
        return JSONResponse(schema)

    async def _serve_swagger_ui(self, request: Request) -> HTMLResponse:
        root_path = request.scope.get("root_path", "").rstrip("/")
        redirect_url = self.swagger_ui_oauth2_redirect_url
        return docs.get_swagger_ui_html(
            openapi_url=f"{root_path}{self.openapi_url}",
            title=f"{self.title} - Swagger UI",
            oauth2_redirect_url=f"{root_path}{redirect_url}" if redirect_url else None,
            init_oauth=self.swagger_ui_init_oauth,
            swagger_ui_parameters=self.swagger_ui_parameters,
            **docs.swagger_ui_assets(f"{root_path}{self._assets_url}"),
        )

    async def _serve_oauth2_redirect(self, request: Request) -> HTMLResponse:
        return docs.get_swagger_ui_oauth2_redirect_html()

    async def _serve_redoc(self, request: Request) -> HTMLResponse:
        root_path = request.scope.get("root_path", "").rstrip("/")
        return docs.get_redoc_html(
            openapi_url=f"{root_path}{self.openapi_url}",
            title=f"{self.title} - ReDoc",
            **docs.redoc_assets(f"{root_path}{self._assets_url}"),
        )

    # declaring: everything goes to the application's router ---------------------------------------------------------

    @property
    def routes(self) -> RouteList:
        """The routes in order of declaration; a change is served from the next request on."""
        return self.router.routes

    def add_api_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        methods: list[str] | None = None,
        **options: Unpack[RouteOptions],
    ) -> None:
        """Add a path operation. See `RouteOptions`; raises what `APIRoute` does."""
        self.router.add_api_route(path, endpoint, methods=methods, **options)

    def api_route(
        self, path: str, *, methods: list[str] | None = None, **options: Unpack[RouteOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare the decorated function as a path operation of any methods."""
        return self.router.api_route(path, methods=methods, **options)

    def get(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a GET operation."""
        return self.router.get(path, **options)

    def put(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a PUT operation."""
        return self.router.put(path, **options)

    def post(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a POST operation."""
        return self.router.post(path, **options)

    def delete(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a DELETE operation."""
        return self.router.delete(path, **options)

    def options(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare an OPTIONS operation."""
        return self.router.options(path, **options)

    def head(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a HEAD operation."""
        return self.router.head(path, **options)

    def patch(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a PATCH operation."""
        return self.router.patch(path, **options)

    def trace(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a TRACE operation."""
        return self.router.trace(path, **options)

    def add_api_websocket_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        name: str | None = None,
        *,
        dependencies: Sequence[Depends] | None = None,
    ) -> None:
        """Add a WebSocket endpoint with parameters and dependencies."""
        self.router.add_api_websocket_route(path, endpoint, name, dependencies=dependencies)

    def websocket(
        self, path: str, name: str | None = None, *, dependencies: Sequence[Depends] | None = None
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare the decorated function as a WebSocket endpoint."""
        return self.router.websocket(path, name, dependencies=dependencies)

    def websocket_route(self, path: str, name: str | None = None) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a function of one WebSocket, as Starlette has it: nothing is analysed."""
        return self.router.websocket_route(path, name)

    def route(
        self,
        path: str,
        methods: Collection[str] | None = None,
        name: str | None = None,
        include_in_schema: bool = True,
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a function from Request to Response, as Starlette has it: nothing is analysed."""
        return self.router.route(path, methods, name, include_in_schema)

    def include_router(self, router: APIRouter, **options: Any) -> None:
        """Serve a router's routes, now and whatever is added to it later. See `APIRouter.include_router`."""
        self.router.include_router(router, **options)

    def frontend(self, path: str, **options: Any) -> None:
        """Serve a built front end below `path`, where nothing else fits. See `APIRouter.frontend`."""
        self.router.frontend(path, **options)

    def insert_route(self, index: int, route: BaseRoute) -> None:
        """Add a route at a position."""
        self.router.insert_route(index, route)

    def replace_route(self, old: BaseRoute, new: BaseRoute) -> None:
        """Put a route in the place of another. Raises ValueError when `old` is none of the routes."""
        self.router.replace_route(old, new)

    def remove_route(self, route: BaseRoute) -> None:
        """Take a route out. Raises ValueError when it is none of the routes."""
        self.router.remove_route(route)

    def on_event(self, event_type: str) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Deprecated: `lifespan`. Run the decorated function at "startup" or "shutdown"."""
        return self.router.on_event(event_type)

    def add_middleware(self, middleware_class: Callable[..., ASGIApp], *args: Any, **kwargs: Any) -> None:
        """Put middleware around all that is there; Starlette's refuses once it serves, see `refresh_middleware`.

        Args:
            middleware_class: Called with the application inside, `args` and `kwargs`.
            *args: For the middleware.
            **kwargs: For the middleware.
        """
        self.user_middleware.insert(0, Middleware(middleware_class, *args, **kwargs))
        self.refresh_middleware()

    def add_exception_handler(self, exc_class_or_status_code: ExceptionKey, handler: Callable[..., Any]) -> None:
        """Answer exceptions of a class, or responses of a status, with what `handler` returns."""
        self.exception_handlers[exc_class_or_status_code] = handler
        self.refresh_middleware()

    def middleware(self, middleware_type: str) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Run the decorated function around every request; `middleware_type` is "http".

        Raises:
            DeclarationError: There is no such type.
        """
        if middleware_type != "http":
            raise DeclarationError(f"There is no middleware of type {middleware_type!r}: use 'http'.")

        def decorate(function: DecoratedCallable) -> DecoratedCallable:
            self.add_middleware(BaseHTTPMiddleware, dispatch=function)
            return function

        return decorate

    def exception_handler(
        self, exc_class_or_status_code: ExceptionKey
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Answer exceptions of a class, or responses of a status, with what the decorated function returns."""

        def decorate(function: DecoratedCallable) -> DecoratedCallable:
            self.add_exception_handler(exc_class_or_status_code, function)
            return function

        return decorate


FastAPI = Routebook
