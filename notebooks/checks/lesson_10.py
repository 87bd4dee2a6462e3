"""Lesson 10: forms and files."""

import hashlib
import json

from routebook_kernel.learn import CheckFailedError, Exercise, Lesson, Mistake, do, openapi, request

members = Exercise(
    "Join the club",
    steps=[
        request(
            "A form with a ticked box is read",
            "POST /members",
            data={"name": "Ada", "age": "36", "newsletter": "on"},
            returns={"name": "Ada", "age": 36, "newsletter": True},
            mistakes={
                "query": (
                    "It was looked for in the query: a plain parameter comes from there. `Annotated[str, Form()]` reads "
                    "it from the form."
                ),
                lambda answer: answer.names == ("body",): (
                    "The body was read as JSON, and a form came. A model is read from a form where it is marked: "
                    "`Annotated[Member, Form()]`."
                ),
                lambda answer: answer.json["age"] == "36" or answer.json["newsletter"] == "on": (
                    "All that comes in a form is text. The type hints, `int` and `bool`, make values of it."
                ),
                lambda answer: answer.json["newsletter"] is False: (
                    "The box was ticked, and the answer says it was not. Is `newsletter` marked with `Form()`, too?"
                ),
            },
        ),
        request(
            "A box that is not ticked is no",
            "POST /members",
            data={"name": "Bo", "age": "16"},
            returns={"name": "Bo", "age": 16, "newsletter": False},
            mistakes={
                "newsletter": "A box that is not ticked sends nothing at all, so `newsletter` needs a default: `= False`.",
                "age": "16 itself is refused. `gt` leaves the limit out; `ge`, greater or equal, keeps it.",
            },
            needs=1,
        ),
        request(
            "Who is 15 is refused",
            "POST /members",
            data={"name": "Cy", "age": "15"},
            names="age",
            mistakes={
                200: "15 passed. The rule goes where it always goes: `Form(ge=16)`, or `Field(ge=16)` in a model."
            },
            needs=2,
        ),
        openapi(
            "Clients can read that it is a form",
            "POST /members",
            includes={"requestBody": {"content": {"application/x-www-form-urlencoded": ...}}},
            needs=1,
        ),
    ],
    hints=[
        "Three parameters, each marked with `Form()`; or one model with three fields, marked once.",
        "`age: Annotated[int, Form(ge=16)]`",
        "`newsletter: Annotated[bool, Form()] = False`",
    ],
    stub="""
        # Exercise 10.1: POST /members reads a form with name, age and newsletter
    """,
    solution="""
        # Exercise 10.1: POST /members reads a form with name, age and newsletter
        @app.post("/members")
        def join(
            name: Annotated[str, Form()],
            age: Annotated[int, Form(ge=16)],
            newsletter: Annotated[bool, Form()] = False,
        ):
            return {"name": name, "age": age, "newsletter": newsletter}
    """,
    another="""
        # Exercise 10.1: POST /members reads a form with name, age and newsletter
        from pydantic import Field


        class Member(BaseModel):
            name: str
            age: int = Field(ge=16)
            newsletter: bool = False


        @app.post("/members")
        async def add_member(member: Annotated[Member, Form()]) -> Member:
            return member
    """,
    mistakes=[
        Mistake(
            '@app.post("/members")\ndef join(name: str, age: int, newsletter: bool = False):\n'
            '    return {"name": name, "age": age, "newsletter": newsletter}',
            "looked for in the query",
        ),
        Mistake(
            "class Member(BaseModel):\n    name: str\n    age: int\n    newsletter: bool = False\n\n\n"
            '@app.post("/members")\ndef join(member: Member):\n    return member',
            "was read as JSON",
        ),
        Mistake(
            '@app.post("/members")\ndef join(name: Annotated[str, Form()], age: Annotated[int, Form(ge=16)], '
            "newsletter: Annotated[bool, Form()]):\n"
            '    return {"name": name, "age": age, "newsletter": newsletter}',
            "sends nothing at all",
        ),
        Mistake(
            '@app.post("/members")\ndef join(name: Annotated[str, Form()], age: Annotated[int, Form()], '
            "newsletter: Annotated[bool, Form()] = False):\n"
            '    return {"name": name, "age": age, "newsletter": newsletter}',
            "15 passed",
        ),
        Mistake(
            '@app.post("/members")\ndef join(name: Annotated[str, Form()], age: Annotated[int, Form(ge=16)], '
            "newsletter: bool = False):\n"
            '    return {"name": name, "age": age, "newsletter": newsletter}',
            "marked with `Form()`, too",
        ),
    ],
    learned="A form is text with names. `Form()` says where to look; types, rules and defaults are the usual ones.",
)

