"""Lesson 22: WebSockets and server-sent events."""

import asyncio
import json
import re
from uuid import uuid4

from routebook_kernel import WebSocketClosedError, WebSocketRejectedError
from routebook_kernel.learn import (
    CheckFailedError,
    Exercise,
    Lesson,
    Mistake,
    closes,
    do,
    receive,
    request,
    send,
    socket,
)

loudspeaker = Exercise(
    "The loudspeaker",
    steps=[
        socket(
            "A text comes back louder",
            "/loudspeaker",
            send("the train to Rye is late"),
            receive("ATTENTION: the train to Rye is late"),
            mistakes={
                1011: (
                    "Your function raised an exception. Every WebSocket function begins with `await "
                    "websocket.accept()`, once, and then it may talk."
                ),
                1000: (
                    "Nothing was sent, or nobody listens at `/loudspeaker`. The decorator is `@app.websocket(…)`, and "
                    "`accept`, `receive_text` and `send_text` are all awaited."
                ),
                "No response": "Your function takes the text and sends nothing: `await websocket.send_text(…)`.",
                '"ATTENTION': "A text in quotes is JSON. `send_text` sends a text as it is, `send_json` writes JSON.",
            },
        ),
        socket(
            "And the next one too",
            "/loudspeaker",
            send("mind the gap"),
            receive("ATTENTION: mind the gap"),
            send("stand clear"),
            receive("ATTENTION: stand clear"),
            send("all aboard"),
            receive("ATTENTION: all aboard"),
            mistakes={
                1000: (
                    "The connection lives as long as your function runs, and it returned after a message. Put receiving "
                    "and sending into a loop, `while True:`."
                ),
                "mind the gap": "The first text came again: receive a new one in each round of the loop.",
            },
            needs=1,
        ),
        socket(
            "`end` ends it",
            "/loudspeaker",
            send("mind the gap"),
            receive("ATTENTION: mind the gap"),
            send("end"),
            closes(1000),
            mistakes={
                "ATTENTION: end": '`end` was announced. Look at the text before you send: `if text == "end":`.',
                "No response": "Nothing happened after `end`. `await websocket.close()`, and leave the loop.",
                1011: "An exception came after `end`. After `close()` nothing more can be received or sent: leave the loop.",
            },
            needs=2,
        ),
    ],
    hints=[
        "Begin as `speak` does above, and put receiving and sending into `while True:`.",
        '`text = await websocket.receive_text()`; `await websocket.send_text(f"ATTENTION: {text}")`.',
        'Between the two: `if text == "end":`, and there `await websocket.close()` and `return`.',
    ],
    stub="""
        # Exercise 22.1: a WebSocket at /loudspeaker announces each text, until `end`
    """,
    solution="""
        # Exercise 22.1: a WebSocket at /loudspeaker announces each text, until `end`
        @app.websocket("/loudspeaker")
        async def announce(websocket: WebSocket):
            await websocket.accept()
            while True:
                text = await websocket.receive_text()
                if text == "end":
                    await websocket.close()
                    return
                await websocket.send_text(f"ATTENTION: {text}")
    """,
    another="""
        # Exercise 22.1: a WebSocket at /loudspeaker announces each text, until `end`
        @app.websocket("/loudspeaker")
        async def loud(socket: WebSocket) -> None:
            await socket.accept()
            async for words in socket.iter_text():
                if words == "end":
                    break
                await socket.send_text("ATTENTION: " + words)
            await socket.close(code=1000)
    """,
    mistakes=[
        Mistake(
            '@app.websocket("/loudspeaker")\nasync def announce(websocket: WebSocket):\n    while True:\n'
            "        text = await websocket.receive_text()\n"
            '        await websocket.send_text(f"ATTENTION: {text}")',
            "begins with `await websocket.accept()`",
        ),
        Mistake(
            '@app.websocket("/loudspeaker")\nasync def announce(websocket: WebSocket):\n'
            "    await websocket.accept()\n    await websocket.accept()\n"
            "    text = await websocket.receive_text()\n"
            '    await websocket.send_text(f"ATTENTION: {text}")',
            "`await websocket.accept()`, once",
        ),
        Mistake(
            '@app.websocket("/loudspeaker")\nasync def announce(websocket: WebSocket):\n'
            "    await websocket.accept()\n    text = await websocket.receive_text()\n"
            '    await websocket.send_text(f"ATTENTION: {text}")',
            "lives as long as your function runs",
        ),
        Mistake(
            '@app.websocket("/loudspeaker")\nasync def announce(websocket: WebSocket):\n'
            "    await websocket.accept()\n    text = await websocket.receive_text()\n"
            '    websocket.send_text(f"ATTENTION: {text}")',
            "are all awaited",
        ),
        Mistake(
            '@app.get("/loudspeaker")\nasync def announce(text: str):\n    return f"ATTENTION: {text}"',
            "The decorator is `@app.websocket(…)`",
        ),
        Mistake(
            '@app.websocket("/loudspeaker")\nasync def announce(websocket):\n    await websocket.accept()\n'
            '    while (text := await websocket.receive_text()) != "end":\n'
            '        await websocket.send_text(f"ATTENTION: {text}")',
            "the parameter of the type `WebSocket`",
        ),
        Mistake(
            '@app.websocket("/loudspeaker")\nasync def announce(websocket: WebSocket):\n'
            "    await websocket.accept()\n    while True:\n        text = await websocket.receive_text()\n"
            '        await websocket.send_text(f"ATTENTION: {text}")',
            "`end` was announced",
        ),
    ],
    learned=(
        "Accept, then receive and send in a loop, for as long as the function runs. Everything about a WebSocket is "
        "awaited: while one waits for its next text, all others are served."
    ),
)


