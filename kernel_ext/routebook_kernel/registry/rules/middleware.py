"""Mistakes in functions that stand around every request."""

import ast
from collections.abc import Iterator, Sequence

from routebook_kernel.registry.rules.base import DiagnosticRule
from routebook_kernel.registry.rules.results import raises_http, raises_inside
from routebook_kernel.registry.rules.subjects import Function, dotted
from routebook_kernel.registry.run_report import as_code


def _raises_in_a_middleware(function: Function) -> Iterator[str]:
    """Exception handlers stand inside of the middleware."""
    if not function.is_middleware:
        return
    guarded = {
        id(n) for attempt in function.own(ast.Try) if attempt.handlers for p in attempt.body for n in ast.walk(p)
    }
    for call in function.own(ast.Call):
        if id(call) not in guarded and raises_inside(function, call):
            yield (
                f"`{ast.unparse(call.func)}` (line {call.lineno}) raises an `HTTPException`, which becomes a 500 in a "
                "middleware: catch it and `return JSONResponse(…, status_code=…)`, or do it in a dependency"
            )
    for node in function.own(ast.Raise):
        if raises_http(function, node) and id(node) not in guarded:
            yield (
                f"`raise HTTPException` (line {node.lineno}) in a middleware becomes a 500: `return JSONResponse(…, "
                "status_code=…)` there, or raise it in a dependency"
            )


def _parses_every_body(function: Function) -> Iterator[str]:
    """A middleware sees every request, also those without a body."""
    if not function.is_middleware:
        return
    requests = set(function.parameters_of("Request"))
    guarded = {
        id(n)
        for part in function.own(ast.If, ast.Try, ast.IfExp)
        for inner in (part.body if isinstance(part.body, list) else [part.body])
        for n in ast.walk(inner)
    }
    leaves = [
        part.lineno for part in function.node.body if isinstance(part, ast.If) and isinstance(part.body[-1], ast.Return)
    ]
    for call in function.calls("json"):
        if leaves and min(leaves) < call.lineno:
            continue  # some requests went on before
        if dotted(getattr(call.func, "value", call)) in requests and id(call) not in guarded:
            yield (
                f"{as_code(ast.unparse(call))} (line {call.lineno}) in a middleware fails for requests without JSON, "
                "every GET among them: ask for the Content-Type header first"
            )


RULES: Sequence[DiagnosticRule[Function]] = (
    DiagnosticRule("in a middleware", "warn", _raises_in_a_middleware),
    DiagnosticRule("in a middleware", "warn", _parses_every_body),
)
