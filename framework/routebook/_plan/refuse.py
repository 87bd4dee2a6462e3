"""Tell everything that is wrong with a request: the slow way, taken only once something did not pass."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pydantic import ValidationError
from starlette.types import Scope

from routebook._plan.body import decode_json
from routebook._plan.extract import source_values
from routebook._plan.form import Form, form_data
from routebook._plan.steps import Read, ReadParameters
from routebook._sentinel import UNSET
from routebook.exceptions import (
    EndpointContext,
    RequestValidationError,
    ValidationException,
    WebSocketRequestValidationError,
)

Errors = list[dict[str, Any]]

Explain = Callable[..., Awaitable[Errors]]


def make_explain(
    parameters: ReadParameters, *, body_kind: str, context: EndpointContext, is_strict: bool
) -> Explain:
    """A function from the first error to all errors of one callable's parameters, in the order of their sources.

    Its other arguments are what generated code holds by then: the variables, of which the parameters that did pass
    are some; the scope; the body as bytes, decoded JSON, or a form's fields. Each parameter is read once, so that no
    validator or default factory runs twice for a request.
    """

    async def explain(
        error: KeyError | ValidationError, found: Mapping[str, Any], scope: Scope, body: Any = UNSET
    ) -> Errors:
        if body_kind == "bytes":
            body = decode_json(body, scope["headers"], is_strict, context)
        first, *others = [read for read in parameters.reads if read.variable not in found]
        errors = _explain(first, error, scope, body)
        for read in others:
            try:
                await _read(read, scope, body)
            except (KeyError, ValidationError) as other_error:
                errors += _explain(read, other_error, scope, body)
        return errors

    return explain


def _explain(read: Read, error: KeyError | ValidationError, scope: Scope, body: Any) -> Errors:
    return read.reader.explain(error, body if read.is_body else source_values(read.source, scope))


async def _read(read: Read, scope: Scope, body: Any) -> None:
    result = read.reader.read(body if read.is_body else source_values(read.source, scope))
    if read.reader.is_async:
        await result


def make_refusal(
    is_websocket: bool, *, body_kind: str, context: EndpointContext, is_strict: bool
) -> Callable[..., ValidationException]:
    """A function from the collected errors, and the body that generated code holds, to what refuses the request."""
    if is_websocket:
        return lambda errors: WebSocketRequestValidationError(errors, endpoint_ctx=context)

    def refuse(errors: Errors, body: Any = None) -> ValidationException:
        return RequestValidationError(errors, body=None if body is UNSET else body, endpoint_ctx=context)

    def refuse_bytes(errors: Errors, body: bytes, scope: Scope) -> ValidationException:
        return refuse(errors, decode_json(body, scope["headers"], is_strict, context))

    def refuse_form(errors: Errors, form: Form) -> ValidationException:
        return refuse(errors, form_data(form))

    return {"bytes": refuse_bytes, "form": refuse_form}.get(body_kind, refuse)
