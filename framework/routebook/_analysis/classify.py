"""From one parameter of a signature to its declaration: which source it comes from, with which constraints.

The rules, first match wins: a dependency; an object that the framework makes; a name of the path; what a marker
(`Query()`, `Body()` …) says; an upload; a scalar is a query parameter; anything else is the body.
"""

import copy
import typing
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from starlette.background import BackgroundTasks
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from routebook import params
from routebook._analysis.callables import callable_name, locate_callable
from routebook._analysis.dependant import Injected, InjectedKind, Parameter, Source
from routebook._analysis.fields import ModelField, annotated
from routebook._analysis.multipart import check_multipart
from routebook._analysis.shapes import (
    is_scalar_sequence,
    is_structure,
    is_upload,
    is_upload_sequence,
    models_of,
    split_annotated,
)
from routebook._analysis.signature import EMPTY, SignatureParameter, resolve_alias
from routebook._security import SecurityScopes
from routebook.exceptions import DeclarationError

_INJECTED: tuple[tuple[type, InjectedKind], ...] = (
    (Request, "request"),
    (WebSocket, "websocket"),
    (HTTPConnection, "connection"),
    (Response, "response"),
    (BackgroundTasks, "background_tasks"),
    (SecurityScopes, "security_scopes"),
)

_SOURCES: tuple[tuple[type[FieldInfo], Source], ...] = (
    (params.File, "file"),
    (params.Form, "form"),
    (params.Body, "body"),
    (params.Path, "path"),
    (params.Header, "header"),
    (params.Cookie, "cookie"),
    (params.Param, "query"),
)

_MARKERS = (params.Param, params.Body, params.Depends)
_FIELD_ATTRIBUTES = frozenset(FieldInfo.__slots__)


@dataclass(frozen=True, slots=True)
class DependencyParameter:
    """A parameter that takes a dependency's result."""

    name: str
    depends: params.Depends


@dataclass(frozen=True, slots=True)
class _Declaration:
    """A parameter as written, taken apart."""

    name: str
    annotation: Any
    spelled: Any  # the same, or the alias (PEP 695) whose name the document keeps
    metadata: tuple[Any, ...]
    default: Any
    is_in_path: bool
    call: Callable[..., Any]

    @property
    def infos(self) -> list[FieldInfo]:
        return [item for item in self.metadata if isinstance(item, FieldInfo)]

    @property
    def type(self) -> Any:
        """The type with what pydantic knows of it, where that decides how it is sent (`Json`)."""
        return annotated(self.spelled, [item for item in self.metadata if not isinstance(item, FieldInfo)])

    @property
    def markers(self) -> list[params.Param | params.Body]:
        return [item for item in self.metadata if isinstance(item, params.Param | params.Body)]

    def error(self, message: str) -> DeclarationError:
        return DeclarationError(message, location=locate_callable(self.call))


def classify_parameter(
    parameter: SignatureParameter, *, call: Callable[..., Any], path_names: Collection[str]
) -> Parameter | Injected | DependencyParameter:
    """Decide what a parameter is.

    Raises:
        DeclarationError: The declaration contradicts itself or has an unsupported type.
        RoutebookError: It is a form, and python-multipart is not installed.
    """
    annotation, metadata = split_annotated(Any if parameter.annotation is EMPTY else parameter.annotation)
    spelled, metadata = _keep_alias(parameter.annotation, annotation, metadata)
    if isinstance(parameter.default, params.Param | params.Body):
        metadata = _only_markers(metadata)
    name = parameter.name
    written = _Declaration(name, annotation, spelled, metadata, parameter.default, name in path_names, call)
    depends = _find_depends(written)
    if depends is not None:
        return DependencyParameter(name, depends)
    for cls, kind in _INJECTED:
        if isinstance(annotation, type) and issubclass(annotation, cls):
            _check_injected(written)
            return Injected(name, kind)
    info = _declared_info(written)
    source = next(source for cls, source in _SOURCES if isinstance(info, cls))
    _check_source(written, info, source)
    if source in ("form", "file"):
        check_multipart(locate_callable(call))
    try:
        return Parameter(source, ModelField(name, info))
    except DeclarationError as error:
        if isinstance(annotation, FieldInfo | params.Depends):
            marker = type(annotation).__name__
            raise written.error(
                f"`{marker}(…)` stands in the place of the type of {name!r} of {callable_name(call)}: the type comes "
                f"first, `{name}: Annotated[int, {marker}(…)]`."
            ) from error
        where = f"{error} It is the type of {name!r} of {callable_name(call)}"
        if not isinstance(annotation, type):
            raise written.error(f"{where}.") from error
        told = f"`{name}: Annotated[{annotation.__name__}, Depends(…)]`"
        raise written.error(f"{where}; a dependency is written {told}.") from error