_NOT_AWAITED = (
    "`photo.read()` gives a coroutine. Write `await photo.read()` in an `async def`; or, in a plain `def`, "
    "`photo.file.read()`."
)

photos = Exercise(
    "Hand in a photo",
    steps=[
        request(
            "Name and size of a picture come back",
            "POST /photos",
            files={"photo": ("cat.png", b"\x89PNG1234", "image/png")},
            returns={"name": "cat.png", "bytes": 8},
            mistakes={
                "query": (
                    "It was looked for in the query. A parameter of the type `UploadFile` is a file of the form."
                ),
                "body.photo": ("`photo` was sent as a file, but is read as something else. Its type is `UploadFile`."),
                "body": (
                    "The file is sent under the name `photo`, and looked for was another: the parameter's name is the "
                    "name in the form."
                ),
                lambda answer: "coroutine" in answer.failure.message: _NOT_AWAITED,
                lambda answer: "'bytes' object has no attribute" in answer.failure.message: (
                    "`bytes` are the content alone, without a name. `UploadFile` has `.filename`, `.size` and "
                    "`.content_type`."
                ),
                415: (
                    "This was a picture, of the type `image/png`. `photo.content_type` may be any that begins with "
                    "`image/`."
                ),
            },
        ),
        request(
            "So do those of another one",
            "POST /photos",
            files={"photo": ("dog.jpg", b"\xff\xd8\xff", "image/jpeg")},
            returns={"name": "dog.jpg", "bytes": 3},
            mistakes={
                415: 'A JPEG is a picture, too. `photo.content_type.startswith("image/")` takes them all.',
            },
            needs=1,
        ),
        request(
            "A text is refused",
            "POST /photos",
            files={"photo": ("cat.txt", b"meow", "text/plain")},
            status=415,
            mistakes={
                200: "A text passed as a photo. `photo.content_type` says what came: raise `HTTPException(415)`.",
            },
            needs=1,
        ),
        request(
            "The type counts, not the name",
            "POST /photos",
            files={"photo": ("meow.png", b"meow", "text/plain")},
            status=415,
            mistakes={200: "It is called `meow.png`, and is a text: look at `photo.content_type`, not at the name."},
            needs=3,
        ),
        request(
            "Nothing at all is refused",
            "POST /photos",
            names="photo",
            mistakes={
                500: "The file may be left out here: it has a default. Without one the request is refused before."
            },
            needs=1,
        ),
    ],
    hints=[
        "`photo: UploadFile` is all the signature needs.",
        "Its name is `photo.filename`, its size `photo.size`, its type `photo.content_type`.",
        'A type that is no picture\'s does not begin with `image/`: `raise HTTPException(415, "Only pictures")`.',
    ],
    stub="""
        # Exercise 10.2: POST /photos takes a picture and answers with its name and size
    """,
    solution="""
        # Exercise 10.2: POST /photos takes a picture and answers with its name and size
        @app.post("/photos")
        def hand_in(photo: UploadFile):
            if not photo.content_type.startswith("image/"):
                raise HTTPException(415, "Only pictures")
            return {"name": photo.filename, "bytes": photo.size}
    """,
    another="""
        # Exercise 10.2: POST /photos takes a picture and answers with its name and size
        from routebook import Depends


        async def picture(photo: UploadFile) -> UploadFile:
            kind, _, _ = (photo.content_type or "").partition("/")
            if kind != "image":
                raise HTTPException(status_code=415)
            return photo


        @app.post("/photos")
        async def store(picture: Annotated[UploadFile, Depends(picture)]) -> dict[str, str | int]:
            return {"name": picture.filename, "bytes": len(await picture.read())}
    """,
    mistakes=[
        Mistake(
            '@app.post("/photos")\ndef take(photo: UploadFile):\n    if not photo.filename.endswith((".png", ".jpg")):\n'
            '        raise HTTPException(415)\n    return {"name": photo.filename, "bytes": photo.size}',
            "not at the name",
        ),
        Mistake(
            '@app.post("/photos")\ndef hand_in(file: UploadFile):\n'
            '    return {"name": file.filename, "bytes": file.size}',
            "looked for was another",
        ),
        Mistake(
            '@app.post("/photos")\nasync def hand_in(photo: UploadFile):\n    content = photo.read()\n'
            '    return {"name": photo.filename, "bytes": len(content)}',
            "gives a coroutine",
        ),
        Mistake(
            'from routebook import File\n\n\n@app.post("/photos")\ndef hand_in(photo: Annotated[bytes, File()]):\n'
            '    return {"name": photo.filename, "bytes": len(photo)}',
            "without a name",
        ),
        Mistake(
            '@app.post("/photos")\ndef hand_in(photo: str):\n    return {"name": photo, "bytes": len(photo)}',
            "looked for in the query",
        ),
        Mistake(
            '@app.post("/photos")\ndef hand_in(photo: UploadFile):\n'
            '    return {"name": photo.filename, "bytes": photo.size}',
            "A text passed as a photo",
        ),
        Mistake(
            '@app.post("/photos")\ndef hand_in(photo: UploadFile):\n    if photo.content_type != "image/png":\n'
            '        raise HTTPException(415)\n    return {"name": photo.filename, "bytes": photo.size}',
            "A JPEG is a picture, too",
        ),
    ],
    learned=(
        "An `UploadFile` is the file with what the client says about it. The client says it: a name or a type may be a "
        "lie, so never use the name as a path, and look into the content where it matters."
    ),
)

