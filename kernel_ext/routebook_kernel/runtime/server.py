"""The in-kernel server: uvicorn on the home loop, on a socket of its own, on the loopback address.

Spec: uvicorn, `Server.serve(sockets=…)`.
"""

import asyncio
import contextlib
import errno
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Literal

import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from routebook_kernel.exceptions import ServerRefused
from routebook_kernel.runtime.home import HomeLoop
from routebook_kernel.runtime.joined import JoinedHttp
from routebook_kernel.runtime.lifespan import LifespanFailed

DEFAULT_PORT = 8000
_PORTS_TRIED = 100

Status = Literal["stopped", "starting", "running", "failed"]
StateOf = Callable[[], dict[str, Any] | None]
Hook = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """Where the server stands.

    Attributes:
        port: While it runs.
        message: What a person should know: another port than asked, or what failed.
    """

    status: Status
    port: int | None = None
    host: str = "127.0.0.1"
    message: str | None = None


def bind(port: int, host: str = "127.0.0.1") -> socket.socket:
    """A listening socket on `port`; where it is busy, on the next free one.

    Raises:
        ServerRefused: The port is no port, or a hundred of them are busy, or the address is not ours.
    """
    check_address(port, host)
    for candidate in range(port, min(port + _PORTS_TRIED, 65536)):
        try:
            return _bound(host, candidate)
        except OSError as error:
            if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
                raise ServerRefused(f"Nothing can listen on {host}: {error.strerror}.") from error
    raise ServerRefused(f"The ports {port} to {port + _PORTS_TRIED - 1} are all busy: choose another.")


def check_address(port: int, host: str) -> None:
    """Refuse where nothing can listen; a busy port is no reason.

    Raises:
        ServerRefused: The port is no port, or the address is not ours.
    """
    if not 0 <= port <= 65535:
        raise ServerRefused(f"{port} is no port: choose one between 1 and 65535, for example {DEFAULT_PORT}.")
    try:
        _bound(host, 0).close()
    except OSError as error:
        raise ServerRefused(f"Nothing can listen on {host}: {error.strerror}.") from error


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named, because asyncio sets TCP_NODELAY only where it sees IPPROTO_TCP; without it each kept-alive request waits.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.listen(2048)
    except OSError:
        bound.close()
        raise
    bound.setblocking(False)
    bound.set_inheritable(False)
    return bound


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


# Why is said in the notebook only: the text of an exception may hold what is nobody else's, an address with a password.
_NOT_STARTED = "The application's lifespan failed at start-up. Its notebook says why."


