"""The process that sends requests over a socket and times them: run as a script, told its plan on standard input.

It tells on standard output, a JSON value a line: how far it is, and at the end what it measured. It ends when its
standard input ends. Nothing of the package is imported, so that it starts at once.

Spec: RFC 9112 (HTTP/1.1), by way of h11; connections are kept and opened again where the server closes them.
"""

import asyncio
import base64
import json
import sys
import time
from collections import Counter
from typing import Any

import h11

READ_BYTES = 256 * 1024
TOLD_S = 0.1


class Connection:
    """One kept connection."""

    def __init__(self, port: int, request: h11.Request, body: bytes) -> None:
        self._port = port
        self._request = request
        self._body = body
        self._reader: Any = None
        self._writer: Any = None
        self._http = h11.Connection(h11.CLIENT)

    async def open(self) -> None:
        """Connect, unless it is connected still: a server may have closed it meanwhile."""
        if self._writer is not None and self._reader.at_eof():
            self.drop()
        if self._writer is None:
            self._http = h11.Connection(h11.CLIENT)
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)

    async def exchange(self) -> tuple[int, int]:
        """Send the request and read the response to its end; its status and size."""
        http = self._http
        data = http.send(self._request) or b""
        data += http.send(h11.Data(self._body)) or b"" if self._body else b""
        self._writer.write(data + (http.send(h11.EndOfMessage()) or b""))
        status, size = 0, 0
        while True:
            event = http.next_event()
            if event is h11.NEED_DATA:
                http.receive_data(await self._reader.read(READ_BYTES))
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                size += len(event.data)
            elif isinstance(event, h11.EndOfMessage):
                return status, size
            elif isinstance(event, h11.ConnectionClosed):
                raise ConnectionResetError

    def settle(self) -> None:
        """Be ready for the next request, or let go of the connection."""
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        else:
            self.drop()

    def drop(self) -> None:
        """Let go of the connection."""
        if self._writer is not None:
            self._writer.close()
        self._writer = None


class Client:
    """The run."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        headers = [(name, value) for name, value in plan["headers"] if name.lower() not in {"host", "connection"}]
        headers.append(("host", f"127.0.0.1:{plan['port']}"))
        request = h11.Request(method=plan["method"], target=plan["target"], headers=headers)
        body = base64.b64decode(plan["body"])
        self.connections = [Connection(plan["port"], request, body) for _ in range(plan["concurrency"])]
        self.done, self.is_warm = 0, False
        self.latencies: list[float] = []
        self.ends: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.errors: Counter[str] = Counter()
        self.size = 0
        self.busy = 0.0

    async def run(self) -> None:
        """Send all of it."""
        for connection in self.connections:
            await connection.open()
        await self.phase(self.plan["warm_up"], is_measured=False)
        self.is_warm, self.done = True, 0
        cpu, began = time.process_time(), time.perf_counter()
        try:
            await self.phase(self.plan["count"], is_measured=True)
        finally:
            self.busy = (time.process_time() - cpu) / max(time.perf_counter() - began, 1e-9)

    async def phase(self, count: int, *, is_measured: bool) -> None:
        """Send so many requests over all connections."""
        left = iter(range(count))
        first = time.perf_counter_ns()
        await asyncio.gather(*(self.sender(one, left, first, is_measured) for one in self.connections))

    async def sender(self, connection: Connection, left: Any, first: int, is_measured: bool) -> None:
        """Send over one connection, each request when the one before it is answered."""
        for _ in left:
            await connection.open()
            began = time.perf_counter_ns()
            status, size, error = 0, 0, ""
            try:
                status, size = await connection.exchange()
            except (OSError, h11.ProtocolError) as raised:
                error = type(raised).__name__
                connection.drop()
            ended = time.perf_counter_ns()
            connection.settle()
            self.done += 1
            if is_measured:
                self.latencies.append((ended - began) / 1000)
                self.ends.append((ended - first) / 1000)
                self.size += size
                self.errors.update([error] if error else [])
                self.statuses.update([status] if status else [])

    def tell(self, told: dict[str, Any]) -> None:
        """One line to whoever started this."""
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()

    async def tell_progress(self) -> None:
        """Again and again, how far it is."""
        while True:
            await asyncio.sleep(TOLD_S)
            self.tell({"done": self.done, "is_warm": self.is_warm})

    def tell_all(self) -> None:
        """What was measured."""
        self.tell({
            "latencies_us": self.latencies,
            "ends_us": self.ends,
            "statuses": self.statuses,
            "errors": self.errors,
            "size_bytes": self.size,
            "busy": self.busy,
        })  # fmt: skip


async def main() -> None:
    """Run the plan; end early where standard input ends."""
    client = Client(json.loads(sys.stdin.readline()))
    loop = asyncio.get_running_loop()
    run = asyncio.create_task(client.run())
    telling = asyncio.create_task(client.tell_progress())
    loop.run_in_executor(None, sys.stdin.read).add_done_callback(lambda _: run.cancel())
    await asyncio.wait([run])
    telling.cancel()
    if not run.cancelled() and (error := run.exception()) is not None:
        raise error
    client.tell_all()


if __name__ == "__main__":
    import os

    asyncio.Runner().run(main())
    sys.stdout.flush()
    os._exit(0)  # a thread still waits for standard input to end
