"""A JupyterHub on loopback, started with the configuration that docs/jupyterhub.md shows."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from tests.browser.lab import free_port

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[2]
START_TIMEOUT_S = 60

# What the tests need besides: ports of their own, root, and `window.jupyterapp` for the scripts of notebook.py.
FOR_THE_TESTS = """
c.JupyterHub.hub_port = {hub_port}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.Spawner.args = ["--allow-root", "--LabApp.expose_app_in_browser=True", "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
c.JupyterHub.log_level = "WARN"
"""


def documented_configuration() -> str:
    """The configuration that the page tells people to try."""
    page = (REPOSITORY / "docs/jupyterhub.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    return str(next(block for block in blocks if "get_config()" in block))


def fetch_proxy() -> Path:
    """JupyterHub's proxy, installed by npm once and kept in the cache folder."""
    key = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:12]
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "routebook" / f"hub-proxy-{key}"
    if not (folder / ".installed").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder)
        done = subprocess.run(
            ["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=folder, capture_output=True, text=True
        )
        if done.returncode:
            pytest.fail(f"npm could not install JupyterHub's proxy: {done.stderr}", pytrace=False)
        (folder / ".installed").touch()
    return folder / "node_modules/.bin/configurable-http-proxy"


@contextmanager
def running_hub(folder: Path) -> Iterator[str]:
    """Start JupyterHub and wait until it answers; end it, and all servers, afterwards. Gives its address."""
    url = f"http://127.0.0.1:{free_port()}"
    (folder / "notebooks").symlink_to(REPOSITORY / "notebooks")
    own = FOR_THE_TESTS.format(hub_port=free_port(), proxy_port=free_port())
    (folder / "jupyterhub_config.py").write_text(documented_configuration() + own)
    environment = {
        **os.environ,
        "HUB_URL": url,
        "HUB_PROXY": str(fetch_proxy()),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "ROUTEBOOK_DATA": str(folder / "data"),
    }
    log = folder / "hub.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub"], cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            _wait_until_it_answers(f"{url}/hub/health", process, log)
            yield url
        finally:
            servers = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
            process.terminate()  # JupyterHub ends its proxy and the users' servers
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for server in servers:  # on a busy machine it may not have come to all of them
                with suppress(psutil.NoSuchProcess):
                    server.kill()


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"JupyterHub ended as it started:\n{log.read_text()[-3000:]}")
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"JupyterHub did not answer within {START_TIMEOUT_S} s:\n{log.read_text()[-3000:]}")
