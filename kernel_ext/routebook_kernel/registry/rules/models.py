"""Mistakes in pydantic models, and in code written for pydantic 1."""

import ast
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from routebook_kernel.registry.rules.base import CREDENTIALS, DiagnosticRule, is_non_nullable
from routebook_kernel.registry.rules.results import iter_results, response_type_of
from routebook_kernel.registry.rules.source_subjects import (
    CellSubject,
    FunctionSubject,
    ModelSubject,
    called_name,
    dotted_name,
    find_keyword,
    is_nullable,
)
from routebook_kernel.registry.run_report import as_code


def _find_nullable_required_fields(model: ModelSubject) -> Iterator[str]:
    for name, field in model.fields:
        if not is_nullable(field.annotation) or _has_ellipsis(field):
            continue
        info = _field_info(model, name)
        if field.value is None if info is None else info.is_required():
            fix = "write `= None` behind it" if field.value is None else "give it `default=None`"
            yield f"`{name}` (line {field.lineno}) may be null, and is required all the same: {fix}"


def _has_ellipsis(field: ast.AnnAssign) -> bool:
    """Whether `...` marks the field as required."""
    parts = [part for part in (field.value, field.annotation) if part is not None]
    return any(isinstance(node, ast.Constant) and node.value is ... for part in parts for node in ast.walk(part))


def _field_info(model: ModelSubject, name: str) -> Any:
    fields: Mapping[str, Any] = getattr(model.cls, "model_fields", {})
    return fields.get(name)


def _find_disallowed_none_defaults(model: ModelSubject) -> Iterator[str]:
    for name, field in model.fields:
        info = _field_info(model, name)
        if info is None or info.default is not None or info.default_factory is not None:
            continue
        if is_non_nullable(info.annotation) and not _has_converter(model, name, info):
            written = ast.unparse(field.annotation)
            yield (
                f"{as_code(f'{name}: {written} = None')} (line {field.lineno}) does not admit a null that is sent: "
                f"write {as_code(f'{name}: {written} | None = None')}"
            )


def _has_converter(model: ModelSubject, name: str, info: Any) -> bool:
    """Whether a validator may convert a null to something else."""
    validators = getattr(model.cls, "__pydantic_decorators__").field_validators.values()  # noqa: B009  # every model has them
    own = any(name in item.info.fields and item.info.mode != "after" for item in validators)
    return own or any(type(item).__name__ in {"BeforeValidator", "WrapValidator"} for item in info.metadata)


def _find_hidden_types(model: ModelSubject) -> Iterator[str]:
    """Find fields with the name of their own type. The default is bound before the annotation is resolved."""
    for name, field in model.fields:
        named = {node.id for node in ast.walk(field.annotation) if isinstance(node, ast.Name)}
        if field.value is not None and name in named:
            is_of_datetime = name in {"date", "datetime", "time", "timedelta"}
            fix = f"`import datetime` and write `datetime.{name}`" if is_of_datetime else "rename the field"
            yield (
                f"{as_code(f'{name}: {ast.unparse(field.annotation)} = …')} (line {field.lineno}) hides the type "
                f"`{name}` behind the field of that name: {fix}"
            )


def _find_forbidden_settings(model: ModelSubject) -> Iterator[str]:
    """Find variables in a dotenv file that the settings reject.

    Spec: pydantic-settings, dotenv files: extra values are rejected unless `extra` says otherwise.
    """
    if not any(model.names.is_a(base, "BaseSettings") for base in model.node.bases):
        return
    config = getattr(model.cls, "model_config", {})
    missing = _env_file_names(config.get("env_file")) - {
        name.lower() for name in getattr(model.cls, "model_fields", {})
    }
    prefix = str(config.get("env_prefix", "")).lower()
    extra = {name for name in missing if name.startswith(prefix)}
    if extra and config.get("extra", "forbid") == "forbid" and not prefix:
        yield (
            f"{as_code(config.get('env_file'))} also has {as_code(min(extra))}, which `{model.node.name}` refuses: "
            "write `extra='ignore'` in its `SettingsConfigDict`"
        )


