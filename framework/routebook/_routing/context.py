"""A route as it is served at one place: its own options, laid under those of every router that includes it.

A router may be included twice, or into another that is included itself. The route stays one object; each place where
it is served has a `RouteContext`, with the whole path, all tags and dependencies, and the function compiled for it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextvars import ContextVar
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, cast

from anyio import CancelScope
from starlette.datastructures import URLPath
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Host, Match, Mount, NoMatchFound, Route, Router, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from routebook._analysis.analyse import Identity, analyse_endpoint
from routebook._analysis.callables import callable_name
from routebook._analysis.dependant import Dependant
from routebook._plan.asgi import note_start, send_response
from routebook._plan.body import BodyShape, shape_body
from routebook._plan.lifetime import STACKS_KEY, GuardedStack, swallowed_error
from routebook._plan.observe import OBSERVER_KEY, Observer, Tracer
from routebook._plan.received import make_request
from routebook._plan.respond import ResponseShape
from routebook._routing.options import first_given, is_given, settled
from routebook._routing.template import PathTemplate, parse_template
from routebook.exceptions import DeclarationError, EndpointContext
from routebook.params import Depends

if TYPE_CHECKING:
    from routebook._plan.source import Form, Generated
    from routebook._plan.steps import CallPlan
    from routebook._plan.view import PlanView
    from routebook._routing.include import IncludedRouter

Handler = Callable[[Request], Any]

ALLOWED_KEY = "routebook.allowed"
"""In the scope of a request whose method no route of its path has: the methods that they have."""

effective_context: ContextVar["RouteContext | None"] = ContextVar("routebook_effective_context", default=None)
"""The context in which a method of a custom route class is being called."""


class RouteContext:
    """A route at one place. Created by `iter_route_contexts`; read-only.

    Attributes:
        original_route: The route as it was declared.
        layers: The includes that lead to it, the innermost first.
        endpoint: The function that serves it.
        shown: What a request's scope names as its route: the route itself where nothing is laid over it.
        path: The whole path template; None where there is none (`Host`, an unknown kind of route).
    """

    def __init__(self, route: BaseRoute, layers: tuple["IncludedRouter", ...] = ()) -> None:
        self.original_route = route
        self.layers = layers
        self.endpoint: Callable[..., Any] | None = getattr(route, "endpoint", None)
        self.shown: BaseRoute | RouteContext = self if layers else route
        self.prefix = "".join(layer.whole_prefix for layer in reversed(layers))
        own_path: str | None = getattr(route, "path", None)
        self.path = None if own_path is None else self.prefix + own_path
        self.dependency_overrides_provider: Any = (
            layers[-1].parent.dependency_overrides_provider
            if layers
            else getattr(route, "dependency_overrides_provider", None)
        )
        self.asgi: ASGIApp = self._serve_first
        self._variants: dict[Any, Generated] = {}
        self.described: Any = None  # what floor 6 keeps of its description

    def __repr__(self) -> str:
        return f"RouteContext({self.path!r}, {self.original_route!r})"

    def __getattr__(self, name: str) -> Any:
        """Whatever no include can change is the route's own."""
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.original_route, name)

    # what it is -----------------------------------------------------------------------------------------------------

    @property
    def route(self) -> BaseRoute:
        return self.original_route

    @cached_property
    def template(self) -> PathTemplate | None:
        own: PathTemplate | None = getattr(self.original_route, "template", None)
        if not self.layers and own is not None:
            return own
        return None if self.path is None else parse_template(self.path)

    @property
    def path_format(self) -> str | None:
        if isinstance(self.original_route, Mount):
            return f"{self.path}/{{path}}"
        return None if self.template is None else self.template.path_format

    @property
    def param_convertors(self) -> Mapping[str, Any]:
        return {} if self.template is None else dict(self.template.convertors)

    @property
    def methods(self) -> set[str] | None:
        return getattr(self.original_route, "methods", None)

    @property
    def name(self) -> str | None:
        return getattr(self.original_route, "name", None)

    @property
    def title(self) -> str:
        """Method and path, for people."""
        method = "|".join(sorted(self.methods)) if self.methods else "WEBSOCKET"
        return f"{method} {self.path_format}"

    # options laid over each other -----------------------------------------------------------------------------------

    @cached_property
    def dependencies(self) -> list[Depends]:
        outer = [depends for layer in reversed(self.layers) for depends in layer.whole_dependencies]
        return [*outer, *getattr(self.original_route, "dependencies", ())]

    @cached_property
    def tags(self) -> list[Any]:
        outer = [tag for layer in reversed(self.layers) for tag in layer.whole_tags]
        return [*outer, *(getattr(self.original_route, "tags", None) or ())]

    @cached_property
    def responses(self) -> dict[int | str, dict[str, Any]]:
        merged: dict[int | str, dict[str, Any]] = {}
        for layer in reversed(self.layers):
            merged.update(layer.whole_responses)
        return {**merged, **(getattr(self.original_route, "responses", None) or {})}

    @cached_property
    def response_fields(self) -> dict[int | str, Any]:
        merged: dict[int | str, Any] = {}
        for layer in reversed(self.layers):
            merged.update(layer.whole_response_fields)
        return {**merged, **getattr(self.original_route, "response_fields", {})}

    @cached_property
    def callbacks(self) -> list[BaseRoute] | None:
        outer = [route for layer in reversed(self.layers) for route in layer.whole_callbacks]
        return [*outer, *(getattr(self.original_route, "callbacks", None) or ())] or None

    @property
    def deprecated(self) -> bool | None:
        own = getattr(self.original_route, "deprecated", None)
        return own or next((layer.whole_deprecated for layer in self.layers if layer.whole_deprecated), own)

    @property
    def include_in_schema(self) -> bool:
        own = getattr(self.original_route, "include_in_schema", True)
        return own and all(layer.whole_include_in_schema for layer in self.layers)

    @cached_property
    def response_class(self) -> type[Response]:
        cls: type[Response] = settled(self._layered("response_class", "default_response_class"))
        return cls

    @cached_property
    def generate_unique_id_function(self) -> Callable[[Any], str]:
        function: Callable[[Any], str] = settled(
            self._layered("generate_unique_id_function", "generate_unique_id_function")
        )
        return function

    @cached_property
    def strict_content_type(self) -> bool:
        return bool(settled(self._layered("strict_content_type", "strict_content_type")))

    @cached_property
    def unique_id(self) -> str:
        return self.original_route.operation_id or self.generate_unique_id_function(self)  # type: ignore[attr-defined]

    def _layered(self, own: str, outer: str) -> Any:
        values = [getattr(self.original_route, own)]
        for layer in self.layers:
            values += layer.option_levels(outer)
        return first_given(*values)

    # what it needs, and the code that serves it ---------------------------------------------------------------------

    @cached_property
    def dependant(self) -> Dependant:
        """The analysed endpoint, with the dependencies of every router above in front."""
        own: Dependant = self.original_route.dependant  # type: ignore[attr-defined]
        if not self.layers or (not self.prefix_names and len(self.dependencies) == len(own_dependencies(self))):
            return own
        return self._analyse({})

    @property
    def prefix_names(self) -> frozenset[str]:
        return frozenset(parse_template(self.prefix).param_names) if "{" in self.prefix else frozenset()

    def _analyse(self, overrides: Mapping[Any, Any]) -> Dependant:
        names = frozenset(self.template.param_names if self.template else ())
        return analyse_endpoint(
            self.original_route.endpoint,  # type: ignore[attr-defined]
            path_names=names,
            dependencies=self.dependencies,
            overrides=overrides,
        )

    @cached_property
    def body(self) -> BodyShape:
        return shape_body(self.dependant)

    @cached_property
    def endpoint_context(self) -> EndpointContext:
        location = self.dependant.location
        path = self.title if self.methods else f"WS {self.path_format}"
        context = EndpointContext(function=callable_name(self.dependant.call), path=path)
        if location is not None:
            context["file"], context["line"] = location.file, location.line
        return context

    @property
    def response_shape(self) -> ResponseShape | None:
        """None for a WebSocket."""
        make = getattr(self.original_route, "make_response_shape", None)
        if make is None:
            return None
        given = self._layered("response_class", "default_response_class")
        shape: ResponseShape = make(self.response_class, is_default_class=not is_given(given))
        return shape

    def plan(self, overrides: Mapping[Any, Any] | None = None) -> "CallPlan":
        """The steps that serve the route; compiled anew at each call."""
        # Imported with the first route that is compiled: whoever only declares routes need not wait for it.
        from routebook._plan.compiler import compile_plan

        dependant = self._analyse(overrides) if overrides else self.dependant
        try:
            body = shape_body(dependant) if overrides else self.body
            return compile_plan(dependant, title=self.title, body=body, response=self.response_shape)
        except DeclarationError as error:
            error.location = error.location or dependant.location
            raise

    def generated(self, form: "Form | None" = None) -> "Generated":
        """The function that serves the route, and its text."""
        return self._variant(form or self._form, None, is_traced=False)

    def explain(self) -> str:
        """The plan and the generated function, to be read."""
        return f"{self.plan()}\n\n{self.generated().source}"

    @property
    def _form(self) -> "Form":
        return "websocket" if self.methods is None else "asgi"

    def _variant(self, form: "Form", overrides: Mapping[Any, Any] | None, *, is_traced: bool) -> "Generated":
        """The function for a state of the overrides, compiled once."""
        key = self._key(form, overrides, is_traced=is_traced)
        found = self._variants.get(key)
        if found is None:
            pairs = key[2]
            if pairs:  # tests change them at will: keep the latest only
                self._variants = {key: value for key, value in self._variants.items() if key[2] in ((), pairs)}
            from routebook._plan.source import generate  # late, as the compiler

            found = self._variants[key] = generate(
                self.plan({old.target: new.target for old, new in pairs}),
                form,
                context=self.endpoint_context,
                is_strict=self.strict_content_type,
                untraced=self._variant(form, overrides, is_traced=False) if is_traced else None,
                route=self,
            )
        return found

    def _key(
        self, form: "Form", overrides: Mapping[Any, Any] | None, *, is_traced: bool
    ) -> "tuple[Form, bool, tuple[tuple[Identity, Identity], ...]]":
        """What tells one function of the route from another."""
        pairs = overrides.items() if overrides and self._is_overridden(overrides) else ()
        return form, is_traced, tuple((Identity(old), Identity(new)) for old, new in pairs)

    def view(self, overrides: Mapping[Any, Any] | None = None) -> "PlanView":
        """How the route is served, to be looked at."""
        return cast("PlanView", self._variant(self._form, overrides, is_traced=True).view)  # a traced one has it

    def _watched(self, form: "Form", overrides: Mapping[Any, Any] | None, scope: Scope) -> Callable[..., Any]:
        """The function for a request, traced where the scope has an observer, which is told the plan."""
        observer: Observer | None = scope.get(OBSERVER_KEY)
        if observer is None:
            return self._variant(form, overrides, is_traced=False).function
        if self._key(form, overrides, is_traced=True) not in self._variants:
            with Tracer(observer)("compile", self.title):
                self._variant(form, overrides, is_traced=True)
        variant = self._variant(form, overrides, is_traced=True)
        if variant.view is not None:
            observer.plan(variant.view)
        return variant.function

    def _is_overridden(self, overrides: Mapping[Any, Any]) -> bool:
        """Whether one of the route's own dependencies is."""
        return any(Identity(old) in self._dependency_calls for old in overrides)

    @cached_property
    def _dependency_calls(self) -> frozenset[Identity]:
        return frozenset(Identity(node.call) for node in self.dependant.iter_tree())

    # serving --------------------------------------------------------------------------------------------------------

    async def _serve_first(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Compile at the first request; from then on the compiled function is called directly."""
        self.asgi = self._make_asgi()
        await self.asgi(scope, receive, send)

    def _make_asgi(self) -> ASGIApp:
        make = getattr(self.original_route, "make_asgi", None)
        if make is not None:
            asgi: ASGIApp = make(self)
            return asgi
        return self.handle_by_route

    async def serve_variant(
        self, scope: Scope, receive: Receive, send: Send, overrides: Mapping[Any, Any] | None
    ) -> None:
        """Serve with dependencies overridden, or steps traced."""
        if not getattr(self.original_route, "is_compiled", False):
            await self.asgi(scope, receive, send)
            return
        await self._watched(self._form, overrides, scope)(scope, receive, send)

    async def handle_request(self, request: Request) -> Response:
        """Answer a request, for custom route classes: the caller sends the response and owns the exit stacks."""
        overrides = getattr(self.dependency_overrides_provider, "dependency_overrides", None)
        response: Response = await self._watched("handler", overrides, request.scope)(request)
        return response

    async def serve_by_handler(self, handler: Handler, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve through a coroutine from Request to Response, as custom route classes make it."""
        with CancelScope() as guard:
            async with GuardedStack(guard) as request_stack:
                response = None
                async with GuardedStack(guard) as function_stack:
                    scope[STACKS_KEY] = request_stack, function_stack
                    scope["fastapi"] = {"effective_route_context": self}
                    response = await handler(make_request(scope, receive, send))
                if response is None:
                    raise swallowed_error(self.title)
                await send_response(response, scope, receive, send)
                return
        raise swallowed_error(self.title)

    async def handle_by_route(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a route of a class that is not ours, or that handles requests itself."""
        token = effective_context.set(self)
        try:
            await self._relocated.handle(scope, receive, note_start(scope, send))
        finally:
            effective_context.reset(token)

    # as a route -----------------------------------------------------------------------------------------------------

    @property
    def is_asked(self) -> bool:
        """Whether the routing table must ask the route itself."""
        return getattr(type(self.original_route), "matches", None) not in _TABLE_MATCHES

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """What the route itself says, seen with its whole path."""
        token = effective_context.set(self)
        try:
            return self._relocated.matches(scope)
        finally:
            effective_context.reset(token)

    @cached_property
    def _relocated(self) -> BaseRoute:
        """A mount or host moved under the prefix; every other route knows its context."""
        route = self.original_route
        if isinstance(route, Mount) and self.prefix:
            return Mount(self.path or "", app=route.app, name=route.name)
        if isinstance(route, Host) and self.prefix:
            return Host(route.host, app=Router([Mount(self.prefix, app=route.app)]), name=route.name)
        return route

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request that was matched by asking; a method that the route has not is answered with 405."""
        if self.is_asked or isinstance(self.original_route, Mount):
            await self.handle_by_route(scope, receive, send)
        elif self.methods and scope["method"] not in self.methods:
            await refuse_method(scope.get(ALLOWED_KEY, self.methods), scope, receive, send)
        else:
            overrides = getattr(self.dependency_overrides_provider, "dependency_overrides", None)
            await self.serve_variant(scope, receive, send, overrides)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """The path of the route by its name, the prefixes included.

        Raises:
            NoMatchFound: It has another name or other parameters.
        """
        route = self._relocated
        if route is not self.original_route or not self.layers or self.template is None:
            return route.url_path_for(name, **path_params)
        if name != self.name or path_params.keys() != set(self.template.param_names):
            raise NoMatchFound(name, path_params)
        values = {key: self.template.convertors[key].to_string(value) for key, value in path_params.items()}
        protocol: Literal["http", "websocket"] = "websocket" if isinstance(route, WebSocketRoute) else "http"
        return URLPath(path=self.template.path_format.format_map(values), protocol=protocol)


def own_dependencies(context: RouteContext) -> Sequence[Depends]:
    """The dependencies that the route itself has, those of its own router included."""
    return getattr(context.original_route, "dependencies", ())


def route_path(scope: Scope) -> str:
    """The path below the root path, as Starlette sees it."""
    path: str = scope["path"]
    root_path: str = scope.get("root_path", "")
    if not root_path or not path.startswith(root_path):
        return path
    rest = path[len(root_path) :]
    return rest if not rest or rest.startswith("/") else path


async def refuse_method(methods: Collection[str], scope: Scope, receive: Receive, send: Send) -> None:
    """Answer 405 (RFC 9110 §15.5.6): in an application by its exception handlers.

    Raises:
        HTTPException: In an application.
    """
    headers = {"Allow": ", ".join(sorted(methods))}
    if "app" in scope:
        raise HTTPException(status_code=405, headers=headers)
    response = PlainTextResponse("Method Not Allowed", status_code=405, headers=headers)
    await response(scope, receive, send)


_TABLE_MATCHES = [Route.matches, WebSocketRoute.matches]


def answer_by_table(matches: Callable[..., Any]) -> None:
    """Register a `matches` method that says what the routing table says, so that the table need not ask it."""
    _TABLE_MATCHES.append(matches)
