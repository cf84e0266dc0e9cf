"""How a picture was read: each step on the way to what the network saw, and what it said."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from kaggle_digits.evaluation.plots.style import RIGHT, WRONG, percent, plain, sheet

MOST_DIGITS = 10
"""So many digits are shown one by one; a picture with more has them all in boxes."""

_STAGES = (("as read", "As read, with the digits found"), ("flattened", "Ink, the light taken away"), ("mask", "Mask"))


def explanation(
    title: str,
    stages: Mapping[str, NDArray[np.generic]],
    digits: Sequence[tuple[NDArray[np.uint8], NDArray[np.float32], tuple[int, int, int, int], bool]],
) -> Figure:
    """One sheet: the stages above; below, every digit as the network saw it, with its probabilities.

    Args:
        title: the picture and the answer.
        stages: "as read" uint8 `(height, width)` or `(height, width, 3)`; where the picture was treated, "flattened"
            float32 and "mask" bool of the same height and width.
        digits: of each its image, uint8 `(height, width)`; its probabilities, float32 `(classes,)`; its box in the
            picture as read; and whether it is sure.
    """
    shown = digits[:MOST_DIGITS]
    figure = sheet(11, 4.4 + (2.9 * (-(-len(shown) // 5)) if shown else 0))
    figure.suptitle(title, fontsize=13, parse_math=False)
    lines = -(-len(shown) // 5)
    parts: Any = figure.subfigures(2, 1, height_ratios=(4, 2.9 * lines)) if shown else (figure,)
    upper, *lower = parts
    _draw_stages(upper, stages, digits)
    if shown:
        columns = min(5, len(shown))
        places = lower[0].subplots(2 * -(-len(shown) // columns), columns, squeeze=False)
        for axes in places.flat:
            axes.set_axis_off()
        for number, (image, probabilities, _, is_sure) in enumerate(shown):
            row, column = 2 * (number // columns), number % columns
            _draw_digit(places[row, column], image, probabilities, is_sure)
            _draw_bars(places[row + 1, column], probabilities)
    return figure


def _draw_stages(figure: Any, stages: Mapping[str, NDArray[np.generic]], digits: Sequence[Any]) -> None:
    present = [(name, title) for name, title in _STAGES if name in stages]
    for axes, (name, title) in zip(figure.subplots(1, len(present), squeeze=False)[0], present, strict=True):
        grey = (
            {"cmap": "gray", "vmin": 0, "vmax": 255} if name == "as read" else {"cmap": "gray_r", "vmin": 0, "vmax": 1}
        )
        axes.imshow(stages[name], **grey)
        axes.set_title(title, fontsize=10.5, color=RIGHT)
        axes.set(xticks=[], yticks=[])
    first = figure.axes[0]
    for _, probabilities, (left, top, right, bottom), is_sure in digits:
        colour = "#0072B2" if is_sure else WRONG
        first.add_patch(Rectangle((left, top), right - left, bottom - top, fill=False, color=colour, linewidth=1.6))
        first.annotate(
            str(int(probabilities.argmax())), (left, top), (1, 2), textcoords="offset points", color=colour, fontsize=10
        )


def _draw_digit(axes: Axes, image: NDArray[np.uint8], probabilities: NDArray[np.float32], is_sure: bool) -> None:
    best = int(probabilities.argmax())
    axes.set_axis_on()
    axes.imshow(image, cmap="gray_r", vmin=0, vmax=255)
    axes.set(xticks=[], yticks=[])
    sure = f"{best}  {percent(min(float(probabilities[best]), 0.9999), 1)}"
    axes.set_title(
        sure if is_sure else f"unsure: {sure}", fontsize=10, color=RIGHT if is_sure else WRONG, fontweight="bold"
    )


def _draw_bars(axes: Axes, probabilities: NDArray[np.float32]) -> None:
    axes.set_axis_on()
    labels = range(len(probabilities))
    best = int(probabilities.argmax())
    axes.bar(labels, probabilities, color=[RIGHT if label == best else "0.75" for label in labels])
    axes.set(xticks=list(labels), yticks=[0, 0.5, 1], yticklabels=["0", "50 %", "100 %"], ylim=(0, 1.02))
    axes.tick_params(labelsize=8, length=0)
    plain(axes)
