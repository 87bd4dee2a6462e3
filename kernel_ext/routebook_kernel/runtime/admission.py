"""Who is let in to a served application, decided in one place, from what a connection can't lie about.

A page of another site can send requests to 127.0.0.1, and by DNS rebinding read the answers: its browser then says the
other site's name in `Host`. A WebSocket isn't bound by the same-origin policy at all, so its `Origin` counts. Names
that can only be this machine's are let in; others have to be allowed.

The proxy of a Jupyter server is known by its process. What it forwards is believed, and nobody else's word is.

Spec: RFC 9110 §7.2 (Host), §15.5.20 (421); RFC 6455 §10.2 (Origin); ASGI, WebSocket denial response.
"""

import ipaddress
import re
import socket
from collections.abc import Callable, Iterable, Sequence
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from routebook_kernel.exceptions import ServerStartError
from routebook_kernel.runtime.peers import Address
from routebook_kernel.runtime.proxy import PREFIX_HEADER, checked_prefix

PeerTest = Callable[[Address | None, Address | None], bool]
"""Takes a connection's two ends, the client's first."""

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_](?:[A-Za-z0-9._-]*))(?::[0-9]{1,5})?")
_SCHEMES = {"http": {"http": "http", "https": "https"}, "websocket": {"http": "ws", "https": "wss"}}
_MAX_SHOWN = 80


class AllowedHosts:
    """The names under which a server may be asked for.

    Args:
        names: More names, for example "api.example.org"; "*.example.org" for all below one.
        bound: The address that the server listens on.

    Raises:
        ServerStartError: If a name isn't a host name.
    """

    def __init__(self, names: Iterable[str] = (), bound: str = "127.0.0.1") -> None:
        self._names: set[str] = set()
        self._domains: list[str] = []
        for name in names:
            self._add(name)
        self._takes_any_address = not _is_loopback(bound)
        if self._takes_any_address:
            self._names |= {bound.lower(), socket.gethostname().lower(), f"{socket.gethostname().lower()}.local"}

    def _add(self, name: str) -> None:
        domain = name.lower().removeprefix("*.").rstrip(".")
        if _HOST.fullmatch(domain) is None:
            raise ServerStartError(f"{name!r} isn't a host name. Write it as in a URL, for example: api.example.org")
        host = _host_of(domain)
        if name.startswith("*."):
            self._domains.append(f".{host}")
        else:
            self._names.add(host)

    def __contains__(self, host: str) -> bool:
        """Whether a host, lower case and without a port, is allowed."""
        if host == "localhost" or host.endswith(".localhost") or _is_loopback(host):  # RFC 6761 §6.3
            return True
        if self._takes_any_address and _address_of(host) is not None:  # a name can be rebound, an address can't
            return True
        return host in self._names or any(host.endswith(domain) for domain in self._domains)


