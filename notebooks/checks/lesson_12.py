"""Lesson 12: async and sync, and what blocks what."""

import asyncio
import sys
import time

from routebook_kernel.learn import CheckFailedError, Exercise, Lesson, Mistake, do, request

_NO_AWAIT = (
    "`await` is missing: calling an `async def` function gives a coroutine, a promise of work. `await` does the work and "
    "gives its result."
)
_ASYNC_HINTS = {
    lambda answer: "can't be used in 'await'" in answer.failure.message: (
        "`await` stands before a plain function: it has given its result already. Drop this `await`."
    ),
    lambda answer: answer.failure.type in {"UnsupportedCallError", "RuntimeError"}: (
        "A loop runs already, and no second one starts in it: write `await ask_kitchen(dish)` instead."
    ),
    lambda answer: "coroutine" in answer.failure.message: _NO_AWAIT,
}

orders = Exercise(
    "Ask the kitchen",
    steps=[
        request(
            "Soup comes with its price and the kitchen's word",
            "GET /orders/soup",
            returns={"dish": "soup", "price": 4, "says": "soup is hot"},
            mistakes=_ASYNC_HINTS,
        ),
        request(
            "So does cake",
            "GET /orders/cake",
            returns={"dish": "cake", "price": 3, "says": "cake is hot"},
            mistakes=_ASYNC_HINTS,
            needs=1,
        ),
    ],
    hints=[
        "One of the two functions is an `async def`: only its result must be awaited.",
        "`await` is allowed in an `async def` only, so the operation must be one.",
        '`return {"dish": dish, "price": price_of(dish), "says": await ask_kitchen(dish)}`',
    ],
    stub="""
        # Exercise 12.1: GET /orders/soup answers {"dish": "soup", "price": 4, "says": "soup is hot"}
    """,
    solution="""
        # Exercise 12.1: GET /orders/soup answers {"dish": "soup", "price": 4, "says": "soup is hot"}
        @app.get("/orders/{dish}")
        async def order(dish: str):
            return {"dish": dish, "price": price_of(dish), "says": await ask_kitchen(dish)}
    """,
    another="""
        # Exercise 12.1: GET /orders/soup answers {"dish": "soup", "price": 4, "says": "soup is hot"}
        from routebook import Depends


        @app.get("/orders/{dish}")
        def order(dish: str, word: str = Depends(ask_kitchen)) -> dict[str, str | int]:
            return {"dish": dish, "price": price_of(dish), "says": word}
    """,
    mistakes=[
        Mistake(
            '@app.get("/orders/{dish}")\nasync def order(dish: str):\n'
            '    return {"dish": dish, "price": price_of(dish), "says": ask_kitchen(dish)}',
            "`await` is missing",
        ),
        Mistake(
            '@app.get("/orders/{dish}")\ndef order(dish: str):\n'
            '    return {"dish": dish, "price": price_of(dish), "says": ask_kitchen(dish)}',
            "`await` is missing",
        ),
        Mistake(
            '@app.get("/orders/{dish}")\nasync def order(dish: str):\n'
            '    return {"dish": dish, "price": await price_of(dish), "says": await ask_kitchen(dish)}',
            "Drop this `await`",
        ),
        Mistake(
            '@app.get("/orders/{dish}")\nasync def order(dish: str):\n'
            '    return {"dish": dish, "price": price_of(dish), "says": asyncio.run(ask_kitchen(dish))}',
            "no second one starts in it",
        ),
    ],
    learned="`async def` functions are awaited, plain ones are called. A framework calls yours in the right way itself.",
)


def _free_while_baking(url, hint):
    """A step: while this request bakes, the bell is answered."""

    def check(probe):
        diary = probe.value("diary")
        diary.clear()
        client = probe.client

        async def ring_while_it_bakes():
            baking = asyncio.ensure_future(client.request("GET", url))
            until = time.monotonic() + 2
            while "in" not in diary and not baking.done() and time.monotonic() < until:
                await asyncio.sleep(0.005)
            await client.request("GET", "/bell")
            await baking

        probe.run(ring_while_it_bakes())
        if "in" not in diary:
            raise CheckFailedError(
                "nothing was baked",
                expected=f"`GET {url}` calls `bake()`, once",
                hint="The check looks into `diary`, where `bake()` notes what it does: call the function itself.",
            )
        if sys.platform == "emscripten":  # no threads: whatever blocks there, blocks
            return
        if diary != ["in", "bell", "out"]:
            raise CheckFailedError(
                f"the diary says: {', '.join(diary)}",
                expected="the bell rings while the bread is in the oven: in, bell, out",
                hint=hint,
            )
        if any(span.kind == "background" for span in probe.trace(f"GET {url}").spans):
            raise CheckFailedError(
                "the answer went out before the bread was baked",
                expected="the answer is what `bake()` gives",
                hint="A background task runs after the response: what it gives cannot be in the answer. Wait for `bake()`.",
            )

    return check