def _end_of(probe, url):
    """Whether a connection was accepted, and the code that it ended with."""

    async def knock():
        try:
            async with probe.client.websocket_connect(url) as connection:
                try:
                    text = await connection.receive_text()
                except WebSocketClosedError as end:
                    return True, end.code
                raise CheckFailedError(
                    f"`{text}`", expected="that it closes with `4401`", hint="This one should not come in."
                )
        except WebSocketRejectedError as end:
            return False, end.code

    return probe.run(knock(), 3)


def _strangers_stay_out(probe):
    for url in ("/platforms/3?key=yellow", "/platforms/3"):
        is_accepted, code = _end_of(probe, url)
        if is_accepted and code == 4401:
            continue
        hint = '`await websocket.close(4401, "Wrong key")`, and then `return`.'
        if code == 1008 and url.endswith("/3"):
            hint = "The key is required, so that a missing one is refused before your function runs. Give it a default."
        elif not is_accepted:
            hint = (
                "It was refused before it was accepted: a browser sees no more than that it failed. First `await "
                "websocket.accept()`, then close it with the code."
            )
        raise CheckFailedError(
            f"`{url}` was {'accepted and closed' if is_accepted else 'refused'} with `{code}`",
            expected="that it is accepted, and closed with `4401`",
            hint=hint,
        )


def _numbers_are_numbers(probe):
    is_accepted, code = _end_of(probe, "/platforms/three?key=blue")
    if code != 1008:
        raise CheckFailedError(
            f"`/platforms/three` was {'accepted and closed' if is_accepted else 'refused'} with `{code}`",
            expected="that it is refused with `1008`",
            hint="Say that the number is one, `number: int`: what does not fit is refused before your function runs.",
        )


