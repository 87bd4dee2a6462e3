"""A value's declaration and its validator: what a parameter, a body or a response is made of."""

import copy
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    PydanticSchemaGenerationError,
    PydanticUndefinedAnnotation,
    PydanticUserError,
    TypeAdapter,
)
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined, SchemaSerializer, SchemaValidator, ValidationError

from routebook._analysis.shapes import models_of
from routebook._pydantic_v1 import reject_pydantic_v1_model
from routebook._sentinel import UNSET
from routebook.exceptions import DeclarationError

Mode = Literal["validation", "serialization"]

_IMMUTABLE = (type(None), bool, int, float, complex, str, bytes, tuple, frozenset, type)
_SHARED_TYPES = (str, int, float, bool, bytes, Any)
_adapters: dict[Any, TypeAdapter[Any]] = {}


class ModelField:
    """One declared value: its name, its `FieldInfo` and the pydantic validator made from them.

    `field_info.metadata` holds the constraints; defaults are applied here, not by pydantic, because a missing value
    takes its default unvalidated unless `validate_default` says otherwise.

    A model may name a class that is defined after the route. So the validator is asked for when the route is
    compiled, not when it is declared.
    """

    __slots__ = ("_adapter", "field_info", "mode", "name")

    def __init__(self, name: str, field_info: FieldInfo, mode: Mode = "validation") -> None:
        self.name = name
        self.field_info = field_info
        self.mode = mode
        self._adapter = _adapter_of(field_info)

    def __repr__(self) -> str:
        return f"ModelField({self.name!r}, {self.annotation!r})"

    @property
    def annotation(self) -> Any:
        return self.field_info.annotation

    @property
    def declared_type(self) -> Any:
        """The type with its constraints, where they decide how it is sent (`Json[list[int]]` is one text)."""
        return annotated(self.field_info.annotation, self.field_info.metadata)

    @property
    def models(self) -> tuple[type[BaseModel], ...]:
        """The models of a parameter model, their fields known; none where it is a single value.

        Raises:
            DeclarationError: One names a class that is still not defined.
        """
        models = models_of(self.declared_type)
        if models and not self._adapter.pydantic_complete:
            self._complete()
        return models

    @property
    def adapter(self) -> TypeAdapter[Any]:
        """Pydantic's adapter of the type and its constraints.

        Raises:
            DeclarationError: A model names a class that is still not defined.
        """
        if not self._adapter.pydantic_complete:
            self._complete()
        return self._adapter

    @property
    def validator(self) -> SchemaValidator:
        return self.adapter.validator  # type: ignore[return-value]  # pydantic's plugin wrapper has the same methods

    @property
    def validate_value(self) -> Callable[..., Any]:
        return self.validator.validate_python

    @property
    def serializer(self) -> SchemaSerializer:
        return self.adapter.serializer

    def _complete(self) -> None:
        try:
            for model in models_of(self.declared_type):
                model.model_rebuild()  # of a parameter model the fields are wanted too
            self._adapter.rebuild()
        except PydanticUndefinedAnnotation as error:
            raise DeclarationError(
                f"The type {self.annotation!r} names {error.name!r}, which is not defined yet. Define it, or call "
                "model_rebuild() of the model where it is known."
            ) from error

    @property
    def alias(self) -> str:
        """The name in the request, when there is one only; see `Parameter.names` for choices."""
        validation_alias = self.field_info.validation_alias
        if isinstance(validation_alias, str):
            return validation_alias
        return self.field_info.alias or self.name

    @property
    def is_required(self) -> bool:
        return self.field_info.is_required()

    @property
    def default(self) -> Any:
        """The declared default; `UNSET` when required or made by a factory."""
        default = self.field_info.default
        return UNSET if default is PydanticUndefined or default is Ellipsis else default

    @property
    def has_plain_default(self) -> bool:
        """Whether every request may be given the very same default object, unvalidated."""
        info = self.field_info
        return (
            not info.is_required()
            and info.default_factory is None
            and not info.validate_default
            and type(info.default) in _IMMUTABLE
        )

    def make_default(self) -> Any:
        """A fresh default: from the factory, or a copy, validated where the declaration asks for it.

        Raises:
            ValidationError: `validate_default` is set and the default does not pass.
        """
        info = self.field_info
        if info.default_factory is not None:
            value = info.default_factory()  # type: ignore[call-arg]  # only model fields give it validated data
        else:
            value = copy.deepcopy(info.default)
        return self.validate_value(value) if info.validate_default else value

    def validate(self, value: Any, loc: tuple[str | int, ...]) -> tuple[Any, list[dict[str, Any]]]:
        """Validate and return `(value, errors)`; each error's `loc` starts with `loc`."""
        try:
            return self.validate_value(value, from_attributes=True), []
        except ValidationError as error:
            return None, located_errors(error, loc)


def annotated(annotation: Any, metadata: Sequence[Any]) -> Any:
    """`Annotated[annotation, *metadata]`; the type itself when there is no metadata."""
    return Annotated[annotation, *metadata] if metadata else annotation


def located_errors(error: ValidationError, loc: tuple[str | int, ...]) -> list[dict[str, Any]]:
    """Pydantic's errors as FastAPI answers them: no documentation URL, the location prefixed."""
    return [{**item, "loc": (*loc, *item["loc"])} for item in error.errors(include_url=False)]


def missing_error(loc: tuple[str | int, ...], value: Any = None) -> dict[str, Any]:
    """The error of a required value that was not sent."""
    return {"type": "missing", "loc": loc, "msg": "Field required", "input": value}


def _adapter_of(info: FieldInfo) -> TypeAdapter[Any]:
    """The validator of a type and its constraints; the same for the same, since most parameters are a plain int."""
    annotation: Any = info.annotation
    metadata = tuple(info.metadata)
    if info.discriminator is not None:
        metadata = (*metadata, FieldInfo(discriminator=info.discriminator))
    if metadata:
        return _build_adapter(annotated(annotation, metadata))
    if any(annotation is shared for shared in _SHARED_TYPES):
        if annotation not in _adapters:
            _adapters[annotation] = TypeAdapter(annotation)
        return _adapters[annotation]
    return _build_adapter(annotation)


def _build_adapter(annotation: Any) -> TypeAdapter[Any]:
    reject_pydantic_v1_model(annotation)
    try:
        return TypeAdapter(annotation)
    except (PydanticSchemaGenerationError, PydanticUserError, KeyError) as error:  # a dictionary is read as a schema
        # For a type that it does not know, pydantic advises a setting of models; for others it names the cause.
        advice = (
            "Use a pydantic model, a dataclass or a standard type; for a return annotation that is no response "
            "model, set the parameter response_model=None in the decorator."
            if isinstance(error, PydanticSchemaGenerationError | KeyError)
            else f"{error.message.removesuffix('.')}."
        )
        raise DeclarationError(
            f"Invalid type for a parameter or response: {annotation!r} is not a valid Pydantic field type. {advice}"
        ) from error
