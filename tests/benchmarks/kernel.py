"""The notebook's own costs: settling a cell, the in-process client, the recorder, idle tracing, serving.

Each measurement runs in a process of its own (`python -m tests.benchmarks.kernel NAME` prints the two figures that are
compared), with a real session: tracker, log, lifespans, views, the home loop's thread.
"""

import asyncio
import gc
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from routebook import Routebook
from routebook_kernel.session import Session
from routebook_kernel.summary import Summary

from .cases import HttpRequest
from .thresholds import Verdict
from .wire import has_wrk, measure_servers, serve, serving

_ROOT = Path(__file__).resolve().parents[2]
_OPERATIONS = 500
_ROUNDS = 9


@dataclass(frozen=True, slots=True)
class KernelResult:
    """One line of the table: a figure with the notebook and one without it, the best of the rounds each."""

    name: str
    title: str
    unit: str
    with_notebook: float
    without: float

    @property
    def over(self) -> float:
        """What the notebook costs."""
        return self.with_notebook - self.without

    @property
    def ratio(self) -> float:
        """How many times the cost without it."""
        return self.with_notebook / self.without


def measure_kernel(rounds: int) -> list[KernelResult]:
    """Measure everything; of each figure the best of the rounds is kept."""
    results = []
    for name, (title, unit, _) in MEASUREMENTS.items():
        pairs = [_measure_apart(name) for _ in range(rounds)]
        results.append(KernelResult(name, title, unit, min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)))
    title = "a request over the socket as a Python client sees it, beside plain uvicorn"
    results.append(KernelResult("served", title, "us", *_served_us(rounds)))
    if has_wrk():
        best, failures = measure_servers(_SERVERS, _REQUEST, 2, rounds)
        if not failures:
            results.append(KernelResult("served_cpu", "the same under wrk", "us of CPU", best["served"], best["plain"]))
    return results


_REQUEST = HttpRequest("GET", "/items/5", query="q=x")
_SERVERS = {name: ["tests.benchmarks.kernel", name] for name in ("served", "plain")}


def _served_us(rounds: int) -> tuple[float, float]:
    """The median time of a request over a connection that is kept, servers asked in turn: noise meets both alike."""
    with ExitStack() as stack:
        servers = {name: stack.enter_context(serving(command, _REQUEST)) for name, command in _SERVERS.items()}
        clients = {name: stack.enter_context(httpx2.Client()) for name in servers}
        times: dict[str, list[float]] = {name: [] for name in servers}
        for _ in range(1000 * rounds):
            for name, server in servers.items():
                began = time.perf_counter_ns()
                clients[name].get(server.url).raise_for_status()
                times[name].append((time.perf_counter_ns() - began) / 1e3)
    return statistics.median(times["served"]), statistics.median(times["plain"])


def judge_kernel(results: list[KernelResult]) -> list[Verdict]:
    """What issue 4 asks."""
    return [_judge(result) for result in results if result.name in LIMITS]


def _judge(result: KernelResult) -> Verdict:
    what, limit, is_ratio = LIMITS[result.name]
    return Verdict(what, result.ratio if is_ratio else result.over, limit, is_at_least=False)


LIMITS = {
    "settle": ("settle: ms over the cell's own time", 20.0, False),
    "client": ("client: ms over a bare call", 0.3, False),
    "recorder": ("recorder: us over no recorder", 30.0, False),
    "tracing": ("tracing that nobody looks at: after / before", 1.05, True),
    "served": ("served from the notebook / plain uvicorn", 1.3, True),
}


def _measure_apart(name: str) -> tuple[float, float]:
    command = [sys.executable, "-m", "tests.benchmarks.kernel", name]
    output = subprocess.run(command, cwd=_ROOT, check=True, capture_output=True, text=True).stdout
    with_notebook, without = json.loads(output)
    return with_notebook, without


# The measurements


def _settle_ms() -> tuple[float, float]:
    """From the start of a cell that changes one of 500 operations to the first right answer; and the cell alone."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    session = Session(namespace)
    session.open()
    try:
        _run(session, namespace, "app", "from routebook import Depends, Routebook\nfrom pydantic import BaseModel")
        _run(session, namespace, "models", _MODELS)
        for index in range(_OPERATIONS // 5):
            _run(session, namespace, f"cell-{index}", _RESOURCE.format(name=f"thing{index}"))
        view = session.view(namespace["app"])
        view.state()
        view.subscribe(lambda delta: None)
        client = session.client(namespace["app"])
        client.get("/warm")
        whole, alone = float("inf"), float("inf")
        for number in range(_ROUNDS):
            source = f"@app.get('/changed', tags=['v{number}'])\ndef changed() -> int:\n    return {number}"
            time.sleep(0.15)  # the explorer has been told of the former run
            gc.collect()
            began = time.perf_counter()
            own = _run(session, namespace, "changed", source)
            assert client.get("/changed").json() == number
            whole, alone = min(whole, (time.perf_counter() - began) * 1e3), min(alone, own * 1e3)
        return whole, alone
    finally:
        session.close()


_MODELS = """
app = Routebook()
class Item(BaseModel):
    name: str
    price: float
