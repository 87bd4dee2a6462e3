"""Functions that declare parameters and dependencies in a signature.

Each returns an object of `routebook.params`, but is typed `Any`, so that it can be the default of a parameter of
any type.
"""

from collections.abc import Sequence
from typing import Any, Unpack

from pydantic_core import PydanticUndefined as Undefined

from routebook import params
from routebook._types import AnyCallable, DependencyScope
from routebook.params import ParamOptions, with_spelled_out_options

__all__ = ["Body", "Cookie", "Depends", "File", "Form", "Header", "Path", "Query", "Security"]


@with_spelled_out_options
def Path(default: Any = ..., **options: Unpack[ParamOptions]) -> Any:
    """Declare a path parameter; it has no default.

    Raises:
        DeclarationError: A default was given.
    """
    return params.Path(default, **options)


@with_spelled_out_options
def Query(default: Any = Undefined, **options: Unpack[ParamOptions]) -> Any:
    """Declare a query parameter."""
    return params.Query(default, **options)


@with_spelled_out_options
def Header(default: Any = Undefined, *, convert_underscores: bool = True, **options: Unpack[ParamOptions]) -> Any:
    """Declare a header parameter.

    Args:
        default: Its value when the header is absent.
        convert_underscores: Whether `user_agent` stands for the header `user-agent`.
        **options: See `ParamOptions`.
    """
    return params.Header(default, convert_underscores=convert_underscores, **options)


@with_spelled_out_options
def Cookie(default: Any = Undefined, **options: Unpack[ParamOptions]) -> Any:
    """Declare a cookie parameter."""
    return params.Cookie(default, **options)


@with_spelled_out_options
def Body(
    default: Any = Undefined,
    *,
    embed: bool | None = None,
    media_type: str = "application/json",
    **options: Unpack[ParamOptions],
) -> Any:
    """Declare the JSON body, or one of the values in it.

    Args:
        default: Its value when the body is absent.
        embed: Expect a single value under its name, as several are; by default only when there are several.
        media_type: The body's media type in OpenAPI.
        **options: See `ParamOptions`.
    """
    return params.Body(default, embed=embed, media_type=media_type, **options)


@with_spelled_out_options
def Form(
    default: Any = Undefined,
    *,
    media_type: str = "application/x-www-form-urlencoded",
    **options: Unpack[ParamOptions],
) -> Any:
    """Declare a form field."""
    return params.Form(default, media_type=media_type, **options)


@with_spelled_out_options
def File(default: Any = Undefined, *, media_type: str = "multipart/form-data", **options: Unpack[ParamOptions]) -> Any:
    """Declare an uploaded file, of type `UploadFile` or `bytes`."""
    return params.File(default, media_type=media_type, **options)


def Depends(
    dependency: AnyCallable | None = None,
    *,
    use_cache: bool = True,
    scope: DependencyScope | None = None,
    max_concurrency: int | None = None,
) -> Any:
    """Declare a dependency.

    Args:
        dependency: Its parameters are analysed like an endpoint's; the parameter gets its result. Without it, the
            parameter's type is called.
        use_cache: Share one result among equal dependencies of a request.
        scope: When a dependency with `yield` ends: "function" before the response is sent, "request" (the
            default) after it.
        max_concurrency: How many uses of this declaration may be alive at a time; others wait.

    Raises:
        ValueError: `max_concurrency` is not a positive integer.
    """
    return params.Depends(dependency, use_cache=use_cache, scope=scope, max_concurrency=max_concurrency)


def Security(
    dependency: AnyCallable | None = None, *, scopes: Sequence[str] | None = None, use_cache: bool = True
) -> Any:
    """Declare a dependency that needs OAuth2 scopes.

    Args:
        dependency: As for `Depends`.
        scopes: Passed on to all dependencies below, which read them from `SecurityScopes`.
        use_cache: As for `Depends`.
    """
    return params.Security(dependency, use_cache=use_cache, scopes=scopes)
