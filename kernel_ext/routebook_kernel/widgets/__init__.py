"""The live views of a notebook. Widgets see a session by its protocol (`session_api`), never the server."""

from routebook_kernel.widgets.explorer import Explorer
from routebook_kernel.widgets.views import Views

__all__ = ["Explorer", "Views"]
