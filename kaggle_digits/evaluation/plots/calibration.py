"""Whether a model knows when it is wrong."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from kaggle_digits.evaluation.intervals import wilson_interval
from kaggle_digits.evaluation.metrics import BINS, calibration_error, confidence_bins
from kaggle_digits.evaluation.plots.style import (
    FOOT,
    PALE,
    RIGHT,
    WRONG,
    counted,
    percent,
    place,
    plain,
    sheet,
    tick_percent,
)

_FEW = 20  # rows in a bin; the share right among fewer says little


def confidence(labels: NDArray[np.int64], probabilities: NDArray[np.float32]) -> Figure:
    """How sure the model is when right and when wrong, beside how often it is right when so sure.

    The labels are int64 `(n,)`, the probabilities float32 `(n, classes)`; each row sums to 1.
    """
    sure = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    figure = sheet(10.6, 4.9 + FOOT)
    distribution, reliability = (place(figure, left, FOOT + 0.95, 4.3, 3.35) for left in (0.85, 6.05))
    _draw_distribution(distribution, sure, right)
    _draw_reliability(reliability, sure, right)
    for axes in (distribution, reliability):
        axes.set(xlabel="How sure the model is: its probability for its answer", xlim=(0, 1))
        axes.xaxis.set_major_formatter(tick_percent)
        plain(axes)
        axes.legend(
            frameon=False,
            fontsize=9,
            loc="upper center",
            bbox_to_anchor=(0.5, -0.16),
            ncols=3,
            handlelength=1.5,
            columnspacing=1.2,
        )
    return figure


def _draw_distribution(axes: Axes, sure: NDArray[np.float32], right: NDArray[np.bool_]) -> None:
    """Bars side by side on a logarithmic axis: a handful wrong stays visible beside thousands right."""
    width = 0.42 / BINS
    for name, rows, colour, side in (("right", right, PALE, -0.5), ("wrong", ~right, WRONG, 0.5)):
        counts = np.bincount(confidence_bins(sure[rows]), minlength=BINS)
        typical = f", median {percent(float(np.median(sure[rows])), 1)}" if rows.any() else ""
        label = f"{rows.sum():,} {name}{typical}"
        axes.bar((np.arange(BINS) + 0.5) / BINS + side * width, counts, width, color=colour, label=label)
    axes.set_title(f"How sure, when right and when wrong\n{counted(len(sure), 'digit')}", fontsize=11)
    axes.set(ylabel="Digits (log scale)", yscale="log", ylim=(0.7, None))
    axes.yaxis.set_major_formatter("{x:,.0f}")


def _draw_reliability(axes: Axes, sure: NDArray[np.float32], right: NDArray[np.bool_]) -> None:
    """A point per bin, with the 95 % interval of its share."""
    axes.plot([0, 1], [0, 1], color="0.6", linestyle="--", zorder=1, label="just as it says")
    bins = confidence_bins(sure)
    rows = np.bincount(bins, minlength=BINS)
    hits = np.bincount(bins, weights=right, minlength=BINS).astype(np.float64)
    means = np.bincount(bins, weights=sure, minlength=BINS) / np.maximum(rows, 1)
    for label, chosen, colour in (
        (f"{_FEW} digits or more", rows >= _FEW, RIGHT),
        ("fewer: may be luck", (rows > 0) & (rows < _FEW), PALE),
    ):
        if chosen.any():
            shares = hits[chosen] / rows[chosen]
            bounds = [wilson_interval(int(hit), int(of)) for hit, of in zip(hits[chosen], rows[chosen], strict=True)]
            low, high = np.array(bounds).T
            reach = np.maximum([shares - low, high - shares], 0)  # rounding can leave a bound on the wrong side
            style: dict[str, Any] = {"color": colour, "elinewidth": 1.2, "capsize": 2, "label": label}
            axes.errorbar(means[chosen], shares, reach, fmt="o", clip_on=False, **style)
    off = f"on average {percent(calibration_error(sure, right), 2)} off the line: the calibration error"
    axes.set_title(f"When it says 90 %, is it right 9 times in 10?\n{off}", fontsize=11)
    axes.set(ylabel="Right, with 95 % interval", ylim=(0, 1))
    axes.yaxis.set_major_formatter(tick_percent)
