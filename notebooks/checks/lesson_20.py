"""Lesson 20: a real database."""

from uuid import uuid4

from routebook_kernel.learn import CheckFailedError, Exercise, Lesson, Mistake, do, request, trace


def _never_awaited(answer):
    return answer.failure is not None and "coroutine" in answer.failure.message


AWAIT = "A session's `execute`, `scalars`, `get` and `commit` are coroutines: `await` each of them."


def _is_kept(probe):
    place = f"place-{uuid4().hex[:6]}"
    for plant in (1, 2):
        answer = probe.post("/sightings", json={"plant_id": plant, "place": place})
        if answer.status != 201 or not isinstance(answer.json, dict) or answer.json.get("plant_id") != plant:
            raise CheckFailedError(f"`{answer.status_text}` with `{answer.text}`", expected="`201` with the sighting")
    answer = probe.get(f"/sightings?place={place}")
    if answer.status != 200:
        raise CheckFailedError(
            f"`{answer.status_text}` {answer.failure_text}",
            expected="`200` with a list",
            hint=AWAIT if _never_awaited(answer) else "",
        )
    seen = answer.json if isinstance(answer.json, list) else []
    if len(seen) < 2:
        raise CheckFailedError(
            f"`{answer.text}`",
            expected=f"the two sightings at `{place}`",
            hint=(
                "They were answered and not kept. `await session.commit()` in the operation keeps them; `add` and `flush` "
                "alone are undone when the session is closed. Without `await`, nothing happens either."
            ),
        )
    if any(each.get("place") != place for each in seen if isinstance(each, dict)):
        raise CheckFailedError(
            f"sightings at {', '.join(sorted({each['place'] for each in seen}))}",
            expected=f"only those at `{place}`",
            hint="All came. `select(Sighting).where(Sighting.place == place)` chooses.",
        )


sightings = Exercise(
    "Seen on the moor",
    steps=[
        request(
            "A sighting is taken down",
            "POST /sightings",
            json={"plant_id": 1, "place": "moor"},
            status=201,
            includes={"id": int, "plant_id": 1, "place": "moor"},
            mistakes={
                _never_awaited: AWAIT,
                lambda answer: answer.failure is not None and "'id'" in answer.failure.message: (
                    "The sighting has no `id` yet: the database gives it one when it is written, at `await "
                    "session.commit()`."
                ),
                200: "A new thing is a `201`: `status_code=201` in the decorator.",
            },
        ),
        do("What was taken down is found again, by its place", _is_kept, needs=1),
        trace(
            "Each request has a session of its own",
            "GET /sightings?place=moor",
            order=("dependency get_session", "endpoint", "teardown get_session"),
            mistakes={
                lambda answer: answer.status == 200: (
                    "The operation did not ask for `get_session`. A parameter `session: Session` gets one, closed "
                    "after the request."
                ),
            },
            needs=2,
        ),
    ],
    hints=[
        "Both take `session: Session`; the first also takes `sighting: NewSighting`, the second `place: str`.",
        "`row = Sighting(plant_id=sighting.plant_id, place=sighting.place)`, `session.add(row)`, `await session.commit()`.",
        "`rows = await session.scalars(select(Sighting).where(Sighting.place == place))`, and `rows.all()`.",
    ],
    stub="""
        # Exercise 20.1: POST /sightings writes a sighting down, GET /sightings?place=moor finds those at a place
    """,
    solution="""
        # Exercise 20.1: POST /sightings writes a sighting down, GET /sightings?place=moor finds those at a place
        @app.post("/sightings", status_code=201)
        async def add_sighting(sighting: NewSighting, session: Session) -> SightingOut:
            row = Sighting(plant_id=sighting.plant_id, place=sighting.place)
            session.add(row)
            await session.commit()
            return row


        @app.get("/sightings")
        async def find_sightings(place: str, session: Session) -> list[SightingOut]:
            rows = await session.scalars(select(Sighting).where(Sighting.place == place))
            return rows.all()
    """,
    another="""
        # Exercise 20.1: POST /sightings writes a sighting down, GET /sightings?place=moor finds those at a place
        @app.post("/sightings", status_code=201, response_model=SightingOut)
        async def create(new: NewSighting, db: AsyncSession = Depends(get_session)):
            seen = Sighting(**new.model_dump())
            db.add(seen)
            await db.flush()
            number = seen.id
            await db.commit()
            return {"id": number, **new.model_dump()}


        @app.get("/sightings")
        async def search(place: str, db: AsyncSession = Depends(get_session)):
            result = await db.execute(select(Sighting.id, Sighting.plant_id, Sighting.place).filter_by(place=place))
            return [{"id": row.id, "plant_id": row.plant_id, "place": row.place} for row in result]
    """,
    mistakes=[
        Mistake(
            '@app.post("/sightings", status_code=201)\n'
            "async def add(sighting: NewSighting, session: Session) -> SightingOut:\n"
            "    row = Sighting(**sighting.model_dump())\n    session.add(row)\n    await session.flush()\n"
            "    return row\n\n\n"
            '@app.get("/sightings")\nasync def find(place: str, session: Session) -> list[SightingOut]:\n'
            "    return (await session.scalars(select(Sighting).where(Sighting.place == place))).all()",
            "answered and not kept",
        ),
        Mistake(
            '@app.post("/sightings", status_code=201)\n'
            "async def add(sighting: NewSighting, session: Session) -> SightingOut:\n"
            "    row = Sighting(**sighting.model_dump())\n    session.add(row)\n    session.commit()\n"
            "    return row",
            "has no `id` yet",
        ),
        Mistake(
            '@app.post("/sightings", status_code=201)\n'
            "async def add(sighting: NewSighting, session: Session) -> SightingOut:\n"
            "    row = Sighting(**sighting.model_dump())\n    session.add(row)\n    await session.commit()\n"
            "    return row\n\n\n"
            '@app.get("/sightings")\nasync def find(place: str, session: Session) -> list[SightingOut]:\n'
            "    return session.scalars(select(Sighting).where(Sighting.place == place)).all()",
            "are coroutines",
        ),
        Mistake(
            '@app.post("/sightings", status_code=201)\n'
            "async def add(sighting: NewSighting, session: Session) -> SightingOut:\n"
            "    row = Sighting(**sighting.model_dump())\n    session.add(row)\n    await session.commit()\n"
            "    return row\n\n\n"
            '@app.get("/sightings")\nasync def find(place: str, session: Session) -> list[SightingOut]:\n'
            "    return (await session.scalars(select(Sighting))).all()",
            "All came",
        ),
        Mistake(
            "the_session = sessions()\n\n\n"
            '@app.post("/sightings", status_code=201)\nasync def add(sighting: NewSighting) -> SightingOut:\n'
            "    row = Sighting(**sighting.model_dump())\n    the_session.add(row)\n    await the_session.commit()\n"
            "    return row\n\n\n"
            '@app.get("/sightings")\nasync def find(place: str) -> list[SightingOut]:\n'
            "    return (await the_session.scalars(select(Sighting).where(Sighting.place == place))).all()",
            "did not ask for `get_session`",
        ),
    ],
    learned=(
        "`add` notes down what is new, `commit` keeps it, and the session of a request is closed with it: what was not "
        "committed is undone."
    ),
)


