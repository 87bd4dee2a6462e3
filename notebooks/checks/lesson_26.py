"""Lesson 26: the capstone. Search, readers, a stream and tests, over whatever text the course has at the time."""

import json
from contextlib import contextmanager

from routebook.testclient import TestClient
from routebook_kernel.learn import CheckFailedError, Exercise, Lesson, Mistake, do, openapi, request

ADA = {"Authorization": "Bearer t-ada"}
BO = {"Authorization": "Bearer t-bo"}
STRANGER = {"Authorization": "Bearer t-mallory"}
QUESTIONS = ("dependency with yield", "what closes a websocket?")


def found_by(probe, question, limit=5):
    """The ids that the lesson's index finds."""
    return [passage["id"] for _, passage in probe.value("index").search(question, limit)]


def results_of(probe, params):
    answer = probe.get("/search", params=params)
    results = answer.json.get("results") if isinstance(answer.json, dict) else None
    if answer.status != 200:
        raise CheckFailedError(f"status {answer.status}", expected="200")
    if not isinstance(results, list):
        raise CheckFailedError(answer.text[:80], expected="an object with `query` and `results`, a list")
    if not all(isinstance(each, dict) for each in results):
        hint = "`index.search` gives pairs: `for score, passage in index.search(…)`. Make a dictionary of each."
        raise CheckFailedError(
            f"`{results[0]}`"[:80], expected="results with `id`, `lesson`, `heading` and `score`", hint=hint
        )
    return results, answer.json


def _finds_passages(probe):
    for question in QUESTIONS:
        results, body = results_of(probe, {"q": question})
        wanted = found_by(probe, question)
        if body.get("query") != question:
            raise CheckFailedError(f"`query` is `{body.get('query')!r}`", expected=f"`query` is `{question!r}`")
        if results and (missing := {"id", "lesson", "heading", "score"} - set(results[0])):
            raise CheckFailedError(
                f"no `{'`, `'.join(sorted(missing))}`", expected="results with `id`, `lesson`, `heading` and `score`"
            )
        ids = [each["id"] for each in results]
        if ids != wanted:
            hint = "Give back what `index.search(q, limit)` finds, in its order."
            if len(ids) != len(wanted):
                hint = "Without `limit` there are 5 results: a default of 5, handed over to `index.search`."
            raise CheckFailedError(
                f"{len(ids)} results: {', '.join(ids[:6])}", expected=f"{', '.join(wanted)}", hint=hint
            )
        if any("text" in each for each in results):
            raise CheckFailedError(
                "the results hold the text",
                expected="results without the text",
                hint=(
                    "The text is for readers with a token. Name the four fields, or declare a model of them as the type of "
                    "the response: what it does not name is left out."
                ),
            )


def _keeps_limit(probe):
    for limit in (1, 20):
        ids = [each["id"] for each in results_of(probe, {"q": "request", "limit": limit})[0]]
        if ids != found_by(probe, "request", limit):
            hint = "Hand `limit` over to `index.search`."
            raise CheckFailedError(f"{len(ids)} results", expected=f"{limit} results with `limit={limit}`", hint=hint)


