"""Lesson 6: nested models, in a music club."""

from typing import Any

from routebook_kernel.learn import Exercise, Lesson, Mistake, ProbeResponse, openapi, request


def failed_with(*types: str) -> Any:
    return lambda answer: answer.failure is not None and answer.failure.type in types


def is_not_subscriptable(answer: ProbeResponse) -> bool:
    return answer.failure is not None and "not subscriptable" in answer.failure.message


concerts = Exercise(
    "A concert in a hall",
    steps=[
        request(
            "A concert in the Old Mill",
            "POST /concerts",
            json={"title": "Night music", "hall": {"name": "Old Mill", "seats": 120}},
            returns={"poster": "Night music, at Old Mill"},
            mistakes={
                "body.concert": "Here one model is the whole body; `Body(embed=True)` or a second model wraps it in a name.",
                lambda answer: answer.names == ("body.hall",): (
                    "The hall was refused: it is an object, not a text. Give it a model of its own, and use that as the "
                    "type of the field `hall`."
                ),
                lambda answer: {"body.name", "body.seats"} & set(answer.names): (
                    "The hall's fields were expected beside the title. They stand in an object of their own: a model "
                    "`Hall`, and a field `hall: Hall`."
                ),
                lambda answer: answer.failure is not None and "'dict' object" in answer.failure.message: (
                    "The hall is a bare `dict` in your function, without attributes. Give it a model of its own."
                ),
                is_not_subscriptable: (
                    'Models in models are objects, too: `concert.hall.name`, not `concert.hall["name"]`.'
                ),
                lambda answer: answer.status == 200 and "{" in answer.json["poster"]: (
                    'The braces are still in the text. An `f` before the quotation mark fills them in: `f"…"`.'
                ),
            },
        ),
        request(
            "Another, in the Roof; nobody said how many seats",
            "POST /concerts",
            json={"title": "Jazz", "hall": {"name": "Roof"}},
            returns={"poster": "Jazz, at Roof"},
            mistakes={
                "body.hall.seats": "`seats` must be sent now. A default in the model of the hall makes it optional: `= 80`.",
                200: "Compare the poster with what is asked; it changes with title and hall.",
            },
            needs=1,
        ),
        request(
            "A hall without a name is refused",
            "POST /concerts",
            json={"title": "Jazz", "hall": {"seats": 120}},
            names="body.hall.name",
            mistakes={
                500: (
                    "The hall got into your function without a name, and failed there. A model for the hall refuses it "
                    "before, and names the place."
                ),
                200: "A hall without a name was taken. Its model needs `name: str`, without a default.",
            },
            needs=1,
        ),
        request(
            "`many` is no number of seats",
            "POST /concerts",
            json={"title": "Jazz", "hall": {"name": "Roof", "seats": "many"}},
            names="body.hall.seats",
            mistakes={200: "`many` was taken for a number of seats. The model of the hall needs `seats: int = 80`."},
            needs=1,
        ),
        openapi(
            "The documentation knows the 80 seats",
            "POST /concerts: body",
            includes={"properties": {"hall": {"properties": {"seats": {"default": 80}}}}},
            needs=(1, 2, 4),
        ),
    ],
    hints=[
        "Two models: one for the hall, one for the concert. The concert's has a field whose type is the hall's model.",
        "`class Hall(BaseModel):` with `name: str` and `seats: int = 80`; in `Concert`: `title: str` and `hall: Hall`.",
        'In the function: `f"{concert.title}, at {concert.hall.name}"`.',
    ],
    stub="""
        # Exercise 6.1: POST /concerts
    """,
    solution="""
        # Exercise 6.1: POST /concerts
        class Hall(BaseModel):
            name: str
            seats: int = 80


        class Concert(BaseModel):
            title: str
            hall: Hall


        @app.post("/concerts")
        def create_concert(concert: Concert):
            return {"poster": f"{concert.title}, at {concert.hall.name}"}
    """,
    another="""
        # Exercise 6.1: POST /concerts
        from dataclasses import dataclass

        from routebook import Body


        @dataclass
        class Place:
            name: str
            seats: int = 80


        @app.post("/concerts")
        async def announce(title: Annotated[str, Body()], hall: Place) -> dict[str, str]:
            return {"poster": ", at ".join([title, hall.name])}
    """,
    mistakes=[
        Mistake(
            "class Concert(BaseModel):\n    title: str\n    hall: str\n\n\n"
            '@app.post("/concerts")\ndef create(concert: Concert):\n'
            '    return {"poster": f"{concert.title}, at {concert.hall}"}',
            "it is an object, not a text",
        ),
        Mistake(
            "class Concert(BaseModel):\n    title: str\n    name: str\n    seats: int = 80\n\n\n"
            '@app.post("/concerts")\ndef create(concert: Concert):\n'
            '    return {"poster": f"{concert.title}, at {concert.name}"}',
            "in an object of their own",
        ),
        Mistake(
            "class Concert(BaseModel):\n    title: str\n    hall: dict\n\n\n"
            '@app.post("/concerts")\ndef create(concert: Concert):\n'
            '    return {"poster": f"{concert.title}, at {concert.hall["name"]}"}'.replace('["name"]', "['name']"),
            "without a name, and failed there",
        ),
        Mistake(
            "class Concert(BaseModel):\n    title: str\n    hall: dict\n\n\n"
            '@app.post("/concerts")\ndef create(concert: Concert):\n'
            '    return {"poster": f"{concert.title}, at {concert.hall.name}"}',
            "is a bare `dict`",
        ),
        Mistake(
            "class Hall(BaseModel):\n    name: str\n    seats: int = 80\n\n\n"
            "class Concert(BaseModel):\n    title: str\n    hall: Hall\n\n\n"
            '@app.post("/concerts")\ndef create(concert: Concert):\n'
            '    return {"poster": concert.title + ", at " + concert.hall["name"]}',
            "Models in models are objects",
        ),
        Mistake(
            "class Hall(BaseModel):\n    name: str\n    seats: int\n\n\n"
            "class Concert(BaseModel):\n    title: str\n    hall: Hall\n\n\n"
            '@app.post("/concerts")\ndef create(concert: Concert):\n'
            '    return {"poster": f"{concert.title}, at {concert.hall.name}"}',
            "A default in the model of the hall",
        ),
    ],
    learned="A model is a type like any other: it can be the type of a field. Errors name the whole way to the place.",
)

