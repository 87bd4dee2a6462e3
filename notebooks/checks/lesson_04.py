"""Lesson 4: request bodies, in a kitchen."""

from routebook_kernel.learn import Exercise, Lesson, Mistake, ProbeResponse, openapi, request


def is_not_subscriptable(answer: ProbeResponse) -> bool:
    return answer.failure is not None and "not subscriptable" in answer.failure.message


ATTRIBUTES = (
    'A model is no dictionary: its fields are attributes. Write `order.dish`, not `order["dish"]`; `order.model_dump()` '
    "makes a dictionary."
)

orders = Exercise(
    "An order",
    steps=[
        request(
            "An order comes back as it was sent",
            "POST /orders",
            json={"table": 3, "dish": "Soup", "portions": 2, "note": "no salt"},
            returns={"table": 3, "dish": "Soup", "portions": 2, "note": "no salt"},
            mistakes={
                lambda answer: "body.order" in answer.names: (
                    "The body was asked to look otherwise: `Body(embed=True)`, or a second model, wraps it in a name."
                ),
                lambda answer: any(name.startswith("body.") for name in answer.names): (
                    "The model asks for something else than what was sent: compare its fields with the four names."
                ),
                is_not_subscriptable: ATTRIBUTES,
            },
        ),
        request(
            "Without portions and note: one portion, no note",
            "POST /orders",
            json={"table": 5, "dish": "Tea"},
            returns={"table": 5, "dish": "Tea", "portions": 1, "note": None},
            mistakes={
                "body.portions": "`portions` must be sent now. A default in the model makes it optional: `portions: int = 1`.",
                "body.note": (
                    "`note` must be sent now. `str | None` admits `null`; that it may be left out says the default: "
                    "`note: str | None = None`."
                ),
                lambda answer: answer.json == {"table": 5, "dish": "Tea"}: (
                    "What was not sent is missing in the answer. A `dict` takes any body and adds nothing; a model with "
                    "defaults does."
                ),
                lambda answer: (
                    answer.json["note"] == ""
                ): "Without a note, `note` is `null`, not an empty text: `= None`.",
            },
            needs=1,
        ),
        request(
            "A note may also be sent as `null`",
            "POST /orders",
            json={"table": 5, "dish": "Tea", "note": None},
            includes={"note": None},
            mistakes={
                "body.note": (
                    "`null` was refused: `note: str = None` has a default that its own type does not admit. Write "
                    "`note: str | None = None`."
                ),
            },
            needs=1,
        ),
        request(
            "An order without a dish is refused",
            "POST /orders",
            json={"table": 5},
            names="body.dish",
            mistakes={200: "An order of nothing was taken. A field without a default must be sent: `dish: str`."},
            needs=1,
        ),
        request(
            "`many` is no number of portions",
            "POST /orders",
            json={"table": 5, "dish": "Tea", "portions": "many"},
            names="body.portions",
            mistakes={200: "`many` was taken as the number of portions. Its type should be `int`."},
            needs=1,
        ),
    ],
    hints=[
        "A class that derives from `BaseModel`, with four fields; then an operation with `@app.post` that takes it.",
        "A field without a default must be sent: `table: int`. With one it need not: `portions: int = 1`.",
        "`note: str | None = None`; the operation: `def create_order(order: Order):` and `return order`.",
    ],
    stub="""
        # Exercise 4.1: POST /orders
    """,
    solution="""
        # Exercise 4.1: POST /orders
        class Order(BaseModel):
            table: int
            dish: str
            portions: int = 1
            note: str | None = None


        @app.post("/orders")
        def create_order(order: Order):
            return order
    """,
    another="""
        # Exercise 4.1: POST /orders
        from dataclasses import asdict, dataclass


        @dataclass
        class Wish:
            dish: str
            table: int
            note: str | None = None
            portions: int = 1


        @app.post("/orders")
        async def take(wish: Wish) -> dict[str, int | str | None]:
            return asdict(wish)
    """,
    mistakes=[
        Mistake(
            "class Order(BaseModel):\n    table: int\n    dish: str\n    portions = 1\n    note: str | None = None\n\n\n"
            '@app.post("/orders")\ndef create(order: Order):\n    return order',
            "Did the cell run?",
        ),
        Mistake(
            '@app.post("/orders")\ndef create(table: int, dish: str, portions: int = 1, note: str | None = None):\n'
            '    return {"table": table, "dish": dish, "portions": portions, "note": note}',
            "looked for in the query, not in the JSON body",
        ),
        Mistake(
            '@app.post("/orders")\ndef create(order: dict):\n    return order',
            "A `dict` takes any body and adds nothing",
        ),
        Mistake(
            "class Order(BaseModel):\n    table: int\n    dish: str\n    portions: int = 1\n    note: str | None\n\n\n"
            '@app.post("/orders")\ndef create(order: Order):\n    return order',
            "that it may be left out says the default",
        ),
        Mistake(
            "class Order(BaseModel):\n    table: int\n    dish: str\n    portions: int = 1\n    note: str = None\n\n\n"
            '@app.post("/orders")\ndef create(order: Order):\n    return order',
            "its own type does not admit",
        ),
        Mistake(
            "class Order(BaseModel):\n    table: int\n    dish: str\n    portions: int = 1\n    note: str | None = None\n"
            '\n\n@app.post("/orders")\ndef create(order: Order):\n    return {"table": order["table"]}',
            "its fields are attributes",
        ),
    ],
    learned=(
        "The model is the shape of the body. What has no default must be there, what has one may be missing, and what "
        "does not fit is named."
    ),
)

