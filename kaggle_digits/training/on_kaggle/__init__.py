"""Trainings on Kaggle's own machines, whose run folders come home.

    here: packing  ->  Kaggle: kernel  ->  inside  ->  parcel  ->  here: parcel

The run folder is made here first, with the plan alone in it, and stays unfinished until everything else has come home
and was checked. Whatever happens in between, `resume` goes on from the plan.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from kaggle_digits import recipes, runs
from kaggle_digits.competition import Kaggle, kernels, submission
from kaggle_digits.errors import CompetitionError, ConnectionLostError, DataError, DigitsError, StorageError
from kaggle_digits.files import digit_recognizer, disk
from kaggle_digits.recipes import Fit, Recipe, RecipeRecord
from kaggle_digits.runs import Beginning, DataRecord, KaggleRecord, Listener, Plan, Run, environment
from kaggle_digits.sources import kaggle_csv
from kaggle_digits.training.committee import Paused
from kaggle_digits.training.on_kaggle import packing, parcel

__all__ = ["resume", "train"]

_PREFIX = ".home-"
_CLASSES, _IMAGE_SHAPE = 10, (28, 28)  # the competition's


@dataclass(frozen=True)
class _Connection:
    """Kaggle, who hears of it, and where the submission goes."""

    kaggle: Kaggle
    submissions: Path
    listener: Listener


def train(plan: Plan, recipe: Recipe | None, *, models: Path, submissions: Path, listener: Listener) -> Run:
    """Trains a plan on the competition's files on a GPU of Kaggle's, and brings the run and the submission home.

    Args:
        plan: what is asked for.
        recipe: the recipe file that it names, where that was run already.
        models: the folder of all runs.
        submissions: the folder of all submissions.
        listener: is told a line now and then, and how much has come home.

    Raises:
        CompetitionError: Kaggle did not take it, or it failed there, or nothing was heard of it for too long.
        DataError: a row to leave out is not among the competition's; what came home is damaged, or not what was asked
            for.
        DigitsError: the recipe is wrong, or is in no file that could be sent.
        Paused: Ctrl-C; Kaggle goes on.
        StorageError: a folder cannot be written, or the disk is full.
    """
    if recipe is not None and recipe.file is None:
        raise DigitsError("a recipe from a function cannot be sent to Kaggle. Write it into a file: own.py.")
    unknown = set(plan.exclude) - set(range(1, digit_recognizer.ROWS[0] + 1))
    if unknown:
        raise DataError(f"there is no training image with the id {min(map(str, unknown))!r}. Take it off the list.")
    recipe = (recipe or recipes.load(plan.recipe or recipes.DEFAULT)).with_values(plan.values)
    if plan.folds is not None:
        recipe = recipe.in_folds(plan.folds)
    with _connected(submissions, listener) as connection:
        beginning = _begin(plan, recipe, kernels.account(connection.kaggle))
        _check_quota(connection)
        path = runs.start(models, beginning)
        with _held(path):
            _push(path, beginning, recipe, connection)
            return _bring_home(path, beginning, connection)


def resume(path: Path, *, recipe: Recipe | None, submissions: Path, listener: Listener) -> Run:
    """Goes on with a training on Kaggle, wherever it was left: it is sent only if Kaggle does not have it.

    Args:
        path: the run's folder.
        recipe: the user's own that the run began with, loaded again, in case it must be sent.
        submissions: the folder of all submissions.
        listener: is told a line now and then, and how much has come home.

    Raises:
        RunError: it came to its end, or must be sent again with the recipe file that it began with.
        StorageError: another process brings it home just now.
        Exception: all that `train` raises.
    """
    with _connected(submissions, listener) as connection, _held(path):
        beginning = runs.interrupted(path)
        for left in path.glob(f"{_PREFIX}*"):
            shutil.rmtree(left, ignore_errors=True)
        if kernels.state(connection.kaggle, _kernel(path, beginning)) is None:
            _push(path, beginning, recipes.restore(beginning.recipe, recipe), connection)
        return _bring_home(path, beginning, connection)


def _check_quota(connection: _Connection) -> None:
    """Says how many GPU hours are left; refuses where there are none."""
    try:
        quota = kernels.gpu_quota(connection.kaggle)
    except CompetitionError:
        return  # whether Kaggle lends one, it will say when it is asked to
    if quota is not None and quota.left <= 0:
        raise CompetitionError(f"{quota}, so nothing was sent. Until then, train here: leave --on out.")
    if quota is not None:
        connection.listener.note(str(quota))


@contextmanager
def _connected(submissions: Path, listener: Listener) -> Iterator[_Connection]:
    with Kaggle(on_retry=listener.note) as kaggle:
        yield _Connection(kaggle, submissions, listener)


def _begin(plan: Plan, recipe: Recipe, account: str) -> Beginning:
    folder = digit_recognizer.FOLDER
    return Beginning(
        plan=plan,
        recipe=recipe.record(),
        data=DataRecord(name=str(folder), path=str(folder.resolve()), kind=kaggle_csv.KIND, train_sha256={}),
        classes=_CLASSES,
        image_shape=_IMAGE_SHAPE,
        **environment.circumstances(),
        kaggle=KaggleRecord(account=account),
    )


def _kernel(path: Path, beginning: Beginning) -> str:
    account = beginning.kaggle.account if beginning.kaggle else ""
    return f"{account}/kaggle-digits-{path.name}".lower()


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


def _push(path: Path, beginning: Beginning, recipe: Recipe, connection: _Connection) -> None:
    """Sends the training; a `_VoidError` where Kaggle certainly does not take it."""
    kernel = _kernel(path, beginning)
    try:
        order = packing.order(path.name, beginning.plan, recipe.file)
        kernels.push(connection.kaggle, kernel, packing.script(order))
    except KeyboardInterrupt:
        raise Paused(path.name) from None
    except ConnectionLostError as error:
        if not _arrived(kernel, connection):
            raise ConnectionLostError(f"{error} Perhaps Kaggle has taken the training. {_go_on(path)}") from error
    except Exception as error:
        raise _VoidError(error) from error
    connection.listener.note(f"sent to Kaggle: {kernels.address(kernel)}")


def _arrived(kernel: str, connection: _Connection) -> bool:
    try:
        return kernels.state(connection.kaggle, kernel) is not None
    except CompetitionError:
        return False


def _bring_home(path: Path, beginning: Beginning, connection: _Connection) -> Run:
    kernel, note = _kernel(path, beginning), connection.listener.note
    try:
        kernels.follow(connection.kaggle, kernel, lambda state: note(f"Kaggle: {state.status}"))
        return _unpack(path, beginning, connection)
    except KeyboardInterrupt:
        raise Paused(path.name) from None
    except kernels.FailedError as error:
        raise _VoidError(error) from error
    except (CompetitionError, DataError, StorageError) as error:
        raise type(error)(f"{error} {_go_on(path)}") from error


def _unpack(path: Path, beginning: Beginning, connection: _Connection) -> Run:
    with disk.disk_errors(path), tempfile.TemporaryDirectory(prefix=_PREFIX, dir=path) as name:
        try:
            home = _download(path, beginning, connection, Path(name))
        except DataError:
            # Perhaps only the download was damaged.
            try:
                home = _download(path, beginning, connection, Path(name))
            except DataError as error:
                page = kernels.address(_kernel(path, beginning))
                raise DataError(f"{error} This happened twice; see {page}.") from error
        return _settle(path, beginning, home, connection)


def _download(path: Path, beginning: Beginning, connection: _Connection, folder: Path) -> parcel.Parcel:
    """Downloads the parcel into new folders, and opens it."""
    inbox, run = (Path(tempfile.mkdtemp(dir=folder)) for _ in range(2))
    kernel, listener = _kernel(path, beginning), connection.listener
    for name in (parcel.NOTE, parcel.ARCHIVE):
        on_progress = listener.downloaded if name == parcel.ARCHIVE else Listener().downloaded
        if not kernels.download(connection.kaggle, kernel, inbox / name, on_progress):
            raise CompetitionError(f"Kaggle says that the training is complete, but it left no {name}.")
    home = parcel.unpack(inbox, run, path.name)
    _check_order(beginning, home.run)
    return home


def _check_order(beginning: Beginning, run: Run) -> None:
    """What came home is what was sent for: neither another recipe nor another seed, and a model among its files."""
    asked, done = beginning.plan, run.record.plan
    names = ("recipe", "values", "seed", "validation", "folds", "exclude")
    wrong = [name for name in names if getattr(asked, name) != getattr(done, name)]
    if not _is_the_same(beginning.recipe, run.record.recipe):
        wrong.append("recipe")
    if wrong or not run.record.files:
        what = f"its {wrong[0]} is another one" if wrong else "it holds no model"
        raise DataError(f"the run that Kaggle sent is not the one that was asked for: {what}.")


def _is_the_same(asked: RecipeRecord, done: RecipeRecord) -> bool:
    """Two recipes in all but what is known only where they are trained: a fit nobody named, what suits few rows."""
    names = ("name", "built_in", "sha256", "arguments", "labels", "folds", "tta")
    if any(getattr(asked, name) != getattr(done, name) for name in names) or len(asked.members) != len(done.members):
        return False
    is_known = asked.built_in or asked.fit is not None
    if is_known and _as_sent(asked.fit) != _as_sent(done.fit):
        return False
    return all(map(_is_the_same, asked.members, done.members))


def _as_sent(fit: Fit | None) -> Fit | None:
    return fit and msgspec.structs.replace(fit, precision="auto", epochs=1, batch_size=1)


def _settle(path: Path, beginning: Beginning, home: parcel.Parcel, connection: _Connection) -> Run:
    """Moves everything to its place, run.json last: until then the run counts as unfinished."""
    if home.labels is not None:
        file = connection.submissions / f"{path.name}.csv"
        submission.write(file, range(1, len(home.labels) + 1), home.labels)
    for one in sorted(home.run.path.iterdir()):
        if one.name not in (runs.PLAN, runs.RECORD):
            shutil.rmtree(path / one.name, ignore_errors=True)
            disk.move(one, path / one.name)
    if home.warning:
        connection.listener.note(home.warning)
    record = home.run.record
    kaggle = KaggleRecord(
        account=beginning.kaggle.account if beginning.kaggle else "",
        page=kernels.address(_kernel(path, beginning)),
        cards=home.cards,
    )
    data = msgspec.structs.replace(record.data, name=beginning.data.name, path=beginning.data.path)
    return runs.write_record(
        path,
        msgspec.structs.replace(record, plan=beginning.plan, data=data, git=beginning.git, kaggle=kaggle),
    )
