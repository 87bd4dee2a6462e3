"""The in-kernel server: uvicorn on the home loop, on a socket of its own, on the loopback address.

Spec: uvicorn, `Server.serve(sockets=…)`.
"""

import asyncio
import contextlib
import errno
import ipaddress
import socket
import threading
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from routebook_kernel.exceptions import LifespanError, ServerStartError
from routebook_kernel.runtime.home import HomeLoop
from routebook_kernel.runtime.single_write import SingleWriteProtocol

DEFAULT_PORT = 8000
_PORTS_TRIED = 100

Status = Literal["stopped", "starting", "running", "failed"]
StateOf = Callable[[], dict[str, Any] | None]
Around = Callable[[], AbstractAsyncContextManager[None]]
"""What is entered before the first request, and left when the server has ended: the application's lifespan."""

START_S = 10.0
"""How long `start` waits for the application's start-up, which goes on after that."""

STOP_S = 3.0
"""How long `stop` waits for requests and the lifespan to end."""


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
        ServerStartError: The port is no port, or a hundred of them are busy, or the address is not ours.
    """
    check_address(port, host)
    for candidate in range(port, min(port + _PORTS_TRIED, 65536)):
        try:
            return _bound(host, candidate)
        except OSError as error:
            if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
                raise ServerStartError(f"Nothing can listen on {host}: {error.strerror}.") from error
    raise ServerStartError(f"The ports {port} to {port + _PORTS_TRIED - 1} are all busy: choose another.")


def check_address(port: int, host: str) -> None:
    """Refuse where nothing can listen; a busy port is no reason.

    Raises:
        ServerStartError: The port is no port, or the address is not ours.
    """
    if not 0 <= port <= 65535:
        raise ServerStartError(f"{port} is no port: choose one between 1 and 65535, for example {DEFAULT_PORT}.")
    try:
        _bound(host, 0).close()
    except OSError as error:
        raise ServerStartError(f"Nothing can listen on {host}: {error.strerror}.") from error


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

    def __init__(self, app: ASGIApp, state_of: StateOf, enter: Callable[[], Awaitable[object]] | None = None) -> None:
        self.app = app
        self.state_of = state_of
        self.enter = enter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its state."""
        if (state := self.state_of()) is None and self.enter is not None:
            try:
                await self.enter()
            except LifespanError:
                is_http = scope["type"] == "http"
                refuse = PlainTextResponse(_NOT_STARTED, 503) if is_http else WebSocketClose(1011, _NOT_STARTED)
                await refuse(scope, receive, send)
                return
            state = self.state_of()
        if state is not None:
            scope["state"] = state.copy()
        await self.app(scope, receive, send)


class KernelServer:
    """At most one uvicorn server, on the home loop. Started and stopped from any thread.

    Args:
        home: Its loop.
        on_change: Called with each new status, on any thread.

    Attributes:
        status: The current status.
    """

    def __init__(self, home: HomeLoop, on_change: Callable[[ServerStatus], None] = lambda status: None) -> None:
        self._home = home
        self._on_change = on_change
        self._run: _ServerRun | None = None
        self.status = ServerStatus("stopped")

    def start(
        self,
        app: ASGIApp,
        *,
        port: int = DEFAULT_PORT,
        host: str = "127.0.0.1",
        is_exposed: bool = False,
        around: Around = contextlib.nullcontext,
        **options: Any,
    ) -> ServerStatus:
        """Serve `app` in the place of what was served. Returns when it responds, has failed, or takes long to start.

        A rejected call ends nothing: what was served is still served.

        Args:
            app: Any ASGI application; its lifespan is `around`'s matter, not uvicorn's.
            port: The next free one is taken if it is busy; 0 takes any.
            host: A loopback address.
            is_exposed: Whether another address may be bound, which other machines can reach.
            around: Entered before the first request. What it raises fails the start.
            options: For `uvicorn.Config`, for example `timeout_keep_alive`.

        Raises:
            ServerStartError: If there is no such port, or none free, or the host isn't on loopback, or there are no
                sockets here.
            KeyboardInterrupt: If the wait was interrupted; nothing is served then.
        """
        if not self._home.has_sockets:
            raise ServerStartError(
                "There are no sockets in the browser, so nothing can be served from here. All else works without a "
                "server: the explorer, client(app) and %%http send their requests inside the kernel."
            )
        if not is_loopback(host) and not is_exposed:
            raise ServerStartError(
                f"{host} can be reached from other machines, and there is no password: the server stays on 127.0.0.1. "
                f"If that is what you want, say so: %api serve --host {host} --expose"
            )
        check_address(port, host)
        options.setdefault("http", SingleWriteProtocol)
        make_server = partial(_make_server, app, options)
        make_server()  # options that uvicorn doesn't know are rejected before anything ends
        self.stop()
        self._home.free()
        listener = bind(port, host)
        actual = listener.getsockname()[1]
        message = f"port {port} is busy, so it is port {actual}" if port not in {0, actual} else None
        run = _ServerRun(make_server, listener, ServerStatus("running", actual, host, message), around)
        self._begin(run)
        if not self._home.is_here:  # there it can't be waited for; the socket listens already
            try:
                self._home.wait(run.settled, START_S)
            except KeyboardInterrupt:
                self.stop()
                raise
        return self.status

    def _begin(self, run: "_ServerRun") -> None:
        """Let a run begin."""
        run.on_change = lambda status: self._tell(run, status)
        self._run = run
        self._tell(run, replace(run.running, status="starting"))
        self._home.submit(run.serve())

    def stop(self, within_s: float = STOP_S) -> None:
        """Stop serving; nothing happens if nothing is served.

        Returns when the port is free and the lifespan left, or when that takes long.

        Args:
            within_s: How long to wait for each of the two.
        """
        run = self._run
        if run is None:
            return
        run.end()
        if self._home.is_here:
            return
        self._home.free()
        self._home.wait(run.closed, within_s)
        if not run.closed.is_set():
            run.close_from_outside()
        self._home.wait(run.ended, within_s)

    @property
    def is_listening(self) -> bool:
        """Whether the port is taken."""
        return self._run is not None and not self._run.closed.is_set()

    def resume(self) -> bool:
        """Serve on the new home loop, on the same socket: the previous loop was abandoned.

        A server that had not started is stopped: its start-up may be what blocked the loop.

        Returns:
            Whether anything is served.
        """
        run = self._run
        if run is None or run.ended.is_set():
            return False
        listener = run.take_listener()
        if listener is None or run.is_told_to_end or not run.has_started:
            if listener is not None:
                listener.close()
            run.closed.set()
            run.ended.set()
            message = None if run.is_told_to_end else "its start-up blocked the event loop"
            self._tell(run, ServerStatus("failed" if message else "stopped", message=message))
            return False
        self._begin(_ServerRun(run.make_server, listener, run.running, run.around))
        return True

    def _tell(self, run: "_ServerRun", status: ServerStatus) -> None:
        if run is self._run:
            self.status = status
            self._on_change(status)


