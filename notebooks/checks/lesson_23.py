"""Lesson 23: testing. A test is judged by what it finds: it passes with the bakery as it is, and fails with a bug."""

from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from datetime import date

from routebook.testclient import TestClient
from routebook_kernel.learn import CheckFailedError, Exercise, Lesson, Mistake, do


class Watched(TestClient):
    """A test client that counts what was asked of it, and keeps the last answer."""

    asked = 0
    last = None

    def request(self, *args, **options):
        self.asked += 1
        self.last = super().request(*args, **options)
        return self.last


@contextmanager
def changed(probe, **names):
    """The notebook with other functions under these names: a bug, or another day."""
    namespace = probe.namespace
    before = {name: namespace[name] for name in names if name in namespace}
    namespace.update(names)
    try:
        yield
    finally:
        namespace.update(before)


def tried(probe, name):
    """Run a test of the learner's: its complaint, None where it passes, and the client that it used."""
    client = Watched(probe.app)
    try:
        given = probe.call(name, client)
    except CheckFailedError:
        raise
    except Exception as error:
        return error, client
    if given is not None:
        raise CheckFailedError(
            f"`{name}` returned `{given!r}`",
            expected="a test that asserts",
            hint="What a test returns is looked at by nobody. Write `assert` where `return` stands.",
        )
    return None, client


def passes(probe, name, when=""):
    """The test passes with the bakery as it is."""
    error, client = tried(probe, name)
    if error is None and client.asked:
        return
    came, hint = f"`{type(error).__name__}: {error}`", ""
    if error is None:
        came = "nothing was asked of the client"
        hint = "Send the requests with the `client` that the test is given, not with one of the notebook's."
    elif isinstance(error, TypeError) and "argument" in str(error) and not client.asked:
        hint = f"The test takes one parameter, the client: `def {name}(client):`"
    elif "callable dependency" in str(error):
        came, hint = (
            "the test fails: what stands there is no function",
            "An override is a function too: `lambda: date(…)`.",
        )
    elif isinstance(error, TypeError) and "subscriptable" in str(error):
        hint = "`json` is a method of the response: `response.json()`, with parentheses."
    elif client.last is not None and client.last.status_code == 422:
        hint = "The bakery answered `422`: an order is JSON, `json={…}`. With `data=` a form is sent."
    elif isinstance(error, AssertionError):
        came = f"the test fails: {error}" if str(error) else "the test fails"
        hint = when or "Here the bakery is right. Look at what you expect: carrot cake costs 4, lemon cake 3 a piece."
    raise CheckFailedError(came, expected=f"`{name}` passes where the bakery is right", hint=hint)


def finds(probe, names, bug, hint, **changes):
    """At least one of the tests fails with this bug."""
    with changed(probe, **changes):
        if all(tried(probe, name)[0] is None for name in names):
            raise CheckFailedError(
                f"with the bug that {bug}, {' and '.join(names)} passed", expected="a test that fails", hint=hint
            )


def _pass(probe):
    passes(probe, "test_total")
    passes(probe, "test_unknown_cake")


def bug_in_total(probe, wrong):
    """`total_of` with a wrong price for what is baked."""
    prices, right = probe.value("PRICES"), probe.value("total_of")
    return lambda cake, pieces: wrong(prices[cake], pieces) if cake in prices else right(cake, pieces)


def _find_wrong_totals(probe):
    both = "Try both cakes, carrot and lemon: a test of one of them cannot see the price of the other."
    for bug, wrong, hint in (
        (
            "everything is free",
            lambda price, pieces: 0,
            "It sends an order; does it `assert` that the `total` is the right number?",
        ),
        (
            "the number of pieces is forgotten",
            lambda price, pieces: price,
            "Order more than one piece in the test: with one, price and total are the same.",
        ),
        ("every cake costs what carrot cake does", lambda price, pieces: 4 * pieces, both),
        ("every cake costs what lemon cake does", lambda price, pieces: 3 * pieces, both),
    ):
        finds(probe, ["test_total"], bug, hint, total_of=bug_in_total(probe, wrong))


