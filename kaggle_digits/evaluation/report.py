"""An evaluation on paper: report.json, and the pictures beside it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.digits import Digits
from kaggle_digits.evaluation.metrics import Report
from kaggle_digits.files import storage

FILE = "report.json"
_CARD = ("folds", "predicted_range", "contaminated")


def write_report(folder: Path, report: Report, record: Mapping[str, Any]) -> None:
    """Writes report.json: the numbers and, of a run in folds, the rest of its score card.

    Args:
        folder: where to; made if need be.
        report: its numbers.
        record: what is known of the run they are of, of which `folds`, `predicted_range` and `contaminated` are told
            as well; empty where they are of something else.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    card = {name: record[name] for name in _CARD if name in record}
    storage.write_text(folder / FILE, json.dumps({**report.as_json(), **card}, indent=2) + "\n")


def draw_report(folder: Path, digits: Digits, probabilities: NDArray[np.float32], report: Report) -> None:
    """Draws confusion.png, mistakes.png and confidence.png.

    Args:
        folder: where to.
        digits: labelled digits.
        probabilities: float32 `(n, classes)` for the same rows.
        report: what they are worth.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    from kaggle_digits.evaluation import plots  # with Matplotlib, which nobody waits for who draws nothing

    plots.save(plots.confusion(report), folder / "confusion.png")
    plots.save(plots.mistakes(digits, probabilities), folder / "mistakes.png")
    plots.save(plots.confidence(digits.known_labels, probabilities), folder / "confidence.png")
