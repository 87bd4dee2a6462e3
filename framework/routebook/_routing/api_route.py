"""A path operation, and a WebSocket endpoint, as declared: analysed at once, compiled when first used."""

import inspect
import typing
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from enum import IntEnum
from functools import cached_property, partial
from types import MappingProxyType
from typing import Annotated, Any, Unpack

from pydantic_core import PydanticUndefined
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Match, Route, WebSocketRoute, get_name
from starlette.types import ASGIApp, Receive, Scope, Send

from routebook import params
from routebook._analysis.analyse import analyse_endpoint
from routebook._analysis.callables import classify_callable
from routebook._analysis.dependant import Dependant
from routebook._analysis.fields import ModelField
from routebook._analysis.shapes import split_annotated
from routebook._analysis.signature import EMPTY, return_annotation
from routebook._event_stream import EventSourceResponse
from routebook._plan.respond import ResponseShape, is_body_allowed
from routebook._routing.context import (
    Handler,
    RouteContext,
    answer_by_table,
    effective_context,
    refuse_method,
    route_path,
)
from routebook._routing.options import RouteOptions, listed_dependencies, settled
from routebook._routing.template import PathTemplate, parse_template
from routebook._types import SourceLocation
from routebook.datastructures import Default, DefaultPlaceholder
from routebook.exceptions import DeclarationError
from routebook.params import Depends
from routebook.types import IncEx
from routebook.utils import generate_unique_id

_STREAMS = (AsyncIterable, AsyncIterator, AsyncGenerator, Iterable, Iterator, Generator)


class _Analysed:
    """What routes with an analysed endpoint share."""

    path: str
    template: PathTemplate
    dependant: Dependant

    def __hash__(self) -> int:
        return hash(self.path)  # Starlette's routes are equal by path, endpoint and methods, and have no hash

    @property
    def location(self) -> SourceLocation | None:
        """Where the endpoint was written."""
        return self.dependant.location

    @cached_property
    def context(self) -> RouteContext:
        """The route as declared, outside of any include."""
        return RouteContext(self)  # type: ignore[arg-type]  # mixed into routes only

    @property
    def path_format(self) -> str:
        return self.template.path_format

    @property
    def param_convertors(self) -> dict[str, Any]:
        return dict(self.template.convertors)

    @property
    def path_regex(self) -> Any:
        return self.template.pattern


