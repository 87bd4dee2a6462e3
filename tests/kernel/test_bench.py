"""The load generator in a session: in process and over a socket, cancelled, compared, never in the log."""

import asyncio
from typing import Annotated, Any, Literal

import pytest
from starlette.responses import StreamingResponse

from routebook import BackgroundTasks, Depends, Request, Routebook
from routebook.security import APIKeyCookie, APIKeyHeader, APIKeyQuery
from routebook_kernel.exceptions import RequestError
from routebook_kernel.protocol import BenchArguments, BenchRun, Credential
from routebook_kernel.session import Session
from routebook_kernel.session.benches import BenchView
from routebook_kernel.summary import BenchOverview
from tests.kernel.driver import eventually


def make_app(seen: list[Any]) -> Routebook:
    app = Routebook()

    @app.get("/items/{item_id}")
    async def read(item_id: int) -> dict[str, int]:
        seen.append(item_id)
        print("read", item_id)
        return {"id": item_id}

    @app.post("/items")
    def make(item: dict[str, int], request: Request) -> dict[str, int]:
        seen.append(request.headers.get("authorization"))
        return item

    @app.get("/slow")
    async def slow() -> None:
        seen.append("began")
        await asyncio.sleep(0.02)
        seen.append("ended")

    @app.get("/broken")
    async def broken() -> None:
        raise ValueError("broken")

    @app.get("/stream")
    async def stream(tasks: BackgroundTasks) -> StreamingResponse:
        async def parts() -> Any:
            for _ in range(3):
                yield b"x" * 10
                await asyncio.sleep(0.001)

        return StreamingResponse(parts())

    return app


def arguments(target: str, count: int = 40, concurrency: int = 4, **more: Any) -> BenchArguments:
    given: dict[str, Any] = {"method": "GET", "headers": [], "body": None, "warm_up": 5, "served": False}
    return BenchArguments(target=target, count=count, concurrency=concurrency, **{**given, **more})


@pytest.fixture
def seen() -> list[Any]:
    return []


@pytest.fixture
def view(session: Session, seen: list[Any]) -> BenchView:
    return session.bench(make_app(seen))


def run(session: Session, view: BenchView, given: BenchArguments) -> BenchRun:
    session.home.run(view.run(given))
    return view.state()[1]["runs"][-1]


@pytest.mark.parametrize("served", [False, True])
def test_run_counts_what_it_measures_and_nothing_else(
    capsys: pytest.CaptureFixture[str], session: Session, view: BenchView, seen: list[Any], served: bool
) -> None:
    """Warm-up is sent and not counted; the log stays empty and handlers print nowhere."""
    session.output.install()  # again: pytest has exchanged the streams since the session was opened
    done = run(session, view, arguments("/items/5", served=served))

    figures = done["figures"]
    assert done["status"] == "done"
    assert figures is not None
    assert (figures["count"], figures["statuses"], figures["errors"]) == (40, [(200, 40)], [])
    assert figures["size_bytes"] == 40 * len('{"id":5}')
    assert len(seen) == 45
    assert sum(count for _, count in figures["buckets"]) == 40
    percentiles = dict(figures["percentiles"])
    assert 0 < figures["min_us"] <= percentiles[50] <= percentiles[99] <= figures["max_us"]
    assert session.log.total == 0
    assert "read 5" not in capsys.readouterr().out
    assert "Anything the application printed isn't shown." in done["measured"]


def test_latency_is_the_work_and_concurrency_is_kept(session: Session, view: BenchView, seen: list[Any]) -> None:
    """Of an endpoint that waits 20 ms, eight at a time: 20 ms each, and never more than eight at once."""
    done = run(session, view, arguments("/slow", 40, 8))

    assert done["figures"] is not None
    assert 20_000 <= dict(done["figures"]["percentiles"])[50] < 200_000
    under_way, most = 0, 0
    for event in seen:
        under_way += 1 if event == "began" else -1
        most = max(most, under_way)
    assert most == 8


@pytest.mark.parametrize("served", [False, True])
def test_refusals_failures_and_streams_are_counted(session: Session, view: BenchView, served: bool) -> None:
    """A 422 answers faster than the endpoint works: a person must not take it for that."""
    refused = run(session, view, arguments("/items/abc", served=served))
    broken = run(session, view, arguments("/broken", served=served))
    stream = run(session, view, arguments("/stream", 10, served=served))

    assert refused["figures"] and broken["figures"] and stream["figures"]  # noqa: PT018
    assert refused["figures"]["statuses"] == [(422, 40)]
    assert refused["message"].startswith("40 of 40 requests were rejected or failed")
    assert broken["figures"]["statuses"] == [(500, 40)]
    assert (stream["figures"]["statuses"], stream["figures"]["size_bytes"]) == ([(200, 10)], 300)


