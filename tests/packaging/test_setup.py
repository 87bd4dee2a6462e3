"""`make` on machines that lack something: a sentence, not a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def machine(tmp_path):
    """Run a command of the repository on a machine that has only the usual tools and these scripts on its path."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("sh", "dirname", "env", "cat", "sed", "id"):
        (tools / tool).symlink_to(f"/bin/{tool}" if Path(f"/bin/{tool}").exists() else f"/usr/bin/{tool}")

    def run(command: str, **scripts: str) -> subprocess.CompletedProcess[str]:
        for name, script in scripts.items():
            path = tools / name
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(0o755)
        environment = {"PATH": str(tools), "VENV": str(tmp_path / "venv"), "HOME": os.environ["HOME"]}
        return subprocess.run(command.split(), cwd=REPOSITORY, env=environment, capture_output=True, text=True)

    return run


def test_setup_with_an_old_python_says_what_is_needed(machine):
    """The first thing a newcomer may meet: what there is, what is needed, how to get it."""
    result = machine(".ci/setup lab", python3='[ "$1" = --version ] && echo "Python 3.9.2" || exit 1')
    assert result.returncode == 1
    assert "needs Python 3.11 or newer, and python3 is Python 3.9.2" in result.stderr
    assert "apt-get install python3" in result.stderr


def test_setup_without_python_says_so(machine):
    """No 'command not found' from the depths of a script."""
    result = machine(".ci/setup lab")
    assert result.returncode == 1
    assert "python3 is not there" in result.stderr


def test_setup_without_ensurepip_names_the_package(machine):
    """Debian's python3 cannot make an environment until python3-venv is there."""
    result = machine(".ci/setup lab", python3='case "$*" in *ensurepip*) exit 1;; *) exit 0;; esac')
    assert result.returncode == 1
    assert "without ensurepip" in result.stderr
    assert "apt-get install python3-venv" in result.stderr


def test_setup_with_a_broken_environment_says_to_delete_it(machine, tmp_path):
    """An interrupted first run leaves half an environment."""
    (tmp_path / "venv").mkdir()
    result = machine(".ci/setup lab", python3="exit 0")
    assert result.returncode == 1
    assert "Delete the folder" in result.stderr


def test_setup_with_a_failing_installer_says_where_to_look(machine):
    """The installer's own message stays, and a sentence says what it means here."""
    uv = 'case "$1" in venv) mkdir -p "$5/bin" && exit 0;; *) echo "no route" >&2; exit 2;; esac'
    python3 = f'case "$1" in *progress.py) exec "{sys.executable}" "$@";; esac'
    result = machine(".ci/setup lab", python3=python3, uv=uv, mkdir='/bin/mkdir "$@"')
    assert result.returncode == 1
    assert "no route" in result.stderr
    assert "uv could not install it; its message is above. Is the network there?" in result.stderr


def test_find_chromium_without_one_says_how_to_get_it_and_how_to_go_without(machine):
    """The browser's tests are the only ones that need it."""
    result = machine(".ci/find-chromium")
    assert result.returncode == 1
    assert "apt-get install chromium" in result.stderr
    assert "not browser" in result.stderr


def test_make_alone_lists_the_commands():
    """Who types `make` finds the rest."""
    shown = subprocess.run(["make"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    for command in ("lab", "test", "check", "bench", "conformance", "wheel", "newest", "help"):
        assert f"make {command} " in shown
