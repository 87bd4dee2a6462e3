"""Lesson 2: path parameters, in a library."""

from typing import Any

from routebook_kernel.learn import Exercise, Lesson, Mistake, ProbeResponse, openapi, request


def whole_numbers(schema):
    """What a schema allows, however its limits are told."""
    if "enum" in schema:
        return sorted(schema["enum"])
    least = schema["minimum"] if "minimum" in schema else schema["exclusiveMinimum"] + 1
    most = schema["maximum"] if "maximum" in schema else schema["exclusiveMaximum"] - 1
    return list(range(int(least), int(most) + 1))


def has_path(answer: ProbeResponse, start: str) -> bool:
    """Whether the application has a path that begins so, with a parameter after it."""
    return any(path.startswith(f"{start}/{{") for path in answer.document.get("paths", {}))


def is_refused_by_hand(answer: ProbeResponse) -> bool:
    return answer.status == 422 and not answer.names


seats = Exercise(
    "A seat in a room",
    steps=[
        request(
            "Seat 12 of the reading room",
            "GET /rooms/reading/seats/12",
            returns={"room": "reading", "seat": 12},
            mistakes={
                lambda answer: answer.json == {"room": "reading", "seat": "12"}: (
                    '`seat` came as the text `"12"`. The hint `seat: int` makes it a number.'
                ),
                lambda answer: answer.json in ({"room": 12, "seat": "reading"}, {"room": "12", "seat": "reading"}): (
                    "Room and seat are exchanged. Not the order in the parentheses counts, but the names: compare those "
                    "in braces with those that you return."
                ),
                "path.room": "A room has a name, not a number: `room: str` (or no hint) takes any text.",
                lambda answer: answer.status == 200 and answer.json is not None: (
                    "The operation answers; compare the names `room` and `seat` with what is asked, letter by letter."
                ),
            },
        ),
        request(
            "Seat 3 of the music room",
            "GET /rooms/music/seats/3",
            returns={"room": "music", "seat": 3},
            mistakes={
                lambda answer: answer.json == {"room": "reading", "seat": 12}: (
                    "Every seat gets the same answer. Return what the parameters hold, without quotation marks around "
                    "their names."
                ),
                404: (
                    "There is no such path. Only what stands in braces may change: `{room}` and `{seat}` take any text, "
                    "the rest is fixed."
                ),
            },
            needs=1,
        ),
        request(
            "A seat called `window` is refused: seats have numbers",
            "GET /rooms/music/seats/window",
            names="path",
            mistakes={
                200: "`window` got into your function. The hint `seat: int` lets only whole numbers in.",
                500: (
                    "`window` got into your function, and failed there. The hint `seat: int` refuses it before, with a "
                    "reason."
                ),
            },
            needs=1,
        ),
    ],
    hints=[
        'Two pairs of braces in one path: `"/rooms/{room}/seats/{seat}"`.',
        "The function has two parameters, with the names that stand in braces. One is a text, the other a whole number.",
        'Return a dictionary: `{"room": room, "seat": seat}`.',
    ],
    stub="""
        # Exercise 2.1: GET /rooms/reading/seats/12
    """,
    solution="""
        # Exercise 2.1: GET /rooms/reading/seats/12
        @app.get("/rooms/{room}/seats/{seat}")
        def read_seat(room: str, seat: int):
            return {"room": room, "seat": seat}
    """,
    another="""
        # Exercise 2.1: GET /rooms/reading/seats/12
        from pydantic import BaseModel


        class Seat(BaseModel):
            room: str
            seat: int


        @app.get("/rooms/{room_name}/seats/{number}")
        async def find_seat(number: int, room_name) -> Seat:
            return Seat(room=room_name, seat=number)
    """,
    mistakes=[
        Mistake(
            '@app.get(f"/rooms/{room}/seats/{seat}")\ndef seat(room: str, seat: int):\n'
            '    return {"room": room, "seat": seat}',
            "Did the cell run?",
        ),
        Mistake(
            '@app.get("/rooms/{room}/seats/{seat}")\ndef seat(room, seat):\n    return {"room": room, "seat": seat}',
            "came as the text",
        ),
        Mistake(
            '@app.get("/rooms/{room}/seats/{seat}")\ndef seat(room: int, seat: int):\n'
            '    return {"room": room, "seat": seat}',
            "A room has a name",
        ),
        Mistake(
            '@app.get("/rooms/{room}/seats/{seat}")\ndef seat(room: str, seat_number: int):\n'
            '    return {"room": room, "seat": seat_number}',
            "must be the same",
        ),
        Mistake(
            '@app.get("/rooms/{seat}/seats/{room}")\ndef seat(room, seat):\n    return {"room": room, "seat": seat}',
            "are exchanged",
        ),
        Mistake(
            '@app.get("/rooms/reading/seats/{seat}")\ndef seat(seat: int):\n'
            '    return {"room": "reading", "seat": seat}',
            "Only what stands in braces",
        ),
    ],
    learned=(
        "The names in braces tie the path to the function, not the order of the parameters. Each has a type of its own."
    ),
)