platform = Exercise(
    "Whom you talk to",
    steps=[
        socket(
            "The right key comes in",
            "/platforms/3?key=blue",
            receive({"platform": 3}),
            mistakes={
                '"3"': "The number is a text in your answer. `number: int` in the function makes it a number.",
                1011: "Your function raised an exception. Is the connection accepted first, and what is sent an object?",
                1008: (
                    "A parameter did not fit. Those in braces have the same name in the function; `key` comes from the "
                    "query."
                ),
                4401: "The key `blue` was sent, in the query, and turned away.",
                "No response": "Nothing was sent. The first word is yours: `await websocket.send_json(…)`.",
            },
        ),
        socket(
            "Objects come back with the platform",
            "/platforms/12?key=blue",
            receive({"platform": 12}),
            send({"train": "S1"}),
            receive({"platform": 12, "train": "S1"}),
            send({"train": "IC 5", "late": 4}),
            receive({"platform": 12, "train": "IC 5", "late": 4}),
            mistakes={
                1000: "The function ended. The loop comes after the first message, and goes on: `while True:`.",
                1011: "An exception ended it. `await websocket.receive_json()` gives the object that was sent.",
                "No response": 'Receive an object, and send it back with the platform: `{"platform": number, **message}`.',
            },
            needs=1,
        ),
        do("Without the key the door is closed, and says so", _strangers_stay_out),
        do("A platform is a number", _numbers_are_numbers, needs=1),
    ],
    hints=[
        '`async def talk(websocket: WebSocket, number: int, key: str = ""):` reads path and query.',
        'Accept first. Then `if key != "blue":` close with `4401` and `return`.',
        'Then `await websocket.send_json({"platform": number})`, and a loop with `receive_json` and `send_json`.',
    ],
    stub="""
        # Exercise 22.2: a WebSocket at /platforms/{number}?key=blue talks JSON
    """,
    solution="""
        # Exercise 22.2: a WebSocket at /platforms/{number}?key=blue talks JSON
        @app.websocket("/platforms/{number}")
        async def talk(websocket: WebSocket, number: int, key: str = ""):
            await websocket.accept()
            if key != "blue":
                await websocket.close(4401, "Wrong key")
                return
            await websocket.send_json({"platform": number})
            while True:
                message = await websocket.receive_json()
                await websocket.send_json({"platform": number, **message})
    """,
    another="""
        # Exercise 22.2: a WebSocket at /platforms/{number}?key=blue talks JSON
        async def guarded(websocket: WebSocket, key: Annotated[str | None, Query()] = None):
            await websocket.accept()
            if key != "blue":
                raise WebSocketException(4401, "Wrong key")
            return websocket


        @app.websocket("/platforms/{platform}")
        async def platform_socket(platform: int, socket: Annotated[WebSocket, Depends(guarded)]):
            await socket.send_json({"platform": platform})
            async for message in socket.iter_json():
                await socket.send_json(message | {"platform": platform})
    """,
    mistakes=[
        Mistake(
            '@app.websocket("/platforms/{number}")\n'
            'async def talk(websocket: WebSocket, number: int, key: str = ""):\n    if key != "blue":\n'
            "        await websocket.close(4401)\n        return\n    await websocket.accept()\n"
            '    await websocket.send_json({"platform": number})\n    while True:\n'
            "        message = await websocket.receive_json()\n"
            '        await websocket.send_json({"platform": number, **message})',
            "refused before it was accepted",
        ),
        Mistake(
            '@app.websocket("/platforms/{number}")\nasync def talk(websocket: WebSocket, number: int, key: str):\n'
            '    await websocket.accept()\n    if key != "blue":\n        await websocket.close(4401)\n        return\n'
            '    await websocket.send_json({"platform": number})\n    while True:\n'
            "        message = await websocket.receive_json()\n"
            '        await websocket.send_json({"platform": number, **message})',
            "Give it a default",
        ),
        Mistake(
            '@app.websocket("/platforms/{number}")\n'
            'async def talk(websocket: WebSocket, number, key: str = ""):\n    await websocket.accept()\n'
            '    if key != "blue":\n        await websocket.close(4401)\n        return\n'
            '    await websocket.send_json({"platform": number})',
            "`number: int`",
        ),
    ],
    learned=(
        "Path, query, headers and dependencies work as in an operation; what does not fit is refused with 1008. A browser "
        "reads a code of your own only when the connection was accepted first."
    ),
)


def _listeners(probe):
    answer = probe.get("/board")
    count = answer.json.get("listeners") if isinstance(answer.json, dict) else None
    if not isinstance(count, int):
        raise CheckFailedError(
            f"`{answer.status_text}` with `{answer.text}`", expected='`{"listeners": 0}` from `GET /board`'
        )
    return count


