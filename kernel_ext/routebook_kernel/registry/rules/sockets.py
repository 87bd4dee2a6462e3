"""Mistakes in WebSocket endpoints: the handshake first, the end of the connection always.

Spec: RFC 6455 §4 (handshake), §7.4.2 (codes 4000 to 4999 are the application's).
"""

import ast
from collections.abc import Iterator, Sequence

from routebook_kernel.registry.rules.base import DiagnosticRule
from routebook_kernel.registry.rules.results import caught
from routebook_kernel.registry.rules.subjects import Function, called, constant, dotted, iter_own, keyword

_LEAVES = (ast.Return, ast.Raise, ast.Break, ast.Continue)


def _sockets(function: Function) -> list[str]:
    return function.parameters_of("WebSocket") if function.method == "websocket" else []


def _calls_of(function: Function, socket: str) -> list[ast.Call]:
    return _calls_in(function.node.body, socket)


def _is_handed_on(function: Function, socket: str) -> bool:
    """Whether somebody else may accept it: a manager, a dependency."""
    declared = [part for arg, default in function.parameters for part in (arg.annotation, default) if part is not None]
    for call in (node for part in declared for node in ast.walk(part) if isinstance(node, ast.Call)):
        if function.called(call) == "Depends" and call.args and _accepts(function.names.of(call.args[0])):
            return True
    for call in function.own(ast.Call):
        if any(dotted(argument) == socket for argument in call.args) and called(call) not in {
            "append",
            "add",
            "remove",
        }:
            return True
    return False


def _accepts(value: object) -> bool:
    """Whether a function accepts a WebSocket."""
    return "accept" in getattr(getattr(value, "__code__", None), "co_names", ())


def _never_accepts(function: Function) -> Iterator[str]:
    for socket in _sockets(function):
        calls = _calls_of(function, socket)
        uses = [call for call in calls if called(call) not in {"accept", "close"}]
        if uses and not _is_handed_on(function, socket) and all(called(call) != "accept" for call in calls):
            yield f"`{socket}` is never accepted: `await {socket}.accept()` comes first"


def _accepts_twice(function: Function) -> Iterator[str]:
    for socket in _sockets(function):
        found = [call for call in _straight(function) if _is_accept(function, call, socket)]
        if len(found) > 1:
            yield (
                f"`{socket}` is accepted twice (lines {found[0].lineno} and {found[1].lineno}): accept it in one "
                "place, and `return` after a `close`"
            )


def _is_accept(function: Function, call: ast.Call, socket: str) -> bool:
    """Whether a call accepts the socket: its own method, or a function of the notebook that is given it."""
    if isinstance(call.func, ast.Attribute) and dotted(call.func.value) == socket:
        return call.func.attr == "accept"
    return any(dotted(argument) == socket for argument in call.args) and _accepts(function.method_of(call))


def _goes_on_after_its_close(function: Function) -> Iterator[str]:
    for socket in _sockets(function):
        for index, part in enumerate(function.node.body):
            if not isinstance(part, ast.If) or part.orelse or isinstance(part.body[-1], _LEAVES):
                continue
            closes = [call for call in _calls_in(part.body, socket) if called(call) == "close"]
            after = [call for call in _calls_in(function.node.body[index + 1 :], socket) if called(call) != "close"]
            if closes and after:
                yield (
                    f"`{socket}` is closed (line {closes[0].lineno}), and `{called(after[0])}` (line "
                    f"{after[0].lineno}) follows: write `return` after the `close`"
                )


def _calls_in(body: list[ast.stmt], socket: str) -> list[ast.Call]:
    """The calls of a socket's methods in some statements."""
    return [
        call
        for call in iter_own(body, ast.Call)
        if isinstance(call.func, ast.Attribute) and dotted(call.func.value) == socket
    ]


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
        kept += [node.targets[0] for node in function.own(ast.Assign) if _is_put_away(node, socket)]
        if receives and kept and not any(_hears_of_it(function, attempt) for attempt in function.own(ast.Try)):
            yield (
                f"when the client goes, `{called(receives[0])}` (line {receives[0].lineno}) raises "
                "`WebSocketDisconnect`, "
                f"and the socket stays where line {kept[0].lineno} put it: `try: … finally:` and remove it"
            )


def _is_put_away(node: ast.Assign, socket: str) -> bool:
    return dotted(node.value) == socket and isinstance(node.targets[0], ast.Subscript)


def _hears_of_it(function: Function, attempt: ast.Try) -> bool:
    """Whether a `try` does something when the client goes."""
    names = {name for handler in attempt.handlers for name in caught(function, handler)}
    return bool(attempt.finalbody) or bool(names & {"WebSocketDisconnect", "Exception", "BaseException"})


RULES: Sequence[DiagnosticRule[Function]] = (
    DiagnosticRule("not accepted", "warn", _never_accepts),
    DiagnosticRule("accepted twice", "warn", _accepts_twice),
    DiagnosticRule("closed", "warn", _goes_on_after_its_close),
    DiagnosticRule("refused", "warn", _closes_before_accepting),
    DiagnosticRule("left behind", "warn", _forgets_who_left),
)
