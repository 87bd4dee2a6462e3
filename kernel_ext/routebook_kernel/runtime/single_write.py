"""Send the head and body of a response in one system call and one packet; asyncio's transport takes two.

Uvicorn writes them one after the other. uvloop merges the writes of one iteration of the loop; asyncio doesn't. The
home loop is asyncio's, because `%api nest` can only patch an asyncio loop.

Spec: asyncio, Streaming Transports and Protocols.
"""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.auto import AutoHTTPProtocol

MAX_MERGED_BYTES = 64 * 1024
"""Copying more than this costs more than a second system call."""


class MergingTransport:
    """A transport that buffers a write until the next one, or until the end of the loop's iteration.

    Used on the loop's thread only, as every asyncio transport.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._buffer: bytes | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write the buffered bytes and `data` together, or buffer `data`."""
        if self._buffer is not None:
            if len(data) > MAX_MERGED_BYTES:
                self._flush()
                self._transport.write(data)
            else:
                buffered, self._buffer = self._buffer, None
                self._transport.write(buffered + data)
        else:
            self._buffer = data
            self._loop.call_soon(self._flush)

    def writelines(self, pieces: list[bytes]) -> None:
        """Write several pieces as one."""
        self.write(b"".join(pieces))

    def write_eof(self) -> None:
        """Flush the buffer and close the sending side."""
        self._flush()
        self._transport.write_eof()

    def close(self) -> None:
        """Flush the buffer and close the transport."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._buffer is not None:
            buffered, self._buffer = self._buffer, None
            self._transport.write(buffered)


_Protocol: Any = AutoHTTPProtocol  # uvicorn chooses between httptools and h11


class SingleWriteProtocol(_Protocol):  # type: ignore[misc]  # chosen at run time
    """Uvicorn's HTTP protocol over a `MergingTransport`, which a connection keeps when it becomes a WebSocket."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wrap the transport of a new connection."""
        super().connection_made(MergingTransport(cast("asyncio.Transport", transport)))
