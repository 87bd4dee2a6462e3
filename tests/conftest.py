"""What every test stands on: homes of their own for Jupyter and for progress, hypothesis without a stopwatch."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# Two cores run several workers here: how long one example takes says nothing.
settings.register_profile("routebook", deadline=None, print_blob=True)
settings.load_profile("routebook")


@pytest.fixture(scope="session", autouse=True)
def jupyter_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Kernels started by tests read no configuration, start-up files or kernel specs of the person who runs them.

    Nor do they write to that person's progress in the course.
    """
    home = tmp_path_factory.mktemp("jupyter")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CONFIG", "DATA", "RUNTIME"):
            patch.setenv(f"JUPYTER_{name}_DIR", str(home / name.lower()))
        patch.setenv("ROUTEBOOK_DATA", str(home / "routebook"))
        patch.setenv("IPYTHONDIR", str(home / "ipython"))
        patch.setenv("JUPYTER_PLATFORM_DIRS", "1")
        patch.setenv("JUPYTER_PREFER_ENV_PATH", "1")
        patch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")  # a frozen-modules notice of debugpy's
        yield home


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the browser's tests together, since each worker that runs some starts a JupyterLab.

    They take longest: first where several workers share the tests, last where one runs all of them. Workers share by
    `--dist worksteal`, which counts tests; the ways that go by their ids run one of several that have the same, as all
    operations of a document have in Schemathesis.
    """
    is_shared = "PYTEST_XDIST_WORKER" in os.environ
    items.sort(key=lambda item: bool(item.get_closest_marker("browser")) != is_shared)
