"""The log: every exchange of the notebook's applications, live; one opened, compared, sent again."""

from collections.abc import Callable
from typing import Any, cast

from routebook_kernel.exceptions import RequestError
from routebook_kernel.protocol import Json, RawRequestState
from routebook_kernel.session_api import LogApi, SessionApi
from routebook_kernel.widgets.commands import Ask, Emit
from routebook_kernel.widgets.saved_tests import saved_tests_commands
from routebook_kernel.widgets.view import Overview, View


class Log(View):
    """The log of a session.

    Args:
        session: Runs what is sent again.
        overview: Makes the text and HTML for where no widget runs.
    """

    bundle = "log"

    def __init__(self, session: SessionApi, overview: Callable[[Any], Overview]) -> None:
        asks = saved_tests_commands(session.saved_tests) | log_asks(session.log_view)
        super().__init__(session, session.log_view, overview, asks)

    def __repr__(self) -> str:
        return f"<Log: {self.feed.state()[1]['total']} exchanges>"


def log_asks(log: LogApi) -> dict[str, Ask]:
    """What a page asks of the log."""

    async def exchange(args: Json, emit: Emit) -> Json:
        return log.detail(_id(args))

    async def find(args: Json, emit: Emit) -> Json:
        return {text: log.find(text) for text in map(str, args["texts"])}

    async def send(args: Json, emit: Emit) -> Json:
        request, values = read_raw_request(args)
        return await log.send(request, values)

    async def clear(args: Json, emit: Emit) -> Json:
        log.clear()
        return None

    return {"exchange": exchange, "find": find, "send": send, "clear": clear}


def read_raw_request(args: Json) -> tuple[RawRequestState, dict[str, str]]:
    """The page's request, and what it fills in.

    Raises:
        RequestError: It has not the shape of one.
    """
    try:
        request = cast(RawRequestState, dict(args["request"]))
        request["headers"] = [(str(name), str(value)) for name, value in args["request"]["headers"]]
        request["method"], request["url"] = str(request["method"]), str(request["url"])
        return request, {str(key): str(value) for key, value in args["values"].items()}
    except (AttributeError, KeyError, TypeError, ValueError):
        raise RequestError("The request to send is missing, or not as this kernel knows it.") from None


def _id(args: Json) -> int:
    try:
        return int(args["id"])
    except (KeyError, TypeError, ValueError):
        raise RequestError("The number of an exchange is missing.") from None
