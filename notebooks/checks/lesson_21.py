"""Lesson 21: background tasks."""

import json
from uuid import uuid4

from routebook_kernel.learn import CheckFailedError, Exercise, Lesson, Mistake, do, request


def _kinds(answer):
    return [span.kind for span in answer.spans]


def _task_failed(answer):
    """What a task raised, as the miss that says so; None where all went well."""
    if answer.failure is None:
        return None
    if "not callable" in answer.failure.message:
        hint = (
            "The function was called where the task was made. Hand over the function itself, and behind it, after a "
            "comma, what it takes: `add_task(function, value)`."
        )
    elif "missing" in answer.failure.message and "argument" in answer.failure.message:
        hint = "The task's function was called without what it takes: `add_task(function, value)`."
    else:
        hint = "The exception came after the response: no handler can answer it. Catch it inside of the task."
    return CheckFailedError(
        f"`{answer.status_text}`, and then {answer.failure_text}", expected="a task that succeeds", hint=hint
    )


def _is_baked_afterwards(probe):
    cake = f"cake-{uuid4().hex[:6]}"
    answer = probe.trace(f"POST /orders?cake={cake}")
    if failed := _task_failed(answer):
        raise failed
    is_baked, kinds = cake in probe.value("baked"), _kinds(answer)
    if not is_baked:
        raise CheckFailedError(
            f"`{answer.status_text}`, and `{cake}` was not baked",
            expected="`bake` runs for each order, with its cake",
            hint=(
                "A task ran, and it did not bake this cake. Hand it on: `add_task(bake, cake)`."
                if "background" in kinds
                else "No task ran. Tasks belong to a request when they come as a parameter, `tasks: BackgroundTasks`; "
                "made by hand in the function they are nobody's."
            ),
        )
    if "background" not in kinds:
        raise CheckFailedError(
            f"the cake was baked first, and the answer took {answer.elapsed_ms:.0f} ms",
            expected="the answer is sent, and then the cake is baked",
            hint="`await bake(cake)` makes the client wait. `add_task(bake, cake)` notes it down for afterwards.",
        )
    if probe.value("baked").count(cake) != 1:
        raise CheckFailedError(f"`{cake}` was baked twice", hint="Only the task bakes, and the operation does not.")


order = Exercise(
    "Accept now, bake later",
    steps=[
        request(
            "An order is accepted",
            "POST /orders?cake=plum",
            status=202,
            returns={"cake": "plum", "status": "accepted"},
            mistakes={
                200: "All is well, says `200`. *Accepted*, `202`, says that the work is still to be done: `status_code=202`.",
            },
        ),
        do("The cake is baked when the answer is out", _is_baked_afterwards, needs=1),
    ],
    hints=[
        "The operation takes two parameters: `cake: str`, from the query, and `tasks: BackgroundTasks`.",
        "`tasks.add_task(bake, cake)`: the function, then what it is called with.",
        'The status is the decorator\'s: `@app.post("/orders", status_code=202)`.',
    ],
    stub="""
        # Exercise 21.1: POST /orders?cake=plum is accepted, and the cake is baked afterwards
    """,
    solution="""
        # Exercise 21.1: POST /orders?cake=plum is accepted, and the cake is baked afterwards
        @app.post("/orders", status_code=202)
        def order(cake: str, tasks: BackgroundTasks):
            tasks.add_task(bake, cake)
            return {"cake": cake, "status": "accepted"}
    """,
    another="""
        # Exercise 21.1: POST /orders?cake=plum is accepted, and the cake is baked afterwards
        from routebook.responses import JSONResponse
        from starlette.background import BackgroundTask


        @app.post("/orders")
        async def take_order(cake: str):
            return JSONResponse(
                {"cake": cake, "status": "accepted"}, status_code=202, background=BackgroundTask(bake, cake)
            )
    """,
    mistakes=[
        Mistake(
            '@app.post("/orders", status_code=202)\nasync def order(cake: str, tasks: BackgroundTasks):\n'
            '    tasks.add_task(await bake(cake))\n    return {"cake": cake, "status": "accepted"}',
            "Hand over the function itself",
        ),
        Mistake(
            '@app.post("/orders", status_code=202)\ndef order(cake: str, tasks: BackgroundTasks):\n'
            '    tasks.add_task(bake(cake))\n    return {"cake": cake, "status": "accepted"}',
            "Hand over the function itself",
        ),
        Mistake(
            '@app.post("/orders", status_code=202)\ndef order(cake: str, tasks: BackgroundTasks):\n'
            '    tasks.add_task(bake)\n    return {"cake": cake, "status": "accepted"}',
            "without what it takes",
        ),
        Mistake(
            '@app.post("/orders", status_code=202)\ndef order(cake: str):\n    tasks = BackgroundTasks()\n'
            '    tasks.add_task(bake, cake)\n    return {"cake": cake, "status": "accepted"}',
            "they are nobody's",
        ),
        Mistake(
            '@app.post("/orders", status_code=202)\nasync def order(cake: str):\n    await bake(cake)\n'
            '    return {"cake": cake, "status": "accepted"}',
            "makes the client wait",
        ),
        Mistake(
            '@app.post("/orders")\ndef order(cake: str, tasks: BackgroundTasks):\n    tasks.add_task(bake, cake)\n'
            '    return {"cake": cake, "status": "accepted"}',
            "`status_code=202`",
        ),
    ],
    learned=(
        "A task is a function and what it is called with, noted down during the request and run when the response is "
        "out. `202 Accepted` tells the client that there is more to come."
    ),
)


