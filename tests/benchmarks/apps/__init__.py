"""One module a framework, each a table from a case's name to the function that makes its application.

Every application has only the routes of its case: what a scan over unrelated routes
costs shows in the cases that are about it. A case that a framework cannot do, or
answers otherwise by its nature, is absent from its table.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.types import ASGIApp

Apps = Mapping[str, Callable[[], ASGIApp]]


@dataclass(frozen=True, slots=True)
class Framework:
    """A framework that takes part.

    Attributes:
        name: As on the command line.
        module: Import path of its applications.
        package: Import name of the framework, passed to the applications' table if
            the module serves several.
    """

    name: str
    title: str
    module: str
    package: str

    def load(self) -> Apps:
        """Import the framework and its applications.

        Raises:
            ImportError: The framework is not installed.
        """
        package = importlib.import_module(self.package)
        module = importlib.import_module(self.module, __name__)
        return module.apps(package)  # type: ignore[no-any-return]


FRAMEWORKS: tuple[Framework, ...] = (
    Framework("routebook", "Routebook", ".decorated", "routebook"),
    Framework("fastapi", "FastAPI", ".decorated", "fastapi"),
    Framework("starlette", "Starlette", ".by_hand", "starlette"),
    Framework("litestar", "Litestar", ".with_litestar", "litestar"),
    Framework("blacksheep", "BlackSheep", ".with_blacksheep", "blacksheep"),
)
