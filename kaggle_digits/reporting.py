"""An evaluation on paper: report.json, and the pictures beside it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from kaggle_digits import evaluation, plots, storage
from kaggle_digits.digits import Digits
from kaggle_digits.evaluation import Report

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FILE = "report.json"


def write(folder: Path, digits: Digits, probabilities: "NDArray[np.float32]") -> Report:
    """Judges probabilities, and writes report.json.

    Args:
        folder: where to; made if need be.
        digits: labelled digits.
        probabilities: float32 `(n, classes)` for the same rows.

    Returns:
        The numbers.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    report = evaluation.evaluate(digits.known_labels, probabilities)
    storage.write_text(folder / FILE, json.dumps(report.as_json(), indent=2) + "\n")
    return report


def draw(folder: Path, digits: Digits, probabilities: "NDArray[np.float32]", report: Report) -> None:
    """Draws confusion.png, mistakes.png and confidence.png.

    Args:
        folder: where to.
        digits: labelled digits.
        probabilities: float32 `(n, classes)` for the same rows.
        report: what `write` found in them.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    plots.save(plots.confusion(report), folder / "confusion.png")
    plots.save(plots.mistakes(digits, probabilities), folder / "mistakes.png")
    plots.save(plots.confidence(digits.known_labels, probabilities), folder / "confidence.png")
