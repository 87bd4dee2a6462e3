"""Lesson 5: validation, in a parcel service."""

from routebook_kernel.learn import Exercise, Lesson, Mistake, ProbeResponse, openapi, request


def failed_with(*types: str) -> object:
    return lambda answer: answer.failure is not None and answer.failure.type in types


def is_refused_by_hand(answer: ProbeResponse) -> bool:
    return answer.status in {400, 422} and not answer.names


def knows_limits(schema: dict[str, object]) -> bool:
    return schema["exclusiveMinimum"] == 0 and schema["maximum"] == 30


BY_HAND = (
    "It is refused by hand, so nobody is told which part is wrong, and the documentation does not know the rule. A type "
    "with `Field(gt=0, le=30)` does both."
)
NO_LIMITS = "The document does not know both limits. They belong to the type: `Annotated[float, Field(gt=0, le=30)]`."

weights = Exercise(
    "One rule, two places",
    steps=[
        request(
            "2.5 kilograms cost 9",
            "GET /price?weight=2.5",
            returns={"price": 9},
            mistakes={
                lambda answer: answer.json == 9: 'The price came alone. Asked is an object: `{"price": …}`.',
                lambda answer: (
                    answer.json == {"weight": 2.5}
                ): "The weight came back. The price is 4, plus 2 a kilogram.",
                422: "2.5 was refused. Is the type `float`?",
            },
        ),
        request(
            "30 kilograms are the most, and are fine",
            "GET /price?weight=30",
            returns={"price": 64},
            mistakes={422: "30 itself is refused. `lt` leaves the limit out; `le`, less or equal, keeps it."},
            needs=1,
        ),
        request(
            "There is no price for 30.5 kilograms",
            "GET /price?weight=30.5",
            names="query.weight",
            mistakes={
                200: "30.5 kilograms got a price. The type should carry its limits: `Annotated[float, Field(gt=0, le=30)]`.",
                is_refused_by_hand: BY_HAND,
            },
            needs=1,
        ),
        request(
            "Nor for 0 kilograms",
            "GET /price?weight=0",
            names="query.weight",
            mistakes={
                200: "0 kilograms got a price. `gt=0`, greater than 0, leaves the 0 out.",
                is_refused_by_hand: BY_HAND,
            },
            needs=1,
        ),
        request(
            "A parcel of 12 kilograms is taken",
            "POST /parcels",
            json={"to": "Ada", "weight": 12},
            includes={"to": "Ada", "weight": 12},
        ),
        request(
            "One of 31 is not",
            "POST /parcels",
            json={"to": "Ada", "weight": 31},
            names="body.weight",
            mistakes={
                200: "31 kilograms were taken. Use the same type in the model: the rule is written once, and holds in both.",
                is_refused_by_hand: BY_HAND,
            },
            needs=5,
        ),
        request(
            "Nor one that weighs nothing",
            "POST /parcels",
            json={"to": "Ada", "weight": 0},
            names="body.weight",
            mistakes={200: "A parcel of 0 kilograms was taken: `gt=0` in the type."},
            needs=5,
        ),
        openapi(
            "The documentation of the price knows the limits",
            "GET /price: weight",
            where=("both limits", lambda parameter: knows_limits(parameter["schema"])),
            mistakes={lambda parameter: parameter is not None: NO_LIMITS},
            needs=(1, 3, 4),
        ),
        openapi(
            "So does that of the parcels",
            "POST /parcels: body",
            where=("both limits", lambda schema: knows_limits(schema["properties"]["weight"])),
            mistakes={lambda schema: schema is not None: NO_LIMITS},
            needs=(5, 6, 7),
        ),
    ],
    hints=[
        "First the type, with a name: `Weight = Annotated[float, Field(…)]`. Greater than 0, at most 30.",
        "The operation for the price takes `weight: Weight`; the parcel's model has a field `weight: Weight`.",
        '`return {"price": 4 + 2 * weight}`; and `POST /parcels` returns the parcel.',
    ],
    stub="""
        # Exercise 5.1: GET /price?weight=2.5 and POST /parcels
    """,
    solution="""
        # Exercise 5.1: GET /price?weight=2.5 and POST /parcels
        Weight = Annotated[float, Field(gt=0, le=30)]


        class Parcel(BaseModel):
            to: str
            weight: Weight


        @app.get("/price")
        def read_price(weight: Weight):
            return {"price": 4 + 2 * weight}


        @app.post("/parcels")
        def create_parcel(parcel: Parcel):
            return parcel
    """,
    another="""
        # Exercise 5.1: GET /price?weight=2.5 and POST /parcels
        class Load(BaseModel):
            weight: float = Field(gt=0, le=30, description="In kilograms")


        class Parcel(Load):
            to: str


        @app.get("/price")
        async def price(load: Annotated[Load, Query()]) -> dict[str, float]:
            return {"price": 4 + load.weight * 2}


        @app.post("/parcels")
        async def accept(parcel: Parcel) -> Parcel:
            return parcel
    """,
    mistakes=[
        Mistake(
            "class Parcel(BaseModel):\n    to: str\n    weight: float\n\n\n"
            '@app.get("/price")\ndef price(weight: Annotated[float, Query(gt=0, le=30)]):\n'
            '    return {"price": 4 + 2 * weight}\n\n\n'
            '@app.post("/parcels")\ndef create(parcel: Parcel):\n    return parcel',
            "Use the same type in the model",
        ),
        Mistake(
            "Weight = Annotated[float, Field(gt=0, lt=30)]\n\n\n"
            "class Parcel(BaseModel):\n    to: str\n    weight: Weight\n\n\n"
            '@app.get("/price")\ndef price(weight: Weight):\n    return {"price": 4 + 2 * weight}\n\n\n'
            '@app.post("/parcels")\ndef create(parcel: Parcel):\n    return parcel',
            "30 itself is refused",
        ),
        Mistake(
            "Weight = Annotated[float, Field(ge=0, le=30)]\n\n\n"
            "class Parcel(BaseModel):\n    to: str\n    weight: Weight\n\n\n"
            '@app.get("/price")\ndef price(weight: Weight):\n    return {"price": 4 + 2 * weight}\n\n\n'
            '@app.post("/parcels")\ndef create(parcel: Parcel):\n    return parcel',
            "leaves the 0 out",
        ),
        Mistake(
            "from routebook import HTTPException\n\n\n"
            '@app.get("/price")\ndef price(weight: float):\n    if not 0 < weight <= 30:\n'
            '        raise HTTPException(400, "bad weight")\n    return {"price": 4 + 2 * weight}',
            "nobody is told which part is wrong",
        ),
    ],
    learned="A type with a name carries its rules wherever it goes: path, query, body, and the documentation of each.",
)

