"""What a trained model is worth on labelled digits: its own validation rows, or others; and against another one."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kaggle_digits import evaluation, sources
from kaggle_digits.classifiers import calibration
from kaggle_digits.errors import RunError
from kaggle_digits.evaluation import Comparison, Report
from kaggle_digits.predictor.model import load
from kaggle_digits.runs import Run, rows


@dataclass(frozen=True)
class Evaluation:
    """What came of an evaluation.

    Attributes:
        report: its numbers.
        data: what it was evaluated on, in words.
        folder: where report.json and the pictures are.
        rows_learned: how many of the rows the model was trained on.
        notes: what one should know before believing the numbers.
    """

    report: Report
    data: str
    folder: Path
    rows_learned: int
    notes: tuple[str, ...]


def evaluate(run: Run, where: str | None = None, *, skip_broken: bool = False) -> Evaluation:
    """Holds a run's model against labelled digits.

    Args:
        run: whose model.
        where: the digits, as for `sources.load`; report and pictures then go to a folder in the run folder. None is
            the run's own validation rows, whose pictures are in the run folder already.
        skip_broken: leave out pictures that cannot be read.

    Raises:
        DataError: the digits have no labels, or another shape than the model's.
        RunError: the model cannot be loaded, or the record of the validation rows is damaged.
    """
    if where is not None:
        return _on_data(run, where, skip_broken)
    _, labels, probabilities = rows.validation(run.path)
    report = evaluation.evaluate(labels, calibration.cross_fitted(probabilities, labels))
    return Evaluation(report, f"its {report.rows:,} validation rows", run.path, 0, _warnings(run))


def _on_data(run: Run, where: str, skip_broken: bool) -> Evaluation:
    model = load(run.path)
    source = sources.load(where, image_shape=model.image_shape, skip_broken=skip_broken)
    digits, notes = source.train, [*_warnings(run), *source.notes]
    if digits.classes > model.classes:
        known = digits.of_labels(model.classes)
        notes.append(
            f"{len(digits) - len(known):,} of {len(digits):,} rows are left out: {run.name} knows the labels "
            f"0 to {model.classes - 1} only."
        )
        digits = known
    learned = model.rows_learned(digits)
    if learned:
        notes.append(f"{learned:,} of {len(digits):,} rows were trained on: this accuracy is not a test score.")
    folder = run.path / _folder_name(where)
    probabilities = model.probabilities(digits.images)
    report = evaluation.evaluate(digits.known_labels, probabilities)
    evaluation.draw_report(
        folder, digits, probabilities, report, f"{run.name}, {run.record.recipe.name}, on {source.name}"
    )
    evaluation.write_report(folder, report, {})  # last: where it is, everything is
    return Evaluation(report, f"{len(digits):,} rows of {source.name}", folder, learned, tuple(notes))


def _warnings(run: Run) -> tuple[str, ...]:
    leak = run.record.contaminated
    return (f"{run.name} is contaminated: {leak}",) if leak else ()


def _folder_name(where: str) -> str:
    """One for each place: `a/test` and `b/test` must not overwrite each other's pictures."""
    if where == sources.BUNDLED:
        return f"evaluation-{where}"
    path = Path(where).resolve()
    return f"evaluation-{path.name}-{hashlib.sha256(os.fsencode(path)).hexdigest()[:6]}"


def compare(first: Run, second: Run) -> Comparison:
    """Two runs on the validation rows, which must be the same for both and which neither was trained on.

    Raises:
        RunError: they were validated on different rows.
    """
    first_ids, first_labels, first_answers = rows.validation(first.path)
    second_ids, second_labels, second_answers = rows.validation(second.path)
    if (
        first.record.data.training_data != second.record.data.training_data
        or not np.array_equal(first_ids, second_ids)
        or not np.array_equal(first_labels, second_labels)
    ):
        raise RunError(
            f"{first.name} and {second.name} were validated on different rows, so their accuracies cannot be compared "
            "row by row. Train both on the same data with the same validation share."
        )
    return evaluation.mcnemar(
        first_answers.argmax(axis=1) == first_labels, second_answers.argmax(axis=1) == second_labels
    )
