"""Forms and uploads that are broken, too many or too big: a 4xx, and little memory."""

import logging
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import pytest
from pydantic import BaseModel

from routebook import Depends, File, Form, Request, Routebook, UploadFile
from routebook.datastructures import FormLimits
from routebook.security import OAuth2PasswordRequestForm
from tests.framework.robustness.wire import JSON, MULTIPART, URLENCODED, Headers, ask, multipart, part

PIECE = b"x" * 65536

app = Routebook()


class Profile(BaseModel):
    name: str
    tags: list[str] = []


@app.post("/fields")
async def fields(name: Annotated[str, Form()], count: Annotated[int, Form()] = 0) -> int:
    return len(name)


@app.post("/profile")
async def profile(profile: Annotated[Profile, Form()]) -> Profile:
    return profile


@app.post("/token")
async def token(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> list[str]:
    return form.scopes


@app.post("/file")
async def file(file: UploadFile) -> int:
    return file.size or 0


@app.post("/files")
async def files(file: list[UploadFile]) -> int:
    return len(file)


@app.post("/content")
def content(file: Annotated[bytes, File()]) -> int:
    return len(file)


FORMS = ("/fields", "/profile", "/token")
FILES = ("/file", "/files", "/content")

BROKEN: dict[str, tuple[Headers, bytes]] = {
    "no boundary": ([(b"content-type", b"multipart/form-data")], b"--B--"),
    "an empty boundary": ([(b"content-type", b"multipart/form-data; boundary=")], b"--B--"),
    "a boundary of bytes": ([(b"content-type", b"multipart/form-data; boundary=\xff\xfe")], b"--B--"),
    "a quote for a boundary": ([(b"content-type", b'multipart/form-data; boundary="')], b"--B--"),
    "cut off": (MULTIPART, b"--B\r\n" + part(b"file", more=b'; filename="a"')),
    "no disposition": (MULTIPART, multipart(b"X: y\r\n\r\nv")),
    "no name": (MULTIPART, multipart(b"Content-Disposition: form-data\r\n\r\nv")),
    "a header of bytes": (MULTIPART, multipart(b"\xff\xff: y\r\n\r\nv")),
    "a very long header": (MULTIPART, multipart(b"X: " + b"y" * 1_000_000 + b"\r\n\r\nv")),
    "a hundred thousand headers": (MULTIPART, multipart(b"X: y\r\n" * 100_000 + b"\r\nv")),
    "text before the first part": (MULTIPART, b"x" * 1000 + b"--B--\r\n"),
    "fields of bytes": (MULTIPART, multipart(part(b"\xff\xfe", b"\xff\xfe"))),
    "two thousand fields": (MULTIPART, multipart(*[part(b"a")] * 2000)),
    "a thousand and one files": (MULTIPART, multipart(*[part(b"file", more=b'; filename="a"')] * 1001)),
    "a field of three megabytes": (MULTIPART, multipart(part(b"name", b"x" * 3_000_000))),
    "five thousand names": (URLENCODED, b"&".join(b"f%d=1" % number for number in range(5000))),
    "a hundred thousand values": (URLENCODED, b"&".join([b"name=1"] * 100_000)),
    "a value of five megabytes": (URLENCODED, b"name=" + b"x" * 5_000_000),
    "equals signs": (URLENCODED, b"=" * 100_000),
    "JSON": (JSON, b'{"name": "x", "file": "x"}'),
    "nothing said": ([], b"name=x&file=x"),
    "a wrong type first": ([*JSON, *URLENCODED], b"name=x"),
    "nothing": (MULTIPART, b""),
}


@pytest.fixture(autouse=True)
def quiet_parser(caplog: pytest.LogCaptureFixture) -> None:
    """python-multipart warns of each broken body."""
    caplog.set_level(logging.CRITICAL)


# Starlette's parser leaves the file of a part without an end to the garbage collector, which closes it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", BROKEN)
def test_broken_forms_are_refused(name: str) -> None:
    """What cannot be read is 400, what misses a field 422."""
    headers, body = BROKEN[name]
    for path in FORMS + FILES:
        assert ask(app, "POST", path, headers=headers, body=body).status in (400, 422)


@pytest.mark.parametrize("charset", [b"nonsense", b"base64", b"utf-16", b"\xff", b""])
def test_odd_charsets_are_not_believed(charset: bytes) -> None:
    """Python knows codecs that give no text; of those that do not fit, UTF-8 and Latin-1 take the place."""
    headers = [(b"content-type", b"multipart/form-data; boundary=B; charset=" + charset)]
    answer = ask(app, "POST", "/fields", headers=headers, body=multipart(part(b"name", b"!!")))
    assert answer.status in (200, 400, 422)


@pytest.mark.parametrize("value", [b"%ff%fe", b"\xff", b"%ed%a0%80", b"%", b"%zz", b"\0"])
def test_bytes_that_are_no_text_are_replaced(value: bytes) -> None:
    """WHATWG URL §5.1: what is no UTF-8 is U+FFFD, so that a form's texts are texts."""
    body = b"name=" + value + b"&username=" + value + b"&password=" + value
    for path in FORMS:
        assert ask(app, "POST", path, headers=URLENCODED, body=body).status == 200


@pytest.mark.parametrize("path", FORMS + FILES)
def test_text_for_a_file_and_a_file_for_text_are_refused(path: str) -> None:
    """The names are right, the kinds are not."""
    is_file = path in FILES
    more = b"" if is_file else b'; filename="f"'
    parts = [part(name, more=more) for name in (b"name", b"username", b"password", b"file")]
    answer = ask(app, "POST", path, headers=MULTIPART, body=multipart(*parts))
    assert answer.status == (
        200 if path == "/content" else 422
    )  # a text is as good as a file of which bytes are wanted


@pytest.mark.parametrize(
    "filename", [b'"\xff\xfe"', b"*=utf-8''%ff%fe", b'"../../etc/passwd"', b'"' + b"x" * 4000 + b'"']
)
def test_odd_file_names_are_taken(filename: bytes) -> None:
    """A name is only shown to the application; nothing is stored under it."""
    more = b"; filename" + (filename if filename.startswith(b"*") else b"=" + filename)
    answer = ask(app, "POST", "/file", headers=MULTIPART, body=multipart(part(b"file", more=more)))
    assert answer.status in (200, 400, 422)


@pytest.mark.parametrize(
    ("path", "headers", "body"),
    [
        ("/fields", URLENCODED, b"name=x&"),
        ("/profile", MULTIPART, b"--B\r\nContent-Disp"),
        ("/file", MULTIPART, b"--B\r\n" + part(b"file", more=b'; filename="a"')),
    ],
)
def test_client_that_goes_away_is_no_failure(path: str, headers: Headers, body: bytes) -> None:
    """As for JSON."""
    assert ask(app, "POST", path, headers=headers, body=body, is_cut_off=True).status == 400


def test_a_thousand_files_are_taken() -> None:
    """The limit of Starlette, which the thousand and first breaks."""
    body = multipart(*[part(b"file", more=b'; filename="a"')] * 1000)
    assert ask(app, "POST", "/files", headers=MULTIPART, body=body).body == b"1000"


@contextmanager
def peak_below(limit_mb: float) -> Iterator[None]:
    """Assert that Python's own memory grows by less while the block runs."""
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < limit_mb * 1e6


def test_upload_of_fifty_megabytes_takes_little_memory() -> None:
    """Files go to disk as they come."""
    head = b"--B\r\n" + part(b"file", b"", more=b'; filename="a"')
    with peak_below(20):
        answer = ask(app, "POST", "/file", headers=MULTIPART, chunks=[head, *[PIECE] * 800, b"\r\n--B--\r\n"])
    assert answer.body == str(800 * len(PIECE)).encode()


@pytest.mark.parametrize(
    ("headers", "first", "piece"),
    [
        (URLENCODED, b"name=", PIECE),
        (URLENCODED, b"", b"a=1&" * 16384),
        (MULTIPART, b"--B\r\n" + part(b"name", b""), PIECE),
        (MULTIPART, b"", (b"--B\r\n" + part(b"a") + b"\r\n") * 1000),
    ],
    ids=["value", "fields", "part", "parts"],
)
def test_endless_form_is_refused_before_its_end(headers: Headers, first: bytes, piece: bytes) -> None:
    """Fields are kept in memory, so their number and size have limits; who sends on is not listened to."""
    with peak_below(20):
        answer = ask(app, "POST", "/fields", headers=headers, chunks=[first, *[piece] * 800])
    assert answer.status == 400


LIMITED = Routebook(form_limits=FormLimits(max_files=2, max_fields=2, max_part_size=10))
WIDE = Routebook(form_limits=FormLimits(max_files=1500, max_fields=1500, max_part_size=2_000_000))
for limited in (LIMITED, WIDE):

    @limited.post("/name")
    async def name(name: Annotated[str, Form()]) -> int:
        return len(name)

    @limited.post("/names")
    async def names(request: Request, name: Annotated[list[str], Form()]) -> int:
        return len(name)


@pytest.mark.parametrize("path", ["/name", "/names"])
@pytest.mark.parametrize(
    ("headers", "body", "is_wide"),
    [
        (URLENCODED, b"name=1&name=2", False),
        (URLENCODED, b"name=1&name=2&name=3", True),
        (URLENCODED, b"name=" + b"x" * 1_200_000, True),
        (URLENCODED, b"&".join([b"name=1"] * 1200), True),
        (MULTIPART, multipart(*[part(b"name", b"1")] * 2), False),
        (MULTIPART, multipart(*[part(b"name", b"1")] * 3), True),
        (MULTIPART, multipart(part(b"name", b"x" * 1_200_000)), True),
        (MULTIPART, multipart(part(b"name", b"1"), *[part(b"file", more=b'; filename="a"')] * 3), True),
    ],
)
def test_an_application_chooses_its_forms_limits(path: str, headers: Headers, body: bytes, is_wide: bool) -> None:
    """Ours and Starlette's parser keep the same limits, the defaults being Starlette's."""
    assert ask(WIDE, "POST", path, headers=headers, body=body).status == 200
    assert ask(LIMITED, "POST", path, headers=headers, body=body).status == (400 if is_wide else 200)
