"""The in-kernel server: what it serves, under which URL, and what is wrong with it."""

import os
from collections.abc import Callable, Sequence
from typing import Any

from routebook_kernel.protocol import ServerState
from routebook_kernel.runtime.admission import Admission, AllowedHosts
from routebook_kernel.runtime.app_proxy import AppProxy
from routebook_kernel.runtime.home import HomeLoop
from routebook_kernel.runtime.peers import PeerFinder
from routebook_kernel.runtime.proxy import base_url_of_parent, here, hub_prefix_of, proxy_path
from routebook_kernel.runtime.server import DEFAULT_PORT, KernelServer, ServerStatus, WithState, is_loopback
from routebook_kernel.session.lifespans import HomeLifespans
from routebook_kernel.session.loop_watch import LoopWatch
from routebook_kernel.session.transport import Transport


class Serving:
    """Serves one application at a time, on a loopback address. May be used from any thread.

    Args:
        home: The loop that the server runs on.
        lifespans: Of the applications on that loop.
        transport: Records what is served.
        watch: Finds what blocks the loop.
        announce: Shows a sentence: the server stopped by itself.
    """

    def __init__(
        self,
        home: HomeLoop,
        lifespans: HomeLifespans,
        transport: Transport,
        watch: LoopWatch,
        announce: Callable[[str], None],
    ) -> None:
        self.server = KernelServer(home, self._note_status)
        self._home = home
        self._lifespans = lifespans
        self._transport = transport
        self._watch = watch
        self._announce = announce
        self._proxy: AppProxy | None = None
        self._was_running = False
        self._urls: dict[int, str] = {}
        self._listeners: list[Callable[[], None]] = []

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever the status of the server changes, from any thread."""
        self._listeners.append(listener)

    def is_of(self, proxy: AppProxy) -> bool:
        """Whether this application was served last; the server may have stopped since."""
        return proxy is self._proxy

    def is_running_for(self, proxy: AppProxy) -> bool:
        """Whether this application is being served."""
        return self.is_of(proxy) and self._was_running

    def start(
        self, proxy: AppProxy, *, port: int | None, host: str, allow_hosts: Sequence[str], **options: Any
    ) -> ServerState:
        """Serve an application in place of the previous one.

        Args:
            proxy: The application.
            port: If it's in use, the next free port is taken; None for the usual one.
            host: The address to listen on.
            allow_hosts: Host names to answer to beside this machine's own, for example a tunnel's.
            options: For `uvicorn.Config`.

        Returns:
            The state, with the URL, or with the reason why the server didn't start.

        Raises:
            ServerStartError: If the port isn't valid or the host isn't a loopback address. The previous application is
                still served then.
        """
        previous, self._proxy = self._proxy, proxy
        try:
            self.server.start(
                self._admission(proxy, host, allow_hosts),
                host=host,
                port=DEFAULT_PORT if port is None else port,
                around=lambda: self._lifespans.held_by_server(proxy),
                **options,
            )
        except Exception:
            self._proxy = previous
            raise
        return self.state()

    def _admission(self, proxy: AppProxy, host: str, allow_hosts: Sequence[str]) -> Admission:
        stateful = WithState(
            self._transport.served(proxy),
            lambda: self._lifespans.state_of(proxy),
            lambda: self._lifespans.enter(proxy, "server"),
        )
        peers = PeerFinder(os.environ, is_server=base_url_of_parent(os.environ) is not None)
        is_shared = bool(hub_prefix_of(os.environ)) and is_loopback(host)  # another address is meant for others
        return Admission(
            stateful,
            AllowedHosts(allow_hosts, host),
            peers.is_proxy,
            is_own=peers.is_own if is_shared else None,
            proxy_path=self._proxy_path,
        )

    def stop(self) -> str:
        """Stop the server. Returns a sentence that says what is true now."""
        if self.server.status.status not in {"running", "starting"}:
            return "No server is running."
        self.server.stop()
        if self.server.is_listening:
            return "The server is stopping."
        stopped = "The server has stopped; its port is free."
        if (blocker := self._watch.find_blocker()) is not None:
            return f"{stopped} {blocker.describe('blocks the event loop')} %api serve ends it."
        if leaving := self._lifespans.current.leaving:
            where = self._watch.describe_tasks(leaving, "is still shutting down")
            return f"{stopped} {where} It is cancelled when the application starts again."
        return stopped

    def describe_trouble(self) -> str:
        """Say what keeps requests from being answered: blocked code, or a slow startup. Returns "" if nothing does."""
        if (blocker := self._watch.find_blocker()) is not None:
            return f"{blocker.describe('blocks the event loop')} %api serve ends it."
        return self._watch.describe_tasks(self._lifespans.current.starting, "has not started yet")

    # State

    def state(self) -> ServerState:
        """Return the state of the server, with the URL that a person can open."""
        status = self.server.status
        url = self._url_of(status.port) if status.port is not None else None
        trouble = self._lifespan_trouble() if status.status == "running" else None
        return ServerState(status=status.status, url=url, message=trouble or status.message)

    def state_of(self, proxy: AppProxy) -> ServerState:
        """Return the state of the server as one application sees it: stopped, if another is served."""
        return self.state() if self.is_of(proxy) else ServerState(status="stopped", url=None, message=None)

    def _lifespan_trouble(self) -> str | None:
        """Say why the served application can't answer although the server runs: the last startup failed."""
        if self._proxy is None:
            return None
        trouble = self._lifespans.current.trouble_of(self._proxy.current)
        return f"{trouble}; until it starts, requests get a 503" if trouble else None

    def _proxy_path(self) -> str:
        """Return the path of the served application behind the Jupyter server's proxy."""
        base_url = hub_prefix_of(os.environ) or base_url_of_parent(os.environ) or "/"
        port = self.server.status.port
        return proxy_path(port, base_url) if port is not None else ""

    def _url_of(self, port: int) -> str:
        if port not in self._urls:
            self._urls[port] = here(port).url
        return self._urls[port]

    def _note_status(self, status: ServerStatus) -> None:
        if status.status == "failed" and self._was_running and self._home.is_here:
            self._announce(f"{status.message or 'The server has stopped'}. %api serve starts it again.")
        self._was_running = status.status == "running"
        for listener in self._listeners:
            listener()
