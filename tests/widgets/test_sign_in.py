"""Signing in from the console, with the real session: the view gets the token, nothing that is kept does."""

import threading
from collections.abc import Iterator
from typing import Annotated, Any

import pytest

from routebook import Depends, HTTPException, Routebook
from routebook.security import OAuth2PasswordRequestForm
from routebook_kernel.exceptions import RequestError
from routebook_kernel.protocol import RequestBody, SendArguments
from routebook_kernel.session import Session


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session({})
    session.open()
    yield session
    session.close()


def application() -> Routebook:
    app = Routebook()

    @app.post("/token")
    def token(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> dict[str, str]:
        if form.password != "right":
            raise HTTPException(400, "Incorrect username or password")
        return {"access_token": "a-long-token", "token_type": "bearer"}

    return app


def sign_in(session: Session, password: str) -> tuple[Any, BaseException | None]:
    fields = [("grant_type", "password"), ("username", "mira"), ("password", password)]
    request = SendArguments(
        operation="POST /token",
        method="POST",
        path="/token",
        path_params={},
        query=[],
        headers=[],
        cookies=[],
        body=RequestBody(kind="form", fields=fields),
    )
    over = threading.Event()
    outcome: list[tuple[Any, BaseException | None]] = []

    def done(result: Any, error: BaseException | None) -> None:
        outcome.append((result, error))
        over.set()

    view = session.view(application())
    session.submit(lambda: view.sign_in(request), done)
    assert over.wait(60)
    return outcome[0]


def test_sign_in_gives_the_token_and_keeps_it_nowhere(session: Session) -> None:
    """The record of exchanges may be shown, saved and exported."""
    assert sign_in(session, "right") == ("a-long-token", None)
    (kept,) = session.log
    assert kept.response_body is not None
    assert b"a-long-token" not in kept.response_body.data


def test_sign_in_that_is_refused_says_why(session: Session) -> None:
    """The application's own words are what a person needs."""
    _, error = sign_in(session, "wrong")

    assert isinstance(error, RequestError)
    assert str(error) == "POST /token returned 400 without a token: Incorrect username or password."
