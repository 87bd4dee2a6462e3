"""Mistakes that the analysed operation shows: what the framework understood, not how it was written."""

import inspect
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from routebook_kernel.registry.rules.base import CREDENTIALS, DiagnosticRule
from routebook_kernel.registry.rules.served import Served, name_of
from routebook_kernel.registry.run_report import as_code

_NOT_IN_OPENAPI = frozenset({"authorization", "accept", "content-type"})


def _declares_what_openapi_ignores(served: Served) -> Iterator[str]:
    """Spec: OpenAPI 3.1.0, Parameter Object: header parameters of these names are ignored."""
    for parameter in served.dependant.iter_parameters("header"):
        fields = getattr(parameter.field.field_info.annotation, "model_fields", None)
        for name in parameter.names if fields is None else (field.replace("_", "-") for field in fields):
            if name.lower() in _NOT_IN_OPENAPI and getattr(parameter.field.field_info, "include_in_schema", True):
                way_out = "HTTPBearer()` or another security scheme" if name.lower() == "authorization" else "Request`"
                yield (
                    f"the header `{name}` of `{served.function}` is left out by documentation pages and generated "
                    f"clients: use `{way_out}"
                )


def _mixes_json_with_forms(served: Served) -> Iterator[str]:
    """One request has one content type."""
    forms = list(served.dependant.iter_parameters("form", "file"))
    bodies = list(served.dependant.iter_parameters("body"))
    if forms and bodies:
        form, body = forms[0].name, bodies[0].name
        yield (
            f"`{served.function}` takes `{form}` from a form and `{body}` as JSON, and a request has one of them: "
            f"declare `{body}` with `Form()` too, a model as `Annotated[Json[Model], Form()]`"
        )


def _reads_a_file_whole(served: Served) -> Iterator[str]:
    for parameter in served.dependant.iter_parameters("file"):
        if parameter.field.field_info.annotation in (bytes, bytes | None, list[bytes]):
            yield (
                f"`{parameter.name}` of `{served.function}` is read into memory whole, whatever its size: take an "
                "`UploadFile` and read it in parts"
            )


def _depends_on_a_model(served: Served) -> Iterator[str]:
    """`Depends(Model)` reads the model's constructor as a signature: lists and models in it become bodies."""
    for node in served.dependant.iter_tree():
        bodies = [parameter.name for parameter in node.parameters if parameter.source == "body"]
        if isinstance(node.call, type) and issubclass(node.call, BaseModel) and bodies and node.name:
            name = node.call.__name__
            yield (
                f"`{node.name}: {name} = Depends()` reads {', '.join(map(as_code, bodies))} from the body: write "
                f"`{node.name}: Annotated[{name}, Query()]`"
            )


def _depends_on_a_context_manager(served: Served) -> Iterator[str]:
    for node in served.dependant.iter_tree():
        inner = getattr(node.call, "__wrapped__", None)
        is_wrapped = inspect.isgeneratorfunction(inner) or inspect.isasyncgenfunction(inner)
        if is_wrapped and not (inspect.isgeneratorfunction(node.call) or inspect.isasyncgenfunction(node.call)):
            decorator = "asynccontextmanager" if inspect.isasyncgenfunction(inner) else "contextmanager"
            name = getattr(node.call, "__name__", "it")
            yield (
                f"`{name}` gives a context manager that nobody enters: take `@{decorator}` off, a dependency with "
                "`yield` is one by itself"
            )


def _takes_one_dependency_twice(served: Served) -> Iterator[str]:
    """A dependency runs once a request; who asks for it twice by name may want two."""
    for node in served.dependant.iter_tree():
        first: dict[Any, str] = {}
        for dependency in node.dependencies:
            if dependency.name is None or not dependency.use_cache:
                continue
            other = first.setdefault(dependency.cache_key, dependency.name)
            if other != dependency.name:
                name = name_of(dependency.call)
                yield (
                    f"`{other}` and `{dependency.name}` are one result: `{name}` runs once a request; for two, write "
                    f"`Depends({name}, use_cache=False)`"
                )


def _answers_with_a_secret(served: Served) -> Iterator[str]:
    for path, field in _iter_fields(served.response):
        name = path.rpartition(".")[2]
        if name.lower() in CREDENTIALS and field.exclude is not True and not _hides_itself(field.annotation):
            told = _model_in(served.response).__name__
            yield (
                f"`{served.function}` answers with `{path}` of `{told}`: promise a model without it, "
                f"`-> {_public_name(told)}`"
            )


def _public_name(name: str) -> str:
    return f"{name.removesuffix('In').removesuffix('Create')}Out" if name.isidentifier() else "UserOut"


def _hides_itself(annotation: Any) -> bool:
    return any("Secret" in getattr(kind, "__name__", "") for kind in (annotation, *get_args(annotation)))


def _answers_decimals_as_texts(served: Served) -> Iterator[str]:
    for path, field in _iter_fields(served.response):
        if _holds_decimals(field.annotation) and not _has_serializer(served.response, path, field):
            verb = "is a" if field.annotation in (Decimal, Decimal | None) else "holds a"
            yield (
                f'`{path}` {verb} `Decimal`, which JSON gets as a text (`"1.10"`): for a number write '
                f"`{path.rpartition('.')[2]}: Annotated[Decimal, PlainSerializer(float)]`"
            )
    if _model_in(served.response) is None and _holds_decimals(served.response):
        yield (
            f'`{served.function}` promises a `Decimal`, which JSON gets as a text (`"1.10"`): for a number promise '
            "`Annotated[Decimal, PlainSerializer(float)]`"
        )


def _holds_decimals(annotation: Any) -> bool:
    if any("Serializer" in type(item).__name__ for item in getattr(annotation, "__metadata__", ())):
        return False
    return annotation is Decimal or any(map(_holds_decimals, get_args(annotation)))


def _has_serializer(model: Any, path: str, field: Any) -> bool:
    if any("Serializer" in type(item).__name__ or "Ser" in type(item).__name__ for item in field.metadata):
        return True
    decorators = getattr(_model_in(model), "__pydantic_decorators__", None)
    return bool(decorators and decorators.field_serializers)


def _model_in(annotation: Any) -> Any:
    """The model that a type is, or is a list or a choice of."""
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return annotation if issubclass(annotation, BaseModel) else None
    return next(filter(None, map(_model_in, get_args(annotation))), None)


def _iter_fields(annotation: Any, prefix: str = "", depth: int = 3) -> Iterator[tuple[str, Any]]:
    """The fields of a model and of the models in it, each with its path."""
    model = _model_in(annotation)
    if model is None or not depth:
        return
    for name, field in model.model_fields.items():
        yield f"{prefix}{name}", field
        yield from _iter_fields(field.annotation, f"{prefix}{name}.", depth - 1)


RULES: Sequence[DiagnosticRule[Served]] = (
    DiagnosticRule("not documented", "note", _declares_what_openapi_ignores),
    DiagnosticRule("two content types", "warn", _mixes_json_with_forms),
    DiagnosticRule("in memory", "note", _reads_a_file_whole),
    DiagnosticRule("in the body", "warn", _depends_on_a_model),
    DiagnosticRule("not entered", "warn", _depends_on_a_context_manager),
    DiagnosticRule("runs once", "note", _takes_one_dependency_twice),
    DiagnosticRule("leaks", "warn", _answers_with_a_secret),
    DiagnosticRule("text", "note", _answers_decimals_as_texts),
)
