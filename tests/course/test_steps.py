"""Each kind of step, run against small applications in this process: what passes, and what a failure shows."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from routebook import BackgroundTasks, Depends, Routebook, WebSocket
from routebook.responses import StreamingResponse
from routebook_kernel.learn import (
    CheckFailedError,
    Exercise,
    Probe,
    closes,
    do,
    openapi,
    receive,
    request,
    send,
    socket,
    trace,
)
from routebook_kernel.learn.check_report import describe_waiting
from routebook_kernel.learn.check_runner import CheckResult, run_check
from routebook_kernel.learn.exercise import LessonError
from routebook_kernel.learn.patterns import describe_pattern, find_difference
from routebook_kernel.learn.step_results import StepResult
from routebook_kernel.session import Session

RunStep = Callable[..., StepResult]


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    session = Session({})
    session.open()
    yield session
    session.close()


def exercise(*steps: Any, app: str | None = "app") -> Exercise:
    return Exercise("T", steps=steps, stub="# T", solution="1", another="2", hints=["h"], app=app)


def run_steps(session: Session, app: Any, *steps: Any, **names: Any) -> CheckResult:
    return run_check(exercise(*steps), session, {"app": app, **names})


@pytest.fixture
def run_step(session: Session) -> RunStep:
    return lambda app, step, **names: run_steps(session, app, step, **names).steps[0]


def shop() -> Routebook:
    app = Routebook()

    @app.get("/items/{item_id}")
    def read(item_id: int) -> dict[str, Any]:
        return {"id": item_id, "tags": ["a", "b"], "ok": True}

    @app.get("/shelf")
    def shelf(limit: int) -> int:
        return limit

    @app.get("no/slash")
    @app.get("/spaced/{ number }")
    def never() -> None: ...

    @app.get("/class")
    def a_class() -> Any:
        return Routebook

    @app.get("/promise")
    def promise() -> str:
        return "<coroutine object read at 0x7f>"

    return app


def test_header_with_any_value_must_exist(run_step: RunStep) -> None:
    """`...` in `has_headers` expects the header itself, so a missing one fails."""
    there, lost = (
        run_step(shop(), request("t", "GET /items/3", has_headers={name: ...})) for name in ("content-type", "allow")
    )

    assert (there.status, lost.status) == ("passed", "failed")
    assert "allow" in lost.actual


def test_response_that_matches_passes_and_another_shows_where_it_differs(run_step: RunStep) -> None:
    """The result has what was sent, expected and received."""
    app = shop()

    fits = run_step(app, request("t", "GET /items/3", returns={"id": int, "tags": [..., re.compile("b")], "ok": True}))
    find_difference = run_step(app, request("t", "GET /items/3", includes={"id": 4}))

    assert fits.status == "passed"
    assert (find_difference.status, find_difference.sent, find_difference.expected) == (
        "failed",
        ("GET /items/3",),
        '`200` with at least `{"id": 4}`',
    )
    assert find_difference.actual == "see `id`"
    assert find_difference.response is not None
    assert find_difference.response.status == 200


@pytest.mark.parametrize(
    ("request_line", "hint"),
    [
        ("GET /item/3", "There is `/items/{item_id}`"),
        ("GET /nothing", "`/items/{item_id}`"),
        ("DELETE /items/3", "answers GET, not DELETE"),
        ("GET /items?item_id=3", "The path is `/items` alone"),
        ("GET /shelf?page=2", "`limit` was looked for in the query, where only `page` came"),
        ("GET /promise", "called without `await`"),
        ("GET /no/slash", "A path begins with a slash"),
        ("GET /spaced/3", "There is `/spaced/{ number }`"),
        ("GET /class", "not a class"),
    ],
)
def test_common_mistake_has_a_hint_that_no_lesson_wrote(run_step: RunStep, request_line: str, hint: str) -> None:
    """A wrong path or method looks the same in every exercise."""
    assert hint in run_step(shop(), request("t", request_line, returns=1)).hint


def test_first_matching_mistake_provides_the_hint(run_step: RunStep) -> None:
    """By a status, by a field that a 422 reports, by a function. A function that raises doesn't match."""
    app = shop()

    by_status = run_step(app, request("t", "GET /items/3", status=201, mistakes={404: "no", 200: "not created"}))
    by_place = run_step(app, request("t", "GET /items/x", mistakes={"query.item_id": "no", "path.item_id": "a number"}))
    by_function = run_step(
        app,
        request(
            "t", "GET /items/3", status=201, mistakes={lambda a: a.json["no"]: "no", lambda a: a.json["ok"]: "yes"}
        ),
    )

    assert [by_status.hint, by_place.hint, by_function.hint] == ["not created", "a number", "yes"]


