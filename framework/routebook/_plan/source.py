"""A plan as Python: one straight function a route, made to be read.

Each step has a small emitter. Only names from `Names` and literals reach the text; every object is bound by name in
the function's globals. The text is registered in `linecache`, so that tracebacks show it.
"""

import linecache
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from types import FunctionType
from typing import Any, Literal

from pydantic import ValidationError
from starlette.background import BackgroundTasks
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from routebook._analysis.callables import CallableKind
from routebook._analysis.fields import ModelField
from routebook._plan import body as body_steps
from routebook._plan import extract
from routebook._plan.asgi import STARTED_KEY, send_response
from routebook._plan.body import BodyReader
from routebook._plan.form import read_form
from routebook._plan.lifetime import STACKS_KEY, GuardedStack, make_enter, swallowed_error
from routebook._plan.names import RESERVED, Names
from routebook._plan.observe import OBSERVER_KEY, Tracer
from routebook._plan.refuse import make_explain, make_refusal
from routebook._plan.respond import is_body_allowed, make_dump, make_respond
from routebook._plan.steps import (
    CallDependency,
    CallEndpoint,
    CallPlan,
    Make,
    Read,
    ReadBody,
    ReadParameters,
    ReadSource,
    Respond,
    ReuseDependency,
    Step,
)
from routebook._plan.stream import make_stream
from routebook._plan.validate import make_json_reader
from routebook._sentinel import UNSET
from routebook.exceptions import EndpointContext
from routebook.security.oauth2 import SecurityScopes

Form = Literal["asgi", "handler", "websocket"]
"""asgi: serves a request, sends the response. handler: a coroutine from Request to Response, for custom route classes."""

_numbers = count(1)

_GLOBALS: dict[str, Any] = {
    "AsyncExitStack": AsyncExitStack,
    "BackgroundTasks": BackgroundTasks,
    "FAILED": UNSET,
    "Request": Request,
    "Response": Response,
    "SecurityScopes": SecurityScopes,
    "Tracer": Tracer,
    "UNREADABLE": (KeyError, ValidationError),
    "WebSocket": WebSocket,
    "cookie_values": extract.cookie_values,
    "decode_json": body_steps.decode_json,
    "header_values": extract.header_values,
    "query_values": extract.query_values,
    "read_body": body_steps.read_body,
    "read_form": read_form,
    "run_in_threadpool": run_in_threadpool,
    "send_response": send_response,
    "source_values": extract.source_values,
    "swallowed_error": swallowed_error,
}


@dataclass(frozen=True, slots=True)
class Generated:
    """A generated function and its text."""

    function: Callable[..., Any]
    source: str


def generate(
    plan: CallPlan, form: Form, *, context: EndpointContext, is_strict: bool, is_traced: bool = False, route: Any = None
) -> Generated:
    """Write a plan as a function.

    Args:
        plan: What to do.
        form: How it is called.
        context: The endpoint, for validation errors.
        is_strict: Whether a JSON body must be declared as JSON.
        is_traced: Whether each step reports to the observer of the scope.
        route: Shown to who asks for the request's effective route.
    """
    writer = _Writer(plan, form, context, is_strict, is_traced, route)
    text, namespace = writer.write()
    filename = f"<routebook {plan.title} {next(_numbers)}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    exec(compile(text, filename, "exec"), namespace)  # noqa: S102  # the text is ours: names and literals only
    function: FunctionType = namespace[writer.name]
    return Generated(function, text)