def _find_free_cake(probe):
    prices = probe.value("PRICES")
    hint = "Order a cake that is not in `PRICES`, with 1 to 12 pieces, and assert that the `status_code` is 404."
    finds(
        probe,
        ["test_unknown_cake"],
        "an unknown cake costs nothing",
        hint,
        total_of=lambda cake, pieces: prices.get(cake, 0) * pieces,
    )


totals = Exercise(
    "Tests that find a bug",
    steps=[
        do("Both tests pass with the bakery as it is", _pass),
        do("A wrong total is found", _find_wrong_totals, needs=1),
        do("A cake that nobody bakes is found", _find_free_cake, needs=1),
    ],
    hints=[
        '`response = client.post("/offers", json={"cake": "lemon", "pieces": 3})`, and then what must be true.',
        "Three pieces of lemon cake cost 9, two of carrot cake 8: one `assert` for each.",
        'The other test asserts that `response.status_code` is 404, for a cake such as `"gold"`.',
    ],
    stub="""
        # Exercise 23.1: test_total(client) and test_unknown_cake(client) find what is wrong with POST /offers
    """,
    solution="""
        # Exercise 23.1: test_total(client) and test_unknown_cake(client) find what is wrong with POST /offers
        def test_total(client):
            for cake, price in [("carrot", 4), ("lemon", 3)]:
                response = client.post("/offers", json={"cake": cake, "pieces": 5})
                assert response.json()["total"] == 5 * price, cake


        def test_unknown_cake(client):
            response = client.post("/offers", json={"cake": "gold", "pieces": 1})
            assert response.status_code == 404


        run(test_total, test_unknown_cake)
    """,
    another="""
        # Exercise 23.1: test_total(client) and test_unknown_cake(client) find what is wrong with POST /offers
        def offer(client, **order):
            return client.request("POST", "/offers", json=order).raise_for_status().json()


        def test_total(client):
            assert offer(client, cake="lemon", pieces=3) == {"cake": "lemon", "pieces": 3, "total": 9}
            assert offer(client, cake="carrot", pieces=2)["total"] == 8


        def test_unknown_cake(client):
            try:
                offer(client, cake="mud", pieces=12)
            except Exception as error:
                assert "404" in str(error)
            else:
                raise AssertionError("mud cake was sold")
    """,
    mistakes=[
        Mistake(
            'def test_total(client):\n    response = client.post("/offers", json={"cake": "lemon", "pieces": 3})\n'
            "    assert response.status_code == 200\n\n\n"
            'def test_unknown_cake(client):\n    response = client.post("/offers", json={"cake": "x", "pieces": 1})\n'
            "    assert response.status_code == 404",
            "does it `assert` that the `total`",
        ),
        Mistake(
            "def test_total(client):\n    for cake, price in PRICES.items():\n"
            '        response = client.post("/offers", json={"cake": cake, "pieces": 1})\n'
            '        assert response.json()["total"] == price\n\n\n'
            'def test_unknown_cake(client):\n    response = client.post("/offers", json={"cake": "x", "pieces": 1})\n'
            "    assert response.status_code == 404",
            "Order more than one piece",
        ),
        Mistake(
            'def test_total(client):\n    response = client.post("/offers", json={"cake": "lemon", "pieces": 3})\n'
            '    assert response.json()["total"] == 9\n\n\n'
            'def test_unknown_cake(client):\n    response = client.post("/offers", json={"cake": "x", "pieces": 1})\n'
            "    assert response.status_code == 404",
            "Try both cakes",
        ),
        Mistake(
            'def test_total(client):\n    response = client.post("/offers", json={"cake": "lemon", "pieces": 3})\n'
            '    return response.json()["total"] == 9\n\n\ndef test_unknown_cake(client):\n    pass',
            "Write `assert` where `return` stands",
        ),
        Mistake(
            'def test_total(client):\n    response = client.post("/offers", data={"cake": "lemon", "pieces": 3})\n'
            "    assert response.status_code == 200",
            "With `data=` a form is sent",
        ),
        Mistake(
            'def test_total(client):\n    response = client.post("/offers", json={"cake": "lemon", "pieces": 3})\n'
            '    assert response.json["total"] == 9',
            "with parentheses",
        ),
        Mistake(
            'def test_total():\n    response = TestClient(app).post("/offers", json={"cake": "lemon", "pieces": 3})\n'
            '    assert response.json()["total"] == 9',
            "takes one parameter",
        ),
        Mistake(
            "def test_total(client):\n    assert total_of('lemon', 3) == 9 and total_of('carrot', 2) == 8\n\n\n"
            "def test_unknown_cake(client):\n    assert 'gold' not in PRICES",
            "Send the requests with the `client`",
        ),
    ],
    learned=(
        "A test is worth what it finds. Breaking the code on purpose, as this check did, tells you; tools that do so are "
        "called mutation testing."
    ),
)


