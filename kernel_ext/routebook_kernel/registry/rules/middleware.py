"""Mistakes in middleware functions, which wrap every request."""

import ast
from collections.abc import Iterator, Sequence

from routebook_kernel.registry.rules.base import DiagnosticRule
from routebook_kernel.registry.rules.results import has_unguarded_raise, is_http_raise
from routebook_kernel.registry.rules.source_subjects import FunctionSubject, dotted_name
from routebook_kernel.registry.run_report import as_code


def _find_middleware_raises(function: FunctionSubject) -> Iterator[str]:
    """Find an `HTTPException` raised in middleware. Exception handlers run inside of it."""
    if not function.is_middleware:
        return
    guarded = {
        id(n) for attempt in function.nodes(ast.Try) if attempt.handlers for p in attempt.body for n in ast.walk(p)
    }
    for call in function.nodes(ast.Call):
        if id(call) not in guarded and has_unguarded_raise(function, call):
            yield (
                f"`{ast.unparse(call.func)}` (line {call.lineno}) raises an `HTTPException`, which becomes a 500 in a "
                "middleware: catch it and `return JSONResponse(…, status_code=…)`, or do it in a dependency"
            )
    for node in function.nodes(ast.Raise):
        if is_http_raise(function, node) and id(node) not in guarded:
            yield (
                f"`raise HTTPException` (line {node.lineno}) in a middleware becomes a 500: `return JSONResponse(…, "
                "status_code=…)` there, or raise it in a dependency"
            )


def _find_unguarded_json(function: FunctionSubject) -> Iterator[str]:
    """Find middleware that parses every body as JSON, although some requests have none."""
    if not function.is_middleware:
        return
    requests = set(function.parameters_of("Request"))
    guarded = {
        id(n)
        for part in function.nodes(ast.If, ast.Try, ast.IfExp)
        for inner in (part.body if isinstance(part.body, list) else [part.body])
        for n in ast.walk(inner)
    }
    leaves = [
        part.lineno for part in function.node.body if isinstance(part, ast.If) and isinstance(part.body[-1], ast.Return)
    ]
    for call in function.calls("json"):
        if leaves and min(leaves) < call.lineno:
            continue  # some requests have returned before
        if dotted_name(getattr(call.func, "value", call)) in requests and id(call) not in guarded:
            yield (
                f"{as_code(ast.unparse(call))} (line {call.lineno}) in a middleware fails for requests without JSON, "
                "every GET among them: ask for the Content-Type header first"
            )


RULES: Sequence[DiagnosticRule[FunctionSubject]] = (
    DiagnosticRule("in a middleware", "warn", _find_middleware_raises),
    DiagnosticRule("in a middleware", "warn", _find_unguarded_json),
)
