"""Lesson 16: OpenAPI and documentation."""

from routebook_kernel.learn import Exercise, Lesson, Mistake, openapi, request


def _says(word):
    def says(text):
        """a text with the word"""
        return isinstance(text, str) and word in text.lower()

    says.__doc__ = f"a text that says `{word}`"
    return says


found = Exercise(
    "Say what it does",
    steps=[
        request(
            "The operation answers",
            "GET /books/0-19-953556-2",
            includes={"isbn": "0-19-953556-2"},
            mistakes={422: "An ISBN is often written with hyphens: it is a text, and no number."},
        ),
        openapi(
            "Its summary is `Find a book`",
            "GET /books/{isbn}",
            includes={"summary": "Find a book"},
            mistakes={
                lambda operation: operation.get("description", "").startswith("Find a book"): (
                    "The docstring is the description. The summary, one line in lists, is the decorator's `summary=`, or "
                    "made from the function's name: `find_a_book` becomes `Find A Book`, not quite what is asked."
                ),
                lambda operation: operation.get("summary", "").lower() == "find a book": (
                    "A summary made from a name has capital letters everywhere. `summary=` in the decorator says it as "
                    "you want it."
                ),
                lambda operation: True: "`@app.get(…, summary=…)` says it; else it is made from the function's name.",
            },
            needs=1,
        ),
        openapi(
            "The description says what an ISBN is for",
            "GET /books/{isbn}",
            includes={"description": _says("isbn")},
            mistakes={
                lambda operation: "description" not in operation: (
                    "There is no description. The function's docstring is one, `description=` is another way; a comment "
                    "with `#` is seen by nobody but you."
                ),
            },
            needs=1,
        ),
        openapi(
            "It is sorted under `catalogue`",
            "GET /books/{isbn}",
            includes={"tags": ["catalogue"]},
            needs=1,
            mistakes={
                lambda operation: True: '`tags=["catalogue"]`, a list, in the decorator.',
            },
        ),
        openapi(
            "The parameter says how it is written",
            "GET /books/{isbn}: isbn",
            includes={"description": _says("digits")},
            needs=1,
            mistakes={
                lambda parameter: True: (
                    'The parameter has no description of its own: `isbn: Annotated[str, Path(description="…")]`.'
                ),
            },
        ),
    ],
    hints=[
        "Four things, at three places: the decorator has the summary and the tags, the docstring is the description.",
        '`isbn: Annotated[str, Path(description="ten or thirteen digits, with hyphens")]`',
    ],
    stub="""
        # Exercise 16.1: GET /books/{isbn}, with a summary, a description, a tag and a described parameter
    """,
    solution='''
        # Exercise 16.1: GET /books/{isbn}, with a summary, a description, a tag and a described parameter
        @app.get("/books/{isbn}", summary="Find a book", tags=["catalogue"])
        def find_book(isbn: Annotated[str, Path(description="Ten or thirteen digits, with hyphens")]):
            """The book with this ISBN, the number that each edition has of its own."""
            return {"isbn": isbn}
    ''',
    another="""
        # Exercise 16.1: GET /books/{isbn}, with a summary, a description, a tag and a described parameter
        catalogue = APIRouter(prefix="/books", tags=["catalogue"])


        @catalogue.get("/{isbn}", summary="Find a book", description="Looks a book up by its **ISBN**.")
        async def book(isbn: str = Path(description="digits and hyphens")) -> dict[str, str]:
            return {"isbn": isbn}


        app.include_router(catalogue)
    """,
    mistakes=[
        Mistake(
            '@app.get("/books/{isbn}", tags=["catalogue"])\ndef find_a_book(isbn: str):\n    return {"isbn": isbn}',
            "capital letters everywhere",
        ),
        Mistake(
            '@app.get("/books/{isbn}", tags=["catalogue"])\ndef find(isbn: str):\n'
            '    """Find a book by its ISBN."""\n    return {"isbn": isbn}',
            "The docstring is the description",
        ),
        Mistake(
            '@app.get("/books/{isbn}", summary="Find a book", tags=["catalogue"])\n'
            'def find(isbn: Annotated[str, Path(description="digits")]):\n    # by its ISBN\n    return {"isbn": isbn}',
            "is seen by nobody but you",
        ),
        Mistake(
            '@app.get("/books/{isbn}", summary="Find a book", tags=["catalogue"])\n'
            'def find(isbn: str):\n    """By its ISBN: ten digits."""\n    return {"isbn": isbn}',
            "no description of its own",
        ),
    ],
    learned="What you write beside the code is what your users read: in the explorer, at `/docs`, in their own tools.",
)

