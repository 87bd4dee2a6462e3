"""Lesson 14: dependencies with `yield`."""

from routebook_kernel.learn import CheckFailedError, Exercise, Lesson, Mistake, do, request, trace


def _events_of(probe, line):
    before = len(probe.value("events"))
    answer = probe.request(line)
    return answer, probe.value("events")[before:]


def _is_closed(probe):
    for line in ("GET /shelves/A", "GET /shelves/Z"):
        _, events = _events_of(probe, line)
        if "open" not in events:
            raise CheckFailedError(
                f"`{line}` opened nothing",
                expected="the cabinet is opened and closed for each request",
                hint="`Cabinet()` opens it. Make it in the dependency, above the `yield`.",
            )
        if "close" not in events:
            raise CheckFailedError(
                f"`{line}` left the cabinet open",
                expected="`close()` is called for each request, after a 404 too",
                hint=(
                    "When the operation raises, the exception comes out of the `yield`, and what stands below it is "
                    "skipped. `try: … finally: …` runs in both cases."
                    if line.endswith("Z")
                    else "What stands below the `yield` runs after the operation: call `close()` there."
                ),
            )
        if events.index("close") < events.index("open") or events.count("open") > 1:
            raise CheckFailedError(
                " then ".join(events),
                expected="open, then close, once each",
                hint="One cabinet a request: make it above the `yield`, give it away with `yield`, close it below.",
            )


def _is_read_from(probe):
    cabinet, names = probe.value("Cabinet"), []
    read = cabinet.read

    def noted(self, name):
        names.append(name)
        return read(self, name)

    cabinet.read = noted
    try:
        probe.get("/shelves/A")
    finally:
        cabinet.read = read
    if "A" not in names:
        raise CheckFailedError(
            "nobody asked the cabinet",
            expected="the books come from the cabinet's `read`",
            hint="`SHELVES` is the cabinet's business: the operation asks what the dependency yields, `cabinet.read(name)`.",
        )


