"""Figures. A figure never holds the only copy of a number: each draws what a file of the run also says.

All are made without pyplot, whose windows and global state nobody needs here.
"""

from pathlib import Path

from matplotlib.figure import Figure

from kaggle_digits.evaluation.plots.calibration import confidence
from kaggle_digits.evaluation.plots.explanation import explanation
from kaggle_digits.evaluation.plots.galleries import gallery, mistakes, samples
from kaggle_digits.evaluation.plots.learning import learning_curves
from kaggle_digits.evaluation.plots.matrix import confusion
from kaggle_digits.evaluation.plots.style import RIGHT, TRAINING, VALIDATION, WRONG
from kaggle_digits.files import storage

__all__ = [
    "RIGHT",
    "TRAINING",
    "VALIDATION",
    "WRONG",
    "confidence",
    "confusion",
    "explanation",
    "gallery",
    "learning_curves",
    "mistakes",
    "samples",
    "save",
]

_DOTS_PER_INCH = 130


def save(figure: Figure, path: Path) -> None:
    """Writes a figure as PNG, whole or not at all.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    with storage.replacing(path) as temporary:
        figure.savefig(temporary, dpi=_DOTS_PER_INCH)
