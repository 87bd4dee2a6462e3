"""Security schemes beside FastAPI's: what each reads from a connection, and how it refuses."""

import asyncio
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import fastapi.security
import pytest
from starlette.requests import HTTPConnection, Request
from starlette.websockets import WebSocket

import routebook.security.http
from routebook import security
from routebook.exceptions import HTTPException
from routebook.security.utils import get_authorization_scheme_param

SCHEMES: dict[str, Callable[[Any], Any]] = {
    "key in query": lambda s: s.APIKeyQuery(name="key"),
    "key in header": lambda s: s.APIKeyHeader(name="X-Key", description="D"),
    "key in cookie": lambda s: s.APIKeyCookie(name="key", scheme_name="named"),
    "basic": lambda s: s.HTTPBasic(),
    "basic with realm": lambda s: s.HTTPBasic(realm="simple"),
    "bearer": lambda s: s.HTTPBearer(bearerFormat="JWT"),
    "digest": lambda s: s.HTTPDigest(description="D"),
    "any http": lambda s: s.http.HTTPBase(scheme="other scheme"),
    "oauth2": lambda s: s.OAuth2(flows={"password": {"tokenUrl": "token", "scopes": {"a": "A"}}}),
    "oauth2 without flows": lambda s: s.OAuth2(),
    "password": lambda s: s.OAuth2PasswordBearer("token", scopes={"a": "A"}, refreshUrl="again"),
    "code": lambda s: s.OAuth2AuthorizationCodeBearer("authorize", "token", description="D"),
    "openid": lambda s: s.OpenIdConnect(openIdConnectUrl="/openid"),
}


def basic(credentials: bytes) -> str:
    return f"Basic {b64encode(credentials).decode()}"


HEADERS: dict[str, dict[str, str]] = {
    "nothing": {},
    "key": {"X-Key": "secret"},
    "empty key": {"X-Key": ""},
    "cookie": {"Cookie": "key=secret; other=1"},
    "empty cookie": {"Cookie": "key="},
    "bearer": {"Authorization": "Bearer token"},
    "lower case": {"Authorization": "bearer token"},
    "spaces": {"Authorization": "Bearer   a token "},
    "scheme alone": {"Authorization": "Bearer"},
    "scheme and space": {"Authorization": "Bearer "},
    "tab": {"Authorization": "Bearer\ttoken"},
    "digest": {"Authorization": 'Digest username="u", realm="r"'},
    "other": {"Authorization": "Other z"},
    "empty": {"Authorization": ""},
    "basic": {"Authorization": basic(b"user:pass:word")},
    "basic, scheme alone": {"Authorization": "Basic"},
    "basic, empty": {"Authorization": basic(b":")},
    "basic without colon": {"Authorization": basic(b"user")},
    "basic, no base64": {"Authorization": "Basic notabase64token"},
    "basic, wrong characters": {"Authorization": "Basic !é"},
    "basic, UTF-8": {"Authorization": basic("é:p".encode())},
    "basic, Latin-1": {"Authorization": basic(b"\xe9:p")},
}


def connection(headers: dict[str, str], query: bytes = b"", type: str = "http") -> HTTPConnection:
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    return HTTPConnection({"type": type, "path": "/", "headers": raw, "query_string": query})


def outcome(scheme: Any, request: HTTPConnection) -> Any:
    try:
        result = asyncio.run(scheme(request))
    except Exception as error:
        return type(error).__name__, error.status_code, error.detail, error.headers  # type: ignore[attr-defined]
    return repr(result)


@pytest.mark.parametrize("auto_error", [True, False], ids=["required", "optional"])
@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
@pytest.mark.parametrize("make", SCHEMES.values(), ids=SCHEMES)
def test_reads_and_refuses_as_fastapi(make: Callable[[Any], Any], headers: dict[str, str], auto_error: bool) -> None:
    """The same credentials, or the same 401 with the same challenge, or None."""
    ours, theirs = make(security), make(fastapi.security)
    ours.auto_error = theirs.auto_error = auto_error

    assert outcome(ours, connection(headers)) == outcome(theirs, connection(headers))


@pytest.mark.parametrize("make", SCHEMES.values(), ids=SCHEMES)
def test_describes_itself_as_fastapis(make: Callable[[Any], Any]) -> None:
    """OpenAPI's Security Scheme Object, and its name."""
    ours, theirs = make(security), make(fastapi.security)

    dumped = [scheme.model.model_dump(mode="json", by_alias=True, exclude_none=True) for scheme in (ours, theirs)]
    assert dumped[0] == dumped[1]
    assert ours.scheme_name == theirs.scheme_name


@pytest.mark.parametrize("kind", [HTTPConnection, Request, WebSocket])
def test_any_connection_is_taken(kind: type[HTTPConnection]) -> None:
    """WebSockets authenticate as requests do."""
    scope = dict(
        connection({"Authorization": "Bearer t"}, b"key=k", "websocket" if kind is WebSocket else "http").scope
    )
    made: Any = kind(scope) if kind is HTTPConnection else kind(scope, None, None)  # type: ignore[call-arg]

    assert asyncio.run(security.APIKeyQuery(name="key")(made)) == "k"
    assert asyncio.run(security.OAuth2PasswordBearer("token")(made)) == "t"


def test_refusal_can_be_overridden() -> None:
    """Applications that want 403, or another challenge, say so in one method."""

    class Forbidding(security.HTTPBearer):
        def make_not_authenticated_error(self) -> HTTPException:
            return HTTPException(403, "Go away", self.make_authenticate_headers())

        def make_authenticate_headers(self) -> dict[str, str]:
            return {"WWW-Authenticate": 'Bearer error="invalid_token"'}

    refused = ("HTTPException", 403, "Go away", {"WWW-Authenticate": 'Bearer error="invalid_token"'})
    assert outcome(Forbidding(), connection({})) == refused


def test_realm_is_quoted() -> None:
    """RFC 9110 §5.6.4: quotes and backslashes in a quoted-string are escaped."""
    headers = security.HTTPBasic(realm='a "b" \\').make_authenticate_headers()

    assert headers == {"WWW-Authenticate": r'Basic realm="a \"b\" \\"'}


@pytest.mark.parametrize(
    ("header", "parts"),
    [
        (None, ("", "")),
        ("", ("", "")),
        ("Bearer", ("Bearer", "")),
        ("Bearer a b", ("Bearer", "a b")),
        ("Bearer  a ", ("Bearer", "a")),
    ],
)
def test_authorization_header_is_split(header: str | None, parts: tuple[str, str]) -> None:
    """At the first space, with what is around the rest removed."""
    assert get_authorization_scheme_param(header) == parts


def test_scopes_of_the_form_are_split() -> None:
    """RFC 6749 §3.3: one field, separated by spaces."""
    form = security.OAuth2PasswordRequestFormStrict("password", "u", "p", "read  write")

    assert vars(form) == {
        "grant_type": "password",
        "username": "u",
        "password": "p",
        "scopes": ["read", "write"],
        "client_id": None,
        "client_secret": None,
    }


def test_security_scopes_join() -> None:
    """The text is what a challenge carries."""
    assert security.SecurityScopes().scopes == []
    assert security.SecurityScopes(["a", "b"]).scope_str == "a b"


def test_credentials_are_models() -> None:
    """Endpoints return them, and OpenAPI describes them."""
    assert routebook.security.http.HTTPBasicCredentials(username="u", password="p").model_dump() == {
        "username": "u",
        "password": "p",
    }
