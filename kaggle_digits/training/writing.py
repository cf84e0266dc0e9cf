"""What a training gives, and how it is written into the run folder."""

import math
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaggle_digits import evaluation, runs
from kaggle_digits.classifiers import Classifier, calibration, checkpoint, ensemble
from kaggle_digits.competition import submission
from kaggle_digits.digits import Digits
from kaggle_digits.evaluation import Report
from kaggle_digits.files import storage
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
        train_seconds: spent on fitting.
        history: its epochs; none for a model that is fitted in one go.
        kept: the number of the epoch whose weights it has, from 1; 0 where there are no epochs.
        interrupted: whether it was ended before its time.
        details: further fields of `runs.Record`.
    """

    classifier: Classifier
    files: list[str]
    layers: list[LayerRecord]
    learned: Digits
    validation: Digits
    probabilities: NDArray[np.float32]
    train_seconds: float
    history: list[Epoch] = field(default_factory=list)
    kept: int = 0
    interrupted: bool = False
    details: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def calibrated(self) -> NDArray[np.float32]:
        """float32 `(n, classes)`: the answers at a temperature that other rows ask for, as new images get them."""
        return calibration.cross_fitted(self.probabilities, self.validation.known_labels)


@dataclass(frozen=True)
class Labels:
    """The submission that a training ends with.

    Attributes:
        file: where it is written.
        test: the digits to label.
        foretell: whether the validation rows say anything of its score.
    """

    file: Path
    test: Digits
    foretell: bool


def finish(path: Path, beginning: Beginning, trained: Trained, began: float, labels: Labels | None) -> Run:
    """Writes all that tells how the training went, labels the test set where there is one, and completes the run.

    The training began when `time.perf_counter` said, or would have said, `began`.
    """
    report = write_numbers(path, trained)
    # One core draws while another one labels.
    with ThreadPoolExecutor(1) as aside:
        drawn = aside.submit(draw, path, trained, report)
        answers = None if labels is None else _answers(trained, labels.test)
    drawn.result()
    if labels is not None and answers is not None:
        trained = _label(labels, trained, report, *answers)
    return complete(path, beginning, trained, report, began, None if labels is None else labels.file)


def draw(path: Path, trained: Trained, report: Report) -> None:
    """Draws how it was learned and what it is worth into the run's folder."""
    evaluation.draw_learning(path, history.read_folds(path), trained.kept, path.name)
    evaluation.draw_report(path, trained.validation, trained.calibrated, report, path.name)


def write_numbers(path: Path, trained: Trained) -> Report:
    """Writes rows and history without the pictures, which take longer than all the rest: for a member of many."""
    validation = trained.validation
    rows.write_validation(path, validation.ids, validation.known_labels, trained.probabilities)
    rows.write_learned(path, trained.learned.hashes)
    if trained.history:
        history.write(path, trained.history)
    return evaluation.evaluate(validation.known_labels, trained.calibrated)


def _label(labels: Labels, trained: Trained, report: Report, answers: NDArray[np.float32], gain: float) -> Trained:
    """Writes the submission; gives what was trained, with what `runs.Record` tells of that."""
    submission.write(labels.file, labels.test.ids.tolist(), answers.argmax(axis=1))
    details = {**trained.details, "submission_sha256": storage.sha256(labels.file)}
    if labels.foretell:
        right = round(report.accuracy * report.rows)
        details["predicted_range"] = evaluation.expected_range(right, report.rows, len(labels.test), gain)
    return replace(trained, details=details)


def _answers(trained: Trained, test: Digits) -> tuple[NDArray[np.float32], float]:
    """The probabilities of the test rows, and what they have gained beyond what the validation rows could show.

    Out-of-fold, each row is answered by the one member of each kind that did not learn it; a test row by several, among
    them those that learned all rows, whose errors are fewer by about the square root of the rows that they have more:
    of networks that learned four fifths of train.csv, and all of it, 108 to 121 and 103 of 28,000 rows were wrong.
    """
    classifier = trained.classifier
    if not isinstance(classifier, ensemble.Ensemble) or "folds" not in trained.details:  # a blend has none
        return classifier.probabilities(test.images), 0.0
    temperature = calibration.fit_temperature(trained.probabilities, trained.validation.known_labels)
    answers = {name: member.probabilities(test.images) for name, member in classifier.members.items()}
    together = classifier.combine(list(answers.values()))
    # Members of one fold, together, are what the out-of-fold rows have judged, or what those are like that were refit.
    parts: dict[str, list[str]] = {}
    for name in answers:
        parts.setdefault("-".join(name.split("-")[-2:]), []).append(name)
    apart = {
        part: ensemble.mean(
            [answers[name] for name in names], [classifier.weights[name] for name in names], classifier.mean
        )
        for part, names in parts.items()
    }
    likely = ensemble.mean([calibration.apply(one, temperature) for one in apart.values()], [1.0] * len(apart))
    of_folds = [part for part in apart if part.startswith("fold")] or list(apart)
    judged = [apart[part].argmax(axis=1) for part in of_folds]
    averaging = evaluation.gain_of_averaging(likely, together.argmax(axis=1), judged)
    refit = sum(
        classifier.weights[name] for part, names in parts.items() if not part.startswith("fold") for name in names
    )
    wrong = float((trained.probabilities.argmax(axis=1) != trained.validation.known_labels).mean())
    held_out = len(trained.validation) / len(trained.learned) / len(trained.details["folds"] or [1])
    more_rows = wrong * (1 - math.sqrt(1 - held_out))
    return together, averaging + more_rows * refit / sum(classifier.weights.values())


def complete(
    path: Path, beginning: Beginning, trained: Trained, report: Report, began: float, file: Path | None = None
) -> Run:
    """Completes the run in a folder that has everything else in it: report.json, run.json, and no checkpoint any more.

    It began when `time.perf_counter` said, or would have said, `began`. Where it does not become complete, the
    submission, a file, is removed, because nobody could tell whose it is.
    """
    try:
        details = trained.details
        evaluation.write_report(path, report, {"contaminated": beginning.contaminated, **details})
        if "temperature" not in details:
            temperature = calibration.fit_temperature(trained.probabilities, trained.validation.known_labels)
            details = {**details, "temperature": temperature}
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
            seconds=round(time.perf_counter() - began, 3),
            train_seconds=round(trained.train_seconds, 3),
            **details,
        )
    except BaseException:
        if file is not None and not (path / runs.RECORD).exists():
            file.unlink(missing_ok=True)
        raise
    if not trained.interrupted:
        with suppress(OSError):  # the run is complete, and would be without
            checkpoint.remove(path)
    return run
