"""Who is let in to a served application: names, origins, processes, and what a proxy says."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import HTTPConnection

from routebook_kernel.exceptions import ServerStartError
from routebook_kernel.magics import _make_parser
from routebook_kernel.runtime.admission import Admission, AllowedHosts
from routebook_kernel.runtime.peers import PeerFinder
from routebook_kernel.runtime.socket_inode import UnsupportedSystemError, find_inode
from tests.kernel.driver import Kernel

PREFIX = "/user/ada/proxy/8000"


async def tell(scope: Any, receive: Any, send: Any) -> None:
    """An application that tells what it sees."""
    seen = {key: scope.get(key) for key in ("path", "root_path", "scheme", "client")}
    seen["url"] = str(HTTPConnection(scope).url)
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept", "headers": [(b"seen", json.dumps(seen).encode())]})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(seen).encode()})


def ask(
    headers: dict[str, str] | list[tuple[str, str]],
    *,
    allow: list[str] | tuple[str, ...] = (),
    bound: str = "127.0.0.1",
    peer: str = "other",
    kind: str = "http",
    is_shared: bool = False,
) -> tuple[int, str]:
    """Send a request through the door; a WebSocket that is accepted counts as 200."""
    admission = Admission(
        tell,
        AllowedHosts(allow, bound),
        lambda *_: peer == "proxy",
        is_own=(lambda *_: peer != "other") if is_shared else None,
        proxy_path=lambda: PREFIX,
    )
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": f"{kind}.connect"}

    pairs = headers.items() if isinstance(headers, dict) else headers
    scope = {
        "type": kind, "method": "GET", "path": "/x", "query_string": b"", "root_path": "", "client": ("127.0.0.1", 5),
        "scheme": "http" if kind == "http" else "ws", "server": ("127.0.0.1", 8000),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in pairs],
        "extensions": {"websocket.http.response": {}},
    }  # fmt: skip
    asyncio.run(admission(scope, receive, send))
    if sent[0]["type"] == "websocket.accept":
        return 200, sent[0]["headers"][0][1].decode()
    return sent[0]["status"], sent[1]["body"].decode()


OURS = [
    "localhost", "localhost:8000", "LOCALHOST", "localhost.", "127.0.0.1", "127.0.0.1:8000", "127.8.9.1", "[::1]:8000",
    "app.localhost:8000", "[::ffff:127.0.0.1]", "localhost:1",
]  # fmt: skip
FOREIGN = [
    "evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil.example", "evillocalhost",
    "localhost@evil.example", "evil.example@localhost", "0", "2130706433", "0x7f000001", "0177.0.0.1", "127.1",
    "0.0.0.0", "[::]", "192.168.1.5", "10.0.0.1:8000", "xn--lcalhost-54a", "localhost/evil", "localhost evil.example",
    "[::1", "", " ", "localhost:port", "localhost,evil.example", "[evil.example]", "localhost\tevil", "..",
    "*.localhost",
]  # fmt: skip


@pytest.mark.parametrize("host", OURS)
def test_own_names_are_let_in(host: str) -> None:
    """Every name that can only be this machine's."""
    assert ask({"Host": host})[0] == 200


@pytest.mark.parametrize("host", FOREIGN)
def test_foreign_names_are_rejected_with_a_sentence(host: str) -> None:
    """By DNS rebinding a page can have any name point here, and would read what it gets."""
    status, text = ask({"Host": host})

    assert status == 421
    assert "only answers for this machine" in text
    assert ask({"Host": host, "X-Forwarded-Prefix": PREFIX})[0] == 421
    assert ask({"Host": host}, kind="websocket")[0] in {403, 421}


@given(st.text(st.characters(max_codepoint=255), max_size=20))
def test_any_host_is_let_in_only_if_it_is_ours(host: str) -> None:
    """No text of a header is an error, or a way in."""
    status, text = ask({"Host": host})
    name = host.strip().lower().partition(":")[0].rstrip(".")

    if status == 200:
        assert name == "localhost" or name.endswith(".localhost") or name.startswith(("127.", "["))
    else:
        assert status == 421
        assert text.isprintable() or text.strip().isprintable()


