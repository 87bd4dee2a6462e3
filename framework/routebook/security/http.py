"""HTTP authentication: Basic, Bearer, Digest and others in the `Authorization` header."""

from base64 import b64decode

from pydantic import BaseModel
from starlette.requests import HTTPConnection

from routebook.exceptions import HTTPException
from routebook.openapi import models
from routebook.security.base import SecurityBase, not_authenticated
from routebook.security.utils import get_authorization_scheme_param

__all__ = [
    "HTTPAuthorizationCredentials",
    "HTTPBase",
    "HTTPBasic",
    "HTTPBasicCredentials",
    "HTTPBearer",
    "HTTPDigest",
]


class HTTPBasicCredentials(BaseModel):
    """What Basic authentication sends; compare with `secrets.compare_digest`."""

    username: str
    password: str


class HTTPAuthorizationCredentials(BaseModel):
    """An `Authorization` header in its two parts.

    Attributes:
        scheme: As sent, for example "Bearer".
        credentials: What follows it.
    """

    scheme: str
    credentials: str


class HTTPBase(SecurityBase):
    """Any HTTP authentication scheme: the header in two parts, whatever its scheme.

    Args:
        scheme: The scheme's name, for OpenAPI and the challenge.
        scheme_name: Its name in OpenAPI's components; the class's name by default.
        description: For OpenAPI.
        auto_error: Whether missing credentials are answered with 401; else they are None.
    """

    model: models.HTTPBase

    def __init__(
        self, *, scheme: str, scheme_name: str | None = None, description: str | None = None, auto_error: bool = True
    ) -> None:
        self.model = models.HTTPBase.model_construct(scheme=scheme, description=description)
        self.scheme_name = scheme_name or type(self).__name__
        self.auto_error = auto_error

    def make_authenticate_headers(self) -> dict[str, str]:
        """The challenge of a 401; override it to add parameters."""
        return {"WWW-Authenticate": self.model.scheme.title()}

    def make_not_authenticated_error(self) -> HTTPException:
        """The exception for missing or invalid credentials; override it for another answer."""
        return not_authenticated(self.make_authenticate_headers())

    async def __call__(self, request: HTTPConnection) -> HTTPAuthorizationCredentials | None:
        """Read the credentials.

        Raises:
            HTTPException: They are missing, and `auto_error` holds.
        """
        scheme, credentials = get_authorization_scheme_param(request.headers.get("Authorization"))
        if scheme and credentials and self.accepts(scheme):
            return HTTPAuthorizationCredentials(scheme=scheme, credentials=credentials)
        if self.auto_error:
            raise self.make_not_authenticated_error()
        return None

    def accepts(self, scheme: str) -> bool:
        """Whether credentials of this scheme are taken; here, of any."""
        return True


class _HTTPOneScheme(HTTPBase):
    """A scheme that takes no other's credentials."""

    def accepts(self, scheme: str) -> bool:
        """Whether it is this scheme; case does not matter (RFC 9110 §11.1)."""
        return scheme.lower() == self.model.scheme.lower()


class HTTPBasic(_HTTPOneScheme):
    """Basic authentication.

    Args:
        scheme_name: As for `HTTPBase`.
        realm: Names the protected space to the user, in the challenge.
        description: As for `HTTPBase`.
        auto_error: As for `HTTPBase`.

    Spec: RFC 7617; only ASCII is taken, as in FastAPI.
    """

    def __init__(
        self,
        *,
        scheme_name: str | None = None,
        realm: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(scheme="basic", scheme_name=scheme_name, description=description, auto_error=auto_error)
        self.realm = realm

    def make_authenticate_headers(self) -> dict[str, str]:
        """The challenge, with the realm if there is one (a quoted-string: RFC 9110 §5.6.4)."""
        if not self.realm:
            return super().make_authenticate_headers()
        quoted = self.realm.replace("\\", "\\\\").replace('"', '\\"')
        return {"WWW-Authenticate": f'Basic realm="{quoted}"'}

    async def __call__(  # type: ignore[override]  # what the header holds is decoded
        self, request: HTTPConnection
    ) -> HTTPBasicCredentials | None:
        """Read user name and password.

        Raises:
            HTTPException: They are missing and `auto_error` holds, or can't be decoded.
        """
        scheme, credentials = get_authorization_scheme_param(request.headers.get("Authorization"))
        if not self.accepts(scheme):
            if self.auto_error:
                raise self.make_not_authenticated_error()
            return None
        try:
            decoded = b64decode(credentials).decode("ascii")
        except ValueError as error:
            raise self.make_not_authenticated_error() from error
        username, colon, password = decoded.partition(":")
        if not colon:
            raise self.make_not_authenticated_error()
        return HTTPBasicCredentials(username=username, password=password)


class HTTPBearer(_HTTPOneScheme):
    """A bearer token.

    Args:
        bearerFormat: How the token is formatted, for example "JWT"; for OpenAPI.
        scheme_name: As for `HTTPBase`.
        description: As for `HTTPBase`.
        auto_error: As for `HTTPBase`.

    Spec: RFC 6750 §2.1.
    """

    def __init__(
        self,
        *,
        bearerFormat: str | None = None,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(scheme="bearer", scheme_name=scheme_name, description=description, auto_error=auto_error)
        self.model = models.HTTPBearer.model_construct(bearerFormat=bearerFormat, description=description)


class HTTPDigest(_HTTPOneScheme):
    """Digest authentication: the header in two parts, the rest is the application's.

    Args:
        scheme_name: As for `HTTPBase`.
        description: As for `HTTPBase`.
        auto_error: As for `HTTPBase`.

    Spec: RFC 7616.
    """

    def __init__(
        self, *, scheme_name: str | None = None, description: str | None = None, auto_error: bool = True
    ) -> None:
        super().__init__(scheme="digest", scheme_name=scheme_name, description=description, auto_error=auto_error)
