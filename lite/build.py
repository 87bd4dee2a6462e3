"""`make lite`: a folder of plain files that is JupyterLab with the course, running in the browser alone.

What is needed is downloaded once, by npm (Pyodide) and pip (wheels), and kept in the cache folder; the site itself
asks nobody for anything. How long each step took is printed.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyterlite_pyodide_kernel.constants import PYODIDE_VERSION

from lite.lock import Wheel, WheelMissing, build_lock

HERE = Path(__file__).parent
REPOSITORY = HERE.parent
RUNTIME = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
LANDING = "01_first_steps.ipynb"
"""What the site opens with."""

LATE = "# ---"
"""The line of wheels.txt below which wheels load when a cell imports them."""

KERNEL_WHEELS = ("ipykernel", "piplite", "pyodide_kernel")
"""What the kernel itself is made of; its extension of JupyterLab brings these wheels along."""


class BuildFailed(Exception):
    """A step failed; the message says which, and what its tool said."""


def main() -> None:
    """Build the site."""
    parser = argparse.ArgumentParser(prog="make lite", description=__doc__)
    parser.add_argument("--output", type=Path, default=REPOSITORY / "dist/lite")
    parser.add_argument("--cache", type=Path, default=default_cache())
    parser.add_argument("--contents", type=Path, default=REPOSITORY / "notebooks")
    arguments = parser.parse_args()
    try:
        build(arguments.output.resolve(), arguments.cache.resolve(), arguments.contents.resolve())
    except (BuildFailed, WheelMissing) as error:
        sys.exit(f"The site cannot be built: {error}")


def default_cache() -> Path:
    """Where downloads are kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "routebook/lite"


def build(output: Path, cache: Path, contents: Path) -> None:
    """Build the site into `output`, whose former content goes.

    Raises:
        BuildFailed: A tool is missing, or said no.
        WheelMissing: The list of wheels is not whole.
    """
    began = time.monotonic()
    work = cache / "work"
    shutil.rmtree(work, ignore_errors=True)
    distribution = work / "static/pyodide"
    with step("Pyodide"):
        info = unpack_pyodide(fetch_pyodide(cache), distribution)
    with step("wheels"):
        for wheel in (*fetch_wheels(cache, info).glob("*.whl"), *map(kernel_wheel, KERNEL_WHEELS)):
            shutil.copy(wheel, distribution)
    with step("Routebook's own wheel"):
        pinned = ("--build-constraint", str(REPOSITORY / "constraints.txt"))
        run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", *pinned, "-w", str(distribution), str(REPOSITORY))
    with step("lock file and settings"):
        lock = build_lock(info, map(Wheel.read, distribution.glob("*.whl")))
        (distribution / "pyodide-lock.json").write_text(json.dumps(lock))
        late = late_names()
        early = [name for name in lock["packages"] if name not in late]
        (work / "jupyter-lite.json").write_text(json.dumps(site_settings(early)))
    with step("site"):
        shutil.rmtree(output, ignore_errors=True)
        put_together(work, output, contents)
    files = [path for path in output.rglob("*") if path.is_file()]
    size_mb = sum(path.stat().st_size for path in files) / 1e6
    print(f"==> {output}: {len(files)} files, {size_mb:.0f} MB, in {time.monotonic() - began:.0f} s")


@contextmanager
def step(name: str) -> Iterator[None]:
    """Say what was done, and how long it took."""
    began = time.monotonic()
    yield
    print(f"==> {name}: {time.monotonic() - began:.1f} s", flush=True)


def fetch_pyodide(cache: Path) -> Path:
    """The Pyodide that the kernel was made for, as npm packs it."""
    packed = cache / f"pyodide-{PYODIDE_VERSION}.tgz"
    if not packed.exists():
        cache.mkdir(parents=True, exist_ok=True)
        run("npm", "pack", "--silent", "--pack-destination", str(cache), f"pyodide@{PYODIDE_VERSION}")
    return packed


