"""Cancelled requests: what dependencies began is ended, all of it, by the task that began it."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import anyio.from_thread
import pytest
from starlette.types import Message

from routebook import Depends, Routebook
from routebook.routing import APIRoute

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return request.param


async def request(app: Routebook) -> list[Message]:
    """Make one request; the messages that the application sent."""
    sent: list[Message] = []

    async def receive() -> Message:
        await anyio.sleep_forever()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
    await app(scope, receive, send)
    return sent


class OwnRoute(APIRoute):
    """A route class that handles requests itself."""

    def get_route_handler(self) -> Any:
        handler = super().get_route_handler()

        async def handle(request: Any) -> Any:
            return await handler(request)

        return handle


@pytest.mark.parametrize("route_class", [APIRoute, OwnRoute])
@pytest.mark.parametrize("scope", ["function", "request"])
async def test_cancellation_waits_for_the_end(scope: Any, route_class: type[APIRoute]) -> None:
    """An end that awaits (a rollback, a release) is not cut off."""
    log: list[str] = []
    cancel = anyio.CancelScope()

    async def session() -> AsyncIterator[None]:
        try:
            yield
        finally:
            await anyio.sleep(0.01)
            log.append("closed")

    app = Routebook()
    app.router.route_class = route_class

    @app.get("/", dependencies=[Depends(session, scope=scope)])
    async def endpoint() -> None:
        cancel.cancel()
        await anyio.sleep_forever()

    with cancel:
        await request(app)

    assert log == ["closed"]
    assert cancel.cancelled_caught


@pytest.mark.parametrize("scope", ["function", "request"])
async def test_cancellation_during_the_end_is_delivered_after_it(scope: Any) -> None:
    """It is postponed, not lost."""
    cancel = anyio.CancelScope()
    log: list[str] = []

    async def session() -> AsyncIterator[None]:
        yield
        cancel.cancel()
        await anyio.sleep(0)
        log.append("closed")

    app = Routebook()
    app.get("/", dependencies=[Depends(session, scope=scope)])(lambda: None)

    with cancel:
        await request(app)

    assert log == ["closed"]
    assert cancel.cancelled_caught


@pytest.mark.parametrize("owner_scope", ["function", "request"])
@pytest.mark.parametrize("is_owner_first", [True, False])
@pytest.mark.parametrize("is_other_async", [True, False])
async def test_cancel_scopes_held_by_dependencies_close_in_their_own_task(
    owner_scope: Any, is_owner_first: bool, is_other_async: bool
) -> None:
    """Cancel scopes must close in the order in which they opened; ours must not stand between."""
    log: list[str] = []
    tasks: set[int] = set()
    cancel = anyio.CancelScope()

    async def owner() -> AsyncIterator[None]:
        tasks.add(anyio.get_current_task().id)
        try:
            with anyio.CancelScope():
                try:
                    yield
                finally:
                    await anyio.sleep(0)
        finally:
            tasks.add(anyio.get_current_task().id)
            log.append("owner")

    async def other() -> AsyncIterator[None]:
        try:
            yield
        finally:
            await anyio.sleep(0)
            log.append("other")

    def other_sync() -> Iterator[None]:
        try:
            yield
        finally:
            anyio.from_thread.run(anyio.sleep, 0)
            log.append("other")

    dependencies = [
        Depends(owner, scope=owner_scope),
        Depends(other if is_other_async else other_sync, scope="request" if owner_scope == "function" else "function"),
    ]
    app = Routebook()

    @app.get("/", dependencies=dependencies if is_owner_first else dependencies[::-1])
    async def endpoint() -> None:
        cancel.cancel()
        await anyio.sleep(0)

    with cancel:
        await request(app)

    assert log == (["owner", "other"] if owner_scope == "function" else ["other", "owner"])
    assert len(tasks) == 1


async def test_setting_up_may_be_cancelled() -> None:
    """Nothing has begun yet that would need an end."""
    log: list[str] = []

    async def slow() -> AsyncIterator[None]:
        try:
            await anyio.sleep_forever()
            yield
        finally:
            log.append("interrupted")

    app = Routebook()
    app.get("/", dependencies=[Depends(slow)])(lambda: None)

    with anyio.move_on_after(0.01) as cancelled:
        await request(app)

    assert (log, cancelled.cancelled_caught) == (["interrupted"], True)


async def test_without_async_end_a_pending_cancellation_changes_nothing() -> None:
    """Who has no such dependency pays nothing for it, not even a checkpoint."""
    cancel = anyio.CancelScope()
    app = Routebook()

    @app.get("/")
    async def endpoint() -> int:
        cancel.cancel()
        return 1

    with cancel:
        sent = await request(app)

    assert sent[-1]["body"] == b"1"
    assert not cancel.cancelled_caught
