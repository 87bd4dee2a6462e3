"""A long session in one kernel: `make soak MINUTES=60`. Memory, descriptors and threads must be flat after warm-up.

What people do goes round and round, in random order: requests of every kind, in process and over the socket, uploads,
errors, WebSockets and streams that are left, cells that run again, fail and are interrupted, servers that start and
stop. Every minute it measures the kernel and writes a line. It ends with a verdict, and says what has grown. Nothing in
it depends on how fast the machine is.
"""

import argparse
import random
import re
import socket
import struct
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
from websockets.sync.client import connect

from tests.kernel.driver import Kernel
from tests.kernel.soak_figures import Figures, faults_in, grown

KEPT = 300
"""How many exchanges the log keeps."""

SETUP = """
import asyncio, collections, random, time
from typing import Annotated
from pydantic import BaseModel
from routebook import (
    APIRouter, BackgroundTasks, Depends, Form, HTTPException, Routebook, UploadFile, WebSocket
)
from routebook.responses import StreamingResponse
"""

APPLICATION = """
app = Routebook()
client = routebook_kernel.client(app)
"""

MODELS = """
class Item(BaseModel):
    name: str = "{n}"
    price: float
def opened():
    yield {n}
"""

OPERATIONS = """
done = []
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
    tasks.add_task(done.clear)
    return value
@app.get("/tree/fails")
def tree_fails(value: Annotated[int, Depends(opened_async)]): raise LookupError("as it should")
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
@app.websocket("/polite")
async def polite(socket: WebSocket, value: Annotated[int, Depends(opened_async)]):
    await socket.accept()
    try:
        async for text in socket.iter_text(): await socket.send_text(text)
    finally: done.clear()
@app.get("/hang")
async def hang(): await asyncio.sleep(60)
@app.get("/hang/thread")
def hang_thread():
    for _ in range(200): time.sleep(0.01)
"""

ROUTER = """
router = APIRouter(prefix="/part")
@router.get("/{{number}}")
def part(number: int, item: Annotated[int, Depends(opened)]): return number + {n}
app.include_router(router)
"""

