"""What run.json and started.json say, checked once when they are read."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any, TypedDict

from kaggle_digits.errors import RunError
from kaggle_digits.files import storage
from kaggle_digits.files.conforming import conforms

FORMAT = 1
"""Grows by one whenever an older release could no longer read a new run.json."""

_MOST_BYTES = 1 << 26
_LONGEST_SIDE = 4096  # pixels; sources bring images to a few dozen


class _Recipe(TypedDict, total=False):
    """The rest is checked where a training goes on: `recipes.from_json`."""

    name: str
    kind: str


class _Data(TypedDict, total=False):
    name: str
    path: str
    sha256: dict[str, str]
    skip_broken: bool


class _Layer(TypedDict):
    name: str
    kind: str
    output_shape: list[int | None]
    parameters: int


class _Git(TypedDict):
    commit: str
    dirty: bool


class _Record(TypedDict, total=False):
    started: str
    finished: str
    recipe: _Recipe
    data: _Data
    contaminated: str | None
    excluded: list[int | str]
    test_rows: int | None
    seed: int
    validation: float | None
    classes: int
    image_shape: tuple[int, int]
    tensorboard: bool
    git: _Git | None
    train_rows: int
    validation_rows: int
    validation_accuracy: float
    validation_interval: tuple[float, float]
    predicted_range: tuple[float, float] | None
    parameters: int
    layers: list[_Layer]
    interrupted: bool
    temperature: float
    members: dict[str, float]
    folds: list[float]
    seconds: float
    train_seconds: float
    files: dict[str, str]


class Record(dict[str, Any]):
    """A JSON object; whoever asks for what it lacks is told that the file is not what it was.

    Raises:
        RunError: in place of `KeyError`.
    """

    path: Path

    def __missing__(self, key: str) -> Any:
        raise RunError(f"{self.path} lacks {key!r}: it was edited, or is of another release. Train again.")


def read(path: Path, needed: tuple[str, ...] = ("recipe",)) -> Record:
    """Reads run.json or started.json.

    Args:
        path: the file.
        needed: what it is worth nothing without.

    Returns:
        What it says; the values that are there have the types that the package writes.

    Raises:
        RunError: the file is missing, damaged, edited, or of another release.
    """
    try:
        text = storage.read_text(path, _MOST_BYTES)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RunError(f"{path} cannot be read: {reason}. Train again: kaggle-digits train.") from None
    record = parse(text, path)
    for name in needed:
        record[name]  # or a RunError
    return record


def parse(text: str, path: Path) -> Record:
    """The record that a text is; see `read`."""

    def named(entries: dict[str, Any]) -> Record:
        record = Record(entries)
        record.path = path
        return record

    try:
        record = json.loads(text, object_hook=named)
    except (ValueError, RecursionError) as error:
        raise RunError(f"{path} cannot be read: {error}. Train again: kaggle-digits train.") from None
    if not isinstance(record, Record) or record.get("format") != FORMAT or not _has_time(record):
        raise RunError(f"{path} is not of this release (format {FORMAT}). Train again: kaggle-digits train.")
    wrong = [name for name, kind in _Record.__annotations__.items() if name in record and not _fits(record, name, kind)]
    if wrong:
        received = repr(record[wrong[0]])[:80]
        raise RunError(f"{path} was edited or is damaged: {wrong[0]} cannot be {received}. Train again.")
    return record


def _fits(record: Record, name: str, kind: Any) -> bool:
    value = record[name]
    if not conforms(value, kind):
        return False
    if name == "image_shape":
        return all(1 <= side <= _LONGEST_SIDE for side in value)
    if name in ("temperature", "classes"):
        return bool(value > 0)
    if name == "seed":
        return bool(0 <= value < 2**32)
    return name != "validation_interval" or value[0] <= value[1]


def _has_time(record: Record) -> bool:
    try:
        return datetime.fromisoformat(record["started"]).tzinfo is not None
    except (TypeError, ValueError, RunError):
        return False