search = Exercise(
    "Find passages",
    steps=[
        do("The best passages are found, without their text", _finds_passages),
        do("`limit` is kept", _keeps_limit, needs=1),
        request("Nothing found is no error", "GET /search?q=qqqqzzzz", includes={"results": []}),
        request(
            "A question is required",
            "GET /search",
            names="query.q",
            mistakes={200: "`q` must not have a default: then it is required."},
            needs=1,
        ),
        request(
            "One letter is no question",
            "GET /search?q=a",
            names="query.q",
            mistakes={200: "`Query(min_length=2)` refuses what is shorter."},
            needs=1,
        ),
        request(
            "A limit of 0 is refused",
            "GET /search?q=path&limit=0",
            names="query.limit",
            mistakes={200: "`Query(ge=1, le=20)` keeps the limit between the two."},
            needs=1,
        ),
        request(
            "A limit of 21 is refused",
            "GET /search?q=path&limit=21",
            names="query.limit",
            mistakes={200: "`Query(ge=1, le=20)` keeps the limit between the two."},
            needs=1,
        ),
        openapi(
            "It is documented as open to all", "GET /search", where=("no security", lambda it: not it.get("security"))
        ),
    ],
    hints=[
        "Two parameters with rules: `q: Annotated[str, Query(min_length=2)]`, `limit: Annotated[int, Query(ge=1, le=20)] = 5`.",
        "`index.search(q, limit)` gives pairs of score and passage.",
        "A model `Result` with four fields; `Result(score=score, **passage)` takes what it needs from the passage.",
    ],
    stub="""
        # Exercise 26.1: GET /search?q=…&limit=… answers {"query": …, "results": […]}
    """,
    solution="""
        # Exercise 26.1: GET /search?q=…&limit=… answers {"query": …, "results": […]}
        class Result(BaseModel):
            id: str
            lesson: int
            heading: str
            score: float


        class Results(BaseModel):
            query: str
            results: list[Result]


        @app.get("/search")
        def search(q: Annotated[str, Query(min_length=2)], limit: Annotated[int, Query(ge=1, le=20)] = 5) -> Results:
            results = [Result(score=score, **passage) for score, passage in index.search(q, limit)]
            return Results(query=q, results=results)
    """,
    another="""
        # Exercise 26.1: GET /search?q=…&limit=… answers {"query": …, "results": […]}
        @app.get("/search")
        async def find(q: str = Query(min_length=2), limit: int = Query(5, ge=1, le=20)):
            shown = ("id", "lesson", "heading")
            found = index.search(q, limit=limit)
            return {"query": q, "results": [{name: p[name] for name in shown} | {"score": round(s, 3)} for s, p in found]}
    """,
    mistakes=[
        Mistake(
            '@app.get("/search")\ndef search(q: str, limit: int = 5):\n'
            '    return {"query": q, "results": index.search(q, limit)}',
            "gives pairs",
        ),
        Mistake(
            '@app.get("/search")\ndef search(q: str, limit: int = 5):\n'
            '    return {"query": q, "results": [{"score": s, **p} for s, p in index.search(q, limit)]}',
            "The text is for readers",
        ),
        Mistake(
            "class Result(BaseModel):\n    id: str\n    lesson: int\n    heading: str\n    score: float\n\n\n"
            '@app.get("/search")\ndef search(q: str, limit: int = 5):\n'
            '    return {"query": q, "results": [Result(score=s, **p) for s, p in index.search(q)]}',
            "Hand `limit` over",
        ),
        Mistake(
            "class Result(BaseModel):\n    id: str\n    lesson: int\n    heading: str\n    score: float\n\n\n"
            '@app.get("/search")\ndef search(q: str = "", limit: int = 5):\n'
            '    return {"query": q, "results": [Result(score=s, **p) for s, p in index.search(q, limit)]}',
            "must not have a default",
        ),
        Mistake(
            "class Result(BaseModel):\n    id: str\n    lesson: int\n    heading: str\n    score: float\n\n\n"
            '@app.get("/search")\ndef search(q: str, limit: int = 5):\n'
            '    return {"query": q, "results": [Result(score=s, **p) for s, p in index.search(q, limit)]}',
            "refuses what is shorter",
        ),
    ],
    learned="The index does the work; the operation says what may be asked, and what is shown.",
)

_BEARER = {"www-authenticate": "Bearer"}
_REFUSAL = {
    200: "Anybody reads this. Look the token up in `TOKENS`, in a dependency, and raise a `401` where it is not there.",
    500: "A token that is not in `TOKENS` raises a `KeyError`. `TOKENS.get(…)` gives `None` instead.",
    403: "Nobody is known yet: that is a `401`. A `403` is for somebody who is known, and may not.",
    lambda answer: answer.status == 401 and "www-authenticate" not in answer.headers: (
        'The header is missing: `HTTPException(401, "…", headers={"WWW-Authenticate": "Bearer"})`.'
    ),
}


def refused(title, line, headers=None, needs=()):
    """A step: the door is shut."""
    return request(title, line, headers=headers or {}, status=401, has_headers=_BEARER, mistakes=_REFUSAL, needs=needs)


