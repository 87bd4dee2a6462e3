"""The bench: runs of the load generator, as they go on, in figures and as a plot, one beside another."""

from collections.abc import Callable
from typing import Any

from routebook_kernel.exceptions import RequestError
from routebook_kernel.protocol import BenchArguments, Json
from routebook_kernel.session_api import BenchApi, SessionApi
from routebook_kernel.widgets.commands import Ask, Emit
from routebook_kernel.widgets.view import Overview, View


class Bench(View):
    """The runs, one of them shown.

    Args:
        session: Runs what the page asks for.
        view: The runs.
        overview: Makes the text and HTML for where no widget runs.
    """

    bundle = "bench"

    def __init__(self, session: SessionApi, view: BenchApi, overview: Callable[[Any], Overview]) -> None:
        super().__init__(session, view, overview, bench_asks(view))


def bench_asks(view: BenchApi) -> dict[str, Ask]:
    """What a page asks of the runs."""

    async def start(args: Json, emit: Emit) -> Json:
        return await view.start(read_arguments(args))

    async def stop(args: Json, emit: Emit) -> Json:
        await view.stop(int(args["id"]))

    return {"start": start, "stop": stop}


def read_arguments(args: Json) -> BenchArguments:
    """The run that a page asks for.

    Raises:
        RequestError: It has not the shape of one.
    """
    try:
        return BenchArguments(
            method=str(args["method"]),
            target=str(args["target"]),
            headers=[(str(name), str(value)) for name, value in args["headers"]],
            body=None if args["body"] is None else str(args["body"]),
            count=int(args["count"]),
            concurrency=int(args["concurrency"]),
            warm_up=None if args["warm_up"] is None else int(args["warm_up"]),
            served=bool(args["served"]),
            operation=None if args.get("operation") is None else str(args["operation"]),
            like=None if args.get("like") is None else int(args["like"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        raise RequestError("How many requests, and how many at a time? Write whole numbers.") from None
