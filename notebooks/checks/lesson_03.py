"""Lesson 3: query parameters, at a weather station."""

from typing import Any

from routebook_kernel.learn import Exercise, Lesson, Mistake, ProbeResponse, openapi, request


def wants_body(answer: ProbeResponse) -> bool:
    return "body" in answer.names


forecast = Exercise(
    "A forecast",
    steps=[
        request(
            "A forecast for three days",
            "GET /forecast?city=Oslo&days=3",
            returns={"city": "Oslo", "days": 3},
            mistakes={
                lambda answer: answer.json == {"city": "Oslo", "days": "3"}: (
                    '`days` came as the text `"3"`. A type hint makes it a number: `days: int`.'
                ),
                lambda answer: answer.status == 200 and answer.json is not None: (
                    "The operation answers; compare what came with what is asked, name by name."
                ),
                lambda answer: answer.status == 404 and any("{city}" in path for path in answer.document["paths"]): (
                    "Your path has braces. Both values come from the query here, so the path is just `/forecast`, and the "
                    "function has two parameters."
                ),
                lambda answer: answer.status == 404 and any("?" in path for path in answer.document["paths"]): (
                    "What stands behind the `?` does not belong to the path. The path is `/forecast`; the function's "
                    "parameters say the rest."
                ),
            },
        ),
        request(
            "Without days, it is for one day",
            "GET /forecast?city=Lima",
            returns={"city": "Lima", "days": 1},
            mistakes={
                "query.days": "`days` must be sent now. A default makes it optional: `days: int = 1`.",
                lambda answer: answer.json["days"] is None: (
                    "`days` is `null`: the default is `None`. Here it is a number: `days: int = 1`."
                ),
            },
            needs=1,
        ),
        request(
            "Without a city, there is no forecast",
            "GET /forecast?days=2",
            names="query.city",
            mistakes={
                200: "A forecast came, for no city at all. A parameter without a default must be sent: `city: str`.",
            },
            needs=1,
        ),
        request(
            "`soon` is no number of days",
            "GET /forecast?city=Oslo&days=soon",
            names="query.days",
            mistakes={200: "`soon` got into your function. `days: int` lets only whole numbers in."},
            needs=1,
        ),
    ],
    hints=[
        "The path has no braces: it is just `/forecast`. The function has two parameters.",
        "A parameter that must be sent has no default; one that may be left out has one, `= …`.",
        "`def read_forecast(city: str, days: int = 1):`",
    ],
    stub="""
        # Exercise 3.1: GET /forecast?city=Oslo&days=3
    """,
    solution="""
        # Exercise 3.1: GET /forecast?city=Oslo&days=3
        @app.get("/forecast")
        def read_forecast(city: str, days: int = 1):
            return {"city": city, "days": days}
    """,
    another="""
        # Exercise 3.1: GET /forecast?city=Oslo&days=3
        from pydantic import BaseModel


        class Wanted(BaseModel):
            days: int = 1
            city: str


        @app.get("/forecast")
        async def forecast(wanted: Annotated[Wanted, Query()]) -> Wanted:
            return wanted
    """,
    mistakes=[
        Mistake(
            '@app.get("/forecast/{city}")\ndef read(city: str, days: int = 1):\n'
            '    return {"city": city, "days": days}',
            "Both values come from the query",
        ),
        Mistake(
            '@app.get("/forecast?city=Oslo&days=3")\ndef read(city: str, days: int = 1):\n'
            '    return {"city": city, "days": days}',
            "does not belong to the path",
        ),
        Mistake(
            '@app.get("/forecast")\ndef read(city: str, days: int):\n    return {"city": city, "days": days}',
            "A default makes it optional",
        ),
        Mistake(
            '@app.get("/forecast")\ndef read(city: str = "", days: int = 1):\n    return {"city": city, "days": days}',
            "must be sent: `city: str`",
        ),
        Mistake(
            '@app.get("/forecast")\ndef read(city, days=None):\n    return {"city": city, "days": days}',
            "came as the text",
        ),
        Mistake(
            '@app.get("/forecast")\ndef read(city: str, days: int | None = None):\n'
            '    return {"city": city, "days": days}',
            "Here it is a number",
        ),
    ],
    learned="No braces, no body: a parameter of a plain type comes from the query. The default says whether it must.",
)

ALL_STATIONS = ["harbour", "hill", "airport"]


def stations_are(*names: str) -> Any:
    return lambda answer: answer.json == list(names)