def test_handler_that_never_ends_or_raises_fails_its_step_only(session: Session) -> None:
    """A learner's loop must not hang the kernel: blocking in a thread, waiting in the loop, holding the loop."""
    app = Routebook()

    @app.get("/sync")
    def sync() -> None:
        time.sleep(1.5)

    @app.get("/wait")
    async def wait() -> None:
        await asyncio.Event().wait()

    @app.get("/hold")
    async def hold() -> None:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            pass

    @app.get("/raise")
    def bad() -> None:
        raise ValueError("no")

    began = time.monotonic()
    steps = [request(path, f"GET {path}", timeout_s=0.2) for path in ("/sync", "/wait", "/hold", "/raise")]
    late, waiting, holding, raising = run_steps(session, app, *steps).steps

    assert time.monotonic() - began < 25  # the endpoint that holds would take 30
    assert late.response is not None
    assert "0.2 seconds" in late.response.trouble
    assert waiting.status == "failed"
    assert holding.response is not None
    assert "Blocking code" in holding.response.trouble
    assert "ValueError: no" in raising.hint


def test_step_waits_only_for_steps_that_it_needs(session: Session) -> None:
    """A failed step doesn't hide steps that don't depend on it."""
    result = run_steps(
        session, shop(), request("a", "GET /no"), request("b", "GET /items/1"), request("c", "GET /items/1", needs=1)
    )

    assert [step.status for step in result.steps] == ["failed", "passed", "waiting"]
    assert result.steps[2].needs == (1,)


def test_waiting_step_lists_the_steps_that_it_needs(session: Session) -> None:
    """The list reads as people would say it."""
    steps = [request(name, "GET /no") for name in "abc"]
    result = run_steps(
        session, shop(), *steps, request("d", "GET /no", needs=1), request("e", "GET /no", needs=(1, 2, 3))
    )

    assert [describe_waiting(step) for step in result.steps[3:]] == [
        "waiting for step 1",
        "waiting for steps 1, 2 and 3",
    ]


def test_step_that_needs_a_later_one_is_rejected() -> None:
    """The teacher gets the error when the file is read."""
    with pytest.raises(LessonError, match="step 1"):
        exercise(request("a", "GET /", needs=1))


@pytest.mark.parametrize(
    ("names", "text"),
    [({}, "There's no `app` in this notebook"), ({"app": 5}, "`app` isn't an application. Its type is `int`")],
)
def test_missing_application_skips_the_check(session: Session, names: dict[str, Any], text: str) -> None:
    """It isn't a failed check: the first cell wasn't run."""
    result = run_check(exercise(request("t", "GET /")), session, names)

    assert text in result.skipped
    assert not result.steps


def test_document_step_follows_references(run_step: RunStep) -> None:
    """The names of models don't matter. Parameters, bodies and responses are found by their place."""
    app = shop()

    assert run_step(app, openapi("t", "GET /items/{item_id}: item_id", includes={"in": "path"})).status == "passed"
    refused = openapi("t", "GET /items/{item_id}: 422", includes={"properties": {"detail": {"type": "array"}}})
    assert run_step(app, refused).status == "passed"
    wrong = run_step(
        app, openapi("t", "GET /items/{item_id}", includes={"summary": "Get"}, mistakes={lambda o: o: "say so"})
    )
    nothing = run_step(app, openapi("t", "GET /no"))
    other_name = run_step(app, openapi("t", "GET /items/{number}"))
    assert (wrong.status, wrong.hint) == ("failed", "say so")
    assert nothing.actual == "missing"
    assert other_name.status == "passed"


