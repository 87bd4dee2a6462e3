"""Mistakes that a cell's source shows: reported with their line and the fix. Sound code is left alone."""

import asyncio
import textwrap
import time
from typing import Any

import pytest
from pydantic import BaseModel

from routebook import Depends, HTTPException, Request, Response
from routebook_kernel.registry.source_checks import check_source


async def fetch() -> int:
    return 1


def get_db() -> int:
    return 1


class Item(BaseModel):
    a: int = 1


NAMESPACE: dict[str, Any] = {
    "asyncio": asyncio, "time": time, "sleep": time.sleep, "HTTPException": HTTPException, "Response": Response,
    "Request": Request, "Item": Item, "fetch": fetch, "get_db": get_db, "counter": 0, "Depends": Depends,
}  # fmt: skip


def find(source: str) -> list[str]:
    found = check_source(textwrap.dedent(source).strip(), NAMESPACE, lambda line: None)
    return [f"{diagnostic.word}: {diagnostic.text}" for diagnostic in found]


MISTAKES = {
    "time.sleep": ("async def f():\n    time.sleep(1)", "blocks: `f` is async and calls `time.sleep` (line 2)"),
    "imported sleep": ("async def f():\n    sleep(1)", "blocks: `f` is async and calls `sleep` (line 2)"),
    "requests": ("async def f():\n    return requests.get('x')", "use `an httpx2.AsyncClient`"),
    "asyncio.run": ("async def f():\n    asyncio.run(fetch())", "cannot run inside an `async def`: use `await`"),
    "await": ("async def f():\n    return fetch()", "not awaited: `fetch(…)` (line 2)"),
    "await in def": ("def f():\n    x = fetch()", "make it an `async def`"),
    "request.json": ("async def f(r: Request):\n    return r.json()", "write `await r.json(…)`"),
    "called dependency": ("def f(db = Depends(get_db())): ...", "calls it now, once: write `Depends(get_db)`"),
    "Depends as type": ("def f(db: Depends(get_db)): ...", "write `db: Annotated[…, Depends(get_db)]`"),
    "kwargs": ("@app.get('/')\ndef f(**kwargs): ...", "`**kwargs` becomes a query parameter"),
    "tuple": ("@app.get('/')\ndef f():\n    return {}, 404", "answers 200 with a list"),
    "returned error": ("@app.get('/')\ndef f():\n    return HTTPException(404)", "write `raise HTTPException(…)`"),
    "dumps": ("@app.get('/')\ndef f():\n    return json.dumps({})", "encoded twice"),
    "swallowed": (
        "def f():\n    try:\n        raise HTTPException(404)\n    except Exception:\n        return 1",
        "`except Exception` (line 4) also takes the `HTTPException`",
    ),
    "task": ("def f(t: BackgroundTasks):\n    t.add_task(get_db())", "write `add_task(get_db, …)`"),
    "global": ("def f():\n    counter += 1", "write `global counter` above it"),
    "promise": ("@app.get('/')\ndef f() -> Item:\n    x = 1", "promises `Item` and returns nothing"),
    "blocking cell": (
        "await asyncio.sleep(0)\ntime.sleep(1)",
        "`time.sleep` (line 2) holds up every request, for a cell with `await` runs on the loop that answers them",
    ),
    "204": ("@app.delete('/', status_code=204)\ndef f():\n    return {'a': 1}", "a 204 has no body"),
    "accept": (
        "@app.websocket('/')\nasync def f(w: WebSocket):\n    await w.send_text('')",
        "`await w.accept()` comes first",
    ),
}


@pytest.mark.parametrize(("source", "says"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistake_is_reported_with_its_fix(source: str, says: str) -> None:
    """One diagnostic, for the cause."""
    found = find(source)

    assert len(found) == 1, found
    assert says in found[0]


SOUND = """
    %matplotlib inline
    @app.get("/a/{a}")
    async def a(request: Request, a: int, q: str | None = None, db=Depends(get_db)) -> Item:
        task = asyncio.create_task(fetch())
        await asyncio.sleep(0)
        return Item(a=await fetch())

    @app.post("/b", status_code=204)
    def b(item: Item, tasks: BackgroundTasks) -> None:
        global counter
        counter += 1
        time.sleep(0)
        tasks.add_task(get_db)

    @app.post("/c")
    def c(item: Item, x: int = 1) -> Item: ...

    @app.get("/d")
    def d() -> Item:
        try:
            raise HTTPException(404)
        except HTTPException:
            raise
        except Exception:
            return Item()

    @app.get("/e", response_model=Item)
    def e():
        raise HTTPException(501)

    @app.get("/f")
    def f() -> Response:
        return JSONResponse({}, status_code=404)

    @app.websocket("/w")
    async def w(socket: WebSocket):
        await manager.connect(socket)
        await socket.send_text("")

    @app.get("/g")
    def g(names: list[str] = Query([]), more: tuple[str, ...] = (), other: list[str] | None = None):
        return names

    class Basket(BaseModel):  # pydantic copies a field's default
        items: list[str] = []
        prices: dict[str, float] = {}

    def helper(numbers, *more):
        total = 0
        for number in numbers:
            total += number
        return total, 200

    async def outer():
        def inner():
            time.sleep(1)
        return await asyncio.to_thread(inner)
"""


def test_sound_code_is_left_alone() -> None:
    """No diagnostic without a mistake: a false one costs more than a true one helps."""
    assert find(SOUND) == []


def test_unparsable_source_has_no_diagnostics() -> None:
    """The syntax error is reported elsewhere."""
    assert find("def (") == []


DEFAULTS = [
    ("def f(x=[]):\n    x.append(1)", "warn", "`x=[]` (line 1) is one list for all calls, and this changes it"),
    ("@app.post('/')\ndef f(x: dict = {}):\n    x['a'] = 1", "warn", "each request gets a copy of `x={}` (line 2)"),
    ("@app.get('/')\ndef f(x: list[int] = []): return x", "note", "`x=[]` (line 2) is safe as it stands"),
    ("def g(*, x={1}): return len(x)", "note", "`x={1}` (line 1) is one set for all calls, so change a copy"),
    ("def g(x=[each for each in 'ab']): return x", "note", "is one list for all calls, so change a copy"),
]


@pytest.mark.parametrize(("source", "level", "says"), DEFAULTS)
def test_mutable_default_is_a_note_and_mutating_it_a_warning(source: str, level: str, says: str) -> None:
    """The framework copies a default for each request. Direct calls share it, and so do all calls of a helper."""
    (found,) = check_source(source, NAMESPACE, lambda line: None)

    assert (found.word, found.level) == ("mutable default", level)
    assert says in found.text
