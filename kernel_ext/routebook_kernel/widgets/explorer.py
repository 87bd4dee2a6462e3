"""The explorer: the operations of one application, and a console to try them."""

from collections.abc import Callable, Mapping
from typing import Any

from routebook_kernel.protocol import Json
from routebook_kernel.session_api import AppView, SessionApi
from routebook_kernel.widgets.commands import Ask, Emit
from routebook_kernel.widgets.credentials import credentials_asks
from routebook_kernel.widgets.dependencies import dependencies_asks
from routebook_kernel.widgets.requests import read_request
from routebook_kernel.widgets.saved_tests import saved_tests_commands
from routebook_kernel.widgets.trace import trace_asks
from routebook_kernel.widgets.view import Overview, View


class Explorer(View):
    """The explorer of one application.

    Args:
        session: Runs the console's requests.
        view: The application.
        overview: Makes the text and HTML for where no widget runs.
        beside: By its bundle, another view of the application, which the explorer shows inside.
    """

    bundle = "explorer"

    def __init__(
        self,
        session: SessionApi,
        view: AppView,
        overview: Callable[[Any], Overview],
        beside: Mapping[str, Callable[[], View]],
    ) -> None:
        async def show_beside(args: Json, emit: Emit) -> Json:
            return beside[args["view"]]().model_id

        tests = saved_tests_commands(session.saved_tests)
        asks = {
            **console_asks(view),
            **trace_asks(session.trace_view()),
            **dependencies_asks(session.dependencies(view)),
            **{name: tests[name] for name in ("draft", "save")},
            "beside": show_beside,
        }
        super().__init__(session, view, overview, asks)

    def __repr__(self) -> str:
        _, app = self.feed.state()
        return f"<Explorer of {app['title']!r}: {len(app['operations'])} operations>"


def console_asks(view: AppView) -> dict[str, Ask]:
    """What a console asks of its application."""

    async def send(args: Json, emit: Emit) -> Json:
        return await view.send(read_request(args), emit)

    async def sign_in(args: Json, emit: Emit) -> Json:
        return await view.sign_in(read_request(args))

    async def difference(args: Json, emit: Emit) -> Json:
        operation = args.get("operation") if isinstance(args, dict) else None
        return view.difference(operation if isinstance(operation, str) else None)

    return {"send": send, "sign_in": sign_in, "difference": difference, **credentials_asks(view.credentials)}
