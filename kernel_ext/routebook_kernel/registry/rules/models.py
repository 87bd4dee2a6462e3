"""Mistakes in pydantic models, and in code written for pydantic 1."""

import ast
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from routebook_kernel.registry.rules.base import CREDENTIALS, DiagnosticRule, refuses_none
from routebook_kernel.registry.rules.results import promise_of, results_of
from routebook_kernel.registry.rules.subjects import (
    Cell,
    Function,
    Model,
    admits_none,
    called,
    dotted,
    keyword,
)
from routebook_kernel.registry.run_report import as_code


def _is_optional_without_default(model: Model) -> Iterator[str]:
    for name, field in model.fields:
        if not admits_none(field.annotation) or _is_required_in_words(field):
            continue
        info = _info(model, name)
        if field.value is None if info is None else info.is_required():
            way_out = "write `= None` behind it" if field.value is None else "give it `default=None`"
            yield f"`{name}` (line {field.lineno}) may be null, and is required all the same: {way_out}"


def _is_required_in_words(field: ast.AnnAssign) -> bool:
    """Whether `...` says so."""
    parts = [part for part in (field.value, field.annotation) if part is not None]
    return any(isinstance(node, ast.Constant) and node.value is ... for part in parts for node in ast.walk(part))


def _info(model: Model, name: str) -> Any:
    fields: Mapping[str, Any] = getattr(model.cls, "model_fields", {})
    return fields.get(name)


def _is_none_without_admitting_it(model: Model) -> Iterator[str]:
    for name, field in model.fields:
        info = _info(model, name)
        if info is None or info.default is not None or info.default_factory is not None:
            continue
        if refuses_none(info.annotation) and not _is_converted(model, name, info):
            written = ast.unparse(field.annotation)
            yield (
                f"{as_code(f'{name}: {written} = None')} (line {field.lineno}) does not admit a null that is sent: "
                f"write {as_code(f'{name}: {written} | None = None')}"
            )


def _is_converted(model: Model, name: str, info: Any) -> bool:
    """Whether a validator may take a null for something else."""
    validators = getattr(model.cls, "__pydantic_decorators__").field_validators.values()  # noqa: B009  # of any model
    own = any(name in item.info.fields and item.info.mode != "after" for item in validators)
    return own or any(type(item).__name__ in {"BeforeValidator", "WrapValidator"} for item in info.metadata)


def _hides_its_type(model: Model) -> Iterator[str]:
    """In a class body, a field's default is bound before its own annotation is looked up."""
    for name, field in model.fields:
        named = {node.id for node in ast.walk(field.annotation) if isinstance(node, ast.Name)}
        if field.value is not None and name in named:
            is_of_datetime = name in {"date", "datetime", "time", "timedelta"}
            way_out = f"`import datetime` and write `datetime.{name}`" if is_of_datetime else "rename the field"
            yield (
                f"{as_code(f'{name}: {ast.unparse(field.annotation)} = …')} (line {field.lineno}) hides the type "
                f"`{name}` behind the field of that name: {way_out}"
            )


def _forbids_other_settings(model: Model) -> Iterator[str]:
    """Spec: pydantic-settings, dotenv files: extra values are refused unless `extra` says otherwise."""
    if not any(model.names.is_a(base, "BaseSettings") for base in model.node.bases):
        return
    config = getattr(model.cls, "model_config", {})
    missing = _names_in(config.get("env_file")) - {name.lower() for name in getattr(model.cls, "model_fields", {})}
    prefix = str(config.get("env_prefix", "")).lower()
    extra = {name for name in missing if name.startswith(prefix)}
    if extra and config.get("extra", "forbid") == "forbid" and not prefix:
        yield (
            f"{as_code(config.get('env_file'))} also has {as_code(min(extra))}, which `{model.node.name}` refuses: "
            "write `extra='ignore'` in its `SettingsConfigDict`"
        )


def _is_overruled_by_the_environment(model: Model) -> Iterator[str]:
    """Spec: pydantic-settings, field value priority: the process environment before the dotenv file."""
    config = getattr(model.cls, "model_config", {})
    if not config.get("env_file"):
        return
    environment = {name.lower(): value for name, value in os.environ.items()}
    for name, value in _values_in(config["env_file"]).items():
        if name in environment and environment[name] != value:
            yield (
                f"{as_code(name.upper())} stands in {as_code(config['env_file'])} and in the process environment, "
                f"which wins: `os.environ.pop({name.upper()!r})` to read the file"
            )