def test_trace_step_counts_spans_and_checks_their_order(run_step: RunStep) -> None:
    """A dependency runs once, and its teardown runs after the endpoint."""
    app = Routebook()

    async def get_db() -> AsyncIterator[int]:
        yield 1

    def user(db: int = Depends(get_db)) -> int:
        return db

    @app.get("/")
    def read(tasks: BackgroundTasks, db: int = Depends(get_db), user: int = Depends(user)) -> None: ...

    order = ("dependency get_db", "endpoint", "teardown get_db")
    right = run_step(app, trace("t", "GET /", runs={"dependency get_db": 1, "cache hit": 1}, order=order))
    wrong = run_step(app, trace("t", "GET /", runs={"get_db": 7}))

    assert right.status == "passed"
    assert wrong.expected == "`get_db` 7 times"
    assert "`dependency get_db`" in wrong.actual


def test_socket_step_compares_each_line_of_the_dialogue(run_step: RunStep) -> None:
    """Messages, the end of the connection, and what arrives instead of them."""
    app = Routebook()

    @app.websocket("/ws")
    async def talk(websocket: WebSocket, key: str = "") -> None:
        if key == "no":
            await websocket.close(1008)
            return
        await websocket.accept()
        while (text := await websocket.receive_text()) != "bye":
            await websocket.send_json({"said": text}) if key == "json" else await websocket.send_text(f"said {text}")
        await websocket.close(4000)

    @app.websocket("/untyped")
    async def untyped_talk(websocket) -> None:  # type: ignore[no-untyped-def]
        await websocket.accept()

    def hold(url: str, *dialogue: Any, **options: Any) -> StepResult:
        return run_step(app, socket("t", url, *dialogue, **options))

    assert hold("/ws", send("hi"), receive("said hi"), send("bye"), closes(4000)).status == "passed"
    assert hold("/ws?key=json", send("hi"), receive({"said": str})).status == "passed"
    assert hold("/ws?key=no", closes(1008)).status == "passed"
    other = hold("/ws", send("hi"), receive("hi"), mistakes={"said": "leave it out"})
    assert (other.expected, other.actual, other.hint) == ("`hi`", "said hi", "leave it out")
    refused = hold("/ws?key=no", send("hi"), receive("said hi"), mistakes={1008: "let them in"})
    assert (refused.status, refused.hint) == ("failed", "let them in")
    ended = hold("/ws", send("bye"), receive("said bye"))
    assert "4000" in ended.actual
    code = hold("/ws", send("bye"), closes(1000))
    assert (code.status, code.expected) == ("failed", "that it closes with `1000`")
    untyped = hold("/untyped", send("hi"), mistakes={1008: "let them in"})
    assert "the parameter of the type `WebSocket`" in untyped.hint
    missing = hold("/other", send("hi"))
    assert missing.status == "failed"


