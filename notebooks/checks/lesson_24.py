"""Lesson 24: performance, and how it works inside."""

from uuid import uuid4

from routebook_kernel.learn import CheckFailedError, Exercise, Lesson, Mistake, do, request, trace

ping = Exercise(
    "No thread for so little",
    steps=[
        request("It answers", "GET /ping", returns={"pong": True}),
        trace(
            "No step leaves the event loop",
            "GET /ping",
            runs={"endpoint": 1},
            where=("no step in a thread", lambda spans: all(span.thread is None for span in spans)),
            mistakes={
                lambda answer: any(span.thread and span.kind == "dependency" for span in answer.spans): (
                    "Your endpoint stays on the loop, but a dependency is a plain `def`, and that runs in a thread too."
                ),
                lambda answer: any(span.thread for span in answer.spans): (
                    "A plain `def` may block, so it is run in a thread. One that only computes a little, and awaits or "
                    "returns at once, can be an `async def`."
                ),
            },
            needs=1,
        ),
    ],
    hints=[
        "Look at the two operations of the lesson: which of them had a thread in its trace?",
        "One word before `def` changes where the function runs.",
    ],
    stub="""
        # Exercise 24.1: GET /ping answers {"pong": true}, and no step runs in a thread
    """,
    solution="""
        # Exercise 24.1: GET /ping answers {"pong": true}, and no step runs in a thread
        @app.get("/ping")
        async def ping():
            return {"pong": True}
    """,
    another="""
        # Exercise 24.1: GET /ping answers {"pong": true}, and no step runs in a thread
        from routebook.responses import JSONResponse


        async def pong() -> bool:
            return True


        @app.get("/ping")
        async def check_health(alive: bool = Depends(pong)) -> JSONResponse:
            return JSONResponse({"pong": alive})
    """,
    mistakes=[
        Mistake('@app.get("/ping")\ndef ping():\n    return {"pong": True}', "may block, so it is run in a thread"),
        Mistake(
            "def pong():\n    return True\n\n\n"
            '@app.get("/ping")\nasync def ping(alive: bool = Depends(pong)):\n    return {"pong": alive}',
            "a dependency is a plain `def`",
        ),
    ],
    learned=(
        "A thread costs more than a small function does. `async def` for what never blocks, `def` for what may: that is "
        "the whole rule."
    ),
)


def _is_read_once(probe):
    before = probe.value("reads")
    for name in ("tea", "cake", f"x-{uuid4().hex}", f"y-{uuid4().hex}"):
        probe.get(f"/prices/{name}")
    times = probe.value("reads") - before
    if times > 1:
        raise CheckFailedError(
            f"four requests read the list {times} times",
            expected="`read_prices()` is called once at most, however many requests come",
            hint=(
                "A dependency is called once a request, so this reads for each of them. Read it when the cell runs, or "
                "let `functools.cache` remember what it gave."
                if any(step.kind == "dependency" for step in probe.trace("GET /prices/tea").spans)
                else "What stands in the endpoint runs for each request. Where could the list be read before the first?"
            ),
        )


prices = Exercise(
    "Read it once",
    steps=[
        request("Tea has its price", "GET /prices/tea", returns={"name": "tea", "price": 3}),
        request("Cake has its own", "GET /prices/cake", returns={"name": "cake", "price": 4}, needs=1),
        request(
            "So has all that is read",
            "GET /prices/scone",
            returns={"name": "scone", "price": 2},
            mistakes={404: "`read_prices()` gives a price for it. Take the prices from there, not from the sentence."},
            needs=2,
        ),
        request(
            "What is not sold is a 404",
            "GET /prices/gold",
            status=404,
            mistakes={
                500: "`prices[name]` raises a `KeyError` for a name that is not in it. Raise an `HTTPException(404)`.",
                200: "A name that is not in the list answered 200. Raise an `HTTPException(404)`.",
            },
            needs=1,
        ),
        do("The list is read once, not for each request", _is_read_once, needs=(3, 4)),
    ],
    hints=[
        "What stands in the cell outside of every function runs once, when the cell runs.",
        "`PRICES = read_prices()` above the operation is enough; the function then uses `PRICES`.",
    ],
    stub="""
        # Exercise 24.2: GET /prices/tea answers {"name": "tea", "price": 3}; read_prices() is called once at most
    """,
    solution="""
        # Exercise 24.2: GET /prices/tea answers {"name": "tea", "price": 3}; read_prices() is called once at most
        PRICES = read_prices()


        @app.get("/prices/{name}")
        def read_price(name: str):
            if name not in PRICES:
                raise HTTPException(404, "We do not sell that")
            return {"name": name, "price": PRICES[name]}
    """,
    another="""
        # Exercise 24.2: GET /prices/tea answers {"name": "tea", "price": 3}; read_prices() is called once at most
        from functools import cache


        @cache
        def price_list() -> dict[str, int]:
            return read_prices()


        @app.get("/prices/{article}")
        def price_of(article: str, prices: dict = Depends(price_list)) -> dict[str, str | int]:
            price = prices.get(article)
            if price is None:
                raise HTTPException(status_code=404)
            return {"name": article, "price": price}
    """,
    mistakes=[
        Mistake(
            "from functools import cache\n\n\n@cache\ndef price_of(name):\n    return read_prices().get(name)\n\n\n"
            '@app.get("/prices/{name}")\ndef read_price(name: str):\n    if price_of(name) is None:\n'
            "        raise HTTPException(404)\n"
            '    return {"name": name, "price": price_of(name)}',
            "Where could the list be read before the first",
        ),
        Mistake(
            '@app.get("/prices/{name}")\ndef read_price(name: str):\n    prices = read_prices()\n'
            "    if name not in prices:\n        raise HTTPException(404)\n"
            '    return {"name": name, "price": prices[name]}',
            "runs for each request",
        ),
        Mistake(
            '@app.get("/prices/{name}")\ndef read_price(name: str, prices: dict = Depends(read_prices)):\n'
            "    if name not in prices:\n        raise HTTPException(404)\n"
            '    return {"name": name, "price": prices[name]}',
            "called once a request",
        ),
        Mistake(
            'PRICES = {"tea": 3, "cake": 4}\n\n\n@app.get("/prices/{name}")\ndef read_price(name: str):\n'
            "    if name not in PRICES:\n        raise HTTPException(404)\n"
            '    return {"name": name, "price": PRICES[name]}',
            "not from the sentence",
        ),
        Mistake(
            'PRICES = read_prices()\n\n\n@app.get("/prices/{name}")\ndef read_price(name: str):\n'
            '    return {"name": name, "price": PRICES[name]}',
            "raises a `KeyError`",
        ),
    ],
    learned=(
        "Whatever can be done once is not done for each request: read at the start, in a cached function, or in the "
        "lifespan. The framework itself lives by this rule: types are read when you register, not when a request comes."
    ),
)