IN_PROCESS = """
for _ in range(20):
    assert client.get("/plain").json() == 1
    assert client.get("/async").json() == 1
    assert client.get("/tree").status_code == 200
    assert client.post("/items", json={"name": "a", "price": 1}).status_code == 200
    assert client.post("/items", json={"price": "x"}).status_code == 422
    assert client.post("/login", data={"name": "a", "password": "soak-secret"}).status_code == 200
    assert client.get("/missing").status_code == client.get("/nowhere").status_code == 404
    assert client.put("/plain").status_code == 405
    assert client.post("/upload", files={"file": ("a.txt", b"x" * 20000)}).json() == 20000
client.get("/fails"); client.get("/tree/fails")
"""
STREAMS = """
for _ in range(3):
    with client.stream("GET", "/events") as response: next(response.iter_lines())
with client.stream("GET", "/events") as response: pass
"""
TALKING = """
for path in ("/echo", "/polite"):
    with client.websocket_connect(path) as talking:
        talking.send_text("a"); talking.receive_text()
try:
    with client.websocket_connect("/polite") as talking: raise LookupError
except LookupError: pass
"""
ASYNC = """
for _ in range(40): await client.get("/async")
await asyncio.gather(*[client.get("/tree") for _ in range(10)])
try: await asyncio.wait_for(client.get("/hang"), 0.05)
except TimeoutError: pass
async with client.stream("GET", "/events") as response:
    async for line in response.aiter_lines(): break
"""
RAISED = "routebook_kernel.client(app, raise_server_exceptions=True).get('/fails')"
LOCAL = """
def make():
    local = Routebook()
    @local.get("/")
    def root(): return 1
    return routebook_kernel.client(local)
assert [make().get("/").json() for _ in range(3)] == [1, 1, 1]
"""
VIEWS = """
session = routebook_kernel.session()
view = session.view(app)
view.state(); session.log_view.state(); session.sockets(app).state(); session.dependencies(app).state()
repr(routebook_kernel.log()[-1]); repr(routebook_kernel.log()); routebook_kernel.log().to_dicts()[-1]
session.trace_view().state(); app.openapi(); client.get("/tree")
"""
TRACED = "%api trace on\nfor _ in range(20): client.get('/tree')\n%api trace\n%api trace off"
TESTED = """
client.post("/items", json={"name": "a", "price": 1})
session, expected = routebook_kernel.session(), [{"kind": "status", "target": "", "operator": "equals", "value": 200}]
id = routebook_kernel.log()[-1].id
tests = session.saved_tests
tests.draft(id); tests.save(id, "soak", expected); session.home.run(tests.run())
outcomes = [test["result"]["outcome"] for test in tests.state()[1]["tests"]]
tests.remove("soak")
assert outcomes == ["passed"], outcomes
"""
HTTP = '%%http\nPOST /items\nContent-Type: application/json\n\n{"name": "a", "price": 1}'
SHOWN = "client.get('/plain')"
REDEFINED = "class Other(BaseModel):\n    value: int = {n}\n@app.get('/other')\ndef other() -> Other: return Other()"
RENAMED = "@app.get('/renamed/{n}')\ndef renamed_{n}(value: int = {n}): return value"
FAILING = "@app.get('/half')\ndef half(): return 1\nraise ValueError('as it should')"
BROKEN = "def broken(:"
RAISERS = (("failing", FAILING), ("broken", BROKEN), ("raised", RAISED))
INTERRUPTED = (
    "client.get('/hang')",
    "await client.get('/hang')",
    "client.get('/hang/thread')",
    "while True: client.get('/async')",
    "while True: client.post('/items', json={'price': 1})",
    "while True: await client.get('/tree')",
    "while True: pass",
    "with client.websocket_connect('/echo') as talking: talking.receive_text()",
    "with client.stream('GET', '/events') as response:\n    for line in response.iter_lines(): time.sleep(60)",
)
HANDSHAKE = (
    b"GET /%s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
CUT_UPLOAD = (
    b"POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    b'Content-Length: 99999\r\n\r\n--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc'
)
CUT_EVENTS = b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"
LEFT = (HANDSHAKE % b"echo", HANDSHAKE % b"polite", CUT_UPLOAD, CUT_EVENTS, b"GET /pl", b"\x16\x03\x01\r\n\r\n")
"""What is said before somebody leaves in the middle."""


class Soak:
    """One kernel, and all that is done with it.

    Args:
        folder: Where the notebook would be; its tests are written there.
        chance: What decides on the order and the moments.
    """

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.kernel = Kernel({"JPY_SESSION_NAME": str(folder / "soak.ipynb")})
        self.rounds = 0
        self._chance = chance
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])
        self.kernel.good("%load_ext routebook_kernel\nimport routebook_kernel", "load")
        self.kernel.good(SETUP, "setup")
        self._define(0)
        self.kernel.good(f"%api log --keep {KEPT}", "log")

    def _define(self, number: int) -> None:
        self._good("application", APPLICATION)
        self._good("models", MODELS.format(n=number))
        self._good("operations", OPERATIONS)
        self._good("router", ROUTER.format(n=number))

    def go_round(self) -> None:
        """Do everything once, in another order each time; most of it while the application is served."""
        self.rounds += 1
        actions = [
            *(partial(self._good, name, source) for name, source in self._sound()),
            *(partial(self._raising, name, source) for name, source in RAISERS),
            *(self._interrupt for _ in range(3)),
            self._ask_from_outside, self._be_rude, self._serve, self._serve,
        ]  # fmt: skip
        self._chance.shuffle(actions)
        for act in (self._serve, *actions):
            act()

    def _sound(self) -> list[tuple[str, str]]:
        number = self.rounds % 7
        return [
            ("in process", IN_PROCESS), ("streams", STREAMS), ("talking", TALKING), ("async", ASYNC), ("local", LOCAL),
            ("views", VIEWS), ("traced", TRACED), ("tested", TESTED), ("http", HTTP), ("shown", SHOWN),
            ("other", REDEFINED.format(n=number)), ("renamed", RENAMED.format(n=number)),
            ("models", MODELS.format(n=number)), ("operations", OPERATIONS), ("router", ROUTER.format(n=number)),
            ("application", APPLICATION), ("status", "%api status"), ("stop", "%api stop"),
        ]  # fmt: skip

    def _good(self, cell: str, source: str) -> None:
        self.kernel.good(source, cell)

    def _raising(self, cell: str, source: str) -> None:
        assert self.kernel.run(source, cell).error, f"{cell} raised nothing"

    def _interrupt(self) -> None:
        source = self._chance.choice(INTERRUPTED)
        after_s = self._chance.choice((0, 0.2)) * self._chance.random()
        result = self.kernel.interrupt(source, "interrupted", after_s=after_s)
        # Where the machine is so busy that the loop seems blocked, the loop is interrupted, and the request told so.
        assert re.search("KeyboardInterrupt|was interrupted", str(result.error)), (source, result)

    def _serve(self) -> None:
        self.kernel.good(f"%api serve --port {self._port}", "serve")

    def _ask_from_outside(self) -> None:
        self._serve()
        url = f"http://127.0.0.1:{self._port}"
        with httpx2.Client(base_url=url, timeout=120) as session:
            for _ in range(15):
                _expect(200, session.get("/plain"))
                _expect(200, session.get("/tree"))
                _expect(200, session.post("/items", json={"name": "a", "price": 1}))
                _expect(422, session.post("/items", json={}))
                _expect(500, session.get("/fails"))
                _expect(404, session.get("/missing"))
                _expect(200, session.post("/upload", files={"file": ("a.bin", self._chance.randbytes(50_000))}))
                _expect(200, session.get("/async", headers={"Connection": "close"}))
        for _ in range(5):
            _expect(200, httpx2.get(f"{url}/async", timeout=120))
            with httpx2.stream("GET", f"{url}/events", timeout=120) as response:
                next(response.iter_lines())
            with connect(f"ws://127.0.0.1:{self._port}/echo", open_timeout=120) as talking:
                talking.send("a")
                assert talking.recv() == "a"

    def _be_rude(self) -> None:
        """Leave in the middle, with a reset or by closing."""
        self._serve()
        for said in LEFT:
            rude = socket.create_connection(("127.0.0.1", self._port), timeout=120)
            rude.sendall(said)
            if said.startswith((b"GET /e", b"GET /po")):
                rude.recv(100)
            if self._chance.random() < 0.5:
                rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            rude.close()

    def measure(self) -> Figures:
        """Measure the kernel with nothing served and the first definitions."""
        self._define(0)
        self.kernel.good("%api stop", "stop")
        return Figures.of(self.kernel, kept=KEPT)


