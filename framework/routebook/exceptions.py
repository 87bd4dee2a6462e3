"""Exceptions and warnings.

Exception
├─ HTTPException (starlette.exceptions.HTTPException)           becomes a response
├─ WebSocketException (starlette.exceptions.WebSocketException) closes a WebSocket
├─ ValidationException                                          data did not fit its declaration
│  ├─ RequestValidationError                                    a request: answered with 422
│  ├─ WebSocketRequestValidationError                           a WebSocket: closed with 1008
│  └─ ResponseValidationError                                   an endpoint's result: a bug, answered with 500
└─ RuntimeError
   └─ RoutebookError (also named FastAPIError)                  a declaration is wrong; raised at import
      ├─ DeclarationError (AssertionError)                      a parameter, path or model that can't be
      ├─ DependencyScopeError                                   a dependency outlives one that it needs
      └─ PydanticV1NotSupportedError                            a model of pydantic.v1

UserWarning
└─ RoutebookDeprecationWarning (also named FastAPIDeprecationWarning)
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from pydantic import BaseModel, create_model
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.exceptions import WebSocketException as StarletteWebSocketException

from routebook._types import SourceLocation

__all__ = [
    "DeclarationError",
    "DependencyScopeError",
    "EndpointContext",
    "FastAPIDeprecationWarning",
    "FastAPIError",
    "HTTPException",
    "PydanticV1NotSupportedError",
    "RequestErrorModel",
    "RequestValidationError",
    "ResponseValidationError",
    "RoutebookDeprecationWarning",
    "RoutebookError",
    "ValidationException",
    "WebSocketErrorModel",
    "WebSocketException",
    "WebSocketRequestValidationError",
]


class HTTPException(StarletteHTTPException):
    """Raised anywhere in a request, it becomes the response.

    Args:
        status_code: The response's status.
        detail: Any JSON-able value, sent as `{"detail": detail}`; the status's standard phrase by default.
        headers: Headers of the response, for example `WWW-Authenticate`.
    """

    def __init__(self, status_code: int, detail: Any = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status_code=status_code, detail=detail, headers=headers)


class WebSocketException(StarletteWebSocketException):
    """Raised in a WebSocket endpoint or its dependencies, it closes the connection.

    Args:
        code: A close code, for example 1008 (policy violation).
        reason: UTF-8 text of at most 123 bytes for the peer.

    Spec: RFC 6455 §7.4 (status codes), §5.5.1 (close frames).
    """

    def __init__(self, code: int, reason: str | None = None) -> None:
        super().__init__(code=code, reason=reason)


class RoutebookError(RuntimeError):
    """Something was declared wrongly; raised when it is declared, never during a request.

    Args:
        args: The message: what is wrong, and what to do.
        location: Where the callable with the wrong declaration was defined.

    Attributes:
        location: As given; added to the text of the exception.
    """

    def __init__(self, *args: object, location: SourceLocation | None = None) -> None:
        super().__init__(*args)
        self.location = location

    def __str__(self) -> str:
        message = super().__str__()
        return message if self.location is None else f"{message}\n  {self.location}"


class DeclarationError(RoutebookError, AssertionError):
    """A parameter, path or model that can't be served as declared.

    Also an AssertionError: that is what code written for FastAPI catches.
    """


class DependencyScopeError(RoutebookError):
    """A dependency that lives as long as the request needs one that ends with the function."""


class PydanticV1NotSupportedError(RoutebookError):
    """A model of `pydantic.v1` was used; only models of pydantic 2 are understood."""


class RoutebookDeprecationWarning(UserWarning):
    """A deprecated option was used.

    A UserWarning, not a DeprecationWarning: Python hides the latter outside of `__main__`.
    """


FastAPIError = RoutebookError
FastAPIDeprecationWarning = RoutebookDeprecationWarning


class EndpointContext(TypedDict, total=False):
    """What is known of the endpoint in which a validation error arose."""

    function: str
    path: str
    """Method and path, for example "GET /items/{item_id}"."""
    file: str
    line: int


class ValidationException(Exception):
    """Data that does not fit its declaration.

    Args:
        errors: Pydantic's error items; `loc` starts with the source, for example `("query", "limit")`.
        endpoint_ctx: The endpoint, for the exception's text.
    """

    def __init__(self, errors: Sequence[Any], *, endpoint_ctx: EndpointContext | None = None) -> None:
        super().__init__(errors)
        self._errors = errors
        self._has_root_path = False
        self.endpoint_ctx = endpoint_ctx
        context = endpoint_ctx or {}
        self.endpoint_function = context.get("function")
        self.endpoint_path = context.get("path")
        self.endpoint_file = context.get("file")
        self.endpoint_line = context.get("line")

    def add_root_path(self, root_path: str) -> None:
        """Put what the application is mounted under before the endpoint's path; only the first call counts."""
        if self.endpoint_ctx is None or not self.endpoint_path or self._has_root_path:
            return
        self._has_root_path = True
        method, _, path = self.endpoint_path.partition(" ")
        self.endpoint_path = f"{method} {root_path}{path}"
        self.endpoint_ctx = {**self.endpoint_ctx, "path": self.endpoint_path}

    def errors(self) -> Sequence[Any]:
        """The error items, as given."""
        return self._errors

    def __str__(self) -> str:
        count = len(self._errors)
        heading = f"{count} validation error{'' if count == 1 else 's'}:"
        lines = [heading, *(f"  {error}" for error in self._errors)]
        return "\n".join(lines) + self._format_endpoint()

    def _format_endpoint(self) -> str:
        """Say where the endpoint is, as far as known, in the form of a traceback entry."""
        if self.endpoint_file and self.endpoint_line and self.endpoint_function:
            location = SourceLocation(self.endpoint_file, self.endpoint_line, self.endpoint_function)
            path = f"\n    {self.endpoint_path}" if self.endpoint_path else ""
            return f"\n\n  {location}{path}"
        return f"\n\n  Endpoint: {self.endpoint_path}" if self.endpoint_path else ""


class RequestValidationError(ValidationException):
    """A request does not fit the path operation's parameters.

    Args:
        errors: Pydantic's error items.
        body: The body as parsed, or None.
        endpoint_ctx: The endpoint, for the exception's text.
    """

    def __init__(self, errors: Sequence[Any], *, body: Any = None, endpoint_ctx: EndpointContext | None = None) -> None:
        super().__init__(errors, endpoint_ctx=endpoint_ctx)
        self.body = body


class WebSocketRequestValidationError(ValidationException):
    """A WebSocket's handshake does not fit the endpoint's parameters."""


class ResponseValidationError(ValidationException):
    """What an endpoint returned does not fit its response model.

    Args:
        errors: Pydantic's error items.
        body: What the endpoint returned.
        endpoint_ctx: The endpoint, for the exception's text.
    """

    def __init__(self, errors: Sequence[Any], *, body: Any = None, endpoint_ctx: EndpointContext | None = None) -> None:
        super().__init__(errors, endpoint_ctx=endpoint_ctx)
        self.body = body


if TYPE_CHECKING:
    RequestErrorModel: type[BaseModel]
    WebSocketErrorModel: type[BaseModel]


def __getattr__(name: str) -> Any:
    """The two models that FastAPI has here, made when somebody asks: pydantic's first model costs much to import.

    Spec: PEP 562.
    """
    titles = {"RequestErrorModel": "Request", "WebSocketErrorModel": "WebSocket"}
    if name not in titles:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = create_model(titles[name])
    return globals()[name]
