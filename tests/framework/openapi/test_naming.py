"""Names of definitions are pydantic's, and are settled without pydantic's own run over all of them."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, create_model
from pydantic.json_schema import models_json_schema

from routebook.openapi._definitions import Definitions, iter_closure
from routebook.openapi._naming import choose_names


def _describe(models: list[tuple[type[BaseModel], Any]]) -> dict[str, Any]:
    """The components of a document with these models, by our way."""
    definitions = Definitions()
    used = [
        definitions.of_reference(definitions.describe(model.__pydantic_core_schema__, mode)) for model, mode in models
    ]
    found = [definition for definition in used if definition is not None]
    names = choose_names(iter_closure(found))
    return {name: definition.text.read(names) for definition, name in names.items()}


def _model(title: str, /, **fields: Any) -> type[BaseModel]:
    return create_model(title, **fields)


def test_equal_as_input_and_output_is_one_definition() -> None:
    """Most models are: nobody wants `Item-Input` without need."""
    item = _model("Item", name=(str, ...))
    assert list(_describe([(item, "validation"), (item, "serialization")])) == ["Item"]


def test_difference_inside_splits_everything_around_it() -> None:
    """Equality is settled from the inside out."""

    class Inner(BaseModel):
        model_config = {"json_schema_serialization_defaults_required": True}
        value: int = 1

    outer = _model("Outer", inner=(Inner, ...))
    other = _model("Other", name=(str, ...), outer=(outer, ...))
    described = _describe([(other, "validation"), (other, "serialization")])
    assert sorted(described) == [
        f"{name}-{mode}" for name in ("Inner", "Other", "Outer") for mode in ("Input", "Output")
    ]
    assert described["Other-Output"]["properties"]["outer"] == {"$ref": "#/components/schemas/Outer-Output"}


def test_equal_models_of_one_name_share_it() -> None:
    """Two cells may define the same model: a client knows one type."""
    first, second = _model("Item", name=(str, ...)), _model("Item", name=(str, ...))
    holder = _model("Holder", a=(first, ...), b=(second, ...))
    assert sorted(_describe([(holder, "validation")])) == ["Holder", "Item"]


def test_different_models_of_one_name_are_told_apart() -> None:
    """Neither takes the short name: it would depend on the order of routes which one."""
    first, second = _model("Item", name=(str, ...)), _model("Item", name=(int, ...))
    holder = _model("Holder", a=(first, ...), b=(second, ...))
    described = _describe([(holder, "validation")])
    assert len(described) == 3
    assert "Item" not in described


_FIELDS = st.sampled_from([(int, ...), (str, ...), (int, 1), (list[int], [])])


@st.composite
def _families(draw: st.DrawFn) -> list[type[BaseModel]]:
    """Models of few names that hold each other."""
    models: list[type[BaseModel]] = []
    for _ in range(draw(st.integers(1, 7))):
        fields: dict[str, Any] = {"value": draw(_FIELDS)}
        for index, inner in enumerate(draw(st.lists(st.sampled_from(models), max_size=2)) if models else []):
            fields[f"inner{index}"] = (draw(st.sampled_from([inner, list[inner]])), ...)  # type: ignore[valid-type]
        models.append(_model(draw(st.sampled_from("ABC")), **fields))
    return models


@given(_families(), st.data())
def test_names_are_pydantics(models: list[type[BaseModel]], data: st.DataObject) -> None:
    """Whatever is nested in whatever, in either mode: the same definitions under the same names."""
    modes = [data.draw(st.sampled_from(["validation", "serialization"])) for _ in models]
    inputs: list[Any] = list(zip(models, modes, strict=True))
    _, expected = models_json_schema(inputs, ref_template="#/components/schemas/{model}")
    described = _describe(inputs)
    assert {name for name in described if "__" not in name} == {name for name in expected["$defs"] if "__" not in name}
    assert _expanded(described) == _expanded(expected["$defs"])


def _expanded(definitions: dict[str, Any]) -> list[str]:
    """The definitions without names: the numbers of last resort depend on the order in which they are met."""

    def expand(value: Any) -> Any:
        if isinstance(value, dict) and "$ref" in value:
            return expand(definitions[value["$ref"].rpartition("/")[2]])
        if isinstance(value, dict):
            return {key: expand(item) for key, item in value.items()}
        return [expand(item) for item in value] if isinstance(value, list) else value

    return sorted(json.dumps(expand(schema), sort_keys=True) for schema in definitions.values())
