"""Digits in a grid, each with what it is and what the model says."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from numpy.typing import NDArray

from kaggle_digits.digits import Digits
from kaggle_digits.evaluation.plots.style import RIGHT, WRONG, counted, percent, sheet

_MOST = 32
_COLUMNS = 8
_ID_LETTERS = 13  # as many as fit above a digit; the end of a path says more than its beginning


def samples(digits: Digits, probabilities: NDArray[np.float32], seed: int, count: int = _MOST) -> Figure:
    """Random digits with what they are and what the model says, and how sure it is.

    Args:
        digits: labelled digits.
        probabilities: float32 `(n, classes)` for the same rows.
        seed: which digits are drawn.
        count: how many at most.
    """
    chosen = np.random.default_rng(seed).permutation(len(digits))[:count]
    return gallery(digits, probabilities, chosen, "Random validation digits: actual, predicted and its probability")


def mistakes(digits: Digits, probabilities: NDArray[np.float32]) -> Figure:
    """The most confident mistakes, the worst first, up to 32; or the good news that there are none.

    Args:
        digits: labelled digits.
        probabilities: float32 `(n, classes)` for the same rows.
    """
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
    columns = min(_COLUMNS, len(rows))
    lines = -(-len(rows) // columns)
    figure = sheet(1.25 * max(columns, 6.4), 0.6 + (1.62 if with_ids else 1.48) * lines)
    figure.suptitle(title + _meaning_of_orange(digits, probabilities, rows), fontsize=12)
    for place, axes in enumerate(figure.subplots(lines, columns, squeeze=False).flat):
        axes.set(xticks=[], yticks=[])
        if place >= len(rows):
            axes.set_visible(False)
            continue
        row = rows[place]
        axes.imshow(digits.images[row], cmap="gray_r", vmin=0, vmax=255)
        _caption(axes, int(digits.known_labels[row]), probabilities[row], str(digits.ids[row]) if with_ids else "")
    return figure


def _meaning_of_orange(digits: Digits, probabilities: NDArray[np.float32], rows: NDArray[np.intp]) -> str:
    """Said only where the colour sets some digits apart from the others."""
    wrong = int((probabilities[rows].argmax(axis=1) != digits.known_labels[rows]).sum())
    return f"\nIn orange: predicted wrongly ({wrong} of {len(rows)})" if 0 < wrong < len(rows) else ""


def _caption(axes: Axes, actual: int, probabilities: NDArray[np.float32], name: str) -> None:
    predicted = int(probabilities.argmax())
    wrong = predicted != actual
    colour = WRONG if wrong else RIGHT
    lines = [
        f"actual {actual}",
        f"{'✗' if wrong else '✓'} {predicted}  {_probability(float(probabilities[predicted]))}",
    ]
    weight = "bold" if wrong else "normal"
    if name:
        short = name if len(name) <= _ID_LETTERS else f"…{name[1 - _ID_LETTERS :]}"
        lines.insert(0, _drawable(short, weight))
    # A file name may have two dollar signs, between which Matplotlib would look for a formula.
    axes.set_title("\n".join(lines), fontsize=8.5, color=colour, fontweight=weight, parse_math=False)
    for spine in axes.spines.values():
        spine.set(color=colour if wrong else "0.85", linewidth=2.5 if wrong else 0.8)


def _drawable(name: str, weight: str) -> str:
    """A name with a question mark for each character that the font lacks: Matplotlib warns of every one."""
    font = get_font(findfont(FontProperties(weight=weight)))
    return "".join(character if font.get_char_index(ord(character)) else "?" for character in name)


def _probability(share: float) -> str:
    """99.96 % is not 100 %, and neither is a softmax that float32 rounds to 1: none is ever called certain."""
    return percent(min(share, 0.9999), 0 if share < 0.995 else 1)


def _good_news(text: str) -> Figure:
    figure = sheet(8, 2.4)
    figure.text(0.5, 0.5, text, fontsize=16, ha="center", va="center", color=RIGHT)
    return figure
