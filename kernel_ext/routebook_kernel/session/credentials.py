"""What a person gave for an application's security schemes: in memory as long as the kernel lives, nowhere else.

Its views sign in once for all; the log fills in from here what it hid. Pages see who is signed in; a secret goes to one
only when it forms a request.

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
        self._given: dict[str, Credential] = {}
        self._listeners: list[Callable[[], None]] = []

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` after every change."""
        self._listeners.append(listener)

    def state(self) -> dict[str, CredentialState]:
        """Who is signed in, without the secrets."""
        return {
            scheme: CredentialState(user=given["user"], where=given["where"], name=given["name"])
            for scheme, given in self._given.items()
        }

    def of(self, schemes: Iterable[str] | None = None) -> dict[str, Credential]:
        """What was given for these schemes; None for all."""
        given = self._given
        return {scheme: given[scheme] for scheme in (given if schemes is None else schemes) if scheme in given}

    def keep(self, scheme: str, credential: Credential | None) -> None:
        """Take what a person gives for a scheme; None lets go of it."""
        given = {other: kept for other, kept in self._given.items() if other != scheme}
        self._given = given if credential is None else {**given, scheme: credential}
        for listener in self._listeners:
            listener()


def schemes_of(operation: Mapping[str, Any]) -> list[str]:
    """The security schemes that an operation names.

    Spec: OpenAPI 3.1.0, Security Requirement Object.
    """
    return [scheme for requirement in operation.get("security", ()) for scheme in requirement]


class Held(NamedTuple):
    """What stands for a hidden value, and where it is from: "OAuth2PasswordBearer, as mira"."""

    value: str
    words: str

    @classmethod
    def of(cls, scheme: str, credential: Credential, value: str) -> "Held":
        """What was given for a scheme, or the part of it that stands for the hidden one."""
        return cls(value, f"{scheme}, as {credential['user']}" if credential["user"] else scheme)


def held_for(
    hidden: RedactedValue, request: RawRequest, given: Mapping[str, Credential], secrets: Secrets
) -> Held | None:
    """What was given that stands for a hidden value; None where nothing was.

    A credential fits where its own redaction is what the record has in its place.
    """
    for scheme, credential in given.items():
        if (credential["where"], credential["name"].lower()) != (hidden.where, hidden.name.lower()):
            continue
        value = credential["value"]
        if hidden.where != "header":
            return Held.of(scheme, credential, value)
        kept = next(text for name, text in request.headers if name.lower() == hidden.name)
        if secrets.header_pairs([(hidden.name, value)]) == ((hidden.name, kept),):
            return Held.of(scheme, credential, value.removeprefix(kept.removesuffix(HIDDEN)))
    return None


def held_as(name: str, request: SavedRequest, given: Mapping[str, Credential]) -> Held | None:
    """What was given that stands for a variable of a saved request, `{{name}}`; None where nothing was."""
    for scheme, credential in given.items():
        if variable_name(credential["name"]) != name:
            continue
        value = credential["value"]
        if credential["where"] != "header":
            return Held.of(scheme, credential, value)
        for header, text in request.headers:
            before = text.removesuffix("{{" + name + "}}")
            if header.lower() == credential["name"].lower() and before != text and value.startswith(before):
                return Held.of(scheme, credential, value.removeprefix(before))
    return None
