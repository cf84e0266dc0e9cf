"""What a search for better values has tried, and what came of it."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter

from kaggle_digits.evaluation.plots.style import (
    FOOT,
    PALE,
    RIGHT,
    TRAINING,
    VALIDATION,
    counted,
    drawable,
    grid,
    place,
    plain,
    sheet,
    tick_percent,
)

_COLUMNS = 3
_SLICE_WIDTH, _SLICE_HEIGHT = 3.2, 2.9
_WIDE = 10.0  # a largest value so many times the smallest asks for a logarithmic axis

Value = float | int | str | bool | None


def tuning_history(accuracies: Sequence[float]) -> Figure:
    """The accuracy, 0 to 1, of each trial that was trained to its end, in their order, and the best so far."""
    figure = sheet(8.0, 4.2 + FOOT)
    axes = place(figure, 0.95, FOOT + 0.6, 6.8, 3.1)
    numbers = range(1, len(accuracies) + 1)
    axes.plot(numbers, accuracies, "o", color=PALE, label="a trial")
    axes.step(numbers, np.maximum.accumulate(accuracies), color=VALIDATION, where="post", label="best so far")
    axes.set(title=counted(len(accuracies), "trial"), xlabel="Trial", ylabel="Accuracy on the rows that compare")
    axes.set_xlim(0.5, len(accuracies) + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    _show_the_better_half(axes, accuracies)
    axes.legend(frameon=False, loc="lower right")
    return figure


def tuning_importances(importances: Mapping[str, float]) -> Figure:
    """How much each value matters, the most important first: shares that sum to 1, by name."""
    figure = sheet(8.0, 1.5 + 0.42 * len(importances) + FOOT)
    axes = place(figure, 1.9, FOOT + 0.65, 5.8, 0.3 + 0.42 * len(importances))
    ordered = sorted(importances.items(), key=lambda item: item[1])
    bars = axes.barh([drawable(name) for name, _ in ordered], [share for _, share in ordered], color=TRAINING)
    axes.bar_label(bars, [f"{share:.0%}" for _, share in ordered], padding=4, color=RIGHT)
    axes.set(title="How much each value matters", xlabel="Share of the differences between trials that it explains")
    axes.set_xlim(0, 1.12 * max(importances.values(), default=1.0))
    axes.xaxis.set_major_formatter(tick_percent)
    plain(axes)
    return figure


def tuning_slices(values: Mapping[str, Sequence[Value]], accuracies: Sequence[float]) -> Figure:
    """Accuracy, 0 to 1, against each value by itself, of each trial; the later a trial, the darker its point."""
    lines, columns = -(-len(values) // _COLUMNS), min(_COLUMNS, max(len(values), 1))
    height = 0.55 + _SLICE_HEIGHT * lines + FOOT
    width = max(_SLICE_WIDTH * columns, 6.4)
    figure = sheet(width, height)
    title = "Accuracy against each value; the later a trial, the darker its point"
    figure.text(0.5, 1 - 0.14 / height, title, fontsize=12, ha="center", va="top")
    cells = grid(figure, len(values), columns, _SLICE_WIDTH, _SLICE_HEIGHT)
    for (name, tried), (left, bottom) in zip(values.items(), cells, strict=True):
        _draw_slice(
            place(figure, left + 0.75, bottom + 0.35, _SLICE_WIDTH - 0.95, _SLICE_HEIGHT - 0.8), name, tried, accuracies
        )
    return figure


def _draw_slice(axes: Axes, name: str, tried: Sequence[Value], accuracies: Sequence[float]) -> None:
    numbers = [float(value) for value in tried if isinstance(value, int | float) and not isinstance(value, bool)]
    places: Sequence[float | str] = numbers
    if len(numbers) < len(tried):
        places = [drawable(str(value)) for value in tried]
    elif min(numbers, default=0) > 0 and max(numbers) > _WIDE * min(numbers):
        axes.set_xscale("log")
        axes.xaxis.set_minor_formatter(NullFormatter())
    else:
        axes.xaxis.set_major_locator(MaxNLocator(4))
    order = np.arange(len(tried))
    axes.scatter(places, accuracies, c=order, cmap="Blues", vmin=-len(tried) / 2, edgecolors="0.4", s=30)
    axes.margins(x=0.12)
    axes.set_title(drawable(name), fontsize=10.5)
    axes.tick_params(labelsize=8.5)
    _show_the_better_half(axes, accuracies)


def _show_the_better_half(axes: Axes, accuracies: Sequence[float]) -> None:
    """A trial that failed must not flatten those that are compared."""
    axes.yaxis.set_major_formatter(tick_percent)
    plain(axes)
    if len(accuracies):
        low, high = float(np.median(accuracies)), max(accuracies)
        room = max(high - low, 1e-3)
        axes.set_ylim(max(0.0, low - 1.2 * room), min(1.0, high + 0.3 * room))
