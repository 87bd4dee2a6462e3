"""Lesson 11: errors and handlers."""

from routebook_kernel.learn import Exercise, Lesson, Mistake, request

_RETURNED = "The exception was returned, so it became the answer, with 200. Write `raise` in front of it, not `return`."


def _was_returned(answer):
    return answer.status == 200 and isinstance(answer.json, dict) and "status_code" in answer.json


boarding = Exercise(
    "Full, or not there at all",
    steps=[
        request(
            "Two board the Aurora",
            "POST /boardings",
            json={"ferry": "Aurora", "persons": 2},
            includes={"left": 1},
        ),
        request(
            "Ten board the Borealis",
            "POST /boardings",
            json={"ferry": "Borealis", "persons": 10},
            includes={"left": 0},
            mistakes={409: "Ten want to board, and there are ten places: enough. Only more than that is a `409`."},
        ),
        request(
            "A ferry that is not there is a 404",
            "POST /boardings",
            json={"ferry": "Titanic", "persons": 1},
            status=404,
            mistakes={
                lambda answer: answer.failure.type == "KeyError": (
                    "`SEATS[…]` raises a `KeyError` for a name that is not in it, and that is a 500. Look first: "
                    "`if boarding.ferry not in SEATS: raise HTTPException(404)`."
                ),
                _was_returned: _RETURNED,
                lambda answer: answer.status == 500 and "404" in answer.text: (
                    "Your 404 was caught by your own `except Exception`, and became another error. Catch only what you "
                    "expect, such as `KeyError`; or put `except HTTPException: raise` before it."
                ),
                409: "This ferry is not full, there is none. Look for it before you count.",
                200: "Nobody missed the ferry. Raise `HTTPException(404)` where it is not in `SEATS`.",
            },
            needs=1,
        ),
        request(
            "A full ferry is a 409, and says how many places are left",
            "POST /boardings",
            json={"ferry": "Aurora", "persons": 4},
            status=409,
            includes={"detail": {"code": "full", "left": 3}},
            mistakes={
                _was_returned: _RETURNED,
                lambda answer: answer.status == 500 and "409" in answer.text: (
                    "Your 409 was caught by your own `except Exception`, and became another error. Catch only what you "
                    "expect."
                ),
                lambda answer: answer.status == 409 and isinstance(answer.json["detail"], str): (
                    "The detail is a text. It may be any JSON: give the dictionary itself, "
                    '`detail={"code": "full", "left": …}`.'
                ),
                lambda answer: answer.status == 409 and "code" in answer.json: (
                    "The object is the whole answer; asked is one with `detail` around it, as "
                    "`HTTPException(409, {…})` writes it."
                ),
                lambda answer: answer.status == 409 and answer.json["detail"]["left"] in (0, 1, 2): (
                    "Somebody was counted who had boarded before: `SEATS` stays as it is."
                ),
                lambda answer: answer.status == 409 and answer.json["detail"]["left"] == -1: (
                    "`left` is how many places there are, before anybody boards."
                ),
                lambda answer: answer.status == 200 and answer.json["left"] < 0: (
                    "There are fewer places than none: raise `HTTPException(409, …)` before it comes to this."
                ),
                lambda answer: answer.status == 200 and "detail" in answer.json: (
                    "The answer looks right, but its status is 200, so a client believes that all is well. "
                    "`raise HTTPException(409, detail=…)`."
                ),
                400: "400 says that the request makes no sense. This one does, but the ferry is full: `409 Conflict`.",
            },
            needs=1,
        ),
    ],
    hints=[
        "First look whether the ferry is in `SEATS`, then whether it has places enough. Each `if` raises.",
        '`raise HTTPException(409, {"code": "full", "left": …})`: the second argument is the detail, any JSON.',
        '`left = SEATS[boarding.ferry]`; at the end `return {"left": left - boarding.persons}`.',
    ],
    stub="""
        # Exercise 11.1: POST /boardings
        class Boarding(BaseModel):
            ferry: str
            persons: int
    """,
    solution="""
        # Exercise 11.1: POST /boardings
        class Boarding(BaseModel):
            ferry: str
            persons: int


        @app.post("/boardings")
        def board(boarding: Boarding):
            if boarding.ferry not in SEATS:
                raise HTTPException(404, "There is no such ferry")
            left = SEATS[boarding.ferry]
            if boarding.persons > left:
                raise HTTPException(409, {"code": "full", "left": left})
            return {"left": left - boarding.persons}
    """,
    another="""
        # Exercise 11.1: POST /boardings
        from typing import Annotated

        from routebook import Body


        @app.post("/boardings")
        async def go(ferry: Annotated[str, Body()], persons: Annotated[int, Body()]) -> dict:
            try:
                left = SEATS[ferry]
            except KeyError:
                raise HTTPException(status_code=404) from None
            if left - persons < 0:
                raise HTTPException(status_code=409, detail=dict(code="full", left=left, ferry=ferry))
            return {"ferry": ferry, "left": left - persons}
    """,
    mistakes=[
        Mistake(
            "class Boarding(BaseModel):\n    ferry: str\n    persons: int\n\n\n"
            '@app.post("/boardings")\ndef board(boarding: Boarding):\n    if boarding.ferry not in SEATS:\n'
            "        raise HTTPException(404)\n    left = SEATS[boarding.ferry]\n    if boarding.persons > left:\n"
            '        return JSONResponse({"code": "full", "left": left}, status_code=409)\n'
            '    return {"left": left - boarding.persons}',
            "one with `detail` around it",
        ),
        Mistake(
            "class Boarding(BaseModel):\n    ferry: str\n    persons: int\n\n\n"
            '@app.post("/boardings")\ndef board(boarding: Boarding):\n    if boarding.ferry not in SEATS:\n'
            "        raise HTTPException(404)\n    left = SEATS[boarding.ferry]\n    if boarding.persons >= left:\n"
            '        raise HTTPException(409, {"code": "full", "left": left})\n'
            '    return {"left": left - boarding.persons}',
            "Only more than that is a `409`",
        ),
        Mistake(
            "class Boarding(BaseModel):\n    ferry: str\n    persons: int\n\n\n"
            '@app.post("/boardings")\ndef board(boarding: Boarding):\n    left = SEATS[boarding.ferry]\n'
            '    return {"left": left - boarding.persons}',
            "raises a `KeyError`",
        ),
        Mistake(
            "class Boarding(BaseModel):\n    ferry: str\n    persons: int\n\n\n"
            '@app.post("/boardings")\ndef board(boarding: Boarding):\n    if boarding.ferry not in SEATS:\n'
            '        return HTTPException(404)\n    return {"left": SEATS[boarding.ferry] - boarding.persons}',
            "Write `raise` in front",
        ),
        Mistake(
            "class Boarding(BaseModel):\n    ferry: str\n    persons: int\n\n\n"
            '@app.post("/boardings")\ndef board(boarding: Boarding):\n    try:\n'
            "        if boarding.ferry not in SEATS:\n            raise HTTPException(404)\n"
            '        return {"left": SEATS[boarding.ferry] - boarding.persons}\n'
            "    except Exception as error:\n        raise HTTPException(500, str(error))",
            "caught by your own",
        ),
        Mistake(
            "class Boarding(BaseModel):\n    ferry: str\n    persons: int\n\n\n"
            '@app.post("/boardings")\ndef board(boarding: Boarding):\n    if boarding.ferry not in SEATS:\n'
            "        raise HTTPException(404)\n    left = SEATS[boarding.ferry]\n    if boarding.persons > left:\n"
            '        raise HTTPException(409, "full")\n    return {"left": left - boarding.persons}',
            "The detail is a text",
        ),
        Mistake(
            "class Boarding(BaseModel):\n    ferry: str\n    persons: int\n\n\n"
            '@app.post("/boardings")\ndef board(boarding: Boarding):\n    if boarding.ferry not in SEATS:\n'
            "        raise HTTPException(404)\n    left = SEATS[boarding.ferry]\n    if boarding.persons > left:\n"
            '        return {"detail": {"code": "full", "left": left}}\n    return {"left": left - boarding.persons}',
            "believes that all is well",
        ),
    ],
    learned=(
        "The status says which kind of trouble it is, the detail says the rest, so that a program can act on it: here, "
        "ask for fewer places."
    ),
)

