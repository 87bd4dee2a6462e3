"""The live views of a notebook. Widgets see a session by its protocol (`session_api`), never the server."""

from routebook_kernel.widgets.explorer import Explorer, Explorers

__all__ = ["Explorer", "Explorers"]
