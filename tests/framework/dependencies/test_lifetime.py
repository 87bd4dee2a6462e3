"""Dependencies with `yield`: when they end, in which order, and who sees an exception."""

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from contextvars import ContextVar
from typing import Annotated, Any

import pytest

from routebook import BackgroundTasks, Depends, HTTPException, Routebook, WebSocket
from routebook.exceptions import DependencyScopeError, RoutebookError
from routebook.responses import StreamingResponse
from routebook.routing import APIRoute
from routebook.testclient import TestClient

Log = list[str]


def make_dependency(log: Log, name: str, *, is_async: bool, needs: Any = None) -> Callable[..., Any]:
    """A dependency that notes its begin, what it was thrown, and its end."""

    async def asynchronous(_: Any = needs) -> AsyncIterator[str]:
        log.append(f"{name} begins")
        try:
            yield name
        except Exception as error:
            log.append(f"{name} sees {type(error).__name__}")
            raise
        finally:
            log.append(f"{name} ends")

    def synchronous(_: Any = needs) -> Iterator[str]:
        log.append(f"{name} begins")
        try:
            yield name
        except Exception as error:
            log.append(f"{name} sees {type(error).__name__}")
            raise
        finally:
            log.append(f"{name} ends")

    return asynchronous if is_async else synchronous


@pytest.mark.parametrize("inner_is_async", [True, False])
@pytest.mark.parametrize("outer_is_async", [True, False])
def test_dependencies_end_in_reverse_order(outer_is_async: bool, inner_is_async: bool) -> None:
    """The inner one still needs what the outer one gave."""
    log: Log = []
    outer = make_dependency(log, "outer", is_async=outer_is_async)
    inner = make_dependency(log, "inner", is_async=inner_is_async, needs=Depends(outer))
    app = Routebook()

    @app.get("/")
    async def endpoint(value: Annotated[str, Depends(inner)]) -> str:
        log.append("endpoint")
        return value

    assert TestClient(app).get("/").json() == "inner"
    assert log == ["outer begins", "inner begins", "endpoint", "inner ends", "outer ends"]


@pytest.mark.parametrize("scope", ["function", "request"])
def test_scope_says_whether_the_end_is_before_the_response(scope: Any) -> None:
    """A stream and background tasks find a resource of request scope open, one of function scope closed."""
    log: Log = []
    app = Routebook()

    def body() -> Iterator[str]:
        log.append("stream")
        yield "x"

    @app.get("/")
    def endpoint(
        tasks: BackgroundTasks,
        _: Annotated[str, Depends(make_dependency(log, "it", is_async=True), scope=scope)],
    ) -> Any:
        tasks.add_task(log.append, "background")
        return StreamingResponse(body())

    TestClient(app).get("/")

    rest = {
        "function": ["it ends", "stream", "background"],
        "request": ["stream", "background", "it ends"],
    }
    assert log == ["it begins", *rest[scope]]


@pytest.mark.parametrize("scope", ["function", "request"])
@pytest.mark.parametrize("is_async", [True, False])
def test_exception_is_thrown_into_the_dependency(scope: Any, is_async: bool) -> None:
    """So that a transaction is rolled back."""
    log: Log = []
    app = Routebook()

    @app.get("/")
    def endpoint(_: Annotated[str, Depends(make_dependency(log, "it", is_async=is_async), scope=scope)]) -> None:
        raise HTTPException(404)

    assert TestClient(app).get("/").status_code == 404
    assert log == ["it begins", "it sees HTTPException", "it ends"]


def test_dependency_may_raise_another_exception() -> None:
    """It turns its library's errors into answers."""
    app = Routebook()

    def translating() -> Iterator[None]:
        try:
            yield
        except KeyError as error:
            raise HTTPException(404, "no such thing") from error

    @app.get("/", dependencies=[Depends(translating)])
    def endpoint() -> None:
        raise KeyError("thing")

    assert TestClient(app).get("/").json() == {"detail": "no such thing"}


