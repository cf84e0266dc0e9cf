"""How a training went, epoch by epoch."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from kaggle_digits.evaluation.plots.style import (
    FOOT,
    TRAINING,
    VALIDATION,
    percent,
    place,
    plain,
    sheet,
    tick_percent,
)
from kaggle_digits.runs import Epoch

_LINES = (("training", "", TRAINING, "o"), ("validation", "val_", VALIDATION, "s"))
_MOST_MARKERS = 40  # more of them would run into one another
_WIDE = 8.0  # a largest value so many times the smallest flattens all the rest against the axis
_LEAST_LOSS = 1e-7  # as in the evaluation; zero has no place on a logarithmic axis
_LEAST_ERROR = 5e-4  # added to the error rate, so that 100 % has a place; finer differences are noise anyway
_ACCURACIES = (0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 1)


def learning_curves(history: Sequence[Epoch], kept: int) -> Figure:
    """Loss and accuracy over the epochs, training beside validation, with the epoch marked whose weights were kept.

    Where the first epochs are far off, the loss is drawn on a logarithmic axis and the accuracy on one that is
    logarithmic in the error rate, so that the last tenths of a percent remain readable.

    Args:
        history: at least one epoch.
        kept: the number of the epoch whose weights are the model's.
    """
    model = next(epoch for epoch in history if epoch.epoch == kept)
    figure, panels = _draw([history], (model.val_loss, model.val_accuracy), f"after epoch {kept}")
    for axes, measure in zip(panels, ("loss", "accuracy"), strict=True):
        if len(history) > 1:
            axes.axvline(kept, color="0.45", linestyle=":", zorder=0, label=f"kept: epoch {kept}")
        else:
            _write_values(axes, history[0], measure)
    _write_legend(figure, panels[0])
    return figure


def fold_curves(histories: Sequence[Sequence[Epoch]]) -> Figure:
    """As `learning_curves`, for folds: a line for their mean, and a band from the lowest to the highest.

    Args:
        histories: of each fold at least one epoch; some may have fewer than others.
    """
    last = [history[-1] for history in histories]
    means = float(np.mean([epoch.val_loss for epoch in last])), float(np.mean([epoch.val_accuracy for epoch in last]))
    of_folds = f", mean of {len(histories)} folds" if len(histories) > 1 else ""
    figure, panels = _draw(histories, means, f"after the last epoch{of_folds}")
    _write_legend(figure, panels[0])
    return figure


def _draw(histories: Sequence[Sequence[Epoch]], ends: tuple[float, float], when: str) -> tuple[Figure, list[Axes]]:
    figure = sheet(9.2, 4.25 + FOOT)
    loss, accuracy = (place(figure, left, FOOT + 0.87, 3.65, 2.85) for left in (0.85, 5.4))
    _draw_lines(loss, histories, "loss")
    _draw_lines(accuracy, histories, "accuracy")
    loss.set_ylabel("Cross-entropy (nats)")
    accuracy.set_ylabel("Accuracy")
    loss.set_title(f"Validation loss {ends[0]:.4f}\n{when}", fontsize=11)
    accuracy.set_title(f"Validation accuracy {percent(ends[1], 2)}\n{when}", fontsize=11)
    _stretch_loss(loss, _values(histories, "loss"))
    _stretch_accuracy(accuracy, _values(histories, "accuracy"))
    return figure, [loss, accuracy]


def _values(histories: Sequence[Sequence[Epoch]], measure: str) -> NDArray[np.float64]:
    """Float64 `(2, folds, epochs)`: a measure in training and in validation; NaN after a fold's last epoch."""
    return np.stack([by_epoch(histories, prefix + measure) for _, prefix, *_ in _LINES])


def by_epoch(histories: Sequence[Sequence[Epoch]], measure: str) -> NDArray[np.float64]:
    """Float64 `(folds, epochs)`: a measure of each epoch; NaN after a fold's last one."""
    values = np.full((len(histories), max(map(len, histories))), np.nan)
    for row, history in zip(values, histories, strict=True):
        row[: len(history)] = [getattr(epoch, measure) for epoch in history]
    return values