def _names(probe):
    answer = probe.get("/plants")
    if answer.status != 200:
        raise CheckFailedError(
            f"`GET /plants` answers `{answer.status_text}`", hint="Run the lesson's cell with `GET /plants`."
        )
    return {plant["id"]: plant["name"] for plant in answer.json}


def _is_renamed(probe):
    name = f"moss-{uuid4().hex[:6]}"
    answer = probe.put("/plants/2", json={"name": name})
    if answer.status != 200 or answer.json != {"id": 2, "name": name}:
        raise CheckFailedError(
            f"`{answer.status_text}` with `{answer.text}`",
            expected=f'`200` with `{{"id": 2, "name": "{name}"}}`',
            hint=AWAIT if _never_awaited(answer) else "",
        )
    kept = _names(probe).get(2)
    if kept != name:
        raise CheckFailedError(
            f"`GET /plants` still says `{kept}`",
            expected=f"`{name}`",
            hint="`await session.commit()` keeps the new name.",
        )


def _is_taken(probe):
    answer = probe.put("/plants/2", json={"name": "fern"})
    if answer.status != 409:
        hint = "Catch `IntegrityError`, and raise `HTTPException(409)`."
        if answer.failure is not None and "IntegrityError" in answer.failure.type:
            hint = (
                "The database refused it with an `IntegrityError`, and nobody caught it. It is raised where the change is "
                "written, at `commit` or `flush`: that line belongs into the `try`."
            )
        elif answer.failure is not None and "PendingRollback" in answer.failure.type:
            hint = "After an error a session is of no use until `await session.rollback()`."
        raise CheckFailedError(
            f"`{answer.status_text}` {answer.failure_text}", expected="`409`: plant 1 has this name", hint=hint
        )
    if _names(probe).get(2) == "fern":
        raise CheckFailedError("two plants are called `fern`", expected="names that differ")
    probe.put("/plants/2", json={"name": "moss"})


