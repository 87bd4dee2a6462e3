"""One request as a server hands it to an application, well-formed or not."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

JSON = ((b"content-type", b"application/json"),)
URLENCODED = ((b"content-type", b"application/x-www-form-urlencoded"),)
MULTIPART = ((b"content-type", b"multipart/form-data; boundary=B"),)

Headers = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


def ask(
    app: Any,
    method: str,
    path: str,
    *,
    query: bytes = b"",
    headers: Headers = (),
    body: bytes = b"",
    chunks: Sequence[bytes] = (),
    is_cut_off: bool = False,
) -> Answer:
    """Send a request; an exception that the application lets out fails the test, as a server would log it.

    Args:
        app: The application.
        method: As it is sent.
        path: Decoded, as servers do it.
        query: Without the question mark.
        headers: Names in lower case, as servers do it.
        body: All of it.
        chunks: The body in pieces, instead.
        is_cut_off: Whether the client goes away before the body ends.
    """
    pieces = list(chunks or [body])
    messages = [
        {"type": "http.request", "body": piece, "more_body": is_cut_off or number < len(pieces)}
        for number, piece in enumerate(pieces, 1)
    ]
    messages.reverse()
    sent: list[Any] = []
    gone = asyncio.Event()

    async def receive() -> Any:
        if messages:
            return messages.pop()
        if not is_cut_off:
            await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "root_path": "",
        "headers": [(b"host", b"testserver"), *headers],
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
    }
    asyncio.run(asyncio.wait_for(app(scope, receive, send), timeout=90))
    status = next(message["status"] for message in sent if message["type"] == "http.response.start")
    return Answer(status, b"".join(message.get("body", b"") for message in sent))


def multipart(*parts: bytes) -> bytes:
    """A multipart body of parts, each with its own headers."""
    return b"".join(b"--B\r\n" + part + b"\r\n" for part in parts) + b"--B--\r\n"


def part(name: bytes, content: bytes = b"x", *, more: bytes = b"") -> bytes:
    """One part: a field, or with a filename in `more` a file."""
    return b'Content-Disposition: form-data; name="' + name + b'"' + more + b"\r\n\r\n" + content
