"""Lesson 15: routers and larger applications."""

from routebook_kernel.learn import CheckFailedError, Exercise, Lesson, Mistake, do, openapi, request

members = Exercise(
    "A department of its own",
    steps=[
        request(
            "The members are listed",
            "GET /members/",
            returns=["Ada", "Bo"],
            mistakes={
                lambda answer: "/members/members/" in answer.document["paths"]: (
                    "Nothing is at `/members/`: the prefix stands twice, and it is `/members/members/`. Say it once."
                ),
                404: "Nothing is at `/members/`. A router is part of the application when `app.include_router(…)` has run.",
            },
        ),
        request(
            "One member has a page",
            "GET /members/Ada",
            returns={"name": "Ada"},
            mistakes={
                lambda answer: answer.status == 404 and "/members/members" in answer.text: "`/members` stands twice.",
            },
        ),
        openapi(
            "They have their tag in the documentation",
            "GET /members/{name}",
            includes={"tags": ["members"]},
            mistakes={
                lambda operation: "m" in operation["tags"]: "`tags` is a list: in a text, each letter is one.",
                lambda operation: not operation.get("tags"): (
                    'No tag is said. `APIRouter(prefix="/members", tags=["members"])` gives it to all its operations.'
                ),
            },
            needs=2,
        ),
    ],
    hints=[
        'A router is made like an application: `members = APIRouter(prefix="/members", tags=["members"])`.',
        'Its operations say the rest of the path: `@members.get("/")`, `@members.get("/{name}")`.',
        "At the end of the cell: `app.include_router(members)`.",
    ],
    stub="""
        # Exercise 15.1: a router for GET /members/ and GET /members/{name}, with the tag members
    """,
    solution="""
        # Exercise 15.1: a router for GET /members/ and GET /members/{name}, with the tag members
        members = APIRouter(prefix="/members", tags=["members"])


        @members.get("/")
        def list_members():
            return ["Ada", "Bo"]


        @members.get("/{name}")
        def read_member(name: str):
            return {"name": name}


        app.include_router(members)
    """,
    another="""
        # Exercise 15.1: a router for GET /members/ and GET /members/{name}, with the tag members
        people = APIRouter()


        @people.get("/{who}")
        async def person(who: str) -> dict[str, str]:
            return {"name": who}


        @people.get("/")
        async def everybody() -> list[str]:
            return ["Ada", "Bo"]


        app.include_router(people, prefix="/members", tags=["members"])
    """,
    mistakes=[
        Mistake(
            'members = APIRouter(prefix="/members", tags=["members"])\n\n\n'
            '@members.get("/")\ndef list_members():\n    return ["Ada", "Bo"]\n\n\n'
            '@members.get("/{name}")\ndef read_member(name: str):\n    return {"name": name}',
            "is part of the application when",
        ),
        Mistake(
            'members = APIRouter(prefix="/members")\n\n\n'
            '@members.get("/")\ndef list_members():\n    return ["Ada", "Bo"]\n\n\n'
            '@members.get("/{name}")\ndef read_member(name: str):\n    return {"name": name}\n\n\n'
            "app.include_router(members)",
            "No tag is said",
        ),
        Mistake(
            'members = APIRouter(prefix="/members", tags=["members"])\n\n\n'
            '@members.get("/members/")\ndef list_members():\n    return ["Ada", "Bo"]\n\n\n'
            '@members.get("/members/{name}")\ndef read_member(name: str):\n    return {"name": name}\n\n\n'
            "app.include_router(members)",
            "the prefix stands twice",
        ),
    ],
    learned="A router is a part of an application: it has its own prefix, tags and rules, and is written where it belongs.",
)

staff = Exercise(
    "Behind one door",
    steps=[
        request(
            "The rota is closed",
            "GET /staff/rota",
            status=401,
            mistakes={
                200: (
                    "Everybody may read it. A dependency of the router, `APIRouter(dependencies=[Depends(…)])`, guards all its "
                    "operations."
                ),
                404: "Nothing is at `/staff/rota` yet: include the router.",
            },
        ),
        request(
            "The wages are closed too",
            "GET /staff/wages",
            status=401,
            mistakes={
                200: "The rota is guarded, the wages are not: put the guard on the router, not on one operation.",
            },
            needs=1,
        ),
        request(
            "With the key the rota opens", "GET /staff/rota", headers={"x-key": "sesame"}, returns={"monday": "Bo"}
        ),
        request("And the wages", "GET /staff/wages", headers={"x-key": "sesame"}, returns={"Bo": 2400}),
        request("A wrong key does not open", "GET /staff/rota", headers={"x-key": "please"}, status=401, needs=3),
        request(
            "The catalogue stays open",
            "GET /catalogue/books",
            status=200,
            includes=list,
            mistakes={
                401: "Now the whole application asks for the key. The guard belongs to the router of the staff.",
            },
        ),
    ],
    hints=[
        "`check_key` above raises the `401`. Which parts should ask it?",
        '`staff = APIRouter(prefix="/staff", dependencies=[Depends(check_key)])`, two operations, and include it.',
    ],
    stub="""
        # Exercise 15.2: a router for GET /staff/rota and GET /staff/wages, both behind check_key
    """,
    solution="""
        # Exercise 15.2: a router for GET /staff/rota and GET /staff/wages, both behind check_key
        staff = APIRouter(prefix="/staff", dependencies=[Depends(check_key)])


        @staff.get("/rota")
        def read_rota():
            return {"monday": "Bo"}


        @staff.get("/wages")
        def read_wages():
            return {"Bo": 2400}


        app.include_router(staff)
    """,
    another="""
        # Exercise 15.2: a router for GET /staff/rota and GET /staff/wages, both behind check_key
        rota = APIRouter()
        wages = APIRouter()


        @rota.get("/rota")
        async def who_works_when() -> dict[str, str]:
            return {"monday": "Bo"}


        @wages.get("/wages")
        async def who_gets_what() -> dict[str, int]:
            return {"Bo": 2400}


        back_office = APIRouter()
        back_office.include_router(rota)
        back_office.include_router(wages)
        app.include_router(back_office, prefix="/staff", dependencies=[Depends(check_key)])
    """,
    mistakes=[
        Mistake(
            'staff = APIRouter(prefix="/staff")\n\n\n@staff.get("/rota", dependencies=[Depends(check_key)])\n'
            'def rota():\n    return {"monday": "Bo"}\n\n\n@staff.get("/wages")\ndef wages():\n    return {"Bo": 2400}\n\n\n'
            "app.include_router(staff)",
            "put the guard on the router",
        ),
        Mistake(
            'staff = APIRouter(prefix="/staff")\n\n\n@staff.get("/rota")\ndef rota():\n    return {"monday": "Bo"}\n\n\n'
            '@staff.get("/wages")\ndef wages():\n    return {"Bo": 2400}\n\n\napp.include_router(staff)',
            "Everybody may read it",
        ),
    ],
    learned="What all operations of a part need is said once, at the part: a prefix, a tag, a guard, a response.",
)


