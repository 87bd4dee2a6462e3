"""Lesson 25: from notebook to production. Settings are read, starts and stops are made, the file is run alone."""

import os
import runpy
import sys
from contextlib import contextmanager

from routebook import Routebook
from routebook.testclient import TestClient
from routebook_kernel.learn import CheckFailedError, Exercise, Lesson, Mistake, do

NAMES = ("CINEMA_SEATS", "CINEMA_KEY")
KEY = "k-9172-reel"


@contextmanager
def environment(**values):
    """The cinema's variables are these, and no others."""
    before = {name: os.environ[name] for name in NAMES if name in os.environ}
    for name in NAMES:
        os.environ.pop(name, None)
    os.environ.update(values)
    try:
        yield
    finally:
        for name in NAMES:
            os.environ.pop(name, None)
        os.environ.update(before)


def settings_of(probe, **values):
    """What `read_settings` gives with this environment."""
    shown = ", ".join(f"{name}={value}" for name, value in values.items() if name != "CINEMA_KEY")
    with environment(**values):
        try:
            return probe.call("read_settings")
        except CheckFailedError:
            raise
        except Exception as error:
            raise CheckFailedError(
                f"`{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}`",
                expected=f"settings, with a key and {shown or 'no CINEMA_SEATS'}",
                hint=(
                    "`os.environ[…]` raises a `KeyError` for what is not set. `os.environ.get(name, default)` does not."
                    if isinstance(error, KeyError)
                    else "The model did not find a value: its fields are called `seats` and `key`, the variables "
                    "`CINEMA_SEATS` and `CINEMA_KEY`. Name each: `key=os.environ[…]`."
                    if "Field required" in str(error)
                    else ""
                ),
            ) from None


def _reads_seats(probe):
    for text, number in (("55", 55), ("120", 120)):
        settings = settings_of(probe, CINEMA_SEATS=text, CINEMA_KEY=KEY)
        if not hasattr(settings, "seats"):
            kind = type(settings).__name__
            hint = (
                "Is there a `return`?"
                if settings is None
                else "An object's values are read with a dot: `settings.seats`."
            )
            raise CheckFailedError(
                f"a `{kind}` without `seats`", expected="an object with `seats` and `key`", hint=hint
            )
        if settings.seats != number or isinstance(settings.seats, str):
            raise CheckFailedError(
                f"`seats` is `{settings.seats!r}`",
                expected=f"`seats` is `{number}` with `CINEMA_SEATS={text}`",
                hint=(
                    "What stands in the environment is a text. `int(…)`, or a model with `seats: int`, makes a number."
                    if isinstance(settings.seats, str)
                    else "The environment is read only when the cell runs. Read it inside the function, at each call: a "
                    "default in a class or a variable above the function is made once."
                ),
            )
    seats = settings_of(probe, CINEMA_KEY=KEY).seats
    if seats != 40:
        raise CheckFailedError(f"`seats` is `{seats!r}`", expected="40 seats where `CINEMA_SEATS` is not set")


def _reads_key(probe):
    for key in (KEY, "another"):
        found = getattr(settings_of(probe, CINEMA_KEY=key), "key", None)
        found = found.get_secret_value() if hasattr(found, "get_secret_value") else found
        if found != key:
            raise CheckFailedError("another value", expected="`key` is what `CINEMA_KEY` says")


def _refused(probe, asked, hint, **values):
    with environment(**values):
        try:
            probe.call("read_settings")
        except CheckFailedError:
            raise
        except Exception:
            return
    raise CheckFailedError("no error", expected=asked, hint=hint)


def _needs_key(probe):
    hint = (
        "`os.environ.get(…)` gives `None` where nothing is set, and the service starts without its key. "
        '`os.environ["CINEMA_KEY"]` raises, and so does a model whose field has no default.'
    )
    _refused(probe, "an error without `CINEMA_KEY`", hint)


def _refuses_seats(probe):
    hint = "`Field(ge=1)` in a model refuses 0; so does an `if` that raises a `ValueError`."
    for text in ("many", "0", "-3"):
        _refused(probe, f"an error with `CINEMA_SEATS={text}`", hint, CINEMA_SEATS=text, CINEMA_KEY=KEY)


def _hides_key(probe):
    if KEY in repr(settings_of(probe, CINEMA_KEY=KEY)):
        raise CheckFailedError(
            "the key can be read in it",
            expected="`repr(read_settings())` does not show the key",
            hint="With `key: SecretStr` the model prints stars. In a dataclass, `field(repr=False)` leaves it out.",
        )