codes = Exercise(
    "A code to track parcels",
    steps=[
        request(
            "A code in capital letters",
            "GET /track/RB004711",
            returns={"code": "RB004711"},
        ),
        request(
            "Small letters are fine, and become capital ones",
            "GET /track/xy123456",
            returns={"code": "XY123456"},
            mistakes={
                lambda answer: answer.json == {"code": "xy123456"}: (
                    "The code came back in small letters. `to_upper=True` in `StringConstraints(…)` changes them."
                ),
                422: (
                    "Small letters are refused. The pattern is looked at before `to_upper` does its work, so it must admit "
                    "them: `[A-Za-z]`."
                ),
                lambda answer: (
                    answer.json == {"code": "RB004711"}
                ): "Every parcel has the same code: return what was sent.",
            },
            needs=1,
        ),
        request(
            "Letters alone are no code",
            "GET /track/parcel",
            names="path",
            mistakes={
                200: "`parcel` passed as a code. A `pattern` says what it looks like: `[A-Za-z]{2}` and `[0-9]{6}`.",
                is_refused_by_hand: "It is refused, but not told why: let the `pattern` of the type do it.",
            },
            needs=1,
        ),
        request(
            "One digit too few",
            "GET /track/RB00471",
            names="path",
            mistakes={200: "A code of five digits passed. `{6}` behind `[0-9]` is exactly six."},
            needs=1,
        ),
        request(
            "A letter among the digits",
            "GET /track/RB00471X",
            names="path",
            mistakes={200: "It passed, since it is long enough. The `pattern` says which signs stand where."},
            needs=1,
        ),
        request(
            "A code with more before and behind it",
            "GET /track/myRB004711please",
            names="path",
            mistakes={
                200: (
                    "It passed, since there is a code *in* it. `^` at the beginning of the pattern and `$` at its end make "
                    "it the whole text."
                ),
            },
            needs=1,
        ),
    ],
    hints=[
        "`Annotated[str, StringConstraints(…)]` takes `pattern` and `to_upper`.",
        "The pattern: `^` beginning, `[A-Za-z]{2}` two letters, `[0-9]{6}` six digits, `$` end.",
        'A pattern is written as a raw text, `r"…"`, so that Python leaves its backslashes alone.',
    ],
    stub="""
        # Exercise 5.2: GET /track/RB004711
    """,
    solution="""
        # Exercise 5.2: GET /track/RB004711
        Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2}[0-9]{6}$", to_upper=True)]


        @app.get("/track/{code}")
        def track(code: Code):
            return {"code": code}
    """,
    another="""
        # Exercise 5.2: GET /track/RB004711
        from routebook import Path


        @app.get("/track/{number}")
        async def find_parcel(number: str = Path(pattern="^[a-zA-Z][a-zA-Z][0-9]{6}$")) -> dict[str, str]:
            return {"code": number.upper()}
    """,
    mistakes=[
        Mistake(
            '@app.get("/track/{code}")\n'
            "def track(code: Annotated[str, StringConstraints(min_length=8, max_length=8, to_upper=True)]):\n"
            '    return {"code": code}',
            "which signs stand where",
        ),
        Mistake(
            '@app.get("/track/{code}")\ndef track(code: str):\n    return {"code": code.upper()}', "A `pattern` says"
        ),
        Mistake(
            '@app.get("/track/{code}")\n'
            'def track(code: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}[0-9]{6}$", to_upper=True)]):\n'
            '    return {"code": code}',
            "looked at before `to_upper`",
        ),
        Mistake(
            '@app.get("/track/{code}")\n'
            'def track(code: Annotated[str, StringConstraints(pattern=r"[A-Za-z]{2}[0-9]{6}", to_upper=True)]):\n'
            '    return {"code": code}',
            "there is a code *in* it",
        ),
        Mistake(
            '@app.get("/track/{code}")\n'
            'def track(code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2}[0-9]+$", to_upper=True)]):\n'
            '    return {"code": code}',
            "exactly six",
        ),
        Mistake(
            '@app.get("/track/{code}")\n'
            'def track(code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2}[0-9]{6}$")]):\n'
            '    return {"code": code}',
            "came back in small letters",
        ),
    ],
    learned="A pattern is searched anywhere in a text; `^` and `$` tie it to both ends.",
)

