"""Declarations: what they hold, what they show, what they refuse; beside FastAPI's, which is their specification."""

import dataclasses
import inspect
import re
import warnings
from collections.abc import Callable
from typing import Any

import anyio
import fastapi
import fastapi.params
import pytest
from fastapi.exceptions import FastAPIDeprecationWarning
from pydantic import AliasChoices
from pydantic.fields import FieldInfo

import routebook
import routebook.params
from routebook._sentinel import UNSET
from routebook.exceptions import DeclarationError, RoutebookDeprecationWarning

KINDS = ("Query", "Header", "Cookie", "Path", "Body", "Form", "File")

OPTIONS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "factory": {"default_factory": list},
    "alias": {"alias": "item-query"},
    "alias none": {"alias": None},
    "validation alias": {"validation_alias": AliasChoices("a", "b")},
    "both aliases": {"alias": "a", "validation_alias": "b"},
    "serialization alias": {"serialization_alias": "s"},
    "alias priority": {"alias": "a", "alias_priority": 1},
    "texts": {"title": "T", "description": "D"},
    "numbers": {"gt": 1, "ge": 2, "lt": 9, "le": 8, "multiple_of": 2, "allow_inf_nan": False},
    "decimals": {"max_digits": 3, "decimal_places": 1},
    "strings": {"min_length": 1, "max_length": 4, "pattern": "^a"},
    "compiled pattern": {"pattern": re.compile("a")},
    "validation": {"strict": True, "validate_default": True, "union_mode": "left_to_right", "fail_fast": True},
    "discriminator": {"discriminator": "kind"},
    "examples": {"examples": [1], "openapi_examples": {"one": {"value": 1}}},
    "openapi": {"deprecated": True, "include_in_schema": False, "json_schema_extra": {"x-a": 1}},
    "explicit nones": {"title": None, "deprecated": None, "json_schema_extra": None, "strict": None, "gt": None},
}

SHARED = [
    "alias",
    "alias_priority",
    "validation_alias",
    "serialization_alias",
    "title",
    "description",
    "discriminator",
    "deprecated",
    "examples",
    "json_schema_extra",
    "validate_default",
    "default",
    "default_factory",
    "metadata",
    "openapi_examples",
    "include_in_schema",
]
PARTICULAR = {"Header": ["convert_underscores"], "Body": ["embed", "media_type"], "Form": ["media_type"]}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_declaration_holds_what_fastapis_holds(kind: str, options: dict[str, Any]) -> None:
    """The analysis and pydantic read these attributes, so equal ones make equal validators and schemas."""
    ours, theirs = getattr(routebook, kind)(**options), getattr(fastapi, kind)(**options)

    for attribute in [*SHARED, *PARTICULAR.get(kind, [])]:
        if attribute == "metadata":  # pydantic makes the class of general metadata anew for each field
            assert repr(ours.metadata) == repr(theirs.metadata)
        else:
            assert getattr(ours, attribute) == getattr(theirs, attribute), attribute


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_explicitly_set_attributes_are_those_of_fastapi(options: dict[str, Any]) -> None:
    """Pydantic merges `Field()`s by what was set explicitly: None given differs from nothing given."""
    ours, theirs = routebook.Query(**options), fastapi.Query(**options)

    assert ours._attributes_set == {k: v for k, v in theirs._attributes_set.items() if k != "annotation"}


@pytest.mark.parametrize("default", ["text", None, 1, [], ...], ids=repr)
@pytest.mark.parametrize("kind", ["Param", *(kind for kind in KINDS if kind != "Path")])
def test_repr_is_class_and_default(kind: str, default: Any) -> None:
    """Users see it in the signatures that tools print."""
    ours = getattr(routebook.params, kind)(default)

    assert repr(ours) == repr(getattr(fastapi.params, kind)(default))


@pytest.mark.parametrize("kind", KINDS)
def test_declaration_is_a_field_info_of_its_class(kind: str) -> None:
    """Tools tell the locations apart by class, and pydantic takes each as a field."""
    declaration = getattr(routebook, kind)()

    assert type(declaration) is getattr(routebook.params, kind)
    assert isinstance(declaration, FieldInfo)


@pytest.mark.parametrize("kind", KINDS)
def test_signature_names_every_option_that_fastapis_names(kind: str) -> None:
    """`help()` and completion show the options, though they are declared once for all."""
    for ours, theirs in [
        (getattr(routebook, kind), getattr(fastapi, kind)),
        (getattr(routebook.params, kind), getattr(fastapi.params, kind)),
    ]:
        assert set(inspect.signature(ours).parameters) == set(inspect.signature(theirs).parameters)


