"""What a model has made of the digits, for people who want to see it."""

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from kaggle_digits.digits import Digits
from kaggle_digits.evaluation.plots.style import FOOT, RIGHT, WRONG, canvas, grid, place, probability, put_image, sheet

_COLUMNS = 8
_PITCH, _SIZE = 1.25, 1.08
_MOST_FILTERS = 64
_FILTER = 0.62  # inches from one filter to the next


def where_it_looks(digits: Digits, probabilities: NDArray[np.float32], maps: NDArray[np.float32]) -> Figure:
    """Digits, and in orange over each of them the parts without which the model would lose its answer.

    Args:
        digits: a few.
        probabilities: float32 `(n, classes)` for the same rows.
        maps: float32 `(n, height, width)`, of each what `occlusion` says, 0 or more.
    """
    columns = min(_COLUMNS, len(digits))
    width, rise = _PITCH * max(columns, 6.4), _SIZE + 0.32
    height = 0.75 + rise * -(-len(digits) // columns) + FOOT
    figure = sheet(width, height)
    axes = canvas(figure)
    title = "Where the model looks: what it cannot do without is orange\n(covered by paper there, it is less sure)"
    axes.text(width / 2, height - 0.1, title, fontsize=12, ha="center", va="top")
    for number, corner in enumerate(grid(figure, len(digits), columns, _PITCH, rise)):
        left, bottom = corner[0] + (_PITCH - _SIZE) / 2, corner[1] + 0.05
        put_image(axes, digits.images[number] * 0.55, left, bottom, _SIZE)
        strength = maps[number] / max(float(maps[number].max()), 1e-6)
        heat = np.dstack([np.broadcast_to(np.array([0.86, 0.35, 0.0]), (*strength.shape, 3)), 0.8 * strength])
        extent = (left, left + _SIZE, bottom, bottom + _SIZE)
        axes.imshow(heat, extent=extent, aspect="auto", interpolation="bilinear")
        best = int(probabilities[number].argmax())
        wrong = digits.labels is not None and best != digits.labels[number]
        instead = f", not {digits.labels[number]}" if digits.labels is not None and wrong else ""
        text = f"{best}{instead}  {probability(float(probabilities[number, best]))}"
        above = left + _SIZE / 2, bottom + _SIZE + 0.04
        axes.text(*above, text, fontsize=9, ha="center", va="bottom", color=WRONG if wrong else RIGHT)
    axes.set(xlim=(0, width), ylim=(0, height))
    return figure


def filters(images: NDArray[np.float32]) -> Figure:
    """What a network's first layer looks for: up to 64 filters, the strongest first.

    Args:
        images: float32 `(filters, height, width)`: above 0 (orange) where ink counts for, below 0 (purple) against.
    """
    strongest = np.argsort(-np.square(images).sum(axis=(1, 2)), kind="stable")[:_MOST_FILTERS]
    columns = min(2 * _COLUMNS, len(strongest))
    width = max(_FILTER * columns + 0.3, 6.4)
    height = 0.75 + _FILTER * -(-len(strongest) // columns) + FOOT
    figure = sheet(width, height)
    axes = canvas(figure)
    more = f"the strongest {len(strongest)} of " if len(strongest) < len(images) else ""
    title = (
        f"What the first layer looks for: {more}{len(images)} filters\norange: ink counts for it; purple: against it"
    )
    axes.text(width / 2, height - 0.1, title, fontsize=11, ha="center", va="top")
    corners = grid(figure, len(strongest), columns, _FILTER, _FILTER)
    for which, (left, bottom) in zip(strongest, corners, strict=True):
        most = max(float(np.abs(images[which]).max()), 1e-9)
        extent = (left + 0.03, left + _FILTER - 0.03, bottom + 0.03, bottom + _FILTER - 0.03)
        axes.imshow(images[which] / most, cmap="PuOr_r", vmin=-1, vmax=1, aspect="auto", extent=extent)
    axes.set(xlim=(0, width), ylim=(0, height))
    return figure


def map_of_digits(points: NDArray[np.float32], labels: NDArray[np.int64], predicted: NDArray[np.int64]) -> Figure:
    """A map on which digits that are alike to the model lie together; what it takes for another is ringed.

    Args:
        points: float32 `(n, 2)`, see `inside.arrange`.
        labels: int64 `(n,)`, the truth.
        predicted: int64 `(n,)`, what the model says.
    """
    figure = sheet(7.6, 7.5 + FOOT)
    axes = place(figure, 0.2, FOOT + 0.1, 7.2, 6.7)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_color("0.85")
    colours = colormaps["tab10"](labels % 10)
    across, up = points.T
    axes.scatter(across, up, s=14, c=colours, linewidths=0, alpha=0.75)
    wrong = labels != predicted
    axes.scatter(across[wrong], up[wrong], s=52, facecolors="none", edgecolors=WRONG, linewidths=1.3)
    _name_places(axes, points, labels)
    axes.set_title(
        f"A map of {len(points):,} digits: what lies together is alike to the model\n"
        f"ringed: taken for another digit ({wrong.sum()})",
        fontsize=12,
    )
    return figure


def _name_places(axes: Axes, points: NDArray[np.float32], labels: NDArray[np.int64]) -> None:
    for label in np.unique(labels):
        across, up = np.median(points[labels == label], axis=0)
        box = {"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": colormaps["tab10"](label % 10)}
        axes.text(across, up, str(label), fontsize=13, ha="center", va="center", fontweight="bold", bbox=box)
