"""Builds what views show of one application, and the difference between two such states.

Spec: OpenAPI 3.1.0, Operation Object, Components Object.
"""

from collections.abc import Mapping
from typing import Any

from routebook.applications import Routebook
from routebook_kernel.protocol import AppState, CellRef, CredentialState, DeltaMessage, OperationState, ServerState
from routebook_kernel.registry.operations import RouteOperation, build_document, find_operation_object
from routebook_kernel.session.sending import cell_ref
from routebook_kernel.session.tracker import Tracker


def build_state(
    app: Routebook,
    name: str,
    tracker: Tracker,
    server: ServerState,
    credentials: dict[str, CredentialState],
    exchange_count: int,
    revision: int,
) -> AppState:
    """Return everything that the explorer shows of an application."""
    document, _ = build_document(app)
    info = document.get("info", {})
    return AppState(
        name=name,
        title=str(info.get("title", app.title)),
        version=str(info.get("version", app.version)),
        description=str(info.get("description", app.description)),
        operations=_operations(app, tracker, document),
        sockets=list(dict.fromkeys(each.path for each in tracker.operations(app) if each.method == "WEBSOCKET")),
        components=document.get("components", {}),
        server=server,
        credentials=credentials,
        exchange_count=exchange_count,
        revision=revision,
    )


def _operations(app: Routebook, tracker: Tracker, document: Mapping[str, Any]) -> list[OperationState]:
    """Return the operations in declaration order. Of two with the same id, the first: it handles the requests."""
    marks = tracker.marks(app)
    shown: dict[str, OperationState] = {}
    for operation in tracker.operations(app):
        described = find_operation_object(operation, document)
        is_hidden = described is None and bool(document)
        if operation.id in shown or is_hidden or operation.method == "WEBSOCKET":
            continue
        shown[operation.id] = OperationState(
            id=operation.id,
            method=operation.method,
            path=operation.path,
            tags=[str(tag) for tag in (described or {}).get("tags", ())],
            summary=str((described or {}).get("summary", "")),
            deprecated=bool((described or {}).get("deprecated", False)),
            operation=described or {},
            endpoint=operation.function,
            cell=_cell(operation, tracker),
            marks=list(marks.get(operation.id, ())),
        )
    return list(shown.values())


def _cell(operation: RouteOperation, tracker: Tracker) -> CellRef | None:
    cell = tracker.notebook.cell(operation.entry.cell) if operation.entry else None
    return cell_ref(cell, operation.line) if cell else None


def difference(before: AppState, after: AppState, seq: int) -> DeltaMessage | None:
    """Return what changed between two states, or None."""
    delta = DeltaMessage(type="delta", seq=seq)
    old = {operation["id"]: operation for operation in before["operations"]}
    new = {operation["id"]: operation for operation in after["operations"]}
    if changed := [operation for id_, operation in new.items() if old.get(id_) != operation]:
        delta["set"] = changed
    if removed := [id_ for id_ in old if id_ not in new]:
        delta["removed"] = removed
    if list(old) != list(new):
        delta["order"] = list(new)
    if before["sockets"] != after["sockets"]:
        delta["sockets"] = after["sockets"]
    if before["components"] != after["components"]:
        delta["components"] = after["components"]
    if before["server"] != after["server"]:
        delta["server"] = after["server"]
    if before["credentials"] != after["credentials"]:
        delta["credentials"] = after["credentials"]
    if before["exchange_count"] != after["exchange_count"]:
        delta["exchange_count"] = after["exchange_count"]
    if before["revision"] != after["revision"]:
        delta["revision"] = after["revision"]
    info = _info(after)
    if info != _info(before):
        delta["info"] = info
    return delta if len(delta) > 2 else None


def _info(state: AppState) -> dict[str, str]:
    return {"title": state["title"], "version": state["version"], "description": state["description"]}