def _all_letters_go_out(probe):
    customers, no_address = probe.value("CUSTOMERS"), probe.value("NO_ADDRESS")
    usual = customers[:], set(no_address)
    dan, eve, fay = (f"{name}-{uuid4().hex[:4]}" for name in ("Dan", "Eve", "Fay"))
    letters, returned = probe.value("letters"), probe.value("returned")
    try:
        customers[:] = [dan, eve, fay]
        no_address.add(eve)
        answer = probe.trace("POST /newsletter")
    finally:
        customers[:] = usual[0]
        no_address.discard(eve)
    got = [name for name in (dan, eve, fay) if name in letters]
    text = f"`{answer.status_text}`; letters to {', '.join(got) or 'nobody'}"
    asked = f"letters to {dan} and {fay}, and {eve}, who has no address, in `returned`"
    if "background" not in _kinds(answer):
        raise CheckFailedError(
            text,
            expected="the letters go out after the response",
            hint="No task ran: the client waits, or nothing happens. Hand the work to `tasks.add_task(…)`.",
        )
    if fay not in got:
        raise CheckFailedError(
            text + (f", then {answer.failure_text}" if answer.failure else ""),
            expected=asked,
            hint=(
                "A task that raises ends the tasks behind it. A `try` round `add_task` catches nothing: the function "
                "runs later. Put the `try` into a function of your own that posts one letter, and add that."
                if answer.failure
                else "The `try` stands round the whole loop, so that one bad address ends it. Put it round one letter."
            ),
        )
    if answer.failure is not None:
        raise _task_failed(answer)
    if dan not in got and letters.count(fay) > 1:
        raise CheckFailedError(
            f"{text}, {letters.count(fay)} times",
            expected=asked,
            hint=(
                "A `lambda` looks at the variable of the loop when it runs, and then the loop is over. Hand the name over "
                "instead: `add_task(function, name)`."
            ),
        )
    if dan not in got:
        raise CheckFailedError(
            text, expected=asked, hint="Everybody in `CUSTOMERS` gets a letter, as the list is at that moment."
        )
    if eve not in returned:
        raise CheckFailedError(text, expected=asked, hint="In the `except` of the task, append the name to `returned`.")
    if dan in returned or fay in returned:
        raise CheckFailedError(
            f"{dan} is in `returned` too", expected=asked, hint="Only names whose letter raised belong in `returned`."
        )