settings = Exercise(
    "Settings that cannot be wrong",
    app=None,
    steps=[
        do("The number of seats is read, with 40 as the default", _reads_seats),
        do("The key is read", _reads_key, needs=1),
        do("Without a key there are no settings", _needs_key, needs=1),
        do("A wrong number of seats is refused", _refuses_seats, needs=1),
        do("The key is not shown", _hides_key, needs=1),
    ],
    hints=[
        "A model with two fields says it all: `key: SecretStr` and `seats: int = Field(default=40, ge=1)`.",
        'Give the model only what is set: begin with `{"key": os.environ["CINEMA_KEY"]}`.',
        '`if "CINEMA_SEATS" in os.environ:` adds `seats`; then `return Settings(**found)`.',
    ],
    stub="""
        # Exercise 25.1: read_settings() gives seats and key from CINEMA_SEATS and CINEMA_KEY, or raises
    """,
    solution="""
        # Exercise 25.1: read_settings() gives seats and key from CINEMA_SEATS and CINEMA_KEY, or raises
        class Settings(BaseModel):
            key: SecretStr
            seats: int = Field(default=40, ge=1)


        def read_settings():
            prefix = "CINEMA_"
            found = {name.removeprefix(prefix).lower(): os.environ[name] for name in os.environ if name.startswith(prefix)}
            return Settings(**found)
    """,
    another="""
        # Exercise 25.1: read_settings() gives seats and key from CINEMA_SEATS and CINEMA_KEY, or raises
        from dataclasses import dataclass, field


        @dataclass
        class Configuration:
            seats: int
            key: str = field(repr=False)

            def __post_init__(self):
                if self.seats < 1:
                    raise ValueError("CINEMA_SEATS must be 1 or more")


        def read_settings() -> Configuration:
            return Configuration(int(os.environ.get("CINEMA_SEATS", "40")), os.environ["CINEMA_KEY"])
    """,
    mistakes=[
        Mistake(
            "class Settings(BaseModel):\n    seats: int = Field(40, ge=1)\n    key: SecretStr\n\n\n"
            "def read_settings():\n    return Settings(**os.environ)",
            "its fields are called `seats` and `key`",
        ),
        Mistake(
            'class Settings(BaseModel):\n    seats: int = Field(int(os.environ.get("CINEMA_SEATS", 40)), ge=1)\n'
            '    key: SecretStr = SecretStr(os.environ.get("CINEMA_KEY", ""))\n\n\n'
            "def read_settings():\n    return Settings()",
            "read only when the cell runs",
        ),
        Mistake(
            "class Settings:\n    pass\n\n\ndef read_settings():\n    settings = Settings()\n"
            '    settings.seats = os.environ.get("CINEMA_SEATS", 40)\n    settings.key = os.environ["CINEMA_KEY"]\n'
            "    return settings",
            "is a text",
        ),
        Mistake(
            "class Settings(BaseModel):\n    seats: int = Field(ge=1)\n    key: SecretStr\n\n\n"
            'def read_settings():\n    return Settings(seats=os.environ["CINEMA_SEATS"], key=os.environ["CINEMA_KEY"])',
            "`os.environ.get(name, default)` does not",
        ),
        Mistake(
            "class Settings(BaseModel):\n    seats: int\n    key: SecretStr | None = None\n\n\ndef read_settings():\n"
            '    return Settings(seats=os.environ.get("CINEMA_SEATS", 40), key=os.environ.get("CINEMA_KEY"))',
            "starts without its key",
        ),
        Mistake(
            "class Settings(BaseModel):\n    seats: int\n    key: SecretStr\n\n\ndef read_settings():\n"
            '    return Settings(seats=os.environ.get("CINEMA_SEATS", 40), key=os.environ["CINEMA_KEY"])',
            "refuses 0",
        ),
        Mistake(
            "class Settings(BaseModel):\n    seats: int = Field(ge=1)\n    key: str\n\n\ndef read_settings():\n"
            '    return Settings(seats=os.environ.get("CINEMA_SEATS", 40), key=os.environ["CINEMA_KEY"])',
            "the model prints stars",
        ),
        Mistake(
            'def read_settings():\n    return {"seats": int(os.environ.get("CINEMA_SEATS", 40))}', "read with a dot"
        ),
    ],
    learned=(
        "What comes from outside has a type, at the start as in a request. The package `pydantic-settings` does the same "
        "with less writing, and reads a file `.env` too; a variable of the environment wins over the file."
    ),
)