rename = Exercise(
    "A name that is taken",
    steps=[
        do("A plant gets a new name", _is_renamed),
        request(
            "A plant that is not there is a 404",
            "PUT /plants/999999",
            json={"name": "ghost orchid"},
            status=404,
            mistakes={
                500: "`session.get` gives `None` for a plant that is not there: ask `is None`, and raise `HTTPException(404)`.",
                200: "Nothing was found and nothing changed. Say so with `HTTPException(404)`.",
            },
        ),
        do("A name that another plant has is a 409", _is_taken, needs=1),
    ],
    hints=[
        "`plant = await session.get(Plant, plant_id)` finds it by its id, or gives `None`.",
        "Set `plant.name = new.name`, and put `await session.commit()` into a `try`.",
        "`except IntegrityError:`, then `await session.rollback()` and `raise HTTPException(409, …)`.",
    ],
    stub="""
        # Exercise 20.2: PUT /plants/{plant_id} gives a plant a new name: 404, 409
    """,
    solution="""
        # Exercise 20.2: PUT /plants/{plant_id} gives a plant a new name: 404, 409
        @app.put("/plants/{plant_id}")
        async def rename_plant(plant_id: int, new: NewPlant, session: Session) -> PlantOut:
            plant = await session.get(Plant, plant_id)
            if plant is None:
                raise HTTPException(404, "No such plant")
            plant.name = new.name
            try:
                await session.commit()
            except IntegrityError:
                await session.rollback()
                raise HTTPException(409, "Another plant has this name") from None
            return plant
    """,
    another="""
        # Exercise 20.2: PUT /plants/{plant_id} gives a plant a new name: 404, 409
        from sqlalchemy import update


        @app.put("/plants/{number}")
        async def put_plant(number: int, plant: NewPlant, db: AsyncSession = Depends(get_session)):
            change = update(Plant).where(Plant.id == number).values(name=plant.name)
            try:
                result = await db.execute(change)
            except IntegrityError as error:
                raise HTTPException(status_code=409) from error
            if not result.rowcount:
                raise HTTPException(status_code=404)
            await db.commit()
            return {"id": number, "name": plant.name}
    """,
    mistakes=[
        Mistake(
            '@app.put("/plants/{plant_id}")\nasync def rename(plant_id: int, new: NewPlant, session: Session) -> PlantOut:\n'
            "    plant = await session.get(Plant, plant_id)\n    plant.name = new.name\n    await session.commit()\n"
            "    return plant",
            "ask `is None`",
        ),
        Mistake(
            '@app.put("/plants/{plant_id}")\nasync def rename(plant_id: int, new: NewPlant, session: Session) -> PlantOut:\n'
            "    plant = await session.get(Plant, plant_id)\n    if plant is None:\n        raise HTTPException(404)\n"
            "    try:\n        plant.name = new.name\n    except IntegrityError:\n        raise HTTPException(409)\n"
            "    await session.commit()\n    return plant",
            "that line belongs into the `try`",
        ),
        Mistake(
            '@app.put("/plants/{plant_id}")\nasync def rename(plant_id: int, new: NewPlant, session: Session) -> PlantOut:\n'
            "    plant = await session.get(Plant, plant_id)\n    if plant is None:\n        raise HTTPException(404)\n"
            "    plant.name = new.name\n    return plant",
            "keeps the new name",
        ),
        Mistake(
            '@app.put("/plants/{plant_id}")\nasync def rename(plant_id: int, new: NewPlant, session: Session) -> PlantOut:\n'
            "    plant = session.get(Plant, plant_id)\n    if plant is None:\n        raise HTTPException(404)\n"
            "    plant.name = new.name\n    await session.commit()\n    return plant",
            "are coroutines",
        ),
    ],
    learned=(
        "Let the database keep its own rules, and turn its refusal into an answer. To ask first whether a name is free is "
        "not enough: between the question and the change another request may take it."
    ),
)


def _add_to_atlas(probe, name, places):
    async def add():
        async with probe.value("sessions")() as session:
            plant = probe.value("Plant")(name=name)
            session.add(plant)
            await session.commit()
            for place in places:
                session.add(probe.value("Sighting")(plant_id=plant.id, place=place))
            await session.commit()

    probe.run(add())


