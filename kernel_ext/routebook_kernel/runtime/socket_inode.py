"""Ask Linux which socket is at one end of a TCP connection, by its addresses: one message, however many there are.

Spec: sock_diag(7), `struct inet_diag_req_v2` and `struct inet_diag_msg`; netlink(7).
"""

import errno
import ipaddress
import os
import socket
import struct

_SOCK_DIAG, _BY_FAMILY, _ERROR, _REQUEST = 4, 20, 2, 1
_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_QUERY = struct.Struct("=BBBxI")  # family, protocol, extensions, states
_PORTS = struct.Struct("!HH")
_REST = struct.Struct("=III")  # interface, cookie
_ANY = 0xFFFFFFFF
_REPLY = struct.Struct("=BBBB48sIIIII")  # family, state, timer, retries, ends, expires, queues (2), user, inode
_ESTABLISHED, _CLOSE_WAIT = 1, 8


class UnsupportedSystemError(Exception):
    """The system doesn't answer such questions."""


def find_inode(local: tuple[str, int], remote: tuple[str, int]) -> int | None:
    """Return the inode of the open TCP socket with these two ends, or None if there is none.

    Raises:
        UnsupportedSystemError: If this isn't Linux, or its netlink sockets are closed to us.
    """
    family, ends = _ends(local, remote)
    body = _QUERY.pack(family, socket.IPPROTO_TCP, 0, _ANY) + ends + _REST.pack(0, _ANY, _ANY)
    reply = _exchange(_HEADER.pack(_HEADER.size + len(body), _BY_FAMILY, _REQUEST, 1, 0) + body)
    _, kind, *_ = _HEADER.unpack_from(reply)
    if kind == _ERROR:
        (code,) = struct.unpack_from("=i", reply, _HEADER.size)
        if -code == errno.ENOENT:
            return None
        raise UnsupportedSystemError(os.strerror(-code))
    if kind != _BY_FAMILY or len(reply) < _HEADER.size + _REPLY.size:
        raise UnsupportedSystemError("unexpected reply")
    _, state, _, _, found, *_, inode = _REPLY.unpack_from(reply, _HEADER.size)
    # Without such a connection Linux names the socket that listens at the local end.
    is_same = found[: len(ends)] == ends and state in {_ESTABLISHED, _CLOSE_WAIT}
    return inode or None if is_same else None


def _ends(local: tuple[str, int], remote: tuple[str, int]) -> tuple[int, bytes]:
    addresses = [ipaddress.ip_address(host) for host, _ in (local, remote)]
    plain = [getattr(address, "ipv4_mapped", None) or address for address in addresses]
    family = socket.AF_INET if plain[0].version == 4 else socket.AF_INET6
    packed = b"".join(address.packed.ljust(16, b"\0") for address in plain)
    return family, _PORTS.pack(local[1], remote[1]) + packed


def _exchange(message: bytes) -> bytes:
    kind = getattr(socket, "AF_NETLINK", None)
    if kind is None:
        raise UnsupportedSystemError("no netlink")
    try:
        with socket.socket(kind, socket.SOCK_DGRAM, _SOCK_DIAG) as netlink:
            netlink.settimeout(1)  # the kernel replies within `send`
            netlink.send(message)
            return netlink.recv(8192)
    except OSError as error:
        raise UnsupportedSystemError(str(error)) from error
