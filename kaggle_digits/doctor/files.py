"""Data, runs, the ledger, and room for more."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from kaggle_digits import runs
from kaggle_digits.competition import fetch, ledger
from kaggle_digits.doctor.check import Check
from kaggle_digits.errors import DataError

_ROOM_BYTES = 500_000_000


def checks(data: Path, models: Path, submissions: Path) -> Iterator[Check]:
    """The three folders, and what is in them."""
    found = [_data_file(data / name) for name in (fetch.TRAIN, fetch.TEST, fetch.SAMPLE)]
    yield from found
    # Where the data is there and right, nothing has to be written to its folder.
    if any(check.state != "ok" for check in found):
        yield _room(data)
    yield _room(models)
    yield _room(submissions)
    yield _runs(models)
    yield _ledger(submissions)


def _data_file(path: Path) -> Check:
    if not path.exists():
        return Check(str(path), "note", "not there", "kaggle-digits fetch")
    try:
        fetch.check(path)
    except DataError as error:
        return Check(str(path), "broken", str(error), "kaggle-digits fetch")
    return Check(str(path), "ok", "there and right")


def _room(folder: Path) -> Check:
    """Whether a folder, or the one that it will be made in, can be written and has room."""
    name, place = f"folder {folder}", folder.absolute()
    while not place.exists():
        place = place.parent
    if not place.is_dir():
        return Check(name, "broken", f"{place} is a file", f"move {place} away")
    if not os.access(place, os.W_OK | os.X_OK):
        return Check(name, "broken", f"{place} cannot be written", f"chmod u+rwx {place}, or work elsewhere")
    free = shutil.disk_usage(place).free
    told = f"can be written, {free / 1e9:.1f} GB free"
    if free < _ROOM_BYTES:
        return Check(name, "broken", told, f"free some space: {_ROOM_BYTES / 1e9:g} GB are needed")
    return Check(name, "ok", told)


def _runs(models: Path) -> Check:
    complete = len(runs.listing(models))
    unfinished = [path.name for path in runs.unfinished(models) if not runs.is_in_training(path)]
    if unfinished:
        fix = f"kaggle-digits train --resume {unfinished[-1]}, or delete the folder"
        return Check("runs", "note", f"{complete} complete; unfinished: {', '.join(unfinished)}", fix)
    return Check("runs", "ok", f"{complete} complete, none unfinished")


def _ledger(submissions: Path) -> Check:
    torn: list[int] = []
    try:
        known = ledger.latest(ledger.read(submissions, on_torn=torn.append))
    except DataError as error:
        return Check("ledger", "broken", str(error), f"look at {submissions / ledger.FILE}")
    waiting = sum(entry.is_open for entry in known)
    if torn:
        fix = f"nothing else is lost; you may delete the line from {submissions / ledger.FILE}"
        return Check("ledger", "note", f"line {torn[0]} is incomplete and is left out", fix)
    if waiting:
        return Check("ledger", "note", f"{len(known)} submissions, {waiting} without a score", "kaggle-digits scores")
    return Check("ledger", "ok", f"{len(known)} submissions")
