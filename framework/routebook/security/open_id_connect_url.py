"""OpenID Connect."""

from starlette.requests import HTTPConnection

from routebook.exceptions import HTTPException
from routebook.openapi import models
from routebook.security.base import SecurityBase, not_authenticated

__all__ = ["OpenIdConnect"]


class OpenIdConnect(SecurityBase):
    """OpenID Connect by discovery: gives the whole `Authorization` header.

    Args:
        openIdConnectUrl: The discovery document's URL.
        scheme_name: The scheme's name in OpenAPI's components; the class's name by default.
        description: For OpenAPI.
        auto_error: Whether a missing header is answered with 401; else it is None.
    """

    model: models.OpenIdConnect

    def __init__(
        self,
        *,
        openIdConnectUrl: str,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        self.model = models.OpenIdConnect.model_construct(openIdConnectUrl=openIdConnectUrl, description=description)
        self.scheme_name = scheme_name or type(self).__name__
        self.auto_error = auto_error

    def make_not_authenticated_error(self) -> HTTPException:
        """The exception for missing credentials; override it for another answer."""
        return not_authenticated({"WWW-Authenticate": "Bearer"})

    async def __call__(self, request: HTTPConnection) -> str | None:
        """Read the `Authorization` header.

        Raises:
            HTTPException: It is missing, and `auto_error` holds.
        """
        authorization = request.headers.get("Authorization")
        if not authorization and self.auto_error:
            raise self.make_not_authenticated_error()
        return authorization or None