class APIRoute(_Analysed, Route):  # type: ignore[override]  # a template has all three
    """One path operation.

    Args:
        path: Its template, with its own router's prefix.
        endpoint: The function that serves it.
        methods: HTTP methods, GET by default.
        dependency_overrides_provider: Has `dependency_overrides`: the application.
        strict_content_type: Whether a JSON body must be declared as JSON.
        **options: See `RouteOptions`.

    Raises:
        RoutebookError: The endpoint cannot be served as declared; the message says why and where.
    """

    response_model: Any = Default(None)
    status_code: int | None = None
    name: str = ""
    tags: Sequence[Any] | None = None
    dependencies: Sequence[Depends] | None = None
    summary: str | None = None
    description: str = ""
    response_description: str = "Successful Response"
    responses: Mapping[int | str, dict[str, Any]] | None = None
    response_fields: Mapping[int | str, ModelField] = MappingProxyType({})
    deprecated: bool | None = None
    operation_id: str | None = None
    response_model_include: IncEx | None = None
    response_model_exclude: IncEx | None = None
    response_model_by_alias: bool = True
    response_model_exclude_unset: bool = False
    response_model_exclude_defaults: bool = False
    response_model_exclude_none: bool = False
    include_in_schema: bool = True
    response_class: type[Response] = Default(JSONResponse)
    callbacks: list[BaseRoute] | None = None
    openapi_extra: dict[str, Any] | None = None
    generate_unique_id_function: Callable[[Any], str] = Default(generate_unique_id)
    response_field: ModelField | None = None
    stream_item_field: ModelField | None = None

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        methods: set[str] | list[str] | None = None,
        dependency_overrides_provider: Any | None = None,
        strict_content_type: bool = Default(True),
        **options: Unpack[RouteOptions],
    ) -> None:
        self._options: Mapping[str, Any] = options
        self.path = path
        self.endpoint = endpoint
        self.methods = {method.upper() for method in methods or ("GET",)}
        self.dependency_overrides_provider = dependency_overrides_provider
        self.strict_content_type = strict_content_type
        self._set_options(self._options)
        self.template = parse_template(path)
        self.dependant = analyse_endpoint(
            endpoint, path_names=frozenset(self.template.param_names), dependencies=self.dependencies or ()
        )
        self._declare_response()
        if self.responses:
            self.response_fields = make_response_fields(self.responses, where=self.location)
        self.app = self._serve

    def _set_options(self, options: Mapping[str, Any]) -> None:
        """Keep what was given; the rest stands at the class, which saves a third of a route's memory."""
        for option, value in options.items():
            setattr(self, option, value)
        if isinstance(self.status_code, IntEnum):
            self.status_code = int(self.status_code)
        self.name = self.name or get_name(self.endpoint)
        self.tags = list(self.tags or ())
        self.dependencies = listed_dependencies(self.dependencies)
        self.responses = self.responses or {}
        if not self.description and self.endpoint.__doc__:
            self.description = inspect.cleandoc(self.endpoint.__doc__)
        if self.description:
            self.description = self.description.split("\f")[0].strip()

    def _declare_response(self) -> None:
        self.response_model, item_type = _declared_models(self.endpoint, self.response_model)
        if self.response_model is not None and not is_body_allowed(self.status_code):
            raise DeclarationError(
                f"Status code {self.status_code} must not have a response body, but the response model is "
                f"{self.response_model!r}. Set response_model=None, or another status code.",
                location=self.location,
            )
        if self.response_model is not None:
            self.response_field = _response_field(self.response_model, self.location)
        if item_type is not None:
            self.stream_item_field = _response_field(item_type, self.location)

    @property
    def unique_id(self) -> str:
        return self.context.unique_id

    @property
    def is_sse_stream(self) -> bool:
        cls = settled(self.response_class)
        return self.is_stream and isinstance(cls, type) and issubclass(cls, EventSourceResponse)

    @property
    def is_stream(self) -> bool:
        """Whether the endpoint yields what it sends."""
        return self.dependant.kind.is_generator

    def rebuilt(self, endpoint: Callable[..., Any] | None = None, **changes: Any) -> "APIRoute":
        """A new route with the same path and options, analysed again, of another endpoint if given.

        Args:
            endpoint: The function that serves it.
            **changes: Of `path`, `methods`, or any option of the route.
        """
        options: dict[str, Any] = {
            "path": self.path,
            "methods": set(self.methods or ()),
            "dependency_overrides_provider": self.dependency_overrides_provider,
            "strict_content_type": self.strict_content_type,
            **self._options,
            **changes,
        }
        return type(self)(endpoint=endpoint or self.endpoint, **options)

    # serving --------------------------------------------------------------------------------------------------------

    def get_route_handler(self) -> Handler:
        """A coroutine function from Request to Response that serves the route; override it to act around requests."""
        context = effective_context.get() or self.context
        return context.handle_request

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        context = effective_context.get() or self.context
        return _match(context, scope, "http")

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.methods and scope["method"] not in self.methods:
            await refuse_method(self.methods, scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        context = effective_context.get() or self.context
        await self._compiled(context)(scope, receive, send)

    @property
    def is_compiled(self) -> bool:
        """Whether the generated function serves the route, nothing of its class stepping between."""
        cls = type(self)
        return cls.handle is APIRoute.handle and not self._overrides_get_route_handler() and self.app == self._serve

    def make_asgi(self, context: RouteContext) -> ASGIApp:
        """What serves the route at `context`."""
        if type(self).handle is not APIRoute.handle or self.app != self._serve:
            return context.handle_by_route
        return self._compiled(context)

    def _compiled(self, context: RouteContext) -> ASGIApp:
        if not self._overrides_get_route_handler():
            function: ASGIApp = context.generated().function
            return function
        token = effective_context.set(context)
        try:
            return partial(context.serve_by_handler, self.get_route_handler())
        finally:
            effective_context.reset(token)

    def _overrides_get_route_handler(self) -> bool:
        return type(self).get_route_handler is not APIRoute.get_route_handler

    def make_response_shape(self, response_class: type[Response], *, is_default_class: bool) -> ResponseShape:
        """What the compiler needs to know of the response."""
        return ResponseShape(
            response_class=response_class,
            is_default_class=is_default_class,
            status_code=self.status_code,
            field=self.stream_item_field if self.is_stream else self.response_field,
            include=self.response_model_include,
            exclude=self.response_model_exclude,
            by_alias=self.response_model_by_alias,
            exclude_unset=self.response_model_exclude_unset,
            exclude_defaults=self.response_model_exclude_defaults,
            exclude_none=self.response_model_exclude_none,
        )


class APIWebSocketRoute(_Analysed, WebSocketRoute):  # type: ignore[override]  # as above
    """One WebSocket endpoint, its parameters and dependencies analysed as a path operation's are."""

    methods = None
    is_compiled = True

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        name: str | None = None,
        dependencies: Sequence[Depends] | None = None,
        dependency_overrides_provider: Any | None = None,
    ) -> None:
        self.path = path
        self.endpoint = endpoint
        self.name = name or get_name(endpoint)
        self.dependencies = listed_dependencies(dependencies)
        self.dependency_overrides_provider = dependency_overrides_provider
        self.strict_content_type = True
        self.template = parse_template(path)
        self.dependant = analyse_endpoint(
            endpoint, path_names=frozenset(self.template.param_names), dependencies=self.dependencies
        )
        self.app = self._serve

    def rebuilt(self, endpoint: Callable[..., Any] | None = None, **changes: Any) -> "APIWebSocketRoute":
        """A new route with the same path and options, analysed again, of another endpoint if given.

        Args:
            endpoint: The function that serves it.
            **changes: Of `path`, `name`, `dependencies`, `dependency_overrides_provider`.
        """
        options: dict[str, Any] = {
            "path": self.path,
            "name": self.name,
            "dependencies": self.dependencies,
            "dependency_overrides_provider": self.dependency_overrides_provider,
            **changes,
        }
        return type(self)(endpoint=endpoint or self.endpoint, **options)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return _match(effective_context.get() or self.context, scope, "websocket")

    def make_asgi(self, context: RouteContext) -> ASGIApp:
        """What serves the route at `context`."""
        function: ASGIApp = context.generated().function
        return function

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        context = effective_context.get() or self.context
        await self.make_asgi(context)(scope, receive, send)


