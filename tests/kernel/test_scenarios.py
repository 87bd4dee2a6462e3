"""What a person does in a notebook, in a real kernel: cells define, fail, change and go; the application follows."""

import ast
import textwrap

import httpx2
import pytest

from tests.kernel.driver import Kernel, eventually

pytestmark = pytest.mark.kernel


def define(kernel: Kernel, app: str) -> None:
    kernel.good(f"{app} = Routebook()\nclient = routebook_kernel.client({app})", f"{app}-app")


def cell(code: str) -> str:
    return textwrap.dedent(code).strip()


def test_loading_cell_may_declare_at_once() -> None:
    """The first cell of many notebooks loads the extension and goes on: it owns what it declares."""
    driver = Kernel()
    try:
        first = "%load_ext routebook_kernel\nfrom routebook import Routebook\napp = Routebook()\n"
        driver.good(first + "@app.get('/a')\ndef a(): return 1", "one")

        again = driver.good(first + "@app.get('/b')\ndef b(): return 2", "one")

        paths = driver.value("[r.path for r in app.routes if r.include_in_schema]")
        assert paths == "['/b']"
        assert "− GET /a" in again.shown
    finally:
        driver.close()


def test_client_is_sync_in_ordinary_cells_and_awaitable_in_async_ones(kernel: Kernel) -> None:
    """One object, both kinds of cell; the handler's print reaches the cell that asked."""
    define(kernel, "one")
    kernel.good("@one.get('/hi')\nasync def hi(n: int = 1):\n    print('asked', n)\n    return {'n': n}", "one-1")

    sync = kernel.good("client.get('/hi', params={'n': 2}).json()", "one-2")
    awaited = kernel.good("(await client.get('/hi?n=3')).json()", "one-3")

    assert (sync.plain, sync.text) == ("{'n': 2}", "asked 2\n")
    assert (awaited.plain, awaited.text) == ("{'n': 3}", "asked 3\n")


def test_response_is_shown_with_its_issues_and_markup_as_text(kernel: Kernel) -> None:
    """A 422 names the field and a value that passes; what was sent stays text in the HTML."""
    define(kernel, "two")
    kernel.good(
        "class Thing(BaseModel):\n    price: float\n"
        "@two.post('/things')\ndef make(thing: Thing) -> Thing: return thing",
        "two-1",
    )

    shown = kernel.good("client.post('/things', json={'price': '<script>alert(1)</script>'})", "two-2").value

    assert shown is not None
    assert "body price: must be a number" in shown["text/plain"]
    assert "&lt;script&gt;" in shown["text/html"]
    assert "<script>" not in shown["text/html"]


def test_lifecycle_of_a_cell_is_told_and_followed(kernel: Kernel) -> None:
    """New, unchanged, renamed with a new parameter, removed: each said, order kept, no ghost."""
    define(kernel, "three")
    source = cell("""
        @three.get("/first")
        def first(): return 1
        @three.get("/second")
        def second(): return 2
    """)
    new = kernel.good(source, "three-1")
    kernel.good("@three.get('/third')\ndef third(): return 3", "three-2")
    same = kernel.good(source, "three-1")
    renamed = kernel.good(source.replace("def first()", "def erste(lang: str = 'de')"), "three-1")

    assert "+ GET /first" in new.shown
    assert "→ first" in new.shown
    assert "= no changes, 3 operations live" in same.shown
    assert "query parameter lang is new" in renamed.shown
    assert "erste" in renamed.shown
    order = "[(r.path, r.name) for r in three.routes if r.include_in_schema]"
    assert kernel.value(order) == "[('/first', 'erste'), ('/second', 'second'), ('/third', 'third')]"

    removed = kernel.good("", "nothing", deleted=["three-2"])
    removed = kernel.good("1", "nothing", deleted=["three-2"])

    assert "third" not in kernel.value(order)
    assert "− GET /third" in removed.shown