example = Exercise(
    "A form that is filled in",
    steps=[
        request("An order is taken", "POST /orders", json={"title": "Emma", "copies": 2}, includes={"copies": 2}),
        openapi(
            "The body has an example: two copies of Emma",
            "POST /orders: body",
            where=(
                '`examples`, the first of them `{"title": "Emma", "copies": 2}`',
                lambda schema: schema["examples"][0] == {"title": "Emma", "copies": 2},
            ),
            mistakes={
                lambda schema: isinstance(schema.get("example"), dict): (
                    "`example` is the word of OpenAPI 3.0. Since 3.1 it is `examples`, with a list."
                ),
                lambda schema: isinstance(schema.get("examples"), dict): (
                    "`examples` is a list: `[{…}]`, even of one."
                ),
                lambda schema: any("examples" in each for each in schema.get("properties", {}).values()): (
                    "The fields have examples of their own; that is good, too. Asked is one of the whole body, in the "
                    'model: `model_config = {"json_schema_extra": {"examples": [{…}]}}`.'
                ),
                lambda schema: True: (
                    'In the model: `model_config = {"json_schema_extra": {"examples": [{…}]}}`, or in the operation: '
                    "`Body(examples=[{…}])`."
                ),
            },
            needs=1,
        ),
        openapi(
            "The number of copies is explained",
            "POST /orders: body",
            includes={"properties": {"copies": {"description": str}}},
            mistakes={
                lambda schema: True: '`copies: int = Field(description="…")` explains the field wherever it is shown.',
            },
            needs=1,
        ),
    ],
    hints=[
        "An example of the whole belongs to the model's `model_config`; the explanation of a field to its `Field(…)`.",
        'model_config = {"json_schema_extra": {"examples": [{"title": "Emma", "copies": 2}]}}',
    ],
    stub="""
        # Exercise 16.2: POST /orders, whose body has an example and a field that is explained
    """,
    solution="""
        # Exercise 16.2: POST /orders, whose body has an example and a field that is explained
        class Order(BaseModel):
            model_config = {"json_schema_extra": {"examples": [{"title": "Emma", "copies": 2}]}}

            title: str
            copies: int = Field(description="How many of them; the shop packs up to ten")


        @app.post("/orders")
        def create_order(order: Order) -> Order:
            return order
    """,
    another="""
        # Exercise 16.2: POST /orders, whose body has an example and a field that is explained
        class Purchase(BaseModel):
            title: str
            copies: Annotated[int, Field(description="At least one", ge=1)]


        @app.post("/orders")
        async def order(purchase: Annotated[Purchase, Body(examples=[{"title": "Emma", "copies": 2}])]) -> Purchase:
            return purchase
    """,
    mistakes=[
        Mistake(
            'class Order(BaseModel):\n    model_config = {"json_schema_extra": {"example": {"title": "Emma", "copies": 2}}}\n'
            "    title: str\n    copies: int\n\n\n"
            '@app.post("/orders")\ndef order(order: Order):\n    return order',
            "the word of OpenAPI 3.0",
        ),
        Mistake(
            'class Order(BaseModel):\n    title: str = Field(examples=["Emma"])\n    copies: int = Field(examples=[2])\n\n\n'
            '@app.post("/orders")\ndef order(order: Order):\n    return order',
            "The fields have examples of their own",
        ),
        Mistake(
            'class Order(BaseModel):\n    model_config = {"json_schema_extra": {"examples": [{"title": "Emma", "copies": 2}]}}\n'
            "    title: str\n    copies: int\n\n\n"
            '@app.post("/orders")\ndef order(order: Order):\n    return order',
            "explains the field wherever",
        ),
    ],
    learned="An example is the first thing that a reader copies. The explorer fills its form with it.",
)