def test_no_host_is_let_in_and_two_are_not() -> None:
    """HTTP/1.0 has none; two would let others read another one than we do."""
    assert ask({})[0] == 200
    assert ask([("Host", "localhost"), ("Host", "localhost")])[0] == 421


def test_names_are_allowed_on_request() -> None:
    """The sentence says how; what it says works."""
    _, text = ask({"Host": "api.example.org:443"})
    assert text.strip().endswith("%api serve --allow-host api.example.org")

    assert ask({"Host": "api.example.org:443"}, allow=["api.example.org"])[0] == 200
    assert ask({"Host": "x.api.example.org"}, allow=["api.example.org"])[0] == 421
    assert ask({"Host": "x.example.org"}, allow=["*.example.org"])[0] == 200
    assert ask({"Host": "badexample.org"}, allow=["*.example.org"])[0] == 421
    for bad in ("https://example.org", "a/b", "", "*"):
        with pytest.raises(ServerStartError, match="isn't a host name"):
            AllowedHosts([bad])


@pytest.mark.parametrize(
    "host",
    [
        "api.example.org", "API.Example.org:443", "evil.example.", "[2001:db8::1]", "[2001:db8::1]:80", "[fe80::1]",
        "192.168.1.5", "2130706433", "xn--bcher-kva.example", "a_b.example", "x-8000.app.example", "[::]",
    ],
)  # fmt: skip
def test_command_in_the_sentence_lets_the_same_request_in(host: str) -> None:
    """It's copied and run as it is."""
    for kind, headers in (
        ("http", {"Host": host}),
        ("websocket", {"Host": "localhost", "Origin": f"https://{host}"}),
        ("websocket", {"Host": host, "Origin": f"https://{host}"}),
    ):
        status, text = ask(headers, kind=kind)
        assert status in {403, 421}
        arguments = _make_parser().parse_args(text.strip().rpartition("%api ")[2].split())
        assert ask(headers, kind=kind, allow=arguments.allow_host)[0] == 200


def test_exposed_server_answers_for_its_addresses_and_names() -> None:
    """A name can be pointed elsewhere by anyone, an address can't."""
    for host in ("192.168.1.5:8000", "10.0.0.1", "[2001:db8::1]", socket.gethostname()):
        assert ask({"Host": host}, bound="0.0.0.0")[0] == 200, host
    assert ask({"Host": "evil.example"}, bound="0.0.0.0")[0] == 421


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:3000", 200), ("https://localhost", 200), ("http://127.0.0.1:8000", 200),
        ("http://[::1]:8000", 200), ("http://evil.example", 403), ("https://localhost.evil.example", 403),
        ("null", 403),
        ("file://", 403), ("http://localhost@evil.example", 403), ("", 403), ("http://[", 403), ("//localhost", 403),
        ("ftp://localhost", 403), ("http://localhost/evil", 403),
    ],
)  # fmt: skip
def test_websocket_of_a_foreign_page_is_rejected(origin: str, status: int) -> None:
    """Browsers let any page open one; a page of this machine may, whatever its port."""
    answer, text = ask({"Host": "localhost:8000", "Origin": origin}, kind="websocket")

    assert answer == status
    assert status == 200 or "asks for this WebSocket" in text
    assert ask({"Host": "localhost:8000", "Origin": origin})[0] == 200  # of HTTP, CORS and the application decide


