"""Under which names a parameter is sent: its aliases, or its own name."""

from pydantic import AliasChoices
from pydantic.fields import FieldInfo

from routebook import params


def request_names(name: str, info: FieldInfo) -> tuple[str, ...]:
    """The names that a request may use, the preferred one first.

    A path into a value (`AliasPath`) names no parameter of its own: a declaration with one is sent under its alias or
    its own name, as in FastAPI.
    """
    alias = info.validation_alias
    if isinstance(alias, str):
        return (alias,)
    own_name = _own_name(name, info)
    if isinstance(alias, AliasChoices) and all(isinstance(choice, str) for choice in alias.choices):
        choices = tuple(str(choice) for choice in alias.choices)
        # a path has the names that it has: where none is a choice, it is the own name that stands in it
        return (*choices, own_name) if isinstance(info, params.Path) else choices
    return (own_name,)


def _own_name(name: str, info: FieldInfo) -> str:
    if info.alias is not None:
        return info.alias
    if isinstance(info, params.Header) and info.convert_underscores:
        return name.replace("_", "-")
    return name
