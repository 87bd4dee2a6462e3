"""What others made and the wheel holds: the documentation pages' assets as they were published, licences."""

import hashlib
from importlib.resources import files

import pytest

STATIC = files("routebook.openapi") / "static"
PUBLISHED = {  # SHA-256, first 16 digits, of the files in swagger-ui-dist 5.35.0 and redoc 2.5.4
    "swagger-ui/swagger-ui-bundle.js": "e6a898692f2d768e",
    "swagger-ui/swagger-ui.css": "5ed08757e53da3e0",
    "swagger-ui/favicon-32x32.png": "3ed612f41e050ca5",
    "redoc/redoc.standalone.js": "dcaf76612bc4a3fb",
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_asset_is_the_published_file(name):
    """A vendored file that somebody edited cannot be updated, and nobody would know what it does."""
    assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:16] == PUBLISHED[name]


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
