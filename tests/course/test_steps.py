"""Each kind of step, judged against small applications in this process: what passes, what is said where it does not."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from routebook import BackgroundTasks, Depends, Routebook, WebSocket
from routebook.responses import StreamingResponse
from routebook_kernel.learn import Exercise, Missed, Probe, ask, closes, do, openapi, receive, send, socket, trace
from routebook_kernel.learn.checked import _waits
from routebook_kernel.learn.exercise import LessonError
from routebook_kernel.learn.judging import Verdict, judge
from routebook_kernel.learn.outcomes import Outcome
from routebook_kernel.learn.patterns import differs, told
from routebook_kernel.session import Session

Try = Callable[..., Outcome]


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    session = Session({})
    session.open()
    yield session
    session.close()


def exercise(*steps: Any, app: str | None = "app") -> Exercise:
    return Exercise("T", steps=steps, stub="# T", solution="1", another="2", hints=["h"], app=app)


def verdict_of(session: Session, app: Any, *steps: Any, **names: Any) -> Verdict:
    return judge(exercise(*steps), session, {"app": app, **names})


@pytest.fixture
def outcome(session: Session) -> Try:
    return lambda app, step, **names: verdict_of(session, app, step, **names).outcomes[0]


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


def test_header_that_may_be_anything_must_be_there(outcome: Try) -> None:
    """`...` in `has_headers` asks for the header itself, so one that was forgotten does not pass."""
    there, lost = (
        outcome(shop(), ask("t", "GET /items/3", has_headers={name: ...})) for name in ("content-type", "allow")
    )

    assert (there.kind, lost.kind) == ("passed", "failed")
    assert "allow" in lost.came


def test_answer_that_fits_passes_and_one_that_does_not_says_where(outcome: Try) -> None:
    """What was sent, asked and came are all there."""
    app = shop()

    fits = outcome(app, ask("t", "GET /items/3", gives={"id": int, "tags": [..., re.compile("b")], "ok": True}))
    differs = outcome(app, ask("t", "GET /items/3", has={"id": 4}))

    assert fits.kind == "passed"
    assert (differs.kind, differs.sent, differs.asked) == (
        "failed",
        ("GET /items/3",),
        '`200` with at least `{"id": 4}`',
    )
    assert differs.came == "see `id`"
    assert differs.answer is not None
    assert differs.answer.status == 200


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
def test_usual_mistakes_have_a_hint_without_a_lesson_saying_so(outcome: Try, request_line: str, hint: str) -> None:
    """A wrong path or method looks the same in every exercise."""
    assert hint in outcome(shop(), ask("t", request_line, gives=1)).hint


def test_first_mistake_that_what_came_shows_gives_the_hint(outcome: Try) -> None:
    """By a status, by a place that a 422 names, by a function; a function that stumbles says no."""
    app = shop()

    by_status = outcome(app, ask("t", "GET /items/3", status=201, mistakes={404: "no", 200: "not created"}))
    by_place = outcome(app, ask("t", "GET /items/x", mistakes={"query.item_id": "no", "path.item_id": "a number"}))
    by_function = outcome(
        app,
        ask("t", "GET /items/3", status=201, mistakes={lambda a: a.json["no"]: "no", lambda a: a.json["ok"]: "yes"}),
    )

    assert [by_status.hint, by_place.hint, by_function.hint] == ["not created", "a number", "yes"]


def test_handlers_that_never_end_or_raise_are_answers_not_ends(session: Session) -> None:
    """A learner's loop may not hang the kernel: blocking in a thread, waiting in the loop, holding the loop."""
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
    steps = [ask(path, f"GET {path}", timeout_s=0.2) for path in ("/sync", "/wait", "/hold", "/raise")]
    late, waiting, holding, raising = verdict_of(session, app, *steps).outcomes

    assert time.monotonic() - began < 25  # the endpoint that holds would take 30
    assert late.answer is not None
    assert "0.2 seconds" in late.answer.trouble
    assert waiting.kind == "failed"
    assert holding.answer is not None
    assert "blocking code" in holding.answer.trouble
    assert "ValueError: no" in raising.hint


def test_steps_wait_only_for_those_that_they_need(session: Session) -> None:
    """One that failed hides nothing that it has no part in."""
    verdict = verdict_of(
        session, shop(), ask("a", "GET /no"), ask("b", "GET /items/1"), ask("c", "GET /items/1", needs=1)
    )

    assert [each.kind for each in verdict.outcomes] == ["failed", "passed", "waiting"]
    assert verdict.outcomes[2].needs == (1,)


