"""Lifespans of applications: entered once, shared by the server, the client and the views, left when the last goes.

A lifespan that hangs holds up nobody. Start-up is cancelled when nobody waits for it any longer, or when another
application takes its place. Shutdown is awaited for a while, continues on its own after that, and is cancelled when
the same application starts again.

Spec: ASGI, Lifespan Protocol; an application that raises at the first event has none, and runs without.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.types import ASGIApp, Message

from routebook_kernel.exceptions import LifespanError, LifespanReplacedError

LEAVE_S = 2.0
"""How long whoever leaves a lifespan waits for its shutdown."""

_CANCEL_S = 0.5
"""How long a lifespan has to clean up after it was cancelled."""


class Lifespan:
    """One application's lifespan: a task that stays in the application's own context manager until told to leave.

    Attributes:
        state: The lifespan state, of which each request gets a copy.
        holders: Who needs it.
        waiting: How many callers wait for its start-up.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.state: dict[str, Any] = {}
        self.holders: set[str] = set()
        self._events: asyncio.Queue[Message] = asyncio.Queue()
        self._answers: asyncio.Queue[Message] = asyncio.Queue()
        self.waiting = 0
        self._error: BaseException | None = None
        self.task = asyncio.create_task(self._run(), name="routebook-lifespan")
        self.starting = asyncio.create_task(self._enter())

    @property
    def is_entered(self) -> bool:
        """Whether the start-up has ended well."""
        return self.starting.done() and not self.starting.cancelled() and self.starting.exception() is None

    async def _enter(self) -> None:
        """Run the start-up.

        Raises:
            LifespanError: If the application said so; its own exception is the cause.
        """
        answer = await self._ask("lifespan.startup")
        if answer is not None and answer["type"] == "lifespan.startup.failed":
            await asyncio.wait([self.task])
            raise LifespanError(f"The lifespan failed at start-up: {self._reason(answer)}") from self._error
        if isinstance(self._error, KeyboardInterrupt):
            raise LifespanError("The lifespan was interrupted during its start-up.")

    async def entered(self) -> None:
        """Wait for the start-up.

        Raises:
            LifespanError: If the start-up failed.
            LifespanReplacedError: If it was cancelled.
        """
        self.waiting += 1
        try:
            await asyncio.wait([self.starting])
        finally:
            self.waiting -= 1
        if self.starting.cancelled():
            raise LifespanReplacedError("The start-up of the application was cancelled. Send the request again.")
        self.starting.result()

    async def leave(self) -> None:
        """Run the shutdown, if the start-up ended well; end a start-up that hasn't.

        Raises:
            LifespanError: If the application said so.
        """
        if not self.starting.done():
            await self.cancel()
        if self.task.done():
            return
        answer = await self._ask("lifespan.shutdown")
        await asyncio.wait([self.task])
        if answer is not None and answer["type"] == "lifespan.shutdown.failed":
            raise LifespanError(f"The lifespan failed at shutdown: {self._reason(answer)}") from self._error

    async def cancel(self) -> None:
        """End it wherever it is; what it doesn't clean up in time is left behind."""
        tasks = [self.task, self.starting]
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=_CANCEL_S)

    async def _ask(self, event: str) -> Message | None:
        """Send an event and wait for its answer; None if the application ended without one."""
        await self._events.put({"type": event})
        answer = asyncio.ensure_future(self._answers.get())
        try:
            await asyncio.wait([answer, self.task], return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            answer.cancel()
            raise
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
        except KeyboardInterrupt as error:
            self._error = error
            raise

    def _reason(self, answer: Message) -> str:
        if isinstance(self._error, KeyboardInterrupt):
            return "it was interrupted"
        if self._error is not None:
            return f"{type(self._error).__name__}: {self._error}"
        lines = str(answer.get("message", "")).strip().splitlines()
        return lines[-1] if lines else "it gave no reason"


class Lifespans:
    """Which lifespans are entered, and who holds each. Used on one loop only, and lost with it."""

    def __init__(self) -> None:
        self._lifespans: list[Lifespan] = []
        self._leaving: dict[asyncio.Task[None], ASGIApp] = {}
        self._failed: tuple[ASGIApp, str] | None = None
        self._is_closed = False

    def state_of(self, app: ASGIApp) -> dict[str, Any] | None:
        """The lifespan state of an entered application, which each request gets a copy of; None if not entered."""
        lifespan = self._find(app)
        return lifespan.state if lifespan is not None and lifespan.is_entered else None

    def trouble_of(self, app: ASGIApp) -> str | None:
        """Why its start-up failed when it was last tried, "The lifespan failed at …"; None if it didn't."""
        return self._failed[1] if self._failed is not None and self._failed[0] is app else None

    @property
    def starting(self) -> "tuple[asyncio.Task[None], ...]":
        """The lifespans whose start-up has not ended."""
        return tuple(lifespan.task for lifespan in self._lifespans if not lifespan.starting.done())

    @property
    def leaving(self) -> "tuple[asyncio.Task[None], ...]":
        """The lifespans whose shutdown has not ended."""
        return tuple(task for task in self._leaving if not task.done())

    @property
    def entered(self) -> tuple[ASGIApp, ...]:
        """The applications that are started."""
        return tuple(lifespan.app for lifespan in self._lifespans if lifespan.is_entered)

    def _find(self, app: ASGIApp) -> Lifespan | None:
        return next((lifespan for lifespan in self._lifespans if lifespan.app is app), None)

    async def hold(self, app: ASGIApp, holder: str) -> None:
        """Enter the lifespan if nobody has, and stay in it until `holder` lets go.

        Raises:
            LifespanError: If the start-up failed; nobody holds it.
            LifespanReplacedError: If it was cancelled meanwhile.
        """
        if self._is_closed:
            raise LifespanError("The application can't start: the extension was unloaded.")
        await self._end_leaving(app)
        lifespan = self._find(app)
        if lifespan is None:
            lifespan = Lifespan(app)
            self._lifespans.append(lifespan)
            self._failed = None
        lifespan.holders.add(holder)
        try:
            await lifespan.entered()
        except LifespanError as error:
            self._forget(lifespan)
            self._failed = app, str(error)
            raise
        except asyncio.CancelledError:
            if not lifespan.starting.done() and lifespan.waiting == 0:
                self._forget(lifespan)
                await asyncio.shield(lifespan.cancel())
            raise

    async def hold_current(self, current: Callable[[], ASGIApp], holder: str) -> ASGIApp:
        """Enter the lifespan of the current application; again if it was cancelled, for the one that is current then.

        Raises:
            LifespanError: If the start-up failed.
        """
        while True:
            app = current()
            with contextlib.suppress(LifespanReplacedError):
                await self.hold(app, holder)
                return app

    @contextlib.asynccontextmanager
    async def held(self, current: Callable[[], ASGIApp], holder: str) -> AsyncIterator[None]:
        """Hold the lifespan of the current application, and at the end let go of all that the holder holds by then.

        Raises:
            LifespanError: If the start-up failed.
        """
        await self.hold_current(current, holder)
        try:
            yield
        finally:
            await self.release(holder)

    async def release(self, holder: str, app: ASGIApp | None = None) -> None:
        """Let go of one application or of all; a lifespan that nobody holds is left."""
        for lifespan in tuple(self._lifespans):
            if app is None or lifespan.app is app:
                lifespan.holders.discard(holder)
        unheld = [lifespan for lifespan in self._lifespans if not lifespan.holders]
        await self._leave(unheld, LEAVE_S)

    async def leave(self, app: ASGIApp, within_s: float = LEAVE_S) -> None:
        """Leave an application's lifespan, whoever holds it: another application took its place."""
        lifespan = self._find(app)
        if lifespan is not None:
            await self._leave([lifespan], within_s)

    async def close(self) -> None:
        """Leave all, the last entered first; a failing shutdown doesn't keep the others from theirs."""
        self._is_closed = True
        await self._leave(list(reversed(self._lifespans)), LEAVE_S)

    async def _leave(self, lifespans: list[Lifespan], within_s: float) -> None:
        """Leave some, one after the other; return when they have ended, or when it takes too long.

        Raises:
            LifespanError: If one of them said that its shutdown failed.
        """
        if not lifespans:
            return
        for lifespan in lifespans:
            self._forget(lifespan)
        tasks = []
        previous: asyncio.Task[None] | None = None
        for lifespan in lifespans:
            previous = asyncio.create_task(_leave_after(lifespan, previous))
            tasks.append(previous)
            self._leaving[lifespan.task] = lifespan.app
            lifespan.task.add_done_callback(lambda task: self._leaving.pop(task, None))
        done, _ = await asyncio.wait(tasks, timeout=within_s)
        errors = [error for task in tasks if task in done and (error := task.exception()) is not None]
        if errors:
            raise errors[0]

    async def _end_leaving(self, app: ASGIApp) -> None:
        """Cancel an earlier shutdown of the same application that still runs."""
        tasks = [task for task, leaving in self._leaving.items() if leaving is app and not task.done()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_CANCEL_S)

    def _forget(self, lifespan: Lifespan) -> None:
        if lifespan in self._lifespans:
            self._lifespans.remove(lifespan)


async def _leave_after(lifespan: Lifespan, previous: "asyncio.Task[None] | None") -> None:
    if previous is not None:
        await asyncio.wait([previous])
    await lifespan.leave()
