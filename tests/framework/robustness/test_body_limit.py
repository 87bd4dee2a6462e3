"""A limit for bodies holds for JSON and forms, whether or not the length is announced, and keeps memory small."""

import tracemalloc
from typing import Annotated

import pytest
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware

from routebook import Form, Routebook, UploadFile
from tests.framework.robustness.wire import JSON, MULTIPART, URLENCODED, Headers, ask, part

LIMIT = 100_000
PIECE = b"x" * 65536


def declare(app: Routebook) -> Routebook:
    @app.post("/json")
    async def json(body: dict[str, str]) -> int:
        return len(body)

    @app.post("/form")
    async def form(name: Annotated[str, Form()]) -> int:
        return len(name)

    @app.post("/file")
    async def file(file: UploadFile) -> int:
        return file.size or 0

    return app


def by_attribute() -> Routebook:
    app = Routebook()
    app.max_body_size = LIMIT
    return declare(app)


def by_argument() -> Routebook:
    return declare(Routebook(max_body_size=LIMIT))


def by_middleware() -> Routebook:
    return declare(Routebook(middleware=[Middleware(RequestBodyLimitMiddleware, max_body_size=LIMIT)]))


BODIES: list[tuple[str, Headers, bytes]] = [
    ("/json", JSON, b'{"name": "'),
    ("/form", URLENCODED, b"name="),
    ("/file", MULTIPART, b"--B\r\n" + part(b"file", b"", more=b'; filename="a"')),
]


@pytest.mark.parametrize(
    "app", [by_attribute(), by_argument(), by_middleware()], ids=["attribute", "argument", "middleware"]
)
@pytest.mark.parametrize(("path", "headers", "first"), BODIES)
@pytest.mark.parametrize("is_announced", [True, False])
def test_oversized_body_is_refused_early(
    app: Routebook, path: str, headers: Headers, first: bytes, is_announced: bool
) -> None:
    """Fifty megabytes are on their way; little of them is ever held."""
    announced = [(b"content-length", b"52428800")] if is_announced else []
    tracemalloc.start()
    try:
        answer = ask(app, "POST", path, headers=[*headers, *announced], chunks=[first, *[PIECE] * 800])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert answer.status == 413
    assert peak < 5e6


def test_body_below_the_limit_is_read() -> None:
    """The limit is the only difference."""
    assert ask(by_attribute(), "POST", "/json", headers=JSON, body=b'{"name": "x"}').body == b"1"
