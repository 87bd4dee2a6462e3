"""Lesson 13: dependencies."""

from routebook_kernel.learn import Exercise, Lesson, Mistake, openapi, request, trace

paging = Exercise(
    "One way to turn pages",
    steps=[
        request(
            "Books come ten at a time",
            "GET /shelf/books",
            includes={"page": 1, "size": 10},
            mistakes={
                lambda answer: answer.json == {}: (
                    "The operation answered with the function itself, which is only the default of a parameter. "
                    "`Depends(function)` has it called."
                ),
            },
        ),
        request("A page can be asked for", "GET /shelf/books?page=3&size=5", includes={"page": 3, "size": 5}, needs=1),
        request("Authors turn pages likewise", "GET /shelf/authors?page=2", includes={"page": 2, "size": 10}),
        request(
            "A page of more than 50 is refused",
            "GET /shelf/authors?size=51",
            names="query.size",
            mistakes={200: "51 passed. In `Annotated[int, Query(le=50)]` the rule stands beside the type."},
            needs=3,
        ),
        trace(
            "Both ask the same dependency",
            "GET /shelf/books",
            where=("a dependency runs", lambda spans: any(span.kind == "dependency" for span in spans)),
            mistakes={
                lambda answer: answer.status == 200: (
                    "No dependency ran: the parameters stand in the operation itself. Move them into a function, and "
                    "let both operations ask for what it returns with `Depends`."
                ),
            },
            needs=(1, 3),
        ),
        openapi("Clients read both parameters", "GET /shelf/authors: size", includes={"in": "query"}, needs=3),
    ],
    hints=[
        "A dependency is a function like an operation's: what it takes is read from the request.",
        '`def paging(page: int = 1, size: Annotated[int, Query(le=50)] = 10): return {"page": page, "size": size}`',
        "Each operation takes `pages: Annotated[dict, Depends(paging)]` and gives it back, with something of its own.",
    ],
    stub="""
        # Exercise 13.1: GET /shelf/books and GET /shelf/authors share one dependency for page and size
    """,
    solution="""
        # Exercise 13.1: GET /shelf/books and GET /shelf/authors share one dependency for page and size
        def paging(page: int = 1, size: Annotated[int, Query(le=50)] = 10):
            return {"page": page, "size": size}


        Paging = Annotated[dict, Depends(paging)]


        @app.get("/shelf/books")
        def list_books(pages: Paging):
            return {"books": ["Emma"], **pages}


        @app.get("/shelf/authors")
        def list_authors(pages: Paging):
            return {"authors": ["Austen"], **pages}
    """,
    another="""
        # Exercise 13.1: GET /shelf/books and GET /shelf/authors share one dependency for page and size
        class Pages:
            def __init__(self, page: int = 1, size: int = Query(10, le=50)):
                self.page = page
                self.size = size


        @app.get("/shelf/books")
        async def some_books(pages: Pages = Depends()):
            return {"page": pages.page, "size": pages.size, "items": []}


        @app.get("/shelf/authors")
        async def some_authors(pages: Pages = Depends()):
            return {"page": pages.page, "size": pages.size, "items": []}
    """,
    mistakes=[
        Mistake(
            '@app.get("/shelf/books")\ndef books(page: int = 1, size: Annotated[int, Query(le=50)] = 10):\n'
            '    return {"page": page, "size": size}\n\n\n'
            '@app.get("/shelf/authors")\ndef authors(page: int = 1, size: Annotated[int, Query(le=50)] = 10):\n'
            '    return {"page": page, "size": size}',
            "No dependency ran",
        ),
        Mistake(
            'def paging(page: int = 1, size: int = 10):\n    return {"page": page, "size": size}\n\n\n'
            '@app.get("/shelf/books")\ndef books(pages: Annotated[dict, Depends(paging)]):\n    return pages\n\n\n'
            '@app.get("/shelf/authors")\ndef authors(pages: Annotated[dict, Depends(paging)]):\n    return pages',
            "51 passed",
        ),
    ],
    learned="What several operations read from a request is said once, checked once, and documented at each of them.",
)

