"""Several runs in one picture."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter, MaxNLocator

from kaggle_digits.evaluation.plots.learning import by_epoch, draw_mean
from kaggle_digits.evaluation.plots.style import FOOT, PALE, RIGHT, drawable, percent, place, plain, sheet, tick_percent
from kaggle_digits.runs import Epoch

_MOST_COLOURS = 10  # that an eye tells apart
_COLUMNS = 3  # of names


def compare_runs(
    seconds: Mapping[str, float], accuracies: Mapping[str, float], histories: Mapping[str, Sequence[Sequence[Epoch]]]
) -> Figure:
    """Curves of some runs, and accuracy against seconds for all.

    Args:
        seconds: that each run took, by its name.
        accuracies: on validation or out of fold, 0 to 1, by the same names.
        histories: the epochs of those whose curves are drawn, fold by fold: folds are a line for their mean in a band
            from the lowest to the highest. None for a model without epochs.
    """
    others = [name for name in accuracies if name not in histories]
    named = [*histories, *others[: max(0, _MOST_COLOURS - len(histories))]]
    colours = dict(zip(named, colormaps["tab10"](np.arange(len(named)) % _MOST_COLOURS), strict=True))
    foot = FOOT + 0.24 * -(-(len(named) + 1) // _COLUMNS)
    figure = sheet(11.5, 4.7 + foot)
    curves, points = (place(figure, left, foot + 0.62, 4.6, 3.6) for left in (0.9, 6.55))
    for name, folds in histories.items():
        if folds:
            values = by_epoch(folds, "val_accuracy")
            draw_mean(curves, values, colours[name], marker="o" if values.shape[1] == 1 else "")
    curves.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    curves.set(title="Validation accuracy after each epoch", xlabel="Epoch")
    _zoom_in(curves, [epoch.val_accuracy for folds in histories.values() for fold in folds for epoch in fold])
    _draw_points(points, seconds, accuracies, colours)
    for axes in (curves, points):
        axes.yaxis.set_major_formatter(tick_percent)
        plain(axes)
    at = (0.5, (FOOT - 0.05) / figure.get_figheight())
    style: dict[str, Any] = {"ncols": _COLUMNS, "frameon": False, "fontsize": 9, "handletextpad": 0.2}
    figure.legend(*points.get_legend_handles_labels(), loc="lower center", bbox_to_anchor=at, **style)
    return figure


def _zoom_in(axes: Axes, accuracies: Sequence[float]) -> None:
    """A first epoch far below all others must not flatten what is compared: the upper three quarters fill the axis."""
    if not accuracies:
        axes.text(0.5, 0.5, "these models have no epochs", color=RIGHT, ha="center", transform=axes.transAxes)
        return
    low, high = float(np.quantile(accuracies, 0.25)), max(accuracies)
    room = max(high - low, 1e-3)
    axes.set_ylim(max(0.0, low - 0.6 * room), min(1.0, high + 0.15 * room))


def _draw_points(
    axes: Axes, seconds: Mapping[str, float], accuracies: Mapping[str, float], colours: Mapping[str, object]
) -> None:
    unnamed = [name for name in accuracies if name not in colours]
    if unnamed:
        places = [seconds[name] for name in unnamed], [accuracies[name] for name in unnamed]
        axes.plot(*places, "o", color=PALE, markersize=5, label=f"{len(unnamed)} others")
    for name in sorted(colours, key=lambda name: -accuracies[name]):
        label = f"{percent(accuracies[name], 2)}  {drawable(name)}"
        axes.plot(seconds[name], accuracies[name], "o", color=colours[name], markersize=8, label=label)
    axes.set(title="Accuracy and the time it took", xlabel="Seconds (log scale)", xscale="log")
    axes.margins(x=0.08, y=0.12)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(LogFormatter(minor_thresholds=(2, 0.4)))  # between 10 and 100 s: 20, 30, 50
