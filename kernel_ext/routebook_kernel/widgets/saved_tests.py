"""The view of saved tests: run them, change them, remove them."""

from collections.abc import Callable
from typing import Any

from routebook_kernel.exceptions import RequestError
from routebook_kernel.protocol import ExpectationState, Json
from routebook_kernel.session_api import SavedTestsApi, SessionApi
from routebook_kernel.widgets.commands import Ask, Emit
from routebook_kernel.widgets.view import Overview, View


class SavedTestsView(View):
    """The widget that shows the saved tests of a notebook.

    Args:
        session: Runs the tests.
        overview: Makes the text and HTML that are shown if no widget runs.
    """

    bundle = "saved_tests"

    def __init__(self, session: SessionApi, overview: Callable[[Any], Overview]) -> None:
        super().__init__(session, session.saved_tests, overview, saved_tests_commands(session.saved_tests))

    def __repr__(self) -> str:
        return f"<SavedTestsView: {len(self.feed.state()[1]['tests'])} saved>"


def saved_tests_commands(tests: SavedTestsApi) -> dict[str, Ask]:
    """Return the handlers of the commands on saved tests, which the log and the explorer can send too."""

    async def draft(args: Json, emit: Emit) -> Json:
        return tests.draft(int(args["id"]))

    async def save(args: Json, emit: Emit) -> Json:
        tests.save(int(args["id"]), str(args["name"]), _expectations(args))

    async def check(args: Json, emit: Emit) -> Json:
        return tests.check(int(args["id"]), _expectations(args))

    async def run_once(args: Json, emit: Emit) -> Json:
        return await tests.run_once(int(args["id"]), _expectations(args), _values(args))

    async def run(args: Json, emit: Emit) -> Json:
        names = args["names"]
        await tests.run(None if names is None else [str(name) for name in names], _values(args))

    async def change(args: Json, emit: Emit) -> Json:
        tests.change(str(args["name"]), str(args["new_name"]), _expectations(args))

    async def remove(args: Json, emit: Emit) -> Json:
        tests.remove(str(args["name"]))

    handlers = {"draft": draft, "save": save, "check": check, "try": run_once, "run": run, "change": change,
                "remove": remove}  # fmt: skip
    return {name: _with_argument_errors(name, handler) for name, handler in handlers.items()}


def _with_argument_errors(name: str, handler: Ask) -> Ask:
    async def handle(args: Json, emit: Emit) -> Json:
        if not isinstance(args, dict):
            raise RequestError(f"The command `{name}` needs an object of arguments.")
        try:
            return await handler(args, emit)
        except KeyError as missing:
            raise RequestError(f"The command `{name}` needs the argument {missing}.") from None

    return handle


def _expectations(args: Json) -> list[ExpectationState]:
    return list(args["expectations"])


def _values(args: Json) -> dict[str, str]:
    return {str(name): str(value) for name, value in args["values"].items() if value}
