"""A plan as Python: one straight function a route, made to be read.

Each step has a small writer. Only names from `Names` and `literals` reach the text; every object is bound by name in
the function's globals. So nothing that a user can name or write becomes
code. The text is registered in `linecache`, so that tracebacks show it.
"""

import linecache
import weakref
import zlib
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from hashlib import blake2s
from types import FunctionType
from typing import TYPE_CHECKING, Any

from anyio import CancelScope
from pydantic import ValidationError
from starlette.background import BackgroundTasks
from starlette.responses import Response

from routebook._plan import extract
from routebook._plan.asgi import send_response
from routebook._plan.body import decode_json, read_body
from routebook._plan.form import close_form, read_form, receive_form
from routebook._plan.lifetime import STACKS_KEY, GuardedStack, run_in_threadpool, swallowed_error
from routebook._plan.observe import OBSERVER_KEY, Tracer
from routebook._plan.received import BODY_KEY, make_request
from routebook._plan.respond import is_body_allowed
from routebook._plan.source.answer import write_answer
from routebook._plan.source.calls import write_dependency, write_endpoint, write_reuse
from routebook._plan.source.emission import Emission, Form
from routebook._plan.source.literals import docstring, filename, literal, literal_list
from routebook._plan.source.text import FunctionText
from routebook._plan.steps import (
    CallDependency,
    CallEndpoint,
    CallPlan,
    Make,
    ReadBody,
    ReadSource,
    Respond,
    ReuseDependency,
    Step,
)
from routebook._plan.websocket import OpenWebSocket
from routebook._security import SecurityScopes
from routebook._sentinel import UNSET
from routebook.exceptions import EndpointContext

if TYPE_CHECKING:
    from routebook._plan.view import PlanView

__all__ = ["Form", "Generated", "generate"]

_shown: "weakref.WeakValueDictionary[str, _Shown]" = weakref.WeakValueDictionary()

_KNOWN: dict[str, Any] = {
    "AsyncExitStack": AsyncExitStack,
    "BackgroundTasks": BackgroundTasks,
    "CancelScope": CancelScope,
    "FAILED": UNSET,
    "UNSENT": UNSET,
    "GuardedStack": GuardedStack,
    "Response": Response,
    "SecurityScopes": SecurityScopes,
    "Tracer": Tracer,
    "UNREADABLE": (KeyError, ValidationError),
    "WebSocket": OpenWebSocket,
    "close_form": close_form,
    "cookie_values": extract.cookie_values,
    "decode_json": decode_json,
    "header_values": extract.header_values,
    "is_body_allowed": is_body_allowed,
    "isinstance": isinstance,
    "len": len,
    "locals": locals,
    "make_request": make_request,
    "query_values": extract.query_values,
    "read_body": read_body,
    "read_form": read_form,
    "receive_form": receive_form,
    "run_in_threadpool": run_in_threadpool,
    "send_response": send_response,
    "source_values": extract.source_values,
    "swallowed_error": swallowed_error,
}


@dataclass(frozen=True, slots=True)
class Generated:
    """A generated function and its text, which is packed: it is kept for every route and seldom read.

    Attributes:
        view: Of a traced one, the plan that it follows, as its observer is told.
    """

    function: Callable[..., Any]
    packed: bytes
    view: "PlanView | None" = None

    @property
    def source(self) -> str:
        return _unpack(self.packed)


def _unpack(packed: bytes) -> str:
    return zlib.decompress(packed).decode()


def generate(
    plan: CallPlan,
    form: Form,
    *,
    context: EndpointContext,
    is_strict: bool,
    untraced: Generated | None = None,
    route: Any = None,
) -> Generated:
    """Write a plan as a function.

    Args:
        plan: What to do.
        form: How it is called.
        context: The endpoint, for validation errors.
        is_strict: Whether a JSON body must be declared as JSON.
        untraced: The same without tracing; given, each step reports to the observer of the scope.
        route: Shown to who asks for the request's effective route.
    """
    text = FunctionText(_KNOWN, frozenset(_iter_variables(plan)))
    name = text.name(f"serve_{plan.name}")
    emission = Emission(plan, form, context, is_strict, untraced is not None, route, text)
    _write_function(emission, name)
    generated = _compile(str(text), name, text.namespace, plan.title)
    if untraced is None:
        return generated
    from routebook._plan.view import view_plan  # loaded when somebody watches: importing the framework is quick

    return replace(generated, view=view_plan(plan, untraced.packed, emission.lines))


