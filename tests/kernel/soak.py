"""A long session in one kernel: `make soak MINUTES=60`. Memory, descriptors and threads must be flat after warm-up.

A mix of what people do goes round and round: requests of every kind, in process and over the socket, uploads, errors,
WebSockets and streams that are left, cells that run again, fail and are interrupted, servers that start and stop.
Every minute it measures the kernel and prints a line. It ends with a verdict, and says what has grown.
"""

import argparse
import ast
import random
import socket
import statistics
import sys
import time
from dataclasses import dataclass
from operator import attrgetter

import httpx2
from websockets.sync.client import connect

from tests.kernel.driver import Kernel
from tests.kernel.test_soak import FORGET

GROWTH_MB = 1.0
"""How much more memory the last quarter may take than the first."""

SETUP = """
import asyncio, time
from typing import Annotated
from pydantic import BaseModel
from routebook import BackgroundTasks, Depends, File, Form, HTTPException, Routebook, UploadFile, WebSocket
from routebook.responses import StreamingResponse
app = Routebook()
client = routebook_kernel.client(app)
"""

OPERATIONS = """
class Item(BaseModel):
    name: str
    price: float

def opened():
    yield 1

async def opened_async(first: Annotated[int, Depends(opened)]):
    yield first + 1

@app.get("/plain")
def plain(): return 1
@app.get("/async")
async def quick(): return 1
@app.post("/items")
async def create(item: Item) -> Item: return item
@app.get("/tree")
def tree(value: Annotated[int, Depends(opened_async)], tasks: BackgroundTasks):
    tasks.add_task(print, end="")
    return value
@app.post("/login")
def login(name: Annotated[str, Form()], password: Annotated[str, Form()]): return {"token": password}
@app.post("/upload")
async def upload(file: UploadFile): return len(await file.read())
@app.get("/fails")
async def fails(): raise RuntimeError("as it should")
@app.get("/missing")
async def missing(): raise HTTPException(404)
@app.get("/events")
async def events():
    async def send():
        for number in range(200):
            yield f"data: {number}\\n\\n"
            await asyncio.sleep(0.01)
    return StreamingResponse(send(), media_type="text/event-stream")
@app.websocket("/echo")
async def echo(socket: WebSocket):
    await socket.accept()
    while True: await socket.send_text(await socket.receive_text())
@app.get("/hang")
async def hang(): await asyncio.sleep(60)
"""

IN_PROCESS = """
for _ in range(40):
    client.get("/plain"); client.get("/async"); client.get("/tree")
    client.post("/items", json={"name": "a", "price": 1}); client.post("/items", json={"price": "x"})
    client.post("/login", data={"name": "a", "password": "soak-secret"}); client.get("/missing"); client.get("/nowhere")
    client.post("/upload", files={"file": ("a.txt", b"x" * 20000)})
for _ in range(5): client.get("/fails")
with client.stream("GET", "/events") as response: next(response.iter_lines())
with client.websocket_connect("/echo") as talking:
    talking.send_text("a"); talking.receive_text()
"""
ASYNC = (
    "for _ in range(40): await client.get('/async')\nawait asyncio.gather(*[client.get('/tree') for _ in range(10)])"
)
VIEWS = """
session = routebook_kernel.session()
view = session.view(app)
view.state(); session.log_view.state(); session.sockets(app).state(); session.dependencies(app).state()
repr(routebook_kernel.log()[-1]); routebook_kernel.log().to_dicts()[-1]
"""
REDEFINED = "class Other(BaseModel):\n    value: int = {n}\n@app.get('/other')\ndef other() -> Other: return Other()"
FAILING = "@app.get('/half')\ndef half(): return 1\nraise ValueError('as it should')"
INTERRUPTED = ("client.get('/hang')", "await client.get('/hang')", "while True: client.get('/async')")

MEASURE = (
    FORGET
    + """
import ctypes, os, threading
gc.collect()
try: ctypes.CDLL("libc.so.6").malloc_trim(0)
except OSError: pass
import psutil
process = psutil.Process()
types = {}
for each in gc.get_objects(): types[type(each).__qualname__] = types.get(type(each).__qualname__, 0) + 1
home = routebook_kernel.session().home
soak_figures = {
    "mb": process.memory_full_info().uss / 2**20,
    "descriptors": len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else process.num_handles(),
    "threads": threading.active_count(),
    "tasks": len(asyncio.all_tasks(home.loop)),
    "objects": sum(types.values()),
    "functions": sum(name.startswith("routebook ") for name in linecache.cache),
    "types": dict(sorted(types.items(), key=lambda pair: -pair[1])[:400]),
}
del types, process
"""
)


@dataclass(frozen=True, slots=True)
class Figures:
    """What the kernel holds at one moment."""

    mb: float
    descriptors: int
    threads: int
    tasks: int
    objects: int
    functions: int
    types: dict[str, int]

    def __str__(self) -> str:
        return (
            f"{self.mb:7.2f} MB  {self.descriptors:3} descriptors  {self.threads:3} threads  {self.tasks:3} tasks  "
            f"{self.objects:7} objects  {self.functions:3} generated functions"
        )


