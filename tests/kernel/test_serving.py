"""The server and the client as a person uses them: each sentence once, in a real kernel that all share."""

import re
import socket
from pathlib import Path

import httpx2
import pytest

from tests.kernel.driver import Kernel, eventually

pytestmark = pytest.mark.kernel

OPERATIONS = """
import contextlib, routebook
from routebook import Cookie, File, Form, Request, Response, UploadFile, WebSocket
from routebook.responses import RedirectResponse, StreamingResponse
events = []

@contextlib.asynccontextmanager
async def lifespan(app):
    events.append('in')
    yield {'pool': 1}
    events.append('out')

many = Routebook(lifespan=lifespan)
client = routebook_kernel.client(many)

@many.api_route('/echo', methods=['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'])
async def echo(request: Request):
    return {'method': request.method, 'auth': request.headers.get('authorization'), 'pool': request.state.pool}

@many.post('/files')
async def files(file: UploadFile, note: str = Form()):
    return [file.filename, (await file.read()).decode(), note]

@many.get('/cookie')
def cookie(response: Response, seen: str = Cookie(default='')):
    response.set_cookie('seen', 'yes')
    return seen

@many.get('/stream')
def stream():
    return StreamingResponse(iter([b'a\\n', b'b\\n']))

@many.get('/moved')
def moved(request: Request):
    return RedirectResponse(request.url_for('echo'))

@many.get('/fails')
def fails():
    return 1 / 0

@many.websocket('/ws')
async def ws(websocket: WebSocket):
    await websocket.accept()
    await websocket.send_text((await websocket.receive_text()).upper())
"""


@pytest.fixture
def ready(kernel: Kernel) -> Kernel:
    kernel.good(OPERATIONS, "many")
    return kernel


def test_client_has_every_method_of_httpx2(ready: Kernel) -> None:
    """Sync in an ordinary cell, awaited in an async one."""
    calls = [f"client.{method}('/echo')" for method in ("get", "post", "put", "patch", "delete", "options")]

    sync = ready.value(f"[r.json()['method'] for r in ({', '.join(calls)})], client.head('/echo').status_code")
    awaited = ready.good(f"[(await r).json()['method'] for r in ({', '.join(calls)})]", "await").plain

    expected = "['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']"
    assert sync == f"({expected}, 200)"
    assert awaited == expected


def test_client_sends_files_cookies_and_credentials_and_follows(ready: Kernel) -> None:
    """What httpx2 does, whole: multipart, the jar, Basic, redirects, a base URL, the lifespan's state."""
    sent = ready.value("client.post('/files', files={'file': ('a.txt', b'x')}, data={'note': 'n'}).json()")
    jar = ready.value("[client.get('/cookie').json() for _ in range(2)]")
    basic = ready.value("client.get('/echo', auth=('ann', 'pw')).json()['auth'][:6]")
    followed = ready.value("routebook_kernel.client(many, follow_redirects=True).get('/moved').json()['pool']")
    based = ready.value(
        "str(routebook_kernel.client(many, base_url='https://shop.test/').get('/moved').next_request.url)"
    )

    assert (sent, jar, basic, followed) == ("['a.txt', 'x', 'n']", "['', 'yes']", "'Basic '", "1")
    assert based == "'https://shop.test/echo'"
    assert "'ann'" not in ready.value("[e.request_headers for e in routebook_kernel.log()[-8:]]")


def test_client_streams_talks_and_raises(ready: Kernel) -> None:
    """`with` in an ordinary cell, `async with` in an async one; the application's exception where it is wanted."""
    streamed = "with client.stream('GET', '/stream') as r: lines = list(r.iter_lines())\nlines"
    awaited = "async with client.stream('GET', '/stream') as r: lines = [line async for line in r.aiter_lines()]\nlines"
    talked = "with client.websocket_connect('/ws') as s:\n    s.send_text('hi')\n    got = s.receive_text()\ngot"
    talked_awaited = (
        "async with client.websocket_connect('/ws') as s:\n    await s.send_text('hi')\n"
        "    got = await s.receive_text()\ngot"
    )

    plain = [ready.good(source, "stream").plain for source in (streamed, awaited, talked, talked_awaited)]

    assert plain == ["['a', 'b']", "['a', 'b']", "'HI'", "'HI'"]
    assert ready.value("client.get('/fails').status_code") == "500"
    raising = "routebook_kernel.client(many, raise_server_exceptions=True).get('/fails')"
    assert "ZeroDivisionError" in str(ready.run(raising, "raise").error)


def test_traceback_shows_the_cells_and_what_they_called(ready: Kernel) -> None:
    """Neither the client's frames nor the framework's, of causes neither; a library's own stay where it failed."""
    ready.good("import json\ncut = Routebook()\n@cut.get('/cut')\ndef cut_here():\n    return json.loads('{')", "cut")
    ready.good(
        "from contextlib import asynccontextmanager\n@asynccontextmanager\nasync def fails(app):\n"
        "    raise RuntimeError('no database')\n    yield\nunborn = Routebook(lifespan=fails)",
        "unborn",
    )

    raised = str(ready.run("routebook_kernel.client(cut, raise_server_exceptions=True).get('/cut')", "ask").error)
    ready.good("class Kernelless: ...", "class")
    failed = str(ready.run("routebook_kernel.client(unborn).get('/')", "ask").error)
    refused = str(ready.run("@cut.get('/z')\ndef z(p: Kernelless): ...", "ask").error)

    assert re.findall(r"^(?:Cell|File) .*, in (\w+)", raised, re.MULTILINE)[:1] == ["cut_here"]
    assert "raw_decode" in raised
    assert "----> 4     raise RuntimeError('no database')" in failed
    assert "The lifespan failed at start-up" in failed
    for shown in (raised, failed, refused):
        assert "routebook_kernel/" not in shown
        assert "/framework/routebook/" not in shown
        assert "----> 1" in shown