@pytest.mark.parametrize("name", ["example", "regex"])
@pytest.mark.parametrize("make", [routebook.Query, routebook.params.Query, routebook.Body], ids=["f", "class", "body"])
def test_deprecated_option_warns_at_the_users_line(make: Callable[..., Any], name: str) -> None:
    """A warning that points into the package helps nobody to find the call."""
    with pytest.warns(RoutebookDeprecationWarning, match=f"`{name}` has been deprecated, please use") as caught:
        make(**{name: "^a$"})

    assert caught[0].filename == __file__


@pytest.mark.parametrize("options", [{"regex": "a"}, {"example": 1}], ids=str)
def test_deprecated_texts_are_fastapis(options: dict[str, Any]) -> None:
    """Filters that users have set for the text go on working."""
    with pytest.warns(RoutebookDeprecationWarning) as ours:
        routebook.Query(**options)
    with pytest.warns(FastAPIDeprecationWarning) as theirs:
        fastapi.Query(**options)

    assert str(ours[0].message) == str(theirs[0].message)


def test_regex_gives_way_to_pattern() -> None:
    """The deprecated name never overrides the current one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RoutebookDeprecationWarning)

        assert "pattern='b'" in repr(routebook.Query(regex="a", pattern="b").metadata)


def test_example_not_given_differs_from_none() -> None:
    """None is a value that an example may have."""
    assert routebook.Query().example is UNSET


def test_misspelt_option_is_refused_with_a_hint() -> None:
    """Pydantic would ignore it silently."""
    with pytest.raises(TypeError, match=re.escape("Query() got an unexpected keyword argument 'aliass'. Did you mean")):
        routebook.Query(aliass="a")


def test_path_default_is_refused() -> None:
    """A path without the parameter does not match: the default would never be used."""
    with pytest.raises(DeclarationError, match="Path parameters cannot have a default value"):
        routebook.Path(3)


def test_default_and_factory_exclude_each_other() -> None:
    """Which of them should hold is anyone's guess."""
    with pytest.raises(TypeError, match="both default and default_factory"):
        routebook.Query(1, default_factory=int)


def dependency() -> int:
    return 1


def test_equal_dependencies_hash_equal() -> None:
    """Tools keep declarations in sets and as keys."""
    assert hash(routebook.Depends(dependency)) == hash(routebook.Depends(dependency))
    assert routebook.Depends(dependency) == routebook.Depends(dependency)
    assert routebook.Depends(dependency) != routebook.Depends(dependency, scope="function")
    assert hash(routebook.Security(dependency, scopes=("a",))) == hash(routebook.Security(dependency, scopes=("a",)))


def test_dependency_repr_shows_its_options() -> None:
    """The limiter behind `max_concurrency` is no option."""
    assert repr(routebook.Depends(None, max_concurrency=2)) == repr(fastapi.Depends(None, max_concurrency=2))
    assert repr(routebook.Security(None, scopes=["a"])) == repr(fastapi.Security(None, scopes=["a"]))


@pytest.mark.parametrize("limit", [0, -1, True, 1.5, "2"])
def test_limit_that_is_no_positive_integer_is_refused(limit: Any) -> None:
    """True and 1.5 would pass a naive comparison."""
    with pytest.raises(ValueError, match="max_concurrency must be a positive integer or None"):
        routebook.Depends(dependency, max_concurrency=limit)


def test_limit_belongs_to_one_declaration() -> None:
    """Two declarations of the same function have two limits; a copy shares its own, unless it has another limit."""
    first = routebook.Depends(dependency, max_concurrency=1)
    second = routebook.Depends(dependency, max_concurrency=1)
    copy = dataclasses.replace(first, use_cache=False)
    wider = dataclasses.replace(first, max_concurrency=3)
    unlimited = dataclasses.replace(first, max_concurrency=None)

    async def semaphores() -> list[anyio.Semaphore]:
        return [declared._concurrency.get_semaphore() for declared in (first, copy, second, wider)]

    a, copied, b, c = anyio.run(semaphores)
    assert a is copied
    assert a is not b
    assert (a.value, c.value) == (1, 3)
    assert unlimited._concurrency is None
    assert first != second


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_each_event_loop_has_its_own_semaphore(backend: str) -> None:
    """A semaphore binds to the loop that waits on it; an application outlives its tests' loops."""
    declared = routebook.Depends(dependency, max_concurrency=1)

    async def semaphore() -> anyio.Semaphore:
        return declared._concurrency.get_semaphore()

    assert anyio.run(semaphore) is not anyio.run(semaphore, backend=backend)
