"""Lesson 19: middleware and CORS."""

from routebook_kernel.learn import CheckFailedError, Exercise, Lesson, Mistake, do, request

PAGE = "https://shop.example"
OTHER = "https://evil.example"


def _preflight(origin, method="DELETE", headers="x-token"):
    return {
        "origin": origin,
        "access-control-request-method": method,
        "access-control-request-headers": headers,
    }


def _counts(probe):
    numbers = []
    for path in ("/tea", "/cake", "/nowhere"):
        value = probe.get(path).headers.get("x-visit", "")
        if not value.isdigit():
            raise CheckFailedError(
                f"`GET {path}` came without a number in the header `X-Visit`" + (f", but `{value}`" if value else ""),
                expected="every response has one, the `404` too",
                hint=(
                    "A dependency or an operation sets a header only where it runs. A middleware sees every response, of "
                    "paths that are not there as well."
                    if path == "/nowhere"
                    else '`response = await call_next(request)`, then `response.headers["X-Visit"] = str(…)`, then return it.'
                ),
            )
        numbers.append(int(value))
    if numbers != [numbers[0], numbers[0] + 1, numbers[0] + 2]:
        raise CheckFailedError(
            f"three requests got the numbers {', '.join(map(str, numbers))}",
            expected="each one more than the last",
            hint="The count has to outlive the request: an `itertools.count(1)`, or a `global`, outside of the function.",
        )


visits = Exercise(
    "Count the visits",
    steps=[
        request(
            "The tea is still there",
            "GET /tea",
            returns={"price": 3},
            mistakes={
                lambda answer: answer.failure is not None and "NoneType" in answer.failure.message: (
                    "The middleware gave back nothing. It has to `return response`."
                ),
                500: "The middleware broke the request. It takes `request` and `call_next`, and returns the response.",
            },
        ),
        do("Every response has its number", _counts, needs=1),
    ],
    hints=[
        '`@app.middleware("http")` above `async def count(request, call_next):`.',
        "In it: `response = await call_next(request)`, set the header, `return response`.",
    ],
    stub="""
        # Exercise 19.1: every response has a header X-Visit, with a number that grows by one
    """,
    solution="""
        # Exercise 19.1: every response has a header X-Visit, with a number that grows by one
        numbers = itertools.count(1)


        @app.middleware("http")
        async def count_visits(request, call_next):
            response = await call_next(request)
            response.headers["X-Visit"] = str(next(numbers))
            return response
    """,
    another="""
        # Exercise 19.1: every response has a header X-Visit, with a number that grows by one
        class Counting:
            visits = 0

            def __init__(self, app):
                self.app = app

            async def __call__(self, scope, receive, send):
                async def send_counted(message):
                    if message["type"] == "http.response.start":
                        Counting.visits += 1
                        message["headers"] = [*message["headers"], (b"x-visit", str(Counting.visits).encode())]
                    await send(message)

                await self.app(scope, receive, send_counted)


        app.add_middleware(Counting)
    """,
    mistakes=[
        Mistake(
            'numbers = itertools.count(1)\n\n\n@app.middleware("http")\nasync def count(request, call_next):\n'
            '    response = await call_next(request)\n    response.headers["X-Visit"] = str(next(numbers))',
            "gave back nothing",
        ),
        Mistake(
            '@app.middleware("http")\nasync def count(request, call_next):\n    visits = 0\n    visits += 1\n'
            '    response = await call_next(request)\n    response.headers["X-Visit"] = str(visits)\n    return response',
            "has to outlive the request",
        ),
        Mistake(
            'numbers = itertools.count(1)\n\n\n@app.get("/tea")\ndef read_tea(response: Response):\n'
            '    response.headers["X-Visit"] = str(next(numbers))\n    return {"price": 3}\n\n\n'
            '@app.get("/cake")\ndef read_cake(response: Response):\n'
            '    response.headers["X-Visit"] = str(next(numbers))\n    return {"price": 4}',
            "sees every response",
        ),
    ],
    learned="A middleware stands around the whole application: it sees every request before, every response after.",
)


