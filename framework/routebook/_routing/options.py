"""The options of a path operation, and how those of routes, routers, includes and applications combine."""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, TypedDict

from starlette.responses import Response
from starlette.routing import BaseRoute

from routebook.datastructures import DefaultPlaceholder
from routebook.exceptions import DeclarationError
from routebook.params import Depends
from routebook.types import IncEx


class RouteOptions(TypedDict, total=False):
    """Keyword options of every path operation."""

    response_model: Any
    """The type that results are validated against, filtered by and described with; the return annotation by default."""
    status_code: int | None
    """Of a successful response: 200 by default."""
    tags: list[str | Enum] | None
    dependencies: Sequence[Depends] | None
    """Dependencies that are only run."""
    summary: str | None
    description: str | None
    """Markdown; the endpoint's docstring by default."""
    response_description: str
    responses: dict[int | str, dict[str, Any]] | None
    """Further responses by status code: OpenAPI Response Objects, `model` for a type."""
    deprecated: bool | None
    operation_id: str | None
    response_model_include: IncEx | None
    response_model_exclude: IncEx | None
    response_model_by_alias: bool
    response_model_exclude_unset: bool
    response_model_exclude_defaults: bool
    response_model_exclude_none: bool
    include_in_schema: bool
    response_class: type[Response]
    name: str | None
    """For `url_path_for`; the function's name by default."""
    callbacks: list[BaseRoute] | None
    """Requests that the server will make to the client (OpenAPI Callback Object)."""
    openapi_extra: dict[str, Any] | None
    """Merged into the OpenAPI Operation Object."""
    generate_unique_id_function: Callable[[Any], str]


def listed_dependencies(given: Sequence[Depends] | None) -> list[Depends]:
    """What `dependencies=` was given.

    Raises:
        DeclarationError: One is the function itself.
    """
    dependencies = list(given or ())
    for each in dependencies:
        if not isinstance(each, Depends):
            name = getattr(each, "__name__", repr(each))
            raise DeclarationError(f"`dependencies=[…]` takes `Depends({name})`, not `{name}` itself.")
    return dependencies


def is_given(value: Any) -> bool:
    """Whether an option was given, rather than left at its default."""
    return not isinstance(value, DefaultPlaceholder)


def first_given(*values: Any) -> Any:
    """The first option that was given, else the first default: the most specific level speaks first."""
    for value in values:
        if is_given(value):
            return value
    return values[0]


def settled(value: Any) -> Any:
    """An option's value, given or default."""
    return value.value if isinstance(value, DefaultPlaceholder) else value