class Admission:
    """ASGI middleware: rejects requests that no one on this machine has meant, and applies what the proxy forwards.

    Args:
        app: What is served.
        hosts: The names that are allowed.
        is_proxy: Whether the Jupyter server's proxy connects.
        is_own: Whether one of the user's own processes does: only they are let in. None if the machine isn't shared
            with other people, as it is on a hub.
        proxy_path: Returns the path at which the proxy serves this server, for WebSockets: no header says it there.
    """

    def __init__(
        self,
        app: ASGIApp,
        hosts: AllowedHosts,
        is_proxy: PeerTest,
        *,
        is_own: PeerTest | None = None,
        proxy_path: Callable[[], str] = lambda: "",
    ) -> None:
        self.app = app
        self._hosts = hosts
        self._is_proxy = is_proxy
        self._is_own = is_own
        self._proxy_path = proxy_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or say why not."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        hosts, prefixes = _headers(scope, b"host"), _headers(scope, PREFIX_HEADER)
        origins = _headers(scope, b"origin") if scope["type"] == "websocket" else []
        is_usual = self._are_allowed(hosts, origins)
        ends = scope.get("client"), scope.get("server")
        # Looking a process up takes time, so it's done only where it matters. The proxy's WebSockets have no header.
        may_be_forwarded = self._is_own or prefixes or not is_usual or scope["type"] == "websocket"
        if may_be_forwarded and self._is_proxy(*ends):
            scope = self._forwarded(scope, prefixes)
        elif self._is_own is not None and not self._is_own(*ends):
            await _reject(_OTHERS, 403, scope, receive, send)
            return
        elif not is_usual:
            await _reject(self._explain(hosts, origins), 403 if origins else 421, scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _are_allowed(self, hosts: Sequence[str], origins: Sequence[str]) -> bool:
        if len(hosts) > 1 or not all(_host_of(host) in self._hosts for host in hosts):
            return False
        return all(_origin_host(origin) in self._hosts for origin in origins)

    def _explain(self, hosts: Sequence[str], origins: Sequence[str]) -> str:
        """Say what was asked, and how to allow it."""
        foreign = [host for host in hosts if _host_of(host) not in self._hosts]
        if len(hosts) > 1:
            return "The request has more than one Host header.\n"
        if foreign:
            what, host = f"The request is for the host {_shown(foreign[0])}", _host_of(foreign[0])
        else:
            what, host = f"A page at {_shown(origins[0])} asks for this WebSocket", _origin_host(origins[0])
        name = f"[{host}]" if ":" in host else host
        fix = f" If you trust it, allow it: %api serve --allow-host {name}" if host else ""
        return f"{what}. This notebook's server only answers for this machine.{fix}\n"

    def _forwarded(self, scope: Scope, prefixes: Sequence[str]) -> Scope:
        """A scope as the outside sees it."""
        prefix = checked_prefix(prefixes[0]) if prefixes else ""
        if scope["type"] == "websocket" and not prefix:
            prefix = self._proxy_path()
        changed: dict[str, object] = {}
        if prefix:
            changed |= {"root_path": prefix, "path": prefix + scope["path"]}
        if protocols := _headers(scope, b"x-forwarded-proto"):
            outermost = protocols[0].partition(",")[0].strip().lower()
            changed["scheme"] = _SCHEMES[scope["type"]].get(outermost, scope.get("scheme", "http"))
        if client := _last_client(_headers(scope, b"x-forwarded-for")):
            changed["client"] = (client, 0)
        return {**scope, **changed}


_OTHERS = (
    "This application only answers its owner, through the Jupyter server that started it, and that server's "
    "notebooks and terminals.\n"
)


async def _reject(reason: str, status: int, scope: Scope, receive: Receive, send: Send) -> None:
    response: Response | WebSocketClose = PlainTextResponse(
        reason, status_code=status, headers={"X-Content-Type-Options": "nosniff"}
    )
    if scope["type"] == "websocket" and "websocket.http.response" not in (scope.get("extensions") or {}):
        response = WebSocketClose(1008, reason.strip()[:120])
    await response(scope, receive, send)


def _headers(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def _last_client(lists: Iterable[str]) -> str:
    """The client as the proxy next to us has seen it; "" if none is named.

    Each proxy appends whom it has seen, so the first entries are the client's own words. Loopback is a proxy beside us.
    """
    addresses = [entry.strip().strip("[]") for value in lists for entry in value.split(",")]
    for address in reversed(addresses):
        if _address_of(address) is None:
            return ""
        if not _is_loopback(address):
            return address
    return addresses[0] if addresses else ""


def _host_of(value: str) -> str:
    """The host of a Host header, lower case, without brackets, port and last dot; "" if it isn't one."""
    found = _HOST.fullmatch(value.strip())
    return found[1].strip("[]").lower().rstrip(".") if found else ""


def _origin_host(value: str) -> str:
    """The host of an Origin; "" for `null`, and for schemes that no page on the web has."""
    try:
        parts = urlsplit(value.strip())
    except ValueError:
        return ""
    return _host_of(parts.netloc) if parts.scheme in {"http", "https"} and not parts.path else ""


def _address_of(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    address = _address_of(host)
    if address is None:
        return host == "localhost"
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _shown(value: str) -> str:
    return ascii(value[:_MAX_SHOWN])
