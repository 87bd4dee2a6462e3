"""OAuth2: the schemes, the form of the password flow, and the scopes that an endpoint needs."""

from typing import Annotated, Any

from starlette.requests import HTTPConnection

from routebook._security import SecurityScopes
from routebook.exceptions import HTTPException
from routebook.openapi import models
from routebook.param_functions import Form
from routebook.security.base import SecurityBase, not_authenticated
from routebook.security.utils import get_authorization_scheme_param

__all__ = [
    "OAuth2",
    "OAuth2AuthorizationCodeBearer",
    "OAuth2PasswordBearer",
    "OAuth2PasswordRequestForm",
    "OAuth2PasswordRequestFormStrict",
    "SecurityScopes",
]


class OAuth2PasswordRequestForm:
    """The form of OAuth2's password flow, as a dependency: `form: Annotated[OAuth2PasswordRequestForm, Depends()]`.

    Attributes:
        grant_type: "password" or None; `OAuth2PasswordRequestFormStrict` insists on it, as the specification does.
        username: The user's name.
        password: The user's password.
        scopes: The scopes asked for; one field named `scope`, separated by spaces.
        client_id: The client, if it names itself in the form.
        client_secret: The client's secret, likewise.

    Spec: RFC 6749 §4.3.2, §3.3.
    """

    def __init__(
        self,
        *,
        grant_type: Annotated[str | None, Form(pattern="^password$")] = None,
        username: Annotated[str, Form()],
        password: Annotated[str, Form(json_schema_extra={"format": "password"})],
        scope: Annotated[str, Form()] = "",
        client_id: Annotated[str | None, Form()] = None,
        client_secret: Annotated[str | None, Form(json_schema_extra={"format": "password"})] = None,
    ) -> None:
        self.grant_type = grant_type
        self.username = username
        self.password = password
        self.scopes = scope.split()
        self.client_id = client_id
        self.client_secret = client_secret


class OAuth2PasswordRequestFormStrict(OAuth2PasswordRequestForm):
    """The form of OAuth2's password flow, with `grant_type=password` required."""

    def __init__(
        self,
        grant_type: Annotated[str, Form(pattern="^password$")],
        username: Annotated[str, Form()],
        password: Annotated[str, Form()],
        scope: Annotated[str, Form()] = "",
        client_id: Annotated[str | None, Form()] = None,
        client_secret: Annotated[str | None, Form()] = None,
    ) -> None:
        super().__init__(
            grant_type=grant_type,
            username=username,
            password=password,
            scope=scope,
            client_id=client_id,
            client_secret=client_secret,
        )


class OAuth2(SecurityBase):
    """OAuth2 with any flows: gives the whole `Authorization` header.

    Args:
        flows: OpenAPI's OAuth Flows Object, or a dict of the same form.
        scheme_name: The scheme's name in OpenAPI's components; the class's name by default.
        description: For OpenAPI.
        auto_error: Whether a missing header is answered with 401; else it is None.
    """

    model: models.OAuth2

    def __init__(
        self,
        *,
        flows: models.OAuthFlows | dict[str, dict[str, Any]] = models.OAuthFlows.model_construct(),
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        self.model = models.OAuth2.model_construct(
            flows=models.OAuthFlows.model_validate(flows), description=description
        )
        self.scheme_name = scheme_name or type(self).__name__
        self.auto_error = auto_error

    def make_not_authenticated_error(self) -> HTTPException:
        """The exception for missing credentials; override it for another answer.

        OAuth2 itself defines no challenge; tokens nearly always are bearer tokens (RFC 6750 §3).
        """
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


class _OAuth2Bearer(OAuth2):
    """OAuth2 that gives the bearer token alone."""

    async def __call__(self, request: HTTPConnection) -> str | None:
        """Read the token.

        Raises:
            HTTPException: It is missing or not a bearer token, and `auto_error` holds.
        """
        scheme, token = get_authorization_scheme_param(request.headers.get("Authorization"))
        if scheme.lower() == "bearer":
            return token
        if self.auto_error:
            raise self.make_not_authenticated_error()
        return None


class OAuth2PasswordBearer(_OAuth2Bearer):
    """OAuth2's password flow; gives the bearer token.

    Args:
        tokenUrl: Where the client gets a token: the path operation with `OAuth2PasswordRequestForm`.
        scheme_name: As for `OAuth2`.
        scopes: What each scope allows, by its name.
        description: As for `OAuth2`.
        auto_error: As for `OAuth2`.
        refreshUrl: Where the client refreshes a token.
    """

    def __init__(
        self,
        tokenUrl: str,
        scheme_name: str | None = None,
        scopes: dict[str, str] | None = None,
        description: str | None = None,
        auto_error: bool = True,
        refreshUrl: str | None = None,
    ) -> None:
        flow = models.OAuthFlowPassword(tokenUrl=tokenUrl, refreshUrl=refreshUrl, scopes=scopes or {})
        super().__init__(
            flows=models.OAuthFlows(password=flow),
            scheme_name=scheme_name,
            description=description,
            auto_error=auto_error,
        )


class OAuth2AuthorizationCodeBearer(_OAuth2Bearer):
    """OAuth2's authorization code flow; gives the bearer token.

    Args:
        authorizationUrl: Where the user allows the client.
        tokenUrl: Where the client changes the code for a token.
        refreshUrl: Where the client refreshes a token.
        scheme_name: As for `OAuth2`.
        scopes: What each scope allows, by its name.
        description: As for `OAuth2`.
        auto_error: As for `OAuth2`.
    """

    def __init__(
        self,
        authorizationUrl: str,
        tokenUrl: str,
        refreshUrl: str | None = None,
        scheme_name: str | None = None,
        scopes: dict[str, str] | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        flow = models.OAuthFlowAuthorizationCode(
            authorizationUrl=authorizationUrl, tokenUrl=tokenUrl, refreshUrl=refreshUrl, scopes=scopes or {}
        )
        super().__init__(
            flows=models.OAuthFlows(authorizationCode=flow),
            scheme_name=scheme_name,
            description=description,
            auto_error=auto_error,
        )
