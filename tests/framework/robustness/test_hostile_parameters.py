"""Paths, queries, headers and cookies that no browser sends: refused with a 4xx or taken as text, at once."""

import datetime as dt
import json
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import BaseModel, Json

from routebook import Cookie, Depends, Header, Query, Request, Routebook
from routebook.security import APIKeyHeader, HTTPBasic, HTTPBearer, HTTPDigest, OAuth2PasswordBearer
from tests.framework.robustness.wire import ask

app = Routebook()


class Filters(BaseModel):
    model_config = {"extra": "forbid"}

    tags: list[str] = []


@app.get("/query")
async def query(
    text: str = "",
    integer: int = 0,
    number: float = 0,
    decimal: Decimal = Decimal(0),
    flag: bool = False,
    day: dt.date | None = None,
    at: dt.datetime | None = None,
    lasting: dt.timedelta | None = None,
    key: UUID | None = None,
    integers: Annotated[list[int], Query()] = [],  # noqa: B006
    parsed: Annotated[Json[Any] | None, Query()] = None,
) -> dict[str, str]:
    return {"type": type(integer).__name__}


@app.get("/echo")
async def echo(decimal: Decimal) -> Any:
    return decimal


@app.get("/filters")
async def filters(filters: Annotated[Filters, Query()]) -> Filters:
    return filters


@app.get("/headers")
async def headers(
    x_text: Annotated[str, Header()] = "",
    x_integer: Annotated[int, Header()] = 0,
    x_list: Annotated[list[str], Header()] = [],  # noqa: B006
) -> dict[str, int | str]:
    return {"text": x_text, "count": len(x_list)}


@app.get("/cookies")
async def cookies(text: Annotated[str, Cookie()] = "", integer: Annotated[int, Cookie()] = 0) -> str:
    return text


@app.get("/text/{value}")
async def text(value: str) -> str:
    return value


@app.get("/integer/{value}")
async def integer(value: int) -> int:
    return value


@app.get("/convertor/{value:int}")
async def convertor(value: int) -> str:
    return str(value)[:10]


@app.get("/rest/{value:path}")
async def rest(value: str) -> int:
    return len(value)


for scheme in (
    HTTPBasic(),
    HTTPBearer(),
    HTTPDigest(),
    OAuth2PasswordBearer("token"),
    APIKeyHeader(name="Authorization"),
):

    @app.get(f"/security/{type(scheme).__name__}")
    async def secured(credentials: Annotated[Any, Depends(scheme)]) -> str:
        return type(credentials).__name__


@app.get("/request")
async def whole(request: Request) -> int:
    return len(request.query_params) + len(request.headers) + len(request.cookies)


VALUES = {
    "a hundred thousand digits": b"9" * 100_000,
    "five thousand digits": b"9" * 5000,
    "a huge exponent": b"1e999999",
    "a tiny exponent": b"-1e-999999",
    "not a number": b"nan",
    "infinity": b"-inf",
    "broken UTF-8": b"%ff%fe",
    "bytes": b"\xff\xfe",
    "UTF-8 of a surrogate": b"%ed%a0%80",
    "a zero byte": b"%00",
    "nothing": b"",
    "digits of Arabic": "٣".encode(),
    "brackets": b"[" * 50_000,
    "brackets, closed": b"[" * 5000 + b"]" * 5000,
    "escaped halves": b"%22%5Cud800%22",
    "percent signs": b"%" * 50_000,
    "a date too late": b"9999-12-31T23:59:59%2B14:00",
    "a date too early": b"0001-01-01T00:00:00-14:00",
    "a time span too long": b"P999999999999D",
}


@pytest.mark.parametrize("name", VALUES)
def test_values_of_every_type_are_taken_or_refused(name: str) -> None:
    """No converter fails in another way than by refusing, and what is refused can be quoted."""
    for parameter in query.__annotations__.keys() - {"return"}:
        answer = ask(app, "GET", "/query", query=parameter.encode() + b"=" + VALUES[name])
        assert answer.status in (200, 422)
        json.loads(answer.body, parse_constant=pytest.fail)


