"""A run folder on its way home: one zip, and a note of what must be in it.

    run.zip        the run folder's files, and submission.csv
    parcel.json    {"format", "run", "cards", "warning", "sha256" of run.zip, "files": the names in it}

What comes out of it is believed only after the checks.
"""

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

import msgspec

from kaggle_digits import runs
from kaggle_digits.competition import submission
from kaggle_digits.errors import DataError, DigitsError
from kaggle_digits.files import archive, storage
from kaggle_digits.runs import Run, rows

ARCHIVE = "run.zip"
NOTE = "parcel.json"
SUBMISSION = "submission.csv"

_FORMAT = 1
_MOST_FILES = 2_000
_LONGEST_NOTE = 1 << 20  # bytes
# Of what a training writes; no name of these leads out of a folder, or is hidden.
_NAME = re.compile(
    r"([A-Za-z0-9][\w-]{0,99}/){0,2}[A-Za-z0-9][\w-]{0,99}\.(json|csv|npy|npz|png|keras|tflite|skops|py)"
)
_CALLED = "the run that Kaggle sent"


@dataclass(frozen=True)
class Parcel:
    """A run that came home and was checked, its labels of the test images, the graphics cards that trained it."""

    run: Run
    labels: list[int] | None
    cards: list[str]
    warning: str | None


class _Note(msgspec.Struct, frozen=True, kw_only=True):
    format: int = _FORMAT
    run: str
    cards: list[str]
    warning: str | None
    sha256: str
    files: list[str]


def pack(run: Path, file: Path | None, outbox: Path, name: str, cards: list[str], warning: str | None) -> None:
    """Packs a complete run, ordered under that name, and its submission into the outbox; the note is written last."""
    names = {one.relative_to(run).as_posix(): one for one in run.rglob("*") if one.is_file()}
    packed = {name: one for name, one in names.items() if _NAME.fullmatch(name)}
    if file is not None:
        packed[SUBMISSION] = file
    with zipfile.ZipFile(outbox / ARCHIVE, "w", zipfile.ZIP_DEFLATED) as zipped:
        for inside, one in packed.items():
            zipped.write(one, inside)
    checksum = storage.sha256(outbox / ARCHIVE)
    note = _Note(run=name, cards=cards, warning=warning, sha256=checksum, files=list(packed))
    storage.write_text(outbox / NOTE, msgspec.json.encode(note).decode() + "\n")


def unpack(inbox: Path, folder: Path, name: str) -> Parcel:
    """Opens a parcel, the two files in the inbox, with suspicion: the run of that name, into an empty folder.

    Raises:
        DataError: it is damaged, not a run, or not this one.
        StorageError: there is no room for it.
    """
    note = _note(inbox / NOTE)
    if note.run != name:
        raise DataError(f"{_CALLED} is another one, {note.run[:60]!r}.")
    if storage.sha256(inbox / ARCHIVE) != note.sha256:
        raise DataError(f"{_CALLED} is damaged: it has not the checksum that it had on Kaggle.")
    archive.unpack(inbox / ARCHIVE, note.files, note.files, folder, _CALLED)
    try:
        run = runs.read(folder)
        runs.verify(run)
        rows.validation(run.path)
        labels = _labels(folder / SUBMISSION, run.record.test_rows)
    except DigitsError as error:
        raise DataError(f"{_CALLED} cannot be used: {str(error).replace(str(folder), 'its folder')}") from error
    return Parcel(run, labels, note.cards, note.warning)


def _labels(path: Path, rows: int | None) -> list[int] | None:
    if rows is None:
        return None
    labels = submission.read(path)
    path.unlink()
    if len(labels) != rows:
        raise DataError(f"it labels {len(labels):,} test images of {rows:,}.")
    return labels


def _note(path: Path) -> _Note:
    try:
        with path.open("rb") as file:
            note = msgspec.json.decode(file.read(_LONGEST_NOTE), type=_Note)
    except (OSError, msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise DataError(f"{_CALLED} has no note that can be read ({type(error).__name__}).") from error
    if note.format != _FORMAT:
        raise DataError(f"{_CALLED} has a note of another form.")
    if len(note.files) > _MOST_FILES or not all(_NAME.fullmatch(name) for name in note.files):
        raise DataError(f"{_CALLED} holds files that no training writes.")
    return note