LAX_NUMBER = (
    'The text `"3"` was taken as a number. A strict model, or `Field(strict=True)`, takes only numbers where numbers are '
    "asked for."
)

labels = Exercise(
    "Nothing but what is asked",
    steps=[
        request(
            "Three labels for something fragile",
            "POST /labels",
            json={"count": 3, "fragile": True},
            returns={"count": 3, "fragile": True},
        ),
        request(
            "Without a word, it is not fragile",
            "POST /labels",
            json={"count": 1},
            returns={"count": 1, "fragile": False},
            mistakes={
                "body.fragile": "`fragile` must be sent now; a default makes it optional: `fragile: bool = False`."
            },
        ),
        request(
            'The text `"3"` is no number',
            "POST /labels",
            json={"count": "3"},
            names="body.count",
            mistakes={200: LAX_NUMBER},
            needs=1,
        ),
        request(
            'The text `"yes"` is neither true nor false',
            "POST /labels",
            json={"count": 3, "fragile": "yes"},
            names="body.fragile",
            mistakes={
                200: (
                    '`"yes"` was taken as `true`. Is only `count` strict? `ConfigDict(strict=True)` holds for all fields of '
                    "a model."
                ),
            },
            needs=1,
        ),
        request(
            "The misspelt `fragil` is refused",
            "POST /labels",
            json={"count": 3, "fragil": True},
            names="body.fragil",
            mistakes={
                200: (
                    "`fragil` was passed over in silence, and something fragile is treated as if it were not. "
                    '`extra="forbid"` in the `ConfigDict` refuses names that the model does not have.'
                ),
            },
            needs=1,
        ),
    ],
    hints=[
        "A model with `count: int` and `fragile: bool = False`, and with `model_config = ConfigDict(…)` in it.",
        'Two settings: `strict=True`, and `extra="forbid"`.',
        '`model_config = ConfigDict(strict=True, extra="forbid")`',
    ],
    stub="""
        # Exercise 5.3: POST /labels
    """,
    solution="""
        # Exercise 5.3: POST /labels
        class Labels(BaseModel):
            model_config = ConfigDict(strict=True, extra="forbid")

            count: int
            fragile: bool = False


        @app.post("/labels")
        def print_labels(labels: Labels):
            return labels
    """,
    another="""
        # Exercise 5.3: POST /labels
        from pydantic import StrictBool, StrictInt


        class Job(BaseModel, extra="forbid"):
            count: StrictInt
            fragile: StrictBool = False


        @app.post("/labels")
        async def start(job: Job) -> dict[str, int | bool]:
            return job.model_dump()
    """,
    mistakes=[
        Mistake(
            'class Labels(BaseModel):\n    config = ConfigDict(strict=True, extra="forbid")\n\n    count: int\n'
            "    fragile: bool = False\n",
            "Did the cell run?",
        ),
        Mistake(
            "class Labels(BaseModel):\n    count: int\n    fragile: bool = False\n\n\n"
            '@app.post("/labels")\ndef labels(labels: Labels):\n    return labels',
            "was taken as a number",
        ),
        Mistake(
            "class Labels(BaseModel):\n    model_config = ConfigDict(strict=True)\n\n    count: int\n"
            '    fragile: bool = False\n\n\n@app.post("/labels")\ndef labels(labels: Labels):\n    return labels',
            "was passed over in silence",
        ),
        Mistake(
            'class Labels(BaseModel):\n    model_config = ConfigDict(extra="forbid")\n\n'
            "    count: int = Field(strict=True)\n    fragile: bool = False\n\n\n"
            '@app.post("/labels")\ndef labels(labels: Labels):\n    return labels',
            "Is only `count` strict?",
        ),
    ],
    learned=(
        "Lax is kind to people, strict to mistakes. For JSON that programs send, strict and without extras finds errors "
        "early; query and forms are always texts, and stay lax."
    ),
)

