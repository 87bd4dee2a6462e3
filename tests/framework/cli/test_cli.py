"""The command line, run as people run it: a process, a file, an exit code."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from routebook._cli.discover import DiscoveryError, find_target

SOURCE = """
from routebook import Depends, Routebook

app = Routebook(title="Shop")

async def limit(limit: int = 10) -> int:
    return limit

@app.get("/items/{item_id}")
async def read_item(item_id: int, most: int = Depends(limit)):
    return {"item_id": item_id, "most": most}
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(SOURCE)
    return tmp_path


@pytest.fixture
def run(project: Path) -> Run:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "routebook", *arguments]
        environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1"}
        return subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=120, env=environment)

    return run


def test_routes_lists_each_operation_with_its_place(run: Run) -> None:
    """The list says where to look for the code."""
    result = run("routes")
    assert result.returncode == 0, result.stderr
    assert "GET" in result.stdout
    assert "/items/{item_id}" in result.stdout
    assert "main.py:9" in result.stdout


def test_openapi_prints_the_document(run: Run) -> None:
    """A build step pipes it to a file."""
    result = run("openapi", "main.py")
    document = json.loads(result.stdout)
    assert document["info"]["title"] == "Shop"
    assert list(document["paths"]) == ["/items/{item_id}"]


def test_openapi_writes_a_file(run: Run, project: Path) -> None:
    """`-o` names the file."""
    assert run("openapi", "-o", "api.json").returncode == 0
    assert json.loads((project / "api.json").read_text())["openapi"] == "3.1.0"


def test_explain_shows_the_steps_and_the_generated_function(run: Run) -> None:
    """What a learner reads: the plan and the code that serves the endpoint."""
    result = run("explain", "GET /items/{item_id}")
    assert result.returncode == 0, result.stderr
    assert "dependency limit" in result.stdout
    assert "async def serve_read_item(scope, receive, send):" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["routes", "nowhere.py"], "Path does not exist nowhere.py"),
        (["routes", "main:other"], "main has no 'other'. It has app."),
        (["explain", "GET /item/{item_id}"], "GET /items/{item_id}"),
    ],
)
def test_mistake_is_told_in_a_sentence_without_a_traceback(run: Run, arguments: list[str], says: str) -> None:
    """Bad input gets what, where and what to do, and exit code 1."""
    result = run(*arguments)
    assert result.returncode == 1
    assert says in result.stdout
    assert "Traceback" not in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("import no_such_module", ["line 1, in <module>", "No module named 'no_such_module'"]),
        ("def broken(:", ["line 1", "SyntaxError"]),
        ("1 / 0", ["1 / 0", "ZeroDivisionError"]),
        (
            "import routebook\nr = routebook.Routebook()\n@r.get('/')\ndef f(a: 'Nowhere'): ...",
            ["'Nowhere' is not defined", "line 3, in f"],
        ),
    ],
)
def test_module_that_cannot_be_imported_is_told_in_its_own_lines(
    run: Run, project: Path, source: str, says: list[str]
) -> None:
    """Neither the importing nor the framework's frames help anybody to find the line."""
    (project / "broken.py").write_text(source)
    result = run("routes", "broken.py")
    assert result.returncode == 1
    assert "'broken' cannot be imported." in result.stdout
    assert all(words in result.stdout for words in says), result.stdout
    assert "importlib" not in result.stdout
    assert "_analysis" not in result.stdout
    assert result.stderr == ""


def test_a_document_that_cannot_be_made_or_written_is_told_in_a_sentence(run: Run, project: Path) -> None:
    """What is wrong with a declaration, or with the file to write to, needs no traceback."""
    (project / "later.py").write_text(
        "import pydantic, routebook\napp = routebook.Routebook()\n"
        "class A(pydantic.BaseModel):\n    b: 'Nowhere'\n@app.post('/')\ndef f(a: A): ...\n"
    )
    for arguments, says in (
        (["openapi", "later.py"], "names 'Nowhere', which is not defined yet"),
        (["openapi", "--output", "nowhere/api.json"], "No such file or directory"),
    ):
        result = run(*arguments)
        assert result.returncode == 1
        assert says in result.stdout
        assert "Traceback" not in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("files", "path", "found"),
    [
        ({"main.py": "api = R()"}, None, "main:api"),
        ({"app/__init__.py": "", "app/main.py": "app = R()"}, None, "app.main:app"),
        ({"shop/__init__.py": "", "shop/web.py": "service = R()"}, "shop/web.py", "shop.web:service"),
        ({"web.py": "a = R(); app = R()"}, "web.py", "web:app"),
    ],
)
def test_application_is_found_where_people_put_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], path: str | None, found: str
) -> None:
    """The usual files and names need no option."""
    for name, source in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(source and f"from routebook import Routebook as R\n{source}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "modules", {k: v for k, v in sys.modules.items() if k not in ("main", "app", "web")})
    assert find_target(path).import_string == found


def test_several_applications_must_be_chosen_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guessing one of two would serve the wrong one silently."""
    (tmp_path / "two_apps.py").write_text("from routebook import Routebook\none = Routebook()\ntwo = Routebook()\n")
    monkeypatch.setattr(sys, "path", list(sys.path))
    with pytest.raises(DiscoveryError, match="choose one with --app, of one, two"):
        find_target(str(tmp_path / "two_apps.py"))


def test_run_serves_the_application_over_a_socket(project: Path) -> None:
    """The code leaves the notebook and answers over HTTP."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "routebook", "run", "main.py", "--port", str(port)]
    server = subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert _get(f"http://127.0.0.1:{port}/items/3?limit=5") == {"item_id": 3, "most": 5}
    finally:
        server.send_signal(signal.SIGTERM)
        output, _ = server.communicate(timeout=60)
    assert "serves main:app" in output


def _get(url: str) -> object:
    for _ in range(600):
        try:
            with urllib.request.urlopen(url, timeout=60) as response:
                return json.load(response)
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{url} does not answer")


@pytest.mark.parametrize("command", [["-m", "routebook"], ["-c", "from routebook.cli import command; command()"]])
def test_without_the_extra_one_sentence_says_what_to_install(command: list[str], tmp_path: Path) -> None:
    """Who installed routebook alone meets the command first: no traceback."""
    (tmp_path / "typer.py").write_text("raise ImportError('not here', name='typer')")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, env=environment, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith('To use the routebook command, please install "routebook[standard]"')
    assert "Traceback" not in done.stderr
