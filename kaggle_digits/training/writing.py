"""What a training gives, and how it is written into the run folder."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaggle_digits import evaluation, runs
from kaggle_digits.classifiers import Classifier, calibration, checkpoint
from kaggle_digits.digits import Digits
from kaggle_digits.evaluation import Report
from kaggle_digits.runs import Beginning, Epoch, LayerRecord, Run, history, rows


@dataclass(frozen=True)
class Trained:
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
        temperature: that its answers ask for; None where that is not known.
        kept: the number of the epoch whose weights it has, from 1; 0 where there are no epochs.
        interrupted: whether it was ended before its time.
        precision: what was computed in.
        details: further fields of `runs.Record`.
    """

    classifier: Classifier
    files: list[str]
    layers: list[LayerRecord]
    learned: Digits
    validation: Digits
    probabilities: NDArray[np.float32]
    history: list[Epoch]
    train_seconds: float
    temperature: float | None = None
    kept: int = 0
    interrupted: bool = False
    precision: str = "float32"
    details: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def calibrated(self) -> NDArray[np.float32]:
        """float32 `(n, classes)`: the answers at a temperature that other rows ask for, as new images get them."""
        return calibration.cross_fitted(self.probabilities, self.validation.known_labels)


def write_findings(path: Path, trained: Trained) -> Report:
    """All that tells how the training went: rows, report, history and pictures.

    Args:
        path: the run's folder.
        trained: what the training gave.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    report = write_numbers(path, trained)
    evaluation.draw_learning(path, history.read_folds(path), trained.kept, path.name)
    evaluation.draw_report(path, trained.validation, trained.calibrated, report, path.name)
    return report


def write_numbers(path: Path, trained: Trained) -> Report:
    """Rows and history, without pictures, which take longer than all the rest: for a member of many.

    Args:
        path: the run's folder.
        trained: what the training gave.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    validation = trained.validation
    rows.write_validation(path, validation.ids, validation.known_labels, trained.probabilities)
    rows.write_learned(path, trained.learned.hashes)
    if trained.history:
        history.write(path, trained.history)
    return evaluation.evaluate(validation.known_labels, trained.calibrated)


@contextmanager
def withdrawn_on_failure(submission: Path, run: Path) -> Iterator[None]:
    """Removes a submission whose run does not become complete in the block: nobody could tell whose it is."""
    try:
        yield
    except BaseException:
        if not (run / runs.RECORD).exists():
            submission.unlink(missing_ok=True)
        raise


def complete(path: Path, beginning: Beginning, trained: Trained, report: Report, seconds: float, **details: Any) -> Run:
    """Completes the run: report.json, run.json, and no checkpoint any more.

    Args:
        path: the run's folder, with everything else in it.
        beginning: what the run began with.
        trained: what the training gave.
        report: what its answers are worth.
        seconds: that the run took, up to here.
        **details: further fields of `runs.Record`.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    details = {**trained.details, **details}
    evaluation.write_report(path, report, {"contaminated": beginning.contaminated, **details})
    run = runs.complete(
        path,
        beginning,
        trained.files,
        train_rows=len(trained.learned),
        validation_rows=len(trained.validation),
        validation_accuracy=report.accuracy,
        validation_interval=report.interval,
        parameters=sum(layer.parameters for layer in trained.layers),
        layers=trained.layers,
        epochs=len(trained.history),
        kept=trained.kept,
        interrupted=trained.interrupted,
        precision=trained.precision,
        temperature=trained.temperature
        or calibration.fit_temperature(trained.probabilities, trained.validation.known_labels),
        seconds=round(seconds, 3),
        train_seconds=round(trained.train_seconds, 3),
        **details,
    )
    if not trained.interrupted:
        with suppress(OSError):  # the run is complete, and would be without
            checkpoint.remove(path)
    return run


class Clock:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    @property
    def seconds(self) -> float:
        """So far."""
        return time.perf_counter() - self._began
