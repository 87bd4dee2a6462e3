"""Mistakes that a cell's source shows before any request: the rules, run over each of its functions."""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from routebook_kernel.registry.report import Finding
from routebook_kernel.registry.source_function import Function, FunctionNode
from routebook_kernel.registry.source_rules import RULES

_METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "trace", "api_route"})
_OPERATION_DECORATORS = _METHODS | {"websocket"}


def find_in_source(
    source: str, namespace: Mapping[str, Any], operation_of: Callable[[int], str | None]
) -> Iterator[Finding]:
    """The mistakes in a cell's functions, by the rules below.

    Args:
        source: The cell, magics included.
        namespace: The notebook's variables.
        operation_of: The operation whose function begins at a line of the cell.
    """
    try:
        tree = ast.parse(_without_magics(source))
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            function = Function(node, _operation_decorator(node), namespace)
            for rule in RULES:
                if function.decorator is not None or not rule.only_operations:
                    for text in rule.check(function):
                        yield Finding("source", rule.level, rule.word, text, _operation(node, operation_of))


def _operation(node: FunctionNode, operation_of: Callable[[int], str | None]) -> str | None:
    lines = [node.lineno, *(decorator.lineno for decorator in node.decorator_list)]
    return next((found for line in lines if (found := operation_of(line))), None)


def _without_magics(source: str) -> str:
    """The source with IPython's own lines blanked, so that lines keep their numbers."""
    if source.lstrip().startswith("%%"):
        return source.replace(source.lstrip().splitlines()[0], "", 1)
    return re.sub(r"(?m)^(\s*)[%!?].*$", r"\1pass", source)


def _operation_decorator(node: FunctionNode) -> ast.Call | None:
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute):
            path = decorator.args[0] if decorator.args else None
            if decorator.func.attr in _OPERATION_DECORATORS and isinstance(path, ast.Constant | ast.JoinedStr):
                return decorator
    return None