bread = Exercise(
    "Do not hold up the bell",
    steps=[
        request(
            "Bread is baked",
            "GET /bread",
            returns={"baked": "bread"},
            mistakes={
                lambda answer: "coroutine" in answer.failure.message: _NO_AWAIT,
                lambda answer: "callable" in answer.failure.message: (
                    "`bake()` with parentheses is called at once, here, and only its result goes to the thread. Hand over "
                    "the function itself: `asyncio.to_thread(bake)`."
                ),
                lambda answer: "can't be used in 'await'" in answer.failure.message: (
                    "`await` makes nothing faster, and `bake` is a plain function: there is nothing to await."
                ),
            },
        ),
        do(
            "While it is in the oven, the bell is answered",
            _free_while_baking(
                "/bread",
                "`bake()` blocks: it sleeps on the event loop, and no other request is served meanwhile. In a plain `def` "
                "(and in a dependency that is one) it runs in a thread.",
            ),
            needs=1,
        ),
    ],
    hints=[
        "Look at the two operations of the lesson: which of them let the bell through?",
        "A function that blocks belongs into a plain `def`.",
    ],
    stub="""
        # Exercise 12.2: GET /bread answers what bake() gives, and holds up nobody
    """,
    solution="""
        # Exercise 12.2: GET /bread answers what bake() gives, and holds up nobody
        @app.get("/bread")
        def read_bread():
            return bake()
    """,
    another="""
        # Exercise 12.2: GET /bread answers what bake() gives, and holds up nobody
        from routebook import Depends


        @app.get("/bread")
        async def fresh_bread(bread: dict = Depends(bake)) -> dict[str, str]:
            return bread
    """,
    mistakes=[
        Mistake('@app.get("/bread")\nasync def bread():\n    return bake()', "it sleeps on the event loop"),
        Mistake('@app.get("/bread")\nasync def bread():\n    return await bake()', "nothing to await"),
        Mistake(
            '@app.get("/bread")\nasync def bread():\n    return await asyncio.to_thread(bake())',
            "Hand over the function",
        ),
        Mistake('@app.get("/bread")\nasync def bread():\n    return asyncio.to_thread(bake)', "`await` is missing"),
        Mistake('@app.get("/bread")\ndef bread():\n    return {"baked": "bread"}', "call the function itself"),
        Mistake(
            'from routebook import BackgroundTasks\n\n\n@app.get("/bread")\ndef bread(tasks: BackgroundTasks):\n'
            '    tasks.add_task(bake)\n    return {"baked": "bread"}',
            "A background task runs after the response",
        ),
    ],
    learned="What blocks, blocks everybody, unless it is in a thread. A plain `def` is the simplest way into one.",
)

supper = Exercise(
    "Both in one operation",
    steps=[
        request(
            "Supper has bread and the kitchen's word",
            "GET /supper",
            returns={"baked": "bread", "says": "soup is hot"},
            mistakes={
                lambda answer: "callable" in answer.failure.message: (
                    "`bake()` with parentheses is called at once, and only its result goes to the thread. Hand over the "
                    "function itself: `run_in_threadpool(bake)`."
                ),
                lambda answer: "can't be used in 'await'" in answer.failure.message: (
                    "`bake` is a plain function: there is nothing to await. `await run_in_threadpool(bake)` runs it in a "
                    "thread and waits for it."
                ),
                **_ASYNC_HINTS,
                lambda answer: answer.failure.type == "TypeError": _NO_AWAIT,
            },
        ),
        do(
            "While the bread is in the oven, the bell is answered",
            _free_while_baking(
                "/supper",
                "`bake()` blocks, and in an `async def` it blocks the loop. `await run_in_threadpool(bake)` (or "
                "`asyncio.to_thread`) runs it in a thread, and the loop is free meanwhile.",
            ),
            needs=1,
        ),
    ],
    hints=[
        "The operation must be an `async def`, since it awaits `ask_kitchen`. So `bake` must leave the loop by itself.",
        "`run_in_threadpool(bake)` gives something to await; its result is what `bake()` gives.",
    ],
    stub="""
        # Exercise 12.3: GET /supper answers {"baked": "bread", "says": "soup is hot"}, and holds up nobody
    """,
    solution="""
        # Exercise 12.3: GET /supper answers {"baked": "bread", "says": "soup is hot"}, and holds up nobody
        @app.get("/supper")
        async def read_supper():
            bread = await run_in_threadpool(bake)
            return {"baked": bread["baked"], "says": await ask_kitchen("soup")}
    """,
    another="""
        # Exercise 12.3: GET /supper answers {"baked": "bread", "says": "soup is hot"}, and holds up nobody
        from routebook import Depends


        async def word() -> str:
            return await ask_kitchen("soup")


        @app.get("/supper")
        def serve(says: str = Depends(word)) -> dict[str, str]:
            return bake() | {"says": says}
    """,
    mistakes=[
        Mistake(
            '@app.get("/supper")\nasync def supper():\n    return {**bake(), "says": await ask_kitchen("soup")}',
            "blocks the loop",
        ),
        Mistake(
            '@app.get("/supper")\nasync def supper():\n    bread = run_in_threadpool(bake)\n'
            '    return {**bread, "says": await ask_kitchen("soup")}',
            "`await` is missing",
        ),
        Mistake(
            '@app.get("/supper")\nasync def supper():\n    bread = await run_in_threadpool(bake())\n'
            '    return {**bread, "says": await ask_kitchen("soup")}',
            "Hand over the function itself",
        ),
        Mistake(
            '@app.get("/supper")\ndef supper():\n    return {**bake(), "says": ask_kitchen("soup")}',
            "`await` is missing",
        ),
    ],
    learned="An `async def` awaits; what would block it goes to a thread with `run_in_threadpool` or `asyncio.to_thread`.",
)


