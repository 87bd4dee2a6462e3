"""Mistakes found before any request: runs the rules over a cell's source and its declarations."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from routebook.applications import Routebook
from routebook_kernel.records import CellKey
from routebook_kernel.registry.cell_source import parse_source
from routebook_kernel.registry.operations import RouteOperation
from routebook_kernel.registry.rules import (
    APPLICATION_RULES,
    CELL_RULES,
    FUNCTION_RULES,
    MODEL_RULES,
    OPERATION_RULES,
)
from routebook_kernel.registry.rules.operation_subjects import OperationSubject
from routebook_kernel.registry.rules.source_subjects import CellSubject, FunctionNode, NameResolver, iter_models
from routebook_kernel.registry.run_report import Diagnostic


def check_source(
    source: str, namespace: Mapping[str, Any], operation_of: Callable[[int], str | None]
) -> Iterator[Diagnostic]:
    """Yield the mistakes in a cell's source.

    Args:
        source: The cell, magics included.
        namespace: The notebook's variables.
        operation_of: Returns the operation whose function begins at a line of the cell.
    """
    if (tree := parse_source(source)) is None:
        return
    cell = CellSubject(tree, NameResolver(namespace))
    for rule in CELL_RULES:
        for text in rule.messages(cell):
            yield Diagnostic("source", rule.level, rule.word, text)
    for model in iter_models(cell):
        for model_rule in MODEL_RULES:
            for text in model_rule.messages(model):
                yield Diagnostic("source", model_rule.level, model_rule.word, text)
    for function in cell.functions:
        for function_rule in FUNCTION_RULES:
            for text in function_rule.messages(function):
                operation = _find_operation(function.node, operation_of)
                yield Diagnostic("source", function_rule.level, function_rule.word, text, operation)


def check_operations(operations: Iterable[RouteOperation], cell: CellKey) -> Iterator[Diagnostic]:
    """Yield the mistakes in a cell's operations, as the framework analysed them. A shared dependency's appear once."""
    routes: dict[int, RouteOperation] = {}
    for operation in operations:
        if operation.entry is not None and operation.entry.cell == cell:
            routes.setdefault(id(operation.context.original_route), operation)
    seen: set[str] = set()
    for operation in routes.values():
        for diagnostic in _check_operation(operation):
            if diagnostic.text not in seen:
                seen.add(diagnostic.text)
                yield diagnostic


def _check_operation(operation: RouteOperation) -> Iterator[Diagnostic]:
    dependant = getattr(operation.context, "dependant", None)
    if dependant is None:
        return
    response = getattr(operation.context.original_route, "response_model", None)
    subject = OperationSubject(operation.function, operation.method, operation.path, dependant, response)
    for rule in OPERATION_RULES:
        for text in rule.messages(subject):
            yield Diagnostic("source", rule.level, rule.word, text, operation.id)


def check_application(app: Routebook) -> Iterator[Diagnostic]:
    """Yield the mistakes in how an application is assembled."""
    for rule in APPLICATION_RULES:
        for text in rule.messages(app):
            yield Diagnostic("source", rule.level, rule.word, text)


def _find_operation(node: FunctionNode, operation_of: Callable[[int], str | None]) -> str | None:
    lines = [node.lineno, *(decorator.lineno for decorator in node.decorator_list)]
    return next((found for line in lines if (found := operation_of(line))), None)