_ANSWER = {"error": "no such ferry", "ferry": "Titanic"}
_UNHANDLED = (
    "`NoSuchFerry` went through: nothing answers it yet. `@app.exception_handler(NoSuchFerry)` above a function of "
    "request and error makes it the answer for all operations."
)
_HANDLER_HINTS = {
    lambda answer: answer.failure.type == "NoSuchFerry": _UNHANDLED,
    lambda answer: answer.failure.type == "TypeError" and "positional argument" in answer.failure.message: (
        "A handler is called with two things, the request and the error: `def missing(request, error):`."
    ),
    lambda answer: answer.failure.type == "TypeError" and "not callable" in answer.failure.message: (
        "A handler answers with a response, not with data: `return JSONResponse({…}, status_code=404)`."
    ),
    lambda answer: answer.status == 200: (
        "The error was answered with 200, as if all were well: `JSONResponse({…}, status_code=404)`."
    ),
    lambda answer: answer.status == 404 and "detail" in answer.json: (
        "The 404 is right; but the answer itself should be the object that is asked for, without `detail` around it. A "
        "handler answers with a `JSONResponse` of its own."
    ),
}

handled = Exercise(
    "One answer for all",
    steps=[
        request("The Aurora leaves at nine", "GET /departures/Aurora", returns={"ferry": "Aurora", "at": "09:00"}),
        request(
            "… and the Borealis at eleven", "GET /departures/Borealis", returns={"ferry": "Borealis", "at": "11:30"}
        ),
        request(
            "A departure of no ferry is a 404 that names it",
            "GET /departures/Titanic",
            status=404,
            returns=_ANSWER,
            mistakes=_HANDLER_HINTS,
            needs=1,
        ),
        request(
            "So is a delay of no ferry: an operation of the lesson's, which you need not touch",
            "GET /delays/Titanic",
            status=404,
            returns=_ANSWER,
            mistakes={
                lambda answer: answer.failure.type == "NoSuchFerry": (
                    "`GET /delays/{ferry}` raises `NoSuchFerry`, too, and nothing answers it there. One handler for the "
                    "exception, `@app.exception_handler(NoSuchFerry)`, serves every operation."
                ),
                **_HANDLER_HINTS,
            },
            needs=3,
        ),
    ],
    hints=[
        "The operation itself is short: it returns what `departure(ferry)` gives, and does not look for errors.",
        "`@app.exception_handler(NoSuchFerry)` stands above a function that takes the request and the error.",
        '`return JSONResponse({"error": "no such ferry", "ferry": error.name}, status_code=404)`',
    ],
    stub="""
        # Exercise 11.2: GET /departures/{ferry}, and one answer for each NoSuchFerry
    """,
    solution="""
        # Exercise 11.2: GET /departures/{ferry}, and one answer for each NoSuchFerry
        @app.exception_handler(NoSuchFerry)
        def answer_no_such_ferry(request: Request, error: NoSuchFerry):
            return JSONResponse({"error": "no such ferry", "ferry": error.name}, status_code=404)


        @app.get("/departures/{ferry}")
        def read_departure(ferry: str):
            return {"ferry": ferry, "at": departure(ferry)}
    """,
    another="""
        # Exercise 11.2: GET /departures/{ferry}, and one answer for each NoSuchFerry
        import json

        from routebook import Response


        async def missing(_, error):
            return Response(
                json.dumps({"ferry": error.name, "error": "no such ferry"}),
                status_code=404,
                media_type="application/json",
            )


        app.add_exception_handler(NoSuchFerry, missing)


        @app.get("/departures/{name}")
        async def leaves(name: str) -> dict[str, str]:
            return {"ferry": name, "at": departure(name)}
    """,
    mistakes=[
        Mistake(
            '@app.get("/departures/{ferry}")\ndef read(ferry: str):\n    return {"ferry": ferry, "at": departure(ferry)}',
            "went through",
        ),
        Mistake(
            '@app.get("/departures/{ferry}")\ndef read(ferry: str):\n    try:\n'
            '        return {"ferry": ferry, "at": departure(ferry)}\n    except NoSuchFerry:\n'
            '        raise HTTPException(404, {"error": "no such ferry", "ferry": ferry})',
            "without `detail` around",
        ),
        Mistake(
            '@app.get("/departures/{ferry}")\ndef read(ferry: str):\n    try:\n'
            '        return {"ferry": ferry, "at": departure(ferry)}\n    except NoSuchFerry:\n'
            '        return JSONResponse({"error": "no such ferry", "ferry": ferry}, 404)',
            "serves every operation",
        ),
        Mistake(
            "@app.exception_handler(NoSuchFerry)\ndef missing(error):\n"
            '    return JSONResponse({"error": "no such ferry", "ferry": error.name}, 404)\n\n\n'
            '@app.get("/departures/{ferry}")\ndef read(ferry: str):\n    return {"ferry": ferry, "at": departure(ferry)}',
            "with two things",
        ),
        Mistake(
            "@app.exception_handler(NoSuchFerry)\ndef missing(request, error):\n"
            '    return {"error": "no such ferry", "ferry": error.name}\n\n\n'
            '@app.get("/departures/{ferry}")\ndef read(ferry: str):\n    return {"ferry": ferry, "at": departure(ferry)}',
            "a response, not with data",
        ),
        Mistake(
            "@app.exception_handler(NoSuchFerry)\ndef missing(request, error):\n"
            '    return JSONResponse({"error": "no such ferry", "ferry": error.name})\n\n\n'
            '@app.get("/departures/{ferry}")\ndef read(ferry: str):\n    return {"ferry": ferry, "at": departure(ferry)}',
            "as if all were well",
        ),
    ],
    learned=(
        "The code that knows of ferries raises what it knows; one handler says what that means on the web. Operations "
        "stay free of both."
    ),
)