def _expect(status: int, response: Any) -> None:
    assert response.status_code == status, (status, response.status_code, response.text[:500])


def soak(minutes: float, warm_up: float, seed: int, say: Callable[[str], None]) -> bool:
    """Go round for so long; whether it stayed flat."""
    step = 60 * min(1, minutes / 16)
    figures = list[Figures]()
    with tempfile.TemporaryDirectory() as folder:
        soak = Soak(Path(folder), random.Random(seed))
        began = time.monotonic()
        due = began + 60 * warm_up
        ends = due + 60 * minutes
        try:
            while time.monotonic() < ends:
                soak.go_round()
                if time.monotonic() >= due:
                    due = time.monotonic() + step
                    figures.append(soak.measure())
                    say(f"{(time.monotonic() - began) / 60:5.1f} min  {soak.rounds:5} rounds  {figures[-1]}")
        finally:
            soak.kernel.close()
    faults = faults_in(figures)
    rise = figures[-1].mb - figures[0].mb
    say(f"{'; '.join(faults) or 'flat'}: {soak.rounds} rounds, {rise:+.2f} MB from the first to the last measurement")
    if faults:
        say(f"most new objects: {grown(figures)}")
    return not faults


def main() -> int:
    """Run it; 1 if something grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--warm-up", type=float, default=5, help="minutes before the first measurement that counts")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--log", type=Path, default=Path(tempfile.gettempdir()) / "routebook-soak.log")
    arguments = parser.parse_args()
    with arguments.log.open("w", encoding="utf-8", buffering=1) as log:

        def say(line: str) -> None:
            print(line, flush=True)
            log.write(line + "\n")

        say(f"seed {arguments.seed}, {arguments.minutes} minutes after {arguments.warm_up}; log {arguments.log}")
        try:
            is_flat = soak(arguments.minutes, arguments.warm_up, arguments.seed, say)
        except Exception:
            say(traceback.format_exc())
            raise
        return 0 if is_flat else 1


if __name__ == "__main__":
    sys.exit(main())
