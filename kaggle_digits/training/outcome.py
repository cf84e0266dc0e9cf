"""What a training found, and how it is written into the run folder."""

import csv
import io
import time
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kaggle_digits import evaluation, runs
from kaggle_digits.classifiers import calibration, checkpoint
from kaggle_digits.classifiers.protocol import Answers, Epoch, Layer
from kaggle_digits.digits import Digits
from kaggle_digits.evaluation import Report
from kaggle_digits.files import storage
from kaggle_digits.runs import Run

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Outcome:
    """A model that was trained and saved, and how it answered the rows that it did not learn.

    Attributes:
        classifier: the saved model, as whoever loads the run will have it.
        files: the names of its files in the run folder.
        layers: what it is made of.
        learned: the labelled digits that it learned.
        validation: the labelled digits that say what it is worth.
        probabilities: float32 `(n, classes)`, its answers for them.
        history: its epochs; none for a model that is fitted in one go.
        train_seconds: spent on fitting.
        kept: the number of the epoch whose weights are the model's; 0 where there are no epochs.
        interrupted: whether it was ended before its time.
        details: what else to remember in run.json.
    """

    classifier: Answers
    files: list[str]
    layers: list[Layer]
    learned: Digits
    validation: Digits
    probabilities: "NDArray[np.float32]"
    history: list[Epoch]
    train_seconds: float
    kept: int = 0
    interrupted: bool = False
    details: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def calibrated(self) -> "NDArray[np.float32]":
        """float32 `(n, classes)`: the answers at a temperature that other rows ask for, as new images get them."""
        return calibration.cross_fitted(self.probabilities, self.validation.known_labels)


def write_findings(path: Path, outcome: Outcome, seed: int) -> Report:
    """All that tells how the training went: rows, report, history and pictures.

    Args:
        path: the run's folder.
        outcome: what the training found.
        seed: which digits samples.png shows.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    from kaggle_digits.evaluation import plots  # with Matplotlib, which members of many do not need

    report = write_numbers(path, outcome)
    plots.save(plots.samples(outcome.validation, outcome.calibrated, seed), path / "samples.png")
    if outcome.history:
        plots.save(plots.learning_curves(outcome.history, outcome.kept), path / "loss.png")
    evaluation.draw_report(path, outcome.validation, outcome.calibrated, report)
    return report


def write_numbers(path: Path, outcome: Outcome) -> Report:
    """Rows and history, without pictures, which take longer than all the rest: for a member of many.

    Args:
        path: the run's folder.
        outcome: what the training found.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    _write_rows(path, outcome)
    if outcome.history:
        _write_history(path / "history.csv", outcome.history)
    return evaluation.evaluate(outcome.validation.known_labels, outcome.calibrated)


def complete(path: Path, outcome: Outcome, report: Report, seconds: float, **details: Any) -> Run:
    """Completes the run: report.json, run.json, and no checkpoint any more.

    Args:
        path: the run's folder, with everything else in it.
        outcome: what the training found.
        report: what its answers are worth.
        seconds: from the first row to here.
        details: what else to remember in run.json.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    details = {**outcome.details, **details}
    evaluation.write_report(path, report, details)
    results = {
        "train_rows": len(outcome.learned),
        "validation_rows": len(outcome.validation),
        "validation_accuracy": report.accuracy,
        "validation_interval": report.interval,
        "parameters": sum(layer.parameters for layer in outcome.layers),
        "layers": [asdict(layer) for layer in outcome.layers],
        "epochs": len(outcome.history),
        "interrupted": outcome.interrupted,
        "temperature": calibration.fit_temperature(outcome.probabilities, outcome.validation.known_labels),
        **details,
        "finished": datetime.now().astimezone().isoformat(timespec="seconds"),
        "seconds": round(seconds, 3),
        "train_seconds": round(outcome.train_seconds, 3),
    }
    run = runs.complete(path, results, outcome.files)
    if not outcome.interrupted:
        checkpoint.remove(path)
    return run


def _write_history(path: Path, history: list[Epoch]) -> None:
    text = io.StringIO()
    rows = [asdict(epoch) for epoch in history]
    table = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    storage.write_text(path, text.getvalue())


def _write_rows(path: Path, outcome: Outcome) -> None:
    """Which rows were learned, as hashes, and how those held out were answered; nothing is pickled."""
    import numpy as np

    rows = outcome.validation
    with storage.replacing(path / runs.VALIDATION) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, ids=rows.ids, labels=rows.known_labels, probabilities=outcome.probabilities)
    with storage.replacing(path / runs.LEARNED) as temporary, temporary.open("wb") as file:
        np.save(file, np.unique(outcome.learned.hashes))


class Clock:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    @property
    def seconds(self) -> float:
        """So far."""
        return time.perf_counter() - self._began
