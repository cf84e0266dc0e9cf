"""How a picture was read: each step on the way to what the network saw, and what it said."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from kaggle_digits import photos
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
_LEFT_OUT = "; dashed: left out"
_PALE_BARS = "pale: if it is a digit at all"
_CERTAIN = 0.95  # the probability of being a digit from which on no difference is seen
_WIDTH, _HEAD = 11.0, 0.7
_LINE = 0.26  # inches of each further line of the title
_TALLEST = 3.45  # inches of a stage
_COLUMNS = 5
_CELL_WIDTH, _CELL_HEIGHT = 2.15, 2.9
_DIGIT = 1.35  # inches of a digit's side
_THINNEST, _THICKEST, _THICKNESS = 0.5, 1.6, 1 / 14  # points of a box's line, and of it to the side of a digit
_SMALLEST, _LARGEST, _SIZE = 5.0, 10.0, 0.5  # points of a label, and of it to the side of a digit
_WIDE, _HIGH = 0.7, 0.8  # of a letter to the size of its font
_WORDS = 26  # letters of a doubt that a digit has room for

_Box = tuple[float, float, float, float]


def explanation(
    title: str,
    stages: Mapping[str, NDArray[np.generic]],
    digits: Sequence[photos.Digit],
    doubts: Sequence[str],
    marks: Sequence[photos.Mark] = (),
) -> Figure:
    """One sheet: the stages above; below, every digit as the network saw it, with its probabilities.

    Args:
        title: the picture and the answer, in one line or more.
        stages: "as read" uint8 `(height, width)` or `(height, width, 3)`; where the picture was treated, "flattened"
            float32 and "mask" bool of the same height and width.
        digits: what was read, with boxes in the picture as read.
        doubts: for each digit, in words why it is unsure; empty where it is not.
        marks: what was left out, likewise.
    """
    shown = digits[:MOST_DIGITS]
    lines = -(-len(shown) // _COLUMNS)
    present = [name for name, _ in _STAGES if name in stages]
    stage_width = (_WIDTH - 0.1) / len(present) - 0.1
    high, wide = stages["as read"].shape[:2]
    stage_height = min(_TALLEST, stage_width * high / wide)
    said = title.splitlines()
    head = _HEAD + _LINE * (len(said) - 1)
    height = head + stage_height + 0.15 + _CELL_HEIGHT * lines + FOOT
    figure = sheet(_WIDTH, height)
    heading = "\n".join(map(drawable, said))
    figure.text(0.5, 1 - 0.12 / height, heading, fontsize=13, ha="center", va="top", parse_math=False)
    for number, name in enumerate(present):
        left = 0.1 + (stage_width + 0.1) * number
        _draw_stage(place(figure, left, height - head - stage_height, stage_width, stage_height), name, stages[name])
    picture = figure.axes[0]
    if marks:
        picture.set_title(picture.get_title() + _LEFT_OUT, fontsize=10.5, color=RIGHT)
    _draw_boxes(picture, digits, doubts, marks, 72 * min(stage_width / wide, stage_height / high))
    columns = min(_COLUMNS, max(1, len(shown)))  # blank paper has no digit
    cells = grid(figure, len(shown), columns, _CELL_WIDTH, _CELL_HEIGHT)
    for digit, doubt, (left, bottom) in zip(shown, doubts, cells, strict=False):
        _draw_digit(place(figure, left + (_CELL_WIDTH - _DIGIT) / 2, bottom + 1.2, _DIGIT, _DIGIT), digit.image)
        _write_answer(figure.axes[-1], digit, doubt)
        _draw_bars(place(figure, left + 0.42, bottom + 0.28, _CELL_WIDTH - 0.5, 0.8), digit)
    if any(digit.share < _CERTAIN or digit.least > 1 for digit in shown):
        figure.text(0.1 / _WIDTH, 0.07 / height, _PALE_BARS, fontsize=8, color="0.45", va="bottom")
    return figure


def _draw_stage(axes: Axes, name: str, stage: NDArray[np.generic]) -> None:
    is_picture = name == "as read"
    axes.imshow(stage, cmap="gray" if is_picture else "gray_r", vmin=0, vmax=255 if is_picture else 1)
    axes.set_title(dict(_STAGES)[name], fontsize=10.5, color=RIGHT)
    axes.set(xticks=[], yticks=[])


def _draw_boxes(
    axes: Axes, digits: Sequence[photos.Digit], doubts: Sequence[str], marks: Sequence[photos.Mark], points: float
) -> None:
    """Boxes in a picture whose pixels are of so many points, and labels of digits where there is room."""
    boxes = [digit.box for digit in digits] + [mark.box for mark in marks]
    sides = [max(right - left, low - top) for left, top, right, low in boxes]
    side = points * float(np.median(sides or [1]))
    thickness = min(max(_THICKNESS * side, _THINNEST), _THICKEST)
    rim = 1.3 * thickness / points
    for left, top, right, low in boxes[len(digits) :]:
        around = (left - rim, top - rim, right + rim, low + rim)  # a dot is small
        _draw_box(axes, around, color="0.45", linewidth=min(thickness, 1.0), linestyle=(0, (3, 2)))
    size = min(_SIZE * side, _LARGEST)
    taken: list[_Box] = [*boxes]
    high, wide = axes.images[0].get_size()
    for digit, doubt in zip(digits, doubts, strict=True):
        colour, label = (WRONG, f"{digit.label}?") if doubt else (TRAINING, str(digit.label))
        _draw_box(axes, digit.box, color=colour, linewidth=thickness, path_effects=[_halo(1.8 * thickness)])
        letters = (_WIDE * size * len(label) / points, _HIGH * size / points)
        free = [
            each
            for each in _beside(digit.box, letters, 1.5 * thickness / points)
            if each[0] >= 0 and each[1] >= 0 and each[2] <= wide and each[3] <= high
            if not any(_overlap(each, other) for other in taken)
        ]
        if free and size >= _SMALLEST:
            taken.append(free[0])
            axes.text(free[0][0], free[0][3], label, color=colour, fontsize=size, path_effects=[_halo(2)])


def _draw_box(axes: Axes, box: _Box, **look: Any) -> None:
    left, top, right, low = box
    axes.add_patch(Rectangle((left, top), right - left, low - top, fill=False, **look))


def _halo(thickness: float) -> withStroke:
    """So that a colour stands out from chalkboards, too."""
    return withStroke(linewidth=thickness, foreground="white", alpha=0.8)


def _beside(box: _Box, letters: tuple[float, float], gap: float) -> Iterator[_Box]:
    """Where a label of such a width and height may stand: above a box or below it, from its left or up to its right."""
    (left, top, right, low), (width, height) = box, letters
    for bottom in (top - gap, low + gap + height):
        for start in (left, right - width):
            yield start, bottom - height, start + width, bottom


def _overlap(one: _Box, other: _Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _draw_digit(axes: Axes, image: NDArray[np.uint8]) -> None:
    axes.imshow(image, cmap="gray_r", vmin=0, vmax=255)
    axes.set(xticks=[], yticks=[])


def _write_answer(axes: Axes, digit: photos.Digit, doubt: str) -> None:
    answer = f"{digit.label}  {probability(float(digit.probabilities.max()) * digit.share)}"
    text, colour = (textwrap.fill(f"unsure: {doubt}", _WORDS), WRONG) if doubt else (answer, RIGHT)
    axes.set_title(text, fontsize=10, color=colour, fontweight="bold")


def _draw_bars(axes: Axes, digit: photos.Digit) -> None:
    """How probable each label is; pale, how probable it were if this were a digit for sure."""
    labels = range(len(digit.probabilities))
    axes.bar(labels, digit.probabilities, color="0.88")
    colours = [RIGHT if label == digit.label else "0.75" for label in labels]
    axes.bar(labels, digit.probabilities * digit.share * (digit.least <= 1), color=colours)
    axes.set(xticks=list(labels), yticks=[0, 0.5, 1], yticklabels=["0", "50 %", "100 %"], ylim=(0, 1.02))
    axes.tick_params(labelsize=8, length=0)
    plain(axes)
