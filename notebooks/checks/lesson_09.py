"""Lesson 9: responses, their models and their status codes."""

from routebook_kernel.learn import CheckFailedError, Exercise, Lesson, Mistake, do, openapi, request

_FLASK = (
    "With a comma, `return` gives a pair, and that is answered as a list, with 200. Write "
    "`raise HTTPException(404)` for an error; the status of a success stands in the decorator."
)


def _is_page(value):
    """text/html; charset=utf-8"""
    return value.startswith("text/html")


def _is_notice(value):
    """<h1>Quiet after ten</h1> …"""
    return value.startswith("<h1>Quiet after ten</h1>")


def _is_csv(value):
    """text/csv; charset=utf-8"""
    return value.startswith("text/csv")


def _is_table(value):
    """name,room / Ada,4 / Bo,7, each a line"""
    return value.split() == ["name,room", "Ada,4", "Bo,7"]


def _is_pair(answer):
    return isinstance(answer.json, list) and len(answer.json) == 2 and isinstance(answer.json[1], int)


def _new_booking(probe):
    answer = probe.post("/bookings", json={"guest": "Ada", "nights": 2})
    if answer.status != 201 or not isinstance(answer.json, dict) or not isinstance(answer.json.get("id"), int):
        hint = ""
        if _is_pair(answer):
            hint = _FLASK
        elif answer.status == 200:
            hint = 'Where nothing else is said, the status is 200. `@app.post("/bookings", status_code=201)` says else.'
        elif answer.status == 201:
            hint = "The answer needs an `id`, a whole number, so that the client can speak of this booking."
        raise CheckFailedError("", expected='`201` with `{"id": a whole number, …}`', hint=hint)
    return answer.json


def _creates(probe):
    booking = _new_booking(probe)
    if (booking.get("guest"), booking.get("nights")) != ("Ada", 2):
        raise CheckFailedError(
            "", expected='the answer has `"guest": "Ada"` and `"nights": 2`', hint="Return what was sent, too."
        )


def _gets_own_ids(probe):
    first, second = _new_booking(probe)["id"], _new_booking(probe)["id"]
    if first == second:
        raise CheckFailedError(
            f"two bookings got the same id, {first}",
            expected="each booking has an id of its own",
            hint="Count: `next(numbers)` of the lesson's cell gives another number each time.",
        )
    probe.delete(f"/bookings/{first}")
    if _new_booking(probe)["id"] == second:
        raise CheckFailedError(
            f"after a booking was deleted, a new one got the id {second} of another",
            expected="each booking has an id of its own",
            hint="How many there are is no id: it comes again when one is deleted. `next(numbers)` never comes again.",
        )


def _reads(probe):
    number = _new_booking(probe)["id"]
    answer = probe.get(f"/bookings/{number}")
    if answer.status != 200 or (answer.json or {}).get("guest") != "Ada":
        raise CheckFailedError("", expected=f"`GET /bookings/{number}` answers 200 with the booking")


def _misses(probe):
    answer = probe.get("/bookings/987654")
    if answer.status != 404:
        hint = ""
        if answer.failure:
            hint = "`bookings[number]` raises a `KeyError` for a number that is not in it. Look first: `if number not in …`."
        elif _is_pair(answer):
            hint = _FLASK
        elif answer.status == 200 and isinstance(answer.json, dict) and "status_code" in answer.json:
            hint = "The exception was returned, so it became the answer. Write `raise` in front of it, not `return`."
        elif answer.status == 200:
            hint = "What is not there is a 404, not an empty answer: `raise HTTPException(404)`."
        raise CheckFailedError("", expected="a booking that is not there: `404`", hint=hint)


def _deletes(probe):
    number = _new_booking(probe)["id"]
    answer = probe.delete(f"/bookings/{number}")
    if answer.status != 204:
        hint = _FLASK if _is_pair(answer) else ""
        if not hint and answer.status == 200:
            hint = (
                "`204 No Content` says: done, and there is nothing to tell. Put `status_code=204` into the decorator."
            )
        raise CheckFailedError("", expected="`DELETE /bookings/…` answers 204, without a body", hint=hint)
    again = probe.get(f"/bookings/{number}")
    if again.status != 404:
        raise CheckFailedError(
            f"GET /bookings/{number} still answers {again.status_text}",
            expected="a booking that was deleted is a `404`",
            hint="`del bookings[number]` takes it out.",
        )
    twice = probe.delete(f"/bookings/{number}")
    if twice.status != 404:
        raise CheckFailedError(
            f"DELETE /bookings/{number} once more: {twice.status_text}",
            expected="a booking that was deleted is a `404`, for `DELETE` too",
            hint="Look first whether it is there, as in `GET`: `if number not in bookings: raise HTTPException(404)`.",
        )