guard = Exercise(
    "Only with a library card",
    steps=[
        request(
            "Without a card the loans are closed",
            "GET /loans",
            status=401,
            mistakes={
                422: (
                    "The header is required, so a missing one is a `422` before your function runs. Give it a default, "
                    "`None`, and raise the `401` yourself."
                ),
                200: "Nobody asked for a card. Raise `HTTPException(401)` in the dependency where the card is missing.",
            },
        ),
        request(
            "A card that nobody knows is refused",
            "GET /loans",
            headers={"x-library-card": "stolen"},
            status=403,
            mistakes={
                401: "This card was sent, but is not in `CARDS`: that is a `403`, not a `401`.",
                200: "Any card passed. Look it up in `CARDS`.",
                500: "A card that is not in `CARDS` raises a `KeyError`. `CARDS.get(card)` gives `None` instead.",
            },
        ),
        request(
            "Ada sees her loans",
            "GET /loans",
            headers={"x-library-card": "c-1"},
            returns={"reader": "Ada", "loans": ["Emma"]},
            mistakes={
                403: "`c-1` is in `CARDS`, and was refused. Does the parameter's name say `x_library_card`?",
                401: (
                    "The card was sent, as the header `x-library-card`, and not found. A header's parameter has its "
                    "name with `_` for `-`, and needs `Header()`."
                ),
            },
        ),
        request(
            "Bo sees his",
            "GET /loans",
            headers={"x-library-card": "c-2"},
            returns={"reader": "Bo", "loans": []},
            needs=3,
        ),
        request(
            "The fines are closed too",
            "GET /fines",
            status=401,
            mistakes={200: "The fines are open to everybody. Let them ask for the same dependency."},
            needs=1,
        ),
        request("Ada has no fine", "GET /fines", headers={"x-library-card": "c-1"}, returns={"fine": 0}, needs=3),
    ],
    hints=[
        "The dependency takes the header: `x_library_card: Annotated[str | None, Header()] = None`.",
        "It raises `HTTPException(401)` for no card, `HTTPException(403)` for an unknown one, and returns the reader.",
        "`GET /fines` needs the check but not the reader: `dependencies=[Depends(reader)]` in the decorator is enough.",
    ],
    stub="""
        # Exercise 13.2: GET /loans and GET /fines need a card in the header x-library-card
    """,
    solution="""
        # Exercise 13.2: GET /loans and GET /fines need a card in the header x-library-card
        def reader(x_library_card: Annotated[str | None, Header()] = None):
            if x_library_card is None:
                raise HTTPException(401, "Show your card, please")
            if x_library_card not in CARDS:
                raise HTTPException(403, "We do not know this card")
            return CARDS[x_library_card]


        @app.get("/loans")
        def read_loans(reader: Annotated[str, Depends(reader)]):
            return {"reader": reader, "loans": LOANS.get(reader, [])}


        @app.get("/fines", dependencies=[Depends(reader)])
        def read_fines():
            return {"fine": 0}
    """,
    another="""
        # Exercise 13.2: GET /loans and GET /fines need a card in the header x-library-card
        async def card(number: str | None = Header(None, alias="x-library-card")) -> str:
            if not number:
                raise HTTPException(status_code=401)
            return number


        async def member(number: str = Depends(card)) -> str:
            if (name := CARDS.get(number)) is None:
                raise HTTPException(status_code=403)
            return name


        @app.get("/loans")
        async def loans(name: str = Depends(member)) -> dict:
            return {"reader": name, "loans": LOANS.get(name, [])}


        @app.get("/fines")
        async def fines(name: str = Depends(member)) -> dict[str, int]:
            return {"fine": 0}
    """,
    mistakes=[
        Mistake(
            "def reader(x_library_card: Annotated[str, Header()]):\n    if x_library_card not in CARDS:\n"
            "        raise HTTPException(403)\n    return CARDS[x_library_card]\n\n\n"
            '@app.get("/loans")\ndef loans(reader: Annotated[str, Depends(reader)]):\n'
            '    return {"reader": reader, "loans": LOANS.get(reader, [])}\n\n\n'
            '@app.get("/fines", dependencies=[Depends(reader)])\ndef fines():\n    return {"fine": 0}',
            "before your function runs",
        ),
        Mistake(
            "def reader(x_library_card: str | None = None):\n    if x_library_card is None:\n"
            "        raise HTTPException(401)\n    if x_library_card not in CARDS:\n        raise HTTPException(403)\n"
            "    return CARDS[x_library_card]\n\n\n"
            '@app.get("/loans")\ndef loans(reader: Annotated[str, Depends(reader)]):\n'
            '    return {"reader": reader, "loans": LOANS.get(reader, [])}',
            "needs `Header()`",
        ),
        Mistake(
            "def reader(x_library_card: Annotated[str | None, Header()] = None):\n    if x_library_card is None:\n"
            "        raise HTTPException(401)\n    return CARDS[x_library_card]\n\n\n"
            '@app.get("/loans")\ndef loans(reader: Annotated[str, Depends(reader)]):\n'
            '    return {"reader": reader, "loans": LOANS.get(reader, [])}',
            "raises a `KeyError`",
        ),
        Mistake(
            "def reader(x_library_card: Annotated[str | None, Header()] = None):\n    if x_library_card is None:\n"
            "        raise HTTPException(401)\n    if x_library_card not in CARDS:\n        raise HTTPException(403)\n"
            "    return CARDS[x_library_card]\n\n\n"
            '@app.get("/loans")\ndef loans(reader: Annotated[str, Depends(reader)]):\n'
            '    return {"reader": reader, "loans": LOANS.get(reader, [])}\n\n\n'
            '@app.get("/fines")\ndef fines():\n    return {"fine": 0}',
            "open to everybody",
        ),
    ],
    learned=(
        "A dependency that raises ends the request before your operation runs. In `dependencies=[…]` it is a guard whose "
        "answer nobody needs."
    ),
)