def _find_overridden_settings(model: ModelSubject) -> Iterator[str]:
    """Find variables in a dotenv file that the environment overrides.

    Spec: pydantic-settings, field value priority: the process environment before the dotenv file.
    """
    config = getattr(model.cls, "model_config", {})
    if not config.get("env_file"):
        return
    environment = {name.lower(): value for name, value in os.environ.items()}
    for name, value in _read_env_file(config["env_file"]).items():
        if name in environment and environment[name] != value:
            yield (
                f"{as_code(name.upper())} stands in {as_code(config['env_file'])} and in the process environment, "
                f"which wins: `os.environ.pop({name.upper()!r})` to read the file"
            )


def _env_file_names(env_file: object) -> set[str]:
    return set(_read_env_file(env_file))


def _read_env_file(env_file: object) -> dict[str, str]:
    """Return the variables of a dotenv file, with names in lower case."""
    if not isinstance(env_file, str):
        return {}
    try:
        with open(env_file, encoding="utf-8") as lines:
            pairs = [line.strip().partition("=") for line in lines if "=" in line and not line.lstrip().startswith("#")]
    except OSError:
        return {}
    return {name.removeprefix("export ").strip().lower(): value.strip().strip("'\"") for name, _, value in pairs}


def _find_names_for_aliases(cell: CellSubject) -> Iterator[str]:
    """Find arguments by field name where only the alias is accepted. They are dropped silently."""
    for call in cell.walk(ast.Call):
        model = cell.names.resolve(call.func)
        owner: Any = cell.names.resolve(call.func.value) if isinstance(call.func, ast.Attribute) else None
        if _is_model(owner) and called_name(call) in {"model_validate", "parse_obj"} and call.args:
            yield from _check_alias_names(owner, _string_keys(call.args[0]))
        if _is_model(model):
            names = {item.arg: item.value.lineno for item in call.keywords if item.arg is not None}
            yield from _check_alias_names(model, names)


def _find_returned_names(function: FunctionSubject) -> Iterator[str]:
    """Find returned dictionaries with field names. The response model reads them by alias, like a request."""
    response_type = response_type_of(function)
    inner = response_type.slice if isinstance(response_type, ast.Subscript) else response_type
    model: Any = function.names.type_of(inner)
    for _, value in iter_results(function) if function.is_operation and _is_model(model) else ():
        for part in value.elts if isinstance(value, ast.List) else [value]:
            yield from _check_alias_names(model, _string_keys(part))


def _string_keys(node: ast.expr) -> dict[str, int]:
    """Return the string keys of a dictionary literal, each with its line."""
    keys = node.keys if isinstance(node, ast.Dict) else []
    return {key.value: key.lineno for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}


def _find_returned_secrets(function: FunctionSubject) -> Iterator[str]:
    """Find operations that return the model they read, with its credentials, and have no response model."""
    if not function.is_operation or response_type_of(function) is not None:
        return
    for node, part in [(node, part) for node, value in iter_results(function) for part in _parts(value)]:
        model: Any = function.type_of(part)
        for field, info in model.model_fields.items() if _is_model(model) else ():
            if field.lower() in CREDENTIALS and info.exclude is not True and "Secret" not in str(info.annotation):
                yield (
                    f"`{function.name}` answers with `{field}` of `{model.__name__}` (line {node.lineno}): promise a "
                    "model without it, `-> UserOut`"
                )
                break


def _parts(node: ast.expr) -> Sequence[ast.expr]:
    """Return the items of a dictionary or list literal, else the value itself."""
    if isinstance(node, ast.Dict):
        return node.values
    return node.elts if isinstance(node, ast.List | ast.Tuple) else [node]


def _is_model(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseModel)


def _check_alias_names(model: type[BaseModel], names: Mapping[str, int]) -> Iterator[str]:
    config = model.model_config
    if config.get("populate_by_name") or config.get("validate_by_name"):
        return
    for name, line in names.items():
        field = model.model_fields.get(name)
        alias = field.validation_alias if field is not None else None
        if isinstance(alias, str) and alias != name and alias not in names:
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