class Soak:
    """One kernel, and the rounds that it goes through."""

    def __init__(self) -> None:
        self.kernel = Kernel()
        self.rounds = 0
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.kernel.good("%load_ext routebook_kernel\nimport routebook_kernel", "load")
        self.kernel.good(SETUP, "setup")
        self.kernel.good(OPERATIONS, "operations")
        self.kernel.good("%api log --keep 300", "log")

    def go_round(self) -> None:
        """Do everything once."""
        kernel, self.rounds = self.kernel, self.rounds + 1
        kernel.good(f"%api serve --port {self.port}", "serve")
        kernel.good(IN_PROCESS, "in process")
        kernel.good(ASYNC, "async")
        self._ask_from_outside()
        kernel.good(VIEWS, "views")
        kernel.good(REDEFINED.format(n=self.rounds % 7), "other")
        kernel.good(OPERATIONS, "operations")
        kernel.run(FAILING, "failing")
        kernel.run("def broken(:", "broken")
        source = INTERRUPTED[self.rounds % len(INTERRUPTED)]
        assert "KeyboardInterrupt" in str(kernel.interrupt(source, "interrupted").error), source
        kernel.good("%api status", "status")
        kernel.good("%api stop", "stop")
        assert kernel.value("client.get('/async').json()") == "1"

    def _ask_from_outside(self) -> None:
        url = f"http://127.0.0.1:{self.port}"
        with httpx2.Client(base_url=url, timeout=60) as session:
            for _ in range(30):
                assert session.get("/plain").status_code == 200
                assert session.post("/items", json={"name": "a", "price": 1}).status_code == 200
                assert session.post("/items", json={}).status_code == 422
                assert session.get("/fails").status_code == 500
                session.post("/upload", files={"file": ("a.bin", random.randbytes(50_000))})
        for _ in range(5):
            assert httpx2.get(f"{url}/async", timeout=60).status_code == 200
            with httpx2.stream("GET", f"{url}/events", timeout=60) as response:
                next(response.iter_lines())
            with connect(f"ws://127.0.0.1:{self.port}/echo") as talking:
                talking.send("a")
                assert talking.recv() == "a"
            rude = socket.create_connection(("127.0.0.1", self.port))
            rude.sendall(b"POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999\r\n\r\nabc")
            rude.close()

    def measure(self) -> Figures:
        """Measure the kernel, without what IPython keeps of each run."""
        self.kernel.good(MEASURE, "measure")
        return Figures(**ast.literal_eval(self.kernel.value("soak_figures")))


def grown(before: Figures, after: Figures, count: int = 12) -> list[tuple[str, int]]:
    """The types of which there are more now, most first."""
    differences = {name: number - before.types.get(name, 0) for name, number in after.types.items()}
    return sorted(differences.items(), key=lambda pair: -pair[1])[:count]


def judge(figures: list[Figures]) -> list[str]:
    """Say what isn't flat, comparing the last quarter with the first.

    Of memory, which an allocator gives back now and then, the medians; of counts, to which a connection that has not
    quite ended adds, the least.
    """
    quarter = max(len(figures) // 4, 1)
    first, last = figures[:quarter], figures[-quarter:]
    faults = []
    if (megabytes := _median_mb(last) - _median_mb(first)) > GROWTH_MB:
        faults.append(f"memory grew by {megabytes:.2f} MB")
    for name in ("descriptors", "threads", "tasks", "functions"):
        before, after = (min(map(attrgetter(name), part)) for part in (first, last))
        if after > before:
            faults.append(f"{name} grew from {before} to {after}")
    return faults


def _median_mb(figures: list[Figures]) -> float:
    return statistics.median(each.mb for each in figures)


def main() -> int:
    """Run it; 1 if something grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--warm-up", type=float, default=5, help="minutes before the first measurement that counts")
    arguments = parser.parse_args()
    soak, figures = Soak(), list[Figures]()
    began = time.monotonic()
    ends = began + 60 * (arguments.warm_up + arguments.minutes)
    step = 60.0 if arguments.minutes >= 8 else 60 * arguments.minutes / 8
    due = began + 60 * arguments.warm_up
    while time.monotonic() < ends:
        soak.go_round()
        if time.monotonic() >= due:
            due += step
            figures.append(soak.measure())
            minute = (time.monotonic() - began) / 60
            print(f"{minute:5.1f} min  {soak.rounds:5} rounds  {figures[-1]}", flush=True)
    soak.kernel.close()
    faults = judge(figures)
    rise = figures[-1].mb - figures[0].mb
    print(f"{'; '.join(faults) or 'flat'}: {soak.rounds} rounds, {rise:+.2f} MB from the first to the last measurement")
    if faults:
        print("most new objects:", grown(figures[0], figures[-1]))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
