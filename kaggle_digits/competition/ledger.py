"""What was submitted, from which run, with which score: one JSON document a line, oldest first.

Kaggle forgets this competition's scores after two months; the ledger does not. A line is never changed: whatever
becomes known of a submission is a further line, from `sending` on, which is written before anything is sent.
"""

import errno
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from kaggle_digits.errors import DataError, StorageError, SubmissionError
from kaggle_digits.files import disk, storage

FILE = "ledger.jsonl"

SENDING, FAILED, PENDING, COMPLETE, ERROR = "sending", "failed", "pending", "complete", "error"
_MOST_BYTES = 1 << 28  # a hundred years of five submissions a day


class Entry(msgspec.Struct, frozen=True):
    """One line: something that became known of a submission. Times are ISO 8601 with a time zone.

    Attributes:
        time: when it was written.
        run: the run's name, or None for a file of another origin.
        ref: Kaggle's number for the submission; None while it is not known.
        message: what stands beside it on Kaggle.
        status: `sending` before Kaggle is asked, `failed` where Kaggle did not take it, then `pending`, and at last
            `complete` or `error`. A `sending` that nothing follows may or may not have arrived.
        score: the public score, a share of right labels from 0 to 1, or None while there is none.
        data_sha256: of each file that the run was trained on and has labelled, by name.
        validation_accuracy: of the run, from 0 to 1.
        predicted_range: the score that the run expected, lowest and highest, or None.
        error: why Kaggle could not take or score it; empty where it could.
        scored: when its score was first seen.
        path: where the CSV was when it was sent, absolute; None in the ledgers of earlier releases.
        counted: how many submissions Kaggle had counted before it was sent; None where it did not say.
    """

    time: str
    run: str | None
    file: str
    sha256: str
    ref: int | None
    message: str
    status: str
    score: float | None
    data_sha256: dict[str, str] | None = None
    git_commit: str | None = None
    seed: int | None = None
    validation_accuracy: float | None = None
    predicted_range: tuple[float, float] | None = None
    error: str = ""
    sent: str | None = None
    scored: str | None = None
    path: str | None = None
    counted: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether more is to become known of the submission."""
        return self.status in (SENDING, PENDING) or (self.status == COMPLETE and self.score is None)


_DECODER = msgspec.json.Decoder(Entry)


def append(submissions: Path, entry: Entry) -> None:
    """Adds a line; raises StorageError where that fails.

    Lines that several processes add at once do not mix: each is one write at the end of the file.
    """
    path = submissions / FILE
    with disk.disk_errors(path):
        disk.make_folder(submissions)
        line = msgspec.json.encode(entry) + b"\n"
        with path.open("a+b", buffering=0) as file:
            # A line that a power cut left unfinished must not take this one along. Should another process be in the
            # middle of its line just now, the worst that comes of it is an empty line.
            if end := file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                line = line if file.read(1) == b"\n" else b"\n" + line
            if (written := file.write(line)) < len(line):
                if file.seek(0, os.SEEK_END) == end + written:  # nobody has added a line since
                    file.truncate(end)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file.fileno())
            disk.sync_folder(submissions)  # the line is synced, but a new file's name is not


def note(ledgers: list[Path], entry: Entry, **news: Any) -> Entry:
    """Writes an entry with what is new of it, and gives it back; the first ledger must be written, others need not."""
    changed = msgspec.structs.replace(entry, time=now(), **news)
    append(ledgers[0], changed)
    for folder in ledgers[1:]:
        with suppress(StorageError):
            append(folder, changed)
    return changed


def now() -> str:
    """The time, as the ledger writes it."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


def read(submissions: Path, on_torn: Callable[[int], None] = lambda _line: None) -> list[Entry]:
    """All entries, oldest first; none where nothing was submitted yet.

    Args:
        submissions: the folder of all submissions.
        on_torn: gets the number of each line that a power cut or a full disk left unfinished; it is passed over.

    Raises:
        DataError: the ledger cannot be read, or a line is not the ledger's; the sentence names it.
    """
    path = submissions / FILE
    try:
        storage.check_regular(path, _MOST_BYTES)
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}. Make it a file that you may read.") from None
    entries = []
    for number, line in enumerate(lines, start=1):
        try:
            # What a later release may have added to an entry is passed over.
            entries += [_DECODER.decode(line)] if line.strip() else []
        except msgspec.ValidationError as error:
            place = f"{path}, line {number}"
            raise DataError(f"{place} is not an entry of the ledger: {error}. Remove that line.") from None
        except (msgspec.DecodeError, ValueError, RecursionError):
            on_torn(number)
    return entries


def latest(entries: Iterable[Entry]) -> list[Entry]:
    """What is known of each submission now: its newest entry, oldest submission first.

    Those that Kaggle did not take are left out. One whose fate is unknown stands as `sending`, without a number.
    """
    known: dict[int | str, Entry] = {}
    for entry in entries:
        if entry.ref is not None or entry.status == FAILED:
            known.pop(entry.sha256, None)
        if entry.status != FAILED:
            known[entry.sha256 if entry.ref is None else entry.ref] = entry
    return list(known.values())


def scores(submissions: Path) -> dict[str, float]:
    """The newest known score of each run, by the run's name; raises as `read` does."""
    return {entry.run: entry.score for entry in read(submissions) if entry.run and entry.score is not None}


def check_name(submissions: Path, name: str) -> None:
    """Makes sure that nothing here belongs to another run of a name: raises SubmissionError where something does."""
    if (submissions / f"{name}.csv").exists():
        raise SubmissionError(f"there is already a {submissions / f'{name}.csv'}. Choose another name.")
    if any(entry.run == name for entry in read(submissions)):
        raise SubmissionError(f"the ledger knows another run {name}, which was submitted. Choose another name.")


def rename(submissions: Path, old: str, new: str) -> Path | None:
    """Renames a run's submission, here and in the ledger, and gives its CSV, if there is one.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
        DataError: the ledger is damaged.
    """
    before, path = submissions / f"{old}.csv", submissions / f"{new}.csv"
    is_there = before.exists()
    if is_there:
        with disk.disk_errors(path):
            disk.move(before, path)
    for entry in latest(read(submissions)):
        if entry.run == old:
            note([submissions], entry, run=new, file=path.name)
    return path if is_there else None


def remove(path: Path) -> None:
    """Removes a submission's CSV; raises StorageError where it cannot be removed."""
    with disk.disk_errors(path):
        path.unlink(missing_ok=True)


def was_sent(submissions: Path, run: str) -> bool:
    """Whether the ledger knows of a submission of a run; raises DataError where it is damaged."""
    return any(entry.run == run for entry in latest(read(submissions)))