def first_id(probe, number=0):
    """The id of one of the passages."""
    return probe.value("passages")[number]["id"]


def _reads_passages(probe):
    for number in (0, -1):
        passage = probe.value("passages")[number]
        answer = probe.get(f"/passages/{passage['id']}", headers=ADA)
        if answer.json != passage:
            hint = ""
            if answer.status == 401:
                hint = "Ada's token was refused. It stands in `credentials.credentials`; `TOKENS` gives the reader."
            elif answer.status == 422:
                hint = "An id is a text, such as `1-load-text`."
            elif answer.status == 200:
                hint = "Compare: `id`, `lesson`, `heading` and `text` of the passage that was asked for."
            raise CheckFailedError(
                f"{answer.status} `{answer.text[:80]}`", expected=f"the passage `{passage['id']}`", hint=hint
            )


def history_of(probe, headers):
    answer = probe.get("/history", headers=headers)
    if not isinstance(answer.json, list):
        raise CheckFailedError(f"{answer.status} `{answer.text[:80]}`", expected="a list of ids")
    return answer.json


def _remembers(probe):
    first, second = first_id(probe), first_id(probe, 1)
    before = {"Ada": history_of(probe, ADA), "Bo": history_of(probe, BO)}
    for passage, headers in ((first, ADA), (second, BO), ("none", ADA), (second, ADA)):
        probe.get(f"/passages/{passage}", headers=headers)
    came = history_of(probe, ADA)
    if "none" in came[len(before["Ada"]) :]:
        hint = "Nobody reads what there is not: add the id only when the passage is found."
        raise CheckFailedError(f"`{came[-3:]}`", expected=f"Ada has read `{[first, second]}`", hint=hint)
    if came[len(before["Ada"]) :] == [first, second, second] and history_of(probe, BO) == came:
        hint = "Ada sees what Bo has read. Keep a list for each reader: a dictionary with the reader's name as its key."
        raise CheckFailedError(f"`{came[-3:]}`", expected=f"Ada has read `{[first, second]}`", hint=hint)
    if came != before["Ada"] + [first, second]:
        hint = "Each passage that is read is added at the end, once for each time that it was read."
        raise CheckFailedError(f"`{came[-3:]}`", expected=f"at the end `{[first, second]}`, in this order", hint=hint)
    if history_of(probe, BO) != before["Bo"] + [second]:
        raise CheckFailedError(f"Bo: `{history_of(probe, BO)[-3:]}`", expected=f"Bo has read `{[second]}`")


