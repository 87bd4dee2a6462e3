"""Mistakes in an operation as the framework analysed it, however it was written."""

import inspect
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from routebook_kernel.registry.rules.base import CREDENTIALS, DiagnosticRule
from routebook_kernel.registry.rules.operation_subjects import OperationSubject, callable_name
from routebook_kernel.registry.run_report import as_code

_NOT_IN_OPENAPI = frozenset({"authorization", "accept", "content-type"})


def _find_ignored_headers(operation: OperationSubject) -> Iterator[str]:
    """Find header parameters that documentation pages and generated clients leave out.

    Spec: OpenAPI 3.1.0, Parameter Object: header parameters of these names are ignored.
    """
    for parameter in operation.dependant.iter_parameters("header"):
        fields = getattr(parameter.field.field_info.annotation, "model_fields", None)
        for name in parameter.names if fields is None else (field.replace("_", "-") for field in fields):
            if name.lower() in _NOT_IN_OPENAPI and getattr(parameter.field.field_info, "include_in_schema", True):
                fix = "HTTPBearer()` or another security scheme" if name.lower() == "authorization" else "Request`"
                yield (
                    f"the header `{name}` of `{operation.function}` is left out by documentation pages and generated "
                    f"clients: use `{fix}"
                )


def _find_mixed_content_types(operation: OperationSubject) -> Iterator[str]:
    """Find operations that read both a form and JSON. A request has a single content type."""
    forms = list(operation.dependant.iter_parameters("form", "file"))
    bodies = list(operation.dependant.iter_parameters("body"))
    if forms and bodies:
        form, body = forms[0].name, bodies[0].name
        yield (
            f"`{operation.function}` takes `{form}` from a form and `{body}` as JSON, and a request has one of them: "
            f"declare `{body}` with `Form()` too, a model as `Annotated[Json[Model], Form()]`"
        )


def _find_whole_file_reads(operation: OperationSubject) -> Iterator[str]:
    for parameter in operation.dependant.iter_parameters("file"):
        if parameter.field.field_info.annotation in (bytes, bytes | None, list[bytes]):
            yield (
                f"`{parameter.name}` of `{operation.function}` is read into memory whole, whatever its size: take an "
                "`UploadFile` and read it in parts"
            )


def _find_model_dependencies(operation: OperationSubject) -> Iterator[str]:
    """Find `Depends(Model)`, which reads the model's constructor, so that its lists and models come from the body."""
    for node in operation.dependant.iter_tree():
        bodies = [parameter.name for parameter in node.parameters if parameter.source == "body"]
        if isinstance(node.call, type) and issubclass(node.call, BaseModel) and bodies and node.name:
            name = node.call.__name__
            yield (
                f"`{node.name}: {name} = Depends()` reads {', '.join(map(as_code, bodies))} from the body: write "
                f"`{node.name}: Annotated[{name}, Query()]`"
            )


def _find_context_manager_dependencies(operation: OperationSubject) -> Iterator[str]:
    for node in operation.dependant.iter_tree():
        inner = getattr(node.call, "__wrapped__", None)
        is_wrapped = inspect.isgeneratorfunction(inner) or inspect.isasyncgenfunction(inner)
        if is_wrapped and not (inspect.isgeneratorfunction(node.call) or inspect.isasyncgenfunction(node.call)):
            decorator = "asynccontextmanager" if inspect.isasyncgenfunction(inner) else "contextmanager"
            name = getattr(node.call, "__name__", "it")
            yield (
                f"`{name}` gives a context manager that nobody enters: take `@{decorator}` off, a dependency with "
                "`yield` is one by itself"
            )


