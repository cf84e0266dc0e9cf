"""Trainings on Kaggle's own machines, whose run folders come home.

    here: packing  ->  Kaggle: kernel  ->  there  ->  parcel  ->  here: parcel

The run folder is made here first, with the plan alone in it, and stays unfinished until everything else has come home
and was checked. Whatever happens in between, `resume` goes on from the plan.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from kaggle_digits import recipes, runs
from kaggle_digits.competition import Kaggle, following, kernels, submission
from kaggle_digits.competition.watch import Progress, ignore_progress
from kaggle_digits.errors import CompetitionError, ConnectionLostError, DataError, RunError, StorageError
from kaggle_digits.files import digit_recognizer, disk
from kaggle_digits.recipes import Committee, Recipe
from kaggle_digits.runs import Run
from kaggle_digits.training.committee import Paused
from kaggle_digits.training.on_kaggle import packing, parcel

__all__ = ["Homecoming", "is_there", "resume", "train"]

_PREFIX = ".home-"
# Of what the run was on Kaggle, and is not here.
_OTHERWISE_HERE = ("data", "git")


@dataclass(frozen=True)
class Homecoming:
    """What came home.

    Attributes:
        run: the complete run.
        submission: the CSV for Kaggle.
    """

    run: Run
    submission: Path | None


@dataclass(frozen=True)
class Way:
    """The other side, and how to tell the user what happens there.

    Attributes:
        kaggle: the other side.
        submissions: the folder of all submissions.
        tell: is given a line for the user now and then.
        on_progress: is told how much of the run has come home, in bytes.
    """

    kaggle: Kaggle
    submissions: Path = submission.FOLDER
    tell: Callable[[str], None] = lambda _line: None
    on_progress: Progress = ignore_progress


def train(
    recipe: Recipe,
    way: Way,
    *,
    seed: int = 0,
    validation: float = 0.1,
    excluded: Iterable[int | str] = (),
    models: Path = runs.FOLDER,
) -> Homecoming:
    """Fits a recipe to the competition's files on a GPU of Kaggle's, and brings the run and the submission home.

    Args:
        recipe: the model and how to fit it.
        way: to Kaggle and back.
        seed: see `training.train`.
        validation: see `training.train`.
        excluded: ids of labelled rows to leave out.
        models: the folder of all runs.

    Raises:
        CompetitionError: Kaggle did not take it, or it failed there, or nothing was heard of it for too long.
        DataError: what came home is damaged.
        Paused: Ctrl-C; Kaggle goes on.
        StorageError: a folder cannot be written, or the disk is full.
    """
    account, started = kernels.account(way.kaggle), datetime.now().astimezone()
    plan = {
        "recipe": recipe.as_json(),
        "seed": seed,
        "validation": None if isinstance(recipe.model, Committee) else validation,
        "excluded": list(excluded),
        "kaggle": {"account": account},
        **runs.environment(),
        "started": started.isoformat(timespec="seconds"),
    }
    path = runs.start(models, recipe.name, started, plan)
    with _held(path):
        _push(path, plan, way)
        return _bring_home(path, plan, way)


def is_there(plan: dict[str, Any]) -> bool:
    """Whether a run with this plan is trained on Kaggle."""
    return "kaggle" in plan


def resume(run: str | Path, way: Way, *, models: Path = runs.FOLDER) -> Homecoming:
    """Goes on with a training on Kaggle, wherever it was left: it is sent only if Kaggle does not have it.

    Args:
        run: the run's name or path.
        way: to Kaggle and back.
        models: the folder of all runs.

    Raises:
        RunError: there is no such run, or it came to its end.
        StorageError: another process brings it home just now.
        Exception: all that `train` raises.
    """
    path = runs.folder(run, models)
    runs.interrupted_plan(path)  # what has none is refused before it is touched
    with _held(path):
        plan = runs.interrupted_plan(path)
        for left in path.glob(f"{_PREFIX}*"):
            shutil.rmtree(left, ignore_errors=True)
        if kernels.state(way.kaggle, _kernel(path, plan)) is None:
            _push(path, plan, way)
        return _bring_home(path, plan, way)


def _kernel(path: Path, plan: dict[str, Any]) -> str:
    try:
        name = f"{plan['kaggle']['account']}/kaggle-digits-{path.name}"
    except (KeyError, TypeError) as error:
        raise RunError(f"{path / runs.PLAN} was edited or is damaged. Begin anew: kaggle-digits train.") from error
    return name.lower()


def _go_on(path: Path) -> str:
    return f"Go on with it: kaggle-digits train --resume {path.name}."


class _VoidError(Exception):
    """Nothing of a run will ever come home, for the reason that is its cause."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(str(reason))
        self.reason = reason


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Holds a run for this process; a run of which nothing will come home is removed, once it is free."""
    try:
        with runs.in_training(path):
            yield
    except _VoidError as void:
        shutil.rmtree(path, ignore_errors=True)
        raise void.reason from void.reason.__cause__


def _push(path: Path, plan: dict[str, Any], way: Way) -> None:
    """Sends the training; a `_VoidError` where Kaggle certainly does not take it."""
    kernel = _kernel(path, plan)
    try:
        task = packing.order(
            path.name,
            recipes.from_json(plan["recipe"]),
            seed=plan["seed"],
            validation=plan["validation"],
            excluded=plan["excluded"],
        )
        kernels.push(way.kaggle, kernel, packing.script(task))
    except KeyboardInterrupt:
        raise Paused(path.name) from None
    except ConnectionLostError as error:
        if not _arrived(kernel, way):
            raise ConnectionLostError(f"{error} Perhaps Kaggle has taken the training. {_go_on(path)}") from error
    except Exception as error:
        raise _VoidError(error) from error
    way.tell(f"sent to Kaggle: {kernels.address(kernel)}")


def _arrived(kernel: str, way: Way) -> bool:
    try:
        return kernels.state(way.kaggle, kernel) is not None
    except CompetitionError:
        return False


def _bring_home(path: Path, plan: dict[str, Any], way: Way) -> Homecoming:
    try:
        following.follow(way.kaggle, _kernel(path, plan), lambda state: way.tell(f"Kaggle: {state.status}"))
        return _unpack(path, plan, way)
    except KeyboardInterrupt:
        raise Paused(path.name) from None
    except following.FailedError as error:
        raise _VoidError(error) from error
    except (CompetitionError, DataError, StorageError) as error:
        raise type(error)(f"{error} {_go_on(path)}") from error


def _unpack(path: Path, plan: dict[str, Any], way: Way) -> Homecoming:
    with disk.disk_errors(path), tempfile.TemporaryDirectory(prefix=_PREFIX, dir=path) as name:
        for last in (False, True):
            inbox, folder = (Path(tempfile.mkdtemp(dir=name)) for _ in range(2))
            _download(inbox, _kernel(path, plan), way)
            try:
                return _settle(path, plan, parcel.unpack(inbox, folder, path.name), way)
            except DataError as error:
                # Perhaps only the download was damaged.
                if last:
                    page = kernels.address(_kernel(path, plan))
                    raise DataError(f"{error} So it was twice; see {page}.") from error
    raise AssertionError


def _download(inbox: Path, kernel: str, way: Way) -> None:
    for name in (parcel.NOTE, parcel.ARCHIVE):
        progress = way.on_progress if name == parcel.ARCHIVE else ignore_progress
        if not kernels.download(way.kaggle, kernel, inbox / name, progress):
            raise CompetitionError(f"Kaggle says that the training is complete, but it left no {name}.")


def _settle(path: Path, plan: dict[str, Any], home: parcel.Parcel, way: Way) -> Homecoming:
    """Moves everything to its place, run.json last: until then the run counts as unfinished."""
    there, file = home.run.record, None
    if home.labels is not None:
        file = way.submissions / f"{path.name}.csv"
        submission.write(file, range(1, len(home.labels) + 1), home.labels)
    for one in sorted(home.run.path.iterdir()):
        if one.name not in (runs.PLAN, runs.RECORD):
            shutil.rmtree(path / one.name, ignore_errors=True)
            one.replace(path / one.name)
    kernel = _kernel(path, plan)
    data = digit_recognizer.FOLDER
    results = {
        **{key: value for key, value in there.items() if key not in _OTHERWISE_HERE},
        "data": {**there["data"], "name": str(data), "path": str(data.resolve())},
        "kaggle": {**plan["kaggle"], "kernel": kernel, "page": kernels.address(kernel), "cards": home.cards},
    }
    return Homecoming(runs.complete(path, results, list(there["files"])), file)
