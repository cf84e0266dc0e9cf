"""A study: its folder, what it began with, and what came of it."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from kaggle_digits.errors import RunError
from kaggle_digits.files import storage
from kaggle_digits.runs import Plan

Sampler = Literal["tpe", "random"]
"""How values are chosen: by what was good so far, or at random."""

_STUDY = "study.json"
_MOST_BYTES = 1 << 20


class StudyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """study.json: what a search began with.

    Attributes:
        plan: what every trial trains, but for the values that it tries.
        sampler: how values are chosen.
        sha256: of each file of the data; `recipe_sha256` of the user's own recipe file.
    """

    plan: Plan
    sampler: Sampler
    sha256: dict[str, str]
    recipe_sha256: str | None = None


@dataclass(frozen=True)
class Trial:
    """One try.

    Attributes:
        number: from 0, which is the recipe as it was.
        values: that were tried.
        accuracy: on the rows that choose; the last one before it was pruned; None where it failed.
        seconds: that it took.
        state: `complete`, `pruned` or `failed`.
    """

    number: int
    values: dict[str, Any]
    accuracy: float | None
    seconds: float
    state: str


@dataclass(frozen=True)
class Check:
    """The values at the beginning and the best ones, trained anew and judged on rows that had no say.

    Attributes:
        start: the accuracy of each seed with the values at the beginning.
        best: the same with the best values.
    """

    start: list[float]
    best: list[float]


@dataclass(frozen=True)
class Study:
    """A search that came to its end, or was interrupted.

    Attributes:
        path: its folder.
        trials: in their order.
        check: what the gain is worth, or None where there was no time for it.
        interrupted: whether Ctrl-C ended it.
        command: trains the best values.
    """

    path: Path
    trials: list[Trial] = field(repr=False)
    check: Check | None
    interrupted: bool
    command: str

    @property
    def best_first(self) -> list[Trial]:
        """The trials that were trained to their end, the highest accuracy first."""
        return best_first(self.trials)

    @property
    def best(self) -> Trial:
        """The trial with the highest accuracy, of those that were trained to their end."""
        return self.best_first[0]


def best_first(trials: list[Trial]) -> list[Trial]:
    """Those that were trained to their end, the highest accuracy first."""
    complete = [one for one in trials if one.state == "complete"]
    return sorted(complete, key=lambda one: one.accuracy or 0.0, reverse=True)


def folder(models: Path, recipe: str, record: StudyRecord, study: str | None) -> Path:
    """A new folder with the study's record in it, or that of a study to go on with."""
    if study is None:
        path = models / f"{datetime.now():%Y%m%d-%H%M%S}-{recipe}-study"
        while path.exists():
            path = path.with_name(f"{path.name}-{secrets.token_hex(1)}")
        storage.write_text(path / _STUDY, msgspec.json.format(msgspec.json.encode(record), indent=2).decode() + "\n")
        return path
    path = models / study if (models / study).is_dir() else Path(study)
    try:
        known = msgspec.json.decode(storage.read_text(path / _STUDY, _MOST_BYTES), type=StudyRecord)
    except (OSError, ValueError) as error:
        raise RunError(f"there is no study {study} in {models} ({error}). Start one: kaggle-digits tune.") from None
    same = msgspec.structs.replace(known, plan=msgspec.structs.replace(known.plan, budget=record.plan.budget))
    if same != record:
        raise RunError(f"{study} began with another recipe, data or values. Start a new one: kaggle-digits tune.")
    return path
