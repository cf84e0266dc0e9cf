"""Whether ink has the form of a digit at all: a network answers 3 to a scribble, too, and with conviction."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Of 8,000 digits of the competition, fewer than one in 1,000 exceeds each of these; a neat eight comes near.
_SIDE = 60  # pixels of the longer side at which ink is judged; in 28, the tangle of a scribble runs together
_INK = 0.45  # of 1; less is paper
_MOST_HOLES, _LEAST_HOLE = 3, 8  # pixels that a hole has
_MOST_FILLED = 0.75  # of the box; ones, which fill theirs, are narrow
_FLATTEST = 2.2  # times its height, that a digit may be wide
_MOST_CROSSED = 3.5  # strokes that a row or column crosses, in the mean over those with ink
_MOST_CROSSED_BOTH = 5.3  # the two means together


def is_digit_like(ink: "NDArray[np.float32]") -> bool:
    """Whether the ink of a digit has no more strokes and holes than digits have.

    Args:
        ink: float32 `(height, width)`, 0 is paper and 1 is ink.
    """
    is_ink = _seen(ink)
    down, across = crossings(is_ink)
    filled = float(is_ink.sum()) / _SIDE**2
    return (
        holes(is_ink) <= _MOST_HOLES
        and filled <= _MOST_FILLED
        and is_ink.shape[1] <= _FLATTEST * is_ink.shape[0]
        and max(down, across) <= _MOST_CROSSED
        and down + across <= _MOST_CROSSED_BOTH
    )


def _seen(ink: "NDArray[np.float32]") -> "NDArray[np.bool_]":
    """Which pixels are ink, with the longer side of the box `_SIDE` pixels long."""
    import numpy as np
    from PIL import Image

    rows, columns = np.flatnonzero((ink > _INK).any(axis=1)), np.flatnonzero((ink > _INK).any(axis=0))
    if not len(rows):
        return np.zeros((1, 1), np.bool_)
    tight = np.ascontiguousarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    height, width = (max(1, round(side * _SIDE / max(tight.shape))) for side in tight.shape)
    how = Image.Resampling.BOX if max(tight.shape) > _SIDE else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(tight).resize((width, height), how)) > _INK


def holes(is_ink: "NDArray[np.bool_]") -> int:
    """How many pieces of paper are enclosed by ink, bool `(height, width)`."""
    import numpy as np
    from scipy import ndimage

    paper, _ = ndimage.label(np.pad(~is_ink, 1, constant_values=True))
    return int((np.bincount(paper.ravel())[2:] >= _LEAST_HOLE).sum())


def crossings(is_ink: "NDArray[np.bool_]") -> tuple[float, float]:
    """How many strokes a column and a row cross, in the mean over those with ink, bool `(height, width)`."""
    import numpy as np

    starts = [(np.diff(is_ink.astype(np.int8), axis=axis, prepend=0) == 1).sum(axis=axis) for axis in (0, 1)]
    down, across = (float(each.sum() / max(1, (each > 0).sum())) for each in starts)
    return down, across