def unpack_pyodide(packed: Path, folder: Path) -> dict[str, Any]:
    """Put the runtime's files into a folder; returns what Pyodide says of its Python."""
    folder.mkdir(parents=True)
    with tarfile.open(packed) as archive:
        for name in RUNTIME:
            (folder / name).write_bytes(read_member(archive, name))
        info: dict[str, Any] = json.loads(read_member(archive, "pyodide-lock.json"))["info"]
    return info


def read_member(archive: tarfile.TarFile, name: str) -> bytes:
    """A file of an npm package."""
    member = archive.extractfile(f"package/{name}")
    if member is None:
        raise BuildFailed(f"there is no {name} in npm's package of Pyodide {PYODIDE_VERSION}")
    return member.read()


def fetch_wheels(cache: Path, info: dict[str, Any]) -> Path:
    """The folder with the wheels of wheels.txt, for Pyodide's Python; downloaded when the list has changed."""
    listed = HERE / "wheels.txt"
    key = hashlib.sha256(listed.read_bytes() + json.dumps(info).encode()).hexdigest()[:12]
    folder = cache / f"wheels-{key}"
    if not folder.exists():
        version = "".join(info["python"].split(".")[:2])
        part = cache / f"wheels-{key}.part"
        shutil.rmtree(part, ignore_errors=True)
        run(
            *(sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps"),
            *("--only-binary", ":all:", "--python-version", version, "--implementation", "cp"),
            *("--platform", f"pyemscripten_{info['abi_version']}_{info['arch']}"),
            *("--abi", f"cp{version}", "--abi", "none", "-r", str(listed), "-d", str(part)),
        )
        part.rename(folder)
    return folder


def kernel_wheel(name: str) -> Path:
    """A wheel that the kernel's extension of JupyterLab ships."""
    folder = Path(sys.prefix, "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension/static/pypi")
    found = sorted(folder.glob(f"{name}-*.whl"))
    if not found:
        raise BuildFailed(f"there is no wheel of {name} in {folder}")
    return found[-1]


def late_names() -> set[str]:
    """The wheels that load when they are imported."""
    _, _, late = (HERE / "wheels.txt").read_text().partition(LATE)
    return {line.partition("==")[0] for line in late.split()}


def site_settings(early: list[str]) -> dict[str, Any]:
    """What `jupyter-lite.json` says.

    Args:
        early: The packages that load while Pyodide starts.

    Spec: JupyterLite, jupyter-lite.json; the settings of its Pyodide kernel.
    """
    kernel = {"disablePyPIFallback": True, "loadPyodideOptions": {"packages": early}}
    return {
        "jupyter-lite-schema-version": 0,
        "jupyter-config-data": {
            "appName": "Routebook",
            "exposeAppInBrowser": True,
            "litePluginSettings": {"@jupyterlite/pyodide-kernel-extension:kernel": kernel},
        },
    }


def put_together(work: Path, output: Path, contents: Path) -> None:
    """Have JupyterLite make the site."""
    run(
        *(sys.executable, "-m", "jupyterlite_core", "build", "--lite-dir", str(work), "--output-dir", str(output)),
        *("--contents", str(contents), "--apps", "lab", "--no-sourcemaps"),
        cwd=work,
    )
    lead_to_lesson(output / "index.html")
    shutil.copy(output / "icon-120x120.png", output / "favicon.ico")  # browsers ask for it at the root


def lead_to_lesson(front_page: Path) -> None:
    """Have the site's front page, which leads to JupyterLab, lead to the first lesson in it."""
    page, lead = front_page.read_text(), "await import('./config-utils.js');"
    if lead not in page:
        raise BuildFailed(f"JupyterLite's {front_page.name} is not as expected: it has no {lead!r}")
    front_page.write_text(page.replace(lead, f"location.replace('lab/index.html?path={LANDING}');"))


def run(*command: str, cwd: Path = REPOSITORY) -> None:
    """Run a tool.

    Raises:
        BuildFailed: It is not there, or it failed.
    """
    if shutil.which(command[0]) is None:
        raise BuildFailed(f"{command[0]} is missing (Debian and Ubuntu: apt-get install nodejs npm)")
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise BuildFailed(f"{' '.join(command[:4])} …\n{(done.stdout + done.stderr)[-3000:]}")


if __name__ == "__main__":
    main()
