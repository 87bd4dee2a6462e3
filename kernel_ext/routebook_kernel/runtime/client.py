"""The in-process client: one object, sync in ordinary cells and awaitable in async ones.

`client.get("/items/5")` in an ordinary cell waits on the home loop and returns the response. On the home loop itself
(an async cell, a handler) it returns an awaitable. No port, no socket; the requests pass the recorder as all others do.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import lru_cache
from typing import Any, TypeVar

import httpx2
from starlette.types import Message, Receive, Scope, Send

from routebook_kernel.recording.display import render_bundle
from routebook_kernel.records import Exchange, Source
from routebook_kernel.runtime.home import HomeLoop
from routebook_kernel.runtime.recorder import Recorded
from routebook_kernel.runtime.streaming import StreamContext
from routebook_kernel.runtime.websocket import Connect, WebSocketSession, websocket_scope

T = TypeVar("T")

BASE_URL = "http://testserver"

BUFFERED = "routebook.buffered"
"""The request extension that asks for the whole response at once."""

Perform = Callable[[Scope, Receive, Send, Source], Awaitable[Recorded]]
"""Runs one request through the application, lifespan entered, recorded."""


class Response(httpx2.Response):
    """A response that shows itself in a notebook: status, time, headers, body, and for errors what was wrong."""

    @property
    def exchange(self) -> Exchange | None:
        """The recorded exchange, credentials redacted; None while the body is still streaming."""
        recorded: Recorded | None = self.extensions.get("routebook.recorded")
        return recorded.exchange if recorded else None

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        bundle = render_bundle(self.exchange) if self.exchange else {"text/plain": repr(self)}
        return {
            kind: text
            for kind, text in bundle.items()
            if kind == "text/plain" or ((not include or kind in include) and kind not in (exclude or ()))
        }


class KernelTransport(httpx2.AsyncBaseTransport):
    """httpx2 transport into an ASGI application; bodies stream both ways.

    Args:
        perform: Runs the request.
        source: Where its requests come from, for the record.
        raise_server_exceptions: Whether an exception that no handler answered reaches the caller instead of the 500.

    Spec: ASGI, HTTP connection scope.
    """

    def __init__(self, perform: Perform, *, source: Source = "client", raise_server_exceptions: bool = False) -> None:
        self._perform = perform
        self._source = source
        self._raises = raise_server_exceptions

    async def handle_async_request(self, request: httpx2.Request) -> Response:
        """Run the request; returns when the response begins.

        Raises:
            httpx2.ReadTimeout: The application was silent for longer than the request's read timeout.
            Exception: The application's own, where no response began or the caller wants it.
        """
        patience_s = request.extensions.get("timeout", {}).get("read")
        if BUFFERED in request.extensions and patience_s is None:
            return await self._whole(request)
        run = _Run(request, patience_s)
        run.task = asyncio.create_task(self._run(run, request))
        await run.started()
        if run.status is None or self._raises:
            recorded = await run.ended(run.task)
            if recorded.error is not None:
                raise recorded.error
        if run.status is None:
            raise httpx2.RemoteProtocolError("The application ended without a response.", request=request)
        return Response(run.status, headers=run.headers, stream=_Stream(run), extensions=run.extensions)

    async def _whole(self, request: httpx2.Request) -> Response:
        """Run the request to its end, background tasks included, in the caller's own task."""
        run = _Whole(await request.aread())
        recorded = await self._perform(scope_of(request), run.receive, run.send, self._source)
        if recorded.error is not None and (self._raises or run.status is None):
            raise recorded.error
        if run.status is None:
            raise httpx2.RemoteProtocolError("The application ended without a response.", request=request)
        body = b"" if request.method == "HEAD" else b"".join(run.chunks)
        extensions = {"routebook.recorded": recorded}
        stream = httpx2.ByteStream(body)
        response = Response(run.status, headers=run.headers, stream=stream, extensions=extensions, request=request)
        response.read()  # here, where no generator has to be awaited for it
        response.elapsed = timedelta(milliseconds=recorded.exchange.elapsed_ms)
        return response

    async def _run(self, run: "_Run", request: httpx2.Request) -> Recorded:
        try:
            recorded = await self._perform(scope_of(request), run.receive, run.send, self._source)
            run.extensions["routebook.recorded"] = recorded
            return recorded
        finally:
            run.end()


class _Whole:
    """One request whose body is sent, and whose response is read, in one piece."""

    __slots__ = ("_body", "_gone", "chunks", "headers", "status")

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._gone: asyncio.Event | None = None
        self.status: int | None = None
        self.headers: list[tuple[bytes, bytes]] = []
        self.chunks: list[bytes] = []

    async def receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        self._gone = asyncio.Event()
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            self.chunks.append(message.get("body", b""))
            if self._gone is not None and not message.get("more_body", False):
                self._gone.set()