newsletter = Exercise(
    "One bad address",
    steps=[
        request("The newsletter is accepted", "POST /newsletter", returns={"letters": 3}),
        do("Everybody with an address gets a letter", _all_letters_go_out, needs=1),
    ],
    hints=[
        "Write a function `try_to_post(name)` that calls `post_letter(name)` in a `try`.",
        "`except NoAddress:` appends the name to `returned`.",
        "The operation: `for name in CUSTOMERS: tasks.add_task(try_to_post, name)`.",
    ],
    stub="""
        # Exercise 21.2: POST /newsletter posts a letter to all CUSTOMERS; bad addresses end up in `returned`
    """,
    solution="""
        # Exercise 21.2: POST /newsletter posts a letter to all CUSTOMERS; bad addresses end up in `returned`
        def try_to_post(name):
            try:
                post_letter(name)
            except NoAddress:
                returned.append(name)


        @app.post("/newsletter")
        def send_newsletter(tasks: BackgroundTasks):
            for name in CUSTOMERS:
                tasks.add_task(try_to_post, name)
            return {"letters": len(CUSTOMERS)}
    """,
    another="""
        # Exercise 21.2: POST /newsletter posts a letter to all CUSTOMERS; bad addresses end up in `returned`
        async def post_all(names: list[str]) -> None:
            for name in names:
                try:
                    post_letter(name)
                except Exception:
                    returned.append(name)


        @app.post("/newsletter")
        async def newsletter(tasks: BackgroundTasks) -> dict[str, int]:
            tasks.add_task(post_all, names=list(CUSTOMERS))
            return {"letters": len(CUSTOMERS)}
    """,
    mistakes=[
        Mistake(
            '@app.post("/newsletter")\ndef newsletter(tasks: BackgroundTasks):\n    for name in CUSTOMERS:\n'
            '        tasks.add_task(post_letter, name)\n    return {"letters": len(CUSTOMERS)}',
            "ends the tasks behind it",
        ),
        Mistake(
            '@app.post("/newsletter")\ndef newsletter(tasks: BackgroundTasks):\n    for name in CUSTOMERS:\n'
            "        try:\n            tasks.add_task(post_letter, name)\n        except NoAddress:\n"
            '            returned.append(name)\n    return {"letters": len(CUSTOMERS)}',
            "round `add_task` catches nothing",
        ),
        Mistake(
            "def post_all():\n    try:\n        for name in CUSTOMERS:\n            post_letter(name)\n"
            "    except NoAddress:\n        returned.append(name)\n\n\n"
            '@app.post("/newsletter")\ndef newsletter(tasks: BackgroundTasks):\n    tasks.add_task(post_all)\n'
            '    return {"letters": len(CUSTOMERS)}',
            "round one letter",
        ),
        Mistake(
            '@app.post("/newsletter")\ndef newsletter():\n    for name in CUSTOMERS:\n        try:\n'
            "            post_letter(name)\n        except NoAddress:\n            returned.append(name)\n"
            '    return {"letters": len(CUSTOMERS)}',
            "the client waits",
        ),
        Mistake(
            "def try_to_post(name):\n    try:\n        post_letter(name)\n    except NoAddress:\n"
            "        returned.append(name)\n\n\n"
            '@app.post("/newsletter")\ndef newsletter(tasks: BackgroundTasks):\n    for name in CUSTOMERS:\n'
            '        tasks.add_task(lambda: try_to_post(name))\n    return {"letters": len(CUSTOMERS)}',
            "then the loop is over",
        ),
        Mistake(
            "def try_to_post(name):\n    try:\n        post_letter(name)\n    except NoAddress:\n        pass\n\n\n"
            '@app.post("/newsletter")\ndef newsletter(tasks: BackgroundTasks):\n    for name in CUSTOMERS:\n'
            '        tasks.add_task(try_to_post, name)\n    return {"letters": len(CUSTOMERS)}',
            "append the name to `returned`",
        ),
    ],
    learned=(
        "Nobody hears an exception of a task, except the log: the client has its answer already, and the tasks behind it "
        "never run. A task looks after its own errors."
    ),
)


def _job_of(answer):
    job = answer.json.get("job") if isinstance(answer.json, dict) else None
    if job is None:
        raise CheckFailedError(
            f"`{answer.text}`", expected="an object with the `job`'s number", hint='Return `{"job": number}`.'
        )
    return job


