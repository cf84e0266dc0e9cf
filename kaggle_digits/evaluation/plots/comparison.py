"""Several runs in one picture."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kaggle_digits.evaluation.plots.style import FOOT, PALE, RIGHT, drawable, place, plain, sheet, tick_percent
from kaggle_digits.runs import Epoch

_MOST_NAMES = 14  # beside the points; more would run into one another


def compare_runs(
    seconds: Mapping[str, float], accuracies: Mapping[str, float], histories: Mapping[str, Sequence[Epoch]]
) -> Figure:
    """Curves of some runs, and accuracy against seconds for all.

    Args:
        seconds: that each run took, by its name.
        accuracies: on validation or out of fold, 0 to 1, by the same names.
        histories: the epochs of those whose curves are drawn; none for a model without epochs.
    """
    shown = [name for name in accuracies if name in histories]
    colours = dict(zip(shown, colormaps["tab10"](np.arange(len(shown)) % 10), strict=True))
    figure = sheet(11.5, 4.75 + FOOT)
    curves, points = (place(figure, left, FOOT + 0.65, 4.6, 3.6) for left in (0.9, 6.55))
    for name in shown:
        history = histories[name]
        epochs, values = [epoch.epoch for epoch in history], [epoch.val_accuracy for epoch in history]
        marker = "o" if len(history) < 2 else ""
        curves.plot(epochs, values, marker=marker, color=colours[name], label=drawable(name).lstrip("_"))
    curves.set(title="Validation accuracy after each epoch", xlabel="Epoch")
    _zoom_in(curves, [epoch.val_accuracy for name in shown for epoch in histories[name]])
    if any(histories[name] for name in shown):
        curves.legend(frameon=False, fontsize=8.5, loc="lower right")
    else:
        curves.text(0.5, 0.5, "no epochs to draw", color=RIGHT, ha="center", transform=curves.transAxes)
    _draw_points(points, seconds, accuracies, colours)
    for axes in (curves, points):
        axes.yaxis.set_major_formatter(tick_percent)
        plain(axes)
    return figure


def _zoom_in(axes: Axes, accuracies: Sequence[float]) -> None:
    """A first epoch far below all others must not flatten what is compared: the upper three quarters fill the axis."""
    if len(accuracies) > 1:
        low, high = float(np.quantile(accuracies, 0.25)), max(accuracies)
        room = max(high - low, 1e-3)
        axes.set_ylim(max(0.0, low - 0.6 * room), min(1.0, high + 0.15 * room))


def _draw_points(
    axes: Axes, seconds: Mapping[str, float], accuracies: Mapping[str, float], colours: Mapping[str, object]
) -> None:
    axes.set(title="Accuracy and the time it took", xlabel="Seconds (log scale)", xscale="log")
    names = list(accuracies)
    named = set(names if len(names) <= _MOST_NAMES else colours)
    for number, name in enumerate(sorted(names, key=lambda name: seconds[name])):
        at = max(seconds[name], 0.1), accuracies[name]
        axes.plot(*at, "o", color=colours.get(name, PALE), markersize=7)
        if name in named:
            # Above and below by turns, or neighbours would run into one another; inwards, or the edge would cut them off.
            right = 2 * number >= len(names)
            offset = (-7 if right else 7, 4 if number % 2 else -11)
            style: dict[str, Any] = {"fontsize": 8, "color": RIGHT, "ha": "right" if right else "left"}
            axes.annotate(drawable(name), at, offset, textcoords="offset points", parse_math=False, **style)
    axes.margins(x=0.1, y=0.12)
    axes.xaxis.set_major_formatter("{x:g}")
