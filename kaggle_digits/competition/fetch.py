"""The competition's three files, brought into a folder: all of them right, or the folder as it was."""

import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from kaggle_digits.competition import messages, submission
from kaggle_digits.competition.client import SLUG, Kaggle
from kaggle_digits.competition.watch import OnProgress, ignore_progress
from kaggle_digits.errors import CompetitionError, CredentialsError, DataError, StorageError, SubmissionError
from kaggle_digits.files import archive as zips
from kaggle_digits.files import digit_recognizer, disk, locks, storage

TRAIN, TEST, SAMPLE = digit_recognizer.TRAIN, digit_recognizer.TEST, digit_recognizer.SAMPLE

PUBLISHED = {
    TRAIN: "b35cc952c291f03d995f48721373e69454f689e299d724bd9a5927bdabddfeed",
    TEST: "3353d136e718a01b18f4e2097d2f0bbd2676e5887b75b9497e35d34e90820013",
    SAMPLE: "6ebaa8f99662433c2ad4fee65c76d8eb12ad627c3d2de1901704712e31bc0d9a",
}
"""The SHA-256 of the files that Kaggle has published, as they are in its zip."""

# Code that looks for the data looks for train.csv, so it is checked last and comes last.
_NAMES = (SAMPLE, TEST, TRAIN)
_PREFIX, _LOCK = ".fetch-", "lock"
_YOUNG = 60.0  # seconds

State = Literal["kept", "new", "replaced"]
_Unpack = Callable[[Path, str, Path], None]


@dataclass(frozen=True)
class Fetched:
    """What became of one file.

    Attributes:
        path: the file, which is now there and right.
        state: `kept` was there and right; `new` was not there; `replaced` was wrong, or a fresh one was asked for.
        changed: whether it is not what Kaggle has published, though of the right form.
    """

    path: Path
    state: State
    changed: bool = False


class _ChangedError(DataError):
    """A file is of the right form, and not what Kaggle has published."""


def fetch(
    data: Path,
    *,
    archive: Path | None = None,
    force: bool = False,
    kaggle: Kaggle | None = None,
    on_progress: OnProgress = ignore_progress,
    rows: tuple[int, int] = digit_recognizer.ROWS,
    published: Mapping[str, str] | None = None,
) -> list[Fetched]:
    """Brings train.csv, test.csv and sample_submission.csv into a folder.

    Files that are there and right are kept. The others come out of the competition's zip, are checked under
    temporary names, and take their places only when all of them are right; whatever fails before leaves the folder
    as it was. Kaggle is not asked where nothing is missing, or a zip is given.

    Args:
        data: the folder; made if need be.
        archive: a zip downloaded before; it is only read.
        force: take all three from the zip, whatever is there.
        kaggle: where to download from; by default a new one with this process's environment.
        on_progress: gets how many bytes of the download have arrived, and how many there will be if known.
        rows: how many images train.csv and test.csv must have.
        published: the SHA-256 that each file must have, by its name; {} takes whatever is of the right form. By default
            those of the competition, where `rows` are its own, too.

    Returns:
        What became of train.csv, test.csv and sample_submission.csv.

    Raises:
        CompetitionError: Kaggle said no, or nothing.
        DataError: the zip, or a file in it, is not what it should be.
        StorageError: the folder cannot be written, or the disk is full.
    """
    states = {name: _state(data / name, rows, force) for name in _NAMES}
    wanted = [name for name in _NAMES if states[name] != "kept"]
    if published is None:
        real = rows == digit_recognizer.ROWS and (kaggle is None or kaggle.slug == SLUG)
        published = PUBLISHED if real else {}
    unpack = partial(_unpack, wanted, rows, published)
    if wanted:
        with _temporary_folder(data) as folder:
            if archive is not None:
                _take(archive, folder, unpack)
            else:
                with Kaggle() if kaggle is None else nullcontext(kaggle) as asked:
                    _download(folder, unpack, asked, on_progress)
            for name in wanted:
                with disk.disk_errors(data / name):
                    disk.move(folder / name, data / name)
    return [Fetched(data / name, states[name], not is_published(data / name, published)) for name in reversed(_NAMES)]


def check(path: Path, rows: tuple[int, int] = digit_recognizer.ROWS) -> None:
    """Makes sure that train.csv, test.csv or sample_submission.csv is complete and right.

    Raises DataError where it is missing or wrong, or has not the `rows` of train.csv or test.csv; the sentence names
    file, row and column.
    """
    from kaggle_digits.sources import kaggle_csv

    is_train = path.name == TRAIN
    expected = rows[0] if is_train else rows[1]
    try:
        found = submission.read(path) if path.name == SAMPLE else kaggle_csv.read(path, labelled=is_train)
    except SubmissionError as error:
        raise DataError(str(error)) from error
    count = len(found)
    if count != expected:
        raise DataError(f"{path} has {count:,} rows; {expected:,} are expected.")


