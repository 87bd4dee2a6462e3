"""Functions that code written for FastAPI imports from here; most of them it never documented."""

import re
from typing import Any, Literal, Protocol, TypeVar

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined as Undefined

from routebook._analysis.fields import ModelField
from routebook._deprecation import warn_deprecated
from routebook.datastructures import DefaultPlaceholder

__all__ = [
    "create_model_field",
    "deep_dict_update",
    "generate_operation_id_for_path",
    "generate_unique_id",
    "get_path_param_names",
    "get_value_or_default",
    "is_body_allowed_for_status_code",
]

T = TypeVar("T")

_WITH_BODY = {"default", "1XX", "2XX", "3XX", "4XX", "5XX"}  # keys of OpenAPI's Responses Object that are no numbers


class _NamedRoute(Protocol):
    """What an operation's ID is made of."""

    name: str
    path_format: str
    methods: set[str]


def generate_unique_id(route: _NamedRoute) -> str:
    """The default operation ID: name, path and the (alphabetically first) method, in characters of an identifier."""
    name = re.sub(r"\W", "_", f"{route.name}{route.path_format}")
    return f"{name}_{min(route.methods).lower()}"


def generate_operation_id_for_path(*, name: str, path: str, method: str) -> str:
    """Deprecated: `generate_unique_id`, from the parts."""
    warn_deprecated("generate_operation_id_for_path() is deprecated, use generate_unique_id() instead")
    return re.sub(r"\W", "_", f"{name}{path}") + f"_{method.lower()}"


def is_body_allowed_for_status_code(status_code: int | str | None) -> bool:
    """Whether a response of this status may have content; `status_code` may be a key of a Responses Object.

    Raises:
        ValueError: It is another text than a number.

    Spec: RFC 9110 §6.4.1, §15.3.5, §15.3.6, §15.4.5; OpenAPI 3.1.0, Responses Object.
    """
    if status_code is None or status_code in _WITH_BODY:
        return True
    code = int(status_code)
    return code >= 200 and code not in {204, 205, 304}


def get_path_param_names(path: str) -> set[str]:
    """What stands between braces in a path.

    >>> get_path_param_names("/items/{item_id}")
    {'item_id'}
    """
    return set(re.findall("{(.*?)}", path))


def deep_dict_update(main_dict: dict[Any, Any], update_dict: dict[Any, Any]) -> None:
    """Update in place: dicts inside are merged, lists joined, everything else replaced."""
    for key, value in update_dict.items():
        current = main_dict.get(key)
        if isinstance(current, dict) and isinstance(value, dict):
            deep_dict_update(current, value)
        elif isinstance(current, list) and isinstance(value, list):
            main_dict[key] = current + value
        else:
            main_dict[key] = value


def get_value_or_default(
    first_item: DefaultPlaceholder[T] | T, *extra_items: DefaultPlaceholder[T] | T
) -> DefaultPlaceholder[T] | T:
    """The first item that somebody gave; if none, the first default, still marked as one.

    Args:
        first_item: The most specific, for example a route's option.
        *extra_items: The more general ones, for example the router's and the application's.
    """
    items = (first_item, *extra_items)
    return next((item for item in items if not isinstance(item, DefaultPlaceholder)), first_item)


def create_model_field(
    name: str,
    type_: Any,
    default: Any | None = Undefined,
    field_info: FieldInfo | None = None,
    alias: str | None = None,
    mode: Literal["validation", "serialization"] = "validation",
) -> ModelField:
    """Make the field of a value.

    Args:
        name: Its name.
        type_: Its type, for pydantic; `field_info` takes precedence.
        default: Its default, likewise.
        field_info: Its whole declaration.
        alias: Its name outside, likewise.
        mode: Whether it is read or written.

    Raises:
        DeclarationError: Pydantic does not take the type.
    """
    return ModelField(name, field_info or FieldInfo(annotation=type_, default=default, alias=alias), mode)
