"""A response that is read as it comes: `with client.stream(…)` in an ordinary cell, `async with` in an async one."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx2

from routebook_kernel.runtime.home import HomeLoop


class StreamContext:
    """One streamed request; which kind of `with` is used decides how its response is read."""

    def __init__(self, home: HomeLoop, context: AbstractAsyncContextManager[httpx2.Response]) -> None:
        self._home = home
        self._context = context

    async def __aenter__(self) -> httpx2.Response:
        return await self._context.__aenter__()

    async def __aexit__(self, *exception: Any) -> None:
        await self._context.__aexit__(*exception)

    def __enter__(self) -> "StreamedResponse":
        return StreamedResponse(self._home, self._home.run(self.__aenter__()))

    def __exit__(self, *exception: Any) -> None:
        self._home.run(self.__aexit__(*exception))


class StreamedResponse:
    """A response whose body is read in an ordinary cell while it comes; all else is httpx2's response."""

    def __init__(self, home: HomeLoop, response: httpx2.Response) -> None:
        self._home = home
        self._response = response

    def __getattr__(self, name: str) -> Any:
        return getattr(self._response, name)

    def __repr__(self) -> str:
        return repr(self._response)

    def read(self) -> bytes:
        """The whole body."""
        return self._home.run(self._response.aread())

    def iter_bytes(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """The body, piece by piece."""
        return self._iterate(self._response.aiter_bytes(chunk_size))

    def iter_text(self, chunk_size: int | None = None) -> Iterator[str]:
        """The body's text, piece by piece."""
        return self._iterate(self._response.aiter_text(chunk_size))

    def iter_lines(self) -> Iterator[str]:
        """The body's text, line by line."""
        return self._iterate(self._response.aiter_lines())

    def _iterate(self, pieces: AsyncIterator[Any]) -> Iterator[Any]:
        ended = object()

        async def following() -> Any:
            return await anext(pieces, ended)

        while (piece := self._home.run(following())) is not ended:
            yield piece
