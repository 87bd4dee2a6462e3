"""What others made and the wheel holds: the documentation pages' assets as they were published, licences."""

import hashlib
import json
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
STATIC = files("routebook.openapi") / "static"
VENDORED = REPOSITORY / "framework/routebook/openapi/static"
OURS = {"README.md", "SHA512SUMS"}


def listed_hashes() -> dict[str, str]:
    """The SHA-512 of each published file, by its path below the folder."""
    lines = (VENDORED / "SHA512SUMS").read_text().splitlines()
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}


def test_vendored_files_are_the_published_ones_each_and_no_other():
    """A file that someone edited, added or lost is named; the README says how to update the list."""
    found = {
        file.relative_to(VENDORED).as_posix(): hashlib.sha512(file.read_bytes()).hexdigest()
        for file in VENDORED.rglob("*")
        if file.is_file() and file.name not in OURS
    }
    assert found == listed_hashes()


def test_vendored_files_are_listed_by_their_full_hashes():
    """A part of a hash can be met by another file."""
    assert {len(digest) for digest in listed_hashes().values()} == {128}


def test_folders_marked_as_vendored_are_those_whose_files_are_listed():
    """A vendored folder elsewhere would be verified by nothing: `.gitattributes` and the list go together."""
    attributes = (REPOSITORY / ".gitattributes").read_text().splitlines()
    marked = {line.split()[0].removesuffix("/**") for line in attributes if "linguist-vendored" in line}
    listed = {f"{VENDORED.relative_to(REPOSITORY).as_posix()}/{name.partition('/')[0]}" for name in listed_hashes()}
    assert marked == listed


@pytest.mark.parametrize("lock", ["kernel_ext/frontend/package-lock.json", "tests/browser/hub/package-lock.json"])
def test_npm_packages_are_locked_by_their_full_hashes(lock):
    """`npm ci` verifies what is bundled into the views, Preact among them, only where the lock has its hash."""
    packages = json.loads((REPOSITORY / lock).read_text())["packages"]
    unlocked = [
        name
        for name, package in packages.items()
        if name and not package.get("link") and not package.get("integrity", "").startswith("sha512-")
    ]
    assert unlocked == []


def test_every_npm_lock_is_checked():
    """A third one is added to the test above."""
    tracked = subprocess.run(["git", "ls-files", "*package-lock.json"], cwd=REPOSITORY, capture_output=True, text=True)
    locks = test_npm_packages_are_locked_by_their_full_hashes.pytestmark[0].args[1]
    assert sorted(tracked.stdout.split()) == sorted(locks)


@pytest.mark.parametrize(("folder", "licences"), [("swagger-ui", ["LICENSE", "NOTICE"]), ("redoc", ["LICENSE"])])
def test_licences_travel_with_the_files(folder, licences):
    """Apache-2.0 §4 and MIT ask for it."""
    assert [name for name in licences if not (STATIC / folder / name).is_file()] == []


def test_the_bundles_come_with_the_licence_of_the_code_in_them():
    """Preact is bundled into each view, and its MIT licence asks to travel with it."""
    licence = files("routebook_kernel") / "widgets" / "static" / "preact.LICENSE.txt"
    assert "Copyright (c) 2015-present Jason Miller" in licence.read_text()


def test_readme_names_the_versions():
    """Who updates finds out from which version."""
    text = (STATIC / "README.md").read_text()
    assert "5.35.0" in text
    assert "2.5.4" in text