_OLD_SHAPE = (
    "The answer looks as ever: your handler was not called. The exception to handle is `RequestValidationError`, from "
    "`routebook.exceptions`, and the application here is `office`."
)

invalid = Exercise(
    "Refused in your own words",
    steps=[
        request(
            "A wrong parameter is named",
            "GET /berths/x",
            status=422,
            returns={"error": "invalid", "fields": ["path.number"]},
            mistakes={
                lambda answer: isinstance(answer.json.get("detail"), list): _OLD_SHAPE,
                lambda answer: answer.status in {200, 400}: (
                    "The status changed. A handler says it itself: `JSONResponse({…}, status_code=422)`."
                ),
                lambda answer: isinstance(answer.json["fields"][0], list): (
                    'Each place came as a list of its steps. Join them: `".".join(…)`.'
                ),
                lambda answer: answer.failure.type == "TypeError" and "not callable" in answer.failure.message: (
                    "A handler answers with a response, not with data: `return JSONResponse({…}, status_code=422)`."
                ),
            },
        ),
        request(
            "All that is wrong is named, not the first thing only",
            "POST /cargo",
            json={"boxes": -1},
            status=422,
            returns={"error": "invalid", "fields": ["body.ship", "body.boxes"]},
            mistakes={
                lambda answer: answer.status == 422 and len(answer.json["fields"]) == 1: (
                    "Two things are wrong here, and one is named. `error.errors()` is a list: take each."
                ),
            },
            needs=1,
        ),
        request(
            "A place inside a list is named, too",
            "POST /cargo",
            json={"ship": "Aurora", "boxes": 1, "weights": [10, "heavy"]},
            status=422,
            returns={"error": "invalid", "fields": ["body.weights.1"]},
            mistakes={
                lambda answer: answer.failure.type == "TypeError" and "int found" in answer.failure.message: (
                    'A place in a list is a number, and `join` takes texts only: `".".join(map(str, each["loc"]))`.'
                ),
                500: "The handler itself failed: send the request yourself, with the client, to see the line.",
            },
            needs=1,
        ),
        request("What is right passes", "GET /berths/3", returns={"berth": 3}),
    ],
    hints=[
        "`@office.exception_handler(RequestValidationError)` above a function that takes the request and the error.",
        '`error.errors()` is the list that you know as `detail`: each has a `"loc"`, such as `("body", "weights", 1)`.',
        '`[".".join(map(str, each["loc"])) for each in error.errors()]`',
    ],
    stub="""
        # Exercise 11.3: each 422 of the office answers {"error": "invalid", "fields": ["path.number"]}
    """,
    solution="""
        # Exercise 11.3: each 422 of the office answers {"error": "invalid", "fields": ["path.number"]}
        @office.exception_handler(RequestValidationError)
        def answer_invalid(request: Request, error: RequestValidationError):
            fields = [".".join(map(str, each["loc"])) for each in error.errors()]
            return JSONResponse({"error": "invalid", "fields": fields}, status_code=422)
    """,
    another="""
        # Exercise 11.3: each 422 of the office answers {"error": "invalid", "fields": ["path.number"]}
        class Invalid(BaseModel):
            error: str = "invalid"
            fields: list[str] = []


        async def explain(request, error):
            answer = Invalid()
            for problem in error.errors():
                place = ""
                for step in problem["loc"]:
                    place += f".{step}"
                answer.fields.append(place[1:])
            return JSONResponse(answer.model_dump(), 422)


        office.add_exception_handler(RequestValidationError, explain)
    """,
    mistakes=[
        Mistake(
            "from pydantic import ValidationError\n\n\n@office.exception_handler(ValidationError)\n"
            "def invalid(request, error):\n"
            '    return JSONResponse({"error": "invalid", "fields": []}, 422)',
            "your handler was not called",
        ),
        Mistake(
            "@office.exception_handler(RequestValidationError)\ndef invalid(request, error):\n"
            '    fields = [".".join(map(str, each["loc"])) for each in error.errors()]\n'
            '    return JSONResponse({"error": "invalid", "fields": fields}, 400)',
            "The status changed",
        ),
        Mistake(
            "@office.exception_handler(RequestValidationError)\ndef invalid(request, error):\n"
            '    return JSONResponse({"error": "invalid", "fields": [each["loc"] for each in error.errors()]}, 422)',
            "a list of its steps",
        ),
        Mistake(
            "@office.exception_handler(RequestValidationError)\ndef invalid(request, error):\n"
            '    fields = [".".join(map(str, error.errors()[0]["loc"]))]\n'
            '    return JSONResponse({"error": "invalid", "fields": fields}, 422)',
            "Two things are wrong here",
        ),
        Mistake(
            "@office.exception_handler(RequestValidationError)\ndef invalid(request, error):\n"
            '    fields = [".".join(each["loc"]) for each in error.errors()]\n'
            '    return JSONResponse({"error": "invalid", "fields": fields}, 422)',
            "`join` takes texts only",
        ),
    ],
    learned="A refusal is an exception as well, `RequestValidationError`. One handler gives all of them your own shape.",
    app="office",
)