SONGS = [{"title": "Dawn", "seconds": 200}, {"title": "Rain", "seconds": 180}]
BARE_LIST = (
    "The songs are bare dictionaries in your function. A `list` that does not say of what takes anything: "
    "`songs: list[Song]` makes each a model."
)

playlists = Exercise(
    "A list of songs",
    steps=[
        request(
            "Two songs, 380 seconds",
            "POST /playlists",
            json={"name": "Morning", "songs": SONGS},
            returns={"name": "Morning", "count": 2, "seconds": 380},
            mistakes={
                lambda answer: answer.names == ("body.songs",): (
                    "The songs were refused as a whole: they are a list. One model in the type is one song; "
                    "`list[Song]` is many."
                ),
                lambda answer: answer.failure is not None and "'dict' object" in answer.failure.message: BARE_LIST,
                is_not_subscriptable: 'Each song is a model, its fields are attributes: `song.seconds`, not `song["seconds"]`.',
                lambda answer: (
                    answer.json["seconds"] in {200, 180}
                ): "It is the length of one song; asked is that of all.",
            },
        ),
        request(
            "One song, 61 seconds",
            "POST /playlists",
            json={"name": "Short", "songs": [{"title": "Hm", "seconds": 61}]},
            returns={"name": "Short", "count": 1, "seconds": 61},
            needs=1,
        ),
        request(
            "A playlist without songs is refused",
            "POST /playlists",
            json={"name": "Silence", "songs": []},
            names="body.songs",
            mistakes={
                200: "An empty list was taken. `Field(min_length=1)` on the list sets the least number of its items.",
            },
            needs=1,
        ),
        request(
            "So is one that says nothing of songs",
            "POST /playlists",
            json={"name": "Silence"},
            names="body.songs",
            mistakes={200: "The list may be left out: it has a default, and a default is not checked. Leave it away."},
            needs=1,
        ),
        request(
            "The second song has a length of 0: its place is named",
            "POST /playlists",
            json={"name": "Morning", "songs": [SONGS[0], {"title": "4'33", "seconds": 0}]},
            names="body.songs.1.seconds",
            mistakes={
                200: "A song of 0 seconds was taken. `seconds: int = Field(gt=0)` in the model of a song refuses it."
            },
            needs=1,
        ),
        request(
            "The first has no title: its place is named",
            "POST /playlists",
            json={"name": "Morning", "songs": [{"seconds": 10}, SONGS[1]]},
            names="body.songs.0.title",
            mistakes={200: f"A song without a title was taken. {BARE_LIST}"},
            needs=1,
        ),
    ],
    hints=[
        "A model for a song, with `title` and `seconds`; one for the playlist, with `name` and a list of songs.",
        "`songs: list[Song] = Field(min_length=1)`, and in the song `seconds: int = Field(gt=0)`.",
        "`sum(song.seconds for song in playlist.songs)` and `len(playlist.songs)`.",
    ],
    stub="""
        # Exercise 6.2: POST /playlists
    """,
    solution="""
        # Exercise 6.2: POST /playlists
        class Song(BaseModel):
            title: str
            seconds: int = Field(gt=0)


        class Playlist(BaseModel):
            name: str
            songs: list[Song] = Field(min_length=1)


        @app.post("/playlists")
        def create_playlist(playlist: Playlist):
            seconds = sum(song.seconds for song in playlist.songs)
            return {"name": playlist.name, "count": len(playlist.songs), "seconds": seconds}
    """,
    another="""
        # Exercise 6.2: POST /playlists
        from pydantic import PositiveInt, computed_field


        class Piece(BaseModel):
            title: str
            seconds: PositiveInt


        class Mix(BaseModel):
            name: str
            songs: Annotated[tuple[Piece, ...], Field(min_length=1, exclude=True)]

            @computed_field
            @property
            def count(self) -> int:
                return len(self.songs)

            @computed_field
            @property
            def seconds(self) -> int:
                return sum([piece.seconds for piece in self.songs])


        @app.post("/playlists")
        async def mix(mix: Mix) -> Mix:
            return mix
    """,
    mistakes=[
        Mistake(
            "class Song(BaseModel):\n    title: str\n    seconds: int = Field(gt=0)\n\n\n"
            "class Playlist(BaseModel):\n    name: str\n    songs: list[Song] = Field([], min_length=1)\n\n\n"
            '@app.post("/playlists")\ndef create(playlist: Playlist):\n'
            "    seconds = sum(song.seconds for song in playlist.songs)\n"
            '    return {"name": playlist.name, "count": len(playlist.songs), "seconds": seconds}',
            "a default is not checked",
        ),
        Mistake(
            "class Song(BaseModel):\n    title: str\n    seconds: int = Field(gt=0)\n\n\n"
            "class Playlist(BaseModel):\n    name: str\n    songs: Song\n\n\n"
            '@app.post("/playlists")\ndef create(playlist: Playlist):\n'
            '    return {"name": playlist.name, "count": 1, "seconds": playlist.songs.seconds}',
            "`list[Song]` is many",
        ),
        Mistake(
            "class Playlist(BaseModel):\n    name: str\n    songs: list\n\n\n"
            '@app.post("/playlists")\ndef create(playlist: Playlist):\n'
            '    return {"name": playlist.name, "count": len(playlist.songs),\n'
            '            "seconds": sum(song.seconds for song in playlist.songs)}',
            "does not say of what",
        ),
        Mistake(
            "class Song(BaseModel):\n    title: str\n    seconds: int = Field(gt=0)\n\n\n"
            "class Playlist(BaseModel):\n    name: str\n    songs: list[Song]\n\n\n"
            '@app.post("/playlists")\ndef create(playlist: Playlist):\n'
            '    return {"name": playlist.name, "count": len(playlist.songs),\n'
            '            "seconds": sum(song.seconds for song in playlist.songs)}',
            "`Field(min_length=1)` on the list",
        ),
        Mistake(
            "class Song(BaseModel):\n    title: str\n    seconds: int\n\n\n"
            "class Playlist(BaseModel):\n    name: str\n    songs: list[Song] = Field(min_length=1)\n\n\n"
            '@app.post("/playlists")\ndef create(playlist: Playlist):\n'
            '    return {"name": playlist.name, "count": len(playlist.songs),\n'
            '            "seconds": sum(song.seconds for song in playlist.songs)}',
            "A song of 0 seconds was taken",
        ),
        Mistake(
            "class Playlist(BaseModel):\n    name: str\n    songs: list[dict] = Field(min_length=1)\n\n\n"
            '@app.post("/playlists")\ndef create(playlist: Playlist):\n'
            '    return {"name": playlist.name, "count": len(playlist.songs),\n'
            '            "seconds": sum(song["seconds"] for song in playlist.songs)}',
            "A song without a title was taken",
        ),
    ],
    learned="`list[Song]` checks every item, and an error says which: places count from 0.",
)