def _is_closed_at_night(probe):
    day = probe.get("/tea", headers={"x-hour": "12"})
    if (day.status, day.json) != (200, {"price": 3}):
        raise CheckFailedError(
            f"`{day.status_text}` at noon",
            expected="`200` by day",
            hint="By day the request goes on: `return await call_next(request)`.",
        )
    night = probe.trace("GET /tea", headers={"x-hour": "23"})
    if night.status != 503:
        raise CheckFailedError(
            f"`{night.status_text}` at 23 o'clock",
            expected="`503`",
            hint=(
                "An exception that a middleware raises is caught by nobody: the handlers stand further inside. "
                "Return a response instead: `JSONResponse({…}, 503)`."
                if night.status == 500
                else 'Headers are texts: `int(request.headers.get("x-hour", "12"))` is a number to compare with.'
            ),
        )
    if night.spans and any(span.kind == "endpoint" for span in night.spans):
        raise CheckFailedError(
            "the operation ran", expected="it does not run at night", hint="Answer before `call_next`."
        )
    absent = probe.get("/tea")
    if absent.status != 200:
        raise CheckFailedError(
            f"`{absent.status_text}` without the header",
            expected="`200`: it is noon where nobody says the hour",
            hint='`request.headers.get("x-hour", "12")` has a value for when it is missing.',
        )
    for hour, status in ((22, 503), (21, 200), (5, 503), (6, 200)):
        answer = probe.get("/tea", headers={"x-hour": str(hour)})
        if answer.status != status:
            raise CheckFailedError(
                f"`{answer.status_text}` at {hour} o'clock",
                expected=f"`{status}`: it is closed from 22 on, and open from 6 on",
                hint="Look at the limits: `hour >= 22 or hour < 6` is the night.",
            )


closing = Exercise(
    "Closed at night",
    steps=[do("Open by day, 503 at night, open where nobody says the hour", _is_closed_at_night)],
    hints=[
        "A middleware need not call `call_next`: it may answer by itself.",
        'from routebook.responses import JSONResponse; return JSONResponse({"detail": "Closed"}, status_code=503)',
    ],
    stub="""
        # Exercise 19.2: requests with a header X-Hour of 22 or more, or less than 6, get a 503
    """,
    solution="""
        # Exercise 19.2: requests with a header X-Hour of 22 or more, or less than 6, get a 503
        @app.middleware("http")
        async def close_at_night(request, call_next):
            hour = int(request.headers.get("x-hour", "12"))
            if hour >= 22 or hour < 6:
                return JSONResponse({"detail": "Closed"}, status_code=503)
            return await call_next(request)
    """,
    another="""
        # Exercise 19.2: requests with a header X-Hour of 22 or more, or less than 6, get a 503
        from routebook.responses import PlainTextResponse


        class NightWatch:
            def __init__(self, app):
                self.app = app

            async def __call__(self, scope, receive, send):
                hour = int(dict(scope.get("headers", [])).get(b"x-hour", b"12"))
                answer = self.app if 6 <= hour < 22 else PlainTextResponse("Closed", 503)
                await answer(scope, receive, send)


        app.add_middleware(NightWatch)
    """,
    mistakes=[
        Mistake(
            '@app.middleware("http")\nasync def night(request, call_next):\n    response = await call_next(request)\n'
            '    hour = int(request.headers.get("x-hour", "12"))\n'
            "    return response if 6 <= hour < 22 else JSONResponse(None, 503)",
            "Answer before `call_next`",
        ),
        Mistake(
            '@app.middleware("http")\nasync def night(request, call_next):\n'
            '    hour = int(request.headers.get("x-hour", "12"))\n    if hour > 22 or hour < 6:\n'
            "        return JSONResponse(None, 503)\n    return await call_next(request)",
            "Look at the limits",
        ),
        Mistake(
            '@app.middleware("http")\nasync def close(request, call_next):\n'
            '    if int(request.headers.get("x-hour", "12")) >= 22:\n        raise HTTPException(503)\n'
            "    return await call_next(request)",
            "caught by nobody",
        ),
        Mistake(
            '@app.middleware("http")\nasync def close(request, call_next):\n'
            '    if int(request.headers["x-hour"]) >= 22:\n        return JSONResponse({}, status_code=503)\n'
            "    return await call_next(request)",
            "has a value for when it is missing",
        ),
        Mistake(
            '@app.middleware("http")\nasync def close(request, call_next):\n'
            '    if request.headers.get("x-hour") == 23:\n        return JSONResponse({}, status_code=503)\n'
            "    return await call_next(request)",
            "Headers are texts",
        ),
    ],
    learned="What a middleware does not pass on never arrives. That makes it right for doors, and wrong for details.",
)

