"""Digits in a grid, each with what it is and what the model says."""

import numpy as np
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from kaggle_digits.digits import Digits
from kaggle_digits.evaluation.plots.style import (
    FOOT,
    RIGHT,
    WRONG,
    canvas,
    counted,
    drawable,
    grid,
    probability,
    put_image,
    sheet,
)

_MOST = 32
_COLUMNS = 8
_ID_LETTERS = 13  # as many as fit above a digit; the end of a path says more than its beginning
_PITCH, _SIZE = 1.25, 1.03  # inches from one digit to the next, and of a digit
_LINE = 0.146  # inches of a line above a digit
_GAP = 0.06


def samples(digits: Digits, probabilities: NDArray[np.float32], seed: int = 0, count: int = _MOST) -> Figure:
    """Some random digits, as `gallery` shows them; the seed says which."""
    chosen = np.random.default_rng(seed).permutation(len(digits))[:count]
    return gallery(digits, probabilities, chosen, "Random digits: actual, predicted and its probability")


def mistakes(digits: Digits, probabilities: NDArray[np.float32]) -> Figure:
    """The most confident mistakes, the worst first, up to 32, in a `gallery`; or the good news that there are none."""
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != digits.known_labels)
    if not len(wrong):
        return _good_news(f"No mistakes: {counted(len(digits), 'digit')}, all labelled rightly.")
    worst_first = wrong[np.argsort(-probabilities[wrong].max(axis=1), kind="stable")]
    found = f"{counted(len(wrong), 'mistake')} among {counted(len(digits), 'digit')}"
    order = ", the most confident first" if len(wrong) > 1 else ""
    title = found + order if len(wrong) <= _MOST else f"The {_MOST} most confident of {found}"
    title += "\nId, actual, predicted and its probability"
    return gallery(digits, probabilities, worst_first[:_MOST], title, with_ids=True)


def gallery(
    digits: Digits,
    probabilities: NDArray[np.float32],
    rows: NDArray[np.intp],
    title: str,
    *,
    with_ids: bool = False,
) -> Figure:
    """Some digits in a grid, each with its actual and predicted label; wrong ones are framed and in orange.

    Args:
        digits: labelled digits.
        probabilities: float32 `(n, classes)` for the same rows.
        rows: int `(m,)`, the rows to show, in order.
        title: above the grid.
        with_ids: whether each digit's id is written above it.
    """
    if not len(rows):
        return _good_news(f"Nothing to show among {counted(len(digits), 'digit')}.")
    predicted, actual = probabilities[rows].argmax(axis=1), digits.known_labels[rows]
    wrong = predicted != actual
    if 0 < wrong.sum() < len(rows):  # only where the colour sets some digits apart from the others
        title += f"\nIn orange: predicted wrongly ({wrong.sum()} of {len(rows)})"
    columns = min(_COLUMNS, len(rows))
    rise = _SIZE + _GAP + _LINE * (3 if with_ids else 2) + 0.12
    width, head = _PITCH * max(columns, 6.4), 0.2 + 0.21 * (title.count("\n") + 1)
    height = head + rise * -(-len(rows) // columns) + FOOT
    figure = sheet(width, height)
    axes = canvas(figure)
    axes.text(width / 2, height - 0.1, title, fontsize=12, ha="center", va="top")
    frames = []
    for place, (row, corner) in enumerate(zip(rows, grid(figure, len(rows), columns, _PITCH, rise), strict=True)):
        left, bottom = corner[0] + (_PITCH - _SIZE) / 2, corner[1] + 0.06
        put_image(axes, digits.images[row], left, bottom, _SIZE)
        frames.append(Rectangle((left, bottom), _SIZE, _SIZE))
        axes.text(
            left + _SIZE / 2,
            bottom + _SIZE + _GAP,
            _caption(actual[place], predicted[place], probabilities[row].max(), digits.ids[row] if with_ids else None),
            fontsize=8.5,
            ha="center",
            va="bottom",
            color=WRONG if wrong[place] else RIGHT,
            fontweight="bold" if wrong[place] else "normal",
            parse_math=False,  # a file name may have two dollar signs, between which Matplotlib looks for a formula
        )
    edges, widths = np.where(wrong, WRONG, "0.85"), np.where(wrong, 2.5, 0.8)
    axes.add_collection(PatchCollection(frames, facecolor="none", edgecolor=edges, linewidth=widths, zorder=2))
    return figure


def _caption(actual: int, predicted: int, sure: float, name: object | None) -> str:
    lines = [f"actual {actual}", f"{'✓' if predicted == actual else '✗'} {predicted}  {probability(float(sure))}"]
    if name is not None:
        short = str(name) if len(str(name)) <= _ID_LETTERS else f"…{str(name)[1 - _ID_LETTERS :]}"
        lines.insert(0, drawable(short, "normal" if predicted == actual else "bold"))
    return "\n".join(lines)


def _good_news(text: str) -> Figure:
    figure = sheet(8, 2.4)
    figure.text(0.5, 0.5, text, fontsize=16, ha="center", va="center", color=RIGHT)
    return figure