readers = Exercise(
    "Readers with a token",
    steps=[
        do("Ada reads a passage", _reads_passages),
        refused("Without a token passages are closed", "GET /passages/1-load-text"),
        refused("A token that nobody has is refused", "GET /passages/1-load-text", STRANGER),
        refused("A passage that there is not is closed, too", "GET /passages/none", STRANGER),
        request(
            "For Ada, a passage that there is not is a 404",
            "GET /passages/none",
            headers=ADA,
            status=404,
            mistakes={
                500: "No passage has this id. Look it up with `.get(id)`, and raise an `HTTPException(404)`.",
                200: "No passage has this id: raise an `HTTPException(404)`.",
            },
            needs=1,
        ),
        do("Each reader has a history", _remembers, needs=1),
        refused("The history is closed", "GET /history"),
        refused("A stranger sees no history", "GET /history", STRANGER),
    ],
    hints=[
        "One dependency: it takes what `HTTPBearer()` reads, looks `credentials.credentials` up in `TOKENS`, and returns the reader.",
        '`raise HTTPException(401, "Who are you?", headers={"WWW-Authenticate": "Bearer"})` where the token is unknown.',
        '`by_id = {passage["id"]: passage for passage in passages}`, and `history = {name: [] for name in TOKENS.values()}`.',
    ],
    stub="""
        # Exercise 26.2: GET /passages/{id} and GET /history, for readers with a token of TOKENS
    """,
    solution="""
        # Exercise 26.2: GET /passages/{id} and GET /history, for readers with a token of TOKENS
        by_id = {passage["id"]: passage for passage in passages}
        history = {}


        def reader(credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]):
            name = TOKENS.get(credentials.credentials)
            if name is None:
                raise HTTPException(401, "We do not know this token", headers={"WWW-Authenticate": "Bearer"})
            return name


        Reader = Annotated[str, Depends(reader)]


        @app.get("/passages/{id}")
        def read_passage(id: str, reader: Reader):
            if id not in by_id:
                raise HTTPException(404, "There is no such passage")
            history.setdefault(reader, []).append(id)
            return by_id[id]


        @app.get("/history")
        def read_history(reader: Reader):
            return history.get(reader, [])
    """,
    another="""
        # Exercise 26.2: GET /passages/{id} and GET /history, for readers with a token of TOKENS
        from routebook import APIRouter, Request, Security

        scheme = HTTPBearer(auto_error=False)
        log = []


        async def who(request: Request, given: HTTPAuthorizationCredentials | None = Security(scheme)) -> None:
            if given is None or given.credentials not in TOKENS:
                raise HTTPException(status_code=401, headers={"www-authenticate": "Bearer"})
            request.state.reader = TOKENS[given.credentials]


        members = APIRouter(dependencies=[Depends(who)])


        @members.get("/passages/{passage_id}")
        async def passage(passage_id: str, request: Request) -> dict[str, str | int]:
            found = next((each for each in passages if each["id"] == passage_id), None)
            if not found:
                raise HTTPException(status_code=404)
            log.append((request.state.reader, passage_id))
            return found


        @members.get("/history")
        async def mine(request: Request) -> list[str]:
            return [passage_id for name, passage_id in log if name == request.state.reader]


        app.include_router(members)
    """,
    mistakes=[
        Mistake(
            "def check(given: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]):\n"
            "    if given.credentials not in TOKENS:\n"
            "        raise HTTPException(401, headers={'WWW-Authenticate': 'Bearer'})\n    return TOKENS[given.credentials]\n\n\n"
            "seen = {}\n\n\n"
            '@app.get("/passages/{id}")\ndef read(id: str, reader: Annotated[str, Depends(check)]):\n'
            "    seen.setdefault(reader, []).append(id)\n    for passage in passages:\n"
            '        if passage["id"] == id:\n            return passage\n    raise HTTPException(404)\n\n\n'
            '@app.get("/history")\ndef history(reader: Annotated[str, Depends(check)]):\n'
            "    return seen.get(reader, [])",
            "Nobody reads what there is not",
        ),
        Mistake(
            '@app.get("/passages/{id}")\n'
            "def read(id: str, token: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]):\n"
            "    for passage in passages:\n        if passage['id'] == id:\n            return passage",
            "Anybody reads this",
        ),
        Mistake(
            "def reader(given: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]):\n"
            "    return TOKENS[given.credentials]\n\n\n"
            '@app.get("/passages/{id}")\ndef read(id: str, reader: Annotated[str, Depends(reader)]):\n'
            "    return next(passage for passage in passages if passage['id'] == id)",
            "raises a `KeyError`",
        ),
        Mistake(
            "def reader(given: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]):\n"
            "    if given.credentials not in TOKENS:\n        raise HTTPException(401)\n"
            "    return TOKENS[given.credentials]\n\n\n"
            '@app.get("/passages/{id}")\ndef read(id: str, reader: Annotated[str, Depends(reader)]):\n'
            "    return next(passage for passage in passages if passage['id'] == id)",
            "The header is missing",
        ),
        Mistake(
            "def reader(given: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]):\n"
            "    if str(given) not in TOKENS:\n        raise HTTPException(401)\n\n\n"
            '@app.get("/passages/{id}")\ndef read(id: str, reader: Annotated[str, Depends(reader)]):\n'
            "    return next(passage for passage in passages if passage['id'] == id)",
            "It stands in `credentials.credentials`",
        ),
        Mistake(
            "seen = []\n\n\ndef reader(given: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]):\n"
            "    if given.credentials not in TOKENS:\n"
            "        raise HTTPException(401, headers={'WWW-Authenticate': 'Bearer'})\n\n\n"
            '@app.get("/passages/{id}", dependencies=[Depends(reader)])\ndef read(id: str):\n'
            "    for passage in passages:\n        if passage['id'] == id:\n            seen.append(id)\n"
            "            return passage\n    raise HTTPException(404)\n\n\n"
            '@app.get("/history", dependencies=[Depends(reader)])\ndef history():\n    return seen',
            "Ada sees what Bo has read",
        ),
    ],
    learned="The door stands in one place, a dependency; what is behind it knows the reader, and nothing of tokens.",
)