change = Exercise(
    "A parameter from each place",
    steps=[
        request(
            "Order 7 is replaced, and it is urgent",
            "PUT /orders/7?urgent=true",
            json={"dish": "Soup", "portions": 2},
            returns={"number": 7, "urgent": True, "order": {"dish": "Soup", "portions": 2}},
            mistakes={
                lambda answer: answer.json["number"] == "7": (
                    'The number came as the text `"7"`. Give the parameter the type `int`.'
                ),
                "body.urgent": "`urgent` comes from the query, so it is a parameter of the function, not a field of the model.",
                lambda answer: "urgent" in answer.json["order"]: (
                    "`urgent` comes from the query, so it is a parameter of the function, not a field of the model."
                ),
                "body.number": "`number` stands in the path, so it is a parameter of the function, not a field of the model.",
                "body.order": (
                    "The body was asked to look otherwise: with two body parameters, each gets a name in it. Here there is "
                    "one model, and it is the whole body."
                ),
                is_not_subscriptable: ATTRIBUTES,
                lambda answer: {"note", "table"} & set(answer.json["order"]): (
                    "`order` has fields that were not sent: is it the model of the exercise before? This one has a dish "
                    "and portions only."
                ),
                lambda answer: "dish" in answer.json: (
                    'The order\'s fields are at the top. Asked is `order` as an object of its own: `"order": order`.'
                ),
            },
        ),
        request(
            "Order 12 is not urgent",
            "PUT /orders/12",
            json={"dish": "Tea", "portions": 1},
            returns={"number": 12, "urgent": False, "order": {"dish": "Tea", "portions": 1}},
            mistakes={
                "query.urgent": "`urgent` must be sent now. It may be left out with a default: `urgent: bool = False`.",
                lambda answer: answer.json["urgent"] is None: "What is not urgent is `false`: `urgent: bool = False`.",
                lambda answer: answer.json["number"] == 7: "It is always number 7: return the number of the path.",
            },
            needs=1,
        ),
        request(
            "`urgent=perhaps` is refused",
            "PUT /orders/7?urgent=perhaps",
            json={"dish": "Tea", "portions": 1},
            names="query.urgent",
            mistakes={200: "`perhaps` was taken as an answer to yes or no. Give `urgent` the type `bool`."},
            needs=1,
        ),
        request(
            "An order without portions is refused",
            "PUT /orders/7",
            json={"dish": "Tea"},
            names="body.portions",
            mistakes={200: "An order without portions was taken. Here both fields must be sent: no default."},
            needs=1,
        ),
    ],
    hints=[
        "Three parameters: one that the path names, one that is a model, one with a plain type and a default.",
        '`@app.put("/orders/{number}")`, and `def replace_order(number: int, order: NewOrder, urgent: bool = False):`',
        'Return `{"number": number, "urgent": urgent, "order": order}`: a model in a dictionary is fine.',
    ],
    stub="""
        # Exercise 4.2: PUT /orders/7?urgent=true
    """,
    solution="""
        # Exercise 4.2: PUT /orders/7?urgent=true
        class NewOrder(BaseModel):
            dish: str
            portions: int


        @app.put("/orders/{number}")
        def replace_order(number: int, order: NewOrder, urgent: bool = False):
            return {"number": number, "urgent": urgent, "order": order}
    """,
    another="""
        # Exercise 4.2: PUT /orders/7?urgent=true
        from dataclasses import dataclass

        from routebook import Path, Query


        @dataclass
        class Dish:
            dish: str
            portions: int


        @app.put("/orders/{n}")
        async def put(
            body: Annotated[Dish, Body()],
            n: Annotated[int, Path(gt=0)],
            is_urgent: Annotated[bool, Query(alias="urgent")] = False,
        ):
            return dict(number=n, urgent=is_urgent, order=body)
    """,
    mistakes=[
        Mistake(
            "class NewOrder(BaseModel):\n    dish: str\n    portions: int\n    urgent: bool\n\n\n"
            '@app.put("/orders/{number}")\ndef put(number: int, order: NewOrder):\n'
            '    return {"number": number, "urgent": order.urgent, "order": order}',
            "not a field of the model",
        ),
        Mistake(
            '@app.put("/orders/{number}")\ndef put(number: int, dish: str, portions: int, urgent: bool = False):\n'
            '    return {"number": number, "urgent": urgent, "order": {"dish": dish, "portions": portions}}',
            "looked for in the query, not in the JSON body",
        ),
        Mistake(
            "class NewOrder(BaseModel):\n    dish: str\n    portions: int\n\n\n"
            '@app.put("/orders/{number}")\ndef put(number: int, order: NewOrder, urgent: bool = False):\n'
            '    return {"number": number, "urgent": urgent, "order": {"dish": order["dish"]}}',
            "its fields are attributes",
        ),
        Mistake(
            "class NewOrder(BaseModel):\n    dish: str\n    portions: int\n\n\n"
            '@app.put("/orders/{number}")\ndef put(number: int, order: NewOrder, urgent: bool):\n'
            '    return {"number": number, "urgent": urgent, "order": order}',
            "may be left out with a default",
        ),
        Mistake(
            "class NewOrder(BaseModel):\n    dish: str\n    portions: int\n\n\n"
            '@app.post("/orders/{number}")\ndef put(number: int, order: NewOrder, urgent: bool = False):\n'
            '    return {"number": number, "urgent": urgent, "order": order}',
            "not PUT",
        ),
        Mistake(
            "class NewOrder(BaseModel):\n    dish: str\n    portions: int\n\n\n"
            '@app.put("/orders/{number}")\ndef put(number: int, order: NewOrder, urgent: bool = False):\n'
            '    return {"number": number, "urgent": urgent, **order.model_dump()}',
            "The order's fields are at the top",
        ),
    ],
    learned="Named in the path: path. A model: body. All else: query. One signature says where everything comes from.",
)

