"""The credentials that a person entered for an application's security schemes. In memory only, while the kernel lives.

All views of an application share them, and the log fills in from here what it has hidden. Pages see who is signed in; a
secret is sent to a page only when it builds a request.

Spec: OpenAPI 3.1.0, Security Scheme Object.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from routebook_kernel.protocol import Credential, CredentialState
from routebook_kernel.recording.redacted_values import RedactedValue
from routebook_kernel.records import RawRequest
from routebook_kernel.redaction import HIDDEN, Secrets
from routebook_kernel.saved_tests.model import SavedRequest
from routebook_kernel.saved_tests.variables import variable_name


class Credentials:
    """The credentials of one application, by security scheme; implements `session_api.CredentialsApi`."""

    def __init__(self) -> None:
        self._by_scheme: dict[str, Credential] = {}
        self._listeners: list[Callable[[], None]] = []

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` after every change."""
        self._listeners.append(listener)

    def state(self) -> dict[str, CredentialState]:
        """Return who is signed in, without the secrets."""
        return {
            scheme: CredentialState(user=credential["user"], where=credential["where"], name=credential["name"])
            for scheme, credential in self._by_scheme.items()
        }

    def of(self, schemes: Iterable[str] | None = None) -> dict[str, Credential]:
        """Return the credentials for these schemes, or for all."""
        stored = self._by_scheme
        return {scheme: stored[scheme] for scheme in (stored if schemes is None else schemes) if scheme in stored}

    def keep(self, scheme: str, credential: Credential | None) -> None:
        """Store the credential for a scheme; None removes it."""
        others = {other: stored for other, stored in self._by_scheme.items() if other != scheme}
        self._by_scheme = others if credential is None else {**others, scheme: credential}
        for listener in self._listeners:
            listener()


def schemes_of(operation: Mapping[str, Any]) -> list[str]:
    """Return the security schemes that an operation lists (OpenAPI 3.1.0, Security Requirement Object)."""
    return [scheme for requirement in operation.get("security", ()) for scheme in requirement]


class StoredCredential(NamedTuple):
    """A stored credential that can replace a hidden value, and its description: "OAuth2PasswordBearer, as mira"."""

    value: str
    description: str

    @classmethod
    def of(cls, scheme: str, credential: Credential, value: str) -> "StoredCredential":
        """Describe a credential; `value` is the part of it that was hidden."""
        return cls(value, f"{scheme}, as {credential['user']}" if credential["user"] else scheme)


def find_for_redacted(
    redacted: RedactedValue, request: RawRequest, credentials: Mapping[str, Credential], secrets: Secrets
) -> StoredCredential | None:
    """Return the stored credential that matches a redacted value, or None.

    It matches if redacting it gives what the record shows.
    """
    for scheme, credential in credentials.items():
        if (credential["where"], credential["name"].lower()) != (redacted.where, redacted.name.lower()):
            continue
        value = credential["value"]
        if redacted.where != "header":
            return StoredCredential.of(scheme, credential, value)
        shown = next(text for name, text in request.headers if name.lower() == redacted.name)
        if secrets.header_pairs([(redacted.name, value)]) == ((redacted.name, shown),):
            return StoredCredential.of(scheme, credential, value.removeprefix(shown.removesuffix(HIDDEN)))
    return None


def find_for_variable(
    name: str, request: SavedRequest, credentials: Mapping[str, Credential]
) -> StoredCredential | None:
    """Return the stored credential that matches a variable of a saved request, `{{name}}`, or None."""
    for scheme, credential in credentials.items():
        if variable_name(credential["name"]) != name:
            continue
        value = credential["value"]
        if credential["where"] != "header":
            return StoredCredential.of(scheme, credential, value)
        for header, text in request.headers:
            before = text.removesuffix("{{" + name + "}}")
            if header.lower() == credential["name"].lower() and before != text and value.startswith(before):
                return StoredCredential.of(scheme, credential, value.removeprefix(before))
    return None
