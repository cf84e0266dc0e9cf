"""Run folders: begun, completed, found again."""

import contextlib
import importlib.metadata
import json
import platform
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kaggle_digits import __version__
from kaggle_digits.errors import RunError
from kaggle_digits.files import disk, locks, storage
from kaggle_digits.runs import record as records
from kaggle_digits.runs import rows
from kaggle_digits.runs.record import FORMAT
from kaggle_digits.runs.rows import LEARNED, VALIDATION

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["FORMAT", "LEARNED", "VALIDATION", "Run"]

FOLDER = Path("models")
RECORD = "run.json"
PLAN = "started.json"

_BEGUN = ".begun-"
_YOUNG, _GLANCE = 60.0, 0.5  # seconds
_VISIBLE = "[!.]*"
_LIBRARIES = ("tensorflow", "keras", "numpy", "scikit-learn")


@dataclass(frozen=True)
class Run:
    """A complete run.

    Attributes:
        path: its folder; the folder's name is the run's name.
        record: what run.json says; a value that it lacks is a `RunError`.
    """

    path: Path
    record: dict[str, Any]

    @property
    def name(self) -> str:
        """For example `20261120-220844-mlp`."""
        return self.path.name


def start(models: Path, recipe: str, now: datetime, plan: dict[str, Any]) -> Path:
    """Makes the folder of a new run, which counts as unfinished until `complete`.

    The folder appears with its plan in it, or not at all.

    Args:
        models: the folder of all runs.
        recipe: the recipe's name.
        now: the local time that becomes part of the name. Two runs begun in the same second get different names.
        plan: what is known of the run already, JSON-like; enough to begin it again.

    Raises:
        StorageError: the folder cannot be made.
    """
    stem = f"{now:%Y%m%d-%H%M%S}-{recipe}"
    with disk.disk_errors(models):
        models.mkdir(parents=True, exist_ok=True)
        _sweep(models)
        begun = models / f"{_BEGUN}{secrets.token_hex(4)}"
        try:
            storage.write_text(begun / PLAN, json.dumps({"format": FORMAT, **plan}, indent=2) + "\n")
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
            begun.rename(path)
            return True
    except OSError:
        if not path.exists():
            raise
    return False


def _sweep(models: Path) -> None:
    """Removes the folders of runs that were killed before they had a name."""
    for left in models.glob(f"{_BEGUN}*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _YOUNG:
                shutil.rmtree(left, ignore_errors=True)


@contextlib.contextmanager
def in_training(path: Path) -> Iterator[None]:
    """Holds a run for the one process that trains it.

    Args:
        path: the run's folder.

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


def complete(path: Path, results: dict[str, Any], files: list[str]) -> Run:
    """Completes a run: run.json is written last, so its existence means that everything else is there.

    Args:
        path: the run's folder.
        results: what to remember of the run beyond its plan, JSON-like.
        files: the names of the model's files, whose SHA-256 goes on record.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    checksums = {name: storage.sha256(path / name) for name in files}
    text = json.dumps({**records.read(path / PLAN), **results, "files": checksums}, indent=2)
    storage.write_text(path / RECORD, text + "\n")
    return Run(path, records.parse(text, path / RECORD))


def interrupted_plan(path: Path) -> dict[str, Any]:
    """What a run began with, if its training was interrupted and can go on.

    Args:
        path: the run's folder.

    Raises:
        RunError: the run came to its end, or it never began.
    """
    if (path / RECORD).exists() and not _read(path).record.get("interrupted"):
        raise RunError(f"{path.name} came to its end: there is nothing to resume. Begin anew: kaggle-digits train.")
    return records.read(path / PLAN)


def reopen(path: Path) -> None:
    """Makes a run unfinished again, just before its files change; nothing happens to one that is unfinished already.

    Raises:
        StorageError: the folder cannot be written.
    """
    with disk.disk_errors(path / RECORD):
        (path / RECORD).unlink(missing_ok=True)


def folder(run: str | Path, models: Path = FOLDER) -> Path:
    """The folder of a run, complete or not, by name or path.

    Raises:
        RunError: there is none.
    """
    for path in (models / run, Path(run)):
        if path.is_dir():
            return path
    raise RunError(f"there is no run {run} in {models}. The runs there: {_names(models)}.")


def verify(run: Run) -> None:
    """Makes sure that the model's files are those that the training wrote.

    Raises:
        RunError: a file is missing or was changed since.
    """
    for name, expected in run.record["files"].items():
        path = run.path / name
        if not path.is_file() or storage.sha256(path) != expected:
            raise RunError(f"{path} is missing, or not the file that the training wrote. Train again.")


def validation_rows(run: Run) -> "tuple[NDArray[Any], NDArray[np.int64], NDArray[np.float32]]":
    """Ids, labels and probabilities `(n, classes)` of the rows that a run was validated on.

    Raises:
        RunError: the file is missing or damaged.
    """
    return rows.validation(run.path)


def learned_rows(run: Run) -> "NDArray[np.uint64]":
    """uint64 `(n,)`, the hashes of the rows that a run was trained on; see `Digits.hashes`.

    Raises:
        RunError: the file is missing or damaged.
    """
    return rows.learned(run.path)


def find(run: str | Path | None = None, models: Path = FOLDER) -> Run:
    """The run of that name or path; without one, the newest complete run.

    Raises:
        RunError: there is none, or it is unfinished; the sentence says how to get one.
    """
    if run is None:
        complete_runs = listing(models)
        if not complete_runs:
            raise RunError(f"there is no complete run in {models}. Train one: kaggle-digits train.")
        return complete_runs[-1]
    return _read(folder(run, models))


def unfinished(models: Path = FOLDER) -> list[Path]:
    """The folders of runs that began and have not come to their end, oldest first."""
    begun = models.glob(f"{_VISIBLE}/{PLAN}")
    return sorted(path.parent for path in begun if not (path.parent / RECORD).exists())


def listing(models: Path = FOLDER) -> list[Run]:
    """All complete runs, oldest first; unfinished and foreign folders are passed over."""
    runs = []
    for path in models.glob(f"{_VISIBLE}/{RECORD}"):
        try:
            runs.append(_read(path.parent))
        except RunError:
            continue
    return sorted(runs, key=lambda run: (datetime.fromisoformat(run.record["started"]), run.name))


def environment() -> dict[str, Any]:
    """What a run was made with: versions of Python and libraries, machine, and the git commit of the current folder.

    Returns:
        A JSON-like dictionary; `git` is None outside a git repository.
    """
    return {
        "versions": {
            "kaggle-digits": __version__,
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in _LIBRARIES},
        },
        "machine": platform.platform(),
        "git": _git_state(),
    }


def _read(path: Path) -> Run:
    if (path / PLAN).exists() and not (path / RECORD).exists():
        raise RunError(f"{path} never finished. Go on with it: kaggle-digits train --resume {path.name}.")
    return Run(path, records.read(path / RECORD, ("recipe", "files")))


def _names(models: Path) -> str:
    names = [run.name for run in listing(models)]
    return ", ".join(names[-5:]) if names else "none yet; train one: kaggle-digits train"


def _git_state() -> dict[str, Any] | None:
    def ask(*words: str) -> str:
        answer = subprocess.run(["git", *words], capture_output=True, text=True, timeout=10, check=True)
        return answer.stdout.strip()

    try:
        return {"commit": ask("rev-parse", "HEAD"), "dirty": bool(ask("status", "--porcelain"))}
    except (OSError, subprocess.SubprocessError):
        return None