def quiet(app):
    """A client that answers 500 where the application raises."""
    return TestClient(app, raise_server_exceptions=False)


def started(app):
    """A client whose lifespan has begun, as a context; what stops the start is told."""
    client = quiet(app)
    try:
        client.__enter__()
    except Exception as error:
        hint = ""
        if "iterator" in str(error) or "yield" in str(error) or "generator" in str(error):
            hint = (
                "A lifespan is an `async def` with one `yield`, and `@asynccontextmanager` above it: before the `yield` "
                "is the start, after it the end."
            )
        raise CheckFailedError(
            f"`{type(error).__name__}: {error}`", expected="the application starts", hint=hint
        ) from None
    return client


def status(client, path, wanted, asked, hints=None):
    came = client.get(path).status_code
    if came != wanted:
        nowhere = f"There is no `GET {path}` yet." if came == 404 else ""
        raise CheckFailedError(f"`GET {path}`: {came}", expected=asked, hint=(hints or {}).get(came, nowhere))


def _loads_once(probe):
    app = probe.app
    before = probe.value("loads")
    client = started(app)
    try:
        at_start = probe.value("loads") - before
        answers = [client.get("/films") for _ in range(3)]
        after = probe.value("loads") - before
    finally:
        client.__exit__(None, None, None)
    if answers[0].status_code != 200 or answers[0].json() != ["Metropolis", "Playtime"]:
        raise CheckFailedError(
            f"`GET /films`: {answers[0].status_code} `{answers[0].text[:80]}`",
            expected="the films that were loaded",
            hint="" if after else "The start loaded nothing. Is the lifespan handed over, `Routebook(lifespan=…)`?",
        )
    if at_start == 0 and after:
        hint = "The first visitors wait for it. Call it in the lifespan, before the `yield`."
        raise CheckFailedError("loaded by requests", expected="`load_films()` is called at the start", hint=hint)
    if at_start == 0:
        raise CheckFailedError(
            "the start loaded nothing",
            expected="`load_films()` is called at the start",
            hint=(
                "The films were loaded when the cell ran: importing the file would then take as long. Call it in the "
                "lifespan, before the `yield`; and hand the lifespan over: `Routebook(lifespan=…)`."
            ),
        )
    if at_start != 1 or after != 1:
        raise CheckFailedError(
            f"called {after} times",
            expected="`load_films()` is called once",
            hint="Keep what it gave: `app.state.films = …`.",
        )


_TOO_LONG = {
    500: (
        'Before the start nothing is there to look at. `getattr(app.state, "films", None)` asks without an error; or give '
        "the variable a first value, such as `None`, when the cell runs."
    ),
    200: (
        "It does not run, and it says that it is ready. Look whether the films are there, and raise a `503` where not. If "
        "you do: they are still there from the run before. Take the films away after the `yield`."
    ),
}


def _is_alive(probe):
    status(
        quiet(probe.app),
        "/live",
        200,
        "alive before the start",
        {
            503: "Alive is not ready: `/live` looks at nothing, and answers.",
            500: "`/live` looks at something that is not there yet. It has nothing to look at.",
        },
    )
    client = started(probe.app)
    try:
        status(client, "/live", 200, "alive while it runs")
    finally:
        client.__exit__(None, None, None)


def _is_ready(probe):
    status(quiet(probe.app), "/ready", 503, "not ready before the start: 503", _TOO_LONG)
    client = started(probe.app)
    try:
        status(client, "/ready", 200, "ready while it runs: 200")
    finally:
        client.__exit__(None, None, None)
    status(
        quiet(probe.app),
        "/ready",
        503,
        "not ready after the end: 503",
        {
            200: "After the end it is still ready. Take the films away after the `yield`.",
            500: "After the end it fails. Set what you look at back to its first value, rather than deleting it.",
        },
    )