cabinet = Exercise(
    "Closed, whatever happens",
    steps=[
        request(
            "Shelf A is read",
            "GET /shelves/A",
            returns={"shelf": "A", "books": ["Emma"]},
            mistakes={
                lambda answer: answer.failure is not None and "generator" in answer.failure.message: (
                    "The operation got a generator. `Depends(cabinet)`, with the function itself, runs it up to the `yield`."
                ),
                lambda answer: answer.failure is not None and "closed" in answer.failure.message: (
                    "The cabinet was closed before the operation read from it. With `return`, or with `close()` above the "
                    "`yield`, nothing is left open. `yield` hands it over and waits."
                ),
            },
        ),
        request(
            "Shelf Z is a 404",
            "GET /shelves/Z",
            status=404,
            needs=1,
            mistakes={
                500: "`read` raises a `KeyError` for a shelf that is not there: turn it into an `HTTPException(404)`.",
            },
        ),
        do("The books come out of the cabinet", _is_read_from, needs=1),
        do("The cabinet is closed after both", _is_closed, needs=(1, 2)),
        trace(
            "Closing is part of the request",
            "GET /shelves/A",
            order=("dependency", "endpoint", "teardown"),
            mistakes={
                lambda answer: answer.status == 200: (
                    "No dependency was torn down. Open and close the cabinet in a dependency with `yield`, so that "
                    "every operation can ask for it."
                ),
            },
            needs=3,
        ),
    ],
    hints=[
        "A dependency with `yield` has three parts: what comes before, the `yield` that hands something over, what comes after.",
        "`cabinet = Cabinet()`, then `try:`, `yield cabinet`, and `finally:` with `cabinet.close()`.",
        "The operation: `try: books = cabinet.read(name)`, `except KeyError: raise HTTPException(404)`.",
    ],
    stub="""
        # Exercise 14.1: GET /shelves/{name} reads from a Cabinet that is closed after every request
    """,
    solution="""
        # Exercise 14.1: GET /shelves/{name} reads from a Cabinet that is closed after every request
        def open_cabinet():
            cabinet = Cabinet()
            try:
                yield cabinet
            finally:
                cabinet.close()


        @app.get("/shelves/{name}")
        def read_shelf(name: str, cabinet: Annotated[Cabinet, Depends(open_cabinet)]):
            try:
                books = cabinet.read(name)
            except KeyError:
                raise HTTPException(404, "No such shelf") from None
            return {"shelf": name, "books": books}
    """,
    another="""
        # Exercise 14.1: GET /shelves/{name} reads from a Cabinet that is closed after every request
        from contextlib import closing


        async def cabinets():
            with closing(Cabinet()) as cabinet:
                yield cabinet


        @app.get("/shelves/{shelf}")
        async def shelf_books(shelf: str, cabinet=Depends(cabinets)) -> dict[str, str | list[str]]:
            if shelf not in SHELVES:
                raise HTTPException(status_code=404)
            return {"shelf": shelf, "books": cabinet.read(shelf)}
    """,
    mistakes=[
        Mistake(
            "def opened():\n    cabinet = Cabinet()\n    try:\n        yield cabinet\n    finally:\n"
            "        cabinet.close()\n\n\n"
            '@app.get("/shelves/{name}", dependencies=[Depends(opened)])\ndef read(name: str):\n'
            "    if name not in SHELVES:\n        raise HTTPException(404)\n"
            '    return {"shelf": name, "books": SHELVES[name]}',
            "is the cabinet's business",
        ),
        Mistake(
            "def open_cabinet():\n    cabinet = Cabinet()\n    yield cabinet\n    cabinet.close()\n\n\n"
            '@app.get("/shelves/{name}")\ndef shelf(name: str, cabinet: Annotated[Cabinet, Depends(open_cabinet)]):\n'
            "    if name not in SHELVES:\n        raise HTTPException(404)\n"
            '    return {"shelf": name, "books": cabinet.read(name)}',
            "comes out of the `yield`",
        ),
        Mistake(
            "def open_cabinet():\n    cabinet = Cabinet()\n    try:\n        return cabinet\n    finally:\n"
            "        cabinet.close()\n\n\n"
            '@app.get("/shelves/{name}")\ndef shelf(name: str, cabinet: Annotated[Cabinet, Depends(open_cabinet)]):\n'
            "    if name not in SHELVES:\n        raise HTTPException(404)\n"
            '    return {"shelf": name, "books": cabinet.read(name)}',
            "`yield` hands it over and waits",
        ),
        Mistake(
            '@app.get("/shelves/{name}")\ndef shelf(name: str):\n    cabinet = Cabinet()\n    try:\n'
            '        return {"shelf": name, "books": cabinet.read(name)}\n'
            "    except KeyError:\n        raise HTTPException(404) from None\n    finally:\n        cabinet.close()",
            "No dependency was torn down",
        ),
        Mistake(
            "def open_cabinet():\n    yield Cabinet()\n\n\n"
            '@app.get("/shelves/{name}")\ndef shelf(name: str, cabinet: Annotated[Cabinet, Depends(open_cabinet)]):\n'
            "    if name not in SHELVES:\n        raise HTTPException(404)\n"
            '    return {"shelf": name, "books": cabinet.read(name)}',
            "call `close()` there",
        ),
    ],
    learned=(
        "Above the `yield`: get it. The `yield`: hand it over. `finally`: give it back, after success, after an error, "
        "and when the client has gone away."
    ),
)


def _is_kept_or_undone(probe):
    answer, events = _events_of(probe, "POST /transfers?amount=5")
    if "commit" not in events or "rollback" in events:
        raise CheckFailedError(
            f"`{answer.status}`, and the ledger did: {', '.join(events) or 'nothing'}",
            expected="a transfer that succeeds is committed",
            hint="Below the `yield`, where nothing was raised, call `commit()`.",
        )
    answer, events = _events_of(probe, "POST /transfers?amount=5000")
    if answer.status != 409:
        raise CheckFailedError(
            f"`{answer.status_text}`",
            expected="`409` for a transfer that the ledger refuses",
            hint=(
                "The exception was swallowed: `except` without `raise` hides it from the framework. After "
                "`rollback()`, write `raise`."
                if answer.status in {200, 500}
                else "`ledger.take` raises `TooMuch`: turn it into an `HTTPException(409)` in the operation."
            ),
        )
    if "commit" in events:
        raise CheckFailedError(
            "a refused transfer was committed",
            expected="it is rolled back, and not committed",
            hint=(
                "`finally` runs after errors too: commit in an `else`, or right below the `yield`. And what the operation "
                "catches itself, the dependency never hears of: let `TooMuch` through."
            ),
        )
    if "rollback" not in events:
        raise CheckFailedError(
            "a refused transfer was neither committed nor rolled back",
            expected="it is rolled back",
            hint="The operation's exception comes out of the `yield`: `except Exception:` with `rollback()` and `raise`.",
        )


