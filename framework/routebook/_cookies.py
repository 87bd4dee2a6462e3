"""Cookies of a request, as browsers send them and Starlette reads them, in time that grows with their length only.

Starlette unquotes by the standard library, whose unquoting is quadratic before Python 3.11.10 and 3.12.5
(CVE-2024-7592): a header of 60,000 backslashes, which uvicorn lets through, took it half a minute.
"""

import re

__all__ = ["parse_cookies"]

_ESCAPE = re.compile(r"\\(?:([0-3][0-7][0-7])|(.))")


def parse_cookies(header: str) -> dict[str, str]:
    r"""The cookies of a Cookie header by name (RFC 6265 §5.4); of one name the last counts.

    >>> parse_cookies('a=1; b="x\\"y\\054z"; nameless')
    {'a': '1', 'b': 'x"y,z', '': 'nameless'}
    """
    cookies = {}
    for pair in header.split(";"):
        name, equals, value = pair.partition("=")
        if not equals:
            name, value = "", name
        name, value = name.strip(), value.strip()
        if name or value:
            cookies[name] = _unquote(value)
    return cookies


def _unquote(value: str) -> str:
    """The text of a quoted string (RFC 2109 §4.1), octal escapes as `http.cookies` writes them; others as they are."""
    if len(value) < 2 or not (value[0] == value[-1] == '"'):
        return value
    return _ESCAPE.sub(_unescape, value[1:-1])


def _unescape(match: re.Match[str]) -> str:
    octal, char = match.groups()
    return char if octal is None else chr(int(octal, 8))
