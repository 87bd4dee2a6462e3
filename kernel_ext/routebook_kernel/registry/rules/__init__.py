"""Rules for mistakes that source and declarations show before any request, grouped by what they look at.

A rule yields messages: what is wrong, on which line, and how to fix it. It looks for the cause, which is a mistake in
any application. If the code may be intended, the diagnostic is a note, not a warning.
"""

from collections.abc import Sequence

from routebook_kernel.registry.rules import (
    applications,
    awaiting,
    cells,
    dependencies,
    middleware,
    models,
    operations,
    parameters,
    responses,
    results,
    running,
    sockets,
    variables,
)
from routebook_kernel.registry.rules.base import DiagnosticRule
from routebook_kernel.registry.rules.operation_subjects import OperationSubject
from routebook_kernel.registry.rules.source_subjects import CellSubject, FunctionSubject

FUNCTION_RULES: Sequence[DiagnosticRule[FunctionSubject]] = (
    *running.RULES,
    *awaiting.RULES,
    *variables.RULES,
    *dependencies.RULES,
    *results.RULES,
    *responses.RULES,
    *middleware.RULES,
    *sockets.RULES,
    *models.FUNCTION_RULES,
)
MODEL_RULES = models.MODEL_RULES
CELL_RULES: Sequence[DiagnosticRule[CellSubject]] = (*cells.RULES, *dependencies.CELL_RULES, *models.CELL_RULES)
OPERATION_RULES: Sequence[DiagnosticRule[OperationSubject]] = (*parameters.RULES, *operations.RULES)
APPLICATION_RULES = applications.RULES
