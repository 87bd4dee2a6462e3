"""`%api nest on`: event loops that nest, by nest-asyncio's maintained successor, only where a person asks for it.

It patches asyncio for the whole process; `off` puts back every attribute that it changed.
"""

import asyncio
import sys
from importlib import import_module
from typing import Any

from routebook_kernel.exceptions import KernelExtensionError
from routebook_kernel.runtime.home import HomeLoop

EFFECTS = (
    "asyncio is patched in this whole kernel: run_until_complete() and asyncio.run() work in async cells and handlers "
    "too. A nested call holds up every call that nested before it, until it has ended; before Python 3.14 tasks are "
    "slower. %api nest off puts asyncio back."
)

_MISSING = object()


class Nesting:
    """The patch, and how to take it back.

    Args:
        home: Its loop is patched too.
    """

    def __init__(self, home: HomeLoop) -> None:
        self._home = home
        self._changed: list[tuple[Any, str, Any]] = []
        self.is_on = False

    def on(self) -> None:
        """Let loops nest. Called on a cell's thread; nothing happens where they do.

        Raises:
            KernelExtensionError: The package is not installed, or the loop is of a kind that cannot nest.
        """
        if self.is_on:
            return
        try:
            package = import_module("nest_asyncio2")
        except ImportError:
            raise KernelExtensionError("%api nest needs a package: %pip install nest-asyncio2") from None
        loops = [self._home.loop, *_running_loop()]
        owners = _owners(loops)
        before = [dict(vars(owner)) for owner in owners]
        try:
            for loop in loops:
                package.apply(loop)
        except ValueError as error:
            raise KernelExtensionError(f"The event loop of this kernel cannot nest: {error}.") from None
        finally:
            self._changed = [
                (owner, name, former.get(name, _MISSING))
                for owner, former in zip(owners, before, strict=True)
                for name, value in vars(owner).items()
                if former.get(name, _MISSING) is not value
            ]
        # asyncio.run stays ours: it takes the home loop where it can, and nests only where it must.
        asyncio.run = before[0]["run"]
        self.is_on = True

    def off(self) -> None:
        """Put asyncio back as it was."""
        for owner, name, former in self._changed:
            if former is _MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, former)
        self._changed = []
        self.is_on = False


def _running_loop() -> list[asyncio.AbstractEventLoop]:
    try:
        return [asyncio.get_running_loop()]
    except RuntimeError:
        return []


def _owners(loops: list[asyncio.AbstractEventLoop]) -> list[Any]:
    """The modules and classes whose attributes the patch changes."""
    owners: list[Any] = [asyncio, asyncio.tasks, asyncio.futures, asyncio.events]
    owners += dict.fromkeys(type(loop) for loop in loops)
    if sys.version_info < (3, 14):
        owners.append(type(asyncio.get_event_loop_policy()))
    if (tornado := sys.modules.get("tornado.concurrent")) is not None:
        owners.append(tornado)
    return owners
