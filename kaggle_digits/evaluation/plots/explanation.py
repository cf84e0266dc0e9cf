"""How a picture was read: each step on the way to what the network saw, and what it said."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from kaggle_digits.evaluation.plots.style import (
    FOOT,
    RIGHT,
    TRAINING,
    WRONG,
    drawable,
    grid,
    place,
    plain,
    probability,
    sheet,
)

MOST_DIGITS = 10
"""So many digits are shown one by one; a picture with more has them all in boxes."""

_STAGES = (("as read", "As read, with the digits found"), ("flattened", "With even light"), ("mask", "The ink found"))
_WIDTH, _HEAD = 11.0, 0.7
_TALLEST = 3.45  # inches of a stage
_COLUMNS = 5
_CELL_WIDTH, _CELL_HEIGHT = 2.15, 2.9
_DIGIT = 1.35  # inches of a digit's side


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
    lines = -(-len(shown) // _COLUMNS)
    present = [name for name, _ in _STAGES if name in stages]
    stage_width = (_WIDTH - 0.1) / len(present) - 0.1
    high, wide = stages["as read"].shape[:2]
    stage_height = min(_TALLEST, stage_width * high / wide)
    height = _HEAD + stage_height + 0.15 + _CELL_HEIGHT * lines + FOOT
    figure = sheet(_WIDTH, height)
    figure.text(0.5, 1 - 0.12 / height, drawable(title), fontsize=13, ha="center", va="top", parse_math=False)
    for number, name in enumerate(present):
        left = 0.1 + (stage_width + 0.1) * number
        _draw_stage(place(figure, left, height - _HEAD - stage_height, stage_width, stage_height), name, stages[name])
    _draw_boxes(figure.axes[0], digits)
    columns = min(_COLUMNS, max(1, len(shown)))  # blank paper has no digit
    cells = grid(figure, len(shown), columns, _CELL_WIDTH, _CELL_HEIGHT)
    for (image, probabilities, _, is_sure), (left, bottom) in zip(shown, cells, strict=True):
        _draw_digit(place(figure, left + (_CELL_WIDTH - _DIGIT) / 2, bottom + 1.2, _DIGIT, _DIGIT), image)
        _write_answer(figure.axes[-1], probabilities, is_sure)
        _draw_bars(place(figure, left + 0.42, bottom + 0.28, _CELL_WIDTH - 0.5, 0.8), probabilities)
    return figure


def _draw_stage(axes: Axes, name: str, stage: NDArray[np.generic]) -> None:
    is_picture = name == "as read"
    axes.imshow(stage, cmap="gray" if is_picture else "gray_r", vmin=0, vmax=255 if is_picture else 1)
    axes.set_title(dict(_STAGES)[name], fontsize=10.5, color=RIGHT)
    axes.set(xticks=[], yticks=[])


def _draw_boxes(axes: Axes, digits: Sequence[Any]) -> None:
    # On a page of digits, lines as wide as a digit's strokes would hide them.
    width, size = (1.6, 10) if len(digits) <= MOST_DIGITS else (0.7, 6)
    for _, probabilities, (left, top, right, low), is_sure in digits:
        colour = TRAINING if is_sure else WRONG
        axes.add_patch(Rectangle((left, top), right - left, low - top, fill=False, color=colour, linewidth=width))
        label = str(int(probabilities.argmax()))
        axes.annotate(label, (left, top), (1, 2), textcoords="offset points", color=colour, fontsize=size)


def _draw_digit(axes: Axes, image: NDArray[np.uint8]) -> None:
    axes.imshow(image, cmap="gray_r", vmin=0, vmax=255)
    axes.set(xticks=[], yticks=[])


def _write_answer(axes: Axes, probabilities: NDArray[np.float32], is_sure: bool) -> None:
    answer = f"{int(probabilities.argmax())}  {probability(float(probabilities.max()))}"
    text, colour = (answer, RIGHT) if is_sure else (f"unsure: {answer}", WRONG)
    axes.set_title(text, fontsize=10, color=colour, fontweight="bold")


def _draw_bars(axes: Axes, probabilities: NDArray[np.float32]) -> None:
    labels, best = range(len(probabilities)), int(probabilities.argmax())
    axes.bar(labels, probabilities, color=[RIGHT if label == best else "0.75" for label in labels])
    axes.set(xticks=list(labels), yticks=[0, 0.5, 1], yticklabels=["0", "50 %", "100 %"], ylim=(0, 1.02))
    axes.tick_params(labelsize=8, length=0)
    plain(axes)
