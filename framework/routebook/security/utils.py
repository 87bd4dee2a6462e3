"""Reading the `Authorization` header."""

__all__ = ["get_authorization_scheme_param"]


def get_authorization_scheme_param(authorization_header_value: str | None) -> tuple[str, str]:
    """Split an `Authorization` header into scheme and credentials; what is missing is empty.

    >>> get_authorization_scheme_param("Bearer abc")
    ('Bearer', 'abc')

    Spec: RFC 9110 §11.4.
    """
    if not authorization_header_value:
        return "", ""
    scheme, _, credentials = authorization_header_value.partition(" ")
    return scheme, credentials.strip(" ")