class _ServerRun:
    """One run of uvicorn on one listening socket, from the application's start-up to the end of its lifespan.

    Args:
        make_server: Makes uvicorn's server.
        listener: Owned by the run.
        running: The status once it responds.
        around: The application's lifespan.

    Attributes:
        settled: Set when it responds, or has failed.
        closed: Set when the port is free.
        ended: Set when the lifespan is left too.
        has_started: Whether it has ever responded.
        is_told_to_end: Whether it was stopped.
        on_change: Called with each new status.
    """

    def __init__(
        self, make_server: Callable[[], uvicorn.Server], listener: socket.socket, running: ServerStatus, around: Around
    ) -> None:
        self.make_server = make_server
        self.around = around
        self.running = running
        self.settled, self.closed, self.ended = threading.Event(), threading.Event(), threading.Event()
        self.has_started = self.is_told_to_end = False
        self.on_change: Callable[[ServerStatus], None] = lambda status: None
        self._listener: socket.socket | None = listener
        self._server = make_server()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    async def serve(self) -> None:
        """Run the server to its end."""
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        failure: str | None = None
        try:
            async with self.around():
                if self._listener is not None and not self.is_told_to_end:
                    failure = await self._serve(self._listener)
        except (Exception, SystemExit) as error:
            what = "has stopped" if self._server.started else "did not start"
            failure = f"the server {what}: {_reason(error)}"
        except asyncio.CancelledError:
            if not self.is_told_to_end:
                failure = "the server was cancelled"
        finally:
            self._close()
            self.on_change(ServerStatus("failed", message=failure) if failure else ServerStatus("stopped"))
            self.settled.set()
            self.ended.set()

    async def _serve(self, listener: socket.socket) -> str | None:
        """Serve until told to end; the reason if it ends otherwise."""
        server = self._server
        watcher = asyncio.create_task(self._tell_when_started())
        try:
            await server.serve(sockets=[listener])
        finally:
            watcher.cancel()
            self._close()
        if self.is_told_to_end:
            return None
        return "the server did not start" if not server.started else "the server has ended by itself"

    async def _tell_when_started(self) -> None:
        while not self._server.started:
            await asyncio.sleep(0.002)
        self.has_started = True
        self.on_change(self.running)
        self.settled.set()

    def end(self) -> None:
        """Tell the server to end; a start-up that has not ended is cancelled. From any thread."""
        self.is_told_to_end = self._server.should_exit = True
        loop, task = self._loop, self._task
        if loop is not None and task is not None and not self._server.started:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(task.cancel)

    def _close(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()
        self.closed.set()

    def take_listener(self) -> socket.socket | None:
        """Take the listening socket away from the loop that the server ran on, which responds no longer.

        Connections that wait in its queue, and those that come, are the new owner's. The open ones are closed, so
        that nobody waits on them.
        """
        listener, self._listener = self._listener, None
        if listener is None:
            return None
        duplicate = listener.dup()
        self._forget_sockets(listener)
        return duplicate

    def close_from_outside(self) -> None:
        """Free the port, although the loop that the server runs on doesn't do it."""
        listener, self._listener = self._listener, None
        if listener is not None:
            self._forget_sockets(listener)
        self.closed.set()

    def _forget_sockets(self, listener: socket.socket) -> None:
        if self._loop is not None:
            with contextlib.suppress(Exception):  # it was never registered, or the loop is closed
                self._loop.remove_reader(listener.fileno())
        listener.close()
        for connection in tuple(self._server.server_state.connections):
            transport = getattr(connection, "transport", None)
            open_socket = transport.get_extra_info("socket") if transport is not None else None
            if open_socket is not None:
                with contextlib.suppress(OSError):
                    open_socket.shutdown(socket.SHUT_RDWR)


def _make_server(app: ASGIApp, options: dict[str, Any]) -> uvicorn.Server:
    settings: dict[str, Any] = {
        "lifespan": "off",
        "log_config": None,
        "access_log": False,
        "timeout_graceful_shutdown": 1,
        "proxy_headers": "forwarded_allow_ips" in options,  # uvicorn would believe any process of this machine
    }
    return uvicorn.Server(uvicorn.Config(app, **{**settings, **options}))


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
