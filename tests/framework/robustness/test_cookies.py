"""Cookies are read as Starlette reads them, and no header takes longer than its length deserves."""

import time
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import cookie_parser

from routebook import Cookie, Depends, Routebook
from routebook._cookies import parse_cookies
from routebook.security import APIKeyCookie
from routebook.testclient import TestClient


@given(st.text(st.sampled_from('ab=;", \\0123789é\t'), max_size=40))
def test_cookies_are_those_of_starlette(header: str) -> None:
    """Code that reads `request.cookies` and a `Cookie` parameter must see the same."""
    assert parse_cookies(header) == cookie_parser(header)


app = Routebook()


@app.get("/parameter")
async def parameter(session: Annotated[str, Cookie()]) -> int:
    return len(session)


@app.get("/key")
async def key(session: Annotated[str, Depends(APIKeyCookie(name="session"))]) -> int:
    return len(session)


@pytest.mark.parametrize("path", ["/parameter", "/key"])
def test_backslashes_in_a_cookie_are_read_in_linear_time(path: str) -> None:
    """CVE-2024-7592: Python 3.11.9 by itself takes half a minute for a header that uvicorn lets through."""
    header = 'session="' + 30_000 * r"\\" + '"'
    begin = time.perf_counter()
    response = TestClient(app).get(path, headers={"Cookie": header})
    assert response.json() == 30_000
    assert time.perf_counter() - begin < 15
