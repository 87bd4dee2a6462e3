"""Mistakes with dependencies, and with what lives around requests."""

import ast
import inspect
from collections.abc import Iterator, Sequence

from routebook_kernel.registry.report import ticked
from routebook_kernel.registry.rules.base import Rule
from routebook_kernel.registry.rules.subjects import (
    Cell,
    Function,
    called,
    iter_functions,
    keyword,
    last_name,
    marker_of,
)

_MARKERS = ("Depends", "Security")


def _calls_its_dependency(function: Function) -> Iterator[str]:
    holders = [default for _, default in function.parameters] + [arg.annotation for arg, _ in function.parameters]
    holders.append(function.decorator)
    for holder in filter(None, holders):
        yield from _called_in(function, holder)


def _called_in(function: Function, holder: ast.AST) -> Iterator[str]:
    for call in ast.walk(holder):
        if isinstance(call, ast.Call) and called(call) in _MARKERS and call.args:
            given = call.args[0]
            if isinstance(given, ast.Call) and _is_no_factory(function.resolved(given.func)):
                name, marker = ast.unparse(given.func), called(call)
                yield f"`{marker}({name}())` (line {call.lineno}) calls it now, once: write `{marker}({name})`"


def _is_no_factory(value: object) -> bool:
    """Whether calling it gives no dependency: a coroutine, a generator, or no function in its source's returns."""
    if not inspect.isfunction(value):
        return False
    if inspect.iscoroutinefunction(value) or inspect.isgeneratorfunction(value) or inspect.isasyncgenfunction(value):
        return True
    makes_functions = any(inspect.iscode(constant) for constant in value.__code__.co_consts)
    return not makes_functions and not value.__code__.co_argcount


def _annotates_with_depends(function: Function) -> Iterator[str]:
    for parameter, _ in function.parameters:
        annotation = parameter.annotation
        if isinstance(annotation, ast.Call) and called(annotation) in _MARKERS:
            told = ast.unparse(annotation)
            yield (
                f"`{parameter.arg}: {told}` (line {parameter.lineno}) is a type there: write "
                f"`{parameter.arg}: Annotated[…, {told}]`, or `{parameter.arg} = {told}`"
            )


def _swallows_what_passes_its_yield(function: Function) -> Iterator[str]:
    """Exceptions pass through a dependency with `yield`; one that keeps them leaves no response."""
    if not _is_dependency(function):
        return
    for attempt in function.own(ast.Try):
        if not any(isinstance(node, ast.Yield) for part in attempt.body for node in ast.walk(part)):
            continue
        for handler in attempt.handlers:
            name = last_name(handler.type) if handler.type is not None else "Exception"
            raises = any(isinstance(node, ast.Raise) for node in ast.walk(handler))
            if name in {"Exception", "BaseException", "HTTPException"} and not raises:
                yield (
                    f"`except {name}` around `yield` (line {handler.lineno}) swallows the exception, and no response "
                    "is left: end it with `raise`"
                )


def _raises_after_its_yield(function: Function) -> Iterator[str]:
    if not _is_dependency(function):
        return
    handled = {id(n) for attempt in function.own(ast.Try) for h in attempt.handlers for n in ast.walk(h)}
    first = next(function.own(ast.Yield)).lineno
    for node in function.own(ast.Raise):
        is_http = isinstance(node.exc, ast.Call) and called(node.exc) == "HTTPException"
        if is_http and node.lineno > first and id(node) not in handled:
            yield (
                f"`raise HTTPException` after `yield` (line {node.lineno}) comes when the response is on its way: "
                f"raise it in the path operation, or declare `Depends({function.name}, scope='function')`"
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


def _takes_one_dependency_twice(function: Function) -> Iterator[str]:
    seen: dict[str, str] = {}
    for parameter, default in function.parameters:
        marker = marker_of(parameter.annotation, default, "Depends")
        if marker is None or not marker.args or keyword(marker, "use_cache") is not None:
            continue
        name = ast.unparse(marker.args[0])
        first = seen.setdefault(name, parameter.arg)
        if first != parameter.arg:
            yield (
                f"`{first}` and `{parameter.arg}` are one result: `{name}` runs once a request; for two, write "
                f"`Depends({name}, use_cache=False)`"
            )


def _is_no_lifespan(cell: Cell) -> Iterator[str]:
    """A lifespan is an async context manager: what it does before `yield`, and after."""
    functions = {function.name: function for function in iter_functions(cell)}
    for call in cell.walk(ast.Call):
        given = keyword(call, "lifespan")
        function = functions.get(given.id) if isinstance(given, ast.Name) else None
        if function is not None and not function.is_generator and not _returns_something(function):
            yield (
                f"`{function.name}` (line {function.node.lineno}) is a lifespan without `yield`: put `yield` between "
                "what is done at the start and at the end"
            )


def _returns_something(function: Function) -> bool:
    return any(node.value is not None for node in function.own(ast.Return))


def _uses_marked_defaults_itself(cell: Cell) -> Iterator[str]:
    """Only the framework fills `Depends(…)` in; whoever calls such a function gets the marker."""
    for call in cell.walk(ast.Call):
        value = cell.names.of(call.func)
        if not inspect.isfunction(value) or call.keywords or any(isinstance(arg, ast.Starred) for arg in call.args):
            continue
        try:
            parameters = list(inspect.signature(value).parameters.values())[len(call.args) :]
        except (TypeError, ValueError):
            continue
        left = [item.name for item in parameters if type(item.default).__name__ in _MARKERS]
        if left and call not in _markers_arguments(cell):
            name = ast.unparse(call.func)
            yield (
                f"{ticked(ast.unparse(call))} (line {call.lineno}) leaves `{left[0]}` a `Depends(…)`, which only the "
                f"framework fills in: pass `{left[0]}` on, or take `Depends({name})` as a parameter"
            )


def _markers_arguments(cell: Cell) -> list[ast.AST]:
    return [argument for call in cell.calls(*_MARKERS) for argument in call.args]


RULES: Sequence[Rule[Function]] = (
    Rule("called, not passed", "warn", _calls_its_dependency),
    Rule("not a type", "warn", _annotates_with_depends),
    Rule("swallowed", "warn", _swallows_what_passes_its_yield),
    Rule("too late", "warn", _raises_after_its_yield),
    Rule("runs once", "note", _takes_one_dependency_twice),
)

CELL_RULES: Sequence[Rule[Cell]] = (
    Rule("no yield", "warn", _is_no_lifespan),
    Rule("not filled in", "warn", _uses_marked_defaults_itself),
)