SALES = {"front": {"count": 2, "price": 30}, "balcony": {"count": 5, "price": 10}}

sales = Exercise(
    "Names that you do not know before",
    steps=[
        request(
            "Two at 30 and five at 10 are 110",
            "POST /sales",
            json=SALES,
            returns={"total": 110},
            mistakes={
                lambda answer: "body.front" in answer.names: (
                    "What stands under a name was refused: it is an object with `count` and `price`. "
                    "`dict[str, Sale]`, with a model `Sale`, says so."
                ),
                lambda answer: any(name.startswith("body.") for name in answer.names): (
                    "The model asks for fields that were not sent. The names here are not known before: no model for the "
                    "whole, but `dict[str, Sale]`."
                ),
                lambda answer: answer.failure is not None and "'dict' object" in answer.failure.message: (
                    "The values are bare dictionaries in your function. `dict[str, Sale]` makes each of them a model."
                ),
                lambda answer: answer.failure is not None and "'str' object" in answer.failure.message: (
                    "Going through a dictionary gives its names. `sales.values()` gives what stands under them."
                ),
                is_not_subscriptable: 'Each sale is a model, its fields are attributes: `sale.count`, not `sale["count"]`.',
            },
        ),
        request(
            "Other areas: one at 7.5 is 7.5",
            "POST /sales",
            json={"garden": {"count": 1, "price": 7.5}},
            returns={"total": 7.5},
            mistakes={
                "garden": "7.5 was refused. The type of the price is `float`.",
                422: "Only certain names are known. `dict[str, Sale]` takes any.",
                500: "Only certain names are known. `sales.values()` goes through all that were sent.",
            },
            needs=1,
        ),
        request("Nothing sold: 0", "POST /sales", json={}, returns={"total": 0}, needs=1),
        request(
            "A sale of 0 tickets is refused, and its place is named",
            "POST /sales",
            json={**SALES, "box": {"count": 0, "price": 50}},
            names="body.box.count",
            mistakes={
                200: "A sale of 0 tickets was taken. `count: int = Field(ge=1)` in the model of a sale refuses it."
            },
            needs=1,
        ),
        request(
            "So is one without a price",
            "POST /sales",
            json={"front": {"count": 1}},
            names="body.front.price",
            mistakes={
                500: "It got into your function, and failed there. A model as the type of the values refuses it before.",
                200: "A sale without a price was taken. `price: float`, without a default, must be sent.",
            },
            needs=1,
        ),
    ],
    hints=[
        "A model for one sale: `count` and `price`. The whole body is a dictionary of them.",
        "The parameter: `sales: dict[str, Sale]`.",
        "`sum(sale.count * sale.price for sale in sales.values())`",
    ],
    stub="""
        # Exercise 6.3: POST /sales
    """,
    solution="""
        # Exercise 6.3: POST /sales
        class Sale(BaseModel):
            count: int = Field(ge=1)
            price: float


        @app.post("/sales")
        def add_up(sales: dict[str, Sale]):
            return {"total": sum(sale.count * sale.price for sale in sales.values())}
    """,
    another="""
        # Exercise 6.3: POST /sales
        from pydantic import PositiveInt, RootModel


        class Tickets(BaseModel):
            count: PositiveInt
            price: float

            def total(self) -> float:
                return self.count * self.price


        class Evening(RootModel[dict[str, Tickets]]):
            pass


        @app.post("/sales")
        async def total(evening: Evening) -> dict[str, float]:
            return {"total": sum(map(Tickets.total, evening.root.values()))}
    """,
    mistakes=[
        Mistake(
            "class Sale(BaseModel):\n    count: int = Field(ge=1)\n    price: float\n\n\n"
            '@app.post("/sales")\ndef add(sales: Sale):\n    return {"total": sales.count * sales.price}',
            "The names here are not known before",
        ),
        Mistake(
            '@app.post("/sales")\ndef add(sales: dict[str, float]):\n    return {"total": sum(sales.values())}',
            "What stands under a name was refused",
        ),
        Mistake(
            "class Sale(BaseModel):\n    count: int = Field(ge=1)\n    price: float\n\n\n"
            '@app.post("/sales")\ndef add(sales: dict[str, Sale]):\n'
            '    return {"total": sum(sale.count * sale.price for sale in sales)}',
            "Going through a dictionary gives its names",
        ),
        Mistake(
            '@app.post("/sales")\ndef add(sales: dict[str, dict]):\n'
            '    return {"total": sum(sale["count"] * sale["price"] for sale in sales.values())}',
            "A model as the type of the values",
        ),
        Mistake(
            "class Sale(BaseModel):\n    count: int = Field(ge=1)\n    price: float\n\n\n"
            '@app.post("/sales")\ndef add(sales: dict[str, Sale]):\n'
            '    return {"total": sum(sale["count"] * sale["price"] for sale in sales.values())}',
            "Each sale is a model",
        ),
        Mistake(
            "class Sale(BaseModel):\n    count: int = Field(ge=1)\n    price: float\n\n\n"
            "class Sales(BaseModel):\n    front: Sale\n    balcony: Sale\n\n\n"
            '@app.post("/sales")\ndef add(sales: Sales):\n'
            '    return {"total": sum(sale.count * sale.price for _, sale in sales)}',
            "Only certain names are known",
        ),
    ],
    learned="Known names: a model. Names that come with the data: `dict[str, Model]`, and every value is checked.",
)

