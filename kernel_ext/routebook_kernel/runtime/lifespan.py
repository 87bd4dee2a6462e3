"""Lifespans of applications: entered once, shared by the server, the client and the views, left when the last goes.

Spec: ASGI, Lifespan Protocol; an application that raises at the first event has none, and runs without.
"""

import asyncio
import contextlib
from typing import Any

from starlette.types import ASGIApp, Message

from routebook_kernel.exceptions import KernelExtensionError


class LifespanFailed(KernelExtensionError):
    """An application's start-up said that it failed."""


class Lifespan:
    """One application's lifespan: a task that stays in the application's own context manager until told to leave."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.state: dict[str, Any] = {}
        self._events: asyncio.Queue[Message] = asyncio.Queue()
        self._answers: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._error: BaseException | None = None

    async def enter(self) -> None:
        """Run the start-up.

        Raises:
            LifespanFailed: The application said so; its own exception is the cause.
        """
        self._task = asyncio.create_task(self._run(), name="routebook-lifespan")
        answer = await self._ask("lifespan.startup")
        if answer is not None and answer["type"] == "lifespan.startup.failed":
            await asyncio.wait([self._task])
            raise LifespanFailed(f"The lifespan failed at start-up: {self._reason(answer)}") from self._error

    async def leave(self) -> None:
        """Run the shutdown, where the start-up ended well.

        Raises:
            LifespanFailed: The application said so.
        """
        if self._task is None or self._task.done():
            return
        answer = await self._ask("lifespan.shutdown")
        await asyncio.wait([self._task], timeout=5)
        if answer is not None and answer["type"] == "lifespan.shutdown.failed":
            raise LifespanFailed(f"The lifespan failed at shutdown: {self._reason(answer)}") from self._error

    async def _ask(self, event: str) -> Message | None:
        """Send an event and wait for its answer; None when the application ended without one."""
        if self._task is None:
            return None
        await self._events.put({"type": event})
        answer = asyncio.ensure_future(self._answers.get())
        await asyncio.wait([answer, self._task], return_when=asyncio.FIRST_COMPLETED)
        if not answer.done() and self._answers.empty():
            answer.cancel()
            return None
        return await answer

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        try:
            await self.app(scope, self._events.get, self._answers.put)
        except Exception as error:
            self._error = error  # told by an answer, or the application knows no lifespan

    def _reason(self, answer: Message) -> str:
        if self._error is not None:
            return f"{type(self._error).__name__}: {self._error}"
        lines = str(answer.get("message", "")).strip().splitlines()
        return lines[-1] if lines else "it gave no reason"


class Lifespans:
    """Which lifespans are entered, and who holds each. Used on the home loop only."""

    def __init__(self) -> None:
        self._entered: list[tuple[ASGIApp, Lifespan, set[str]]] = []
        self._failed: tuple[ASGIApp, str] | None = None
        self._lock = asyncio.Lock()

    def state_of(self, app: ASGIApp) -> dict[str, Any] | None:
        """The lifespan state of an entered application, which each request gets a copy of; None when not entered."""
        return next((lifespan.state for entered, lifespan, _ in self._entered if entered is app), None)

    def trouble_of(self, app: ASGIApp) -> str | None:
        """Why its start-up failed when it was last tried, "The lifespan failed at …"; None where it did not."""
        return self._failed[1] if self._failed is not None and self._failed[0] is app else None

    async def hold(self, app: ASGIApp, holder: str) -> None:
        """Enter the lifespan if nobody has, and stay in it until `holder` lets go.

        Raises:
            LifespanFailed: The start-up failed; nobody holds it.
        """
        async with self._lock:
            for entered, _, holders in self._entered:
                if entered is app:
                    holders.add(holder)
                    return
            lifespan = Lifespan(app)
            self._failed = None
            try:
                await lifespan.enter()
            except LifespanFailed as error:
                self._failed = app, str(error)
                raise
            self._entered.append((app, lifespan, {holder}))

    async def release(self, holder: str, app: ASGIApp | None = None) -> None:
        """Let go of one application or of all; a lifespan that nobody holds is left."""
        async with self._lock:
            for entry in tuple(self._entered):
                entered, lifespan, holders = entry
                if app is not None and entered is not app:
                    continue
                holders.discard(holder)
                if not holders:
                    self._entered.remove(entry)
                    await lifespan.leave()

    async def leave(self, app: ASGIApp) -> None:
        """Leave an application's lifespan, whoever holds it: another application took its place."""
        async with self._lock:
            for entry in tuple(self._entered):
                if entry[0] is app:
                    self._entered.remove(entry)
                    await entry[1].leave()

    async def close(self) -> None:
        """Leave all, the last entered first; a failing shutdown does not keep the others from theirs."""
        async with self._lock:
            for _, lifespan, _ in reversed(self._entered):
                with contextlib.suppress(LifespanFailed):
                    await lifespan.leave()
            self._entered.clear()
