"""How a training went, epoch by epoch."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from kaggle_digits.evaluation.plots.style import TRAINING, VALIDATION, percent, plain, sheet, tick_percent
from kaggle_digits.runs import Epoch

_LINES = (("training", "", TRAINING, "o"), ("validation", "val_", VALIDATION, "s"))
_MOST_MARKERS = 40  # more of them would run into one another
_WIDE = 8.0  # a largest value so many times the smallest flattens all the rest against the axis
_LEAST_LOSS = 1e-7  # as in the evaluation; zero has no place on a logarithmic axis
_LEAST_ERROR = 5e-4  # added to the error rate, so that 100 % has a place; finer differences are noise anyway
_ACCURACIES = (0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 1)


def learning_curves(history: list[Epoch], kept: int) -> Figure:
    """Loss and accuracy over the epochs, training beside validation, with the epoch marked whose weights were kept.

    Where the first epochs are far off, the loss is drawn on a logarithmic axis and the accuracy on one that is
    logarithmic in the error rate, so that the last tenths of a percent remain readable.

    Args:
        history: at least one epoch.
        kept: the number of the epoch whose weights are the model's.
    """
    figure = sheet(9.2, 4.2)
    model = next(epoch for epoch in history if epoch.epoch == kept)
    loss, accuracy = figure.subplots(1, 2)
    _draw(loss, history, "loss", kept)
    _draw(accuracy, history, "accuracy", kept)
    loss.set(title=f"Loss: {model.val_loss:.4f} at the epoch kept", ylabel="Cross-entropy (nats)")
    accuracy.set(title=f"Accuracy: {percent(model.val_accuracy, 2)} at the epoch kept", ylabel="Accuracy")
    _stretch_loss(loss, _values(history, "loss"))
    _stretch_accuracy(accuracy, _values(history, "accuracy"))
    figure.legend(*loss.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
    return figure


def _values(history: list[Epoch], measure: str) -> NDArray[np.float64]:
    """Float64 `(2, epochs)`: a measure in training and in validation."""
    return np.array([[getattr(epoch, prefix + measure) for epoch in history] for _, prefix, *_ in _LINES], np.float64)


def _draw(axes: Axes, history: list[Epoch], measure: str, kept: int) -> None:
    epochs = [epoch.epoch for epoch in history]
    marked = len(epochs) <= _MOST_MARKERS
    for (label, _, colour, marker), values in zip(_LINES, _values(history, measure), strict=True):
        axes.plot(epochs, values, color=colour, label=label, marker=marker if marked else "", markersize=4.5)
    axes.axvline(kept, color="0.45", linestyle=":", zorder=0, label=f"kept: epoch {kept}")
    axes.set(xlabel="Epoch", xlim=(epochs[0] - 0.5, epochs[-1] + max(0.5, 0.02 * len(epochs))))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    plain(axes)


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
