"""The WebSocket console as HTML and text: the endpoints, and the messages of each connection."""

from collections.abc import Iterable

from routebook_kernel.protocol import ConnectionState, OperationState, SocketMessageState, SocketsState
from routebook_kernel.recording.display import format_issue
from routebook_kernel.recording.formatting import format_count, format_size
from routebook_kernel.recording.style import esc, frame_html
from routebook_kernel.visible_text import VisibleText

MAX_MESSAGES = 20
_MAX_SHOWN = 200


class SocketsOverview(VisibleText):
    """An application's WebSockets and connections, for places where widgets don't run."""

    def __init__(self, state: SocketsState) -> None:
        self.state = state

    def __repr__(self) -> str:
        operations, connections = self.state["operations"], self.state["connections"]
        lines = [f"{self.state['title']}, {format_count(len(operations), 'WebSocket')}"]
        lines += [f"  WS  {o['path']}  {o['summary']}".rstrip() for o in operations]
        for connection in connections:
            lines += [connection_line(connection), *_message_lines(connection)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = "".join(map(_operation_row, self.state["operations"])) or "<li>No WebSockets yet.</li>"
        head = f"<p><b>{esc(self.state['title'])}</b></p>"
        shown = "".join(map(_connection_html, self.state["connections"]))
        return frame_html(f'{head}<ul class="rb-sum">{rows}</ul>{shown}')


def _operation_row(operation: OperationState) -> str:
    return (
        f'<li><span class="rb-sum__g"></span><span class="rb-sum__m">WS</span>'
        f'<span class="rb-sum__p">{esc(operation["path"])}</span>'
        f'<span class="rb-sum__note">{esc(operation["summary"])}</span></li>'
    )


def connection_line(connection: ConnectionState) -> str:
    """Describe a connection: `/rooms/1: closed by the application with 4000 'enough' (…); 3 messages`."""
    return (
        f"{connection['url']}: {_describe_status(connection)}; {format_count(connection['message_count'], 'message')}"
    )


def _describe_status(connection: ConnectionState) -> str:
    if connection["error"]:
        return f"couldn't connect: {connection['error']}"
    if connection["issues"]:
        return "rejected: " + "; ".join(map(format_issue, connection["issues"]))
    end, exchange = connection["end"], connection["exchange"]
    if connection["status"] == "refused":
        status = exchange["status"] if exchange else None
        return f"rejected with {status or 500}"
    if end is None:
        return connection["status"]
    reason = f" {end['reason']!r}" if end["reason"] else ""
    return f"closed by the {end['by']} with {end['code']}{reason} ({end['words']})"


def _message_lines(connection: ConnectionState) -> Iterable[str]:
    shown = connection["messages"][-MAX_MESSAGES:]
    if hidden_count := connection["message_count"] - len(shown):
        yield f"    {format_count(hidden_count, 'earlier message')}"
    for message in shown:
        sign = "→" if message["sender"] == "client" else "←"
        yield f"  {sign} {message['at_ms']:.1f} ms  {_content(message)}"


def _content(message: SocketMessageState) -> str:
    if "text" not in message:
        return f"({format_size(message['size_bytes'])} of binary data)"
    text = message["text"]
    is_cut = message["is_cut"] or len(text) > _MAX_SHOWN
    return f"{text[:_MAX_SHOWN]}… {format_size(message['size_bytes'])} in total" if is_cut else text


def _connection_html(connection: ConnectionState) -> str:
    lines = "\n".join(_message_lines(connection))
    body = f'<div class="rb-part"><pre class="rb-body" tabindex="0">{esc(lines)}</pre></div>' if lines else ""
    return f'<div class="rb-card"><div class="rb-bar"><span>{esc(connection_line(connection))}</span></div>{body}</div>'
