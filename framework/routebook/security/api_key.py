"""API keys in the query, a header or a cookie."""

from starlette.requests import HTTPConnection

from routebook._cookies import parse_cookies
from routebook.exceptions import HTTPException
from routebook.openapi.models import APIKey, APIKeyIn
from routebook.security.base import SecurityBase, not_authenticated

__all__ = ["APIKeyBase", "APIKeyCookie", "APIKeyHeader", "APIKeyQuery"]


class APIKeyBase(SecurityBase):
    """What the API key schemes share.

    Args:
        location: Where the key is sent.
        name: Its name there.
        description: For OpenAPI.
        scheme_name: The scheme's name in OpenAPI; the class's name by default.
        auto_error: Whether a missing key is answered with 401; else it is None.
    """

    model: APIKey

    def __init__(
        self, location: APIKeyIn, name: str, description: str | None, scheme_name: str | None, auto_error: bool
    ) -> None:
        self.auto_error = auto_error
        self.model = APIKey.model_construct(in_=location, name=name, description=description)
        self.scheme_name = scheme_name or type(self).__name__

    def make_not_authenticated_error(self) -> HTTPException:
        """The exception for a missing key; override it for another answer.

        No challenge is registered for API keys, so ours names none of RFC 9110 §16.4.
        """
        return not_authenticated({"WWW-Authenticate": "APIKey"})

    def check_api_key(self, api_key: str | None) -> str | None:
        """Give the key, if there is one.

        Raises:
            HTTPException: There is none, and `auto_error` holds.
        """
        if api_key:
            return api_key
        if self.auto_error:
            raise self.make_not_authenticated_error()
        return None


class APIKeyQuery(APIKeyBase):
    """An API key in a query parameter; see `APIKeyBase` for the options."""

    def __init__(
        self, *, name: str, scheme_name: str | None = None, description: str | None = None, auto_error: bool = True
    ) -> None:
        super().__init__(APIKeyIn.query, name, description, scheme_name, auto_error)

    async def __call__(self, request: HTTPConnection) -> str | None:
        """Read the key.

        Raises:
            HTTPException: It is missing, and `auto_error` holds.
        """
        return self.check_api_key(request.query_params.get(self.model.name))


class APIKeyHeader(APIKeyBase):
    """An API key in a header; see `APIKeyBase` for the options."""

    def __init__(
        self, *, name: str, scheme_name: str | None = None, description: str | None = None, auto_error: bool = True
    ) -> None:
        super().__init__(APIKeyIn.header, name, description, scheme_name, auto_error)

    async def __call__(self, request: HTTPConnection) -> str | None:
        """Read the key.

        Raises:
            HTTPException: It is missing, and `auto_error` holds.
        """
        return self.check_api_key(request.headers.get(self.model.name))


class APIKeyCookie(APIKeyBase):
    """An API key in a cookie; see `APIKeyBase` for the options."""

    def __init__(
        self, *, name: str, scheme_name: str | None = None, description: str | None = None, auto_error: bool = True
    ) -> None:
        super().__init__(APIKeyIn.cookie, name, description, scheme_name, auto_error)

    async def __call__(self, request: HTTPConnection) -> str | None:
        """Read the key.

        Raises:
            HTTPException: It is missing, and `auto_error` holds.
        """
        cookies: dict[str, str] = {}
        for header in request.headers.getlist("cookie"):
            cookies.update(parse_cookies(header))
        return self.check_api_key(cookies.get(self.model.name))