def _atlas_is_complete(probe):
    name = f"orchid-{uuid4().hex[:6]}"
    unseen = f"orchid-{uuid4().hex[:6]}"
    _add_to_atlas(probe, name, ("dune", "cliff"))
    _add_to_atlas(probe, unseen, ())
    answer = probe.get("/atlas")
    if answer.status != 200:
        hint = "A relationship is read from the database when you touch it. Load it with the plants: `selectinload`."
        if _never_awaited(answer):
            hint = AWAIT
        elif "greenlet" in answer.failure_text:
            hint = (
                "`plant.sightings` was not loaded, and reading it now would mean to wait where nobody can. Load it with "
                "the plants: `select(Plant).options(selectinload(Plant.sightings))`."
            )
        raise CheckFailedError(
            f"`{answer.status_text}` {answer.failure_text[:160]}", expected="`200` with plants and places", hint=hint
        )
    found = [each for each in answer.json if isinstance(each, dict) and each.get("name") == name]
    if len(found) != 1 or sorted(found[0].get("places") or []) != ["cliff", "dune"]:
        raise CheckFailedError(
            f"`{found[0] if found else answer.text[:200]}`",
            expected=f'`{{"name": "{name}", "places": ["dune", "cliff"]}}` among the plants',
            hint=(
                "A join gives a row for each sighting; make one object of each plant."
                if len(found) > 1
                else "One object for each plant: its `name`, and `places`, the `place` of each of its sightings."
            ),
        )
    if {"name": unseen, "places": []} not in answer.json:
        raise CheckFailedError(
            f"without `{unseen}`, which nobody has seen yet",
            expected="an object for each plant",
            hint="A `join` leaves out what has no partner. Begin with the plants: those without a sighting have `[]`.",
        )


def _atlas_asks_little(probe):
    for _ in range(4):
        _add_to_atlas(probe, f"herb-{uuid4().hex[:6]}", ("wood",))
    statements = probe.value("statements")
    statements.clear()
    answer = probe.get("/atlas")
    asked = [each for each in statements if each.lstrip().upper().startswith("SELECT")]
    if len(asked) > 3:
        raise CheckFailedError(
            f"{len(asked)} SELECTs for {len(answer.json)} plants",
            expected="at most 3, however many plants there are",
            hint=(
                "One question for the plants, and one more for each plant: that grows. "
                "`.options(selectinload(Plant.sightings))` asks for all sightings at once."
            ),
        )


atlas = Exercise(
    "The atlas",
    steps=[
        do("Each plant comes with its places", _atlas_is_complete),
        do("The database is asked a few times, and no more", _atlas_asks_little, needs=1),
    ],
    hints=[
        "`select(Plant).options(selectinload(Plant.sightings))` loads plants and sightings in two statements.",
        '`{"name": plant.name, "places": [each.place for each in plant.sightings]}` for each plant.',
    ],
    stub="""
        # Exercise 20.3: GET /atlas answers all plants with their places, in at most 3 statements
    """,
    solution="""
        # Exercise 20.3: GET /atlas answers all plants with their places, in at most 3 statements
        @app.get("/atlas")
        async def read_atlas(session: Session):
            plants = await session.scalars(select(Plant).options(selectinload(Plant.sightings)))
            return [{"name": plant.name, "places": [each.place for each in plant.sightings]} for plant in plants]
    """,
    another="""
        # Exercise 20.3: GET /atlas answers all plants with their places, in at most 3 statements
        @app.get("/atlas")
        async def atlas(db: AsyncSession = Depends(get_session)):
            places: dict[str, list[str]] = {}
            rows = await db.execute(select(Plant.name, Sighting.place).outerjoin(Sighting))
            for name, place in rows:
                places.setdefault(name, []).extend([place] if place else [])
            return [{"name": name, "places": each} for name, each in places.items()]
    """,
    mistakes=[
        Mistake(
            '@app.get("/atlas")\nasync def atlas(session: Session):\n'
            "    rows = await session.execute(select(Plant.name, Sighting.place).join(Sighting))\n    found = {}\n"
            "    for name, place in rows:\n        found.setdefault(name, []).append(place)\n"
            '    return [{"name": name, "places": places} for name, places in found.items()]',
            "leaves out what has no partner",
        ),
        Mistake(
            '@app.get("/atlas")\nasync def atlas(session: Session):\n    plants = await session.scalars(select(Plant))\n'
            '    return [{"name": plant.name, "places": [each.place for each in plant.sightings]} for plant in plants]',
            "selectinload(Plant.sightings)",
        ),
        Mistake(
            '@app.get("/atlas")\nasync def atlas(session: Session):\n    found = []\n'
            "    for plant in (await session.scalars(select(Plant))).all():\n"
            "        seen = await session.scalars(select(Sighting).where(Sighting.plant_id == plant.id))\n"
            '        found.append({"name": plant.name, "places": [each.place for each in seen]})\n    return found',
            "one more for each plant",
        ),
        Mistake(
            '@app.get("/atlas")\nasync def atlas(session: Session):\n'
            "    rows = await session.execute(select(Plant.name, Sighting.place).join(Sighting))\n"
            '    return [{"name": name, "places": [place]} for name, place in rows]',
            "a row for each sighting",
        ),
    ],
    learned=(
        "Say beforehand what you will need: `selectinload` fetches a relationship for all rows at once. An async session "
        "never fetches behind your back, and so the slow way, a statement for each row, shows at once."
    ),
)

lesson = Lesson("A real database", exercises=[sightings, rename, atlas], minutes=20)
