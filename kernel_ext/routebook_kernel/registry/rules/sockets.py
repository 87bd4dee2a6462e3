"""Mistakes in WebSocket endpoints: the handshake first, the end of the connection always.

Spec: RFC 6455 §4 (handshake), §7.4.2 (codes 4000 to 4999 are the application's).
"""

import ast
from collections.abc import Iterator, Sequence

from routebook_kernel.registry.rules.base import Rule
from routebook_kernel.registry.rules.subjects import Function, called, constant, dotted, keyword

_LEAVES = (ast.Return, ast.Raise, ast.Break, ast.Continue)


def _sockets(function: Function) -> list[str]:
    return function.parameters_of("WebSocket") if function.method == "websocket" else []


def _calls_of(function: Function, socket: str) -> list[ast.Call]:
    return [
        call
        for call in function.own(ast.Call)
        if isinstance(call.func, ast.Attribute) and dotted(call.func.value) == socket
    ]


def _is_handed_on(function: Function, socket: str) -> bool:
    """Whether somebody else may accept it: a manager."""
    for call in function.own(ast.Call):
        if any(dotted(argument) == socket for argument in call.args) and called(call) not in {
            "append",
            "add",
            "remove",
        }:
            return True
    return False


def _never_accepts(function: Function) -> Iterator[str]:
    for socket in _sockets(function):
        calls = _calls_of(function, socket)
        uses = [call for call in calls if called(call) not in {"accept", "close"}]
        if uses and not _is_handed_on(function, socket) and all(called(call) != "accept" for call in calls):
            yield f"`{socket}` is never accepted: `await {socket}.accept()` comes first"


def _accepts_twice(function: Function) -> Iterator[str]:
    for socket in _sockets(function):
        accepts = [call for call in _straight(function) if called(call) == "accept"]
        own = [call for call in accepts if isinstance(call.func, ast.Attribute) and dotted(call.func.value) == socket]
        if len(own) > 1:
            yield (
                f"`{socket}` is accepted twice (lines {own[0].lineno} and {own[1].lineno}): accept it in one place, "
                "and `return` after a `close`"
            )


def _straight(function: Function) -> Iterator[ast.Call]:
    """The calls of the statements that always run, one after another."""
    for part in function.node.body:
        if isinstance(part, _LEAVES):
            return
        if isinstance(part, ast.Expr | ast.Assign):
            yield from (node for node in ast.walk(part) if isinstance(node, ast.Call))


def _closes_before_accepting(function: Function) -> Iterator[str]:
    """A close before the handshake's end is a refused handshake, HTTP 403: no code reaches the browser."""
    for socket in _sockets(function):
        calls = _calls_of(function, socket)
        accepted = min((call.lineno for call in calls if called(call) == "accept"), default=None)
        if accepted is None and _is_handed_on(function, socket):
            continue
        for call in calls:
            code = keyword(call, "code") or (call.args[0] if call.args else None)
            number = constant(code)
            if called(call) != "close" or not isinstance(number, int) or number < 3000:
                continue
            if accepted is None or call.lineno < accepted:
                yield (
                    f"`{socket}.close({number})` (line {call.lineno}) comes before `accept()`: the browser sees a "
                    f"refused handshake, not {number}; write `await {socket}.accept()` first, then close"
                )


def _forgets_who_left(function: Function) -> Iterator[str]:
    """A `receive` raises when the client goes: the loop ends there, and lists of sockets keep a dead one."""
    for socket in _sockets(function):
        loops = [loop for loop in function.own(ast.While) if constant(loop.test)]
        receives = [
            call
            for loop in loops
            for call in ast.walk(loop)
            if isinstance(call, ast.Call) and called(call).startswith("receive_") and dotted(call.func.value) == socket  # type: ignore[attr-defined]
        ]
        kept = [call for call in function.calls("append", "add") if any(dotted(a) == socket for a in call.args)]
        kept += [call for call in function.calls("connect") if any(dotted(a) == socket for a in call.args)]
        if receives and kept and not any(function.own(ast.Try)):
            yield (
                f"when the client goes, `{called(receives[0])}` (line {receives[0].lineno}) raises "
                "`WebSocketDisconnect`, "
                f"and the socket stays where line {kept[0].lineno} put it: `try: … finally:` and remove it"
            )


RULES: Sequence[Rule[Function]] = (
    Rule("not accepted", "warn", _never_accepts),
    Rule("accepted twice", "warn", _accepts_twice),
    Rule("refused", "warn", _closes_before_accepting),
    Rule("left behind", "warn", _forgets_who_left),
)