floors = Exercise(
    "Only the floors that there are",
    steps=[
        request(
            "Floor 2",
            "GET /floors/2",
            returns={"floor": 2},
            mistakes={
                lambda answer: answer.json == {"floor": "2"}: "The floor came as a text: it needs the type `int`.",
            },
        ),
        request(
            "The cellar, floor -1, is the lowest",
            "GET /floors/-1",
            returns={"floor": -1},
            mistakes={
                422: (
                    "-1 itself is refused. `gt`, greater than, leaves the limit out; `ge`, greater or equal, keeps it: "
                    "`ge=-1`."
                ),
                404: (
                    "Nothing was found for `-1`. A path such as `{floor:int}` takes digits only; let the type of the "
                    "parameter do it: `{floor}`."
                ),
            },
            needs=1,
        ),
        request(
            "Floor 4 is the highest",
            "GET /floors/4",
            returns={"floor": 4},
            mistakes={422: "4 itself is refused. `lt`, less than, leaves the limit out; `le=4` keeps it."},
            needs=1,
        ),
        request(
            "Floor 5 is refused",
            "GET /floors/5",
            names="path.floor",
            mistakes={
                200: "Floor 5 got an answer, `200`. `Path(…, le=4)` refuses it before your function runs.",
                is_refused_by_hand: (
                    "It is refused, but nobody is told which part of the request is wrong. `Path(…, le=4)` says it."
                ),
            },
            needs=1,
        ),
        request(
            "Floor -2 is refused",
            "GET /floors/-2",
            names="path.floor",
            mistakes={200: "Floor -2 got an answer, `200`. `Path(ge=-1, …)` is the lower limit."},
            needs=1,
        ),
        openapi(
            "The documentation knows both limits",
            "GET /floors/{floor}: floor",
            where=("the limits -1 and 4", lambda parameter: whole_numbers(parameter["schema"]) == [-1, 0, 1, 2, 3, 4]),
            mistakes={
                lambda parameter: parameter is None: "The path should be `/floors/{floor}`, with this name in braces.",
                lambda parameter: not {"maximum", "exclusiveMaximum", "enum"} & set(parameter["schema"]): (
                    "The limits are kept, but the document does not know them. Said with `Path(ge=-1, le=4)`, they are "
                    "kept and written down at once."
                ),
            },
            needs=(1, 4, 5),
        ),
    ],
    hints=[
        "Look at the operation for the years above: the limits stand in `Path(…)`, beside the type.",
        "`Annotated[int, Path(…)]`: greater or equal -1, less or equal 4.",
        "`floor: Annotated[int, Path(ge=-1, le=4)]`.",
    ],
    stub="""
        # Exercise 2.2: GET /floors/{floor}, from -1 to 4
    """,
    solution="""
        # Exercise 2.2: GET /floors/{floor}, from -1 to 4
        @app.get("/floors/{floor}")
        def read_floor(floor: Annotated[int, Path(ge=-1, le=4)]):
            return {"floor": floor}
    """,
    another="""
        # Exercise 2.2: GET /floors/{floor}, from -1 to 4
        from pydantic import Field

        Floor = Annotated[int, Field(gt=-2), Field(lt=5)]


        @app.get("/floors/{floor}")
        async def show_floor(floor: Floor) -> dict[str, int]:
            return dict(floor=floor)
    """,
    mistakes=[
        Mistake(
            "from routebook import Query\n\n\n"
            '@app.get("/floors/{floor}")\ndef read(floor: Annotated[int, Query(ge=-1, le=4)]):\n'
            '    return {"floor": floor}',
            "Did the cell run?",
        ),
        Mistake(
            '@app.get("/floors/{floor}")\ndef read(floor: int):\n    return {"floor": floor}', "Floor 5 got an answer"
        ),
        Mistake(
            '@app.get("/floors/{floor}")\ndef read(floor: Annotated[int, Path(gt=-1, le=4)]):\n'
            '    return {"floor": floor}',
            "-1 itself is refused",
        ),
        Mistake(
            '@app.get("/floors/{floor}")\ndef read(floor: Annotated[int, Path(ge=-1, lt=4)]):\n'
            '    return {"floor": floor}',
            "4 itself is refused",
        ),
        Mistake(
            '@app.get("/floors/{floor}")\ndef read(floor: int):\n    if floor < -1 or floor > 4:\n'
            '        return {"error": "no such floor"}\n    return {"floor": floor}',
            "refuses it before your function runs",
        ),
        Mistake(
            "from routebook import HTTPException\n\n\n"
            '@app.get("/floors/{floor}")\ndef read(floor: int):\n    if floor < -1 or floor > 4:\n'
            '        raise HTTPException(422, "no such floor")\n    return {"floor": floor}',
            "which part of the request is wrong",
        ),
        Mistake(
            '@app.get("/floors/{floor:int}")\ndef read(floor: Annotated[int, Path(ge=-1, le=4)]):\n'
            '    return {"floor": floor}',
            "takes digits only",
        ),
    ],
    learned="A limit beside the type is kept before your function runs, explained to the client, and documented.",
)