def day_of(year, month, day):
    """A `date` whose today is fixed."""
    now = date(year, month, day)
    return type("date", (date,), {"today": classmethod(lambda cls: now)})


MONDAY, SATURDAY, SUNDAY = (2026, 6, 1), (2026, 6, 6), (2026, 6, 7)


@contextmanager
def own_overrides(probe):
    """What a test leaves in the overrides is gone afterwards."""
    overrides = probe.app.dependency_overrides
    before = dict(overrides)
    overrides.clear()
    try:
        yield overrides
    finally:
        overrides.clear()
        overrides.update(before)


def _passes_every_day(probe):
    for day, word in ((MONDAY, "Monday"), (SUNDAY, "Sunday"), (SATURDAY, "Saturday")):
        with changed(probe, date=day_of(*day)), own_overrides(probe) as overrides:
            when = (
                f"On a {word} it fails: it asks for the day on which it runs. Let `app.dependency_overrides[today]` give "
                "the day that the test needs."
            )
            try:
                passes(probe, "test_sunday", when)
            except CheckFailedError as error:
                hint = error.hint
                if any(not callable(key) for key in overrides):
                    hint = 'The key is the function itself, `today`. `today()` calls it, and `"today"` is only a text.'
                elif any(not callable(value) for value in overrides.values()):
                    hint = "The override is called instead of `today`: give a function, `lambda: date(2026, 5, 3)`."
                elif overrides and probe.value("today") not in overrides:
                    hint = "You replace another function. The key is the one in `Depends(today)`: `today`."
                raise CheckFailedError(error.actual, expected=f"the test passes on a {word}", hint=hint) from None


def _finds_open_sunday(probe):
    with own_overrides(probe):
        hint = "Replace `today` by a function that gives a Sunday, 3 May 2026, and assert that `open` is false."
        finds(probe, ["test_sunday"], "the bakery is open on Sundays", hint, is_open=lambda day: True)


def _finds_closed_saturday(probe):
    with own_overrides(probe):
        hint = "Let `today` give a Saturday too, and assert that `open` is true. Otherwise a bakery that never opens passes."
        finds(probe, ["test_sunday"], "the bakery never opens", hint, is_open=lambda day: False)


def _cleans_up(probe):
    with own_overrides(probe) as overrides:
        tried(probe, "test_sunday")
        if overrides:
            raise CheckFailedError(
                "an override stayed after the test",
                expected="`app.dependency_overrides` is empty after the test",
                hint="Take it away at the end: `app.dependency_overrides.clear()`.",
            )
        for bug in (lambda day: True, lambda day: False):
            with changed(probe, is_open=bug):
                tried(probe, "test_sunday")
            if overrides:
                raise CheckFailedError(
                    "an override stayed after the test had failed",
                    expected="`app.dependency_overrides` is empty, even when the test failed",
                    hint=(
                        "A failing `assert` leaves the function, and the lines below it do not run. What stands in "
                        "`finally:` runs in any case."
                    ),
                )