def test_cell_that_raises_half_way_loses_nothing(kernel: Kernel) -> None:
    """What ran is live, what was not reached stays as it was, and both are said."""
    define(kernel, "four")
    good = "@four.get('/a')\ndef a(): return 'old'\n@four.get('/b')\ndef b(): return 'old'"
    kernel.good(good, "four-1")

    half = kernel.run(
        "@four.get('/a')\ndef a(): return 'new'\n{}['nothing']\n@four.get('/b')\ndef b(): return 'new'", "four-1"
    )

    assert half.error is not None
    assert "stopped at line 3: KeyError: 'nothing'. What stands above it is live" in half.shown
    assert "GET /b stays as the last good run left it" in half.shown
    assert kernel.value("client.get('/a').json(), client.get('/b').json()") == "('new', 'old')"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("@five.get('/a')\ndef a(x: object()): return 'new'", "nothing changed"),
        ("@five.get('/a'\ndef a(): return 'new'", "the cell cannot be read at line 1"),
    ],
    ids=["bad annotation", "syntax error"],
)
def test_registration_that_fails_changes_nothing(kernel: Kernel, source: str, says: str) -> None:
    """A bad annotation or a syntax error: the operation of the last good run answers."""
    define(kernel, "five")
    kernel.good("@five.get('/a')\ndef a(): return 'old'", "five-1")

    failed = kernel.run(source, "five-1")

    assert failed.error is not None
    assert says in failed.shown
    assert kernel.value("client.get('/a').json()") == "'old'"


def test_message_that_ends_in_a_full_stop_gets_no_second_one(kernel: Kernel) -> None:
    define(kernel, "full_stop")

    stopped = kernel.run("@full_stop.get('/a')\ndef a(): return 1\nraise ValueError('It is full.')", "full-stop-1")

    assert "ValueError: It is full. What stands above it is live" in stopped.shown


def test_two_cells_that_define_one_operation_are_a_conflict(kernel: Kernel) -> None:
    """The later run wins and the loser is named; when the winner's cell goes, the other answers again."""
    define(kernel, "six")
    kernel.good("@six.get('/x')\ndef x1(): return 1", "six-1")
    second = kernel.good("@six.get('/x')\ndef x2(): return 2", "six-2")
    assert "conflict: GET /x stands in cell [" in second.shown
    assert kernel.value("client.get('/x').json()") == "2"

    kernel.good("1", "nothing", deleted=["six-2"])

    assert kernel.value("client.get('/x').json()") == "1"


def test_shadowed_operation_is_found(kernel: Kernel) -> None:
    """`/users/me` behind `/users/{id}` is never reached."""
    define(kernel, "seven")
    kernel.good("@seven.get('/users/{user_id}')\ndef user(user_id: str): ...", "seven-1")

    result = kernel.good("@seven.get('/users/me')\ndef me(): ...", "seven-2")

    assert "! shadowed: GET /users/me is never reached, GET /users/{user_id} (cell [" in result.shown


def test_application_made_again_keeps_other_cells_operations(kernel: Kernel) -> None:
    """`app = Routebook()` run again: the other cells' operations are on the new object, and that is said."""
    define(kernel, "eight")
    kernel.good("@eight.get('/kept')\ndef kept(): return 'kept'", "eight-1")

    result = kernel.good("eight = Routebook(title='Again')\nclient = routebook_kernel.client(eight)", "eight-app")

    assert "eight is new and keeps 1 operation of other cells" in result.shown
    assert kernel.value("client.get('/kept').json(), eight.openapi()['info']['title']") == "('kept', 'Again')"


def test_router_made_again_is_followed_by_who_includes_it(kernel: Kernel) -> None:
    """A router's cell run again: the application that included the former one serves the new one."""
    define(kernel, "nine")
    router = "nine_r = APIRouter(prefix='/r')\n@nine_r.get('/a')\ndef a(): return {!r}"
    kernel.good(router.format("old"), "nine-1")
    kernel.good("@nine_r.get('/b')\ndef b(): return 'b'", "nine-2")
    kernel.good("nine.include_router(nine_r, prefix='/v1')", "nine-3")

    kernel.good(router.format("new"), "nine-1")

    assert kernel.value("client.get('/v1/r/a').json(), client.get('/v1/r/b').json()") == "('new', 'b')"


def test_served_application_answers_while_a_cell_computes(kernel: Kernel, free_port: int) -> None:
    """The server is on the home loop: a sleeping cell does not stop it, new cells are served at once."""
    define(kernel, "ten")
    kernel.good("seen = []\n@ten.get('/one')\ndef one():\n    seen.append(1)\n    return 1", "ten-1")
    shown = kernel.good(f"%api serve --app ten --port {free_port}", "ten-2").shown
    url = f"http://127.0.0.1:{free_port}"
    assert f"Serving at {url}/" in shown

    waits = "import time\nfor _ in range(2000):\n    if seen: break\n    time.sleep(0.01)\nlen(seen)"
    waiting = kernel.start(waits, "ten-3")
    assert httpx2.get(f"{url}/one").json() == 1
    assert kernel.finish(waiting).plain == "1"
    own = kernel.good(f"import httpx2; httpx2.get('{url}/one').json()", "ten-4")
    assert own.plain == "1"

    kernel.good("@ten.get('/two')\ndef two(): return 2", "ten-5")
    assert httpx2.get(f"{url}/two").json() == 2
    assert "port is free" in kernel.good("%api stop", "ten-6").shown
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{url}/one")


