"""The view of dependencies: the tree of what an operation calls."""

from collections.abc import Callable
from typing import Any

from routebook_kernel.exceptions import RequestError
from routebook_kernel.protocol import Json
from routebook_kernel.session_api import DependenciesApi, SessionApi
from routebook_kernel.widgets.commands import Ask, Emit
from routebook_kernel.widgets.view import Overview, View


class Dependencies(View):
    """The tree of one operation, or of any of an application.

    Args:
        session: Runs what the page asks for.
        trees: What is shown.
        overview: Makes the text and HTML for where no widget runs.
    """

    bundle = "dependencies"

    def __init__(self, session: SessionApi, trees: DependenciesApi, overview: Callable[[Any], Overview]) -> None:
        async def show(args: Json, emit: Emit) -> Json:
            trees.show(_operation(args))
            return None

        super().__init__(session, trees, overview, {"show": show})


def dependencies_asks(trees: DependenciesApi) -> dict[str, Ask]:
    """What an explorer asks about dependencies."""

    async def dependencies(args: Json, emit: Emit) -> Json:
        return trees.tree(_operation(args))

    return {"dependencies": dependencies}


def _operation(args: Json) -> str:
    if not isinstance(args, dict) or not isinstance(args.get("operation"), str):
        raise RequestError("Which operation is meant is missing.")
    return str(args["operation"])