bookings = Exercise(
    "The right number",
    steps=[
        do("A booking is created", _creates),
        do("Each has an id of its own", _gets_own_ids, needs=1),
        do("It can be read", _reads, needs=1),
        do("What is not there is a 404", _misses, needs=3),
        do("A booking can be deleted", _deletes, needs=(3, 4)),
        openapi("Clients can read that it is a 201", "POST /bookings", includes={"responses": {"201": ...}}, needs=1),
        openapi(
            "… and that a deletion answers nothing", "DELETE /bookings/{number}", includes={"responses": {"204": ...}}
        ),
    ],
    hints=[
        "`status_code=…` stands in the decorator, behind the path.",
        "`number = next(numbers)`, then keep the booking in `bookings[number]`.",
        "Two of the three can meet a number that is not there: `if number not in bookings: raise HTTPException(404)`.",
    ],
    stub="""
        # Exercise 9.1: POST /bookings, GET and DELETE /bookings/{number}
        bookings = {}
        numbers = itertools.count(1)


        class Booking(BaseModel):
            guest: str
            nights: int
    """,
    solution="""
        # Exercise 9.1: POST /bookings, GET and DELETE /bookings/{number}
        bookings = {}
        numbers = itertools.count(1)


        class Booking(BaseModel):
            guest: str
            nights: int


        @app.post("/bookings", status_code=201)
        def book(booking: Booking):
            number = next(numbers)
            bookings[number] = {"id": number, "guest": booking.guest, "nights": booking.nights}
            return bookings[number]


        @app.get("/bookings/{number}")
        def read_booking(number: int):
            if number not in bookings:
                raise HTTPException(404, "No such booking")
            return bookings[number]


        @app.delete("/bookings/{number}", status_code=204)
        def cancel(number: int):
            if number not in bookings:
                raise HTTPException(404, "No such booking")
            del bookings[number]
    """,
    another="""
        # Exercise 9.1: POST /bookings, GET and DELETE /bookings/{number}
        from routebook import Depends, Response, status


        class Stay(BaseModel):
            guest: str
            nights: int


        class Stored(Stay):
            id: int


        stays: list[Stored] = []


        def stay_of(number: int) -> Stored:
            for stay in stays:
                if stay.id == number:
                    return stay
            raise HTTPException(status.HTTP_404_NOT_FOUND)


        @app.post("/bookings", status_code=status.HTTP_201_CREATED)
        async def add(stay: Stay) -> Stored:
            stays.append(Stored(id=len(stays) + 1, **stay.model_dump()))
            return stays[-1]


        @app.get("/bookings/{number}")
        async def show(stay: Stored = Depends(stay_of)) -> Stored:
            return stay


        @app.delete("/bookings/{number}", status_code=204, response_class=Response)
        async def remove(stay: Stored = Depends(stay_of)):
            stay.id = 0
            return Response(status_code=204)
    """,
    mistakes=[
        Mistake(
            "bookings = {}\n\n\n"
            "class Booking(BaseModel):\n    guest: str\n    nights: int\n\n\n"
            '@app.post("/bookings", status_code=201)\ndef book(booking: Booking):\n    number = len(bookings) + 1\n'
            '    bookings[number] = {"id": number, "guest": booking.guest, "nights": booking.nights}\n'
            "    return bookings[number]\n\n\n"
            '@app.get("/bookings/{number}")\ndef read(number: int):\n    if number not in bookings:\n'
            "        raise HTTPException(404)\n    return bookings[number]\n\n\n"
            '@app.delete("/bookings/{number}", status_code=204)\ndef cancel(number: int):\n    bookings.pop(number, None)',
            "How many there are is no id",
        ),
        Mistake(
            "bookings = {}\nnumbers = itertools.count(1)\n\n\n"
            "class Booking(BaseModel):\n    guest: str\n    nights: int\n\n\n"
            '@app.post("/bookings", status_code=201)\ndef book(booking: Booking):\n    number = next(numbers)\n'
            '    bookings[number] = {"id": number, "guest": booking.guest, "nights": booking.nights}\n'
            "    return bookings[number]\n\n\n"
            '@app.get("/bookings/{number}")\ndef read(number: int):\n    if number not in bookings:\n'
            "        raise HTTPException(404)\n    return bookings[number]\n\n\n"
            '@app.delete("/bookings/{number}", status_code=204)\ndef cancel(number: int):\n    bookings.pop(number, None)',
            "Look first whether it is there, as in `GET`",
        ),
        Mistake(
            'class Booking(BaseModel):\n    guest: str\n    nights: int\n\n\n@app.post("/bookings")\n'
            'def book(booking: Booking):\n    return {"id": 1, "guest": booking.guest, "nights": booking.nights}',
            "says else",
        ),
        Mistake(
            'class Booking(BaseModel):\n    guest: str\n    nights: int\n\n\n@app.post("/bookings")\n'
            'def book(booking: Booking):\n    return {"id": 1, "guest": booking.guest, "nights": booking.nights}, 201',
            "answered as a list",
        ),
        Mistake(
            "class Booking(BaseModel):\n    guest: str\n    nights: int\n\n\n"
            '@app.post("/bookings", status_code=201)\ndef book(booking: Booking):\n    return booking',
            "needs an `id`",
        ),
        Mistake(
            "bookings = {}\nnumbers = itertools.count(1)\n\n\nclass Booking(BaseModel):\n    guest: str\n    nights: int\n\n\n"
            '@app.post("/bookings", status_code=201)\ndef book(booking: Booking):\n    number = next(numbers)\n'
            '    bookings[number] = {"id": number, **booking.model_dump()}\n    return bookings[number]\n\n\n'
            '@app.get("/bookings/{number}")\ndef read(number: int):\n    return bookings[number]',
            "raises a `KeyError`",
        ),
        Mistake(
            "bookings = {}\nnumbers = itertools.count(1)\n\n\nclass Booking(BaseModel):\n    guest: str\n    nights: int\n\n\n"
            '@app.post("/bookings", status_code=201)\ndef book(booking: Booking):\n    number = next(numbers)\n'
            '    bookings[number] = {"id": number, **booking.model_dump()}\n    return bookings[number]\n\n\n'
            '@app.get("/bookings/{number}")\ndef read(number: int):\n    if number not in bookings:\n'
            "        return HTTPException(404)\n    return bookings[number]",
            "Write `raise` in front",
        ),
        Mistake(
            "bookings = {}\nnumbers = itertools.count(1)\n\n\nclass Booking(BaseModel):\n    guest: str\n    nights: int\n\n\n"
            '@app.post("/bookings", status_code=201)\ndef book(booking: Booking):\n    number = next(numbers)\n'
            '    bookings[number] = {"id": number, **booking.model_dump()}\n    return bookings[number]\n\n\n'
            '@app.get("/bookings/{number}")\ndef read(number: int):\n    if number not in bookings:\n'
            "        raise HTTPException(404)\n    return bookings[number]\n\n\n"
            '@app.delete("/bookings/{number}")\ndef cancel(number: int):\n    del bookings[number]',
            "done, and there is nothing to tell",
        ),
    ],
    learned=(
        "The number is the first thing that a client looks at: 201, it is there now; 204, done, nothing to say; 404, "
        "there is none. A success is said in the decorator, an error is raised."
    ),
)

