"""Comparison of definitions by their code, to find changes that no OpenAPI document shows.

Spec: Python data model, code objects; pydantic, `FieldInfo`, `model_config`.
"""

from collections.abc import Iterator
from types import CodeType
from typing import Any

from routebook_kernel.registry.rebinding import underlying_function


def has_same_code(old: CodeType | None, new: CodeType | None) -> bool:
    """Whether two code objects do the same, wherever their lines are."""
    if old is new or old is None or new is None:
        return old is new
    return (
        old.co_code == new.co_code
        and old.co_names == new.co_names
        and old.co_varnames == new.co_varnames
        and len(old.co_consts) == len(new.co_consts)
        and all(
            has_same_code(a, b)
            if isinstance(a, CodeType) and isinstance(b, CodeType)
            else type(a) is type(b) and a == b
            for a, b in zip(old.co_consts, new.co_consts, strict=True)
        )
    )


def has_same_behaviour(old: Any, new: Any) -> bool:
    """Whether two functions do the same, or two classes in their methods, validators, factories and settings."""
    before, after = _codes_of(old), _codes_of(new)
    return (
        before.keys() == after.keys()
        and all(has_same_code(code, after[name]) for name, code in before.items())
        and getattr(old, "model_config", None) == getattr(new, "model_config", None)
    )


def _codes_of(definition: Any) -> dict[str, CodeType]:
    if isinstance(definition, type):
        return dict(_iter_codes_of_class(definition))
    return _code_of("", definition)


def _iter_codes_of_class(cls: type) -> Iterator[tuple[str, CodeType]]:
    for base in reversed(cls.__mro__):
        if base.__module__ == cls.__module__:
            for name, value in vars(base).items():
                function = getattr(value, "wrapped", value)  # for validators and computed fields
                yield from _code_of(name, getattr(function, "fget", function)).items()
    for name, field in getattr(cls, "__pydantic_fields__", {}).items():
        yield from _code_of(f"{name} default", field.default_factory).items()
        for index, rule in enumerate(field.metadata):
            yield from _code_of(f"{name} {index}", getattr(rule, "func", None)).items()


def _code_of(name: str, function: Any) -> dict[str, CodeType]:
    function = getattr(function, "__func__", function)
    code = getattr(underlying_function(function) if callable(function) else None, "__code__", None)
    return {name: code} if isinstance(code, CodeType) else {}