class _Run:
    """One request on its way: what the application receives and what it has sent.

    Args:
        patience_s: How long the application may be silent before its response has ended; None for any time.
    """

    def __init__(self, request: httpx2.Request, patience_s: float | None) -> None:
        self._request = request
        self._patience_s = patience_s
        self._content = _chunks(request)
        self._is_read = False
        self._gone = asyncio.Event()
        self._begun = asyncio.Event()
        self.task: asyncio.Task[Recorded] | None = None
        self.chunks: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.status: int | None = None
        self.headers: list[tuple[bytes, bytes]] = []
        self.extensions: dict[str, Any] = {}

    async def receive(self) -> Message:
        if self._is_read:
            await self._gone.wait()
            return {"type": "http.disconnect"}
        try:
            return {"type": "http.request", "body": await anext(self._content), "more_body": True}
        except StopAsyncIteration:
            self._is_read = True
            return {"type": "http.request", "body": b"", "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message.get("headers", ()))
            self._begun.set()
        elif message["type"] == "http.response.body":
            if (body := message.get("body", b"")) and self._request.method != "HEAD":
                self.chunks.put_nowait(body)
            if not message.get("more_body", False):
                self._gone.set()
                self.chunks.put_nowait(b"")  # who waits for the next chunk knows that what follows is background work

    async def started(self) -> None:
        """Wait until the response begins, or the application ends; a cancelled wait ends the application's work."""
        await self._until(self._begun.wait())

    async def ended(self, task: asyncio.Task[Recorded]) -> Recorded:
        """Wait until the application is done; a cancelled wait ends its work."""
        await self._until(asyncio.wait({task}))
        return await task

    async def next_chunk(self) -> bytes | None:
        """The next piece of the body, empty where it ends; None when the application is done."""
        chunk = self.chunks.get()
        return await (chunk if self._gone.is_set() else self._patiently(chunk))

    async def _until(self, waiting: Coroutine[Any, Any, object]) -> None:
        try:
            await self._patiently(waiting)
        except asyncio.CancelledError:
            await self.abort()
            raise

    async def _patiently(self, waiting: Coroutine[Any, Any, T]) -> T:
        try:
            async with asyncio.timeout(self._patience_s):
                return await waiting
        except TimeoutError:
            if self.task is not None:
                self.task.cancel()  # not awaited: an endpoint in a thread cannot be stopped
            message = f"The application was silent for {self._patience_s:g} s, the request's read timeout."
            raise httpx2.ReadTimeout(message, request=self._request) from None

    def end(self) -> None:
        """Say that nothing more will come."""
        self._begun.set()
        self._gone.set()
        self.chunks.put_nowait(None)

    async def abort(self) -> None:
        """Tell the application that its client went, and end its work."""
        self._gone.set()
        if self.task is not None and not self.task.done():
            self.task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await self.task


class _Stream(httpx2.AsyncByteStream):
    def __init__(self, run: _Run) -> None:
        self._run = run

    async def __aiter__(self) -> AsyncIterator[bytes]:
        # Ends when the application does, background tasks included: what they did is there when the call returns.
        while (chunk := await self._run.next_chunk()) is not None:
            yield chunk

    async def aclose(self) -> None:
        await self._run.abort()


async def _chunks(request: httpx2.Request) -> AsyncIterator[bytes]:
    if not isinstance(request.stream, httpx2.AsyncByteStream):
        raise httpx2.UnsupportedProtocol("The in-process client sends bytes or async streams.")
    async for chunk in request.stream:
        yield chunk


def scope_of(request: httpx2.Request) -> Scope:
    """The scope of a request that reaches an application without a socket.

    Spec: ASGI HTTP & WebSocket 2.4, HTTP connection scope.
    """
    url = request.url
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path.partition(b"?")[0],
        "query_string": url.query,
        "server": (url.host, url.port or (443 if url.scheme == "https" else 80)),
        "client": ("testclient", 50000),
        "root_path": "",
        "extensions": {},
    }


