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
from kaggle_digits.recipes import Recipe, RecipeRecord
from kaggle_digits.runs import Beginning, DataRecord, KaggleRecord, Listener, Plan, Run, environment
from kaggle_digits.sources import kaggle_csv
from kaggle_digits.training.committee import Paused
from kaggle_digits.training.on_kaggle import packing, parcel

__all__ = ["resume", "train"]

_PREFIX = ".home-"
_CLASSES, _IMAGE_SHAPE = 10, (28, 28)  # the competition's


@dataclass(frozen=True)
class _Errand:
    """A run that Kaggle trains, and who has a part in it."""

    path: Path
    beginning: Beginning
    kaggle: Kaggle
    submissions: Path
    listener: Listener

    @property
    def account(self) -> str:
        return self.beginning.kaggle.account if self.beginning.kaggle else ""

    @property
    def kernel(self) -> str:
        return f"{self.account}/kaggle-digits-{self.path.name}".lower()

    @property
    def next_step(self) -> str:
        return f"Continue it: kaggle-digits train --resume {self.path.name}."


def train(plan: Plan, recipe: Recipe | None, *, models: Path, submissions: Path, listener: Listener) -> Run:
    """Trains a plan on the competition's files on a GPU of Kaggle's, and brings the run and the submission home.

    The recipe is the one that the plan names, where its file was run already.

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
        raise DataError(f"there is no training image with the id {min(map(str, unknown))!r}. Remove it from the list.")
    recipe = (recipe or recipes.load(plan.recipe or recipes.DEFAULT)).with_values(plan.values)
    recipe = recipe.in_folds(plan.folds, plan.refit)
    folder = digit_recognizer.FOLDER
    with Kaggle(on_retry=listener.note) as kaggle:
        beginning = Beginning(
            plan=plan,
            recipe=recipe.record(),
            data=DataRecord(name=str(folder), path=str(folder.resolve()), kind=kaggle_csv.KIND, train_sha256={}),
            classes=_CLASSES,
            image_shape=_IMAGE_SHAPE,
            **environment.circumstances(),
            kaggle=KaggleRecord(account=kernels.account(kaggle)),
        )
        _check_quota(kaggle, listener)
        path = runs.start(models, beginning)
        with _held(path):
            errand = _Errand(path, beginning, kaggle, submissions, listener)
            _push(errand, recipe)
            return _bring_home(errand)


def resume(path: Path, *, recipe: Recipe | None, submissions: Path, listener: Listener) -> Run:
    """Goes on with a training on Kaggle, wherever it was left: it is sent only if Kaggle does not have it.

    The recipe is the user's own that the run began with, loaded again, in case it must be sent.

    Raises:
        RunError: it came to its end, or must be sent again with the recipe file that it began with.
        StorageError: another process brings it home just now.
        Exception: all that `train` raises.
    """
    with Kaggle(on_retry=listener.note) as kaggle, _held(path):
        errand = _Errand(path, runs.interrupted(path), kaggle, submissions, listener)
        for left in path.glob(f"{_PREFIX}*"):
            shutil.rmtree(left, ignore_errors=True)
        if kernels.state(kaggle, errand.kernel) is None:
            _push(errand, recipes.restore(errand.beginning.recipe, recipe))
        return _bring_home(errand)


def _check_quota(kaggle: Kaggle, listener: Listener) -> None:
    """Says how many GPU hours are left; refuses where there are none."""
    try:
        quota = kernels.gpu_quota(kaggle)
    except CompetitionError:
        return  # whether Kaggle lends one, it will say when it is asked to
    if quota is not None and quota.left <= 0:
        raise CompetitionError(f"{quota}, so nothing was sent. Until then, train here: leave --on out.")
    if quota is not None:
        listener.note(str(quota))


class _VoidError(Exception):
    """Nothing of a run will ever come home, for the reason that is its cause."""


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Holds a run for this process; a run of which nothing will come home is removed, once it is free."""
    try:
        with runs.in_training(path):
            yield
    except _VoidError as void:
        shutil.rmtree(path, ignore_errors=True)
        reason = void.__cause__ or void
        raise reason from reason.__cause__


def _push(errand: _Errand, recipe: Recipe) -> None:
    """Sends the training; a `_VoidError` where Kaggle certainly does not take it."""
    try:
        order = packing.order(errand.path.name, errand.beginning.plan, recipe.file)
        kernels.push(errand.kaggle, errand.kernel, packing.script(order))
    except KeyboardInterrupt:
        raise Paused(errand.path.name) from None
    except ConnectionLostError as error:
        if not _arrived(errand):
            raise ConnectionLostError(f"{error} Kaggle may have received the training. {errand.next_step}") from error
    except Exception as error:
        raise _VoidError from error
    errand.listener.note(f"sent to Kaggle: {kernels.address(errand.kernel)}")