def _keep_alias(written: Any, annotation: Any, metadata: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    """The type to validate and its metadata: an alias inside `Annotated` stays whole if it declares no parameter."""
    if typing.get_origin(written) is not Annotated:
        return annotation, metadata
    alias, *own = typing.get_args(written)
    inner = metadata[: len(metadata) - len(own)]
    if resolve_alias(alias) is alias or any(isinstance(item, _MARKERS) for item in inner):
        return annotation, metadata
    return alias, tuple(own)


def _only_markers(metadata: tuple[Any, ...]) -> tuple[Any, ...]:
    """What counts of a type's metadata beside a marker that is the default, which declares the parameter alone."""
    return tuple(item for item in metadata if isinstance(item, _MARKERS))


def _find_depends(written: _Declaration) -> params.Depends | None:
    annotated = [item for item in written.metadata if isinstance(item, params.Depends)]
    default = written.default if isinstance(written.default, params.Depends) else None
    if default is not None and annotated:
        raise written.error(
            f"Cannot specify `Depends` in `Annotated` and default value together for {written.name!r}: keep one."
        )
    if default is not None and written.markers:
        raise written.error(
            "Cannot specify a FastAPI annotation in `Annotated` and `Depends` as a default value together for "
            f"{written.name!r}: keep one."
        )
    depends = annotated[-1] if annotated else default
    if depends is not None and depends.dependency is None:
        return replace(depends, dependency=written.annotation)  # `Depends()` alone depends on the parameter's type
    return depends


def _check_injected(written: _Declaration) -> None:
    if written.infos or isinstance(written.default, FieldInfo):
        raise written.error(
            f"Cannot specify a marker for {written.name!r}: its type, {written.annotation.__name__}, is given by the "
            "framework, not by the request. Take the marker out."
        )


def _declared_info(written: _Declaration) -> FieldInfo:
    """One declaration of ours from the marker, pydantic's `Field()`s and the default."""
    infos, default = written.infos, written.default
    if isinstance(default, FieldInfo):
        if written.markers and isinstance(default, params.Param | params.Body):
            raise written.error(
                f"Cannot specify markers in `Annotated` and default value together for {written.name!r}: keep one."
            )
        infos, default = [*infos, default], EMPTY
    elif not written.is_in_path and any(not _is_absent(marker.default) for marker in written.markers):
        raise written.error(
            f"`{type(written.markers[-1]).__name__}` default value cannot be set in `Annotated` for "
            f"{written.name!r}. Set the default value with `=` instead."
        )
    info = _merge(infos, _class_of(written, infos))
    info.metadata = [*(item for item in written.metadata if not isinstance(item, FieldInfo)), *info.metadata]
    info.annotation = written.spelled
    if written.is_in_path:
        info.default, info.default_factory = PydanticUndefined, None
    elif default is not EMPTY:
        info.default, info.default_factory = default, None
    return info


def _is_absent(default: Any) -> bool:
    return default is PydanticUndefined or default is Ellipsis


def _class_of(written: _Declaration, infos: list[FieldInfo]) -> type[FieldInfo]:
    """Which of our classes declares the parameter: the last marker's, else what the type tells."""
    for info in reversed(infos):
        if isinstance(info, params.Param | params.Body):
            return type(info)
    if written.is_in_path:
        return params.Path
    if is_upload(written.annotation) or is_upload_sequence(written.annotation):
        return params.File
    return params.Body if is_structure(written.annotation) else params.Query


def _merge(infos: list[FieldInfo], cls: type[FieldInfo]) -> FieldInfo:
    """Lay declarations over each other: what the later one was given wins, constraints add up."""
    marker = next((info for info in reversed(infos) if type(info) is cls), None) or cls()
    merged = copy.copy(marker)
    layers = [*(info for info in infos if info is not marker), marker]
    merged.metadata = [item for info in layers for item in info.metadata]
    if len(layers) == 1:
        return merged
    given: dict[str, Any] = {}
    for info in layers:
        extra = info._attributes_set.get("json_schema_extra")
        if isinstance(extra, dict) and isinstance(given.get("json_schema_extra"), dict):
            extra = {**given["json_schema_extra"], **extra}
        given.update(info._attributes_set)
        if extra is not None:
            given["json_schema_extra"] = extra
    for name in given.keys() & _FIELD_ATTRIBUTES:
        setattr(merged, name, given[name])
    merged._attributes_set = given
    return merged


def _check_source(written: _Declaration, info: FieldInfo, source: Source) -> None:
    name, annotation = written.name, written.type
    if written.is_in_path and source != "path":
        raise written.error(
            f"Cannot use `{type(info).__name__}` for path param {name!r}: the path names it. "
            "Use `Path`, or take the name out of the path."
        )
    if not is_structure(annotation) or source in ("body", "form", "file"):
        return
    if source == "path":
        raise written.error(
            f"Path params must be of one of the supported types: {name!r} of {callable_name(written.call)} is not a "
            "single value. Take a str, int, float, bool, UUID, date or Enum; send structures in the body."
        )
    models = models_of(annotation)
    # in a header or cookie a structure is one text, for a validator of its own to take apart
    if len(models) > 1 or (source == "query" and not models and not is_scalar_sequence(annotation)):
        raise written.error(
            f"{type(info).__name__} parameter {name!r} must be one of the supported types: "
            "a single value, a list of single values, or a model of such."
        )