stations = Exercise(
    "Filter, or not",
    steps=[
        request(
            "Without a filter, all stations come",
            "GET /stations",
            returns=ALL_STATIONS,
            mistakes={
                422: (
                    "The filter must be sent now. `str | None` says that it may be `None`, not that it may be missing: "
                    "a default does, `= None`."
                ),
                stations_are(): (
                    "An empty list: no station begins with `None`. Without a filter, return all of them: "
                    "`if begins is None: …`."
                ),
                lambda answer: answer.failure is not None and answer.failure.type in {"TypeError", "AttributeError"}: (
                    "Without a filter the parameter is `None`, and `None` is no text. Look first: "
                    "`if begins is None: …`."
                ),
                lambda answer: answer.failure is not None and answer.failure.type == "NameError": (
                    "Your function uses a name that does not exist. The list of all stations is `STATIONS`."
                ),
            },
        ),
        request(
            "Those that begin with `h`",
            "GET /stations?begins=h",
            returns=["harbour", "hill"],
            mistakes={
                stations_are(*ALL_STATIONS): "The filter changed nothing. Is the parameter's name `begins`?",
            },
        ),
        request(
            "Those that begin with `ai`",
            "GET /stations?begins=ai",
            returns=["airport"],
            mistakes={
                stations_are(): (
                    "No station was found. Does the filter look at one letter only? `name.startswith(begins)` takes any "
                    "number."
                ),
                stations_are("harbour", "hill"): "It is always the same answer: use what was sent, `begins`.",
            },
        ),
        request(
            "Nothing begins with `r`, though two names hold one",
            "GET /stations?begins=r",
            returns=[],
            mistakes={
                stations_are(
                    "harbour", "airport"
                ): "`in` looks for it anywhere in the name; `name.startswith(begins)` at its beginning.",
            },
        ),
    ],
    hints=[
        "A parameter that may be missing: `begins: str | None = None`.",
        "Two cases: `if begins is None:` all of them, else those of which `name.startswith(begins)` is true.",
        "`[name for name in STATIONS if begins is None or name.startswith(begins)]`",
    ],
    stub="""
        # Exercise 3.2: GET /stations and GET /stations?begins=h
        STATIONS = ["harbour", "hill", "airport"]
    """,
    solution="""
        # Exercise 3.2: GET /stations and GET /stations?begins=h
        STATIONS = ["harbour", "hill", "airport"]


        @app.get("/stations")
        def list_stations(begins: str | None = None):
            if begins is None:
                return STATIONS
            return [name for name in STATIONS if name.startswith(begins)]
    """,
    another="""
        # Exercise 3.2: GET /stations and GET /stations?begins=h
        STATIONS = ["harbour", "hill", "airport"]


        @app.get("/stations")
        async def find_stations(start: Annotated[str, Query(alias="begins")] = "") -> list[str]:
            return list(filter(lambda name: name[: len(start)] == start, STATIONS))
    """,
    mistakes=[
        Mistake(
            'STATIONS = ["harbour", "hill", "airport"]\n\n\n'
            '@app.get("/stations")\ndef read(begins: str | None):\n'
            "    return [name for name in STATIONS if begins is None or name.startswith(begins)]",
            "a default does, `= None`",
        ),
        Mistake(
            'STATIONS = ["harbour", "hill", "airport"]\n\n\n'
            '@app.get("/stations")\ndef read(begins: str = None):\n'
            "    return [name for name in STATIONS if name.startswith(begins)]",
            "`None` is no text",
        ),
        Mistake(
            'STATIONS = ["harbour", "hill", "airport"]\n\n\n'
            '@app.get("/stations")\ndef read(begins: str | None = None):\n'
            "    return [name for name in STATIONS if name[0] == begins]",
            "no station begins with `None`",
        ),
        Mistake(
            'STATIONS = ["harbour", "hill", "airport"]\n\n\n'
            '@app.get("/stations")\ndef read(start: str | None = None):\n'
            "    return [name for name in STATIONS if start is None or name.startswith(start)]",
            "Is the parameter's name `begins`?",
        ),
        Mistake(
            'STATIONS = ["harbour", "hill", "airport"]\n\n\n'
            '@app.get("/stations")\ndef read(begins: str | None = None):\n'
            "    return [name for name in STATIONS if begins is None or name[0] == begins]",
            "one letter only",
        ),
        Mistake(
            'STATIONS = ["harbour", "hill", "airport"]\n\n\n'
            '@app.get("/stations")\ndef read(begins: str = ""):\n'
            "    return [name for name in STATIONS if begins in name]",
            "`in` looks for it anywhere",
        ),
    ],
    learned="`| None` is a type, `= None` is a default. Only the default makes a parameter optional.",
)


