"""Tell models of `pydantic.v1` apart; they look like pydantic 2's and are not supported."""

from typing import Any, get_args

from routebook.exceptions import PydanticV1NotSupportedError


def is_pydantic_v1_model(cls: type) -> bool:
    """Whether `cls` derives from `pydantic.v1.BaseModel`; the module is not imported to find out."""
    return any(base.__name__ == "BaseModel" and base.__module__ == "pydantic.v1.main" for base in cls.__mro__)


def reject_pydantic_v1_model(annotation: Any) -> None:
    """Refuse a type that is, or mentions, a model of `pydantic.v1`.

    Raises:
        PydanticV1NotSupportedError: It does.
    """
    if isinstance(annotation, type) and is_pydantic_v1_model(annotation):
        raise PydanticV1NotSupportedError(
            f"{annotation.__name__} is a model of pydantic.v1, which is not supported: make it a model of pydantic 2."
        )
    for argument in get_args(annotation):
        reject_pydantic_v1_model(argument)