def _has_versions(probe):
    first, second = probe.get("/v1/books/7"), probe.get("/v2/books/7")
    if (first.status, second.status) != (200, 200):
        raise CheckFailedError(
            f"`/v1/books/7` {first.status_text}, `/v2/books/7` {second.status_text}",
            expected="both answer 200",
            hint='One router, included twice with two prefixes: `app.include_router(books, prefix="/v1")`, then `/v2`.',
        )
    if (first.json, second.json) != ({"id": 7}, {"id": 7}):
        raise CheckFailedError(f"`{first.text}` and `{second.text}`", expected='`{"id": 7}` from both')


versions = Exercise(
    "The same in two places",
    steps=[
        do("Version 1 and version 2 have the books", _has_versions),
        request("Only version 2 has the search", "GET /v2/search?q=em", returns={"q": "em"}),
        request(
            "Version 1 has none",
            "GET /v1/search?q=em",
            status=404,
            mistakes={
                200: "Version 1 has the search too: put it into a router of its own, and include that in `/v2` only.",
            },
            needs=2,
        ),
        openapi(
            "Version 1 says that it is old",
            "GET /v1/books/{book_id}",
            includes={"deprecated": True},
            needs=1,
            mistakes={
                lambda operation: not operation.get("deprecated"): (
                    "`include_router(…, deprecated=True)` marks all operations of one inclusion."
                ),
            },
        ),
        openapi(
            "Version 2 does not",
            "GET /v2/books/{book_id}",
            where=("not deprecated", lambda operation: not operation.get("deprecated")),
            needs=1,
        ),
    ],
    hints=[
        "A router may be included more than once, with another prefix each time.",
        '`app.include_router(books, prefix="/v1", deprecated=True)` and `app.include_router(books, prefix="/v2")`.',
        "The search stands in a second router, which only `/v2` includes.",
    ],
    stub="""
        # Exercise 15.3: GET /v1/books/{book_id} (deprecated), GET /v2/books/{book_id} and GET /v2/search
    """,
    solution="""
        # Exercise 15.3: GET /v1/books/{book_id} (deprecated), GET /v2/books/{book_id} and GET /v2/search
        books = APIRouter()
        search = APIRouter()


        @books.get("/books/{book_id}")
        def read_book(book_id: int):
            return {"id": book_id}


        @search.get("/search")
        def find(q: str):
            return {"q": q}


        app.include_router(books, prefix="/v1", deprecated=True)
        app.include_router(books, prefix="/v2")
        app.include_router(search, prefix="/v2")
    """,
    another="""
        # Exercise 15.3: GET /v1/books/{book_id} (deprecated), GET /v2/books/{book_id} and GET /v2/search
        common = APIRouter()


        @common.get("/books/{book_id}")
        async def book(book_id: int) -> dict[str, int]:
            return {"id": book_id}


        v1 = APIRouter(prefix="/v1", deprecated=True)
        v1.include_router(common)
        v2 = APIRouter(prefix="/v2")
        v2.include_router(common)


        @v2.get("/search")
        async def look(q: str) -> dict[str, str]:
            return {"q": q}


        app.include_router(v1)
        app.include_router(v2)
    """,
    mistakes=[
        Mistake(
            'books = APIRouter()\n\n\n@books.get("/books/{book_id}")\ndef read_book(book_id: int):\n'
            '    return {"id": book_id}\n\n\n@books.get("/search")\ndef find(q: str):\n    return {"q": q}\n\n\n'
            'app.include_router(books, prefix="/v1", deprecated=True)\napp.include_router(books, prefix="/v2")',
            "Version 1 has the search too",
        ),
        Mistake(
            'books = APIRouter()\n\n\n@books.get("/books/{book_id}")\ndef read_book(book_id: int):\n'
            '    return {"id": book_id}\n\n\napp.include_router(books, prefix="/v1")\n'
            'app.include_router(books, prefix="/v2")',
            "marks all operations of one inclusion",
        ),
        Mistake(
            'books = APIRouter(prefix="/v1")\n\n\n@books.get("/books/{book_id}")\ndef read_book(book_id: int):\n'
            '    return {"id": book_id}\n\n\napp.include_router(books)\n',
            "One router, included twice",
        ),
    ],
    learned="An inclusion is a place and its rules; the operations are written once.",
)

lesson = Lesson("Routers and larger applications", exercises=[members, staff, versions], minutes=20)
