"""Run code that imports `fastapi` on routebook, on request.

    import routebook.compat

    routebook.compat.install()  # before anything imports fastapi

From then on `import fastapi` gives routebook itself, and `fastapi.security` is `routebook.security`: the same module
objects, so that classes are the same whichever name they were imported by. Nothing happens on import.
"""

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from routebook.exceptions import RoutebookError

__all__ = ["install"]

_ALIAS = "fastapi"
_TARGET = __name__.partition(".")[0]


def install() -> None:
    """Let `fastapi` and its submodules stand for routebook's, in this process; a second call changes nothing.

    Raises:
        RoutebookError: The real fastapi is imported already; whoever holds its classes would go on using them.
    """
    if any(isinstance(finder, _AliasFinder) for finder in sys.meta_path):
        return
    imported = sys.modules.get(_ALIAS)
    if imported is not None:
        raise RoutebookError(
            f"routebook can't stand in for fastapi: the real one is imported already, from {_origin(imported)}. "
            "Call routebook.compat.install() before the first import of fastapi, also by other packages; "
            "in a notebook, restart the kernel and call it in the first cell."
        )
    sys.meta_path.insert(0, _AliasFinder())


def _origin(module: ModuleType) -> str:
    return getattr(module, "__file__", None) or "an unknown place"


class _AliasFinder(MetaPathFinder):
    """A meta path finder that answers for `fastapi` and everything below, with routebook's modules."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find the module that `fullname` stands for.

        Raises:
            ModuleNotFoundError: Routebook has no such module. None would let the real fastapi's be found, if it is
                installed, and mix the two.
        """
        package, dot, rest = fullname.partition(".")
        if package != _ALIAS:
            return None
        real = importlib.util.find_spec(f"{_TARGET}{dot}{rest}")
        if real is None:
            raise ModuleNotFoundError(
                f"No module named {fullname!r}: routebook stands in for fastapi, and has no {_TARGET}.{rest}.",
                name=fullname,
            )
        return ModuleSpec(
            fullname,
            _AliasLoader(real.name),
            origin=real.origin,
            is_package=real.submodule_search_locations is not None,
        )


class _AliasLoader(Loader):
    """Loads a module under another name: imports it under its own, and hands out the very object."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._own_spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Import the module by its own name."""
        module = importlib.import_module(self._target)
        self._own_spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Give the module its own spec back; the import system has just set the alias's."""
        module.__spec__ = self._own_spec