class WithState:
    """ASGI middleware: gives each request a copy of the lifespan's state, which we hold and not uvicorn.

    Args:
        app: What answers.
        state_of: The state; None while the lifespan is not entered.
        enter: Enters it, where a request comes before that: the application was exchanged. A start-up that fails
            answers 503, or closes a WebSocket with 1011.

    Spec: ASGI, Lifespan State.
    """

    def __init__(self, app: ASGIApp, state_of: StateOf, enter: Callable[[], Awaitable[None]] | None = None) -> None:
        self.app = app
        self.state_of = state_of
        self.enter = enter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its state."""
        if (state := self.state_of()) is None and self.enter is not None:
            try:
                await self.enter()
            except LifespanFailed:
                is_http = scope["type"] == "http"
                refuse = PlainTextResponse(_NOT_STARTED, 503) if is_http else WebSocketClose(1011, _NOT_STARTED)
                await refuse(scope, receive, send)
                return
            state = self.state_of()
        if state is not None:
            scope["state"] = state.copy()
        await self.app(scope, receive, send)


class KernelServer:
    """At most one uvicorn server, on the home loop.

    Args:
        home: Its loop.
        on_change: Called with each new status, on any thread.
    """

    def __init__(self, home: HomeLoop, on_change: Callable[[ServerStatus], None] = lambda status: None) -> None:
        self._home = home
        self._on_change = on_change
        self._server: uvicorn.Server | None = None
        self._serving: Future[None] | None = None
        self.status = ServerStatus("stopped")

    def start(
        self,
        app: ASGIApp,
        *,
        port: int = DEFAULT_PORT,
        host: str = "127.0.0.1",
        is_exposed: bool = False,
        before: Hook | None = None,
        after: Hook | None = None,
        **options: Any,
    ) -> ServerStatus:
        """Serve `app` in the place of what was served; returns when it answers, or when it has failed.

        A refusal ends nothing: what was served goes on.

        Args:
            app: Any ASGI application; its lifespan is not uvicorn's matter but `before`'s and `after`'s.
            port: The next free one is taken where it is busy; 0 takes any.
            host: A loopback address.
            is_exposed: Whether another address may be bound, which other machines can reach.
            before: Awaited before the first request: the lifespan's start-up. What it raises fails the start.
            after: Awaited when the server has ended, however it did.
            options: For `uvicorn.Config`, for example `timeout_keep_alive`.

        Raises:
            ServerRefused: No such port, or none free, or the host is not on loopback, or there are no sockets here.
        """
        if not self._home.has_sockets:
            raise ServerRefused(
                "There are no sockets in the browser, so nothing can be served from here. All else works without a "
                "server: the explorer, client(app) and %%http send their requests inside the kernel."
            )
        if not is_loopback(host) and not is_exposed:
            raise ServerRefused(
                f"{host} can be reached from other machines, and there is no password: the server stays on 127.0.0.1. "
                f"If that is what you want, say so: %api serve --host {host} --expose"
            )
        check_address(port, host)
        options.setdefault("http", JoinedHttp)
        config = uvicorn.Config(
            app, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=1, **options
        )
        self.stop()  # what cannot be served has been refused by now, and ends nothing
        listener = bind(port, host)
        actual = listener.getsockname()[1]
        message = f"port {port} is busy, so it is port {actual}" if port not in {0, actual} else None
        running = ServerStatus("running", actual, host, message)
        self._tell(ServerStatus("starting", actual, host, message))
        self._server = server = uvicorn.Server(config)
        settled = Future[None]()
        self._serving = self._home.submit(self._serve(server, listener, running, settled, before, after))
        if not self._home.is_here:  # there it cannot be waited for; the socket listens already
            settled.result(timeout=30)
        return self.status

    async def _serve(
        self,
        server: uvicorn.Server,
        listener: socket.socket,
        running: ServerStatus,
        settled: Future[None],
        before: Hook | None,
        after: Hook | None,
    ) -> None:
        watcher = asyncio.create_task(self._tell_when_started(server, running, settled))
        try:
            if before is not None:
                await before()
            await server.serve(sockets=[listener])
            if not server.should_exit:
                self._tell_failed("did not start" if not server.started else "has ended by itself", None)
        except (Exception, SystemExit) as error:
            self._tell_failed("has stopped" if server.started else "did not start", error)
        finally:
            watcher.cancel()
            listener.close()
            if after is not None:
                with contextlib.suppress(Exception):
                    await after()
            if not settled.done():
                settled.set_result(None)

    async def _tell_when_started(self, server: uvicorn.Server, running: ServerStatus, settled: Future[None]) -> None:
        while not server.started:
            await asyncio.sleep(0.002)
        self._tell(running)
        settled.set_result(None)

    def _tell_failed(self, what: str, error: BaseException | None) -> None:
        reason = f": {_reason(error)}" if error is not None else ""
        self._tell(ServerStatus("failed", message=f"the server {what}{reason}"))

    def stop(self) -> None:
        """Stop serving; returns when the port is free again. Nothing happens where none is served."""
        server, serving = self._server, self._serving
        self._server = self._serving = None
        if server is None or serving is None:
            return
        server.should_exit = True
        if not self._home.is_here and not serving.done():
            with contextlib.suppress(TimeoutError):
                serving.result(timeout=10)
        self._tell(ServerStatus("stopped"))

    def _tell(self, status: ServerStatus) -> None:
        self.status = status
        self._on_change(status)


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