def _is_asked_together(probe):
    before = len(probe.value("calls"))
    probe.get("/report")
    calls = probe.value("calls")[before:]
    asked = sorted(name for event, name in calls if event == "asked")
    if asked != ["tide", "weather"]:
        raise CheckFailedError(
            f"the stations that were asked: {', '.join(asked) or 'none'}",
            expected="one request asks each station once",
            hint="Both answers come from `ask_station`: call it for `weather` and for `tide`, once each.",
        )
    if calls[1][0] != "asked":
        raise CheckFailedError(
            f"{calls[0][1]} was asked, answered, and only then {calls[2][1]} was asked",
            expected="both are asked before the first has answered",
            hint=(
                "`await` waits until the answer is there before the next line runs. `asyncio.gather(a(), b())` begins "
                "both, and one `await` in front of it waits for the two."
            ),
        )


report = Exercise(
    "Wait for both at the same time",
    steps=[
        request(
            "The report has both answers",
            "GET /report",
            returns={"weather": "sun", "tide": "low"},
            mistakes={
                lambda answer: answer.failure is not None and "coroutine" in answer.failure.message: (
                    "A coroutine was never awaited. Calling an `async def` gives a coroutine; `await` gives its answer."
                ),
                500: "Calling an `async def` gives a coroutine; `await`, in an `async def`, gives its answer.",
            },
        ),
        do("The stations are asked at the same time", _is_asked_together, needs=1),
    ],
    hints=[
        "An `async def` endpoint may `await ask_station(…)`. Two of these lines, one after the other, wait twice.",
        "`asyncio.gather(first(), second())` begins both, and gives the list of their answers when it is awaited.",
        '`weather, tide = await asyncio.gather(ask_station("weather"), ask_station("tide"))`',
    ],
    stub="""
        # Exercise 24.3: GET /report answers {"weather": "sun", "tide": "low"}; both stations are asked at the same time
    """,
    solution="""
        # Exercise 24.3: GET /report answers {"weather": "sun", "tide": "low"}; both stations are asked at the same time
        @app.get("/report")
        async def read_report():
            weather, tide = await asyncio.gather(ask_station("weather"), ask_station("tide"))
            return {"weather": weather, "tide": tide}
    """,
    another="""
        # Exercise 24.3: GET /report answers {"weather": "sun", "tide": "low"}; both stations are asked at the same time
        @app.get("/report")
        async def make_report() -> dict[str, str]:
            async with asyncio.TaskGroup() as group:
                tasks = {name: group.create_task(ask_station(name)) for name in ("weather", "tide")}
            return {name: task.result() for name, task in tasks.items()}
    """,
    mistakes=[
        Mistake(
            '@app.get("/report")\nasync def read_report():\n    weather = await ask_station("weather")\n'
            '    tide = await ask_station("tide")\n    return {"weather": weather, "tide": tide}',
            "begins both",
        ),
        Mistake(
            '@app.get("/report")\nasync def read_report():\n'
            '    return {"weather": ask_station("weather"), "tide": ask_station("tide")}',
            "gives a coroutine",
        ),
        Mistake(
            '@app.get("/report")\nasync def read_report():\n    return {"weather": "sun", "tide": "low"}',
            "call it for `weather` and for `tide`",
        ),
    ],
    learned=(
        "Most of the time of a request is waiting: for a database, for another service. What does not need the other's "
        "answer can wait beside it, and the request takes as long as the slower of the two."
    ),
)

lesson = Lesson("Performance, and how it works inside", exercises=[ping, prices, report], minutes=20)
