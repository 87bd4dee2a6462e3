"""What all security schemes share."""

from collections.abc import Mapping

from starlette.status import HTTP_401_UNAUTHORIZED

from routebook.exceptions import HTTPException
from routebook.openapi import models

__all__ = ["SecurityBase"]


class SecurityBase:
    """A security scheme: a callable that takes the connection and gives the credentials.

    Attributes:
        model: Its Security Scheme Object.
        scheme_name: Its name in OpenAPI's components.
    """

    model: models.SecurityBase
    scheme_name: str


def not_authenticated(headers: Mapping[str, str]) -> HTTPException:
    """The answer to a request without valid credentials.

    Args:
        headers: With `WWW-Authenticate`.

    Spec: RFC 9110 §15.5.2: a 401 must carry a challenge.
    """
    return HTTPException(HTTP_401_UNAUTHORIZED, detail="Not authenticated", headers=headers)