_EMPTY = hashlib.sha256(b"").hexdigest()


def _fingerprint(content, limit_hint=""):
    def send(probe):
        answer = probe.post("/fingerprints", files={"photo": ("cat.png", content, "image/png")})
        asked = hashlib.sha256(content).hexdigest()
        if answer.status == 200 and answer.json == {"sha256": asked}:
            return
        hint = ""
        if answer.status == 413:
            hint = "This file is not too large: more than 100 000 bytes are, exactly 100 000 are not."
        elif answer.failure and "coroutine" in answer.failure.message:
            hint = _NOT_AWAITED
        elif answer.failure and answer.failure.type == "UnicodeDecodeError":
            hint = "`digest()` gives bytes, which are no JSON; `hexdigest()` gives a text."
        elif answer.failure and answer.failure.type == "TypeError":
            hint = "`hashlib.sha256(…)` takes the bytes themselves: what `read()` gives."
        elif answer.status == 200 and isinstance(answer.json, dict) and answer.json.get("sha256") == _EMPTY:
            hint = (
                "That is the fingerprint of nothing. A file is read once, from its beginning to its end; who reads "
                "again, reads what is left: nothing. Keep what the first `read()` gave, or go back with `seek(0)`."
            )
        elif answer.status == 200 and isinstance(answer.json, dict):
            hint = "Is the fingerprint made of the whole content? And is it the text that `hexdigest()` gives?"
        raise CheckFailedError("", expected=f'`{{"sha256": "{asked[:12]}…"}}`', hint=hint)

    return send


def _refuses_large(probe):
    answer = probe.post("/fingerprints", files={"photo": ("big.png", b"x" * 100_001, "image/png")})
    if answer.status != 413:
        raise CheckFailedError(
            "",
            expected="100 001 bytes are refused with `413`",
            hint=(
                "Nobody looked at the size. `photo.size` is the number of bytes; or count while you read."
                if answer.status == 200
                else ""
            ),
        )