others = Exercise(
    "What else may come",
    steps=[
        request(
            "A book can be removed",
            "DELETE /books/7",
            status=204,
            mistakes={
                200: "`status_code=204` in the decorator: done, and nothing to say.",
            },
        ),
        request("The book 0 is not there", "DELETE /books/0", status=404),
        openapi(
            "The 404 is documented",
            "DELETE /books/{book_id}",
            includes={"responses": {"404": {"description": str}}},
            mistakes={
                lambda operation: True: (
                    "The document knows only what it can see: an exception in the body of a function is not in the "
                    'signature. `responses={404: {"description": "…"}}` in the decorator says it.'
                ),
            },
            needs=1,
        ),
        openapi(
            "Clients call it `delete_book`",
            "DELETE /books/{book_id}",
            includes={"operationId": "delete_book"},
            mistakes={
                lambda operation: True: 'Generated clients name their functions by it: `operation_id="delete_book"`.'
            },
            needs=1,
        ),
        request("The shop's own counter answers", "GET /internal/counter", includes={"visits": int}),
        openapi(
            "It is in no documentation",
            "",
            where=("no path `/internal/counter`", lambda document: "/internal/counter" not in document["paths"]),
            mistakes={lambda document: True: "`include_in_schema=False` in the decorator leaves an operation out."},
            needs=5,
        ),
    ],
    hints=[
        '`@app.delete("/books/{book_id}", status_code=204, operation_id=…, responses={404: {"description": …}})`',
        "The second operation: `include_in_schema=False`.",
    ],
    stub="""
        # Exercise 16.3: DELETE /books/{book_id}, whole in the documentation; GET /internal/counter, not at all
    """,
    solution="""
        # Exercise 16.3: DELETE /books/{book_id}, whole in the documentation; GET /internal/counter, not at all
        @app.delete(
            "/books/{book_id}",
            status_code=204,
            operation_id="delete_book",
            responses={404: {"description": "There is no such book"}},
        )
        def delete_book(book_id: int):
            if book_id == 0:
                raise HTTPException(404)


        @app.get("/internal/counter", include_in_schema=False)
        def read_counter():
            return {"visits": 12}
    """,
    another="""
        # Exercise 16.3: DELETE /books/{book_id}, whole in the documentation; GET /internal/counter, not at all
        class Problem(BaseModel):
            detail: str


        shop = APIRouter(responses={404: {"model": Problem}})
        own = APIRouter(prefix="/internal", include_in_schema=False)


        @shop.delete("/books/{number}", status_code=204, operation_id="delete_book")
        async def remove(number: int) -> None:
            if not number:
                raise HTTPException(status_code=404, detail="gone already")


        @own.get("/counter")
        async def count() -> dict[str, int]:
            return {"visits": 0}


        app.include_router(shop)
        app.include_router(own)
    """,
    mistakes=[
        Mistake(
            '@app.delete("/books/{book_id}", status_code=204, operation_id="delete_book")\ndef delete_book(book_id: int):\n'
            "    if book_id == 0:\n        raise HTTPException(404)",
            "is not in the signature",
        ),
        Mistake(
            '@app.delete("/books/{book_id}", status_code=204, responses={404: {"description": "none"}})\n'
            "def delete_book(book_id: int):\n    if book_id == 0:\n        raise HTTPException(404)",
            "Generated clients name",
        ),
        Mistake('@app.get("/internal/counter")\ndef count():\n    return {"visits": 1}', "leaves an operation out"),
    ],
    learned=(
        "The document shows what signatures and decorators say. What only the code knows, other answers, other names, what "
        "is nobody's business, you say yourself."
    ),
)

lesson = Lesson("OpenAPI and documentation", exercises=[found, example, others], minutes=20)
