"""A naive interpreter of plans: the oracle that generated functions are compared with.

It does what each step says, one by one, looking everything up when it needs it. Nothing here is fast, and nothing
is written: it shares with the generated code the plan and the readers of single parameters, no more.
"""

from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any

from pydantic import ValidationError
from starlette.background import BackgroundTasks
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from routebook._analysis.callables import CallableKind
from routebook._analysis.fields import located_errors
from routebook._plan.body import decode_json, read_body
from routebook._plan.extract import source_values
from routebook._plan.steps import (
    CallDependency,
    CallEndpoint,
    CallPlan,
    Make,
    ReadBody,
    ReadParameters,
    ReadSource,
    Respond,
    ReuseDependency,
)
from routebook.concurrency import contextmanager_in_threadpool
from routebook.encoders import jsonable_encoder
from routebook.exceptions import RequestValidationError, ResponseValidationError
from routebook.security import SecurityScopes

Errors = dict[str, list[dict[str, Any]]]
FAILED = object()


class Interpreter:
    """Serves one request by a plan of JSON or no body, as the function generated from it should.

    Args:
        plan: Of a path operation.
        is_strict: Whether a JSON body must be declared as JSON.
    """

    def __init__(self, plan: CallPlan, *, is_strict: bool = True) -> None:
        self._plan = plan
        self._is_strict = is_strict
        self._variables: dict[str, Any] = {}
        self._errors: Errors = {}
        self._body: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as request_stack:
            async with AsyncExitStack() as function_stack:
                self._stacks = {"request": request_stack, "function": function_stack}
                response = await self._answer(scope, receive, send)
            await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> Response:
        result: Any = None
        for step in self._plan.steps:
            match step:
                case ReadBody():
                    self._body = decode_json(await read_body(receive), scope["headers"], self._is_strict, {})
                case ReadSource() | ReuseDependency():
                    pass  # everything is looked up when it is needed
                case Make():
                    self._variables[step.variable] = _make(step, scope, receive, send)
                case CallDependency():
                    self._variables[step.variable] = await self._depend(step, scope)
                case CallEndpoint():
                    result = await self._call_endpoint(step, scope)
                case Respond():
                    return self._respond(step, result)
        raise AssertionError("a path operation's plan ends with a response")

    def _read(self, parameters: ReadParameters, scope: Scope) -> bool:
        """Read parameters into their variables; whether all of them passed."""
        errors = []
        for read in parameters.reads:
            sent = self._body if read.is_body else source_values(read.source, scope)
            try:
                self._variables[read.variable] = read.reader.read(sent)
            except (KeyError, ValidationError) as error:
                errors += read.reader.explain(error, sent)
        if errors:
            self._errors[parameters.key] = errors
        return not errors

    async def _depend(self, step: CallDependency, scope: Scope) -> Any:
        if not self._read(step.parameters, scope):
            return FAILED
        if any(self._variables[name] is FAILED for name in step.needs):
            return FAILED
        arguments = self._arguments(step.arguments)
        match step.kind:
            case CallableKind.ASYNC:
                return await step.call(**arguments)
            case CallableKind.SYNC:
                return await run_in_threadpool(step.call, **arguments)
            case CallableKind.ASYNC_GENERATOR:
                context = asynccontextmanager(step.call)(**arguments)
            case CallableKind.GENERATOR:
                context = contextmanager_in_threadpool(contextmanager(step.call)(**arguments))
        return await self._stacks[step.scope or "request"].enter_async_context(context)

    async def _call_endpoint(self, step: CallEndpoint, scope: Scope) -> Any:
        self._read(step.parameters, scope)
        if self._errors:
            keys = self._plan.error_keys or ("",)
            raise RequestValidationError([error for key in keys for error in self._errors.get(key, ())])
        arguments = self._arguments(step.arguments)
        if step.kind is CallableKind.ASYNC:
            return await step.call(**arguments)
        return await run_in_threadpool(step.call, **arguments)

    def _arguments(self, pairs: tuple[tuple[str, str], ...]) -> dict[str, Any]:
        return {name: self._variables[variable] for name, variable in pairs}

    def _respond(self, step: Respond, result: Any) -> Response:
        if isinstance(result, Response):
            return result
        shape = step.shape
        if shape.field is None:
            content = jsonable_encoder(result)
        else:
            try:
                valid = shape.field.validate_value(result, from_attributes=True)
            except ValidationError as error:
                raise ResponseValidationError(located_errors(error, ("response",)), body=result) from error
            content = shape.field.serializer.to_python(valid, mode="json", **shape.options)
        injected: Response | None = self._variables.get("response")
        status = (injected.status_code if injected is not None else None) or shape.status_code or 200
        response = JSONResponse(content, status_code=status)
        if injected is not None:
            response.headers.raw.extend(injected.headers.raw)
        response.background = self._variables.get("background_tasks")
        return response


def _make(step: Make, scope: Scope, receive: Receive, send: Send) -> Any:
    match step.kind:
        case "request":
            return Request(scope, receive, send)
        case "response":
            response = Response()
            del response.headers["content-length"]
            response.status_code = None  # type: ignore[assignment]  # nobody has chosen yet
            return response
        case "background_tasks":
            return BackgroundTasks()
        case _:
            return SecurityScopes(scopes=list(step.scopes))