once = Exercise(
    "Asked twice, run once",
    steps=[
        request(
            "The receipt has a name and a number",
            "GET /receipt",
            headers={"x-library-card": "c-1"},
            includes={"reader": "Ada", "number": int},
        ),
        trace(
            "The number is drawn once for a request",
            "GET /receipt",
            headers={"x-library-card": "c-1"},
            runs={"dependency draw_number": 1},
            mistakes={
                lambda answer: (
                    sum(span.name == "draw_number" and span.kind == "dependency" for span in answer.spans) > 1
                ): (
                    "`draw_number` ran twice. With `use_cache=False`, or called as a function, it is not shared: two "
                    "that depend on it with a plain `Depends(draw_number)` get the same number."
                ),
                lambda answer: answer.status == 200: (
                    "`draw_number` is no dependency of this operation. Let both parts of it ask for it with `Depends`."
                ),
            },
            needs=1,
        ),
        trace(
            "Two ask for it, the second from the cache",
            "GET /receipt",
            headers={"x-library-card": "c-1"},
            runs={"cache hit draw_number": 1},
            mistakes={
                lambda answer: answer.status == 200: (
                    "Only one asks for `draw_number`. The dependency `log_line` needs the number, and the operation too."
                ),
            },
            needs=2,
        ),
    ],
    hints=[
        "Two functions take `number: Annotated[int, Depends(draw_number)]`: the dependency `log_line`, and the operation.",
        "The operation also needs `line: Annotated[str, Depends(log_line)]`, or `log_line` in `dependencies=[…]`.",
    ],
    stub="""
        # Exercise 13.3: GET /receipt: the operation and a dependency log_line both ask for draw_number
    """,
    solution="""
        # Exercise 13.3: GET /receipt: the operation and a dependency log_line both ask for draw_number
        Number = Annotated[int, Depends(draw_number)]


        def log_line(number: Number, x_library_card: Annotated[str, Header()]):
            print(f"receipt {number} for {x_library_card}")
            return CARDS[x_library_card]


        @app.get("/receipt")
        def read_receipt(number: Number, name: Annotated[str, Depends(log_line)]):
            return {"reader": name, "number": number}
    """,
    another="""
        # Exercise 13.3: GET /receipt: the operation and a dependency log_line both ask for draw_number
        async def log_line(number: int = Depends(draw_number)) -> None:
            print("receipt", number)


        @app.get("/receipt", dependencies=[Depends(log_line)])
        async def receipt(card: str = Header(alias="x-library-card"), number: int = Depends(draw_number)):
            return {"number": number, "reader": CARDS[card]}
    """,
    mistakes=[
        Mistake(
            "def log_line():\n    print(draw_number())\n\n\n"
            '@app.get("/receipt", dependencies=[Depends(log_line)])\n'
            "def receipt(x_library_card: Annotated[str, Header()]):\n"
            '    return {"reader": CARDS[x_library_card], "number": draw_number()}',
            "is no dependency of this operation",
        ),
        Mistake(
            "def log_line(number: Annotated[int, Depends(draw_number)]):\n    print(number)\n\n\n"
            '@app.get("/receipt", dependencies=[Depends(log_line)])\n'
            "def receipt(\n    x_library_card: Annotated[str, Header()],\n"
            "    number: Annotated[int, Depends(draw_number, use_cache=False)],\n):\n"
            '    return {"reader": CARDS[x_library_card], "number": number}',
            "ran twice",
        ),
        Mistake(
            '@app.get("/receipt")\n'
            "def receipt(x_library_card: Annotated[str, Header()], number: Annotated[int, Depends(draw_number)]):\n"
            '    return {"reader": CARDS[x_library_card], "number": number}',
            "Only one asks",
        ),
    ],
    learned=(
        "Within one request a dependency runs once, and everybody who asks gets the same answer: one session of a "
        "database, one user, one number. `use_cache=False` says otherwise."
    ),
)

lesson = Lesson("Dependencies", exercises=[paging, guard, once], minutes=20)
