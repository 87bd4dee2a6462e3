"""Whatever is sent: an answer that is no server error, soon."""

import inspect
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Optional
from uuid import UUID

import pytest
from pydantic import BaseModel, ConfigDict

from routebook import Body, Cookie, File, Form, Header, Query, Routebook
from routebook.datastructures import UploadFile
from tests.framework.beside import EMPTY, Request, ask, endpoint_of


class Item(BaseModel):
    name: str
    n: int = 0
    f: float = 0
    tags: list[str] = []


class Node(BaseModel):
    child: Optional["Node"] = None


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")
    s: str = ""


def hostile_app() -> Routebook:
    app = Routebook()

    def add(path: str, method: str, *parameters: tuple[str, Any, Any]) -> None:
        async def silent(**values: Any) -> None:
            """What the endpoint would send back of it is not the question here."""

        silent.__signature__ = inspect.signature(endpoint_of(parameters))  # type: ignore[attr-defined]
        app.api_route(path, methods=[method])(silent)

    add("/item", "POST", ("item", Item, EMPTY))
    add("/node", "POST", ("node", Node, EMPTY))
    add("/any", "POST", ("any", Annotated[Any, Body()], EMPTY))
    add("/two", "POST", ("item", Item, EMPTY), ("n", Annotated[int, Body()], 1))
    add("/form", "POST", ("a", Annotated[str, Form()], EMPTY), ("n", Annotated[int, Form()], 1))
    add("/file", "POST", ("f", Annotated[UploadFile, File()], EMPTY), ("t", Annotated[bytes, File()], b""))
    add("/model", "POST", ("m", Annotated[Closed, Form()], EMPTY))
    add(
        "/query",
        "GET",
        ("n", int, 0),
        ("f", float, 0),
        ("at", datetime, None),
        ("d", Decimal, None),
        ("u", UUID, None),
        ("l", Annotated[list[int], Query()], ()),
    )
    add("/closed", "GET", ("m", Annotated[Closed, Query()], EMPTY))
    add("/headers", "GET", ("m", Annotated[Closed, Header()], EMPTY), ("c", Annotated[str, Cookie()], ""))
    add("/path/{n}", "GET", ("n", int, EMPTY))
    return app


APP = hostile_app()

JSON_BODIES = {
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"child":' * 50_000 + b"null" + b"}" * 50_000,
    "rather deep objects": b'{"child":' * 900 + b"null" + b"}" * 900,
    "a huge integer": b"1" * 5000,
    "a huge integer in a model": b'{"name": "x", "n": ' + b"1" * 4400 + b"}",
    "a huge float": b'{"name": "x", "f": ' + b"1" * 400 + b"}",
    "a huge exponent": b'{"name": 1e999999999}',
    "a long fraction": b"0." + b"0" * 100_000 + b"1",
    "NaN": b'{"name": NaN, "n": NaN}',
    "half of a pair": b'{"name": "\\ud800"}',
    "half of a pair as a name": b'{"\\ud800": 1}',
    "no text": b'{"name": "\xff"}',
    "no text at all": b"\xff\xfe\xfd",
    "a null byte": b"\x00",
    "nothing": b"",
    "a blank": b" ",
    "many members": b"{" + b",".join(b'"k%d":1' % number for number in range(20_000)) + b"}",
    "unclosed": b'{"k":1,' * 10_000,
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "content_type", [b"application/json", b"application/json; charset=\xff", b"text/plain", b"\xff"]
)
@pytest.mark.parametrize("body", JSON_BODIES.values(), ids=JSON_BODIES)
def test_no_json_body_is_a_server_error(body: bytes, content_type: bytes) -> None:
    """Depth, size, numbers and encodings are the client's, and so are the mistakes in them."""
    for path in ("/item", "/node", "/any", "/two"):
        request = Request("POST", path, headers=[(b"content-type", content_type)], body=body)
        assert ask(APP, request).status < 500


def part(disposition: bytes, content: bytes = b"x", more: bytes = b"") -> bytes:
    return b"--x\r\nContent-Disposition: " + disposition + b"\r\n" + more + b"\r\n" + content + b"\r\n"


