"""From digits and a recipe to a complete run folder and a submission."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kaggle_digits import classifiers, evaluation, recipes, runs, sources
from kaggle_digits.classifiers import calibration, checkpoint, neural
from kaggle_digits.classifiers.ensemble import Ensemble
from kaggle_digits.classifiers.protocol import Answers, Epoch, Listener, Silence
from kaggle_digits.competition import submission
from kaggle_digits.digits import Digits, split
from kaggle_digits.errors import DataError, DigitsError, RunError
from kaggle_digits.evaluation import Report
from kaggle_digits.files import storage
from kaggle_digits.recipes import Committee, Recipe
from kaggle_digits.runs import Run
from kaggle_digits.sources import Source, leaks
from kaggle_digits.training import audit, committee, outcome, single
from kaggle_digits.training.committee import Elsewhere, Paused
from kaggle_digits.training.outcome import Clock, Outcome

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Paused", "Trained", "resume", "train"]

# The rows held out are the same whatever the seed of a training, so that any two runs can be compared row by row.
_SPLIT_SEED = 0


@dataclass(frozen=True)
class Trained:
    """What a training leaves behind.

    Attributes:
        run: the complete run.
        history: the epochs; none for a model that is fitted in one go, and for a committee.
        validation: the labelled digits that the probabilities are of: those held out, or with folds all of them.
        probabilities: float32 `(n, classes)`, the answers for them of a model that had not learned them.
        report: what these are worth.
        submission: the CSV for Kaggle, or None where the data has no test set.
    """

    run: Run
    history: list[Epoch] = field(repr=False)
    validation: Digits = field(repr=False)
    probabilities: "NDArray[np.float32]" = field(repr=False)
    report: Report = field(repr=False)
    submission: Path | None


def train(
    recipe: Recipe,
    source: Source,
    *,
    seed: int = 0,
    validation: float = 0.1,
    folds: int | None = None,
    exclude: Iterable[int | str] = (),
    allow_leak: bool = False,
    models: Path = runs.FOLDER,
    submissions: Path = submission.FOLDER,
    listener: Listener | None = None,
    elsewhere: Elsewhere | None = None,
    tensorboard: bool = False,
    skip_broken: bool = False,
) -> Trained:
    """Fits a recipe to a source, and writes the run folder and the submission.

    Args:
        recipe: the model and how to fit it.
        source: labelled digits, and perhaps digits to label.
        seed: with the same seed, data and machine, two trainings give the same weights and the same submission.
        validation: the share of the labelled rows held out, above 0 and below 1, the same share of every label.
        folds: instead of holding out a share once, deal the rows into so many folds, train a model without each of
            them, and let these answer together.
        exclude: ids of labelled rows to leave out.
        allow_leak: whether to train on data that gives test labels away, or is more than the competition's; the run
            says so for ever.
        models: the folder of all runs.
        submissions: the folder of all submissions.
        listener: hears of every step and epoch, and may stop the training early.
        elsewhere: where the members of a committee are trained, see `training.elsewhere`; None is this process.
        tensorboard: whether to log to a folder `logs` in the run folder.
        skip_broken: whether the source was loaded without its broken pictures, for a training that is resumed.

    Raises:
        DataError: too few rows for that share or for so many folds; an id that is not there; a leak.
        DigitsError: the training diverged, or there is nothing to log.
        Paused: the listener stopped a training of many members.
        StorageError: a folder cannot be written, or the disk is full.
    """
    if folds is not None:
        recipe = recipe.in_folds(folds)
    if tensorboard and recipe.fit is None:
        raise DigitsError(
            f"{recipe.name} is not one training in epochs: --tensorboard has nothing to show. Leave it out."
        )
    started, listener = datetime.now().astimezone(), listener or Silence()
    leak = leaks.find(source)
    if leak is not None and not allow_leak:
        raise DataError(f"{leak} {leaks.NEXT_STEP}")
    left_out = list(exclude)
    digits = _chosen(recipe, source.train, left_out)
    repeated = leaks.repeated(digits)
    if repeated:
        so = (
            "stay in one fold" if isinstance(recipe.model, Committee) else "may be learned and judged by; --folds helps"
        )
        listener.note(f"{repeated:,} labelled images are the same as an earlier one; they {so}")
    if not isinstance(recipe.model, Committee):
        split(digits, validation, _SPLIT_SEED)  # what is wrong with the share or the labels is said at once
    # Measured once: a second time, on a busier machine, the answer might be another one.
    recipe = recipe.at_precision(classifiers.precision_for)
    plan = {
        "recipe": recipe.as_json(),
        "data": _data(source, skip_broken),
        "contaminated": leak,
        "repeated_rows": repeated,
        "excluded": left_out,
        "test_rows": None if source.test is None else len(source.test),
        "seed": seed,
        "validation": None if isinstance(recipe.model, Committee) else validation,
        "classes": digits.classes,
        "image_shape": digits.image_shape,
        "tensorboard": tensorboard,
        **runs.environment(),
        "started": started.isoformat(timespec="seconds"),
    }
    path = runs.start(models, recipe.name, started, plan)
    try:
        with runs.in_training(path), _pausing(path):
            return _finish(path, plan, recipe, source, submissions, listener, elsewhere)
    except Paused:
        raise
    except BaseException:
        if not _worth_keeping(path):
            shutil.rmtree(path, ignore_errors=True)
        raise


@contextmanager
def _pausing(path: Path) -> Iterator[None]:
    """Whoever interrupts at any moment learns how to go on, if there is anything to go on with."""
    try:
        yield
    except KeyboardInterrupt as error:
        if isinstance(error, Paused) or not _worth_keeping(path):
            raise
        raise Paused(path.name) from None


def _worth_keeping(path: Path) -> bool:
    """Whether there is anything to go on from: a checkpoint, a model, a complete member."""
    return any(any(path.glob(f"**/{name}")) for name in (checkpoint.FILE, runs.RECORD, neural.FILE))


def resume(
    run: str | Path,
    *,
    models: Path = runs.FOLDER,
    submissions: Path = submission.FOLDER,
    listener: Listener | None = None,
    elsewhere: Elsewhere | None = None,
) -> Trained:
    """Goes on with a training that was interrupted, from its last whole epoch.

    It ends with what the uninterrupted training would have given. Until its model is written, a run that was usable
    stays so.

    Args:
        run: the run's name or path.
        models: the folder of all runs.
        submissions: the folder of all submissions.
        listener: hears of every step and epoch, and may stop the training early.
        elsewhere: where the members of a committee are trained that are not there yet.

    Raises:
        RunError: there is no such run, or it came to its end.
        StorageError: another process trains it just now, or a folder cannot be written.
        DataError: the data is gone, or not what it was.
        Paused: the listener stopped a training of many members.
    """
    path = runs.folder(run, models)
    # What has no plan, or is not to be gone on with here, is refused before it is touched.
    if "kaggle" in runs.interrupted_plan(path):
        raise RunError(f"{path.name} is trained on Kaggle. Bring it home: kaggle-digits train --resume {path.name}.")
    with runs.in_training(path):
        plan = runs.interrupted_plan(path)
        recipe, source = _as_begun(path, plan)
        with _pausing(path):
            return _finish(path, plan, recipe, source, submissions, listener or Silence(), elsewhere)


def _as_begun(path: Path, plan: dict[str, Any]) -> tuple[Recipe, Source]:
    """The recipe and the digits that a run began with."""
    if not {"excluded", "contaminated"} <= set(plan):
        raise RunError(f"{path.name} was begun by another release. Begin anew: kaggle-digits train.")
    if "fold" in plan:
        raise RunError(f"{path} is a member of {path.parent.name}. Go on with that one: --resume {path.parent.name}.")
    recipe = recipes.from_json(plan["recipe"])
    source = sources.load(plan["data"]["path"], skip_broken=plan["data"]["skip_broken"])
    if source.sha256 != plan["data"]["sha256"]:
        raise DataError(f"{source.name} is not the data that {path.name} began with. Begin anew: kaggle-digits train.")
    return recipe, source


def _data(source: Source, skip_broken: bool) -> dict[str, Any]:
    """Where the digits came from, so that they can be found, and recognised, again."""
    path = source.name if source.name == sources.BUNDLED else str(Path(source.name).resolve())
    return {"name": source.name, "path": path, "sha256": source.sha256, "skip_broken": skip_broken}


def _chosen(recipe: Recipe, digits: Digits, excluded: list[int | str]) -> Digits:
    """The rows that a recipe learns: all but those excluded, or those of its labels."""
    kept = digits.without(excluded)
    return kept if recipe.labels is None else kept.of_labels(recipe.labels)


def _finish(
    path: Path,
    plan: dict[str, Any],
    recipe: Recipe,
    source: Source,
    submissions: Path,
    listener: Listener,
    elsewhere: Elsewhere | None,
) -> Trained:
    clock = Clock()
    digits = _chosen(recipe, source.train, plan["excluded"])
    found = _learn(path, plan, recipe, digits, listener, elsewhere)
    report = outcome.write_findings(path, found, plan["seed"])
    details: dict[str, Any] = {"contaminated": plan["contaminated"]}
    if isinstance(recipe.model, Committee):
        audit.write(path, digits, found.probabilities)
    file = None
    if source.test is not None:
        file = submissions / f"{path.name}.csv"
        answers, gain = _answers(found, source.test)
        submission.write(file, source.test.ids.tolist(), answers.argmax(axis=1))
        details["submission_sha256"] = storage.sha256(file)
        flattered = found.interrupted or _has_patience(recipe) or plan["contaminated"]
        if not isinstance(recipe.model, Committee):
            flattered = flattered or plan.get("repeated_rows")
        if digits.classes == source.train.classes and not plan["excluded"] and not flattered:
            # Rows that were left out, and labels that are not known, are among the rows to come all the same; rows that
            # have chosen the best epoch flatter it, as do images that were learned, too; and of rows to come that were
            # learned, nothing can be said.
            details["predicted_range"] = evaluation.expected_range(
                round(report.accuracy * report.rows), report.rows, len(source.test), gain
            )
    run = outcome.complete(path, found, report, clock.seconds, **details)
    return Trained(run, found.history, found.validation, found.probabilities, report, file)


def _has_patience(recipe: Recipe) -> bool:
    kinds = recipe.model.recipes if isinstance(recipe.model, Committee) else (recipe,)
    return any(kind.fit is not None and kind.fit.patience is not None for kind in kinds)


def _learn(
    path: Path,
    plan: dict[str, Any],
    recipe: Recipe,
    digits: Digits,
    listener: Listener,
    elsewhere: Elsewhere | None,
) -> Outcome:
    if isinstance(recipe.model, Committee):
        return committee.learn(path, plan, recipe.model, digits, listener, elsewhere)
    kept, held_out = split(digits, plan["validation"], _SPLIT_SEED)
    return single.learn(
        path,
        recipe,
        digits.take(kept),
        digits.take(held_out),
        seed=plan["seed"],
        listener=listener,
        tensorboard=plan["tensorboard"],
    )


def _answers(found: Outcome, test: Digits) -> "tuple[NDArray[np.float32], float]":
    """The probabilities of the test rows, and what averaging has gained beyond what the validation rows could show.

    Out-of-fold, each row is answered by the one member of each kind that did not learn it; a test row by all of them.
    """
    classifier: Answers = found.classifier
    if not isinstance(classifier, Ensemble):
        return classifier.probabilities(test.images), 0.0
    temperature = calibration.fit_temperature(found.probabilities, found.validation.known_labels)
    answers = [member.probabilities(test.images) for member in classifier.members.values()]
    together = classifier.together(answers)
    # Members of one fold, together, are what the out-of-fold rows have judged.
    names = list(classifier.members)
    parts = []
    for fold in sorted({name.rpartition("-")[2] for name in names}):
        places = [place for place, name in enumerate(names) if name.rpartition("-")[2] == fold]
        weights = [classifier.weights[names[place]] for place in places]
        parts.append(classifiers.ensemble.mean([answers[place] for place in places], weights, classifier.mean))
    likely = classifiers.ensemble.mean([calibration.apply(part, temperature) for part in parts], [1.0] * len(parts))
    return together, evaluation.gain_of_averaging(likely, together.argmax(axis=1), [p.argmax(axis=1) for p in parts])
