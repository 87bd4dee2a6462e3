"""Declarations of parameters and dependencies: data that the analysis reads.

A parameter's declaration is a pydantic `FieldInfo`, so that all of pydantic's options hold, with what HTTP adds.
"""

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypedDict, TypeVar, Unpack

from pydantic import AliasChoices, AliasPath, Discriminator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined as Undefined
from typing_extensions import deprecated as deprecated_marker

from routebook._concurrency import DependencyConcurrency
from routebook._deprecation import warn_deprecated
from routebook._sentinel import UNSET, Unset
from routebook._types import AnyCallable, DependencyScope
from routebook.exceptions import DeclarationError

if TYPE_CHECKING:
    from routebook.openapi.models import Example

__all__ = [
    "Body",
    "Cookie",
    "Depends",
    "File",
    "Form",
    "Header",
    "Param",
    "ParamOptions",
    "ParamTypes",
    "Path",
    "Query",
    "Security",
]


class ParamTypes(Enum):
    """The locations of OpenAPI's Parameter Object."""

    query = "query"
    header = "header"
    path = "path"
    cookie = "cookie"


class ParamOptions(TypedDict, total=False):
    """Options of every parameter, all keyword-only. Those not described mean what they mean in pydantic."""

    default_factory: Callable[[], Any] | None
    alias: str | None
    """The parameter's name in the request."""
    alias_priority: int | None
    validation_alias: str | AliasPath | AliasChoices | None
    """The name in the request, where it differs from the alias; several may be given."""
    serialization_alias: str | None
    title: str | None
    description: str | None
    gt: float | None
    ge: float | None
    lt: float | None
    le: float | None
    min_length: int | None
    max_length: int | None
    pattern: str | re.Pattern[str] | None
    regex: str | None
    """Deprecated: `pattern`."""
    discriminator: str | Discriminator | None
    strict: bool | None
    validate_default: bool | None
    union_mode: Literal["smart", "left_to_right"] | None
    fail_fast: bool | None
    multiple_of: float | None
    allow_inf_nan: bool | None
    max_digits: int | None
    decimal_places: int | None
    examples: list[Any] | None
    """Examples in the JSON Schema."""
    example: Any | None
    """Deprecated: `examples`."""
    openapi_examples: "dict[str, Example] | None"
    """Examples of OpenAPI's Parameter and Media Type Objects, by name."""
    deprecated: deprecated_marker | str | bool | None
    """Marks the parameter as deprecated in OpenAPI; nothing else changes."""
    include_in_schema: bool
    """Whether OpenAPI shows the parameter; True by default."""
    json_schema_extra: dict[str, Any] | Callable[[dict[str, Any]], None] | None


_F = TypeVar("_F", bound=Callable[..., Any])

_OPTION_PARAMETERS = [
    inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=True if name == "include_in_schema" else None,
        annotation=annotation,
    )
    for name, annotation in ParamOptions.__annotations__.items()
]


def with_spelled_out_options(function: _F) -> _F:
    """Show each of `ParamOptions` in the signature that `help()`, IPython and editors display."""
    signature = inspect.signature(function)
    given = [parameter for parameter in signature.parameters.values() if parameter.kind is not parameter.VAR_KEYWORD]
    function.__signature__ = signature.replace(parameters=[*given, *_OPTION_PARAMETERS])  # type: ignore[attr-defined]
    return function


# Final to type checkers only: pydantic itself provides for subclasses of FieldInfo.
_FieldInfo: Any = FieldInfo


class _Declaration(_FieldInfo):  # type: ignore[misc]
    """What all parameters share: pydantic's options, the deprecated ones translated, and OpenAPI's."""

    example: Any | Unset
    include_in_schema: bool
    openapi_examples: "dict[str, Example] | None"

    @with_spelled_out_options
    def __init__(
        self, default: Any = Undefined, *, annotation: Any | None = None, **options: Unpack[ParamOptions]
    ) -> None:
        _reject_unknown_options(type(self).__name__, options)
        self.example = options.pop("example", UNSET)
        self.include_in_schema = options.pop("include_in_schema", True)
        self.openapi_examples = options.pop("openapi_examples", None)
        if self.example is not UNSET:
            warn_deprecated("`example` has been deprecated, please use `examples` instead")
        _replace_regex(options)
        _complete_aliases(options)
        if annotation is not None:
            super().__init__(default=default, annotation=annotation, **options)
        else:
            super().__init__(default=default, **options)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.default})"


def _reject_unknown_options(name: str, options: ParamOptions) -> None:
    """Raise TypeError for a misspelt option, as Python does for a parameter that is not there."""
    known = ParamOptions.__annotations__
    for option in options:
        if option not in known:
            close = get_close_matches(option, known, n=1)
            hint = f". Did you mean '{close[0]}'?" if close else ""
            raise TypeError(f"{name}() got an unexpected keyword argument '{option}'{hint}")


