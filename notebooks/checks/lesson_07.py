"""Lesson 7: enums, unions and dates, on a ferry."""

from typing import Any

from routebook_kernel.learn import Exercise, Lesson, Mistake, ProbeResponse, openapi, request


def is_refused_by_hand(answer: ProbeResponse) -> bool:
    return answer.status in {400, 404, 422} and not answer.names and bool(answer.json != {"detail": "Not Found"})


def enum_of(parameter: Any) -> Any:
    return parameter["schema"]["enum"]


PRICES = {"child": 5, "adult": 12, "senior": 9}

fares = Exercise(
    "One of three fares",
    steps=[
        request(
            "An adult pays 12",
            "GET /fares?who=adult",
            returns={"who": "adult", "price": 12},
            mistakes={
                "query.who": (
                    "`adult` is refused. Clients send the *value* of an enum's member, which stands behind the `=`: "
                    '`ADULT = "adult"`.'
                ),
                lambda answer: answer.failure is not None and answer.failure.type == "KeyError": (
                    "Looking up the price failed: the keys of the dictionary and the type of `who` do not go together. A "
                    "member of an enum is no text; `who.value` is, or derive from `StrEnum`."
                ),
                lambda answer: answer.json["who"] in ("ADULT", "Fare.ADULT"): (
                    "The answer holds the member's name. Return the member itself, or its `.value`."
                ),
            },
        ),
        request("A child pays 5", "GET /fares?who=child", returns={"who": "child", "price": 5}, needs=1),
        request("A senior pays 9", "GET /fares?who=senior", returns={"who": "senior", "price": 9}, needs=1),
        request(
            "There is no fare for a captain",
            "GET /fares?who=captain",
            names="query.who",
            mistakes={
                500: "`captain` got into your function, and failed there. A type that knows the three words refuses it.",
                200: "A captain got a fare. Which type has three values, and no more?",
                is_refused_by_hand: (
                    "It is refused by hand, so the client is not told which words are fine. `Literal[…]` or an enum does."
                ),
            },
            needs=1,
        ),
        openapi(
            "The documentation lists the three",
            "GET /fares: who",
            where=("the three words", lambda parameter: sorted(enum_of(parameter)) == sorted(PRICES)),
            mistakes={
                lambda parameter: "enum" not in parameter["schema"]: (
                    "The document knows only a text. `Literal[…]` or an enum as the type lists the values, and the explorer "
                    "offers them."
                ),
            },
            needs=(1, 2, 3, 4),
        ),
    ],
    hints=[
        'A type with three values: `Literal["child", "adult", "senior"]`, or a class that derives from `StrEnum`.',
        "`PRICES` has the price for each: `PRICES[who]`.",
        'The function: `def read_fare(who: Literal["child", "adult", "senior"]):`',
    ],
    stub="""
        # Exercise 7.1: GET /fares?who=adult
        PRICES = {"child": 5, "adult": 12, "senior": 9}
    """,
    solution="""
        # Exercise 7.1: GET /fares?who=adult
        PRICES = {"child": 5, "adult": 12, "senior": 9}


        @app.get("/fares")
        def read_fare(who: Literal["child", "adult", "senior"]):
            return {"who": who, "price": PRICES[who]}
    """,
    another="""
        # Exercise 7.1: GET /fares?who=adult
        from enum import Enum


        class Fare(Enum):
            CHILD = "child"
            ADULT = "adult"
            SENIOR = "senior"

            @property
            def price(self) -> int:
                return 5 if self is Fare.CHILD else 12 if self is Fare.ADULT else 9


        @app.get("/fares")
        async def fare(who: Fare):
            return {"who": who, "price": who.price}
    """,
    mistakes=[
        Mistake(
            'PRICES = {"child": 5, "adult": 12, "senior": 9}\n\n\n'
            '@app.get("/fares")\ndef fare(who: str):\n    return {"who": who, "price": PRICES[who]}',
            "A type that knows the three words",
        ),
        Mistake(
            'PRICES = {"child": 5, "adult": 12, "senior": 9}\n\n\n'
            '@app.get("/fares")\ndef fare(who: str):\n    return {"who": who, "price": PRICES.get(who)}',
            "A captain got a fare",
        ),
        Mistake(
            'PRICES = {"child": 5, "adult": 12, "senior": 9}\n\n\n'
            'class Fare(StrEnum):\n    child = "C"\n    adult = "A"\n    senior = "S"\n\n\n'
            '@app.get("/fares")\ndef fare(who: Fare):\n    return {"who": who, "price": PRICES[who]}',
            "Clients send the *value*",
        ),
        Mistake(
            'PRICES = {"child": 5, "adult": 12, "senior": 9}\n\n\n'
            "from enum import Enum\n\n\n"
            'class Fare(Enum):\n    CHILD = "child"\n    ADULT = "adult"\n    SENIOR = "senior"\n\n\n'
            '@app.get("/fares")\ndef fare(who: Fare):\n    return {"who": who, "price": PRICES[who]}',
            "A member of an enum is no text",
        ),
        Mistake(
            'PRICES = {"child": 5, "adult": 12, "senior": 9}\n\n\n'
            "from routebook import HTTPException\n\n\n"
            '@app.get("/fares")\ndef fare(who: str):\n    if who not in PRICES:\n'
            '        raise HTTPException(422, "no such fare")\n    return {"who": who, "price": PRICES[who]}',
            "the client is not told which words are fine",
        ),
    ],
    learned="A closed list of values is a type. Clients see the list, in the documentation and in the refusal.",
)