mean = Exercise(
    "Several values under one name",
    steps=[
        request(
            "The mean of three temperatures",
            "GET /mean?t=10&t=12&t=20",
            returns={"count": 3, "mean": 14},
            mistakes={
                wants_body: (
                    "The operation wants a body now: a list without `Query()` is taken for one. Write "
                    "`t: Annotated[list[float], Query()]`."
                ),
                lambda answer: answer.failure is not None and answer.failure.type == "TypeError": (
                    "It failed with these values. Either `t` is one value, the last, or its items are texts: "
                    "`Annotated[list[float], Query()]` is a list of numbers."
                ),
                lambda answer: answer.json["count"] == 1: (
                    "Only the last value arrived. A list takes all of them: `t: Annotated[list[float], Query()]`."
                ),
                lambda answer: answer.json["count"] == 0: "The list is empty: is its name `t`, as in the address?",
            },
        ),
        request(
            "The mean of -1.5 and 2.5",
            "GET /mean?t=-1.5&t=2.5",
            returns={"count": 2, "mean": 0.5},
            mistakes={422: "Temperatures have decimals: the items are `float`, not `int`."},
            needs=1,
        ),
        request(
            "One value is enough",
            "GET /mean?t=7",
            returns={"count": 1, "mean": 7},
            needs=1,
        ),
        request(
            "`warm` among them is refused, and its place is named",
            "GET /mean?t=10&t=warm",
            names="query.t.1",
            mistakes={
                500: "`warm` got into your function, and failed there. The type of the items, `float`, refuses it before.",
                200: "`warm` was passed over in silence. The type of the items, `float`, refuses it.",
                "query.t": "It is refused; asked is that its place is named, too: the second in the list.",
            },
            needs=1,
        ),
        request(
            "None at all is refused: there is no mean of nothing",
            "GET /mean",
            names="query.t",
            mistakes={
                500: "Nothing was sent, and your function failed. Without a default the list must be sent.",
                200: "There is no mean of nothing, yet an answer came. Without a default the list must be sent.",
            },
            needs=1,
        ),
    ],
    hints=[
        "A parameter that takes several values is a list, marked as a query parameter: `Annotated[list[…], Query()]`.",
        "`t: Annotated[list[float], Query()]`, without a default.",
        '`return {"count": len(t), "mean": sum(t) / len(t)}`',
    ],
    stub="""
        # Exercise 3.3: GET /mean?t=10&t=12&t=20
    """,
    solution="""
        # Exercise 3.3: GET /mean?t=10&t=12&t=20
        @app.get("/mean")
        def read_mean(t: Annotated[list[float], Query()]):
            return {"count": len(t), "mean": sum(t) / len(t)}
    """,
    another="""
        # Exercise 3.3: GET /mean?t=10&t=12&t=20
        import statistics


        @app.get("/mean")
        async def mean(temperatures: tuple[float, ...] = Query(alias="t", min_length=1)) -> dict[str, float]:
            return {"count": len(temperatures), "mean": statistics.fmean(temperatures)}
    """,
    mistakes=[
        Mistake(
            '@app.get("/mean")\ndef mean(t: list[float]):\n    return {"count": len(t), "mean": sum(t) / len(t)}',
            "a list without `Query()` is taken for one",
        ),
        Mistake(
            '@app.get("/mean")\ndef mean(t: float):\n    return {"count": 1, "mean": t}',
            "Only the last value arrived",
        ),
        Mistake(
            '@app.get("/mean")\ndef mean(t: Annotated[list, Query()]):\n'
            '    return {"count": len(t), "mean": sum(t) / len(t)}',
            "its items are texts",
        ),
        Mistake(
            '@app.get("/mean")\ndef mean(t: Annotated[list[int], Query()]):\n'
            '    return {"count": len(t), "mean": sum(t) / len(t)}',
            "Temperatures have decimals",
        ),
        Mistake(
            '@app.get("/mean")\ndef mean(t: Annotated[list[str], Query()]):\n'
            '    return {"count": len(t), "mean": sum(map(float, t)) / len(t)}',
            "got into your function",
        ),
        Mistake(
            '@app.get("/mean")\ndef mean(t: Annotated[list[float], Query()] = []):\n'
            '    return {"count": len(t), "mean": sum(t) / len(t)}',
            "must be sent",
        ),
    ],
    learned="`?t=1&t=2` is a list. It needs `Query()`, since a list without it is looked for in the body.",
)