def _everybody_hears(probe):
    word = uuid4().hex[:6]
    before = _listeners(probe)

    async def heard_by(connection):
        try:
            return await asyncio.wait_for(connection.receive_text(), 0.5)
        except TimeoutError:
            return None

    async def meet():
        async with probe.client.websocket_connect("/board?name=Ada") as ada:
            async with probe.client.websocket_connect("/board?name=Bo") as bo:
                await ada.send_text(word)
                heard = {"Ada": await heard_by(ada), "Bo": await heard_by(bo)}
                count = (await probe.client.get("/board")).json()["listeners"]
            await ada.send_text(f"{word} again")
            again = await heard_by(ada)
            async with probe.client.websocket_connect("/board?name=Ada") as namesake:
                await namesake.send_text(word)
                return heard, count, again, [await heard_by(ada), await heard_by(namesake)]

    try:
        heard, count, again, namesakes = probe.run(meet())
    except (WebSocketClosedError, WebSocketRejectedError) as end:
        raise CheckFailedError(
            str(end),
            expected="two who talk at `/board?name=…`",
            hint="Accept, keep the connection in a list, then receive in a loop, and send to all in the list.",
        ) from end
    for name, came in heard.items():
        if came != f"Ada: {word}":
            others = "Only the one who sends hears it. Send to each connection in a list, with `for`."
            raise CheckFailedError(
                f"{name} heard `{came}`" if came else f"{name} heard nothing",
                expected=f"`Ada: {word}`, for Ada and for Bo",
                hint=others if name == "Bo" else "Everybody hears it, the one who sends too: `Ada: …`, with the name.",
            )
    if count != before + 2:
        raise CheckFailedError(
            f"{count - before} with two connected",
            expected="2 listeners",
            hint="`GET /board` answers the length of the list of connections.",
        )
    if again != f"Ada: {word} again":
        raise CheckFailedError(
            f"when Bo was gone, Ada heard `{again}`",
            expected="that those who stay go on",
            hint="Whoever leaves is taken out of the list; the others are still in it.",
        )
    if namesakes != [f"Ada: {word}"] * 2:
        raise CheckFailedError(
            "of two who are called Ada, one heard nothing",
            expected="that everybody who is connected hears it",
            hint="Two may have the same name: keep the connections themselves, in a list or a set, not under the name.",
        )
    left = _listeners(probe)
    if left > before:
        raise CheckFailedError(
            f"both are gone, and {left - before} are still counted",
            expected="that nobody is left in the list",
            hint=(
                "When a client leaves, `receive_text` raises `WebSocketDisconnect`. Take its connection out of the list "
                "in a `finally`, which runs however the loop ends."
            ),
        )


