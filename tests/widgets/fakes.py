"""A session that is small and real: one home loop in a thread, one application whose answers a test decides."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from routebook_kernel.protocol import (
    AppState,
    DeltaMessage,
    ExchangeState,
    OperationState,
    SendArguments,
    ServerState,
    Streamed,
)
from routebook_kernel.session.credentials import Credentials


def operation(id_: str, **more: Any) -> OperationState:
    """An operation as the session tells it."""
    method, path = id_.split(" ", 1)
    told: dict[str, Any] = {"tags": [], "summary": "", "deprecated": False, "operation": {}, "cell": None, "marks": []}
    return OperationState(id=id_, method=method, path=path, **{**told, **more})


class FakeView:
    """Implements `session_api.AppView`."""

    def __init__(self, *operations: OperationState) -> None:
        self.seq = 0
        self.credentials = Credentials()
        self.operations = list(operations)
        self.listeners: list[Callable[[DeltaMessage], None]] = []
        self.answer: Callable[[SendArguments], Any] = lambda request: asyncio.sleep(0, exchange(request))

    def state(self) -> tuple[int, AppState]:
        server = ServerState(status="stopped", url=None, message=None)
        return self.seq, AppState(
            name="app",
            title="Bookshop <b>",
            version="1.4.0",
            description="",
            operations=list(self.operations),
            sockets=[],
            components={},
            server=server,
            credentials=self.credentials.state(),
            exchange_count=0,
            revision=0,
        )

    def subscribe(self, listener: Callable[[DeltaMessage], None]) -> Callable[[], None]:
        self.listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self.listeners:
                self.listeners.remove(listener)

        return unsubscribe

    async def send(self, request: SendArguments, tell: Callable[[Streamed], None]) -> ExchangeState:
        answer: ExchangeState = await self.answer(request)
        return answer

    def difference(self, operation: str | None) -> list[str]:
        return [f"+ {operation}"]

    async def sign_in(self, request: SendArguments) -> str:
        token: str = await self.answer(request)
        return token

    def change(self, delta: dict[str, Any]) -> None:
        """Tell the listeners that something changed."""
        self.seq += 1
        for listener in tuple(self.listeners):
            listener(DeltaMessage(type="delta", seq=self.seq, **delta))


def exchange(request: SendArguments) -> ExchangeState:
    """An empty 200 to a request."""
    return ExchangeState(
        id=1,
        operation=request["operation"],
        source="console",
        method=request["method"],
        url=request["path"],
        request_headers=[],
        request_body=None,
        status=200,
        reason="OK",
        response_headers=[],
        response_body=None,
        elapsed_ms=0.1,
        issues=[],
        advice=[],
        failure=None,
        raised=None,
    )


class FakeSession:
    """Implements `session_api.SessionApi` on a loop in a thread of its own."""

    saved_tests = None  # its commands are tested with the saved tests

    def __init__(self, view: FakeView) -> None:
        self._view = view
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def view(self, app: Any) -> FakeView:
        return self._view

    def trace_view(self, id: int | None = None) -> Any:
        return None  # no test of these asks for a trace

    def dependencies(self, app: Any, operation: str | None = None) -> Any:
        return None  # nor for a tree

    def submit(self, make: Callable[[], Any], done: Callable[[Any, BaseException | None], None]) -> Callable[[], None]:
        async def run() -> None:
            try:
                result = await make()
            except BaseException as error:
                done(None, error)
            else:
                done(result, None)

        future = asyncio.run_coroutine_threadsafe(run(), self.loop)

        def cancel() -> None:
            future.cancel()

        return cancel

    def serve(self, app: Any, *, port: int | None = None) -> ServerState:
        raise NotImplementedError("no view serves")

    def stop(self) -> None:
        raise NotImplementedError("no view stops the server")


@contextmanager
def running(view: FakeView) -> Iterator[FakeSession]:
    """A session whose loop runs."""
    session = FakeSession(view)
    session.thread.start()
    try:
        yield session
    finally:
        asyncio.run_coroutine_threadsafe(_finished(), session.loop).result(60)
        session.loop.call_soon_threadsafe(session.loop.stop)
        session.thread.join(5)
        session.loop.close()


async def _finished() -> None:
    """Every request has ended, so that the loop can be closed without a warning."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