_LEAK = "The door's code went out. A return type that is a model without it, `-> PublicGuest`, lets only its own fields through."

guests = Exercise(
    "What guests may know of each other",
    steps=[
        request(
            "Ada is shown without her door's code",
            "GET /guests/1",
            returns={"name": "Ada", "room": 4},
            mistakes={
                lambda answer: answer.failure.type == "ResponseValidationError": (
                    "The model asks for something that the guest does not have, or for a list where there is one: "
                    "send the request yourself, the response says at which field."
                ),
                lambda answer: "door_code" in answer.json: _LEAK,
            },
        ),
        request(
            "The list shows none of them, either",
            "GET /guests",
            returns=[{"name": "Ada", "room": 4}, {"name": "Bo", "room": 7}],
            mistakes={
                lambda answer: answer.failure.type == "ResponseValidationError": (
                    "What was returned is not what was promised. A list of models is promised with "
                    "`-> list[PublicGuest]`, and `GUESTS.values()` becomes one with `list(…)`."
                ),
                lambda answer: "door_code" in str(answer.json): _LEAK,
                lambda answer: (
                    "1" in answer.json
                ): "Asked is a list of the guests, not an object: `list(GUESTS.values())`.",
            },
        ),
        openapi(
            "Clients can read what comes",
            "GET /guests/{number}: 200",
            includes={"properties": {"name": {"type": "string"}, "room": {"type": "integer"}}},
            mistakes={
                lambda schema: True: (
                    "The answer is right, but the document does not know it. Say it with a model as the return type: "
                    "then it is documented, checked and filtered, in one line."
                ),
            },
            needs=1,
        ),
        openapi(
            "… in the list as well",
            "GET /guests: 200",
            includes={"type": "array", "items": {"properties": {"name": ..., "room": ...}}},
            mistakes={lambda schema: True: "Say it with the return type: `-> list[PublicGuest]`."},
            needs=2,
        ),
    ],
    hints=[
        "A second model, with `name: str` and `room: int` only.",
        "Say what is returned: `def read_guest(number: int) -> PublicGuest:`. `return GUESTS[number]` is enough then.",
        "For the list: `-> list[PublicGuest]`, and `return list(GUESTS.values())`.",
    ],
    stub="""
        # Exercise 9.2: GET /guests and GET /guests/1, without the door's code
    """,
    solution="""
        # Exercise 9.2: GET /guests and GET /guests/1, without the door's code
        class PublicGuest(BaseModel):
            name: str
            room: int


        @app.get("/guests/{number}")
        def read_guest(number: int) -> PublicGuest:
            return GUESTS[number]


        @app.get("/guests")
        def list_guests() -> list[PublicGuest]:
            return list(GUESTS.values())
    """,
    another="""
        # Exercise 9.2: GET /guests and GET /guests/1, without the door's code
        from dataclasses import dataclass


        @dataclass
        class Visible:
            name: str
            room: int


        @app.get("/guests", response_model=list[Visible])
        async def everybody():
            return [guest for _, guest in sorted(GUESTS.items())]


        @app.get("/guests/{number}", response_model=Visible)
        async def somebody(number: int):
            if number not in GUESTS:
                raise HTTPException(404)
            return {"name": GUESTS[number]["name"], "room": GUESTS[number]["room"]}
    """,
    mistakes=[
        Mistake(
            '@app.get("/guests/{number}")\ndef read(number: int):\n    return GUESTS[number]', "door's code went out"
        ),
        Mistake(
            '@app.get("/guests/{number}")\ndef read(number: int):\n'
            '    return {"name": GUESTS[number]["name"], "room": GUESTS[number]["room"]}',
            "the document does not know it",
        ),
        Mistake(
            "class PublicGuest(BaseModel):\n    name: str\n    room: int\n\n\n"
            '@app.get("/guests")\ndef everybody() -> PublicGuest:\n    return list(GUESTS.values())',
            "is promised with",
        ),
        Mistake(
            "class PublicGuest(BaseModel):\n    id: int\n    name: str\n    room: int\n\n\n"
            '@app.get("/guests/{number}")\ndef read(number: int) -> PublicGuest:\n    return GUESTS[number]',
            "asks for something that the guest does not have",
        ),
        Mistake(
            "from routebook.responses import JSONResponse\n\n\nclass PublicGuest(BaseModel):\n    name: str\n    room: int\n\n\n"
            '@app.get("/guests/{number}", response_model=PublicGuest)\ndef read(number: int):\n'
            "    return JSONResponse(GUESTS[number])",
            "door's code went out",
        ),
    ],
    learned=(
        "A return type is a promise that is kept for you: what is not in it does not go out, whatever your function "
        "returns, today and after the next change of your data."
    ),
)


