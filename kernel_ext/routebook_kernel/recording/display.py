"""An exchange as HTML and text: status, time, size, headers, body, and what went wrong for a 422 or a 500."""

import json
from contextlib import suppress
from http import HTTPStatus

from routebook_kernel.protocol import Advice, ValidationIssue
from routebook_kernel.recording.advice import advise
from routebook_kernel.recording.formatting import format_count, format_size
from routebook_kernel.recording.style import code, esc, frame_html, render_backquotes, strip_backquotes
from routebook_kernel.recording.validation_messages import describe_issue, describe_issues
from routebook_kernel.records import Body, Exchange, FailureRecord, FrameRecord, SocketMessage, SocketRecord
from routebook_kernel.visible_text import visible, visible_line

_MAX_SHOWN = 20_000
_MAX_MESSAGES = 50
_SIGNS = {2: "✓", 3: "→", 4: "!", 5: "×"}


def render_bundle(exchange: Exchange) -> dict[str, str]:
    """Return the exchange as a notebook output: `text/html` and `text/plain`."""
    return {"text/html": render_html(exchange), "text/plain": render_text(exchange)}


def reason_phrase(status: int | None) -> str:
    """Return the reason phrase of a status, "Not Found", or "" if it has none."""
    try:
        return HTTPStatus(status or 0).phrase
    except ValueError:
        return "" if status else "no response"


def find_issues(exchange: Exchange) -> list[ValidationIssue]:
    """Return the issues of a 422 in FastAPI's format, or of a result that didn't match its response model."""
    if exchange.failure is not None and exchange.failure.response_errors:
        return [describe_issue(error) for error in exchange.failure.response_errors]
    if exchange.status != 422 or exchange.response_body is None:
        return []
    try:
        document = json.loads(exchange.response_body.data)
    except ValueError:
        return []
    return describe_issues(document.get("detail")) if isinstance(document, dict) else []


def format_body(body: Body | None) -> str:
    """Return a body as readable text, with JSON indented. Of binary data, only the size."""
    if body is None:
        return ""
    try:
        text = body.data.decode("utf-8")
    except UnicodeDecodeError:
        if not body.is_truncated:
            return f"({format_size(body.size_bytes)} of {body.media_type or 'binary data'})"
        text = body.data.decode("utf-8", "replace")
    if body.media_type.endswith("json") and not body.is_truncated:
        with suppress(ValueError, RecursionError):  # unreadable JSON is shown unchanged
            text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}\n… {len(text) - _MAX_SHOWN:,} characters more"


def format_issue(issue: ValidationIssue) -> str:
    """Format an issue as one line: `price must be a number; sent 'abc'; passes 9.99`."""
    parts = [f"{issue['source']} {issue['field']}: {issue['rule']}"]
    if not issue["is_missing"]:
        parts.append(f"sent {json.dumps(issue['sent'], ensure_ascii=False, default=str)}")
    if issue["passes"]:
        parts.append(f"passes {issue['passes']}")
    return "; ".join(parts)


def render_text(exchange: Exchange) -> str:
    """Return the exchange as text."""
    lines = [_head(exchange)]
    issues = find_issues(exchange)
    lines += [f"  ! {format_issue(issue)}" for issue in issues]
    lines += [f"  → {strip_backquotes(piece['text'])}" for piece in advise(exchange)]
    if exchange.failure is not None:
        lines += _failure_lines(exchange.failure)
    elif not issues and (body := format_body(exchange.response_body)):
        lines.append(body)
    if raised := describe_raised_place(exchange):
        lines.append(raised)
    if exchange.socket is not None:
        lines += _socket_lines(exchange.socket)
    if exchange.output:
        lines.append("printed: " + exchange.output.rstrip())
    return visible("\n".join(lines))


def _head(exchange: Exchange) -> str:
    size = format_size(exchange.response_body.size_bytes) if exchange.response_body else "empty"
    request = visible_line(f"{exchange.method} {exchange.url}")
    return f"{exchange.status or '—'} {reason_phrase(exchange.status)}  {request}  {exchange.elapsed_ms:.1f} ms, {size}"


def _socket_lines(socket: SocketRecord) -> list[str]:
    return [*map(_message_line, socket.messages[-_MAX_MESSAGES:]), describe_socket(socket)]


def _message_line(message: SocketMessage) -> str:
    return f"  {'→' if message.sender == 'client' else '←'} {message.at_ms:.1f} ms  {format_message(message)}"


def format_message(message: SocketMessage) -> str:
    """Return a WebSocket message as readable text. Of binary data, only the size."""
    if not message.is_text:
        return f"({format_size(message.size_bytes)} of binary data)"
    more = f" … {format_size(message.size_bytes)} in all" if message.is_truncated else ""
    return message.data.decode("utf-8", "replace") + more


def describe_socket(socket: SocketRecord) -> str:
    """Describe the state of a WebSocket: `12 messages, closed by the client with 1000`."""
    counted = format_count(socket.message_count, "message")
    if socket.is_open:
        return f"{counted}, open"
    reason = f": {socket.close_reason}" if socket.close_reason else ""
    code = f" with {socket.close_code}" if socket.close_code is not None else ""
    return f"{counted}, closed by the {socket.closed_by}{code}{reason}"


