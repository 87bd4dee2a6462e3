"""What is measured: one request a case, and what every framework must answer to it."""

import json
from dataclasses import dataclass
from typing import Any, Literal

from .models import CHUNKS, ROUTES, ROWS


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request, as the server would hand it over."""

    method: str
    path: str
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class WebSocketExchange:
    """A connection, texts that are sent one after the other, then the client's goodbye."""

    path: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One line of the table.

    Attributes:
        name: The applications' key in `apps`.
        expected: The parsed JSON body (or the text; for a WebSocket the list of
            echoes). None: whatever FastAPI answers.
        group: "table" for the cases of field-notes.md, "more" for issue 3's.
        is_small: Counts in the geometric mean: costs the framework, not the payload
            or the number of routes.
    """

    name: str
    title: str
    request: HttpRequest | WebSocketExchange
    expected: Any
    group: Literal["table", "more"] = "more"
    status: int = 200
    is_small: bool = True


_JSON = (("content-type", "application/json"),)
_FORM = (("content-type", "application/x-www-form-urlencoded"),)
_ITEM = {"name": "lamp", "price": 19.5, "tags": ["home", "light"], "maker": {"name": "Lux", "country": "PT"}}
_BAD_ITEM = {"price": "abc", "tags": ["home"], "maker": {"name": "Lux"}}
_ECHOES = tuple(f"message {number}" for number in range(10))

CASES: tuple[Case, ...] = (
    Case("literal", "literal path", HttpRequest("GET", "/ping"), {"ping": "pong"}, "table"),
    Case(
        "params",
        "path + 2 query parameters",
        HttpRequest("GET", "/items/42", "limit=10&active=true"),
        {"item_id": 42, "limit": 10, "active": True},
        "table",
    ),
    Case(
        "json_body",
        "JSON body in and out, nested model",
        HttpRequest("POST", "/items", headers=_JSON, body=json.dumps(_ITEM).encode()),
        _ITEM,
        "table",
    ),
    Case("dependencies", "5 nested dependencies", HttpRequest("GET", "/total"), {"total": 5}, "table"),
    Case(
        "thousand_out",
        "1,000 models out",
        HttpRequest("GET", "/rows"),
        [row.model_dump() for row in ROWS],
        "table",
        is_small=False,
    ),
    Case(
        "last_route",
        f"last of {ROUTES} routes",
        HttpRequest("GET", f"/resource{ROUTES - 1}/7"),
        {"resource": ROUTES - 1, "item_id": 7},
        "table",
        is_small=False,
    ),
    Case(
        "first_route",
        f"first of {ROUTES} routes",
        HttpRequest("GET", "/resource0/7"),
        {"resource": 0, "item_id": 7},
        is_small=False,
    ),
    Case(
        "form",
        "form body",
        HttpRequest("POST", "/login", headers=_FORM, body=b"username=ada&password=enigma&remember=true"),
        {"username": "ada", "remember": True},
    ),
    Case(
        "headers_cookies",
        "header and cookie parameters",
        HttpRequest("GET", "/me", headers=(("x-token", "t-1"), ("cookie", "theme=dark; session=s-1"))),
        {"token": "t-1", "session": "s-1"},
    ),
    Case("filtered", "response model that filters", HttpRequest("GET", "/user"), {"id": 1, "name": "Ada"}),
    Case("yield_dependency", "one dependency with yield", HttpRequest("GET", "/session"), {"open": True}),
    Case("sync_endpoint", "sync endpoint (in a thread)", HttpRequest("GET", "/sync"), {"sync": True}),
    Case(
        "errors",
        "422 with three errors",
        HttpRequest("POST", "/items", headers=_JSON, body=json.dumps(_BAD_ITEM).encode()),
        None,
        status=422,
    ),
    Case("websocket", "WebSocket, 10 echoes", WebSocketExchange("/echo", _ECHOES), list(_ECHOES), status=101),
    Case("streaming", "streaming, 10 chunks", HttpRequest("GET", "/stream"), b"".join(CHUNKS).decode()),
)