health = Exercise(
    "Alive, and ready",
    app="cinema",
    steps=[
        do("The films are loaded once, at the start", _loads_once),
        do("It is alive at any time", _is_alive),
        do("It is ready while it runs, and only then", _is_ready, needs=1),
    ],
    hints=[
        "Begin with the lifespan of the lesson, and let it set `app.state.films = load_films()`.",
        "`cinema.state.films = None` below `cinema = Routebook(lifespan=…)` gives it a first value.",
        "`GET /ready` raises `HTTPException(503)` where `cinema.state.films is None`.",
    ],
    stub="""
        # Exercise 25.2: an application cinema with GET /films, GET /live and GET /ready
    """,
    solution="""
        # Exercise 25.2: an application cinema with GET /films, GET /live and GET /ready
        @asynccontextmanager
        async def show(app):
            app.state.films = load_films()
            yield
            app.state.films = None


        cinema = Routebook(title="Cinema", lifespan=show)
        cinema.state.films = None


        @cinema.get("/films")
        def list_films():
            return cinema.state.films


        @cinema.get("/live")
        def live():
            return {"status": "alive"}


        @cinema.get("/ready")
        def ready():
            if cinema.state.films is None:
                raise HTTPException(503, "Still loading")
            return {"status": "ready"}
    """,
    another="""
        # Exercise 25.2: an application cinema with GET /films, GET /live and GET /ready
        from routebook import APIRouter, Response

        programme = {}
        router = APIRouter()


        @router.get("/films")
        async def films() -> list[str]:
            return programme["films"]


        @router.get("/live", status_code=200)
        async def alive() -> None:
            pass


        @router.get("/ready")
        async def is_ready(response: Response) -> dict[str, bool]:
            response.status_code = 200 if programme else 503
            return {"ready": bool(programme)}


        @asynccontextmanager
        async def opening_hours(_):
            try:
                programme["films"] = load_films()
                yield
            finally:
                programme.clear()


        cinema = Routebook(lifespan=opening_hours)
        cinema.include_router(router)
    """,
    mistakes=[
        Mistake(
            "@asynccontextmanager\nasync def life(app):\n    app.state.films = load_films()\n    yield\n\n\n"
            "cinema = Routebook()\ncinema.state.films = None\n\n\n"
            "@cinema.get('/films')\ndef films():\n    return cinema.state.films",
            "Is the lifespan handed over",
        ),
        Mistake(
            "FILMS = load_films()\ncinema = Routebook()\n\n\n@cinema.get('/films')\ndef films():\n    return FILMS",
            "when the cell ran",
        ),
        Mistake(
            "cinema = Routebook()\n\n\n@cinema.get('/films')\ndef films():\n    return load_films()",
            "The first visitors wait",
        ),
        Mistake(
            "@asynccontextmanager\nasync def life(app):\n    app.state.films = load_films()\n\n\n"
            "cinema = Routebook(lifespan=life)\n\n\n@cinema.get('/films')\ndef films():\n    return cinema.state.films",
            "with one `yield`",
        ),
        Mistake(
            "@asynccontextmanager\nasync def life(app):\n    app.state.films = load_films()\n    yield\n\n\n"
            "cinema = Routebook(lifespan=life)\n\n\n@cinema.get('/films')\ndef films():\n    return cinema.state.films\n\n\n"
            "@cinema.get('/live')\n@cinema.get('/ready')\ndef fine():\n    return 'ok'",
            "it says that it is ready",
        ),
        Mistake(
            "@asynccontextmanager\nasync def life(app):\n    app.state.films = load_films()\n    yield\n\n\n"
            "cinema = Routebook(lifespan=life)\n\n\n@cinema.get('/films')\ndef films():\n    return cinema.state.films\n\n\n"
            "@cinema.get('/live')\ndef live():\n    return 'ok'\n\n\n@cinema.get('/ready')\ndef ready():\n"
            "    if not getattr(cinema.state, 'films', None):\n        raise HTTPException(503)\n    return 'ok'",
            "Take the films away after",
        ),
        Mistake(
            "@asynccontextmanager\nasync def life(app):\n    app.state.films = load_films()\n    yield\n    app.state.films = None\n\n\n"
            "cinema = Routebook(lifespan=life)\n\n\n@cinema.get('/films')\ndef films():\n    return cinema.state.films\n\n\n"
            "@cinema.get('/live')\n@cinema.get('/ready')\ndef ready():\n"
            "    if not getattr(cinema.state, 'films', None):\n        raise HTTPException(503)\n    return 'ok'",
            "Alive is not ready",
        ),
    ],
    learned=(
        "Nothing heavy happens on import; the lifespan does it, and undoes it. `/live` asks whether to restart you, `/ready` "
        "whether to send you work."
    ),
)


class Served(Exception):
    """The file began to serve when it was run."""


@contextmanager
def no_server():
    """`uvicorn.run` tells instead of serving."""
    try:
        import uvicorn
    except ImportError:
        yield
        return
    before = uvicorn.run

    def run(*args, **options):
        raise Served

    uvicorn.run = run
    try:
        yield
    finally:
        uvicorn.run = before