def _what_went_wrong(moment, came):
    if '"state"' not in came:
        return (
            "`GET /jobs/{number}` does not know the number that `POST` gave. In the address it is a text, unless it is "
            "declared, `number: int`; and the operation notes the job before it answers."
        )
    if moment == "while":
        return (
            "It was called ready too early. The operation notes `baking`; `ready` is noted by the task, after "
            "`await bake(…)`."
        )
    return (
        "Nobody noted that the cake is ready. `bake` does not know of jobs: add a function of your own that awaits "
        "`bake(cake)` and then sets the state."
    )


def _is_followed(probe):
    seen = {}

    async def follow():
        async with probe.client.stream("POST", "/jobs?cake=plum") as response:
            chunks = response.aiter_bytes()
            job = json.loads(await anext(chunks)).get("job")
            seen["while"] = (await probe.client.get(f"/jobs/{job}")).text
            async for _ in chunks:
                pass
        seen["after"] = (await probe.client.get(f"/jobs/{job}")).text

    try:
        probe.run(follow())
    except CheckFailedError:
        raise
    except Exception as error:
        raise CheckFailedError(
            f"{type(error).__name__}: {error}", expected="a job that can be asked for while it runs"
        ) from error
    for moment, state in (("while", "baking"), ("after", "ready")):
        if f'"{state}"' in seen[moment]:
            continue
        raise CheckFailedError(
            f"`{seen[moment]}` {'while the cake is in the oven' if moment == 'while' else 'when all is done'}",
            expected=f"the state `{state}`",
            hint=_what_went_wrong(moment, seen[moment]),
        )


def _jobs_differ(probe):
    first, second = (_job_of(probe.post(f"/jobs?cake={cake}")) for cake in ("plum", "lemon"))
    if first == second:
        raise CheckFailedError(
            f"both have the number `{first}`", expected="a number for each job", hint="`next(numbers)` draws one."
        )
    for job, cake in ((first, "plum"), (second, "lemon")):
        answer = probe.get(f"/jobs/{job}")
        if answer.json != {"cake": cake, "state": "ready"}:
            raise CheckFailedError(
                f"`{answer.status_text}` with `{answer.text}`",
                expected=f'`{{"cake": "{cake}", "state": "ready"}}` for the job `{job}`',
                hint="Keep each job under its number, in `jobs`: its cake and its state.",
            )


