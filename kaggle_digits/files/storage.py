"""Files that are either whole or not there, and locks that end with their process."""

import contextlib
import errno
import hashlib
import os
import secrets
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kaggle_digits.errors import StorageError

_CHUNK_BYTES = 1 << 20
_LOCK_POLL_S = 0.1
# Windows locks bytes, and lets nobody else read them: so one beyond the end of every file is locked.
_LOCKED_BYTE = 1 << 62
_TEMPORARY = ".partial-"
# What some network file systems say; two processes at once are rarer than these.
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turns what the operating system says about a full disk or a closed folder into one sentence.

    Args:
        path: what is being written, named in the sentence.

    Raises:
        StorageError: in place of any `OSError` raised inside.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageError(
            f"cannot write {path}: {reason}. Free some space or choose a folder that you may write to, then try again."
        ) from error


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a temporary path to write to; it takes `path`'s place when the block ends well.

    The temporary file lies in the same folder, with the same suffix (savers look at it), and its name begins with
    `.partial-`. If the block raises, it is removed and `path` stays as it was. What a killed process left of its own in
    that folder is removed, too. Missing parent folders are made.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path.parent)
        temporary, handle = _begin(path)
        with contextlib.ExitStack() as stack:
            stack.callback(temporary.unlink, missing_ok=True)
            held = stack.enter_context(os.fdopen(handle, "rb+"))
            yield temporary
            _flush(temporary)
            if sys.platform == "win32":
                held.close()  # Windows renames no file that is open, and lets nobody sweep one either
            temporary.replace(path)


def _begin(path: Path) -> tuple[Path, int]:
    """A new temporary file, empty, and its handle: it is locked as long as that is open."""
    while True:
        temporary = path.with_name(f"{_TEMPORARY}{secrets.token_hex(4)}-{path.name}")
        handle = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        # Before it was locked, another process may have taken it for a dead one's and removed it.
        if _try_lock(handle) is not False and temporary.exists():
            return temporary, handle
        os.close(handle)


def sweep(folder: Path) -> None:
    """Removes what writers left in a folder that were killed: temporary files that nobody holds any more."""
    for temporary in folder.glob(f"{_TEMPORARY}*"):
        # Another process may sweep at the same time; what cannot be removed now is removed the next time.
        with contextlib.suppress(OSError):
            handle = os.open(temporary, os.O_RDWR)
            try:
                if _try_lock(handle):
                    temporary.unlink()
            finally:
                os.close(handle)


def write_text(path: Path, text: str) -> None:
    """Writes UTF-8 text with LF line ends, whole or not at all.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


@contextmanager
def locked(
    path: Path, seconds: float, on_wait: Callable[[], None] = lambda: None, *, refusal: str | None = None
) -> Iterator[None]:
    """Lets one process at a time into the block.

    The operating system ends the lock with the process that holds it, so `kill -9` or a power cut leave none behind;
    the file itself stays as it is, or empty where it was not there.

    Args:
        path: the lock's file; missing parent folders are made.
        seconds: how long to wait for whoever holds it.
        on_wait: is told once if there is somebody to wait for.
        refusal: what to say if the lock did not become free; by default that another process has it.

    Raises:
        StorageError: the folder cannot be written, or the lock did not become free in time.
    """
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        with disk_errors(path):
            free = _wait_for_lock(handle, time.monotonic() + seconds, on_wait)
        if not free:
            told = f"another kaggle-digits has held {path} for {seconds:g} seconds. Try again when it ends."
            raise StorageError(refusal or told)
        yield
    finally:
        os.close(handle)


def is_locked(path: Path) -> bool:
    """Whether a process is in a block of `locked`; False where there is no such file, or it cannot be seen."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        return _try_lock(handle) is False
    finally:
        os.close(handle)


def _wait_for_lock(handle: int, deadline: float, on_wait: Callable[[], None]) -> bool:
    if _try_lock(handle) is not False:
        return True
    on_wait()
    while time.monotonic() < deadline:
        time.sleep(_LOCK_POLL_S)
        if _try_lock(handle) is not False:
            return True
    return False


def _try_lock(handle: int) -> bool | None:
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
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno in _NO_LOCKS:
                return None
            raise
    return True


def check_regular(path: Path, most_bytes: int | None = None) -> None:
    """Makes sure that a path names a file: a pipe or a device could be read for ever.

    Args:
        path: of a file, or a link to one.
        most_bytes: that it may have; None is no limit.

    Raises:
        OSError: it does not exist, is something else, or is too large; `strerror` says so.
    """
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is a pipe or a device, not a file", str(path))
    if most_bytes is not None and status.st_size > most_bytes:
        told = f"it has {status.st_size:,} bytes, of at most {most_bytes:,}"
        raise OSError(errno.EFBIG, told, str(path))


def read_text(path: Path, most_bytes: int) -> str:
    """The UTF-8 text of a file.

    Raises:
        OSError: as `check_regular`, or it cannot be read.
        UnicodeDecodeError: it is not UTF-8.
    """
    check_regular(path, most_bytes)
    return path.read_text(encoding="utf-8")


def sha256(path: Path) -> str:
    """The file's SHA-256 in hexadecimal, read a megabyte at a time.

    Raises:
        OSError: as `check_regular`, or it cannot be read.
    """
    check_regular(path)
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _flush(path: Path) -> None:
    """Makes sure that the bytes are on the disk before the name points at them."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
