"""Find the application that a command is about: from a file, a folder, a module, or nothing but habit."""

import importlib
import os
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import routebook
from routebook.applications import Routebook

USUAL_FILES = ("main.py", "app.py", "api.py", "app/main.py", "app/app.py", "app/api.py")
USUAL_NAMES = ("app", "api", "application")


_NOT_THEIRS = ("<frozen importlib", *(f"{it.__path__[0]}{os.sep}" for it in (importlib, routebook)))


class DiscoveryError(Exception):
    """No application was found, or its module cannot be imported; the message says where, and what to do."""


@dataclass(frozen=True, slots=True)
class Target:
    """An application by its import path.

    Attributes:
        module: For example "shop.main".
        name: The variable in it.
        root: The folder that must be importable.
    """

    module: str
    name: str
    root: Path

    @property
    def import_string(self) -> str:
        return f"{self.module}:{self.name}"

    def load(self) -> Routebook:
        """Import the application."""
        app = getattr(_import(self.module, self.root), self.name)
        if not isinstance(app, Routebook):
            raise DiscoveryError(f"{self.import_string} is a {type(app).__name__}, not an application of Routebook.")
        return app


def find_target(path: str | None = None, name: str | None = None) -> Target:
    """Find an application.

    Args:
        path: A file, a folder, "module" or "module:variable"; by default the first of the usual files.
        name: The variable; by default `app`, `api`, or the only application in the module.

    Raises:
        DiscoveryError: There is none, or there are several.
    """
    if path is not None and ":" in path and not Path(path).exists():
        path, _, name = path.partition(":")
    if path is not None and not Path(path).exists() and not path.endswith(".py") and "/" not in path:
        module, root = path, Path.cwd()
    else:
        module, root = _module_of(_find_file(path))
    return Target(module, _find_name(_import(module, root), module, name), root)


def _find_file(path: str | None) -> Path:
    if path is not None and not Path(path).exists():
        raise DiscoveryError(f"Path does not exist {path}")
    if path is not None and Path(path).is_file():
        return Path(path)
    folder = Path(path or ".")
    for usual in USUAL_FILES:
        if (folder / usual).is_file():
            return folder / usual
    raise DiscoveryError(
        f"No application found in {folder.resolve()}: looked for {', '.join(USUAL_FILES)}. Name its file: "
        "routebook dev path/to/file.py"
    )


def _module_of(file: Path) -> tuple[str, Path]:
    """A file's module name, and the folder it is imported from: above the outermost package."""
    file = file.resolve()
    parts = [] if file.stem == "__init__" else [file.stem]
    folder = file.parent
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts), folder


def _import(module: str, root: Path) -> ModuleType:
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    try:
        return importlib.import_module(module)
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name == module:
            raise DiscoveryError(f"There is no module {module!r} in {root}.") from error
        raise DiscoveryError(f"{module!r} cannot be imported.\n{_tell_in_their_code(error)}") from error


def _tell_in_their_code(error: Exception) -> str:
    """The traceback without what imports and what is the framework's: the person's own lines, and what went wrong."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(_NOT_THEIRS)
    ]
    return "".join([*traceback.format_list(frames), *traceback.format_exception_only(error)]).rstrip()


def _find_name(module: ModuleType, module_name: str, name: str | None) -> str:
    found = {key: value for key, value in vars(module).items() if isinstance(value, Routebook)}
    if name is not None:
        if not hasattr(module, name):
            known = f" It has {', '.join(found)}." if found else " It has no application at all."
            raise DiscoveryError(f"{module_name} has no {name!r}.{known}")
        return name
    for usual in USUAL_NAMES:
        if usual in found:
            return usual
    if len(set(map(id, found.values()))) == 1:
        return next(iter(found))
    if found:
        raise DiscoveryError(f"{module_name} has several applications: choose one with --app, of {', '.join(found)}.")
    raise DiscoveryError(f"{module_name} has no application: write `app = Routebook()` in it.")