job = Exercise(
    "Is it ready yet?",
    steps=[
        request("A job has a number", "POST /jobs?cake=plum", status=202, includes={"job": int}),
        request(
            "A job that nobody began is a 404",
            "GET /jobs/999999",
            status=404,
            mistakes={500: "A number that is not in `jobs` raises a `KeyError`: answer with `HTTPException(404)`."},
        ),
        do("It is baking, and then it is ready", _is_followed, needs=1),
        do("Each job has its own cake", _jobs_differ, needs=(1, 3)),
    ],
    hints=[
        'The operation draws a number, notes `jobs[number] = {"cake": cake, "state": "baking"}` and adds a task.',
        "The task is a function of your own: `async def work(number):` awaits `bake(…)`, then sets the state.",
        "`GET /jobs/{number}` takes `number: int` and answers `jobs[number]`, or `HTTPException(404)`.",
    ],
    stub="""
        # Exercise 21.3: POST /jobs?cake=plum begins a job, GET /jobs/{number} tells whether it is ready
    """,
    solution="""
        # Exercise 21.3: POST /jobs?cake=plum begins a job, GET /jobs/{number} tells whether it is ready
        async def work(number):
            await bake(jobs[number]["cake"])
            jobs[number]["state"] = "ready"


        @app.post("/jobs", status_code=202)
        def begin_job(cake: str, tasks: BackgroundTasks):
            number = next(numbers)
            jobs[number] = {"cake": cake, "state": "baking"}
            tasks.add_task(work, number)
            return {"job": number}


        @app.get("/jobs/{number}")
        def read_job(number: int):
            if number not in jobs:
                raise HTTPException(404, "No such job")
            return jobs[number]
    """,
    another="""
        # Exercise 21.3: POST /jobs?cake=plum begins a job, GET /jobs/{number} tells whether it is ready
        from pydantic import BaseModel


        class Job(BaseModel):
            cake: str
            state: str = "baking"


        def begin(cake: str, tasks: BackgroundTasks) -> int:
            number = len(jobs) + 1
            job = jobs[number] = Job(cake=cake)

            async def run():
                await bake(job.cake)
                job.state = "ready"

            tasks.add_task(run)
            return number


        @app.post("/jobs", status_code=202)
        async def post_job(number: Annotated[int, Depends(begin)]):
            return {"job": number}


        @app.get("/jobs/{job_id}")
        async def get_job(job_id: int) -> Job:
            try:
                return jobs[job_id]
            except KeyError:
                raise HTTPException(status_code=404) from None
    """,
    mistakes=[
        Mistake(
            '@app.post("/jobs", status_code=202)\ndef begin(cake: str, tasks: BackgroundTasks):\n'
            '    number = next(numbers)\n    jobs[number] = {"cake": cake, "state": "baking"}\n'
            '    tasks.add_task(bake, cake)\n    return {"job": number}\n\n\n'
            '@app.get("/jobs/{number}")\ndef read(number: int):\n    if number not in jobs:\n'
            "        raise HTTPException(404)\n    return jobs[number]",
            "`bake` does not know of jobs",
        ),
        Mistake(
            '@app.post("/jobs", status_code=202)\ndef begin(cake: str, tasks: BackgroundTasks):\n'
            '    number = next(numbers)\n    jobs[number] = {"cake": cake, "state": "baking"}\n'
            '    tasks.add_task(bake, cake)\n    jobs[number]["state"] = "ready"\n    return {"job": number}\n\n\n'
            '@app.get("/jobs/{number}")\ndef read(number: int):\n    if number not in jobs:\n'
            "        raise HTTPException(404)\n    return jobs[number]",
            "called ready too early",
        ),
        Mistake(
            "async def work(number):\n    bake(jobs[number]['cake'])\n    jobs[number]['state'] = 'ready'\n\n\n"
            '@app.post("/jobs", status_code=202)\ndef begin(cake: str, tasks: BackgroundTasks):\n'
            '    number = next(numbers)\n    jobs[number] = {"cake": cake, "state": "baking"}\n'
            '    tasks.add_task(work, number)\n    return {"job": number}\n\n\n'
            '@app.get("/jobs/{number}")\ndef read(number: int):\n    return jobs[number]',
            "raises a `KeyError`",
        ),
        Mistake(
            'async def work(number):\n    await bake(jobs[number]["cake"])\n    jobs[number]["state"] = "ready"\n\n\n'
            '@app.post("/jobs", status_code=202)\ndef begin(cake: str, tasks: BackgroundTasks):\n'
            '    number = next(numbers)\n    jobs[number] = {"cake": cake, "state": "baking"}\n'
            '    tasks.add_task(work, number)\n    return {"job": number}\n\n\n'
            '@app.get("/jobs/{number}")\ndef read(number: str):\n    if number not in jobs:\n'
            "        raise HTTPException(404)\n    return jobs[number]",
            "does not know the number that `POST` gave",
        ),
        Mistake(
            '@app.post("/jobs", status_code=202)\nasync def begin(cake: str):\n'
            '    number = next(numbers)\n    await bake(cake)\n    jobs[number] = {"cake": cake, "state": "ready"}\n'
            '    return {"job": number}\n\n\n'
            '@app.get("/jobs/{number}")\ndef read(number: int):\n    if number not in jobs:\n'
            "        raise HTTPException(404)\n    return jobs[number]",
            "called ready too early",
        ),
    ],
    learned=(
        "Whoever wants to know how a task went needs a place to ask: the first answer gives a number, the task notes "
        "what became of it, and a second operation tells."
    ),
)

lesson = Lesson("Background tasks", exercises=[order, newsletter, job], minutes=20)
