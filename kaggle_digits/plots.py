"""Figures. A figure never holds the only copy of a number: each draws what a file of the run also says."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kaggle_digits import storage
from kaggle_digits.classifiers import Epoch
from kaggle_digits.digits import Digits

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

# Two hues that stay apart for colour-blind eyes and in grey print: M. Okabe, K. Ito, Color Universal Design, 2008.
TRAINING, VALIDATION = "#0072B2", "#D55E00"
RIGHT, WRONG = "#4d4d4d", "#C1121F"
_DOTS_PER_INCH = 130


def save(figure: "Figure", path: Path) -> None:
    """Writes a figure as PNG, whole or not at all.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    with storage.replacing(path) as temporary:
        figure.savefig(temporary, dpi=_DOTS_PER_INCH)


def learning_curves(history: list[Epoch]) -> "Figure":
    """Loss and accuracy over the epochs, training beside validation, with the best epoch marked.

    Args:
        history: at least one epoch.
    """
    figure = _figure(9, 3.8)
    best = max(history, key=lambda epoch: (epoch.val_accuracy, -epoch.val_loss))
    panels = (
        ("loss", "Cross-entropy (nats)", f"Loss: {best.val_loss:.4f} at the epoch kept"),
        ("accuracy", "Share right", f"Accuracy: {best.val_accuracy:.2%} at the epoch kept"),
    )
    for axes, (measure, unit, title) in zip(figure.subplots(1, 2), panels, strict=True):
        epochs = [epoch.epoch for epoch in history]
        lines = (("training", measure, TRAINING, "o-"), ("validation", f"val_{measure}", VALIDATION, "s-"))
        for label, name, colour, style in lines:
            axes.plot(epochs, [getattr(e, name) for e in history], style, color=colour, label=label, markersize=4)
        axes.axvline(best.epoch, color="0.6", linestyle=":", zorder=0, label=f"kept: epoch {best.epoch}")
        axes.set(title=title, xlabel="Epoch", ylabel=unit)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(color="0.92")
        axes.legend(frameon=False)
    return figure


def samples(digits: Digits, probabilities: "NDArray[np.float32]", seed: int, count: int = 32) -> "Figure":
    """Random digits with what they are and what the model says, and how sure it is.

    Args:
        digits: labelled digits.
        probabilities: float32 `(n, classes)` for the same rows.
        seed: which digits are drawn.
        count: how many at most.
    """
    import numpy as np

    chosen = np.random.default_rng(seed).permutation(len(digits))[:count]
    return gallery(digits, probabilities, chosen, "Random validation digits: actual, predicted and its probability")


def gallery(digits: Digits, probabilities: "NDArray[np.float32]", rows: "NDArray[np.intp]", title: str) -> "Figure":
    """Some digits in a grid, each with its actual and predicted label; wrong ones are framed and in red.

    Args:
        digits: labelled digits.
        probabilities: float32 `(n, classes)` for the same rows.
        rows: int `(m,)`, the rows to show, in order.
        title: above the grid.
    """
    columns = min(8, max(1, len(rows)))
    lines = -(-len(rows) // columns)
    figure = _figure(1.22 * max(columns, 5), 0.45 + 1.42 * lines)
    figure.suptitle(title, fontsize=11)
    for place, axes in enumerate(figure.subplots(lines, columns, squeeze=False).flat):
        axes.set(xticks=[], yticks=[])
        if place >= len(rows):
            axes.set_visible(False)
            continue
        row = rows[place]
        _show_digit(axes, digits.images[row])
        _caption(axes, int(digits.known_labels[row]), probabilities[row])
    return figure


def _show_digit(axes: "Axes", image: "NDArray[np.uint8]") -> None:
    axes.imshow(image, cmap="gray_r", vmin=0, vmax=255)


def _caption(axes: "Axes", actual: int, probabilities: "NDArray[np.float32]") -> None:
    predicted = int(probabilities.argmax())
    wrong = predicted != actual
    colour = WRONG if wrong else RIGHT
    mark = "\u2717" if wrong else "\u2713"
    axes.set_title(
        f"actual {actual}\n{mark} {predicted}  {_percent(float(probabilities[predicted]))}",
        fontsize=8,
        color=colour,
        fontweight="bold" if wrong else "normal",
    )
    for spine in axes.spines.values():
        spine.set(color=colour if wrong else "0.85", linewidth=2.5 if wrong else 0.8)


def _percent(share: float) -> str:
    """99.96 % is not 100 %: a probability is only called certain when it is."""
    return f"{share:.0%}" if share < 0.995 else f"{share:.1%}" if share < 0.9995 else "> 99.9%"


def _figure(width: float, height: float) -> "Figure":
    """A figure of so many inches, made without pyplot, whose windows and global state nobody needs here."""
    from matplotlib.figure import Figure

    options: dict[str, Any] = {"figsize": (width, height), "layout": "constrained", "facecolor": "white"}
    return Figure(**options)
