"""Lesson 8: headers and cookies."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from routebook_kernel.learn import CheckFailedError, Exercise, Lesson, Mistake, do, openapi, request

HOUR = timedelta(hours=1)

admission = Exercise(
    "Show your ticket",
    steps=[
        request(
            "The ticket is read from its header",
            "GET /admission",
            headers={"X-Ticket": "A-12"},
            returns={"ticket": "A-12", "persons": 1},
            mistakes={
                "query": (
                    "A plain parameter comes from the query. To read it from a header, mark it: "
                    "`Annotated[str, Header()]`."
                ),
                "header.x_ticket": (
                    "Looked for was the header `x_ticket`, with an underscore; sent was `X-Ticket`. A parameter named "
                    "`x_ticket` becomes `x-ticket` by itself; an `alias` is taken as it stands."
                ),
                "header.ticket": (
                    "Looked for was the header `ticket`; sent was `X-Ticket`. The parameter's name is the header's name, "
                    'with underscores for hyphens: `x_ticket`. Or say `Header(alias="X-Ticket")`.'
                ),
                "x-persons": "Without `X-Persons` it is one person: give the parameter a default, `= 1`.",
                lambda answer: answer.json["ticket"] is None: (
                    "`ticket` is `null`, although `X-Ticket` was sent. Is the parameter's name the header's, with an "
                    "underscore for the hyphen: `x_ticket`? And is it marked with `Header()`?"
                ),
                lambda answer: "x_ticket" in answer.json: (
                    "The names in the answer are `ticket` and `persons`, without the `x_` of the headers."
                ),
            },
        ),
        request(
            "So is the number of persons, in any spelling of the header's name",
            "GET /admission",
            headers={"x-ticket": "B-3", "X-PERSONS": "6"},
            returns={"ticket": "B-3", "persons": 6},
            mistakes={
                lambda answer: answer.json["persons"] == "6": (
                    '`persons` came as the text `"6"`: every header is text. The type hint `int` makes it a number.'
                ),
                lambda answer: answer.json["persons"] == 1: (
                    "`X-Persons: 6` was sent, and nobody looked at it. Is the parameter marked with `Header()`, and is "
                    "its name `x_persons`?"
                ),
                "persons": "6 itself is refused. `lt` leaves the limit out; `le`, less or equal, keeps it.",
            },
            needs=1,
        ),
        request(
            "Seven persons are too many",
            "GET /admission",
            headers={"X-Ticket": "A-12", "X-Persons": "7"},
            names="header",
            mistakes={
                200: "7 persons came in. Rules stand in the parentheses: `Header(ge=1, le=6)`.",
                400: "Refused, but by hand. `Header(ge=1, le=6)` refuses with a `422` that names the header.",
            },
            needs=2,
        ),
        request(
            "Nobody comes in without a ticket",
            "GET /admission",
            names="header",
            mistakes={
                200: "Without a ticket the answer was 200. A parameter without a default must be sent.",
            },
            needs=1,
        ),
        openapi(
            "Clients can read which headers there are", "GET /admission: x-ticket", includes={"in": "header"}, needs=1
        ),
    ],
    hints=[
        "Two parameters, both marked: `Annotated[…, Header()]`. Their names are the headers', with underscores.",
        "`x_persons: Annotated[int, Header(ge=1, le=6)] = 1`",
        'The answer has other names: `return {"ticket": x_ticket, "persons": x_persons}`.',
    ],
    stub="""
        # Exercise 8.1: GET /admission reads X-Ticket and X-Persons
    """,
    solution="""
        # Exercise 8.1: GET /admission reads X-Ticket and X-Persons
        @app.get("/admission")
        def admit(x_ticket: Annotated[str, Header()], x_persons: Annotated[int, Header(ge=1, le=6)] = 1):
            return {"ticket": x_ticket, "persons": x_persons}
    """,
    another="""
        # Exercise 8.1: GET /admission reads X-Ticket and X-Persons
        from pydantic import BaseModel, Field


        class AtTheDoor(BaseModel):
            x_ticket: str
            x_persons: int = Field(1, ge=1, le=6)


        @app.get("/admission")
        async def let_in(headers: Annotated[AtTheDoor, Header()]) -> dict:
            return {"ticket": headers.x_ticket, "persons": headers.x_persons}
    """,
    mistakes=[
        Mistake(
            '@app.get("/admission")\ndef admit(x_ticket: str, x_persons: int = 1):\n'
            '    return {"ticket": x_ticket, "persons": x_persons}',
            "comes from the query",
        ),
        Mistake(
            '@app.get("/admission")\ndef admit(ticket: Annotated[str, Header()], persons: Annotated[int, Header()] = 1):\n'
            '    return {"ticket": ticket, "persons": persons}',
            "Looked for was the header `ticket`",
        ),
        Mistake(
            '@app.get("/admission")\ndef admit(ticket: Annotated[str, Header(alias="x_ticket")], '
            "x_persons: Annotated[int, Header()] = 1):\n"
            '    return {"ticket": ticket, "persons": x_persons}',
            "with an underscore; sent was",
        ),
        Mistake(
            '@app.get("/admission")\ndef admit(x_ticket: Annotated[str, Header()], x_persons: Annotated[int, Header()]):\n'
            '    return {"ticket": x_ticket, "persons": x_persons}',
            "give the parameter a default",
        ),
        Mistake(
            '@app.get("/admission")\n'
            "def admit(x_ticket: Annotated[str, Header()], x_persons: Annotated[str | int, Header()] = 1):\n"
            '    return {"ticket": x_ticket, "persons": x_persons}',
            "every header is text",
        ),
        Mistake(
            '@app.get("/admission")\n'
            "def admit(x_ticket: Annotated[str, Header()], x_persons: Annotated[int, Header()] = 1):\n"
            '    return {"ticket": x_ticket, "persons": x_persons}',
            "7 persons came in",
        ),
        Mistake(
            '@app.get("/admission")\n'
            "def admit(x_ticket: Annotated[str | None, Header()] = None, "
            "x_persons: Annotated[int, Header(ge=1, le=6)] = 1):\n"
            '    return {"ticket": x_ticket, "persons": x_persons}',
            "must be sent",
        ),
    ],
    learned="A header is a parameter like any other: a type, rules, a default, a 422. Only its place must be said.",
)


def _counts_films(probe):
    films = probe.value("FILMS")
    films.append("Dracula")
    try:
        came = probe.get("/programme").headers.get("x-total-count")
    finally:
        films.pop()
    if came != "4":
        raise CheckFailedError(
            f"`{came}`", expected="`4` when there are four films", hint="Count the films: `str(len(FILMS))`."
        )


programme = Exercise(
    "What stands beside the answer",
    steps=[
        request(
            "The films are the answer",
            "GET /programme",
            returns=["Alien", "Brazil", "Cabaret"],
            mistakes={
                lambda answer: "encode" in answer.failure.message: (
                    "A header's value is text, and a number was set. `str(len(FILMS))` makes a text of it."
                ),
                lambda answer: isinstance(answer.json[0], list): (
                    "With a comma, `return` gives a pair, and that becomes a list of two in the JSON. Headers are set on "
                    "the `Response` that the function asks for."
                ),
                lambda answer: answer.status == 200 and isinstance(answer.json, dict): (
                    "The body is the list itself. What is told about it goes into headers, not into the body."
                ),
                lambda answer: answer.text == "": (
                    "The empty `Response` itself came back. Set the headers on it, and return the list."
                ),
            },
        ),
        request(
            "`X-Total-Count` says how many there are",
            "GET /programme",
            has_headers={"x-total-count": "3"},
            mistakes={
                lambda answer: "x_total_count" in answer.headers: (
                    "The header came as `x_total_count`. Here you write the name yourself, with hyphens."
                ),
                lambda answer: "x-total-count" in answer.headers: "Count the films: `str(len(FILMS))`.",
                200: (
                    "The header is not there. Does the function ask for `response: Response`, set "
                    "`response.headers[…]` on it, and return the list, not another response?"
                ),
            },
            needs=1,
        ),
        do("It is counted, not written down", _counts_films, needs=2),
        request(
            "`Cache-Control` lets it be kept for a minute",
            "GET /programme",
            has_headers={"cache-control": "max-age=60"},
            mistakes={
                lambda answer: "cache_control" in answer.headers: (
                    "The header came as `cache_control`. Here you write the name yourself, with hyphens."
                ),
                lambda answer: "cache-control" in answer.headers: "Compare the value, letter by letter: `max-age=60`.",
            },
            needs=1,
        ),
    ],
    hints=[
        "A parameter of the type `Response` is the answer in the making: `def programme(response: Response):`.",
        '`response.headers["X-Total-Count"] = str(len(FILMS))`, and the other one in the same way.',
        "Return `FILMS` as if nothing had been.",
    ],
    stub="""
        # Exercise 8.2: GET /programme answers FILMS, with X-Total-Count and Cache-Control
        FILMS = ["Alien", "Brazil", "Cabaret"]
    """,
    solution="""
        # Exercise 8.2: GET /programme answers FILMS, with X-Total-Count and Cache-Control
        FILMS = ["Alien", "Brazil", "Cabaret"]


        @app.get("/programme")
        def list_films(response: Response):
            response.headers["X-Total-Count"] = str(len(FILMS))
            response.headers["Cache-Control"] = "max-age=60"
            return FILMS
    """,
    another="""
        # Exercise 8.2: GET /programme answers FILMS, with X-Total-Count and Cache-Control
        FILMS = ["Alien", "Brazil", "Cabaret"]


        @app.get("/programme")
        async def films() -> JSONResponse:
            return JSONResponse(FILMS, headers={"x-total-count": f"{len(FILMS)}", "cache-control": "max-age=60"})
    """,
    mistakes=[
        Mistake(
            'FILMS = ["Alien", "Brazil", "Cabaret"]\n\n\n@app.get("/programme")\ndef films(response: Response):\n'
            '    response.headers["X-Total-Count"] = len(FILMS)\n    return FILMS',
            "value is text",
        ),
        Mistake(
            'FILMS = ["Alien", "Brazil", "Cabaret"]\n\n\n@app.get("/programme")\ndef films():\n'
            '    return FILMS, 200, {"X-Total-Count": "3", "Cache-Control": "max-age=60"}',
            "gives a pair",
        ),
        Mistake(
            'FILMS = ["Alien", "Brazil", "Cabaret"]\n\n\n@app.get("/programme")\ndef films(response: Response):\n'
            '    response.headers["X-Total-Count"] = "3"\n    response.headers["Cache-Control"] = "max-age=60"\n'
            "    return JSONResponse(FILMS)",
            "not another response",
        ),
        Mistake(
            'FILMS = ["Alien", "Brazil", "Cabaret"]\n\n\n@app.get("/programme")\ndef films(response: Response):\n'
            '    response.headers["X_Total_Count"] = "3"\n    response.headers["Cache-Control"] = "max-age=60"\n'
            "    return FILMS",
            "came as `x_total_count`",
        ),
        Mistake(
            'FILMS = ["Alien", "Brazil", "Cabaret"]\n\n\n@app.get("/programme")\ndef films(response: Response):\n'
            '    response.headers["X-Total-Count"] = "3"\n    response.headers["Cache-Control"] = "max-age=60"\n'
            "    return FILMS",
            "Count the films",
        ),
        Mistake(
            'FILMS = ["Alien", "Brazil", "Cabaret"]\n\n\n@app.get("/programme")\ndef films():\n'
            '    return {"films": FILMS, "X-Total-Count": 3}',
            "The body is the list itself",
        ),
    ],
    learned="The body is what was asked for; headers say something about it. `Response` as a parameter sets them.",
)


def _visits(probe):
    answer = probe.get("/visits")
    if answer.status != 200 or not isinstance(answer.json, dict) or not isinstance(answer.json.get("visits"), int):
        hint = ""
        if answer.failure and answer.failure.type == "TypeError":
            hint = "A cookie is text, and 1 cannot be added to a text. The type hint `int` makes it a number."
        elif answer.is_about("visits"):
            hint = "On a first visit there is no cookie yet: give the parameter a default, `= 0`."
        elif answer.failure is None and isinstance(answer.json, dict) and "visits" in answer.json:
            hint = "`visits` must be a whole number in the answer."
        raise CheckFailedError("", expected='`{"visits": …}`', hint=hint)
    return answer.json["visits"]


def _counts_from_one(probe):
    probe.client.cookies.clear()
    first = _visits(probe)
    if first != 1:
        raise CheckFailedError(
            f"a visitor without any cookie was told: visit {first}",
            expected="the first visit of a new visitor is 1",
            hint=(
                "A variable of the notebook counts all visitors together. What each one has seen is in their own cookie."
                if first > 1
                else "The first visit counts too: it is one more than what the cookie says, or 1 without a cookie."
            ),
        )


def _counts_on(probe):
    probe.client.cookies.clear()
    came = [_visits(probe) for _ in range(3)]
    if came == [1, 2, 3]:
        return
    kept = dict(probe.client.cookies)
    hint = "Read the cookie, add one, set the cookie to the new number, answer with the new number."
    if not kept:
        hint = (
            'No cookie was set. `response.set_cookie("visits", …)` on the `Response` that the function asks for, and '
            "the dictionary returned; or on the response that you return yourself."
        )
    elif "visits" not in kept:
        hint = f"A cookie was set, but it is called `{next(iter(kept))}`, not `visits`."
    elif came == [1, 1, 1] and kept["visits"] == "0":
        hint = "The cookie holds the number from before the visit: set it to the new one, the one that you answer with."
    elif came == [1, 1, 1]:
        hint = (
            "The cookie was set and sent back, but the function did not read it: without `Cookie()`, a plain parameter "
            "comes from the query."
        )
    raise CheckFailedError(f"three visits of one visitor were counted {came}", expected="1, 2, 3", hint=hint)


def _each_has_their_own(probe):
    probe.client.cookies.clear()
    ada = [_visits(probe), _visits(probe)]
    probe.client.cookies.clear()
    bo = _visits(probe)
    if (ada, bo) != ([1, 2], 1):
        raise CheckFailedError(
            f"the first visitor was counted {ada}, then another one {bo}",
            expected="the other visitor begins at 1",
            hint="What each visitor has seen is in their own cookie, not in a variable that all share.",
        )


visits = Exercise(
    "You have been here before",
    steps=[
        do("A new visitor is on the first visit", _counts_from_one),
        do("Each further visit counts", _counts_on, needs=1),
        do("Every visitor is counted apart", _each_has_their_own, needs=2),
    ],
    hints=[
        "Two parameters: `response: Response` to set the cookie, and `visits: Annotated[int, Cookie()] = 0` to read it.",
        "The new number is `visits + 1`: it goes into the cookie and into the answer.",
        'A cookie is text: `response.set_cookie("visits", str(visits + 1))`.',
    ],
    stub="""
        # Exercise 8.3: GET /visits answers {"visits": 1}, then 2, then 3, and remembers it in the cookie "visits"
    """,
    solution="""
        # Exercise 8.3: GET /visits answers {"visits": 1}, then 2, then 3, and remembers it in the cookie "visits"
        @app.get("/visits")
        def count_visit(response: Response, visits: Annotated[int, Cookie()] = 0):
            response.set_cookie("visits", str(visits + 1))
            return {"visits": visits + 1}
    """,
    another="""
        # Exercise 8.3: GET /visits answers {"visits": 1}, then 2, then 3, and remembers it in the cookie "visits"
        from routebook import Request


        @app.get("/visits")
        async def welcome_back(request: Request) -> JSONResponse:
            number = int(request.cookies.get("visits", 0)) + 1
            answer = JSONResponse({"visits": number})
            answer.set_cookie("visits", f"{number}", max_age=86_400, httponly=True)
            return answer
    """,
    mistakes=[
        Mistake(
            'count = 0\n\n\n@app.get("/visits")\ndef visit():\n    global count\n    count += 1\n'
            '    return {"visits": count}',
            "in their own cookie",
        ),
        Mistake(
            '@app.get("/visits")\ndef visit(response: Response, visits: int = 0):\n'
            '    response.set_cookie("visits", str(visits + 1))\n    return {"visits": visits + 1}',
            "comes from the query",
        ),
        Mistake(
            '@app.get("/visits")\ndef visit(response: Response, visits: Annotated[int, Cookie()] = 0):\n'
            '    response.set_cookie("visits", str(visits + 1))\n    return JSONResponse({"visits": visits + 1})',
            "No cookie was set",
        ),
        Mistake(
            '@app.get("/visits")\ndef visit(response: Response, visits: Annotated[int, Cookie()]):\n'
            '    response.set_cookie("visits", str(visits + 1))\n    return {"visits": visits + 1}',
            "no cookie yet",
        ),
        Mistake(
            '@app.get("/visits")\ndef visit(response: Response, visits: Annotated[int, Cookie()] = 0):\n'
            '    response.set_cookie("visits", str(visits + 1))\n    return {"visits": visits}',
            "The first visit counts too",
        ),
        Mistake(
            '@app.get("/visits")\ndef visit(response: Response, visits: Annotated[int, Cookie()] = 0):\n'
            '    response.set_cookie("visits", str(visits))\n    return {"visits": visits + 1}',
            "the number from before the visit",
        ),
        Mistake(
            '@app.get("/visits")\ndef count(response: Response, visits: Annotated[int, Cookie()] = 0):\n'
            '    response.set_cookie("count", str(visits + 1))\n    return {"visits": visits + 1}',
            "it is called `count`",
        ),
    ],
    learned="The server keeps nothing here: each visitor carries the number along, and could change it, too.",
)


def _enter(probe):
    probe.client.cookies.clear()
    answer = probe.post("/entry")
    header = answer.headers.get("set-cookie", "")
    if answer.status != 200 or not header.startswith("pass="):
        lost = answer.status == 200
        raise CheckFailedError(
            f"`set-cookie: {header}`" if header else "without a cookie",
            expected="`POST /entry` answers 200 and sets the cookie `pass`",
            hint='`response.set_cookie("pass", …)` on the response that really goes out.' if lost else "",
        )
    return header


def _ends_after_an_hour(mark):
    """Whether this is `expires=…` with a time about an hour from now: `max_age=3600` in other words."""
    name, _, when = mark.partition("=")
    return name == "expires" and abs(parsedate_to_datetime(when) - datetime.now(UTC) - HOUR) < timedelta(minutes=5)


def _is_well_kept(probe):
    marks = {part.strip().lower() for part in _enter(probe).split(";")[1:]}
    asked = {
        "httponly": "`httponly=True` hides the cookie from scripts in the page.",
        "samesite=strict": '`samesite="strict"` keeps it from being sent by links and forms of other sites.',
        "max-age=3600": "`max_age=3600`, in seconds, lets it end after an hour.",
    }
    if any(_ends_after_an_hour(mark) for mark in marks):
        marks.add("max-age=3600")
    for mark, hint in asked.items():
        if mark not in marks:
            raise CheckFailedError(
                "; ".join(sorted(marks)), expected="`HttpOnly`, `SameSite=strict` and `Max-Age=3600`", hint=hint
            )


def _opens_the_hall(probe):
    is_secure = "secure" in _enter(probe).lower().split("; ")
    answer = probe.get("/hall")
    if answer.status != 200 or answer.json != {"seat": "F7"}:
        hint = ""
        if answer.status == 401 and is_secure:
            hint = "`secure=True` is right on the web, but such a cookie goes only over https; this client speaks http."
        elif answer.status in {401, 422}:
            hint = (
                "The cookie `pass` was sent, but not found. `pass` is a word of Python, so the parameter needs another "
                'name: `seat: Annotated[str | None, Cookie(alias="pass")] = None`.'
            )
        raise CheckFailedError(
            "",
            expected='`GET /hall`, after the entry, answers `{"seat": "F7"}`',
            hint=hint,
        )


def _closes_without(probe):
    probe.client.cookies.clear()
    answer = probe.get("/hall")
    if answer.status != 401:
        hint = ""
        if answer.status == 422:
            hint = (
                "A required cookie that is missing is a `422` before your function runs. Give it the default `None`, "
                "and raise the `401` yourself."
            )
        elif answer.status == 200:
            hint = "Nobody asked for the cookie. Raise `HTTPException(401)` where it is `None`."
        raise CheckFailedError(
            "",
            expected="without the cookie, `GET /hall` is a 401",
            hint=hint,
        )


def _leaves(probe):
    _enter(probe)
    answer = probe.post("/exit")
    if answer.status != 200:
        raise CheckFailedError("", expected="`POST /exit` answers 200")
    kept = dict(probe.client.cookies)
    after = probe.get("/hall")
    if kept or after.status != 401:
        set_again = "set-cookie" in answer.headers
        raise CheckFailedError(
            f"the browser still has a cookie: {', '.join(kept)}" if kept else f"GET /hall answers {after.status_text}",
            expected="after `POST /exit` the cookie is gone, and `GET /hall` is a 401",
            hint=(
                'An empty cookie is still a cookie. `response.delete_cookie("pass")` tells the browser to forget it; '
                "where a `path` was given when it was set, it must be the same."
                if set_again
                else 'The browser keeps a cookie until it is told. `response.delete_cookie("pass")` tells it.'
            ),
        )


hall = Exercise(
    "A pass for the hall",
    steps=[
        do("At the entry one gets a pass that is well kept", _is_well_kept),
        do("With it, the hall opens", _opens_the_hall, needs=1),
        do("Without it, the hall stays closed", _closes_without),
        do("At the exit the pass is taken away", _leaves, needs=(2, 3)),
    ],
    hints=[
        "Three operations: `POST /entry` sets the cookie, `GET /hall` reads it, `POST /exit` deletes it.",
        '`response.set_cookie("pass", "F7", max_age=3600, httponly=True, samesite="strict")`',
        '`seat: Annotated[str | None, Cookie(alias="pass")] = None`, and `raise HTTPException(401)` where it is `None`.',
    ],
    stub="""
        # Exercise 8.4: POST /entry, GET /hall, POST /exit, with the cookie "pass"
    """,
    solution="""
        # Exercise 8.4: POST /entry, GET /hall, POST /exit, with the cookie "pass"
        @app.post("/entry")
        def enter(response: Response):
            response.set_cookie("pass", "F7", max_age=3600, httponly=True, samesite="strict")
            return {"entered": True}


        @app.get("/hall")
        def sit_down(seat: Annotated[str | None, Cookie(alias="pass")] = None):
            if seat is None:
                raise HTTPException(401, "Your pass, please")
            return {"seat": seat}


        @app.post("/exit")
        def leave(response: Response):
            response.delete_cookie("pass")
            return {"entered": False}
    """,
    another="""
        # Exercise 8.4: POST /entry, GET /hall, POST /exit, with the cookie "pass"
        from routebook import Depends, Request


        def seat_of(request: Request) -> str:
            if "pass" not in request.cookies:
                raise HTTPException(status_code=401)
            return request.cookies["pass"]


        @app.post("/entry")
        async def come_in() -> JSONResponse:
            answer = JSONResponse("welcome")
            answer.set_cookie(key="pass", value="F7", expires=60 * 60, httponly=True, samesite="strict")
            return answer


        @app.get("/hall")
        async def read_seat(seat: Annotated[str, Depends(seat_of)]) -> dict[str, str]:
            return {"seat": seat}


        @app.post("/exit")
        async def go() -> JSONResponse:
            answer = JSONResponse("bye")
            answer.set_cookie("pass", "", max_age=0)
            return answer
    """,
    mistakes=[
        Mistake(
            '@app.post("/entry")\ndef enter(response: Response):\n    response.set_cookie("pass", "F7")\n',
            "hides the cookie from scripts",
        ),
        Mistake(
            '@app.post("/entry")\ndef enter(response: Response):\n'
            '    response.set_cookie("pass", "F7", max_age=3600, httponly=True, samesite="strict")\n\n\n'
            '@app.get("/hall")\ndef hall(pass_: Annotated[str | None, Cookie()] = None):\n'
            '    if pass_ is None:\n        raise HTTPException(401)\n    return {"seat": pass_}',
            "is a word of Python",
        ),
        Mistake(
            '@app.post("/entry")\ndef enter(response: Response):\n'
            '    response.set_cookie("pass", "F7", max_age=3600, httponly=True, samesite="strict")\n\n\n'
            '@app.get("/hall")\ndef hall(seat: Annotated[str, Cookie(alias="pass")]):\n    return {"seat": seat}',
            "before your function runs",
        ),
        Mistake(
            '@app.post("/entry")\ndef enter(response: Response):\n'
            '    response.set_cookie("pass", "F7", max_age=3600, httponly=True, samesite="strict")\n\n\n'
            '@app.get("/hall")\ndef hall(seat: Annotated[str | None, Cookie(alias="pass")] = None):\n'
            '    if seat is None:\n        raise HTTPException(401)\n    return {"seat": seat}\n\n\n'
            '@app.post("/exit")\ndef leave(response: Response):\n    response.set_cookie("pass", "")\n',
            "An empty cookie is still a cookie",
        ),
        Mistake(
            '@app.post("/entry")\ndef enter(response: Response):\n'
            '    response.set_cookie("pass", "F7", max_age=3600, httponly=True, samesite="strict", secure=True)\n\n\n'
            '@app.get("/hall")\ndef hall(seat: Annotated[str | None, Cookie(alias="pass")] = None):\n'
            '    if seat is None:\n        raise HTTPException(401)\n    return {"seat": seat}',
            "this client speaks http",
        ),
    ],
    learned=(
        "Set with care, read like any parameter, deleted by telling the browser. What must not be forged needs more "
        "than a cookie: a secret or a signature, in the lessons on security."
    ),
)

lesson = Lesson("Headers and cookies", exercises=[admission, programme, visits, hall], minutes=20)
