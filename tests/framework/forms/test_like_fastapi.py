"""Random forms: texts, files, models and unions of models are read as FastAPI reads them."""

from types import ModuleType
from typing import Annotated, Any, Literal
from urllib.parse import quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, create_model

from routebook.datastructures import UploadFile
from tests.framework.beside import EMPTY, Request, applications, assert_alike, endpoint_of

TYPES: tuple[Any, ...] = (str, int, bool, str | None, int | None, list[str], list[int], set[str], list[int] | None)
NAMES = ("a", "b", "c", "x", "y", "z", "kind")
TEXTS = ("", "1", "2", "on", "false", "a", "é", " ", "first")


@st.composite
def form_models(draw: st.DrawFn) -> Any:
    fields: dict[str, Any] = {}
    for name in draw(st.lists(st.sampled_from(("a", "b", "c")), min_size=1, max_size=3, unique=True)):
        default = draw(st.sampled_from((..., None)))
        alias = draw(st.sampled_from(({}, {}, {"alias": "x"}, {"validation_alias": AliasChoices("y", "z")})))
        fields[name] = (draw(st.sampled_from(TYPES)), Field(default, **alias))
    extra = draw(st.sampled_from(("ignore", "allow", "forbid")))
    config = ConfigDict(extra=extra, populate_by_name=draw(st.booleans()))
    return create_model(draw(st.sampled_from(("First", "Second"))), __config__=config, **fields)


@st.composite
def form_parameters(draw: st.DrawFn) -> list[tuple[str, Any, dict[str, Any], Any]]:
    parameters = []
    for name in draw(st.lists(st.sampled_from(("a", "b", "c", "m")), min_size=1, max_size=3, unique=True)):
        options: dict[str, Any] = {}
        if name == "m":
            model = draw(form_models())
            other = draw(form_models())
            kind = draw(st.sampled_from((model, model | None, model | other, model | other | None)))
        else:
            kind = draw(st.sampled_from(TYPES))
            options = draw(st.sampled_from(({}, {"alias": "x"}, {"validation_alias": AliasChoices("y", "z")})))
        parameters.append((name, kind, options, draw(st.sampled_from((EMPTY, None)))))
    return parameters


fields = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(TEXTS)), max_size=6)


@settings(max_examples=150)
@given(form_parameters(), st.lists(st.tuples(fields, st.booleans()), min_size=1, max_size=6))
def test_forms_of_any_signature_are_read_as_fastapi_reads_them(
    parameters: list[tuple[str, Any, dict[str, Any], Any]], sent: list[tuple[list[tuple[str, str]], bool]]
) -> None:
    """Empty fields, repeated ones and aliases mean in a form what they mean nowhere else."""

    def build(web: ModuleType) -> Any:
        app = web.FastAPI()
        declared = [
            (name, Annotated[kind, web.Form(**options)], default) for name, kind, options, default in parameters
        ]
        app.post("/")(endpoint_of(declared))
        return app

    ours, theirs = applications(build)
    for pairs, is_multipart in sent:
        if is_multipart:
            request = Request.of_parts(*((name, None, text.encode()) for name, text in pairs))
        else:
            request = Request.of_form("&".join(f"{name}={quote_plus(text)}" for name, text in pairs).encode())
        assert_alike(ours, theirs, request)


FILE_TYPES: tuple[Any, ...] = (
    bytes,
    UploadFile,
    bytes | None,
    UploadFile | None,
    list[bytes],
    list[UploadFile],
    list[bytes] | None,
    list[UploadFile] | None,
)
parts = st.lists(
    st.tuples(
        st.sampled_from(("f", "g", "t")),
        st.sampled_from((None, "", "n.txt")),
        st.sampled_from((b"", b"text", b"\xff\x00")),
    ),
    max_size=4,
)


@settings(max_examples=100)
@given(
    st.tuples(st.sampled_from(FILE_TYPES), st.sampled_from(FILE_TYPES)),
    st.tuples(st.sampled_from((EMPTY, None)), st.sampled_from((EMPTY, None))),
    st.booleans(),
    st.lists(parts, min_size=1, max_size=5),
)
def test_files_of_any_signature_are_read_as_fastapi_reads_them(
    kinds: tuple[Any, Any],
    defaults: tuple[Any, Any],
    has_same_name: bool,
    sent: list[list[tuple[str, str | None, bytes]]],
) -> None:
    """An input without a chosen file sends an empty one without a name, which is no file; bytes leave files unread."""

    def build(web: ModuleType) -> Any:
        app = web.FastAPI()
        second = web.File(alias="f") if has_same_name else web.File()
        declared = [
            ("f", Annotated[kinds[0], web.File()], defaults[0]),
            ("g", Annotated[kinds[1], second], defaults[1]),
            ("t", Annotated[str, web.Form()], "none"),
        ]
        app.post("/")(endpoint_of(declared))
        return app

    ours, theirs = applications(build)
    for form in sent:
        # an error's quotation of an upload shows the insides of its temporary file
        mends = [(name, filename, content) for name, filename, content in form if name != "t" or filename is None]
        assert_alike(ours, theirs, Request.of_parts(*mends))


class Cat(BaseModel):
    kind: Literal["cat"] = Field(alias="type")
    lives: int = 9


class Dog(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["dog"] = Field(alias="type")
    tricks: list[str]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"type=cat",
        b"type=cat&lives=",
        b"type=cat&lives=x",
        b"type=dog&tricks=",
        b"type=dog&tricks=sit&tricks=roll",
        b"type=dog&tricks=sit&lives=1",
        b"type=cow",
        b"type=",
        b"type=cat&type=dog",
        b"lives=1",
    ],
)
@pytest.mark.parametrize("is_optional", [True, False])
def test_a_discriminator_sees_the_form_as_it_was_sent(body: bytes, is_optional: bool) -> None:
    """Each branch has its own shape, so arranging for one must wait until it is chosen."""

    def build(web: ModuleType) -> Any:
        app = web.FastAPI()
        kind: Any = Cat | Dog | None if is_optional else Cat | Dog
        declared = [("pet", Annotated[kind, web.Form(discriminator="kind")], None if is_optional else EMPTY)]
        app.post("/")(endpoint_of(declared))
        return app

    assert_alike(*applications(build), Request.of_form(body))
