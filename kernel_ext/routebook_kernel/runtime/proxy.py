"""Where the server is seen from: the prefix that a proxy strips, and the URL that a person can open.

jupyter-server-proxy serves `…/proxy/PORT/` under the user's base URL, strips that prefix and sends it as
`X-Forwarded-Prefix`; nothing in uvicorn or Starlette reads it. With `root_path` set from it, `url_for`, redirects and
the documentation pages are right. Its WebSocket requests come without the header, so the last prefix seen serves them.

Spec: ASGI, HTTP connection scope, `root_path`; RFC 3986 §3.3 (path characters).
"""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

PREFIX_HEADER = b"x-forwarded-prefix"

# One leading slash, path characters only, no trailing slash: what may stand before a path in a URL that we print.
_PREFIX = re.compile(r"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+)+")


def checked_prefix(value: str) -> str:
    """The prefix if it is one, else "": a header that anyone may send is never trusted with more than a path."""
    prefix = value.rstrip("/")
    has_dots = any(segment in {".", ".."} for segment in prefix.split("/"))
    return prefix if _PREFIX.fullmatch(prefix) and not has_dots else ""


class ProxyPrefix:
    """ASGI middleware: puts the prefix that a proxy stripped back where ASGI wants it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._seen = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with `root_path` and `path` as the outside sees them."""
        if scope["type"] in {"http", "websocket"} and (prefix := self._prefix(scope)):
            scope = {**scope, "root_path": prefix, "path": prefix + scope["path"]}
        await self.app(scope, receive, send)

    def _prefix(self, scope: Scope) -> str:
        for name, value in scope["headers"]:
            if name == PREFIX_HEADER:
                self._seen = checked_prefix(value.decode("latin-1"))
                return self._seen
        return self._seen if scope["type"] == "websocket" else ""


class RunningServer(Protocol):
    """What this module asks of one entry of Jupyter's list of running servers."""

    def get(self, key: str) -> Any:
        """The entry's value: `pid`, `base_url`."""


@dataclass(frozen=True, slots=True)
class ServedAt:
    """Where a served application is reached.

    Attributes:
        local: On this machine.
        public: Through the Jupyter server: a path under its host; None where there is no proxy.
    """

    local: str
    public: str | None

    @property
    def url(self) -> str:
        """The one to open."""
        return self.public or self.local


def served_at(port: int, environ: Mapping[str, str], servers: Iterable[RunningServer], *, has_proxy: bool) -> ServedAt:
    """Tell the URLs of a server on `port`, for the place where the kernel runs.

    Args:
        port: Where it listens.
        environ: The kernel's environment: JUPYTERHUB_SERVICE_PREFIX on a hub, JPY_PARENT_PID elsewhere.
        servers: Jupyter's running servers; ours is our parent process.
        has_proxy: Whether the Jupyter server has jupyter-server-proxy.
    """
    local = f"http://127.0.0.1:{port}/"
    if not has_proxy:
        return ServedAt(local, None)
    hub_prefix = environ.get("JUPYTERHUB_SERVICE_PREFIX")
    base = hub_prefix or _base_url_of_parent(environ, servers)
    # A Jupyter at the root of this machine needs no proxy: the local address is the plainest.
    if not base or (base == "/" and not hub_prefix):
        return ServedAt(local, None)
    return ServedAt(local, f"{environ.get('JUPYTERHUB_PUBLIC_URL', '')}{base.rstrip('/')}/proxy/{port}/")


def _base_url_of_parent(environ: Mapping[str, str], servers: Iterable[RunningServer]) -> str | None:
    parent = environ.get("JPY_PARENT_PID")
    return next((server.get("base_url") for server in servers if str(server.get("pid")) == parent), None)


def here(port: int) -> ServedAt:
    """`served_at` for this process."""
    return served_at(port, os.environ, _running_servers(), has_proxy=_has_proxy())


def _running_servers() -> list[RunningServer]:
    try:
        from jupyter_server.serverapp import list_running_servers  # jupyter-server is an extra
    except ImportError:
        return []
    return list(list_running_servers())


def _has_proxy() -> bool:
    from importlib.util import find_spec  # only asked when a server starts

    return find_spec("jupyter_server_proxy") is not None
