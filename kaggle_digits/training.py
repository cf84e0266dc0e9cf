"""From digits and a recipe to a complete run folder and a submission."""

import csv
import io
import shutil
import time
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kaggle_digits import classifiers, plots, recipes, reporting, runs, sources, storage, submission
from kaggle_digits.classifiers import checkpoint
from kaggle_digits.classifiers.protocol import Answers, Epoch, Listener, Silence
from kaggle_digits.digits import Digits, split
from kaggle_digits.errors import DataError, DigitsError
from kaggle_digits.evaluation import Report
from kaggle_digits.recipes import Recipe
from kaggle_digits.runs import Run
from kaggle_digits.sources import Source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# The rows held out are the same whatever the seed of a training, so that any two runs can be compared row by row.
_SPLIT_SEED = 0


@dataclass(frozen=True)
class Trained:
    """What a training leaves behind.

    Attributes:
        run: the complete run.
        history: the epochs; none for a model that is fitted in one go.
        validation: the labelled digits that were held out.
        probabilities: float32 `(n, classes)`, the classifier's answers for them.
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
    models: Path = runs.FOLDER,
    submissions: Path = submission.FOLDER,
    listener: Listener | None = None,
    tensorboard: bool = False,
    skip_broken: bool = False,
) -> Trained:
    """Fits a recipe to a source, and writes the run folder and the submission.

    Args:
        recipe: the model and how to fit it.
        source: labelled digits, and perhaps digits to label.
        seed: with the same seed, data and machine, two trainings give the same weights and the same submission.
        validation: the share of the labelled rows held out, above 0 and below 1, the same share of every label.
        models: the folder of all runs.
        submissions: the folder of all submissions.
        listener: hears of every step and epoch, and may stop the training early.
        tensorboard: whether to log to a folder `logs` in the run folder.
        skip_broken: whether the source was loaded without its broken pictures, for a training that is resumed.

    Raises:
        DataError: too few rows for that share.
        DigitsError: the training diverged, or there is nothing to log.
        StorageError: a folder cannot be written, or the disk is full.
    """
    if tensorboard and recipe.fit is None:
        raise DigitsError(f"{recipe.name} is fitted in one go: --tensorboard has nothing to show. Leave it out.")
    started = datetime.now().astimezone()
    digits = _chosen(recipe, source.train)
    split(digits, validation, _SPLIT_SEED)  # what is wrong with the share or the labels is said before anything begins
    plan = {
        "recipe": recipe.as_json(),
        "data": _data(source, skip_broken),
        "test_rows": None if source.test is None else len(source.test),
        "seed": seed,
        "validation": validation,
        "classes": digits.classes,
        "image_shape": digits.image_shape,
        "tensorboard": tensorboard,
        **runs.environment(),
        "started": started.isoformat(timespec="seconds"),
    }
    path = runs.start(models, recipe.name, started, plan)
    try:
        return _finish(path, plan, recipe, source, submissions, listener or Silence())
    except BaseException:
        # Without a checkpoint there is nothing to go on from, and nothing worth keeping.
        if not (path / checkpoint.FILE).exists():
            shutil.rmtree(path, ignore_errors=True)
        raise


def resume(
    run: str | Path,
    *,
    models: Path = runs.FOLDER,
    submissions: Path = submission.FOLDER,
    listener: Listener | None = None,
) -> Trained:
    """Goes on with a training that was interrupted, from its last whole epoch.

    It ends with what the uninterrupted training would have given.

    Args:
        run: the run's name or path.
        models: the folder of all runs.
        submissions: the folder of all submissions.
        listener: hears of every step and epoch, and may stop the training early.

    Raises:
        RunError: there is no such run, or it came to its end.
        DataError: the data is gone, or not what it was.
    """
    path = runs.folder(run, models)
    plan = runs.interrupted_plan(path)
    recipe = recipes.from_json(plan["recipe"])
    source = sources.load(plan["data"]["path"], skip_broken=plan["data"]["skip_broken"])
    if source.sha256 != plan["data"]["sha256"]:
        raise DataError(f"{source.name} is not the data that {path.name} began with. Begin anew: kaggle-digits train.")
    runs.reopen(path)
    return _finish(path, plan, recipe, source, submissions, listener or Silence())


def _data(source: Source, skip_broken: bool) -> dict[str, Any]:
    """Where the digits came from, so that they can be found, and recognised, again."""
    path = source.name if source.name == sources.BUNDLED else str(Path(source.name).resolve())
    return {"name": source.name, "path": path, "sha256": source.sha256, "skip_broken": skip_broken}


def _chosen(recipe: Recipe, digits: Digits) -> Digits:
    """The rows that a recipe learns: all, or those of its labels."""
    return digits if recipe.labels is None else digits.of_labels(recipe.labels)


def _finish(
    path: Path, plan: dict[str, Any], recipe: Recipe, source: Source, submissions: Path, listener: Listener
) -> Trained:
    clock = time.perf_counter()
    digits = _chosen(recipe, source.train)
    kept, held_out = split(digits, plan["validation"], _SPLIT_SEED)
    train, validation = digits.take(kept), digits.take(held_out)
    if plan["tensorboard"]:
        from kaggle_digits.classifiers.tensorboard import Logged

        listener = Logged(listener, path / "logs")
    fitted = classifiers.fit(recipe, train, validation, plan["seed"], listener, path)
    train_seconds = sum(epoch.seconds for epoch in fitted.history) or time.perf_counter() - clock

    files, layers = fitted.classifier.save(path), fitted.classifier.layers()
    # Whoever loads the run later asks the saved model, perhaps by another library; so do its own figures.
    saved = classifiers.load(path)
    probabilities = saved.probabilities(validation.images)
    report = _write_findings(path, train, validation, probabilities, fitted.history, plan["seed"])
    file = submissions / f"{path.name}.csv"
    predictions = None if source.test is None else _label(source.test, saved, file)
    results = {
        "train_rows": len(train),
        "validation_rows": len(validation),
        "validation_accuracy": report.accuracy,
        "validation_interval": report.interval,
        "parameters": sum(layer.parameters for layer in layers),
        "layers": [asdict(layer) for layer in layers],
        "epochs": len(fitted.history),
        "interrupted": fitted.interrupted,
        "precision": fitted.precision,
        "finished": datetime.now().astimezone().isoformat(timespec="seconds"),
        "seconds": round(time.perf_counter() - clock, 3),
        "train_seconds": round(train_seconds, 3),
    }
    run = runs.complete(path, results, files)
    if not fitted.interrupted:
        checkpoint.remove(path)
    return Trained(run, fitted.history, validation, probabilities, report, predictions)


def _label(test: Digits, classifier: Answers, path: Path) -> Path:
    """Writes the submission."""
    submission.write(path, test.ids.tolist(), classifier.probabilities(test.images).argmax(axis=1))
    return path


def _write_findings(
    path: Path,
    train: Digits,
    validation: Digits,
    probabilities: "NDArray[np.float32]",
    history: list[Epoch],
    seed: int,
) -> Report:
    """All that tells how the training went: rows, report, history and pictures."""
    _write_rows(path, train, validation, probabilities)
    plots.save(plots.samples(validation, probabilities, seed), path / "samples.png")
    if history:
        _write_history(path / "history.csv", history)
        plots.save(plots.learning_curves(history), path / "loss.png")
    return reporting.write(path, validation, probabilities)


def _write_history(path: Path, history: list[Epoch]) -> None:
    text = io.StringIO()
    rows = [asdict(epoch) for epoch in history]
    table = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    storage.write_text(path, text.getvalue())


def _write_rows(path: Path, train: Digits, validation: Digits, probabilities: "NDArray[np.float32]") -> None:
    """Which rows were learned, as hashes, and how those held out were answered; nothing is pickled."""
    import numpy as np

    with storage.replacing(path / runs.VALIDATION) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, ids=validation.ids, labels=validation.known_labels, probabilities=probabilities)
    with storage.replacing(path / runs.LEARNED) as temporary, temporary.open("wb") as file:
        np.save(file, np.unique(train.hashes()))
