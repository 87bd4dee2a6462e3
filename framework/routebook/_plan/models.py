"""Parameter models: one parameter whose fields are the parameters of a source, or the fields of a form.

What was sent is arranged for the model: each field's value under a key that the model understands, in the field's
shape, and whatever else was sent beside them, since the model decides about extras.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, cast

from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, PydanticUndefined, SchemaValidator, core_schema

from routebook import params
from routebook._analysis.dependant import Parameter
from routebook._analysis.shapes import is_nullable
from routebook._plan.extract import Pick, Reader, Sent, choose_pick, take_as_is
from routebook._sentinel import UNSET


class ModelShape:
    """How one model's fields are sent: under which names, and whether several values are kept.

    Args:
        model: The class.
        choose: Chooses how a field of a type is picked.
        to_request_name: From a key of the model to the name in the request; True for a key that is the field's own
            name, False for an alias.
    """

    __slots__ = ("_declared", "_fields", "_keeps_extra", "_paths", "_shadowed")

    def __init__(
        self, model: type[BaseModel], choose: Callable[[Any], Pick], to_request_name: Callable[[str, bool], str]
    ) -> None:
        config = model.model_config
        self._fields: list[tuple[list[tuple[str, str]], Pick]] = []
        for name, info in model.model_fields.items():
            names = [(to_request_name(key, is_own), key) for key, is_own in model_keys(name, info, config)]
            self._fields.append((names, choose(info.annotation)))
        pairs = [pair for names, _ in self._fields for pair in names]
        self._paths = [path for info in model.model_fields.values() for path in _iter_paths(info)]
        self._declared = frozenset(name for name, _ in pairs)
        self._shadowed = frozenset(key for _, key in pairs) - self._declared
        self._keeps_extra = config.get("extra") in ("allow", "forbid")

    def is_addressed_by(self, sent: Sent) -> bool:
        """Whether something was sent that is the model's business, so that an optional one is there."""
        if self._keeps_extra:
            return bool(sent)
        return not self._declared.isdisjoint(sent) or any(
            path.search_dict_for_path(dict(sent)) is not PydanticUndefined for path in self._paths
        )

    def arrange(self, sent: Sent) -> dict[str, Any]:
        """What to validate: the fields first, then the rest in the order of the request."""
        arranged: dict[str, Any] = {}
        taken: set[str] = set()
        for names, pick in self._fields:
            for name, key in names:
                if name in sent:
                    taken.add(name)
                    value = pick(sent[name])
                    if value is not UNSET:
                        arranged[key] = value
                        break
        if len(taken) < len(sent):
            # `x_id` sent as it is must not pass for the field `x_id`, which is sent as `x-id`
            rest = sent.keys() - taken - self._shadowed
            arranged.update((name, value) for name, value in sent.items() if name in rest)
        return arranged


def model_keys(name: str, info: FieldInfo, config: ConfigDict) -> list[tuple[str, bool]]:
    """The keys under which a model takes a field, the preferred one first, and whether each is the field's own name.

    An alias that repeats the name is no other name, and one that is a path leaves the field its own.
    """
    alias = info.validation_alias
    takes_alias = config.get("validate_by_alias") is not False
    takes_name = bool(config.get("populate_by_name") or config.get("validate_by_name")) or not takes_alias
    keys: list[str] = []
    if takes_alias and isinstance(alias, str):
        keys = [alias] if alias != name else []
    elif takes_alias and isinstance(alias, AliasChoices):
        keys = [choice for choice in alias.choices if isinstance(choice, str)]
    declared = [(key, False) for key in keys]
    return [*declared, (name, True)] if not keys or (takes_name and name not in keys) else declared


def _iter_paths(info: FieldInfo) -> Iterator[AliasPath]:
    """The aliases that lead into values; what they lead into is left as it was sent."""
    alias = info.validation_alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    return (choice for choice in choices if isinstance(choice, AliasPath))


def literal_name(key: str, is_own_name: bool) -> str:
    """A name in a query, a cookie or a form: the key itself."""
    return key


def header_name(key: str, is_own_name: bool) -> str:
    """A header's name, as ASGI sends it; a field's own name has dashes for underscores."""
    return (key.replace("_", "-") if is_own_name else key).lower()


def literal_header_name(key: str, is_own_name: bool) -> str:
    """A header's name where underscores are kept."""
    return key.lower()


