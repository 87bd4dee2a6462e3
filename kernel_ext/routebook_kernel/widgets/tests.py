"""The tests: kept requests with what is expected of their answers, run in place."""

from collections.abc import Callable
from typing import Any

from routebook_kernel.exceptions import RequestError
from routebook_kernel.protocol import ExpectationState, Json
from routebook_kernel.session_api import SessionApi, TestsApi
from routebook_kernel.widgets.commands import Ask, Emit
from routebook_kernel.widgets.view import Overview, View


class Tests(View):
    """The tests of a notebook.

    Args:
        session: Runs them.
        overview: Makes the text and HTML for where no widget runs.
    """

    bundle = "tests"

    def __init__(self, session: SessionApi, overview: Callable[[Any], Overview]) -> None:
        super().__init__(session, session.tests, overview, tests_asks(session.tests))

    def __repr__(self) -> str:
        return f"<Tests: {len(self.feed.state()[1]['tests'])} kept>"


def tests_asks(tests: TestsApi) -> dict[str, Ask]:
    """What a page asks of the tests; the log asks some of it too."""

    async def draft(args: Json, emit: Emit) -> Json:
        return tests.draft(int(args["id"]))

    async def keep(args: Json, emit: Emit) -> Json:
        tests.keep(int(args["id"]), str(args["name"]), _expect(args))

    async def judge(args: Json, emit: Emit) -> Json:
        return tests.judge(int(args["id"]), _expect(args))

    async def attempt(args: Json, emit: Emit) -> Json:
        return await tests.attempt(int(args["id"]), _expect(args), _values(args))

    async def run(args: Json, emit: Emit) -> Json:
        names = args["names"]
        await tests.run(None if names is None else [str(name) for name in names], _values(args))

    async def change(args: Json, emit: Emit) -> Json:
        tests.change(str(args["name"]), str(args["to"]), _expect(args))

    async def remove(args: Json, emit: Emit) -> Json:
        tests.remove(str(args["name"]))

    asks = {"draft": draft, "keep": keep, "judge": judge, "try": attempt, "run": run, "change": change,
            "remove": remove}  # fmt: skip
    return {name: _checked(ask) for name, ask in asks.items()}


def _checked(ask: Ask) -> Ask:
    async def checked(args: Json, emit: Emit) -> Json:
        if not isinstance(args, dict):
            raise RequestError("What to do with the tests is missing.")
        try:
            return await ask(args, emit)
        except KeyError as missing:
            raise RequestError(f"What to do with the tests is not whole: {missing} is missing.") from None

    return checked


def _expect(args: Json) -> list[ExpectationState]:
    return list(args["expect"])


def _values(args: Json) -> dict[str, str]:
    return {str(name): str(value) for name, value in args["values"].items() if value}
