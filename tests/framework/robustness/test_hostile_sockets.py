"""Requests that are broken as HTTP, slow or cut off, over a real socket: uvicorn with both of its parsers.

Each test ends with a request in good order: the server still answers, and has logged no failure.
"""

import logging
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import psutil
import pytest
import uvicorn
from pydantic import BaseModel

from routebook import Cookie, Header, Routebook, UploadFile

END = b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
JSON = b"Content-Type: application/json\r\n"


class Item(BaseModel):
    name: str


def make_app() -> Routebook:
    app = Routebook()

    @app.get("/echo/{value}")
    async def echo(value: str, query: str = "") -> str:
        return value + query

    @app.get("/headers")
    async def headers(x_list: Annotated[list[str], Header()] = [], s: Annotated[str, Cookie()] = "") -> int:  # noqa: B006
        return len(x_list) + len(s)

    @app.post("/item")
    async def item(item: Item) -> Item:
        return item

    @app.post("/file")
    async def file(file: UploadFile) -> int:
        return file.size or 0

    return app


@dataclass(frozen=True, slots=True)
class Server:
    port: int

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def send(self, data: bytes) -> int | None:
        """The status of the answer; None when the server closes the connection without one."""
        with self.connect() as connection:
            try:
                connection.sendall(data)
                answer = connection.recv(65536)
            except (BrokenPipeError, ConnectionResetError):
                return None  # the server had heard enough
        return int(answer.split()[1]) if answer else None


@pytest.fixture(params=["h11", "httptools"], scope="module")
def running(request: pytest.FixtureRequest) -> Iterator[Server]:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(make_app(), http=request.param, lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield Server(listening.getsockname()[1])
    server.should_exit = True
    thread.join()
    listening.close()


@pytest.fixture
def server(running: Server, caplog: pytest.LogCaptureFixture) -> Iterator[Server]:
    caplog.set_level(logging.ERROR, logger="uvicorn.error")
    yield running
    assert running.send(b"GET /echo/fine" + END + b"\r\n") == 200
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


REQUESTS = {
    "nonsense": b"\x16\x03\x01\x00\xa5" * 20 + b"\r\n\r\n",
    "bytes in the query": b"GET /echo/a?query=\xff\xfe" + END + b"\r\n",
    "bytes in the query of a redirect": b"GET /echo/a/?query=\xff\xfe" + END + b"\r\n",
    "bytes in the path": b"GET /echo/\xff\xfe" + END + b"\r\n",
    "a long path": b"GET /echo/" + b"a" * 200_000 + END + b"\r\n",
    "a chunk without a size": b"POST /item" + END + JSON + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n",
    "a negative length": b"POST /item" + END + JSON + b"Content-Length: -1\r\n\r\n{}",
    "a length beyond all": b"POST /item" + END + JSON + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n{}",
    "two lengths": b"POST /item" + END + JSON + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
}


@pytest.mark.parametrize("name", REQUESTS)
def test_broken_requests_are_refused(server: Server, name: str) -> None:
    """By the parser, before the application sees them."""
    assert server.send(REQUESTS[name]) in (None, 400, 404, 413, 414, 422)


@pytest.mark.parametrize(
    "path", [b"/echo/%ff%fe", b"/echo/%ed%a0%80", b"/echo/%00", b"/echo/a?query=%ff%00", b"/echo/%0d%0a"]
)
def test_escaped_bytes_are_text_for_the_application(server: Server, path: bytes) -> None:
    """What is no UTF-8 arrives as U+FFFD, and can be sent back."""
    assert server.send(b"GET " + path + END + b"\r\n") == 200


@pytest.mark.parametrize(
    "headers",
    [
        b"".join(b"x-list: %d\r\n" % number for number in range(50_000)),
        b"x-list: " + b"a" * 1_000_000 + b"\r\n",
        b'Cookie: s="' + b"\\" * 60_000 + b'"\r\n',
        b"Cookie: " + b"; ".join(b"a%d=b" % number for number in range(20_000)) + b"\r\n",
    ],
    ids=["many", "long", "backslashes", "cookies"],
)
def test_header_floods_are_refused_or_read(server: Server, headers: bytes) -> None:
    """h11 has a limit of its own, httptools has none; neither keeps the next request waiting."""
    begin = time.perf_counter()
    assert server.send(b"GET /headers" + END + headers + b"\r\n") in (None, 200, 400, 431)
    assert time.perf_counter() - begin < 30


def test_deep_json_is_refused(server: Server) -> None:
    """Over a socket the body comes in pieces."""
    body = b"[" * 1_000_000
    head = b"POST /item" + END + JSON + b"Content-Length: %d\r\n\r\n" % len(body)
    assert server.send(head + body) == 400


def test_clients_that_go_away_leave_nothing_behind(server: Server) -> None:
    """A body cut off is nobody's failure; the connection and what was received go with the client."""
    process = psutil.Process()
    server.send(b"GET /echo/first" + END + b"\r\n")
    before = process.num_fds()
    multipart = b'--B\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + b"x" * 2_000_000
    for _ in range(5):
        for head, body in (
            (b"POST /item" + END + JSON, b'{"name": "'),
            (b"POST /file" + END + b"Content-Type: multipart/form-data; boundary=B\r\n", multipart),
        ):
            with server.connect() as connection:
                connection.sendall(head + b"Content-Length: 9000000\r\n\r\n" + body)
    deadline = time.monotonic() + 30
    while process.num_fds() > before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert process.num_fds() <= before


def test_slow_clients_keep_nobody_waiting(server: Server) -> None:
    """Twenty bodies arrive byte by byte; others are answered meanwhile, and in the end so are they."""
    body = b'{"name": "slow"}'
    head = b"POST /item" + END + JSON + b"Content-Length: %d\r\n\r\n" % len(body)
    slow = [server.connect() for _ in range(20)]
    for connection in slow:
        connection.sendall(head)
    for position in range(len(body)):
        for connection in slow:
            connection.sendall(body[position : position + 1])
        assert server.send(b"GET /echo/between" + END + b"\r\n") == 200
    for connection in slow:
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        connection.close()
