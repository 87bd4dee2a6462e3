"""Who is at the other end of a loopback connection: the Jupyter server that started this kernel, or another process.

A header says what anyone may write into it. The operating system knows which process holds a socket.
"""

import ipaddress
import os
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from routebook_kernel.runtime.socket_inode import UnsupportedSystemError, find_inode

Address = tuple[str, int | None]


class PeerFinder:
    """Tells who connects. What can't be told is nobody.

    Args:
        environ: The kernel's environment: Jupyter sets JPY_PARENT_PID.
        is_server: Whether the kernel's parent is a Jupyter server, and not another program that starts kernels.
    """

    def __init__(self, environ: Mapping[str, str], *, is_server: bool) -> None:
        parent = environ.get("JPY_PARENT_PID", "")
        self._parent = int(parent) if parent.isdigit() else None
        self._is_server = is_server
        self._last_own: Any = None

    def is_proxy(self, client: Address | None, server: Address | None) -> bool:
        """Whether the Jupyter server connects, whose proxy passes requests on.

        Args:
            client: The client's address and port (ASGI, `client`).
            server: The server's (ASGI, `server`).
        """
        return self._is_server and self._is_parent(client, server)

    def is_own(self, client: Address | None, server: Address | None) -> bool:
        """Whether the kernel's parent connects, or a process that it has started: one of the same user.

        Slower than `is_proxy`: it goes through the processes of the machine.
        """
        if self._is_parent(client, server):
            return True
        if self._parent is None or client is None or server is None:
            return False
        psutil: Any = _psutil()
        holds = _holder_test(client, server)
        try:
            if self._last_own is not None and self._last_own.is_running() and holds(self._last_own):
                return True
            children = psutil.Process(self._parent).children(recursive=True)
        except psutil.Error:
            return False
        found = next(filter(holds, children), None)
        self._last_own = found or self._last_own
        return found is not None

    def _is_parent(self, client: Address | None, server: Address | None) -> bool:
        if self._parent is None or client is None or server is None:
            return False
        psutil: Any = _psutil()
        try:
            return _holder_test(client, server)(psutil.Process(self._parent))
        except psutil.Error:
            return False


def _psutil() -> Any:
    return import_module("psutil")  # ipykernel needs it; in a browser, where it isn't, there are no sockets


def _holder_test(client: Address, server: Address) -> Callable[[Any], bool]:
    """Return a test whether a process holds the client's end.

    It runs on the home loop for each request of a proxy. psutil reads the table of all connections of the machine
    for each process that it's asked about, so it's asked only where Linux can't be.
    """

    def has_connection(process: Any) -> bool:
        psutil: Any = _psutil()
        try:
            connections = process.net_connections("tcp")
        except psutil.Error:  # it has ended, or is another user's
            return False
        return any(_is(each.laddr, client) and _is(each.raddr, server) for each in connections)

    try:
        inode = find_inode((client[0], client[1] or 0), (server[0], server[1] or 0))
    except (UnsupportedSystemError, ValueError):
        return has_connection
    return lambda process: inode is not None and _has_open(process.pid, f"socket:[{inode}]")


def _has_open(pid: int, target: str) -> bool:
    folder = f"/proc/{pid}/fd"
    try:
        return any(_links_to(f"{folder}/{name}", target) for name in os.listdir(folder))
    except OSError:  # it has ended, or is another user's
        return False


def _links_to(path: str, target: str) -> bool:
    try:
        return os.readlink(path) == target
    except OSError:  # closed meanwhile
        return False


def _is(found: Any, address: Address) -> bool:
    return bool(found) and found.port == address[1] and _plain(found.ip) == _plain(address[0])


def _plain(host: str) -> Any:
    """An address; an IPv4 address that an IPv6 socket shows in IPv6's form, as IPv4's."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return getattr(address, "ipv4_mapped", None) or address