def _names_in(env_file: object) -> set[str]:
    return set(_values_in(env_file))


def _values_in(env_file: object) -> dict[str, str]:
    """The variables of a dotenv file, in lower case."""
    if not isinstance(env_file, str):
        return {}
    try:
        with open(env_file, encoding="utf-8") as lines:
            pairs = [line.strip().partition("=") for line in lines if "=" in line and not line.lstrip().startswith("#")]
    except OSError:
        return {}
    return {name.removeprefix("export ").strip().lower(): value.strip().strip("'\"") for name, _, value in pairs}


def _gives_a_name_for_an_alias(cell: Cell) -> Iterator[str]:
    """A field with an alias takes the alias only, unless the model says otherwise; the name is dropped silently."""
    for call in cell.walk(ast.Call):
        model = cell.names.of(call.func)
        owner: Any = cell.names.of(call.func.value) if isinstance(call.func, ast.Attribute) else None
        if _is_model(owner) and called(call) in {"model_validate", "parse_obj"} and call.args:
            yield from _named_for_alias(owner, _keys(call.args[0]))
        if _is_model(model):
            given = {item.arg: item.value.lineno for item in call.keywords if item.arg is not None}
            yield from _named_for_alias(model, given)


def _answers_by_name(function: Function) -> Iterator[str]:
    """A dictionary that is returned is read by the response model as a request would be: by alias."""
    promise = promise_of(function)
    inner = promise.slice if isinstance(promise, ast.Subscript) else promise
    model: Any = function.names.type_of(inner)
    for _, value in results_of(function) if function.is_operation and _is_model(model) else ():
        for part in value.elts if isinstance(value, ast.List) else [value]:
            yield from _named_for_alias(model, _keys(part))


def _keys(node: ast.expr) -> dict[str, int]:
    """The texts among the keys of a written dictionary, each with its line."""
    keys = node.keys if isinstance(node, ast.Dict) else []
    return {key.value: key.lineno for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}


def _sends_its_secrets_back(function: Function) -> Iterator[str]:
    """Without a response model, the model that was read is sent whole."""
    if not function.is_operation or promise_of(function) is not None:
        return
    for node, part in [(node, part) for node, value in results_of(function) for part in _parts(value)]:
        model: Any = function.type_of(part)
        for field, info in model.model_fields.items() if _is_model(model) else ():
            if field.lower() in CREDENTIALS and info.exclude is not True and "Secret" not in str(info.annotation):
                yield (
                    f"`{function.name}` answers with `{field}` of `{model.__name__}` (line {node.lineno}): promise a "
                    "model without it, `-> UserOut`"
                )
                break


def _parts(node: ast.expr) -> Sequence[ast.expr]:
    """What a written dictionary or list holds; else the value itself."""
    if isinstance(node, ast.Dict):
        return node.values
    return node.elts if isinstance(node, ast.List | ast.Tuple) else [node]


def _is_model(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseModel)


def _named_for_alias(model: type[BaseModel], given: Mapping[str, int]) -> Iterator[str]:
    config = model.model_config
    if config.get("populate_by_name") or config.get("validate_by_name"):
        return
    for name, line in given.items():
        field = model.model_fields.get(name)
        alias = field.validation_alias if field is not None else None
        if isinstance(alias, str) and alias != name and alias not in given:
            yield (
                f"`{name}` (line {line}) is dropped: `{model.__name__}` reads it as {as_code(alias)}; write "
                "`model_config = ConfigDict(populate_by_name=True)`, or `serialization_alias` instead of `alias`"
            )


_V1: Mapping[str, str] = {
    "dict": "model_dump()", "json": "model_dump_json()", "parse_obj": "model_validate(…)",
    "parse_raw": "model_validate_json(…)", "from_orm": "model_validate(…), with from_attributes=True",
    "copy": "model_copy()", "construct": "model_construct(…)", "schema": "model_json_schema()",
    "update_forward_refs": "model_rebuild()",
}  # fmt: skip
_V1_DECORATORS: Mapping[str, str] = {
    "validator": "@field_validator(…) with @classmethod",
    "root_validator": "@model_validator(mode='before' or 'after')",
}


