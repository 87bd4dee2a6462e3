"""What front ends send that is not JupyterLab's: VS Code's cell ids, and none at all."""

import pytest

from tests.kernel.driver import Kernel

pytestmark = pytest.mark.kernel

VS_CODE = "vscode-notebook-cell:/c%3A/Users/Ada%20L/lessons/Erste%20Schritte.ipynb#{}sZmlsZQ%3D%3D"
REMOTE = "vscode-notebook-cell://wsl%2Bubuntu/home/ada/shop.ipynb#{}sdnNjb2RlLXJlbW90ZQ%3D%3D"
UNTITLED = "vscode-notebook-cell:Untitled-1.ipynb?jupyter-notebook#{}sdW50aXRsZWQ%3D"

PATHS = "[(r.path, r.endpoint.__name__) for r in app.routes if r.include_in_schema]"


@pytest.mark.parametrize("uri", [VS_CODE, REMOTE, UNTITLED], ids=["local", "remote", "untitled"])
def test_uri_is_a_cells_id_as_any_other(kernel: Kernel, uri: str) -> None:
    """VS Code names a cell by a URI: a cell run again replaces, two that are alike stay two."""
    kernel.good("app = Routebook()", uri.format("W0"))
    kernel.good("@app.get('/a')\ndef a(): return 1", uri.format("W1"))
    kernel.good("@app.get('/b')\ndef b(): return 1", uri.format("W2"))

    changed = kernel.good("@app.get('/a/{n}')\ndef renamed(n: int): return n", uri.format("W1"))

    assert kernel.value(PATHS) == "[('/a/{n}', 'renamed'), ('/b', 'b')]"
    assert "/a/{n}" in changed.shown

    failed = kernel.run("@app.get('/b')\ndef b(): return 2\n1 / 0", uri.format("W2"))

    assert "ZeroDivisionError" in (failed.error or "")
    assert "vscode-notebook-cell" not in failed.shown + (failed.error or "")
    assert kernel.value(PATHS) == "[('/a/{n}', 'renamed'), ('/b', 'b')]"
