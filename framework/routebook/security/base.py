"""What all security schemes share."""

from collections.abc import Mapping

from starlette.status import HTTP_401_UNAUTHORIZED

from routebook._security import SecurityBase
from routebook.exceptions import HTTPException

__all__ = ["SecurityBase"]


def not_authenticated(headers: Mapping[str, str]) -> HTTPException:
    """The answer to a request without valid credentials.

    Args:
        headers: With `WWW-Authenticate`.

    Spec: RFC 9110 §15.5.2: a 401 must carry a challenge.
    """
    return HTTPException(HTTP_401_UNAUTHORIZED, detail="Not authenticated", headers=headers)