FORMS = {
    "empty": b"",
    "no parts": b"--x--\r\n",
    "cut off": b"--x\r\n",
    "garbage": b"garbage",
    "a part without a name": part(b"form-data") + b"--x--\r\n",
    "a part without a disposition": b"--x\r\nX: y\r\n\r\n\r\n--x--\r\n",
    "a name that is no text": part(b'form-data; name="\xff\xfe"') + b"--x--\r\n",
    "content that is no text": part(b'form-data; name="a"', b"\xff\xfe") + b"--x--\r\n",
    "a file name that is no text": part(b'form-data; name="f"; filename="\xff"') + b"--x--\r\n",
    "a file name that climbs": part(b'form-data; name="f"; filename="../../etc/passwd"') + b"--x--\r\n",
    "a long part": part(b'form-data; name="a"', b"y" * 2_000_000) + b"--x--\r\n",
    "many parts": part(b'form-data; name="a"') * 1500 + b"--x--\r\n",
    "many files": part(b'form-data; name="f"; filename="z"') * 1500 + b"--x--\r\n",
    "many headers": part(b'form-data; name="a"', more=b"X: y\r\n" * 5000) + b"--x--\r\n",
    "a long header": part(b'form-data; name="a"', more=b"X: " + b"y" * 100_000 + b"\r\n") + b"--x--\r\n",
    "many fields": b"&".join([b"a=1"] * 50_000),
    "a long field": b"a=" + b"x" * 2_000_000,
    "broken escapes": b"a=%&b=%zz&%ED%A0%80=%ED%A0%80",
    "ampersands": b"&" * 100_000,
}

FORM_TYPES = (
    b"multipart/form-data; boundary=x",
    b"multipart/form-data; boundary=x; charset=undefined",
    b"multipart/form-data; boundary=",
    b"multipart/form-data",
    b"application/x-www-form-urlencoded",
    b"application/json",
)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("content_type", FORM_TYPES)
@pytest.mark.parametrize("body", FORMS.values(), ids=FORMS)
def test_no_form_is_a_server_error(body: bytes, content_type: bytes) -> None:
    """Limits end what is too much, and what cannot be read is refused."""
    for path in ("/form", "/file", "/model"):
        request = Request("POST", path, headers=[(b"content-type", content_type)], body=body)
        assert ask(APP, request).status < 500


QUERIES = (
    *(b"n=" + b"1" * 5000, b"f=" + b"1" * 5000, b"f=1e999", b"f=nan", b"at=" + b"9" * 5000, b"at=-9999999999999"),
    *(b"at=2024-13-45", b"at=nan", b"d=1e99999999", b"d=sNaN", b"u=x", b"n=%", b"n=%ff", b"%ED%A0%80=1", b"\xff=\xff"),
    *(b"&" * 100_000, b"=" * 100_000, b"n=%00", b"l=1&" * 20_000, b"s=" + b"a" * 500_000),
)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query[:12].decode("latin-1"))
def test_no_query_is_a_server_error(query: bytes) -> None:
    """Every value in a query is a text that anybody typed."""
    for path in ("/query", "/closed"):
        assert ask(APP, Request("GET", path, query)).status < 500


HEADERS = {
    "a byte that is no ASCII": [(b"s", b"\xff")],
    "a long value": [(b"s", b"y" * 500_000)],
    "the same name again and again": [(b"s", b"1")] * 20_000,
    "many names": [(b"h%d" % number, b"1") for number in range(20_000)],
    "semicolons": [(b"cookie", b";" * 100_000)],
    "odd cookies": [(b"cookie", b'c=\xff; =; ;c; c="\\377\\400"')],
    "an endless quotation": [(b"cookie", b'c="' + b"\\" * 100_000)],
    "many cookies": [(b"cookie", b"c=1;" * 20_000)],
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
def test_no_header_is_a_server_error(headers: list[tuple[bytes, bytes]]) -> None:
    """Servers limit headers; an application behind another server should not depend on it."""
    assert ask(APP, Request("GET", "/headers", headers=headers)).status < 500


@pytest.mark.parametrize("value", ["1" * 5000, "\u0661", "x" * 100_000, "1e5", "\x00"])
def test_no_path_is_a_server_error(value: str) -> None:
    """A path parameter is a text like any other."""
    assert ask(APP, Request("GET", f"/path/{value}")).status < 500
