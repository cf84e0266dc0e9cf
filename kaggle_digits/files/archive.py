"""A zip from elsewhere, opened with suspicion: nothing it says about itself is believed before it is checked."""

import errno
import json
import os
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kaggle_digits.errors import DataError, StorageError, first_line
from kaggle_digits.files.disk import disk_errors
from kaggle_digits.files.storage import check_regular

# Bytes when unpacked, of one file and of all; the largest real one, train.csv, has 77 million.
_LARGEST_FILE, _LARGEST_SUM = 1 << 28, 1 << 30
_CHUNK_BYTES = 1 << 20
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# Encrypted, patched, strongly encrypted.
_UNREADABLE_FLAGS = 0x1 | 0x20 | 0x40
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, OverflowError)


def unpack(path: Path, names: Iterable[str], wanted: Iterable[str], folder: Path, called: str) -> None:
    """Unpacks files from a zip that must hold exactly the files it should.

    Args:
        path: the zip. It is only read.
        names: what the zip must hold, no more and no less.
        wanted: which of them to unpack.
        folder: where to; existing files of these names are overwritten, and folders in the names are made.
        called: what to call the zip in a sentence.

    Raises:
        DataError: the file is not a zip, is damaged, or is another one.
        StorageError: there is no room for the files.
    """
    with _opened(path, called) as archive:
        members = {member.filename: member for member in _checked(archive, set(names), called)}
        chosen = [members[name] for name in wanted]
        check_room(folder, sum(member.file_size for member in chosen))
        for member in chosen:
            _extract(archive, member, folder / member.filename, called)


@contextmanager
def _opened(path: Path, called: str) -> Iterator[zipfile.ZipFile]:
    try:
        check_regular(path)
        with path.open("rb") as file:
            start = file.read(2048)
            _check_start(start, called)
            try:
                archive = zipfile.ZipFile(file)
            except _BROKEN as error:
                raise DataError(f"{called} is cut short: its table of contents, at the end, is missing.") from error
            with archive:
                yield archive
    except OSError as error:
        raise DataError(f"{called} cannot be read: {error.strerror or error}.") from error


def _check_start(start: bytes, called: str) -> None:
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        raise DataError(f"{called} is empty.")
    if text[:1] == b"<":
        raise DataError(f"{called} is not a zip but a web page, perhaps Kaggle's login page.")
    if text[:1] in (b"{", b"["):
        quote = ""
        with suppress(ValueError, TypeError, LookupError):
            quote = f": “{str(json.loads(text)['message'])[:200]}”"
        raise DataError(f"{called} is not a zip but JSON, perhaps an error of Kaggle's{quote}.")
    if not start.startswith(b"PK"):
        raise DataError(f"{called} is not a zip. It begins with {start[:8]!r}.")


def _checked(archive: zipfile.ZipFile, names: set[str], called: str) -> list[zipfile.ZipInfo]:
    members = archive.infolist()
    found = [member.filename for member in members]
    foreign, missing = sorted(set(found) - names), sorted(names - set(found))
    if foreign or missing:
        what = [f"lacks {_list(missing)}"] if missing else []
        what += [f"holds {_list(foreign)}"] if foreign else []
        raise DataError(
            f"{called} is not what it should be: it {' and '.join(what)}. Expected: {_list(sorted(names))}."
        )
    if len(found) != len(names):
        raise DataError(f"{called} holds a file twice. Received: {_list(found)}.")
    for member in members:
        _check_member(member, called)
    if sum(member.file_size for member in members) > _LARGEST_SUM:
        raise DataError(f"{called} claims to unpack to more than {_LARGEST_SUM:,} bytes, which cannot be right.")
    return members


def _list(names: list[str]) -> str:
    shown = ", ".join(ascii(name[:60])[1:-1] for name in names[:3])
    return shown + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _check_member(member: zipfile.ZipInfo, called: str) -> None:
    name = member.filename
    if stat.S_ISLNK(member.external_attr >> 16):
        raise DataError(f"{name} in {called} is a link, not a file.")
    if member.flag_bits & _UNREADABLE_FLAGS:
        raise DataError(f"{name} in {called} is encrypted.")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataError(f"{name} in {called} is packed by method {member.compress_type}; only deflate is expected.")
    if member.file_size > _LARGEST_FILE:
        raise DataError(
            f"{name} in {called} claims {member.file_size:,} bytes; more than {_LARGEST_FILE:,} cannot be right."
        )


def check_room(folder: Path, needed: int) -> None:
    """Makes sure that so many bytes fit into a folder; raises StorageError where they do not."""
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise StorageError(
            f"{folder} has no room: the files need {needed / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB are free. "
            "Free some space, then try again."
        )


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, called: str) -> None:
    """Copies one file out; zipfile compares its CRC with the archive's when the last byte is read."""
    name = f"{member.filename} in {called}"
    with _intact(name), archive.open(member) as source, _room_errors(target, member.file_size):
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            shutil.copyfileobj(source, file, _CHUNK_BYTES)
            # The name that this file will get must never point at bytes that a power cut can still lose.
            file.flush()
            os.fsync(file.fileno())


@contextmanager
def _intact(name: str) -> Iterator[None]:
    try:
        yield
    except (*_BROKEN, OSError) as error:
        raise DataError(f"{name} is damaged: {first_line(error) if str(error) else 'it ends too early'}.") from error


@contextmanager
def _room_errors(target: Path, needed: int) -> Iterator[None]:
    try:
        with disk_errors(target):
            yield
    except StorageError as error:
        if getattr(error.__cause__, "errno", None) not in _NO_ROOM:
            raise
        raise StorageError(f"{error} It needs {needed:,} bytes.") from error