DAYS = '`day: date` makes it a date: then `day - timedelta(days=1)` and `day.strftime("%A")` work.'

eves = Exercise(
    "The day before",
    steps=[
        request(
            "The day before Christmas Day 2026",
            "GET /days/2026-12-25",
            returns={"day": "2026-12-25", "before": "2026-12-24", "weekday": "Friday"},
            mistakes={
                lambda answer: "'datetime.date' and 'int'" in answer.failure.message: (
                    "From a day a duration is taken away, not a number: `day - timedelta(days=1)`."
                ),
                lambda answer: "'str'" in answer.failure.message: f"A text has no days to take away. {DAYS}",
                lambda answer: "T00:00:00" in answer.text: (
                    "The answer has a time of day in it: the type is `datetime`. Here it is a `date`."
                ),
                lambda answer: (
                    answer.json["weekday"] == "Fri"
                ): "`%a` is the short name of the day, `%A` the whole one.",
                lambda answer: answer.json["weekday"] in (4, 5): (
                    'A number came for the weekday. `day.strftime("%A")` gives its name.'
                ),
                lambda answer: answer.json["weekday"] == "Thursday": "That is the weekday of the day before.",
            },
        ),
        request(
            "The day before the first of a month",
            "GET /days/2027-03-01",
            returns={"day": "2027-03-01", "before": "2027-02-28", "weekday": "Monday"},
            mistakes={
                500: "The day before the first of a month is in another month. `timedelta(days=1)` knows that.",
                200: "The day before the first of a month is in another month. `timedelta(days=1)` knows that.",
            },
            needs=1,
        ),
        request(
            "There is no 30th of February",
            "GET /days/2026-02-30",
            names="path",
            mistakes={
                500: f"It got into your function, and failed there. {DAYS}",
                200: f"The 30th of February was taken for a day. {DAYS}",
            },
            needs=1,
        ),
        request(
            "`25.12.2026` is refused: dates are written year-month-day",
            "GET /days/25.12.2026",
            names="path",
            mistakes={500: f"It got into your function, and failed there. {DAYS}", 200: f"It was taken. {DAYS}"},
            needs=1,
        ),
    ],
    hints=[
        "The type of the parameter is `date`. What arrives is no text then, but a day one can calculate with.",
        '`day - timedelta(days=1)` is the day before; `day.strftime("%A")` the name of the weekday.',
        'Return a dictionary with the three; dates in it become texts by themselves: `{"day": day, …}`.',
    ],
    stub="""
        # Exercise 7.2: GET /days/2026-12-25
    """,
    solution="""
        # Exercise 7.2: GET /days/2026-12-25
        @app.get("/days/{day}")
        def read_day(day: date):
            return {"day": day, "before": day - timedelta(days=1), "weekday": day.strftime("%A")}
    """,
    another="""
        # Exercise 7.2: GET /days/2026-12-25
        import calendar


        class Day(BaseModel):
            day: date
            before: date
            weekday: str


        @app.get("/days/{which}")
        async def look_up(which: date) -> Day:
            before = date.fromordinal(which.toordinal() - 1)
            return Day(day=which, before=before, weekday=calendar.day_name[which.weekday()])
    """,
    mistakes=[
        Mistake(
            '@app.get("/days/{day}")\ndef read(day: str):\n'
            '    return {"day": day, "before": day - timedelta(days=1), "weekday": day.strftime("%A")}',
            "A text has no days to take away",
        ),
        Mistake(
            '@app.get("/days/{day}")\ndef read(day: datetime):\n'
            '    return {"day": day, "before": day - timedelta(days=1), "weekday": day.strftime("%A")}',
            "has a time of day in it",
        ),
        Mistake(
            '@app.get("/days/{day}")\ndef read(day: date):\n'
            '    return {"day": day, "before": day.replace(day=day.day - 1), "weekday": day.strftime("%A")}',
            "is in another month",
        ),
        Mistake(
            '@app.get("/days/{day}")\ndef read(day: str):\n    that = date.fromisoformat(day)\n'
            '    return {"day": day, "before": that - timedelta(days=1), "weekday": that.strftime("%A")}',
            "It got into your function",
        ),
        Mistake(
            '@app.get("/days/{day}")\ndef read(day: date):\n'
            '    return {"day": day, "before": day - timedelta(days=1), "weekday": day.weekday()}',
            "A number came for the weekday",
        ),
        Mistake(
            '@app.get("/days/{day}")\ndef read(day: date):\n'
            '    return {"day": day, "before": day - 1, "weekday": day.strftime("%A")}',
            "a duration is taken away",
        ),
    ],
    learned="A date in the address is a date in the function, and a text again in the answer; impossible days stay outside.",
)

