"""Lesson 1: first steps. The model of all others: a request or two say what is asked, hints answer what came."""

from routebook_kernel.learn import Exercise, Lesson, Mistake, openapi, request


def whole_numbers(schema):
    """What a schema allows, however its limits are told."""
    if "enum" in schema:
        return sorted(schema["enum"])
    least = schema["minimum"] if "minimum" in schema else schema["exclusiveMinimum"] + 1
    most = schema["maximum"] if "maximum" in schema else schema["exclusiveMaximum"] - 1
    return list(range(int(least), int(most) + 1))


hours = Exercise(
    "Opening hours",
    steps=[
        request(
            "`GET /hours` tells when the shop opens and closes",
            "GET /hours",
            returns={"opens": 9, "closes": 18},
            mistakes={
                lambda answer: answer.json == {"opens": "9", "closes": "18"}: (
                    "`opens` and `closes` came as texts. Without the quotation marks they are numbers, in Python as in "
                    "JSON."
                ),
                lambda answer: isinstance(answer.json, dict) and answer.status == 200: (
                    "The operation answers; now compare the names and the numbers with what is asked, letter by letter."
                ),
                lambda answer: answer.status == 200 and answer.json is not None: (
                    'A JSON object comes from a Python dictionary: `return {"opens": …}`.'
                ),
            },
        ),
        openapi("It is in the documentation", "GET /hours", needs=1),
    ],
    hints=[
        "You need what the lesson's first operation has: a line that begins with `@app.get(`, and a function under it.",
        'The path goes between the parentheses, in quotation marks, with its slash: `"/hours"`.',
        "What the function returns is the answer: a dictionary with the two names `opens` and `closes`.",
    ],
    stub="""
        # Exercise 1.1: GET /hours answers {"opens": 9, "closes": 18}
    """,
    solution="""
        # Exercise 1.1: GET /hours answers {"opens": 9, "closes": 18}
        @app.get("/hours")
        def read_hours():
            return {"opens": 9, "closes": 18}
    """,
    another="""
        # Exercise 1.1: GET /hours answers {"opens": 9, "closes": 18}
        from pydantic import BaseModel


        class Hours(BaseModel):
            opens: int = 9
            closes: int = 18


        @app.get("/hours", summary="When we are open")
        async def when_open() -> Hours:
            return Hours()
    """,
    mistakes=[
        Mistake('@app.post("/hours")\ndef hours():\n    return {"opens": 9, "closes": 18}', "not GET"),
        Mistake('@app.get("/hours")\ndef hours():\n    print({"opens": 9, "closes": 18})', "Is there a `return`?"),
        Mistake('@app.get("/hour")\ndef hours():\n    return {"opens": 9, "closes": 18}', "There is `/hour`"),
        Mistake('@app.get("/hours/")\ndef hours():\n    return {"opens": 9, "closes": 18}', "slash at the end"),
        Mistake('@app.get("/hours")\ndef hours():\n    return {"opens": "9", "closes": "18"}', "came as texts"),
        Mistake('@app.get("/hours")\ndef hours():\n    return {"open": 9, "close": 18}', "letter by letter"),
        Mistake('def hours():\n    return {"opens": 9, "closes": 18}', "Did the cell run?"),
    ],
    learned="One decorator, one function: an operation. It is in the documentation too, without another line.",
)

