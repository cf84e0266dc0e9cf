"""Whether a model knows when it is wrong."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from kaggle_digits.evaluation.intervals import wilson_interval
from kaggle_digits.evaluation.metrics import BINS, calibration_error, confidence_bins
from kaggle_digits.evaluation.plots.style import RIGHT, WRONG, percent, plain, sheet, tick_percent

_FEW = 20  # rows in a bin; the share right among fewer says little
_RIGHT_BARS = "0.68"


def confidence(labels: NDArray[np.int64], probabilities: NDArray[np.float32]) -> Figure:
    """How sure the model is when right and when wrong, beside how often it is right when so sure.

    Args:
        labels: int64 `(n,)`, the truth.
        probabilities: float32 `(n, classes)`, each row sums to 1.
    """
    sure = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    figure = sheet(10.6, 5.0)
    distribution, reliability = figure.subplots(1, 2)
    _draw_distribution(distribution, sure, right)
    _draw_reliability(reliability, sure, right)
    for axes in (distribution, reliability):
        axes.set(xlabel="Confidence: probability of the predicted label", xlim=(-0.02, 1.02))
        axes.xaxis.set_major_formatter(tick_percent)
        plain(axes)
        axes.legend(
            frameon=False,
            fontsize=9,
            loc="upper center",
            bbox_to_anchor=(0.5, -0.12),
            ncols=3,
            handlelength=1.5,
            columnspacing=1.2,
        )
    return figure


def _draw_distribution(axes: Axes, sure: NDArray[np.float32], right: NDArray[np.bool_]) -> None:
    """Bars side by side on a logarithmic axis: a handful wrong stays visible beside thousands right."""
    width = 0.42 / BINS
    for name, rows, colour, side in (("right", right, _RIGHT_BARS, -0.5), ("wrong", ~right, WRONG, 0.5)):
        counts = np.bincount(confidence_bins(sure[rows]), minlength=BINS)
        typical = f", median {percent(float(np.median(sure[rows])), 1)}" if rows.any() else ""
        label = f"{name}: {rows.sum():,}{typical}"
        axes.bar((np.arange(BINS) + 0.5) / BINS + side * width, counts, width, color=colour, label=label)
    axes.set(title="How sure, when right and when wrong", ylabel="Rows (log scale)", yscale="log", ylim=(0.7, None))
    axes.yaxis.set_major_formatter("{x:,.0f}")


def _draw_reliability(axes: Axes, sure: NDArray[np.float32], right: NDArray[np.bool_]) -> None:
    """A point per bin with the 95 % interval of its share, and below it the number of its rows."""
    axes.plot([0, 1], [0, 1], color="0.6", linestyle="--", zorder=1, label="as sure as right")
    bins = confidence_bins(sure)
    rows = np.bincount(bins, minlength=BINS)
    hits = np.bincount(bins, weights=right, minlength=BINS).astype(np.float64)
    means = np.bincount(bins, weights=sure, minlength=BINS) / np.maximum(rows, 1)
    for label, chosen, colour in (
        (f"{_FEW} rows or more", rows >= _FEW, RIGHT),
        ("fewer: says little", (rows > 0) & (rows < _FEW), _RIGHT_BARS),
    ):
        if chosen.any():
            _draw_bins(axes, means[chosen], hits[chosen], rows[chosen], label, colour)
    _write_counts(axes, rows)
    title = f"Reliability: expected calibration error {percent(calibration_error(sure, right), 2)}"
    axes.set(title=title, ylabel="Accuracy in the bin, with 95 % interval", ylim=(-0.16, 1.03))
    axes.yaxis.set_major_formatter(tick_percent)


def _write_counts(axes: Axes, rows: NDArray[np.int64]) -> None:
    style: dict[str, Any] = {"fontsize": 8, "va": "center", "color": RIGHT}
    axes.text(-0.01, -0.1, "rows", **style)
    for number in rows.nonzero()[0]:
        height = -0.125 if number % 2 else -0.075  # by turns, or thousands would run into one another
        axes.text((number + 0.5) / BINS, height, f"{rows[number]:,}", ha="center", **style)


def _draw_bins(
    axes: Axes,
    means: NDArray[np.float64],
    hits: NDArray[np.float64],
    rows: NDArray[np.int64],
    label: str,
    colour: str,
) -> None:
    shares = hits / rows
    low, high = np.array([wilson_interval(int(hit), int(of)) for hit, of in zip(hits, rows, strict=True)]).T
    reach = np.maximum([shares - low, high - shares], 0)  # rounding can leave a bound on the wrong side of 0 or 1
    axes.errorbar(means, shares, reach, fmt="o", color=colour, elinewidth=1.2, capsize=2, label=label)
