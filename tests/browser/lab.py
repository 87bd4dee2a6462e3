"""JupyterLab on loopback, with a configuration of its own: started, asked, ended."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START_TIMEOUT_S = 120  # three seconds as a rule; the first start in a new environment compiles all that it imports


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab.

    Attributes:
        url: With the base URL, without a slash at its end.
        token: Empty where the server asks for none.
        root: The folder whose notebooks it shows.
        settings: The folder of its user settings.
    """

    url: str
    token: str
    root: Path
    settings: Path

    def ask(self, method: str, path: str) -> Any:
        """Call the server's REST API, for example `ask("GET", "/api/sessions")`."""
        request = urllib.request.Request(self.url + path, method=method)
        request.add_header("Authorization", f"token {self.token}")
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.loads(response.read() or "null")

    def page_url(self, path: str) -> str:
        """The address of a page of this server that logs the browser in."""
        return f"{self.url}{path}" + (f"?token={self.token}" if self.token else "")

    def forget(self) -> None:
        """End every kernel and forget what a test has set, so that the next one finds a fresh server."""
        for session in self.ask("GET", "/api/sessions"):
            self.ask("DELETE", f"/api/sessions/{session['id']}")
        (self.settings / "@jupyterlab/apputils-extension/themes.jupyterlab-settings").unlink(missing_ok=True)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running_lab(folder: Path, *, base_url: str = "/", token: str = "") -> Iterator[Lab]:
    """Start JupyterLab and wait until it answers; end it afterwards.

    Args:
        folder: An empty folder of its own: notebooks, settings, log.
        base_url: As on a JupyterHub, for example "/user/x/".
        token: Empty: the server asks for none.
    """
    port = free_port()
    lab = Lab(f"http://127.0.0.1:{port}{base_url.rstrip('/')}", token, folder / "notebooks", folder / "settings")
    lab.root.mkdir()
    with (folder / "jupyterlab.log").open("w") as log:
        process = subprocess.Popen(
            _command(lab, port, base_url), env=_environment(lab, folder), stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _wait_until_it_answers(lab, process, folder / "jupyterlab.log")
            yield lab
            lab.forget()
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _command(lab: Lab, port: int, base_url: str) -> list[str]:
    return [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"),
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={lab.root}",
        f"--ServerApp.base_url={base_url}",
        f"--IdentityProvider.token={lab.token}",
        "--ServerApp.disable_check_xsrf=True",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.expose_app_in_browser=True",  # as window.jupyterapp, for the scripts of notebook.py
        "--JupyterNotebookApp.expose_app_in_browser=True",
    ]


def _environment(lab: Lab, folder: Path) -> dict[str, str]:
    news = lab.settings / "@jupyterlab/apputils-extension/notification.jupyterlab-settings"
    news.parent.mkdir(parents=True)
    news.write_text('{"fetchNews": "false", "checkForUpdates": false}')
    own = {"JUPYTERLAB_SETTINGS_DIR": lab.settings, "JUPYTERLAB_WORKSPACES_DIR": folder / "workspaces"}
    return os.environ | {name: str(value) for name, value in own.items()}


def _wait_until_it_answers(lab: Lab, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"JupyterLab ended as it started:\n{log.read_text()[-3000:]}")
        try:
            lab.ask("GET", "/api")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"JupyterLab did not answer within {START_TIMEOUT_S} s:\n{log.read_text()[-3000:]}")
