"""From digits and a recipe to a complete run folder and a submission."""

import csv
import io
import json
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kaggle_digits import evaluation, plots, runs, storage, submission
from kaggle_digits.classifiers import Epoch, Listener, Silence, neural
from kaggle_digits.digits import Digits, split
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
        report: its evaluation on the validation rows.
        train_seconds: what fitting took, of the seconds in the run's record.
        submission: the CSV for Kaggle, or None where the data has no test set.
    """

    run: Run
    report: evaluation.Report
    train_seconds: float
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

    Raises:
        DataError: too few rows for that share.
        StorageError: a folder cannot be written, or the disk is full.
    """
    started = datetime.now().astimezone()
    clock = time.perf_counter()
    kept, held_out = split(source.train, validation, _SPLIT_SEED)
    validation_digits = source.train.take(held_out)
    path = runs.start(models, recipe.name, started)

    fit_clock = time.perf_counter()
    classifier, history = neural.fit(recipe, source.train.take(kept), validation_digits, seed, listener or Silence())
    train_seconds = time.perf_counter() - fit_clock

    probabilities = classifier.probabilities(validation_digits.images)
    report = evaluation.evaluate(validation_digits.known_labels, probabilities)
    _write_history(path / "history.csv", history)
    _write_validation(path / "validation.npz", validation_digits, probabilities)
    storage.write_text(path / "report.json", json.dumps(report.as_json(), indent=2) + "\n")
    plots.save(plots.learning_curves(history), path / "loss.png")
    plots.save(plots.samples(validation_digits, probabilities, seed), path / "samples.png")
    files = classifier.save(path)
    predictions = None
    if source.test is not None:
        predictions = submissions / f"{path.name}.csv"
        submission.write(predictions, classifier.probabilities(source.test.images).argmax(axis=1))
    run = runs.complete(
        path,
        {
            "recipe": asdict(recipe),
            "data": {"name": source.name, "sha256": source.sha256, "train_rows": len(kept)},
            "test_rows": None if source.test is None else len(source.test),
            "seed": seed,
            "validation": validation,
            "validation_rows": len(held_out),
            "validation_accuracy": report.accuracy,
            "validation_interval": report.interval,
            "classes": source.train.classes,
            "image_shape": source.train.image_shape,
            "epochs": len(history),
            **runs.environment(),
            "started": started.isoformat(timespec="seconds"),
            "finished": datetime.now().astimezone().isoformat(timespec="seconds"),
            "seconds": round(time.perf_counter() - clock, 3),
            "train_seconds": round(train_seconds, 3),
        },
        files,
    )
    return Trained(run, report, train_seconds, predictions)


def _write_history(path: Path, history: list[Epoch]) -> None:
    text = io.StringIO()
    rows = [asdict(epoch) for epoch in history]
    table = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    storage.write_text(path, text.getvalue())


def _write_validation(path: Path, digits: Digits, probabilities: "NDArray[np.float32]") -> None:
    """Ids, labels and probabilities of the validation rows; loads with `allow_pickle=False`."""
    import numpy as np

    with storage.replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, ids=digits.ids, labels=digits.known_labels, probabilities=probabilities)
