"""Exceptions: their texts, which people read in logs, and their place in the tree."""

from typing import Any

import fastapi.exceptions
import pytest
from starlette.exceptions import HTTPException as StarletteHTTPException

from routebook import exceptions
from routebook._types import SourceLocation

ONE = [{"type": "missing", "loc": ("body", "name"), "msg": "Field required"}]
CONTEXTS: list[dict[str, Any] | None] = [
    None,
    {},
    {"path": "GET /items"},
    {"function": "read"},
    {"function": "read", "path": "GET /items"},
    {"function": "read", "path": "GET /items", "file": "/app.py", "line": 3},
    {"function": "read", "file": "/app.py", "line": 3},
    {"function": "read", "file": "/app.py"},
    {"file": "/app.py", "line": 3},
]


@pytest.mark.parametrize("context", CONTEXTS, ids=repr)
@pytest.mark.parametrize("errors", [[], ONE, ONE * 2], ids=["none", "one", "two"])
@pytest.mark.parametrize(
    "name",
    ["RequestValidationError", "ResponseValidationError", "WebSocketRequestValidationError", "ValidationException"],
)
def test_validation_text_is_fastapis(name: str, errors: list[Any], context: Any) -> None:
    """Log parsers and readers find the count, each error, and the endpoint where they expect them."""
    ours = getattr(exceptions, name)(errors, endpoint_ctx=context)
    theirs = getattr(fastapi.exceptions, name)(errors, endpoint_ctx=context)

    assert str(ours) == str(theirs)
    for attribute in ("endpoint_ctx", "endpoint_function", "endpoint_path", "endpoint_file", "endpoint_line"):
        assert getattr(ours, attribute) == getattr(theirs, attribute)
    assert ours.errors() is errors


def test_validation_text_names_the_endpoint() -> None:
    """A snapshot: the message people meet most."""
    error = exceptions.RequestValidationError(
        ONE, endpoint_ctx={"function": "read", "path": "GET /items", "file": "/app.py", "line": 3}
    )

    assert str(error) == (
        "1 validation error:\n"
        "  {'type': 'missing', 'loc': ('body', 'name'), 'msg': 'Field required'}\n"
        "\n"
        '  File "/app.py", line 3, in read\n'
        "    GET /items"
    )


def test_body_is_kept() -> None:
    """Handlers log what was sent."""
    assert exceptions.RequestValidationError(ONE, body={"a": 1}).body == {"a": 1}
    assert exceptions.ResponseValidationError(ONE, body=3).body == 3


def test_names_with_the_brand_exist_under_both() -> None:
    """Code that catches FastAPI's names catches ours."""
    assert exceptions.FastAPIError is exceptions.RoutebookError
    assert exceptions.FastAPIDeprecationWarning is exceptions.RoutebookDeprecationWarning


@pytest.mark.parametrize(
    ("exception", "bases"),
    [
        (exceptions.HTTPException, (StarletteHTTPException,)),
        (exceptions.RoutebookError, (RuntimeError,)),
        (exceptions.DeclarationError, (exceptions.RoutebookError, AssertionError)),
        (exceptions.DependencyScopeError, (exceptions.RoutebookError,)),
        (exceptions.PydanticV1NotSupportedError, (exceptions.RoutebookError,)),
        (exceptions.RoutebookDeprecationWarning, (UserWarning,)),
    ],
)
def test_tree(exception: type[BaseException], bases: tuple[type[BaseException], ...]) -> None:
    """Existing `except` clauses catch them."""
    assert all(issubclass(exception, base) for base in bases)


def test_declaration_error_says_where() -> None:
    """The location is an attribute for the notebook, and text for the terminal."""
    error = exceptions.DeclarationError("No.", location=SourceLocation("/app.py", 7, "read"))

    assert str(error) == 'No.\n  File "/app.py", line 7, in read'
    assert error.args == ("No.",)


def test_http_exception_detail_defaults_to_the_phrase() -> None:
    """As Starlette's; but the detail may be anything JSON-able."""
    assert exceptions.HTTPException(404).detail == "Not Found"
    assert exceptions.HTTPException(400, {"a": 1}, {"x-a": "b"}).headers == {"x-a": "b"}