def _find_duplicate_dependencies(operation: OperationSubject) -> Iterator[str]:
    """Find two parameters with one dependency. It runs once per request, but two results may be meant."""
    for node in operation.dependant.iter_tree():
        first: dict[Any, str] = {}
        for dependency in node.dependencies:
            if dependency.name is None or not dependency.use_cache:
                continue
            other = first.setdefault(dependency.cache_key, dependency.name)
            if other != dependency.name:
                name = callable_name(dependency.call)
                yield (
                    f"`{other}` and `{dependency.name}` are one result: `{name}` runs once a request; for two, write "
                    f"`Depends({name}, use_cache=False)`"
                )


def _find_returned_secrets(operation: OperationSubject) -> Iterator[str]:
    for path, field in _iter_fields(operation.response_type):
        name = path.rpartition(".")[2]
        if name.lower() in CREDENTIALS and field.exclude is not True and not _is_secret_type(field.annotation):
            model_name = _find_model(operation.response_type).__name__
            yield (
                f"`{operation.function}` answers with `{path}` of `{model_name}`: promise a model without it, "
                f"`-> {_public_name(model_name)}`"
            )


def _public_name(name: str) -> str:
    return f"{name.removesuffix('In').removesuffix('Create')}Out" if name.isidentifier() else "UserOut"


def _is_secret_type(annotation: Any) -> bool:
    return any("Secret" in getattr(kind, "__name__", "") for kind in (annotation, *get_args(annotation)))


def _find_decimal_strings(operation: OperationSubject) -> Iterator[str]:
    for path, field in _iter_fields(operation.response_type):
        if _has_decimals(field.annotation) and not _has_serializer(operation.response_type, path, field):
            verb = "is a" if field.annotation in (Decimal, Decimal | None) else "holds a"
            yield (
                f'`{path}` {verb} `Decimal`, which JSON gets as a text (`"1.10"`): for a number write '
                f"`{path.rpartition('.')[2]}: Annotated[Decimal, PlainSerializer(float)]`"
            )
    if _find_model(operation.response_type) is None and _has_decimals(operation.response_type):
        yield (
            f'`{operation.function}` promises a `Decimal`, which JSON gets as a text (`"1.10"`): for a number promise '
            "`Annotated[Decimal, PlainSerializer(float)]`"
        )


def _has_decimals(annotation: Any) -> bool:
    if any("Serializer" in type(item).__name__ for item in getattr(annotation, "__metadata__", ())):
        return False
    return annotation is Decimal or any(map(_has_decimals, get_args(annotation)))


def _has_serializer(model: Any, path: str, field: Any) -> bool:
    if any("Serializer" in type(item).__name__ or "Ser" in type(item).__name__ for item in field.metadata):
        return True
    decorators = getattr(_find_model(model), "__pydantic_decorators__", None)
    return bool(decorators and decorators.field_serializers)


def _find_model(annotation: Any) -> Any:
    """Return the model that a type is, or that a list or a choice contains."""
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return annotation if issubclass(annotation, BaseModel) else None
    return next(filter(None, map(_find_model, get_args(annotation))), None)


def _iter_fields(annotation: Any, prefix: str = "", depth: int = 3) -> Iterator[tuple[str, Any]]:
    """Yield the fields of a model and of the models in it, each with its path."""
    model = _find_model(annotation)
    if model is None or not depth:
        return
    for name, field in model.model_fields.items():
        yield f"{prefix}{name}", field
        yield from _iter_fields(field.annotation, f"{prefix}{name}.", depth - 1)


RULES: Sequence[DiagnosticRule[OperationSubject]] = (
    DiagnosticRule("not documented", "note", _find_ignored_headers),
    DiagnosticRule("two content types", "warn", _find_mixed_content_types),
    DiagnosticRule("in memory", "note", _find_whole_file_reads),
    DiagnosticRule("in the body", "warn", _find_model_dependencies),
    DiagnosticRule("not entered", "warn", _find_context_manager_dependencies),
    DiagnosticRule("runs once", "note", _find_duplicate_dependencies),
    DiagnosticRule("leaks", "warn", _find_returned_secrets),
    DiagnosticRule("text", "note", _find_decimal_strings),
)
