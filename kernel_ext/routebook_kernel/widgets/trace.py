"""The trace view: one request's steps, the code that served it, and another trace beside it."""

from collections.abc import Callable
from typing import Any

from routebook_kernel.exceptions import RequestError
from routebook_kernel.protocol import Json
from routebook_kernel.session_api import SessionApi, TraceApi
from routebook_kernel.widgets.commands import Ask, Emit
from routebook_kernel.widgets.view import Overview, View


class Trace(View):
    """The trace of one exchange, or of the last that was traced.

    Args:
        session: Runs what the page asks for.
        traces: What is shown.
        overview: Makes the text and HTML for where no widget runs.
    """

    bundle = "trace"

    def __init__(self, session: SessionApi, traces: TraceApi, overview: Callable[[Any], Overview]) -> None:
        async def replay(args: Json, emit: Emit) -> Json:
            return await traces.replay(read_id(args))

        super().__init__(session, traces, overview, {**trace_asks(traces), "replay": replay})


def trace_asks(traces: TraceApi) -> dict[str, Ask]:
    """What a page asks about traces."""

    async def trace(args: Json, emit: Emit) -> Json:
        return traces.trace(read_id(args))

    async def tracing(args: Json, emit: Emit) -> Json:
        traces.set_tracing(bool(args.get("on")) if isinstance(args, dict) else False)
        return None

    return {"trace": trace, "tracing": tracing}


def read_id(args: Json) -> int:
    """The exchange that a page names.

    Raises:
        RequestError: It names none.
    """
    try:
        return int(args["id"])
    except (KeyError, TypeError, ValueError):
        raise RequestError("Which request is meant is missing.") from None