shelves = Exercise(
    "The next shelf",
    steps=[
        request(
            "After shelf 3 comes shelf 4",
            "GET /shelves/3",
            returns={"shelf": 3, "next": 4},
            mistakes={
                lambda answer: answer.failure is not None and answer.failure.type == "TypeError": (
                    "A part of a path is a text, so `number + 1` adds 1 to a text. A type hint, `number: int`, makes it "
                    "a whole number."
                ),
                lambda answer: answer.json in ({"shelf": "3", "next": 4}, {"shelf": "3", "next": "4"}): (
                    '`shelf` came as the text `"3"`. A type hint, `number: int`, makes it a whole number.'
                ),
            },
        ),
        request(
            "After shelf 41 comes shelf 42",
            "GET /shelves/41",
            returns={"shelf": 41, "next": 42},
            mistakes={
                lambda answer: answer.json == {"shelf": 3, "next": 4}: (
                    "The answer is the same for every shelf. The braces in the path, `{number}`, give your function the "
                    "number that was asked for."
                ),
            },
            needs=1,
        ),
        request(
            "`three` is refused: it is no number",
            "GET /shelves/three",
            names="path",
            mistakes={
                500: (
                    "The text got into your function, and `int(…)` failed there. With a type hint, `number: int`, it is "
                    "refused before, with a reason."
                ),
                200: "The text got into your function. Which type hint lets only whole numbers in?",
            },
            needs=1,
        ),
    ],
    hints=[
        'The path has a parameter: `"/shelves/{number}"`. The function takes it under the same name.',
        "`number: int` in the function's parentheses makes it a whole number, and refuses what is none.",
        "Return a dictionary with two entries: the number, and the number plus one.",
    ],
    stub="""
        # Exercise 1.2: GET /shelves/3 answers {"shelf": 3, "next": 4}
    """,
    solution="""
        # Exercise 1.2: GET /shelves/3 answers {"shelf": 3, "next": 4}
        @app.get("/shelves/{number}")
        def read_shelf(number: int):
            return {"shelf": number, "next": number + 1}
    """,
    another="""
        # Exercise 1.2: GET /shelves/3 answers {"shelf": 3, "next": 4}
        from typing import Annotated

        from routebook import Path


        @app.get("/shelves/{shelf}")
        async def next_shelf(shelf: Annotated[int, Path(description="Counted from the door")]) -> dict[str, int]:
            return dict(shelf=shelf, next=shelf + 1)
    """,
    mistakes=[
        Mistake(
            '@app.get("/shelves/{number}")\ndef shelf(number):\n    return {"shelf": number, "next": number + 1}',
            "adds 1 to a text",
        ),
        Mistake(
            '@app.get("/shelves/{number}")\ndef shelf(number):\n    return {"shelf": number, "next": int(number) + 1}',
            "came as the text",
        ),
        Mistake(
            '@app.get("/shelves/{number}")\ndef shelf(number):\n'
            '    return {"shelf": int(number), "next": int(number) + 1}',
            "is refused before",
        ),
        Mistake('@app.get("/shelves/3")\ndef shelf():\n    return {"shelf": 3, "next": 4}', "No operation"),
        Mistake(
            '@app.get("/shelves/{number}")\ndef shelf(number: int):\n    return {"shelf": 3, "next": 4}',
            "the same for every shelf",
        ),
        Mistake(
            '@app.get("/shelves/{number}")\ndef shelf(n: int):\n    return {"shelf": n, "next": n + 1}',
            "must be the same",
        ),
    ],
    learned=(
        "A type hint does two things here: it turns the text of the address into a number, and it refuses what is none "
        "with a `422`, so your function never sees it."
    ),
)

greeting = Exercise(
    "A greeting, quiet or loud",
    steps=[
        request(
            "A guest is greeted by name",
            "GET /greet/Ada",
            returns={"greeting": "Hello, Ada!"},
            mistakes={
                "query.shout": (
                    "`shout` must be sent now. A parameter with a default, `= False`, may be left out of the address."
                ),
                lambda answer: answer.json == {"greeting": "HELLO, ADA!"}: (
                    "Nobody asked for a loud greeting: the default of `shout` should be `False`."
                ),
                lambda answer: answer.status == 200 and "{" in answer.text.strip("{}"): (
                    'The braces are still in the text. An `f` before the quotation mark fills them in: `f"Hello, …"`.'
                ),
                lambda answer: answer.status == 200: "Compare the greeting with what is asked: the comma, the `!`.",
            },
        ),
        request(
            "A loud greeting is in capital letters",
            "GET /greet/Ada?shout=true",
            returns={"greeting": "HELLO, ADA!"},
            mistakes={
                lambda answer: answer.json == {"greeting": "Hello, Ada!"}: (
                    "`?shout=true` changed nothing. Does the function take a parameter `shout`, and look at it?"
                ),
            },
            needs=1,
        ),
        request(
            "`shout=no` is quiet",
            "GET /greet/Bo?shout=no",
            returns={"greeting": "Hello, Bo!"},
            mistakes={
                lambda answer: answer.json == {"greeting": "HELLO, BO!"}: (
                    '`shout` is the text `"no"`, and every text that is not empty counts as true. With the type hint '
                    "`bool`, `no` becomes `False`."
                ),
            },
            needs=1,
        ),
    ],
    hints=[
        "Two parameters: one in the path, `{name}`; the other, `shout`, is not in the path, so it comes from the query.",
        "`shout: bool = False` understands `true`, `yes`, `on`, `1` and their opposites, and may be left out.",
        "`greeting.upper()` gives a text in capital letters.",
    ],
    stub="""
        # Exercise 1.3: GET /greet/Ada and GET /greet/Ada?shout=true
    """,
    solution="""
        # Exercise 1.3: GET /greet/Ada and GET /greet/Ada?shout=true
        @app.get("/greet/{name}")
        def greet(name: str, shout: bool = False):
            greeting = f"Hello, {name}!"
            if shout:
                greeting = greeting.upper()
            return {"greeting": greeting}
    """,
    another="""
        # Exercise 1.3: GET /greet/Ada and GET /greet/Ada?shout=true
        from typing import Annotated

        from routebook import Query


        @app.get("/greet/{guest}")
        async def welcome(guest: str, is_loud: Annotated[bool, Query(alias="shout")] = False) -> dict[str, str]:
            return {"greeting": f"HELLO, {guest.upper()}!" if is_loud else f"Hello, {guest}!"}
    """,
    mistakes=[
        Mistake(
            '@app.get("/greet/{name}")\ndef greet(name: str, shout: bool):\n'
            '    return {"greeting": f"Hello, {name}!".upper() if shout else f"Hello, {name}!"}',
            "may be left out",
        ),
        Mistake(
            '@app.get("/greet/{name}")\ndef greet(name, shout=""):\n'
            '    return {"greeting": f"Hello, {name}!".upper() if shout else f"Hello, {name}!"}',
            "every text that is not empty",
        ),
        Mistake('@app.get("/greet/{name}")\ndef greet(name):\n    return {"greeting": "Hello, {name}!"}', "`f` before"),
        Mistake(
            '@app.get("/greet/{name}")\ndef greet(name):\n    return {"greeting": f"Hello, {name}!"}', "changed nothing"
        ),
        Mistake(
            '@app.get("/greet/{name}")\ndef greet(name, shout: bool = True):\n'
            '    return {"greeting": f"Hello, {name}!".upper() if shout else f"Hello, {name}!"}',
            "Nobody asked",
        ),
    ],
    learned="What stands in the path is a path parameter; what does not is a query parameter, and a default frees it.",
)

