"""Where the server is seen from: the prefix that a proxy strips, and the URL that a person can open.

jupyter-server-proxy serves `…/proxy/PORT/` under the user's base URL, strips that prefix and sends it as
`X-Forwarded-Prefix`; nothing in uvicorn or Starlette reads it. With `root_path` set from it (`admission`), `url_for`,
redirects and the documentation pages are right.

Spec: ASGI, HTTP connection scope, `root_path`; RFC 3986 §3.3 (path characters).
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from jupyter_core.paths import jupyter_runtime_dir

PREFIX_HEADER = b"x-forwarded-prefix"

# One leading slash, path characters only, no trailing slash: what may stand before a path in a URL that we print.
_PREFIX = re.compile(r"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+)+")


def checked_prefix(value: str) -> str:
    """The prefix if it is one, else "": a header that anyone may send is never trusted with more than a path."""
    prefix = value.rstrip("/")
    has_dots = any(segment in {".", ".."} for segment in prefix.split("/"))
    return prefix if _PREFIX.fullmatch(prefix) and not has_dots else ""


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


def served_at(port: int, environ: Mapping[str, str], parent_base_url: str | None, *, has_proxy: bool) -> ServedAt:
    """Tell the URLs of a server on `port`, for the place where the kernel runs.

    Args:
        port: Where it listens.
        environ: The kernel's environment: a hub sets JUPYTERHUB_SERVICE_PREFIX.
        parent_base_url: The base URL of the Jupyter server that started the kernel; None where none did.
        has_proxy: Whether the Jupyter server has jupyter-server-proxy.
    """
    local = f"http://127.0.0.1:{port}/"
    hub_prefix = hub_prefix_of(environ)
    base = hub_prefix or parent_base_url
    # A Jupyter at the root of this machine needs no proxy: the local address is the plainest.
    if not has_proxy or not base or (base == "/" and not hub_prefix):
        return ServedAt(local, None)
    return ServedAt(local, f"{proxy_path(port, base)}/")


def proxy_path(port: int, base_url: str) -> str:
    """The path at which the proxy of a Jupyter server with this base URL serves a port, without a last slash."""
    return f"{base_url.rstrip('/')}/proxy/{port}"


def hub_prefix_of(environ: Mapping[str, str]) -> str:
    """The address of the user whose server this is, on a hub; "" elsewhere."""
    return environ.get("JUPYTERHUB_SERVICE_PREFIX", "")


def here(port: int) -> ServedAt:
    """`served_at` for this process."""
    has_proxy = find_spec("jupyter_server_proxy") is not None
    return served_at(port, os.environ, base_url_of_parent(os.environ), has_proxy=has_proxy)


def base_url_of_parent(environ: Mapping[str, str]) -> str | None:
    """The base URL of the Jupyter server that started this kernel, from the file that it keeps while it runs.

    What `jupyter_server.serverapp.list_running_servers` reads, without importing the whole server for it.
    """
    parent = environ.get("JPY_PARENT_PID", "")
    if not parent.isdigit():
        return None
    try:
        told = json.loads(Path(jupyter_runtime_dir(), f"jpserver-{parent}.json").read_text())
    except (OSError, ValueError):
        return None
    base_url = told.get("base_url")
    return base_url if isinstance(base_url, str) else None