board = Exercise(
    "One for all",
    steps=[
        request("The listeners are counted", "GET /board", includes={"listeners": int}),
        do("Everybody hears it, and who leaves is gone", _everybody_hears, needs=1),
    ],
    hints=[
        "After `accept`: `connections.append(websocket)`. In the loop: `for each in list(connections): await each.send_text(…)`.",
        "`try:` round the loop; `except WebSocketDisconnect: pass`; `finally: connections.remove(websocket)`.",
        '`GET /board` and the WebSocket may have the same path: `return {"listeners": len(connections)}`.',
    ],
    stub="""
        # Exercise 22.3: a WebSocket at /board?name=Ada for all; GET /board counts the listeners
    """,
    solution="""
        # Exercise 22.3: a WebSocket at /board?name=Ada for all; GET /board counts the listeners
        connections = []


        @app.websocket("/board")
        async def join(websocket: WebSocket, name: str):
            await websocket.accept()
            connections.append(websocket)
            try:
                while True:
                    text = await websocket.receive_text()
                    for each in list(connections):
                        await each.send_text(f"{name}: {text}")
            except WebSocketDisconnect:
                pass
            finally:
                connections.remove(websocket)


        @app.get("/board")
        def count_listeners():
            return {"listeners": len(connections)}
    """,
    another="""
        # Exercise 22.3: a WebSocket at /board?name=Ada for all; GET /board counts the listeners
        class Board:
            def __init__(self):
                self.sockets = set()

            async def say(self, text):
                await asyncio.gather(*(socket.send_text(text) for socket in self.sockets))


        the_board = Board()


        async def seat(websocket: WebSocket):
            await websocket.accept()
            the_board.sockets.add(websocket)
            try:
                yield websocket
            finally:
                the_board.sockets.discard(websocket)


        @app.websocket("/board")
        async def board(name: str, socket: Annotated[WebSocket, Depends(seat)]):
            async for text in socket.iter_text():
                await the_board.say(f"{name}: {text}")


        @app.get("/board")
        async def board_size() -> dict[str, int]:
            return {"listeners": len(the_board.sockets)}
    """,
    mistakes=[
        Mistake(
            'connections = []\n\n\n@app.websocket("/board")\nasync def join(websocket: WebSocket, name: str):\n'
            "    await websocket.accept()\n    connections.append(websocket)\n    while True:\n"
            "        text = await websocket.receive_text()\n        for each in connections:\n"
            '            await each.send_text(f"{name}: {text}")\n\n\n'
            '@app.get("/board")\ndef count():\n    return {"listeners": len(connections)}',
            "in a `finally`",
        ),
        Mistake(
            'connections = []\n\n\n@app.websocket("/board")\nasync def join(websocket: WebSocket, name: str):\n'
            "    await websocket.accept()\n    connections.append(websocket)\n    try:\n        while True:\n"
            "            text = await websocket.receive_text()\n"
            '            await websocket.send_text(f"{name}: {text}")\n'
            "    except WebSocketDisconnect:\n        connections.remove(websocket)\n\n\n"
            '@app.get("/board")\ndef count():\n    return {"listeners": len(connections)}',
            "Only the one who sends hears it",
        ),
        Mistake(
            'connections = []\n\n\n@app.websocket("/board")\nasync def join(websocket: WebSocket, name: str):\n'
            "    await websocket.accept()\n    connections.append(websocket)\n    try:\n        while True:\n"
            "            text = await websocket.receive_text()\n            for each in connections:\n"
            "                if each is not websocket:\n"
            '                    await each.send_text(f"{name}: {text}")\n'
            "    except WebSocketDisconnect:\n        connections.remove(websocket)\n\n\n"
            '@app.get("/board")\ndef count():\n    return {"listeners": len(connections)}',
            "the one who sends too",
        ),
        Mistake(
            'connections = []\n\n\n@app.websocket("/board")\nasync def join(websocket: WebSocket, name: str):\n'
            "    await websocket.accept()\n    connections.append(websocket)\n    try:\n        while True:\n"
            "            text = await websocket.receive_text()\n            for each in connections:\n"
            '                await each.send_text(f"{name}: {text}")\n'
            "    except WebSocketDisconnect:\n        connections.clear()\n\n\n"
            '@app.get("/board")\ndef count():\n    return {"listeners": len(connections)}',
            "the others are still in it",
        ),
        Mistake(
            'connections = {}\n\n\n@app.websocket("/board")\nasync def join(websocket: WebSocket, name: str):\n'
            "    await websocket.accept()\n    connections[name] = websocket\n    try:\n"
            "        async for text in websocket.iter_text():\n            for each in list(connections.values()):\n"
            '                await each.send_text(f"{name}: {text}")\n'
            "    finally:\n        connections.pop(name, None)\n\n\n"
            '@app.get("/board")\ndef count():\n    return {"listeners": len(connections)}',
            "Two may have the same name",
        ),
    ],
    learned=(
        "The list of connections is yours to keep: in after `accept`, out in `finally`. In several server processes each "
        "has a list of its own; a broker such as Redis then stands between them."
    ),
)


def _events(answer):
    """The events of a stream: each a dictionary of its fields."""
    events = []
    for block in re.split(r"\n\n", answer.text.replace("\r\n", "\n")):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line and not line.startswith(":"))
        if fields:
            events.append(fields)
    return events