LOST_NOTE = (
    "The note is gone, though only the price was sent: the model filled in its defaults. "
    "`change.model_dump(exclude_unset=True)` holds what was sent, and nothing else."
)

dishes = Exercise(
    "Change only what was sent",
    steps=[
        request(
            "The soup gets a note",
            "PATCH /dishes/soup",
            json={"note": "vegan"},
            includes={"name": "Soup", "note": "vegan"},
            mistakes={
                "body.price": "`price` must be sent now. In a model for changes every field may be missing: `= None`.",
                "body.name": "`name` must be sent now. In a model for changes every field may be missing: `= None`.",
                lambda answer: answer.json == {"note": "vegan"}: (
                    "The answer is the change. Put it into the dish, `DISHES[key].update(…)`, and return the dish."
                ),
                lambda answer: answer.status == 200 and answer.json["name"] is None: (
                    "The name is gone, though only a note was sent: the model filled in its defaults. "
                    "`change.model_dump(exclude_unset=True)` holds what was sent, and nothing else."
                ),
            },
        ),
        request(
            "A new price leaves the note as it is",
            "PATCH /dishes/soup",
            json={"price": 5.5},
            returns={"name": "Soup", "price": 5.5, "note": "vegan"},
            mistakes={
                lambda answer: answer.json["note"] is None: LOST_NOTE,
                lambda answer: answer.json["price"] == 5: "The price lost its decimals: its type is `float`.",
                "body.price": "5.5 was refused. The type of the price is `float`.",
            },
            needs=1,
        ),
        request(
            "A price of 0 is a price: soup for nothing",
            "PATCH /dishes/soup",
            json={"price": 0},
            includes={"price": 0},
            mistakes={
                200: (
                    "The price was not changed. `if change.price:` is false for 0 as well; what was sent is in "
                    "`change.model_dump(exclude_unset=True)`."
                ),
            },
            needs=1,
        ),
        request(
            "A note sent as `null` takes the note away",
            "PATCH /dishes/soup",
            json={"note": None},
            returns={"name": "Soup", "price": 0, "note": None},
            mistakes={
                lambda answer: answer.json["note"] == "vegan": (
                    "The note is still there. `null` was sent, on purpose, and a test for `None` (or `exclude_none`) "
                    "cannot tell that from *not sent*; `exclude_unset` can."
                ),
                "body.note": "`null` was refused. `note: str | None = None` admits it.",
            },
            needs=(1, 3),
        ),
        request(
            "Nothing sent, nothing changed",
            "PATCH /dishes/soup",
            json={},
            returns={"name": "Soup", "price": 0, "note": None},
            needs=4,
        ),
    ],
    hints=[
        "A model for changes: every field with `| None = None`. None of them must be sent.",
        "What was sent, and only that: `change.model_dump(exclude_unset=True)`, a dictionary.",
        "`DISHES[key].update(change.model_dump(exclude_unset=True))`, then `return DISHES[key]`.",
    ],
    stub="""
        # Exercise 4.3: PATCH /dishes/soup
        DISHES = {"soup": {"name": "Soup", "price": 4.5, "note": None}}
    """,
    solution="""
        # Exercise 4.3: PATCH /dishes/soup
        DISHES = {"soup": {"name": "Soup", "price": 4.5, "note": None}}


        class Change(BaseModel):
            name: str | None = None
            price: float | None = None
            note: str | None = None


        @app.patch("/dishes/{key}")
        def change_dish(key: str, change: Change):
            DISHES[key].update(change.model_dump(exclude_unset=True))
            return DISHES[key]
    """,
    another="""
        # Exercise 4.3: PATCH /dishes/soup
        DISHES = {"soup": {"name": "Soup", "price": 4.5, "note": None}}


        class Dish(BaseModel):
            name: str = ""
            price: float = 0
            note: str | None = None


        @app.patch("/dishes/{dish}")
        async def patch(dish: str, sent: Dish) -> Dish:
            for field in sent.model_fields_set:
                DISHES[dish][field] = getattr(sent, field)
            return Dish(**DISHES[dish])
    """,
    mistakes=[
        Mistake(
            'DISHES = {"soup": {"name": "Soup", "price": 4.5, "note": None}}\n\n\n'
            "class Dish(BaseModel):\n    name: str\n    price: float\n    note: str | None = None\n\n\n"
            '@app.patch("/dishes/{key}")\ndef change(key: str, change: Dish):\n'
            "    DISHES[key].update(change.model_dump(exclude_unset=True))\n    return DISHES[key]",
            "every field may be missing",
        ),
        Mistake(
            'DISHES = {"soup": {"name": "Soup", "price": 4.5, "note": None}}\n\n\n'
            "class Change(BaseModel):\n    price: float | None = None\n    note: str | None = None\n\n\n"
            '@app.patch("/dishes/{key}")\ndef change(key: str, change: Change):\n'
            "    DISHES[key].update(change.model_dump())\n    return DISHES[key]",
            "holds what was sent, and nothing else",
        ),
        Mistake(
            'DISHES = {"soup": {"name": "Soup", "price": 4.5, "note": None}}\n\n\n'
            "class Change(BaseModel):\n    price: float | None = None\n    note: str | None = None\n\n\n"
            '@app.patch("/dishes/{key}")\ndef change(key: str, change: Change):\n'
            "    DISHES[key].update(change.model_dump(exclude_none=True))\n    return DISHES[key]",
            "cannot tell that from *not sent*",
        ),
        Mistake(
            'DISHES = {"soup": {"name": "Soup", "price": 4.5, "note": None}}\n\n\n'
            "class Change(BaseModel):\n    price: float | None = None\n    note: str | None = None\n\n\n"
            '@app.patch("/dishes/{key}")\ndef change(key: str, change: Change):\n'
            '    if change.price:\n        DISHES[key]["price"] = change.price\n'
            '    if change.note:\n        DISHES[key]["note"] = change.note\n    return DISHES[key]',
            "is false for 0 as well",
        ),
        Mistake(
            'DISHES = {"soup": {"name": "Soup", "price": 4.5, "note": None}}\n\n\n'
            "class Change(BaseModel):\n    price: float | None = None\n    note: str | None = None\n\n\n"
            '@app.patch("/dishes/{key}")\ndef change(key: str, change: Change):\n'
            "    return change.model_dump(exclude_unset=True)",
            "The answer is the change",
        ),
    ],
    learned="Not sent, sent as `null`, sent as 0: three different things, and a model keeps them apart.",
)