def _find_pydantic_1_names(cell: CellSubject) -> Iterator[str]:
    """Find names of pydantic 1. Some still work and warn, others are gone."""
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
        if node.attr in _V1_DECORATORS and getattr(cell.names.resolve(node.value), "__name__", "") == "pydantic":
            name, instead = ast.unparse(node), _V1_DECORATORS[node.attr]
            yield f"`{name}` (line {node.lineno}) is of pydantic 1: write {as_code(instead)}"
    own = {id(call): function for function in cell.functions for call in function.nodes(ast.Call)}
    for call in cell.walk(ast.Call):
        if (
            called_name(call) in {"Field", "Query", "Path", "Header", "Body", "Form", "constr"}
            and find_keyword(call, "regex") is not None
        ):
            yield f"`regex=` (line {call.lineno}) is of pydantic 1: write `pattern=`"
        elif (
            isinstance(call.func, ast.Attribute)
            and call.func.attr in _V1
            and _is_model_expression(cell, call.func.value, own.get(id(call)))
        ):
            method = as_code(f".{call.func.attr}(…)")
            yield f"{method} (line {call.lineno}) is of pydantic 1: write {as_code('.' + _V1[call.func.attr])}"
    for node in cell.walk(ast.ClassDef):
        config = next((part for part in node.body if isinstance(part, ast.ClassDef) and part.name == "Config"), None)
        if config is not None and any(cell.names.is_a(base, "BaseModel") for base in node.bases):
            yield from _check_old_config(config)


def _is_model_expression(cell: CellSubject, node: ast.expr, function: FunctionSubject | None) -> bool:
    """Whether an expression is a model or an instance of one, as far as its names reveal."""
    if function is not None and _is_model(function.type_of(node)):
        return True
    value = cell.names.resolve(node.func) if isinstance(node, ast.Call) else cell.names.resolve(node)
    if isinstance(node, ast.Name) and value is None:
        value = _find_annotation(cell, node.id)
    return _is_model(value) or isinstance(value, BaseModel)


def _find_annotation(cell: CellSubject, name: str) -> Any:
    """Return the type of a parameter of this name, if all such parameters in the cell have the same one."""
    found = {
        cell.names.resolve(arg.annotation)
        for arg in cell.walk(ast.arg)
        if arg.arg == name and isinstance(arg.annotation, ast.Name)
    }
    return found.pop() if len(found) == 1 else None


def _check_old_config(config: ast.ClassDef) -> Iterator[str]:
    options = {dotted_name(target) for part in config.body if isinstance(part, ast.Assign) for target in part.targets}
    renamed = {
        "orm_mode": "from_attributes", "allow_population_by_field_name": "populate_by_name",
        "schema_extra": "json_schema_extra", "anystr_strip_whitespace": "str_strip_whitespace",
    }  # fmt: skip
    for option in sorted(options & renamed.keys()):
        yield (
            f"`class Config: {option}` (line {config.lineno}) is of pydantic 1: write "
            f"`model_config = ConfigDict({renamed[option]}={'…' if option == 'schema_extra' else 'True'})`"
        )


MODEL_RULES: Sequence[DiagnosticRule[ModelSubject]] = (
    DiagnosticRule("required", "note", _find_nullable_required_fields),
    DiagnosticRule("null", "note", _find_disallowed_none_defaults),
    DiagnosticRule("hidden type", "warn", _find_hidden_types),
    DiagnosticRule("refused settings", "warn", _find_forbidden_settings),
    DiagnosticRule("overruled", "note", _find_overridden_settings),
)

FUNCTION_RULES: Sequence[DiagnosticRule[FunctionSubject]] = (
    DiagnosticRule("dropped", "warn", _find_returned_names),
    DiagnosticRule("leaks", "warn", _find_returned_secrets),
)

CELL_RULES: Sequence[DiagnosticRule[CellSubject]] = (
    DiagnosticRule("dropped", "warn", _find_names_for_aliases),
    DiagnosticRule("pydantic 1", "warn", _find_pydantic_1_names),
)
