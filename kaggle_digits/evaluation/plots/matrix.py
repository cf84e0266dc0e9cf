"""Which digit is taken for which."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray

from kaggle_digits.evaluation.metrics import Report
from kaggle_digits.evaluation.plots.style import FOOT, RIGHT, percent, place, sheet

_SELDOM, _OFTEN = "#FDEBDD", "#F08A3C"  # both light enough for dark figures on them
_LEGEND = "In each cell: count, and share of the actual digit. Grey: right. Orange: wrong, the darker the more often."
_FEW = 4  # classes; with so few, cells are large
_RIGHT_CELL, _GRID = "#F0F0F0", "#D0D0D0"


def confusion(report: Report) -> Figure:
    """The confusion matrix with counts and the share of each row, actual labels down and predicted ones across.

    Errors have a colour scale of their own, so that the thousands on the diagonal do not drown them: the diagonal
    is grey, with recall as its share, and a cell that counts nothing is blank.
    """
    counts = np.array(report.confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    width, height = (9.8, 8.6) if len(counts) > _FEW else (8.6, 5.0)
    figure = sheet(width, height + FOOT)
    axes = place(figure, 0.6, 0.6 + FOOT, width - 2.05, height - 1.25)
    low, high = (percent(bound, 2) for bound in report.interval)
    title = f"Accuracy {percent(report.accuracy, 2)}, 95 % interval {low} to {high}, {report.rows:,} rows"
    axes.set_title(title, fontsize=14, pad=28)
    axes.annotate(_LEGEND, (0.5, 1), (0, 9), "axes fraction", "offset points", ha="center", fontsize=10.5, color=RIGHT)
    # Matplotlib would enlarge an image pixel by pixel, in 70 MB.
    edges = np.arange(len(counts) + 1) - 0.5
    axes.pcolormesh(edges, edges, _colours(shares))
    axes.invert_yaxis()
    _write_cells(axes, counts, shares)
    _name_sides(axes, counts)
    return figure


def _colours(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """float64 `(classes, classes, 3)`, red, green and blue from 0 to 1."""
    right = np.eye(len(shares), dtype=bool)
    highest = shares[~right].max(initial=0) or 1.0
    seldom, often = np.array(to_rgb(_SELDOM)), np.array(to_rgb(_OFTEN))
    colours: NDArray[np.float64] = seldom + (shares / highest)[..., None] * (often - seldom)
    colours[shares == 0] = 1
    colours[right] = to_rgb(_RIGHT_CELL)
    return colours


def _write_cells(axes: Axes, counts: NDArray[np.int64], shares: NDArray[np.float64]) -> None:
    size = 12 if len(counts) > _FEW else 20
    for row, column in zip(*counts.nonzero(), strict=True):
        style: dict[str, Any] = {"ha": "center", "color": RIGHT if row == column else "black"}
        lines = ((f"{counts[row, column]:,}", 0.15, size), (percent(float(shares[row, column]), 1), -1.1, 0.75 * size))
        for text, rise, points in lines:
            axes.annotate(text, (column, row), (0, rise * size), textcoords="offset points", fontsize=points, **style)


def _name_sides(axes: Axes, counts: NDArray[np.int64]) -> None:
    """Labels below and to the left; to the right, what each row comes to."""
    places = np.arange(len(counts))
    axes.set(xticks=places, yticks=places)
    axes.set_xlabel("Predicted", fontsize=13)
    axes.set_ylabel("Actual", fontsize=13)
    axes.tick_params(length=0, labelsize=13)
    axes.hlines(places[1:] - 0.5, -0.5, len(counts) - 0.5, color=_GRID, linewidth=0.8)
    axes.vlines(places[1:] - 0.5, -0.5, len(counts) - 0.5, color=_GRID, linewidth=0.8)
    axes.spines[:].set_color(_GRID)
    for label, (total, hits) in enumerate(zip(counts.sum(axis=1), counts.diagonal(), strict=True)):
        text = f"{total - hits:,} of {total:,} wrong"
        axes.text(len(counts) - 0.45, label, text, fontsize=9.5, color=RIGHT, va="center")