def _creates_then_replaces(probe):
    probe.value("LOCKERS").clear()
    first = probe.put("/lockers/3", json={"guest": "Ada"})
    if first.status != 201:
        raise CheckFailedError(
            "",
            expected="a locker that nobody had: `201`",
            hint=(
                "The status in the decorator is the same for every answer. `response: Response` as a parameter, and "
                "`response.status_code = 201`, sets it for this one."
                if first.status == 200
                else ""
            ),
        )
    second = probe.put("/lockers/3", json={"guest": "Bo"})
    if second.status != 200:
        raise CheckFailedError(
            "",
            expected="the same locker again: `200`",
            hint=(
                "It was created by the first request, and is only replaced by the second. Look into `LOCKERS` before "
                "you write: was the number there? `201` only where it was not."
                if second.status == 201
                else ""
            ),
        )
    for answer, guest in ((first, "Ada"), (second, "Bo")):
        if answer.json != {"number": 3, "guest": guest}:
            raise CheckFailedError(
                answer.body_text,
                expected=f'`{{"number": 3, "guest": "{guest}"}}` in both cases',
                hint="A `Response` that you return yourself needs the body, too." if answer.text == "" else "",
            )


lockers = Exercise(
    "Created or replaced",
    steps=[
        do("The first guest of a locker is a 201, the next a 200", _creates_then_replaces),
        request(
            "A locker that is not new stays a 200",
            "PUT /lockers/3",
            json={"guest": "Cy"},
            includes={"guest": "Cy"},
            needs=1,
        ),
    ],
    hints=[
        "Whether it is new must be known before it is kept: `is_new = number not in LOCKERS`.",
        "`response: Response` as a parameter is the answer in the making. It has a `status_code`.",
    ],
    stub="""
        # Exercise 9.3: PUT /lockers/3 answers 201 the first time, then 200
        LOCKERS = {}


        class Locker(BaseModel):
            guest: str
    """,
    solution="""
        # Exercise 9.3: PUT /lockers/3 answers 201 the first time, then 200
        LOCKERS = {}


        class Locker(BaseModel):
            guest: str


        @app.put("/lockers/{number}")
        def put_locker(number: int, locker: Locker, response: Response):
            if number not in LOCKERS:
                response.status_code = 201
            LOCKERS[number] = locker.guest
            return {"number": number, "guest": locker.guest}
    """,
    another="""
        # Exercise 9.3: PUT /lockers/3 answers 201 the first time, then 200
        from routebook.responses import JSONResponse

        LOCKERS = {}


        class Locker(BaseModel):
            guest: str


        @app.put("/lockers/{number}")
        async def rent(number: int, locker: Locker) -> JSONResponse:
            status_code = 200 if number in LOCKERS else 201
            LOCKERS[number] = locker
            return JSONResponse({"number": number, "guest": locker.guest}, status_code)
    """,
    mistakes=[
        Mistake(
            "LOCKERS = {}\n\n\nclass Locker(BaseModel):\n    guest: str\n\n\n"
            '@app.put("/lockers/{number}", status_code=201)\ndef put(number: int, locker: Locker):\n'
            '    LOCKERS[number] = locker\n    return {"number": number, "guest": locker.guest}',
            "only replaced by the second",
        ),
        Mistake(
            "LOCKERS = {}\n\n\nclass Locker(BaseModel):\n    guest: str\n\n\n"
            '@app.put("/lockers/{number}")\ndef put(number: int, locker: Locker):\n'
            '    LOCKERS[number] = locker\n    return {"number": number, "guest": locker.guest}',
            "the same for every answer",
        ),
        Mistake(
            "LOCKERS = {}\n\n\nclass Locker(BaseModel):\n    guest: str\n\n\n"
            '@app.put("/lockers/{number}")\ndef put(number: int, locker: Locker, response: Response):\n'
            "    LOCKERS[number] = locker\n    if number not in LOCKERS:\n        response.status_code = 201\n"
            '    return {"number": number, "guest": locker.guest}',
            "the same for every answer",
        ),
        Mistake(
            "LOCKERS = {}\n\n\nclass Locker(BaseModel):\n    guest: str\n\n\n"
            '@app.put("/lockers/{number}")\ndef put(number: int, locker: Locker):\n'
            "    if number not in LOCKERS:\n        LOCKERS[number] = locker\n        return Response(status_code=201)\n"
            '    return {"number": number, "guest": locker.guest}',
            "needs the body, too",
        ),
    ],
    learned="What is always so stands in the decorator; what only this request knows is set on its response.",
)


