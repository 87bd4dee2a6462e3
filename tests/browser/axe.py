"""axe-core, asked what keeps people out of a view: contrast, names, roles."""

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page

_SOURCE = Path(__file__).parents[2] / "kernel_ext/frontend/node_modules/axe-core/axe.min.js"


def load_axe(page: Page) -> None:
    """Bring axe-core into a page; skips the test where it is not installed."""
    if not _SOURCE.exists():
        pytest.skip("axe-core is not installed: run `npm ci` in kernel_ext/frontend")
    page.evaluate(_SOURCE.read_text())


def serious_problems(views: Locator) -> list[tuple[str, list[str]]]:
    """The rules that views break, the serious and critical ones, each with the elements that do."""
    found = views.evaluate_all("async elements => (await axe.run({ include: elements })).violations")
    return [
        (one["id"], [node["html"][:200] for node in one["nodes"]])
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]