def test_uvicorn_run_in_a_cell_serves_and_returns(kernel: Kernel, free_port: int) -> None:
    """The line that every tutorial ends with works in a cell, host and reload told apart."""
    define(kernel, "eleven")
    kernel.good("@eleven.get('/one')\ndef one(): return 1", "eleven-1")

    result = kernel.good(
        f"import uvicorn\nuvicorn.run('main:eleven', host='0.0.0.0', port={free_port}, reload=True)", "eleven-2"
    )

    assert "reload has no effect here" in result.shown
    assert "listens on 127.0.0.1" in result.shown
    assert httpx2.get(f"http://127.0.0.1:{free_port}/one").json() == 1
    kernel.good("%api stop", "eleven-3")


def test_asyncio_run_in_a_cell_works_or_says_what_to_write(kernel: Kernel) -> None:
    """The other line that tutorials end with."""
    main = "import asyncio\nasync def main(): return await asyncio.sleep(0, 'done')\nasyncio.run(main())"

    assert kernel.good(main, "twelve-0").plain == "'done'"
    refused = kernel.run(f"await asyncio.sleep(0)\n{main}", "twelve-0").error
    assert "Write this instead: await" in str(refused)


def test_interrupt_ends_a_waiting_request_and_the_kernel_goes_on(kernel: Kernel) -> None:
    """A handler that never answers: the interrupt cancels it, the next request is answered."""
    define(kernel, "twelve")
    kernel.good("import asyncio\n@twelve.get('/hang')\nasync def hang(): await asyncio.sleep(60)", "twelve-1")
    kernel.good("@twelve.get('/one')\ndef one(): return 1", "twelve-2")
    for source in ("client.get('/hang')", "await client.get('/hang')", "import time; time.sleep(60)"):
        result = kernel.interrupt(source, "twelve-3")
        assert any(word in str(result.error) for word in ("KeyboardInterrupt", "CancelledError"))
        assert kernel.value("client.get('/one').json()") == "1"


def test_prints_of_a_served_request_are_with_the_request_not_in_a_random_cell(kernel: Kernel, free_port: int) -> None:
    """They show where the server was started, and in the log; a cell that runs meanwhile has none of them."""
    define(kernel, "fourteen")
    kernel.good("@fourteen.get('/talk')\ndef talk():\n    print('said', 1)\n    return 1", "fourteen-1")
    kernel.good(f"%api serve --app fourteen --port {free_port}", "fourteen-2")

    sleeping = kernel.start("import time; time.sleep(1)", "fourteen-3")
    httpx2.get(f"http://127.0.0.1:{free_port}/talk")
    while_sleeping = kernel.finish(sleeping)
    kernel.good("%api stop", "fourteen-2")

    assert while_sleeping.text == ""
    assert kernel.value("routebook_kernel.log()[-1].output") == "'said 1\\n'"


def test_failure_of_a_handler_is_told_by_cell_and_line(kernel: Kernel) -> None:
    """A 500 shows the user's frames with values, the frameworks' folded."""
    define(kernel, "thirteen")
    kernel.good(
        "def halve(n, password):\n    return n / 0\n"
        "@thirteen.get('/half')\ndef half(n: int): return halve(n, SECRET)\nSECRET = 'hid' + 'den'",
        "thirteen-1",
    )

    shown = kernel.good("client.get('/half?n=4')", "thirteen-2").plain

    assert "ZeroDivisionError: division by zero" in shown
    assert "line 2, in halve: return n / 0" in shown
    assert "n = 4" in shown
    assert "hidden" not in shown


def test_magic_errors_are_sentences(kernel: Kernel) -> None:
    """No traceback for a mistyped magic."""
    result = kernel.run("%api sevre", "magic-1")
    unknown = kernel.run("%api serve --app nowhere", "magic-2")
    too_much = kernel.run("%api stop now", "magic-3")

    assert "`%api sevre` isn't a command. Did you mean `serve`?" in result.text + str(result.error)
    assert "`nowhere` isn't an application in this notebook" in unknown.text + str(unknown.error)
    assert "`%api stop` doesn't take an argument, got 'now'" in too_much.text + str(too_much.error)