class _Writer:
    def __init__(
        self, plan: CallPlan, form: Form, context: EndpointContext, is_strict: bool, is_traced: bool, route: Any
    ) -> None:
        self._plan = plan
        self._form = form
        self._context = context
        self._is_strict = is_strict
        self._is_traced = is_traced
        self._lines: list[str] = []
        self._depth = 0
        locals_used = {
            name
            for step in plan.steps
            if isinstance(step, CallDependency | CallEndpoint)
            for name in (*(read.variable for read in step.parameters.reads), *(pair[1] for pair in step.arguments))
        }
        results = {step.variable for step in plan.steps if isinstance(step, CallDependency | Make)}
        self._names = Names(RESERVED | _GLOBALS.keys() | locals_used | results)
        self._bound: dict[str, Any] = dict(_GLOBALS)
        self.name = self._names.take(f"serve_{plan.name}")
        self._context_name = self._bind("endpoint_context", context)
        self._route = route
        self._body_kind = next((step.kind for step in plan.steps if isinstance(step, ReadBody)), "none")

    def write(self) -> tuple[str, dict[str, Any]]:
        arguments = "request" if self._form == "handler" else "scope, receive, send"
        self._line(f"async def {self.name}({arguments}):")
        self._depth += 1
        where = f", {self._plan.location}" if self._plan.location else ""
        self._line(f'"""{self._plan.title}{where}"""'.replace("\\", "/"))
        if self._form == "handler":
            self._line("scope = request.scope")
        if self._is_traced:
            self._line(f"trace = Tracer(scope[{OBSERVER_KEY!r}])")
        with self._stacks():
            for step in self._plan.steps:
                self._emit(step)
            if self._form == "websocket":
                self._line("return")
        if self._plan.needs_request_stack and self._form != "handler":
            self._raise_swallowed()
        return "\n".join(self._lines) + "\n", self._bound

    # the text -------------------------------------------------------------------------------------------------------

    def _line(self, text: str) -> None:
        self._lines.append("    " * self._depth + text if text else "")

    @contextmanager
    def _block(self, header: str) -> Iterator[None]:
        self._line(header)
        self._depth += 1
        yield
        self._depth -= 1

    def _bind(self, wish: str, value: Any) -> str:
        name = self._names.take(wish)
        self._bound[name] = value
        return name

    @contextmanager
    def _span(self, kind: str, name: str) -> Iterator[None]:
        if not self._is_traced:
            yield
            return
        with self._block(f"with trace({kind!r}, {name!r}, {len(self._lines) + 2}):"):
            yield

    @contextmanager
    def _stacks(self) -> Iterator[None]:
        if self._form == "handler":
            if self._plan.needs_request_stack or self._plan.needs_function_stack:
                self._line(f"request_stack, function_stack = scope[{STACKS_KEY!r}]")
            yield
        elif self._plan.needs_request_stack:
            with self._block("async with AsyncExitStack() as request_stack:"):
                yield
        else:
            yield

    def _raise_swallowed(self) -> None:
        self._line(f"raise swallowed_error({self._plan.title!r})")

    # the steps ------------------------------------------------------------------------------------------------------

    def _emit(self, step: Step) -> None:
        match step:
            case ReadBody():
                self._emit_body(step)
            case ReadSource():
                self._emit_source(step)
            case Make():
                self._emit_make(step)
            case CallDependency():
                self._open_function_stack()
                self._emit_dependency(step)
            case ReuseDependency():
                with self._span("cache hit", step.name):
                    self._line(f"# {step.name}: {step.variable} is there already")
                    if self._is_traced:
                        self._line("pass")
            case CallEndpoint():
                self._open_function_stack()
                self._emit_endpoint(step)
            case Respond():
                self._emit_respond(step)

    def _emit_body(self, step: ReadBody) -> None:
        is_handler = self._form == "handler"
        if step.kind == "form":
            if not is_handler:
                self._make_request()
            self._line("form, sent_form = await read_form(request)")
            self._line("request_stack.push_async_callback(form.close)")
            return
        read = "await request.body()" if is_handler else "await read_body(receive)"
        if step.kind == "bytes":
            self._line(f"body = {read}")
        else:
            self._line(f"raw_body = {read}")
            self._line(f"body = decode_json(raw_body, scope['headers'], {self._is_strict}, {self._context_name})")

    def _emit_source(self, step: ReadSource) -> None:
        if step.is_whole:
            self._line(f"{step.variable} = source_values({step.source!r}, scope)")
        elif step.source == "path":
            self._line("path = scope['path_params']")
        elif step.source == "query":
            self._line("query = query_values(scope['query_string'])")
        else:
            self._line(f"{step.variable} = {step.source}_values(scope['headers'])")

    def _emit_make(self, step: Make) -> None:
        match step.kind:
            case "request" if self._form == "asgi":
                self._make_request()
            case "request" if self._form == "websocket":
                self._line("request = websocket = WebSocket(scope, receive, send)")
            case "websocket":
                self._line("websocket = WebSocket(scope, receive, send)")
            case "response":
                self._line("response = Response()")
                self._line("del response.headers['content-length']")
                self._line("response.status_code = None")
            case "background_tasks":
                self._line("background_tasks = BackgroundTasks()")
            case "security_scopes":
                self._line(f"{step.variable} = SecurityScopes(scopes={list(step.scopes)!r})")

    def _make_request(self) -> None:
        if "request" in self._bound:
            return
        self._bound["request"] = None  # made once
        self._line("request = Request(scope, receive, send)")
        if self._route is not None:
            name = self._bind("effective_route", self._route)
            self._line(f"scope['fastapi'] = {{'effective_route_context': {name}}}")

    def _open_function_stack(self) -> None:
        """Enter the stack of function scope just before the first call; `_emit_respond` leaves it."""
        if self._plan.needs_function_stack and self._form != "handler" and "function_stack" not in self._bound:
            self._bound["function_stack"] = None
            self._line("answer = None")
            self._line("async with AsyncExitStack() as function_stack:")
            self._depth += 1
        if self._plan.collects_errors and "errors" not in self._bound:
            self._bound["errors"] = None
            self._line("errors = []")

    # parameters -----------------------------------------------------------------------------------------------------

    def _emit_reads(self, parameters: ReadParameters, refuse: Callable[[str], None]) -> None:
        """Read parameters; `refuse` writes what happens with the expression of their errors."""
        fallible = [read for read in parameters.reads if _can_fail(read)]
        for read in parameters.reads:
            if read not in fallible:
                self._line(f"{read.variable} = {self._expression(read)}")
        if not fallible:
            return
        with self._block("try:"):
            for read in fallible:
                with self._span("parameter", read.reader.field.name):
                    self._line(f"{read.variable} = {self._expression(read)}")
        explain = self._bind(
            f"explain_{parameters.owner}",
            make_explain(parameters, body_kind=self._body_kind, context=self._context, is_strict=self._is_strict),
        )
        sent_body = {"none": "", "form": ", sent_form"}.get(self._body_kind, ", body")
        with self._block("except UNREADABLE as error:"):
            refuse(f"await {explain}(error, locals(), scope{sent_body})")

    def _body_argument(self) -> str:
        return {"none": "", "form": ", form", "bytes": ", body, scope"}.get(self._body_kind, ", body")

    def _expression(self, read: Read) -> str:
        """The Python expression of a parameter's value."""
        reader = read.reader
        if isinstance(reader, BodyReader):
            return self._body_expression(read, reader)
        if not reader.is_plain:
            source = "form" if self._body_kind == "form" and read.is_body else read.source
            wait = "await " if reader.is_async else ""
            return f"{wait}{self._bind(f'read_{read.variable}', reader.read)}(sent_{source})"
        return self._plain_expression(read, reader.field, reader.keys[0])

    def _body_expression(self, read: Read, reader: BodyReader) -> str:
        if self._body_kind != "bytes":
            return f"{self._bind(f'read_{read.variable}', reader.read)}(body)"
        read_json = make_json_reader(reader, is_strict=self._is_strict, context=self._context)
        return f"{self._bind(f'read_{read.variable}', read_json)}(body, scope['headers'])"

    def _plain_expression(self, read: Read, field: ModelField, name: str) -> str:
        found = f"{read.source}[{name!r}]"
        if _is_text(field):
            if not field.is_required and field.has_plain_default:
                return f"{read.source}.get({name!r}, {self._default(read, field)})"
            value = found
        else:
            value = f"{self._bind(f'validate_{read.variable}', field.validate_value)}({found})"
        if field.is_required:
            return value
        return f"{value} if {name!r} in {read.source} else {self._default(read, field)}"

    def _default(self, read: Read, field: ModelField) -> str:
        if not field.has_plain_default:
            return f"{self._bind(f'default_{read.variable}', field.make_default)}()"
        default = field.default
        is_literal = default is None or type(default) in (bool, int, str)
        return repr(default) if is_literal else self._bind(f"default_{read.variable}", default)

    # calls ----------------------------------------------------------------------------------------------------------

    def _emit_dependency(self, step: CallDependency) -> None:
        failed = f"{step.variable} = FAILED"
        fallible = any(_can_fail(read) for read in step.parameters.reads)

        def refuse(errors: str) -> None:
            self._line(f"errors += {errors}")
            self._line(failed)

        self._emit_reads(step.parameters, refuse)
        if fallible:
            self._line("else:")
            self._depth += 1
        if step.needs:
            condition = " or ".join(f"{name} is FAILED" for name in step.needs)
            with self._block(f"if {condition}:"):
                self._line(failed)
            self._line("else:")
            self._depth += 1
        with self._span("dependency", step.name):
            self._line(f"{step.variable} = {self._dependency_call(step)}")
        self._depth -= bool(step.needs) + fallible

    def _dependency_call(self, step: CallDependency) -> str:
        arguments = _arguments(step.arguments)
        if step.kind.is_generator:
            enter = self._bind(f"enter_{step.name}", make_enter(step.call, step.kind))
            stack = "function_stack" if step.scope == "function" else "request_stack"
            return f"await {enter}({', '.join(filter(None, [stack, arguments]))})"
        return self._call(step.call, step.name, step.kind, arguments)

    def _call(self, call: Callable[..., Any], name: str, kind: CallableKind, arguments: str) -> str:
        bound = self._bind(name, call)
        if kind is CallableKind.SYNC:
            return f"await run_in_threadpool({', '.join(filter(None, [bound, arguments]))})"
        return f"{'await ' if kind is CallableKind.ASYNC else ''}{bound}({arguments})"

    def _emit_endpoint(self, step: CallEndpoint) -> None:
        collects = self._plan.collects_errors
        error = self._bind("refuse", self._refusal())

        def refuse(errors: str) -> None:
            if collects:
                self._line(f"errors += {errors}")
            else:
                self._line(f"raise {error}({errors}{self._body_argument()}) from None")

        self._emit_reads(step.parameters, refuse)
        if collects:
            with self._block("if errors:"):
                self._line(f"raise {error}(errors{self._body_argument()})")
        with self._span("endpoint", step.name):
            result = "" if self._form == "websocket" else "result = "
            self._line(f"{result}{self._call(step.call, step.name, step.kind, _arguments(step.arguments))}")

    def _refusal(self) -> Callable[..., Exception]:
        return make_refusal(
            self._form == "websocket", body_kind=self._body_kind, context=self._context, is_strict=self._is_strict
        )

    # the response ---------------------------------------------------------------------------------------------------

    def _emit_respond(self, step: Respond) -> None:
        is_simple = not (
            step.has_injected
            or step.has_background
            or self._plan.needs_function_stack
            or self._form == "handler"
            or self._endpoint_kind.is_generator
        )
        if is_simple and step.shape.is_direct_json:
            self._emit_direct_json(step)
        else:
            self._emit_answer(step)

    @property
    def _endpoint_kind(self) -> CallableKind:
        return next(step.kind for step in self._plan.steps if isinstance(step, CallEndpoint))

    def _emit_direct_json(self, step: Respond) -> None:
        status = step.shape.status_code or 200
        with self._block("if isinstance(result, Response):"):
            self._line("return await send_response(result, scope, receive, send)")
        with self._span("serialisation", "JSON"):
            dump = self._bind("to_json", make_dump(step.shape, self._context))
            self._line(f"body = {dump}(result)")
        if is_body_allowed(status):
            headers = "[(b'content-length', b'%d' % len(body)), (b'content-type', b'application/json')]"
        else:
            self._line("body = b''")
            headers = "[(b'content-type', b'application/json')]"
        self._line(f"scope[{STARTED_KEY!r}] = True")
        self._line(f"await send({{'type': 'http.response.start', 'status': {status}, 'headers': {headers}}})")
        self._line("await send({'type': 'http.response.body', 'body': body})")
        self._line("return")

    def _emit_answer(self, step: Respond) -> None:
        if self._endpoint_kind.is_generator:
            make = make_stream(step.shape, self._endpoint_kind, self._context)
        else:
            make = make_respond(step.shape, self._context)
        respond = self._bind("respond", make)
        response = "response" if step.has_injected else "None"
        background = "background_tasks" if step.has_background else "None"
        with self._span("serialisation", step.shape.response_class.__name__):
            self._line(f"answer = {respond}(result, {response}, {background})")
        if self._form == "handler":
            self._line("return answer")
            return
        if self._plan.needs_function_stack:
            self._depth -= 1
            with self._block("if answer is None:"):
                self._raise_swallowed()
        with self._span("background", "send and background tasks"):
            self._line("await send_response(answer, scope, receive, send)")
        self._line("return")


def _can_fail(read: Read) -> bool:
    """Whether reading may raise; a text that has a default, or is in the path, is taken as it is."""
    field = read.reader.field
    return not (
        read.reader.is_plain
        and _is_text(field)
        and (read.source == "path" or (not field.is_required and field.has_plain_default))
    )


def _is_text(field: ModelField) -> bool:
    """Whether every text passes unchanged, so that there is nothing to validate."""
    return field.annotation is str and not field.field_info.metadata


def _arguments(pairs: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{name}={variable}" for name, variable in pairs)
