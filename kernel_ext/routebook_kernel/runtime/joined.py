"""Head and body of an answer leave together: one system call and one packet, where asyncio's transport makes two.

uvicorn writes them one after the other. uvloop joins what is written in one turn of the loop, asyncio does not; the
home loop is asyncio's, so that it can do what notebooks ask of a loop (`%api nest`).

Spec: asyncio, Streaming Transports and Protocols.
"""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.auto import AutoHTTPProtocol

MAX_JOINED_BYTES = 64 * 1024
"""More than this costs more to copy than a system call."""


class JoinedWrites:
    """A transport that holds the first write of a turn until the second, or until the turn's end."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._held: bytes | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write, together with what is held."""
        if self._held is not None:
            if len(data) > MAX_JOINED_BYTES:
                self._release()
                self._transport.write(data)
            else:
                held, self._held = self._held, None
                self._transport.write(held + data)
        else:
            self._held = data
            self._loop.call_soon(self._release)

    def writelines(self, pieces: list[bytes]) -> None:
        """Write several pieces as one."""
        self.write(b"".join(pieces))

    def write_eof(self) -> None:
        """Say that nothing more will come, after what is held."""
        self._release()
        self._transport.write_eof()

    def close(self) -> None:
        """Close, after what is held was sent."""
        self._release()
        self._transport.close()

    def _release(self) -> None:
        if self._held is not None:
            held, self._held = self._held, None
            self._transport.write(held)


_Protocol: Any = AutoHTTPProtocol  # the one that uvicorn chose: httptools' or h11's


class JoinedHttp(_Protocol):  # type: ignore[misc]  # chosen at run time
    """uvicorn's HTTP protocol over such a transport; a WebSocket that it hands over keeps it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected."""
        super().connection_made(JoinedWrites(cast("asyncio.Transport", transport)))
