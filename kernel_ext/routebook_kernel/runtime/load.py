"""A load generator: so many requests, so many at a time, each one timed.

Closed loop: each of `concurrency` senders waits for its answer before it sends again. What warms up is not counted.
In process, an application is called as a server would call it, without server, socket or recorder; over the socket, a
process of its own sends (`load_client`), so that the sender takes no time from the application's interpreter.

Spec: ASGI, HTTP connection scope.
"""

import asyncio
import base64
import json
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter_ns
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from routebook_kernel.exceptions import LoadError
from routebook_kernel.recording.latency import LatencySamples

CALIBRATION = 300
_MAX_LINE = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request.

    Attributes:
        status: None where no response came.
        error: The name of the exception that left the application without a response; "" where none did.
        ended_ns: When the last byte of the response was there.
    """

    status: int | None
    size_bytes: int
    error: str
    ended_ns: int


@dataclass(slots=True)
class Load:
    """One run: its plan, and what has been measured so far.

    Attributes:
        done: How many requests have ended, those that warm up included.
        is_warm: Whether those that warm up are over.
    """

    count: int
    concurrency: int
    warm_up: int
    done: int = 0
    is_warm: bool = False
    latencies_us: list[float] = field(default_factory=list)
    ends_us: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    size_bytes: int = 0
    client_busy: float | None = None

    @property
    def samples(self) -> LatencySamples:
        """What has been measured so far."""
        return LatencySamples(self.latencies_us, self.ends_us, dict(self.statuses), dict(self.errors), self.size_bytes)

    async def run(self, call: Callable[[], Awaitable[Answer]]) -> None:
        """Send all of it by `call`."""
        await self._send(call, self.warm_up, lambda answer, began, first: None)
        self.is_warm, self.done = True, 0
        await self._send(call, self.count, self._measure)

    async def _send(
        self, call: Callable[[], Awaitable[Answer]], count: int, take: Callable[[Answer, int, int], None]
    ) -> None:
        left = iter(range(count))
        first = perf_counter_ns()

        async def sender() -> None:
            for _ in left:
                began = perf_counter_ns()
                answer = await call()
                take(answer, began, first)
                self.done += 1
                await asyncio.sleep(0)  # an application that never waits must not keep the loop from everybody else

        async with asyncio.TaskGroup() as senders:
            for _ in range(min(self.concurrency, count)):
                senders.create_task(sender())

    def _measure(self, answer: Answer, began_ns: int, first_ns: int) -> None:
        self.latencies_us.append((answer.ended_ns - began_ns) / 1000)
        self.ends_us.append((answer.ended_ns - first_ns) / 1000)
        self.size_bytes += answer.size_bytes
        if answer.status is not None:
            self.statuses[answer.status] += 1
        if answer.error:
            self.errors[answer.error] += 1


class InProcess:
    """Calls an application directly.

    Args:
        scope: Of each request; its headers and state are copied.
    """

    def __init__(self, app: ASGIApp, scope: Scope, body: bytes) -> None:
        self._app = app
        self._scope = scope
        self._body = body

    async def __call__(self) -> Answer:
        """Send one request."""
        scope = self._scope
        call = _Call(self._body)
        error = ""
        try:
            scope = {**scope, "headers": list(scope["headers"]), "state": dict(scope["state"])}
            await self._app(scope, call.receive, call.send)
        except Exception as raised:
            error = type(raised).__name__
        return Answer(call.status, call.size_bytes, error if call.status is None else "", call.ended_ns or _now())


_now = perf_counter_ns


class _Call:
    __slots__ = ("_body", "_over", "ended_ns", "size_bytes", "status")

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._over: asyncio.Event | None = None
        self.status: int | None = None
        self.size_bytes = 0
        self.ended_ns = 0

    async def receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        if not self.ended_ns:
            self._over = self._over or asyncio.Event()
            await self._over.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body":
            self.size_bytes += len(message.get("body", b""))
            if not message.get("more_body", False):
                self.ended_ns = _now()
                if self._over is not None:
                    self._over.set()


class LateErrorFilter:
    """ASGI middleware: drops exceptions raised after the response began, which a server would log.

    Without it, the measurement of a failing endpoint would include writing its tracebacks.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        is_begun = False

        async def hear(message: Message) -> None:
            nonlocal is_begun
            is_begun = True
            await send(message)

        try:
            await self.app(scope, receive, hear)
        except Exception:
            if not is_begun:
                raise


async def measured_overhead_us(scope: Scope) -> float:
    """What the generator itself takes of each latency: the median over an application that only answers."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    load = Load(CALIBRATION, 1, CALIBRATION)
    await load.run(InProcess(answer, scope, b""))
    return sorted(load.latencies_us)[CALIBRATION // 2]


async def run_over_socket(load: Load, port: int, scope: Scope, body: bytes) -> None:
    """Send all of it to a server on 127.0.0.1, from a process of its own.

    Raises:
        LoadError: The process could not do it; the message says why.
    """
    client = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("load_client.py")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=_MAX_LINE,
    )
    try:
        await _converse(client, load, _plan(load, port, scope, body))
    except asyncio.CancelledError:
        if client.stdin is not None:
            client.stdin.close()  # it tells what it has measured, and ends
        with suppress(TimeoutError, asyncio.CancelledError):
            async with asyncio.timeout(2):
                await _listen(client, load)
        raise
    finally:
        with suppress(ProcessLookupError):
            client.kill()
        await client.wait()


def _plan(load: Load, port: int, scope: Scope, body: bytes) -> dict[str, Any]:
    target = scope["raw_path"].decode("ascii") + (
        f"?{scope['query_string'].decode('ascii')}" * bool(scope["query_string"])
    )
    return {
        "port": port,
        "method": scope["method"],
        "target": target,
        "headers": [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]],
        "body": base64.b64encode(body).decode("ascii"),
        "count": load.count,
        "concurrency": load.concurrency,
        "warm_up": load.warm_up,
    }


async def _converse(client: asyncio.subprocess.Process, load: Load, plan: dict[str, Any]) -> None:
    if client.stdin is None:
        raise LoadError("The sending process has no standard input.")
    client.stdin.write(json.dumps(plan).encode() + b"\n")
    await client.stdin.drain()
    if not await _listen(client, load):
        told = (await client.stderr.read()).decode("utf-8", "replace").strip() if client.stderr else ""
        raise LoadError(f"The sending process ended early: {(told.splitlines() or ['it gave no reason'])[-1]}")


async def _listen(client: asyncio.subprocess.Process, load: Load) -> bool:
    """Take what the process tells until it has told all; false where it ended before."""
    while client.stdout is not None and (line := await client.stdout.readline()):
        told = json.loads(line)
        if "latencies_us" not in told:
            load.done, load.is_warm = told["done"], told["is_warm"]
            continue
        load.latencies_us, load.ends_us = told["latencies_us"], told["ends_us"]
        load.statuses = Counter({int(status): count for status, count in told["statuses"].items()})
        load.errors, load.size_bytes = Counter(told["errors"]), told["size_bytes"]
        load.done, load.is_warm, load.client_busy = len(load.latencies_us), True, told["busy"]
        return True
    return False