ledger = Exercise(
    "All or nothing",
    steps=[
        request("A small transfer succeeds", "POST /transfers?amount=5", returns={"moved": 5}),
        do("It is kept; a refused one is undone", _is_kept_or_undone, needs=1),
    ],
    hints=[
        "The dependency: `ledger = Ledger()`, then `try: yield ledger`, then `except` and `else`.",
        "`except Exception:` calls `ledger.rollback()` and then `raise`, so that the answer stays what it is.",
        "`else:` belongs to the same `try`, and runs where nothing was raised: `ledger.commit()`.",
    ],
    stub="""
        # Exercise 14.2: POST /transfers?amount=5: committed when all is well, rolled back when not
    """,
    solution="""
        # Exercise 14.2: POST /transfers?amount=5: committed when all is well, rolled back when not
        def transaction():
            ledger = Ledger()
            try:
                yield ledger
            except Exception:
                ledger.rollback()
                raise
            else:
                ledger.commit()


        @app.post("/transfers")
        def transfer(amount: int, ledger: Annotated[Ledger, Depends(transaction)]):
            try:
                ledger.take(amount)
            except TooMuch:
                raise HTTPException(409, "There is not so much") from None
            return {"moved": amount}
    """,
    another="""
        # Exercise 14.2: POST /transfers?amount=5: committed when all is well, rolled back when not
        async def current_ledger():
            ledger = Ledger()
            is_done = False
            try:
                yield ledger
                is_done = True
            finally:
                if is_done:
                    ledger.commit()
                else:
                    ledger.rollback()


        @app.post("/transfers")
        async def move(amount: int, ledger=Depends(current_ledger)) -> dict[str, int]:
            try:
                ledger.take(amount)
            except TooMuch as error:
                raise HTTPException(status_code=409, detail=str(error))
            return {"moved": amount}
    """,
    mistakes=[
        Mistake(
            "def transaction():\n    ledger = Ledger()\n    try:\n        yield ledger\n    finally:\n"
            "        ledger.commit()\n\n\n"
            '@app.post("/transfers")\ndef transfer(amount: int, ledger: Annotated[Ledger, Depends(transaction)]):\n'
            "    try:\n        ledger.take(amount)\n    except TooMuch:\n        raise HTTPException(409)\n"
            '    return {"moved": amount}',
            "`finally` runs after errors too",
        ),
        Mistake(
            "def transaction():\n    ledger = Ledger()\n    try:\n        yield ledger\n        ledger.commit()\n"
            "    except Exception:\n        ledger.rollback()\n\n\n"
            '@app.post("/transfers")\ndef transfer(amount: int, ledger: Annotated[Ledger, Depends(transaction)]):\n'
            "    try:\n        ledger.take(amount)\n    except TooMuch:\n        raise HTTPException(409)\n"
            '    return {"moved": amount}',
            "swallowed",
        ),
        Mistake(
            "def transaction():\n    ledger = Ledger()\n    yield ledger\n    ledger.commit()\n\n\n"
            '@app.post("/transfers")\ndef transfer(amount: int, ledger: Annotated[Ledger, Depends(transaction)]):\n'
            "    try:\n        ledger.take(amount)\n    except TooMuch:\n        raise HTTPException(409)\n"
            '    return {"moved": amount}',
            "comes out of the `yield`",
        ),
    ],
    learned=(
        "The dependency hears of the operation's exception, at its `yield`. It may undo its work, and then it lets the "
        "exception go on with `raise`: an exception that is swallowed leaves no answer behind."
    ),
)


