"""The mistakes that source and declarations show before any request, one rule each, by what the rule looks at.

A rule yields sentences: what, with its line, and the way out. It looks for a cause that is a mistake whatever the
application; what may be meant is told as a note, not as a warning.
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