def test_only_the_proxy_is_believed() -> None:
    """Its prefix, scheme and client hold for that request alone; anyone else's are words."""
    forwarded = {
        "Host": "hub.example.org",
        "X-Forwarded-Prefix": "/user/ada/proxy/9",
        "X-Forwarded-Proto": "https,http",
        "X-Forwarded-For": "10.1.2.3, 127.0.0.1",
    }
    status, text = ask(forwarded, peer="proxy")
    seen = json.loads(text)
    assert (status, seen["root_path"], seen["scheme"], seen["client"]) == (
        200,
        "/user/ada/proxy/9",
        "https",
        ["10.1.2.3", 0],
    )
    assert seen["url"].startswith("https://hub.example.org/user/ada/proxy/9/x")

    for peer in ("own", "other"):
        seen = json.loads(ask({**forwarded, "Host": "localhost"}, peer=peer)[1])
        assert (seen["root_path"], seen["scheme"], seen["client"]) == ("", "http", ["127.0.0.1", 5])

    socket_seen = json.loads(
        ask({"Host": "127.0.0.1:8000", "Origin": "https://hub.example.org"}, peer="proxy", kind="websocket")[1]
    )
    assert socket_seen["root_path"] == PREFIX  # its WebSockets come without a header
    assert json.loads(ask({"Host": "localhost"}, kind="websocket")[1])["root_path"] == ""


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("10.1.2.3", "10.1.2.3"), ("10.1.2.3, 127.0.0.1", "10.1.2.3"), ("6.6.6.6, 10.1.2.3", "10.1.2.3"),
        ("6.6.6.6, 10.1.2.3, ::1", "10.1.2.3"), ("2001:db8::1", "2001:db8::1"), ("[2001:db8::1]", "2001:db8::1"),
        ("127.0.0.1", "127.0.0.1"), ("<b>", "127.0.0.1"), ("", "127.0.0.1"), ("10.1.2.3, unknown", "127.0.0.1"),
    ],
)  # fmt: skip
def test_forwarded_client_is_the_one_that_the_proxy_has_seen(forwarded: str, client: str) -> None:
    """Proxies append; what stands before is what the client has written there itself."""
    headers = {"Host": "localhost", "X-Forwarded-Prefix": PREFIX, "X-Forwarded-For": forwarded}
    assert json.loads(ask(headers, peer="proxy")[1])["client"][0] == client


def test_websocket_of_the_proxy_has_its_prefix_whatever_the_host() -> None:
    """A Jupyter on this machine is asked for as localhost, which is allowed anyway."""
    headers = {"Host": "localhost:8888", "Origin": "http://localhost:8888"}
    assert json.loads(ask(headers, peer="proxy", kind="websocket")[1])["root_path"] == PREFIX
    assert json.loads(ask(headers, peer="other", kind="websocket")[1])["root_path"] == ""


def test_on_a_shared_machine_only_the_users_own_processes_are_let_in() -> None:
    """127.0.0.1 is everybody's there."""
    for kind in ("http", "websocket"):
        assert ask({"Host": "localhost"}, peer="other", is_shared=True, kind=kind)[0] == 403
        assert ask({"Host": "localhost"}, peer="own", is_shared=True, kind=kind)[0] == 200
        assert ask({"Host": "hub.example.org"}, peer="proxy", is_shared=True, kind=kind)[0] == 200


# The processes


def test_peer_is_known_by_its_process() -> None:
    """This process, one that it starts, and one that is nobody's."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    with listener, socket.create_connection(("127.0.0.1", port)) as client:
        accepted, address = listener.accept()
        with accepted:
            here = ("127.0.0.1", port)
            assert client.getsockname() == address
            mine = {"JPY_PARENT_PID": str(os.getpid())}
            assert peers_of(mine, address, here) == (True, True)
            assert peers_of(mine, address, here, is_server=False) == (False, True)
            assert peers_of({"JPY_PARENT_PID": str(os.getppid())}, address, here) == (False, True)
            for environ in ({}, {"JPY_PARENT_PID": "x"}, {"JPY_PARENT_PID": "99999999"}):
                assert peers_of(environ, address, here) == (False, False)
            assert peers_of(mine, ("127.0.0.1", 1), here) == (False, False)


def peers_of(environ: dict[str, str], client: Any, server: Any, *, is_server: bool = True) -> tuple[bool, bool]:
    """Whether the proxy connects, and whether one of the user's own; the second time as the first."""
    peers = PeerFinder(environ, is_server=is_server)
    own = peers.is_own(client, server)
    assert peers.is_own(client, server) == own
    return peers.is_proxy(client, server), own


def test_peer_that_was_the_users_own_is_asked_for_anew() -> None:
    """A process found once is tried first, for its own connections only."""
    listener = socket.create_server(("127.0.0.1", 0))
    here = listener.getsockname()
    peers = PeerFinder({"JPY_PARENT_PID": str(os.getppid())}, is_server=True)
    with listener:
        with socket.create_connection(here) as client:
            address = client.getsockname()
            assert peers.is_own(address, here)
            assert not peers.is_own(("127.0.0.1", 1), here)
        assert not peers.is_own(address, here)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux is asked directly, other systems by psutil")
