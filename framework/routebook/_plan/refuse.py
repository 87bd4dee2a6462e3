"""Tell everything that is wrong with a request: the slow way, taken only once something did not pass."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from starlette.types import Scope

from routebook._plan.body import decode_json
from routebook._plan.extract import source_values
from routebook._plan.form import form_data
from routebook._plan.steps import Read, ReadParameters
from routebook._sentinel import UNSET
from routebook.exceptions import (
    EndpointContext,
    RequestValidationError,
    ValidationException,
    WebSocketRequestValidationError,
)

Errors = list[dict[str, Any]]


class Explain:
    """From the first error to all errors of one callable's parameters, in the order of their sources.

    Its other arguments are what generated code holds by then: the variables, of which the parameters that did pass
    are some; the scope; the body as bytes, decoded JSON, or a form's fields. Each parameter is read once, so that no
    validator or default factory runs twice for a request.
    """

    __slots__ = ("_body_kind", "_context", "_is_strict", "_parameters")

    def __init__(
        self, parameters: ReadParameters, *, body_kind: str, context: EndpointContext, is_strict: bool
    ) -> None:
        self._parameters = parameters
        self._body_kind = body_kind
        self._context = context
        self._is_strict = is_strict

    async def __call__(
        self, error: KeyError | ValidationError, found: Mapping[str, Any], scope: Scope, body: Any = UNSET
    ) -> Errors:
        if self._body_kind == "bytes":
            body = decode_json(body, scope["headers"], self._is_strict, self._context)
        first, *others = [read for read in self._parameters.reads if read.variable not in found]
        errors = _explain(first, error, scope, body)
        for read in others:
            try:
                await _read(read, scope, body)
            except (KeyError, ValidationError) as other_error:
                errors += _explain(read, other_error, scope, body)
        return errors


def _explain(read: Read, error: KeyError | ValidationError, scope: Scope, body: Any) -> Errors:
    return read.reader.explain(error, body if read.is_body else source_values(read.source, scope))


async def _read(read: Read, scope: Scope, body: Any) -> None:
    result = read.reader.read(body if read.is_body else source_values(read.source, scope))
    if read.reader.is_async:
        await result


class Refuse:
    """From the collected errors, and the body that generated code holds, to the exception that refuses the request."""

    __slots__ = ("_body_kind", "_context", "_is_strict")

    def __init__(self, *, body_kind: str, context: EndpointContext, is_strict: bool) -> None:
        self._body_kind = body_kind
        self._context = context
        self._is_strict = is_strict

    def __call__(self, errors: Errors, body: Any = None, scope: Scope | None = None) -> ValidationException:
        if self._body_kind == "bytes" and scope is not None:
            body = decode_json(body, scope["headers"], self._is_strict, self._context)
        elif self._body_kind == "form":
            body = form_data(body)
        return RequestValidationError(errors, body=None if body is UNSET else body, endpoint_ctx=self._context)


class RefuseWebSocket:
    """From the collected errors to the exception that refuses the handshake."""

    __slots__ = ("_context",)

    def __init__(self, context: EndpointContext) -> None:
        self._context = context

    def __call__(self, errors: Errors) -> ValidationException:
        return WebSocketRequestValidationError(errors, endpoint_ctx=self._context)