def test_lifespan_runs_once_for_client_and_server(ready: Kernel, free_port: int) -> None:
    """Entered before the first request, shared, left with the last that holds it."""
    ready.good("client.get('/echo')", "ask")
    ready.good(f"%api serve --app many --port {free_port}", "serve")
    assert httpx2.get(f"http://127.0.0.1:{free_port}/echo").json()["pool"] == 1
    ready.good("%api stop", "serve")

    assert ready.value("events.count('in')") == "1"


def test_busy_port_takes_the_next_one_and_says_so(ready: Kernel, free_port: int) -> None:
    """Clearly, with the address to open; the status says it again."""
    with socket.create_server(("127.0.0.1", free_port)):
        shown = ready.good(f"%api serve --app many --port {free_port}", "serve").shown
        status = ready.good("%api status", "status").shown
    ready.good("%api stop", "serve")

    assert f"port {free_port} is busy, so it is port " in shown
    assert f"port {free_port} is busy, so it is port " in status


def test_crash_of_the_server_is_told_and_the_kernel_lives(ready: Kernel, free_port: int) -> None:
    """Where the person looks: the status of the explorer and `%api status`; serving again works."""
    ready.good(f"%api serve --app many --port {free_port}", "serve")
    # uvicorn ends by itself after so many requests: what a crash looks like from outside.
    ready.good("routebook_kernel.session().serving.server._run._server.config.limit_max_requests = 1", "crash")
    ready.good("routebook_kernel.session().serving.server._run._server.limit_max_requests = 1", "crash")
    httpx2.get(f"http://127.0.0.1:{free_port}/echo")

    shown = eventually(
        lambda: (text := ready.good("%api status", "status").shown).startswith("The server isn't running") and text
    )

    assert "the server has ended by itself" in shown
    assert (
        f"Serving at http://127.0.0.1:{free_port}/"
        in ready.good(f"%api serve --app many --port {free_port}", "serve").shown
    )
    ready.good("%api stop", "serve")


def test_wider_than_loopback_needs_an_explicit_word_and_warns(ready: Kernel, free_port: int) -> None:
    """Refused with the word to write; with it, served and warned about."""
    refused = ready.run(f"%api serve --app many --host 0.0.0.0 --port {free_port}", "serve")
    exposed = ready.good(f"%api serve --app many --host 0.0.0.0 --port {free_port} --expose", "serve").shown
    ready.good("%api stop", "serve")

    assert "can be reached from other machines" in refused.text
    assert "%api serve --host 0.0.0.0 --expose" in refused.text
    assert "Anyone who can reach this machine" in exposed


def test_http_cell_is_complete(ready: Kernel, free_port: int, tmp_path: Path) -> None:
    """File bodies, variables, names, expectations, the application and any URL."""
    (tmp_path / "body.txt").write_text("from a file")
    ready.good("@many.post('/raw')\nasync def raw(request: Request): return (await request.body()).decode()", "raw")
    ready.good(f"%api serve --app many --port {free_port}", "serve")

    shown = ready.good(
        f"%%http many\n@path = {tmp_path}/body.txt\n### From a file\n# @name first\n# @expect 200\n"
        f"POST /raw\nContent-Type: text/plain\n\n< {{{{path}}}}\n"
        f"### Any URL\n# @expect 200\nPOST http://127.0.0.1:{free_port}/raw\n\n{{{{first.response.body.*}}}} again\n",
        "http",
    ).shown
    ready.good("%api stop", "serve")

    assert "from a file" in shown
    assert "200" in shown
    assert "expected" not in shown
    assert ready.value("routebook_kernel.log()[-1].request_body.data.decode()") == "'\"from a file\" again'"


def test_application_imported_from_a_module_is_served_and_reloaded(ready: Kernel, tmp_path: Path) -> None:
    """`%autoreload`: a changed module answers anew, cells that add to its application keep their operations."""
    source = "from routebook import Routebook\nshop = Routebook()\n@shop.get('/price')\ndef price(): return {n}\n"
    module = tmp_path / "shop_module.py"
    module.write_text(source.format(n=1))
    ready.good(f"import sys; sys.path.insert(0, {str(tmp_path)!r})\nsys.dont_write_bytecode = True", "path")
    ready.good("%load_ext autoreload\n%autoreload 2\nimport shop_module", "load")
    ready.good("@shop_module.shop.get('/own')\ndef own(): return 'own'", "own")
    ask = "[routebook_kernel.client(shop_module.shop).get(p).json() for p in ('/price', '/own')]"
    assert ready.value(ask) == "[1, 'own']"

    module.write_text(source.format(n=22) + "# longer\n")
    ready.good("1", "nothing")

    assert ready.value(ask) == "[22, 'own']"
    ready.good("%autoreload 0", "load")