def events_of(answer):
    """A stream's events: pairs of type and data."""
    events = []
    for block in answer.text.replace("\r\n", "\n").split("\n\n"):
        fields = [line.partition(":") for line in block.splitlines() if line and not line.startswith(":")]
        if fields:
            values = {name: value.removeprefix(" ") for name, _, value in fields}
            events.append((values.get("event", "message"), values.get("data", "")))
    return events


def plain(data):
    """An event's data: JSON, or text as it was sent."""
    try:
        return json.loads(data)
    except ValueError:
        return data


def _tells_sources(probe):
    for question in QUESTIONS:
        answer = probe.get("/answer", params={"q": question}, headers=ADA)
        if answer.status != 200 or not answer.headers.get("content-type", "").startswith("text/event-stream"):
            hint = ""
            if answer.status == 200:
                hint = "`@app.get(…, response_class=EventSourceResponse)`, and a function that yields, make a stream of events."
            raise CheckFailedError(
                f"{answer.status} {answer.headers.get('content-type', '')}", expected="server-sent events", hint=hint
            )
        events = events_of(answer)
        kind, data = events[0] if events else ("no event", "")
        if kind != "sources":
            hint = 'The type is named with `ServerSentEvent(event="sources", data=…)`.'
            raise CheckFailedError(f"first `{kind}`", expected="first an event of the type `sources`", hint=hint)
        if plain(data) != found_by(probe, question, 3):
            hint = 'Its data is the list of the ids, in JSON: `data=[passage["id"] for …]`.'
            if plain(data) == found_by(probe, question):
                hint = "At most three: `index.search(q, limit=3)`."
            raise CheckFailedError(
                f"`{data[:80]}`", expected=f"`{json.dumps(found_by(probe, question, 3))}`", hint=hint
            )


def _sends_words(probe):
    for question in QUESTIONS:
        before = len(probe.value("composed"))
        answer = probe.get("/answer", params={"q": question}, headers=ADA)
        made = probe.value("composed")[before:]
        events = events_of(answer)[1:]
        if [plain(data) for kind, data in events if kind == "word"] != made or not made:
            came = ", ".join(f"{kind} {data}" for kind, data in events[:3])
            hint = "`async for word in compose(…)`, with the passages that were found, and in it a `yield` of an event `word`."
            if answer.failure is not None and "tuple" in answer.failure.message:
                hint = "`compose` takes passages; `index.search` gives pairs: `[passage for _, passage in …]`."
            raise CheckFailedError(
                f"after the sources: {came or 'nothing'}"[:120], expected="an event `word` for each word", hint=hint
            )
        if not events or events[-1] != ("done", str(len(made))):
            hint = "After the loop one more event, with the number of words that were sent."
            raise CheckFailedError(
                f"at the end: `{events[-1]}`", expected=f"at the end `done`, with the data `{len(made)}`", hint=hint
            )


def _does_not_wait(probe):
    composed = probe.value("composed")
    before = len(composed)
    probe.lines("GET /answer?q=dependency", 4, headers=ADA)  # the sources and the first word, two lines each
    if len(composed) - before >= 25:
        raise CheckFailedError(
            "the first word came when all words were made",
            expected="each event is sent as soon as it can be",
            hint="All words are gathered first, in a list. Yield the sources before, and each word inside the `async for`.",
        )


