"""The names under which values are sent, as OpenAPI shows them."""

from collections.abc import Collection

from pydantic import AliasChoices, ConfigDict
from pydantic.fields import FieldInfo

from routebook._analysis.dependant import Parameter
from routebook._analysis.fields import ModelField


def accepted_names(name: str, info: FieldInfo, config: ConfigDict | None = None) -> list[str]:
    """The names that a value, or a field of a model with `config`, is taken under; the preferred one first.

    A path into a structure (`AliasPath`) is no name that OpenAPI could show; the value's own stands for it.
    """
    config = config or ConfigDict()
    if config.get("validate_by_alias") is False:
        return [name]
    alias = info.validation_alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    names = [choice for choice in choices if isinstance(choice, str)]
    if len(names) != len(choices):
        names = [info.alias or name]
    takes_own = config.get("populate_by_name") or config.get("validate_by_name")
    return [*names, name] if takes_own and name not in names else names


def parameter_name(parameter: Parameter, path_names: Collection[str]) -> str:
    """What the Parameter Object of a single value calls it: in a path, as the template does."""
    field, info = parameter.field, parameter.field.field_info
    names = accepted_names(field.name, info)
    if parameter.source == "path":
        return next((name for name in (*names, field.name) if name in path_names), names[0])
    return header_name(names[0], info, info)


def header_name(name: str, info: FieldInfo, marker: FieldInfo, config: ConfigDict | None = None) -> str:
    """A name with dashes for underscores, where `marker` declares headers and the name was not given as an alias."""
    is_alias = info.alias is not None or info.validation_alias is not None
    if is_alias and (config or {}).get("validate_by_alias") is not False:
        return name
    return name.replace("_", "-") if getattr(marker, "convert_underscores", False) else name


def member_name(field: ModelField) -> str:
    """The name of a value that is one of several in a body, as pydantic would call a model's member."""
    alias = field.field_info.validation_alias
    if isinstance(alias, AliasChoices):
        return next((choice for choice in alias.choices if isinstance(choice, str)), field.name)
    return alias if isinstance(alias, str) else field.field_info.alias or field.name