def test_body_headers_and_secrets(session: Session, view: BenchView, seen: list[Any]) -> None:
    """What is shown has no credentials; a run that is made from one that was shown has them again."""
    given = arguments(
        "/items?token=s3cret", method="post", body='{"password": 1}', headers=[("Authorization", "Bearer s3cret")]
    )
    done = run(session, view, given)

    assert done["figures"] and done["figures"]["statuses"] == [(200, 40)]  # noqa: PT018
    assert "s3cret" not in repr(view.state())
    assert done["label"].startswith("POST /items?token=")
    again: BenchArguments = {**done["arguments"], "count": 7, "like": done["id"]}
    run(session, view, again)
    assert seen == ["Bearer s3cret"] * (45 + 12)


@pytest.mark.parametrize("way", ["header", "query", "cookie"])
def test_a_run_is_sent_as_a_view_is_signed_in(session: Session, way: Literal["header", "query", "cookie"]) -> None:
    """The explorer's request as the next run: its page has no secret, the figures show none."""
    heard: list[Any] = []
    kinds = {"header": APIKeyHeader, "query": APIKeyQuery, "cookie": APIKeyCookie}
    name = "x-api-key" if way == "header" else "api_key"
    app = Routebook()

    @app.get("/me")
    def me(key: Annotated[str, Depends(kinds[way](name=name, scheme_name="Key"))]) -> None:
        heard.append(key)

    @app.get("/all")
    def everybody(request: Request) -> None:
        heard.append([request.headers.get(name), request.query_params.get(name), request.cookies])

    session.view(app).credentials.keep("Key", Credential(user="", where=way, name=name, value="s3cr&t"))
    view = session.bench(app)
    done = run(session, view, arguments("/me?q=1", count=3, warm_up=0, operation="GET /me"))
    run(session, view, {**done["arguments"], "like": done["id"]})
    run(session, view, arguments("/all", count=1, warm_up=0, operation="GET /all"))

    assert heard == ["s3cr&t"] * 6 + [[None, None, {}]]
    assert "s3cr" not in repr(view.state())


@pytest.mark.parametrize("served", [False, True])
def test_cancelled_run_keeps_what_it_measured(session: Session, view: BenchView, served: bool) -> None:
    """And leaves the loop to others while it goes on."""
    id_ = session.home.run(view.start(arguments("/slow", 100_000, 4, served=served)))
    eventually(lambda: view.state()[1]["runs"][0]["status"] == "running" and view.state()[1]["runs"][0]["done"] > 8)
    with pytest.raises(RequestError, match="in progress"):
        session.home.run(view.start(arguments("/slow")))
    session.home.run(asyncio.sleep(0))
    assert view.state()[1]["runs"][0]["status"] == "running"

    session.home.run(view.stop(id_))

    stopped = view.state()[1]["runs"][0]
    assert stopped["status"] == "cancelled"
    assert stopped["figures"] is not None
    assert 0 < stopped["figures"]["count"] < 100_000


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (arguments("/x", 0), "0 isn't a valid number"),
        (arguments("/x", 10, 0), "0 isn't a valid concurrency"),
        (arguments("items"), "isn't a valid path"),
        (arguments("/items/{item_id}"), "isn't a valid path"),
        (arguments("/x", method="G T"), "isn't an HTTP method"),
        (arguments("/x", headers=[("a b", "c")]), "Invalid header"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_a_sentence(
    session: Session, view: BenchView, given: BenchArguments, words: str
) -> None:
    """Before anything is sent."""
    with pytest.raises(RequestError, match=words):
        session.home.run(view.start(given))


def test_overview_has_figures_plot_and_the_run_before(session: Session, view: BenchView) -> None:
    """On GitHub, in nbconvert, in a terminal: the same figures, as text and HTML."""
    assert "No runs yet" in repr(BenchOverview(view.state()[1]))
    run(session, view, arguments("/items/1"))
    run(session, view, arguments("/slow", 4))
    run(session, view, arguments("/items/1"))
    overview = BenchOverview(view.state()[1])

    text = repr(overview)
    assert "GET /items/1, in process, 40 requests, 4 at a time" in text
    assert "p99 " in text
    assert "200 ×40" in text
    assert "times the median of run 1, and " in text
    html = overview._repr_html_()
    assert "data:image/svg+xml;base64," in html
    assert "The plot shows run 1 in outline." in html


def test_deltas_tell_progress_and_agree_with_the_state(session: Session, view: BenchView) -> None:
    """Live, while it goes on."""
    view.state()
    heard: list[Any] = []
    view.subscribe(heard.append)

    done = run(session, view, arguments("/slow", 60, 4))
    eventually(lambda: heard and heard[-1].get("set", [{}])[-1].get("status") == "done")

    told = [delta["set"][-1] for delta in heard if "set" in delta]
    assert {"running", "done"} <= {one["status"] for one in told}
    assert told[-1] == done
    assert [delta["seq"] for delta in heard] == list(range(1, len(heard) + 1))
