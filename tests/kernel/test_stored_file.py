"""Files are replaced as a whole or not at all, whatever fails on the way."""

import errno
import io
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from routebook_kernel import stored_file
from routebook_kernel.stored_file import locked, set_aside, write_stored

OLD, NEW = b"old", b"new" * 1000


def _fail_at(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    owner: Any = Path if step in {"open", "replace", "chmod"} else os
    monkeypatch.setattr(owner, step, fail)


@pytest.mark.parametrize("step", ["open", "chmod", "fsync", "replace"])
def test_full_disk_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Each step of a write may be the one that fails."""
    path = tmp_path / "file"
    path.write_bytes(OLD)
    with monkeypatch.context() as patch:
        _fail_at(patch, step)
        with pytest.raises(OSError, match="No space left"):
            write_stored(path, NEW)

    assert path.read_bytes() == OLD
    assert os.listdir(tmp_path) == ["file"]


def test_write_that_the_system_ends_half_way_leaves_the_old_file(tmp_path: Path) -> None:
    """A limit of the system, not a double of one: it takes some of the bytes and then no more."""
    path = tmp_path / "file"
    write_stored(path, OLD)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_stored(path, NEW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert path.read_bytes() == OLD
    assert os.listdir(tmp_path) == ["file"]


def _interrupted_at(count: int, call: Callable[[], None]) -> bool:
    """Raise KeyboardInterrupt at the `count`th bytecode of the module's own code; whether it came so far."""
    left = count

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if frame.f_code.co_filename != stored_file.__file__:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            left -= 1
            if left == 0:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(before)
    return left <= 0


@pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")  # closed unused
def test_interrupt_at_any_bytecode_leaves_one_whole_file(tmp_path: Path) -> None:
    """The stop button may come anywhere."""
    path = tmp_path / "file"
    count, outcomes = 1, set()
    path.write_bytes(OLD)
    while _interrupted_at(count, lambda: write_stored(path, NEW)):
        assert os.listdir(tmp_path) == ["file"], f"interrupted at bytecode {count}"
        outcomes.add(path.read_bytes())
        path.write_bytes(OLD)
        count += 1

    assert outcomes == {OLD, NEW}
    assert count > 50


@pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")  # closed unused
def test_interrupt_under_the_lock_leaves_it_free(tmp_path: Path) -> None:
    """Else the next check would wait for nobody."""

    def use() -> None:
        with locked(tmp_path / "file"):
            pass

    count = 1
    while _interrupted_at(count, use):
        use()
        assert os.listdir(tmp_path) == [], f"interrupted at bytecode {count}"
        count += 1
    assert count > 50


def test_link_permissions_and_owner_stay(tmp_path: Path) -> None:
    """A dotfile that lives elsewhere stays a link; a private file stays private."""
    (tmp_path / "elsewhere").mkdir()
    target, link = tmp_path / "elsewhere" / "real", tmp_path / "link"
    target.write_bytes(OLD)
    target.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(target, 1234, 1234)
    owner = target.stat().st_uid, target.stat().st_gid
    link.symlink_to(target)
    write_stored(link, NEW)

    assert link.is_symlink()
    assert target.read_bytes() == NEW
    assert target.stat().st_mode & 0o777 == 0o640
    assert (target.stat().st_uid, target.stat().st_gid) == owner


def test_link_to_nothing_is_filled(tmp_path: Path) -> None:
    """The file is made where the link leads."""
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_stored(tmp_path / "link", NEW)
    assert (tmp_path / "real").read_bytes() == NEW


@pytest.mark.parametrize("code", [errno.EACCES, errno.EPERM, errno.EBUSY])
def test_file_is_written_in_place_where_its_folder_takes_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """A folder of another user; a single file mounted into a container."""
    path = tmp_path / "file"
    path.write_bytes(NEW)

    def refuse(*_: Any) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "replace", refuse)
    write_stored(path, OLD)
    assert path.read_bytes() == OLD
    assert os.listdir(tmp_path) == ["file"]


def test_full_disk_while_writing_in_place_brings_the_old_content_back(tmp_path: Path) -> None:
    """Half of a new file is worse than the old one."""
    path = tmp_path / "file"
    path.write_bytes(OLD)

    class FullDisk(io.FileIO):
        def write(self, data: Any) -> int:
            if len(data) > 100:
                return super().write(bytes(data[:100]))
            if bytes(data) != OLD and len(data) < 200:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(data)

    with FullDisk(path, "r+b") as file, pytest.raises(OSError, match="No space left"):
        stored_file._overwrite_or_restore(file, NEW[:150])
    assert path.read_bytes() == OLD


def test_file_protected_against_writing_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new file in its place would get around the protection."""
    path = tmp_path / "file"
    path.write_bytes(OLD)
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everything
    with pytest.raises(PermissionError):
        write_stored(path, NEW)
    assert path.read_bytes() == OLD


def test_lock_held_elsewhere_is_waited_for_and_never_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the other kernel is writing would be lost."""
    monkeypatch.setattr(stored_file, "_LOCK_WAIT_S", 0.1)
    with locked(tmp_path / "file"), pytest.raises(TimeoutError), locked(tmp_path / "file"):
        raise AssertionError("held twice")


def test_what_is_moved_aside_takes_no_other_file_s_place(tmp_path: Path) -> None:
    """Twice in a second, too."""
    moved = []
    for content in (b"1", b"2", b"3"):
        (tmp_path / "file").write_bytes(content)
        moved.append(set_aside(tmp_path / "file"))
    assert [file.read_bytes() for file in moved] == [b"1", b"2", b"3"]
