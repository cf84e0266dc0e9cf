"""Files that are either whole or not there."""

import contextlib
import csv
import errno
import hashlib
import io
import os
import secrets
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kaggle_digits.files.disk import disk_errors, make_folder, move
from kaggle_digits.files.locks import try_lock

_TEMPORARY = ".partial-"


@contextmanager
def replacing(path: Path, *, in_new_folder: bool = True) -> Iterator[Path]:
    """Gives a temporary path to write to; it takes `path`'s place when the block ends well.

    The temporary file lies in the same folder, with the same suffix (savers look at it), and its name begins with
    `.partial-`. If the block raises, it is removed and `path` stays as it was. What a killed process left of its own in
    that folder is removed, too. Missing parent folders are made, unless `in_new_folder` is False. Not even a power cut
    undoes what is written, or leaves half of it, once the block has ended.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    with disk_errors(path):
        if in_new_folder:
            make_folder(path.parent)
        sweep(path.parent)
        temporary, handle = _begin(path)
        with os.fdopen(handle, "rb+") as held:
            try:
                yield temporary
                with temporary.open("rb+") as file:  # its bytes are on the disk before the name points at them
                    os.fsync(file.fileno())
                if sys.platform == "win32":
                    held.close()  # Windows renames no file that is open, and lets nobody sweep one either
                move(temporary, path)
            except BaseException:
                with contextlib.suppress(OSError):
                    temporary.unlink(missing_ok=True)
                raise


def _begin(path: Path) -> tuple[Path, int]:
    """A new temporary file, empty, and its handle: it is locked as long as that is open."""
    while True:
        temporary = path.with_name(f"{_TEMPORARY}{secrets.token_hex(4)}-{path.name}")
        handle = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            # Before it was locked, another process may have taken it for a dead one's and removed it.
            if try_lock(handle) is not False and temporary.exists():
                return temporary, handle
            os.close(handle)
        except OSError:  # as network drives know them
            os.close(handle)
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise


def sweep(folder: Path) -> None:
    """Removes what writers left in a folder that were killed: temporary files that nobody holds any more."""
    for temporary in folder.glob(f"{_TEMPORARY}*"):
        # Another process may sweep at the same time; what cannot be removed now is removed the next time.
        with contextlib.suppress(OSError):
            handle = os.open(temporary, os.O_RDWR)
            try:
                if try_lock(handle):
                    temporary.unlink()
            finally:
                os.close(handle)


def write_text(path: Path, text: str, *, in_new_folder: bool = True) -> None:
    """Writes UTF-8 text with LF line ends, whole or not at all; raises as `replacing` does."""
    with replacing(path, in_new_folder=in_new_folder) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_csv(path: Path, header: Iterable[object], rows: Iterable[Iterable[object]]) -> None:
    """Writes a table as UTF-8 text with LF line ends, whole or not at all.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(header)
    table.writerows(rows)
    write_text(path, text.getvalue())


def check_regular(path: Path, most_bytes: int | None = None) -> None:
    """Makes sure that a path names a file, or a link to one, of at most so many bytes: a pipe could be read for ever.

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
    """The UTF-8 text of a file; raises OSError as `check_regular`, or UnicodeDecodeError."""
    check_regular(path, most_bytes)
    return path.read_text(encoding="utf-8")


def sha256(path: Path) -> str:
    """The file's SHA-256 in hexadecimal; raises OSError as `check_regular`."""
    check_regular(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
