"""From a plan to a complete run folder and a submission."""

import contextlib
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaggle_digits import classifiers, evaluation, recipes, runs, sources
from kaggle_digits.classifiers import calibration, checkpoint, ensemble, neural
from kaggle_digits.competition import submission
from kaggle_digits.digits import Digits, split
from kaggle_digits.errors import DataError, DigitsError, RunError
from kaggle_digits.files import storage
from kaggle_digits.recipes import Recipe
from kaggle_digits.runs import Beginning, DataRecord, Listener, Plan, Run, environment
from kaggle_digits.sources import Source, leaks
from kaggle_digits.training import audit, budget, cluster, committee, on_kaggle, processes, single, writing
from kaggle_digits.training.committee import Executor, Paused
from kaggle_digits.training.holding_out import SPLIT_SEED
from kaggle_digits.training.writing import Trained


@dataclass(frozen=True)
class _Places:
    """Where runs and submissions are, who hears of the training, and who trains the members of a committee."""

    submissions: Path
    listener: Listener
    executor: Executor
    began: float


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
    """Trains what a plan asks for, and writes the run folder and the submission.

    Args:
        plan: what is asked for.
        recipe: the recipe itself, where it was made by `recipes.from_function`.
        source: the digits themselves, where they are loaded already.
        models: the folder of all runs.
        submissions: the folder of all submissions.
        listener: hears of every step and epoch, and may stop the training early.
        began: what `time.perf_counter` said when the time began that the run takes, and its budget; None is now.

    Returns:
        The complete run; its submission has the same name.

    Raises:
        DataError: too few rows for that share or for so many folds; an id that is not there; a leak.
        DigitsError: the recipe is wrong, the training diverged, or there is too little time.
        Paused: the listener stopped a training of many models.
        StorageError: a folder cannot be written, or the disk is full.
    """
    began, listener = time.perf_counter() if began is None else began, listener or Listener()
    if plan.on == "kaggle":
        return on_kaggle.train(plan, recipe, models=models, submissions=submissions, listener=listener)
    if recipe is None:  # a mistake in its name or text is told before anything is read
        recipes.outline(plan.recipe or recipes.DEFAULT)
    listener.phase("reading the digits")
    source = source or sources.load(plan.data, image_shape=plan.image_shape, skip_broken=plan.skip_broken)
    listener.note(f"{source.name}: {len(source.train):,} labelled digits, {len(source.test or ()):,} to label")
    for note in source.notes:
        listener.note(f"{source.name}: {note}")
    jobs = plan.jobs
    listener.phase("loading libraries")
    # Keras loads on one core for seconds; meanwhile another finds what dealing the rows will ask for.
    with ThreadPoolExecutor(1) as ahead:
        ahead.submit(getattr, source.train, "near_duplicates")
        recipe = _asked_for(plan, recipe)
    if plan.budget is not None:
        recipe, jobs = budget.fitting(plan, recipe, began, listener)
    beginning, recipe = _begin(plan, recipe, source, listener)
    path = runs.start(models, beginning)
    places = _Places(submissions, listener, _executor(plan.cluster, jobs), began)
    try:
        with runs.in_training(path), _pausing(path):
            if recipe.file is not None:  # for people to read; nothing ever runs it
                storage.write_text(path / "recipe.py", recipe.file.text)
            return _finish(path, beginning, recipe, source, places)
    except Paused:
        raise
    except BaseException:
        if not _worth_keeping(path):
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

    It ends with what the uninterrupted training would have given. Until its model is written, a run that was usable
    stays so.

    Args:
        run: the run's name or path.
        recipe: the user's own that the run began with, loaded again; a run's folder never names what is run.
        models: the folder of all runs.
        submissions: the folder of all submissions.
        listener: hears of every step and epoch, and may stop the training early.
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
            raise RunError(f"{path} is a member of {path.parent.name}. Go on with that: --resume {path.parent.name}.")
        recipe = recipes.restore(beginning.recipe, recipe)
        source = _same_data(path, beginning)
        # No cluster is asked because a plan, which may come from elsewhere, names it.
        places = _Places(submissions, listener, _executor(cluster, jobs or beginning.plan.jobs), began)
        with _pausing(path):
            return _finish(path, beginning, recipe, source, places)