def is_taken_for_a_number(answer: ProbeResponse) -> bool:
    return any(name.startswith("path.") for name in answer.names)


def is_taken_for_a_loan(answer: ProbeResponse) -> bool:
    return bool(answer.json["loan"] == "latest")


ORDER = (
    "`latest` was taken for the number of a loan: the operation with the braces stands first, and the first that fits "
    "answers. Let `/loans/latest` stand before it."
)

loans = Exercise(
    "The latest loan",
    steps=[
        request(
            "Loan 3",
            "GET /loans/3",
            returns={"loan": 3, "latest": False},
            mistakes={
                lambda answer: answer.json == {"loan": "3", "latest": False}: (
                    'The number of the loan came as the text `"3"`. Give the parameter the type `int`.'
                ),
                lambda answer: answer.json == {"loan": 3}: "`latest` is missing: it is `False` here.",
            },
        ),
        request("Loan 41", "GET /loans/41", returns={"loan": 41, "latest": False}),
        request(
            "The latest loan is number 57",
            "GET /loans/latest",
            returns={"loan": 57, "latest": True},
            mistakes={
                is_taken_for_a_number: ORDER,
                is_taken_for_a_loan: ORDER,
                lambda answer: answer.failure is not None and "'latest'" in answer.failure.message: ORDER,
            },
        ),
        request(
            "`oldest` is refused",
            "GET /loans/oldest",
            names="path",
            mistakes={
                200: "`oldest` got an answer. Only whole numbers and the one word `latest` should.",
                404: "`oldest` was not found; asked is a refusal that says why. The type `int` of the parameter does it.",
                500: "`oldest` got into your function, and failed there. The type `int` refuses it before.",
            },
            needs=1,
        ),
    ],
    hints=[
        "Two operations: one for the fixed path `/loans/latest`, one for `/loans/{loan}`.",
        "Operations are tried in their order. Which of the two would also take the address of the other?",
        "First `/loans/latest`, then `/loans/{loan}` with `loan: int`.",
    ],
    stub="""
        # Exercise 2.3: GET /loans/3 and GET /loans/latest
    """,
    solution="""
        # Exercise 2.3: GET /loans/3 and GET /loans/latest
        @app.get("/loans/latest")
        def read_latest_loan():
            return {"loan": 57, "latest": True}


        @app.get("/loans/{loan}")
        def read_loan(loan: int):
            return {"loan": loan, "latest": False}
    """,
    another="""
        # Exercise 2.3: GET /loans/3 and GET /loans/latest
        from typing import Literal


        @app.get("/loans/{which}")
        async def show_loan(which: int | Literal["latest"]):
            is_latest = which == "latest"
            return {"loan": 57 if is_latest else which, "latest": is_latest}
    """,
    mistakes=[
        Mistake(
            '@app.get("/loans/{loan}")\ndef read_loan(loan: int):\n    return {"loan": loan, "latest": False}\n\n\n'
            '@app.get("/loans/latest")\ndef read_latest():\n    return {"loan": 57, "latest": True}',
            "the operation with the braces stands first",
        ),
        Mistake(
            '@app.get("/loans/{loan}")\ndef read_loan(loan: str):\n'
            '    return {"loan": int(loan) if loan.isdigit() else loan, "latest": False}\n\n\n'
            '@app.get("/loans/latest")\ndef read_latest():\n    return {"loan": 57, "latest": True}',
            "the operation with the braces stands first",
        ),
        Mistake(
            '@app.get("/loans/latest")\ndef read_latest():\n    return {"loan": 57, "latest": True}\n\n\n'
            '@app.get("/loans/{loan}")\ndef read_loan(loan):\n    return {"loan": loan, "latest": False}',
            "came as the text",
        ),
        Mistake(
            '@app.get("/loans/{loan}")\ndef read_loan(loan):\n'
            '    if loan == "latest":\n        return {"loan": 57, "latest": True}\n'
            '    return {"loan": int(loan), "latest": False}',
            "got into your function, and failed there",
        ),
        Mistake(
            '@app.get("/loans/latest")\ndef read_latest():\n    return {"loan": 57, "latest": True}',
            "Did the cell run?",
        ),
    ],
    learned="The first operation that fits answers. Fixed paths stand before those with braces.",
)


