"""Mistakes with dependencies, and with what lives around requests."""

import ast
import inspect
from collections.abc import Iterator, Sequence
from typing import Any

from routebook_kernel.registry.rules.base import DiagnosticRule
from routebook_kernel.registry.rules.results import caught, raises_http
from routebook_kernel.registry.rules.served import tree_of
from routebook_kernel.registry.rules.subjects import Cell, Function, keyword, last_name, makes_functions
from routebook_kernel.registry.run_report import as_code

_MARKERS = ("Depends", "Security")
_SOURCES = ("Query", "Path", "Header", "Cookie", "Body", "Form", "File")
_EVERYTHING = frozenset({"Exception", "BaseException", "HTTPException", "StarletteHTTPException"})


def _calls_its_dependency(cell: Cell) -> Iterator[str]:
    for call in cell.calls(*_MARKERS):
        given = call.args[0] if call.args else None
        if isinstance(given, ast.Call) and _is_no_factory(cell.names.of(given.func)):
            name, marker = ast.unparse(given.func), ast.unparse(call.func)
            yield f"`{marker}({name}())` (line {call.lineno}) calls it now, once: write `{marker}({name})`"


def _is_no_factory(value: object) -> bool:
    """Whether calling it gives no dependency: a coroutine, a generator, or no function in its source's returns."""
    if not inspect.isfunction(value):
        return False
    if inspect.iscoroutinefunction(value) or inspect.isgeneratorfunction(value) or inspect.isasyncgenfunction(value):
        return True
    return not makes_functions(value) and not value.__code__.co_argcount


def _annotates_with_a_marker(function: Function) -> Iterator[str]:
    for parameter, _ in function.parameters:
        annotation = parameter.annotation
        if not isinstance(annotation, ast.Call) or function.called(annotation) not in (*_MARKERS, *_SOURCES):
            continue
        told, name = ast.unparse(annotation), parameter.arg
        if function.called(annotation) in _MARKERS:
            way_out = f"`{name}: Annotated[…, {told}]`, or `{name} = {told}`"
        else:
            way_out = f"its type before it, `{name}: … = {told}`"
        yield f"`{name}: {told}` (line {parameter.lineno}) is a type there: write {way_out}"


def _asks_in_its_body(function: Function) -> Iterator[str]:
    for node in function.own(ast.Assign) if function.is_operation else ():
        if isinstance(node.value, ast.Call) and function.called(node.value) in _MARKERS:
            told = ast.unparse(node)
            yield f"`{told}` (line {node.lineno}) gives no value here: make it a parameter, `{function.name}({told})`"


def _swallows_what_passes_its_yield(function: Function) -> Iterator[str]:
    """Exceptions pass through a dependency with `yield`; one that keeps them leaves no response."""
    if not _is_dependency(function):
        return
    for attempt in function.own(ast.Try):
        for handler in attempt.handlers if _has_yield(attempt.body) else ():
            taken = caught(function, handler) & _EVERYTHING
            raises = any(isinstance(node, ast.Raise) for node in ast.walk(handler))
            if taken and not raises:
                told = last_name(handler.type) if handler.type is not None else ""
                yield _told_swallowed(f"except {told or min(taken)}", handler.lineno)
    for block in function.own(ast.With):
        for item in block.items if _has_yield(block.body) else ():
            call = item.context_expr
            given = call.args if isinstance(call, ast.Call) and function.called(call) == "suppress" else []
            if any(getattr(function.resolved(arg), "__name__", "") in _EVERYTHING for arg in given):
                yield _told_swallowed(ast.unparse(call), block.lineno)


def _has_yield(body: Sequence[ast.AST]) -> bool:
    return any(isinstance(node, ast.Yield) for part in body for node in ast.walk(part))


def _told_swallowed(what: str, line: int) -> str:
    return f"`{what}` around `yield` (line {line}) swallows the exception, and no response is left: end it with `raise`"


def _raises_after_its_yield(cell: Cell) -> Iterator[str]:
    ends_early = {
        ast.unparse(call.args[0]) for call in cell.calls(*_MARKERS) if call.args and keyword(call, "scope") is not None
    }
    for function in cell.functions:
        if not _is_dependency(function) or function.name in ends_early:
            continue
        handled = {id(n) for attempt in function.own(ast.Try) for h in attempt.handlers for n in ast.walk(h)}
        first = next(function.own(ast.Yield)).lineno
        is_named = not function.name.startswith("__")
        declared = (
            f"`Depends({function.name}, scope='function')`" if is_named else "its `Depends` with `scope='function'`"
        )
        for node in function.own(ast.Raise):
            if raises_http(function, node) and node.lineno > first and id(node) not in handled:
                yield (
                    f"`raise HTTPException` after `yield` (line {node.lineno}) comes when the response is on its way: "
                    f"raise it in the path operation, or declare {declared}"
                )