def _is_in_order(probe):
    _, events = _events_of(probe, "GET /inventory")
    told = [event for event in events if event in {"light on", "door open", "door closed", "light off"}]
    if told == ["light on", "door open", "door closed", "light off"]:
        return
    hint = "The door can only be opened in the light: `door` depends on `light`."
    if told == ["light on", "light off", "door open", "door closed"]:
        hint = "The light went off before the door was opened: `yield` between the two keeps it on for the request."
    elif set(told) != {"light on", "door open", "door closed", "light off"}:
        hint = "Both dependencies note two things in `events`: one above their `yield`, one below."
    elif told[:2] == ["door open", "light on"]:
        hint = "The door was opened in the dark. When `door` asks for `light` with `Depends`, the light comes first."
    raise CheckFailedError(
        ", ".join(told) or "nothing", expected="light on, door open, door closed, light off", hint=hint
    )


order = Exercise(
    "Last opened, first closed",
    steps=[
        request("The inventory is taken", "GET /inventory", includes={"books": 2}),
        do("The light is on as long as the door is open", _is_in_order, needs=1),
        trace(
            "Two dependencies see to it",
            "GET /inventory",
            runs={"teardown": 2},
            mistakes={
                200: "The operation itself does it all. Two dependencies with `yield` serve every operation that asks for them.",
            },
            needs=2,
        ),
    ],
    hints=[
        "Two dependencies with `yield`: `light` notes `light on` and `light off`, `door` notes `door open` and `door closed`.",
        "`def door(light: Annotated[None, Depends(light)]):` makes the light come first, and go last.",
    ],
    stub="""
        # Exercise 14.3: GET /inventory: dependencies light and door, the door only in the light
    """,
    solution="""
        # Exercise 14.3: GET /inventory: dependencies light and door, the door only in the light
        def light():
            events.append("light on")
            try:
                yield
            finally:
                events.append("light off")


        def door(light: Annotated[None, Depends(light)]):
            events.append("door open")
            try:
                yield
            finally:
                events.append("door closed")


        @app.get("/inventory", dependencies=[Depends(door)])
        def take_inventory():
            return {"books": 2}
    """,
    another="""
        # Exercise 14.3: GET /inventory: dependencies light and door, the door only in the light
        async def light():
            events.append("light on")
            yield "bright"
            events.append("light off")


        async def door(brightness=Depends(light)):
            events.append("door open")
            yield
            events.append("door closed")


        @app.get("/inventory")
        async def inventory(brightness: str = Depends(light), _: None = Depends(door)) -> dict[str, int | str]:
            return {"books": 2, "light": brightness}
    """,
    mistakes=[
        Mistake(
            '@app.get("/inventory")\ndef inventory():\n'
            '    events.extend(["light on", "door open", "door closed", "light off"])\n    return {"books": 2}',
            "serve every operation that asks for them",
        ),
        Mistake(
            'def light():\n    events.append("light on")\n    yield\n    events.append("light off")\n\n\n'
            'def door():\n    events.append("door open")\n    yield\n    events.append("door closed")\n\n\n'
            '@app.get("/inventory", dependencies=[Depends(door), Depends(light)])\ndef inventory():\n'
            '    return {"books": 2}',
            "opened in the dark",
        ),
        Mistake(
            'def light():\n    events.append("light on")\n    events.append("light off")\n\n\n'
            'def door(light: Annotated[None, Depends(light)]):\n    events.append("door open")\n    yield\n'
            '    events.append("door closed")\n\n\n'
            '@app.get("/inventory", dependencies=[Depends(door)])\ndef inventory():\n    return {"books": 2}',
            "went off before",
        ),
        Mistake('@app.get("/inventory")\ndef inventory():\n    return {"books": 2}', "one above their `yield`"),
    ],
    learned=(
        "What is opened first is closed last, as with `with` blocks inside each other: whoever depends on something can "
        "rely on it to the very end."
    ),
)

lesson = Lesson("Dependencies with yield", exercises=[cabinet, ledger, order], minutes=20)