TREE = {
    "text": "Great evening!",
    "replies": [
        {"text": "Yes!", "replies": [{"text": "The encore!", "replies": []}]},
        {"text": "Too loud."},
    ],
}

comments = Exercise(
    "Comments on comments",
    steps=[
        request(
            "A comment without replies counts 1",
            "POST /comments",
            json={"text": "Hello"},
            returns={"count": 1},
            mistakes={
                lambda answer: answer.json == {"count": 0}: "The comment itself counts too: 1, and its replies.",
                "body.replies": (
                    "`replies` must be sent now, and then every comment would need replies for ever. A default ends it: "
                    "`= []`."
                ),
            },
        ),
        request(
            "With replies, and a reply to one of them: 4",
            "POST /comments",
            json=TREE,
            returns={"count": 4},
            mistakes={
                lambda answer: answer.json["count"] == 3: (
                    "The reply to a reply is not counted. Each reply is a comment, so it can be counted by the same "
                    "function."
                ),
                lambda answer: answer.json["count"] == 2: "Those two are the replies. The comment itself counts, too.",
                lambda answer: answer.json["count"] == 1: "Only the first is counted. Go through `comment.replies`.",
                lambda answer: answer.failure is not None and "'dict' object" in answer.failure.message: (
                    "The replies are bare dictionaries in your function. `list` alone takes anything; "
                    '`list["Comment"]`, with the name in quotation marks, makes each a comment.'
                ),
            },
            needs=1,
        ),
        request(
            "A reply without a text, two levels down, is named",
            "POST /comments",
            json={"text": "Hello", "replies": [{"text": "Hi", "replies": [{"txt": "Hm"}]}]},
            names="body.replies.0.replies.0.text",
            mistakes={
                200: (
                    "It was taken, without a text. The type of the replies should be the model itself, at every level: "
                    '`list["Comment"]`.'
                ),
                500: "It got into your function, and failed there: the type of the replies should be the model itself.",
            },
            needs=1,
        ),
    ],
    hints=[
        'A model that holds itself: `replies: list["Comment"] = []`, the name in quotation marks.',
        "A function for counting: 1, plus the count of each reply. It calls itself.",
        "`def count(comment): return 1 + sum(count(reply) for reply in comment.replies)`",
    ],
    stub="""
        # Exercise 6.4: POST /comments
    """,
    solution="""
        # Exercise 6.4: POST /comments
        class Comment(BaseModel):
            text: str
            replies: list["Comment"] = []


        def count(comment: Comment) -> int:
            return 1 + sum(count(reply) for reply in comment.replies)


        @app.post("/comments")
        def count_comments(comment: Comment):
            return {"count": count(comment)}
    """,
    another="""
        # Exercise 6.4: POST /comments
        class Remark(BaseModel):
            text: str
            replies: "tuple[Remark, ...]" = ()


        @app.post("/comments")
        async def measure(remark: Remark) -> dict[str, int]:
            waiting, seen = [remark], 0
            while waiting:
                waiting.extend(waiting.pop().replies)
                seen += 1
            return {"count": seen}
    """,
    mistakes=[
        Mistake(
            'class Comment(BaseModel):\n    text: str\n    replies: list["Comment"]\n\n\n'
            "def count(comment):\n    return 1 + sum(count(reply) for reply in comment.replies)\n\n\n"
            '@app.post("/comments")\ndef comments(comment: Comment):\n    return {"count": count(comment)}',
            "A default ends it",
        ),
        Mistake(
            'class Comment(BaseModel):\n    text: str\n    replies: list["Comment"] = []\n\n\n'
            '@app.post("/comments")\ndef comments(comment: Comment):\n'
            '    return {"count": 1 + len(comment.replies)}',
            "The reply to a reply is not counted",
        ),
        Mistake(
            "class Comment(BaseModel):\n    text: str\n    replies: list = []\n\n\n"
            "def count(comment):\n    return 1 + sum(count(reply) for reply in comment.replies)\n\n\n"
            '@app.post("/comments")\ndef comments(comment: Comment):\n    return {"count": count(comment)}',
            "with the name in quotation marks",
        ),
        Mistake(
            "class Comment(BaseModel):\n    text: str\n    replies: list[dict] = []\n\n\n"
            'def count(comment):\n    return 1 + sum(count(reply) for reply in comment.get("replies", []))\n\n\n'
            '@app.post("/comments")\ndef comments(comment: Comment):\n    return {"count": count(comment.model_dump())}',
            "It was taken, without a text",
        ),
    ],
    learned="A model may hold itself; its name stands in quotation marks, as the class is not finished there.",
)

lesson = Lesson("Nested models", exercises=[concerts, playlists, sales, comments], minutes=15)
