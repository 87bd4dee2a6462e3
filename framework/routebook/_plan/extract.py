"""Find parameters' values in a request: which names they may have, and how often they were sent.

Generated code reads the plain ones itself (one name, one value); the rest, and every error, goes through a `Reader`.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from pydantic import AliasChoices, AliasPath, BaseModel, ValidationError
from pydantic.fields import FieldInfo
from starlette.requests import cookie_parser
from starlette.types import Scope

from routebook import params
from routebook._analysis.dependant import Parameter, Source
from routebook._analysis.fields import ModelField, located_errors, missing_error
from routebook._analysis.shapes import is_nullable, is_sequence, models_of
from routebook._sentinel import UNSET

Values = Mapping[str, list[Any]]
"""Everything sent from one source: each name's values, in order."""

Path = tuple[str | int, ...]


def query_values(query_string: bytes) -> dict[str, str]:
    """The last value of each query parameter (WHATWG URL, application/x-www-form-urlencoded parsing)."""
    if not query_string:
        return {}
    return dict(query_pairs(query_string))


def query_pairs(query_string: bytes) -> list[tuple[str, str]]:
    """Every query parameter in order; blank values count."""
    text = query_string.decode("latin-1")
    if "%" in text or "+" in text or not text.isascii():
        return parse_qsl(text, keep_blank_values=True)
    return [(name, value) for part in text.split("&") if part for name, _, value in (part.partition("="),)]


