"""Substitution of old definitions by new ones, in annotations, defaults and declarations.

Pure on types: what doesn't refer to an old definition is returned as the same object.
"""

import dataclasses
import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from functools import partial
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from starlette.middleware import Middleware

from routebook.params import Depends
from routebook_kernel.registry.identity import ByIdentity

_WORD = re.compile(r"\w+")

Replacements = Mapping[ByIdentity, Any]
"""Each old definition with the new one of the same name."""


def has_reference(annotation: Any, replacements: Replacements) -> bool:
    """Whether an annotation refers to an old definition, at any depth. In a string, the name counts."""
    return ReferencedNames.collect([annotation]).has_any(replacements)


@dataclasses.dataclass(frozen=True, slots=True)
class ReferencedNames:
    """Everything that some annotations and declarations refer to, collected once for fast lookups.

    Attributes:
        objects: Every object at any depth.
        words: Every word of the strings among them.
    """

    objects: frozenset[ByIdentity]
    words: frozenset[str]

    @classmethod
    def collect(cls, values: Iterable[Any]) -> "ReferencedNames":
        """Collect what these values refer to."""
        objects: set[ByIdentity] = set()
        words: set[str] = set()
        pending = list(values)
        while pending:
            value = pending.pop()
            if isinstance(value, str):
                words.update(_WORD.findall(value))
            elif isinstance(value, typing.ForwardRef):
                words.update(_WORD.findall(value.__forward_arg__))
            elif (key := ByIdentity(value)) not in objects:
                objects.add(key)
                pending += _list_parts(value)
        return cls(frozenset(objects), frozenset(words))

    def first_replaced(self, replacements: Replacements) -> str:
        """Return the name of the first old definition among them."""
        found = (old for old in replacements if old in self.objects or not self.words.isdisjoint(_names([old])))
        return next((name for old in found for name in _names([old])), "definition")

    def has_any(self, replacements: Replacements) -> bool:
        """Whether an old definition is among them, as an object or by name."""
        if not self.objects.isdisjoint(replacements):
            return True
        return bool(self.words) and not self.words.isdisjoint(_names(replacements))


def _list_parts(value: Any) -> list[Any]:
    """Return one level of a value: a type's parts, a dependency's callable, a middleware's arguments and the like."""
    if isinstance(value, Depends):
        return [value.dependency]
    if isinstance(value, Enum):
        return [type(value)]
    if isinstance(value, types.MethodType):
        return [value.__self__]
    if isinstance(value, partial):
        return [value.func, *value.args, *value.keywords.values()]
    if isinstance(value, Middleware):
        return [value.cls, *value.args, *value.kwargs.values()]
    if hasattr(value, "__value__"):
        return [value.__value__]
    return list(_parts(value))


def substitute(annotation: Any, replacements: Replacements) -> Any:
    """Return the annotation with old definitions replaced. Strings stay as they are: they are resolved again anyway."""
    if ByIdentity(annotation) in replacements:
        return replacements[ByIdentity(annotation)]
    if not has_reference(annotation, replacements) or isinstance(annotation, str | typing.ForwardRef):
        return annotation
    if isinstance(annotation, Depends):
        return dataclasses.replace(annotation, dependency=substitute(annotation.dependency, replacements))
    if isinstance(annotation, Enum):
        return _find_member(annotation, replacements[ByIdentity(type(annotation))])
    if isinstance(annotation, types.MethodType):
        return getattr(substitute(annotation.__self__, replacements), annotation.__name__)
    if isinstance(annotation, partial):
        return _call_again(partial, annotation.func, annotation.args, annotation.keywords, replacements)
    if isinstance(annotation, Middleware):
        return _call_again(Middleware, annotation.cls, annotation.args, annotation.kwargs, replacements)
    if hasattr(annotation, "__value__"):
        return substitute(annotation.__value__, replacements)
    return _rebuild(annotation, tuple(substitute(part, replacements) for part in _parts(annotation)))


def _call_again(
    kind: Callable[..., Any],
    first: Any,
    arguments: Sequence[Any],
    options: Mapping[str, Any],
    replacements: Replacements,
) -> Any:
    exchanged = {name: substitute(value, replacements) for name, value in options.items()}
    return kind(substitute(first, replacements), *substitute_all(arguments, replacements), **exchanged)


def is_alias(value: Any) -> bool:
    """Whether a value is composed of others: `list[Item]`, `Annotated[…]`, `Cat | Dog`, `type X = …`, a partial."""
    if isinstance(value, (type, str, types.FunctionType)):
        return False
    return isinstance(value, partial) or get_origin(value) is not None or hasattr(type(value), "__value__")


def substitute_all(values: Iterable[Any], replacements: Replacements) -> list[Any]:
    """Return the values with old definitions replaced."""
    return [substitute(value, replacements) for value in values]


def _names(replacements: Iterable[ByIdentity]) -> set[str]:
    return {name for old in replacements if (name := getattr(old.target, "__name__", None))}


def _parts(annotation: Any) -> tuple[Any, ...]:
    """Return the components of an annotation: a generic's arguments, or the type and metadata of an `Annotated`."""
    if get_origin(annotation) is Literal:
        return ()
    if isinstance(annotation, list | tuple):  # the parameters of a Callable
        return tuple(annotation)
    generic = getattr(annotation, "__pydantic_generic_metadata__", None)
    if generic and generic["args"]:
        return (generic["origin"], *generic["args"])
    if get_origin(annotation) is Annotated:
        return (annotation.__origin__, *annotation.__metadata__)
    return get_args(annotation)


def _rebuild(annotation: Any, parts: tuple[Any, ...]) -> Any:
    if isinstance(annotation, list | tuple):
        return type(annotation)(parts)
    if getattr(annotation, "__pydantic_generic_metadata__", {}).get("args"):
        return parts[0][parts[1:]]
    origin = get_origin(annotation)
    if origin is Annotated:
        return Annotated[parts]
    if origin is Union or origin is types.UnionType:
        return Union[parts]  # noqa: UP007  # made at run time
    if hasattr(annotation, "copy_with"):
        return annotation.copy_with(parts)
    return origin[parts]


def _find_member(member: Enum, new: Any) -> Any:
    """Return the new enum's member of the same name, else of the same value, else the old member."""
    if member.name in getattr(new, "__members__", {}):
        return new[member.name]
    return next((other for other in new if other.value == member.value), member)
