"""From a plan to a complete run folder and a submission."""

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from kaggle_digits import classifiers, machine, recipes, runs, sources
from kaggle_digits.classifiers import checkpoint, neural
from kaggle_digits.competition import submission
from kaggle_digits.digits import Digits, folds, split
from kaggle_digits.errors import DataError, DigitsError, RunError, StorageError
from kaggle_digits.files import storage
from kaggle_digits.recipes import Recipe
from kaggle_digits.runs import Beginning, DataRecord, Listener, Plan, Run, environment
from kaggle_digits.sources import Source, leaks
from kaggle_digits.training import audit, budget, cluster, committee, on_kaggle, others, processes, single, writing
from kaggle_digits.training.committee import Executor, Paused, Work
from kaggle_digits.training.writing import Trained


@dataclass(frozen=True)
class _Training:
    """A run at work: what it began with, its rows, learned and held out or in folds, and who has a part in it."""

    path: Path
    beginning: Beginning
    recipe: Recipe
    dealt: tuple[Digits, Digits] | Work
    test: Digits | None
    submissions: Path
    listener: Listener


def train(
    plan: Plan,
    *,
    recipe: Recipe | None = None,
    source: Source | None = None,
    models: Path = runs.FOLDER,
    submissions: Path = submission.FOLDER,
    listener: Listener | None = None,
    began: float | None = None,
) -> Run:
    """Trains what a plan asks for, and writes the run folder and a submission of the same name.

    Args:
        plan: what is asked for.
        recipe: the recipe itself, where it was made by `recipes.from_function`.
        source: the digits themselves, where they are loaded already.
        models: the folder of all runs.
        submissions: the folder of all submissions.
        listener: hears of every step and epoch, and may stop the training early.
        began: what `time.perf_counter` said when the time began that the run takes, and its budget; None is now.

    Raises:
        DataError: too few rows for that share or for so many folds; an id that is not there; a leak.
        DigitsError: the recipe is wrong, the training diverged, or there is too little time.
        Paused: the listener stopped a training of many models.
        StorageError: a folder cannot be written, or the disk is full.
    """
    began, listener = time.perf_counter() if began is None else began, listener or Listener()
    if plan.on == "kaggle" and plan.also is not None:
        raise DigitsError("--also is not sent to Kaggle: leave it out, or train here.")
    if plan.on == "kaggle":
        return on_kaggle.train(plan, recipe, models=models, submissions=submissions, listener=listener)
    listener.phase("reading the digits")
    try:
        source = source or sources.load(plan.data, image_shape=plan.image_shape, skip_broken=plan.skip_broken)
    except DataError:
        _asked_for(plan, recipe)  # a mistake in the recipe is told first
        raise
    for note in (f"{len(source.train):,} labelled digits, {len(source.test or ()):,} to label", *source.notes):
        listener.note(f"{source.name}: {note}")
    listener.phase("loading libraries")
    # Keras loads on one core for seconds; meanwhile another finds what dealing the rows will ask for.
    with ThreadPoolExecutor(1) as ahead:
        ahead.submit(getattr, source.train, "near_duplicates")
        recipe = _asked_for(plan, recipe)
    machine.give_back()
    recipe, jobs = budget.fitting(plan, recipe, began, listener) if plan.budget else (recipe, plan.jobs)
    digits = _learnable(recipe, source.train, plan)
    also = others.load(plan, recipe, source)
    beginning, recipe = _begin(plan, recipe, source, digits, also, listener)
    path = runs.start(models, beginning)
    try:
        with runs.in_training(path):
            if recipe.file is not None:  # for people to read; nothing ever runs it
                storage.write_text(path / "recipe.py", recipe.file.text)
            test = source.test
            dealt = _dealt(path, plan, recipe, digits, also, test)
            del source, also, digits  # from here on, every row is in memory once
            work = _Training(path, beginning, recipe, dealt, test, submissions, listener)
            return _carry_out(work, _executor(plan.cluster, jobs), began)
    except BaseException as error:
        if not (isinstance(error, Paused) or _worth_keeping(path)):
            shutil.rmtree(path, ignore_errors=True)
        raise