def _trains_of(answer):
    return [json.loads(event.get("data", "null")) for event in _events(answer)]


def _all_trains_come(probe):
    trains = probe.value("TRAINS")
    trains.append(f"X{uuid4().hex[:3]}")
    try:
        answer = probe.get("/departures")
        wanted = [{"train": train} for train in trains]
    finally:
        trains.pop()
    events = _events(answer)
    came = f"{len(events)} events"
    try:
        data = _trains_of(answer)
    except ValueError:
        raise CheckFailedError(
            "data that is no JSON",
            expected=f"{len(wanted)} events with JSON as their data",
            hint="`ServerSentEvent(data={…})` writes the JSON; `raw_data` is for text that is sent as it is.",
        ) from None
    if data != wanted:
        if answer.failure is not None and "ServerSentEvent\nid" in answer.failure.message:
            raise CheckFailedError("no event", expected="events with an id", hint="An id is a text: `id=str(number)`.")
        hint = "One event for each train in `TRAINS`: `for train in TRAINS:`, and a `yield` in it."
        if data and isinstance(data[0], str):
            hint = 'The data is a text. Give the object itself, `data={"train": train}`, and it is written as JSON.'
        raise CheckFailedError(
            came, expected=f"{len(wanted)} events, the first with `{json.dumps(wanted[0])}`", hint=hint
        )
    if any(event.get("event") != "departure" for event in events):
        raise CheckFailedError(
            f"the types {', '.join(str(event.get('event')) for event in events[:3])} …",
            expected="events of the type `departure`",
            hint='`ServerSentEvent(…, event="departure")` names the type.',
        )
    if [event.get("id") for event in events] != [str(n) for n in range(1, len(wanted) + 1)]:
        raise CheckFailedError(
            f"the ids {', '.join(str(event.get('id')) for event in events[:3])} …",
            expected="the ids 1, 2, 3 …",
            hint="`for number, train in enumerate(TRAINS, start=1):`, and `id=str(number)`: an id is a text.",
        )


def _goes_on(probe):
    for last in (2, 3):
        answer = probe.get("/departures", headers={"last-event-id": str(last)})
        ids = [event.get("id") for event in _events(answer)]
        wanted = [str(n) for n in range(last + 1, len(probe.value("TRAINS")) + 1)]
        if ids != wanted:
            hint = (
                "Take the header, `last_event_id: Annotated[int, Header()] = 0`, and leave out what has come already."
            )
            if len(ids) == len(wanted):
                hint = "The right trains, numbered anew: the ids go on as well."
            elif ids and ids[0] == str(last):
                hint = "The last event came twice: go on with the one behind it."
            raise CheckFailedError(
                f"ids {', '.join(map(str, ids)) or 'none'}",
                expected=f"ids {', '.join(wanted)} after `Last-Event-ID: {last}`",
                hint=hint,
            )