def lost_parts(answer: ProbeResponse) -> bool:
    return answer.status == 404 and has_path(answer, "/scans")


def folder_is(value: Any) -> Any:
    return lambda answer: answer.json["folder"] == value


scans = Exercise(
    "A scan, however deep it lies",
    steps=[
        request(
            "A scan two folders deep",
            "GET /scans/1897/maps/city.png",
            returns={"folder": "1897/maps", "name": "city.png"},
            mistakes={
                lost_parts: (
                    "A parameter holds one part of a path, up to the next slash. `{place:path}` takes all the rest."
                ),
                folder_is("1897"): "The folder is everything before the *last* slash: see `str.rpartition`.",
                folder_is("1897/maps/"): "The folder came with its slash at the end; asked is `1897/maps`.",
            },
        ),
        request(
            "Another, four folders deep",
            "GET /scans/letters/1902/may/3/page-1.png",
            returns={"folder": "letters/1902/may/3", "name": "page-1.png"},
            mistakes={
                lost_parts: "This one lies deeper. `{place:path}` takes all the rest, however many parts there are.",
            },
            needs=1,
        ),
        request(
            "One that lies in no folder",
            "GET /scans/index.txt",
            returns={"folder": "", "name": "index.txt"},
            mistakes={
                500: (
                    'There is no slash in `index.txt`, so there are not two parts. `place.rpartition("/")` gives three '
                    "texts always: before, the slash, after."
                ),
                folder_is("."): "The folder came as `.`; asked is an empty text.",
                folder_is("index.txt"): "Without a slash all of it is the name, and the folder an empty text.",
            },
            needs=1,
        ),
    ],
    hints=[
        'The path is `"/scans/{place:path}"`, the function\'s parameter `place: str`.',
        'Divide `place` at its last slash: `folder, slash, name = place.rpartition("/")`.',
        'Return `{"folder": folder, "name": name}`.',
    ],
    stub="""
        # Exercise 2.4: GET /scans/1897/maps/city.png
    """,
    solution="""
        # Exercise 2.4: GET /scans/1897/maps/city.png
        @app.get("/scans/{place:path}")
        def read_scan(place: str):
            folder, _, name = place.rpartition("/")
            return {"folder": folder, "name": name}
    """,
    another="""
        # Exercise 2.4: GET /scans/1897/maps/city.png
        from pathlib import PurePosixPath


        @app.get("/scans/{file:path}")
        async def find_scan(file: PurePosixPath) -> dict[str, str]:
            return {"folder": "/".join(file.parts[:-1]), "name": file.name}
    """,
    mistakes=[
        Mistake(
            '@app.get("/scans/{place}")\ndef read(place: str):\n    folder, _, name = place.rpartition("/")\n'
            '    return {"folder": folder, "name": name}',
            "takes all the rest",
        ),
        Mistake(
            '@app.get("/scans/{year}/{kind}/{name}")\ndef read(year: str, kind: str, name: str):\n'
            '    return {"folder": f"{year}/{kind}", "name": name}',
            "This one lies deeper",
        ),
        Mistake(
            '@app.get("/scans/{place:path}")\ndef read(place: str):\n    folder, name = place.rsplit("/", 1)\n'
            '    return {"folder": folder, "name": name}',
            "there are not two parts",
        ),
        Mistake(
            '@app.get("/scans/{place:path}")\ndef read(place: str):\n    folder, _, name = place.partition("/")\n'
            '    return {"folder": folder, "name": name}',
            "before the *last* slash",
        ),
        Mistake(
            "from pathlib import PurePosixPath\n\n\n"
            '@app.get("/scans/{place:path}")\ndef read(place: str):\n    file = PurePosixPath(place)\n'
            '    return {"folder": str(file.parent), "name": file.name}',
            "The folder came as `.`",
        ),
    ],
    learned="`{name}` takes one part of a path, `{name:path}` all that is left, slashes included.",
)

lesson = Lesson("Path parameters", exercises=[seats, floors, loans, scans], minutes=15)