AWARE = (
    "One time has a zone and the other has none: they cannot be compared. `AwareDatetime` as the type of both refuses a "
    "time without a zone before."
)

crossings = Exercise(
    "How long a crossing takes",
    steps=[
        request(
            "From 10:00 to 11:30 are 90 minutes",
            "POST /crossings",
            json={"leaves": "2026-07-01T10:00:00Z", "arrives": "2026-07-01T11:30:00Z"},
            returns={"minutes": 90},
            mistakes={
                lambda answer: answer.json["minutes"] in (5400, "PT1H30M", "PT5400S", "1:30:00"): (
                    "That is the duration in another form, such as seconds. For minutes, as a number, divide it by "
                    "`timedelta(minutes=1)`."
                ),
                lambda answer: (
                    answer.json["minutes"] == -90
                ): "It is negative: arrival less departure, not the other way.",
                lambda answer: answer.failure is not None and "'str'" in answer.failure.message: (
                    "The times are texts in your function. Give both fields the type `AwareDatetime`."
                ),
            },
        ),
        request(
            "From 10:00 in Paris to 10:15 in London are 75 minutes",
            "POST /crossings",
            json={"leaves": "2026-07-01T10:00:00+02:00", "arrives": "2026-07-01T10:15:00+01:00"},
            returns={"minutes": 75},
            mistakes={
                lambda answer: answer.json["minutes"] == 15: (
                    "15 minutes are the difference of the clocks on the wall; their zones differ by an hour. Keep the zones "
                    "(no `replace(tzinfo=None)`), and the difference is right by itself."
                ),
            },
            needs=1,
        ),
        request(
            "Over midnight, and more than a day: 1500 minutes",
            "POST /crossings",
            json={"leaves": "2026-07-01T10:00:00Z", "arrives": "2026-07-02T11:00:00Z"},
            returns={"minutes": 1500},
            mistakes={
                lambda answer: answer.json["minutes"] == 60: (
                    "The day is lost: `.seconds` is only what is left besides whole days. `.total_seconds()` is all of it."
                ),
            },
            needs=1,
        ),
        request(
            "A time without a zone is refused, and named",
            "POST /crossings",
            json={"leaves": "2026-07-01T10:00:00", "arrives": "2026-07-01T11:30:00Z"},
            names="body.leaves",
            mistakes={
                500: AWARE,
                200: "A time without a zone was taken, and nobody knows when it is. `AwareDatetime` refuses it.",
            },
            needs=1,
        ),
        request(
            "So it is where neither has one",
            "POST /crossings",
            json={"leaves": "2026-07-01T10:00:00", "arrives": "2026-07-01T11:30:00"},
            names="body.arrives",
            mistakes={200: "Times without a zone were taken. `AwareDatetime` as the type of both fields refuses them."},
            needs=1,
        ),
    ],
    hints=[
        "A model with two fields, `leaves` and `arrives`, of the type `AwareDatetime`.",
        "The difference of two times is a `timedelta`: `crossing.arrives - crossing.leaves`.",
        "Minutes: `(crossing.arrives - crossing.leaves) / timedelta(minutes=1)`.",
    ],
    stub="""
        # Exercise 7.3: POST /crossings
    """,
    solution="""
        # Exercise 7.3: POST /crossings
        class Crossing(BaseModel):
            leaves: AwareDatetime
            arrives: AwareDatetime


        @app.post("/crossings")
        def measure(crossing: Crossing):
            return {"minutes": (crossing.arrives - crossing.leaves) / timedelta(minutes=1)}
    """,
    another="""
        # Exercise 7.3: POST /crossings
        from pydantic import AfterValidator
        from routebook import Body


        def must_have_zone(moment: datetime) -> datetime:
            if moment.tzinfo is None:
                raise ValueError("in which time zone?")
            return moment


        Moment = Annotated[datetime, AfterValidator(must_have_zone), Body()]


        @app.post("/crossings")
        async def duration(leaves: Moment, arrives: Moment) -> dict[str, int]:
            return {"minutes": int(arrives.timestamp() - leaves.timestamp()) // 60}
    """,
    mistakes=[
        Mistake(
            "class Crossing(BaseModel):\n    leaves: datetime\n    arrives: datetime\n\n\n"
            '@app.post("/crossings")\ndef measure(crossing: Crossing):\n'
            '    return {"minutes": (crossing.arrives - crossing.leaves) / timedelta(minutes=1)}',
            "One time has a zone and the other has none",
        ),
        Mistake(
            "class Crossing(BaseModel):\n    leaves: datetime\n    arrives: datetime\n\n\n"
            '@app.post("/crossings")\ndef measure(crossing: Crossing):\n'
            "    arrives, leaves = crossing.arrives.replace(tzinfo=None), crossing.leaves.replace(tzinfo=None)\n"
            '    return {"minutes": (arrives - leaves) / timedelta(minutes=1)}',
            "the clocks on the wall",
        ),
        Mistake(
            "class Crossing(BaseModel):\n    leaves: AwareDatetime\n    arrives: AwareDatetime\n\n\n"
            '@app.post("/crossings")\ndef measure(crossing: Crossing):\n'
            '    return {"minutes": (crossing.arrives - crossing.leaves).seconds / 60}',
            "`.total_seconds()` is all of it",
        ),
        Mistake(
            "class Crossing(BaseModel):\n    leaves: AwareDatetime\n    arrives: AwareDatetime\n\n\n"
            '@app.post("/crossings")\ndef measure(crossing: Crossing):\n'
            '    return {"minutes": crossing.arrives - crossing.leaves}',
            "divide it by `timedelta(minutes=1)`",
        ),
        Mistake(
            "class Crossing(BaseModel):\n    leaves: str\n    arrives: str\n\n\n"
            '@app.post("/crossings")\ndef measure(crossing: Crossing):\n'
            '    return {"minutes": crossing.arrives - crossing.leaves}',
            "The times are texts in your function",
        ),
    ],
    learned="A time without a zone is no moment. `AwareDatetime` asks for one, and differences are right across zones.",
)

