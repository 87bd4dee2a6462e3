"""Static files and front ends give out what lies in their folder, and nothing else."""

from pathlib import Path

import pytest

from routebook import Routebook
from routebook.staticfiles import StaticFiles
from tests.framework.robustness.wire import ask

SECRET = "the secret"


@pytest.fixture
def app(tmp_path: Path) -> Routebook:
    (tmp_path / "secret.txt").write_text(SECRET)
    folder = tmp_path / "public"
    (folder / "sub").mkdir(parents=True)
    (folder / "index.html").write_text("<p>start</p>")
    (folder / "a.txt").write_text("hello")
    (tmp_path / "public-not").mkdir()
    (tmp_path / "public-not" / "b.txt").write_text(SECRET)
    app = Routebook()
    app.mount("/static", StaticFiles(directory=folder))
    app.frontend("/front", directory=folder)
    return app


@pytest.mark.parametrize("base", ["/static", "/front"])
@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/sub/../../secret.txt",
        "/./../secret.txt",
        "/..\\secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/../public-not/b.txt",
        "/" + "../" * 1000 + "etc/passwd",
        "//etc/passwd",
        "/~root/.profile",
        "/a\0b",
        "/" + "a" * 5000,
        "/" + "a/" * 5000,
        "/" * 3000,
        "/\ufffd",
        "/a.txt/x",
        "/sub",
    ],
)
def test_paths_never_leave_the_folder(app: Routebook, base: str, path: str) -> None:
    """A front end answers navigation with its start page; a file outside is never sent."""
    for accept in (b"*/*", b"text/html"):
        answer = ask(app, "GET", base + path, headers=[(b"accept", accept)])
        assert answer.status in (200, 307, 404)
        assert SECRET.encode() not in answer.body
        assert b"root:" not in answer.body
        if answer.status == 200:
            assert base == "/front"
            assert answer.body == b"<p>start</p>"


@pytest.mark.parametrize("base", ["/static", "/front"])
def test_links_out_of_a_static_folder_are_not_followed(app: Routebook, tmp_path: Path, base: str) -> None:
    """Static files are those below the folder, wherever links point."""
    (tmp_path / "public" / "link.txt").symlink_to(tmp_path / "secret.txt")
    assert SECRET.encode() not in ask(app, "GET", f"{base}/link.txt").body


@pytest.mark.parametrize("base", ["/static", "/front"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"range", b"bytes=-999999"),
        (b"range", b"bytes=\xff"),
        (b"range", b"bytes=" + b"9" * 5000 + b"-"),
        (b"range", b"bytes=" + b",".join([b"0-1"] * 10_000)),
        (b"range", b"bytes=5-1"),
        (b"range", b"lines=1"),
        (b"range", "bytes=٣-".encode()),
        (b"range", b"bytes=100-200"),
        (b"if-modified-since", b"\xff nonsense"),
        (b"if-modified-since", b"Mon, 99 Foo 99999999999999 00:00:00 GMT"),
        (b"if-none-match", b"," * 50_000),
        (b"accept", b"text/html;q=\xff,;;,text/html;q=nan"),
    ],
)
def test_odd_headers_are_ignored_or_refused(app: Routebook, base: str, name: bytes, value: bytes) -> None:
    """Ranges, dates and tags come from outside too."""
    answer = ask(app, "GET", f"{base}/a.txt", headers=[(name, value)])
    assert answer.status in (200, 206, 304, 400, 416)
    assert len(answer.body) < 1_000_000