class _Shown:
    """A text that tracebacks find under its file's name, for as long as a function of it lives."""

    def __init__(self, source: str, file: str) -> None:
        self.packed = zlib.compress(source.encode())
        linecache.cache[file] = (partial(_unpack, self.packed),)  # split into lines when first asked for
        weakref.finalize(self, linecache.cache.pop, file, None)


def _compile(source: str, name: str, namespace: dict[str, Any], title: str) -> Generated:
    """Make the function of a text.

    The same text has the same file name: tools keep what they have read of a file by its name for as long as they live
    (IPython does, for each traceback), and a function is generated again whenever its cell runs.
    """
    digest = blake2s(source.encode(), digest_size=5).hexdigest()
    file = filename(f"routebook {title} #{digest}")
    # ours: names and literals only; without docstrings, which the text has
    exec(compile(source, file, "exec", optimize=2), namespace)
    code = namespace[name].__code__
    used = {key: namespace[key] for key in code.co_names if key in namespace}
    # C code that imports while it validates (pydantic does, for UUIDs) looks for builtins among the caller's globals
    known = {"__name__": __name__, "__builtins__": namespace["__builtins__"]}
    function = FunctionType(code, {**known, **used}, name)
    shown = _shown.get(file)
    if shown is None:
        shown = _shown[file] = _Shown(source, file)
    function.shown = shown  # type: ignore[attr-defined]
    return Generated(function, shown.packed)


def _iter_variables(plan: CallPlan) -> Iterator[str]:
    """The variables that the plan has given out."""
    for step in plan.steps:
        if isinstance(step, CallDependency | CallEndpoint):
            yield from (read.variable for read in step.parameters.reads)
            yield from (variable for _, variable in step.arguments)
        if isinstance(step, CallDependency | Make):
            yield step.variable


def _write_function(emission: Emission, name: str) -> None:
    text, plan = emission.text, emission.plan
    arguments = "scope, receive, send" if emission.owns_stacks else "request"
    with text.block(f"async def {name}({arguments}):"):
        where = f", {plan.location}" if plan.location else ""
        text.line(docstring(f"{plan.title}{where}".replace("\\", "/")))
        if not emission.owns_stacks:
            text.line("scope = request.scope")
        if emission.is_traced:
            text.tracing_line(f"trace = Tracer(scope[{OBSERVER_KEY!r}])")
        with _form(emission), _stacks(emission):
            _write_steps(emission)


@contextmanager
def _form(emission: Emission) -> Iterator[None]:
    """Read a form, and close its files after everything else; where others own the stacks, so they do."""
    text = emission.text
    if emission.body_kind != "form" or not emission.owns_stacks or emission.form == "websocket":
        yield
        return
    with emission.span("body", "form"):
        if any(isinstance(step, Make) and step.kind == "request" for step in emission.plan.steps):
            _write_request(emission)
            text.line("form, sent_form = await read_form(request)")
        else:
            text.line("form, sent_form = await receive_form(scope, receive)")
    with text.block("try:"):
        yield
    with text.block("finally:"):
        text.line("await close_form(form)")


@contextmanager
def _stacks(emission: Emission) -> Iterator[None]:
    """Open what dependencies with `yield` need; a request that they leave without response has swallowed an error."""
    text, plan = emission.text, emission.plan
    if not emission.owns_stacks:
        if plan.needs_request_stack or plan.needs_function_stack or emission.body_kind == "form":
            text.line(f"request_stack, function_stack = scope[{STACKS_KEY!r}]")
        yield
        return
    if plan.needs_guard:
        text.line("with CancelScope() as guard:")
        text.indent()
    if plan.needs_request_stack:
        with text.block(f"async with {_new_stack(plan)} as request_stack:"):
            yield
    else:
        yield
    if plan.needs_guard:
        text.dedent()
    if plan.needs_request_stack and emission.form == "asgi":
        text.line(f"raise swallowed_error({literal(plan.title)})")