def resume(
    run: str | Path,
    *,
    recipe: Recipe | None = None,
    models: Path = runs.FOLDER,
    submissions: Path = submission.FOLDER,
    listener: Listener | None = None,
    jobs: int | None = None,
    cluster: str | None = None,
) -> Run:
    """Goes on with a training that was interrupted, from its last whole epoch.

    It ends with what an uninterrupted one would have given. A run that was usable stays so until its model is written.

    Args:
        run: the run's name or path.
        recipe: the user's own that the run began with, loaded again; a run's folder never names what is run.
        models, submissions, listener: as for `train`.
        jobs: as in a plan, for what is left to train; None is what the run began with.
        cluster: as in a plan, for what is left to train; a run's folder never names whom to connect to.

    Raises:
        RunError: there is no such run, it came to its end, or began with another recipe file.
        StorageError: another process trains it just now, or a folder cannot be written.
        DataError: the data is gone, or not what it was.
        Paused: the listener stopped a training of many models.
    """
    path, listener, began = runs.resumable(run, models), listener or Listener(), time.perf_counter()
    # What has no plan is refused before it is touched.
    if runs.interrupted(path).kaggle is not None:
        if jobs is not None or cluster is not None:
            raise RunError(f"{path.name} is trained on Kaggle: leave --jobs and --cluster out.")
        return on_kaggle.resume(path, recipe=recipe, submissions=submissions, listener=listener)
    with runs.in_training(path):
        beginning = runs.interrupted(path)
        if beginning.fold is not None:
            raise RunError(f"{path} is a member of {path.parent.name}. Continue that one: --resume {path.parent.name}.")
        recipe = recipes.restore(beginning.recipe, recipe)
        data, plan = beginning.data, beginning.plan
        source = sources.load(data.path, image_shape=beginning.image_shape, skip_broken=plan.skip_broken)
        also = others.load(plan, recipe, source)
        learned = (source.sha256, also.train_sha256 if also else {})
        if learned != (data.sha256, data.also_sha256):
            changed = source.name if learned[0] != data.sha256 else plan.also
            raise DataError(f"{changed} is not the data that {path.name} began with. Start anew: kaggle-digits train.")
        # No cluster is asked because a plan, which may come from elsewhere, names it.
        executor = _executor(cluster, jobs or plan.jobs)
        earlier = runs.read(path).record.seconds if (path / runs.RECORD).exists() else beginning.spent
        test = source.test
        dealt = _dealt(path, plan, recipe, _learnable(recipe, source.train, plan), also, test)
        del source, also
        work = _Training(path, beginning, recipe, dealt, test, submissions, listener)
        return _carry_out(work, executor, began - earlier)


def _asked_for(plan: Plan, recipe: Recipe | None) -> Recipe:
    """The recipe with the values of the plan; a mistake in it is told before anything heavy is done."""
    recipe = (recipe or recipes.load(plan.recipe or recipes.DEFAULT)).with_values(plan.values)
    return recipe if plan.budget else recipe.in_folds(plan.folds, plan.refit)


def _begin(
    plan: Plan, recipe: Recipe, source: Source, digits: Digits, also: Source | None, listener: Listener
) -> tuple[Beginning, Recipe]:
    """What is known before the first epoch, once everything that could be refused was not."""
    leak = leaks.find(source)
    if leak is not None and not plan.allow_leak:
        raise DataError(f"{leak} {leaks.NEXT_STEP}")
    repeated = leaks.repeated(digits)
    if repeated:
        effect = "stay in one fold" if _in_folds(recipe) else "may be learned and judged by; --folds helps"
        listener.note(f"{repeated:,} labelled images are the same as an earlier one; they {effect}")
    # What is wrong with the share, the folds or the labels is said at once.
    learned = int((_fold_of(recipe, digits, plan) != 0).sum())
    prepared = classifiers.prepare(recipe, digits, learned, plan.values, listener.note)
    if plan.tensorboard and prepared.fit is None:
        raise DigitsError(f"{recipe.name} has no epochs to log: leave --tensorboard out.")
    if also is not None:
        listener.note(f"{also.name}: {len(also.train):,} more digits to learn from")
    return Beginning(
        plan=plan,
        recipe=prepared.record(),
        data=DataRecord(
            name=source.name,
            path=source.name if source.path is None else str(source.path.resolve()),
            kind=source.kind,
            train_sha256=source.train_sha256,
            test_sha256=source.test_sha256,
            also_sha256=also.train_sha256 if also else {},
        ),
        contaminated=leak,
        repeated_rows=repeated,
        test_rows=None if source.test is None else len(source.test),
        classes=digits.classes,
        image_shape=digits.image_shape,
        **environment.circumstances(),
    ), prepared


def _learnable(recipe: Recipe, digits: Digits, plan: Plan) -> Digits:
    """The rows that a recipe learns: all but those excluded, or those of its labels."""
    unknown = set(plan.exclude) - set(digits.ids.tolist())
    if unknown:
        raise DataError(f"there is no training image with the id {min(map(str, unknown))!r}. Remove it from the list.")
    kept = digits.without(plan.exclude)
    return kept if recipe.labels is None else kept.of_labels(recipe.labels)


