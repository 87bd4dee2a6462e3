"""What the analysis knows of security: the base of all schemes, and the scopes that an endpoint needs.

It stands apart from `routebook.security`, so that importing the framework does not import every scheme and, with
them, the pydantic models of OpenAPI.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from routebook.openapi import models

__all__ = ["SecurityBase", "SecurityScopes"]


class SecurityBase:
    """A security scheme: a callable that takes the connection and gives the credentials.

    Attributes:
        model: Its Security Scheme Object.
        scheme_name: Its name in OpenAPI's components.
    """

    model: "models.SecurityBase"
    scheme_name: str


class SecurityScopes:
    """The scopes that the dependants of a dependency need; a parameter of this type gets them.

    Attributes:
        scopes: From the outermost dependant on, each once.
        scope_str: The same, separated by spaces, as in a challenge (RFC 6750 §3).
    """

    def __init__(self, scopes: list[str] | None = None) -> None:
        self.scopes: list[str] = scopes or []
        self.scope_str: str = " ".join(self.scopes)
