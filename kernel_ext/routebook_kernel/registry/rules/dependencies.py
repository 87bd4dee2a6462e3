"""Mistakes with dependencies and lifespans."""

import ast
import inspect
from collections.abc import Iterator, Sequence
from typing import Any

from routebook_kernel.registry.rules.base import DiagnosticRule
from routebook_kernel.registry.rules.operation_subjects import parse_callable
from routebook_kernel.registry.rules.results import caught_names, is_http_raise
from routebook_kernel.registry.rules.source_subjects import (
    CellSubject,
    FunctionSubject,
    find_keyword,
    has_inner_functions,
    last_name,
)
from routebook_kernel.registry.run_report import as_code

_MARKERS = ("Depends", "Security")
_SOURCES = ("Query", "Path", "Header", "Cookie", "Body", "Form", "File")
_CATCH_ALL = frozenset({"Exception", "BaseException", "HTTPException", "StarletteHTTPException"})


def _find_called_dependencies(cell: CellSubject) -> Iterator[str]:
    for call in cell.calls(*_MARKERS):
        argument = call.args[0] if call.args else None
        if isinstance(argument, ast.Call) and _is_plain_dependency(cell.names.resolve(argument.func)):
            name, marker = ast.unparse(argument.func), ast.unparse(call.func)
            yield f"`{marker}({name}())` (line {call.lineno}) calls it now, once: write `{marker}({name})`"


def _is_plain_dependency(value: object) -> bool:
    """Whether calling it can't return a dependency: it's a coroutine, a generator, or has no inner functions."""
    if not inspect.isfunction(value):
        return False
    if inspect.iscoroutinefunction(value) or inspect.isgeneratorfunction(value) or inspect.isasyncgenfunction(value):
        return True
    return not has_inner_functions(value) and not value.__code__.co_argcount


def _find_marker_annotations(function: FunctionSubject) -> Iterator[str]:
    for parameter, _ in function.parameters:
        annotation = parameter.annotation
        if not isinstance(annotation, ast.Call) or function.called_name(annotation) not in (*_MARKERS, *_SOURCES):
            continue
        marker, name = ast.unparse(annotation), parameter.arg
        if function.called_name(annotation) in _MARKERS:
            fix = f"`{name}: Annotated[…, {marker}]`, or `{name} = {marker}`"
        else:
            fix = f"its type before it, `{name}: … = {marker}`"
        yield f"`{name}: {marker}` (line {parameter.lineno}) is a type there: write {fix}"


def _find_markers_in_body(function: FunctionSubject) -> Iterator[str]:
    for node in function.nodes(ast.Assign) if function.is_operation else ():
        if isinstance(node.value, ast.Call) and function.called_name(node.value) in _MARKERS:
            code = ast.unparse(node)
            yield f"`{code}` (line {node.lineno}) gives no value here: make it a parameter, `{function.name}({code})`"


def _find_swallowed_exceptions(function: FunctionSubject) -> Iterator[str]:
    """Find dependencies that catch an exception around `yield` and don't raise it, so that there's no response."""
    if not _is_dependency(function):
        return
    for attempt in function.nodes(ast.Try):
        for handler in attempt.handlers if _has_yield(attempt.body) else ():
            swallowed = caught_names(function, handler) & _CATCH_ALL
            raises = any(isinstance(node, ast.Raise) for node in ast.walk(handler))
            if swallowed and not raises:
                written = last_name(handler.type) if handler.type is not None else ""
                yield _describe_swallowed(f"except {written or min(swallowed)}", handler.lineno)
    for block in function.nodes(ast.With):
        for item in block.items if _has_yield(block.body) else ():
            call = item.context_expr
            given = call.args if isinstance(call, ast.Call) and function.called_name(call) == "suppress" else []
            if any(getattr(function.resolve(arg), "__name__", "") in _CATCH_ALL for arg in given):
                yield _describe_swallowed(ast.unparse(call), block.lineno)


def _has_yield(body: Sequence[ast.AST]) -> bool:
    return any(isinstance(node, ast.Yield) for part in body for node in ast.walk(part))


def _describe_swallowed(what: str, line: int) -> str:
    return f"`{what}` around `yield` (line {line}) swallows the exception, and no response is left: end it with `raise`"


def _find_late_raises(cell: CellSubject) -> Iterator[str]:
    ends_early = {
        ast.unparse(call.args[0])
        for call in cell.calls(*_MARKERS)
        if call.args and find_keyword(call, "scope") is not None
    }
    for function in cell.functions:
        if not _is_dependency(function) or function.name in ends_early:
            continue
        handled = {id(n) for attempt in function.nodes(ast.Try) for h in attempt.handlers for n in ast.walk(h)}
        first = next(function.nodes(ast.Yield)).lineno
        is_named = not function.name.startswith("__")
        declared = (
            f"`Depends({function.name}, scope='function')`" if is_named else "its `Depends` with `scope='function'`"
        )
        for node in function.nodes(ast.Raise):
            if is_http_raise(function, node) and node.lineno > first and id(node) not in handled:
                yield (
                    f"`raise HTTPException` after `yield` (line {node.lineno}) comes when the response is on its way: "
                    f"raise it in the path operation, or declare {declared}"
                )