def draw_mean(axes: Axes, values: NDArray[np.float64], colour: Any, **style: Any) -> None:
    """A line for the mean of folds, `(folds, epochs)`, in a band from the lowest to the highest; or for one model."""
    epochs = range(1, values.shape[1] + 1)
    if len(values) == 1:
        axes.plot(epochs, values[0], color=colour, **style)
        return
    axes.plot(epochs, np.ma.masked_invalid(values).mean(axis=0).filled(np.nan), color=colour, **style)
    axes.fill_between(epochs, np.fmin.reduce(values), np.fmax.reduce(values), color=colour, alpha=0.18, linewidth=0)


def _draw_lines(axes: Axes, histories: Sequence[Sequence[Epoch]], measure: str) -> None:
    last = max(map(len, histories))
    for (label, _, colour, marker), values in zip(_LINES, _values(histories, measure), strict=True):
        draw_mean(axes, values, colour, label=label, marker=marker if last <= _MOST_MARKERS else "", markersize=4.5)
    axes.set(xlabel="Epoch", xlim=(0.5, last + max(0.5, 0.02 * last)))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    plain(axes)


def _write_values(axes: Axes, epoch: Epoch, measure: str) -> None:
    """Two points are no curve: each has its value beside it, training's to the left and validation's to the right."""
    for (_, prefix, colour, _), side, alignment in zip(_LINES, (-9, 9), ("right", "left"), strict=True):
        value = float(getattr(epoch, prefix + measure))
        text = percent(value, 2) if measure == "accuracy" else f"{value:.4f}"
        axes.annotate(
            text,
            (epoch.epoch, value),
            (side, 0),
            textcoords="offset points",
            color=colour,
            ha=alignment,
            va="center",
        )


def _write_legend(figure: Figure, axes: Axes) -> None:
    at = (0.5, (FOOT - 0.05) / figure.get_figheight())
    figure.legend(*axes.get_legend_handles_labels(), loc="lower center", bbox_to_anchor=at, ncols=3, frameon=False)


def _range(values: NDArray[np.float64]) -> tuple[float, float]:
    """The smallest and largest number; a training that went astray has losses that are none, or nothing but those."""
    return float(np.fmin.reduce(values.ravel())), float(np.fmax.reduce(values.ravel()))


def _stretch_loss(axes: Axes, losses: NDArray[np.float64]) -> None:
    lowest, highest = _range(np.maximum(losses, _LEAST_LOSS))
    if not highest > _WIDE * lowest:
        return
    axes.set(yscale="log", ylabel="Cross-entropy (nats, log scale)")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if highest < 2000 * lowest else (1,)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter("{x:g}")


def _stretch_accuracy(axes: Axes, accuracies: NDArray[np.float64]) -> None:
    """Draws accuracy so that 90 %, 99 % and 99.9 % are equally far apart, if the values need it."""

    def nines(accuracy: float | NDArray[np.float64]) -> Any:
        return -np.log10(np.maximum(1 + _LEAST_ERROR - accuracy, _LEAST_LOSS))

    def share(nines: float | NDArray[np.float64]) -> Any:
        return 1 + _LEAST_ERROR - 10.0**-nines

    axes.yaxis.set_major_formatter(tick_percent)
    lowest, highest = _range(accuracies)
    if not 1 + _LEAST_ERROR - lowest > _WIDE * (1 + _LEAST_ERROR - highest):
        return
    axes.set_yscale("function", functions=(nines, share))
    room = 0.06 * (nines(highest) - nines(lowest))
    axes.set_ylim(share(nines(lowest) - room), share(nines(highest) + room))
    axes.set_yticks([tick for tick in _ACCURACIES if lowest - 0.05 <= tick <= highest + 0.0005])
    axes.yaxis.set_major_formatter(tick_percent)
    axes.set_ylabel("Accuracy (stretched towards 100 %)")