answer_by_table(APIRoute.matches)
answer_by_table(APIWebSocketRoute.matches)


def _match(context: RouteContext, scope: Scope, kind: str) -> tuple[Match, Scope]:
    if scope["type"] != kind or context.template is None:
        return Match.NONE, {}
    found = context.template.match(route_path(scope))
    if found is None:
        return Match.NONE, {}
    child_scope = {"endpoint": context.endpoint, "path_params": {**(scope.get("path_params") or {}), **found}}
    is_full = kind != "http" or not context.methods or scope["method"] in context.methods
    return (Match.FULL if is_full else Match.PARTIAL), child_scope


def _declared_models(endpoint: Callable[..., Any], response_model: Any) -> tuple[Any, Any]:
    """The response model and, for an endpoint that yields, the type of an item."""
    is_stream = classify_callable(endpoint).is_generator
    if not isinstance(response_model, DefaultPlaceholder):
        return (None, _item_of(response_model)) if is_stream else (response_model, None)
    annotation = return_annotation(endpoint)
    if annotation is EMPTY or annotation is type(None):  # `-> None` promises nothing, so that a 204 can say it
        return None, None
    base, _ = split_annotated(annotation)
    if is_stream:
        items = typing.get_args(base) or (Any,)
        return None, items[0] if typing.get_origin(base) in _STREAMS else None
    if isinstance(base, type) and issubclass(base, Response):
        return None, None
    return annotation, None


def _item_of(response_model: Any) -> Any:
    """The type of an item, for a response model that is a stream's, a list's or the item's own."""
    base, _ = split_annotated(response_model)
    items = typing.get_args(base)
    return items[0] if items and typing.get_origin(base) in (*_STREAMS, Sequence, list) else response_model


def _response_field(annotation: Any, where: SourceLocation | None) -> ModelField:
    info = params.Body(annotation=annotation)
    info.annotation, info.metadata = annotation, []
    if typing.get_origin(annotation) is Annotated:  # an alias (PEP 695) stays: its name is that of the schema
        info.annotation, *info.metadata = typing.get_args(annotation)
    info.default = PydanticUndefined
    try:
        return ModelField("response", info, mode="serialization")
    except DeclarationError as error:
        error.location = error.location or where
        raise


def make_response_fields(
    responses: Mapping[int | str, dict[str, Any]], *, where: SourceLocation | None = None
) -> dict[int | str, ModelField]:
    """The models of additional responses.

    Raises:
        DeclarationError: One is no dict, a model is of a type that pydantic cannot describe, or the status has no
            content.
    """
    fields: dict[int | str, ModelField] = {}
    for status, response in responses.items():
        if not isinstance(response, Mapping):
            raise DeclarationError(
                f"An additional response must be a dict: that of {status} is {response!r}. "
                'Write {"model": …} or {"description": …}.',
                location=where,
            )
        model = response.get("model")
        if model is None:
            continue
        if str(status).isdigit() and not is_body_allowed(int(status)):
            raise DeclarationError(
                f"Status code {status} must not have a response body, but responses gives it a model.", location=where
            )
        fields[status] = _response_field(model, where)
    return fields