numbers = Exercise(
    "A number that checks itself",
    steps=[
        request(
            "The digits of 4006 add up to 10",
            "POST /scans",
            json={"number": "4006"},
            returns={"number": "4006"},
            mistakes={
                lambda answer: answer.json == {"number": None}: (
                    "The number is lost: what a validator returns is the value, and yours returns nothing. End it with "
                    "`return value`."
                ),
                lambda answer: answer.json in ({"number": True}, {"number": False}): (
                    "The number became `true` or `false`. A validator returns the *value* where all is well, and raises "
                    "`ValueError` where it is not."
                ),
                lambda answer: "body.number" in answer.names: (
                    "A right number is refused. 4 + 0 + 0 + 6 is 10, and `10 % 10` is 0."
                ),
            },
        ),
        request("Those of 85250 to 20", "POST /scans", json={"number": "85250"}, returns={"number": "85250"}, needs=1),
        request(
            "4007 is mistyped, and refused",
            "POST /scans",
            json={"number": "4007"},
            names="body.number",
            mistakes={
                failed_with("TypeError", "KeyError", "Exception", "RuntimeError"): (
                    "Your validator raised something else than `ValueError`. Only `ValueError` (and a failed `assert`) "
                    "means *this value is wrong*; anything else means *this code is wrong*, and is a `500`."
                ),
                is_refused_by_hand: (
                    "It is refused, but nobody is told which part is wrong. In a validator, raise `ValueError`: Routebook "
                    "adds the place."
                ),
                200: (
                    "4007 was taken. Does the validator stand in the type of the field, "
                    "`Annotated[str, AfterValidator(…)]`, and raise `ValueError`?"
                ),
            },
            needs=1,
        ),
        request(
            "So is `40o6`, with a letter in it",
            "POST /scans",
            json={"number": "40o6"},
            names="body.number",
            mistakes={
                500: "A letter in the number breaks the validator. Look first: `if not value.isdigit():`.",
                200: "A number with a letter in it was taken.",
            },
            needs=1,
        ),
    ],
    hints=[
        "A function that takes the text: where the sum of its digits is no multiple of 10, it raises `ValueError(…)`.",
        "The sum: `sum(int(digit) for digit in value)`. At the end: `return value`.",
        "The field: `number: Annotated[str, AfterValidator(your_function)]`.",
    ],
    stub="""
        # Exercise 5.4: POST /scans
    """,
    solution="""
        # Exercise 5.4: POST /scans
        def check_sum(value: str) -> str:
            if not value.isdigit() or sum(int(digit) for digit in value) % 10 != 0:
                raise ValueError("the digits must add up to a multiple of 10")
            return value


        class Scan(BaseModel):
            number: Annotated[str, AfterValidator(check_sum)]


        @app.post("/scans")
        def scan(scan: Scan):
            return scan
    """,
    another="""
        # Exercise 5.4: POST /scans
        from pydantic import field_validator


        class Scanned(BaseModel):
            number: str = Field(pattern="^[0-9]+$")

            @field_validator("number")
            @classmethod
            def must_add_up(cls, number: str) -> str:
                assert sum(map(int, number)) % 10 == 0, "a digit is wrong"
                return number


        @app.post("/scans")
        async def take(scanned: Scanned) -> Scanned:
            return scanned
    """,
    mistakes=[
        Mistake(
            "def check(value: str) -> str:\n    if sum(map(int, value)) % 10:\n"
            '        raise ValueError("mistyped")\n\n\n'
            "class Scan(BaseModel):\n    number: Annotated[str, AfterValidator(check)]\n\n\n"
            '@app.post("/scans")\ndef scan(scan: Scan):\n    return scan',
            "End it with `return value`",
        ),
        Mistake(
            "def check(value: str) -> bool:\n    return sum(map(int, value)) % 10 == 0\n\n\n"
            "class Scan(BaseModel):\n    number: Annotated[str, AfterValidator(check)]\n\n\n"
            '@app.post("/scans")\ndef scan(scan: Scan):\n    return scan',
            "returns the *value* where all is well",
        ),
        Mistake(
            "def check(value: str) -> str:\n    if sum(map(int, value)) % 10:\n"
            '        raise TypeError("mistyped")\n    return value\n\n\n'
            "class Scan(BaseModel):\n    number: Annotated[str, AfterValidator(check)]\n\n\n"
            '@app.post("/scans")\ndef scan(scan: Scan):\n    return scan',
            "something else than `ValueError`",
        ),
        Mistake(
            "from routebook import HTTPException\n\n\n"
            "def check(value: str) -> str:\n    if sum(map(int, value)) % 10:\n"
            '        raise HTTPException(422, "mistyped")\n    return value\n\n\n'
            "class Scan(BaseModel):\n    number: Annotated[str, AfterValidator(check)]\n\n\n"
            '@app.post("/scans")\ndef scan(scan: Scan):\n    return scan',
            "nobody is told which part is wrong",
        ),
        Mistake(
            'class Scan(BaseModel):\n    number: str\n\n\n@app.post("/scans")\ndef scan(scan: Scan):\n    return scan',
            "4007 was taken",
        ),
    ],
    learned="A rule of your own is a function: it returns the value, or raises `ValueError` with a reason for people.",
)

