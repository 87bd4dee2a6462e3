"""Pyodide's lock file, made of the wheels that a site ships: what is imported loads from there and nowhere else.

Spec: pyodide-lock; PyPA, Core metadata and Binary distribution format.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ENVIRONMENT = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "wasm32",
    "platform_python_implementation": "CPython",
    "platform_system": "Emscripten",
    "sys_platform": "emscripten",
}
"""What environment markers are told; the Python's version and the extra are added."""

IN_THE_SITE = {"jupyterlab-widgets", "widgetsnbextension"}
"""Front ends of ipywidgets: the site has them as extensions, not as wheels."""


class WheelMissing(Exception):
    """The wheels of the site need one that is not among them, or another version of one.

    Args:
        needs: Sentences: which wheel needs what.
    """

    def __init__(self, needs: list[str]) -> None:
        self.needs = needs
        super().__init__(needs)

    def __str__(self) -> str:
        return "the list of wheels in lite/wheels.txt is not whole:\n  " + "\n  ".join(self.needs)


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel file and what it says of itself."""

    path: Path
    name: str
    version: str
    requires: tuple[Requirement, ...]
    imports: tuple[str, ...]

    @classmethod
    def read(cls, path: Path) -> "Wheel":
        """Read a wheel's metadata."""
        with ZipFile(path) as archive:
            names = archive.namelist()
            metadata = next(name for name in names if name.endswith(".dist-info/METADATA") and name.count("/") == 1)
            told = HeaderParser().parsestr(archive.read(metadata).decode())
        return cls(
            path,
            canonicalize_name(told["Name"]),
            told["Version"],
            tuple(Requirement(line) for line in told.get_all("Requires-Dist") or ()),
            tuple(sorted(_top_level(names))),
        )


def _top_level(names: Iterable[str]) -> set[str]:
    """The modules that a wheel's files make importable."""
    found = set()
    for name in names:
        first, _, rest = name.partition("/")
        if not rest and first.endswith(".py"):
            found.add(first.removesuffix(".py"))
        elif rest.endswith((".py", ".so")) and first.isidentifier():
            found.add(first)
    return found


def build_lock(
    info: Mapping[str, Any], wheels: Iterable[Wheel], *, extras: Mapping[str, set[str]] | None = None
) -> dict[str, Any]:
    """The lock file of these wheels.

    Args:
        info: The part of Pyodide's own lock file that names its Python and its ABI.
        wheels: All that the site ships.
        extras: The extras that are wanted of a wheel, by its name.

    Raises:
        WheelMissing: A wheel needs one that is not there.
    """
    shipped = {wheel.name: wheel for wheel in wheels}
    missing: list[str] = []
    packages = {}
    for wheel in shipped.values():
        needed = _needed(wheel, str(info["python"]), (extras or {}).get(wheel.name, set()))
        missing += [f"{wheel.name} needs {need}" for need in needed if not _is_met(need, shipped)]
        depends = sorted({canonicalize_name(need.name) for need in needed} & shipped.keys())
        packages[wheel.name] = _entry(wheel, depends)
    if missing:
        raise WheelMissing(missing)
    return {"info": dict(info), "packages": dict(sorted(packages.items()))}


def _needed(wheel: Wheel, python: str, extras: set[str]) -> list[Requirement]:
    version = {"python_full_version": python, "python_version": python.rpartition(".")[0]}
    environments = [ENVIRONMENT | version | {"extra": extra} for extra in ("", *sorted(extras))]
    return [
        need
        for need in wheel.requires
        if canonicalize_name(need.name) not in IN_THE_SITE
        and (need.marker is None or any(need.marker.evaluate(environment) for environment in environments))
    ]


def _is_met(need: Requirement, shipped: Mapping[str, Wheel]) -> bool:
    wheel = shipped.get(canonicalize_name(need.name))
    return wheel is not None and need.specifier.contains(wheel.version, prereleases=True)


def _entry(wheel: Wheel, depends: list[str]) -> dict[str, Any]:
    return {
        "name": wheel.name,
        "version": wheel.version,
        "file_name": wheel.path.name,
        "sha256": hashlib.sha256(wheel.path.read_bytes()).hexdigest(),
        "package_type": "package",
        "install_dir": "site",
        "imports": list(wheel.imports),
        "depends": depends,
        "unvendored_tests": False,
    }