reviews = Exercise(
    "A review with stars",
    steps=[
        request(
            "A review comes back as it was sent",
            "POST /reviews",
            json={"item": "Lamp", "stars": 4},
            includes={"item": "Lamp", "stars": 4},
            mistakes={
                lambda answer: "body" in answer.names or "body.review" in answer.names: (
                    "The body was asked to look otherwise. One parameter whose type is a model is the whole body."
                ),
                lambda answer: any(name.startswith("body.") for name in answer.names): (
                    "The model asks for something else than `item` and `stars`: compare the names."
                ),
            },
        ),
        request(
            "Five stars are the most that one can give",
            "POST /reviews",
            json={"item": "Lamp", "stars": 5},
            includes={"stars": 5},
            mistakes={"stars": "5 itself is refused. `lt` leaves the limit out; `le`, less or equal, keeps it."},
            needs=1,
        ),
        request(
            "Six are refused",
            "POST /reviews",
            json={"item": "Lamp", "stars": 6},
            names="stars",
            mistakes={200: "6 stars passed. `Field(…)` behind the type sets limits: `le=5` is the most."},
            needs=1,
        ),
        request(
            "None at all is refused",
            "POST /reviews",
            json={"item": "Lamp", "stars": 0},
            names="stars",
            mistakes={200: "0 stars passed. `ge=1`, greater or equal, sets the least."},
            needs=1,
        ),
        openapi(
            "Clients can read the limits",
            "POST /reviews: body",
            where=("1 to 5 stars", lambda schema: whole_numbers(schema["properties"]["stars"]) == [1, 2, 3, 4, 5]),
            mistakes={
                lambda schema: not {"maximum", "exclusiveMaximum", "enum"} & set(schema["properties"]["stars"]): (
                    "The document does not know the limits, although 6 is refused: say them with `Field(ge=1, le=5)`, "
                    "and everybody can read them."
                ),
            },
            needs=(2, 3, 4),
        ),
    ],
    hints=[
        'First a class that derives from `BaseModel`, with `item: str` and `stars: int`; then `@app.post("/reviews")`.',
        "`stars: int = Field(ge=1, le=5)`: greater or equal 1, less or equal 5.",
        "The function takes the model, `review: Review`, and returns it.",
    ],
    stub="""
        # Exercise 1.4: POST /reviews takes an item and its stars, 1 to 5
    """,
    solution="""
        # Exercise 1.4: POST /reviews takes an item and its stars, 1 to 5
        class Review(BaseModel):
            item: str
            stars: int = Field(ge=1, le=5)


        @app.post("/reviews")
        def create_review(review: Review) -> Review:
            return review
    """,
    another="""
        # Exercise 1.4: POST /reviews takes an item and its stars, 1 to 5
        from typing import Literal


        class Opinion(BaseModel):
            stars: Literal[1, 2, 3, 4, 5]
            item: str


        @app.post("/reviews")
        async def add(opinion: Opinion):
            return {"id": 1, **opinion.model_dump()}
    """,
    mistakes=[
        Mistake(
            '@app.post("/reviews")\ndef create(item: str, stars: int):\n    return {"item": item, "stars": stars}',
            "looked for in the query, not in the JSON body",
        ),
        Mistake(
            "class Review(BaseModel):\n    item: str\n    stars: int\n\n\n"
            '@app.post("/reviews")\ndef create(review: Review):\n    return review',
            "6 stars passed",
        ),
        Mistake(
            "class Review(BaseModel):\n    item: str\n    stars: int = Field(gt=0, lt=5)\n\n\n"
            '@app.post("/reviews")\ndef create(review: Review):\n    return review',
            "5 itself is refused",
        ),
        Mistake(
            "class Review(BaseModel):\n    item: str\n    stars: int = Field(le=5)\n\n\n"
            '@app.post("/reviews")\ndef create(review: Review):\n    return review',
            "0 stars passed",
        ),
        Mistake(
            "class Review(BaseModel):\n    name: str\n    stars: int = Field(ge=1, le=5)\n\n\n"
            '@app.post("/reviews")\ndef create(review: Review):\n    return review',
            "compare the names",
        ),
    ],
    learned=(
        "The rules of a model are kept for you, told to whoever breaks one, and written into the documentation, from "
        "the same line."
    ),
)

lesson = Lesson("First steps", exercises=[hours, shelves, greeting, reviews], minutes=20)