fingerprints = Exercise(
    "Seen before?",
    steps=[
        do("A picture has its fingerprint", _fingerprint(b"\x89PNG a cat")),
        do("Another one has another", _fingerprint(b"\x89PNG a dog"), needs=1),
        do("100 000 bytes are not too many", _fingerprint(bytes(range(250)) * 400), needs=1),
        do("One more is", _refuses_large, needs=1),
    ],
    hints=[
        "`hashlib.sha256(content).hexdigest()` is the fingerprint of some bytes, as text.",
        "`await photo.read()` gives all bytes of the file, in an `async def`.",
        "Look first: `if photo.size > 100_000: raise HTTPException(413)`.",
    ],
    stub="""
        # Exercise 10.3: POST /fingerprints answers {"sha256": "…"}; more than 100 000 bytes are a 413
        import hashlib
    """,
    solution="""
        # Exercise 10.3: POST /fingerprints answers {"sha256": "…"}; more than 100 000 bytes are a 413
        import hashlib


        @app.post("/fingerprints")
        async def fingerprint(photo: UploadFile):
            if photo.size > 100_000:
                raise HTTPException(413, "At most 100 000 bytes, please")
            content = await photo.read()
            return {"sha256": hashlib.sha256(content).hexdigest()}
    """,
    another="""
        # Exercise 10.3: POST /fingerprints answers {"sha256": "…"}; more than 100 000 bytes are a 413
        import hashlib


        @app.post("/fingerprints")
        def read_in_parts(photo: UploadFile) -> dict[str, str]:
            digest, total = hashlib.sha256(), 0
            while part := photo.file.read(8192):
                total += len(part)
                if total > 100_000:
                    raise HTTPException(status_code=413)
                digest.update(part)
            return {"sha256": digest.hexdigest()}
    """,
    mistakes=[
        Mistake(
            'import hashlib\n\n\n@app.post("/fingerprints")\ndef take(photo: UploadFile):\n'
            '    return {"sha256": hashlib.sha256(photo.file.read()).digest()}',
            "which are no JSON",
        ),
        Mistake(
            'import hashlib\n\n\n@app.post("/fingerprints")\nasync def fingerprint(photo: UploadFile):\n'
            "    if len(await photo.read()) > 100_000:\n        raise HTTPException(413)\n"
            '    return {"sha256": hashlib.sha256(await photo.read()).hexdigest()}',
            "fingerprint of nothing",
        ),
        Mistake(
            'import hashlib\n\n\n@app.post("/fingerprints")\nasync def fingerprint(photo: UploadFile):\n'
            '    return {"sha256": hashlib.sha256(await photo.read()).hexdigest()}',
            "Nobody looked at the size",
        ),
        Mistake(
            'import hashlib\n\n\n@app.post("/fingerprints")\nasync def fingerprint(photo: UploadFile):\n'
            "    if photo.size >= 100_000:\n        raise HTTPException(413)\n"
            '    return {"sha256": hashlib.sha256(await photo.read()).hexdigest()}',
            "exactly 100 000 are not",
        ),
        Mistake(
            'import hashlib\n\n\n@app.post("/fingerprints")\ndef fingerprint(photo: UploadFile):\n'
            '    return {"sha256": hashlib.sha256(photo.filename.encode()).hexdigest()}',
            "made of the whole content",
        ),
        Mistake(
            'import hashlib\n\n\n@app.post("/fingerprints")\ndef fingerprint(photo: UploadFile):\n'
            "    content = photo.read()\n"
            '    return {"sha256": hashlib.sha256(content).hexdigest()}',
            "the bytes themselves",
        ),
    ],
    learned=(
        "A file is read once, from its beginning to its end. Read large ones in parts, and refuse what is too large: "
        "whatever clients may send, one of them will."
    ),
)

_PLACE = {"lat": 48.2, "lon": 16.4}
_PICTURES = [("photos", (name, b"\x89PNG", "image/png")) for name in ("a.png", "b.png")]

