"""The command line shows escape sequences and hidden characters, and obeys none."""

import json
import logging
import re
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from routebook._cli.commands import _log_config, cli
from routebook._visible_text import VisibleRecords, visible

HOSTILE = "\x1b[31m\x9b2J\x08\x7f\u202e\u2066\u200b\U000e0041"
ACTS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202e\u2066\ud800-\udfff\U000e0041]")
SOURCE = f"""
from routebook import Routebook
app = Routebook(title={HOSTILE!r})
def endpoint(q: str = {HOSTILE!r}): ...
endpoint.__name__ = {HOSTILE!r}
app.get("/a{HOSTILE!r}", summary={HOSTILE!r})(endpoint)
app.get("/a" + {HOSTILE!r} + "\\nGET  /forged", name={HOSTILE!r})(endpoint)
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "modules", {k: v for k, v in sys.modules.items() if k != "main"})
    (tmp_path / "main.py").write_text(SOURCE)
    return str(tmp_path / "main.py")


@pytest.mark.parametrize("command", [["routes"], ["openapi"], ["explain", f"GET /{HOSTILE}"]])
def test_command_shows_what_an_application_names(file: str, command: list[str]) -> None:
    """Paths, names, titles, and what the person wrote."""
    output = CliRunner().invoke(cli, [*command, file]).output
    assert "31m" in output
    assert not ACTS.search(output)
    assert not re.search(r"^GET  /forged", output, re.MULTILINE)


def test_openapi_document_means_the_same(file: str) -> None:
    """Its escapes are those of JSON."""
    assert json.loads(CliRunner().invoke(cli, ["openapi", file]).output)["info"]["title"] == HOSTILE


def test_error_of_a_module_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception's message may quote anything."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "modules", {k: v for k, v in sys.modules.items() if k != "main"})
    (tmp_path / "main.py").write_text(f"raise RuntimeError({HOSTILE!r})")
    output = CliRunner().invoke(cli, ["routes", str(tmp_path / "main.py")]).output
    assert "RuntimeError" in output
    assert not ACTS.search(output)


def test_request_log_shows_what_a_client_sends() -> None:
    """Every handler of the server's logging has the gate."""
    record = logging.LogRecord("uvicorn.access", 20, "", 1, "%s %d", (HOSTILE, 200), None)
    VisibleRecords().filter(record)
    assert record.getMessage() == f"{visible(HOSTILE)} 200"
    assert all("visible" in handler["filters"] for handler in _log_config()["handlers"].values())


def test_both_packages_show_the_same() -> None:
    """The framework can't import the kernel's gate; they must not drift apart."""
    from routebook_kernel.visible_text import visible as of_the_kernel

    every = "".join(map(chr, range(0x110000)))
    assert visible(every) == of_the_kernel(every)
