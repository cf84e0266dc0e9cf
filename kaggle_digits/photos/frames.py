"""Rings, boxes and lines that are drawn around digits, parted from those that touch them."""

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.photos import filters, strokes

THICK = 1.7  # times the width of its strokes, that a frame's line is thick at most; more is where a digit crosses it
WINDOW = 0.3  # of its length, in which the median tells how a side of a frame runs
SIDE = 0.55  # of its length, in which a side is thin and runs on; else it is none
WALL, THIN = 0.6, 1.25  # of a frame's height, that a wall between boxes is high; and widths of strokes, its ink
WIDER, OUT = 2.0, 0.1  # of its height with the digits on it, a line is wide at least; and sticks out
UPRIGHT = 0.8  # of a frame's height, for which a wall that digits cross runs upright


def without(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What a frame leaves of a part of the ink: bool `(height, width)`.

    Args:
        ink: bool `(height, width)`, from its first to its last row and column.
    """
    wide = strokes.width(ink)
    thick = THICK * wide
    lower = _side(ink[::-1], thick)[::-1]
    if _sticks_out(ink, thick):
        return ink & ~lower  # what is seen from above are digits
    upper = _side(ink, thick)
    left, right = _side(ink.T, thick).T, _side(ink.T[::-1], thick)[::-1].T
    is_around = (upper.any() and lower.any()) or (left.any() and right.any())
    if not is_around:
        return ink & ~(upper | lower)
    rest = filters.label(ink & ~(upper | lower | left | right), corners=True)
    first, top, last, bottom = rest.boxes.T
    height, width = ink.shape
    is_line = rest.areas <= THIN * wide * (bottom - top)
    is_wall = is_line & ((bottom - top >= WALL * height) | (first == 0) | (last == width))  # or the end of a ring
    is_scrap = np.minimum(np.minimum(bottom, last), np.minimum(width - first, height - top)) <= thick
    kept = (rest.numbers > 0) & ~(is_wall | is_scrap)[rest.numbers]
    return np.asarray(kept & ~_walls(ink, thick), np.bool_)


def is_underlined(ink: NDArray[np.bool_]) -> bool:
    """Whether a part of the ink is a line and digits that stand on it: it sticks out on either side.

    Args:
        ink: bool `(height, width)`, from its first to its last row and column.
    """
    if ink.shape[1] < WIDER * len(ink) or ink[: len(ink) // 2, [0, -1]].any():
        return False  # of most parts that is known at once
    thick = THICK * strokes.width(ink)
    return bool(_sticks_out(ink, thick) and _side(ink[::-1], thick).any())


def _sticks_out(ink: NDArray[np.bool_], thick: float) -> bool:
    """Whether there is nothing but a line in the lower half at either end."""
    end = max(1, int(OUT * len(ink)))
    ends = np.concatenate([ink[:, :end], ink[:, -end:]], axis=1)
    return bool((ends.sum(axis=0) <= thick).all() and ends.argmax(axis=0).min() > len(ink) / 2)


def _side(ink: NDArray[np.bool_], thick: float) -> NDArray[np.bool_]:
    """The ink of a frame's upper side: a line that is the first to be seen from above, curved or straight."""
    height, width = ink.shape
    seen = ink.argmax(axis=0)
    high = filters.runs(ink.T).T
    half = int(WINDOW / 2 * width)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(seen, half, "edge"), 2 * half + 1)
    edge = np.sort(windows, axis=1)[:, half]
    runs_on = (np.abs(seen - edge) <= thick / 2) & (high[seen, np.arange(width)] <= thick)
    if runs_on.mean() < SIDE:
        return np.zeros(ink.shape, np.bool_)
    below = np.arange(height)[:, None] - np.where(runs_on, seen, edge)
    return ink & (high <= thick) & (below >= -thick / 4) & (below <= thick)


def _walls(ink: NDArray[np.bool_], thick: float) -> NDArray[np.bool_]:
    """Upright lines from the upper side to the lower one."""
    high = filters.runs(filters.highest(ink, 3, 1).T).T
    return ink & (high >= UPRIGHT * len(ink)) & (filters.runs(ink) <= thick)
