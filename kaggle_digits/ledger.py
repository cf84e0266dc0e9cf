"""What was submitted, from which run, with which score: one JSON document a line, oldest first."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from kaggle_digits import storage
from kaggle_digits.errors import DataError

FILE = "ledger.jsonl"


@dataclass(frozen=True)
class Entry:
    """One line: something that became known of a submission.

    Attributes:
        time: when it was written, ISO 8601 with a time zone.
        run: the run's name, or None for a file of another origin.
        file: the CSV's name.
        sha256: of the CSV.
        ref: Kaggle's number for the submission.
        message: what stands beside it on Kaggle.
        status: `pending` or `complete`.
        score: the public score, a share of right labels from 0 to 1, or None while there is none.
    """

    time: str
    run: str | None
    file: str
    sha256: str
    ref: int
    message: str
    status: str
    score: float | None


def append(submissions: Path, entry: Entry) -> None:
    """Adds a line. Lines that several processes add at once do not mix: each is one write at the end of the file.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    path = submissions / FILE
    with storage.disk_errors(path):
        submissions.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            os.write(handle, (json.dumps(asdict(entry)) + "\n").encode())
            os.fsync(handle)
        finally:
            os.close(handle)


def check_writable(submissions: Path) -> None:
    """Makes sure that a line can be added, before something is done that must not be forgotten.

    Raises:
        StorageError: the folder or the ledger cannot be written.
    """
    path = submissions / FILE
    with storage.disk_errors(path):
        submissions.mkdir(parents=True, exist_ok=True)
        path.open("ab").close()


def read(submissions: Path) -> list[Entry]:
    """All entries, oldest first; none where nothing was submitted yet.

    Raises:
        DataError: a line is not the ledger's; the sentence names it.
    """
    path = submissions / FILE
    if not path.exists():
        return []
    entries = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            entries.append(Entry(**json.loads(line)))
        except (ValueError, TypeError) as error:
            raise DataError(f"{path}, line {number} is not an entry: {error}. Remove that line.") from None
    return entries


def scores(submissions: Path) -> dict[str, float]:
    """The newest known score of each run, by the run's name.

    Raises:
        DataError: as `read`.
    """
    return {entry.run: entry.score for entry in read(submissions) if entry.run and entry.score is not None}