def test_help_lists_every_command(kernel: Kernel) -> None:
    """A mistyped command leads there, so nothing may be missing."""
    kernel.good("magics = get_ipython().magics_manager.registry['ApiMagics']", "magic-4")
    commands = ast.literal_eval(kernel.value("sorted(magics._commands)"))

    shown = kernel.good("%api help", "magic-5").shown

    assert "help" in commands
    assert [name for name in commands if name != "show" and f"%api {name}" not in shown] == []


def test_http_cell_sends_several_requests(kernel: Kernel) -> None:
    """Variables of the cell and of the notebook, a named answer used by the next request, an expectation that fails."""
    define(kernel, "sixteen")
    kernel.good(
        "@sixteen.post('/books', status_code=201)\ndef make(book: dict): return {'id': 7, **book}\n"
        "@sixteen.get('/books/{book_id}')\n"
        "def read(book_id: int, lang: str = 'en'): return {'id': book_id, 'lang': lang}\n"
        "title = 'Emma'",
        "sixteen-1",
    )

    result = kernel.good(
        '%%http sixteen\n@lang = de\n### Make\n# @name make\n# @expect 201\nPOST /books\n\n{"title": "{{title}}"}\n'
        "###\n# @expect 404\nGET /books/{{make.response.body.$.id}}\n  ?lang={{lang}}\nAccept: */*\n",
        "sixteen-2",
    )

    assert '"title": "Emma"' in result.shown
    assert '"lang": "de"' in result.shown
    assert result.shown.count("Expected") == 1
    assert "Expected status 404, got 200 (line 11)." in result.shown


def test_http_cell_waits_no_longer_than_it_says(kernel: Kernel) -> None:
    """The request that is silent is named by its line; the kernel goes on."""
    define(kernel, "patient")
    kernel.good("import asyncio\n@patient.get('/slow')\nasync def slow(): await asyncio.sleep(60)", "patient-1")

    result = kernel.run("%%http patient\n# @timeout 100 ms\nGET /slow", "patient-2")

    shown = (result.error or "") + result.text
    assert "No response from /slow (line 3). The application was silent for 0.1 s" in shown
    assert kernel.value("1 + 1") == "2"


def test_application_as_last_expression_is_the_explorer_with_a_text_beside(kernel: Kernel) -> None:
    """The widget for the page, text and HTML for where it does not run."""
    define(kernel, "seventeen")
    kernel.good("@seventeen.get('/one', summary='The one')\ndef one(): return 1", "seventeen-1")

    value = kernel.good("seventeen", "seventeen-2").value

    assert value is not None
    assert "GET     /one" in value["text/plain"]
    assert "/one" in value["text/html"]


def test_kernel_without_cell_ids_replaces_by_source(kernel: Kernel) -> None:
    """nbclient sends no ids: an edited cell replaces its operation, nothing is doubled."""
    kernel.good("fifteen = Routebook()\nclient = routebook_kernel.client(fifteen)")
    kernel.good("@fifteen.get('/a')\ndef a():\n    return 1")
    kernel.good("@fifteen.get('/a')\ndef a():\n    return 1")
    kernel.good("@fifteen.get('/b')\ndef a():\n    return 2")

    assert kernel.run("[r.path for r in fifteen.routes if r.include_in_schema]").plain == "['/b']"


def test_unloading_gives_everything_back(free_port: int) -> None:
    """After `%unload_ext` nothing of the extension is left: runner, hooks, magic, uvicorn, registrar, port."""
    driver = Kernel()
    try:
        before = driver.run("get_ipython().loop_runner").plain
        driver.good("%load_ext routebook_kernel\nfrom routebook import Routebook\napp = Routebook()", "a")
        driver.good(f"%api serve --port {free_port}", "b")

        driver.good("%unload_ext routebook_kernel", "c")

        assert driver.run("get_ipython().loop_runner").plain == before
        assert driver.run("import uvicorn; uvicorn.run.__module__").plain == "'uvicorn.main'"
        assert "not found" in driver.run("%api").text
        driver.good("@app.get('/x')\ndef x(): ...\n@app.get('/x')\ndef x(): ...", "d")
        assert driver.run("len([r for r in app.routes if r.path == '/x'])").plain == "2"
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(f"http://127.0.0.1:{free_port}/")
        assert driver.good("%load_ext routebook_kernel\n%api status", "e").shown.startswith("No server is running.")
    finally:
        driver.close()


