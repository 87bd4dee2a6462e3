"""Where a notebook's tests are kept: beside the notebook, where the front end says which it is."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ENDING = ".tests.json"


def file_of_tests(namespace: Mapping[str, Any]) -> Path:
    """The file of a notebook's tests: `shop.tests.json` beside `shop.ipynb`.

    VS Code names the notebook in a variable, Jupyter servers in the environment; where neither does, it is
    `notebook.tests.json` in the folder of the kernel.
    """
    for given in (namespace.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME")):
        if isinstance(given, str) and given.endswith(".ipynb"):
            notebook = Path(given)
            if not notebook.parent.is_dir():  # relative to a server's root that is not ours
                notebook = Path.cwd() / notebook.name
            return notebook.absolute().with_name(notebook.stem + ENDING)
    return Path.cwd() / f"notebook{ENDING}"
