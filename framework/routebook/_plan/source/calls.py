"""Dependencies and the endpoint: how each is called, and where what it opens is ended."""

from collections.abc import Callable
from typing import Any

from routebook._analysis.callables import CallableKind
from routebook._plan.lifetime import make_enter
from routebook._plan.observe import EnteredInThread, in_thread
from routebook._plan.refuse import Refuse, RefuseWebSocket
from routebook._plan.source.emission import Emission
from routebook._plan.source.literals import comment, keyword_arguments, literal
from routebook._plan.source.reads import write_reads
from routebook._plan.steps import CallDependency, CallEndpoint, ReuseDependency


def write_dependency(emission: Emission, step: CallDependency) -> None:
    """Read a dependency's parameters and call it, unless these, or what it depends on, failed."""
    text = emission.text
    failed = f"{step.variable} = FAILED"

    def refuse(errors: str) -> None:
        text.line(f"errors[{literal(step.parameters.key)}] = {errors}")
        text.line(failed)

    write_reads(emission, step.parameters, refuse)
    depth = 0
    if step.parameters.can_fail:
        text.line("else:")
        text.indent()
        depth += 1
    if step.needs:
        with text.block(f"if {' or '.join(f'{name} is FAILED' for name in step.needs)}:"):
            text.line(failed)
        text.line("else:")
        text.indent()
        depth += 1
    if step.kind.is_generator:
        _write_enter(emission, step)
    else:
        _write_call(emission, step)
    for _ in range(depth):
        text.dedent()


def _write_call(emission: Emission, step: CallDependency) -> None:
    text = emission.text
    if step.limit is not None:
        text.line(f"async with {text.bind(f'limit_of_{step.name}', step.limit)}.get_semaphore():")
        text.indent()
    with emission.span("dependency", step.name, step):
        text.line(f"{step.variable} = {_call(emission, step.call, step.name, step.kind, step.arguments)}")
        emission.write_result(step.variable)
    if step.limit is not None:
        text.dedent()


def _write_enter(emission: Emission, step: CallDependency) -> None:
    """Set a dependency with `yield` up on the stack of its scope; what is pushed after it runs before it ends."""
    text = emission.text
    stack = "function_stack" if step.scope == "function" else "request_stack"
    if step.limit is not None:
        limit = text.bind(f"limit_of_{step.name}", step.limit)
        text.line(f"await {stack}.enter_async_context({limit}.get_semaphore())")
    teardown = text.name(f"teardown_of_{step.variable}")
    if emission.is_traced:
        text.tracing_line(f"{teardown} = trace.teardown({literal(step.name)}, {text.next_line})")
        text.tracing_line(f"{stack}.push({teardown}.end)")
    wrap = EnteredInThread if emission.is_traced else None
    enter = text.bind(f"enter_{step.name}", make_enter(step.call, step.kind, wrap))
    with emission.span("dependency", step.name, step):
        text.line(f"{step.variable} = await {enter}({_join(stack, keyword_arguments(step.arguments))})")
        emission.write_result(step.variable)
    if emission.is_traced:
        text.tracing_line(f"{stack}.push({teardown}.begin)")


def write_reuse(emission: Emission, step: ReuseDependency) -> None:
    """Say that a result is there already: nothing is done for it."""
    with emission.span("cache hit", step.name, step):
        emission.text.line(comment(f"{step.name} has run: {step.variable}"))
        if emission.is_traced:
            emission.text.tracing_line("pass")


def write_endpoint(emission: Emission, step: CallEndpoint) -> None:
    """Read the endpoint's parameters, refuse the request if anything failed, else call the endpoint."""
    text, plan = emission.text, emission.plan
    body = {"none": "", "form": ", form", "bytes": ", body, scope"}.get(emission.body_kind, ", body")
    if emission.form == "websocket":
        body = ""
    raise_refusal = ""
    if plan.error_keys or step.parameters.can_fail:
        raise_refusal = f"raise {text.bind('refuse', _make_refusal(emission))}"

    def refuse(errors: str) -> None:
        if plan.error_keys:
            text.line(f"errors[''] = {errors}")
        else:
            text.line(f"{raise_refusal}({errors}{body}) from None")

    write_reads(emission, step.parameters, refuse)
    if plan.error_keys:
        in_order = text.bind("in_order", _make_in_order(plan.error_keys))
        with text.block("if errors:"):
            text.line(f"{raise_refusal}({in_order}(errors){body})")
    with emission.span("endpoint", step.name, step):
        result = "" if emission.form == "websocket" else "result = "
        text.line(f"{result}{_call(emission, step.call, step.name, step.kind, step.arguments)}")
        if result:
            emission.write_result("result")


def _make_refusal(emission: Emission) -> Callable[..., Exception]:
    if emission.form == "websocket":
        return RefuseWebSocket(emission.context)
    return Refuse(body_kind=emission.body_kind, context=emission.context, is_strict=emission.is_strict)


def _make_in_order(keys: tuple[str, ...]) -> Callable[[dict[str, list[Any]]], list[Any]]:
    """A function from the errors by callable to all of them; a dependency that is used twice tells its errors twice."""
    return lambda errors: [error for key in keys for error in errors.get(key, ())]


def _call(
    emission: Emission,
    call: Callable[..., Any],
    name: str,
    kind: CallableKind,
    arguments: tuple[tuple[str, str], ...],
) -> str:
    """The expression of a call; what is plain and may block runs in a thread."""
    is_watched = emission.is_traced and kind is CallableKind.SYNC
    bound = emission.text.bind(name, in_thread(call) if is_watched else call)
    if kind is CallableKind.SYNC:
        return f"await run_in_threadpool({_join(bound, keyword_arguments(arguments))})"
    return f"{'await ' if kind is CallableKind.ASYNC else ''}{bound}({keyword_arguments(arguments)})"


def _join(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
