"""Parameters and dependencies, in `Annotated` and as defaults."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, assert_type

from pydantic import BaseModel

from routebook import (
    Body,
    Cookie,
    Depends,
    File,
    Form,
    Header,
    Path,
    Query,
    Routebook,
    Security,
    UploadFile,
)
from routebook.security import HTTPBasic, HTTPBasicCredentials, OAuth2PasswordBearer, SecurityScopes


class User(BaseModel):
    name: str


class Connection:
    def close(self) -> None: ...


def connect() -> Iterator[Connection]:
    connection = Connection()
    yield connection
    connection.close()


async def connect_async() -> AsyncIterator[Connection]:
    yield Connection()


oauth2 = OAuth2PasswordBearer(tokenUrl="token", scopes={"read": "Look"})


async def current_user(scopes: SecurityScopes, token: Annotated[str, Depends(oauth2)]) -> User:
    return User(name=token)


class Paging:
    def __init__(self, skip: int = 0, limit: Annotated[int, Query(le=100)] = 10) -> None:
        self.skip = skip
        self.limit = limit


CurrentUser = Annotated[User, Security(current_user, scopes=["read"])]
app = Routebook(dependencies=[Depends(connect)])


@app.post("/annotated/{item_id}")
async def annotated(
    item_id: Annotated[int, Path(ge=1)],
    user: CurrentUser,
    connection: Annotated[Connection, Depends(connect_async, scope="function")],
    paging: Annotated[Paging, Depends()],
    body: Annotated[User, Body(embed=True)],
    q: Annotated[str | None, Query(max_length=50, alias="query")] = None,
    x_tags: Annotated[list[str] | None, Header()] = None,
    session: Annotated[str | None, Cookie()] = None,
) -> User:
    assert_type(item_id, int)
    assert_type(user, User)
    assert_type(connection, Connection)
    assert_type(paging.limit, int)
    assert_type(q, str | None)
    return user


@app.post("/defaults/{item_id}")
def defaults(
    item_id: int = Path(gt=0),
    q: str | None = Query(None, min_length=2),
    limit: int = Query(default=10, le=100),
    user: User = Depends(current_user),
    connection: Connection = Depends(connect),
    credentials: HTTPBasicCredentials = Security(HTTPBasic()),
) -> str:
    assert_type(limit, int)
    assert_type(user, User)
    return credentials.username


@app.post("/forms")
async def forms(
    name: Annotated[str, Form(min_length=1)],
    upload: UploadFile,
    content: Annotated[bytes | None, File()] = None,
    note: str = Form(""),
) -> int:
    assert_type(await upload.read(), bytes)
    assert_type(upload.filename, str | None)
    return len(name) + len(note)


app.dependency_overrides[current_user] = lambda: User(name="test")
