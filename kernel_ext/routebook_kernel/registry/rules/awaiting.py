"""Mistakes with `await`: a coroutine that nobody waits for, a plain result that is awaited."""

import ast
import inspect
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from routebook_kernel.registry.rules.base import DiagnosticRule
from routebook_kernel.registry.rules.subjects import Function, called
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


def _is_not_awaited(function: Function) -> Iterator[str]:
    waits: _Waits | None = None
    for call in function.own(ast.Call):
        if not _gives_coroutine(function, call):
            continue
        waits = waits or _Waits(function)
        if waits.are_for(call):
            continue
        name = ast.unparse(call.func)
        way_out = f"write {as_code(f'await {name}(…)')}" if function.is_async else "make it an `async def`"
        yield (
            f"{as_code(f'{name}(…)')} (line {call.lineno}) is not awaited: it gives a coroutine, not the result; "
            f"{way_out}"
        )


def _gives_coroutine(function: Function, call: ast.Call) -> bool:
    if function.is_middleware and isinstance(call.func, ast.Name) and call.func.id == function.parameters[-1][0].arg:
        return True
    value = function.method_of(call)
    value = getattr(value, "__func__", value)
    promise = str(getattr(value, "__annotations__", {}).get("return", ""))
    return inspect.iscoroutinefunction(value) or promise.startswith(("Awaitable", "Coroutine", "typing.Awaitable"))


def waits_for(function: Function, call: ast.Call) -> bool:
    """Whether a function waits for what a call gives it to wait for, or hands it to somebody who may."""
    return _Waits(function).are_for(call)


class _Waits:
    """Where the values in a function end: in an `await`, with somebody who may await them, or nowhere."""

    def __init__(self, function: Function) -> None:
        self._function = function
        self._parents = {id(child): node for node in ast.walk(function.node) for child in ast.iter_child_nodes(node)}
        self._own = {id(node) for node in function.own(ast.AST)}
        self._followed: set[str] = set()

    def are_for(self, call: ast.Call) -> bool:
        """Whether what a call gives is waited for, handed on, or kept in a variable that is."""
        self._followed = set()
        return self._ends_well(call)

    def _ends_well(self, node: ast.AST) -> bool:
        parent = self._parents.get(id(node))
        if parent is None or id(node) not in self._own:  # an inner function's: it may run at any time
            return True
        match parent:
            case ast.Await() | ast.withitem():
                return True
            case ast.Return() | ast.Yield():
                return not (self._function.is_async or self._function.is_operation)
            case ast.Call():
                return self._call_ends_well(parent, node)
            case ast.Attribute():
                return self._method_ends_well(parent, node)
            case ast.For() | ast.AsyncFor() | ast.comprehension() if parent.iter is node:
                return self._target_ends_well(parent.target)
            case ast.IfExp() if parent.test is not node:
                return self._ends_well(parent)
            case ast.Assign() | ast.AnnAssign():
                targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
                return any(self._target_ends_well(target) for target in targets)
            case ast.NamedExpr():
                return self._target_ends_well(parent.target) or self._ends_well(parent)
        return isinstance(parent, _GROUPS) and self._ends_well(parent)

    def _call_ends_well(self, call: ast.Call, node: ast.AST) -> bool:
        if call.func is node or called(call) in _TASK_MAKERS:
            return True
        value = self._function.method_of(call)
        if value in _CONTAINERS:
            return self._ends_well(call)
        if value is None or (isinstance(value, type) and not issubclass(value, BaseModel | Response)):
            return value is None or value.__module__ != "builtins"
        if inspect.isfunction(value) and value.__module__ == "__main__":
            return _awaits_a_parameter(value)
        return not inspect.isbuiltin(value) and not isinstance(value, type)

    def _method_ends_well(self, attribute: ast.Attribute, node: ast.AST) -> bool:
        if attribute.attr in {"close", "send", "throw", "add_done_callback"}:
            return True
        call = self._parents.get(id(attribute))
        is_read = attribute.attr in _READERS and isinstance(node, ast.Name) and isinstance(call, ast.Call)
        return is_read and call is not None and self._ends_well(call)

    def _target_ends_well(self, target: ast.AST) -> bool:
        if isinstance(target, ast.Attribute):
            return True  # an object keeps it
        names = {part.id for part in ast.walk(target) if isinstance(part, ast.Name)} - self._followed
        self._followed |= names
        return any(
            self._ends_well(use)
            for use in ast.walk(self._function.node)
            if isinstance(use, ast.Name) and use.id in names and isinstance(use.ctx, ast.Load)
        )


def _awaits_a_parameter(function: Any) -> bool:
    """Whether a function of the notebook waits for something that it is given."""
    tree = _tree_of(function)
    if tree is None:
        return True
    names = {arg.arg for arg in ast.walk(tree) if isinstance(arg, ast.arg)}
    waits = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Await) or (isinstance(node, ast.Call) and called(node) in _TASK_MAKERS)
    ]
    return any(isinstance(part, ast.Name) and part.id in names for node in waits for part in ast.walk(node))


def _awaits_what_is_no_coroutine(function: Function) -> Iterator[str]:
    for node in function.own(ast.Await):
        if not isinstance(node.value, ast.Call):
            continue
        value = function.method_of(node.value)
        if inspect.isfunction(value) and value.__module__ == "__main__" and _gives_plain_value(value):
            name = ast.unparse(node.value.func)
            yield (
                f"`await {name}(…)` (line {node.lineno}) awaits the result of a plain `def`: drop `await`, or make "
                f"`{name}` an `async def`"
            )


def _gives_plain_value(function: Any) -> bool:
    """Whether a function cannot return something to await: it is plain, and returns nothing that it calls."""
    if inspect.iscoroutinefunction(function) or hasattr(function, "__wrapped__"):
        return False
    tree = _tree_of(function)
    if tree is None:
        return False
    literal = (ast.Constant, ast.Dict, ast.List, ast.Tuple, ast.Set, ast.JoinedStr, ast.ListComp, ast.DictComp)
    returns = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return)]
    return all(value is None or isinstance(value, literal) for value in returns)


def _tree_of(function: Any) -> ast.Module | None:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError, TypeError, ValueError):
        return None


RULES: Sequence[DiagnosticRule[Function]] = (
    DiagnosticRule("not awaited", "warn", _is_not_awaited),
    DiagnosticRule("nothing to await", "warn", _awaits_what_is_no_coroutine),
)
