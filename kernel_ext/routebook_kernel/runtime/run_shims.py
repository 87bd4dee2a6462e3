"""Let `uvicorn.run(app)`, `asyncio.run(main())` and `anyio.run(main)` work in a cell, as scripts use them.

The functions are replaced only while the extension is loaded. A call that can't mean the same in a kernel either works
with a note, or raises an error with the code to write instead.

Spec: uvicorn, Settings.
"""

import asyncio
import contextlib
import importlib
import inspect
from collections.abc import Callable, Coroutine, Mapping
from types import ModuleType
from typing import Any

import anyio
import uvicorn
import uvicorn.importer

from routebook_kernel.exceptions import UnsupportedCallError
from routebook_kernel.runtime.home import HomeLoop
from routebook_kernel.runtime.nesting import Nesting
from routebook_kernel.runtime.server import DEFAULT_PORT, is_loopback

Serve = Callable[[Any, int, dict[str, Any], list[str]], None]
"""Serves an application on a port, with uvicorn's options, and shows the notes."""

# Options of uvicorn.Config that mean the same here.
_SUPPORTED = frozenset({
    "backlog", "date_header", "forwarded_allow_ips", "h11_max_incomplete_event_size", "headers", "http",
    "interface", "limit_concurrency", "limit_max_requests", "proxy_headers", "root_path", "server_header",
    "timeout_keep_alive", "ws", "ws_max_queue", "ws_max_size", "ws_per_message_deflate", "ws_ping_interval",
    "ws_ping_timeout",
})  # fmt: skip
_UNSUPPORTED: Mapping[str, str] = {
    "uds": "the in-kernel server listens on 127.0.0.1 only, not on a Unix socket",
    "fd": "the in-kernel server opens its own socket",
    "ssl_certfile": "the in-kernel server uses plain HTTP on 127.0.0.1, where no other machine can listen",
}
_WITHOUT_EFFECT: Mapping[str, str] = {
    "reload": "reload has no effect here: new cells are served at once",
    "workers": "workers has no effect here: the application lives in this kernel",
}
_IN_ASYNC_CELL = "an async cell already runs on an event loop"


class _RunShim:
    """A replacement for the `run` function of some modules."""

    def __init__(self, *modules: ModuleType) -> None:
        self._modules = modules
        self._original = modules[0].run  # anyio loads it when it is first asked for
        self.run: Callable[..., Any]

    def install(self) -> None:
        """Replace the function."""
        for module in self._modules:
            vars(module)["run"] = self.run

    def uninstall(self) -> None:
        """Put the original function back, unless someone else has replaced it since."""
        for module in self._modules:
            if vars(module).get("run") == self.run:
                vars(module)["run"] = self._original


class AsyncioRunShim(_RunShim):
    """`asyncio.run` in a cell: if a loop is running already, the coroutine runs on the home loop.

    Args:
        home: The home loop.
        nesting: Whether loops may nest.
    """

    def __init__(self, home: HomeLoop, nesting: Nesting) -> None:
        super().__init__(asyncio)
        self._home = home
        self._nesting = nesting

    def run(self, main: Coroutine[Any, Any, Any], **options: Any) -> Any:
        """Run a coroutine and return its result.

        Raises:
            UnsupportedCallError: If an async cell calls it, or `main` is a function that wasn't called.
        """
        if inspect.iscoroutinefunction(main):
            raise UnsupportedCallError("asyncio.run(…)", "it takes a coroutine", f"asyncio.run({main.__name__}())")
        if not asyncio.iscoroutine(main):
            return self._original(main, **options)  # its error says what it expects
        if self._home.is_here and self._nesting.is_on:
            return asyncio.get_running_loop().run_until_complete(main)
        if self._home.is_here:
            main.close()
            raise UnsupportedCallError("asyncio.run(…)", _IN_ASYNC_CELL, "await …")
        if not _is_loop_running():
            return self._original(main, **options)
        return self._home.run(main)


class AnyioRunShim(_RunShim):
    """`anyio.run` in a cell: if a loop is running already, the function runs on the home loop.

    Args:
        home: The home loop.
    """

    def __init__(self, home: HomeLoop) -> None:
        super().__init__(anyio)
        self._home = home

    def run(
        self,
        func: Callable[..., Coroutine[Any, Any, Any]],
        *args: Any,
        backend: str = "asyncio",
        backend_options: dict[str, Any] | None = None,
    ) -> Any:
        """Run an async function and return its result.

        Raises:
            UnsupportedCallError: If an async cell calls it, or the backend isn't asyncio.
        """
        if self._home.is_here:
            raise UnsupportedCallError("anyio.run(…)", _IN_ASYNC_CELL, "await …")
        if not _is_loop_running():
            return self._original(func, *args, backend=backend, backend_options=backend_options)
        if backend != "asyncio":
            call = f"anyio.run(…, backend={backend!r})"
            raise UnsupportedCallError(call, "the event loop of a kernel is asyncio's", "anyio.run(…)")
        return self._home.run(func(*args))


class UvicornRunShim(_RunShim):
    """`uvicorn.run` in a cell: starts the in-kernel server and returns at once.

    Args:
        serve: Starts the server.
        namespace: The notebook's variables, where "main:app" is looked up first.
    """

    def __init__(self, serve: Serve, namespace: Mapping[str, Any]) -> None:
        super().__init__(uvicorn, importlib.import_module("uvicorn.main"))  # `uvicorn.main` itself is its command
        self._serve = serve
        self._namespace = namespace

    def run(self, app: Any, *, host: str = "127.0.0.1", port: int = DEFAULT_PORT, **options: Any) -> None:
        """Serve an application from this kernel and return at once.

        Args:
            app: An ASGI application, or "module:name"; a variable of the notebook is found without its module.
            host: If it isn't a loopback address, the server listens on 127.0.0.1 all the same, with a note.
            port: If it's in use, the next free port is taken.
            options: Uvicorn's.

        Raises:
            UnsupportedCallError: If an option can't work here, or there's no such application.
        """
        for name, reason in _UNSUPPORTED.items():
            if options.get(name) is not None:
                raise UnsupportedCallError(f"uvicorn.run({name}=…)", reason, "uvicorn.run(app)")
        notes = [note for name, note in _WITHOUT_EFFECT.items() if options.get(name)]
        if not is_loopback(host):
            notes.append(f"{host} would let other machines in, so the server listens on 127.0.0.1")
        application = self._find(app) if isinstance(app, str) else app
        if options.get("factory"):
            application = application()
        supported = {name: value for name, value in options.items() if name in _SUPPORTED}
        self._serve(application, port, supported, notes)

    def _find(self, target: str) -> Any:
        module, _, name = target.partition(":")
        if name in self._namespace and module in {"main", "__main__", "app", "notebook"}:
            return self._namespace[name]
        with contextlib.suppress(uvicorn.importer.ImportFromStringError):
            return uvicorn.importer.import_from_string(target)
        if name in self._namespace:
            return self._namespace[name]
        reason = f"there's neither a module {module!r} nor a variable {name!r}"
        raise UnsupportedCallError(f"uvicorn.run({target!r})", reason, "uvicorn.run(app)")


def _is_loop_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
