"""What FastAPI's answers alone do not show: limits, closed files, pieces, and reading in turn."""

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request as StarletteRequest
from starlette.responses import Response

from routebook import Depends, File, Form, Routebook
from routebook.datastructures import UploadFile as RoutebookUploadFile
from routebook.exceptions import RequestValidationError
from routebook.testclient import TestClient
from tests.framework.beside import EMPTY, Request, ask, endpoint_of

URLENCODED = {"content-type": "application/x-www-form-urlencoded"}


def form_app() -> Any:
    app = Routebook()
    app.post("/")(endpoint_of([("a", Annotated[str, Form()], EMPTY)]))
    return app


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"a=1", "1"),
        (b"a=1&a=2", "2"),
        (b"&&a=1&", "1"),
        (b"a=x+y%2Bz", "x y+z"),
        (b"a=%C3%A9", "é"),
        (b"a=%ff", "\ufffd"),
        (b"a=\xe9", "é"),
        (b"a=1;b=2", "1;b=2"),
        (b"a==", "="),
    ],
)
def test_an_urlencoded_form_in_pieces_equals_one_in_one_message(body: bytes, value: str) -> None:
    """One is taken apart here, the other by Starlette's parser; a slow client must not get another answer."""
    client = TestClient(form_app())

    def pieces() -> Iterator[bytes]:
        yield body[:2]
        yield body[2:]

    at_once = client.post("/", content=body, headers=URLENCODED)
    in_pieces = client.post("/", content=pieces(), headers=URLENCODED)

    assert at_once.json() == in_pieces.json() == {"a": repr(value)}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"&".join([b"a=1"] * 1001), id="too many fields"),
        pytest.param(b"a=" + b"x" * (1024 * 1024 + 1), id="too long a field"),
    ],
)
def test_an_oversized_form_is_refused(body: bytes) -> None:
    """Starlette's limits hold however the form comes."""
    assert ask(form_app(), Request.of_form(body)).status == 400


def test_a_multipart_form_without_boundary_is_refused() -> None:
    """The client's mistake is no error of the application."""
    request = Request("POST", "/", headers=[(b"content-type", b"multipart/form-data")], body=b"--x\r\n")

    assert ask(form_app(), request).status == 400


@pytest.mark.parametrize("charset", ["idna", "punycode", "undefined", "base64", "no-such"])
def test_a_charset_that_cannot_decode_is_refused_or_ignored(charset: str) -> None:
    """Python has codecs that raise what no parser expects."""
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n--x--\r\n'
    headers = [(b"content-type", f"multipart/form-data; boundary=x; charset={charset}".encode())]

    assert ask(form_app(), Request("POST", "/", headers=headers, body=part)).status in (200, 400, 422)


def test_the_files_of_a_form_are_open_in_dependencies_and_closed_afterwards() -> None:
    """A dependency's end may still read the file that its endpoint was given."""
    seen: list[Any] = []

    def watch(upload: Annotated[RoutebookUploadFile, File()]) -> Iterator[None]:
        yield
        seen.append((upload.file.closed, upload))

    app = Routebook()

    @app.post("/", dependencies=[Depends(watch)])
    async def endpoint(upload: Annotated[RoutebookUploadFile, File()]) -> str:
        return (await upload.read()).decode()

    answer = ask(app, Request.of_parts(("upload", "n.txt", b"text")))

    assert answer.body == "text"
    ((was_closed, upload),) = seen
    assert not was_closed
    assert upload.file.closed


def test_an_unwanted_file_is_closed_too() -> None:
    """Any form may bring files."""
    kept: list[UploadFile] = []
    app = Routebook()

    @app.exception_handler(RequestValidationError)
    async def keep(request: StarletteRequest, exc: RequestValidationError) -> Any:
        kept.extend(value for _, value in exc.body.multi_items())
        return Response(status_code=422)

    @app.post("/")
    async def endpoint(a: Annotated[str, Form()]) -> str:
        return a

    ask(app, Request.of_parts(("b", "n.txt", b"text")))

    assert [upload.file.closed for upload in kept] == [True]


def test_the_body_of_a_refused_form_is_the_form() -> None:
    """Handlers written for FastAPI show `exc.body`."""
    bodies: list[Any] = []
    app = form_app()

    @app.exception_handler(RequestValidationError)
    async def keep(request: StarletteRequest, exc: RequestValidationError) -> Any:
        bodies.append(exc.body)
        return Response(status_code=422)

    ask(app, Request.of_form(b"b=1&b=2"))

    assert bodies == [FormData([("b", "1"), ("b", "2")])]


def test_who_asks_the_request_for_its_form_gets_the_same_one() -> None:
    """The body can be received once only; the request object that a function takes must know what was read."""
    app = Routebook()

    @app.post("/")
    async def endpoint(request: StarletteRequest, a: Annotated[str, Form()]) -> list[str]:
        return [a, str((await request.form())["a"])]

    assert ask(app, Request.of_form(b"a=1")).body == ["1", "1"]


def test_bytes_leave_a_file_where_it_was() -> None:
    """A file may be read as bytes by a dependency, and as a file by its endpoint."""
    app = Routebook()

    async def begin(upload: Annotated[RoutebookUploadFile, File()]) -> bytes:
        return await upload.read(2)

    def rest(begun: Annotated[bytes, Depends(begin)], upload: Annotated[bytes, File()]) -> list[bytes]:
        return [begun, upload]

    @app.post("/")
    async def endpoint(
        parts: Annotated[list[bytes], Depends(rest)], upload: Annotated[RoutebookUploadFile, File()]
    ) -> list[Any]:
        return [*parts, upload.file.tell()]

    assert ask(app, Request.of_parts(("upload", "n.txt", b"hello"))).body == ["he", "llo", 2]