readings = Exercise(
    "From here, so many",
    steps=[
        request(
            "From the fifth reading on, three",
            "GET /readings?from=5&limit=3",
            returns=[5, 6, 7],
            mistakes={
                lambda answer: answer.json in ([1, 2, 3], [0, 1, 2]): (
                    "`from` was not looked at. `from` is a word of Python, so the parameter has another name, and "
                    '`Query(alias="from")` says what the address calls it.'
                ),
                "query.from_": (
                    'The parameter is called `from_` in the address, too. `Query(alias="from")` gives it its name there.'
                ),
                "query.start": (
                    'The parameter is called `start` in the address, too. `Query(alias="from")` gives it its name there.'
                ),
                lambda answer: answer.json == []: (
                    "`range` takes the end, not how many: `range(start, start + limit)`."
                ),
                lambda answer: answer.json == [5, 6, 7, 8]: "There is one too many: `range` leaves its end out.",
                lambda answer: answer.json == [5, 6]: "There is one too few: `range(a, b)` leaves `b` out.",
            },
        ),
        request(
            "Nothing said: from the first on, ten",
            "GET /readings",
            returns=list(range(1, 11)),
            mistakes={422: "Both may be left out: give them the defaults 1 and 10, behind the type, `= …`."},
            needs=1,
        ),
        request(
            "A hundred at once are allowed",
            "GET /readings?limit=100",
            where=("a hundred readings", lambda answer: len(answer.json) == 100),
            mistakes={422: "100 itself is refused: `lt` leaves the limit out, `le` keeps it."},
            needs=1,
        ),
        request(
            "A hundred and one are not",
            "GET /readings?limit=101",
            names="query.limit",
            mistakes={200: "All 101 came. `Query(ge=1, le=100)` sets the limits."},
            needs=1,
        ),
        request(
            "Nor are none",
            "GET /readings?limit=0",
            names="query.limit",
            mistakes={200: "No reading is no answer: `Query(ge=1, …)` is the least."},
            needs=1,
        ),
        openapi(
            "The documentation calls it `from`",
            "GET /readings: from",
            includes={"in": "query", "required": False, "schema": {"default": 1}},
            mistakes={
                lambda parameter: parameter is None: (
                    "There is no parameter `from` in the documentation. Is it read from the request by hand? "
                    '`Query(alias="from")` reads and documents it.'
                ),
            },
            needs=1,
        ),
    ],
    hints=[
        "Two query parameters with defaults. `from` cannot be a name in Python: choose another, and an alias.",
        '`start: Annotated[int, Query(alias="from")] = 1` and `limit: Annotated[int, Query(ge=1, le=100)] = 10`.',
        "`return list(range(start, start + limit))`",
    ],
    stub="""
        # Exercise 3.4: GET /readings?from=5&limit=3
    """,
    solution="""
        # Exercise 3.4: GET /readings?from=5&limit=3
        @app.get("/readings")
        def list_readings(
            start: Annotated[int, Query(alias="from")] = 1,
            limit: Annotated[int, Query(ge=1, le=100)] = 10,
        ):
            return list(range(start, start + limit))
    """,
    another="""
        # Exercise 3.4: GET /readings?from=5&limit=3
        from pydantic import BaseModel, Field


        class Window(BaseModel):
            first: int = Field(1, alias="from")
            limit: int = Field(10, gt=0, lt=101)


        @app.get("/readings")
        async def read_window(window: Annotated[Window, Query()]) -> list[int]:
            return [window.first + step for step in range(window.limit)]
    """,
    mistakes=[
        Mistake(
            '@app.get("/readings")\ndef read(from_: int = 1, limit: Annotated[int, Query(ge=1, le=100)] = 10):\n'
            "    return list(range(from_, from_ + limit))",
            "`from` was not looked at",
        ),
        Mistake(
            '@app.get("/readings")\ndef read(start: int, limit: int = 10):\n'
            "    return list(range(start, start + limit))",
            "in the address, too",
        ),
        Mistake(
            '@app.get("/readings")\ndef read(start: Annotated[int, Query(alias="from")] = 1, limit: int = 10):\n'
            "    return list(range(start, start + limit))",
            "All 101 came",
        ),
        Mistake(
            '@app.get("/readings")\n'
            'def read(start: Annotated[int, Query(alias="from")], limit: Annotated[int, Query(ge=1, le=100)]):\n'
            "    return list(range(start, start + limit))",
            "give them the defaults",
        ),
        Mistake(
            "from routebook import Request\n\n\n"
            '@app.get("/readings")\n'
            "def read(request: Request, limit: Annotated[int, Query(ge=1, le=100)] = 10):\n"
            '    start = int(request.query_params.get("from", 1))\n    return list(range(start, start + limit))',
            "read from the request by hand",
        ),
    ],
    learned=(
        "Names and limits of the address stand in `Query(…)`; your function keeps names that Python likes. A limit on "
        "`limit` protects your server."
    ),
)

lesson = Lesson("Query parameters", exercises=[forecast, stations, mean, readings], minutes=15)