def _executor(address: str | None, jobs: int | None) -> Executor:
    return partial(cluster.train, address) if address is not None else partial(processes.train, jobs)


def _worth_keeping(path: Path) -> bool:
    """Whether there is anything to go on from, and a plan: a checkpoint, a model, a complete member."""
    kept = (checkpoint.FILE, runs.RECORD, neural.FILE)
    return (path / runs.PLAN).exists() and any(any(path.glob(f"**/{name}")) for name in kept)


def _carry_out(work: _Training, executor: Executor, began: float) -> Run:
    """Whoever interrupts at any moment learns how to go on, if there is anything to go on with."""
    try:
        return _finish(work, executor, began)
    except KeyboardInterrupt as error:
        if not isinstance(error, Paused) and not _worth_keeping(work.path):
            raise
        if (work.path / runs.PLAN).exists():
            spent = round(time.perf_counter() - began, 3)
            with suppress(StorageError):  # what is done is kept all the same
                runs.write_plan(work.path, msgspec.structs.replace(work.beginning, spent=spent))
        raise Paused(work.path.name) from None


def _finish(work: _Training, executor: Executor, began: float) -> Run:
    path, beginning, listener = work.path, work.beginning, work.listener
    if isinstance(work.dealt, Work):
        trained = committee.train(work.dealt, beginning, work.recipe, listener, executor)
        audit.write(path, trained.validation, trained.probabilities)
    else:
        unlabelled = _unlabelled(work.recipe, work.test)
        trained = single.train(path, beginning, work.recipe, *work.dealt, listener, unlabelled)
    labels, doing = None, "drawing pictures"
    if work.test is not None:
        doing += f", labelling {len(work.test):,} digits"
        foretell = beginning.classes == work.test.classes and not _is_flattered(work, trained)
        labels = writing.Labels(work.submissions / f"{path.name}.csv", work.test, foretell)
    listener.phase(doing)
    return writing.finish(path, beginning, trained, began, labels)


def _dealt(
    path: Path, plan: Plan, recipe: Recipe, digits: Digits, also: Source | None, test: Digits | None
) -> tuple[Digits, Digits] | Work:
    """The rows to learn and those held out; of a committee, all of them in folds."""
    fold_of = _fold_of(recipe, digits, plan)
    if not recipe.is_committee:
        learned, held_out = (digits.take(np.flatnonzero(fold_of == part)) for part in (-1, 0))
        return learned if also is None else others.joined(learned, also.train, held_out), held_out
    if also is not None:
        digits = others.joined(digits, also.train, digits)
        fold_of = np.pad(fold_of, (0, len(digits) - len(fold_of)), constant_values=-1)
    return Work(path, digits, fold_of, _unlabelled(recipe, test))


def _in_folds(recipe: Recipe) -> bool:
    """Whether every row is held out once."""
    return (recipe.folds or 1) > 1


def _fold_of(recipe: Recipe, digits: Digits, plan: Plan) -> NDArray[np.intp]:
    """The fold of each row `(n,)`; without folds, 0 of the validation rows, -1 of the others, which are learned."""
    if _in_folds(recipe):
        return folds(digits, recipe.folds or 1)
    fold_of = np.full(len(digits), -1)
    fold_of[split(digits, plan.validation)[1]] = 0
    return fold_of


def _unlabelled(recipe: Recipe, test: Digits | None) -> NDArray[np.uint8] | None:
    """The images to label, where there are any and the recipe learns from them: uint8 `(n, height, width)`."""
    asked = any(kind.fit is not None and kind.fit.unlabelled for kind in recipe.kinds)
    return test.images if asked and test is not None else None


def _is_flattered(work: _Training, trained: Trained) -> bool:
    """Whether the accuracy says too much for a score to be predicted.

    Rows left out are among those to come all the same; rows that chose the epoch or the rate, or were learned as well,
    flatter it; and of rows to come that were learned, nothing can be said.
    """
    fits = [kind.fit for kind in work.recipe.kinds if kind.fit is not None]
    chosen = any(fit.patience is not None or fit.schedule == "plateau" or fit.callbacks for fit in fits)
    repeated = work.beginning.repeated_rows and not _in_folds(work.recipe)
    return bool(chosen or repeated or trained.interrupted or work.beginning.contaminated or work.beginning.plan.exclude)
