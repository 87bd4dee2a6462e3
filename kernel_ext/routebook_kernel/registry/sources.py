"""Mistakes that show before any request: the rules, run over a cell's source and over what it declares."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from routebook.applications import Routebook
from routebook_kernel.records import CellKey
from routebook_kernel.registry.cell_source import parse_source
from routebook_kernel.registry.operations import Operation
from routebook_kernel.registry.report import Finding
from routebook_kernel.registry.rules import (
    APPLICATION_RULES,
    CELL_RULES,
    FUNCTION_RULES,
    MODEL_RULES,
    OPERATION_RULES,
)
from routebook_kernel.registry.rules.served import Served
from routebook_kernel.registry.rules.subjects import Cell, FunctionNode, Names, iter_models


def find_in_source(
    source: str, namespace: Mapping[str, Any], operation_of: Callable[[int], str | None]
) -> Iterator[Finding]:
    """The mistakes in a cell, by the rules.

    Args:
        source: The cell, magics included.
        namespace: The notebook's variables.
        operation_of: The operation whose function begins at a line of the cell.
    """
    if (tree := parse_source(source)) is None:
        return
    cell = Cell(tree, Names(namespace))
    for rule in CELL_RULES:
        for text in rule.told(cell):
            yield Finding("source", rule.level, rule.word, text)
    for model in iter_models(cell):
        for model_rule in MODEL_RULES:
            for text in model_rule.told(model):
                yield Finding("source", model_rule.level, model_rule.word, text)
    for function in cell.functions:
        for function_rule in FUNCTION_RULES:
            for text in function_rule.told(function):
                operation = _operation(function.node, operation_of)
                yield Finding("source", function_rule.level, function_rule.word, text, operation)


def find_in_operations(operations: Iterable[Operation], cell: CellKey) -> Iterator[Finding]:
    """The mistakes that the framework's analysis of a cell's operations shows; a shared dependency's once."""
    routes: dict[int, Operation] = {}
    for operation in operations:
        if operation.entry is not None and operation.entry.cell == cell:
            routes.setdefault(id(operation.context.original_route), operation)
    told: set[str] = set()
    for operation in routes.values():
        for finding in _find_in_operation(operation):
            if finding.text not in told:
                told.add(finding.text)
                yield finding


def _find_in_operation(operation: Operation) -> Iterator[Finding]:
    dependant = getattr(operation.context, "dependant", None)
    if dependant is None:
        return
    response = getattr(operation.context.original_route, "response_model", None)
    served = Served(operation.function, operation.method, operation.path, dependant, response)
    for rule in OPERATION_RULES:
        for text in rule.told(served):
            yield Finding("source", rule.level, rule.word, text, operation.id)


def find_in_application(app: Routebook) -> Iterator[Finding]:
    """The mistakes in how an application is put together."""
    for rule in APPLICATION_RULES:
        for text in rule.told(app):
            yield Finding("source", rule.level, rule.word, text)


def _operation(node: FunctionNode, operation_of: Callable[[int], str | None]) -> str | None:
    lines = [node.lineno, *(decorator.lineno for decorator in node.decorator_list)]
    return next((found for line in lines if (found := operation_of(line))), None)