def test_silent_websocket_fails_after_the_time_limit(run_step: RunStep, monkeypatch: pytest.MonkeyPatch) -> None:
    """The result names the line that was expected next."""
    monkeypatch.setattr("routebook_kernel.learn.socket_steps.PATIENCE_S", 0.2)
    app = Routebook()

    @app.websocket("/ws")
    async def silent(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.receive_text()
        await websocket.receive_text()

    result = run_step(app, socket("t", "/ws", send("hi"), receive("hi")))

    assert (result.status, result.expected) == ("failed", "`hi`")
    assert "0.2 seconds" in result.actual


def test_function_step_reports_every_kind_of_exception(run_step: RunStep) -> None:
    """`CheckFailedError`, an `assert` and any other exception end a step, not the check."""
    app = shop()

    def asserts(probe: Probe) -> None:
        assert probe.get("/items/3").json["id"] == 4, "it was 3"

    def misses(probe: Probe) -> None:
        raise CheckFailedError("that", expected="this", hint="so")

    def stumbles(probe: Probe) -> None:
        probe.get("/items/3").json["price"]

    asserted, missed, stumbled = (run_step(app, do("t", each)) for each in (asserts, misses, stumbles))

    assert (asserted.actual, asserted.sent) == ("it was 3", ("GET /items/3",))
    assert (missed.expected, missed.actual, missed.hint) == ("this", "that", "so")
    assert "KeyError" in stumbled.actual
    assert run_step(app, do("t", lambda probe: probe.get("/items/3"))).status == "passed"


def test_probe_calls_the_learners_functions_with_a_time_limit(session: Session) -> None:
    """Sync and async ones. A missing name skips the check, and an endless loop ends."""

    async def double(n: int) -> int:
        return 2 * n

    def check(probe: Probe) -> None:
        assert probe.call("double", 2) == 4
        assert probe.call("len", [1]) == 1
        probe.call("wait", timeout_s=0.1)

    async def wait() -> None:
        await asyncio.Event().wait()

    names = {"double": double, "len": len, "wait": wait}
    late = run_check(exercise(do("t", check), app=None), session, names)
    missing = run_check(exercise(do("t", lambda probe: probe.call("no")), app=None), session, names)

    assert "0.1 seconds" in late.steps[0].actual
    assert "There's no `no`" in missing.skipped


def test_probe_reads_streams_and_sends_requests_at_the_same_time(run_step: RunStep) -> None:
    """A stream may never end, and two requests may need each other."""
    app = Routebook()
    gate = {"waiting": 0}

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def lines() -> AsyncIterator[str]:
            while True:
                yield "tick\n"
                await asyncio.sleep(0)

        return StreamingResponse(lines())

    @app.get("/meet")
    async def meet() -> int:
        gate["waiting"] += 1
        while gate["waiting"] < 2:
            await asyncio.sleep(0.001)
        return gate["waiting"]

    def check(probe: Probe) -> None:
        assert probe.lines("GET /stream", 3) == ["tick"] * 3
        assert [each.json for each in probe.together("GET /meet", "GET /meet")] == [2, 2]

    result = run_step(app, do("t", check))
    assert result.status == "passed", result.actual


@pytest.mark.parametrize(
    ("expected", "value", "place"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, "b"),
        ({"a": {"b": [1, int]}}, {"a": {"b": [1, "2"]}}, "a.b[1]"),
        (True, 1, ""),
        (float, 3, None),
        (int, True, ""),
        ([1], [1, 2], ""),
        (re.compile("^a"), "ba", ""),
        (lambda value: value > 3, "text", ""),
    ],
)
def test_pattern_finds_where_a_value_differs(expected: Any, value: Any, place: str | None) -> None:
    """The path helps learners to find the difference. None means there's none."""
    assert find_difference(expected, value, exactly=True) == place


def test_pattern_is_described_as_json_with_words() -> None:
    """Learners read it as the expected value."""
    assert describe_pattern({"id": int, "t": ["x", ...]}) == '{"id": a whole number, "t": ["x", …]}'


def test_credentials_are_not_shown(run_step: RunStep) -> None:
    """Neither credentials that the check sends nor those in the response."""
    app = Routebook()

    @app.post("/token")
    def token() -> dict[str, str]:
        return {"access_token": "abc123"}

    step = request("t", "POST /token", headers={"authorization": "Bearer xyz"}, json={"password": "hush"}, status=201)
    result = run_step(app, step)

    assert result.response is not None
    assert result.response.json == {"access_token": "abc123"}
    assert "abc123" not in result.response.shown
    assert "xyz" not in result.sent[0]
    assert "hush" not in result.sent[0]


@pytest.mark.parametrize("token", ["correct-horse-battery", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dGhlc2lnbmF0dXJl"])
def test_check_report_has_no_credentials_of_a_response(session: Session, token: str) -> None:
    """Neither in the results of steps nor in what a teacher's function or hint quotes."""
    app = Routebook()

    @app.post("/token")
    def log_in() -> dict[str, str]:
        return {"access_token": token, "token_type": "bearer"}

    @app.get("/fails")
    def fails() -> None:
        raise ValueError(f"no user for {token}")

    def quotes(probe: Probe) -> None:
        response = probe.post("/token")
        raise CheckFailedError(
            f"`{response.json['access_token']}` arrived, in {response.text}", hint=f"Send `{response.text}`."
        )

    result = run_steps(
        session,
        app,
        request("It logs in", "POST /token", json={"user": "ada"}, returns={"access_token": "another"}),
        do("It quotes", quotes),
        request("It fails", "GET /fails", headers={"Authorization": f"Bearer {token}"}, returns=1),
    )

    shown = "\n".join(str(step) for step in result.steps)
    facts = [(step.actual, step.hint, step.sent, step.response and step.response.body_text,
              step.response and step.response.failure_text) for step in result.steps]  # fmt: skip
    assert [step.status for step in result.steps] == ["failed"] * 3
    assert "•••" in shown
    assert token not in str(facts), facts