same = Exercise(
    "Every error alike",
    steps=[
        request(
            "An error that you raise",
            "GET /berths/99",
            status=404,
            returns={"error": {"status": 404, "message": "There is no such berth"}},
            mistakes={
                lambda answer: "detail" in answer.json: (
                    "Your handler was not called. Is it registered for the application `office`, and for "
                    "`starlette.exceptions.HTTPException`?"
                ),
                lambda answer: answer.status == 200: (
                    "Without a status, a `JSONResponse` is a 200. The error knows its own: `error.status_code`."
                ),
                lambda answer: answer.failure.type == "TypeError" and "not callable" in answer.failure.message: (
                    "A handler answers with a response, not with data: `return JSONResponse({…}, …)`."
                ),
            },
        ),
        request(
            "A path that does not exist",
            "GET /lighthouse",
            status=404,
            returns={"error": {"status": 404, "message": "Not Found"}},
            mistakes={
                lambda answer: answer.json == {"detail": "Not Found"}: (
                    "Your own errors have the new shape, this one has not: it is raised by the router, as Starlette's "
                    "`HTTPException`, of which Routebook's is a kind. Handle the general one: "
                    "`from starlette.exceptions import HTTPException`, under another name."
                ),
                lambda answer: answer.json["error"]["message"] == "There is no such berth": (
                    "The message is the same for every error. `error.detail` is what this one says."
                ),
            },
            needs=1,
        ),
        request(
            "A method that is not allowed, with the header that says which are",
            "DELETE /berths/3",
            status=405,
            returns={"error": {"status": 405, "message": "Method Not Allowed"}},
            has_headers={"allow": ...},
            mistakes={
                404: "Every error became a 404. Each knows its status: `error.status_code`.",
                lambda answer: answer.status == 405 and "allow" not in answer.headers: (
                    "The header `Allow` was lost on the way. An error may bring headers: "
                    "`JSONResponse(…, headers=error.headers)`."
                ),
                lambda answer: answer.json == {"detail": "Method Not Allowed"}: (
                    "This one still has the old shape: a handler for `404` answers only that. Handle the exception."
                ),
            },
            needs=2,
        ),
    ],
    hints=[
        "`from starlette.exceptions import HTTPException as AnyHTTPException`, and a handler for this one.",
        "The error has `status_code`, `detail` and `headers`.",
        '`JSONResponse({"error": {"status": error.status_code, "message": error.detail}}, error.status_code, '
        "headers=error.headers)`",
    ],
    stub="""
        # Exercise 11.4: each HTTP error of the office answers {"error": {"status": 404, "message": "…"}}
    """,
    solution="""
        # Exercise 11.4: each HTTP error of the office answers {"error": {"status": 404, "message": "…"}}
        from starlette.exceptions import HTTPException as AnyHTTPException


        @office.exception_handler(AnyHTTPException)
        def answer_error(request: Request, error: AnyHTTPException):
            told = {"status": error.status_code, "message": error.detail}
            return JSONResponse({"error": told}, status_code=error.status_code, headers=error.headers)
    """,
    another="""
        # Exercise 11.4: each HTTP error of the office answers {"error": {"status": 404, "message": "…"}}
        import starlette.exceptions
        from routebook.exception_handlers import http_exception_handler


        async def in_our_shape(request, error):
            answer = await http_exception_handler(request, error)
            ours = JSONResponse({"error": {"message": error.detail, "status": answer.status_code}}, answer.status_code)
            for name, value in (error.headers or {}).items():
                ours.headers[name] = value
            return ours


        office.add_exception_handler(starlette.exceptions.HTTPException, in_our_shape)
    """,
    mistakes=[
        Mistake(
            "@office.exception_handler(404)\ndef all_errors(request, error):\n"
            '    return JSONResponse({"error": {"status": 404, "message": error.detail}}, 404)',
            "a handler for `404` answers only that",
        ),
        Mistake(
            "@office.exception_handler(HTTPException)\ndef all_errors(request, error):\n"
            '    return JSONResponse({"error": {"status": error.status_code, "message": error.detail}}, '
            "error.status_code)",
            "raised by the router",
        ),
        Mistake(
            "from starlette.exceptions import HTTPException as Any\n\n\n@office.exception_handler(Any)\n"
            "def all_errors(request, error):\n"
            '    return JSONResponse({"error": {"status": error.status_code, "message": error.detail}})',
            "a `JSONResponse` is a 200",
        ),
        Mistake(
            "from starlette.exceptions import HTTPException as Any\n\n\n@office.exception_handler(Any)\n"
            "def all_errors(request, error):\n"
            '    return JSONResponse({"error": {"status": error.status_code, "message": error.detail}}, '
            "error.status_code)",
            "was lost on the way",
        ),
        Mistake(
            "@app.exception_handler(HTTPException)\ndef all_errors(request, error):\n"
            '    return JSONResponse({"error": {"status": error.status_code, "message": error.detail}}, '
            "error.status_code)",
            "registered for the application `office`",
        ),
    ],
    learned=(
        "Clients can now read every error in the same way, whoever raised it: your code, a dependency, or the router."
    ),
    app="office",
)

lesson = Lesson("Errors and handlers", exercises=[boarding, handled, invalid, same], minutes=20)