def test_restart_leaves_the_port_free(free_port: int) -> None:
    """A kernel that is restarted while it serves: the same port can be served again at once."""
    driver = Kernel()
    start = "%load_ext routebook_kernel\nfrom routebook import Routebook\napp = Routebook()"
    try:
        driver.good(start, "a")
        driver.good(f"%api serve --port {free_port}", "b")
        driver.manager.restart_kernel(now=False)
        driver.client.wait_for_ready(timeout=120)
        driver.good(start, "a")

        assert f"Serving at http://127.0.0.1:{free_port}/" in driver.good(f"%api serve --port {free_port}", "b").shown
        assert httpx2.get(f"http://127.0.0.1:{free_port}/openapi.json").status_code == 200
    finally:
        driver.close()


def test_restart_and_run_all_ends_in_the_application_that_stood() -> None:
    """Cells run out of order, edited, failed, one deleted; then in order; then a new kernel: one and the same."""
    cells = {
        "load": "%load_ext routebook_kernel\nimport routebook_kernel\nfrom pydantic import BaseModel\n"
        "from routebook import APIRouter, Depends, Routebook",
        "app": "app = Routebook(title='Shop')\nclient = routebook_kernel.client(app)",
        "model": "class Item(BaseModel):\n    price: float = 2",
        "any": "@app.get('/items/{key}')\ndef read(key: str): return key",
        "router": "more = APIRouter(prefix='/more')\n@more.post('/')\ndef make(item: Item): return item\n"
        "app.include_router(more)",
        "fixed": "@app.get('/items/things')\n@app.get('/things')\n"
        "def things(q: int = 1, item: Item = Depends()): return [q, item.price]",
    }
    state = (
        "import json; json.dumps([app.openapi(), client.get('/items/things').json(), client.get('/things').json(), "
        "client.post('/more/', json={}).json()])"
    )
    driver = Kernel()
    try:
        for name in ("load", "app", "model", "fixed", "any", "router"):
            driver.good(cells[name], name)
        driver.good("@app.get('/gone')\ndef gone(): ...", "gone")
        driver.good(cells["model"].replace("2", "3"), "model")
        assert driver.run(f"{cells['any'].replace('key', 'other')}\nnothing", "any").error is not None
        for name, source in cells.items():
            driver.good(source, name, deleted=["gone"])
        stood = driver.value(state)
        for name in ("load", "app", "model", "any"):  # "Run all above" the router's cell
            driver.good(cells[name], name)
        above = driver.value(state)

        driver.manager.restart_kernel(now=False)
        driver.client.wait_for_ready(timeout=120)
        for name, source in cells.items():
            driver.good(source, name)

        assert driver.value(state) == stood == above
        assert "/gone" not in stood
        assert '"things", [1, 2.0], {"price": 2.0}' in stood
    finally:
        driver.close()


def test_lifespan_given_in_a_cell_is_entered_left_and_exchanged(kernel: Kernel, free_port: int) -> None:
    """Run again while it is served: the former is left, the new one entered, and its state answers; so after a fail."""
    source = cell("""
        from contextlib import asynccontextmanager
        from routebook import Request
        if "events" not in globals(): events = []
        @asynccontextmanager
        async def lifespan(app):
            events.append("in {n}")
            yield {{"n": {n}}}
            events.append("out {n}")
        lived = Routebook(lifespan=lifespan)
    """)
    ask = f"__import__('httpx2').get('http://127.0.0.1:{free_port}/n').json()"
    kernel.good(source.format(n=1), "lived-app")
    kernel.good("@lived.get('/n')\ndef n(request: Request): return request.state.n", "lived-1")
    kernel.good(f"%api serve --app lived --port {free_port}", "lived-2")
    assert (kernel.value(ask), kernel.value("events")) == ("1", "['in 1']")

    kernel.good(source.format(n=2), "lived-app")
    eventually(lambda: kernel.value("events") == "['in 1', 'out 1', 'in 2']")
    assert (kernel.value(ask), kernel.value("routebook_kernel.client(lived).get('/n').json()")) == ("2", "2")

    assert kernel.run(source.format(n=3).replace("lived =", "nothing\nlived ="), "lived-app").error is not None
    assert (kernel.value(ask), kernel.value("len(events)")) == ("2", "3")
    kernel.good("%api stop", "lived-2")
    eventually(lambda: kernel.value("events[3:]") == "['out 2']")
