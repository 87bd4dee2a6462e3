"""What both packages offer by name."""

import importlib
import pkgutil
import subprocess
import sys
from types import ModuleType

import pytest

HEAVY = ["IPython", "anywidget", "fastapi", "httpx", "httpx2", "ipykernel", "jinja2", "traitlets", "typer", "uvicorn"]
PACKAGES = ["routebook", "routebook_kernel"]


def is_public(module: str) -> bool:
    return not any(part.startswith("_") for part in module.split("."))


def public_modules() -> list[str]:
    """Every importable module of both packages whose path holds no private name."""
    modules = list(PACKAGES)
    for package in PACKAGES:
        path = importlib.import_module(package).__path__
        modules += [found.name for found in pkgutil.walk_packages(path, f"{package}.") if is_public(found.name)]
    return modules


@pytest.mark.filterwarnings("ignore:starlette.middleware.wsgi is deprecated")  # FastAPI offers it all the same
@pytest.mark.parametrize("name", public_modules())
def test_all_names_exist_once(name):
    """A name in `__all__` that is not there breaks `import *`, and only then."""
    module = importlib.import_module(name)
    exported = getattr(module, "__all__", [])
    assert len(set(exported)) == len(exported)
    assert [export for export in exported if not hasattr(module, export)] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_package_lists_all_that_it_imports(package):
    """What `__init__` re-exports, it says in `__all__`: nothing is public by accident."""
    module = importlib.import_module(package)
    offered = {
        name for name, value in vars(module).items() if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert offered <= set(module.__all__)


def test_importing_the_framework_brings_neither_jupyter_nor_a_server():
    """Extras import late: `import routebook` works, and is quick, without them."""
    heavy = [
        "IPython",
        "anywidget",
        "fastapi",
        "httpx",
        "httpx2",
        "ipykernel",
        "jinja2",
        "traitlets",
        "typer",
        "uvicorn",
    ]
    code = f"import sys, routebook; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
