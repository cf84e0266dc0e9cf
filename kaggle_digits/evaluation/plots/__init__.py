"""Figures. A figure never holds the only copy of a number: each draws what a file of the run also says.

All are made without pyplot, whose windows and global state nobody needs here.
"""

from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.text import Text

from kaggle_digits.evaluation.plots.calibration import confidence
from kaggle_digits.evaluation.plots.comparison import compare_runs
from kaggle_digits.evaluation.plots.explanation import MOST_DIGITS, explanation
from kaggle_digits.evaluation.plots.galleries import gallery, mistakes, samples
from kaggle_digits.evaluation.plots.inside import filters, map_of_digits, where_it_looks
from kaggle_digits.evaluation.plots.learning import fold_curves, learning_curves
from kaggle_digits.evaluation.plots.matrix import confusion
from kaggle_digits.evaluation.plots.style import RIGHT, TRAINING, VALIDATION, WRONG, drawable
from kaggle_digits.evaluation.plots.tuning import tuning_history, tuning_importances, tuning_slices
from kaggle_digits.files import storage

__all__ = [
    "MOST_DIGITS",
    "RIGHT",
    "TRAINING",
    "VALIDATION",
    "WRONG",
    "compare_runs",
    "confidence",
    "confusion",
    "explanation",
    "filters",
    "fold_curves",
    "gallery",
    "learning_curves",
    "map_of_digits",
    "mistakes",
    "samples",
    "save",
    "tuning_history",
    "tuning_importances",
    "tuning_slices",
    "where_it_looks",
]

_DOTS_PER_INCH = 130


def save(figure: Figure, path: Path, about: str = "") -> None:
    """Writes a figure, whole or not at all.

    Args:
        figure: what to write.
        path: where to; the suffix says as what: .png, .svg or .pdf.
        about: the run that it tells of, written small into the lower right corner.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    width, height = figure.get_size_inches()
    corner = (1 - 0.1 / width, 0.07 / height)
    name = figure.text(*corner, drawable(about), fontsize=8, color="0.45", ha="right", va="bottom", parse_math=False)
    with storage.replacing(path) as temporary:
        figure.savefig(temporary, dpi=_DOTS_PER_INCH, format=path.suffix.removeprefix("."))
    name.remove()
    for text in figure.findobj(Text):
        vars(text)["_renderer"] = None  # several megabytes, which would wait for Python's garbage collector