def _new_stack(plan: CallPlan) -> str:
    return "GuardedStack(guard)" if plan.needs_guard else "AsyncExitStack()"


def _write_steps(emission: Emission) -> None:
    text, plan = emission.text, emission.plan
    is_calling = False
    for step in plan.steps:
        if isinstance(step, CallDependency | CallEndpoint) and not is_calling:
            is_calling = True
            _write_before_calls(emission)
        _write_step(emission, step)
    if emission.form == "websocket":
        text.line("return")
        if plan.needs_function_stack:
            text.dedent()


def _write_before_calls(emission: Emission) -> None:
    """Open the stack of function scope, which `write_answer` closes before it sends, and gather errors from here."""
    text, plan = emission.text, emission.plan
    if plan.needs_function_stack and emission.owns_stacks:
        text.line("answer = None")
        text.line(f"async with {_new_stack(plan)} as function_stack:")
        text.indent()
    if plan.error_keys:
        text.line("errors = {}")


def _write_step(emission: Emission, step: Step) -> None:
    match step:
        case ReadBody(is_sent=False):
            emission.text.line("sent_form = {}" if step.kind == "form" else "body = UNSENT")
        case ReadBody() if step.kind == "form" and emission.owns_stacks:
            pass  # it is around all of this
        case ReadBody():
            with emission.span("body", step.kind):
                _write_body(emission, step)
        case ReadSource():
            _write_source(emission, step)
        case Make():
            _write_make(emission, step)
        case CallDependency():
            write_dependency(emission, step)
        case ReuseDependency():
            write_reuse(emission, step)
        case CallEndpoint():
            write_endpoint(emission, step)
        case Respond():
            write_answer(emission, step)


def _write_body(emission: Emission, step: ReadBody) -> None:
    text = emission.text
    if step.kind == "form":
        text.line("form, sent_form = await read_form(request)")
        text.line("request_stack.push_async_callback(close_form, form)")
        return
    read = "await read_body(receive)" if emission.owns_stacks else "await request.body()"
    kept = f"scope[{literal(BODY_KEY)}]"  # for every Request that is made from the scope
    if step.kind == "bytes":
        text.line(f"body = {kept} = {read}")
    else:
        context = text.bind("endpoint_context", emission.context)
        text.line(f"raw_body = {kept} = {read}")
        text.line(f"body = decode_json(raw_body, scope['headers'], {emission.is_strict}, {context})")


def _write_source(emission: Emission, step: ReadSource) -> None:
    text = emission.text
    if step.is_whole:
        text.line(f"{step.variable} = source_values({step.source!r}, scope)")
    elif step.source == "path":
        text.line("path = scope['path_params']")
    elif step.source == "query":
        text.line("query = query_values(scope['query_string'])")
    else:
        text.line(f"{step.variable} = {step.source}_values(scope['headers'])")


def _write_make(emission: Emission, step: Make) -> None:
    text = emission.text
    match step.kind:
        case "request":
            if emission.body_kind != "form":  # reading the form has made it
                _write_request(emission)
        case "websocket":
            text.line("websocket = WebSocket(scope, receive, send)")
        case "response":
            text.line("response = Response()")
            text.line("del response.headers['content-length']")
            text.line("response.status_code = None")
        case "background_tasks":
            text.line("background_tasks = BackgroundTasks()")
        case "security_scopes":
            text.line(f"{step.variable} = SecurityScopes(scopes={literal_list(step.scopes)})")


def _write_request(emission: Emission) -> None:
    """Make the request's object; a handler is given it."""
    text = emission.text
    if not emission.owns_stacks:
        return
    text.line("request = make_request(scope, receive, send)")
    if emission.route is not None:
        route = text.bind("effective_route", emission.route)
        text.line(f"scope['fastapi'] = {{'effective_route_context': {route}}}")
