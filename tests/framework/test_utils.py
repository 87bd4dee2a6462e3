"""The functions of `routebook.utils` beside FastAPI's."""

from typing import Any

import fastapi.utils
import pytest
from fastapi.datastructures import Default as TheirDefault
from fastapi.exceptions import FastAPIDeprecationWarning

from routebook import utils
from routebook.datastructures import Default
from routebook.exceptions import RoutebookDeprecationWarning

STATUSES = [None, "default", "1XX", "2XX", "5XX", 0, 100, 199, 200, 204, "204", 205, 304, "304", 404, 600]


@pytest.mark.parametrize("status", STATUSES)
def test_body_is_allowed_where_fastapi_allows_it(status: Any) -> None:
    """RFC 9110 forbids content for some; keys of a Responses Object count too."""
    assert utils.is_body_allowed_for_status_code(status) is fastapi.utils.is_body_allowed_for_status_code(status)


def test_update_merges_dicts_and_joins_lists() -> None:
    """`openapi_extra` and `responses` are laid over what is generated."""
    ours: dict[str, Any] = {"list": [1], "dict": {"a": 1}, "one": 1, "changed": [1]}
    theirs: dict[str, Any] = {"list": [1], "dict": {"a": 1}, "one": 1, "changed": [1]}
    update = {"list": [2], "dict": {"b": {"c": 1}}, "one": {"x": 1}, "changed": 2, "new": None}

    utils.deep_dict_update(ours, update)
    fastapi.utils.deep_dict_update(theirs, update)

    assert ours == theirs


@pytest.mark.parametrize("path", ["/", "/a/{b}", "/{a}/{b:path}/{c}-{d}"])
def test_names_in_a_path(path: str) -> None:
    """Convertors are part of what stands between the braces."""
    assert utils.get_path_param_names(path) == fastapi.utils.get_path_param_names(path)


def test_first_given_value_wins() -> None:
    """The most specific option that somebody gave; else the most specific default."""
    first = Default(1)

    assert utils.get_value_or_default(first, Default(2), 3, 4) == 3
    assert utils.get_value_or_default(first, Default(2)) is first
    theirs = TheirDefault(1)
    assert fastapi.utils.get_value_or_default(theirs, TheirDefault(2)) is theirs


class Route:
    name = "read"
    path_format = "/items/{item_id}/ü-x"
    methods = {"POST", "GET"}  # noqa: RUF012  # as a route has them


def test_unique_id_does_not_depend_on_hashing() -> None:
    """With several methods, FastAPI takes whichever its set gives first."""
    assert utils.generate_unique_id(Route()) == "read_items__item_id__ü_x_get"


def test_deprecated_operation_id_is_fastapis() -> None:
    """It still works, and says that it won't for ever."""
    options = {"name": "read", "path": "/a/{b}-c", "method": "GET"}

    with pytest.warns(RoutebookDeprecationWarning, match="generate_operation_id_for_path"):
        ours = utils.generate_operation_id_for_path(**options)
    with pytest.warns(FastAPIDeprecationWarning):
        theirs = fastapi.utils.generate_operation_id_for_path(**options)

    assert ours == theirs


def test_model_field_is_made_from_a_type() -> None:
    """Extensions make fields for values of their own."""
    field = utils.create_model_field("limit", int, default=3, alias="max")

    assert (field.name, field.alias, field.default) == ("limit", "max", 3)
    assert field.validate("5", ("query", "max")) == (5, [])
