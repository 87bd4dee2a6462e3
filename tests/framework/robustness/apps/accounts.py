"""Accounts: every kind of security, scopes, and errors of the application's own."""

import secrets
from typing import Annotated

from pydantic import BaseModel

from routebook import Cookie, Depends, Header, HTTPException, Request, Response, Routebook, Security
from routebook.responses import JSONResponse
from routebook.security import (
    APIKeyCookie,
    APIKeyHeader,
    APIKeyQuery,
    HTTPAuthorizationCredentials,
    HTTPBasic,
    HTTPBasicCredentials,
    HTTPBearer,
    OAuth2PasswordBearer,
    OAuth2PasswordRequestForm,
    SecurityScopes,
)

TOKEN = "a-token"
DENIED = {401: {"description": "Not authenticated"}, 403: {"description": "Not allowed"}}


class Locked(Exception):
    """The account cannot be used."""


class Token(BaseModel):
    access_token: str
    token_type: str = "bearer"


class Account(BaseModel):
    name: str
    scopes: list[str] = []


app = Routebook(title="Accounts")
oauth2 = OAuth2PasswordBearer(tokenUrl="token", scopes={"read": "Look", "write": "Change"})


@app.exception_handler(Locked)
async def explain_lock(request: Request, error: Locked) -> Response:
    return JSONResponse({"detail": str(error)}, status_code=423)


def check(secret: str) -> str:
    if not secrets.compare_digest(secret.encode(errors="replace"), TOKEN.encode()):
        raise HTTPException(401, "Unknown secret", headers={"WWW-Authenticate": "Bearer"})
    return "ann"


def account(scopes: SecurityScopes, token: Annotated[str, Depends(oauth2)]) -> Account:
    return Account(name=check(token), scopes=scopes.scopes)


@app.post("/token", responses={423: {"description": "Locked"}})
async def log_in(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> Token:
    if form.username == "locked":
        raise Locked(form.username)
    return Token(access_token=TOKEN)


@app.get("/me", responses=DENIED)
async def me(account: Annotated[Account, Security(account, scopes=["read"])]) -> Account:
    return account


@app.put("/me/name", responses=DENIED)
def rename(account: Annotated[Account, Security(account, scopes=["read", "write"])], name: str) -> Account:
    return Account(name=name, scopes=account.scopes)


@app.get("/basic", responses=DENIED)
def by_basic(credentials: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())]) -> str:
    return check(credentials.password)


@app.get("/bearer", responses=DENIED)
async def by_bearer(credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> str:
    return check(credentials.credentials)


@app.get("/key/header", responses=DENIED)
async def by_header(key: Annotated[str, Depends(APIKeyHeader(name="X-Key"))]) -> str:
    return check(key)


@app.get("/key/query", responses=DENIED)
async def by_query(key: Annotated[str, Depends(APIKeyQuery(name="key"))]) -> str:
    return check(key)


@app.get("/key/cookie", responses=DENIED)
async def by_cookie(key: Annotated[str, Depends(APIKeyCookie(name="session"))]) -> str:
    return check(key)


@app.get("/optional")
async def optional(
    token: Annotated[str | None, Depends(OAuth2PasswordBearer(tokenUrl="token", auto_error=False))],
    x_tag: Annotated[list[str] | None, Header()] = None,
    theme: Annotated[str | None, Cookie(max_length=10)] = None,
) -> dict[str, int | bool]:
    return {"known": token is not None, "tags": len(x_tag or ()), "theme": bool(theme)}
