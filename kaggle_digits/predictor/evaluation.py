"""What a trained model is worth on labelled digits: its own validation rows, or others; and against another one."""

import hashlib
import math
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kaggle_digits import evaluation, sources
from kaggle_digits.classifiers import calibration, neural
from kaggle_digits.digits import Digits
from kaggle_digits.errors import DataError, RunError
from kaggle_digits.evaluation import Comparison, Report
from kaggle_digits.predictor.model import Model, load
from kaggle_digits.runs import Run, history, rows


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


@dataclass(frozen=True)
class Pictures:
    """Which pictures are drawn.

    Attributes:
        suffix: what they are: .png, .svg or .pdf; None is .png, and none where the training has drawn them already.
        look_inside: whether to draw where the model looks, its first filters and a map of the digits, too.
    """

    suffix: str | None = None
    look_inside: bool = False


def evaluate(
    run: Run, where: str | None = None, *, skip_broken: bool = False, pictures: Pictures = Pictures()
) -> Evaluation:
    """Holds a run's model against labelled digits.

    Args:
        run: whose model.
        where: the digits, as for `sources.load`; report and pictures then go to a folder in the run folder. None is
            the run's own validation rows, whose pictures are in the run folder already.
        skip_broken: leave out pictures that cannot be read.
        pictures: which pictures are drawn.

    Raises:
        DataError: the digits have no labels, or another shape than the model's; or the run's own are to be drawn, and
            are gone.
        RunError: the model cannot be loaded, or the record of the validation rows is damaged.
    """
    if where is not None:
        return _on_data(run, where, skip_broken, pictures)
    ids, labels, probabilities = rows.validation(run.path)
    calibrated = calibration.cross_fitted(probabilities, labels)
    report = evaluation.evaluate(labels, calibrated)
    if pictures.suffix or pictures.look_inside:
        digits, about = _validated_on(run, ids), f"{run.name}, {run.record.recipe.name}"
        if pictures.suffix:
            histories = history.read_folds(run.path)
            evaluation.draw_learning(run.path, histories, run.record.kept, about, pictures.suffix)
            evaluation.draw_report(run.path, digits, calibrated, report, about, pictures.suffix)
        if pictures.look_inside:
            _draw_inside(load(run.path), run.path, digits, about, pictures)
    return Evaluation(report, f"its {report.rows:,} validation rows", run.path, 0, _warnings(run))


def data_of(run: Run, where: str | None = None) -> Digits:
    """The labelled digits of a run: those that it learned, and those that it was validated on.

    Args:
        run: whose.
        where: where they lie; None is where they were.

    Raises:
        DataError: they are gone, or not what they were.
    """
    record, where = run.record, where or run.record.data.path
    source = sources.load(where, image_shape=record.image_shape, skip_broken=record.plan.skip_broken)
    if source.train_sha256 != record.data.train_sha256:
        raise DataError(f"{where} is not the data that {run.name} was trained on.")
    return source.train


def _validated_on(run: Run, ids: NDArray[np.generic]) -> Digits:
    try:
        digits = data_of(run)
    except DataError as error:
        raise DataError(
            f"the pictures show the rows that {run.name} was validated on, and {error} Put them back, or draw others: "
            "--data WHERE."
        ) from None
    order = np.argsort(digits.ids)
    return digits.take(order[np.searchsorted(digits.ids, ids, sorter=order)])


def _draw_inside(model: Model, folder: Path, digits: Digits, about: str, pictures: Pictures) -> None:
    kernel = _first_kernel(model.run)
    evaluation.draw_inside(folder, model.probabilities, digits, kernel, about, pictures.suffix or ".png")


def _first_kernel(run: Run) -> NDArray[np.float32] | None:
    """The weights next to the pixels; None of a model that has none, or whose are no images."""
    if neural.FILE not in run.record.files:
        return None
    weights = neural.load(run.path, run.record).model.get_weights()
    first = next((one for one in weights if one.ndim in (2, 4)), None)
    pixels = math.prod(run.record.image_shape)
    drawable = first is not None and (first.ndim == 4 or len(first) in (pixels, math.isqrt(len(first)) ** 2))
    return first if drawable else None


def _on_data(run: Run, where: str, skip_broken: bool, pictures: Pictures) -> Evaluation:
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
    about = f"{run.name}, {run.record.recipe.name}, on {source.name}"
    evaluation.draw_report(folder, digits, probabilities, report, about, pictures.suffix or ".png")
    if pictures.look_inside:
        _draw_inside(model, folder, digits, about, pictures)
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