def _arrived(errand: _Errand) -> bool:
    try:
        return kernels.state(errand.kaggle, errand.kernel) is not None
    except CompetitionError:
        return False


def _bring_home(errand: _Errand) -> Run:
    path, note = errand.path, errand.listener.note
    try:
        kernels.follow(errand.kaggle, errand.kernel, lambda state: note(f"Kaggle: {state.status}"))
        with disk.disk_errors(path), tempfile.TemporaryDirectory(prefix=_PREFIX, dir=path) as name:
            return _settle(errand, _download_twice(errand, Path(name)))
    except KeyboardInterrupt:
        raise Paused(path.name) from None
    except kernels.FailedError as error:
        raise _VoidError from error
    except (CompetitionError, DataError, StorageError) as error:
        raise type(error)(f"{error} {errand.next_step}") from error


def _download_twice(errand: _Errand, folder: Path) -> parcel.Parcel:
    """The parcel; perhaps only the download was damaged."""
    try:
        return _download(errand, folder)
    except DataError:
        try:
            return _download(errand, folder)
        except DataError as error:
            page = kernels.address(errand.kernel)
            raise DataError(f"{error} This happened twice; see {page}.") from error


def _download(errand: _Errand, folder: Path) -> parcel.Parcel:
    """Downloads the parcel into new folders, and opens it."""
    inbox, run = (Path(tempfile.mkdtemp(dir=folder)) for _ in range(2))
    for name, listener in ((parcel.NOTE, Listener()), (parcel.ARCHIVE, errand.listener)):
        if not kernels.download(errand.kaggle, errand.kernel, inbox / name, listener.downloaded):
            raise CompetitionError(f"Kaggle says that the training is complete, but it left no {name}.")
    home = parcel.unpack(inbox, run, errand.path.name)
    _check_order(errand.beginning, home.run)
    return home


def _check_order(beginning: Beginning, run: Run) -> None:
    """What came home is what was sent for: neither another recipe nor another seed, and a model among its files."""
    asked, done = beginning.plan, run.record.plan
    names = ("recipe", "values", "seed", "validation", "folds", "refit", "exclude")
    wrong = [name for name in names if getattr(asked, name) != getattr(done, name)]
    if not _is_the_same(beginning.recipe, run.record.recipe):
        wrong.append("recipe")
    if wrong or not run.record.files:
        what = f"its {wrong[0]} is another one" if wrong else "it holds no model"
        raise DataError(f"the run that Kaggle sent is not the one that was asked for: {what}.")


def _is_the_same(asked: RecipeRecord, done: RecipeRecord) -> bool:
    """Two recipes in all but what is known only where they are trained: a fit nobody named, what suits few rows, and
    what a network of the user's own was compiled with.
    """
    if len(asked.members) != len(done.members):
        return False
    fit = done.fit if asked.built_in or asked.fit is not None else asked.fit
    if asked.fit is not None and fit is not None:
        known_there = ("distortions",) if asked.built_in else ("learning_rate", "schedule")
        there = ("precision", "epochs", "batch_size", *known_there)
        fit = msgspec.structs.replace(fit, **{name: getattr(asked.fit, name) for name in there})
    done_alike = msgspec.structs.replace(done, file=asked.file, fit=fit, members=asked.members)
    return done_alike == asked and all(map(_is_the_same, asked.members, done.members))


def _settle(errand: _Errand, home: parcel.Parcel) -> Run:
    """Moves everything to its place, run.json last: until then the run counts as unfinished."""
    path, beginning, record = errand.path, errand.beginning, home.run.record
    if home.labels is not None:
        submission.write(errand.submissions / f"{path.name}.csv", range(1, len(home.labels) + 1), home.labels)
    for one in sorted(home.run.path.iterdir()):
        if one.name not in (runs.PLAN, runs.RECORD):
            shutil.rmtree(path / one.name, ignore_errors=True)
            disk.move(one, path / one.name)
    if home.warning:
        errand.listener.note(home.warning)
    kaggle = KaggleRecord(account=errand.account, page=kernels.address(errand.kernel), cards=home.cards)
    change = msgspec.structs.replace
    data = change(record.data, name=beginning.data.name, path=beginning.data.path)
    return runs.write_record(path, change(record, plan=beginning.plan, data=data, git=beginning.git, kaggle=kaggle))
