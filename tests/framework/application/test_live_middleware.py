"""Middleware and handlers join an application that serves: the next request has them, none is lost or disturbed."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from routebook import Request, Routebook
from routebook.responses import PlainTextResponse, Response
from routebook.testclient import TestClient


class Tag:
    """Adds a header; counts how often it was made."""

    made = 0

    def __init__(self, app: ASGIApp, name: str) -> None:
        type(self).made += 1
        self.app = app
        self.name = name.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def tag(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-tag", self.name)]
            await send(message)

        await self.app(scope, receive, tag)


@pytest.fixture
def app() -> Routebook:
    app = Routebook()

    @app.get("/")
    async def home() -> str:
        return "home"

    return app


def tags(response: Any) -> list[str]:
    found: list[str] = response.headers.get_list("x-tag")
    return found


@pytest.mark.parametrize("first", [[], ["a"]], ids=["served directly", "served through a stack"])
def test_added_middleware_serves_the_next_request(app: Routebook, first: list[str]) -> None:
    """Starlette would raise RuntimeError; in a notebook the application has long been serving."""
    for name in first:
        app.add_middleware(Tag, name=name)
    client = TestClient(app)
    assert tags(client.get("/")) == first

    app.add_middleware(Tag, name="late")

    assert tags(client.get("/")) == [*first, "late"]


def test_added_handler_answers_the_next_error(app: Routebook) -> None:
    """Starlette's stack keeps the handlers that it was made with."""
    app.add_middleware(Tag, name="a")
    client = TestClient(app)
    assert client.get("/nowhere").status_code == 404

    @app.exception_handler(404)
    def lost(request: Request, error: Exception) -> Response:
        return PlainTextResponse("lost", 404)

    assert client.get("/nowhere").text == "lost"


def test_refresh_keeps_middleware_while_nothing_changed(app: Routebook) -> None:
    """Middleware may hold counts and sessions: they survive whatever else a cell does."""
    app.add_middleware(Tag, name="a")
    client = TestClient(app)
    client.get("/")
    made = Tag.made

    app.refresh_middleware()
    client.get("/")
    assert Tag.made == made

    app.user_middleware.clear()
    app.refresh_middleware()
    assert tags(client.get("/")) == []


@contextmanager
def traffic(app: Routebook) -> Iterator[list[list[str]]]:
    """Requests from other threads, one after the other; gives the tags of each answer."""
    seen: list[list[str]] = []
    is_over = threading.Event()

    def ask() -> None:
        client = TestClient(app)
        while not is_over.is_set():
            response = client.get("/")
            assert response.status_code == 200
            seen.append(tags(response))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


def test_under_traffic_every_request_has_a_whole_stack_and_the_last_has_all(app: Routebook) -> None:
    """A stack that another thread was making while the list changed must not come back."""
    names = [f"m{number}" for number in range(20)]
    with traffic(app) as seen:
        for name in names:
            app.add_middleware(Tag, name=name)

    assert all(each == names[: len(each)] for each in seen)
    assert tags(TestClient(app).get("/")) == names


def test_stack_made_while_middleware_is_added_is_not_kept(app: Routebook) -> None:
    """The very race: one thread is inside a middleware's constructor when another adds one more."""
    is_inside, may_go_on = threading.Event(), threading.Event()

    class Slow(Tag):
        def __init__(self, app: ASGIApp, name: str) -> None:
            super().__init__(app, name)
            is_inside.set()
            assert may_go_on.wait(60)

    app.add_middleware(Slow, name="slow")
    first = threading.Thread(target=lambda: TestClient(app).get("/"))
    first.start()
    assert is_inside.wait(60)
    second = threading.Thread(target=lambda: app.add_middleware(Tag, name="late"))
    second.start()
    may_go_on.set()
    first.join()
    second.join()

    assert tags(TestClient(app).get("/")) == ["slow", "late"]