def _last_table(probe):
    tables = probe.value("tables")
    for left in (1, 2):
        tables["left"] = left
        answers = probe.together(*["POST /tables"] * 4)
        came = sorted(answer.status or 0 for answer in answers)
        probe.last = next((answer for answer in answers if answer.status not in {200, 409}), None)
        if came != [200] * left + [409] * (4 - left) or tables["left"] != 0:
            hint = ""
            if came.count(200) > left and tables["left"] >= 0:
                hint = "Whoever gets no table must hear so: `raise HTTPException(409)` where none is left."
            elif came.count(200) > left:
                hint = (
                    "All looked whether a table was left, then all waited for `pay()`, then all took one. At an `await`, "
                    "other requests go on. Take the table *before* you wait, or let one at a time through: "
                    "`async with lock:`."
                )
            elif came.count(200) < left and set(came) <= {200, 409}:
                hint = "There was a table, and nobody got it. Count down only for those who get one."
            elif set(came) == {200, 409}:
                hint = 'Every table that is taken must be counted: `tables["left"] -= 1`.'
            raise CheckFailedError(
                f"{came.count(200)} of four guests at once got one, {came.count(409)} a 409; "
                f'`tables["left"]` is {tables["left"]}',
                expected=f"with {left} left, {left} of four guests get a table, the others a 409, and 0 are left",
                hint=hint,
            )
    tables["left"] = 1


def _is_paid(probe):
    probe.value("tables")["left"] = 1
    before = probe.value("paid")["times"]
    answer = probe.post("/tables")
    if answer.status != 200 or answer.json != {"reserved": True}:
        hint = _NO_AWAIT if answer.failure and "coroutine" in answer.failure.message else ""
        if answer.status == 409:
            hint = "One table was left, and the guest was sent away. Look first, `== 0`, and only then count down."
        raise CheckFailedError("", expected='`{"reserved": true}`', hint=hint)
    if probe.value("paid")["times"] - before != 1:
        raise CheckFailedError(
            "nobody paid",
            expected="`pay()` is awaited, once",
            hint="Calling `pay()` does nothing yet: `await pay()` does it.",
        )


table = Exercise(
    "The last table",
    steps=[
        do("A guest pays and gets a table", _is_paid),
        do("Many at once do not get more than there are", _last_table, needs=1),
    ],
    hints=[
        "Between two lines without an `await`, no other request runs on the loop. Where is the `await` here?",
        'First `if tables["left"] == 0: raise HTTPException(409)`, then count down, and only then `await pay()`.',
    ],
    stub="""
        # Exercise 12.4: POST /tables reserves one, and never more than there are
    """,
    solution="""
        # Exercise 12.4: POST /tables reserves one, and never more than there are
        @app.post("/tables")
        async def reserve():
            if tables["left"] == 0:
                raise HTTPException(409, "All tables are taken")
            tables["left"] -= 1
            await pay()
            return {"reserved": True}
    """,
    another="""
        # Exercise 12.4: POST /tables reserves one, and never more than there are
        lock = asyncio.Lock()


        @app.post("/tables")
        async def reserve() -> dict[str, bool]:
            async with lock:
                if not tables["left"]:
                    raise HTTPException(status_code=409)
                await pay()
                tables["left"] = tables["left"] - 1
            return {"reserved": True}
    """,
    mistakes=[
        Mistake(
            '@app.post("/tables")\nasync def reserve():\n    if tables["left"] == 0:\n        raise HTTPException(409)\n'
            '    await pay()\n    tables["left"] -= 1\n    return {"reserved": True}',
            "At an `await`, other requests go on",
        ),
        Mistake(
            '@app.post("/tables")\nasync def reserve():\n    if tables["left"] == 0:\n        raise HTTPException(409)\n'
            '    tables["left"] -= 1\n    pay()\n    return {"reserved": True}',
            "does nothing yet",
        ),
        Mistake(
            '@app.post("/tables")\nasync def reserve():\n    if tables["left"] == 0:\n'
            '        return {"reserved": False}, 409\n    tables["left"] -= 1\n    await pay()\n'
            '    return {"reserved": True}',
            "Whoever gets no table must hear so",
        ),
        Mistake(
            '@app.post("/tables")\nasync def reserve():\n    tables["left"] -= 1\n    if tables["left"] <= 0:\n'
            '        raise HTTPException(409)\n    await pay()\n    return {"reserved": True}',
            "Look first",
        ),
    ],
    learned=(
        "Requests take turns at every `await`. What belongs together, looking and taking, must have no `await` in it, or "
        "a lock around it."
    ),
)

lesson = Lesson("Async and sync", exercises=[orders, bread, supper, table], minutes=20)
