"""Files that outlive the kernel: replaced as a whole or not at all, changed by one kernel at a time, never lost.

A write goes to a temporary file in the same folder, which then takes the file's place. Whatever happens meanwhile (a
full disk, an interrupt), the file is the old one or the new one, and nothing else stays behind. Symbolic links,
permissions and owner are kept.

A file that can't be read is moved aside under a name that says so, and is never overwritten.
"""

import contextlib
import errno
import os
import secrets
import sys
import time
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import BinaryIO

_LOCK_WAIT_S = 5.0
_IN_PLACE = frozenset({errno.EACCES, errno.EPERM, errno.EBUSY, errno.EXDEV})
"""The folder takes no new file, or the file is a mount of its own: it can only be written in place."""


def write_stored(path: Path, data: bytes) -> None:
    """Replace the content of a file, or create it.

    Raises:
        OSError: If it can't be written. It is then as it was.
    """
    target = _target(path)
    exists = _check_writable(target)
    try:
        _replace(target, data, exists)
    except OSError as error:
        if not exists or error.errno not in _IN_PLACE:
            raise
        _write_in_place(target, data)


def set_aside(path: Path) -> Path:
    """Move a file that can't be read out of the way, and return its new path, next to the old one.

    Raises:
        OSError: If it can't be moved. It must not be overwritten then.
    """
    target = _target(path)
    stem = f"{target.name}.unreadable-{time.strftime('%Y-%m-%dT%H%M%S')}"
    number = 1
    while os.path.lexists(aside := target.with_name(stem if number == 1 else f"{stem}-{number}")):
        number += 1
    target.rename(aside)
    return aside


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file, so that one kernel at a time changes it. If a kernel dies, the system releases its lock.

    Raises:
        OSError: If the lock can't be created, or isn't free after some seconds.
    """
    target = _target(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    lock = target.with_name(f"{target.name}.lock")
    with _open_locked(lock, target) as file:
        try:
            yield
        finally:
            if file.name == str(lock):
                with contextlib.suppress(OSError):  # Windows removes no open file: an empty one stays
                    lock.unlink()


def _target(path: Path) -> Path:
    """The file behind symbolic links: the links stay."""
    return Path(os.path.realpath(path))


def _check_writable(target: Path) -> bool:
    """Return whether the file exists. A new file in its place would get around its write protection."""
    if not target.exists():
        return False
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))
    return True


def _replace(target: Path, data: bytes, exists: bool) -> None:
    temporary = target.with_name(f".routebook-{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as file:
            if exists:
                _copy_access(target, temporary)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:  # KeyboardInterrupt too
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _copy_access(source: Path, copy: Path) -> None:
    """Give `copy` the owner and permissions of `source`, as far as this user may."""
    stat, made = source.stat(), copy.stat()
    if sys.platform != "win32" and (stat.st_uid, stat.st_gid) != (made.st_uid, made.st_gid):
        with contextlib.suppress(OSError):
            os.chown(copy, stat.st_uid, stat.st_gid)
    copy.chmod(stat.st_mode & 0o7777)


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power failure, on systems that can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _write_in_place(target: Path, data: bytes) -> None:
    with target.open("r+b", buffering=0) as file:
        _overwrite_or_restore(file, data)


def _overwrite_or_restore(file: FileIO, data: bytes) -> None:
    before = file.readall()
    try:
        _overwrite(file, data)
    except BaseException:  # the old content still has its space on the disk
        _overwrite(file, before)
        raise


def _overwrite(file: FileIO, data: bytes) -> None:
    file.seek(0)
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]
    file.truncate(len(data))
    os.fsync(file.fileno())


def _open_locked(lock: Path, target: Path) -> BinaryIO:
    deadline = time.monotonic() + _LOCK_WAIT_S
    while True:
        file = _open_lock(lock, target)
        if _try_lock(file):
            return file
        file.close()
        if time.monotonic() > deadline:
            raise TimeoutError(errno.ETIMEDOUT, "another program has locked it", str(target))
        time.sleep(0.01)


def _open_lock(lock: Path, target: Path) -> BinaryIO:
    try:
        return lock.open("ab")
    except PermissionError:  # the folder takes no new file: the file itself is written in place, and can be locked
        if not target.exists():
            raise
        return target.open("r+b")


def _try_lock(file: BinaryIO) -> bool:
    """Lock an open file; false if another kernel holds it, or has just removed it."""
    try:
        _lock_descriptor(file.fileno())
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # a file system without locks
        return True
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(file.name))
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _lock_descriptor(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

elif sys.platform == "emscripten":  # a single process

    def _lock_descriptor(descriptor: int) -> None:
        pass

else:
    import fcntl

    def _lock_descriptor(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
