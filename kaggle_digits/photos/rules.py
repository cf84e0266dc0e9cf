"""The lines that are printed on ruled and squared paper."""

import numpy as np
from numpy.typing import NDArray

from kaggle_digits.photos import filters

LENGTH = 0.30  # of the picture's longer side: what is straight for so long is a rule
STEEPEST = 12.0  # degrees by which rules may lean
FILLED = 0.6  # of a rule's pixels that must be dark
SEEN = 0.4  # of the width, in one row of a thumb, without which there is no rule to look for
WIDTH = 0.02  # of the picture's longer side, at most
THUMB, STEP = 200, 0.5  # pixels of the longer side in which the slope is looked for, and degrees
CROWDED = 0.6  # of all pixels: where more are dark, rules cannot be seen
NARROWEST = 60  # pixels that a picture with rules is wide
SIDES, NEAR = 12, 150  # parts of the width: the side of a picture, and by how much a rule may wave


def find(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The pixels of printed lines, level or upright or leaning a little, without those where strokes cross them.

    Args:
        mask: bool `(height, width)`, what is dark.
    """
    found = _level(mask)
    found |= _level(np.ascontiguousarray(mask.T)).T
    return found


def _level(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    height, width = mask.shape
    length, side = int(LENGTH * max(mask.shape)), _side(width)
    nothing = np.zeros(mask.shape, np.bool_)
    # Rules run from one side of the picture to the other; digits seldom reach either.
    if width < max(2 * length, NARROWEST) or not (mask[:, :side].any() and mask[:, -side:].any()):
        return nothing
    slope = _slope(mask)
    if slope is None:
        return nothing
    shifts = np.round(slope * (np.arange(width) - width / 2)).astype(np.intp)
    rows = (np.arange(height)[:, None] + shifts) % height
    columns = np.arange(width)[None]
    level = mask[rows, columns]
    thick = max(2, round(WIDTH * max(mask.shape)))
    high = filters.runs(level.T).T
    thin = level & (high <= thick)
    # A rule that waves a little is still one: rows are widened by one before they are averaged.
    widened = filters.highest(thin, 3, 0)
    sums = np.cumsum(np.pad(widened, ((0, 0), (length // 2 + 1, (length - 1) // 2))), axis=1, dtype=np.int32)
    on_rule = filters.highest(sums[:, length:] - sums[:, :-length] > FILLED * length, length, 1)
    nothing[rows, columns] = thin & on_rule & _across(on_rule, widened)[:, None]
    return nothing


def _side(width: int) -> int:
    """How many columns are the side of a picture, which every rule reaches."""
    return max(2, width // SIDES)


def _across(on_rule: NDArray[np.bool_], dark: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The rows where rules run from one side of the picture to the other; none where there is but one such rule."""
    width = on_rule.shape[1]
    near = 2 * (1 + width // NEAR) + 1
    found = filters.highest(on_rule & dark, near, 0)
    side = _side(width)
    reaching = (found.mean(axis=1) > FILLED) & found[:, :side].any(axis=1) & found[:, -side:].any(axis=1)
    count = np.count_nonzero(np.diff(reaching.view(np.int8), prepend=0) == 1)
    return reaching if count > 1 else np.zeros_like(reaching)


def _slope(mask: NDArray[np.bool_]) -> float | None:
    """The slope at which rows are fullest, if any is full enough to be a rule."""
    step = -(-max(mask.shape) // THUMB)
    small = np.logical_or.reduce([mask[start::step, ::step][: len(mask) // step] for start in range(step)])
    _height, width = small.shape
    y, x = np.nonzero(small)
    if len(y) > CROWDED * small.size:
        return None
    best, fullest = None, 0.0
    for degrees in np.arange(-STEEPEST, STEEPEST + STEP / 2, STEP):
        slope = float(np.tan(np.radians(degrees)))
        counts = np.bincount(np.round(y - slope * (x - width / 2)).astype(np.intp) + width, minlength=1)
        if counts.max() > fullest:
            best, fullest = slope, float(counts.max())
    return best if fullest > SEEN * width else None
