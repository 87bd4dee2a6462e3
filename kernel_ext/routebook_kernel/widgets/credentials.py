"""What the pages of an application's views ask of the credentials that a person gives."""

from typing import cast

from routebook_kernel.exceptions import RequestError
from routebook_kernel.protocol import Credential, Json
from routebook_kernel.session_api import CredentialsApi
from routebook_kernel.widgets.commands import Ask, Emit

_WHERE = {"header", "query", "cookie"}


def credentials_asks(held: CredentialsApi) -> dict[str, Ask]:
    """Sign in or out, and the secrets for a request that is being formed."""

    async def sign(args: Json, emit: Emit) -> Json:
        held.keep(str(args["scheme"]), read_credential(args["credential"]))

    async def credentials(args: Json, emit: Emit) -> Json:
        return held.of(map(str, args["schemes"]))

    return {"sign": sign, "credentials": credentials}


def read_credential(given: Json) -> Credential | None:
    """The credential that a page tells.

    Raises:
        RequestError: It has not the shape of one.
    """
    if given is None:
        return None
    try:
        told = {key: str(given[key]) for key in ("user", "where", "name", "value")}
    except (KeyError, TypeError):
        told = {"where": ""}
    if told["where"] not in _WHERE:
        raise RequestError("The credentials are missing, or not as this kernel knows them.")
    return cast(Credential, told)
