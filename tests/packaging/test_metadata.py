"""What the distribution says of itself."""

import tomllib
from importlib.metadata import distribution, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import routebook

REPOSITORY = Path(__file__).parents[2]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]


def names(requirements: list[str]) -> set[str]:
    return {Requirement(text).name for text in requirements}


def all_requirements() -> list[str]:
    listed = PROJECT["dependencies"] + [text for texts in EXTRAS.values() for text in texts]
    return [text for text in listed if Requirement(text).name != "routebook"]


def test_version_has_one_source():
    """`routebook.__version__` and the installed distribution never disagree."""
    assert version("routebook") == routebook.__version__


def test_framework_alone_needs_no_jupyter_and_no_server():
    """Who only runs an application in production installs nothing of the notebook."""
    assert names(PROJECT["dependencies"]) == {
        "anyio",
        "pydantic",
        "python-multipart",
        "starlette",
        "typing-extensions",
        "typing-inspection",
    }


def test_extras_build_on_each_other():
    """`lab` holds all of `standard`, `test` all of `lab`, so one word installs enough."""
    assert set(EXTRAS) == {"standard", "lab", "test"}
    assert "routebook[standard]" in EXTRAS["lab"]
    assert "routebook[lab]" in EXTRAS["test"]


def test_fastapi_is_a_peer_of_the_tests_only():
    """It is compared with, never built on."""
    assert [extra for extra, requirements in EXTRAS.items() if "fastapi" in names(requirements)] == ["test"]


@pytest.mark.parametrize("text", all_requirements())
def test_requirement_has_a_lower_bound_that_this_run_meets(text):
    """A bound that CI never ran is a guess."""
    requirement = Requirement(text)
    assert [clause.operator for clause in requirement.specifier] == [">="]
    assert requirement.specifier.contains(version(requirement.name), prereleases=True)


def test_console_script_is_there():
    """`routebook` on the command line is part of the framework."""
    (script,) = distribution("routebook").entry_points.select(group="console_scripts", name="routebook")
    assert callable(script.load())
