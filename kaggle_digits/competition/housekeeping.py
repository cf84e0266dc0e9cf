"""What belongs to a run beside its folder: its submission CSV, and its lines in the ledger."""

from pathlib import Path

from kaggle_digits.competition import ledger
from kaggle_digits.errors import SubmissionError
from kaggle_digits.files import disk


def check_name(submissions: Path, name: str) -> None:
    """Makes sure that nothing here belongs to another run of a name: raises SubmissionError where something does."""
    if (submissions / f"{name}.csv").exists():
        raise SubmissionError(f"there is already a {submissions / f'{name}.csv'}. Choose another name.")
    if any(entry.run == name for entry in ledger.read(submissions)):
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
    for entry in ledger.latest(ledger.read(submissions)):
        if entry.run == old:
            ledger.note([submissions], entry, run=new, file=path.name)
    return path if is_there else None


def remove(path: Path) -> None:
    """Removes a submission's CSV; raises StorageError where it cannot be removed."""
    with disk.disk_errors(path):
        path.unlink(missing_ok=True)


def was_sent(submissions: Path, run: str) -> bool:
    """Whether the ledger knows of a submission of a run; raises DataError where it is damaged."""
    return any(entry.run == run for entry in ledger.latest(ledger.read(submissions)))