pickups = Exercise(
    "Two fields that must agree",
    steps=[
        request(
            "From 9 to 12: three hours",
            "POST /pickups",
            json={"first": 9, "last": 12},
            returns={"hours": 3},
            mistakes={
                failed_with("AttributeError"): (
                    "Something is `None` that should not be. A validator of a model ends with `return self`: what it "
                    "returns is the model."
                ),
                lambda answer: answer.text == "null": (
                    "The answer is `null`. A validator of a model ends with `return self`: what it returns is the model."
                ),
                lambda answer: answer.status == 422: "9 to 12 is refused, and should not be: look at the comparison.",
            },
        ),
        request("From 8 to 18: ten", "POST /pickups", json={"first": 8, "last": 18}, returns={"hours": 10}, needs=1),
        request(
            "From 12 to 9 is refused",
            "POST /pickups",
            json={"first": 12, "last": 9},
            names="body",
            mistakes={
                200: (
                    '12 to 9 was taken. `@model_validator(mode="after")` above a method of the model runs when all fields '
                    "are there; raise `ValueError` in it."
                ),
                is_refused_by_hand: (
                    "It is refused by hand. In the model, the rule goes wherever the model goes: "
                    '`@model_validator(mode="after")`.'
                ),
                failed_with(
                    "TypeError", "KeyError", "Exception"
                ): "Only a `ValueError` means that what was sent is wrong.",
                failed_with("ValueError", "AssertionError"): (
                    "A `ValueError` means *refused* in a validator of the type or of the model. In your operation it is a "
                    "bug, a `500`: put the rule into the model."
                ),
            },
            needs=1,
        ),
        request(
            "From 9 to 9 as well: it is no time at all",
            "POST /pickups",
            json={"first": 9, "last": 9},
            names="body",
            mistakes={200: "9 to 9 was taken: `last` must be *greater* than `first`."},
            needs=1,
        ),
        request(
            "`early` is no hour, and only `first` is named",
            "POST /pickups",
            json={"first": "early", "last": 12},
            where=("`body.first` alone named", lambda answer: answer.names == ("body.first",)),
            status=422,
            mistakes={
                failed_with("KeyError"): (
                    "`first` was not valid, so it is not in `info.data`. A validator of the model, with "
                    '`mode="after"`, runs only where every field is fine.'
                ),
                500: (
                    'Your validator ran although `first` is wrong, and failed. With `mode="after"` it runs only where '
                    "every field is fine."
                ),
                422: "More was named than `first`. The rule on both should only be looked at where each is fine.",
            },
            needs=1,
        ),
    ],
    hints=[
        "A model with `first: int` and `last: int`, and a method in it that compares the two.",
        'Above the method: `@model_validator(mode="after")`. It takes `self`, raises `ValueError`, or returns `self`.',
        "`if self.last <= self.first:` it is wrong; the operation returns `pickup.last - pickup.first`.",
    ],
    stub="""
        # Exercise 5.5: POST /pickups
    """,
    solution="""
        # Exercise 5.5: POST /pickups
        class Pickup(BaseModel):
            first: int
            last: int

            @model_validator(mode="after")
            def check_order(self):
                if self.last <= self.first:
                    raise ValueError("last must be after first")
                return self


        @app.post("/pickups")
        def plan_pickup(pickup: Pickup):
            return {"hours": pickup.last - pickup.first}
    """,
    another="""
        # Exercise 5.5: POST /pickups
        from pydantic import ValidationInfo, field_validator


        class Hours(BaseModel):
            first: int
            last: int

            @field_validator("last")
            @classmethod
            def is_later(cls, last: int, info: ValidationInfo) -> int:
                if "first" in info.data and last <= info.data["first"]:
                    raise ValueError(f"must be after {info.data['first']}")
                return last


        @app.post("/pickups")
        async def plan(hours: Hours) -> dict[str, int]:
            return {"hours": hours.last - hours.first}
    """,
    mistakes=[
        Mistake(
            "class Pickup(BaseModel):\n    first: int\n    last: int\n\n\n"
            '@app.post("/pickups")\ndef create(pickup: Pickup):\n    if pickup.last <= pickup.first:\n'
            '        raise ValueError("the other way round")\n    return {"hours": pickup.last - pickup.first}',
            "put the rule into the model",
        ),
        Mistake(
            "class Pickup(BaseModel):\n    first: int\n    last: int\n\n"
            '    @model_validator(mode="after")\n    def check(self):\n        if self.last <= self.first:\n'
            '            raise ValueError("wrong order")\n\n\n'
            '@app.post("/pickups")\ndef plan(pickup: Pickup):\n    return {"hours": pickup.last - pickup.first}',
            "ends with `return self`",
        ),
        Mistake(
            "class Pickup(BaseModel):\n    first: int\n    last: int\n\n\n"
            '@app.post("/pickups")\ndef plan(pickup: Pickup):\n    return {"hours": pickup.last - pickup.first}',
            "12 to 9 was taken",
        ),
        Mistake(
            "class Pickup(BaseModel):\n    first: int\n    last: int\n\n"
            '    @model_validator(mode="after")\n    def check(self):\n        if self.last < self.first:\n'
            '            raise ValueError("wrong order")\n        return self\n\n\n'
            '@app.post("/pickups")\ndef plan(pickup: Pickup):\n    return {"hours": pickup.last - pickup.first}',
            "must be *greater*",
        ),
        Mistake(
            "from pydantic import field_validator\n\n\n"
            "class Pickup(BaseModel):\n    first: int\n    last: int\n\n"
            '    @field_validator("last")\n    @classmethod\n    def check(cls, last, info):\n'
            '        if last <= info.data["first"]:\n            raise ValueError("wrong order")\n'
            "        return last\n\n\n"
            '@app.post("/pickups")\ndef plan(pickup: Pickup):\n    return {"hours": pickup.last - pickup.first}',
            "it is not in `info.data`",
        ),
        Mistake(
            "class Pickup(BaseModel):\n    first: int\n    last: int\n\n"
            '    @model_validator(mode="before")\n    @classmethod\n    def check(cls, data):\n'
            '        if data["last"] <= data["first"]:\n            raise ValueError("wrong order")\n'
            "        return data\n\n\n"
            '@app.post("/pickups")\ndef plan(pickup: Pickup):\n    return {"hours": pickup.last - pickup.first}',
            "although `first` is wrong",
        ),
    ],
    learned="Rules on one field stand at the field, rules on several in the model, after all fields are known to be fine.",
)

lesson = Lesson("Validation", exercises=[weights, codes, labels, numbers, pickups], minutes=20)
