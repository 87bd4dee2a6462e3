"""constraints.txt: the versions that make, Binder and the site install, for every supported Python and platform."""

import json
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parents[2]
PYTHONS = ("3.11.0", "3.12.0", "3.13.0", "3.14.0")
PLATFORMS = {
    "Linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    "macOS": {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
    "Windows": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
}


def read_requirements(file: str) -> list[Requirement]:
    """Return the requirements in a file, without its comments and options."""
    lines = (REPOSITORY / file).read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-", "."))]


def direct_requirements() -> Iterator[Requirement]:
    """Yield everything that the project itself asks for: to run, to be tested, to be built, and for its site."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"]
    for line in (*project["project"]["dependencies"], *(line for extra in extras.values() for line in extra)):
        requirement = Requirement(line)
        if requirement.name != "routebook":
            yield requirement
    yield from map(Requirement, project["build-system"]["requires"])
    yield from read_requirements("lite/requirements.txt")


def marker_environment(python: str, platform: str) -> dict[str, str]:
    return {"python_full_version": python, "python_version": python.rpartition(".")[0]} | PLATFORMS[platform]


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_each_requirement_has_one_version_within_its_bounds(python: str, platform: str) -> None:
    """A missing pin lets the next release of a package break a class; two pins can't be installed."""
    environment = marker_environment(python, platform)
    pins: dict[str, str] = {}
    for pin in read_requirements("constraints.txt"):
        if pin.marker is None or pin.marker.evaluate(environment):
            assert pins.setdefault(pin.name, str(pin.specifier)) == str(pin.specifier)

    for requirement in direct_requirements():
        version = pins[canonicalize_name(requirement.name)].removeprefix("==")
        assert requirement.specifier.contains(version), f"{requirement} and {version}"


def test_each_version_is_exact_and_no_line_names_an_index() -> None:
    """Everyone installs from the index that their own machine is set up for."""
    assert "://" not in (REPOSITORY / "constraints.txt").read_text()
    assert {item.operator for pin in read_requirements("constraints.txt") for item in pin.specifier} == {"=="}


def test_package_locks_name_no_registry() -> None:
    """npm takes the registry from the machine's settings if a lock file has no `resolved` URL."""
    locks = subprocess.run(
        ["git", "ls-files", "*package-lock.json"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert len(locks) >= 2
    for lock in locks:
        packages = json.loads((REPOSITORY / lock).read_text())["packages"]
        assert not [name for name, package in packages.items() if "resolved" in package]


def test_binder_installs_these_versions() -> None:
    """Its image is built when someone opens it, with the newest packages of that day if nothing pins them."""
    assert "-c ../constraints.txt" in (REPOSITORY / "binder/requirements.txt").read_text().splitlines()