answering = Exercise(
    "An answer, word by word",
    steps=[
        refused("Without a token there is no answer", "GET /answer?q=status"),
        refused("A stranger gets none", "GET /answer?q=status", STRANGER),
        do("First it says where the answer comes from", _tells_sources),
        do("Then come the words, and the end", _sends_words, needs=3),
        do("Nothing waits for the last word", _does_not_wait, needs=4),
        request(
            "Where nothing is found it ends at once",
            "GET /answer?q=qqqqzzzz",
            headers=ADA,
            where=(
                "`sources` with an empty list, and `done` with 0",
                lambda answer: (
                    [(kind, plain(data)) for kind, data in events_of(answer)] == [("sources", []), ("done", 0)]
                ),
            ),
            needs=4,
        ),
    ],
    hints=[
        "Three parts in one `async def` with `response_class=EventSourceResponse`: a `yield`, an `async for` with a `yield`, a `yield`.",
        "`found = [passage for _, passage in index.search(q, 3)]`; the ids of it go out first, then it goes into `compose`.",
        '`yield ServerSentEvent(event="word", data=word)`; a counter goes along, for `done`.',
    ],
    stub="""
        # Exercise 26.3: GET /answer?q=… streams the events sources, word …, done, for readers with a token
    """,
    solution="""
        # Exercise 26.3: GET /answer?q=… streams the events sources, word …, done, for readers with a token
        def check_token(given: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]):
            if given.credentials not in TOKENS:
                raise HTTPException(401, "We do not know this token", headers={"WWW-Authenticate": "Bearer"})


        @app.get("/answer", response_class=EventSourceResponse, dependencies=[Depends(check_token)])
        async def answer(q: str):
            found = [passage for _, passage in index.search(q, 3)]
            yield ServerSentEvent(event="sources", data=[passage["id"] for passage in found])
            count = 0
            async for word in compose(found):
                yield ServerSentEvent(event="word", data=word)
                count += 1
            yield ServerSentEvent(event="done", data=count)
    """,
    another="""
        # Exercise 26.3: GET /answer?q=… streams the events sources, word …, done, for readers with a token
        from routebook import Header
        from routebook.responses import StreamingResponse


        def event(kind, data):
            return f"event: {kind}\\ndata: {json.dumps(data)}\\n\\n"


        async def told(question):
            found = [passage for _, passage in index.search(question, limit=3)]
            yield event("sources", [passage["id"] for passage in found])
            words_sent = 0
            async for words_sent, word in numbered(compose(found)):
                yield event("word", word)
            yield event("done", words_sent)


        async def numbered(items):
            number = 0
            async for item in items:
                number += 1
                yield number, item


        @app.get("/answer")
        async def ask(q: str, authorization: Annotated[str, Header()] = ""):
            if authorization.removeprefix("Bearer ") not in TOKENS:
                raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})
            return StreamingResponse(told(q), media_type="text/event-stream")
    """,
    mistakes=[
        Mistake(
            "def check(given: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]):\n"
            "    if given.credentials not in TOKENS:\n"
            "        raise HTTPException(401, headers={'WWW-Authenticate': 'Bearer'})\n\n\n\n"
            '@app.get("/answer", response_class=EventSourceResponse, dependencies=[Depends(check)])\n'
            "async def answer(q: str):\n    found = [p for _, p in index.search(q)]\n"
            '    yield ServerSentEvent(event="sources", data=[p["id"] for p in found])\n'
            '    async for word in compose(found):\n        yield ServerSentEvent(event="word", data=word)',
            "At most three",
        ),
        Mistake(
            "def check(given: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]):\n"
            "    if given.credentials not in TOKENS:\n"
            "        raise HTTPException(401, headers={'WWW-Authenticate': 'Bearer'})\n\n\n\n"
            '@app.get("/answer", response_class=EventSourceResponse, dependencies=[Depends(check)])\n'
            "async def answer(q: str):\n    found = index.search(q, limit=3)\n"
            '    yield ServerSentEvent(event="sources", data=[p["id"] for _, p in found])\n'
            '    async for word in compose(found):\n        yield ServerSentEvent(event="word", data=word)',
            "`index.search` gives pairs",
        ),
        Mistake(
            '@app.get("/answer", response_class=EventSourceResponse)\nasync def answer(q: str):\n'
            "    found = [p for _, p in index.search(q, 3)]\n    async for word in compose(found):\n"
            '        yield ServerSentEvent(event="word", data=word)',
            "Anybody reads this",
        ),
        Mistake(
            '@app.get("/answer", response_class=EventSourceResponse)\nasync def answer(q: str):\n'
            "    found = [p for _, p in index.search(q, 3)]\n    yield [p['id'] for p in found]",
            "The type is named",
        ),
        Mistake(
            '@app.get("/answer")\nasync def answer(q: str):\n'
            "    found = [p for _, p in index.search(q, 3)]\n    return [word async for word in compose(found)]",
            "make a stream of events",
        ),
        Mistake(
            "def check(given: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]):\n"
            "    if given.credentials not in TOKENS:\n"
            "        raise HTTPException(401, headers={'WWW-Authenticate': 'Bearer'})\n\n\n"
            '@app.get("/answer", response_class=EventSourceResponse, dependencies=[Depends(check)])\n'
            "async def answer(q: str):\n    found = [p for _, p in index.search(q, 3)]\n"
            "    made = [word async for word in compose(found)]\n"
            '    yield ServerSentEvent(event="sources", data=[p["id"] for p in found])\n'
            '    for word in made:\n        yield ServerSentEvent(event="word", data=word)\n'
            '    yield ServerSentEvent(event="done", data=len(made))',
            "gathered first",
        ),
        Mistake(
            "def check(given: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]):\n"
            "    if given.credentials not in TOKENS:\n"
            "        raise HTTPException(401, headers={'WWW-Authenticate': 'Bearer'})\n\n\n"
            '@app.get("/answer", response_class=EventSourceResponse, dependencies=[Depends(check)])\n'
            "async def answer(q: str):\n    found = [p for _, p in index.search(q, 3)]\n"
            '    yield ServerSentEvent(event="sources", data=[p["id"] for p in found])\n'
            "    made = [word async for word in compose(found)]\n"
            '    for word in made:\n        yield ServerSentEvent(event="word", data=word)\n'
            '    yield ServerSentEvent(event="done", data=len(made))',
            "gathered first",
        ),
        Mistake(
            "def check(given: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]):\n"
            "    if given.credentials not in TOKENS:\n"
            "        raise HTTPException(401, headers={'WWW-Authenticate': 'Bearer'})\n\n\n"
            '@app.get("/answer", response_class=EventSourceResponse, dependencies=[Depends(check)])\n'
            "async def answer(q: str):\n    found = [p for _, p in index.search(q, 3)]\n"
            '    yield ServerSentEvent(event="sources", data=[p["id"] for p in found])\n'
            '    async for word in compose(found):\n        yield ServerSentEvent(event="word", data=word)',
            "one more event",
        ),
    ],
    learned="The refusal comes before the stream, as a status; after the first event no status can be sent any more.",
)


