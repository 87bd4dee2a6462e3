"""Path templates: what they split into, what they match, and how a wrong one is explained."""

import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.convertors import CONVERTOR_TYPES, Convertor, register_url_convertor
from starlette.routing import compile_path

from routebook._routing import PathTemplateError, parse_template
from routebook.exceptions import RoutebookError

UUID = "0b6a1f0e-8f0e-4d57-9b1c-3f3d8a0c1f11"


@dataclass(frozen=True)
class MatchCase:
    """A path against a template; `expected` None: no match."""

    name: str
    template: str
    path: str
    expected: dict[str, Any] | None


MATCH_CASES = (
    MatchCase("literal", "/items", "/items", {}),
    MatchCase("trailing slash differs", "/items", "/items/", None),
    MatchCase("root", "/", "/", {}),
    MatchCase("empty template, empty path", "", "", {}),
    MatchCase("empty template is not the root", "", "/", None),
    MatchCase("text", "/items/{item_id}", "/items/a b", {"item_id": "a b"}),
    MatchCase("text is not empty", "/items/{item_id}", "/items/", None),
    MatchCase("text has no slash", "/items/{item_id}", "/items/a/b", None),
    MatchCase("text may hold a newline", "/items/{item_id}", "/items/a\nb", {"item_id": "a\nb"}),
    MatchCase("literal may be followed by a newline", "/items", "/items\n", {}),
    MatchCase("int", "/items/{n:int}", "/items/042", {"n": 42}),
    MatchCase("int stops before a last newline", "/items/{n:int}", "/items/42\n", {"n": 42}),
    MatchCase("int has no sign", "/items/{n:int}", "/items/-1", None),
    MatchCase("int is ASCII", "/items/{n:int}", "/items/٣", None),
    MatchCase("float", "/{x:float}", "/1.50", {"x": 1.5}),
    MatchCase("float needs no point", "/{x:float}", "/1", {"x": 1.0}),
    MatchCase("float needs a digit after its point", "/{x:float}", "/1.", None),
    MatchCase("uuid", "/{u:uuid}", f"/{UUID}", {"u": uuid.UUID(UUID)}),
    MatchCase("uuid without hyphens", "/{u:uuid}", f"/{UUID.replace('-', '')}", {"u": uuid.UUID(UUID)}),
    MatchCase("path", "/files/{p:path}", "/files/a//b", {"p": "a//b"}),
    MatchCase("path may be empty", "/files/{p:path}", "/files/", {"p": ""}),
    MatchCase("path needs its slash", "/files/{p:path}", "/files", None),
    MatchCase("path ends at a newline", "/files/{p:path}", "/files/a\nb", None),
    MatchCase("path in the middle", "/files/{p:path}/edit", "/files/a/b/edit", {"p": "a/b"}),
    MatchCase("mixed", "/files/{name}.{ext}", "/files/a.tar.gz", {"name": "a.tar", "ext": "gz"}),
    MatchCase("mixed with literals", "/v{n:int}-{x}", "/v2-a", {"n": 2, "x": "a"}),
    MatchCase("unicode", "/größe/{naïve}", "/größe/é", None),
    MatchCase("dots are literal", "/a.b", "/aXb", None),
    MatchCase("a brace that opens no parameter", "/{a-b}", "/{a-b}", {}),
)


@pytest.mark.parametrize("case", MATCH_CASES, ids=lambda case: case.name)
def test_template_match_gives_converted_parameters(case: MatchCase) -> None:
    """The grammar and the meaning are Starlette's."""
    assert parse_template(case.template).match(case.path) == case.expected


@pytest.mark.parametrize("case", MATCH_CASES, ids=lambda case: case.name)
def test_template_pattern_is_starlettes(case: MatchCase) -> None:
    """Code that reads a route's `path_regex` or `path_format` finds what Starlette would have put there."""
    template = parse_template(case.template)
    _, path_format, convertors = compile_path(case.template)
    assert template.path_format == path_format
    assert dict(template.convertors) == convertors
    if template.is_absolute:
        assert template.pattern.pattern == compile_path(case.template)[0].pattern


def test_template_number_too_long_does_not_match() -> None:
    """Thousands of digits are the client's mistake: 404, where Starlette's conversion raises."""
    assert parse_template("/{n:int}").match("/" + "9" * 5_000) is None


def test_template_segments_are_split_at_slashes_outside_parameters() -> None:
    """The trie descends by segments."""
    template = parse_template("/a/{x}//v{y:int}/")
    literals = [segment.literal for segment in template.segments]
    names = [segment.parameter.name if segment.parameter else None for segment in template.segments]
    assert literals == ["a", None, "", None, ""]
    assert names == [None, "x", None, None, None]
    assert template.param_names == ("x", "y")


def test_template_custom_convertor_is_found_and_may_span_segments() -> None:
    """A convertor that the user registered may match slashes, so the trie must not cut at them."""

    class PairConvertor(Convertor[tuple[str, str]]):
        regex = "[a-z]+/[a-z]+"

        def convert(self, value: str) -> tuple[str, str]:
            left, _, right = value.partition("/")
            return left, right

        def to_string(self, value: tuple[str, str]) -> str:
            return "/".join(value)

    register_url_convertor("pair", PairConvertor())
    try:
        template = parse_template("/of/{p:pair}")
        assert template.segments[1].is_open
        assert template.match("/of/a/b") == {"p": ("a", "b")}
    finally:
        del CONVERTOR_TYPES["pair"]


@dataclass(frozen=True)
class MistakeCase:
    """A template that cannot be read, and what is said of it."""

    template: str
    position: int
    message: str


@pytest.mark.parametrize(
    "case",
    [
        MistakeCase("/{a}/{b}/{a}", 9, "Duplicated param name a at path /{a}/{b}/{a}"),
        MistakeCase("/{a:itn}", 1, "Unknown path convertor 'itn' at path /{a:itn}: did you mean 'int'?"),
        MistakeCase(
            "/x/{a:zzz}", 3, "Unknown path convertor 'zzz' at path /x/{a:zzz}: known are float, int, path, str, uuid"
        ),
    ],
    ids=lambda case: case.template,
)
def test_template_mistake_says_what_and_where(case: MistakeCase) -> None:
    """Declaration errors are read by people: the text, the offset, and a way out."""
    with pytest.raises(PathTemplateError) as caught:
        parse_template(case.template)
    assert str(caught.value) == case.message
    assert caught.value.position == case.position
    assert isinstance(caught.value, RoutebookError)