sunday = Exercise(
    "A Sunday on any day",
    steps=[
        do("The test passes on every day", _passes_every_day),
        do("A bakery that is open on Sundays is found", _finds_open_sunday, needs=1),
        do("A bakery that is closed on Saturdays is found", _finds_closed_saturday, needs=1),
        do("Nothing is left behind", _cleans_up, needs=1),
    ],
    hints=[
        "`app.dependency_overrides[today] = lambda: date(2026, 5, 3)`, then ask `GET /today` with the client.",
        "The same again with 2 May, a Saturday, and the opposite `assert`.",
        "`try:` around all of it, and `finally: app.dependency_overrides.clear()` at the end.",
    ],
    stub="""
        # Exercise 23.2: test_sunday(client) passes on any day, finds wrong opening days, and leaves nothing behind
    """,
    solution="""
        # Exercise 23.2: test_sunday(client) passes on any day, finds wrong opening days, and leaves nothing behind
        def test_sunday(client):
            try:
                app.dependency_overrides[today] = lambda: date(2026, 5, 3)
                assert client.get("/today").json() == {"day": "Sunday", "open": False}
                app.dependency_overrides[today] = lambda: date(2026, 5, 2)
                assert client.get("/today").json() == {"day": "Saturday", "open": True}
            finally:
                app.dependency_overrides.clear()


        run(test_sunday)
    """,
    another="""
        # Exercise 23.2: test_sunday(client) passes on any day, finds wrong opening days, and leaves nothing behind
        from unittest.mock import patch


        def is_open_on(client, *day):
            with patch.dict(client.app.dependency_overrides, {today: lambda: date(*day)}):
                return client.get("/today").json()["open"]


        def test_sunday(client):
            assert not is_open_on(client, 2026, 5, 3)
            assert is_open_on(client, 2026, 5, 2)
    """,
    mistakes=[
        Mistake(
            'def test_sunday(client):\n    assert client.get("/today").json()["open"]',
            "it asks for the day on which it runs",
        ),
        Mistake(
            "def test_sunday(client):\n    app.dependency_overrides[today()] = lambda: date(2026, 5, 3)\n"
            '    assert not client.get("/today").json()["open"]',
            "The key is the function itself",
        ),
        Mistake(
            "def test_sunday(client):\n    app.dependency_overrides[today] = date(2026, 5, 3)\n"
            '    assert not client.get("/today").json()["open"]',
            "give a function",
        ),
        Mistake(
            "def test_sunday(client):\n    app.dependency_overrides[read_today] = lambda: date(2026, 5, 3)\n"
            '    assert not client.get("/today").json()["open"]',
            "You replace another function",
        ),
        Mistake(
            "def test_sunday(client):\n    app.dependency_overrides[today] = lambda: date(2026, 5, 3)\n"
            '    assert not client.get("/today").json()["open"]\n    app.dependency_overrides.clear()',
            "Let `today` give a Saturday too",
        ),
        Mistake(
            "def test_sunday(client):\n    app.dependency_overrides[today] = lambda: date(2026, 5, 3)\n"
            '    assert not client.get("/today").json()["open"]\n'
            "    app.dependency_overrides[today] = lambda: date(2026, 5, 2)\n"
            '    assert client.get("/today").json()["open"]\n    app.dependency_overrides.clear()',
            "runs in any case",
        ),
        Mistake(
            "def test_sunday(client):\n    app.dependency_overrides[today] = lambda: date(2026, 5, 3)\n"
            '    assert not client.get("/today").json()["open"]\n'
            "    app.dependency_overrides[today] = lambda: date(2026, 5, 2)\n"
            '    assert client.get("/today").json()["open"]',
            "Take it away at the end",
        ),
    ],
    learned=(
        "What a test cannot control, it replaces: the key is the function in `Depends`, the value a function. And it "
        "puts everything back, in `finally` or in a fixture, even when it fails."
    ),
)


def _made(probe):
    fixture = probe.value("bakery")
    if not callable(fixture):
        raise CheckFailedError(f"`bakery` is of type `{type(fixture).__name__}`", expected="a function `bakery()`")
    made = fixture()
    if not isinstance(made, Generator):
        raise CheckFailedError(
            f"`bakery()` gave a `{type(made).__name__}`",
            expected="a function with one `yield`",
            hint=(
                "A plain `def`: the test client is used without `await`."
                if isinstance(made, AsyncGenerator)
                else "No decorator is needed here: a plain function with a `yield`."
                if hasattr(made, "__enter__") and not isinstance(made, TestClient)
                else "With `return` the `with` block ends before the test has begun, and the bakery with it. `yield` waits "
                "there until the test is over."
            ),
        )
    return made


