"""An evaluation on paper: report.json, and the pictures beside it.

Every function raises `StorageError` where the folder cannot be written, or the disk is full.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.digits import Digits
from kaggle_digits.evaluation import inside
from kaggle_digits.evaluation.metrics import Report
from kaggle_digits.files import storage
from kaggle_digits.runs import Epoch

FILE = "report.json"
_LOOKED_AT, _MOST_ON_MAP = 16, 1000
_CARD = ("folds", "predicted_range", "contaminated")


def write_report(folder: Path, report: Report, record: Mapping[str, Any]) -> None:
    """Writes report.json: the numbers and, from a run's record, `folds`, `predicted_range` and `contaminated`."""
    card = {name: record[name] for name in _CARD if name in record}
    storage.write_text(folder / FILE, json.dumps({**report.as_json(), **card}, indent=2) + "\n")


def draw_report(
    folder: Path,
    digits: Digits,
    probabilities: NDArray[np.float32],
    report: Report,
    about: str = "",
    suffix: str = ".png",
) -> None:
    """Draws confusion.png, mistakes.png, confidence.png and samples.png.

    Args:
        folder: where to.
        digits: labelled digits.
        probabilities: float32 `(n, classes)` for the same rows.
        report: what they are worth.
        about: the run, and what it was judged on; written small below each picture.
        suffix: what the files are: .png, .svg or .pdf.
    """
    from kaggle_digits.evaluation import plots  # with Matplotlib, which nobody waits for who draws nothing

    plots.save(plots.confusion(report), folder / f"confusion{suffix}", about)
    plots.save(plots.mistakes(digits, probabilities), folder / f"mistakes{suffix}", about)
    plots.save(plots.confidence(digits.known_labels, probabilities), folder / f"confidence{suffix}", about)
    plots.save(plots.samples(digits, probabilities), folder / f"samples{suffix}", about)


def draw_learning(
    folder: Path, histories: Sequence[Sequence[Epoch]], kept: int, about: str = "", suffix: str = ".png"
) -> None:
    """Draws loss.png: curves of one model, which kept the weights of an epoch, or of all folds, where that is 0."""
    from kaggle_digits.evaluation import plots

    if histories:
        figure = plots.learning_curves(histories[0], kept) if kept else plots.fold_curves(histories)
        plots.save(figure, folder / f"loss{suffix}", about)


def draw_inside(
    folder: Path,
    answer: inside.Answer,
    digits: Digits,
    kernel: NDArray[np.float32] | None = None,
    about: str = "",
    suffix: str = ".png",
) -> None:
    """Draws looks.png, map.png and, of a network, filters.png: what the model has made of the digits.

    Args:
        folder: where to.
        answer: the model's `probabilities`.
        digits: labelled digits.
        kernel: the first weights of a network, see `inside.first_filters`; None is a model that has none.
        about: as for `draw_report`.
        suffix: as for `draw_report`.
    """
    from kaggle_digits.evaluation import plots

    some = digits.take(np.random.default_rng(0).permutation(len(digits))[:_MOST_ON_MAP])
    probabilities = answer(some.images)
    predicted = probabilities.argmax(axis=1)
    wrong_first = np.argsort(predicted == some.known_labels, kind="stable")
    wrong = int((predicted != some.known_labels).sum())
    few = wrong_first[max(0, wrong - _LOOKED_AT // 2) :][:_LOOKED_AT]
    maps = np.stack([inside.occlusion(answer, image) for image in some.images[few]])
    plots.save(plots.where_it_looks(some.take(few), probabilities[few], maps), folder / f"looks{suffix}", about)
    if kernel is not None:
        plots.save(plots.filters(inside.first_filters(kernel, digits.image_shape)), folder / f"filters{suffix}", about)
    points = inside.arrange(np.log(np.maximum(probabilities, 1e-7)), "tsne")
    plots.save(plots.map_of_digits(points, some.known_labels, predicted), folder / f"map{suffix}", about)
