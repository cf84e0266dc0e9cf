"""Run folders: begun, completed, found again."""

import contextlib
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from kaggle_digits.errors import RunError
from kaggle_digits.files import disk, locks, storage
from kaggle_digits.runs import record as records
from kaggle_digits.runs.record import Beginning, Record

FOLDER = Path("models")
RECORD = "run.json"
PLAN = "plan.json"

BEGUN = ".begun-"
_YOUNG, _GLANCE = 60.0, 0.5  # seconds
_VISIBLE = "[!.]*"


@dataclass(frozen=True)
class Run:
    """A complete run.

    Attributes:
        path: its folder; the folder's name is the run's name.
        record: what run.json says.
    """

    path: Path
    record: Record

    @property
    def name(self) -> str:
        """For example `20261120-220844-mlp`."""
        return self.path.name


def start(models: Path, beginning: Beginning) -> Path:
    """Makes the folder of a new run, which counts as unfinished until `complete`.

    The folder appears with its plan in it, or not at all.

    Args:
        models: the folder of all runs.
        beginning: its recipe and local time make the run's name; two runs begun in the same second get different ones.

    Raises:
        StorageError: the folder cannot be made.
    """
    stem = f"{beginning.started:%Y%m%d-%H%M%S}-{beginning.recipe.name}"
    with disk.disk_errors(models):
        disk.make_folder(models)
        _sweep(models)
        begun = models / f"{BEGUN}{secrets.token_hex(4)}"
        try:
            write_plan(begun, beginning)
            for number in range(1, 1000):
                path = models / (stem if number == 1 else f"{stem}-{number}")
                if _moved(begun, path):
                    return path
        finally:
            shutil.rmtree(begun, ignore_errors=True)
    raise RunError(f"{models} holds 999 runs named {stem}. Delete some of them.")


def _moved(begun: Path, path: Path) -> bool:
    """Whether a folder could be given a name; another process may take the same one at the same time."""
    try:
        if not path.exists():
            disk.move(begun, path)
            return True
    except OSError:
        if not path.exists():
            raise
    return False


def _sweep(models: Path) -> None:
    """Removes the folders of runs that were killed before they had a name."""
    for left in models.glob(f"{BEGUN}*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _YOUNG:
                shutil.rmtree(left, ignore_errors=True)


@contextlib.contextmanager
def in_training(path: Path) -> Iterator[None]:
    """Holds the run in a folder for the one process that trains it.

    Raises:
        StorageError: another process trains it just now, or the folder cannot be written.
    """
    refusal = f"{path.name} is in training just now, by another kaggle-digits. Wait until that ends, or end it."
    # Not at once: whoever lists the runs looks at the lock, too.
    with locks.locked(path / PLAN, _GLANCE, refusal=refusal):
        yield


def is_in_training(path: Path) -> bool:
    """Whether a process trains a run just now."""
    return locks.is_locked(path / PLAN)


def write_plan(path: Path, beginning: Beginning) -> None:
    """Writes plan.json into the run's folder.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    storage.write_text(path / PLAN, records.text(beginning))


def complete(path: Path, beginning: Beginning, files: list[str], **results: Any) -> Run:
    """Completes a run: run.json is written last, so its existence means that everything else is there.

    Args:
        path: the run's folder.
        beginning: what the run began with.
        files: the names of the model's files, whose SHA-256 goes on record.
        **results: the other fields of `Record`.

    Raises:
        RunError: somebody has removed the folder meanwhile; what was written since is no run.
        StorageError: the folder cannot be written, or the disk is full.
    """
    if not (path / PLAN).exists():
        raise RunError(f"{path} was removed while it was in training. Train again: kaggle-digits train.")
    for inside in (path, *(one for one in path.rglob("*") if one.is_dir())):
        storage.sweep(inside)  # a teacher's, in which nothing is written any more
    results |= {"finished": datetime.now().astimezone(), "files": {name: storage.sha256(path / name) for name in files}}
    known = {name: getattr(beginning, name) for name in Beginning.__struct_fields__}
    return write_record(path, Record(**known, **results))


def write_record(path: Path, record: Record) -> Run:
    """Writes run.json into a run's folder that has everything else in it, which makes the run complete.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    # Were the folder removed just now, run.json alone must not bring it back.
    storage.write_text(path / RECORD, records.text(record), in_new_folder=False)
    return Run(path, record)


def interrupted(path: Path) -> Beginning:
    """What the run in a folder began with, if its training was interrupted and can go on.

    Raises:
        RunError: the run came to its end, or it never began.
    """
    if (path / RECORD).exists() and not read(path).record.interrupted:
        raise RunError(f"{path.name} is complete: there is nothing to resume. Start a new one: kaggle-digits train.")
    return records.read(path / PLAN, Beginning)


def reopen(path: Path) -> None:
    """Makes a run unfinished again, just before its files change; nothing happens to one that is unfinished already.

    Raises:
        StorageError: the folder cannot be written.
    """
    with disk.disk_errors(path / RECORD):
        (path / RECORD).unlink(missing_ok=True)


def members(run: Run) -> dict[str, Run]:
    """The runs of a committee's members, or of those that a blend is made of, which lie beside it.

    Raises:
        RunError: one is missing, or is not what it was.
    """
    found, blended = {}, run.record.blended
    for name, weight in (run.record.members or {}).items():
        if name not in blended:
            found[name] = read(run.path / name)
        elif weight > 0:
            path = run.path.parent / name
            if not path.is_dir() or storage.sha256(path / RECORD) != blended[name]:
                raise RunError(f"{run.name} is blended from {name}, which was removed or changed since. Blend anew.")
            found[name] = read(path)
    return found


def verify(run: Run) -> None:
    """Makes sure that the model's files are those that the training wrote.

    Raises:
        RunError: a file is missing or was changed since.
    """
    for member in members(run).values() if run.record.blended else ():
        verify(member)
    for name, expected in run.record.files.items():
        path = run.path / name
        if not path.is_file() or storage.sha256(path) != expected:
            raise RunError(f"{path} is missing, or not the file that the training wrote. Train again.")


def unfinished(models: Path = FOLDER) -> list[Path]:
    """The folders of runs that began and have not come to their end, oldest first."""
    begun = models.glob(f"{_VISIBLE}/{PLAN}")
    return sorted(path.parent for path in begun if not (path.parent / RECORD).exists())


def listing(models: Path = FOLDER) -> list[Run]:
    """All complete runs, oldest first; unfinished and foreign folders are passed over."""
    runs = []
    for path in models.glob(f"{_VISIBLE}/{RECORD}"):
        try:
            runs.append(read(path.parent))
        except RunError:
            continue
    return sorted(runs, key=lambda run: (run.record.started, run.name))


def read(path: Path) -> Run:
    """The run in a folder.

    Raises:
        RunError: it never finished, or its run.json is missing, damaged or of another release.
    """
    if (path / PLAN).exists() and not (path / RECORD).exists():
        raise RunError(f"{path} is unfinished. Continue it: kaggle-digits train --resume {path.name}.")
    return Run(path, records.read(path / RECORD, Record))
