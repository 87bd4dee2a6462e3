"""Public type aliases."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, TypeAlias, TypeVar, Union

from pydantic import BaseModel

DecoratedCallable = TypeVar("DecoratedCallable", bound=Callable[..., Any])
"""The function that a decorator returns as it got it."""

IncEx: TypeAlias = set[int] | set[str] | Mapping[int, Union["IncEx", bool]] | Mapping[str, Union["IncEx", bool]]
"""What to include or exclude: names or indexes, nested by mappings; the meaning is pydantic's."""

ModelNameMap: TypeAlias = dict[type[BaseModel] | type[Enum], str]
"""The name of each model and enum in an OpenAPI document."""

DependencyCacheKey: TypeAlias = tuple[Callable[..., Any] | None, tuple[str, ...], str]
"""Callable, security scopes, dependency scope: uses with equal keys share one result in a request."""
