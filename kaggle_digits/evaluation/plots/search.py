"""What a search for better settings has tried, and what came of it."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kaggle_digits.evaluation.plots.style import (
    FOOT,
    PALE,
    TRAINING,
    VALIDATION,
    drawable,
    place,
    plain,
    sheet,
    tick_percent,
)

_COLUMNS = 4
_SLICE_WIDTH, _SLICE_HEIGHT = 2.75, 2.5
_WIDTH = 0.3 + _SLICE_WIDTH * _COLUMNS
_WIDE = 20.0  # a largest value so many times the smallest asks for a logarithmic axis

Value = float | int | str | bool


def search(
    values: Sequence[Mapping[str, Value]], accuracies: Sequence[float | None], importances: Mapping[str, float]
) -> Figure:
    """One sheet: the accuracy of every trial and the best so far; how much each setting matters; each by itself.

    Args:
        values: the settings of each trial, by name.
        accuracies: of each trial, 0 to 1; None where it was given up early or failed.
        importances: of each setting, shares that sum to 1; empty where too few trials tell.
    """
    done = [(tried, accuracy) for tried, accuracy in zip(values, accuracies, strict=True) if accuracy is not None]
    names = list(dict.fromkeys(name for tried in values for name in tried))
    lines = -(-len(names) // _COLUMNS)
    height = 3.75 + _SLICE_HEIGHT * lines + FOOT
    figure = sheet(_WIDTH, height)
    _draw_history(place(figure, 0.85, height - 3.2, 5.4, 2.75), accuracies)
    _draw_importances(place(figure, 8.2, height - 3.2, 2.9, 2.75), importances)
    for number, name in enumerate(names):
        left = 0.3 + _SLICE_WIDTH * (number % _COLUMNS) + 0.55
        bottom = height - 3.75 - _SLICE_HEIGHT * (number // _COLUMNS + 1) + 0.55
        axes = place(figure, left, bottom, _SLICE_WIDTH - 0.7, _SLICE_HEIGHT - 0.7)
        _draw_slice(axes, name, [(tried[name], accuracy) for tried, accuracy in done if name in tried])
    return figure


def _draw_history(axes: Axes, accuracies: Sequence[float | None]) -> None:
    numbers = np.array([number for number, accuracy in enumerate(accuracies, start=1) if accuracy is not None])
    reached = np.array([accuracy for accuracy in accuracies if accuracy is not None])
    axes.plot(numbers, reached, "o", color=PALE, label="a trial")
    axes.step(numbers, np.maximum.accumulate(reached), color=VALIDATION, where="post", label="best so far")
    given_up = len(accuracies) - len(reached)
    axes.set(title=f"{len(accuracies)} trials, {given_up} of them given up early", xlabel="Trial", ylabel="Accuracy")
    axes.set_xlim(0.5, len(accuracies) + 0.5)
    _show_the_better_half(axes, reached.tolist())
    axes.legend(frameon=False, loc="lower right")
    plain(axes)


def _draw_importances(axes: Axes, importances: Mapping[str, float]) -> None:
    axes.set_title("How much each setting matters")
    if importances:
        ordered = sorted(importances.items(), key=lambda item: item[1])
        axes.barh([drawable(name) for name, _ in ordered], [share for _, share in ordered], color=TRAINING)
        axes.xaxis.set_major_formatter(tick_percent)
    else:
        axes.text(0.5, 0.5, "too few trials to tell", ha="center", color=PALE, transform=axes.transAxes)
        axes.set(xticks=[], yticks=[])
    plain(axes)


def _draw_slice(axes: Axes, name: str, points: Sequence[tuple[Value, float]]) -> None:
    numbers = [value for value, _ in points if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) == len(points):
        places: Sequence[float | str] = numbers
        if numbers and min(numbers) > 0 and max(numbers) > _WIDE * min(numbers):
            axes.set_xscale("log")
    else:
        places = [drawable(str(value)) for value, _ in points]
    accuracies = [accuracy for _, accuracy in points]
    axes.scatter(places, accuracies, c=range(len(points)), cmap="Blues", vmin=-len(points), edgecolors="0.4", s=26)
    axes.set_title(drawable(name), fontsize=10)
    axes.tick_params(labelsize=8)
    _show_the_better_half(axes, accuracies)
    plain(axes)


def _show_the_better_half(axes: Axes, accuracies: Sequence[float]) -> None:
    """A trial that failed must not flatten those that are compared."""
    axes.yaxis.set_major_formatter(tick_percent)
    if len(accuracies) > 1:
        low, high = float(np.median(accuracies)), max(accuracies)
        room = max(high - low, 1e-3)
        axes.set_ylim(max(0.0, low - 1.2 * room), min(1.0, high + 0.3 * room))