tickets = Exercise(
    "On foot or by car",
    steps=[
        request(
            "A car of 4.5 metres pays 45",
            "POST /tickets",
            json={"kind": "car", "length": 4.5},
            returns={"price": 45},
            mistakes={
                lambda answer: any(".bags" in f".{name}" for name in answer.names): (
                    "A car was asked for its bags. The types are alternatives: `Annotated[Car | Walker, "
                    'Field(discriminator="kind")]`.'
                ),
            },
        ),
        request(
            "A walker with two bags pays 14",
            "POST /tickets",
            json={"kind": "walker", "bags": 2},
            returns={"price": 14},
            mistakes={
                lambda answer: any(".length" in f".{name}" for name in answer.names): (
                    "A walker was asked for a length. The types are alternatives: `Annotated[Car | Walker, "
                    'Field(discriminator="kind")]`.'
                ),
                lambda answer: answer.failure is not None and answer.failure.type in {"AttributeError", "TypeError"}: (
                    "A walker has no length. Look first what it is: `isinstance(ticket, Car)`, or `ticket.kind`."
                ),
            },
        ),
        request(
            "A walker without bags pays 12",
            "POST /tickets",
            json={"kind": "walker"},
            returns={"price": 12},
            mistakes={422: "`bags` may be left out. A field with a default may: `bags: int = 0`."},
            needs=2,
        ),
        request(
            "A car without a length is refused, with one reason only",
            "POST /tickets",
            json={"kind": "car"},
            status=422,
            where=(
                "one error, about `length`",
                lambda answer: len(answer.names) == 1 and answer.names[0].endswith(".length"),
            ),
            mistakes={
                500: "A car without a length got into your function. Each kind needs a model of its own.",
                200: "A car without a length got a ticket. Each kind needs a model of its own, with what it must have.",
                lambda answer: len(answer.names) > 1: (
                    "The client is told what is wrong with every kind. A discriminator looks at `kind` first, and then at "
                    'one model only: `Field(discriminator="kind")`.'
                ),
            },
            needs=(1, 2),
        ),
        request(
            "A bicycle is no known kind",
            "POST /tickets",
            json={"kind": "bicycle", "length": 2},
            names="body",
            mistakes={
                200: 'A bicycle got a ticket. The field should admit one word only: `kind: Literal["car"]`.',
                500: "A bicycle got into your function, and failed there.",
            },
            needs=(1, 2),
        ),
    ],
    hints=[
        'Two models. Each has a field `kind` that admits one word: `kind: Literal["car"]`.',
        'One type for both: `Annotated[Car | Walker, Field(discriminator="kind")]`.',
        "In the function, `if isinstance(ticket, Car):` tells which one came.",
    ],
    stub="""
        # Exercise 7.4: POST /tickets
    """,
    solution="""
        # Exercise 7.4: POST /tickets
        class Car(BaseModel):
            kind: Literal["car"]
            length: float


        class Walker(BaseModel):
            kind: Literal["walker"]
            bags: int = 0


        @app.post("/tickets")
        def sell(ticket: Annotated[Car | Walker, Field(discriminator="kind")]):
            if isinstance(ticket, Car):
                return {"price": 10 * ticket.length}
            return {"price": 12 + ticket.bags}
    """,
    another="""
        # Exercise 7.4: POST /tickets
        from pydantic import RootModel


        class OnWheels(BaseModel):
            kind: Literal["car"]
            length: float

            def price(self) -> float:
                return self.length * 10


        class OnFoot(BaseModel):
            kind: Literal["walker"]
            bags: int = 0

            def price(self) -> float:
                return 12 + self.bags


        class Ticket(RootModel[OnWheels | OnFoot]):
            root: OnWheels | OnFoot = Field(discriminator="kind")


        @app.post("/tickets")
        async def ticket(ticket: Ticket) -> dict[str, float]:
            return {"price": ticket.root.price()}
    """,
    mistakes=[
        Mistake(
            'class Car(BaseModel):\n    kind: Literal["car"]\n    length: float\n\n\n'
            'class Walker(BaseModel):\n    kind: Literal["walker"]\n    bags: int = 0\n\n\n'
            '@app.post("/tickets")\ndef sell(ticket: Car | Walker):\n'
            "    if isinstance(ticket, Car):\n"
            '        return {"price": 10 * ticket.length}\n    return {"price": 12 + ticket.bags}',
            "A discriminator looks at `kind` first",
        ),
        Mistake(
            'class Ticket(BaseModel):\n    kind: Literal["car", "walker"]\n    length: float\n    bags: int = 0\n\n\n'
            '@app.post("/tickets")\ndef sell(ticket: Ticket):\n'
            '    if ticket.kind == "car":\n'
            '        return {"price": 10 * ticket.length}\n    return {"price": 12 + ticket.bags}',
            "A walker was asked for a length",
        ),
        Mistake(
            'class Ticket(BaseModel):\n    kind: Literal["car", "walker"]\n    length: float | None = None\n'
            "    bags: int = 0\n\n\n"
            '@app.post("/tickets")\ndef sell(ticket: Ticket):\n'
            '    if ticket.kind == "car":\n'
            '        return {"price": 10 * (ticket.length or 0)}\n    return {"price": 12 + ticket.bags}',
            "Each kind needs a model of its own",
        ),
        Mistake(
            'class Car(BaseModel):\n    kind: Literal["car"]\n    length: float\n\n\n'
            'class Walker(BaseModel):\n    kind: Literal["walker"]\n    bags: int = 0\n\n\n'
            '@app.post("/tickets")\ndef sell(ticket: Annotated[Car | Walker, Field(discriminator="kind")]):\n'
            '    return {"price": 10 * ticket.length}',
            "A walker has no length",
        ),
        Mistake(
            "class Car(BaseModel):\n    kind: str\n    length: float\n\n\n"
            "class Walker(BaseModel):\n    kind: str\n    bags: int = 0\n\n\n"
            '@app.post("/tickets")\ndef sell(ticket: Car | Walker):\n'
            "    if isinstance(ticket, Car):\n"
            '        return {"price": 10 * ticket.length}\n    return {"price": 12 + ticket.bags}',
            "A car without a length got a ticket",
        ),
        Mistake(
            'class Car(BaseModel):\n    kind: Literal["car"]\n    length: float\n\n\n'
            'class Walker(BaseModel):\n    kind: Literal["walker"]\n    bags: int\n\n\n'
            '@app.post("/tickets")\ndef sell(ticket: Annotated[Car | Walker, Field(discriminator="kind")]):\n'
            '    return {"price": 10 * ticket.length if ticket.kind == "car" else 12 + ticket.bags}',
            "A field with a default may",
        ),
    ],
    learned="A field that says the kind makes a union exact: one model is chosen, and only its mistakes are told.",
)

lesson = Lesson("Enums, unions and dates", exercises=[fares, eves, crossings, tickets], minutes=20)