def _is_dependency(function: FunctionSubject) -> bool:
    """Whether a generator looks like a dependency: one `yield`, undecorated, and not an iterator."""
    if not function.is_generator or function.node.decorator_list or function.is_operation:
        return False
    yields = list(function.nodes(ast.Yield, ast.YieldFrom))
    if len(yields) != 1 or not isinstance(yields[0], ast.Yield):
        return False
    loops = function.nodes(ast.For, ast.While, ast.AsyncFor)
    return not any(node is yields[0] for loop in loops for node in ast.walk(loop))


def _find_invalid_lifespans(cell: CellSubject) -> Iterator[str]:
    """Find lifespans that aren't async context managers with one `yield`."""
    for call in cell.walk(ast.Call):
        argument = find_keyword(call, "lifespan")
        if isinstance(argument, ast.Call) and _is_notebook_function(cell.names.resolve(argument.func)):
            name = ast.unparse(argument.func)
            yield f"`lifespan={name}(…)` (line {call.lineno}) calls it now: write `lifespan={name}`"
        value: Any = cell.names.resolve(argument)
        if not _is_notebook_function(value):
            continue
        inner, name = inspect.unwrap(value), value.__name__
        line = next((function.node.lineno for function in cell.functions if function.name == name), call.lineno)
        if inspect.isgeneratorfunction(inner) and inner is not value:
            yield (
                f"`{name}` (line {line}) is a lifespan that nothing can await: write `@asynccontextmanager` and "
                f"`async def {name}(app)`"
            )
        elif not inspect.isgeneratorfunction(inner) and not inspect.isasyncgenfunction(inner) and _has_no_result(inner):
            yield (
                f"`{name}` (line {line}) is a lifespan without `yield`: put `yield` between what is done at the start "
                "and at the end"
            )
        elif not inspect.signature(value).parameters:
            yield f"`{name}` (line {line}) is a lifespan, and is given the application: write `{name}(app)`"


def _is_notebook_function(value: Any) -> bool:
    return inspect.isfunction(value) and value.__module__ == "__main__"


def _has_no_result(function: Any) -> bool:
    tree = parse_callable(function)
    return tree is not None and not any(isinstance(n, ast.Return) and n.value is not None for n in ast.walk(tree))


def _find_unfilled_markers(cell: CellSubject) -> Iterator[str]:
    """Find direct calls of functions with `Depends(…)` defaults, which only the framework fills in."""
    inside = {id(argument) for call in cell.calls(*_MARKERS) for argument in call.args}
    for call in cell.walk(ast.Call):
        value = cell.names.resolve(call.func)
        is_open = any(isinstance(arg, ast.Starred) for arg in call.args) or any(
            item.arg is None for item in call.keywords
        )
        if is_open or id(call) in inside or getattr(value, "__module__", None) != "__main__" or not callable(value):
            continue
        try:
            parameters = list(inspect.signature(value).parameters.values())[len(call.args) :]
        except (TypeError, ValueError):
            continue
        passed = {item.arg for item in call.keywords}
        unfilled = next(
            ((item.name, marker) for item in parameters if (marker := _find_marker(item)) and item.name not in passed),
            None,
        )
        if unfilled is not None:
            name, marker = unfilled
            fix = f", or take `Depends({ast.unparse(call.func)})` as a parameter" if marker in _MARKERS else ""
            yield (
                f"{as_code(ast.unparse(call))} (line {call.lineno}) leaves `{name}` a `{marker}(…)`, which only the "
                f"framework fills in: pass `{name}` on{fix}"
            )


def _find_marker(parameter: inspect.Parameter) -> str | None:
    """Return the marker used instead of a parameter's value, "Depends", or None if a direct call needs no value."""
    name = type(parameter.default).__name__
    if name in (*_MARKERS, *_SOURCES):
        return name
    found = [type(item).__name__ for item in getattr(parameter.annotation, "__metadata__", ())]
    is_left_out = parameter.default is inspect.Parameter.empty
    return next((name for name in found if name in _MARKERS), None) if is_left_out else None


RULES: Sequence[DiagnosticRule[FunctionSubject]] = (
    DiagnosticRule("not a type", "warn", _find_marker_annotations),
    DiagnosticRule("not filled in", "warn", _find_markers_in_body),
    DiagnosticRule("swallowed", "warn", _find_swallowed_exceptions),
)

CELL_RULES: Sequence[DiagnosticRule[CellSubject]] = (
    DiagnosticRule("called, not passed", "warn", _find_called_dependencies),
    DiagnosticRule("too late", "warn", _find_late_raises),
    DiagnosticRule("no lifespan", "warn", _find_invalid_lifespans),
    DiagnosticRule("not filled in", "warn", _find_unfilled_markers),
)
