"""From a signature to its parameters: sources, names, merged declarations, and what is refused with which words."""

import functools
import json
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from annotated_types import Le
from pydantic import AliasChoices, AliasPath, BaseModel, BeforeValidator, Field, Json
from starlette.requests import Request

from routebook import APIRouter, Body, Cookie, Depends, File, Form, Header, Path, Query, Routebook, Security
from routebook._analysis.analyse import analyse_endpoint
from routebook._analysis.dependant import Parameter
from routebook.datastructures import UploadFile
from routebook.exceptions import DeclarationError


class Item(BaseModel):
    a: int
    kind: str = ""


class Other(BaseModel):
    kind: str


def parameters_of(call: Callable[..., Any], *path_names: str) -> dict[str, Parameter]:
    dependant = analyse_endpoint(call, path_names=frozenset(path_names))
    return {parameter.name: parameter for parameter in dependant.parameters}


def analysed(annotation: Any, *path_names: str) -> Parameter:
    def endpoint(value: Any) -> None: ...

    endpoint.__annotations__["value"] = annotation
    return parameters_of(endpoint, *path_names)["value"]


@pytest.mark.parametrize(
    ("annotation", "source"),
    [
        (int, "query"),
        (int | None, "query"),
        (list[int], "body"),
        (Annotated[list[int], Query()], "query"),
        (Item, "body"),
        (Item | None, "body"),
        (dict[str, int], "body"),
        (UploadFile, "file"),
        (list[UploadFile], "file"),
        (Annotated[str, Header()], "header"),
        (Annotated[str, Cookie()], "cookie"),
        (Annotated[int, Body()], "body"),
        (Annotated[str, Form()], "form"),
        (Annotated[bytes, File()], "file"),
        (Annotated[int, Query(gt=1), Query(lt=5)], "query"),
    ],
)
def test_a_type_and_its_marker_tell_the_source(annotation: Any, source: str) -> None:
    """The rules in order: a marker, an upload, a scalar, else the body."""
    assert analysed(annotation).source == source


def test_a_name_of_the_path_is_a_path_parameter() -> None:
    """Nobody writes `Path()` for a plain one."""
    assert analysed(int, "value").source == "path"


@pytest.mark.parametrize(
    ("annotation", "names"),
    [
        (int, ("value",)),
        (Annotated[int, Query(alias="v")], ("v",)),
        (Annotated[int, Query(alias="v", validation_alias="w")], ("w",)),
        (Annotated[int, Query(validation_alias=AliasChoices("v", "w"))], ("v", "w")),
        (Annotated[int, Query(validation_alias=AliasPath("v", 0))], ("value",)),
        (Annotated[int, Query(validation_alias=AliasChoices("v", AliasPath("w")))], ("value",)),
        (Annotated[int, Field(alias="v"), Query()], ("v",)),
        (Annotated[int, Field(alias="v"), Query(alias=None)], ("value",)),
        (Annotated[int, Path(validation_alias=AliasChoices("v", "w"))], ("v", "w", "value")),
    ],
)
def test_the_names_of_a_parameter_are_its_aliases_or_its_own(annotation: Any, names: tuple[str, ...]) -> None:
    """Every reader, and OpenAPI, asks the same question."""
    assert analysed(annotation).names == names


def test_a_headers_own_name_has_dashes_and_an_alias_is_kept() -> None:
    """Python names have no dashes; most headers have."""

    def endpoint(
        user_agent: Annotated[str, Header()],
        kept: Annotated[str, Header(alias="X_Kept")],
        not_converted: Annotated[str, Header(convert_underscores=False)],
    ) -> None: ...

    names = {name: parameter.names for name, parameter in parameters_of(endpoint).items()}
    assert names == {"user_agent": ("user-agent",), "kept": ("X_Kept",), "not_converted": ("not_converted",)}


def test_json_is_one_text_whatever_is_in_it() -> None:
    """The constraint decides how the type is sent, so it must not get lost."""
    parameter = analysed(Annotated[Json[list[int]], Query()])

    assert parameter.field.declared_type == Json[list[int]]
    assert parameter.field.validate_value("[1, 2]") == [1, 2]


def test_a_marker_as_the_default_declares_alone() -> None:
    """As in FastAPI: what the type says beside it in `Annotated` does not count, whatever it is."""

    def endpoint(
        number: Annotated[int, Field(gt=2)] = Query(),
        text: Annotated[Json[list[int]], "note"] = Header(),
        both: Annotated[int, Field(gt=2)] = Body(le=9),
    ) -> None: ...

    parameters = parameters_of(endpoint)
    assert parameters["number"].field.validate_value("1") == 1
    assert parameters["text"].field.declared_type == list[int]
    assert parameters["both"].field.field_info.metadata == [Le(le=9)]


