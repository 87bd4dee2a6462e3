"""Views of an application for tools: the command line, the kernel extension, a learner."""

import subprocess
import sys
from typing import Any

import pytest

from routebook import APIRouter, Depends, HTTPException, Routebook, Security
from routebook.introspect import (
    ERROR_OBSERVER_KEY,
    PlanView,
    UnknownOperationError,
    explain,
    find_operation,
    iter_operations,
    observed,
    view_operation,
)
from routebook.testclient import TestClient


def _number() -> int:
    return 1


@pytest.fixture
def app() -> Routebook:
    app, router = Routebook(), APIRouter(tags=["sub"])

    @app.get("/items/{item_id:int}")
    def read_item(item_id: int, number: int = Depends(_number)) -> int:
        return item_id + number

    @router.api_route("/both", methods=["POST", "GET"], name="named", operation_id="own")
    def both() -> None: ...

    @router.websocket("/socket")
    async def socket() -> None: ...

    app.include_router(router, prefix="/sub")
    app.mount("/mounted", Routebook())
    return app


def test_operations_are_listed_in_order_with_their_whole_path(app: Routebook) -> None:
    """One line for each method; the framework's own pages and mounts are no operations."""
    views = list(iter_operations(app))
    assert [view.key for view in views] == [
        "GET /items/{item_id}",
        "GET /sub/both",
        "POST /sub/both",
        "WEBSOCKET /sub/socket",
    ]
    both = views[1]
    assert (both.name, both.operation_id, both.tags) == ("named", "own", ("sub",))
    assert both.location is not None
    assert both.location.file == __file__
    assert views[3].operation_id is None


def test_explanation_shows_plan_and_generated_function(app: Routebook) -> None:
    """A learner reads the very code that serves the endpoint."""
    text = explain(app, "get /items/{item_id}")
    assert "GET /items/{item_id}" in text
    assert "_number" in text
    assert "async def" in text
    assert explain(app, "/items/{item_id}") == text


def test_unknown_operation_suggests_what_was_meant(app: Routebook) -> None:
    """A slip in the path must not end in a bare KeyError."""
    with pytest.raises(UnknownOperationError, match=r"'GET /items/{id}'. Did you mean 'GET /items/{item_id}'"):
        explain(app, "GET /items/{id}")
    with pytest.raises(UnknownOperationError, match="'GET /sub/both' or 'POST /sub/both'"):
        find_operation(app, "/sub/both")
    with pytest.raises(UnknownOperationError, match="has none at all"):
        find_operation(Routebook(), "GET /")


def test_observer_is_told_each_step(app: Routebook) -> None:
    """The trace of a request, only for requests that go through the observed application."""

    class Notes:
        def __init__(self) -> None:
            self.started: list[tuple[str, str]] = []
            self.open = 0

        def plan(self, view: PlanView) -> None:
            assert view.title == "GET /items/{item_id}"

        def note(self, token: Any, fact: str, value: Any) -> None: ...

        def start(self, kind: str, name: str, line: int) -> str:
            self.started.append((kind, name))
            self.open += 1
            return name

        def finish(self, token: Any, error: BaseException | None) -> None:
            assert error is None
            self.open -= 1

    notes = Notes()
    assert TestClient(observed(app, notes)).get("/items/4").json() == 5
    kinds = [kind for kind, _ in notes.started]
    assert kinds[0] == "match"
    assert ("dependency", "_number") in notes.started
    assert ("endpoint", "read_item") in notes.started
    assert notes.open == 0
    count = len(notes.started)
    assert TestClient(app).get("/items/4").json() == 5
    assert len(notes.started) == count


@pytest.mark.parametrize("has_middleware", [False, True])
def test_error_observer_hears_what_leaves_a_route(app: Routebook, *, has_middleware: bool) -> None:
    """With its traceback, before a handler answers it and whatever the middleware; good requests tell nothing."""
    heard: list[tuple[str, str]] = []

    @app.get("/refuse")
    def refuse() -> None:
        raise HTTPException(418)

    def hear(error: Exception) -> None:
        traceback = error.__traceback__
        while traceback is not None and traceback.tb_next is not None:
            traceback = traceback.tb_next
        assert traceback is not None
        heard.append((type(error).__name__, traceback.tb_frame.f_code.co_name))

    async def heard_app(scope: Any, receive: Any, send: Any) -> None:
        scope[ERROR_OBSERVER_KEY] = hear
        await app(scope, receive, send)

    if has_middleware:

        @app.middleware("http")
        async def pass_on(request: Any, call_next: Any) -> Any:
            return await call_next(request)

    client = TestClient(heard_app)

    assert client.get("/items/4").status_code == 200
    assert client.get("/refuse").status_code == 418
    assert client.get("/items/4?number=x").status_code == 200
    assert heard == [("HTTPException", "refuse")]


def test_tree_shows_each_callable_at_its_place_and_what_is_shared_once() -> None:
    """The second use of a dependency is a leaf that says so; an override says what it replaces."""
    app = Routebook()

    async def token(authorization: str = "x") -> str:
        return authorization

    def user(token: str = Depends(token)) -> str:
        return token

    def anybody(token: str = Depends(token)) -> str:
        return token

    @app.get("/me", dependencies=[Security(user, scopes=["me"])])
    def me(fresh: str = Depends(token, use_cache=False), user: str = Depends(user)) -> str:
        return user

    view = view_operation(app, "GET /me", {user: anybody})

    told = [
        (call.name, call.kind, call.parameter, call.runs, call.is_reused, call.replaced)
        for call in view.endpoint.iter_tree()
    ]
    assert told == [
        ("me", "sync", None, True, False, None),
        ("anybody", "sync", None, True, False, "user"),
        ("token", "async", "token", True, False, None),
        ("token", "async", "fresh", True, False, None),
        ("anybody", "sync", "user", True, False, "user"),
        ("token", "async", "token", False, True, None),
    ]
    assert view.endpoint.dependencies[0].oauth_scopes == ("me",)
    lines = ["", *view.source.splitlines()]
    assert all(call.name in lines[call.line] for call in view.endpoint.iter_tree())
    assert [read.source for call in view.endpoint.iter_tree() for read in call.parameters] == ["query"] * 3


def test_compiler_is_loaded_on_request_only() -> None:
    """Whoever only declares routes does not wait for it; a notebook would rather wait at its start."""
    script = """
import sys
import routebook, routebook.introspect
assert "routebook._plan.compiler" not in sys.modules
routebook.introspect.load_compiler()
assert {"routebook._plan.compiler", "routebook._plan.source"} <= set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], check=True)