def paging(limit: int = 10): return limit
"""
_RESOURCE = """
@app.get('/{name}')
def list_{name}(limit: int = Depends(paging)) -> list[Item]: return []
@app.post('/{name}')
def make_{name}(item: Item) -> Item: return item
@app.get('/{name}/{{item_id}}')
def read_{name}(item_id: int, q: str = '') -> Item: ...
@app.put('/{name}/{{item_id}}')
def write_{name}(item_id: int, item: Item) -> Item: return item
@app.delete('/{name}/{{item_id}}', status_code=204)
def drop_{name}(item_id: int) -> None: ...
"""


def _run(session: Session, namespace: dict[str, Any], cell: str, source: str) -> float:
    """Run a cell as the hooks do, its summary rendered; the seconds of the cell's own code."""
    filename = f"/tmp/bench-{cell}.py"
    began = time.perf_counter()
    code = compile(source, filename, "exec")
    own = time.perf_counter() - began
    session.begin_run(cell, source, 1, filename, [])
    began = time.perf_counter()
    exec(code, namespace)
    own += time.perf_counter() - began
    result = session.finish_run("completed")
    if result is not None and result.reports:
        summary = Summary(result.reports)
        repr(summary), summary._repr_html_()
    return own


def _client_ms() -> tuple[float, float]:
    """`client.get(...)` in an ordinary cell; and the application called as ASGI, nothing around it."""
    session = Session({"__name__": "__main__"})
    session.open()
    try:
        app = make_app()
        client = session.client(app)
        through = _best_of(lambda count: _timed(lambda: client.get("/items/5?q=x"), count), 300)
        bare = session.home.run(_best_of_async(lambda: app(_scope(), _receive, _send), 1000, time.perf_counter_ns))
        return through / 1e3, bare / 1e3
    finally:
        session.close()


def _recorder_us() -> tuple[float, float]:
    """A request through the session's recorder; and without it."""
    session = Session({"__name__": "__main__"})
    session.open()
    try:
        app, recorder = make_app(), session.recorder
        record = lambda: recorder.record(app, _scope(), _receive, _send, "server")  # noqa: E731
        recorded = session.home.run(_best_of_async(record, 1000, time.thread_time_ns))
        bare = session.home.run(_best_of_async(lambda: app(_scope(), _receive, _send), 1000, time.thread_time_ns))
        return recorded, bare
    finally:
        session.close()


def _tracing_us() -> tuple[float, float]:
    """A request to an operation that was traced before, by nobody now; and to one that never was."""
    session = Session({"__name__": "__main__"})
    session.open()
    try:
        app, recorder = make_app(), session.recorder
        call = lambda: app(_scope(), _receive, _send)  # noqa: E731
        before = session.home.run(_best_of_async(call, 2000, time.thread_time_ns))
        session.is_tracing = True
        for _ in range(100):
            session.home.run(recorder.record(app, _scope(), _receive, _send, "server"))
        session.is_tracing = False
        after = session.home.run(_best_of_async(call, 2000, time.thread_time_ns))
        return after, before
    finally:
        session.close()


MEASUREMENTS: Mapping[str, tuple[str, str, Callable[[], tuple[float, float]]]] = {
    "settle": ("one of 500 operations changed, to its first right answer, beside the cell alone", "ms", _settle_ms),
    "client": ("client.get() in a cell, beside a bare ASGI call", "ms", _client_ms),
    "recorder": ("a request through the recorder, beside one without", "us of CPU", _recorder_us),
    "tracing": ("a bare call after tracing, beside one before", "us of CPU", _tracing_us),
}


def make_app() -> Routebook:
    """One usual operation: a path and a query parameter, JSON out."""
    app = Routebook()

    @app.get("/items/{item_id}")
    async def read_item(item_id: int, q: str = "") -> dict[str, object]:
        return {"item_id": item_id, "q": q}

    return app


def _scope() -> dict[str, Any]:
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": "/items/5", "raw_path": b"/items/5", "query_string": b"q=x", "root_path": "", "server": ("test", 80),
        "client": ("test", 1), "headers": [(b"host", b"test"), (b"accept", b"*/*"), (b"user-agent", b"bench")],
    }  # fmt: skip


async def _receive() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _send(message: Any) -> None: ...


def _timed(call: Callable[[], object], count: int) -> float:
    began = time.perf_counter_ns()
    for _ in range(count):
        call()
    return (time.perf_counter_ns() - began) / count / 1e3


def _best_of(timed: Callable[[int], float], count: int) -> float:
    timed(20)
    return min(timed(count) for _ in range(_ROUNDS))


async def _best_of_async(call: Callable[[], Awaitable[object]], count: int, clock: Callable[[], int]) -> float:
    async def timed(count: int) -> float:
        began = clock()
        for _ in range(count):
            await call()
        return (clock() - began) / count / 1e3

    await timed(50)
    return min([await timed(count) for _ in range(_ROUNDS)])


# The servers


def _serve_in_session() -> None:
    session = Session({"__name__": "__main__"})
    session.open()
    session.serve(make_app(), port=20_000 + os.getpid() % 20_000)
    print(session.serving.server.status.port, flush=True)
    session.home.run(asyncio.sleep(3600))


def _main(name: str) -> None:
    if name == "served":
        _serve_in_session()
    elif name == "plain":
        serve(make_app())
    else:
        _, _, measure = MEASUREMENTS[name]
        print(json.dumps(measure()))


if __name__ == "__main__":
    _main(sys.argv[1])
