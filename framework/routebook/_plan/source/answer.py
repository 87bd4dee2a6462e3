"""The response: JSON is written by the function itself, everything else by a response object."""

from routebook._analysis.callables import callable_name
from routebook._plan.asgi import STARTED_KEY
from routebook._plan.respond import is_body_allowed, make_dump, make_respond
from routebook._plan.source.emission import Emission
from routebook._plan.source.literals import literal
from routebook._plan.steps import Respond
from routebook._plan.stream import make_stream


def write_answer(emission: Emission, step: Respond) -> None:
    """Turn the result into a response and send it; background tasks run after that."""
    writes_itself = (
        step.shape.is_direct_json
        and emission.form == "asgi"
        and not emission.plan.needs_function_stack
        and not emission.endpoint_kind.is_generator
    )
    if writes_itself:
        _write_json(emission, step)
    else:
        _write_response(emission, step)


def _write_json(emission: Emission, step: Respond) -> None:
    text = emission.text
    with text.block("if isinstance(result, Response):"):
        if step.has_background:
            text.line("result.background = result.background or background_tasks")
        _write_send(emission, "result")
        text.line("return")
    with emission.span("serialisation", "JSON"):
        text.line(f"body = {text.bind('to_json', make_dump(step.shape, emission.context))}(result)")
    status = _write_headers(emission, step)
    with emission.span("send", "JSON"):
        text.line(f"scope[{STARTED_KEY!r}] = True")
        text.line(f"await send({{'type': 'http.response.start', 'status': {status}, 'headers': headers}})")
        text.line("await send({'type': 'http.response.body', 'body': body})")
    if step.has_background:
        _write_background(emission)
    text.line("return")


def _write_headers(emission: Emission, step: Respond) -> str:
    """Write the headers, and what an injected response adds to them; the expression of the status."""
    text = emission.text
    status = step.shape.status_code or 200
    length, kind = "(b'content-length', b'%d' % len(body))", "(b'content-type', b'application/json')"
    if not step.has_injected:
        if is_body_allowed(status):
            text.line(f"headers = [{length}, {kind}]")
        else:
            text.line(f"body, headers = b'', [{kind}]")
        return literal(status)
    text.line(f"status = response.status_code or {literal(status)}")
    text.line(f"headers = [{length}, {kind}, *response.raw_headers]")
    with text.block("if not is_body_allowed(status):"):
        text.line("body, headers = b'', headers[1:]")
    return "status"


def _write_background(emission: Emission) -> None:
    text = emission.text
    call = f"trace.background(background_tasks, {text.next_line})" if emission.is_traced else "background_tasks()"
    text.line(f"await {call}")


def _write_response(emission: Emission, step: Respond) -> None:
    text, plan = emission.text, emission.plan
    if emission.endpoint_kind.is_generator:
        respond = text.bind("respond", make_stream(step.shape, emission.endpoint_kind, emission.context))
    else:
        respond = text.bind("respond", make_respond(step.shape, emission.context))
    response = "response" if step.has_injected else "None"
    background = "background_tasks" if step.has_background else "None"
    with emission.span("serialisation", callable_name(step.shape.response_class)):
        text.line(f"answer = {respond}(result, {response}, {background})")
    if emission.form == "handler":
        text.line("return answer")
        return
    if plan.needs_function_stack:
        text.dedent()
        with text.block("if answer is None:"):
            text.line(f"raise swallowed_error({literal(plan.title)})")
    _write_send(emission, "answer")
    text.line("return")


def _write_send(emission: Emission, answer: str) -> None:
    """Send a response object, which runs its background tasks itself."""
    text = emission.text
    send = f"await send_response({answer}, scope, receive, send)"
    if emission.is_traced:
        with text.tracing_block(f"with trace.send({answer}, {text.next_line}):"):
            text.line(send)
    else:
        text.line(send)