class Everybody(dict):
    """Tokens that let anybody in."""

    def __contains__(self, token):
        return True

    def get(self, token, default=None):
        return "Ada"

    def __getitem__(self, token):
        return "Ada"


class Turned:
    """An index that gives the worst first, or nothing."""

    def __init__(self, index, turn):
        self.index, self.turn = index, turn

    def search(self, text, limit=5):
        return self.turn(self.index.search(text, limit))


@contextmanager
def changed(probe, name, value):
    """The notebook with another value under this name."""
    before = probe.value(name)
    probe.namespace[name] = value
    try:
        yield
    finally:
        probe.namespace[name] = before


def complaint(probe, name):
    """What a test complains of; None where it passes."""
    try:
        given = probe.call(name, TestClient(probe.app))
    except CheckFailedError:
        raise
    except Exception as error:
        return error
    if given is not None:
        hint = "What a test returns is looked at by nobody. Write `assert` where `return` stands."
        raise CheckFailedError(f"`{name}` returned `{given!r}`", expected="a test that asserts", hint=hint)
    return None


def _passes(probe):
    for name in ("test_search", "test_closed"):
        if (error := complaint(probe, name)) is not None:
            hint = ""
            if isinstance(error, KeyError | TypeError):
                hint = "Are exercises 26.1 and 26.2 done? A test needs the operations that it asks."
            elif isinstance(error, AssertionError):
                hint = "The service is right here. Look at what the test expects, and which path it asks."
            raise CheckFailedError(
                f"`{type(error).__name__}: {error}`", expected=f"`{name}` passes with your service", hint=hint
            )