bookings = Exercise(
    "Two things in one body",
    steps=[
        request(
            "Ada books a table for four",
            "POST /bookings",
            json={"guest": {"name": "Ada", "phone": "555-01"}, "seats": 4},
            returns={"name": "Ada", "seats": 4},
            mistakes={
                "query.seats": (
                    "`seats` was looked for in the query: a plain type needs a mark to come from the body. "
                    "`seats: Annotated[int, Body()]`, or a field in a model."
                ),
                lambda answer: {"body.name", "body.phone"} & set(answer.names): (
                    "The guest's fields were expected at the top of the body. They stand under the name `guest`: two body "
                    "parameters, `Body(embed=True)`, or a model that holds a model."
                ),
                is_not_subscriptable: 'The fields of a model are attributes: `guest.name`, not `guest["name"]`.',
                lambda answer: answer.failure is not None and answer.failure.type == "AttributeError": (
                    "Your function looks for an attribute that is not there. Is the name in the guest, or beside it?"
                ),
            },
        ),
        request(
            "Tim books one for two",
            "POST /bookings",
            json={"guest": {"name": "Tim", "phone": "555-02"}, "seats": 2},
            returns={"name": "Tim", "seats": 2},
            needs=1,
        ),
        request(
            "A guest without a name is refused, and the place is named",
            "POST /bookings",
            json={"guest": {"phone": "555-03"}, "seats": 2},
            names="body.guest.name",
            mistakes={
                200: "A guest without a name got a table. Make the guest a model with `name: str` and `phone: str`.",
                500: "The body got into your function, and failed there. A model for the guest refuses it before.",
            },
            needs=1,
        ),
        request(
            "So is a booking without seats",
            "POST /bookings",
            json={"guest": {"name": "Tim", "phone": "555-02"}},
            names="body.seats",
            mistakes={200: "A booking without seats was taken. Without a default they must be sent."},
            needs=1,
        ),
        openapi(
            "The documentation shows both in one body",
            "POST /bookings: body",
            includes={"properties": {"guest": {"properties": {"name": ...}}, "seats": {"type": "integer"}}},
            needs=1,
        ),
    ],
    hints=[
        "A model for the guest, with `name: str` and `phone: str`.",
        "Two parameters that come from the body: the model, and `seats`, which needs the mark `Body()`.",
        "`def book(guest: Guest, seats: Annotated[int, Body()]):`",
    ],
    stub="""
        # Exercise 4.4: POST /bookings
    """,
    solution="""
        # Exercise 4.4: POST /bookings
        class Guest(BaseModel):
            name: str
            phone: str


        @app.post("/bookings")
        def book(guest: Guest, seats: Annotated[int, Body()]):
            return {"name": guest.name, "seats": seats}
    """,
    another="""
        # Exercise 4.4: POST /bookings
        class Person(BaseModel):
            name: str
            phone: str


        class Booking(BaseModel):
            guest: Person
            seats: int


        @app.post("/bookings")
        async def add(booking: Booking) -> dict[str, str | int]:
            return {"name": booking.guest.name, "seats": booking.seats}
    """,
    mistakes=[
        Mistake(
            "class Guest(BaseModel):\n    name: str\n    phone: str\n\n\n"
            '@app.post("/bookings")\ndef book(guest: Guest, seats: int):\n'
            '    return {"name": guest.name, "seats": seats}',
            "a plain type needs a mark",
        ),
        Mistake(
            "class Booking(BaseModel):\n    name: str\n    phone: str\n    seats: int\n\n\n"
            '@app.post("/bookings")\ndef book(booking: Booking):\n'
            '    return {"name": booking.name, "seats": booking.seats}',
            "expected at the top of the body",
        ),
        Mistake(
            '@app.post("/bookings")\ndef book(guest: Annotated[dict, Body()], seats: Annotated[int, Body()]):\n'
            '    return {"name": guest["name"], "seats": seats}',
            "A model for the guest refuses it before",
        ),
        Mistake(
            "class Guest(BaseModel):\n    name: str\n    phone: str\n\n\n"
            '@app.post("/bookings")\ndef book(guest: Guest, seats: Annotated[int, Body()] = 2):\n'
            '    return {"name": guest.name, "seats": seats}',
            "Without a default they must be sent",
        ),
        Mistake(
            "class Guest(BaseModel):\n    name: str\n    phone: str\n\n\n"
            '@app.post("/bookings")\ndef book(guest: Guest, seats: Annotated[int, Body()]):\n'
            '    return {"name": guest["name"], "seats": seats}',
            "The fields of a model are attributes",
        ),
    ],
    learned="One body parameter is the whole body; with two, each stands in it under its own name.",
)

lesson = Lesson("Request bodies", exercises=[orders, change, dishes, bookings], minutes=20)
