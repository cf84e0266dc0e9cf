"""Locks that end with their process."""

import errno
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kaggle_digits.errors import StorageError
from kaggle_digits.files.disk import disk_errors, make_folder

_POLL_S = 0.1
# Windows locks bytes, and lets nobody else read them: so one beyond the end of every file is locked.
_LOCKED_BYTE = 1 << 62
# What some network file systems say; two processes at once are rarer than these.
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


@contextmanager
def locked(
    path: Path, seconds: float, on_wait: Callable[[], None] = lambda: None, *, refusal: str | None = None
) -> Iterator[None]:
    """Lets one process at a time into the block.

    The operating system ends the lock with the process that holds it, so `kill -9` or a power cut leave none behind;
    the file itself stays as it is, or empty where it was not there. Missing parent folders are made.

    Args:
        path: the lock's file.
        seconds: how long to wait for whoever holds it.
        on_wait: is told once if there is somebody to wait for.
        refusal: what to say if the lock did not become free; by default that another process has it.

    Raises:
        StorageError: the folder cannot be written, or the lock did not become free in time.
    """
    with disk_errors(path):
        make_folder(path.parent)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        with disk_errors(path):
            deadline, is_busy = time.monotonic() + seconds, try_lock(handle) is False
            if is_busy:
                on_wait()
            while is_busy and time.monotonic() < deadline:
                time.sleep(_POLL_S)
                is_busy = try_lock(handle) is False
        if is_busy:
            told = f"another kaggle-digits has held {path} for {seconds:g} seconds. Try again when it ends."
            raise StorageError(refusal or told)
        yield
    finally:
        os.close(handle)


def is_locked(path: Path) -> bool:
    """Whether a process is in a block of `locked`; False where there is no such file, or it cannot be seen."""
    try:
        with path.open("rb") as file:
            # A lock that others may have, too: over NFS, a file that is only read cannot be locked for oneself alone.
            return try_lock(file.fileno(), shared=True) is False
    except OSError:
        return False


def try_lock(handle: int, *, shared: bool = False) -> bool | None:
    """True where the lock is ours now, False where another has it, None where the file system knows no locks."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(handle, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
    else:
        import fcntl

        try:
            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno in _NO_LOCKS:
                return None
            raise
    return True