def _board(probe):
    answer = probe.get("/board", follow_redirects=False)
    if answer.status not in {301, 302, 303, 307, 308} or answer.headers.get("location") != "/notice":
        hint = ""
        if answer.status == 200:
            hint = 'A redirect is a response of its own: `return RedirectResponse("/notice")`.'
        elif "location" in answer.headers:
            hint = "It leads somewhere else: compare the address."
        raise CheckFailedError(
            f"{answer.status_text}, `location: {answer.headers['location']}`" if "location" in answer.headers else "",
            expected="a redirect (`3xx`) with the header `location: /notice`",
            hint=hint,
        )


pages = Exercise(
    "A page, a table, another way",
    steps=[
        request(
            "The notice is a page",
            "GET /notice",
            text=_is_notice,
            has_headers={"content-type": _is_page},
            mistakes={
                lambda answer: answer.text.startswith('"'): (
                    "It came in quotes: as JSON text. `response_class=HTMLResponse` in the decorator, or "
                    "`return HTMLResponse(…)`, sends it as a page."
                ),
                lambda answer: answer.headers["content-type"].startswith("text/plain"): (
                    "As `text/plain`, a browser shows the angle brackets. A page is an `HTMLResponse`."
                ),
                200: "Compare the page with what is asked, letter by letter.",
            },
        ),
        request(
            "The guests come as a table",
            "GET /guests.csv",
            text=_is_table,
            has_headers={"content-type": _is_csv},
            mistakes={
                lambda answer: answer.is_about("path"): (
                    "`/guests/{number}` is not meant. Is your path `/guests.csv`, with a dot?"
                ),
                lambda answer: answer.text.startswith('"'): (
                    "It came in quotes: as JSON text. A text of another kind is a `Response` of its own: "
                    '`Response(text, media_type="text/csv")`.'
                ),
                lambda answer: answer.status == 200 and not _is_csv(answer.headers["content-type"]): (
                    'The content is not marked as `text/csv`: `media_type="text/csv"` does it.'
                ),
                200: "Compare the table with what is asked: three lines, no blanks, no code of a door.",
            },
        ),
        do("The old address leads to the notice", _board),
    ],
    hints=[
        "All three are in `routebook.responses`: `HTMLResponse`, `Response`, `RedirectResponse`.",
        '`Response(text, media_type="text/csv")` sends a text as it is.',
        '`"\\n".join(["name,room", *(f"{guest[\'name\']},{guest[\'room\']}" for guest in GUESTS.values())])`',
    ],
    stub="""
        # Exercise 9.4: GET /notice is a page, GET /guests.csv a table, GET /board a redirect
    """,
    solution="""
        # Exercise 9.4: GET /notice is a page, GET /guests.csv a table, GET /board a redirect
        @app.get("/notice", response_class=HTMLResponse)
        def read_notice():
            return "<h1>Quiet after ten</h1>"


        @app.get("/guests.csv")
        def export_guests():
            lines = ["name,room", *(f"{guest['name']},{guest['room']}" for guest in GUESTS.values())]
            return Response("\\n".join(lines), media_type="text/csv")


        @app.get("/board")
        def read_board():
            return RedirectResponse("/notice")
    """,
    another="""
        # Exercise 9.4: GET /notice is a page, GET /guests.csv a table, GET /board a redirect
        import csv
        import io

        from routebook.responses import StreamingResponse


        class CSVResponse(Response):
            media_type = "text/csv"


        @app.get("/notice")
        async def notice() -> HTMLResponse:
            return HTMLResponse("<h1>Quiet after ten</h1>\\n<p>Thank you.</p>")


        @app.get("/guests.csv", response_class=CSVResponse)
        async def table():
            text = io.StringIO()
            writer = csv.DictWriter(text, ["name", "room"], extrasaction="ignore")
            writer.writeheader()
            writer.writerows(GUESTS.values())
            return text.getvalue()


        @app.get("/board", response_class=RedirectResponse, status_code=301)
        async def board():
            return "/notice"
    """,
    mistakes=[
        Mistake('@app.get("/notice")\ndef notice():\n    return "<h1>Quiet after ten</h1>"', "It came in quotes"),
        Mistake(
            'from routebook.responses import PlainTextResponse\n\n\n@app.get("/notice", response_class=PlainTextResponse)\n'
            'def notice():\n    return "<h1>Quiet after ten</h1>"',
            "shows the angle brackets",
        ),
        Mistake(
            '@app.get("/guests.csv")\ndef table():\n    return "name,room\\nAda,4\\nBo,7"',
            "is a `Response` of its own",
        ),
        Mistake(
            '@app.get("/guests.csv", response_class=HTMLResponse)\ndef table():\n    return "name,room\\nAda,4\\nBo,7"',
            "not marked as",
        ),
        Mistake('@app.get("/board")\ndef board():\n    return "/notice"', "a response of its own"),
    ],
    learned="JSON is what a plain return becomes. Everything else is a response that you make, or a class in the decorator.",
)

lesson = Lesson("Responses and status codes", exercises=[bookings, guests, lockers, pages], minutes=20)