def describe_raised_place(exchange: Exchange) -> str:
    """Describe where the exception behind a response was raised; "" without one, or if the failure already shows it."""
    raised = exchange.raised
    if raised is None or exchange.failure is not None:
        return ""
    return f"raised {raised.type} in {raised.place}, in {raised.function}"


def _failure_lines(failure: FailureRecord) -> list[str]:
    lines = [f"× {failure.type}: {failure.message}"]
    for frame in failure.frames:
        lines.append(f"  {frame.place}, in {frame.function}: {frame.source}")
        lines += [f"      {name} = {value}" for name, value in frame.values]
    if failure.folded:
        lines.append(f"  ({failure.folded} frames of libraries folded)")
    return lines


def render_html(exchange: Exchange) -> str:
    """Return the exchange as HTML. All request and response data is escaped."""
    issues = find_issues(exchange)
    parts = [_bar(exchange)]
    if issues:
        parts.append(_part(_issues_html(issues)))
    if advice := advise(exchange):
        parts.append(_part(_advice_html(advice)))
    if exchange.failure is not None:
        parts.append(_part(_failure_html(exchange.failure)))
    if raised := describe_raised_place(exchange):
        parts.append(_part(f'<span class="rb-2">{esc(raised)}</span>'))
    if exchange.socket is not None:
        parts.append(_part(f"<pre>{esc(chr(10).join(_socket_lines(exchange.socket)))}</pre>"))
    if exchange.output:
        parts.append(_part(f'<span class="rb-2">printed</span><pre>{esc(exchange.output.rstrip())}</pre>'))
    if body := format_body(exchange.response_body):
        shown = f'<pre class="rb-body" tabindex="0">{esc(body)}</pre>'
        parts.append(_part(f"<details><summary>body</summary>{shown}</details>" if issues else shown))
    parts.append(_part(f"<details><summary>headers</summary>{_headers_html(exchange)}</details>"))
    return frame_html(f'<div class="rb-card">{"".join(parts)}</div>')


def _part(inner: str) -> str:
    return f'<div class="rb-part">{inner}</div>'


def _bar(exchange: Exchange) -> str:
    family = (exchange.status or 500) // 100
    size = format_size(exchange.response_body.size_bytes) if exchange.response_body else "empty"
    return (
        f'<div class="rb-bar"><span class="rb-status" data-s="{family}">{_SIGNS.get(family, "")} '
        f"{exchange.status or '—'} {esc(reason_phrase(exchange.status))}</span>"
        f"<span>{code(exchange.method)} {code(exchange.url)}</span>"
        f'<span class="rb-2">{exchange.elapsed_ms:.1f} ms, {size}</span></div>'
    )


def _advice_html(advice: list[Advice]) -> str:
    items = "".join(f'<li data-k="changed"><b>→</b> {render_backquotes(piece["text"])}</li>' for piece in advice)
    return f'<ul aria-label="What to do">{items}</ul>'


def _issues_html(issues: list[ValidationIssue]) -> str:
    items = "".join(f'<li data-k="error"><b>×</b> {_issue_html(issue)}</li>' for issue in issues)
    return f"<ul>{items}</ul>"


def _issue_html(issue: ValidationIssue) -> str:
    sent = "" if issue["is_missing"] else f"; sent {code(json.dumps(issue['sent'], ensure_ascii=False, default=str))}"
    passes = f"; passes {code(issue['passes'])}" if issue["passes"] else ""
    return f"{code(issue['field'])} ({esc(issue['source'])}) {esc(issue['rule'])}{sent}{passes}"


def _failure_html(failure: FailureRecord) -> str:
    frames = "".join(map(_frame_html, reversed(failure.frames)))  # the innermost frame first
    folded = f'<p class="rb-2">{failure.folded} frames of libraries folded</p>' if failure.folded else ""
    head = f'<p data-s="5"><b>{esc(failure.type)}</b>: {esc(failure.message)}</p>'
    return head + frames + folded


def _frame_html(frame: FrameRecord) -> str:
    values = "".join(f"<dt>{code(name)}</dt><dd>{code(value)}</dd>" for name, value in frame.values)
    return (
        f'<div class="rb-at">{esc(frame.place)} <span class="rb-2">in</span> {code(frame.function)}'
        f"<pre>{esc(frame.source)}</pre>" + (f'<dl class="rb-kv">{values}</dl>' if values else "") + "</div>"
    )


def _headers_html(exchange: Exchange) -> str:
    rows = "".join(f"<dt>{esc(name)}</dt><dd>{code(value)}</dd>" for name, value in exchange.response_headers)
    sent = "".join(f"<dt>{esc(name)}</dt><dd>{code(value)}</dd>" for name, value in exchange.request_headers)
    return f'<dl class="rb-kv">{rows}</dl><p class="rb-2">sent</p><dl class="rb-kv">{sent}</dl>'
