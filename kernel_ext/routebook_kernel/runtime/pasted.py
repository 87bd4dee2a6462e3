"""What tutorials end with, in a cell: `uvicorn.run(app)`, `asyncio.run(main())`, `anyio.run(main)` work there.

Replaced only while the extension is loaded. What cannot mean the same in a kernel is said, or refused with what to
write instead.

Spec: uvicorn, Settings.
"""

import asyncio
import contextlib
import inspect
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import anyio
import uvicorn
import uvicorn.importer
import uvicorn.main

from routebook_kernel.exceptions import WriteInstead
from routebook_kernel.runtime.home import HomeLoop
from routebook_kernel.runtime.nesting import Nesting
from routebook_kernel.runtime.server import DEFAULT_PORT, is_loopback

Serve = Callable[[Any, int, dict[str, Any], list[str]], None]
"""Serves an application on a port, with uvicorn's options, and tells the notes."""

_MODULES = (uvicorn, uvicorn.main)

# What uvicorn.Config takes and means the same here.
_PASSED = frozenset({
    "backlog", "date_header", "forwarded_allow_ips", "h11_max_incomplete_event_size", "headers", "http",
    "interface", "limit_concurrency", "limit_max_requests", "proxy_headers", "root_path", "server_header",
    "timeout_keep_alive", "ws", "ws_max_queue", "ws_max_size", "ws_per_message_deflate", "ws_ping_interval",
    "ws_ping_timeout",
})  # fmt: skip
_REFUSED: Mapping[str, str] = {
    "uds": "the in-kernel server listens on 127.0.0.1 only, not on a Unix socket",
    "fd": "the in-kernel server opens its own socket",
    "ssl_certfile": "the in-kernel server speaks plain HTTP on 127.0.0.1, where nobody else listens",
}
_WITHOUT_EFFECT: Mapping[str, str] = {
    "reload": "reload has no effect here: new cells are served at once",
    "workers": "workers has no effect here: the application lives in this kernel",
}


class PastedAsyncioRun:
    """`asyncio.run` while the extension is loaded: where a loop runs already, the home loop takes the coroutine.

    Args:
        home: The home loop.
        nesting: Whether it may be run inside of what the home loop runs.
    """

    def __init__(self, home: HomeLoop, nesting: Nesting) -> None:
        self._home = home
        self._nesting = nesting
        self._former = asyncio.run

    def install(self) -> None:
        """Take the place of `asyncio.run`."""
        vars(asyncio)["run"] = self.run

    def uninstall(self) -> None:
        """Give `asyncio.run` back."""
        if asyncio.run == self.run:
            vars(asyncio)["run"] = self._former

    def run(self, main: Coroutine[Any, Any, Any], **options: Any) -> Any:
        """Run a coroutine and return its result, as `asyncio.run` does, also in a cell.

        Raises:
            WriteInstead: In an async cell, whose loop it would have to wait for; given a function that was not called.
        """
        if inspect.iscoroutinefunction(main):
            raise WriteInstead("asyncio.run(…)", "it takes a coroutine", f"asyncio.run({main.__name__}())")
        if not asyncio.iscoroutine(main):
            return self._former(main, **options)  # which says what it expects
        if self._home.is_here and self._nesting.is_on:
            return asyncio.get_running_loop().run_until_complete(main)
        if self._home.is_here:
            main.close()
            raise WriteInstead("asyncio.run(…)", "an async cell already runs on a loop", "await …")
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return self._former(main, **options)
        return self._home.run(main)


class PastedAnyioRun:
    """`anyio.run` while the extension is loaded: where a loop runs already, the home loop takes the coroutine.

    Args:
        home: The home loop.
    """

    def __init__(self, home: HomeLoop) -> None:
        self._home = home
        self._former = anyio.run

    def install(self) -> None:
        """Take the place of `anyio.run`."""
        vars(anyio)["run"] = self.run

    def uninstall(self) -> None:
        """Give `anyio.run` back."""
        if anyio.run == self.run:
            vars(anyio)["run"] = self._former

    def run(
        self,
        func: Callable[..., Coroutine[Any, Any, Any]],
        *args: Any,
        backend: str = "asyncio",
        backend_options: dict[str, Any] | None = None,
    ) -> Any:
        """Run an async function and return its result, as `anyio.run` does, also in a cell.

        Raises:
            WriteInstead: In an async cell, whose loop it would have to wait for; with another backend than asyncio.
        """
        if self._home.is_here:
            raise WriteInstead("anyio.run(…)", "an async cell already runs on a loop", "await …")
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return self._former(func, *args, backend=backend, backend_options=backend_options)
        if backend != "asyncio":
            raise WriteInstead(f"anyio.run(…, backend={backend!r})", "the loop here is asyncio's", "anyio.run(…)")
        return self._home.run(func(*args))


class PastedRun:
    """`uvicorn.run` while the extension is loaded.

    Args:
        serve: Starts the in-kernel server.
        namespace: The notebook's variables, where "main:app" looks first.
    """

    def __init__(self, serve: Serve, namespace: Mapping[str, Any]) -> None:
        self._serve = serve
        self._namespace = namespace
        self._former = uvicorn.run

    def install(self) -> None:
        """Take the place of `uvicorn.run`."""
        for module in _MODULES:
            vars(module)["run"] = self.run

    def uninstall(self) -> None:
        """Give `uvicorn.run` back."""
        for module in _MODULES:
            if vars(module)["run"] == self.run:
                vars(module)["run"] = self._former

    def run(self, app: Any, *, host: str = "127.0.0.1", port: int = DEFAULT_PORT, **options: Any) -> None:
        """Serve an application from this kernel and return at once.

        Args:
            app: An ASGI application, or "module:name"; a name of the notebook is found without its module.
            host: Other addresses than loopback are not bound; that is said.
            port: The next free one is taken where it is busy.
            options: Uvicorn's.

        Raises:
            WriteInstead: It cannot work here.
        """
        for name, reason in _REFUSED.items():
            if options.get(name) is not None:
                raise WriteInstead(f"uvicorn.run({name}=…)", reason, "uvicorn.run(app)")
        notes = [note for name, note in _WITHOUT_EFFECT.items() if options.get(name)]
        if not is_loopback(host):
            notes.append(f"{host} would let other machines in; it listens on 127.0.0.1")
        target = self._found(app) if isinstance(app, str) else app
        if options.get("factory"):
            target = target()
        passed = {name: value for name, value in options.items() if name in _PASSED}
        self._serve(target, port, passed, notes)

    def _found(self, target: str) -> Any:
        module, _, name = target.partition(":")
        if name in self._namespace and module in {"main", "__main__", "app", "notebook"}:
            return self._namespace[name]
        with contextlib.suppress(uvicorn.importer.ImportFromStringError):
            return uvicorn.importer.import_from_string(target)
        if name in self._namespace:
            return self._namespace[name]
        raise WriteInstead(
            f"uvicorn.run({target!r})",
            f"neither a module {module!r} nor a variable {name!r} is here",
            "uvicorn.run(app)",
        )