class ModelReader(Reader):
    """Reads a parameter model (`filters: Annotated[Filters, Query()]`).

    An optional one is absent when nothing was sent that is its business; any other is validated in any case, and its
    fields' defaults are its own.
    """

    __slots__ = ("_converted", "_is_nullable", "_shape")

    def __init__(self, parameter: Parameter, choose: Callable[[Any], Pick]) -> None:
        super().__init__(parameter, take_as_is)
        declared = self.field.declared_type
        model = self.field.models[0]
        info = self.field.field_info
        is_converting = isinstance(info, params.Header) and info.convert_underscores
        self._converted = _converted_names(model) if is_converting else {}
        if parameter.source == "header":
            self._shape = ModelShape(model, choose, header_name if is_converting else literal_header_name)
        else:
            self._shape = ModelShape(model, choose, literal_name)
        self._is_nullable = is_nullable(declared)

    @property
    def is_plain(self) -> bool:
        return False

    def find(self, sent: Sent) -> tuple[Any, str]:
        if self._is_nullable and not self._shape.is_addressed_by(sent):
            return UNSET, self.field.name
        return self._shape.arrange(sent), self.field.name

    def location(self, name: str) -> tuple[str | int, ...]:
        return (self.source,)

    def explain(self, error: KeyError | ValidationError, sent: Sent) -> list[dict[str, Any]]:
        errors = super().explain(error, sent)
        for item in errors if self._converted else ():
            source, *inner = item["loc"]
            if inner and inner[0] in self._converted:
                item["loc"] = (source, self._converted[inner[0]], *inner[1:])
        return errors


def _converted_names(model: type[BaseModel]) -> dict[str, str]:
    """How errors name the fields of a header model: as the headers that were read, if the model wants aliases there."""
    if model.model_config.get("loc_by_alias") is False:
        return {}
    config = model.model_config
    return {
        name: name.replace("_", "-")
        for name, info in model.model_fields.items()
        if (name, True) in model_keys(name, info, config)
    }


class UnionReader(Reader):
    """Reads one of several models from a form's fields.

    Which one it is, pydantic decides; what was sent is arranged for each model just before that model sees it, so that
    discriminators, and validators around the union, see it as it was sent.
    """

    __slots__ = ("_is_nullable", "_shapes")

    def __init__(self, parameter: Parameter, choose: Callable[[Any], Pick]) -> None:
        super().__init__(parameter, take_as_is)
        declared = self.field.declared_type
        self._shapes = {model: ModelShape(model, choose, literal_name) for model in self.field.models}
        self._is_nullable = is_nullable(declared)
        self._validate = SchemaValidator(_arranging(self.field.adapter.core_schema, self._shapes)).validate_python

    @property
    def is_plain(self) -> bool:
        return False

    def find(self, sent: Sent) -> tuple[Any, str]:
        if self._is_nullable and not any(shape.is_addressed_by(sent) for shape in self._shapes.values()):
            return UNSET, self.field.name
        return dict(sent), self.field.name

    def location(self, name: str) -> tuple[str | int, ...]:
        return (self.source,)


def _arranging(schema: CoreSchema, shapes: dict[type[BaseModel], ModelShape]) -> CoreSchema:
    """A union's schema in which each model is given what was sent, arranged for it."""
    if schema["type"] != "definitions":
        return cast(CoreSchema, _arrange_branches(schema, shapes, {}))
    definitions = {item["ref"]: item for item in schema["definitions"]}
    return {**schema, "schema": _arrange_branches(schema["schema"], shapes, definitions)}


def _arrange_branches(schema: Any, shapes: dict[type[BaseModel], ModelShape], definitions: dict[str, Any]) -> Any:
    def inside(inner: Any) -> Any:
        return _arrange_branches(inner, shapes, definitions)

    kind = schema["type"]
    model = _model_of(schema, definitions)
    if model in shapes:
        return core_schema.no_info_before_validator_function(_arranger(shapes[model]), schema)
    if kind == "union":
        return {**schema, "choices": [(inside(inner), label) for inner, label in _labelled(schema, definitions)]}
    if kind == "tagged-union":
        return {**schema, "choices": {tag: inside(inner) for tag, inner in schema["choices"].items()}}
    return {**schema, "schema": inside(schema["schema"])} if "schema" in schema and kind != "model" else schema


def _labelled(schema: Any, definitions: dict[str, Any]) -> list[tuple[Any, str]]:
    """A union's choices with the labels that pydantic gives them in errors, which wrapping must not change."""
    choices = [choice if isinstance(choice, tuple) else (choice, "") for choice in schema["choices"]]
    return [(inner, label or _label(inner, definitions)) for inner, label in choices]


def _label(schema: Any, definitions: dict[str, Any]) -> str:
    return SchemaValidator(core_schema.definitions_schema(schema, list(definitions.values()))).title


def _model_of(schema: Any, definitions: dict[str, Any]) -> type[BaseModel] | None:
    if schema["type"] == "definition-ref":
        schema = definitions.get(schema["schema_ref"], schema)
    cls: type[BaseModel] | None = schema.get("cls") if schema["type"] == "model" else None
    return cls


def _arranger(shape: ModelShape) -> Callable[[Any], Any]:
    def arrange(sent: Any) -> Any:
        return shape.arrange(sent) if isinstance(sent, dict) else sent

    return arrange


def make_reader(parameter: Parameter) -> Reader:
    """The reader of a parameter outside of the body: one value, one sequence, or a model."""
    choose = partial(choose_pick, parameter.source)
    if parameter.field.models:
        return ModelReader(parameter, choose)
    return Reader(parameter, choose(parameter.field.declared_type))