def _uses_old_names(cell: Cell) -> Iterator[str]:
    """Names of pydantic 1: some still work and warn, some are gone."""
    for node in cell.walk(ast.ImportFrom):
        for item in node.names:
            if node.module == "pydantic" and item.name in _V1_DECORATORS:
                instead = _V1_DECORATORS[item.name]
                yield f"`{item.name}` (line {node.lineno}) is of pydantic 1: write {as_code(instead)}"
            if node.module == "pydantic" and item.name == "BaseSettings":
                yield (
                    f"`BaseSettings` (line {node.lineno}) has moved: `pip install pydantic-settings`, then "
                    "`from pydantic_settings import BaseSettings`"
                )
    for node in cell.walk(ast.Attribute):
        if node.attr in _V1_DECORATORS and getattr(cell.names.of(node.value), "__name__", "") == "pydantic":
            told, instead = ast.unparse(node), _V1_DECORATORS[node.attr]
            yield f"`{told}` (line {node.lineno}) is of pydantic 1: write {as_code(instead)}"
    own = {id(call): function for function in cell.functions for call in function.own(ast.Call)}
    for call in cell.walk(ast.Call):
        if (
            called(call) in {"Field", "Query", "Path", "Header", "Body", "Form", "constr"}
            and keyword(call, "regex") is not None
        ):
            yield f"`regex=` (line {call.lineno}) is of pydantic 1: write `pattern=`"
        elif (
            isinstance(call.func, ast.Attribute)
            and call.func.attr in _V1
            and _has_model(cell, call.func.value, own.get(id(call)))
        ):
            told = as_code(f".{call.func.attr}(…)")
            yield f"{told} (line {call.lineno}) is of pydantic 1: write {as_code('.' + _V1[call.func.attr])}"
    for node in cell.walk(ast.ClassDef):
        config = next((part for part in node.body if isinstance(part, ast.ClassDef) and part.name == "Config"), None)
        if config is not None and any(cell.names.is_a(base, "BaseModel") for base in node.bases):
            yield from _told_config(config)


def _has_model(cell: Cell, node: ast.expr, function: Function | None) -> bool:
    """Whether an expression is a model or an instance of one, as far as names tell."""
    if function is not None and _is_model(function.type_of(node)):
        return True
    value = cell.names.of(node.func) if isinstance(node, ast.Call) else cell.names.of(node)
    if isinstance(node, ast.Name) and value is None:
        value = _annotated_as(cell, node.id)
    return _is_model(value) or isinstance(value, BaseModel)


def _annotated_as(cell: Cell, name: str) -> Any:
    """The type of a parameter of this name, where all the cell's parameters of this name have one."""
    found = {
        cell.names.of(arg.annotation)
        for arg in cell.walk(ast.arg)
        if arg.arg == name and isinstance(arg.annotation, ast.Name)
    }
    return found.pop() if len(found) == 1 else None


def _told_config(config: ast.ClassDef) -> Iterator[str]:
    options = {dotted(target) for part in config.body if isinstance(part, ast.Assign) for target in part.targets}
    renamed = {
        "orm_mode": "from_attributes", "allow_population_by_field_name": "populate_by_name",
        "schema_extra": "json_schema_extra", "anystr_strip_whitespace": "str_strip_whitespace",
    }  # fmt: skip
    for option in sorted(options & renamed.keys()):
        yield (
            f"`class Config: {option}` (line {config.lineno}) is of pydantic 1: write "
            f"`model_config = ConfigDict({renamed[option]}={'…' if option == 'schema_extra' else 'True'})`"
        )


MODEL_RULES: Sequence[DiagnosticRule[Model]] = (
    DiagnosticRule("required", "note", _is_optional_without_default),
    DiagnosticRule("null", "note", _is_none_without_admitting_it),
    DiagnosticRule("hidden type", "warn", _hides_its_type),
    DiagnosticRule("refused settings", "warn", _forbids_other_settings),
    DiagnosticRule("overruled", "note", _is_overruled_by_the_environment),
)

FUNCTION_RULES: Sequence[DiagnosticRule[Function]] = (
    DiagnosticRule("dropped", "warn", _answers_by_name),
    DiagnosticRule("leaks", "warn", _sends_its_secrets_back),
)

CELL_RULES: Sequence[DiagnosticRule[Cell]] = (
    DiagnosticRule("dropped", "warn", _gives_a_name_for_an_alias),
    DiagnosticRule("pydantic 1", "warn", _uses_old_names),
)