cors = Exercise(
    "A page from another place",
    steps=[
        request(
            "The shop's page may read",
            "GET /tea",
            headers={"origin": PAGE},
            status=200,
            has_headers={"access-control-allow-origin": PAGE},
            mistakes={
                lambda answer: answer.headers.get("access-control-allow-origin") == "*": (
                    '`*` lets every page in the world read. Asked is this one: `allow_origins=["https://shop.example"]`.'
                ),
                200: (
                    "The response does not say that the page may read it. `app.add_middleware(CORSMiddleware, "
                    "allow_origins=[…])`; an origin is written without a slash at the end."
                ),
            },
        ),
        request(
            "Another page may not",
            "GET /tea",
            headers={"origin": OTHER},
            status=200,
            where=(
                "no header `access-control-allow-origin`",
                lambda answer: "access-control-allow-origin" not in answer.headers,
            ),
            mistakes={200: "Another page may read, too. `allow_origins` names the one that may."},
        ),
        request(
            "Nor may one whose address is a part of it",
            "GET /tea",
            headers={"origin": "https://shop"},
            status=200,
            where=(
                "no header `access-control-allow-origin`",
                lambda answer: "access-control-allow-origin" not in answer.headers,
            ),
            mistakes={
                200: "`allow_origins` is a list. In a text, each part of it counts as an origin, such as `https://shop`."
            },
        ),
        request(
            "Before it deletes, the page may ask",
            "OPTIONS /tea",
            headers=_preflight(PAGE),
            status=200,
            has_headers={"access-control-allow-origin": PAGE},
            needs=1,
            mistakes={
                400: (
                    "This is the *preflight*: the browser asks before a `DELETE` or a header of one's own. Allow both: "
                    '`allow_methods=["GET", "DELETE"]`, `allow_headers=["X-Token"]`.'
                ),
                405: "`OPTIONS` reached the operations, which do not know it: the middleware answers the preflight for them.",
            },
        ),
        request(
            "It may not ask for everything",
            "OPTIONS /tea",
            headers=_preflight(PAGE, method="PUT"),
            status=400,
            needs=4,
            mistakes={200: '`allow_methods=["*"]` allows `PUT`, too. Name what the page needs: `GET` and `DELETE`.'},
        ),
    ],
    hints=[
        "`app.add_middleware(CORSMiddleware, allow_origins=[…], allow_methods=[…], allow_headers=[…])`",
        "The page is `https://shop.example`, it uses `GET` and `DELETE`, and sends the header `X-Token`.",
    ],
    stub="""
        # Exercise 19.3: the page at https://shop.example may GET and DELETE, with the header X-Token
    """,
    solution="""
        # Exercise 19.3: the page at https://shop.example may GET and DELETE, with the header X-Token
        app.add_middleware(
            CORSMiddleware,
            allow_origins=["https://shop.example"],
            allow_methods=["GET", "DELETE"],
            allow_headers=["X-Token"],
        )
    """,
    another="""
        # Exercise 19.3: the page at https://shop.example may GET and DELETE, with the header X-Token
        app.add_middleware(
            CORSMiddleware,
            allow_origin_regex=r"https://shop\\.example",
            allow_methods=("DELETE", "GET"),
            allow_headers=("x-token",),
            allow_credentials=True,
        )
    """,
    mistakes=[
        Mistake(
            'app.add_middleware(CORSMiddleware, allow_origins="https://shop.example", '
            'allow_methods=["GET", "DELETE"], allow_headers=["X-Token"])',
            "`allow_origins` is a list",
        ),
        Mistake('app.add_middleware(CORSMiddleware, allow_origins=["*"])', "lets every page in the world"),
        Mistake(
            'app.add_middleware(CORSMiddleware, allow_origins=["https://shop.example/"])', "without a slash at the end"
        ),
        Mistake(
            'app.add_middleware(CORSMiddleware, allow_origins=["https://shop.example"])', "This is the *preflight*"
        ),
        Mistake(
            'app.add_middleware(CORSMiddleware, allow_origins=["https://shop.example"], allow_methods=["*"],'
            ' allow_headers=["X-Token"])',
            "allows `PUT`, too",
        ),
    ],
    learned=(
        "CORS is a promise to browsers: which pages may read the answers. It protects the visitor of a page, not your API; "
        "`curl` asks nobody."
    ),
)

lesson = Lesson("Middleware and CORS", exercises=[visits, closing, cors], minutes=20)