class Client:
    """An in-process HTTP client for one application.

    Every method of httpx2 is here. In an ordinary cell it returns the response; on the home loop (an async cell, an
    async handler) it returns an awaitable of it. The application's lifespan is entered before the first request.

    Args:
        home: The home loop.
        perform: Runs a request through the application.
        connect: Runs a WebSocket connection through it.
        raise_server_exceptions: Raise what no handler answered, instead of returning its 500; of a WebSocket, what its
            handler raised instead of a close with 1011.
        options: For `httpx2.AsyncClient`: `headers`, `cookies`, `auth`, `follow_redirects`, `params`, `base_url`…
    """

    def __init__(
        self,
        home: HomeLoop,
        perform: Perform,
        connect: Connect,
        *,
        raise_server_exceptions: bool = False,
        **options: Any,
    ) -> None:
        self._home = home
        self._connect = connect
        self._raises = raise_server_exceptions
        options.setdefault("base_url", BASE_URL)
        options.setdefault("timeout", None)
        transport = KernelTransport(perform, raise_server_exceptions=raise_server_exceptions)
        self._http = httpx2.AsyncClient(transport=transport, **options)
        # Parsing a URL, twice, is a quarter of what httpx2 does for a request; cells ask for the same ones.
        self._absolute = lru_cache(maxsize=256)(self._merged)

    def _merged(self, url: str) -> httpx2.URL:
        return self._http.build_request("GET", url).url

    def request(self, method: str, url: str, **options: Any) -> Any:
        """Send a request; the options are httpx2's: `params`, `json`, `data`, `files`, `headers`, `auth`.

        Returns:
            The response, or on the home loop an awaitable of it: no static type can tell which.
        """
        options["extensions"] = {**(options.get("extensions") or {}), BUFFERED: True}
        target = self._absolute(url) if isinstance(url, str) else url
        return self._finish(self._http.request(method, target, **options))

    def get(self, url: str, **options: Any) -> Any:
        """Send GET."""
        return self.request("GET", url, **options)

    def head(self, url: str, **options: Any) -> Any:
        """Send HEAD."""
        return self.request("HEAD", url, **options)

    def options(self, url: str, **options: Any) -> Any:
        """Send OPTIONS."""
        return self.request("OPTIONS", url, **options)

    def post(self, url: str, **options: Any) -> Any:
        """Send POST."""
        return self.request("POST", url, **options)

    def put(self, url: str, **options: Any) -> Any:
        """Send PUT."""
        return self.request("PUT", url, **options)

    def patch(self, url: str, **options: Any) -> Any:
        """Send PATCH."""
        return self.request("PATCH", url, **options)

    def delete(self, url: str, **options: Any) -> Any:
        """Send DELETE."""
        return self.request("DELETE", url, **options)

    def stream(self, method: str, url: str, **options: Any) -> StreamContext:
        """Send a request and read its response as it comes, inside `with` or, in an async cell, `async with`."""
        return StreamContext(self._home, self._http.stream(method, url, **options))

    def websocket_connect(
        self,
        url: str,
        *,
        subprotocols: Sequence[str] = (),
        params: Any = None,
        headers: Any = None,
    ) -> WebSocketSession:
        """A WebSocket to the application, opened by `with` or, in an async cell, `async with`."""
        request = self._http.build_request("GET", url, params=params, headers=headers)
        target = request.url
        scope = websocket_scope(
            target.path, target.raw_path.partition(b"?")[0], target.query, request.headers.raw, subprotocols
        )
        return WebSocketSession(self._home, self._connect, scope, raise_server_exceptions=self._raises)

    def send(self, request: httpx2.Request, **options: Any) -> Any:
        """Send a request made by `build_request`."""
        return self._finish(self._http.send(request, **options))

    def build_request(self, method: str, url: str, **options: Any) -> httpx2.Request:
        """Make a request without sending it."""
        return self._http.build_request(method, url, **options)

    @property
    def headers(self) -> httpx2.Headers:
        """Headers sent with every request."""
        return self._http.headers

    @property
    def cookies(self) -> httpx2.Cookies:
        """Cookies kept between requests."""
        return self._http.cookies

    @property
    def base_url(self) -> httpx2.URL:
        """What relative URLs are joined to."""
        return self._http.base_url

    def close(self) -> Any:
        """Close the client; on the home loop an awaitable."""
        return self._finish(self._http.aclose())

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._http.aclose()

    def __repr__(self) -> str:
        return f"<Client {self.base_url}>"

    def _finish(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return _in_turn(coroutine) if self._home.is_here else self._home.run(coroutine)


async def _in_turn(coroutine: Coroutine[Any, Any, T]) -> T:
    """Await a request after everything else that is due on the loop.

    An application that never waits would answer a loop of requests without a break: the server, and the interrupt that
    should end the loop, would have to wait.
    """
    try:
        await asyncio.sleep(0)
    except BaseException:
        coroutine.close()
        raise
    return await coroutine