def test_checks_say_in_a_sentence_for_which_steps_one_waits(session: Session) -> None:
    """`once steps 1, 2 and 3 pass`: as one would say it."""
    steps = [ask(name, "GET /no") for name in "abc"]
    outcomes = verdict_of(session, shop(), *steps, ask("d", "GET /no", needs=1), ask("e", "GET /no", needs=(1, 2, 3)))

    assert [_waits(each) for each in outcomes.outcomes[3:]] == [
        "not tried; tried once step 1 passes",
        "not tried; tried once steps 1, 2 and 3 pass",
    ]


def test_step_may_need_only_steps_before_it() -> None:
    """A teacher's slip is told when the file is read."""
    with pytest.raises(LessonError, match="step 1"):
        exercise(ask("a", "GET /", needs=1))


@pytest.mark.parametrize(
    ("names", "text"),
    [({}, "There is no `app` in this notebook"), ({"app": 5}, "`app` is no application but of type `int`")],
)
def test_missing_application_is_said_kindly(session: Session, names: dict[str, Any], text: str) -> None:
    """It is no failed check: the first cell was not run."""
    verdict = judge(exercise(ask("t", "GET /")), session, names)

    assert text in verdict.stopped
    assert not verdict.outcomes


def test_document_is_read_with_its_references_followed(outcome: Try) -> None:
    """No model's name matters; parameters, bodies and responses are found by their place."""
    app = shop()

    assert outcome(app, openapi("t", "GET /items/{item_id}: item_id", has={"in": "path"})).kind == "passed"
    refused = openapi("t", "GET /items/{item_id}: 422", has={"properties": {"detail": {"type": "array"}}})
    assert outcome(app, refused).kind == "passed"
    wrong = outcome(app, openapi("t", "GET /items/{item_id}", has={"summary": "Get"}, mistakes={lambda o: o: "say so"}))
    nothing = outcome(app, openapi("t", "GET /no"))
    other_name = outcome(app, openapi("t", "GET /items/{number}"))
    assert (wrong.kind, wrong.hint) == ("failed", "say so")
    assert nothing.came == "nothing of it"
    assert other_name.kind == "passed"


def test_trace_counts_and_orders_what_ran(outcome: Try) -> None:
    """How often a dependency ran, and that its end came after the endpoint."""
    app = Routebook()

    async def get_db() -> AsyncIterator[int]:
        yield 1

    def user(db: int = Depends(get_db)) -> int:
        return db

    @app.get("/")
    def read(tasks: BackgroundTasks, db: int = Depends(get_db), user: int = Depends(user)) -> None: ...

    order = ("dependency get_db", "endpoint", "teardown get_db")
    right = outcome(app, trace("t", "GET /", runs={"dependency get_db": 1, "cache hit": 1}, order=order))
    wrong = outcome(app, trace("t", "GET /", runs={"get_db": 7}))

    assert right.kind == "passed"
    assert wrong.asked == "`get_db` 7 times"
    assert "`dependency get_db`" in wrong.came


def test_dialogue_through_a_websocket_is_held_line_by_line(outcome: Try) -> None:
    """What is heard, how it ends, and what came instead."""
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

    def hold(url: str, *dialogue: Any, **options: Any) -> Outcome:
        return outcome(app, socket("t", url, *dialogue, **options))

    assert hold("/ws", send("hi"), receive("said hi"), send("bye"), closes(4000)).kind == "passed"
    assert hold("/ws?key=json", send("hi"), receive({"said": str})).kind == "passed"
    assert hold("/ws?key=no", closes(1008)).kind == "passed"
    other = hold("/ws", send("hi"), receive("hi"), mistakes={"said": "leave it out"})
    assert (other.asked, other.came, other.hint) == ("`hi`", "said hi", "leave it out")
    refused = hold("/ws?key=no", send("hi"), receive("said hi"), mistakes={1008: "let them in"})
    assert (refused.kind, refused.hint) == ("failed", "let them in")
    ended = hold("/ws", send("bye"), receive("said bye"))
    assert "4000" in ended.came
    code = hold("/ws", send("bye"), closes(1000))
    assert (code.kind, code.asked) == ("failed", "that it closes with `1000`")
    untyped = hold("/untyped", send("hi"), mistakes={1008: "let them in"})
    assert "the parameter of the type `WebSocket`" in untyped.hint
    missing = hold("/other", send("hi"))
    assert missing.kind == "failed"