def _orders_of(client):
    try:
        response = client.get("/orders")
    except AttributeError as error:
        raise CheckFailedError(
            f"`{error}`",
            expected="`GET /orders` answers `[]`",
            hint="The lifespan did not run: `TestClient(app)` begins it only in a `with` statement.",
        ) from None
    return response.json() if response.status_code == 200 else f"status {response.status_code}"


def _has_own_book(probe):
    for _ in range(2):
        made = _made(probe)
        try:
            client = next(made)
            orders = _orders_of(client)
            if orders != []:
                raise CheckFailedError(
                    f"`{orders}`",
                    expected="`GET /orders` answers `[]` for each test",
                    hint="Orders of the test before are still there. Make the client inside `bakery`, a new one each time.",
                )
            client.post("/orders", json={"cake": "lemon", "pieces": 2})
            if len(kept := _orders_of(client)) != 1:
                raise CheckFailedError(
                    f"after one order: `{kept}`", expected="an order stays in the book until the test ends"
                )
        finally:
            for _rest in made:
                pass


def _opens_and_closes(probe):
    events = probe.value("events")
    before = len(events)
    made = _made(probe)
    next(made)
    came = list(events[before:])
    rest = list(made)
    after = list(events[before:])
    if rest:
        raise CheckFailedError(f"it yields {1 + len(rest)} times", expected="one `yield`")
    if came != ["opened"]:
        raise CheckFailedError(
            f"before the test: `{came}`",
            expected="`opened` before the `yield`",
            hint="The `with` statement, and with it the start, stands before the `yield`.",
        )
    if after != ["opened", "closed"]:
        raise CheckFailedError(
            f"after the test: `{after}`",
            expected="`opened`, then `closed` after the `yield`",
            hint="Nothing ended the lifespan. When the `yield` stands inside the `with` block, its end does.",
        )


fixture = Exercise(
    "A bakery for each test",
    steps=[
        do("Each test has its own book of orders", _has_own_book),
        do("The bakery is opened before the test, and closed after it", _opens_and_closes, needs=1),
    ],
    hints=[
        "Two lines: `with TestClient(app) as client:`, and one below it, inside the block.",
        "The line inside the block is `yield client`.",
    ],
    stub="""
        # Exercise 23.3: bakery() yields a test client of its own, whose lifespan has begun, and ends it
    """,
    solution="""
        # Exercise 23.3: bakery() yields a test client of its own, whose lifespan has begun, and ends it
        def bakery():
            with TestClient(app) as client:
                yield client
    """,
    another="""
        # Exercise 23.3: bakery() yields a test client of its own, whose lifespan has begun, and ends it
        def bakery():
            client = TestClient(app, base_url="http://bakery.test")
            client.__enter__()
            try:
                yield client
            finally:
                client.__exit__(None, None, None)
    """,
    mistakes=[
        Mistake("def bakery():\n    yield TestClient(app)", "only in a `with` statement"),
        Mistake("def bakery():\n    with TestClient(app) as client:\n        return client", "until the test is over"),
        Mistake(
            "shared = routebook_kernel.client(app)\nshared.post('/orders', json={'cake': 'lemon', 'pieces': 1})\n\n\n"
            "def bakery():\n    yield shared",
            "Make the client inside `bakery`",
        ),
        Mistake(
            "def bakery():\n    client = TestClient(app)\n    client.__enter__()\n    yield client",
            "Nothing ended the lifespan",
        ),
        Mistake("async def bakery():\n    with TestClient(app) as client:\n        yield client", "A plain `def`"),
        Mistake(
            "from contextlib import contextmanager\n\n\n@contextmanager\ndef bakery():\n"
            "    with TestClient(app) as client:\n        yield client",
            "No decorator is needed",
        ),
    ],
    learned=(
        "A fixture is a dependency with `yield`, for tests: set up, hand over, clean up. With `@pytest.fixture` above it "
        "and the name `client`, it serves every test that has a parameter `client`."
    ),
)

lesson = Lesson("Testing", exercises=[totals, sunday, fixture], minutes=20)