albums = Exercise(
    "An album",
    steps=[
        request(
            "Title, place and two photos arrive together",
            "POST /albums",
            data={"title": "Vienna", "place": json.dumps(_PLACE)},
            files=_PICTURES,
            returns={"title": "Vienna", "place": _PLACE, "photos": ["a.png", "b.png"]},
            mistakes={
                "query": "It was looked for in the query. Beside a file, every other field is marked with `Form()`.",
                "body.place": (
                    "`place` came as a text, since a form has nothing else, and the text holds JSON. "
                    "`Annotated[Json[Place], Form()]`, with `Json` from pydantic, reads it and checks it as `Place`."
                ),
                "body.photos": "Several files under one name are a list: `photos: list[UploadFile]`.",
                lambda answer: isinstance(answer.json["place"], str): (
                    "`place` is still a text that holds JSON: see the quotes around it. Pydantic's `Json` reads it."
                ),
                lambda answer: answer.json["photos"] in (["b.png"], "b.png", ["a.png"], "a.png"): (
                    "One of the two photos is lost. Several files under one name are a list: `list[UploadFile]`."
                ),
                lambda answer: "file" in str(answer.json["photos"][0]): (
                    "Asked are the names of the photos: `[photo.filename for photo in photos]`."
                ),
            },
        ),
        request(
            "One photo is an album as well",
            "POST /albums",
            data={"title": "Rome", "place": '{"lat": 41.9, "lon": 12.5}'},
            files=_PICTURES[:1],
            returns={"title": "Rome", "place": {"lat": 41.9, "lon": 12.5}, "photos": ["a.png"]},
            needs=1,
        ),
        request(
            "A place without `lon` is refused",
            "POST /albums",
            data={"title": "Vienna", "place": '{"lat": 48.2}'},
            files=_PICTURES,
            names="place",
            mistakes={
                lambda answer: answer.status == 422 and not answer.names: (
                    "It is refused by hand, and nobody is told which part is wrong. `Json[Place]` as the type names it."
                ),
                200: "A place without `lon` passed. `Json[Place]` does both, reads the text and checks it.",
                500: (
                    "It was noticed in your function, too late for a `422`. `Json[Place]` in the signature checks it "
                    "before."
                ),
            },
            needs=1,
        ),
    ],
    hints=[
        "Three parameters: `title` with `Form()`, `photos` a list of files, and `place`.",
        "`photos: list[UploadFile]`",
        "`place: Annotated[Json[Place], Form()]`, with `from pydantic import Json`.",
    ],
    stub="""
        # Exercise 10.4: POST /albums takes a title, a place as JSON, and several photos
        class Place(BaseModel):
            lat: float
            lon: float
    """,
    solution="""
        # Exercise 10.4: POST /albums takes a title, a place as JSON, and several photos
        from pydantic import Json


        class Place(BaseModel):
            lat: float
            lon: float


        @app.post("/albums")
        def add_album(
            title: Annotated[str, Form()], place: Annotated[Json[Place], Form()], photos: list[UploadFile]
        ):
            return {"title": title, "place": place, "photos": [photo.filename for photo in photos]}
    """,
    another="""
        # Exercise 10.4: POST /albums takes a title, a place as JSON, and several photos
        from pydantic import Json


        class Place(BaseModel):
            lat: float
            lon: float


        class NewAlbum(BaseModel):
            title: str
            place: Json[Place]
            photos: list[UploadFile]


        class Album(BaseModel):
            title: str
            place: Place
            photos: list[str]


        @app.post("/albums")
        async def store(new: Annotated[NewAlbum, Form(media_type="multipart/form-data")]) -> Album:
            return Album(title=new.title, place=new.place, photos=[photo.filename for photo in new.photos])
    """,
    mistakes=[
        Mistake(
            "class Place(BaseModel):\n    lat: float\n    lon: float\n\n\n"
            '@app.post("/albums")\ndef add(title: Annotated[str, Form()], place: Place, photos: list[UploadFile]):\n'
            '    return {"title": title, "place": place, "photos": [photo.filename for photo in photos]}',
            "a form has nothing else",
        ),
        Mistake(
            '@app.post("/albums")\ndef add(title: str, place: Annotated[str, Form()], photos: list[UploadFile]):\n'
            '    return {"title": title, "place": place, "photos": [photo.filename for photo in photos]}',
            "Beside a file",
        ),
        Mistake(
            '@app.post("/albums")\ndef add(title: Annotated[str, Form()], place: Annotated[str, Form()], '
            "photos: list[UploadFile]):\n"
            '    return {"title": title, "place": place, "photos": [photo.filename for photo in photos]}',
            "see the quotes",
        ),
        Mistake(
            'import json\n\n\n@app.post("/albums")\ndef add(title: Annotated[str, Form()], '
            "place: Annotated[str, Form()], photos: UploadFile):\n"
            '    return {"title": title, "place": json.loads(place), "photos": [photos.filename]}',
            "One of the two photos is lost",
        ),
        Mistake(
            'import json\n\n\n@app.post("/albums")\ndef add(title: Annotated[str, Form()], '
            "place: Annotated[str, Form()], photos: list[UploadFile]):\n"
            '    return {"title": title, "place": json.loads(place), "photos": [photo.filename for photo in photos]}',
            "reads the text and checks it",
        ),
    ],
    learned="A body is of one kind. With files it is a form, and JSON travels in it as the text of a field.",
)

lesson = Lesson("Forms and files", exercises=[members, photos, fingerprints, albums], minutes=20)