def is_published(path: Path, published: Mapping[str, str] = PUBLISHED) -> bool:
    """Whether a file is what Kaggle has published under its name, whatever its line ends; other files pass, too.

    Raises OSError where it cannot be read.
    """
    if path.name not in published or storage.sha256(path) == published[path.name]:
        return True
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for line in file:
            digest.update(line.replace(b"\r\n", b"\n"))
    return digest.hexdigest() == published[path.name]


def _state(path: Path, rows: tuple[int, int], force: bool) -> State:
    if not path.exists() or force:
        return "replaced" if path.exists() else "new"
    try:
        check(path, rows)
    except DataError:
        return "replaced"
    return "kept"


@contextmanager
def _temporary_folder(data: Path) -> Iterator[Path]:
    """A folder inside `data`, so that moving a file out of it never copies; gone afterwards, whatever happens.

    Only kill -9 and a power cut leave one behind. It is locked as long as its process lives, so the next fetch knows
    which ones it may sweep away.
    """
    is_new = not data.exists()
    with disk.disk_errors(data):
        data.mkdir(parents=True, exist_ok=True)
        for left in data.glob(f"{_PREFIX}*"):
            _sweep(left)
        temporary = tempfile.TemporaryDirectory(prefix=_PREFIX, dir=data, ignore_cleanup_errors=True)
    try:
        with temporary as folder, locks.locked(Path(folder) / _LOCK, 0):
            try:
                yield Path(folder)
            except StorageError as error:
                # The user knows `data`, and nothing of a folder that is gone by now.
                raise StorageError(str(error).replace(folder, str(data))) from error
    finally:
        if is_new:  # and has got nothing
            with suppress(OSError):
                data.rmdir()


def _sweep(folder: Path) -> None:
    with suppress(StorageError, OSError):
        # A fetch that has just begun makes its folder first and locks it then.
        if time.time() - folder.stat().st_mtime >= _YOUNG:
            with locks.locked(folder / _LOCK, 0):
                pass
            shutil.rmtree(folder, ignore_errors=True)


def _unpack(
    wanted: list[str], rows: tuple[int, int], published: Mapping[str, str], archive: Path, called: str, folder: Path
) -> None:
    """Brings the wanted files out of a zip, and checks them."""
    zips.unpack(archive, _NAMES, wanted, folder, called)
    for name in wanted:
        try:
            check(folder / name, rows)
        except DataError as error:
            raise DataError(str(error).replace(str(folder / name), f"{name} in {called}")) from error
        if not is_published(folder / name, published):
            raise _ChangedError(
                f"{name} in {called} is not what Kaggle has published so far: a label or a pixel is another one "
                f"(SHA-256 {storage.sha256(folder / name)[:12]}..., not {published[name][:12]}...)."
            )


def _download(folder: Path, unpack: _Unpack, kaggle: Kaggle, on_progress: OnProgress) -> None:
    by_hand = (
        f"Log in, accept the rules at {messages.page(kaggle.slug, 'rules')}, download the zip from "
        f"{messages.page(kaggle.slug, 'data')}, then: kaggle-digits fetch --zip FILE."
    )
    # A download that went on after a break may be wrong in the middle, which only unpacking shows: one more try.
    for last in (False, True):
        try:
            path = kaggle.download(folder, on_progress)
        except CredentialsError as error:
            raise CredentialsError(f"{error} Or without a token: {by_hand[0].lower()}{by_hand[1:]}") from error
        try:
            return unpack(path, "the file that Kaggle sent", folder)
        except _ChangedError as error:
            raise CompetitionError(
                f"{error} See {messages.page(kaggle.slug, 'data')} for news. To accept it anyway: "
                "kaggle-digits fetch --allow-changed."
            ) from error
        except DataError as error:
            if last:
                raise CompetitionError(f"{error} This happened twice. {by_hand}") from error
    return None


def _take(archive: Path, folder: Path, unpack: _Unpack) -> None:
    page = messages.page(SLUG, "data")
    try:
        unpack(archive, str(archive), folder)
    except DataError as error:
        trust = ", or, if you trust this one, add --allow-changed" if isinstance(error, _ChangedError) else ""
        raise DataError(f"{error} Download the zip from {page}, logged in, and name that file{trust}.") from error