def _asked_for(plan: Plan, recipe: Recipe | None) -> Recipe:
    """The recipe with the values of the plan; a mistake in it is told before anything heavy is done."""
    recipe = (recipe or recipes.load(plan.recipe or recipes.DEFAULT)).with_values(plan.values)
    if plan.folds is not None and plan.budget is None:
        recipe = recipe.in_folds(plan.folds)
    if plan.tensorboard and (recipe.is_committee or (recipe.fit is None and recipe.built_in)):
        raise DigitsError(f"{recipe.name} has no epochs to log: leave --tensorboard out.")
    return recipe


def _begin(plan: Plan, recipe: Recipe, source: Source, listener: Listener) -> tuple[Beginning, Recipe]:
    """What is known before the first epoch, once everything that could be refused was not."""
    leak = leaks.find(source)
    if leak is not None and not plan.allow_leak:
        raise DataError(f"{leak} {leaks.NEXT_STEP}")
    digits = _learnable(recipe, source.train, plan)
    repeated = leaks.repeated(digits)
    if repeated:
        effect = "stay in one fold" if recipe.is_committee else "may be learned and judged by; --folds helps"
        listener.note(f"{repeated:,} labelled images are the same as an earlier one; they {effect}")
    if not recipe.is_committee:
        split(digits, plan.validation, SPLIT_SEED)  # what is wrong with the share or the labels is said at once
    share = 1 - (1 / recipe.folds if recipe.folds else plan.validation)
    prepared = classifiers.prepare(recipe, digits, int(share * len(digits)), plan.values)
    for before, after in zip(recipe.kinds, prepared.kinds, strict=True):
        _tell_changes(before, after, listener)
    recipe = prepared
    beginning = Beginning(
        plan=plan,
        recipe=recipe.record(),
        data=_data(source),
        contaminated=leak,
        repeated_rows=repeated,
        test_rows=None if source.test is None else len(source.test),
        classes=digits.classes,
        image_shape=digits.image_shape,
        **environment.circumstances(),
    )
    return beginning, recipe


def _tell_changes(before: Recipe, after: Recipe, listener: Listener) -> None:
    """Says how a fit was changed because there are few rows."""
    if before.fit is None or after.fit is None:
        return
    old, new = before.fit, after.fit
    if old.epochs != new.epochs and old.batch_size != new.batch_size:
        how = f"{new.epochs} epochs of batches of {new.batch_size}, instead of {old.epochs} of {old.batch_size}"
        listener.note(f"few rows: {after.name} trains {how}; --epochs and --batch-size change that")
    elif old.epochs != new.epochs:
        listener.note(
            f"few rows: {after.name} trains {new.epochs} epochs instead of {old.epochs}; --epochs changes that"
        )
    elif old.batch_size != new.batch_size:
        how = f"in batches of {new.batch_size} instead of {old.batch_size}"
        listener.note(f"few rows: {after.name} trains {how}; --batch-size changes that")


def _data(source: Source) -> DataRecord:
    path = source.name if source.path is None else str(source.path.resolve())
    return DataRecord(
        name=source.name,
        path=path,
        kind=source.kind,
        train_sha256=source.train_sha256,
        test_sha256=source.test_sha256,
    )


def _same_data(path: Path, beginning: Beginning) -> Source:
    data, plan = beginning.data, beginning.plan
    source = sources.load(data.path, image_shape=beginning.image_shape, skip_broken=plan.skip_broken)
    if source.sha256 != data.sha256:
        raise DataError(f"{source.name} is not the data that {path.name} began with. Begin anew: kaggle-digits train.")
    return source


def _learnable(recipe: Recipe, digits: Digits, plan: Plan) -> Digits:
    """The rows that a recipe learns: all but those excluded, or those of its labels."""
    unknown = set(plan.exclude) - set(digits.ids.tolist())
    if unknown:
        raise DataError(f"there is no training image with the id {min(map(str, unknown))!r}. Take it off the list.")
    kept = digits.without(plan.exclude)
    return kept if recipe.labels is None else kept.of_labels(recipe.labels)


def _executor(address: str | None, jobs: int | None) -> Executor:
    return partial(cluster.train, address) if address is not None else partial(processes.train, jobs)


