"""Find the file of a notebook's saved tests, next to the notebook if the front end says which one it is."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ENDING = ".tests.json"


def find_tests_file(namespace: Mapping[str, Any]) -> Path:
    """Return the path of a notebook's saved tests: `shop.tests.json` next to `shop.ipynb`.

    VS Code names the notebook in a variable, Jupyter servers in the environment. If neither does, it's
    `notebook.tests.json` in the folder of the kernel.
    """
    for path in (namespace.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME")):
        if isinstance(path, str) and path.endswith(".ipynb"):
            notebook = Path(path)
            if not notebook.parent.is_dir():  # relative to a server's root that is not ours
                notebook = Path.cwd() / notebook.name
            return notebook.absolute().with_name(notebook.stem + ENDING)
    return Path.cwd() / f"notebook{ENDING}"
