"""In-process requests: through an application's lifespan and the recorder, for clients, views and saved tests."""

from starlette.types import ASGIApp, Receive, Scope, Send

from routebook_kernel.records import Source
from routebook_kernel.runtime.app_proxy import AppProxy
from routebook_kernel.runtime.client import Perform
from routebook_kernel.runtime.connection import PerformSocket
from routebook_kernel.runtime.recorder import Recorded, Recorder, Recording
from routebook_kernel.runtime.websocket import Connect
from routebook_kernel.session.lifespans import HomeLifespans


class Transport:
    """Sends requests and opens WebSockets, recorded. What it returns runs on the home loop.

    Args:
        recorder: Records them.
        lifespans: Where an application's lifespan is entered before its first request.
    """

    def __init__(self, recorder: Recorder, lifespans: HomeLifespans) -> None:
        self._recorder = recorder
        self._lifespans = lifespans

    def requests_to(self, proxy: AppProxy) -> Perform:
        """Return what sends a request to an application."""

        async def perform(scope: Scope, receive: Receive, send: Send, source: Source) -> Recorded:
            scope["state"] = await self._lifespans.enter_for_request(proxy)
            recorded = await self._recorder.record(proxy, scope, receive, send, source)
            proxy.count_request()
            return recorded

        return perform

    def sockets_to(self, proxy: AppProxy, source: Source) -> PerformSocket:
        """Return what runs a WebSocket connection to an application."""

        async def perform(scope: Scope, receive: Receive, send: Send) -> Recorded:
            scope["state"] = await self._lifespans.enter_for_request(proxy)
            return await self._recorder.record_socket(proxy, scope, receive, send, source, proxy.count_request)

        return perform

    def client_sockets_to(self, proxy: AppProxy) -> Connect:
        """Return what runs a client's WebSocket connection, and raises what the application raises."""
        perform = self.sockets_to(proxy, "client")

        async def connect(scope: Scope, receive: Receive, send: Send) -> None:
            recorded = await perform(scope, receive, send)
            if recorded.error is not None:
                raise recorded.error

        return connect

    def served(self, proxy: AppProxy) -> ASGIApp:
        """Return an application for a server, recorded."""
        return Recording(proxy, self._recorder, proxy.count_request)