@contextlib.contextmanager
def _pausing(path: Path) -> Iterator[None]:
    """Whoever interrupts at any moment learns how to go on, if there is anything to go on with."""
    try:
        yield
    except KeyboardInterrupt as error:
        if isinstance(error, Paused) or not _worth_keeping(path):
            raise
        raise Paused(path.name) from None


def _worth_keeping(path: Path) -> bool:
    """Whether there is anything to go on from, and a plan: a checkpoint, a model, a complete member."""
    kept = (checkpoint.FILE, runs.RECORD, neural.FILE)
    return (path / runs.PLAN).exists() and any(any(path.glob(f"**/{name}")) for name in kept)


def _finish(path: Path, beginning: Beginning, recipe: Recipe, source: Source, places: _Places) -> Run:
    earlier = runs.read(path).record.seconds if (path / runs.RECORD).exists() else 0.0
    digits = _learnable(recipe, source.train, beginning.plan)
    trained = _train(path, beginning, recipe, digits, places)
    places.listener.phase("drawing pictures")
    report = writing.write_findings(path, trained)
    details: dict[str, Any] = {}
    file = places.submissions / f"{path.name}.csv"
    if recipe.is_committee:
        audit.write(path, digits, trained.probabilities)
    if source.test is not None:
        places.listener.phase(f"labelling {len(source.test):,} digits")
        probabilities, gain = _label(trained, source.test)
        submission.write(file, source.test.ids.tolist(), probabilities.argmax(axis=1))
        details["submission_sha256"] = storage.sha256(file)
        if digits.classes == source.train.classes and not _is_flattered(beginning, recipe, trained):
            right = round(report.accuracy * report.rows)
            details["predicted_range"] = evaluation.expected_range(right, report.rows, len(source.test), gain)
    seconds = earlier + time.perf_counter() - places.began
    with writing.withdrawn_on_failure(file, path):
        return writing.complete(path, beginning, trained, report, seconds, **details)


def _is_flattered(beginning: Beginning, recipe: Recipe, trained: Trained) -> bool:
    """Whether the accuracy says too much for a score to be predicted.

    Rows that were left out are among the rows to come all the same; rows that have chosen the epoch or the learning
    rate flatter it, as do images that were learned, too; and of rows to come that were learned, nothing can be said.
    """
    fits = [kind.fit for kind in recipe.kinds if kind.fit is not None]
    chosen = any(fit.patience is not None or fit.schedule == "plateau" or fit.callbacks for fit in fits)
    repeated = beginning.repeated_rows and not recipe.is_committee
    return bool(chosen or repeated or trained.interrupted or beginning.contaminated or beginning.plan.exclude)


def _train(path: Path, beginning: Beginning, recipe: Recipe, digits: Digits, places: _Places) -> Trained:
    if recipe.is_committee:
        return committee.train(path, beginning, recipe, digits, places.listener, places.executor)
    kept, held_out = split(digits, beginning.plan.validation, SPLIT_SEED)
    return single.train(path, beginning, recipe, digits.take(kept), digits.take(held_out), places.listener)


def _label(trained: Trained, test: Digits) -> tuple[NDArray[np.float32], float]:
    """The probabilities of the test rows, and what averaging has gained beyond what the validation rows could show.

    Out-of-fold, each row is answered by the one member of each kind that did not learn it; a test row by all of them.
    """
    classifier = trained.classifier
    if not isinstance(classifier, ensemble.Ensemble):
        return classifier.probabilities(test.images), 0.0
    temperature = calibration.fit_temperature(trained.probabilities, trained.validation.known_labels)
    answers = [member.probabilities(test.images) for member in classifier.members.values()]
    together = classifier.combine(answers)
    # Members of one fold, together, are what the out-of-fold rows have judged.
    names = list(classifier.members)
    parts = []
    for fold in sorted({name.rpartition("-")[2] for name in names}):
        places = [place for place, name in enumerate(names) if name.rpartition("-")[2] == fold]
        weights = [classifier.weights[names[place]] for place in places]
        parts.append(ensemble.mean([answers[place] for place in places], weights, classifier.mean))
    likely = ensemble.mean([calibration.apply(part, temperature) for part in parts], [1.0] * len(parts))
    return together, evaluation.gain_of_averaging(likely, together.argmax(axis=1), [p.argmax(axis=1) for p in parts])
