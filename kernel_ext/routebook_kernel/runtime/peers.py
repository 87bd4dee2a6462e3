"""Who is at the other end of a loopback connection: the Jupyter server that started this kernel, or another process.

A header says what anyone may write into it. The operating system knows which process holds a socket.
"""

import ipaddress
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Literal

Peer = Literal["proxy", "own", "other"]
"""proxy: the Jupyter server, whose proxy passes requests on. own: a process that the Jupyter server has started, so one
of the same user. other: any other process, and one that can't be told."""

Address = tuple[str, int | None]


class PeerFinder:
    """Tells who connects.

    Args:
        environ: The kernel's environment: Jupyter sets JPY_PARENT_PID.
        is_server: Whether the kernel's parent is a Jupyter server, and not another program that starts kernels.
    """

    def __init__(self, environ: Mapping[str, str], *, is_server: bool) -> None:
        parent = environ.get("JPY_PARENT_PID", "")
        self._parent = int(parent) if parent.isdigit() else None
        self._is_server = is_server

    def find(self, client: Address | None, server: Address | None) -> Peer:
        """Find the process that holds the client's end of a connection.

        Args:
            client: The client's address and port (ASGI, `client`).
            server: The server's (ASGI, `server`).
        """
        if self._parent is None or client is None or server is None:
            return "other"
        psutil: Any = import_module("psutil")  # ipykernel needs it; in a browser, where it isn't, there are no sockets

        def has_connection(process: Any) -> bool:
            try:
                connections = process.net_connections("tcp")
            except psutil.Error:  # it has ended, or is another user's
                return False
            return any(_is(each.laddr, client) and _is(each.raddr, server) for each in connections)

        try:
            parent = psutil.Process(self._parent)
            if has_connection(parent):
                return "proxy" if self._is_server else "own"
            return "own" if any(map(has_connection, parent.children(recursive=True))) else "other"
        except psutil.Error:
            return "other"


def _is(found: Any, address: Address) -> bool:
    return bool(found) and found.port == address[1] and _plain(found.ip) == _plain(address[0])


def _plain(host: str) -> Any:
    """An address; an IPv4 address that an IPv6 socket shows in IPv6's form, as IPv4's."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return getattr(address, "ipv4_mapped", None) or address
