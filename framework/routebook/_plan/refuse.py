"""Tell everything that is wrong with a request: the slow way, taken only once something did not pass."""

from collections.abc import Callable
from typing import Any

from starlette.types import Scope

from routebook._plan.body import decode_json
from routebook._plan.extract import read_errors, source_values
from routebook._plan.steps import ReadParameters
from routebook._sentinel import UNSET
from routebook.exceptions import (
    EndpointContext,
    RequestValidationError,
    ValidationException,
    WebSocketRequestValidationError,
)

Errors = list[dict[str, Any]]


def make_explain(
    parameters: ReadParameters, *, body_kind: str, context: EndpointContext, is_strict: bool
) -> Callable[..., Errors]:
    """A function from a request to the errors of one callable's parameters, in the order of their sources.

    What it is given as body is what generated code holds: bytes, decoded JSON, or a form's fields.
    """

    def explain(scope: Scope, body: Any = UNSET) -> Errors:
        if body_kind == "bytes":
            body = decode_json(body, scope["headers"], is_strict, context)
        errors: Errors = []
        for read in parameters.reads:
            is_body = read.source in ("body", "form", "file")
            errors += read_errors(read.reader, body if is_body else source_values(read.source, scope))
        return errors

    return explain


def make_refusal(is_websocket: bool, body_kind: str, context: EndpointContext) -> Callable[..., ValidationException]:
    """A function from the collected errors to the exception that refuses the request."""
    if is_websocket:
        return lambda errors: WebSocketRequestValidationError(errors, endpoint_ctx=context)

    def refuse(errors: Errors, body: Any = None) -> ValidationException:
        return RequestValidationError(errors, body=None if body is UNSET else body, endpoint_ctx=context)

    return refuse