def test_silent_websocket_is_not_waited_for_for_ever(outcome: Try, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dialogue has a time limit; the line that was due is named."""
    monkeypatch.setattr("routebook_kernel.learn.sockets.PATIENCE_S", 0.2)
    app = Routebook()

    @app.websocket("/ws")
    async def silent(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.receive_text()
        await websocket.receive_text()

    came = outcome(app, socket("t", "/ws", send("hi"), receive("hi")))

    assert (came.kind, came.asked) == ("failed", "`hi`")
    assert "0.2 seconds" in came.came


def test_function_step_says_what_it_says(outcome: Try) -> None:
    """`Missed`, an `assert` and any other exception end a step, not the check."""
    app = shop()

    def asserts(probe: Probe) -> None:
        assert probe.get("/items/3").json["id"] == 4, "it was 3"

    def misses(probe: Probe) -> None:
        raise Missed("that", asked="this", hint="so")

    def stumbles(probe: Probe) -> None:
        probe.get("/items/3").json["price"]

    asserted, missed, stumbled = (outcome(app, do("t", each)) for each in (asserts, misses, stumbles))

    assert (asserted.came, asserted.sent) == ("it was 3", ("GET /items/3",))
    assert (missed.asked, missed.came, missed.hint) == ("this", "that", "so")
    assert "KeyError" in stumbled.came
    assert outcome(app, do("t", lambda probe: probe.get("/items/3"))).kind == "passed"


def test_probe_calls_the_learners_functions_with_a_time_limit(session: Session) -> None:
    """Sync and async ones; a missing name stops the check kindly, a loop ends."""

    async def double(n: int) -> int:
        return 2 * n

    def check(probe: Probe) -> None:
        assert probe.call("double", 2) == 4
        assert probe.call("len", [1]) == 1
        probe.call("wait", timeout_s=0.1)

    async def wait() -> None:
        await asyncio.Event().wait()

    names = {"double": double, "len": len, "wait": wait}
    late = judge(exercise(do("t", check), app=None), session, names)
    missing = judge(exercise(do("t", lambda probe: probe.call("no")), app=None), session, names)

    assert "0.1 seconds" in late.outcomes[0].came
    assert "There is no `no`" in missing.stopped


def test_streams_and_simultaneous_requests(outcome: Try) -> None:
    """The first lines of an endless stream; requests that run at the same time."""
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

    came = outcome(app, do("t", check))
    assert came.kind == "passed", came.came


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
def test_patterns_say_where_a_value_differs(expected: Any, value: Any, place: str | None) -> None:
    """A place that a person can find in what is shown; None where it fits."""
    assert differs(expected, value, exactly=True) == place


def test_patterns_are_told_in_words() -> None:
    """What is asked reads as JSON with words in it."""
    assert told({"id": int, "t": ["x", ...]}) == '{"id": a whole number, "t": ["x", …]}'


def test_credentials_are_not_shown(outcome: Try) -> None:
    """Neither those that the check sends nor those that come back."""
    app = Routebook()

    @app.post("/token")
    def token() -> dict[str, str]:
        return {"access_token": "abc123"}

    step = ask("t", "POST /token", headers={"authorization": "Bearer xyz"}, json={"password": "hush"}, status=201)
    came = outcome(app, step)

    assert came.answer is not None
    assert came.answer.json == {"access_token": "abc123"}
    assert "abc123" not in came.answer.shown
    assert "xyz" not in came.sent[0]
    assert "hush" not in came.sent[0]


@pytest.mark.parametrize("token", ["correct-horse-battery", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dGhlc2lnbmF0dXJl"])
def test_what_a_check_shows_holds_no_credential_of_a_response(session: Session, token: str) -> None:
    """Neither in the facts of a step nor in what a teacher's function or hint quotes."""
    app = Routebook()

    @app.post("/token")
    def log_in() -> dict[str, str]:
        return {"access_token": token, "token_type": "bearer"}

    @app.get("/fails")
    def fails() -> None:
        raise ValueError(f"no user for {token}")

    def quotes(probe: Probe) -> None:
        answer = probe.post("/token")
        raise Missed(f"`{answer.json['access_token']}` came, in {answer.text}", hint=f"Send `{answer.text}`.")

    verdict = verdict_of(
        session,
        app,
        ask("It logs in", "POST /token", json={"user": "ada"}, gives={"access_token": "another"}),
        do("It quotes", quotes),
        ask("It fails", "GET /fails", headers={"Authorization": f"Bearer {token}"}, gives=1),
    )

    shown = "\n".join(str(outcome) for outcome in verdict.outcomes)
    facts = [(outcome.came, outcome.hint, outcome.sent, outcome.answer and outcome.answer.body_text,
              outcome.answer and outcome.answer.failure_text) for outcome in verdict.outcomes]  # fmt: skip
    assert [outcome.kind for outcome in verdict.outcomes] == ["failed"] * 3
    assert "•••" in shown
    assert token not in str(facts), facts