departures = Exercise(
    "Departures, live",
    steps=[
        request(
            "The stream is one of events",
            "GET /departures",
            has_headers={"content-type": re.compile("text/event-stream.*")},
            mistakes={
                lambda answer: answer.failure is not None: (
                    "A stream comes from a function that yields. With `return` there is only one value, and it is no event."
                ),
                lambda answer: "jsonl" in answer.headers.get("content-type", ""): (
                    "What you yield came as lines of JSON. `response_class=EventSourceResponse` in the decorator makes "
                    "events of it."
                ),
                "header": (
                    "A browser that comes for the first time has no last event: `Last-Event-ID` may be missing. Give the "
                    "header a default."
                ),
                lambda answer: "json" in answer.headers.get("content-type", ""): (
                    "This is one JSON answer. A function that yields, and `response_class=EventSourceResponse` in the "
                    "decorator, make a stream of events."
                ),
            },
        ),
        do("Each train is an event with a type and an id", _all_trains_come, needs=1),
        do("Whoever comes back goes on where they were", _goes_on, needs=2),
    ],
    hints=[
        '`@app.get("/departures", response_class=EventSourceResponse)`, and a function that yields.',
        '`yield ServerSentEvent(data={"train": train}, event="departure", id=str(number))`.',
        "`last_event_id: Annotated[int, Header()] = 0` reads the header; send only numbers that are greater.",
    ],
    stub="""
        # Exercise 22.4: GET /departures sends each of TRAINS as an event, from the Last-Event-ID on
    """,
    solution="""
        # Exercise 22.4: GET /departures sends each of TRAINS as an event, from the Last-Event-ID on
        @app.get("/departures", response_class=EventSourceResponse)
        async def departures(last_event_id: Annotated[int, Header()] = 0):
            for number, train in enumerate(TRAINS, start=1):
                if number > last_event_id:
                    yield ServerSentEvent(data={"train": train}, event="departure", id=str(number))
    """,
    another="""
        # Exercise 22.4: GET /departures sends each of TRAINS as an event, from the Last-Event-ID on
        from pydantic import BaseModel


        class Departure(BaseModel):
            train: str


        @app.get("/departures", response_class=EventSourceResponse)
        def stream_departures(last: str | None = Header(None, alias="Last-Event-ID")):
            begin = int(last or 0)
            for offset, train in enumerate(TRAINS[begin:]):
                yield ServerSentEvent(id=f"{begin + offset + 1}", event="departure", data=Departure(train=train))
    """,
    mistakes=[
        Mistake(
            '@app.get("/departures")\nasync def departures():\n    for train in TRAINS:\n        yield {"train": train}',
            "came as lines of JSON",
        ),
        Mistake(
            '@app.get("/departures")\nasync def departures():\n    return [{"train": train} for train in TRAINS]',
            "This is one JSON answer",
        ),
        Mistake(
            '@app.get("/departures", response_class=EventSourceResponse)\nasync def departures():\n'
            '    for train in TRAINS:\n        yield {"train": train}',
            "names the type",
        ),
        Mistake(
            '@app.get("/departures", response_class=EventSourceResponse)\nasync def departures():\n'
            "    for number, train in enumerate(TRAINS, start=1):\n"
            '        yield ServerSentEvent(data={"train": train}, event="departure", id=str(number))',
            "Take the header",
        ),
        Mistake(
            '@app.get("/departures", response_class=EventSourceResponse)\n'
            "async def departures(last_event_id: Annotated[int, Header()] = 0):\n"
            "    for number, train in enumerate(TRAINS[last_event_id:], start=1):\n"
            '        yield ServerSentEvent(data={"train": train}, event="departure", id=str(number))',
            "the ids go on as well",
        ),
        Mistake(
            '@app.get("/departures", response_class=EventSourceResponse)\n'
            "async def departures(last_event_id: Annotated[int, Header()] = 0):\n"
            "    for number, train in enumerate(TRAINS, start=1):\n        if number >= last_event_id:\n"
            '            yield ServerSentEvent(data={"train": train}, event="departure", id=str(number))',
            "came twice",
        ),
        Mistake(
            '@app.get("/departures", response_class=EventSourceResponse)\n'
            "async def departures(last_event_id: Annotated[int, Header()]):\n"
            "    for number, train in enumerate(TRAINS, start=1):\n        if number > last_event_id:\n"
            '            yield ServerSentEvent(data={"train": train}, event="departure", id=str(number))',
            "for the first time",
        ),
        Mistake(
            '@app.get("/departures", response_class=EventSourceResponse)\n'
            "async def departures(last_event_id: Annotated[int, Header()] = 0):\n"
            "    for number, train in enumerate(TRAINS, start=1):\n        if number > last_event_id:\n"
            '            yield ServerSentEvent(data={"train": train}, event="departure", id=number)',
            "An id is a text",
        ),
    ],
    learned=(
        "Server-sent events are a response that goes on: each has data, and where you want a type and an id. A browser "
        "comes back by itself and says with `Last-Event-ID` what it has seen."
    ),
)

lesson = Lesson("WebSockets and server-sent events", exercises=[loudspeaker, platform, board, departures], minutes=20)