def run_main(probe, **values):
    """The names of main.py, run alone."""
    path = probe.value("folder") / "main.py"
    if not path.is_file():
        raise CheckFailedError(
            "there is no `main.py`",
            expected="the file `main.py` in `folder`",
            hint="The cell's first line writes it: `%%writefile {folder}/main.py`. Run the cell.",
        )
    with no_server():
        return runpy.run_path(str(path), run_name="main")


def _stands_alone(probe):
    hint = ""
    with environment(CINEMA_KEY=KEY):
        try:
            names = run_main(probe)
        except Served:
            raise CheckFailedError(
                "running the file starts a server",
                expected="a file that can be imported",
                hint='`routebook run` imports the file. Leave `uvicorn.run(…)` out, or put it under `if __name__ == "__main__":`.',
            ) from None
        except CheckFailedError:
            raise
        except SyntaxError as error:
            if (error.text or "").lstrip().startswith(("%", "!")):
                hint = "Lines that begin with `%` or `!` are the notebook's. Python does not know them: leave them out."
            raise CheckFailedError(
                f"line {error.lineno}: `{error.msg}`", expected="a file that Python can run", hint=hint
            ) from None
        except NameError as error:
            hint = (
                f"`{error.name}` was made in a cell of this notebook, or imported there. A file begins empty: import it, or "
                "copy it into the file."
            )
            raise CheckFailedError(
                f"`NameError: {error}`", expected="a file that runs without this notebook", hint=hint
            ) from None
        except Exception as error:
            raise CheckFailedError(
                f"`{type(error).__name__}: {error}`", expected="a file that runs without this notebook"
            ) from None
    if not isinstance(names.get("app"), Routebook):
        found = [name for name, value in names.items() if isinstance(value, Routebook)]
        came = f"an application under the name `{found[0]}`" if found else "no application"
        hint = "The command `routebook run main.py` looks for the name `app`." if found else ""
        raise CheckFailedError(came, expected="a variable `app` with the application", hint=hint)
    owners = {
        getattr(value, "__name__", "") if isinstance(value, type(sys)) else type(value).__module__
        for value in names.values()
    }
    if any(owner.partition(".")[0] == "routebook_kernel" for owner in owners):
        raise CheckFailedError(
            "the file uses `routebook_kernel`",
            expected="a file that needs no notebook",
            hint="`routebook_kernel` and its client belong to the notebook, and are not installed in production.",
        )


def answer(probe, path, **values):
    """What main.py answers, started with this environment."""
    with environment(CINEMA_KEY=KEY, **values):
        client = started(run_main(probe)["app"])
        try:
            return client.get(path)
        finally:
            client.__exit__(None, None, None)


def _tells_seats(probe):
    for values, seats in (({}, 40), ({"CINEMA_SEATS": "55"}, 55), ({"CINEMA_SEATS": "120"}, 120)):
        came = answer(probe, "/about", **values)
        if came.status_code != 200 or came.json() != {"seats": seats}:
            hint = ""
            if "NameError" in came.text or came.status_code == 500:
                hint = "The function failed. Does it use a name that stands in this notebook only? Python sees that when it runs."
            elif came.status_code == 200 and came.json() == {"seats": str(seats)}:
                hint = (
                    "`seats` came as a text. What stands in the environment is one; `int(…)` or a model makes a number."
                )
            elif came.status_code == 200 and came.json() == {"seats": 40}:
                hint = "It is always 40. Read `CINEMA_SEATS` in the file."
            elif came.status_code == 404:
                hint = "There is no `GET /about` in the file yet."
            raise CheckFailedError(
                f"{came.status_code} `{came.text[:100]}`",
                expected=f'`GET /about` answers `{{"seats": {seats}}}`'
                + (f" with `CINEMA_SEATS={seats}`" if values else " with `CINEMA_SEATS` not set"),
                hint=hint,
            )


def _lives(probe):
    came = answer(probe, "/live")
    if came.status_code != 200:
        raise CheckFailedError(f"`GET /live`: {came.status_code}", expected="200")


def _does_not_start(probe):
    with environment():
        try:
            with TestClient(run_main(probe)["app"]):
                pass
        except CheckFailedError:
            raise
        except Exception:
            return
    raise CheckFailedError(
        "it started",
        expected="an error without `CINEMA_KEY`",
        hint="Nothing asks for the key. Read the settings when the file runs, or in the lifespan, so that a missing one ends it.",
    )