def _is_dependency(function: Function) -> bool:
    """Whether a generator looks like a dependency: one `yield`, undecorated, and not an iterator over something."""
    if not function.is_generator or function.node.decorator_list or function.is_operation:
        return False
    yields = list(function.own(ast.Yield, ast.YieldFrom))
    if len(yields) != 1 or not isinstance(yields[0], ast.Yield):
        return False
    loops = function.own(ast.For, ast.While, ast.AsyncFor)
    return not any(node is yields[0] for loop in loops for node in ast.walk(loop))


def _is_no_lifespan(cell: Cell) -> Iterator[str]:
    """A lifespan is an async context manager: what it does before `yield`, and after."""
    for call in cell.walk(ast.Call):
        given = keyword(call, "lifespan")
        if isinstance(given, ast.Call) and _is_own(cell.names.of(given.func)):
            name = ast.unparse(given.func)
            yield f"`lifespan={name}(…)` (line {call.lineno}) calls it now: write `lifespan={name}`"
        value: Any = cell.names.of(given)
        if not _is_own(value):
            continue
        inner, name = inspect.unwrap(value), value.__name__
        line = next((each.node.lineno for each in cell.functions if each.name == name), call.lineno)
        if inspect.isgeneratorfunction(inner) and inner is not value:
            yield (
                f"`{name}` (line {line}) is a lifespan that nothing can await: write `@asynccontextmanager` and "
                f"`async def {name}(app)`"
            )
        elif (
            not inspect.isgeneratorfunction(inner) and not inspect.isasyncgenfunction(inner) and _returns_nothing(inner)
        ):
            yield (
                f"`{name}` (line {line}) is a lifespan without `yield`: put `yield` between what is done at the start "
                "and at the end"
            )
        elif not inspect.signature(value).parameters:
            yield f"`{name}` (line {line}) is a lifespan, and is given the application: write `{name}(app)`"


def _is_own(value: Any) -> bool:
    return inspect.isfunction(value) and value.__module__ == "__main__"


def _returns_nothing(function: Any) -> bool:
    tree = tree_of(function)
    return tree is not None and not any(isinstance(n, ast.Return) and n.value is not None for n in ast.walk(tree))


def _uses_marked_defaults_itself(cell: Cell) -> Iterator[str]:
    """Only the framework fills `Depends(…)` in; whoever calls such a function gets the marker."""
    inside = {id(argument) for call in cell.calls(*_MARKERS) for argument in call.args}
    for call in cell.walk(ast.Call):
        value = cell.names.of(call.func)
        is_open = any(isinstance(arg, ast.Starred) for arg in call.args) or any(
            item.arg is None for item in call.keywords
        )
        if is_open or id(call) in inside or getattr(value, "__module__", None) != "__main__" or not callable(value):
            continue
        try:
            parameters = list(inspect.signature(value).parameters.values())[len(call.args) :]
        except (TypeError, ValueError):
            continue
        given = {item.arg for item in call.keywords}
        left = next(
            ((item.name, marker) for item in parameters if (marker := _marker(item)) and item.name not in given), None
        )
        if left is not None:
            name, marker = left
            way_out = f", or take `Depends({ast.unparse(call.func)})` as a parameter" if marker in _MARKERS else ""
            yield (
                f"{as_code(ast.unparse(call))} (line {call.lineno}) leaves `{name}` a `{marker}(…)`, which only the "
                f"framework fills in: pass `{name}` on{way_out}"
            )


def _marker(parameter: inspect.Parameter) -> str | None:
    """The marker that stands in the place of a parameter's value, "Depends"; None where a call by hand needs none."""
    name = type(parameter.default).__name__
    if name in (*_MARKERS, *_SOURCES):
        return name
    found = [type(item).__name__ for item in getattr(parameter.annotation, "__metadata__", ())]
    is_left_out = parameter.default is inspect.Parameter.empty
    return next((each for each in found if each in _MARKERS), None) if is_left_out else None


RULES: Sequence[DiagnosticRule[Function]] = (
    DiagnosticRule("not a type", "warn", _annotates_with_a_marker),
    DiagnosticRule("not filled in", "warn", _asks_in_its_body),
    DiagnosticRule("swallowed", "warn", _swallows_what_passes_its_yield),
)

CELL_RULES: Sequence[DiagnosticRule[Cell]] = (
    DiagnosticRule("called, not passed", "warn", _calls_its_dependency),
    DiagnosticRule("too late", "warn", _raises_after_its_yield),
    DiagnosticRule("no lifespan", "warn", _is_no_lifespan),
    DiagnosticRule("not filled in", "warn", _uses_marked_defaults_itself),
)