class OwnRoute(APIRoute):
    """A route class that acts around requests."""

    def get_route_handler(self) -> Callable[..., Any]:
        handler = super().get_route_handler()

        async def handle(request: Any) -> Any:
            return await handler(request)

        return handle


@pytest.mark.parametrize("route_class", [APIRoute, OwnRoute])
@pytest.mark.parametrize("scope", ["function", "request"])
@pytest.mark.parametrize("error", [ValueError("lost"), HTTPException(404)])
def test_swallowed_exception_is_told(scope: Any, error: Exception, route_class: type[APIRoute]) -> None:
    """There is nothing to answer with, and the person who wrote `except Exception` wants to know why."""
    app = Routebook()
    app.router.route_class = route_class

    def swallowing() -> Iterator[None]:
        with suppress(Exception):
            yield

    @app.get("/things", dependencies=[Depends(swallowing, scope=scope)])
    def endpoint() -> None:
        raise error

    with pytest.raises(RoutebookError, match=r"No response was made for GET /things\. .* Raise it again"):
        TestClient(app).get("/things")


def test_websocket_may_end_by_an_exception_that_a_dependency_takes() -> None:
    """A WebSocket endpoint owes nobody a response: leaving by `WebSocketDisconnect` is usual."""
    log: Log = []
    app = Routebook()

    async def patient() -> AsyncIterator[None]:
        try:
            yield
        except Exception as error:
            log.append(type(error).__name__)

    @app.websocket("/", dependencies=[Depends(patient)])
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.receive_text()

    with TestClient(app).websocket_connect("/"):
        pass
    assert log == ["WebSocketDisconnect"]


def test_context_variables_are_reset_where_they_were_set() -> None:
    """A token of `ContextVar.set` is valid in its own context only; middleware must not come between."""
    user: ContextVar[str] = ContextVar("user", default="nobody")
    app = Routebook()

    async def as_ada() -> AsyncIterator[None]:
        token = user.set("ada")
        yield
        user.reset(token)

    @app.middleware("http")
    async def passing(request: Any, call_next: Any) -> Any:
        return await call_next(request)

    @app.get("/", dependencies=[Depends(as_ada)])
    def endpoint() -> str:
        return user.get()

    assert TestClient(app).get("/").json() == "ada"


def test_plain_functions_run_in_threads_and_async_ones_do_not() -> None:
    """What may block stays off the loop; set-up and end of a plain generator too."""
    app = Routebook()
    threads: dict[str, int] = {}

    def plain() -> Iterator[None]:
        threads["begin"] = threading.get_ident()
        yield
        threads["end"] = threading.get_ident()

    async def asynchronous() -> None:
        threads["loop"] = threading.get_ident()

    @app.get("/", dependencies=[Depends(plain), Depends(asynchronous)])
    def endpoint() -> None:
        threads["endpoint"] = threading.get_ident()

    TestClient(app).get("/")

    assert threads["loop"] not in (threads["begin"], threads["end"], threads["endpoint"])


def test_longer_lived_dependency_may_not_need_a_shorter_lived_one() -> None:
    """It would use what has ended; told where it was declared."""

    def short() -> Iterator[None]:
        yield

    def long(_: Annotated[None, Depends(short, scope="function")]) -> Iterator[None]:
        yield

    app = Routebook()
    with pytest.raises(DependencyScopeError, match='"long" has a scope of "request"') as caught:
        app.get("/", dependencies=[Depends(long)])(lambda: None)
    assert "test_lifetime.py" in str(caught.value)

    def longest(_: Annotated[None, Depends(long, scope="function")]) -> Iterator[None]:
        yield

    with pytest.raises(DependencyScopeError, match='"longest" has a scope of "request"'):  # the outermost of several
        app.get("/", dependencies=[Depends(longest)])(lambda: None)