@pytest.mark.parametrize("name", VALUES)
def test_paths_are_taken_or_refused(name: str) -> None:
    """Servers decode a path with U+FFFD for what is no UTF-8; the rest is up to convertors and validators."""
    value = VALUES[name].decode(errors="replace").replace("%00", "\0")
    assert ask(app, "GET", f"/text/{value}").status == (200 if value else 404)
    for kind in ("integer", "convertor"):
        assert ask(app, "GET", f"/{kind}/{value}").status in (404, 422)
    assert ask(app, "GET", f"/rest/{value}").status == 200


@pytest.mark.parametrize("number", ["9" * 100_000, "1e999999", "-1e999999", f"{'1' * 5000}.5"])
def test_decimal_too_long_to_be_a_number_is_answered_as_text(number: str) -> None:
    """As an integer, 1e999999 takes Python more than a minute."""
    answer = ask(app, "GET", "/echo", query=f"decimal={number}".encode())
    assert Decimal(json.loads(answer.body)) == Decimal(number)


@pytest.mark.parametrize(
    "path", ["", "*", "//", "/" * 50_000, "/query\r\nX: y", "//evil.example/%2e%2e", "/text/\ufffd/"]
)
def test_absurd_paths_are_not_found(path: str) -> None:
    """A redirect, if any, stays on this host."""
    answer = ask(app, "GET", path)
    assert answer.status in (307, 404)


@pytest.mark.parametrize("method", ["", "get", "É", "GET,POST", "A" * 10_000])
def test_absurd_methods_are_not_allowed(method: str) -> None:
    """Whatever a server lets through as a method."""
    assert ask(app, method, "/query").status == 405


@pytest.mark.parametrize(
    "query",
    [
        b"&".join(b"a%d=1" % number for number in range(50_000)),
        b"&".join([b"integers=1"] * 50_000),
        b"&" * 50_000,
        b"=" * 50_000,
        b"&=&=;;==&&",
        b"text=1;integer=x",
    ],
    ids=["names", "values", "ampersands", "equals", "mixed", "semicolons"],
)
def test_absurd_queries_are_read(query: bytes) -> None:
    """What nobody asked for costs a dictionary entry, no more."""
    assert ask(app, "GET", "/query", query=query).status == 200
    assert ask(app, "GET", "/request", query=query).status == 200
    assert ask(app, "GET", "/filters", query=query).status in (200, 422)


def test_header_flood_is_read() -> None:
    """The server limits them; what it lets through is read once."""
    flood = [(b"x-list", b"%d" % number) for number in range(50_000)]
    assert json.loads(ask(app, "GET", "/headers", headers=flood).body)["count"] == 50_000


@pytest.mark.parametrize("value", [b"\xff\xfe\x00", b"9" * 100_000, b"", b'"', b"\xed\xa0\x80", b"x" * 1_000_000])
def test_odd_headers_are_taken_or_refused(value: bytes) -> None:
    """Header values are Latin-1 for ASGI, so any byte is a text."""
    for name in (b"x-text", b"x-integer", b"\xff\xfe"):
        assert ask(app, "GET", "/headers", headers=[(name, value)]).status in (200, 422)


@pytest.mark.parametrize(
    "cookie",
    [
        b'text="\\377\xff\xfe"; integer=\xff',
        b";;;=;==;text;integer=1=2; \x00=1; text=\x00",
        b"; ".join(b"a%d=b" % number for number in range(50_000)),
        b"integer=" + b"9" * 100_000,
        b'text="' + b"\\" * 60_000 + b'"',
        b"=" * 50_000,
    ],
)
def test_odd_cookies_are_taken_or_refused(cookie: bytes) -> None:
    """Nothing about a cookie is certain."""
    assert ask(app, "GET", "/cookies", headers=[(b"cookie", cookie)]).status in (200, 422)


@pytest.mark.parametrize("scheme", ["HTTPBasic", "HTTPBearer", "HTTPDigest", "OAuth2PasswordBearer", "APIKeyHeader"])
@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"Basic",
        b"Basic ",
        b"Basic \xff",
        b"Basic !!!",
        b"Basic YWJj",
        b"Basic /zr+",
        b"Bearer",
        b"Digest \xff",
        b"x",
    ],
)
def test_odd_credentials_are_taken_or_refused(scheme: str, value: bytes) -> None:
    """Base64 that is none, without a colon, of bytes that are no text."""
    answer = ask(app, "GET", f"/security/{scheme}", headers=[(b"authorization", value)])
    assert answer.status in (200, 401, 403)