def test_a_structure_in_a_header_or_cookie_is_one_text() -> None:
    """A validator of its own may take it apart; only a query has a way of its own to send several values."""
    annotation = Annotated[dict[str, int], BeforeValidator(json.loads)]

    for marker in (Header(), Cookie()):
        assert analysed(Annotated[annotation, marker]).field.validate_value('{"a": 1}') == {"a": 1}


def bad_path_default(value: Annotated[int, Query(default=1)]) -> None: ...


def two_markers(value: Annotated[int, Query()] = Query()) -> None: ...


def two_dependencies(value: Annotated[int, Depends(int)] = Depends(int)) -> None: ...


def marker_and_dependency(value: Annotated[int, Query()] = Depends(int)) -> None: ...


def marked_request(request: Annotated[Request, Query()]) -> None: ...


def structure_in_query(value: Annotated[dict[str, int], Query()]) -> None: ...


def union_in_query(value: Annotated[Item | dict[str, int], Query()]) -> None: ...


def marker_for_a_type(value: Query(ge=1)) -> None: ...  # type: ignore[valid-type]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (bad_path_default, "`Query` default value cannot be set in `Annotated` for 'value'"),
        (two_markers, "in `Annotated` and default value together for 'value'"),
        (two_dependencies, "Cannot specify `Depends` in `Annotated` and default value together for 'value'"),
        (marker_and_dependency, "and `Depends` as a default value together for 'value'"),
        (marked_request, "is given by the framework"),
        (structure_in_query, "Query parameter 'value' must be one of the supported types"),
        (marker_for_a_type, "the type comes first, `value: Annotated[int, Query(…)]`"),
        (union_in_query, "Query parameter 'value' must be one of the supported types"),
    ],
)
def test_a_contradiction_is_refused_with_its_place(call: Callable[..., Any], words: str) -> None:
    """It is found when the route is declared, and names the function's file and line."""
    with pytest.raises(DeclarationError) as caught:
        parameters_of(call)

    assert words in str(caught.value)
    assert caught.value.location is not None
    assert caught.value.location.function == call.__name__


def test_a_structure_in_the_path_is_refused() -> None:
    """A segment of a path is one text."""
    with pytest.raises(DeclarationError, match="Path params must be of one of the supported types"):
        analysed(list[int], "value")


def test_what_a_type_lacks_is_named() -> None:
    """Pydantic knows why a union cannot be told apart; a list of types that are fine would lead astray."""
    with pytest.raises(DeclarationError, match="needs field 'kind' to be of type `Literal`") as caught:
        analysed(Annotated[Item | Other, Field(discriminator="kind")])
    assert "standard type" not in str(caught.value)


def test_a_partial_takes_what_is_left() -> None:
    """A bound argument is no parameter of the request's."""

    def endpoint(first: int, second: str) -> None: ...

    assert list(parameters_of(functools.partial(endpoint, 1))) == ["second"]


def dependency() -> int:
    return 1


def test_a_security_with_scopes_of_its_own_is_another_dependency() -> None:
    """It may answer otherwise, so its result must not be shared."""

    def endpoint(
        plain: Annotated[int, Security(dependency)],
        scoped: Annotated[int, Security(dependency, scopes=["s"])],
        again: Annotated[int, Security(dependency, scopes=["s"])],
    ) -> None: ...

    plain, scoped, again = analyse_endpoint(endpoint, path_names=frozenset()).dependencies

    assert plain.cache_key != scoped.cache_key
    assert scoped.cache_key == again.cache_key


@pytest.mark.parametrize(
    "declare",
    [
        lambda: APIRouter(dependencies=[len]),  # type: ignore[list-item]
        lambda: Routebook(dependencies=[len]),  # type: ignore[list-item]
        lambda: Routebook().include_router(APIRouter(), dependencies=[len]),  # type: ignore[list-item]
        lambda: Routebook().get("/", dependencies=[len])(lambda: None),  # type: ignore[list-item]
        lambda: Routebook().websocket("/", dependencies=[len])(lambda: None),  # type: ignore[list-item]
    ],
)
def test_a_dependency_that_is_a_bare_function_is_refused_where_it_is_given(declare: Callable[[], Any]) -> None:
    """Later, the document and each request would fail, and nobody would know why."""
    with pytest.raises(DeclarationError, match=r"takes `Depends\(len\)`, not `len` itself"):
        declare()
