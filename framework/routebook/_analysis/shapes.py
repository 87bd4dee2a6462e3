"""The shape of a type as requests see it: one value, several values, or a structure."""

import collections
import collections.abc
import dataclasses
import types
import typing
from typing import Annotated, Any, Union

from pydantic import BaseModel, Json
from starlette.datastructures import UploadFile

from routebook._analysis.signature import resolve_alias

_SEQUENCES = (
    list,
    set,
    frozenset,
    tuple,
    collections.deque,
    collections.abc.Sequence,
    collections.abc.MutableSequence,
    collections.abc.Set,
    collections.abc.MutableSet,
)
_TEXT = (str, bytes, bytearray)


def split_annotated(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """A type and its `Annotated` metadata; aliases (PEP 695) resolved."""
    if _is_class(annotation):
        return annotation, ()  # most are: a class wraps nothing
    annotation = resolve_alias(annotation)
    if typing.get_origin(annotation) is not Annotated:
        return annotation, ()
    base, *metadata = typing.get_args(annotation)
    inner, inner_metadata = split_annotated(base)
    return inner, (*inner_metadata, *metadata)


def union_members(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, `None` left out; a type that is no union is its own only member."""
    if _is_class(annotation):
        return (annotation,)
    base, metadata = split_annotated(annotation)
    if _is_json(metadata):
        return (annotation,)
    if typing.get_origin(base) in (Union, types.UnionType):
        return tuple(inner for arg in typing.get_args(base) if arg is not type(None) for inner in union_members(arg))
    return (annotation,)


def is_nullable(annotation: Any) -> bool:
    """Whether `None` is a declared value."""
    base, _ = split_annotated(annotation)
    if base is None or base is type(None) or base is Any:
        return True
    return typing.get_origin(base) in (Union, types.UnionType) and any(map(is_nullable, typing.get_args(base)))


def is_sequence(annotation: Any) -> bool:
    """Whether several values may be sent under one name."""
    return any(_is_plain_sequence(member) for member in union_members(annotation))


def is_structure(annotation: Any) -> bool:
    """Whether a value of the type is more than one scalar: a model, a mapping, a sequence, a dataclass."""
    return any(_is_plain_structure(member) for member in union_members(annotation))


def is_scalar_sequence(annotation: Any) -> bool:
    """Whether the type is a sequence of scalars, so that repeated query parameters can make it."""
    members = union_members(annotation)
    return is_sequence(annotation) and all(
        _is_plain_sequence(member) and not any(is_structure(item) for item in sequence_items(member))
        if _is_plain_sequence(member)
        else not _is_plain_structure(member)
        for member in members
    )


def sequence_items(annotation: Any) -> tuple[Any, ...]:
    """The item types of a sequence type; empty for a bare `list`."""
    base, _ = split_annotated(annotation)
    return tuple(item for item in typing.get_args(base) if item is not Ellipsis)


def models_of(annotation: Any) -> tuple[type[BaseModel], ...]:
    """The models that a parameter model's type names: one, an optional one, or a union of several; else none."""
    members = [split_annotated(member) for member in union_members(annotation)]
    if not members or any(_is_json(metadata) or not is_model(base) for base, metadata in members):
        return ()
    return tuple(model_class(base) for base, _ in members)


def is_model(annotation: Any) -> bool:
    """Whether the type is a pydantic model class, generic ones included."""
    return _is_subclass(annotation, BaseModel)


def model_class(annotation: Any) -> type[BaseModel]:
    """The class behind a model type."""
    cls: type[BaseModel] = typing.get_origin(annotation) or annotation
    return cls


def is_upload(annotation: Any) -> bool:
    """Whether the type is `UploadFile`, optional or not."""
    return any(_is_subclass(split_annotated(member)[0], UploadFile) for member in union_members(annotation))


def is_upload_sequence(annotation: Any) -> bool:
    """Whether the type is a sequence of `UploadFile`."""
    return any(
        _is_plain_sequence(member) and any(is_upload(item) for item in sequence_items(member))
        for member in union_members(annotation)
    )


def is_bytes(annotation: Any) -> bool:
    """Whether the type is `bytes`, optional or not."""
    return any(_is_subclass(split_annotated(member)[0], bytes) for member in union_members(annotation))


def is_bytes_sequence(annotation: Any) -> bool:
    """Whether the type is a sequence of `bytes`."""
    return any(
        _is_plain_sequence(member) and any(is_bytes(item) for item in sequence_items(member))
        for member in union_members(annotation)
    )


def _is_class(annotation: Any) -> bool:
    """Whether it is a class, not a special form or generic alias (which claim to be one)."""
    return issubclass(type(annotation), type)


def _is_json(metadata: tuple[Any, ...]) -> bool:
    return any(item is Json or type(item) is Json for item in metadata)


def _is_plain_sequence(annotation: Any) -> bool:
    base, metadata = split_annotated(annotation)
    cls = typing.get_origin(base) or base
    if _is_json(metadata) or _is_subclass(cls, _TEXT):
        return False
    return _is_subclass(cls, _SEQUENCES[:5]) or cls in _SEQUENCES


def _is_plain_structure(annotation: Any) -> bool:
    base, metadata = split_annotated(annotation)
    if _is_json(metadata) or base is Json:
        return False
    cls = typing.get_origin(base) or base
    return (
        _is_plain_sequence(base)
        or _is_subclass(cls, (BaseModel, collections.abc.Mapping, UploadFile))
        or dataclasses.is_dataclass(cls)
        or typing.is_typeddict(cls)
    )


def _is_subclass(cls: Any, bases: type | tuple[type, ...]) -> bool:
    return isinstance(cls, type) and issubclass(cls, bases)