def _replace_regex(options: ParamOptions) -> None:
    regex = options.pop("regex", None)
    if regex is not None:
        warn_deprecated("`regex` has been deprecated, please use `pattern` instead")
        if options.get("pattern") is None:
            options["pattern"] = regex


def _complete_aliases(options: ParamOptions) -> None:
    """Let an alias stand for the two more specific ones, as `pydantic.Field` does."""
    if "alias" not in options:
        return
    alias = options["alias"]
    if options.get("validation_alias") is None:
        options["validation_alias"] = alias
    if options.get("serialization_alias") is None and isinstance(alias, str):
        options["serialization_alias"] = alias


class Param(_Declaration):
    """A parameter outside of the body; used itself, a query parameter."""

    in_: ClassVar[ParamTypes] = ParamTypes.query


class Path(Param):
    """A parameter in the path: always required.

    Raises:
        DeclarationError: A default was given.
    """

    in_ = ParamTypes.path

    @with_spelled_out_options
    def __init__(self, default: Any = ..., *, annotation: Any | None = None, **options: Unpack[ParamOptions]) -> None:
        if default is not ... and default is not Undefined:
            raise DeclarationError(
                "Path parameters cannot have a default value: the path matches only when the parameter is there. "
                "Remove the default, or declare a query parameter."
            )
        super().__init__(default, annotation=annotation, **options)


class Query(Param):
    """A parameter in the query string."""

    in_ = ParamTypes.query


class Header(Param):
    """A parameter in a header.

    Attributes:
        convert_underscores: Whether `user_agent` stands for `user-agent`.
    """

    in_ = ParamTypes.header

    @with_spelled_out_options
    def __init__(
        self,
        default: Any = Undefined,
        *,
        annotation: Any | None = None,
        convert_underscores: bool = True,
        **options: Unpack[ParamOptions],
    ) -> None:
        self.convert_underscores = convert_underscores
        super().__init__(default, annotation=annotation, **options)


class Cookie(Param):
    """A parameter in a cookie."""

    in_ = ParamTypes.cookie


class Body(_Declaration):
    """The body, or one of the values in it.

    Attributes:
        embed: Whether a single value is expected under its name; None leaves it to the number of values.
        media_type: The body's media type.
    """

    @with_spelled_out_options
    def __init__(
        self,
        default: Any = Undefined,
        *,
        annotation: Any | None = None,
        embed: bool | None = None,
        media_type: str = "application/json",
        **options: Unpack[ParamOptions],
    ) -> None:
        self.embed = embed
        self.media_type = media_type
        super().__init__(default, annotation=annotation, **options)


class Form(Body):
    """A field of a form."""

    @with_spelled_out_options
    def __init__(
        self,
        default: Any = Undefined,
        *,
        annotation: Any | None = None,
        media_type: str = "application/x-www-form-urlencoded",
        **options: Unpack[ParamOptions],
    ) -> None:
        super().__init__(default, annotation=annotation, media_type=media_type, **options)


class File(Form):
    """A file of a multipart form."""

    @with_spelled_out_options
    def __init__(
        self,
        default: Any = Undefined,
        *,
        annotation: Any | None = None,
        media_type: str = "multipart/form-data",
        **options: Unpack[ParamOptions],
    ) -> None:
        super().__init__(default, annotation=annotation, media_type=media_type, **options)


@dataclass(frozen=True)
class Depends:
    """A dependency: a callable whose result is given to the parameter.

    Attributes:
        dependency: The callable; None stands for the parameter's type.
        use_cache: Whether equal dependencies of a request share one result.
        scope: With `yield`, when it ends: "function" before the response is sent, "request" after it.
        max_concurrency: How many uses of this very declaration may be alive at a time, in an event loop.

    Raises:
        ValueError: `max_concurrency` is not a positive integer.
    """

    dependency: AnyCallable | None = None
    use_cache: bool = True
    scope: DependencyScope | None = None
    max_concurrency: int | None = None
    # Compared by identity: a limit belongs to one declaration. A copy by `dataclasses.replace` shares it, unless the
    # copy has another limit.
    _concurrency: DependencyConcurrency | None = field(default=None, repr=False, hash=False)

    def __post_init__(self) -> None:
        limit = self.max_concurrency
        if limit is not None and (type(limit) is not int or limit < 1):
            raise ValueError(f"max_concurrency must be a positive integer or None, not {limit!r}")
        if limit != (self._concurrency.limit if self._concurrency is not None else None):
            concurrency = None if limit is None else DependencyConcurrency(limit)
            object.__setattr__(self, "_concurrency", concurrency)


@dataclass(frozen=True)
class Security(Depends):
    """A dependency that declares the OAuth2 scopes it needs.

    Attributes:
        scopes: Passed on to all dependencies below, which read them from `SecurityScopes`.
    """

    scopes: Sequence[str] | None = None
