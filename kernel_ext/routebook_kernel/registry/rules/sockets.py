"""Mistakes in WebSocket endpoints: accept the handshake first, handle the end of the connection always.

Spec: RFC 6455 §4 (handshake), §7.4.2 (codes 4000 to 4999 are the application's).
"""

import ast
from collections.abc import Iterator, Sequence

from routebook_kernel.registry.rules.base import DiagnosticRule
from routebook_kernel.registry.rules.results import caught_names
from routebook_kernel.registry.rules.source_subjects import (
    FunctionSubject,
    called_name,
    constant_value,
    dotted_name,
    find_keyword,
    iter_own,
)

_LEAVES = (ast.Return, ast.Raise, ast.Break, ast.Continue)


def _socket_names(function: FunctionSubject) -> list[str]:
    return function.parameters_of("WebSocket") if function.method == "websocket" else []


def _socket_calls(function: FunctionSubject, socket: str) -> list[ast.Call]:
    return _socket_calls_in(function.node.body, socket)


def _is_passed_on(function: FunctionSubject, socket: str) -> bool:
    """Whether other code may accept it: a manager, a dependency."""
    declared = [part for arg, default in function.parameters for part in (arg.annotation, default) if part is not None]
    for call in (node for part in declared for node in ast.walk(part) if isinstance(node, ast.Call)):
        if (
            function.called_name(call) == "Depends"
            and call.args
            and _is_accepting(function.names.resolve(call.args[0]))
        ):
            return True
    for call in function.nodes(ast.Call):
        if any(dotted_name(argument) == socket for argument in call.args) and called_name(call) not in {
            "append",
            "add",
            "remove",
        }:
            return True
    return False


def _is_accepting(value: object) -> bool:
    """Whether a function accepts a WebSocket."""
    return "accept" in getattr(getattr(value, "__code__", None), "co_names", ())


def _find_unaccepted_sockets(function: FunctionSubject) -> Iterator[str]:
    for socket in _socket_names(function):
        calls = _socket_calls(function, socket)
        uses = [call for call in calls if called_name(call) not in {"accept", "close"}]
        if uses and not _is_passed_on(function, socket) and all(called_name(call) != "accept" for call in calls):
            yield f"`{socket}` is never accepted: `await {socket}.accept()` comes first"


def _find_double_accepts(function: FunctionSubject) -> Iterator[str]:
    for socket in _socket_names(function):
        found = [call for call in _iter_unconditional_calls(function) if _is_accept(function, call, socket)]
        if len(found) > 1:
            yield (
                f"`{socket}` is accepted twice (lines {found[0].lineno} and {found[1].lineno}): accept it in one "
                "place, and `return` after a `close`"
            )


def _is_accept(function: FunctionSubject, call: ast.Call, socket: str) -> bool:
    """Whether a call accepts the socket: its own method, or a notebook function that gets the socket."""
    if isinstance(call.func, ast.Attribute) and dotted_name(call.func.value) == socket:
        return call.func.attr == "accept"
    return any(dotted_name(argument) == socket for argument in call.args) and _is_accepting(
        function.resolve_callable(call)
    )


def _find_use_after_close(function: FunctionSubject) -> Iterator[str]:
    for socket in _socket_names(function):
        for index, part in enumerate(function.node.body):
            if not isinstance(part, ast.If) or part.orelse or isinstance(part.body[-1], _LEAVES):
                continue
            closes = [call for call in _socket_calls_in(part.body, socket) if called_name(call) == "close"]
            after = [
                call
                for call in _socket_calls_in(function.node.body[index + 1 :], socket)
                if called_name(call) != "close"
            ]
            if closes and after:
                yield (
                    f"`{socket}` is closed (line {closes[0].lineno}), and `{called_name(after[0])}` (line "
                    f"{after[0].lineno}) follows: write `return` after the `close`"
                )


def _socket_calls_in(body: list[ast.stmt], socket: str) -> list[ast.Call]:
    """Return the calls of a socket's methods in some statements."""
    return [
        call
        for call in iter_own(body, ast.Call)
        if isinstance(call.func, ast.Attribute) and dotted_name(call.func.value) == socket
    ]


def _iter_unconditional_calls(function: FunctionSubject) -> Iterator[ast.Call]:
    """Yield the calls in the statements that always run, in order."""
    for part in function.node.body:
        if isinstance(part, _LEAVES):
            return
        if isinstance(part, ast.Expr | ast.Assign):
            yield from (node for node in ast.walk(part) if isinstance(node, ast.Call))


def _find_early_closes(function: FunctionSubject) -> Iterator[str]:
    """Find closes before the handshake ends. They reject it with HTTP 403, and the browser gets no close code."""
    for socket in _socket_names(function):
        calls = _socket_calls(function, socket)
        accepted = min((call.lineno for call in calls if called_name(call) == "accept"), default=None)
        if accepted is None and _is_passed_on(function, socket):
            continue
        for call in calls:
            code = find_keyword(call, "code") or (call.args[0] if call.args else None)
            number = constant_value(code)
            if called_name(call) != "close" or not isinstance(number, int) or number < 3000:
                continue
            if accepted is None or call.lineno < accepted:
                yield (
                    f"`{socket}.close({number})` (line {call.lineno}) comes before `accept()`: the browser sees a "
                    f"refused handshake, not {number}; write `await {socket}.accept()` first, then close"
                )


def _find_unremoved_sockets(function: FunctionSubject) -> Iterator[str]:
    """Find stored sockets that aren't removed when their client disconnects, which makes `receive` raise."""
    for socket in _socket_names(function):
        loops = [loop for loop in function.nodes(ast.While) if constant_value(loop.test)]
        receives = [
            call
            for loop in loops
            for call in ast.walk(loop)
            if isinstance(call, ast.Call)
            and called_name(call).startswith("receive_")
            and dotted_name(call.func.value) == socket  # type: ignore[attr-defined]
        ]
        stored = [call for call in function.calls("append", "add") if any(dotted_name(a) == socket for a in call.args)]
        stored += [call for call in function.calls("connect") if any(dotted_name(a) == socket for a in call.args)]
        stored += [node.targets[0] for node in function.nodes(ast.Assign) if _is_stored(node, socket)]
        if (
            receives
            and stored
            and not any(_has_disconnect_handler(function, attempt) for attempt in function.nodes(ast.Try))
        ):
            yield (
                f"when the client goes, `{called_name(receives[0])}` (line {receives[0].lineno}) raises "
                "`WebSocketDisconnect`, "
                f"and the socket stays where line {stored[0].lineno} put it: `try: … finally:` and remove it"
            )


def _is_stored(node: ast.Assign, socket: str) -> bool:
    return dotted_name(node.value) == socket and isinstance(node.targets[0], ast.Subscript)


def _has_disconnect_handler(function: FunctionSubject, attempt: ast.Try) -> bool:
    """Whether a `try` handles a disconnect."""
    names = {name for handler in attempt.handlers for name in caught_names(function, handler)}
    return bool(attempt.finalbody) or bool(names & {"WebSocketDisconnect", "Exception", "BaseException"})


RULES: Sequence[DiagnosticRule[FunctionSubject]] = (
    DiagnosticRule("not accepted", "warn", _find_unaccepted_sockets),
    DiagnosticRule("accepted twice", "warn", _find_double_accepts),
    DiagnosticRule("closed", "warn", _find_use_after_close),
    DiagnosticRule("refused", "warn", _find_early_closes),
    DiagnosticRule("left behind", "warn", _find_unremoved_sockets),
)
