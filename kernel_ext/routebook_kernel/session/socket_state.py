"""What a view shows of an application's WebSockets, and the difference of two such states.

A snapshot shares what did not change with the one before: messages are told once, not with each delta.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from routebook_kernel.protocol import (
    ConnectionState,
    CredentialState,
    OperationState,
    Payload,
    SocketEnd,
    SocketMessageState,
    SocketsDelta,
    SocketsState,
    ValidationIssue,
)
from routebook_kernel.recording.close_codes import describe_close_code
from routebook_kernel.recording.validation_messages import describe_issues
from routebook_kernel.records import SocketMessage
from routebook_kernel.runtime.connection import Connection
from routebook_kernel.session.sending import exchange_state

PREVIEW_BYTES = 2000
"""How much of a message is told before somebody asks for all of it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A connection, and what was asked for when it began.

    Attributes:
        route: What served the operation then: where another does now, the connection runs former code.
    """

    id: int
    operation: str
    url: str
    subprotocols: tuple[str, ...]
    route: object
    connection: Connection


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The WebSockets of an application at one time.

    Attributes:
        connections: By id, without messages.
        messages: By id those that are kept.
    """

    name: str
    title: str
    operations: list[OperationState]
    components: Mapping[str, Any]
    credentials: dict[str, CredentialState]
    connections: Mapping[int, ConnectionState]
    messages: Mapping[int, tuple[SocketMessage, ...]]


def told(snapshot: Snapshot) -> SocketsState:
    """All of it."""
    return SocketsState(
        name=snapshot.name,
        title=snapshot.title,
        operations=snapshot.operations,
        components=snapshot.components,
        credentials=snapshot.credentials,
        connections=[_with_messages(snapshot, id_, after=0) for id_ in snapshot.connections],
    )


def difference(before: Snapshot, after: Snapshot, seq: int) -> SocketsDelta | None:
    """What changed between two snapshots; None when nothing did."""
    delta = SocketsDelta(type="delta", seq=seq)
    if (before.name, before.title) != (after.name, after.title):
        delta["info"] = {"name": after.name, "title": after.title}
    if before.operations != after.operations:
        delta["operations"] = after.operations
    if before.components != after.components:
        delta["components"] = after.components
    if before.credentials != after.credentials:
        delta["credentials"] = after.credentials
    changed = [id_ for id_, state in after.connections.items() if before.connections.get(id_) != state]
    if changed:
        counts = {id_: state["message_count"] for id_, state in before.connections.items()}
        delta["set"] = [_with_messages(after, id_, after=counts.get(id_, 0)) for id_ in changed]
    if removed := [id_ for id_ in before.connections if id_ not in after.connections]:
        delta["removed"] = removed
    return delta if len(delta) > 2 else None


def connection_state(asked: Asked, note: str) -> ConnectionState:
    """A connection without its messages."""
    connection, recorded = asked.connection, asked.connection.recorded
    return ConnectionState(
        id=asked.id,
        operation=asked.operation,
        url=asked.url,
        subprotocols=list(asked.subprotocols),
        subprotocol=connection.subprotocol,
        status=connection.status,
        started_at=connection.started_at,
        elapsed_ms=None if connection.is_live else round(connection.elapsed_ms, 3),
        message_count=connection.transcript.count,
        first=connection.transcript.first,
        messages=[],
        sent_bytes=connection.transcript.sent_bytes,
        received_bytes=connection.transcript.received_bytes,
        end=_end(connection),
        issues=_issues(connection),
        exchange=None if recorded is None else exchange_state(recorded.exchange),
        error=None if connection.error is None else f"{type(connection.error).__name__}: {connection.error}",
        note=note if connection.is_live else "",
    )


def _end(connection: Connection) -> SocketEnd | None:
    if (ending := connection.ending) is None:
        return None
    reason = "" if _issues(connection) else ending.reason
    return SocketEnd(code=ending.code, reason=reason, by=ending.by, words=describe_close_code(ending.code))


def _issues(connection: Connection) -> list[ValidationIssue]:
    """The issues that a close reason tells: a WebSocketRequestValidationError closes with 1008 and its errors."""
    ending = connection.ending
    if ending is None or ending.code != 1008 or ending.by != "application":
        return []
    try:
        return describe_issues(json.loads(ending.reason))
    except ValueError:
        return []


def _with_messages(snapshot: Snapshot, id_: int, *, after: int) -> ConnectionState:
    state, messages = snapshot.connections[id_], snapshot.messages[id_]
    new = messages[max(0, after - state["first"] + 1) :]
    first = state["message_count"] - len(new) + 1
    return {**state, "messages": [_message(number, message) for number, message in enumerate(new, first)]}


def _message(number: int, message: SocketMessage) -> SocketMessageState:
    told = SocketMessageState(
        number=number,
        sender=message.sender,
        size_bytes=message.size_bytes,
        is_cut=message.is_truncated or len(message.data) > PREVIEW_BYTES,
        at_ms=round(message.at_ms, 3),
    )
    if message.is_text:
        told["text"] = message.data[:PREVIEW_BYTES].decode("utf-8", "ignore")
    else:
        told["base64"] = base64.b64encode(message.data[:PREVIEW_BYTES]).decode("ascii")
    return told


def message_payload(message: SocketMessage) -> Payload:
    """A message as it is kept, whole if it is."""
    payload = Payload(
        media_type="text/plain" if message.is_text else "application/octet-stream",
        size_bytes=message.size_bytes,
        is_truncated=message.is_truncated,
    )
    if message.is_text:
        payload["text"] = message.data.decode("utf-8", "ignore")
    else:
        payload["base64"] = base64.b64encode(message.data).decode("ascii")
    return payload
