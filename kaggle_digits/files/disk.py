"""What the operating system says of a disk, in sentences; and names that a power cut does not undo."""

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kaggle_digits.errors import DataError, StorageError

_IN_THE_WAY = (errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENOTEMPTY)
_NEXT_STEPS = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "Free some space, then try again."),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "Choose a folder that you may write to."),
    **dict.fromkeys(_IN_THE_WAY, "Something else has that name: move it away, or choose another folder."),
    errno.EFBIG: "No file may be so large here: see ulimit -f, or choose another disk.",
    errno.ENAMETOOLONG: "Choose a shorter name.",
}
_ELSE = "Try again, or choose another folder."


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turns what the operating system says about a full disk or a closed folder into one sentence that names the path.

    Raises:
        StorageError: in place of any `OSError` raised inside.
    """
    try:
        yield
    except OSError as error:
        where = "" if _is_about(error, path) else f"{error.filename}: "
        next_step = _NEXT_STEPS.get(error.errno or 0, _ELSE)
        raise StorageError(f"cannot write {path}: {where}{error.strerror or error}. {next_step}") from error


def _is_about(error: OSError, path: Path) -> bool:
    """Whether it was the file itself, one beside it, or a folder of its own; a block that writes may read others."""
    names = [Path(name) for name in (error.filename, error.filename2) if isinstance(name, str | os.PathLike)]
    return not names or any(
        name.parent == path.parent or name in (path, *path.parents) or path in name.parents for name in names
    )


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turns what the operating system says about a file that cannot be read into one sentence that names it.

    Raises:
        DataError: in place of any `OSError` raised inside.
    """
    try:
        yield
    except OSError as error:
        place = error.filename or path
        raise DataError(f"{place} cannot be read: {error.strerror}. Check its name and permissions.") from None


def move(source: Path, target: Path) -> None:
    """Gives a file or folder another name on the same disk, in place of a file that has it; a power cut keeps that."""
    source.replace(target)
    sync_folder(target.parent)
    if source.parent != target.parent:
        sync_folder(source.parent)


def make_folder(folder: Path) -> None:
    """Makes a folder and those above it where they are missing, in such a way that a power cut keeps them."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for one in missing:
        sync_folder(one.parent)


def sync_folder(folder: Path) -> None:
    """Makes sure that the names in a folder are on the disk, where the system knows how; Windows does so by itself."""
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError):  # of a file system that cannot, or a folder that may not be read
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
