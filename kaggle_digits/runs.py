"""Run folders: begun, completed, found again."""

import importlib.metadata
import json
import platform
import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from kaggle_digits import __version__, storage
from kaggle_digits.errors import RunError

FOLDER = Path("models")
RECORD = "run.json"
FORMAT = 1
"""Grows by one whenever an older release could no longer read a new run.json."""

_LIBRARIES = ("tensorflow", "keras", "numpy", "scikit-learn")


@dataclass(frozen=True)
class Run:
    """A complete run.

    Attributes:
        path: its folder; the folder's name is the run's name.
        record: what run.json says.
    """

    path: Path
    record: dict[str, Any]

    @property
    def name(self) -> str:
        """For example `20261120-220844-mlp`."""
        return self.path.name


def start(models: Path, recipe: str, now: datetime) -> Path:
    """Makes the folder of a new run, which counts as unfinished until `complete`.

    Args:
        models: the folder of all runs.
        recipe: the recipe's name.
        now: the local time that becomes part of the name. Two runs begun in the same second get different names.

    Raises:
        StorageError: the folder cannot be made.
    """
    stem = f"{now:%Y%m%d-%H%M%S}-{recipe}"
    with storage.disk_errors(models):
        models.mkdir(parents=True, exist_ok=True)
        for number in range(1, 1000):
            path = models / (stem if number == 1 else f"{stem}-{number}")
            try:
                path.mkdir()
            except FileExistsError:
                continue
            return path
    raise RunError(f"{models} holds 999 runs named {stem}. Delete some of them.")


def complete(path: Path, record: dict[str, Any], files: list[str]) -> Run:
    """Completes a run: run.json is written last, so its existence means that everything else is there.

    Args:
        path: the run's folder.
        record: what to remember of the run, JSON-like.
        files: the names of the model's files, whose SHA-256 goes on record.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    checksums = {name: storage.sha256(path / name) for name in files}
    text = json.dumps({"format": FORMAT, **record, "files": checksums}, indent=2)
    storage.write_text(path / RECORD, text + "\n")
    return Run(path, json.loads(text))


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
    for path in (models / run, Path(run)):
        if path.is_dir():
            return _read(path)
    raise RunError(f"there is no run {run} in {models}. The runs there: {_names(models)}.")


def listing(models: Path = FOLDER) -> list[Run]:
    """All complete runs, oldest first; unfinished and foreign folders are passed over."""
    runs = [_read(path.parent) for path in models.glob(f"*/{RECORD}")]
    return sorted(runs, key=lambda run: (run.record["started"], run.name))


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
    try:
        record = json.loads((path / RECORD).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunError(f"{path} has no {RECORD}: that run never finished. Train again: kaggle-digits train.") from None
    except (OSError, ValueError) as error:
        raise RunError(f"{path / RECORD} cannot be read: {error}. Delete the folder or train again.") from None
    if not isinstance(record, dict) or record.get("format") != FORMAT or "started" not in record:
        raise RunError(f"{path / RECORD} is not a run of this release (format {FORMAT}). Train again.")
    return Run(path, record)


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