def _finds_bad_search(probe):
    index = probe.value("index")
    for bug, turn, hint in (
        (
            "nothing is found",
            lambda found: [],
            "Search for something that is in the course, and assert that `results` is not empty.",
        ),
        (
            "the worst comes first",
            lambda found: found[::-1],
            "Take the scores of the results: `assert scores == sorted(scores, reverse=True)`, with a question that finds several.",
        ),
    ):
        with changed(probe, "index", Turned(index, turn)):
            if complaint(probe, "test_search") is None:
                raise CheckFailedError(f"with the bug that {bug}, it passed", expected="`test_search` fails", hint=hint)


def _finds_open_door(probe):
    with changed(probe, "TOKENS", Everybody(probe.value("TOKENS"))):
        if complaint(probe, "test_closed") is None:
            raise CheckFailedError(
                "every token opens the passages, and it passed",
                expected="`test_closed` fails",
                hint='Send a token that nobody has, `headers={"Authorization": "Bearer wrong"}`, and assert that it is a 401.',
            )


tests = Exercise(
    "Tests for search and doors",
    steps=[
        do("Both tests pass with your service", _passes),
        do("A search that is wrong is found", _finds_bad_search, needs=1),
        do("An open door is found", _finds_open_door, needs=1),
    ],
    hints=[
        '`results = client.get("/search", params={"q": "path"}).json()["results"]`, and two asserts about it.',
        '`client.get("/passages/1-load-text", headers={"Authorization": "Bearer wrong"})` must be a 401.',
    ],
    stub="""
        # Exercise 26.4: test_search(client) and test_closed(client) find a wrong search and an open door
    """,
    solution="""
        # Exercise 26.4: test_search(client) and test_closed(client) find a wrong search and an open door
        def test_search(client):
            results = client.get("/search", params={"q": "path parameters", "limit": 20}).json()["results"]
            assert results
            scores = [result["score"] for result in results]
            assert scores == sorted(scores, reverse=True)


        def test_closed(client):
            path = f"/passages/{passages[0]['id']}"
            assert client.get(path).status_code == 401
            assert client.get(path, headers={"Authorization": "Bearer wrong"}).status_code == 401
            assert client.get(path, headers={"Authorization": "Bearer t-ada"}).status_code == 200
    """,
    another="""
        # Exercise 26.4: test_search(client) and test_closed(client) find a wrong search and an open door
        from itertools import pairwise


        def test_search(client):
            found = client.get("/search?q=cookie").raise_for_status().json()["results"]
            assert len(found) > 1, "too little was found"
            for better, worse in pairwise(found):
                assert better["score"] >= worse["score"], worse["id"]


        def test_closed(client):
            client.headers["Authorization"] = "Bearer nobody"
            for path in ("/passages/none", "/history"):
                assert client.get(path).status_code == 401, path
    """,
    mistakes=[
        Mistake(
            'def test_search(client):\n    assert client.get("/search?q=path").status_code == 200\n\n\n'
            'def test_closed(client):\n    assert client.get("/history").status_code == 401',
            "`results` is not empty",
        ),
        Mistake(
            'def test_search(client):\n    assert client.get("/search?q=path").json()["results"]\n\n\n'
            'def test_closed(client):\n    assert client.get("/history").status_code == 401',
            "sorted(scores, reverse=True)",
        ),
        Mistake(
            'def test_search(client):\n    scores = [r["score"] for r in client.get("/search?q=path").json()["results"]]\n'
            "    assert scores and scores == sorted(scores, reverse=True)\n\n\n"
            'def test_closed(client):\n    assert client.get("/history").status_code == 401',
            "Send a token that nobody has",
        ),
        Mistake(
            'def test_search(client):\n    return bool(client.get("/search?q=path").json()["results"])\n\n\n'
            "def test_closed(client):\n    pass",
            "Write `assert` where `return` stands",
        ),
    ],
    learned="You have built, secured, streamed and tested a service. What is left is to give it to somebody.",
)

lesson = Lesson("Capstone: a retrieval API", exercises=[search, readers, answering, tests], minutes=40)