def test_socket_is_found_by_its_addresses() -> None:
    """And never the one that listens, which Linux names where there is no such connection."""
    for host in ("127.0.0.1", "::1"):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.create_server((host, 0), family=family) as listener:
            here = listener.getsockname()[:2]
            with socket.create_connection(here) as client:
                there = client.getsockname()[:2]
                assert find_inode(there, here) == os.fstat(client.fileno()).st_ino
                accepted, _ = listener.accept()
                with accepted:
                    assert find_inode(here, there) == os.fstat(accepted.fileno()).st_ino
                    client.shutdown(socket.SHUT_WR)
                    assert find_inode(here, there) == os.fstat(accepted.fileno()).st_ino
            assert find_inode(here, (host, 1)) is None
            assert find_inode((host, 1), here) is None
    assert find_inode(("::ffff:127.0.0.1", 1), ("127.0.0.1", 1)) is None


def test_peer_is_found_where_netlink_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """On another system, or in a sandbox."""

    def closed(*_: Any) -> None:
        raise UnsupportedSystemError

    monkeypatch.setattr("routebook_kernel.runtime.peers.find_inode", closed)
    test_peer_is_known_by_its_process()


def test_peer_that_is_another_process_is_not_the_proxy() -> None:
    """A process beside the server's, over IPv6 too."""
    stranger = "import socket, sys\ns = socket.create_connection((sys.argv[1], int(sys.argv[2])))\nsys.stdin.read()"
    sleeper = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    for host, family in (("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)):
        listener = socket.create_server((host, 0), family=family)
        port = listener.getsockname()[1]
        process = subprocess.Popen([sys.executable, "-c", stranger, host, str(port)], stdin=subprocess.PIPE)
        try:
            accepted, address = listener.accept()
            with accepted:
                for pid, is_it in ((sleeper.pid, False), (process.pid, True)):
                    environ = {"JPY_PARENT_PID": str(pid)}
                    assert peers_of(environ, address[:2], (host, port)) == (is_it, is_it)
        finally:
            listener.close()
            process.communicate(timeout=30)
    sleeper.communicate(timeout=30)


def test_served_application_rejects_foreign_hosts(free_port: int) -> None:
    """In a real kernel, over a socket: by default, and not once the name is allowed."""
    kernel = Kernel()
    try:
        kernel.good("%load_ext routebook_kernel\nfrom routebook import Routebook\napp = Routebook()", "load")
        kernel.good("@app.get('/x')\ndef x(): return 1", "x")
        kernel.good(f"%api serve --port {free_port}", "serve")
        url = f"http://127.0.0.1:{free_port}/x"
        assert httpx2.get(url).status_code == 200
        rejected = httpx2.get(url, headers={"Host": "evil.example"})
        assert rejected.status_code == 421
        assert "%api serve --allow-host evil.example" in rejected.text
        kernel.good(f"%api serve --port {free_port} --allow-host evil.example", "serve")
        assert httpx2.get(url, headers={"Host": "evil.example"}).status_code == 200
    finally:
        kernel.close()


def test_server_on_a_hub_is_exposed_only_if_it_is_said(free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """On 127.0.0.1 for the user's own processes; where another address is bound and exposed, for all who reach it."""
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ada/")
    kernel = Kernel()
    try:
        kernel.good("%load_ext routebook_kernel\nfrom routebook import Routebook\napp = Routebook()", "load")
        kernel.good("@app.get('/x')\ndef x(): return 1", "x")
        kernel.good(f"%api serve --port {free_port}", "serve")
        url = f"http://127.0.0.1:{free_port}/x"
        assert httpx2.get(url).status_code == 200  # the kernel's parent
        kernel.good("import os; del os.environ['JPY_PARENT_PID']", "forget the parent")
        kernel.good(f"%api serve --port {free_port}", "serve")
        rejected = httpx2.get(url)
        assert rejected.status_code == 403
        assert "only answers its owner" in rejected.text
        kernel.good(f"%api serve --port {free_port} --host 0.0.0.0 --expose", "expose")
        assert httpx2.get(url).status_code == 200
    finally:
        kernel.close()
