"""Mistakes with `await`: coroutines that are never awaited, plain results that are."""

import ast
import inspect
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from routebook_kernel.registry.rules.base import DiagnosticRule
from routebook_kernel.registry.rules.source_subjects import FunctionSubject, called_name
from routebook_kernel.registry.run_report import as_code

_TASK_MAKERS = frozenset({
    "create_task", "ensure_future", "gather", "wait", "wait_for", "run", "run_coroutine_threadsafe", "shield",
    "as_completed", "run_until_complete", "append", "extend", "add",
})  # fmt: skip
_CONTAINERS = (list, tuple, dict, set, zip, map, filter, enumerate, reversed, sorted, iter)
_READERS = frozenset({"values", "items", "copy", "pop", "get"})
_GROUPS = (
    ast.Tuple, ast.List, ast.Set, ast.Dict, ast.BoolOp, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp,
    ast.Starred, ast.keyword, ast.NamedExpr,
)  # fmt: skip


def _find_unawaited_calls(function: FunctionSubject) -> Iterator[str]:
    analysis: _AwaitAnalysis | None = None
    for call in function.nodes(ast.Call):
        if not _is_awaitable(function, call):
            continue
        analysis = analysis or _AwaitAnalysis(function)
        if analysis.is_awaited(call):
            continue
        name = ast.unparse(call.func)
        fix = f"write {as_code(f'await {name}(…)')}" if function.is_async else "make it an `async def`"
        yield (
            f"{as_code(f'{name}(…)')} (line {call.lineno}) is not awaited: it gives a coroutine, not the result; {fix}"
        )


def _is_awaitable(function: FunctionSubject, call: ast.Call) -> bool:
    if function.is_middleware and isinstance(call.func, ast.Name) and call.func.id == function.parameters[-1][0].arg:
        return True
    value = function.resolve_callable(call)
    value = getattr(value, "__func__", value)
    annotation = str(getattr(value, "__annotations__", {}).get("return", ""))
    return inspect.iscoroutinefunction(value) or annotation.startswith(("Awaitable", "Coroutine", "typing.Awaitable"))


def is_awaited(function: FunctionSubject, call: ast.Call) -> bool:
    """Whether a function awaits the result of a call, or passes it to something that may."""
    return _AwaitAnalysis(function).is_awaited(call)


class _AwaitAnalysis:
    """Follows values through a function: each is awaited, passed to something that may await it, or lost."""

    def __init__(self, function: FunctionSubject) -> None:
        self._function = function
        self._parents = {id(child): node for node in ast.walk(function.node) for child in ast.iter_child_nodes(node)}
        self._own_nodes = {id(node) for node in function.nodes(ast.AST)}
        self._followed: set[str] = set()

    def is_awaited(self, call: ast.Call) -> bool:
        """Whether the result of a call is awaited, passed on, or assigned to a variable that is."""
        self._followed = set()
        return self._is_consumed(call)

    def _is_consumed(self, node: ast.AST) -> bool:
        parent = self._parents.get(id(node))
        if parent is None or id(node) not in self._own_nodes:  # part of an inner function, which may run at any time
            return True
        match parent:
            case ast.Await() | ast.withitem():
                return True
            case ast.Return() | ast.Yield():
                return not (self._function.is_async or self._function.is_operation)
            case ast.Call():
                return self._is_consumed_by_call(parent, node)
            case ast.Attribute():
                return self._is_consumed_by_method(parent, node)
            case ast.For() | ast.AsyncFor() | ast.comprehension() if parent.iter is node:
                return self._is_target_consumed(parent.target)
            case ast.IfExp() if parent.test is not node:
                return self._is_consumed(parent)
            case ast.Assign() | ast.AnnAssign():
                targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
                return any(self._is_target_consumed(target) for target in targets)
            case ast.NamedExpr():
                return self._is_target_consumed(parent.target) or self._is_consumed(parent)
        return isinstance(parent, _GROUPS) and self._is_consumed(parent)

    def _is_consumed_by_call(self, call: ast.Call, node: ast.AST) -> bool:
        if call.func is node or called_name(call) in _TASK_MAKERS:
            return True
        value = self._function.resolve_callable(call)
        if value in _CONTAINERS:
            return self._is_consumed(call)
        if value is None or (isinstance(value, type) and not issubclass(value, BaseModel | Response)):
            return value is None or value.__module__ != "builtins"
        if inspect.isfunction(value) and value.__module__ == "__main__":
            return _has_awaited_parameter(value)
        return not inspect.isbuiltin(value) and not isinstance(value, type)

    def _is_consumed_by_method(self, attribute: ast.Attribute, node: ast.AST) -> bool:
        if attribute.attr in {"close", "send", "throw", "add_done_callback"}:
            return True
        call = self._parents.get(id(attribute))
        is_read = attribute.attr in _READERS and isinstance(node, ast.Name) and isinstance(call, ast.Call)
        return is_read and call is not None and self._is_consumed(call)

    def _is_target_consumed(self, target: ast.AST) -> bool:
        if isinstance(target, ast.Attribute):
            return True  # stored in an object
        names = {part.id for part in ast.walk(target) if isinstance(part, ast.Name)} - self._followed
        self._followed |= names
        return any(
            self._is_consumed(use)
            for use in ast.walk(self._function.node)
            if isinstance(use, ast.Name) and use.id in names and isinstance(use.ctx, ast.Load)
        )


def _has_awaited_parameter(function: Any) -> bool:
    """Whether a notebook function awaits one of its arguments."""
    tree = _parse_function(function)
    if tree is None:
        return True
    names = {arg.arg for arg in ast.walk(tree) if isinstance(arg, ast.arg)}
    analysis = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Await) or (isinstance(node, ast.Call) and called_name(node) in _TASK_MAKERS)
    ]
    return any(isinstance(part, ast.Name) and part.id in names for node in analysis for part in ast.walk(node))


def _find_awaited_values(function: FunctionSubject) -> Iterator[str]:
    for node in function.nodes(ast.Await):
        if not isinstance(node.value, ast.Call):
            continue
        value = function.resolve_callable(node.value)
        if inspect.isfunction(value) and value.__module__ == "__main__" and _has_plain_result(value):
            name = ast.unparse(node.value.func)
            yield (
                f"`await {name}(…)` (line {node.lineno}) awaits the result of a plain `def`: drop `await`, or make "
                f"`{name}` an `async def`"
            )


def _has_plain_result(function: Any) -> bool:
    """Whether a function can't return an awaitable: it's not async, and returns only literals."""
    if inspect.iscoroutinefunction(function) or hasattr(function, "__wrapped__"):
        return False
    tree = _parse_function(function)
    if tree is None:
        return False
    literal = (ast.Constant, ast.Dict, ast.List, ast.Tuple, ast.Set, ast.JoinedStr, ast.ListComp, ast.DictComp)
    returns = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return)]
    return all(value is None or isinstance(value, literal) for value in returns)


def _parse_function(function: Any) -> ast.Module | None:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError, TypeError, ValueError):
        return None


RULES: Sequence[DiagnosticRule[FunctionSubject]] = (
    DiagnosticRule("not awaited", "warn", _find_unawaited_calls),
    DiagnosticRule("nothing to await", "warn", _find_awaited_values),
)
