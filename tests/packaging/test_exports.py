"""What the kernel extension offers by name (the framework's names: `tests/framework/test_exported_names.py`)."""

import importlib
import pkgutil
import subprocess
import sys
from types import ModuleType

import pytest

import routebook_kernel

HEAVY = ["IPython", "anywidget", "fastapi", "httpx", "httpx2", "ipykernel", "jinja2", "traitlets", "typer", "uvicorn"]


def public_modules() -> list[str]:
    """Every module of the package whose path holds no private name."""
    found = [module.name for module in pkgutil.walk_packages(routebook_kernel.__path__, "routebook_kernel.")]
    return ["routebook_kernel", *(name for name in found if "._" not in name)]


@pytest.mark.parametrize("name", public_modules())
def test_all_names_exist_once(name):
    """A name in `__all__` that is not there breaks `import *`, and only then."""
    module = importlib.import_module(name)
    exported = getattr(module, "__all__", [])
    assert len(set(exported)) == len(exported)
    assert [export for export in exported if not hasattr(module, export)] == []


def test_package_lists_all_that_it_offers():
    """What `__init__` re-exports, it says in `__all__`: nothing is public by accident."""
    offered = {
        name
        for name, value in vars(routebook_kernel).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert offered <= set(routebook_kernel.__all__)


def test_importing_the_framework_brings_neither_jupyter_nor_a_server():
    """Extras import late: `import routebook` works, and is quick, without them."""
    code = f"import sys, routebook; print([name for name in {HEAVY} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