def header_values(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """The first value of each header, names in lower case as ASGI sends them."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(headers)}


def cookie_values(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """The cookies of a request (RFC 6265 §5.4), as Starlette reads them."""
    cookies: dict[str, str] = {}
    for name, value in headers:
        if name == b"cookie":
            cookies.update(cookie_parser(value.decode("latin-1")))
    return cookies


def group(pairs: list[tuple[str, Any]]) -> dict[str, list[Any]]:
    """Each name's values, in order."""
    values: dict[str, list[Any]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values


def source_values(source: Source, scope: Scope) -> Values:
    """Everything that a request sent from one source."""
    if source == "query":
        return group(query_pairs(scope.get("query_string", b"")))
    if source == "header":
        return group([(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]])
    if source == "cookie":
        return {name: [value] for name, value in cookie_values(scope["headers"]).items()}
    return {name: [value] for name, value in scope.get("path_params", {}).items()}


class Reader:
    """Reads one parameter: finds it among the values sent, validates it or takes its default."""

    __slots__ = ("_takes_all", "field", "names", "source")

    def __init__(self, parameter: Parameter) -> None:
        self.field: ModelField = parameter.field
        self.source = parameter.error_source
        self.names = request_names(self.field)
        self._takes_all = is_sequence(self.field.annotation)

    @property
    def is_plain(self) -> bool:
        """Whether it is one value under one name, so that generated code can read it inline."""
        return not self._takes_all and len(self.names) == 1 and len(self.names[0]) == 1

    def find(self, values: Values) -> tuple[Any, Path]:
        """The value as sent, `UNSET` if it was not, and its location."""
        for name, *inner in self.names:
            sent = values.get(str(name))
            if sent is not None:
                return _follow(self._choose(sent, inner), inner), (self.source, str(name), *inner)
        return UNSET, (self.source, str(self.names[0][0]))

    def _choose(self, sent: list[Any], inner: list[str | int]) -> Any:
        if self._takes_all or inner:
            return sent
        return sent[0] if self.source == "header" else sent[-1]

    def read(self, values: Values) -> Any:
        """The parameter's value.

        Raises:
            KeyError: It is required and was not sent.
            ValidationError: What was sent does not pass.
        """
        sent, loc = self.find(values)
        if sent is not UNSET:
            return self.field.validate_value(sent)
        if self.field.is_required:
            raise KeyError(loc)
        return self.field.make_default()

    def errors(self, values: Values) -> list[dict[str, Any]]:
        """Why `read` raised, as error items of a 422; empty if it would not raise."""
        sent, loc = self.find(values)
        if sent is not UNSET:
            return self.field.validate(sent, loc)[1]
        if self.field.is_required:
            return [missing_error(loc)]
        return []


class ModelReader(Reader):
    """Reads a model whose fields are parameters of one source (`filters: Annotated[Filters, Query()]`)."""

    __slots__ = ("_forbids_extra", "_keeps_extra", "_shapes", "is_optional")

    def __init__(self, parameter: Parameter) -> None:
        super().__init__(parameter)
        models = models_of(self.field.annotation)
        converts = getattr(self.field.field_info, "convert_underscores", False) and parameter.source == "header"
        self._shapes = [shape for model in models for shape in model_shapes(model, converts_underscores=converts)]
        extras = {model.model_config.get("extra") for model in models}
        self._keeps_extra = bool(extras & {"allow", "forbid"})
        self.is_optional = is_nullable(self.field.annotation) or not self.field.is_required

    @property
    def is_plain(self) -> bool:
        return False

    def find(self, values: Values) -> tuple[Any, Path]:
        found: dict[str, Any] = {}
        taken: set[str] = set()
        for shape in self._shapes:
            for name, key in shape.names:
                if name in values and key not in found:
                    found[key] = shape.pick(values[name])
                    taken.add(name)
                    break
        if self._keeps_extra:
            for name, sent in values.items():
                if name not in taken and name not in found:
                    found[name] = sent if len(sent) > 1 else sent[0]
        if not found and self.is_optional:
            return UNSET, (self.source,)
        return found, (self.source,)


class Shape:
    """How one field of a parameter model is sent: its names, and whether several values are kept."""

    __slots__ = ("_takes_all", "names")

    def __init__(self, names: list[tuple[str, str]], annotation: Any) -> None:
        self.names = names  # (name in the request, key that the model understands)
        self._takes_all = is_sequence(annotation)

    def pick(self, sent: list[Any]) -> Any:
        return sent if self._takes_all else sent[-1]


def model_shapes(model: type[BaseModel], *, converts_underscores: bool) -> list[Shape]:
    """The shapes of a model's fields."""
    return [
        Shape(
            [(request_name(key, info, converts_underscores=converts_underscores), key) for key in model_keys(name, info, model)],
            info.annotation,
        )
        for name, info in model.model_fields.items()
    ]


def model_keys(name: str, info: FieldInfo, model: type[BaseModel]) -> list[str]:
    """The keys under which a model takes a field, the preferred one first."""
    alias = info.validation_alias
    if isinstance(alias, str):
        keys = [alias]
    elif isinstance(alias, AliasChoices):
        keys = [str(choice if isinstance(choice, str) else choice.path[0]) for choice in alias.choices]
    elif isinstance(alias, AliasPath):
        keys = [str(alias.path[0])]
    else:
        keys = [info.alias or name]
    config = model.model_config
    if (config.get("populate_by_name") or config.get("validate_by_name")) and name not in keys:
        keys.append(name)
    return keys


def request_name(key: str, info: FieldInfo, *, converts_underscores: bool) -> str:
    """A field's name in the request; headers are case-insensitive and have dashes for underscores."""
    if converts_underscores and info.alias is None and info.validation_alias is None:
        return key.replace("_", "-").lower()
    return key


def request_names(field: ModelField) -> tuple[Path, ...]:
    """The names that a parameter may be sent under, the preferred one first, each a path into the values."""
    info = field.field_info
    alias = info.validation_alias
    if isinstance(alias, AliasChoices):
        return tuple((choice,) if isinstance(choice, str) else tuple(choice.path) for choice in alias.choices)
    if isinstance(alias, AliasPath):
        return (tuple(alias.path),)
    if isinstance(info, params.Header):
        name = field.alias
        if info.convert_underscores and not info.alias and not alias:
            name = name.replace("_", "-")
        return ((name.lower(),),)
    return ((field.alias,),)


def make_reader(parameter: Parameter) -> Reader:
    """The reader that fits a parameter's type."""
    return ModelReader(parameter) if models_of(parameter.field.annotation) else Reader(parameter)


def _follow(value: Any, path: list[str | int]) -> Any:
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return UNSET
    return value


def read_errors(reader: Reader, values: Values) -> list[dict[str, Any]]:
    """`reader.errors`, with the errors of validating a default too."""
    try:
        return reader.errors(values) or (reader.read(values), [])[1]
    except ValidationError as error:
        return located_errors(error, reader.find(values)[1])
