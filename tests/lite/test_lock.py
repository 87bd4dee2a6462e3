"""The lock file of the site in the browser: what a wheel needs there is shipped, or the build says what is missing."""

from pathlib import Path
from zipfile import ZipFile

import pytest

from lite.lock import Wheel, WheelMissing, build_lock

INFO = {"python": "3.14.2", "platform": "emscripten_5_0_3", "abi_version": "2026_0", "arch": "wasm32"}


def make_wheel(folder: Path, name: str, version: str, *requires: str, files: tuple[str, ...] = ()) -> Wheel:
    path = folder / f"{name}-{version}-py3-none-any.whl"
    needs = "".join(f"Requires-Dist: {need}\n" for need in requires)
    with ZipFile(path, "w") as archive:
        archive.writestr(f"{name}-{version}.dist-info/METADATA", f"Name: {name}\nVersion: {version}\n{needs}\n")
        for file in files:
            archive.writestr(file, "")
    return Wheel.read(path)


def test_markers_are_those_of_the_browser(tmp_path: Path) -> None:
    """What is needed on Linux only is not asked for; what is needed there only is."""
    client = make_wheel(
        tmp_path,
        "client",
        "1.0",
        'sockets; sys_platform != "emscripten"',
        'Fetch_JS>=1; sys_platform == "emscripten" and python_version >= "3.12"',
        'extra-thing; extra == "more"',
        files=("client/__init__.py", "client/core.py", "_client.py", "client-1.0.data/data/share/x.js"),
    )
    fetch = make_wheel(tmp_path, "fetch-js", "1.2")

    lock = build_lock(INFO, [client, fetch])

    assert lock["info"] == INFO
    assert lock["packages"]["client"]["depends"] == ["fetch-js"]
    assert lock["packages"]["client"]["imports"] == ["_client", "client"]
    assert lock["packages"]["client"]["file_name"] == "client-1.0-py3-none-any.whl"
    assert len(lock["packages"]["client"]["sha256"]) == 64


def test_missing_wheels_are_all_named(tmp_path: Path) -> None:
    """Found when the site is built, not when a learner imports."""
    first = make_wheel(tmp_path, "first", "1.0", "absent>=2")
    second = make_wheel(tmp_path, "second", "1.0", "first>=1.5")

    with pytest.raises(WheelMissing) as raised:
        build_lock(INFO, [first, second])

    assert str(raised.value) == (
        "the list of wheels in lite/wheels.txt is not whole:\n  first needs absent>=2\n  second needs first>=1.5"
    )


def test_extras_are_asked_for_by_name(tmp_path: Path) -> None:
    """A wheel may be shipped with what one of its extras needs."""
    first = make_wheel(tmp_path, "first", "1.0", 'absent; extra == "more"')

    with pytest.raises(WheelMissing, match="absent"):
        build_lock(INFO, [first], extras={"first": {"more"}})