main = Exercise(
    "A file that stands alone",
    app=None,
    steps=[
        do("`main.py` runs without this notebook", _stands_alone),
        do("`GET /about` tells the seats of the environment", _tells_seats, needs=1),
        do("`GET /live` answers", _lives, needs=1),
        do("Without a key it does not start", _does_not_start, needs=1),
    ],
    hints=[
        "Begin with the imports: `import os`, `from routebook import Routebook`, and what your settings need.",
        "Copy your answer to exercise 25.1 below them, and then `settings = read_settings()`.",
        'Two operations on `app = Routebook()`: `/about` returns `{"seats": settings.seats}`.',
    ],
    stub="""
        %%writefile {folder}/main.py
        # Exercise 25.3: app with GET /about and GET /live, and settings from the environment
    """,
    solution="""
        %%writefile {folder}/main.py
        # Exercise 25.3: app with GET /about and GET /live, and settings from the environment
        import os

        from pydantic import BaseModel, Field, SecretStr
        from routebook import Routebook


        class Settings(BaseModel):
            key: SecretStr
            seats: int = Field(default=40, ge=1)


        settings = Settings(key=os.environ["CINEMA_KEY"], seats=os.environ.get("CINEMA_SEATS", 40))
        app = Routebook(title="Cinema")


        @app.get("/about")
        def about():
            return {"seats": settings.seats}


        @app.get("/live")
        def live():
            return {"status": "alive"}
    """,
    another="""
        %%writefile {folder}/main.py
        # Exercise 25.3: app with GET /about and GET /live, and settings from the environment
        from contextlib import asynccontextmanager
        from os import environ

        from routebook import Request, Routebook


        @asynccontextmanager
        async def lifespan(app):
            yield {"key": environ["CINEMA_KEY"], "seats": int(environ.get("CINEMA_SEATS", "40"))}


        app = Routebook(lifespan=lifespan)


        @app.get("/about")
        async def about(request: Request) -> dict[str, int]:
            return {"seats": request.state.seats}


        @app.get("/live")
        async def live() -> str:
            return "yes"


        if __name__ == "__main__":
            import uvicorn

            uvicorn.run(app)
    """,
    mistakes=[
        Mistake(
            '%%writefile {folder}/main.py\napp = Routebook()\n\n\n@app.get("/live")\ndef live():\n    return "yes"',
            "A file begins empty",
        ),
        Mistake(
            "%%writefile {folder}/main.py\n%load_ext routebook_kernel\nfrom routebook import Routebook\n\napp = Routebook()",
            "are the notebook's",
        ),
        Mistake(
            "%%writefile {folder}/main.py\nimport routebook_kernel\nfrom routebook import Routebook\n\napp = Routebook()\n"
            "client = routebook_kernel.client(app)",
            "not installed in production",
        ),
        Mistake(
            "%%writefile {folder}/main.py\nimport uvicorn\nfrom routebook import Routebook\n\napp = Routebook()\n"
            "uvicorn.run(app)",
            "Leave `uvicorn.run(…)` out",
        ),
        Mistake(
            "%%writefile {folder}/main.py\nfrom routebook import Routebook\n\ncinema = Routebook()",
            "looks for the name `app`",
        ),
        Mistake(
            "%%writefile {folder}/main.py\nfrom routebook import Routebook\n\napp = Routebook()\n\n\n"
            '@app.get("/about")\ndef about():\n    return {"seats": read_settings().seats}',
            "stands in this notebook only",
        ),
        Mistake(
            "%%writefile {folder}/main.py\nimport os\nfrom routebook import Routebook\n\napp = Routebook()\n\n\n"
            '@app.get("/about")\ndef about():\n    return {"seats": int(os.environ.get("CINEMA_SEATS", 40))}\n\n\n'
            '@app.get("/live")\ndef live():\n    return "yes"',
            "Nothing asks for the key",
        ),
        Mistake(
            "%%writefile {folder}/main.py\nimport os\nfrom routebook import Routebook\n\nos.environ['CINEMA_KEY']\napp = Routebook()\n\n\n"
            '@app.get("/about")\ndef about():\n    return {"seats": 40}\n\n\n'
            '@app.get("/live")\ndef live():\n    return "yes"',
            "It is always 40",
        ),
    ],
    learned=(
        "This file runs anywhere: `CINEMA_KEY=… routebook run main.py`. Everything that it needs stands in it, or comes from "
        "the environment."
    ),
)

lesson = Lesson("From notebook to production", exercises=[settings, health, main], minutes=20)
